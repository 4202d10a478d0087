"""Whose a ticket is, said by a person: linking it to a person on file, and taking a link back (DESIGN.md, Who is who).

It verifies no one: windows close, codes end, and what rested on them is withdrawn.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import delete, or_, select, update
from sqlmodel import Session, col

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.access_log.standing import link_of
from cs_console.custody.blind_index import normalise
from cs_console.custody.contacts import claims_of, known_values, masked_contacts, persons_with
from cs_console.custody.handing_over import hand_over
from cs_console.custody.late_redaction import redact_soon
from cs_console.custody.redaction import redact
from cs_console.custody.requester_access import require_in_use
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.custody.typed_words import TypedWords, typed_words
from cs_console.deadlines.clock_events import recompute
from cs_console.desk import Desk, DeskSession
from cs_console.errors import (
    BadInput,
    ChangedElsewhere,
    ConsoleError,
    NothingThere,
    OwnDecision,
    TicketLinked,
    WrongState,
)
from cs_console.independence.separation import require_decided_nothing, require_not_own
from cs_console.local_time import moment
from cs_console.plain_text import one_line, plain
from cs_console.staff.undertakings import require_current
from cs_console.tickets.look_up import find_persons
from cs_console.tickets.requesters import add_requester
from cs_console.tickets.ticket_record import facts, refusals_on_record
from cs_console.verification.cases import Case, case_of
from cs_console.verification.windows import close_window
from models.agent import Agent
from models.authority import Authority
from models.columns import new_id
from models.contact_fields import SEARCHABLE, Field
from models.decision import Decision
from models.enums import (
    WAITING_TO_GO,
    Action,
    DecisionState,
    DeliveryState,
    ErasureState,
    Link,
    RequesterState,
    TicketState,
)
from models.erasure import Erasure
from models.linking import Linking
from models.matter import Matter
from models.message import Message
from models.requester import Requester
from models.roles import VERIFIES
from models.settlement import Settlement
from models.ticket import Ticket
from models.verification import Verification, VerificationCode

CHANGED_HANDS = "the ticket changed hands"
MOST = 8
"""How many people on file are shown for one contact; who has more of them cannot tell them apart by masks anyway."""
LONGEST_REASON = 2000


@dataclass(frozen=True)
class Candidate:
    """A person on file whose ticket it may be: by their masks, and how they were found."""

    id: str
    masks: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Whose:
    """Whose a ticket is now, who else it may be of, and how often it changed hands; words for a person."""

    number: int
    version: int
    link: Link
    candidates: tuple[Candidate, ...]
    history: tuple[str, ...]


def whose(session: DeskSession, number: int) -> Whose:
    """Whose the ticket is, and the people on file who match what its messages claim, or whose it was before.

    Raises NotAllowed, NoUndertaking, NothingThere, KeyDestroyed, OnHold.
    """
    with session.reading(*VERIFIES) as db:
        require_current(db, session)
        case = case_of(db, session, number)
        typed = typed_words(db, session.desk, ticket_keys(db, session.desk, number))
        found = _possible(db, session.desk, case)
        candidates = tuple(_candidate(db, session.desk, one, why) for one, why in found.items())
        link = link_of(db, session.desk, number, Link(case.ticket.link))
        return Whose(number, case.ticket.version, link, candidates, _history(db, number, typed))


def look_for_person(session: DeskSession, number: int, field: Field, typed: str) -> tuple[Candidate, ...]:
    """The people on file with exactly this phone or e-mail, by their masks.

    Recorded and limited like every look-up of a contact. Raises BadInput, TooManyLookUps, NoUndertaking, NotAllowed,
    NothingThere, KeyDestroyed.
    """
    found = find_persons(session, field, typed, MOST)
    with session.reading(*VERIFIES) as db:
        case = case_of(db, session, number)
        why = f"on file with this {field.value}"
        return tuple(_candidate(db, session.desk, one, why) for one in found if one != case.requester_id)


def link_ticket(
    session: DeskSession, number: int, version: int, person: str, reason: str, found_by: tuple[Field, str] | None = None
) -> int:
    """Make an unverified sender's ticket a person's on file; the new version.

    `person` is a candidate of `whose`, or of `look_for_person`: then `found_by` is what was typed there. For verifiers
    with a current undertaking, who had no part in what the ticket is about and decided nothing for anyone whose it is,
    was or becomes. No one is verified by it, the next letter goes to the person's contacts on file alone. Raises
    BadInput, WrongState, ChangedElsewhere, NothingThere, KeyDestroyed, OnHold, NotAllowed, NoUndertaking; OwnDecision
    and NotIndependent are recorded.
    """
    words = _words(reason)
    with _kept_out_on_record(session, number, Action.TICKET_LINKED), session.work(*VERIFIES) as db:
        case = _case(db, session, number, version, person)
        if link_of(db, session.desk, number, Link(case.ticket.link)) is not Link.NONE:
            raise WrongState(f"#{number} is already linked to an account.", "Undo that link first.")
        if person not in _possible(db, session.desk, case, found_by):
            raise NothingThere("This person does not match the ticket.", "Choose one from the list.")
        to = db.get_one(Requester, person, with_for_update=True, populate_existing=True)
        require_in_use(db, session, to.id)
        _require_no_erasure(db, person)
        changed = _change_hands(db, session, case, person, Link.PROVEN, words, Action.TICKET_LINKED)
    redact_soon(session.desk)
    return changed


def unlink_ticket(session: DeskSession, number: int, version: int, reason: str) -> int:
    """Make a ticket that is an account's, presumed or linked, that of an unverified sender of its own; the new version.

    Raises what `link_ticket` raises.
    """
    words, desk, sender = _words(reason), session.desk, new_id()
    desk.keyring.create(sender)  # durable before anything is sealed under it
    try:
        with _kept_out_on_record(session, number, Action.TICKET_UNLINKED), session.work(*VERIFIES) as db:
            case = _case(db, session, number, version)
            if link_of(db, desk, number, Link(case.ticket.link)) is Link.NONE:
                raise WrongState(f"#{number} is not linked to an account.", "There is no link to undo.")
            add_requester(db, sender, case.requester.language, desk.clock.now())
            db.flush()
            changed = _change_hands(db, session, case, sender, Link.NONE, words, Action.TICKET_UNLINKED)
    except ConsoleError:
        desk.keyring.drop_unused([sender])
        raise
    redact_soon(desk)
    return changed


def _words(reason: str) -> str:
    words = plain(reason).strip()
    if not 0 < len(words) <= LONGEST_REASON:
        raise BadInput(f"A reason of up to {LONGEST_REASON} characters is needed.", "Say how you know.")
    return words


def _kept_out_on_record(session: DeskSession, number: int, action: Action) -> AbstractContextManager[None]:
    """An attempt of someone who has to keep away is recorded by its code."""
    return refusals_on_record(session, action, (OwnDecision,), lambda db: facts(db, number))


def _case(db: Session, session: DeskSession, number: int, version: int, *to: str) -> Case:
    """The ticket, locked, if it may change hands now (`to`: the person on file, if any), and this agent need not keep
    away from it.
    """
    require_current(db, session)
    case = case_of(db, session, number, locked=True)
    case.require_open()
    require_not_own(db, session, number)
    require_decided_nothing(db, session, number, *to)
    if case.ticket.version != version:
        raise ChangedElsewhere(number)
    decided = select(col(Decision.state)).where(
        col(Decision.ticket_number) == number, col(Decision.state).in_((DecisionState.PROPOSED, DecisionState.FINAL))
    )
    states = set(db.connection().execute(decided).scalars())
    if case.ticket.state == TicketState.IN_APPROVAL or DecisionState.PROPOSED in states:
        raise WrongState(f"#{number} is in approval.", "Return or withdraw the proposal first.")
    settled = select(col(Settlement.id)).where(col(Settlement.ticket_number) == number).limit(1)
    if states or db.connection().execute(settled).first() is not None:
        raise WrongState(
            f"#{number} was already answered for its present requester.", "Open a new ticket for the other person."
        )
    _require_no_erasure(db, case.requester_id)
    return case


def _require_no_erasure(db: Session, requester_id: str) -> None:
    proposed = select(col(Erasure.id)).where(
        col(Erasure.requester_id) == requester_id, col(Erasure.state) == ErasureState.PROPOSED
    )
    if db.connection().execute(proposed.limit(1)).first() is not None:
        raise WrongState(
            "An erasure of this requester has been proposed.", "It must be confirmed or withdrawn first (g e)."
        )


def _change_hands(
    db: Session, session: DeskSession, case: Case, to_id: str, link: Link, reason: str, action: Action
) -> int:
    desk, number, now = session.desk, case.number, session.desk.clock.now()
    before = link_of(db, desk, number, Link(case.ticket.link))
    close_window(db, desk, number, session=session, reason=CHANGED_HANDS)
    keys = hand_over(db, desk, number, to_id, link)
    _withdraw(db, desk, case)
    known = known_values(db, desk, to_id, keys.requester_key, keys)
    linking = Linking(
        ticket_number=number,
        from_id=case.requester_id,
        to_id=to_id,
        before=before,
        after=link,
        agent_id=session.agent.id,
        reason=b"",
        at=now,
    )
    linking.reason = keys.seal("linking", "reason", linking.id, redact(reason, case.pack.meta.regions, known))
    db.add(linking)
    db.flush()
    name = desk.pseudonym(to_id, keys.requester_key)
    about = {"linking": linking.id, "from": case.pseudonym, "to": name, "before": before.value, "after": link.value}
    record(db, session, Entry(action, ticket=number, requester=name, about=about))
    return int(db.connection().execute(select(col(Ticket.version)).where(col(Ticket.number) == number)).scalar_one())


def _withdraw(db: Session, desk: Desk, case: Case) -> None:
    """Take back what rested on whose the ticket was: codes, the verification, an authority, letters, its matters."""
    run, number, now = db.connection().execute, case.number, desk.clock.now()
    codes = (col(VerificationCode.ticket_number) == number, col(VerificationCode.ended_at).is_(None))
    run(update(VerificationCode).where(*codes).values(ended_at=now))
    proved = (col(Verification.ticket_number) == number, col(Verification.withdrawn_at).is_(None))
    run(update(Verification).where(*proved).values(withdrawn_at=now))
    seen = (col(Authority.ticket_number) == number, col(Authority.ended_at).is_(None))
    run(update(Authority).where(*seen).values(ended_at=now))
    waiting = col(Message.delivery).in_(WAITING_TO_GO)
    stopped = {"delivery": DeliveryState.FAILED, "next_delivery_at": None, "delivery_problem": TicketLinked.code}
    run(update(Message).where(col(Message.ticket_number) == number, waiting).values(stopped))
    run(delete(Matter).where(or_(col(Matter.ticket_number) == number, col(Matter.about_number) == number)))
    decides = case.pack.kinds[case.ticket.kind].needs_decision
    state = TicketState.TO_VERIFY if decides else TicketState.OPEN
    if not decides and case.ticket.state == TicketState.WAITING:
        state = TicketState.WAITING
    run(update(Ticket).where(col(Ticket.number) == number).values(verified_at=None, state=state))
    recompute(db, case.pack, number)


def _possible(db: Session, desk: Desk, case: Case, found_by: tuple[Field, str] | None = None) -> dict[str, str]:
    """People on file whose it may be, and why: what its messages claim, a contact looked up, an earlier link."""
    found: dict[str, str] = {}
    region = case.pack.meta.region
    for field, value in claims_of(db, desk, case.number):
        for one in persons_with(db, desk, field, value, MOST) if field in SEARCHABLE else ():
            found[one] = f"{found[one]}, {field.value}" if one in found else f"on file with this {field.value}"
    if found_by is not None:
        field, typed = found_by
        normalised = normalise(field, typed.strip(), region)
        for one in persons_with(db, desk, field, normalised, MOST) if normalised else ():
            found.setdefault(one, f"on file with this {field.value}")
    for one in _earlier(db, case.number):
        found.setdefault(one, "it was theirs before")
    found.pop(case.requester_id, None)
    return found


def _earlier(db: Session, number: int) -> Iterable[str]:
    """People on file whose the ticket was before."""
    handed = select(Linking).where(col(Linking.ticket_number) == number, col(Linking.before) != Link.NONE)
    ids = [one.from_id for one in db.scalars(handed)]
    active = select(col(Requester.id)).where(
        col(Requester.id).in_(ids), col(Requester.state) == RequesterState.ACTIVE, col(Requester.unclear).is_(False)
    )
    return db.connection().execute(active).scalars().all()


def _candidate(db: Session, desk: Desk, person: str, why: str) -> Candidate:
    masks = tuple(one.mask for one in masked_contacts(db, desk, person) if one.on_file)
    return Candidate(person, masks, why)


def _history(db: Session, number: int, typed: TypedWords) -> tuple[str, ...]:
    """Each change of hands as a line, the newest last."""
    rows = db.execute(
        select(Linking, col(Agent.name))
        .join(Agent, col(Agent.id) == col(Linking.agent_id))
        .where(col(Linking.ticket_number) == number)
        .order_by(col(Linking.at), col(Linking.id))
    )
    lines = []
    for one, name in rows:
        reason = typed.open("linking", "reason", one.id, one.reason)
        did = "linked it" if one.after != Link.NONE else "took the link back"
        lines.append(f"{moment(one.at)} {name} {did}: {one_line(plain(reason))}")
    return tuple(lines)
