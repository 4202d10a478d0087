"""What was done on a ticket, and who did it: the same words for all who may see the ticket."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import and_, bindparam, or_, select
from sqlmodel import Session, col

from cs_console.access_log.review import EntryView, entry_view
from cs_console.access_log.vouched import COLUMNS_OF_ENTRY, Word, genuine
from cs_console.custody.ticket_keys import keys_for_view
from cs_console.desk import DeskSession
from cs_console.errors import KeyDestroyed
from cs_console.policy.schema import Pack
from cs_console.prepared import Prepared
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import facts, is_on_record
from models.agent import Agent
from models.enums import Action, Result, TicketKind
from models.log import LogEntry
from models.roles import WORKS_ON_TICKETS, Role

MOST = 20
"""How many acts are told, the newest first; the access log has all of them."""
_TOLD: Mapping[Action, str] = MappingProxyType(
    {
        Action.TICKET_CREATED: "took it in",
        Action.TICKET_FOLLOW_UP: "the requester wrote",
        Action.UNCONFIRMED_RECEIVED: "an unconfirmed message came in",
        Action.MAIL_CAME_BACK: "a letter came back",
        Action.TICKET_CLAIMED: "claimed it",
        Action.TICKET_ASSIGNED: "assigned it{to}",
        Action.TICKET_RELEASED: "released it",
        Action.TICKET_STATE_SET: "changed the state{state}",
        Action.TICKET_PRIORITY_SET: "changed the priority{priority}",
        Action.TICKET_KIND_SET: "changed the kind{kind}",
        Action.TICKET_SNOOZED: "snoozed it",
        Action.TICKET_UNSNOOZED: "ended the snooze",
        Action.TICKET_TAGGED: "changed the tags",
        Action.FIELD_REVEALED: "saw the {fields}{purpose}",
        Action.REVEAL_REFUSED: "{was} refused the {fields}",
        Action.ATTACHMENT_OPENED: "opened a file{purpose}",
        Action.CONTACT_CHANGED: "changed the {fields}",
        Action.VERIFIED: "verified the requester{method}",
        Action.WINDOW_CLOSED: "the verification ended",
        Action.MESSAGE_SENT: "sent a message to the {fields}",
        Action.MESSAGE_TAKEN_BACK: "took a letter back",
        Action.NOTE_ADDED: "added a note",
        Action.ASKED_RECORDED: "recorded what is asked",
        Action.CLOCK_EXTENDED: "extended the term",
        Action.FEE_PAID: "recorded the fee as paid",
        Action.DECISION_PROPOSED: "proposed a decision",
        Action.TICKET_SETTLED: "settled it",
        Action.TICKET_LINKED: "linked it to a person on file",
        Action.TICKET_UNLINKED: "took the link back",
    }
)
"""What is told, none of which says on what ground a case was decided or that data is held: approvals, returns, holds,
erasures and what is done about them are not told."""
_NO_ONE_DID = frozenset(
    {Action.TICKET_FOLLOW_UP, Action.UNCONFIRMED_RECEIVED, Action.MAIL_CAME_BACK, Action.WINDOW_CLOSED}
)
_SEEING = frozenset({Action.FIELD_REVEALED, Action.REVEAL_REFUSED, Action.ATTACHMENT_OPENED})
_NEWEST = Prepared(
    select(*COLUMNS_OF_ENTRY)
    .where(col(LogEntry.ticket) == bindparam("number"))
    .where(
        or_(
            and_(
                col(LogEntry.action).in_([one.value for one in _TOLD if one is not Action.REVEAL_REFUSED]),
                col(LogEntry.outcome) == Result.DONE.value,
            ),
            col(LogEntry.action) == Action.REVEAL_REFUSED.value,
        )
    )
    .order_by(col(LogEntry.at).desc(), col(LogEntry.seq).desc())
    .limit(MOST)
)
_NAMES = Prepared(select(col(Agent.id), col(Agent.name)))


@dataclass(frozen=True, slots=True)
class Happened:
    """One act on a ticket, in words with the person first. The time is UTC."""

    at: datetime
    words: str
    refused: bool = False


def history(session: DeskSession, number: int) -> tuple[Happened, ...]:
    """The newest acts on a ticket that this session has opened on record, newest first.

    Nothing of an erased requester's, nor of one whose data is held, which looks the same. What a privacy officer saw
    is told to them alone. Raises NothingThere, NotAllowed, NoUndertaking, SessionEnded, LogBroken.
    """
    with session.reading(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        if not is_on_record(db, session, number) or not _is_in_use(db, session, number):
            return ()
        rows = _NEWEST.all(db.connection(), {"number": number})
        pack = session.desk.packs.get(facts(db, number).pack)
        names: dict[str, str] = {}
        if any(Action.TICKET_ASSIGNED.value in row for row in rows):
            names.update(_NAMES.all(db.connection(), {}))
        me = session.agent.name
        told = ((genuine(session.desk, row), entry_view(row[:-2])) for row in rows)
        return tuple(
            Happened(entry.at, _words(word, entry, pack, names, me), word.action is Action.REVEAL_REFUSED)
            for word, entry in told
            if word.action not in _SEEING or entry.actor == me or Role.PRIVACY_OFFICER not in entry.roles.split(",")
        )


def _is_in_use(db: Session, session: DeskSession, number: int) -> bool:
    try:
        keys_for_view(db, session, number)
    except KeyDestroyed:
        return False
    return True


def _words(word: Word, entry: EntryView, pack: Pack, names: Mapping[str, str], me: str) -> str:
    about = word.about or {}
    who = "you" if entry.actor == me else entry.actor
    if word.action is Action.TICKET_CREATED and not entry.roles:
        return f"came in by {about['channel']}" if "channel" in about else "came in"
    purpose = pack.purposes.get(entry.purpose)
    kind = about.get("kind", "")
    words = _TOLD[word.action].format(
        to=f" to {'you' if names.get(about.get('to', '')) == me else names.get(about.get('to', ''), 'another')}",
        state=_to(about.get("state")),
        priority=_to(about.get("priority")),
        kind=_to(pack.kinds[TicketKind(kind)].title.lower() if kind else None),
        fields=" and ".join(entry.fields.split(",")) if entry.fields else "contact",
        purpose=f": {purpose.title[:1].lower()}{purpose.title[1:]}" if purpose else "",
        was="were" if entry.actor == me else "was",
        method=f" by {about['method']}" if "method" in about else "",
    )
    return words if word.action in _NO_ONE_DID else f"{who} {words}"


def _to(what: str | None) -> str:
    return f" to {what}" if what else ""
