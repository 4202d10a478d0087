"""Persons on file by their account; claims, and how surely a ticket is its requester's. No one is merged."""

import sqlalchemy as sa
from alembic import op

from models.columns import UtcMoment

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Traces of more than one account's records. Other fields than phones and e-mails have no look-up token, and the account
# id was one of them ("other"): a second one of those is a second account, and one alone says that a change of phone or
# e-mail was the same account's. A claimed phone or e-mail that is not on file may be another person's.
_UNCLEAR = """
UPDATE requester SET unclear = true
WHERE id IN (SELECT requester_id FROM contact WHERE on_file)
AND (
    id IN (SELECT requester_id FROM contact WHERE on_file AND field = 'other' GROUP BY requester_id HAVING count(*) > 1)
    OR (
        id NOT IN (SELECT requester_id FROM contact WHERE on_file AND field = 'other')
        AND id IN (
            SELECT requester_id FROM contact WHERE on_file AND lookup IS NOT NULL
            GROUP BY requester_id, field HAVING count(DISTINCT lookup) > 1
        )
    )
    OR id IN (
        SELECT said.requester_id FROM contact AS said
        WHERE NOT said.on_file AND said.lookup IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM contact AS kept
            WHERE kept.requester_id = said.requester_id AND kept.on_file
            AND kept.field = said.field AND kept.lookup = said.lookup
        )
    )
)
"""
_LINKED = """
UPDATE ticket SET link = CASE WHEN verified_at IS NULL THEN 'presumed' ELSE 'proven' END
WHERE requester_id IN (SELECT id FROM requester WHERE NOT unclear)
AND requester_id IN (SELECT requester_id FROM contact WHERE on_file)
"""
# What an unverified sender said belongs to a ticket now: to the newest, where there are several.
_CLAIMED = """
UPDATE contact SET ticket_number = (SELECT max(number) FROM ticket WHERE ticket.requester_id = contact.requester_id)
WHERE NOT on_file AND requester_id NOT IN (SELECT requester_id FROM contact WHERE on_file)
"""


def upgrade() -> None:
    op.add_column("requester", sa.Column("account", sa.LargeBinary(), nullable=True))
    op.add_column("requester", sa.Column("account_id", sa.LargeBinary(), nullable=True))
    op.add_column("requester", sa.Column("taken_at", UtcMoment(), nullable=True))
    op.add_column("requester", sa.Column("unclear", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("requester_account", "requester", ["account"], unique=True)
    claimed_on = sa.Column("ticket_number", sa.Integer(), sa.ForeignKey("ticket.number"), nullable=True)
    op.add_column("contact", claimed_on, inline_references=True)
    op.create_index(op.f("ix_contact_ticket_number"), "contact", ["ticket_number"], unique=False)
    op.add_column("ticket", sa.Column("link", sa.String(), nullable=False, server_default="none"))
    op.add_column("message", sa.Column("unconfirmed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "suppression",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("erased_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.execute(_UNCLEAR)
    op.execute(_LINKED)
    op.execute(_CLAIMED)


def downgrade() -> None:
    op.drop_table("suppression")
    op.drop_column("message", "unconfirmed")
    op.drop_column("ticket", "link")
    op.drop_index(op.f("ix_contact_ticket_number"), "contact")
    op.drop_column("contact", "ticket_number")
    op.drop_index("requester_account", "requester")
    for name in ("unclear", "taken_at", "account_id", "account"):
        op.drop_column("requester", name)
