"""The only way out: no view without a record.

Everything sealed that a person gets to read passes `reveal`. It checks, commits the log entry durably, and only then
opens the value. Between the two the log's head is stated outside the database, so that the entry cannot be cut from the
log without a trace. Whatever goes wrong before that has returned, nothing has been opened.
"""

import dataclasses
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, null, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from cs_console.access_log.append import (
    PreparedEntry,
    about_text,
    append_alone,
    locked_log,
)
from cs_console.access_log.entry import Entry
from cs_console.access_log.standing import check_owner, is_holder, is_open, kind_of
from cs_console.access_log.stated_heads import state_head
from cs_console.access_log.undertakings_on_record import NEWEST_UNDERTAKING, has_undertaken
from cs_console.access_log.vouched import NEWEST_ASSIGNMENT, NEWEST_KIND, NEWEST_OWNER, NEWEST_WINDOW
from cs_console.custody.display_format import for_reading
from cs_console.custody.opening import open_sealed, open_text
from cs_console.custody.requester_access import NEWEST_ENDING, check_ending, check_in_use
from cs_console.custody.sealing import Place
from cs_console.custody.ticket_keys import opened_keys
from cs_console.desk import Desk, DeskSession
from cs_console.errors import (
    ConsoleError,
    FieldNotAllowed,
    NotAssigned,
    NothingThere,
    NotVerified,
    NotVouched,
    NoUndertaking,
    OwnerNotVouched,
    PurposeNotAllowed,
    SealBroken,
    SessionEnded,
    StoreBusy,
    StoreUnavailable,
    WrongState,
)
from cs_console.live_session import LIVE_COLUMNS, check_live, check_roles, roles_and_due
from cs_console.plain_text import plain
from cs_console.policy.schema import Pack
from cs_console.prepared import Prepared, Row, Step
from models.agent import Agent
from models.agent_session import AgentSession
from models.attachment import Attachment
from models.columns import from_microseconds, microseconds, moment
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Action, Result, TicketKind, TicketState
from models.log import LogEntry
from models.message import Message
from models.requester import Requester
from models.roles import SEES_PERSONAL_DATA, VERIFIES, Role
from models.ticket import Ticket
from models.undertaking import Undertaking
from models.verification import Verification

UNLISTED = "unlisted"
"""What the log says in place of a purpose that no pack knows: a typed word could be a value."""
VERIFICATION = "verification"
"""The purpose for which a verifier looks at a document: every pack has that way to verify."""
ATTACHMENT = "attachment"
"""How the log names what was seen of a file."""
DOCUMENT = "document"
"""The same where a verifier looked at it for a verification: the pack says when such a file is deleted."""
LONGEST_VIEW = 24 * 3600
SHORT_ID = 16


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be seen. `item`: a contact's id; a message's id for Field.MESSAGE; the number for Field.SUBJECT.

    `file`: the id of an attachment of that message. Its content is to be seen then, by the rules for the message.
    """

    field: Field
    item: str
    file: str = ""

    @property
    def column(self) -> tuple[str, str]:
        """Where its sealed value is stored."""
        return _OF_A_FILE if self.file else _COLUMN_OF.get(self.field, _OF_A_CONTACT)

    @property
    def name(self) -> str:
        """What the log calls it."""
        return ATTACHMENT if self.file else self.field.value


@dataclass(frozen=True, slots=True)
class Revealed:
    """A value on its way to the screen, for so many seconds. It never shows in a repr."""

    value: str = dataclasses.field(repr=False)
    field: Field
    seconds: int
    entry: int
    ticket: int
    shown_at: datetime


@dataclass(frozen=True, slots=True)
class RevealedFile:
    """The content of an attachment on its way out. It never shows in a repr."""

    content: bytes = dataclasses.field(repr=False)
    entry: int
    ticket: int
    shown_at: datetime


@dataclass(frozen=True, slots=True)
class PurposeChoice:
    """A reason that the pack lists, and the clause it comes from, in words. `open_now`: no verification is missing."""

    key: str
    title: str
    clause: str
    open_now: bool = True


@dataclass(frozen=True, slots=True)
class _OnRecord:
    """What may be opened: the proof is `entry`, which is committed."""

    entry: int
    place: Place
    key: bytes = dataclasses.field(repr=False)
    sealed: bytes = dataclasses.field(repr=False)
    seconds: int


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the ticket and the item are, read while the log is held for the entry."""

    requester_id: str
    kind: TicketKind
    state: TicketState
    pack: str
    assignee_id: str | None
    verification: str | None
    sealed_key: bytes | None = dataclasses.field(repr=False)
    claimed: int | None
    sealed: bytes | None = dataclasses.field(repr=False)


_COLUMN_OF = {Field.MESSAGE: ("message", "text"), Field.SUBJECT: ("ticket", "subject")}
_OF_A_CONTACT = ("contact", "value")
_OF_A_FILE = ("attachment", "content")
_WINDOW = (
    select(col(Verification.id))
    .where(
        col(Verification.ticket_number) == bindparam("number"),
        col(Verification.closed_at).is_(None),
        col(Verification.window_until) > bindparam("now"),
    )
    .order_by(col(Verification.window_until).desc())
    .limit(1)
)


def _one_look(table: str) -> Select[*tuple[Any, ...]]:
    """One statement for all that a reveal is judged by: session, account, undertaking, ticket, window and item."""
    undertaken = exists().where(
        col(Undertaking.agent_id) == bindparam("agent"),
        col(Undertaking.version) == bindparam("undertaking"),
        col(Undertaking.expires_at) > bindparam("now"),
    )
    sealed = {
        "contact": Contact.value,
        "message": Message.text,
        "ticket": Ticket.subject,
        "attachment": Attachment.content,
    }[table]
    look: Select[*tuple[Any, ...]] = (
        select(
            *LIVE_COLUMNS,
            undertaken,
            NEWEST_UNDERTAKING,
            col(Ticket.requester_id),
            col(Requester.state),
            col(Ticket.kind),
            col(Ticket.state),
            col(Ticket.pack),
            col(Ticket.assignee_id),
            _WINDOW.scalar_subquery(),
            col(Ticket.sealed_key),
            col(Contact.ticket_number) if table == "contact" else null(),
            col(sealed),
        )
        .join(Agent, col(Agent.id) == col(AgentSession.agent_id))
        .outerjoin(Ticket, col(Ticket.number) == bindparam("number"))
        .outerjoin(Requester, col(Requester.id) == col(Ticket.requester_id))
        .where(col(AgentSession.id) == bindparam("session"), col(Agent.id) == bindparam("agent"))
    )
    if table == "contact":
        of_the_ticket = (
            (col(Contact.id) == bindparam("item"))
            & (col(Contact.requester_id) == col(Ticket.requester_id))
            & (col(Contact.field) == bindparam("field"))
            & col(Contact.replaced_at).is_(None)
            & or_(col(Contact.ticket_number).is_(None), col(Contact.ticket_number) == bindparam("number"))
        )
        return look.outerjoin(Contact, of_the_ticket)
    if table == "ticket":
        return look
    in_the_ticket = (col(Message.id) == bindparam("item")) & (col(Message.ticket_number) == bindparam("number"))
    look = look.outerjoin(Message, in_the_ticket)
    if table == "message":
        return look
    of_the_message = (col(Attachment.id) == bindparam("file")) & (col(Attachment.message_id) == col(Message.id))
    return look.outerjoin(Attachment, of_the_message)


_END = aliased(LogEntry)
_MY_VIEW = Prepared(
    select(
        col(LogEntry.ticket),
        col(LogEntry.requester),
        col(LogEntry.fields),
        col(LogEntry.purpose),
        col(LogEntry.verification),
        exists().where(
            col(_END.ticket) == col(LogEntry.ticket),
            col(_END.action) == Action.VIEW_ENDED.value,
            col(_END.seq) > col(LogEntry.seq),
            col(_END.about) == bindparam("about"),
        ),
    ).where(
        col(LogEntry.seq) == bindparam("seq"),
        col(LogEntry.actor) == bindparam("actor"),
        or_(
            col(LogEntry.action) == Action.FIELD_REVEALED.value,
            col(LogEntry.action) == Action.ATTACHMENT_OPENED.value,
        ),
    )
)
_LOOKS = {table: Prepared(_one_look(table)) for table in ("contact", "message", "ticket", "attachment")}


def reveal(session: DeskSession, number: int, target: Target, purpose: str) -> Revealed:
    """Show one sealed value of the agent's own ticket for a purpose that the pack lists (policy I.(1)3, IV.(1)2).

    The entry FIELD_REVEALED is durable, and stated outside the database, before the value is opened; where either
    cannot be made, nothing is shown.
    Every refusal is recorded with its code, in a transaction of its own; where even that cannot be, it is refused
    all the same, and recorded by the upkeep once the store is free. Raises SessionEnded, MustChangePassword,
    MustEnrol, NotAllowed, NoUndertaking, NothingThere, NotAssigned, FieldNotAllowed, PurposeNotAllowed, NotVerified,
    NotVouched, KeyDestroyed, OnHold, SealBroken, LogBroken, HeadNotStated, StoreUnavailable (ASVS 8.2.1-3, 16.2.1,
    16.5.3).
    """
    try:
        granted = _put_on_record(session, number, target, purpose, Action.FIELD_REVEALED)
        value = open_text(granted.key, granted.place, granted.sealed)
    except ConsoleError as error:
        record_refused(session, number, target, purpose, error)
        raise
    shown = plain(for_reading(target.field, value))
    return Revealed(shown, target.field, granted.seconds, granted.entry, number, session.desk.clock.now())


def reveal_file(session: DeskSession, number: int, target: Target, purpose: str, act: Action) -> RevealedFile:
    """Open an attachment of a message on the agent's own ticket, by the rules for the message's text.

    `act` is what is done with it: ATTACHMENT_OPENED, ATTACHMENT_SAVED or ATTACHMENT_PASSED_ON. Raises like `reveal`,
    and NothingThere for a file that was deleted.
    """
    return _file(session, number, target, purpose, act)


def reveal_document(session: DeskSession, number: int, target: Target) -> RevealedFile:
    """Open an attachment for a verifier, as a document that was sent for the verification of an open ticket.

    The ticket need not be the verifier's and no window need be open: both come after this. The file counts as such a
    document from now on, and is deleted when the pack says so. Raises like `reveal_file`, and WrongState for a closed
    ticket.
    """
    return _file(session, number, target, VERIFICATION, Action.ATTACHMENT_OPENED, verifying=True)


def _file(
    session: DeskSession, number: int, target: Target, purpose: str, act: Action, *, verifying: bool = False
) -> RevealedFile:
    try:
        if not target.file:
            raise NothingThere("This is not an attachment.")
        granted = _put_on_record(session, number, target, purpose, act, verifying=verifying)
        content = open_sealed(granted.key, granted.place, granted.sealed)
    except ConsoleError as error:
        record_refused(session, number, target, purpose, error)
        raise
    return RevealedFile(content, granted.entry, number, session.desk.clock.now())


def _put_on_record(
    session: DeskSession, number: int, target: Target, purpose: str, act: Action, *, verifying: bool = False
) -> _OnRecord:
    """Check everything, commit the entry, and state outside the database that the log has it.

    When this returns, both are durable.
    """
    desk = session.desk
    newest = (NEWEST_ASSIGNMENT, NEWEST_OWNER, NEWEST_WINDOW, NEWEST_KIND, NEWEST_ENDING)
    of_the_log = ((one, {"number": number}) for one in newest)
    # from the lock on no other recorded act can come between
    with locked_log(desk, _look(session, number, target), *of_the_log) as (log, found):
        row, assignment, owner, window, kind, ending = found
        connection = log.connection
        facts = _facts(connection, session, number, row, VERIFIES if verifying else SEES_PERSONAL_DATA)
        pack = desk.packs.get(facts.pack)
        facts = dataclasses.replace(facts, kind=kind_of(desk, facts.kind, kind))
        if verifying:
            if facts.state is TicketState.CLOSED:
                raise WrongState(f"#{number} is closed.", "Reopen it first.")
            verification = ""
        else:
            verification = _check(session, pack, facts, target.field, purpose)
            if not is_holder(connection, session, number, assignment):
                raise NotVouched(f"According to the access log, #{number} is not assigned to you.")
        key = desk.keyring.key(facts.requester_id)
        pseudonym = desk.pseudonym(facts.requester_id, key)
        check_owner(desk, number, pseudonym, owner)
        check_ending(session, pseudonym, ending)
        if facts.verification is not None and not verifying:
            minutes = pack.verification.window_minutes
            if not is_open(connection, desk, number, facts.verification, minutes, pseudonym, window):
                raise NotVouched(f"According to the access log, the requester of #{number} is not verified now.")
        if facts.sealed is None or (target.field is Field.SUBJECT and target.item != str(number)):
            raise NothingThere("This ticket has no such field.")
        if not facts.sealed:
            raise NothingThere("This file was deleted.", "Its name and the day remain on the ticket.")
        entry = Entry(
            act,
            ticket=number,
            requester=pseudonym,
            fields=(target.name,),
            purpose=purpose,
            verification=verification,
            about={DOCUMENT: target.file} if verifying else _about(target),
        )
        if verifying:
            seen = update(Attachment).where(col(Attachment.id) == target.file, col(Attachment.seen_at).is_(None))
            connection.execute(seen.values(seen_at=desk.clock.now()))
        seq = log.append_last(PreparedEntry(desk, session.actor, entry, desk.clock.now()))
    state_head(desk, log.tree)
    column, item = target.column, target.file or target.item
    if column == _OF_A_CONTACT and facts.claimed is None:
        place = Place(facts.requester_id, *column, item)
    else:
        keys = opened_keys(facts.requester_id, key, number, facts.sealed_key)
        place, key = keys.place(*column, item), keys.key
    return _OnRecord(seq, place, key, facts.sealed, pack.reveal.seconds)


def _look(session: DeskSession, number: int, target: Target) -> Step:
    """The question that `_facts` reads the answer of."""
    desk = session.desk
    table, _ = target.column
    asked = {
        "agent": session.agent.id,
        "session": session.session_id,
        "undertaking": desk.packs.current.undertaking.version,
        "now": microseconds(desk.clock.now()),
        "number": number,
    }
    if table != "ticket":
        asked["item"] = target.item
    if table == "contact":
        asked["field"] = target.field.value
    if table == "attachment":
        asked["file"] = target.file
    return _LOOKS[table], asked


def _about(target: Target) -> dict[str, str]:
    return {ATTACHMENT: target.file} if target.file else {}


def _facts(
    connection: Connection, session: DeskSession, number: int, row: Row | None, any_of: tuple[Role, ...]
) -> _Facts:
    """Refuse a session, role or undertaking that is not good now, then a ticket that does not exist."""
    if row is None:
        raise SessionEnded("this session is not known here")
    started, active, ended, reason, state, roles, due, added, changed, undertaken, signed, *rest = row
    check_live(session, from_microseconds(started), from_microseconds(active), moment(ended), reason, state)
    check_roles(*roles_and_due(connection, session, roles, due, (added, changed)), any_of)
    if not undertaken or not has_undertaken(connection, session, signed):
        raise NoUndertaking
    requester_id, requester_state, kind, state, *others = rest
    if requester_id is None:
        raise NothingThere(f"There is no ticket #{number}.")
    check_in_use(session, requester_state)
    return _Facts(requester_id, TicketKind(kind), TicketState(state), *others)


def _check(session: DeskSession, pack: Pack, facts: _Facts, field: Field, purpose: str) -> str:
    """Refuse what the pack's matrix does not list; the id of the open verification, "" where none is."""
    if facts.assignee_id != session.agent.id:
        raise NotAssigned(session.agent.roles, taken=facts.assignee_id is not None)
    rows = [row for row in pack.rows_for(facts.kind) if field in row.fields]
    if not rows:
        raise FieldNotAllowed(
            f"The {field.value} is not needed for this kind of ticket.", "Use the masked or redacted form."
        )
    if facts.verification is None and all(row.verified for row in rows):
        raise NotVerified  # whatever the purpose: no other one would help
    rows = [row for row in rows if row.purpose == purpose]
    if not rows:
        raise PurposeNotAllowed(
            f"The {field.value} may not be shown for that purpose.", "Choose one of the listed purposes."
        )
    if facts.verification is None and all(row.verified for row in rows):
        raise NotVerified
    return (facts.verification or "")[:SHORT_ID]


def record_refused(session: DeskSession, number: int, target: Target, purpose: str, refusal: ConsoleError) -> None:
    """Put the attempt on record. Failing at that changes nothing: it stays refused, and is recorded by the upkeep."""
    failed = isinstance(refusal, SealBroken | StoreUnavailable) and not isinstance(refusal, OwnerNotVouched)
    outcome = Result.FAILED if failed else Result.REFUSED
    # not the refusal itself: its traceback holds keys
    attempt = partial(_append_refusal, session, number, target, purpose, refusal.code, outcome)
    if not isinstance(refusal, StoreBusy):  # where it is busy, another wait of seconds would end the same way
        try:
            attempt()
        except ConsoleError:
            pass
        else:
            return
    session.desk.unrecorded.append(attempt)


def record_waiting_attempts(desk: Desk) -> None:
    """Put on record what was refused while the store was busy or away, oldest first, at the time it is recorded.

    Raises what keeps the first one that still waits from being recorded.
    """
    waiting = desk.unrecorded
    while waiting:
        attempt = waiting.popleft()
        try:
            attempt()
        except ConsoleError:
            waiting.appendleft(attempt)
            raise


def _append_refusal(
    session: DeskSession, number: int, target: Target, purpose: str, code: str, outcome: Result
) -> None:
    desk = session.desk
    with desk.database.reading() as db:
        owner, pack_name = _owner(db, number)
    entry = Entry(
        Action.REVEAL_REFUSED,
        outcome,
        ticket=number,
        requester=_pseudonym(desk, owner),
        fields=(target.name,),
        purpose=purpose if purpose == VERIFICATION and target.file else _listed(desk, pack_name, purpose),
        reason=code,
        about=_about(target),
    )
    append_alone(desk, session.actor, entry, desk.clock.now())


def _owner(db: Session, number: int) -> tuple[str | None, str | None]:
    found = db.connection().execute(
        select(col(Ticket.requester_id), col(Ticket.pack)).where(col(Ticket.number) == number)
    )
    row = found.first()
    return (None, None) if row is None else (row[0], row[1])


def _listed(desk: Desk, pack_name: str | None, purpose: str) -> str:
    with suppress(ConsoleError):
        if pack_name and purpose in desk.packs.get(pack_name).purposes:
            return purpose
    return UNLISTED


def _pseudonym(desk: Desk, requester_id: str | None) -> str | None:
    if requester_id is None:
        return None
    with suppress(ConsoleError):
        return desk.pseudonym(requester_id, desk.keyring.key(requester_id))
    return None


def purposes_for(session: DeskSession, number: int, field: Field) -> tuple[PurposeChoice, ...]:
    """The purposes that the pack's matrix lists for this field on this ticket, those open to the agent now first.

    Raises NothingThere, NotAllowed, SessionEnded.
    """
    return purposes_by_field(session, number).get(field, ())


def purposes_by_field(session: DeskSession, number: int) -> dict[Field, tuple[PurposeChoice, ...]]:
    """The same for every field that the matrix lists for this ticket.

    Raises NothingThere, NotAllowed, SessionEnded.
    """
    desk = session.desk
    with session.reading(*SEES_PERSONAL_DATA) as db:
        ticket = db.connection().execute(select(col(Ticket.kind), col(Ticket.pack)).where(col(Ticket.number) == number))
        row = ticket.first()
        if row is None:
            raise NothingThere(f"There is no ticket #{number}.")
        verified = db.connection().execute(_WINDOW, {"number": number, "now": desk.clock.now()}).scalar()
    pack = desk.packs.get(row.pack)
    listed = sorted(pack.rows_for(TicketKind(row.kind)), key=lambda one: one.verified and verified is None)
    found: dict[Field, dict[str, PurposeChoice]] = {}
    for one in listed:
        purpose = pack.purposes[one.purpose]
        open_now = verified is not None or not one.verified
        choice = PurposeChoice(one.purpose, purpose.title, pack.cited(purpose.clause), open_now)
        for field in one.fields:
            found.setdefault(field, {}).setdefault(one.purpose, choice)
    return {field: tuple(choices.values()) for field, choices in found.items()}


def end_view(session: DeskSession, revealed: Revealed | RevealedFile, seconds: int) -> None:
    """Record that the value is off the screen after so many seconds, once: a second time changes nothing. It works for
    a session that has ended too.

    Raises NothingThere for an entry that is not a view of this agent's, LogBroken, StoreUnavailable.
    """
    desk = session.desk
    about = {"view": str(revealed.entry)}
    of_mine = {"seq": revealed.entry, "actor": session.agent.name, "about": about_text(about)}
    with locked_log(desk, (_MY_VIEW, of_mine)) as (log, (shown,)):
        if shown is None:
            raise NothingThere("There is no such view to end.")
        ticket, requester, fields, view_purpose, verification, ended = shown
        if ended:
            return
        entry = Entry(
            Action.VIEW_ENDED,
            ticket=ticket,
            requester=requester,
            fields=(fields,),
            purpose=view_purpose,
            verification=verification,
            seconds=max(0, min(seconds, LONGEST_VIEW)),
            reason=f"entry {revealed.entry}",
            about=about,
        )
        log.append_last(PreparedEntry(desk, session.actor, entry, desk.clock.now()))
