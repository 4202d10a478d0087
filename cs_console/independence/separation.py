"""Separation of duties: no one handles an appeal against their own decision, on any ticket (DESIGN.md)."""

from collections.abc import Iterator

from sqlalchemy import or_, select
from sqlmodel import Session, col

from cs_console.access_log import legacy
from cs_console.access_log.persons_on_record import of_same_people
from cs_console.access_log.standing import kind_on_record
from cs_console.access_log.vouched import HANDING, Word, last_entry, latest, oldest_first, words
from cs_console.desk import Desk, DeskSession
from cs_console.errors import NotIndependent, OwnDecision
from cs_console.independence.participants import accounts_in, decided_for, deciders, participants, said_deciders
from models.columns import from_microseconds
from models.decision import Approval, Decision
from models.enums import REFUSING, Action, DecisionState, Result, TicketKind
from models.log import LogEntry
from models.matter import Matter
from models.settlement import Settlement
from models.ticket import Ticket

_NAMING = (Action.MATTER_NAMED, *HANDING)
"""What can say what a ticket is about, or take that back."""


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
    columns = select(col(Ticket.kind), col(Ticket.pack)).where(col(Ticket.number) == number)
    found = db.connection().execute(columns).first()
    if found is None:
        return frozenset()
    stored, pack = found
    kind = kind_on_record(db, desk, number, TicketKind(stored))
    earlier, named = _about(db, desk, number)
    people = set(named)
    rules = desk.packs.get(pack).kinds[kind].workflow
    has_a_matter = rules is not None and bool(rules.matter)
    if earlier or named:
        # a kind that the pack says nothing of was turned from one that could be about something
        wide = rules is not None and has_a_matter and rules.independent == "took part"
        people |= (participants if wide else deciders)(db, desk, earlier)
    elif has_a_matter:
        people |= decided_for(db, desk, number)
    heard = last_heard(db, desk, number)
    if has_a_matter:
        people |= _decided_before(db, desk, number, heard)
    people |= _decided_before_an_appeal(db, desk, number) | _refused_before(db, desk, number, heard)
    out = of_same_people(db, desk, people)
    return out - of_same_people(db, desk, reviewers_named(db, desk, number)) if out else out


def reviewers_named(db: Session, desk: Desk, number: int) -> set[str]:
    """The accounts that a privacy officer named for a ticket that independence left to no one (DECISIONS.md, 10)."""
    said = words(db, desk, [number], (Action.REVIEWER_NAMED,))
    return {word.about["to"] for word in said if word.about is not None}


def _about(db: Session, desk: Desk, number: int) -> tuple[set[int], set[str]]:
    """The tickets that this one is about, step by step to the first of them, and the accounts named on the way.

    What the log last heard counts beside what is stored: a row that was changed or removed frees no one.
    """
    numbers: set[int] = set()
    accounts: set[str] = set()
    steps = [number]
    while steps:
        step = steps.pop()
        found = db.connection().execute(
            select(col(Matter.about_number), col(Matter.decider_id)).where(col(Matter.ticket_number) == step)
        )
        named: set[tuple[int | None, str | None]] = {(about, decider) for about, decider in found}
        said = latest(db, desk, step, _NAMING)
        if said is not None and said.about is not None and said.action is Action.MATTER_NAMED:
            named.add((int(said.about["ticket"]) if said.about["ticket"] else None, said.about["decider"] or None))
        for about, decider in named:
            if decider is not None:
                accounts.add(decider)
            if about is not None and about not in numbers and about != number:
                numbers.add(about)
                steps.append(about)
    return numbers, accounts


def _decided_before_an_appeal(db: Session, desk: Desk, number: int) -> set[str]:
    """Who had decided or settled this ticket by the time it was named as what an appeal or a complaint is about, by
    the rows or by the log. Raises LogBroken.
    """
    named = (Matter, col(Matter.about_number) == number)
    before = (col(Decision.state) == DecisionState.FINAL, col(Decision.decided_at) <= col(Matter.at))
    of_this = col(Decision.ticket_number) == number
    yes = (col(Approval.decision_id) == col(Decision.id)) & col(Approval.approved).is_(True)
    approvals = select(col(Approval.agent_id)).select_from(Decision).join(Approval, yes).join(*named)
    settled = (col(Settlement.ticket_number) == number, col(Settlement.at) <= col(Matter.at))
    people = accounts_in(
        db,
        select(col(Decision.proposer_id)).join(*named).where(of_this, *before),
        approvals.where(of_this, *before),
        select(col(Settlement.agent_id)).join(*named).where(*settled),
    )
    for word in _namings_of(db, desk, number):
        people |= said_deciders(db, desk, [number], before=word)
    return people


def _namings_of(db: Session, desk: Desk, number: int) -> Iterator[Word]:
    """The entries that name this ticket as what another one is about, and are the last word on that."""
    about = col(LogEntry.about).contains(f'"ticket":"{number}"')
    done = col(LogEntry.outcome) == Result.DONE.value
    for word in oldest_first(db, desk, col(LogEntry.action) == Action.MATTER_NAMED.value, done, about):
        assert word.ticket is not None  # name_matter writes it
        last = latest(db, desk, word.ticket, _NAMING)
        if last is not None and last.seq == word.seq:
            yield word


def last_heard(db: Session, desk: Desk, number: int) -> Word | None:
    """The entry of the requester's newest words on that ticket after its first; None where there were none.

    When words reached us the access log says: the date in a mail is its sender's claim. Raises LogBroken.
    """
    followed = or_(col(LogEntry.action) == Action.TICKET_FOLLOW_UP.value, legacy.follow_up())
    return last_entry(db, desk, col(LogEntry.ticket) == number, followed)


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
