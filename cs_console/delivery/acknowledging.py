"""The one fixed letter to an address that a web form names: anyone may have typed it, so it says nothing of the matter.

Only once its owner has answered it does anything else go there. It is limited, so that no form floods a mailbox.
"""

import unicodedata
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlmodel import Session, col

from cs_console.access_log.vouched import digest
from cs_console.delivery.outgoing import queue_message
from cs_console.desk import Office
from cs_console.errors import Refusal, StoreUnavailable
from models.acknowledgement import Acknowledgement
from models.contact import Contact
from models.enums import Channel, Field, Link, MessageSort, TicketState
from models.message import Message
from models.ticket import Ticket

APART = timedelta(days=1)
"""Between two of them to one address."""
LONGEST_WAIT = timedelta(days=7)
"""For its turn: after that a flood has outlasted it, and an agent cannot write to that address."""
MOST_AN_HOUR = 100
"""Of them all: a flood of forms with ever other addresses gets no further."""
_TEXTS = {
    "en": "A form on our site named this address, and we have received it. If it was you, answer this mail without "
    "changing its subject; then we can write to you here. If it was not, do nothing: we send nothing more.",
    "zh": "我们网站上的一份表单填写了此邮箱地址，我们已经收到。如果是您本人填写，请直接回复本邮件并保留主题，"
    "之后我们才能通过此地址与您联系。如果不是您，请不必理会：我们不会再发送任何内容。",
}


def acknowledge_form(session: Session, office: Office, number: int, address: str) -> bool:
    """Queue the acknowledgement to a form's address inside the caller's transaction, unless a limit says no.

    Returns whether it was queued. Its Message-ID, which only the mailbox's owner can read, is what an answer proves.
    Where only the limit of them all says no, or others wait for it already, it waits for `acknowledge_waiting`.
    """
    now = office.clock.now()
    _forget_old(session, now)
    token = _digest(office, address)
    if session.get(Acknowledgement, token) is not None:
        return False
    waits = _is_full(session, now) or _others_wait(session)
    session.add(Acknowledgement(token=token, ticket_number=number, waits=waits, at=now))
    session.flush()
    if not waits:
        _queue(session, office, number)
    return not waits


def acknowledge_waiting(office: Office) -> int:
    """Queue what waits for the limit of them all, the oldest first; how many. Raises StoreUnavailable.

    A ticket that was linked, closed or erased meanwhile gets none.
    """
    now = office.clock.now()
    due = or_(col(Acknowledgement.waits).is_(True), _old(now))
    oldest = select(col(Acknowledgement.token)).where(due).order_by(col(Acknowledgement.at)).limit(2 * MOST_AN_HOUR)
    with office.database.reading() as session:
        tokens = session.connection().execute(oldest).scalars().all()
    if not tokens:
        return 0
    with office.database.transaction() as session:
        _forget_old(session, now)
    return sum(_acknowledge_now(office, token) for token in tokens)


def _acknowledge_now(office: Office, token: bytes) -> bool:
    try:
        with office.database.transaction() as session:
            row = session.get(Acknowledgement, token, with_for_update={"skip_locked": True})
            if row is None or not row.waits or _is_full(session, office.clock.now()):
                return False
            row.waits, row.at = False, office.clock.now()
            ticket = session.get_one(Ticket, row.ticket_number)
            if ticket.link != Link.NONE or ticket.channel != Channel.FORM or ticket.state == TicketState.CLOSED:
                return False
            _queue(session, office, row.ticket_number)
            return True
    except StoreUnavailable:
        raise
    except Refusal:  # erased, or it does not open: its time runs out
        return False


def _queue(session: Session, office: Office, number: int) -> None:
    """Queue the letter to the address that the form of this ticket names."""
    ticket = session.get_one(Ticket, number)
    claims = select(col(Contact.id)).where(
        col(Contact.ticket_number) == number,
        col(Contact.field) == Field.EMAIL,
        col(Contact.on_file).is_(False),
        col(Contact.replaced_at).is_(None),
    )
    contact_id = session.connection().execute(claims.order_by(col(Contact.id)).limit(1)).scalar_one()
    queue_message(
        session,
        office,
        ticket_number=number,
        requester_id=ticket.requester_id,
        contact_id=str(contact_id),
        sort=MessageSort.ACKNOWLEDGEMENT,
        text=_TEXTS.get(ticket.language.partition("-")[0], _TEXTS["en"]),
        agent_id=None,
    )


def _digest(office: Office, address: str) -> bytes:
    """How an address is known again for these days; by a key that no rotation changes meanwhile."""
    return bytes.fromhex(digest(office, "acknowledgement", _folded(address)))


def _folded(address: str) -> str:
    """One form for what may be one mailbox: a limit may take two for one, which would let no one into either.

    Capitals, a "+tag" and dots make no other mailbox at the large providers.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", address).casefold())
    local, _, domain = folded.rpartition("@")
    name = local.partition("+")[0].replace(".", "")
    return f"{name or local}@{domain}"


def _is_full(session: Session, now: datetime) -> bool:
    sent = (col(Message.sort) == MessageSort.ACKNOWLEDGEMENT, col(Message.at) > now - timedelta(hours=1))
    counted = select(func.count()).select_from(Message).where(*sent)
    return bool(session.connection().execute(counted).scalar_one() >= MOST_AN_HOUR)


def _others_wait(session: Session) -> bool:
    """Whether it is another requester's turn: otherwise the first ones in each hour would keep the others waiting."""
    first = select(col(Acknowledgement.token)).where(col(Acknowledgement.waits).is_(True)).limit(1)
    return session.connection().execute(first).first() is not None


def _old(now: datetime) -> ColumnElement[bool]:
    waits = col(Acknowledgement.waits)
    return or_(
        and_(waits.is_(False), col(Acknowledgement.at) <= now - APART),
        and_(waits.is_(True), col(Acknowledgement.at) <= now - LONGEST_WAIT),
    )


def _forget_old(session: Session, now: datetime) -> None:
    session.connection().execute(delete(Acknowledgement).where(_old(now)))
