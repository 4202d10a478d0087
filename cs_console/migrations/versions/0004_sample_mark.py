"""The mark of a desk that was made as a sample."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("desk_identity", sa.Column("sample_tag", sa.LargeBinary(), nullable=True))
