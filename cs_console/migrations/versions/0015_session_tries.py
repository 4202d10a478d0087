"""Wrong passwords of a session are counted apart from those at the door."""

import sqlalchemy as sa
from alembic import op

from models.columns import UtcMoment

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agent_session", sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("agent_session", sa.Column("next_try_at", UtcMoment(), nullable=True))


def downgrade() -> None:
    op.drop_column("agent_session", "next_try_at")
    op.drop_column("agent_session", "failures")
