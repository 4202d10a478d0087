"""What is asked is on record before an answer is proposed, and the answer is held against it field by field."""

import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from cs_console.decisions import approval, checklist, request_scope
from cs_console.decisions.proposal import AskedFor
from cs_console.decisions.rules import asked_problems
from cs_console.errors import (
    AskedDiffers,
    AskedMissing,
    BadInput,
    ConsoleError,
    NotAllowed,
    NotAssigned,
    NoUndertaking,
    WrongState,
)
from models.enums import Action, Outcome, TicketKind, TicketState
from models.log import LogEntry
from models.roles import Role
from tests.decisions.cases import PASSWORD, fee, finding, grant, pack, partial, person, refusal, request
from tests.support.desk import TestDesk
from tests.support.rows import actions, ticket_of
from tests.support.tickets import make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def test_what_is_asked_is_recorded_in_the_packs_order_with_the_names_of_the_fields(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    assert request_scope.read_asked(mei, number) is None
    made = request_scope.record_asked(mei, number, "delete", ["orders", "e-mail", "mobile"])
    assert made == AskedFor("delete", ("mobile", "e-mail", "orders"), "mei", test_desk.clock.now())
    assert request_scope.read_asked(mei, number) == made
    with test_desk.desk.database.reading() as db:
        [entry] = db.execute(select(LogEntry).where(col(LogEntry.action) == Action.ASKED_RECORDED)).scalars()
    assert (entry.ticket, entry.actor, entry.reason) == (number, "mei", "what is asked: delete")
    assert set(entry.fields.split(",")) == {"mobile", "e-mail", "orders"}


def test_each_correction_is_an_entry_and_the_same_again_is_none(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    for right, fields in (
        ("delete", ["mobile"]),
        ("delete", ["mobile"]),
        ("access", ["mobile"]),
        ("access", ["mobile", "name"]),
    ):
        request_scope.record_asked(mei, number, right, fields)
    assert [reason for action, _, reason in actions(test_desk) if action == Action.ASKED_RECORDED] == [
        "what is asked: delete",
        "what is asked, corrected: access",
        "what is asked, corrected: access",
    ]


def test_what_is_asked_stands_still_while_an_answer_waits_or_stands(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number, now = request(test_desk, mei).number, test_desk.clock.now()
    request_scope.record_asked(mei, number, "delete", ["mobile"])
    decision_id = checklist.propose(mei, number, 1, refusal("D2", now)).decision_id
    with pytest.raises(WrongState, match="already proposed"):
        request_scope.record_asked(mei, number, "delete", ["name"])
    approval.withdraw(mei, decision_id)
    request_scope.record_asked(mei, number, "delete", ["name"])
    checklist.propose(mei, number, 3, grant("name"))
    with pytest.raises(WrongState, match="closed"):
        request_scope.record_asked(mei, number, "delete", ["mobile"])


def test_it_is_for_whoever_may_propose_on_their_own_open_rights_request(test_desk: TestDesk) -> None:
    """ASVS 8.2.1: deny by default."""
    mei, ben = person(test_desk, "mei", Role.AGENT), person(test_desk, "ben", Role.AGENT)
    root = person(test_desk, "root", Role.ADMIN, Role.VERIFIER)
    new = test_desk.session("new", Role.AGENT, undertaking=False)
    inquiry = make_ticket(test_desk, assignee=mei).number
    for session, number, error in (
        (ben, request(test_desk, mei).number, NotAssigned),
        (root, request(test_desk, root).number, NotAllowed),
        (new, request(test_desk, new).number, NoUndertaking),
        (mei, inquiry, WrongState),
    ):
        with pytest.raises(error):
            request_scope.record_asked(session, number, "delete", ["mobile"])
        assert request_scope.read_asked(mei, number) is None


@pytest.mark.parametrize(("right", "fields"), [("erase", ["mobile"]), ("delete", []), ("delete", ["mobil"])])
def test_only_what_the_pack_knows_can_be_asked(test_desk: TestDesk, right: str, fields: list[str]) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    with pytest.raises(BadInput):
        request_scope.record_asked(mei, number, right, fields)
    assert actions(test_desk) == []


def test_it_can_be_recorded_before_the_requester_is_verified(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei).number
    assert request_scope.record_asked(mei, number, "access", ["orders"]).fields == ("orders",)


def test_nothing_is_proposed_before_it_is_on_record_what_is_asked(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    with pytest.raises(AskedMissing):
        checklist.propose(mei, number, 1, grant())
    assert actions(test_desk) == [(Action.DECISION_REFUSED, "refused", "asked_missing")]


def test_granting_less_than_was_asked_closes_nothing(test_desk: TestDesk) -> None:
    """The hole that this closes: a plain grant of one field was final at once, whatever else had been asked."""
    mei = person(test_desk, "mei", Role.AGENT)
    number, now = request(test_desk, mei).number, test_desk.clock.now()
    request_scope.record_asked(mei, number, "delete", ["e-mail", "mobile", "orders"])
    for proposal in (
        grant("e-mail"),  # less
        grant("e-mail", "mobile", "orders", "name"),  # more
        replace(grant("e-mail", "mobile", "orders"), request="access"),  # something else
        partial("D2", now, "mobile"),  # a ground for some, nothing for the rest
        refusal("D2", now, "mobile", "orders"),
        refusal("D2", now, "mobile", "orders", "e-mail", "name"),
        replace(fee(now), request="delete"),
    ):
        with pytest.raises(AskedDiffers):
            checklist.propose(mei, number, 1, proposal)
    assert (ticket_of(test_desk, number).state, ticket_of(test_desk, number).version) == (TicketState.VERIFIED, 1)
    assert set(actions(test_desk)[1:]) == {(Action.DECISION_REFUSED, "refused", "asked_differs")}


def test_what_a_ground_covers_and_what_is_granted_make_up_what_was_asked(test_desk: TestDesk) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    number, now = request(test_desk, mei).number, test_desk.clock.now()
    request_scope.record_asked(mei, number, "delete", ["e-mail", "mobile", "orders"])
    proposal = partial("D2", now, "mobile", "orders")
    decision_id = checklist.propose(mei, number, 1, proposal).decision_id
    view = approval.open_proposal(sue, decision_id)
    assert (
        view.findings[0]
        == "Asked: Deletion of personal information: Mobile number, E-mail address, Transaction records and coupons"
    )
    assert approval.approve(sue, decision_id, PASSWORD).final


def test_what_is_asked_is_told_under_legal_review_too(test_desk: TestDesk) -> None:
    """It came from the requester, and is the same whichever ground it is."""
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    number = request(test_desk, mei).number
    request_scope.record_asked(mei, number, "delete", ["mobile"])
    decision_id = checklist.propose(mei, number, 1, refusal("S1", test_desk.clock.now())).decision_id
    assert approval.open_proposal(sue, decision_id).findings == (
        "Asked: Deletion of personal information: Mobile number",
        "legal review",
    )


@pytest.mark.engines("sqlite", "postgresql")
def test_a_correction_and_a_proposal_at_once_never_miss_each_other(test_desk: TestDesk) -> None:
    """ASVS 15.4.2: either the answer was held against the correction, or the correction is refused."""
    mei = person(test_desk, "mei", Role.AGENT)
    for _ in range(6):
        number = request(test_desk, mei).number
        request_scope.record_asked(mei, number, "delete", ["e-mail"])
        start = threading.Barrier(2)
        refused: list[str] = []

        def correct(number: int = number, start: threading.Barrier = start, refused: list[str] = refused) -> None:
            start.wait()
            try:
                request_scope.record_asked(mei, number, "delete", ["e-mail", "orders"])
            except ConsoleError as problem:
                refused.append(problem.code)

        other = threading.Thread(target=correct)
        other.start()
        start.wait()
        try:
            checklist.propose(mei, number, 1, grant("e-mail"))
        except AskedDiffers as problem:
            refused.append(problem.code)
        other.join()
        assert len(refused) == 1
        held = request_scope.read_asked(mei, number)
        assert held is not None
        assert (ticket_of(test_desk, number).state == TicketState.CLOSED) == (held.fields == ("e-mail",))


_KEYS = sorted({field.value for field in pack().fields} | set(pack().records))
_SOME = st.sets(st.sampled_from(_KEYS), max_size=4)


@given(_SOME.filter(bool), _SOME, _SOME)
def test_an_answer_passes_only_if_it_is_about_all_of_it_and_nothing_else(
    wanted: set[str], granted: set[str], covered: set[str]
) -> None:
    from tests.support.desk import FakeClock

    found = finding("D2", FakeClock().now(), *covered)
    proposal = checklist.Proposal("delete", Outcome.PARTIAL, tuple(granted), (found,))
    problems = tuple(asked_problems(pack(), proposal, AskedFor("delete", tuple(wanted))))
    assert (not problems) == (granted | covered == wanted)
