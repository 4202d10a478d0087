"""Senders whose mail is spam here, by the word of a person on a ticket: known by a keyed hash, listed by masks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from cs_console.access_log.vouched import digest, words
from cs_console.custody.blind_index import on_file_form
from cs_console.custody.contacts import claims_of, own_address
from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.masking import mask
from cs_console.custody.redaction import redact
from cs_console.custody.set_aside import open_desk_words, seal_desk_words
from cs_console.desk import Desk, DeskSession, OperatorSession
from cs_console.errors import BadInput, NothingThere, SenderBlocked
from cs_console.intake.incoming import IncomingMessage
from cs_console.plain_text import one_line
from cs_console.prepared import Prepared
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import facts, record_about, require_own
from models.agent import Agent
from models.blocked_sender import BlockedSender
from models.columns import new_id
from models.contact_fields import Field
from models.enums import Action
from models.roles import BLOCKS_SENDERS, Role

LONGEST_REASON = 500
_BLOCK = Prepared(
    select(col(BlockedSender.id), col(BlockedSender.ticket_number)).where(
        col(BlockedSender.token) == bindparam("token"), col(BlockedSender.lifted_at).is_(None)
    )
)


def is_blocked(db: Session, desk: Desk, message: IncomingMessage) -> bool:
    """Whether the address that the message came from is blocked, and the log says that a person blocked it."""
    own = own_address(message.channel, message.contacts)
    if own is None:
        return False
    found = _BLOCK.first(db.connection(), {"token": blocked_token(desk, *own)})
    if found is None:
        return False
    said = words(db, desk, [int(found[1])], (Action.SENDER_BLOCKED,))
    return any(word.names(block=str(found[0])) for word in said)


def blocked_token(desk: Desk, field: Field, value: str) -> bytes:
    """How a blocked address is known again: as a mail server would take it."""
    return bytes.fromhex(digest(desk, "blocked sender", field.value, on_file_form(field, value)))


@dataclass(frozen=True, slots=True)
class Blocked:
    """A blocked sender as it is listed: by a mask. `at` is UTC; `ticket` is where it was done."""

    id: str
    mask: str
    reason: str
    ticket: int
    by: str
    at: datetime


def block_sender(session: DeskSession, number: int, reason: str) -> Blocked:
    """Have all later mail from the address that this ticket's message came from set aside as spam; on record.

    What is set aside is kept and can be released: no one's rights end here. The ticket must be the agent's own; a
    supervisor and a privacy officer may do it on any. Raises BadInput without a reason, NothingThere where the message
    shows no address of its own, SenderBlocked, NotAssigned, NotAllowed, NoUndertaking.
    """
    desk = session.desk
    words = one_line(reason, LONGEST_REASON + 1)
    if not words or len(words) > LONGEST_REASON:
        raise BadInput(f"A reason of 1 to {LONGEST_REASON} characters is needed.", "Say why this sender is blocked.")
    with session.work(*BLOCKS_SENDERS) as db:
        require_current(db, session)
        ticket = facts(db, number)
        if not (session.agent.has(Role.SUPERVISOR) or session.agent.has(Role.PRIVACY_OFFICER)):
            require_own(ticket, session)
        own = own_address(ticket.channel, claims_of(db, desk, number))
        if own is None:
            raise NothingThere(f"#{number} shows no address that it came from.", "Only senders of mail can be blocked.")
        token = blocked_token(desk, *own)
        if _BLOCK.first(db.connection(), {"token": token}) is not None:
            raise SenderBlocked
        said = redact(words, desk.packs.current.meta.regions, KnownTerms((own,), ()))
        row, at = new_id(), desk.clock.now()
        shown = Blocked(row, mask(*own), said, number, session.agent.name, at)
        db.add(
            BlockedSender(
                id=row,
                token=token,
                mask=seal_desk_words(desk, "blocked_sender", "mask", row, shown.mask),
                reason=seal_desk_words(desk, "blocked_sender", "reason", row, said),
                ticket_number=number,
                agent_id=session.agent.id,
                at=at,
            )
        )
        db.flush()
        record_about(db, session, ticket, Action.SENDER_BLOCKED, about={"block": row})
    return shown


def blocked_senders(session: DeskSession) -> tuple[Blocked, ...]:
    """Who is blocked now, newest first, by masks. Raises NotAllowed, SessionEnded."""
    table = BlockedSender
    columns: tuple[Any, ...] = (table.id, table.mask, table.reason, table.ticket_number, Agent.name, table.at)
    rows = (
        select(*map(col, columns))
        .join(Agent, col(Agent.id) == col(table.agent_id))
        .where(col(table.lifted_at).is_(None))
        .order_by(col(table.at).desc(), col(table.id))
    )
    desk = session.desk
    with session.reading(*BLOCKS_SENDERS) as db:
        return tuple(
            Blocked(
                row,
                open_desk_words(desk, "blocked_sender", "mask", row, shown),
                open_desk_words(desk, "blocked_sender", "reason", row, why),
                number,
                by,
                at,
            )
            for row, shown, why, number, by, at in db.connection().execute(rows)
        )


def unblock_sender(session: DeskSession, block: str) -> None:
    """Take later mail of that sender in again, on record; `block` is the id, or its beginning, that `Blocked` gives.

    What was set aside stays there until it is released. Raises NothingThere, NotAllowed, NoUndertaking.
    """
    with session.work(*BLOCKS_SENDERS) as db:
        if not isinstance(session, OperatorSession):
            require_current(db, session)
        begins = col(BlockedSender.id).startswith(block, autoescape=True)
        rows = db.scalars(
            select(BlockedSender).where(begins, col(BlockedSender.lifted_at).is_(None)).limit(2).with_for_update()
        ).all()
        if len(rows) != 1 or not block:
            raise NothingThere("No blocked sender has this id.", "List the blocked senders and try again.")
        rows[0].lifted_at = session.desk.clock.now()
        db.add(rows[0])
        db.flush()
        ticket = facts(db, rows[0].ticket_number)
        record_about(db, session, ticket, Action.SENDER_UNBLOCKED, about={"block": rows[0].id})
