"""Complete settlements for tests, made from the pack itself, and tickets that are about decided ones."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from cs_console.decisions import approval
from cs_console.desk import DeskSession
from cs_console.independence.matters import name_matter
from cs_console.policy.schema import Pack
from cs_console.policy.workflow_rules import WorkflowQuestion, WorkflowRules
from cs_console.settlements.settling import Settled, settle
from cs_console.settlements.settling_rules import Settling, asked
from models.contact_fields import Field
from models.enums import TicketKind
from models.roles import Role
from models.settlement import Settlement
from tests.decisions.cases import PASSWORD, pack, person, propose, refusal
from tests.support.desk import TestDesk
from tests.support.rows import ticket_of
from tests.support.tickets import make_requester, make_ticket

OUTCOMES = {
    TicketKind.APPEAL: "uphold",
    TicketKind.REPORT: "acted",
    TicketKind.COMPLAINT: "founded",
    TicketKind.INQUIRY: "turned",
}
CONTACTS = {Field.EMAIL: "alice@example.org", Field.MOBILE: "+8613800138000", Field.NAME: "Alice Wonder"}


def workflow(kind: TicketKind, of: Pack | None = None) -> WorkflowRules:
    """The shipped steps of a kind."""
    rules = (of or pack()).kinds[kind].workflow
    assert rules is not None
    return rules


def settling(kind: TicketKind, outcome: str = "", answers: Mapping[str, str] | None = None) -> Settling:
    """A complete settlement: the first of every choice, no data of others, the first reason."""
    rules, given = workflow(kind), dict(answers or {})
    for question in rules.questions:
        if question in asked(pack(), rules, given):
            given.setdefault(question.id, _answer(question))
    key = outcome or OUTCOMES[kind]
    return Settling(key, given, next(iter(rules.outcomes[key].reasons), ""))


def _answer(question: WorkflowQuestion) -> str:
    if question.kind == "choice":
        return next((key for key in question.choices if key not in question.names_matter), next(iter(question.choices)))
    return {"yes_no": "no", "basis": "5"}.get(question.kind, f"What was found on {question.id}, with its reason.")


def end(test_desk: TestDesk, session: DeskSession, number: int, what: Settling) -> Settled:
    """Settle the ticket as it is now."""
    return settle(session, number, ticket_of(test_desk, number).version, what)


def settlements(test_desk: TestDesk, number: int) -> list[Settlement]:
    """What is stored of a ticket's settlements, oldest first."""
    with test_desk.desk.database.reading() as db:
        wanted = select(Settlement).where(col(Settlement.ticket_number) == number).order_by(col(Settlement.at))
        return list(db.scalars(wanted))


@dataclass(frozen=True)
class Refused:
    """A rights request that mei proposed to refuse and sue approved; ben, sam and pia had no part in it."""

    mei: DeskSession
    sue: DeskSession
    ben: DeskSession
    sam: DeskSession
    pia: DeskSession
    number: int
    requester: tuple[str, dict[Field, str]]


def refused(test_desk: TestDesk) -> Refused:
    """A refused request and the people of the desk."""
    mei = person(test_desk, "mei", Role.AGENT, Role.SUPERVISOR)
    sue, sam = person(test_desk, "sue", Role.SUPERVISOR), person(test_desk, "sam", Role.AGENT, Role.SUPERVISOR)
    ben, pia = person(test_desk, "ben", Role.AGENT), person(test_desk, "pia", Role.PRIVACY_OFFICER)
    requester = make_requester(test_desk, CONTACTS)
    number = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei, verified=True, requester=requester).number
    proposal = refusal("D2", test_desk.clock.now())
    decision_id = propose(mei, number, 1, proposal).decision_id
    assert approval.approve(sue, decision_id, PASSWORD).final
    test_desk.clock.forward(minutes=1)
    return Refused(mei, sue, ben, sam, pia, number, requester)


def about(
    test_desk: TestDesk,
    case: Refused,
    kind: TicketKind,
    assignee: DeskSession | None = None,
    *,
    number: int | None = None,
) -> int:
    """An appeal or a complaint of the same requester, named by sam to be about the refused request (or `number`)."""
    made = make_ticket(test_desk, kind=kind, assignee=assignee, verified=True, requester=case.requester)
    name_matter(case.sam, made.number, about_number=number or case.number)
    return made.number
