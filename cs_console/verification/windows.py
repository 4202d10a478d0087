"""The verified window: opened when an identity is believed, closed by time, a hand-over, another contact or asker."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlmodel import Session, col

from cs_console.access_log.append import append, record
from cs_console.access_log.entry import Entry
from cs_console.access_log.standing import link_of
from cs_console.access_log.vouched import NEWEST_WINDOW, genuine, verified_numbers
from cs_console.acts import ActOutcome
from cs_console.custody.contacts import is_shared, masked_contacts
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.deadlines.clock_events import go_on, recompute
from cs_console.delivery.outgoing import deliver_queued, queue_message
from cs_console.desk import Desk, DeskSession
from cs_console.errors import ConsoleError
from cs_console.policy.templates import render
from cs_console.tickets.ticket_record import pseudonym
from cs_console.verification.askers import asker_of
from cs_console.verification.cases import Case
from models.columns import from_microseconds, microseconds, new_id
from models.enums import Action, Link, MessageSort, TicketState, VerificationMethod
from models.ticket import Ticket
from models.verification import Verification

WAITING_STATES = frozenset({TicketState.OPEN, TicketState.TO_VERIFY, TicketState.WAITING})


@dataclass(frozen=True)
class Verified:
    """An identity was believed; the window is open until then."""

    until: datetime


@dataclass(frozen=True)
class Opened:
    """A window as it was opened, and the line that tells another contact of it, still to be delivered."""

    verified: Verified
    told_message: str | None

    def outcome(self) -> dict[str, str]:
        """What the act made that opened it, for `acts.once`."""
        told = {} if self.told_message is None else {"message": self.told_message}
        return {"until": str(microseconds(self.verified.until)), **told}


def opened_by(outcome: ActOutcome) -> Opened:
    """The window that an act opened, from its outcome."""
    return Opened(Verified(from_microseconds(int(outcome["until"]))), outcome.get("message"))


def open_window(
    db: Session,
    session: DeskSession,
    case: Case,
    method: VerificationMethod,
    *,
    contact_id: str | None = None,
    contact_field: str = "",
    note: str = "",
) -> Opened:
    """Write down a verification inside the caller's transaction: window, ticket, clock and entry.

    The case must be locked. `note` must be redacted already. The clock starts with the first verification and never
    again (policy V.4). Another contact on file is told: `deliver` once this is committed. Raises WrongState,
    GuardianRequired, PrincipalOnly.
    """
    case.require_open()
    desk, now = session.desk, session.desk.clock.now()
    asker = asker_of(db, desk, case.pack, case.number, case.requester_id)
    refusal = asker.refusal(method)
    if refusal is not None:
        raise refusal
    close_window(db, desk, case.number, session=session, reason="verified again")
    row, until = new_id(), now + timedelta(minutes=case.pack.verification.window_minutes)
    keys = ticket_keys(db, desk, case.number)
    db.add(
        Verification(
            id=row,
            ticket_number=case.number,
            requester_id=case.requester_id,
            method=method,
            contact_id=contact_id,
            contact_field=contact_field or None,
            agent_id=session.agent.id,
            note=keys.seal("verification", "note", row, note) if note else None,
            verified_at=now,
            window_until=until,
        )
    )
    link = _proven(db, desk, case)
    _move_ticket(db, session, case, link, now)
    told = _tell(db, session, case, contact_id)
    db.flush()
    how = f"{method.value}, for a {asker.authority.value}" if asker.authority else method.value
    about = {
        "window": row,
        "until": str(microseconds(until)),
        "method": method.value,
        "by": session.agent.id,
        "link": link.value,
    }
    said = case.entry(Action.VERIFIED, field=contact_field, verification=row[:16], reason=how, about=about)
    record(db, session, said)
    return Opened(Verified(until), told)


def deliver(desk: Desk, opened: Opened) -> Verified:
    """Inform the other contact. The verification is valid even if that fails: the message stays queued."""
    if opened.told_message is not None:
        with suppress(ConsoleError):
            deliver_queued(desk, opened.told_message)
    return opened.verified


def close_window(
    db: Session, desk: Desk, number: int, *, session: DeskSession | None = None, reason: str = "contact changed"
) -> bool:
    """Close the ticket's open window inside the caller's transaction; whether there was one. Recorded then.

    The one way to end a window before its time; it works for a requester who was erased, too. A window that the log
    holds open is closed whatever its row says: a row that hid it meanwhile could bring it back.
    """
    now = desk.clock.now()
    open_by_the_log = _open_by_the_log(db, desk, number)
    closed = db.connection().execute(
        update(Verification)
        .where(
            col(Verification.ticket_number) == number,
            col(Verification.closed_at).is_(None),
            col(Verification.window_until) > now,
        )
        .values(closed_at=now)
        .returning(col(Verification.id), col(Verification.requester_id))
    )
    found = closed.first()
    if open_by_the_log is not None:
        window, requester = open_by_the_log
    elif found is not None:
        window, requester = found[0], pseudonym(desk, found[1])
    else:
        return False
    entry = Entry(
        Action.WINDOW_CLOSED,
        ticket=number,
        requester=requester,
        verification=window[:16],
        reason=reason,
        about={"window": window},
    )
    actor = desk.own_actor if session is None else session.actor
    append(db, desk, actor, entry, now)
    return True


def close_windows_of(db: Session, session: DeskSession, requester_id: str, reason: str = "contact changed") -> None:
    """Close the open windows of all of a requester's tickets inside the caller's transaction; each is recorded."""
    numbers = db.connection().execute(
        select(col(Verification.ticket_number))
        .distinct()
        .where(col(Verification.requester_id) == requester_id, col(Verification.closed_at).is_(None))
    )
    named = pseudonym(session.desk, requester_id)
    logged = () if named is None else verified_numbers(db, session.desk, named)
    for number in sorted({*numbers.scalars(), *logged}):
        close_window(db, session.desk, number, session=session, reason=reason)


def _open_by_the_log(db: Session, desk: Desk, number: int) -> tuple[str, str | None] | None:
    """The window that the log holds open on this ticket, and whose it is."""
    newest = NEWEST_WINDOW.first(db.connection(), {"number": number})
    word = None if newest is None else genuine(desk, newest)
    if word is None or word.action is not Action.VERIFIED or word.about is None:
        return None
    is_over = int(word.about["until"]) <= microseconds(desk.clock.now())
    return None if is_over else (word.about["window"], word.requester)


def _proven(db: Session, desk: Desk, case: Case) -> Link:
    """How surely the ticket is its requester's once they are verified: no account is made of an unverified sender."""
    link = link_of(db, desk, case.number, Link(case.ticket.link))
    return Link.PROVEN if link is Link.PRESUMED else link


def _move_ticket(db: Session, session: DeskSession, case: Case, link: Link, now: datetime) -> None:
    first, waits = case.ticket.verified_at is None, case.ticket.state in WAITING_STATES
    changes: dict[str, object] = {"version": col(Ticket.version) + 1, "link": link}
    if first:
        changes["verified_at"] = now
    if waits:
        changes["state"] = TicketState.VERIFIED
    db.connection().execute(update(Ticket).where(col(Ticket.number) == case.number).values(**changes))
    if first:
        recompute(db, case.pack, case.number)
    elif waits:
        go_on(db, case.pack, case.ticket, now, session.agent.id)


def _tell(db: Session, session: DeskSession, case: Case, used: str | None) -> str | None:
    """Queue the word to another contact on file of theirs alone: the one that has stood there longest."""
    others = [
        contact
        for contact in masked_contacts(db, session.desk, case.requester_id)
        if contact.on_file and contact.field in case.codes.fields and contact.id != used
        if not case.requester.unclear and not is_shared(db, contact.id)
    ]
    if not others:
        return None
    oldest = min(others, key=lambda contact: contact.changed_at)
    return queue_message(
        db,
        session.desk,
        ticket_number=case.number,
        requester_id=case.requester_id,
        contact_id=oldest.id,
        sort=MessageSort.CODE,
        text=render(case.said.told_text, {"ticket": str(case.number)}).strip(),
        agent_id=session.agent.id,
    )
