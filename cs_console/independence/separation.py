"""Separation of duties: no one handles an appeal against their own decision, on any ticket (DESIGN.md)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select, union
from sqlmodel import Session, col

from cs_console.access_log import legacy
from cs_console.access_log.persons_on_record import of_same_people
from cs_console.access_log.standing import kind_of
from cs_console.access_log.vouched import (
    COLUMNS_OF_ENTRY,
    HANDING,
    NEWEST_KIND,
    Word,
    genuine,
    last_done,
    latest,
    words,
)
from cs_console.desk import Desk, DeskSession
from cs_console.errors import NotIndependent, OwnDecision
from cs_console.independence.participants import accounts_in, decided_for, deciders, participants, said_deciders
from cs_console.prepared import Prepared, Row, all_rows
from models.columns import from_microseconds
from models.decision import Approval, Decision
from models.enums import REFUSING, Action, DecisionState, Result, TicketKind
from models.log import LogEntry
from models.matter import Matter
from models.settlement import Settlement
from models.ticket import Ticket

_NAMING = (Action.MATTER_NAMED, *HANDING)
"""What can say what a ticket is about, or take that back."""
_KIND = Prepared(select(col(Ticket.kind), col(Ticket.pack)).where(col(Ticket.number) == bindparam("number")))
_MATTER = Prepared(
    select(col(Matter.about_number), col(Matter.decider_id)).where(col(Matter.ticket_number) == bindparam("number"))
)
_LAST_NAMED = last_done(_NAMING)
_HEARD = Prepared(
    select(*COLUMNS_OF_ENTRY)
    .where(
        col(LogEntry.ticket) == bindparam("number"),
        or_(col(LogEntry.action) == Action.TICKET_FOLLOW_UP.value, legacy.follow_up()),
    )
    .order_by(col(LogEntry.seq).desc())
    .limit(1)
)
_NAMINGS = Prepared(
    select(*COLUMNS_OF_ENTRY)
    .where(
        col(LogEntry.action) == Action.MATTER_NAMED.value,
        col(LogEntry.outcome) == Result.DONE.value,
        col(LogEntry.about).like(bindparam("named")),
    )
    .order_by(col(LogEntry.seq))
)
_APPEALED = (Matter, col(Matter.about_number) == bindparam("number"))
_FINAL_BY_THEN = (
    col(Decision.ticket_number) == bindparam("number"),
    col(Decision.state) == DecisionState.FINAL.value,
    col(Decision.decided_at) <= col(Matter.at),
)
_APPROVAL = (col(Approval.decision_id) == col(Decision.id)) & col(Approval.approved).is_(True)
_DECIDED_BY_THEN = Prepared(
    union(
        select(col(Decision.proposer_id)).join(*_APPEALED).where(*_FINAL_BY_THEN),
        select(col(Approval.agent_id))
        .select_from(Decision)
        .join(Approval, _APPROVAL)
        .join(*_APPEALED)
        .where(*_FINAL_BY_THEN),
        select(col(Settlement.agent_id))
        .join(*_APPEALED)
        .where(col(Settlement.ticket_number) == bindparam("number"), col(Settlement.at) <= col(Matter.at)),
    )
)


@dataclass(frozen=True, slots=True)
class _Look:
    """What rows and log say of one ticket, read in one round trip, since everyone who takes a ticket waits for it.

    `matters` is what it is about; `namings`, the entries that ever named it as what another one is about;
    `decided_by_then`, who had decided it when a row named it.
    """

    kind: TicketKind
    pack: str
    matters: frozenset[tuple[int | None, str | None]]
    heard: Word | None
    namings: tuple[Word, ...]
    decided_by_then: frozenset[str]


def is_own_appealed(db: Session, session: DeskSession, number: int) -> bool:
    """Whether another person must decide this ticket: the agent gave the refusal that the requester wrote after, or
    decided what an appeal or a complaint is about.
    """
    return session.agent.id in excluded_agents(db, session.desk, number)


def require_not_own(db: Session, session: DeskSession, number: int) -> None:
    """Refuse the agent whose decision the requester now contests. Raises OwnDecision, NotIndependent."""
    if session.agent.id in excluded_agents(db, session.desk, number):
        refused = _refused_before(db, session.desk, number, last_heard(db, session.desk, number))
        if session.agent.id in of_same_people(db, session.desk, refused):
            raise OwnDecision
        raise NotIndependent(number)


def require_decided_nothing(db: Session, session: DeskSession, number: int, *others: str) -> None:
    """Refuse a person who decided for this ticket's present or former requester, or for these others, whatever its kind
    is: by changing its requester they could hide their part in what it will be about. Raises NotIndependent.
    """
    people = decided_for(db, session.desk, number, *others)
    if people and session.agent.id in of_same_people(db, session.desk, people):
        raise NotIndependent(number)


def excluded_agents(db: Session, desk: Desk, number: int) -> frozenset[str]:
    """The accounts that may neither take, turn, settle, close nor decide this ticket, by id.

    They decided what it is about, or (where the pack says so) were involved in it, or are named as having decided;
    what that in turn was about counts too, back to the beginning. If nothing is named yet, they were involved in any
    decision on the requester's tickets, or on those of its former requester. On a ticket appealed against: those who
    had decided it by then. On an appeal or complaint that continues after a decision or settlement: those who made it.
    On a ticket whose requester wrote after a refusal: those who gave it. Each counts with all accounts of the same
    person. A person that the privacy officer named for this ticket is not among them. Raises LogBroken.
    """
    look = _look(db, desk, number)
    if look is None:
        return frozenset()
    earlier, named = _about(db, desk, number, look.matters)
    people = set(named)
    rules = desk.packs.get(look.pack).kinds[look.kind].workflow
    has_a_matter = rules is not None and bool(rules.matter)
    if earlier or named:
        # a kind that the pack says nothing of was turned from one that could be about something
        wide = rules is not None and has_a_matter and rules.independent == "took part"
        people |= (participants if wide else deciders)(db, desk, earlier)
    elif has_a_matter:
        people |= decided_for(db, desk, number)
    if has_a_matter:
        people |= _decided_before(db, desk, number, look.heard)
    people |= _decided_before_an_appeal(db, desk, number, look) | _refused_before(db, desk, number, look.heard)
    out = of_same_people(db, desk, people)
    return out - of_same_people(db, desk, reviewers_named(db, desk, number)) if out else out


def _look(db: Session, desk: Desk, number: int) -> _Look | None:
    """None for a ticket that does not exist. Raises LogBroken."""
    asked = {"number": number}
    ticket, kind, matters, named, heard, namings, decided = all_rows(
        db.connection(),
        (_KIND, asked),
        (NEWEST_KIND, asked),
        (_MATTER, asked),
        (_LAST_NAMED, asked),
        (_HEARD, asked),
        (_NAMINGS, {"named": f'%"ticket":"{number}"%'}),
        (_DECIDED_BY_THEN, asked),
    )
    if not ticket:
        return None
    [(stored, pack)] = ticket
    return _Look(
        kind_of(desk, TicketKind(stored), next(iter(kind), None)),
        pack,
        _matters(desk, matters, named),
        _word(desk, heard),
        tuple(genuine(desk, row) for row in namings),
        frozenset(agent_id for (agent_id,) in decided if agent_id is not None),
    )


def _word(desk: Desk, rows: Iterable[Row]) -> Word | None:
    return next((genuine(desk, row) for row in rows), None)


def reviewers_named(db: Session, desk: Desk, number: int) -> set[str]:
    """The accounts that a privacy officer named for a ticket that independence left to no one (DECISIONS.md, 10)."""
    said = words(db, desk, [number], (Action.REVIEWER_NAMED,))
    return {word.about["to"] for word in said if word.about is not None}


def _about(
    db: Session, desk: Desk, number: int, matters: Iterable[tuple[int | None, str | None]]
) -> tuple[set[int], set[str]]:
    """The tickets that this one is about, step by step to the first of them, and the accounts named on the way.

    `matters` is what it is about itself.
    """
    numbers: set[int] = set()
    accounts: set[str] = set()
    steps = [*matters]
    while steps:
        about, decider = steps.pop()
        if decider is not None:
            accounts.add(decider)
        if about is not None and about not in numbers and about != number:
            numbers.add(about)
            asked = {"number": about}
            steps += _matters(desk, *all_rows(db.connection(), (_MATTER, asked), (_LAST_NAMED, asked)))
    return numbers, accounts


def _matters(desk: Desk, stored: Iterable[Row], named: Iterable[Row]) -> frozenset[tuple[int | None, str | None]]:
    """What a ticket is about, by number or by the account that decided it: `stored` rows of _MATTER, `named` of
    _LAST_NAMED.

    What the log last heard counts beside what is stored: a row that was changed or removed frees no one.
    """
    matters: set[tuple[int | None, str | None]] = {(about, decider) for about, decider in stored}
    said = _word(desk, named)
    if said is not None and said.about is not None and said.action is Action.MATTER_NAMED:
        matters.add((int(said.about["ticket"]) if said.about["ticket"] else None, said.about["decider"] or None))
    return frozenset(matters)


def _decided_before_an_appeal(db: Session, desk: Desk, number: int, look: _Look) -> set[str]:
    """Who had decided or settled this ticket by the time it was named as what an appeal or a complaint is about, by
    the rows or by the log. Raises LogBroken.
    """
    people = set(look.decided_by_then)
    for word in _last_namings(db, desk, look.namings):
        people |= said_deciders(db, desk, [number], before=word)
    return people


def _last_namings(db: Session, desk: Desk, namings: Iterable[Word]) -> Iterator[Word]:
    """Those of these entries that are the last word on what their ticket is about."""
    for word in namings:
        assert word.ticket is not None  # name_matter writes it
        last = latest(db, desk, word.ticket, _NAMING)
        if last is not None and last.seq == word.seq:
            yield word


def last_heard(db: Session, desk: Desk, number: int) -> Word | None:
    """The entry of the requester's newest words on that ticket after its first; None where there were none.

    When words reached us the access log says: the date in a mail is its sender's claim. Raises LogBroken.
    """
    return _word(desk, _HEARD.all(db.connection(), {"number": number}))


def _decided_before(db: Session, desk: Desk, number: int, heard: Word | None) -> set[str]:
    """Who had decided or settled this very ticket when its requester last wrote (`heard`): an answer to that letter is
    an appeal on the same ticket. Raises LogBroken.
    """
    if heard is None:
        return set()
    settled = (col(Settlement.ticket_number) == number, col(Settlement.at) < from_microseconds(heard.at))
    people = accounts_in(db, select(col(Settlement.agent_id)).where(*settled))
    return people | said_deciders(db, desk, [number], before=heard)


def _refused_before(db: Session, desk: Desk, number: int, heard: Word | None) -> set[str]:
    """Who gave a final refusal of this ticket, whole or in part, before the requester last wrote (`heard`).

    Given means proposed or approved, in whatever role, by the row or by the log. What counts is when the words reached
    us: an early date in a mail would assign the appeal to the person it is directed against. Raises LogBroken.
    """
    if heard is None:
        return set()
    given = (
        col(Decision.ticket_number) == number,
        col(Decision.state) == DecisionState.FINAL,
        col(Decision.outcome).in_(REFUSING),
        col(Decision.decided_at) < from_microseconds(heard.at),
    )
    approved = select(col(Approval.agent_id)).join(Decision, col(Decision.id) == col(Approval.decision_id))
    people = accounts_in(
        db,
        select(col(Decision.proposer_id)).where(*given),
        approved.where(*given, col(Approval.approved).is_(True)),
    )
    refusing = {outcome.value for outcome in REFUSING}
    return people | said_deciders(db, desk, [number], before=heard, outcomes=refusing)
