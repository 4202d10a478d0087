"""Who an account belongs to, as a keyed hash of a contact that no other active account has."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agent", sa.Column("identity", sa.LargeBinary(), nullable=True))
    active = sa.text("state = 'active'")
    op.create_index(
        "uq_agent_identity", "agent", ["identity"], unique=True, sqlite_where=active, postgresql_where=active
    )
