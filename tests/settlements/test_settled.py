"""What remains of a settlement: for those who may open the ticket, and after the requester was erased."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from cs_console.casework.conversation import open_ticket
from cs_console.casework.workflow import assign, claim
from cs_console.custody.erasing import wipe
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError
from cs_console.independence.matters import name_matter
from cs_console.independence.separation import is_own_appealed
from cs_console.settlements.settled import last_settlement
from models.enums import Action, TicketKind, TicketState
from models.roles import Role
from models.settlement import Settlement
from tests.decisions.cases import person
from tests.settlements.settlements import Refused, end, refused, settlements, settling
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import ticket_of
from tests.support.tickets import make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def test_erasure_wipes_answers_and_letter_and_keeps_that_it_ended(test_desk: TestDesk) -> None:
    ben = person(test_desk, "ben", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.REPORT, assignee=ben)
    end(test_desk, ben, made.number, settling(TicketKind.REPORT))
    with test_desk.desk.database.transaction() as db:
        wipe(db, made.requester_id, test_desk.clock.now())
    [stored] = settlements(test_desk, made.number)
    assert (stored.answers, stored.notice, stored.outcome) == (b"", b"", "acted")
    test_desk.desk.keyring.destroy(made.requester_id)
    view = last_settlement(ben, made.number)
    assert view is not None
    assert (view.title, view.lines, view.letter) == ("Confirmed, and acted on", ("erased",), "erased")


def test_reading_how_it_ended_is_on_record(test_desk: TestDesk) -> None:
    ben, vera = person(test_desk, "ben", Role.AGENT), person(test_desk, "ver", Role.VERIFIER)
    number = make_ticket(test_desk, kind=TicketKind.REPORT, assignee=ben).number
    assert last_settlement(ben, number) is None
    end(test_desk, ben, number, settling(TicketKind.REPORT))
    assert last_settlement(vera, number) is not None
    assert [one.actor for one in recorded(test_desk.desk, Action.TICKET_OPENED)] == ["ben", "ver"]


def test_a_turned_ticket_still_says_what_it_was(test_desk: TestDesk) -> None:
    ben = person(test_desk, "ben", Role.AGENT)
    number = make_ticket(test_desk, assignee=ben).number
    end(test_desk, ben, number, settling(TicketKind.INQUIRY, "turned"))
    view = open_ticket(ben, number)
    assert (view.kind, view.settles) == (TicketKind.RIGHTS, False)
    assert view.settled_words == "Dealt with as a request about personal information, 20 Nov 2026 by ben"


# --- whatever is tried in whatever order

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["mei", "sue", "ben", "sam", "pia"]),
        st.sampled_from(["claim", "settle", "name", "name other", "mei", "sue", "ben", "sam", "pia"]),
    ),
    min_size=1,
    max_size=10,
)


def play(test_desk: TestDesk, case: Refused, number: int, name: str, step: str) -> None:
    """Try one step; most of them are refused."""
    session: DeskSession = getattr(case, name)
    with suppress(ConsoleError):
        match step:
            case "claim":
                claim(session, number)
            case "settle":
                end(test_desk, session, number, settling(TicketKind.APPEAL, "uphold", {"decided": "ticket"}))
            case "name":
                name_matter(session, number, about_number=case.number)
            case "name other":
                name_matter(session, number, decider="vera")
            case _:
                assign(session, number, ticket_of(test_desk, number).version, step)


@pytest.fixture
def case(test_desk: TestDesk) -> Refused:
    return refused(test_desk)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    named=True, steps=[("sam", "mei"), ("mei", "settle"), ("sam", "name other"), ("mei", "claim"), ("mei", "settle")]
)
@example(named=False, steps=[("mei", "claim"), ("mei", "name"), ("mei", "settle"), ("mei", "ben"), ("ben", "settle")])
@given(named=st.booleans(), steps=STEPS)
def test_no_order_of_steps_lets_whoever_decided_settle_the_appeal(
    test_desk: TestDesk, case: Refused, named: bool, steps: list[tuple[str, str]]
) -> None:
    number = make_ticket(test_desk, kind=TicketKind.APPEAL, requester=case.requester, verified=named).number
    if named:  # by someone new: the examples share a desk, and sam may have settled an earlier one
        clerk = person(test_desk, f"clerk-{number}", Role.SUPERVISOR)
        name_matter(clerk, number, about_number=case.number)
    for name, step in steps:
        play(test_desk, case, number, name, step)
    with test_desk.desk.database.reading() as db:
        kept = db.scalars(select(Settlement).where(Settlement.ticket_number == number)).all()  # type: ignore[arg-type]
    assert len(kept) <= 1
    assert (ticket_of(test_desk, number).state == TicketState.CLOSED) == bool(kept)
    for one in kept:  # the settling agent is not among the excluded ones, whatever was named last
        session = next(
            session
            for session in (case.mei, case.sue, case.ben, case.sam, case.pia)
            if session.agent.id == one.agent_id
        )
        with test_desk.desk.database.reading() as db:
            assert not is_own_appealed(db, session, number)
