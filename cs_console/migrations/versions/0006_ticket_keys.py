"""A key for each ticket's contents; the upkeep gives one to the tickets that are here already."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_WITHOUT_KEY = sa.text("sealed_key IS NULL")


def upgrade() -> None:
    op.add_column("ticket", sa.Column("sealed_key", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ticket_without_key", "ticket", ["number"], sqlite_where=_WITHOUT_KEY, postgresql_where=_WITHOUT_KEY
    )


def downgrade() -> None:
    op.drop_index("ticket_without_key", "ticket")
    op.drop_column("ticket", "sealed_key")
