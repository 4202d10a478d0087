"""Moving a ticket to another policy: who may, what moves with it, what is on record."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from cs_console.adoption.adopting import adopt, note_current
from cs_console.casework.move_policy import move_to_pack, packs_to_move_to
from cs_console.custody.drafts import save_draft
from cs_console.custody.safe_views import open_typed
from cs_console.deadlines.clock import clock_of
from cs_console.deadlines.clock_events import add_event
from cs_console.decisions import approval
from cs_console.decisions.approval_queue import open_proposal
from cs_console.desk import DeskSession, operator_session
from cs_console.errors import (
    BadInput,
    ChangedElsewhere,
    NotAdopted,
    NotAllowed,
    StaleProposal,
    UnknownPack,
    WrongState,
)
from cs_console.policy.loader import DEFAULT
from models.asked import Asked
from models.clock_event import ClockEvent
from models.enums import Action, ClockMove, TicketKind, TicketState
from models.roles import Role
from tests.deadlines.clocks import steps
from tests.decisions.cases import person, propose, refusal, request
from tests.support.desk import TestDesk
from tests.support.drafts import load_draft
from tests.support.recorded import recorded
from tests.support.rows import ticket_of
from tests.support.stored import keys_of
from tests.support.tickets import make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

GDPR = "gdpr-2018-05"
WHY = "The requester lives in Lyon; call +8613800138000."


def people(test_desk: TestDesk) -> tuple[DeskSession, DeskSession]:
    """An agent and a supervisor, both with the undertaking of either policy, on a desk that has adopted both."""
    desk = test_desk.desk
    note_current(desk)
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    adopt(operator_session(desk), GDPR)
    desk.packs.adopted = DEFAULT  # the undertakings that were accepted are this one's
    return mei, sue


def test_a_moved_ticket_has_the_new_policys_clock_and_the_reason_sealed(test_desk: TestDesk) -> None:
    mei, sue = people(test_desk)
    received = test_desk.clock.now() - timedelta(days=4)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei, verified=True, received_at=received)
    due = ticket_of(test_desk, made.number).due_at
    assert due == test_desk.clock.now() + timedelta(days=30)
    version = move_to_pack(sue, made.number, 1, GDPR, WHY)
    moved = ticket_of(test_desk, made.number)
    assert (moved.version, moved.pack, moved.state) == (version, GDPR, TicketState.VERIFIED)
    assert moved.due_at == due_under(test_desk, GDPR, received)  # from receipt, not from verification
    assert moved.first_response_due_at is not None
    assert moved.first_response_due_at < received + timedelta(days=15)
    with test_desk.desk.database.reading() as db:
        event = db.scalars(select(ClockEvent)).one()
    assert (event.ticket_number, event.move, event.agent_id) == (made.number, ClockMove.PACK_MOVED, sue.agent.id)
    assert event.reason is not None
    keys = keys_of(test_desk.desk, made.number)
    words = open_typed(keys.key, keys.place("clock_event", "reason", event.id), event.reason)
    assert words.startswith("The requester lives in Lyon; call [")
    assert "13800138000" not in words
    [entry] = recorded(test_desk.desk, Action.POLICY_MOVED)
    assert (entry.actor, entry.ticket, entry.reason) == ("sue", made.number, f"{DEFAULT} -> {GDPR}")


def due_under(test_desk: TestDesk, name: str, received: datetime, **more: datetime) -> datetime | None:
    return clock_of(test_desk.desk.packs.get(name), TicketKind.RIGHTS, steps(received, **more)).due


def test_what_had_moved_the_clock_before_still_does(test_desk: TestDesk) -> None:
    mei, sue = people(test_desk)
    number = request(test_desk, mei).number
    received, reviewed = ticket_of(test_desk, number).received_at, test_desk.clock.now() + timedelta(days=90)
    with test_desk.desk.database.transaction() as db:
        add_event(db, number, ClockMove.REVIEWED, reviewed)
    move_to_pack(sue, number, 1, GDPR, WHY)
    due = ticket_of(test_desk, number).due_at
    assert due == due_under(test_desk, GDPR, received, reviewed=reviewed)
    assert due is not None
    assert due > reviewed


def test_the_old_policys_checklist_goes_and_other_drafts_stay(test_desk: TestDesk) -> None:
    mei, sue = people(test_desk)
    number = request(test_desk, mei).number
    save_draft(mei, f"decision:{number}", "S1 S2", number)
    save_draft(mei, f"reply:{number}", "Dear Alice", number)
    with test_desk.desk.database.transaction() as db:
        db.add(Asked(ticket_number=number, right="delete", fields="", agent_id=mei.agent.id, at=test_desk.clock.now()))
    move_to_pack(sue, number, 1, GDPR, WHY)
    assert load_draft(mei, f"decision:{number}", number) == ""
    assert load_draft(mei, f"reply:{number}", number) == "Dear Alice"
    with test_desk.desk.database.reading() as db:
        assert db.get(Asked, number) is None


def test_only_supervisors_move_tickets(test_desk: TestDesk) -> None:
    mei, _ = people(test_desk)
    number = request(test_desk, mei).number
    for session in (mei, person(test_desk, "pia", Role.PRIVACY_OFFICER)):
        with pytest.raises(NotAllowed):
            move_to_pack(session, number, 1, GDPR, WHY)
        with pytest.raises(NotAllowed):
            packs_to_move_to(session, number)
    assert ticket_of(test_desk, number).pack == DEFAULT


def test_a_ticket_in_approval_or_closed_stays(test_desk: TestDesk) -> None:
    mei, sue = people(test_desk)
    number = request(test_desk, mei).number
    decision_id = propose(mei, number, 1, refusal("D2", test_desk.clock.now())).decision_id
    with pytest.raises(WrongState, match="in approval"):
        packs_to_move_to(sue, number)  # before a policy and a reason are asked for in vain
    with pytest.raises(WrongState, match="in approval"):
        move_to_pack(sue, number, 2, GDPR, WHY)
    approval.withdraw(mei, decision_id)
    move_to_pack(sue, number, ticket_of(test_desk, number).version, GDPR, WHY)
    with pytest.raises(StaleProposal):
        open_proposal(sue, decision_id)  # from a list that was read before
    closed = make_ticket(test_desk, state=TicketState.CLOSED).number
    with pytest.raises(WrongState, match="closed"):
        move_to_pack(sue, closed, 1, GDPR, WHY)


def test_it_takes_a_reason_another_adopted_policy_and_the_ticket_as_it_was_seen(test_desk: TestDesk) -> None:
    mei, sue = people(test_desk)
    number = request(test_desk, mei).number
    for reason in ("", "  \n", "x", "待定", "x" * 2001):
        with pytest.raises(BadInput, match="reason"):
            move_to_pack(sue, number, 1, GDPR, reason)
    with pytest.raises(BadInput, match="already"):
        move_to_pack(sue, number, 1, DEFAULT, WHY)
    with pytest.raises(UnknownPack):
        move_to_pack(sue, number, 1, "nothing-2026-01", WHY)
    with pytest.raises(ChangedElsewhere):
        move_to_pack(sue, number, 7, GDPR, WHY)
    with test_desk.desk.database.reading() as db:
        assert db.scalars(select(col(ClockEvent.id))).all() == []
    assert recorded(test_desk.desk, Action.POLICY_MOVED) == []


def test_a_policy_that_nobody_adopted_is_not_offered_and_not_taken(test_desk: TestDesk) -> None:
    note_current(test_desk.desk)
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    number = request(test_desk, mei).number
    assert packs_to_move_to(sue, number) == ()
    with pytest.raises(NotAdopted):
        move_to_pack(sue, number, 1, GDPR, WHY)
    adopt(operator_session(test_desk.desk), GDPR)
    assert [one.name for one in packs_to_move_to(sue, number)] == [GDPR]


def test_a_request_that_is_not_verified_waits_under_the_new_policy_too(test_desk: TestDesk) -> None:
    mei, sue = people(test_desk)
    number = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei).number
    move_to_pack(sue, number, 1, GDPR, WHY)
    moved = ticket_of(test_desk, number)
    assert moved.state == TicketState.TO_VERIFY
    assert moved.due_at == due_under(test_desk, GDPR, moved.received_at)  # its clock runs from receipt
