"""Every ticket's words are indexed again, step by step: with its tags, and as they are told apart and folded now."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _mark_all()


def downgrade() -> None:
    _mark_all()


def _mark_all() -> None:
    op.execute(
        "INSERT INTO search_due (ticket_number, mark) SELECT number, 1 FROM ticket "
        "WHERE NOT EXISTS (SELECT 1 FROM search_due WHERE ticket_number = number AND mark = 1)"
    )
