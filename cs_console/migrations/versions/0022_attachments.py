"""Attachments: documents that were seen for a verification are deleted, and files wait with a reply's draft."""

import sqlalchemy as sa
from alembic import op

from models.columns import UtcMoment

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_KEPT_DOCUMENTS = sa.text("seen_at IS NOT NULL AND deleted_at IS NULL")


def upgrade() -> None:
    op.add_column("attachment", sa.Column("seen_at", UtcMoment(), nullable=True))
    op.add_column("attachment", sa.Column("deleted_at", UtcMoment(), nullable=True))
    op.create_index(
        "attachment_document",
        "attachment",
        ["seen_at"],
        unique=False,
        sqlite_where=_KEPT_DOCUMENTS,
        postgresql_where=_KEPT_DOCUMENTS,
    )
    op.create_table(
        "draft_file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("ticket_number", sa.Integer(), nullable=False),
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["ticket_number"], ["ticket.number"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_draft_file_ticket_number"), "draft_file", ["ticket_number"], unique=False)


def downgrade() -> None:
    op.drop_table("draft_file")
    op.drop_index("attachment_document", table_name="attachment")
    op.drop_column("attachment", "deleted_at")
    op.drop_column("attachment", "seen_at")
