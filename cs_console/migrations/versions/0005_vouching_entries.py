"""Entries of the access log say in a column of its own what they vouch for."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_VOUCHES = sa.text("about IS NOT NULL")


def upgrade() -> None:
    op.add_column("log_entry", sa.Column("about", sa.String(), nullable=True))
    op.create_index(
        "log_entry_vouches",
        "log_entry",
        ["ticket", "seq"],
        unique=False,
        sqlite_where=_VOUCHES,
        postgresql_where=_VOUCHES,
    )


def downgrade() -> None:
    op.drop_index("log_entry_vouches", table_name="log_entry")
    op.drop_column("log_entry", "about")
