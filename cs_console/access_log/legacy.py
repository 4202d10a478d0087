"""The one reader of what older desks wrote: their entries say in sentences what newer ones say in `about`.

Entries have `about` from version 2 of their form on (canonical.py), which migration 0005 brought; until then version 1
was all there was. An entry counts as old only where `about` is NULL in it, or lacks what newer ones vouch for, which
its tag says. Nothing the console writes today is read here, whatever its sentence says. The action `ticket.changed` is
of older desks too, with `about` in the later of them: nothing is written under it any more.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select
from sqlmodel import col

from cs_console.access_log.canonical import COLUMNS
from cs_console.access_log.vouched import Word, genuine
from cs_console.prepared import Prepared
from models.columns import microseconds
from models.enums import AccountState, Action, AuthoritySort, Result, TicketState
from models.log import LogEntry

if TYPE_CHECKING:
    from cs_console.desk import Desk

_HANDED = "assignee "
_TO = " -> "
_RELEASED = "released by "
_TO_OTHERS = "to be decided "
_FOLLOW_UP = "follow-up received"
_UNTIL = "until "
_VERSION = "version "
_STATE = "state "
_KIND = "kind "
_REVIEWED = "the decision's review date has come"
_SLACK = timedelta(minutes=5)
"""How long after a row's own time its entry may have been written."""


def _begins(words: str) -> ColumnElement[bool]:
    return func.substr(col(LogEntry.reason), 1, len(words)) == words


_OLD_CHANGE = and_(col(LogEntry.action) == Action.TICKET_CHANGED.value, col(LogEntry.about).is_(None))


def follow_up() -> ColumnElement[bool]:
    """Whether an old entry says that the requester wrote again."""
    return and_(_OLD_CHANGE, col(LogEntry.reason) == _FOLLOW_UP)


def told(word: Word) -> str | None:
    """What an older desk's change of a ticket is to be told as; None for any other entry."""
    if word.action is not Action.TICKET_CHANGED:
        return None
    handed = handed_on(word)
    return f"reassigned to {handed[1]}" if handed and handed[1] else word.reason


def fields(word: Word) -> str:
    """The fields of the contacts that an old entry says were changed, joined by commas."""
    return word.fields if word.about is None else ""


def handed_on(word: Word) -> tuple[str, str] | None:
    """Whose a ticket was and whose it became, as account names; None where that is not said.

    Whose it was is a word that is no account's, and whose it became is "", where it was or became no one's.
    """
    if word.about is not None:
        return None
    if word.action in (Action.TICKET_CLAIMED, Action.TICKET_CREATED):
        return "", word.actor
    if word.action is not Action.TICKET_CHANGED:
        return None
    if word.reason.startswith(_HANDED):
        before, _, after = word.reason.removeprefix(_HANDED).partition(_TO)
        return before, after
    if word.reason.startswith((_RELEASED, _TO_OTHERS)):
        return "", ""
    return None


_LAST_HANDED_ON = Prepared(
    select(*(col(getattr(LogEntry, name)) for name in COLUMNS))
    .where(
        col(LogEntry.ticket) == bindparam("number"),
        col(LogEntry.about).is_(None),
        col(LogEntry.outcome) == Result.DONE.value,
        or_(
            col(LogEntry.action) == Action.TICKET_CREATED.value,
            col(LogEntry.action) == Action.TICKET_CLAIMED.value,
            _OLD_CHANGE & _begins(_HANDED),
            _OLD_CHANGE & _begins(_RELEASED),
            _OLD_CHANGE & _begins(_TO_OTHERS),
        ),
    )
    .order_by(col(LogEntry.seq).desc())
    .limit(1)
)
_LAST_WINDOW = Prepared(
    select(*(col(getattr(LogEntry, name)) for name in COLUMNS))
    .where(
        col(LogEntry.ticket) == bindparam("number"),
        col(LogEntry.about).is_(None),
        col(LogEntry.outcome) == Result.DONE.value,
        or_(col(LogEntry.action) == Action.VERIFIED.value, col(LogEntry.action) == Action.WINDOW_CLOSED.value),
    )
    .order_by(col(LogEntry.seq).desc())
    .limit(1)
)


def holder(connection: Connection, desk: "Desk", number: int) -> str:
    """The name of the account that had the ticket at the end of what an older desk wrote; "" for no one."""
    row = _LAST_HANDED_ON.first(connection, {"number": number})
    said = None if row is None else handed_on(genuine(desk, row))
    return "" if said is None else said[1]


def window(connection: Connection, desk: "Desk", number: int, minutes: int) -> tuple[str, int]:
    """The beginning of the id of the window that an older desk opened last, and until when (microseconds) it can have
    been open at most; "" where it was closed.
    """
    row = _LAST_WINDOW.first(connection, {"number": number})
    word = None if row is None else genuine(desk, row)
    if word is None or word.action is not Action.VERIFIED:
        return "", 0
    return word.verification, word.at + minutes * 60_000_000


def about_then(word: Word, actor: str, moment: datetime) -> bool:
    """Whether an old entry is the one that was written for a row of that account and moment."""
    late = word.at - microseconds(moment)
    return word.about is None and word.actor == actor and 0 <= late <= _SLACK // timedelta(microseconds=1)


def is_of(word: Word, said: str, actor: str, moment: datetime) -> bool:
    """Whether an old entry that says exactly this is the one that was written for a row of that account and moment."""
    return word.reason == said and about_then(word, actor, moment)


def is_made(word: Word, outcome: str, moment: datetime | None) -> bool:
    """Whether an old entry is the one of a decision that ended so at that moment."""
    return moment is not None and is_of(word, outcome, word.actor, moment)


def made(word: Word) -> str:
    """How a decision ended, as an old entry says it; "" where that is not said."""
    return word.reason if word.about is None else ""


def cause(word: Word) -> str:
    """Why an erasure was proposed, as an entry says it that does not vouch for it; "" where that is not said."""
    return "" if word.about is not None and "cause" in word.about else word.reason


def authority(word: Word) -> AuthoritySort | None:
    """In whose name someone asks, as an old entry says it."""
    try:
        return AuthoritySort(word.reason) if word.about is None else None
    except ValueError:
        return None


def verified_by(word: Word) -> str:
    """The method by which an old entry says that a requester was verified; "" where that is not said."""
    return word.reason.partition(",")[0] if word.about is None else ""


def held_until(word: Word) -> date | None:
    """The last day of a hold, as an old entry says it."""
    try:
        return date.fromisoformat(word.reason.removeprefix(_UNTIL)) if word.about is None else None
    except ValueError:
        return None


def adoption(word: Word) -> tuple[str, str]:
    """Which pack an old entry says was adopted, and how the sha256 of its file begins; "" where that is not said."""
    name, _, rest = ("" if word.about is not None else word.reason).partition(" ")
    return name, rest.partition(",")[0]


def undertaking(word: Word) -> str:
    """Which version of the undertaking an old entry says was signed; "" for none."""
    return word.reason.removeprefix(_VERSION) if word.about is None and word.reason.startswith(_VERSION) else ""


def is_closed_by(word: Word) -> bool | None:
    """Whether a ticket was closed after an old entry of a change to it; None where that is not said."""
    said = word.reason
    if word.about is not None:
        return None
    if said.startswith(_STATE) and _TO in said:
        return said.partition(_TO)[2].partition(":")[0] == TicketState.CLOSED
    opens = said == _FOLLOW_UP or said.startswith((_KIND, _REVIEWED, _TO_OTHERS))
    return False if opens else None


_ACCOUNT_ROLES = "roles "
_CONFIRMED = "roles confirmed, "
_TO_CONFIRM = " to be confirmed"
_STATES = {"suspended": AccountState.SUSPENDED, "unlocked": AccountState.ACTIVE}


@dataclass(frozen=True, slots=True)
class OldAccount:
    """What one old entry says of an account: its roles from then on, roles added to them, or its state."""

    name: str
    roles: str | None = None
    more_roles: str = ""
    state: AccountState | None = None


def account(word: Word) -> OldAccount | None:
    """What an entry of an older desk says of an account, by its name; None where it says nothing of roles or state."""
    name, colon, said = word.reason.partition(": ")
    if not colon:
        return None
    if word.action is Action.ACCOUNT_ADDED:
        return OldAccount(name, roles=_counted(said))
    if said.startswith(_CONFIRMED):
        return OldAccount(name, more_roles=said.removeprefix(_CONFIRMED))
    if said.startswith(_ACCOUNT_ROLES) and _TO in said:
        return OldAccount(name, roles=_counted(said.partition(_TO)[2]))
    return OldAccount(name, state=_STATES[said]) if said in _STATES else None


def _counted(said: str) -> str:
    """The roles that count of what an old entry says: those that waited to be confirmed do not."""
    return next((part for part in said.split("; ") if not part.endswith(_TO_CONFIRM)), "")
