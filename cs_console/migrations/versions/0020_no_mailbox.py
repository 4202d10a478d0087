"""A ticket keeps no mailbox: its kind and channel say what the mailbox said, and nothing read it."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("ticket", "mailbox")


def downgrade() -> None:
    op.add_column("ticket", sa.Column("mailbox", sa.String(), nullable=False, server_default=""))
