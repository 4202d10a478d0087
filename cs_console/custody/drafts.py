"""What an agent has typed and not sent yet: sealed as it is saved, so that a killed process loses nothing."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, select
from sqlmodel import Session, col

from cs_console.act_id import ActId
from cs_console.custody.contacts import known_values
from cs_console.custody.folding import Folded
from cs_console.custody.keyring import Keyring
from cs_console.custody.opening import open_text
from cs_console.custody.requester_access import require_in_use
from cs_console.custody.safe_views import open_safe
from cs_console.custody.sealing import Place, seal
from cs_console.custody.ticket_keys import TicketKeys, keys_for_view, ticket_keys
from cs_console.desk import Desk, DeskSession
from cs_console.engine_insert import own_insert
from cs_console.errors import BadInput, KeyDestroyed, KeyMissing, SealBroken, SessionEnded
from cs_console.plain_text import plain
from models.agent_session import AgentSession
from models.draft import Draft
from models.ticket import Ticket

MAX_DRAFT = 1_000_000
KEPT_DAYS = 7
"""How long a draft without a ticket is kept."""


class AnswerForm(StrEnum):
    """The forms by which one person can end a ticket; until the letter is out, what was filled in can come back."""

    DECISION = "decision"
    SETTLEMENT = "settle"


_AGENT = "agent:"
_ACT = "\0act:"
_PLACE = re.compile(r"[a-z][a-z0-9:_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """What was typed, and the id of the act that it is for, if the form had one."""

    text: str = ""
    act: ActId | None = None


def save_draft(
    session: DeskSession, place: str, text: str, ticket: int | None = None, act: ActId | None = None
) -> None:
    """Keep `text` as this agent's draft at `place` ("reply:10482"), durably and instead of the one before.

    The id of the act that it is written for is kept with it, so that the draft that comes back is the same act.
    Sealed under the ticket's key, or the agent's own without a ticket; empty text keeps nothing. A
    session that has ended may still save, so that nothing typed is lost, but may not load. Raises BadInput,
    NothingThere for an unknown ticket, KeyDestroyed or OnHold once the requester is erased or restricted, SessionEnded
    for a session that never was.
    """
    _check(place, text)
    desk = session.desk
    with desk.database.transaction() as db:
        _require_known(db, session)
        if not text:
            db.connection().execute(delete(Draft).where(*_this(session, place)))
            return
        if ticket is None:
            owner = _own(session)
            _keep(db, session, place, _with_act(text, act), owner, _own_key(db, desk.keyring, owner))
        else:
            keys = ticket_keys(db, desk, ticket)
            require_in_use(db, session, keys.requester_id)
            _keep(db, session, place, _with_act(text, act), keys.owner, keys.key)


def keep_draft(db: Session, session: DeskSession, place: str, text: str, keys: TicketKeys) -> None:
    """The same for a ticket whose keys are known, inside the caller's transaction, and for an act of its own."""
    _check(place, text)
    _keep(db, session, place, text, keys.owner, keys.key)


def _keep(db: Session, session: DeskSession, place: str, text: str, owner: str, key: bytes) -> None:
    kept = {
        "key_owner": owner,
        "text": seal(key, _place(owner, session, place), text),
        "saved_at": session.desk.clock.now(),
    }
    connection = db.connection()
    statement = own_insert(connection)(Draft).values(agent_id=session.agent.id, place=place, **kept)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[col(Draft.agent_id), col(Draft.place)], set_=kept)
    )


def own_draft_in(db: Session, session: DeskSession, place: str, keys: TicketKeys) -> str:
    """The words of this agent's draft about a ticket whose keys are known; "" for none, or for one that does not open.

    For custody alone, which seals them again.
    """
    found = db.connection().execute(select(col(Draft.key_owner), col(Draft.text)).where(*_this(session, place))).first()
    if found is None or found[0] != keys.owner:
        return ""
    try:
        return _read(open_safe(keys.key, _place(keys.owner, session, place), found[1])).text
    except SealBroken:
        return ""


def find_draft(session: DeskSession, place: str, ticket: int | None = None) -> KeptDraft:
    """This agent's draft at `place`, made plain; an empty one where there is none, or where its requester was erased.

    Raises SessionEnded, SealBroken for a draft that was touched outside the console.
    """
    with session.reading() as db:
        found = (
            db.connection().execute(select(col(Draft.key_owner), col(Draft.text)).where(*_this(session, place))).first()
        )
        if found is None:
            return KeptDraft()
        try:
            if ticket is None:
                owner = _own(session)
                if found[0] != owner:  # typed about a ticket; an agent who typed nothing else has no key
                    return KeptDraft()
                key = session.desk.keyring.key(owner)
            else:
                keys = keys_for_view(db, session, ticket)
                from_before = found[0] == keys.requester_id  # before tickets had keys of their own
                owner, key = (found[0], keys.requester_key) if from_before else (keys.owner, keys.key)
        except KeyDestroyed:
            return KeptDraft()
    if found[0] != owner:
        return KeptDraft()
    return _read(open_safe(key, _place(owner, session, place), found[1]))


def discard_draft(session: DeskSession, place: str) -> None:
    """Forget this agent's draft at `place`, sent or given up. Raises SessionEnded."""
    with session.work() as db:
        db.connection().execute(delete(Draft).where(*_this(session, place)))


def answer_place(form: AnswerForm, number: int) -> str:
    """Where what is filled in to end a ticket is kept as a draft."""
    return f"{form.value}:{number}"


def drop_answer_drafts(db: Session, number: int, until: datetime | None = None) -> None:
    """Delete what was filled in to end this ticket and is used now, in the caller's transaction; what was saved later
    than `until` belongs to another answer and stays.
    """
    used: list[ColumnElement[bool]] = [col(Draft.place).in_([answer_place(form, number) for form in AnswerForm])]
    if until is not None:
        used.append(col(Draft.saved_at) <= until)
    db.connection().execute(delete(Draft).where(*used))


def drop_drafts_about(db: Session, desk: Desk, requester_id: str) -> None:
    """Delete what agents have typed without a ticket (a call, a letter) and that holds a contact of this requester.

    To be done in the transaction that erases them, before their contacts go. Where those, or a draft, do not open it
    it is unknown which requester a draft is about: then it is deleted too.
    """
    try:
        known = [known_values(db, desk, requester_id, desk.keyring.key(requester_id))]
        numbers = select(col(Ticket.number)).where(col(Ticket.requester_id) == requester_id)
        for number in db.connection().execute(numbers).scalars().all():
            keys = ticket_keys(db, desk, number)
            known.append(known_values(db, desk, requester_id, keys.requester_key, keys))
    except (KeyDestroyed, KeyMissing, SealBroken):
        known = []
    rows = db.connection().execute(
        select(col(Draft.agent_id), col(Draft.place), col(Draft.key_owner), col(Draft.text)).where(
            col(Draft.key_owner).startswith(_AGENT)
        )
    )
    drafts = rows.all()
    agents = desk.keyring.keys({draft.key_owner for draft in drafts})
    for draft in drafts:
        try:
            place = Place(draft.key_owner, "draft", "text", f"{draft.agent_id}|{draft.place}")
            text = open_text(agents[draft.key_owner], place, draft.text)
        except (KeyError, SealBroken):
            text = None
        if text is None or not known or any(any(terms.spans(Folded(text).text)) for terms in known):
            this = (col(Draft.agent_id) == draft.agent_id, col(Draft.place) == draft.place)
            db.connection().execute(delete(Draft).where(*this))


def drop_old_drafts(desk: Desk) -> None:
    """Delete what was typed without a ticket KEPT_DAYS ago: its requester is unknown, so it is not kept.

    Raises StoreUnavailable.
    """
    old = (
        col(Draft.key_owner).startswith(_AGENT),
        col(Draft.saved_at) < desk.clock.now() - timedelta(days=KEPT_DAYS),
    )
    with desk.database.reading() as db:
        if db.connection().execute(select(col(Draft.place)).where(*old).limit(1)).first() is None:
            return
    with desk.database.transaction() as db:
        db.connection().execute(delete(Draft).where(*old))


def _check(place: str, text: str) -> None:
    if not _PLACE.fullmatch(place):
        raise BadInput("A draft cannot be saved there.")
    if len(text) > MAX_DRAFT:
        raise BadInput(f"The text is longer than {MAX_DRAFT:,} characters.", "Shorten it; it is not saved.")


def _with_act(text: str, act: ActId | None) -> str:
    """What is sealed: the act's id is as secret as the words, since what the store knows of an act is keyed by it."""
    return text if act is None else f"{_ACT}{act}\n{text}"


def _read(kept: str) -> KeptDraft:
    act = None
    if kept.startswith(_ACT):  # typed text never does: a NUL is not text
        head, _, kept = kept.partition("\n")
        act = ActId(head.removeprefix(_ACT))
    return KeptDraft(plain(kept), act)


def _this(session: DeskSession, place: str) -> tuple[ColumnElement[bool], ...]:
    return col(Draft.agent_id) == session.agent.id, col(Draft.place) == place


def _require_known(db: Session, session: DeskSession) -> None:
    found = db.connection().execute(
        select(col(AgentSession.id)).where(
            col(AgentSession.id) == session.session_id, col(AgentSession.agent_id) == session.agent.id
        )
    )
    if found.first() is None:
        raise SessionEnded("this session is not known here")


def _own(session: DeskSession) -> str:
    return f"{_AGENT}{session.agent.id}"


def _own_key(db: Session, keyring: Keyring, owner: str) -> bytes:
    try:
        return keyring.key(owner)
    except KeyMissing:
        if db.connection().execute(select(col(Draft.place)).where(col(Draft.key_owner) == owner)).first():
            raise  # it has sealed a draft: another key would lose that one without a word
        return keyring.create(owner)  # the first draft of this agent


def _place(owner: str, session: DeskSession, place: str) -> Place:
    return Place(owner, "draft", "text", f"{session.agent.id}|{place}")
