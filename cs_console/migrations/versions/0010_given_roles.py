"""Roles that were given to an account and wait to be confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agent", sa.Column("roles_to_confirm", sa.String(), nullable=False, server_default=""))
    op.add_column("agent", sa.Column("roles_given_by", sa.String(), nullable=True))
