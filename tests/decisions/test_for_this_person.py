"""What waits for a person's approval: the list, the header and the approval itself say the same of everyone."""

from collections.abc import Iterator

import pytest

from cs_console.casework.needs import needs_of
from cs_console.casework.workflow import assign
from cs_console.decisions import approval
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError
from models.roles import Role
from tests.decisions.cases import PASSWORD, person, propose, refusal, request
from tests.support.answers import write
from tests.support.desk import TestDesk
from tests.support.rows import ticket_of
from tests.support.statements import statements


def people(test_desk: TestDesk) -> Iterator[DeskSession]:
    yield person(test_desk, "mei", Role.AGENT, Role.SUPERVISOR)
    yield person(test_desk, "sue", Role.SUPERVISOR)
    yield person(test_desk, "sam", Role.SUPERVISOR)
    yield person(test_desk, "pia", Role.PRIVACY_OFFICER)
    yield person(test_desk, "ben", Role.AGENT)


def said_alike(who: DeskSession) -> bool:
    """Whether the one proposal that waits is for this person, after all have said the same."""
    rows = approval.waiting(who).rows
    listed = any(row.for_reader for row in rows)
    assert needs_of(who).approvals == listed, who.agent.name
    for row in rows:
        try:
            approval.require_may_approve(who, row.decision_id)
        except ConsoleError:
            assert not listed, who.agent.name
        else:
            assert listed, who.agent.name
        assert approval.open_proposal(who, row.decision_id).for_reader == listed
    return listed


def test_a_proposal_waits_for_those_who_can_decide_on_it(test_desk: TestDesk) -> None:
    mei, sue, *_, ben = everyone = tuple(people(test_desk))
    number = request(test_desk, mei).number
    first = propose(mei, number, 1, refusal("D2", test_desk.clock.now())).decision_id
    assert [said_alike(one) for one in everyone] == [False, True, True, False, False], "not the proposer's"
    assert approval.approve(sue, first, PASSWORD).final
    write(test_desk, number)
    assign(mei, number, ticket_of(test_desk, number).version, "ben")
    propose(ben, number, ticket_of(test_desk, number).version, refusal("D2", test_desk.clock.now()))
    assert [said_alike(one) for one in everyone] == [False, False, True, False, False], "not who refused before"


def test_where_two_roles_are_needed_it_waits_for_the_one_that_is_missing(sqlite_desk: TestDesk) -> None:
    _, sue, *_, ben = everyone = tuple(people(sqlite_desk))
    number = request(sqlite_desk, ben).number
    decision_id = propose(ben, number, 1, refusal("S4", sqlite_desk.clock.now())).decision_id
    assert [said_alike(one) for one in everyone] == [True, True, True, True, False]
    approval.approve(sue, decision_id, PASSWORD)
    assert [said_alike(one) for one in everyone] == [False, False, False, True, False]


@pytest.mark.engines("sqlite")
def test_what_is_over_waits_for_no_one(test_desk: TestDesk) -> None:
    _, sue, _, _, ben = tuple(people(test_desk))
    number = request(test_desk, ben).number
    decision_id = propose(ben, number, 1, refusal("D2", test_desk.clock.now())).decision_id
    approval.withdraw(ben, decision_id)
    assert needs_of(sue).approvals == 0
    assert not approval.open_proposal(sue, decision_id).for_reader


def test_the_header_asks_as_little_for_many_proposals_as_for_none_while_nothing_happens(test_desk: TestDesk) -> None:
    _, sue, sam, _, ben = tuple(people(test_desk))
    with statements(test_desk) as for_none:
        needs_of(sue)
    for waiting in (1, 2, 3):
        number = request(test_desk, ben).number
        decision_id = propose(ben, number, 1, refusal("D2", test_desk.clock.now())).decision_id
        assert needs_of(sue).approvals == waiting
    with statements(test_desk) as for_many:
        assert needs_of(sue).approvals == 3
    assert len(for_many) <= len(for_none)
    approval.approve(sam, decision_id, PASSWORD)
    assert needs_of(sue).approvals == 2
