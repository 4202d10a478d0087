"""When a review date passes, the ticket is reopened once, and decided again."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from cs_console.casework import conversation
from cs_console.casework.workflow import set_state
from cs_console.decisions import approval, review
from cs_console.decisions.review import reopen_due
from cs_console.desk import Desk, DeskSession
from cs_console.errors import WrongState
from models.enums import Action, RequesterState, TicketState
from models.requester import Requester
from models.roles import Role
from tests.decisions.cases import PASSWORD, grant, ground, person, propose, refusal, request
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import decision_of, ticket_of
from tests.support.tickets import take_over

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def decided(test_desk: TestDesk, code: str) -> tuple[DeskSession, int, str]:
    """An agent, the number of their ticket that was refused on that ground, and the decision's id."""
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    decision_id = propose(mei, number, 1, refusal(code, test_desk.clock.now())).decision_id
    for name, role in (("sue", Role.SUPERVISOR), ("pia", Role.PRIVACY_OFFICER)):
        approval.approve(person(test_desk, name, role), decision_id, PASSWORD)
    assert ticket_of(test_desk, number).state == TicketState.CLOSED
    return mei, number, decision_id


def back(test_desk: TestDesk, agent: DeskSession, name: str) -> DeskSession:
    """A new agent at work today (yesterday's sessions are over), with that agent's tickets."""
    session = person(test_desk, name, Role.AGENT)
    take_over(test_desk, agent, session)
    return session


@pytest.mark.parametrize("code", ["S1", "S4"])
def test_the_ticket_opens_again_on_the_packs_day_and_the_clock_counts_anew(test_desk: TestDesk, code: str) -> None:
    mei, number, decision_id = decided(test_desk, code)
    days = timedelta(days=ground(code).review_days)
    assert decision_of(test_desk, decision_id).review_at == test_desk.clock.now() + days
    test_desk.clock.at += days - timedelta(seconds=1)
    assert reopen_due(test_desk.desk) == ()
    test_desk.clock.forward(seconds=1)
    assert reopen_due(test_desk.desk) == (number,)
    ticket = ticket_of(test_desk, number)
    assert (ticket.state, ticket.closed_at) == (TicketState.OPEN, None)
    assert ticket.due_at == test_desk.clock.now() + timedelta(days=30)
    (entry,) = recorded(test_desk.desk, Action.REVIEW_BEGAN)
    assert (entry.actor, entry.ticket, entry.reason) == ("console", number, "the decision's review date has come")
    assert conversation.reload(back(test_desk, mei, "may"), number).decision_words.endswith("; its review has begun")
    assert "the review" in conversation.reload(back(test_desk, mei, "mo"), number).clock_words
    assert reopen_due(test_desk.desk) == ()


@pytest.mark.engines("sqlite", "postgresql")
def test_of_two_consoles_that_see_the_date_at_once_one_begins_the_review(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, number, _ = decided(test_desk, "S4")
    test_desk.clock.forward(days=181)
    begin, began = review._begin, []

    def in_both(desk: Desk, number: int, now: datetime) -> bool:
        began.extend([begin(desk, number, now), begin(desk, number, now)])  # both had read the same list
        return began[0]

    monkeypatch.setattr(review, "_begin", in_both)
    assert reopen_due(test_desk.desk) == (number,)
    assert began == [True, False]
    assert len(recorded(test_desk.desk, Action.REVIEW_BEGAN)) == 1


def test_a_ticket_that_was_decided_again_after_its_review_stays_closed(test_desk: TestDesk) -> None:
    mei, number, _ = decided(test_desk, "S4")
    test_desk.clock.forward(days=181)
    assert reopen_due(test_desk.desk) == (number,)
    mo = back(test_desk, mei, "mo")
    propose(mo, number, ticket_of(test_desk, number).version, grant())
    test_desk.clock.forward(days=400)
    assert reopen_due(test_desk.desk) == ()


def test_a_decision_that_a_later_one_replaced_is_not_reviewed(test_desk: TestDesk) -> None:
    """Refused until a review, then granted before it: there is nothing left to look at again."""
    mei, number, _ = decided(test_desk, "S4")
    version = set_state(mei, number, ticket_of(test_desk, number).version, TicketState.OPEN)
    test_desk.clock.forward(minutes=1)
    given = propose(mei, number, version, grant()).decision_id
    for name, role in (("stan", Role.SUPERVISOR), ("pat", Role.PRIVACY_OFFICER)):
        approval.approve(person(test_desk, name, role), given, PASSWORD)
    test_desk.clock.forward(days=181)
    assert reopen_due(test_desk.desk) == ()
    assert ticket_of(test_desk, number).state == TicketState.CLOSED


@pytest.mark.parametrize("state", [RequesterState.ERASED, RequesterState.RESTRICTED])
def test_no_review_opens_a_ticket_of_the_erased(test_desk: TestDesk, state: RequesterState) -> None:
    _, number, _ = decided(test_desk, "S4")
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Requester).values(state=state))
    test_desk.clock.forward(days=181)
    assert reopen_due(test_desk.desk) == ()
    assert ticket_of(test_desk, number).state == TicketState.CLOSED


def test_a_review_ends_with_a_decision_not_by_hand(test_desk: TestDesk) -> None:
    """Policy V.4: what was refused until a date is not refused for longer by one person."""
    mei, number, _ = decided(test_desk, "S4")
    version = set_state(mei, number, ticket_of(test_desk, number).version, TicketState.OPEN)
    set_state(mei, number, version, TicketState.CLOSED)  # the decision stands still
    test_desk.clock.forward(days=181)
    assert reopen_due(test_desk.desk) == (number,)
    mo = back(test_desk, mei, "mo")
    with pytest.raises(WrongState, match="ends with a decision"):
        set_state(mo, number, ticket_of(test_desk, number).version, TicketState.CLOSED)
