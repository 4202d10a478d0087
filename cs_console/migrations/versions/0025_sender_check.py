"""A message says what the desk's own mail server found out about its sender."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("sender_check", sa.String(), nullable=False, server_default="not checked"))


def downgrade() -> None:
    op.drop_column("message", "sender_check")
