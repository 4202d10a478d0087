"""Proposals that wait for approval, as the people may see them: under legal review only privacy officers see why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, select, true
from sqlmodel import Session, col

from cs_console.custody.ticket_keys import TicketKeys, keys_for_view, keys_of_tickets, ticket_keys, tickets_without_key
from cs_console.custody.typed_words import TypedWords, typed_words
from cs_console.decisions.approvers import Given, approvals_given, find, roles_left, roles_now
from cs_console.decisions.changes_since_proposal import Since, changed_since
from cs_console.decisions.evidence import evidence_words, labels_by_id
from cs_console.decisions.finalise import notice_facts
from cs_console.decisions.for_this_person import MOST, those_for
from cs_console.decisions.notice import fee_words, field_titles, make_notice
from cs_console.decisions.notice_delivery import notice_way
from cs_console.decisions.proposal import Finding, Proposal, applying_grounds, open_answers, open_reason
from cs_console.decisions.request_scope import asked_of, asked_words
from cs_console.decisions.typed_answers import with_typed
from cs_console.desk import DeskSession
from cs_console.errors import NotAllowed, StaleProposal
from cs_console.independence.separation import is_own_appealed
from cs_console.local_time import day
from cs_console.plain_text import plain
from cs_console.policy.schema import Pack
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import ERASED, MISSING, open_on_record, record_about
from models.agent import Agent
from models.decision import Approval, Decision
from models.enums import Action, DecisionState, Outcome, TicketKind
from models.roles import APPROVES, WORKS_ON_TICKETS, Role
from models.ticket import Ticket


@dataclass(frozen=True)
class ProposalRow:
    """One proposal in the list. `asks` are the roles that it takes, `needs` those still missing.

    `approvals_given` are the people who approved it, or their roles where the reader may not know who decides on what.
    `mine`: the reader proposed it; `for_reader`: the reader can approve or return it.
    """

    decision_id: str
    number: int
    kind: TicketKind
    outcome: Outcome
    ground_words: str
    proposer: str
    proposed_at: datetime
    asks: tuple[str, ...]
    needs: tuple[str, ...]
    approvals_given: tuple[str, ...]
    mine: bool
    for_reader: bool


@dataclass(frozen=True)
class Waiting:
    """The proposals that wait, the oldest first; `more`: there are others that came after these."""

    rows: tuple[ProposalRow, ...]
    more: bool = False


@dataclass(frozen=True)
class ProposalView(ProposalRow):
    """One proposal opened: the findings as lines of text, the letter that would be sent, what changed since.

    `legal_review`: only privacy officers read why it goes back.
    """

    since: tuple[Since, ...]
    findings: tuple[str, ...]
    notice: str
    legal_review: bool = False


@dataclass(frozen=True)
class DecisionView:
    """The newest decision on a ticket, proposed or made.

    `words` are its outcome and grounds, or what replaces both under legal review; `approvers` are not named then.
    `notice` is the letter, `delivery` what became of it as a sentence, `reason` why the proposal was returned.
    `own_appealed`: the reader gave a refusal that the requester wrote after, or decided what was appealed against, so
    another person decides next. `findings` are its lines, for those who may see them.
    """

    words: str
    state: DecisionState
    proposer: str
    approvers: tuple[str, ...]
    decided_at: datetime | None
    notice: str
    delivery: str
    reason: str
    own_appealed: bool
    findings: tuple[str, ...] = ()


def waiting(session: DeskSession) -> Waiting:
    """The proposals that have waited longest, at most MOST: all for supervisors and privacy officers, else the agent's.

    Raises NotAllowed, NoUndertaking.
    """
    with session.reading(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        roles = roles_now(db, session)
        statement = _rows(roles).where(col(Decision.state) == DecisionState.PROPOSED)
        if roles.isdisjoint(APPROVES):
            statement = statement.where(col(Decision.proposer_id) == session.agent.id)
        oldest = statement.order_by(col(Decision.proposed_at), col(Decision.id)).limit(MOST + 1)
        found = db.connection().execute(oldest).all()
        shown = found[:MOST]
        approved = approvals_given(db, session.desk, [row.id for row in shown])
        for_reader = those_for(db, session, roles, shown, approved)
        keys = keys_of_tickets(db, session.desk, (row.ticket_number for row in shown))
        lost = tickets_without_key(db, session.desk, {row.ticket_number for row in shown} - keys.keys())
    rows = (
        _row(session, roles, row, approved.get(row.id, []), keys.get(row.ticket_number), row.id in for_reader)
        for row in shown
    )
    said = tuple(replace(row, ground_words=MISSING) if row.number in lost else row for row in rows)
    return Waiting(said, more=len(found) > MOST)


def open_proposal(session: DeskSession, decision_id: str) -> ProposalView:
    """One proposal, for supervisors, privacy officers, the approvers needed, and the person who proposed it.

    The reading is recorded. Raises NotAllowed, NoUndertaking, NothingThere, StaleProposal.
    """
    desk = session.desk
    with session.work(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        decision, ticket = find(db, decision_id)
        roles = roles_now(db, session)
        may = roles & {*APPROVES, *(Role(word) for word in decision.needs.split(",") if word)}
        if not may and decision.proposer_id != session.agent.id:
            raise NotAllowed("Only its proposer and its approvers can open this.", "Ask a supervisor.")
        record_about(db, session, ticket, Action.PROPOSAL_OPENED, about={"decision": decision_id})
        found = db.connection().execute(_rows(roles).where(col(Decision.id) == decision_id)).one()
        given = approvals_given(db, desk, [decision_id])
        approved, for_reader = given.get(decision_id, []), those_for(db, session, roles, [found], given)
        asked = asked_of(db, session.desk, ticket.number)
        pack = desk.packs.get(ticket.pack)
        labels = labels_by_id(db, desk, pack, ticket)
        waits = decision.state == DecisionState.PROPOSED
        since = changed_since(db, desk, ticket, pack, decision.proposed_at) if waits else ()
        said = notice_facts(db, desk, ticket, decision.decided_at or desk.clock.now())
        keys = ticket_keys(db, desk, ticket.number)
        typed = typed_words(db, desk, keys)
    row = _row(session, roles, found, approved, keys, waits and decision_id in for_reader)
    stored = open_answers(desk.keyring, keys, decision_id, decision.answers, decision.legal_review)
    known = _may_know(roles, decision.legal_review)
    _require_same_policy(pack, stored)
    proposal = with_typed(pack, stored, typed.shown)
    wanted = f"Asked: {asked_words(pack, asked) if asked else pack.rights[proposal.request].title}"
    return ProposalView(
        **vars(row),
        since=since,
        findings=(wanted, *(_lines(pack, proposal, labels) if known else (pack.texts.legal_review,))),
        notice=make_notice(pack, said, proposal),
        legal_review=decision.legal_review,
    )


def last_decision(session: DeskSession, number: int) -> DecisionView | None:
    """The newest decision on a ticket, for those who may open the ticket; None if there is none yet.

    A ticket that this session has not opened is opened on record. Raises NotAllowed, NoUndertaking, NothingThere.
    """
    desk = session.desk
    with session.work(*WORKS_ON_TICKETS) as db:
        ticket = open_on_record(db, session, number)
        newest = (
            select(Decision)
            .where(col(Decision.ticket_number) == number)
            .order_by(col(Decision.proposed_at).desc(), col(Decision.id).desc())
            .limit(1)
        )
        decision = db.execute(newest).scalar()
        if decision is None:
            return None
        keys = keys_for_view(db, session, number)
        typed = typed_words(db, desk, keys)
        roles, pack = roles_now(db, session), desk.packs.get(ticket.pack)
        reason = _reason(db, session, decision, typed, roles, pack)
        proposer = db.get_one(Agent, decision.proposer_id).name
        approvers = _approvers(db, decision.id) if _may_know(roles, decision.legal_review) else ()
        delivery = "" if decision.decided_at is None else notice_way(db, number, decision.decided_at).value
        own_appealed = is_own_appealed(db, session, number)
        labels = labels_by_id(db, desk, pack, ticket)
    findings: tuple[str, ...] = ()
    if _may_know(roles, decision.legal_review):
        proposal = open_answers(desk.keyring, keys, decision.id, decision.answers, decision.legal_review)
        shown = with_typed(pack, proposal, typed.shown)
        findings = tuple(_lines(pack, shown, labels)) if _is_of(pack, proposal) else ()
    notice = ""
    if decision.notice is not None:
        notice = typed.open("decision", "notice", decision.id, decision.notice)
    return DecisionView(
        words=_decision_words(session, roles, pack, decision, keys),
        state=DecisionState(decision.state),
        proposer=proposer,
        approvers=approvers,
        decided_at=decision.decided_at,
        notice=notice,
        delivery=delivery,
        reason=reason,
        own_appealed=own_appealed,
        findings=findings,
    )


def _may_know(roles: frozenset[Role], legal_review: bool) -> bool:
    """Whether an agent with these roles may see the grounds of a decision."""
    return not legal_review or Role.PRIVACY_OFFICER in roles


def _rows(roles: frozenset[Role]) -> Select[*tuple[Any, ...]]:
    """The list's columns. Answers that the reader may not know are not even fetched."""
    known = true() if _may_know(roles, legal_review=True) else col(Decision.legal_review).is_(False)
    return (
        select(
            col(Decision.id),
            col(Decision.ticket_number),
            col(Decision.outcome),
            case((known, col(Decision.answers))).label("answers"),
            col(Decision.legal_review),
            col(Decision.needs),
            col(Decision.proposer_id),
            col(Decision.proposed_at),
            col(Agent.name).label("proposer"),
            col(Ticket.kind),
            col(Ticket.pack),
        )
        .join(Ticket, col(Ticket.number) == col(Decision.ticket_number))
        .join(Agent, col(Agent.id) == col(Decision.proposer_id))
    )


def _row(
    session: DeskSession,
    roles: frozenset[Role],
    found: Any,
    approved: list[Given],
    keys: TicketKeys | None,
    for_reader: bool,
) -> ProposalRow:
    pack = session.desk.packs.get(found.pack)
    named = not roles.isdisjoint(APPROVES) or not found.legal_review
    return ProposalRow(
        decision_id=found.id,
        number=found.ticket_number,
        kind=TicketKind(found.kind),
        outcome=Outcome(found.outcome),
        ground_words=_ground_words(session, roles, pack, found, keys),
        proposer=found.proposer,
        proposed_at=found.proposed_at,
        asks=tuple(filter(None, found.needs.split(","))),
        needs=tuple(role.value for role in roles_left(found.needs, (one.role for one in approved))),
        approvals_given=tuple(one.name if named else one.role.value for one in approved),
        mine=found.proposer_id == session.agent.id,
        for_reader=for_reader,
    )


def _ground_words(
    session: DeskSession, roles: frozenset[Role], pack: Pack, decision: Any, keys: TicketKeys | None
) -> str:
    """The grounds by title; "legal review" for everybody who may not know them, without opening anything."""
    if not _may_know(roles, decision.legal_review):
        return pack.texts.legal_review
    if keys is None:
        return ERASED
    proposal = open_answers(session.desk.keyring, keys, decision.id, decision.answers, decision.legal_review)
    return ", ".join(ground.title for ground in applying_grounds(pack, proposal))


def _decision_words(
    session: DeskSession, roles: frozenset[Role], pack: Pack, decision: Decision, keys: TicketKeys
) -> str:
    """Outcome and grounds; a ground that must not be known takes the outcome with it."""
    grounds = _ground_words(session, roles, pack, decision, keys)
    if not _may_know(roles, decision.legal_review):
        return grounds
    outcome = Outcome(decision.outcome).value
    return f"{outcome}: {grounds}" if grounds else outcome


def _approvers(db: Session, decision_id: str) -> tuple[str, ...]:
    """Who approved it, by name, in the order in which they did."""
    names = db.connection().execute(
        select(col(Agent.name))
        .join(Approval, col(Approval.agent_id) == col(Agent.id))
        .where(col(Approval.decision_id) == decision_id, col(Approval.approved).is_(True))
        .order_by(col(Approval.at), col(Agent.name))
    )
    return tuple(names.scalars())


def _reason(
    db: Session, session: DeskSession, decision: Decision, typed: TypedWords, roles: frozenset[Role], pack: Pack
) -> str:
    """Why the proposal was returned, empty where it was not."""
    found = db.connection().execute(
        select(col(Approval.id), col(Approval.reason))
        .where(col(Approval.decision_id) == decision.id, col(Approval.approved).is_(False))
        .limit(1)
    )
    row = found.first()
    if row is None or row[1] is None:
        return ""
    if not _may_know(roles, decision.legal_review):
        return f"{pack.texts.legal_review}; ask a privacy officer for the reason"
    return typed.shown(open_reason(session.desk.keyring, typed.keys, row[0], row[1], decision.legal_review))


def _require_same_policy(pack: Pack, proposal: Proposal) -> None:
    """Refuse a proposal of before its ticket was moved to another policy. Raises StaleProposal."""
    if not _is_of(pack, proposal):
        raise StaleProposal("The ticket was moved to another policy after this was proposed.", "Check the list again.")


def _is_of(pack: Pack, proposal: Proposal) -> bool:
    """Whether this policy has what the proposal speaks of; a ticket can have been moved to another since."""
    return proposal.request in pack.rights and all(pack.ground(one.ground) is not None for one in proposal.findings)


def _lines(pack: Pack, proposal: Proposal, labels: Mapping[str, str]) -> Iterator[str]:
    """A proposal as lines of text, ground by ground."""
    if proposal.granted:
        yield f"Granted: {', '.join(field_titles(pack, proposal.granted))}"
    for finding in proposal.findings:
        yield from _finding_lines(pack, finding, labels)
    if proposal.fee is not None:
        yield f"Fee: {fee_words(pack, proposal.fee)}; requester informed before"


def _finding_lines(pack: Pack, finding: Finding, labels: Mapping[str, str]) -> Iterator[str]:
    ground = pack.ground(finding.ground)
    assert ground is not None  # proposals of before a move are not opened
    head = f"{ground.title} ({pack.cited(ground.clause)})"
    if not finding.applies:
        yield f"{head}: does not apply"
        return
    fields = ", ".join(field_titles(pack, finding.fields))
    yield f"{head}: applies to {fields}" if fields else f"{head}: applies"
    answers = {answer.question: answer for answer in finding.answers}
    for question in ground.questions:
        answer = answers[question.id]
        yield f"  {question.text} {plain(answer.text)} ({day(answer.at)})"
    for item in finding.evidence:
        yield f"  Evidence: {plain(evidence_words(labels, item))}"
    for key in finding.offers:
        yield f"  Offered before: {pack.offers.get(key, key)}"
