"""The one fixed letter to an address that a web form names: anyone may have typed it, so it says nothing of the matter.

Only once its owner has answered it does anything else go there. It is limited, so that no form floods a mailbox.
"""

import unicodedata
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlmodel import Session, col

from cs_console.access_log.vouched import digest
from cs_console.delivery.message_ids import BOUNCES
from cs_console.delivery.outgoing import queue_message
from cs_console.desk import Desk
from cs_console.errors import ConsoleError, StoreUnavailable
from models.acknowledgement import Acknowledgement
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Channel, Link, MessageSort, TicketState
from models.message import Message
from models.ticket import Ticket

APART = timedelta(days=1)
"""Between two of them to one address."""
LONGEST_WAIT = timedelta(days=7)
"""For its turn: after that a flood has outlasted it, and an agent cannot write to that address."""
MOST_AN_HOUR = 100
"""Of them all: a flood of forms with ever other addresses gets no further."""
_MACHINES = frozenset(
    {"mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply", "bounce", BOUNCES}
)
"""Local parts behind which no one reads."""
_TEXTS = {
    "en": "A form on our site named this address, and we have received it. If it was you, answer this mail without "
    "changing its subject; then we can write to you here. If it was not, do nothing: we send nothing more.",
    "zh": "我们网站上的一份表单填写了此邮箱地址，我们已经收到。如果是您本人填写，请直接回复本邮件并保留主题，"
    "之后我们才能通过此地址与您联系。如果不是您，请不必理会：我们不会再发送任何内容。",
}


def acknowledge_form(db: Session, desk: Desk, number: int, address: str) -> bool:
    """Queue the acknowledgement to a form's address inside the caller's transaction, unless a limit says no.

    Returns whether it was queued. Its Message-ID, which only the mailbox's owner can read, is what an answer proves.
    Where only the limit of them all says no, or others wait for it already, it waits for `acknowledge_waiting`.
    Nothing goes to an address of our own, or to one that machines send from: no one could answer, or a machine would.
    """
    if _is_no_ones(desk, address):
        return False
    now = desk.clock.now()
    _forget_old(db, now)
    token = _digest(desk, address)
    if db.get(Acknowledgement, token) is not None:
        return False
    waits = _is_full(db, now) or _others_wait(db)
    db.add(Acknowledgement(token=token, ticket_number=number, waits=waits, at=now))
    db.flush()
    if not waits:
        _queue(db, desk, number)
    return not waits


def acknowledge_waiting(desk: Desk) -> int:
    """Queue what waits for the limit of them all, the oldest first; how many. Raises StoreUnavailable.

    A ticket that was linked, closed or erased meanwhile gets none.
    """
    now = desk.clock.now()
    due = or_(col(Acknowledgement.waits).is_(True), _old(now))
    oldest = select(col(Acknowledgement.token)).where(due).order_by(col(Acknowledgement.at)).limit(2 * MOST_AN_HOUR)
    with desk.database.reading() as db:
        tokens = db.connection().execute(oldest).scalars().all()
    if not tokens:
        return 0
    with desk.database.transaction() as db:
        _forget_old(db, now)
    return sum(_acknowledge_now(desk, token) for token in tokens)


def _acknowledge_now(desk: Desk, token: bytes) -> bool:
    try:
        with desk.database.transaction() as db:
            row = db.get(Acknowledgement, token, with_for_update={"skip_locked": True})
            if row is None or not row.waits or _is_full(db, desk.clock.now()):
                return False
            row.waits, row.at = False, desk.clock.now()
            ticket = db.get_one(Ticket, row.ticket_number)
            if ticket.link != Link.NONE or ticket.channel != Channel.FORM or ticket.state == TicketState.CLOSED:
                return False
            _queue(db, desk, row.ticket_number)
            return True
    except StoreUnavailable:
        raise
    except ConsoleError:  # erased, or it does not open: its time runs out
        return False


def _queue(db: Session, desk: Desk, number: int) -> None:
    """Queue the letter to the address that the form of this ticket names."""
    ticket = db.get_one(Ticket, number)
    claims = select(col(Contact.id)).where(
        col(Contact.ticket_number) == number,
        col(Contact.field) == Field.EMAIL,
        col(Contact.on_file).is_(False),
        col(Contact.replaced_at).is_(None),
    )
    contact_id = db.connection().execute(claims.order_by(col(Contact.id)).limit(1)).scalar_one()
    queue_message(
        db,
        desk,
        ticket_number=number,
        requester_id=ticket.requester_id,
        contact_id=str(contact_id),
        sort=MessageSort.ACKNOWLEDGEMENT,
        text=_TEXTS.get(ticket.language.partition("-")[0], _TEXTS["en"]),
        agent_id=None,
    )


def _is_no_ones(desk: Desk, address: str) -> bool:
    """Whether it is a mailbox of ours (the settings', or the pack's at their domains) or a machine's."""
    local, _, domain = address.casefold().rpartition("@")
    name = local.partition("+")[0]
    ours = {own.strip().casefold() for own in (desk.settings.mail_from, *desk.settings.mail_own)}
    boxes = {box.casefold() for rules in desk.packs.current.kinds.values() for box in rules.mailboxes}
    at_home = domain in {own.rpartition("@")[2] for own in ours}
    return name in _MACHINES or f"{name}@{domain}" in ours or (at_home and name in boxes)


def _digest(desk: Desk, address: str) -> bytes:
    """How an address is known again for these days; by a key that no rotation changes meanwhile."""
    return bytes.fromhex(digest(desk, "acknowledgement", _folded(address)))


def _folded(address: str) -> str:
    """One form for what may be one mailbox: a limit may take two for one, which would let no one into either.

    Capitals, a "+tag" and dots make no other mailbox at the large providers.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", address).casefold())
    local, _, domain = folded.rpartition("@")
    name = local.partition("+")[0].replace(".", "")
    return f"{name or local}@{domain}"


def _is_full(db: Session, now: datetime) -> bool:
    sent = (col(Message.sort) == MessageSort.ACKNOWLEDGEMENT, col(Message.at) > now - timedelta(hours=1))
    counted = select(func.count()).select_from(Message).where(*sent)
    return bool(db.connection().execute(counted).scalar_one() >= MOST_AN_HOUR)


def _others_wait(db: Session) -> bool:
    """Whether it is another requester's turn: otherwise the first ones in each hour would keep the others waiting."""
    first = select(col(Acknowledgement.token)).where(col(Acknowledgement.waits).is_(True)).limit(1)
    return db.connection().execute(first).first() is not None


def _old(now: datetime) -> ColumnElement[bool]:
    waits = col(Acknowledgement.waits)
    return or_(
        and_(waits.is_(False), col(Acknowledgement.at) <= now - APART),
        and_(waits.is_(True), col(Acknowledgement.at) <= now - LONGEST_WAIT),
    )


def _forget_old(db: Session, now: datetime) -> None:
    db.connection().execute(delete(Acknowledgement).where(_old(now)))
