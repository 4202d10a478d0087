"""Finding tickets and people by an exact phone number or address, each time on record and within an hourly limit."""

from datetime import timedelta
from functools import partial
from typing import Protocol, TypeVar

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from cs_console.access_log.append import lock_log, record
from cs_console.access_log.entry import Entry
from cs_console.custody.blind_index import lookup_token, normalise, on_file_form
from cs_console.custody.contacts import persons_with
from cs_console.custody.disclosure import VERIFICATION, PurposeChoice
from cs_console.desk import Desk, DeskSession
from cs_console.errors import BadInput, TooManyLookUps
from cs_console.staff.undertakings import require_current
from cs_console.tickets.filters import Choice, Filter, Key
from cs_console.tickets.queue import QueueRow, Sort, page
from models.columns import microseconds
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Action, RequesterState, Result
from models.log import LogEntry
from models.requester import Requester
from models.roles import SEES_PERSONAL_DATA
from models.ticket import Ticket

LIMIT_REASON = TooManyLookUps.code
MOST_SHOWN = 100
"""Of the tickets that a look-up finds: the newest."""
_Found = TypeVar("_Found", int, str, covariant=True)


def purposes_to_look_up(session: DeskSession, field: Field, typed: str) -> tuple[PurposeChoice, ...]:
    """The purposes that the pack in force lists for this field, on tickets of whatever kind.

    Raises BadInput where what was typed is no whole phone number or e-mail address, NotAllowed, SessionEnded.
    """
    with session.reading(*SEES_PERSONAL_DATA):
        _normalised(session.desk, field, typed)
        pack = session.desk.packs.current
        listed = [(key, pack.purposes[key]) for key in _listed(session.desk, field)]
        return tuple(PurposeChoice(key, purpose.title, pack.cited(purpose.clause)) for key, purpose in listed)


def look_up(session: DeskSession, field: Field, typed: str, purpose: str) -> tuple[int, ...]:
    """The tickets of everyone on file with exactly this phone or e-mail, and those that claim it, newest first.

    `purpose` is one of `purposes_to_look_up`. Every look-up is recorded with it, found or not, without the value; so
    is one past the pack's hourly limit. An answer for no one is the same as for an erased requester. Raises BadInput,
    TooManyLookUps, NoUndertaking, NotAllowed.
    """
    if purpose not in _listed(session.desk, field):
        raise BadInput(f"No {field.value} is looked up for that purpose.", "Choose one of the listed purposes.")
    return _looked_up(session, field, typed, purpose, partial(_tickets_with, desk=session.desk, field=field))


def found_tickets(session: DeskSession, numbers: tuple[int, ...]) -> tuple[QueueRow, ...]:
    """What a list shows of these tickets, open or closed, newest first: the newest MOST_SHOWN of them.

    Raises NotAllowed, NoUndertaking, SessionEnded.
    """
    if not numbers:
        return ()
    newest = sorted(numbers, reverse=True)[:MOST_SHOWN]
    of_these = Filter((Choice(Key.NUMBER, tuple(map(str, newest))),))
    return page(session, "all", of_these, size=MOST_SHOWN, sort=Sort.RECEIVED).rows


def find_persons(session: DeskSession, field: Field, typed: str, most: int) -> tuple[str, ...]:
    """The people on file with exactly this phone or e-mail, at most so many: recorded, limited and refused alike.

    It is always to find out whose a ticket is, and recorded as part of a verification.
    """
    find = partial(persons_with, desk=session.desk, field=field, most=most)
    return _looked_up(session, field, typed, VERIFICATION, find)


class _Find(Protocol[_Found]):
    def __call__(self, db: Session, *, normalised: str) -> tuple[_Found, ...]: ...


def _listed(desk: Desk, field: Field) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.purpose for row in desk.packs.current.matrix if field in row.fields))


def _normalised(desk: Desk, field: Field, typed: str) -> str:
    normalised = normalise(field, typed.strip(), desk.packs.current.meta.region)
    if normalised is None:
        raise BadInput("Only a whole phone number or e-mail address can be looked up.", "Check it and type it again.")
    return normalised


def _looked_up(session: DeskSession, field: Field, typed: str, purpose: str, find: _Find[_Found]) -> tuple[_Found, ...]:
    desk = session.desk
    normalised = _normalised(desk, field, typed)
    limit = desk.packs.current.reveal.look_ups_per_hour
    with session.work(*SEES_PERSONAL_DATA) as db:
        require_current(db, session)
        lock_log(db.connection(), desk)  # two at once must not both be the last that is allowed
        within = _look_ups_this_hour(db, session) < limit
        outcome, reason = (Result.DONE, "") if within else (Result.REFUSED, LIMIT_REASON)
        entry = Entry(Action.CONTACT_LOOKED_UP, outcome, fields=(field.value,), purpose=purpose, reason=reason)
        record(db, session, entry)
        found = find(db, normalised=normalised) if within else ()
    if not within:
        raise TooManyLookUps(f"You have looked up {limit} contacts within the hour.", "Wait, or ask a supervisor.")
    return found


def _look_ups_this_hour(db: Session, session: DeskSession) -> int:
    since = microseconds(session.desk.clock.now() - timedelta(hours=1))
    counted = db.connection().execute(
        select(func.count()).where(
            col(LogEntry.actor) == session.agent.name,
            col(LogEntry.at) > since,
            col(LogEntry.action) == Action.CONTACT_LOOKED_UP.value,
            col(LogEntry.outcome) == Result.DONE.value,
        )
    )
    return int(counted.scalar_one())


def _tickets_with(db: Session, desk: Desk, field: Field, normalised: str) -> tuple[int, ...]:
    """One statement, found or not, so that both answers take the same time."""
    written = lookup_token(desk.keyring, field, normalised)
    folded = lookup_token(desk.keyring, field, on_file_form(field, normalised))
    of_the_ticket = or_(col(Contact.ticket_number).is_(None), col(Contact.ticket_number) == col(Ticket.number))
    found = db.connection().execute(
        select(col(Ticket.number))
        .distinct()
        .join(Requester, col(Requester.id) == col(Ticket.requester_id))
        .join(Contact, (col(Contact.requester_id) == col(Requester.id)) & of_the_ticket)
        .where(
            col(Contact.field) == field,
            col(Contact.lookup).in_((written, folded)),
            col(Contact.replaced_at).is_(None),
            # restricted and erased requesters answer as if they had never been here (policy I.(4)2)
            col(Requester.state) == RequesterState.ACTIVE,
        )
        .order_by(col(Ticket.number).desc())
    )
    return tuple(found.scalars())
