"""Entries of the access log get a salt, so that a proof of one can withhold who did it and the reason."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("log_entry", sa.Column("salt", sa.String(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("entries with a salt cannot be proven without it")
