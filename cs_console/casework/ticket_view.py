"""One ticket as its screen may see it: redacted lines, masked contacts, and what prevents a reveal."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, select
from sqlmodel import Session, col

from cs_console.access_log.aliases import alias_of
from cs_console.access_log.standing import LINK_AND_CHANNEL, link_of
from cs_console.casework.undo import can_take_back
from cs_console.casework.workflow import closes_with_reason
from cs_console.custody.attachment_labels import AttachmentLabel, attachment_labels
from cs_console.custody.contacts import MaskedContact, masked_contacts
from cs_console.custody.redaction_queue import WAITING
from cs_console.custody.safe_views import open_safe
from cs_console.custody.ticket_keys import KEY_AND_OWNER, TicketKeys, keys_for_view
from cs_console.deadlines.clock import is_escalated
from cs_console.deadlines.clock_events import CLOCK_STEPS, clock_now, review_began
from cs_console.deadlines.clock_words import clock_words, due_first_words
from cs_console.decisions.notice_delivery import NoticeWay, notice_way
from cs_console.delivery.outgoing import CHANNELS
from cs_console.delivery.where_to_write import may_write_to
from cs_console.desk import Desk, DeskSession
from cs_console.errors import KeyDestroyed, SealBroken
from cs_console.independence.matters import MATTER, matter_of
from cs_console.local_time import hour_or_moment
from cs_console.plain_text import one_line, plain
from cs_console.policy.schema import Pack
from cs_console.policy.workflow_rules import WorkflowRules
from cs_console.prepared import Prepared, Row, Step, ask_ahead
from cs_console.settlements.settled import LAST_SETTLED, set_aside_by, settled_words
from cs_console.tickets.present import PLACES_ON, Present, places_on, present_on
from cs_console.tickets.ticket_record import ERASED, FACTS, UNREADABLE, TicketFacts, facts
from cs_console.verification.askers import AUTHORITY, asker_of, authority_then
from models.agent import Agent
from models.columns import from_microseconds, moment
from models.contact_fields import Field
from models.decision import Decision
from models.enums import (
    Action,
    Channel,
    DecisionState,
    DeliveryState,
    Link,
    MailClass,
    MessageSort,
    Priority,
    SenderCheck,
    TicketKind,
    TicketState,
    VerificationMethod,
)
from models.log import LogEntry
from models.message import Message
from models.roles import Role
from models.ticket import Ticket
from models.verification import Verification

REQUESTER, UNCONFIRMED, PROGRAM, MAIL_SERVER = "requester", "unconfirmed sender", "a program", "a mail server"
"""Who wrote a line that came in."""
NO_OTHER_CONTACT = "No other contact is on file: write by letter."
LINES_SHOWN = 200
NOT_NEEDED, CLAIM_FIRST, VERIFY_FIRST, NOT_YOURS = "not needed here", "claim first", "verify first", "not yours"
_LETTER_WORDS = {
    NoticeWay.BY_LETTER: ", to be sent by letter",
    NoticeWay.NOT_DELIVERED: ", the notice was not delivered",
}
_DECISION_WORDS = {
    DecisionState.PROPOSED: "waits for approval",
    DecisionState.RETURNED: "returned",
    DecisionState.WITHDRAWN: "withdrawn",
    DecisionState.FINAL: "made",
}


_SUBJECT = Prepared(
    select(col(Ticket.subject_redacted), col(Ticket.redaction_due)).where(col(Ticket.number) == bindparam("number"))
)
_CAME_IN = case((col(Message.sort) == MessageSort.RECEIVED.value, 1), else_=0)
_LINES_COLUMNS: tuple[Any, ...] = (
    col(Message.id),
    col(Message.at),
    col(Agent.name),
    col(Message.sort),
    col(Message.channel),
    col(Message.text_redacted),
    col(Message.delivery),
    col(Message.unconfirmed),
    col(Message.next_delivery_at),
    col(Message.delivery_problem),
    col(Message.agent_id),
    col(Message.mail_class),
    col(Message.contact_id),
    col(Message.sender_check),
)
_LINES = Prepared(
    select(*_LINES_COLUMNS)
    .outerjoin(Agent, col(Agent.id) == col(Message.agent_id))
    .where(col(Message.ticket_number) == bindparam("number"))
    .order_by(col(Message.at).desc(), _CAME_IN, col(Message.id).desc())  # in the end the question before its answer
    .limit(LINES_SHOWN + 1)
)
_VERIFIED_LAST_COLUMNS: tuple[Any, ...] = (
    col(Verification.method),
    col(Verification.contact_field),
    col(Verification.verified_at),
    col(Verification.window_until),
    col(Verification.closed_at),
    col(Agent.name),
)
_VERIFIED_LAST = Prepared(
    select(*_VERIFIED_LAST_COLUMNS)
    .join(Agent, col(Agent.id) == col(Verification.agent_id))
    .where(col(Verification.ticket_number) == bindparam("number"), col(Verification.withdrawn_at).is_(None))
    .order_by(col(Verification.verified_at).desc(), col(Verification.id).desc())
    .limit(1)
)
_DECIDED_LAST = Prepared(
    select(col(Decision.outcome), col(Decision.legal_review), col(Decision.state), col(Decision.decided_at))
    .where(col(Decision.ticket_number) == bindparam("number"))
    .order_by(col(Decision.proposed_at).desc(), col(Decision.id).desc())
    .limit(1)
)
_OPENED_LAST = Prepared(
    select(col(LogEntry.at))
    .where(
        col(LogEntry.ticket) == bindparam("number"),
        col(LogEntry.action) == Action.TICKET_OPENED.value,
        col(LogEntry.actor) == bindparam("actor"),
    )
    .order_by(col(LogEntry.at).desc(), col(LogEntry.seq).desc())
    .limit(2)
)
_BY_NUMBER = (
    FACTS,
    *KEY_AND_OWNER,
    *CLOCK_STEPS,
    AUTHORITY,
    MATTER,
    LAST_SETTLED,
    *LINK_AND_CHANNEL,
    _SUBJECT,
    _LINES,
    _VERIFIED_LAST,
    _DECIDED_LAST,
    PLACES_ON,
)
"""What every view of a ticket asks that follows from its number alone."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the conversation, redacted, with the labels of its files. Times are UTC.

    `unconfirmed`: it names the ticket, but did not come from an address on file. It is quoted nowhere. `goes_out_at`:
    until then it is held, and this agent `can_take_back` their own. `problem`: the code of what kept it from going out.
    `advice`: what to do about one that came back, in words without a value.
    """

    id: str
    at: datetime
    who: str
    sort: MessageSort
    channel: Channel
    text: str
    attachments: tuple[AttachmentLabel, ...]
    delivery: DeliveryState
    unconfirmed: bool = False
    goes_out_at: datetime | None = None
    can_take_back: bool = False
    problem: str = ""
    mail_class: MailClass = MailClass.PERSON
    contact_id: str | None = None
    advice: str = ""
    sender_check: SenderCheck = SenderCheck.NOT_CHECKED


@dataclass(frozen=True, slots=True)
class FieldState:
    """One thing that is sealed: its mask, and whether this agent could reveal it now or why not.

    `item` is what a reveal names it by: a contact's id, a message's id, or the ticket's number for the subject.
    """

    field: Field
    title: str
    mask: str
    item: str
    revealable: bool
    why: str
    on_file: bool = False
    claimed: bool = False


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket as it may be shown. Times are UTC; the words name the console's own time zone.

    `link` says how surely it is that requester's; `may_write_to`, which of the `contacts` a reply may go to.
    `earlier_lines` says that only the newest LINES_SHOWN lines are here. `text_fields` are the subject and the
    messages as written, beside the contact `fields`. `escalated`: supervisors were told that it is overdue. `asked_by`
    and `age_words` are empty where nothing was recorded; `age_flagged` says that the requester is a minor.
    `settles`: it ends with its kind's own steps, not with the checklist; `closes_with_reason`: before that only a
    supervisor closes it, and says why. `about_words`: which earlier ticket, or whose decision, it is about; empty
    where its kind is about none. `settled_words`: how it was settled last, if it was. `looked_at`: when this agent
    opened it before this time, or this time if never before: what came in later is new to them.
    `present`: who else is on it now.
    """

    number: int
    version: int
    kind: TicketKind
    kind_title: str
    state: TicketState
    priority: Priority
    subject: str
    assignee: str | None
    mine: bool
    channel: Channel
    language: str
    received_at: datetime
    due_at: datetime | None
    requester: str
    link: Link
    feedback_note: str
    lines: tuple[Line, ...]
    earlier_lines: bool
    contacts: tuple[MaskedContact, ...]
    may_write_to: frozenset[str]
    fields: tuple[FieldState, ...]
    text_fields: tuple[FieldState, ...]
    window_until: datetime | None
    verified_words: str
    clock_words: str
    due_first_words: str
    escalated: bool
    decision_words: str
    pack: str
    policy: str
    erased: bool
    asked_by: str = ""
    age_words: str = ""
    age_flagged: bool = False
    settles: bool = False
    closes_with_reason: bool = False
    about_words: str = ""
    settled_words: str = ""
    present: tuple[Present, ...] = ()
    looked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Window:
    until: datetime | None
    words: str


def view_of(db: Session, session: DeskSession, number: int) -> TicketView:
    """The ticket as this agent may see it now. The caller has recorded the opening. Raises NothingThere."""
    desk = session.desk
    opened: Step = (_OPENED_LAST, {"number": number, "actor": session.actor.name})
    ask_ahead(db.connection(), *((one, {"number": number}) for one in _BY_NUMBER), opened)
    ticket = facts(db, number)
    pack = desk.packs.get(ticket.pack)
    workflow = pack.kinds[ticket.kind].workflow
    try:
        keys: TicketKeys | None = keys_for_view(db, session, number)
    except KeyDestroyed:
        keys = None
    contacts = () if keys is None else masked_contacts(db, desk, ticket.requester_id, keys)
    window, clock = _window(db, session, pack, ticket), clock_now(db, pack, ticket)
    now = None if ticket.closed_at else desk.clock.now()
    asker = None if keys is None else asker_of(db, desk, pack, number, ticket.requester_id, keys.requester_key)
    labels = () if keys is None else attachment_labels(db, desk, number, pack.meta.regions, keys)
    lines, earlier = _lines(db, session, ticket, keys, labels)
    sealed_subject, waits = _subject(db, number)
    subject = _opened(keys, "ticket", "subject_redacted", str(number), sealed_subject)
    allowed = may_write_to(db, desk, ticket)
    lines = tuple(_advised(line, contacts, allowed) for line in lines)
    lines = tuple(_as_undoable(db, desk, number, line) for line in lines)
    if waits and keys is not None:
        subject, lines = WAITING, tuple(replace(line, text=WAITING) for line in lines)
    return TicketView(
        number=number,
        version=ticket.version,
        kind=ticket.kind,
        kind_title=pack.kinds[ticket.kind].title,
        state=ticket.state,
        priority=ticket.priority,
        subject=one_line(subject),
        assignee=ticket.assignee,
        mine=ticket.assignee_id == session.agent.id,
        channel=ticket.channel,
        language=ticket.language,
        received_at=ticket.received_at,
        due_at=ticket.next_due_at,
        requester=ERASED if keys is None else alias_of(desk.pseudonym(ticket.requester_id, keys.requester_key)),
        link=link_of(db, desk, number, ticket.link),
        feedback_note=pack.texts.feedback_delayed if ticket.no_contact else "",
        lines=lines,
        earlier_lines=earlier,
        contacts=contacts,
        may_write_to=allowed,
        fields=tuple(_contact_fields(session, pack, ticket, contacts, window)),
        text_fields=tuple(_text_fields(session, pack, ticket, subject, lines, window)) if keys else (),
        window_until=window.until,
        verified_words=window.words,
        clock_words=clock_words(pack, ticket.kind, clock),
        due_first_words=due_first_words(pack, ticket.kind, clock, now),
        escalated=is_escalated(clock, ticket.next_due_at),
        decision_words=_decision_words(db, session, pack, number),
        pack=ticket.pack,
        policy=pack.meta.called,
        erased=keys is None,
        asked_by=asker.asks_words if asker else "",
        age_words=asker.age_words if asker else "",
        age_flagged=asker is not None and asker.band is not None and asker.band.is_flagged,
        settles=workflow is not None,
        closes_with_reason=closes_with_reason(db, session, ticket),
        about_words=_about_words(db, workflow, number),
        settled_words=settled_words(db, pack, ticket.kind, number),
        present=_present(db, session, ticket) if keys else (),
        looked_at=_looked_at(db, opened),
    )


def _looked_at(db: Session, opened: Step) -> datetime | None:
    statement, values = opened
    times = statement.all(db.connection(), values)
    return from_microseconds(times[-1][0]) if times else None


def _present(db: Session, session: DeskSession, ticket: TicketFacts) -> tuple[Present, ...]:
    return present_on(session, places_on(db, ticket.number), ticket.number, ticket.state, ticket.assignee_id)


def _opened(keys: TicketKeys | None, table: str, column: str, row: str, sealed: bytes) -> str:
    if keys is None:
        return ERASED
    try:
        return plain(open_safe(keys.key, keys.place(table, column, row), sealed))
    except SealBroken:  # the rest of the ticket can still be worked
        return UNREADABLE


def _subject(db: Session, number: int) -> tuple[bytes, bool]:
    """The sealed subject, and whether subject and lines wait to be redacted again."""
    row = _SUBJECT.first(db.connection(), {"number": number})
    assert row is not None  # its facts were read in the same view of the store
    sealed, due = row
    return bytes(sealed), due is not None


def _lines(
    db: Session,
    session: DeskSession,
    ticket: TicketFacts,
    keys: TicketKeys | None,
    labels: tuple[AttachmentLabel, ...],
) -> tuple[tuple[Line, ...], bool]:
    rows = _LINES.all(db.connection(), {"number": ticket.number})
    shown = list(reversed(rows[:LINES_SHOWN]))
    files: dict[str, list[AttachmentLabel]] = {}
    for label in labels:
        files.setdefault(label.message_id, []).append(label)
    lines = [_line(row, keys, tuple(files.get(row[0], ())), session.agent.id) for row in shown]
    lines.sort(key=lambda line: line.delivery is DeliveryState.HELD)  # what has not gone out yet is still to come
    return tuple(lines), len(rows) > LINES_SHOWN


def _line(row: Row, keys: TicketKeys | None, files: tuple[AttachmentLabel, ...], agent_id: str) -> Line:
    message_id, at, agent, stored, channel, sealed, delivery, unconfirmed, until, problem, writer, *classed = row
    mail_class, contact_id, checked = classed
    sort, held = MessageSort(stored), delivery == DeliveryState.HELD
    return Line(
        message_id,
        from_microseconds(at),
        _writer(sort, agent, mail_class, unconfirmed=unconfirmed),
        sort,
        Channel(channel),
        _opened(keys, "message", "text_redacted", message_id, sealed),
        files,
        DeliveryState(delivery),
        bool(unconfirmed),
        goes_out_at=from_microseconds(until) if held and until is not None else None,
        can_take_back=held and writer == agent_id,
        problem=problem or "",
        mail_class=MailClass(mail_class),
        contact_id=contact_id,
        sender_check=SenderCheck(checked),
    )


def _as_undoable(db: Session, desk: Desk, number: int, line: Line) -> Line:
    """The line; of a held notice only one whose answer is undone with it can be taken back."""
    if not line.can_take_back or line.sort is not MessageSort.NOTICE:
        return line
    return replace(line, can_take_back=can_take_back(db, desk, number, line.id))


def _advised(line: Line, contacts: tuple[MaskedContact, ...], allowed: frozenset[str]) -> Line:
    """The line; where its letter came back, with another contact on file that a letter may go to."""
    if line.delivery is not DeliveryState.CAME_BACK:
        return line
    others = [
        contact.mask
        for contact in contacts
        if contact.on_file and contact.id in allowed and contact.id != line.contact_id and contact.field in CHANNELS
    ]
    advice = f"Send it again to another contact on file: {', '.join(others)}." if others else NO_OTHER_CONTACT
    return replace(line, advice=advice)


def _writer(sort: MessageSort, agent: str | None, mail_class: str, *, unconfirmed: bool) -> str:
    if sort is MessageSort.AUTOMATIC:
        return PROGRAM if mail_class == MailClass.AUTOMATIC.value else MAIL_SERVER
    if sort is MessageSort.RECEIVED:
        return UNCONFIRMED if unconfirmed else REQUESTER
    return agent or "console"


def _window(db: Session, session: DeskSession, pack: Pack, ticket: TicketFacts) -> _Window:
    found = _VERIFIED_LAST.first(db.connection(), {"number": ticket.number})
    if found is None:
        return _Window(None, "not yet")
    method, contact, verified, ends, closed, agent = found
    at, until = from_microseconds(verified), from_microseconds(ends)
    now = session.desk.clock.now()
    how = VerificationMethod(method).value
    if contact is not None:
        how = f"{how} to {pack.title_of(Field(contact)).lower()} on file"
    authority = authority_then(db, ticket.number, at)
    whose = f", for a {authority.value}" if authority else ""
    words = f"{how}{whose}, {hour_or_moment(at, now)}, by {agent}"
    if closed is None and until > now:
        return _Window(until, words)
    return _Window(None, f"{words}; window closed")


def _contact_fields(
    session: DeskSession, pack: Pack, ticket: TicketFacts, contacts: tuple[MaskedContact, ...], window: _Window
) -> Iterator[FieldState]:
    order = {field: place for place, field in enumerate(pack.fields)}
    for contact in sorted(contacts, key=lambda one: (order.get(one.field, len(order)), not one.on_file)):
        why = _why_not(session, pack, ticket, contact.field, window)
        title = pack.title_of(contact.field)
        yield FieldState(contact.field, title, contact.mask, contact.id, not why, why, contact.on_file, contact.claimed)


def _text_fields(
    session: DeskSession, pack: Pack, ticket: TicketFacts, subject: str, lines: tuple[Line, ...], window: _Window
) -> Iterator[FieldState]:
    why = _why_not(session, pack, ticket, Field.SUBJECT, window)
    yield FieldState(Field.SUBJECT, pack.title_of(Field.SUBJECT), one_line(subject), str(ticket.number), not why, why)
    why = _why_not(session, pack, ticket, Field.MESSAGE, window)
    for line in lines:
        if line.sort in (MessageSort.RECEIVED, MessageSort.AUTOMATIC):
            title = pack.title_of(Field.MESSAGE)
            yield FieldState(Field.MESSAGE, title, one_line(line.text, 80), line.id, not why, why)


def _why_not(session: DeskSession, pack: Pack, ticket: TicketFacts, field: Field, window: _Window) -> str:
    """What prevents a reveal, empty if nothing does: only for the screen, disclosure decides again."""
    rows = [row for row in pack.rows_for(ticket.kind) if field in row.fields]
    if not rows:
        return NOT_NEEDED
    if ticket.assignee_id != session.agent.id:
        return CLAIM_FIRST if ticket.assignee_id is None and session.agent.has(Role.AGENT) else NOT_YOURS
    if window.until is None and all(row.verified for row in rows):
        return VERIFY_FIRST
    return ""


def _about_words(db: Session, workflow: WorkflowRules | None, number: int) -> str:
    matter = matter_of(db, number)
    if matter is not None:
        return matter.words
    return "not named yet" if workflow is not None and workflow.matter else ""


def _decision_words(db: Session, session: DeskSession, pack: Pack, number: int) -> str:
    """The state of the latest decision; a ground that must not be known hides its outcome too."""
    found = _DECIDED_LAST.first(db.connection(), {"number": number})
    if found is None:
        return "none yet"
    outcome, legal_review, state, decided = found
    decided_at = moment(decided)
    hidden = legal_review and not session.agent.has(Role.PRIVACY_OFFICER)
    way = None if decided_at is None else notice_way(db, number, decided_at)
    letter = _LETTER_WORDS.get(way, "") if way else ""
    again = _again_words(db, session, number, decided_at)
    return f"{pack.texts.legal_review if hidden else outcome}, {_DECISION_WORDS[DecisionState(state)]}{letter}{again}"


def _again_words(db: Session, session: DeskSession, number: int, decided_at: datetime | None) -> str:
    """That the decision does not stand any more, and why: for everybody alike."""
    if decided_at is None or not review_began(db, number, decided_at):
        return ""
    by = set_aside_by(db, session.desk, number, decided_at)
    return "; its review has begun" if by is None else f"; set aside by #{by}, to be decided again by others"
