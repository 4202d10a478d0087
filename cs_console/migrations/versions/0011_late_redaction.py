"""Which tickets wait to be redacted again. So do those that were there before their contacts."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_WAITS = sa.text("redaction_due IS NOT NULL")


def upgrade() -> None:
    op.add_column("ticket", sa.Column("redaction_due", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE ticket SET redaction_due = 1 WHERE EXISTS (SELECT 1 FROM contact WHERE contact.ticket_number IS NULL"
        " AND contact.requester_id = ticket.requester_id AND contact.changed_at > ticket.created_at)"
    )
    op.create_index("ticket_redaction_due", "ticket", ["number"], sqlite_where=_WAITS, postgresql_where=_WAITS)


def downgrade() -> None:
    op.drop_index("ticket_redaction_due", "ticket")
    op.drop_column("ticket", "redaction_due")
