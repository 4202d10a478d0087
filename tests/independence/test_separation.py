"""Whatever is tried in whatever order: no decision is final without the people it needs."""

from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from cs_console.decisions import approval
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError
from models.agent import Agent
from models.decision import Approval, Decision
from models.enums import DecisionState, TicketState
from models.message import Message
from models.roles import Role
from tests.decisions.cases import PASSWORD, ground, person, propose, refusal, request
from tests.support.desk import TestDesk
from tests.support.rows import ticket_of

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

PEOPLE = {
    "mei": (Role.AGENT, Role.SUPERVISOR, Role.PRIVACY_OFFICER),
    "bo": (Role.SUPERVISOR, Role.PRIVACY_OFFICER),
    "sue": (Role.SUPERVISOR,),
    "sam": (Role.AGENT, Role.SUPERVISOR),
    "pia": (Role.PRIVACY_OFFICER,),
    "root": (Role.ADMIN, Role.VERIFIER),
}
CODES = ("S1", "S4", "S5", "D2", "D3")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(sorted(PEOPLE)), st.sampled_from(["propose", "approve", "approve", "return", "withdraw"])
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture
def staff(test_desk: TestDesk) -> dict[str, DeskSession]:
    return {name: person(test_desk, name, *roles) for name, roles in PEOPLE.items()}


def play(test_desk: TestDesk, staff: dict[str, DeskSession], code: str, steps: list[tuple[str, str]]) -> int:
    """Try all those steps on one new ticket of mei's and return its number; most of them are refused."""
    number = request(test_desk, staff["mei"]).number
    decision_id = "none yet"
    for name, step in steps:
        session = staff[name]
        with suppress(ConsoleError):
            match step:
                case "propose":
                    version = ticket_of(test_desk, number).version
                    decision_id = propose(session, number, version, refusal(code, test_desk.clock.now())).decision_id
                case "approve":
                    approval.approve(session, decision_id, PASSWORD)
                case "return":
                    approval.return_proposal(session, decision_id, "Look again.")
                case _:
                    approval.withdraw(session, decision_id)
    return number


def require_separation(test_desk: TestDesk, number: int, code: str) -> None:
    """Every final decision has each needed role once, by different people, none of them the proposer."""
    with test_desk.desk.database.reading() as db:
        decisions = db.execute(select(Decision).where(col(Decision.ticket_number) == number)).scalars().all()
        for decision in decisions:
            yes = db.execute(
                select(Approval).where(col(Approval.decision_id) == decision.id, col(Approval.approved).is_(True))
            )
            given = yes.scalars().all()
            people = [one.agent_id for one in given]
            assert len(set(people)) == len(people)
            assert decision.proposer_id not in people
            for one in given:
                agent = db.get_one(Agent, one.agent_id)
                assert one.role in agent.roles.split(",")
            complete = Counter(one.role for one in given) == Counter(role.value for role in ground(code).approvers)
            assert (decision.state == DecisionState.FINAL) == complete
        final = [decision for decision in decisions if decision.state == DecisionState.FINAL]
        letters = db.execute(select(Message).where(col(Message.ticket_number) == number)).scalars().all()
        assert len(final) <= 1
        assert len(letters) == 1 + len(final)
        closed = ticket_of(test_desk, number).state == TicketState.CLOSED
        assert closed == bool(final)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(code="S4", steps=[("bo", "approve"), ("bo", "approve")])
@example(code="S1", steps=[("sue", "approve"), ("mei", "approve")])
@example(code="S4", steps=[("bo", "approve"), ("bo", "return"), ("mei", "withdraw"), ("bo", "approve")])
@given(code=st.sampled_from(CODES), steps=STEPS)
def test_no_order_of_steps_gets_round_separation(
    test_desk: TestDesk, staff: dict[str, DeskSession], code: str, steps: list[tuple[str, str]]
) -> None:
    steps = [("mei", "propose"), *steps]
    require_separation(test_desk, play(test_desk, staff, code, steps), code)


@pytest.mark.parametrize("code", CODES)
def test_the_right_people_do_get_there(test_desk: TestDesk, staff: dict[str, DeskSession], code: str) -> None:
    steps = [("mei", "propose"), ("mei", "approve"), ("sue", "approve"), ("sue", "approve"), ("pia", "approve")]
    number = play(test_desk, staff, code, steps)
    require_separation(test_desk, number, code)
    assert ticket_of(test_desk, number).state == TicketState.CLOSED
