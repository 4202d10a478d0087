"""A ticket's last settlement, and what an appeal or a complaint is about: for those who may open the ticket."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from cs_console.custody.safe_views import open_typed
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.custody.typed_words import TypedWords, typed_words
from cs_console.decisions.approval_queue import last_decision
from cs_console.decisions.notice_delivery import NoticeWay, notice_way
from cs_console.desk import Desk, DeskSession
from cs_console.errors import KeyDestroyed
from cs_console.independence.matters import MatterView, matter_of
from cs_console.local_time import day_with_year
from cs_console.policy.schema import Pack
from cs_console.policy.workflow_rules import WorkflowQuestion, WorkflowRules
from cs_console.prepared import Prepared
from cs_console.settlements.settling_rules import exception_of, settling_from_json
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import ERASED, open_on_record
from models.agent import Agent
from models.columns import from_microseconds
from models.enums import TicketKind
from models.matter import Matter
from models.roles import WORKS_ON_TICKETS
from models.settlement import Settlement
from models.ticket import Ticket

LAST_SETTLED = Prepared(
    select(col(Settlement.outcome), col(Settlement.notice).is_not(None), col(Settlement.at), col(Agent.name))
    .join(Agent, col(Agent.id) == col(Settlement.agent_id))
    .where(col(Settlement.ticket_number) == bindparam("number"))
    .order_by(col(Settlement.at).desc(), col(Settlement.id).desc())
    .limit(1)
)
"""What `settled_words` asks first, to be asked ahead."""


@dataclass(frozen=True)
class SettlementView:
    """The newest settlement of a ticket. `lines` are its questions and answers, redacted; `letter` is what went out,
    empty where nothing did, and `delivery` what became of it.
    """

    title: str
    agent: str
    at: datetime
    lines: tuple[str, ...]
    letter: str
    delivery: str


def settled_words(db: Session, pack: Pack, kind: TicketKind, number: int) -> str:
    """The settlement in one line: outcome, agent and time; empty for a ticket that was never settled."""
    found = LAST_SETTLED.first(db.connection(), {"number": number})
    if found is None:
        return ""
    outcome, has_notice, settled, agent = found
    at = from_microseconds(settled)
    by_letter = has_notice and notice_way(db, number, at) is NoticeWay.BY_LETTER
    letter = ", to be sent by letter" if by_letter else ""
    return f"{_title(pack, kind, outcome)}, {day_with_year(at)} by {agent}{letter}"


def set_aside_by(db: Session, desk: Desk, number: int, since: datetime) -> int | None:
    """The ticket whose settlement had this one's decision of that moment set aside, the newest; None where none had."""
    settled = (
        select(col(Settlement.ticket_number), col(Settlement.outcome), col(Ticket.kind), col(Ticket.pack))
        .join(Matter, col(Matter.ticket_number) == col(Settlement.ticket_number))
        .join(Ticket, col(Ticket.number) == col(Settlement.ticket_number))
        .where(col(Matter.about_number) == number, col(Settlement.at) >= since)
        .order_by(col(Settlement.at).desc())
    )
    for by, outcome, kind, pack in db.connection().execute(settled):
        rules = desk.packs.get(pack).kinds[TicketKind(kind)].workflow
        settled_as = rules.outcome(outcome) if rules is not None else None
        if settled_as is not None and settled_as.reopens:
            return int(by)
    return None


def last_settlement(session: DeskSession, number: int) -> SettlementView | None:
    """The newest settlement of a ticket; None where there is none.

    A ticket that this session has not opened is opened on record. Raises NotAllowed, NoUndertaking, NothingThere.
    """
    desk = session.desk
    with session.work(*WORKS_ON_TICKETS) as db:
        ticket = open_on_record(db, session, number)
        found = _newest(db, number)
        if found is None:
            return None
        settlement, agent = found
        delivery = "" if settlement.notice is None else notice_way(db, number, settlement.at).value
        typed: TypedWords | None = None
        with suppress(KeyDestroyed):
            typed = typed_words(db, desk, ticket_keys(db, desk, number))
    pack = desk.packs.get(ticket.pack)
    lines: tuple[str, ...] = (ERASED,)
    letter = ERASED if settlement.notice is not None else ""
    if typed is not None:
        rules = _rules_of(pack, ticket.kind, settlement.outcome)
        lines = tuple(_lines(pack, rules, settlement, typed))
        if settlement.notice is not None:
            letter = typed.open("settlement", "notice", settlement.id, settlement.notice)
    title = _title(pack, ticket.kind, settlement.outcome)
    return SettlementView(title, agent, settlement.at, lines, letter, delivery)


def decided_before(session: DeskSession, number: int) -> tuple[str, ...]:
    """What was decided in this ticket's matter, by which agents and on what evidence; empty if no matter is named.

    The earlier ticket is opened on record. Under legal review only privacy officers read why, and who approved.
    Raises NotAllowed, NoUndertaking, NothingThere.
    """
    with session.reading(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        matter = matter_of(db, number)
    if matter is None:
        return ()
    return tuple(_matter_lines(session, matter))


def _matter_lines(session: DeskSession, matter: MatterView) -> Iterator[str]:
    if matter.about_number is None:
        yield f"Decided by {matter.decider}, outside any ticket."
        return
    number = matter.about_number
    decision, settlement = last_decision(session, number), last_settlement(session, number)
    if decision is not None:
        when = "" if decision.decided_at is None else f", {day_with_year(decision.decided_at)}"
        yield f"#{number}: {decision.words} ({decision.state.value}{when})"
        approved = f", approved by {' and '.join(decision.approvers)}" if decision.approvers else ""
        yield f"Proposed by {decision.proposer}{approved}"
        yield from decision.findings
    if settlement is not None:
        yield f"#{number}: {settlement.title}, {day_with_year(settlement.at)} by {settlement.agent}"
        yield from settlement.lines
    if decision is None and settlement is None:
        yield f"#{number}: not decided yet."


def _newest(db: Session, number: int) -> tuple[Settlement, str] | None:
    found = db.execute(
        select(Settlement, col(Agent.name))
        .join(Agent, col(Agent.id) == col(Settlement.agent_id))
        .where(col(Settlement.ticket_number) == number)
        .order_by(col(Settlement.at).desc(), col(Settlement.id).desc())
        .limit(1)
    ).first()
    return None if found is None else (found[0], found[1])


def _rules_of(pack: Pack, kind: TicketKind, outcome: str) -> WorkflowRules | None:
    """The workflow that an outcome belongs to: the ticket's own, or that of the kind it was turned from."""
    kinds = [pack.kinds[kind], *pack.kinds.values()]
    workflows = (rules.workflow for rules in kinds if rules.workflow is not None)
    return next((rules for rules in workflows if rules.outcome_key(outcome) is not None), None)


def _title(pack: Pack, kind: TicketKind, outcome: str) -> str:
    rules = _rules_of(pack, kind, outcome)
    settled_as = rules.outcome(outcome) if rules is not None else None
    return outcome if settled_as is None else settled_as.title


def _lines(pack: Pack, rules: WorkflowRules | None, settlement: Settlement, typed: TypedWords) -> Iterator[str]:
    place = typed.keys.place("settlement", "answers", settlement.id)
    settling = settling_from_json(open_typed(typed.keys.key, place, settlement.answers))
    for key, text in settling.answers.items():
        question = rules.question(key) if rules is not None else None
        if question is None:
            yield f"{key}: {typed.shown(text)}"
        else:
            yield f"{question.text} {typed.shown(text) if question.is_typed else _words(pack, question, text)}"
    settled_as = rules.outcome(settling.outcome) if rules is not None else None
    if settled_as is not None and settling.reason:
        yield f"Reason given: {settled_as.reasons.get(settling.reason, settling.reason)}"


def _words(pack: Pack, question: WorkflowQuestion, text: str) -> str:
    if question.kind == "basis":
        exception = exception_of(pack, text)
        return text if exception is None else f"({exception.number}) {exception.title}"
    return question.choices.get(text, text)
