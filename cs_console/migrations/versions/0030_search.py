"""The index of the words in tickets; those that are there are indexed by the upkeep, step by step."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_token",
        sa.Column("token", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("token", "ticket_number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_entry",
        sa.Column("ticket_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tokens", sa.LargeBinary(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_number"], ["ticket.number"]),
        sa.PrimaryKeyConstraint("ticket_number"),
    )
    op.create_index("search_entry_generation", "search_entry", ["generation", "ticket_number"], unique=False)
    op.create_table(
        "search_due",
        sa.Column("ticket_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("ticket_number", "mark"),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO search_due (ticket_number, mark) SELECT number, 0 FROM ticket")


def downgrade() -> None:
    for table in ("search_due", "search_entry", "search_token"):
        op.drop_table(table)
