"""Whether a requester's erasure was approved is asked of the access log before anything of theirs is shown: quickly."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ENDS = sa.text("action || '' IN ('erasure.approved', 'requester.erased')")


def upgrade() -> None:
    op.create_index(
        "log_entry_ends",
        "log_entry",
        ["requester", "seq"],
        unique=False,
        sqlite_where=_ENDS,
        postgresql_where=_ENDS,
    )


def downgrade() -> None:
    op.drop_index("log_entry_ends", table_name="log_entry")
