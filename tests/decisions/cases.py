"""Complete checklists for tests, made from the pack itself, and people with real passwords."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from sqlalchemy import update

from cs_console.decisions import checklist
from cs_console.decisions.proposal import Answer, Fee, Finding, Proposal
from cs_console.desk import DeskSession
from cs_console.policy.ground_rules import Ground, Question
from cs_console.policy.loader import SHIPPED, load_pack
from cs_console.policy.schema import Pack
from models.agent_session import AgentSession
from models.contact_fields import Field
from models.enums import Outcome, TicketKind
from models.roles import Role
from tests.support.desk import TestDesk
from tests.support.tickets import MadeTicket, make_requester, make_ticket

PASSWORD = "a long enough pass phrase"


@cache
def pack() -> Pack:
    """The shipped pack."""
    return load_pack(SHIPPED / "hauthome-2023-08.toml")


def later(test_desk: TestDesk, **span: float) -> None:
    """Let time pass with everyone at work, so that no one is signed out meanwhile."""
    test_desk.clock.forward(**span)
    with test_desk.desk.database.transaction() as db:
        now = test_desk.clock.now()
        db.connection().execute(update(AgentSession).values(started_at=now, last_active_at=now))


@cache
def _hash() -> str:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)  # real, but quick


def person(test_desk: TestDesk, name: str, *roles: Role) -> DeskSession:
    """A signed-in agent who can be asked for PASSWORD again."""
    return test_desk.session(name, *roles, password_hash=_hash())


def ground(code: str) -> Ground:
    """One of the shipped grounds."""
    found = pack().ground(code)
    assert found is not None
    return found


def answer_text(question: Question) -> str:
    """An answer that does not contradict the ground."""
    if question.kind == "yes_no":
        return "no" if "yes" in question.contradicts else "yes"
    if question.kind == "date":
        return "2027-06-30"
    return f"A considered answer on {question.id}, with its reason."


def finding(code: str, now: datetime, *fields: str, evidence: Iterable[str] = ()) -> Finding:
    """A complete finding that the ground applies to these fields."""
    rules = ground(code)
    items = tuple(evidence) or tuple(f"{rules.evidence.text}, item {n + 1}" for n in range(rules.evidence.items))
    return Finding(
        ground=code,
        applies=True,
        fields=fields,
        answers=tuple(Answer(question.id, answer_text(question), now) for question in rules.questions),
        evidence=items,
        offers=rules.offers[:1],
    )


def refusal(code: str, now: datetime, *fields: str) -> Proposal:
    """A complete refusal on one ground; the grounds that never cover everything grant the e-mail address."""
    some = fields or (Field.MOBILE.value,)
    if ground(code).partial == "always":
        return replace(partial(code, now, *some))
    return Proposal("delete", Outcome.REFUSE, (), (finding(code, now, *some),))


def partial(code: str, now: datetime, *fields: str) -> Proposal:
    """A complete partial answer: the e-mail address is granted, these fields are not."""
    some = fields or (Field.MOBILE.value,)
    return Proposal("delete", Outcome.PARTIAL, (Field.EMAIL.value,), (finding(code, now, *some),))


def grant(*fields: str) -> Proposal:
    """A plain grant."""
    return Proposal("delete", Outcome.GRANT, fields or (Field.EMAIL.value,))


def fee(now: datetime, amount: str = "20.00", told: bool = True) -> Proposal:
    """A complete fee of 20 at a recorded cost of 20."""
    cost = Fee(amount, pack().fee.currency, (("copying", "12.00"), ("postage", "8.00")), told)
    return Proposal("access", Outcome.FEE, (Field.EMAIL.value,), (finding("F", now),), cost)


def answered(proposal: Proposal, question: str, text: str, at: datetime | None = None) -> Proposal:
    """The same proposal with another answer to one question of its first finding."""
    first = proposal.findings[0]
    answers = tuple(
        replace(one, text=text, at=at or one.at) if one.question == question else one for one in first.answers
    )
    return replace(proposal, findings=(replace(first, answers=answers), *proposal.findings[1:]))


def propose(session: DeskSession, number: int, version: int, proposal: Proposal) -> checklist.Proposed:
    """Put on record as asked just what the proposal answers, then propose it."""
    covered = {field for finding in proposal.applying for field in finding.fields}
    checklist.record_asked(session, number, proposal.request, {*proposal.granted, *covered})
    return checklist.propose(session, number, version, proposal)


def request(
    test_desk: TestDesk, assignee: DeskSession, text: str = "Please delete my account.", language: str = "en"
) -> MadeTicket:
    """A verified rights request of a requester with e-mail and mobile on file."""
    contacts = {Field.EMAIL: "alice@example.org", Field.MOBILE: "+8613800138000", Field.NAME: "Alice Wonder"}
    return make_ticket(
        test_desk,
        kind=TicketKind.RIGHTS,
        assignee=assignee,
        verified=True,
        contacts=contacts,
        text=text,
        language=language,
    )


def earlier_request(test_desk: TestDesk, assignee: DeskSession) -> tuple[int, MadeTicket]:
    """An earlier ticket's number and a verified rights request of the same requester."""
    requester = make_requester(test_desk, {Field.EMAIL: "alice@example.org"})
    last_month = test_desk.clock.now() - timedelta(days=30)
    first = make_ticket(test_desk, kind=TicketKind.RIGHTS, requester=requester, received_at=last_month)
    again = make_ticket(test_desk, kind=TicketKind.RIGHTS, requester=requester, assignee=assignee, verified=True)
    return first.number, again
