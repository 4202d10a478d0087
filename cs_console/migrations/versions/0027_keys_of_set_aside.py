"""Each mail set aside has a key of its own, and is found by its sender when they are erased."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # what is there already is sealed under the desk's key, until the upkeep has given it one of its own
    op.add_column("quarantined", sa.Column("key", sa.String(), nullable=False, server_default="desk"))
    op.add_column("quarantined", sa.Column("ticket_number", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_quarantined_ticket_number"), "quarantined", ["ticket_number"], unique=False)
    op.create_index("quarantined_state", "quarantined", ["state", "at"], unique=False)
    op.create_index("quarantined_key", "quarantined", ["key", "state"], unique=False)
    op.create_table(
        "set_aside_contact",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("quarantined_id", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("on_file", sa.Boolean(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["quarantined_id"], ["quarantined.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_set_aside_contact_quarantined_id"), "set_aside_contact", ["quarantined_id"], unique=False)
    op.create_index("set_aside_contact_lookup", "set_aside_contact", ["field", "lookup"], unique=False)


def downgrade() -> None:
    op.drop_table("set_aside_contact")
    op.drop_index("quarantined_key", "quarantined")
    op.drop_index("quarantined_state", "quarantined")
    op.drop_index(op.f("ix_quarantined_ticket_number"), "quarantined")
    op.drop_column("quarantined", "ticket_number")
    op.drop_column("quarantined", "key")
