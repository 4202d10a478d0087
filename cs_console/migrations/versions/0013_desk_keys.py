"""Which of its own keys the desk has had."""

import sqlalchemy as sa
from alembic import op

from models.columns import UtcMoment

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "desk_key",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("since", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
