"""The limits of acknowledgements are kept by address, however it is written, and what they held back waits."""

import sqlalchemy as sa
from alembic import op

from models.columns import UtcMoment

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "acknowledgement",
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("ticket_number", sa.Integer(), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_number"], ["ticket.number"]),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_index(op.f("ix_acknowledgement_at"), "acknowledgement", ["at"], unique=False)
    op.create_index(op.f("ix_acknowledgement_ticket_number"), "acknowledgement", ["ticket_number"], unique=False)


def downgrade() -> None:
    op.drop_table("acknowledgement")
