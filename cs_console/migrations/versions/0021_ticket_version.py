"""A ticket's version is called so: "row" was also the word for a record's id and for a line of an answer."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('ALTER TABLE ticket RENAME COLUMN "row" TO version')
    op.execute("ALTER TABLE decision RENAME COLUMN ticket_row TO ticket_version")


def downgrade() -> None:
    op.execute('ALTER TABLE ticket RENAME COLUMN version TO "row"')
    op.execute("ALTER TABLE decision RENAME COLUMN ticket_version TO ticket_row")
