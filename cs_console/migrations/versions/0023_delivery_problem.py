"""A letter that did not go out says why, by an error's code: it was known to the log alone."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("delivery_problem", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("message", "delivery_problem")
