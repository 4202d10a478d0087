"""Approval: by others, each in one role, with the password again, on the record."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from sqlmodel import col

from cs_console.casework import conversation
from cs_console.casework.workflow import set_priority, set_state
from cs_console.decisions import approval
from cs_console.decisions.approval_queue import last_decision
from cs_console.decisions.approvers import roles_left
from cs_console.desk import DeskSession
from cs_console.errors import (
    BadInput,
    ConsoleError,
    NotAllowed,
    NothingThere,
    NoUndertaking,
    OwnProposal,
    SessionEnded,
    SignInMustWait,
    StaleProposal,
    StoreUnavailable,
    WrongPassword,
    WrongState,
)
from models.agent import Agent
from models.contact import Contact
from models.decision import Approval, Decision
from models.enums import Action, DecisionState, Priority, TicketKind, TicketState
from models.log import LogEntry
from models.roles import Role
from models.ticket import Ticket
from tests.decisions.cases import PASSWORD, grant, person, propose, refusal, request
from tests.support.desk import TestDesk
from tests.support.rows import actions, decision_of, notices, ticket_of
from tests.support.tickets import make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def proposed(test_desk: TestDesk, code: str = "D2") -> tuple[DeskSession, int, str]:
    """An agent, their ticket and their proposal to refuse it."""
    mei = person(test_desk, "mei", Role.AGENT, Role.SUPERVISOR, Role.PRIVACY_OFFICER)
    number = request(test_desk, mei).number
    return mei, number, propose(mei, number, 1, refusal(code, test_desk.clock.now())).decision_id


def last_entry(test_desk: TestDesk) -> tuple[str, str, str, str]:
    with test_desk.desk.database.reading() as db:
        newest = select(LogEntry).where(col(LogEntry.action).like("decision.%")).order_by(col(LogEntry.seq).desc())
        entry = db.execute(newest.limit(1)).scalar_one()
        return entry.action, entry.outcome, entry.reason, entry.actor


def test_another_persons_approval_makes_the_decision_final(test_desk: TestDesk) -> None:
    _, number, decision_id = proposed(test_desk)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    result = approval.approve(sue, decision_id, PASSWORD)
    assert (result.final, result.number, result.still_needed, result.delivery) == (
        True,
        number,
        (),
        "The notice was sent.",
    )
    decision, ticket = decision_of(test_desk, decision_id), ticket_of(test_desk, number)
    assert (decision.state, decision.decided_at) == (DecisionState.FINAL, test_desk.clock.now())
    assert decision.notice is not None
    assert ticket.state == TicketState.CLOSED
    assert len(notices(test_desk, number)) == 1
    assert [row for row in actions(test_desk) if row[0].startswith("decision")] == [
        (Action.DECISION_PROPOSED, "done", "refuse"),
        (Action.DECISION_APPROVED, "done", "supervisor"),
        (Action.DECISION_MADE, "done", "refuse"),
    ]


def test_two_roles_take_two_people(test_desk: TestDesk) -> None:
    _, number, decision_id = proposed(test_desk, "S4")
    both = person(test_desk, "bo", Role.SUPERVISOR, Role.PRIVACY_OFFICER)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    pia = person(test_desk, "pia", Role.PRIVACY_OFFICER)
    first = approval.approve(both, decision_id, PASSWORD)
    assert (first.final, first.still_needed) == (False, ("privacy officer",))
    with pytest.raises(NotAllowed, match="already approved this"):
        approval.approve(both, decision_id, PASSWORD)
    with pytest.raises(NotAllowed, match="still needs approval by a privacy officer"):
        approval.approve(sue, decision_id, PASSWORD)
    assert ticket_of(test_desk, number).state == TicketState.IN_APPROVAL
    assert approval.approve(pia, decision_id, PASSWORD).final


@pytest.mark.core
def test_nobody_approves_or_returns_their_own_proposal_whatever_their_roles(test_desk: TestDesk) -> None:
    """ASVS 2.3.5, DESIGN separation; the attempt is recorded with its code."""
    mei, number, decision_id = proposed(test_desk)
    with pytest.raises(OwnProposal):
        approval.approve(mei, decision_id, PASSWORD)
    assert last_entry(test_desk) == (Action.DECISION_REFUSED, "refused", "own_proposal", "mei")
    with pytest.raises(OwnProposal):
        approval.return_proposal(mei, decision_id, "not now")
    assert ticket_of(test_desk, number).state == TicketState.IN_APPROVAL


def test_an_approver_without_the_role_is_refused_on_record(test_desk: TestDesk) -> None:
    _, _, decision_id = proposed(test_desk, "S5")
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    with pytest.raises(NotAllowed):
        approval.approve(sue, decision_id, "a wrong pass phrase")  # before any password is looked at
    assert last_entry(test_desk) == (Action.DECISION_REFUSED, "refused", "role_required", "sue")


def test_the_password_is_asked_again(test_desk: TestDesk) -> None:
    """ASVS 7.5.3: a wrong one approves nothing, is recorded, and makes the next try wait like at sign-in."""
    _, number, decision_id = proposed(test_desk)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    for _ in range(5):
        with pytest.raises(WrongPassword):
            approval.approve(sue, decision_id, "a wrong pass phrase")
        assert last_entry(test_desk) == (Action.DECISION_REFUSED, "refused", "wrong_password", "sue")
    with pytest.raises(SignInMustWait):
        approval.approve(sue, decision_id, PASSWORD)
    assert ticket_of(test_desk, number).state == TicketState.IN_APPROVAL
    test_desk.clock.forward(seconds=5)
    assert approval.approve(sue, decision_id, PASSWORD).final


def test_a_role_that_was_taken_away_counts_no_more(test_desk: TestDesk) -> None:
    """ASVS 8.3.2: roles are read afresh."""
    _, _, decision_id = proposed(test_desk)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Agent).where(col(Agent.id) == sue.agent.id).values(roles="agent"))
    with pytest.raises(NotAllowed):
        approval.approve(sue, decision_id, PASSWORD)
    with pytest.raises(NotAllowed):
        approval.open_proposal(sue, decision_id)


def test_a_suspended_account_approves_nothing(test_desk: TestDesk) -> None:
    _, _, decision_id = proposed(test_desk)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Agent).where(col(Agent.id) == sue.agent.id).values(state="suspended"))
    with pytest.raises(SessionEnded):
        approval.approve(sue, decision_id, PASSWORD)


def test_without_an_undertaking_nothing_is_approved_or_opened(test_desk: TestDesk) -> None:
    _, _, decision_id = proposed(test_desk)
    sue = test_desk.session("sue", Role.SUPERVISOR, undertaking=False)
    with pytest.raises(NoUndertaking):
        approval.approve(sue, decision_id, PASSWORD)
    with pytest.raises(NoUndertaking):
        approval.open_proposal(sue, decision_id)
    with pytest.raises(NoUndertaking):
        approval.waiting(sue)


def test_a_ticket_that_changed_makes_the_proposal_stale(test_desk: TestDesk) -> None:
    mei, number, decision_id = proposed(test_desk)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    set_priority(mei, number, 2, Priority.HIGH)
    with pytest.raises(StaleProposal):
        approval.approve(sue, decision_id, "a wrong pass phrase")  # before any password is looked at
    assert last_entry(test_desk)[2] == "stale_proposal"
    approval.return_proposal(sue, decision_id, "The ticket has changed.")
    again = propose(mei, number, 4, refusal("D2", test_desk.clock.now())).decision_id
    assert approval.approve(sue, again, PASSWORD).final


@pytest.mark.engines("sqlite", "postgresql")
def test_a_ticket_that_changes_while_the_password_is_checked_makes_it_stale_too(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ASVS 15.4.2: what was checked is checked again in the transaction that acts."""
    mei, number, decision_id = proposed(test_desk, "S4")
    sue = person(test_desk, "sue", Role.SUPERVISOR)

    def meanwhile(*_args: object) -> bool:
        set_priority(mei, number, 2, Priority.HIGH)
        return True

    monkeypatch.setattr(approval, "confirm_password", meanwhile)
    with pytest.raises(StaleProposal):
        approval.approve(sue, decision_id, PASSWORD)
    with test_desk.desk.database.reading() as db:
        assert db.execute(select(Approval)).all() == []


def test_answers_that_went_stale_while_waiting_block_the_approval(test_desk: TestDesk) -> None:
    _, number, decision_id = proposed(test_desk, "S4")
    test_desk.clock.forward(days=31)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    with pytest.raises(StaleProposal, match="more than 30 days ago"):
        approval.approve(sue, decision_id, PASSWORD)
    assert last_entry(test_desk) == (Action.DECISION_REFUSED, "refused", "stale_proposal", "sue")
    assert ticket_of(test_desk, number).state == TicketState.IN_APPROVAL


def test_returning_says_why_and_frees_the_ticket(test_desk: TestDesk) -> None:
    mei, number, decision_id = proposed(test_desk)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    with pytest.raises(BadInput):
        approval.return_proposal(sue, decision_id, "  ")
    approval.return_proposal(sue, decision_id, "Ask alice@example.org for a narrower request first.")
    assert last_entry(test_desk) == (Action.DECISION_RETURNED, "done", "supervisor", "sue")
    assert ticket_of(test_desk, number).state == TicketState.VERIFIED
    shown = last_decision(mei, number)
    assert shown is not None
    assert shown.state is DecisionState.RETURNED
    assert shown.reason == "Ask [e-mail] for a narrower request first."
    with pytest.raises(WrongState):
        approval.approve(sue, decision_id, PASSWORD)
    assert approval.waiting(sue).rows == ()


def test_only_the_proposer_withdraws(test_desk: TestDesk) -> None:
    mei, number, decision_id = proposed(test_desk)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    with pytest.raises(NotAllowed):
        approval.withdraw(sue, decision_id)
    approval.withdraw(mei, decision_id)
    assert last_entry(test_desk) == (Action.DECISION_WITHDRAWN, "done", "", "mei")
    assert decision_of(test_desk, decision_id).state == DecisionState.WITHDRAWN
    assert ticket_of(test_desk, number).state == TicketState.VERIFIED
    with pytest.raises(WrongState):
        approval.withdraw(mei, decision_id)


def test_the_list_shows_all_to_approvers_and_ones_own_to_agents(test_desk: TestDesk) -> None:
    mei, number, decision_id = proposed(test_desk)
    ben, sue = person(test_desk, "ben", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    other = request(test_desk, ben).number
    propose(ben, other, 1, refusal("S4", test_desk.clock.now()))
    assert {row.number for row in approval.waiting(sue).rows} == {number, other}
    [own] = approval.waiting(ben).rows
    assert (own.number, own.mine, own.proposer) == (other, True, "ben")
    assert own.needs == ("supervisor", "privacy officer")
    row = next(row for row in approval.waiting(mei).rows if row.decision_id == decision_id)
    assert row.ground_words == "Needs excessive technical measures"
    with test_desk.desk.database.reading() as db:
        test_desk.desk.keyring.destroy(db.get_one(Ticket, number).requester_id)
    row = next(row for row in approval.waiting(mei).rows if row.decision_id == decision_id)
    assert row.ground_words == "erased"


def test_the_list_is_bounded_to_the_oldest_which_come_first(test_desk: TestDesk) -> None:
    _, _, decision_id = proposed(test_desk)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    with test_desk.desk.database.transaction() as db:
        one = db.get_one(Decision, decision_id)
        values = one.model_dump(exclude={"id", "proposed_at"}, warnings=False)
        for n in range(250):
            db.add(Decision(**values, id=f"{n:032}", proposed_at=one.proposed_at - timedelta(minutes=n + 1)))
        db.flush()
        db.connection().execute(update(Decision).where(col(Decision.id) != decision_id).values(legal_review=True))
    waiting = approval.waiting(sue)
    assert waiting.more
    assert [row.decision_id for row in waiting.rows] == [f"{n:032}" for n in range(249, 49, -1)]
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(delete(Decision).where(col(Decision.id).in_([f"{n:032}" for n in range(51)])))
    waiting = approval.waiting(sue)
    assert (len(waiting.rows), waiting.more) == (200, False)
    assert waiting.rows[-1].decision_id == decision_id


def test_opening_is_for_approvers_and_the_proposer_and_is_recorded(test_desk: TestDesk) -> None:
    mei, number, decision_id = proposed(test_desk)
    ben = person(test_desk, "ben", Role.AGENT)
    with pytest.raises(NotAllowed):
        approval.open_proposal(ben, decision_id)
    with pytest.raises(NothingThere):
        approval.open_proposal(mei, "0" * 32)
    view = approval.open_proposal(mei, decision_id)
    assert view.mine
    assert f"#{number}" in view.notice
    assert (Action.PROPOSAL_OPENED, "done", "") in actions(test_desk)


@pytest.mark.parametrize("read", [conversation.reload, last_decision])
def test_who_read_a_proposal_has_not_opened_its_ticket_yet(
    test_desk: TestDesk, read: Callable[[DeskSession, int], object]
) -> None:
    """Invariant 1: the words of a ticket are opened on a record of their own."""
    _, number, decision_id = proposed(test_desk)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    approval.open_proposal(sue, decision_id)
    for _ in range(2):
        read(sue, number)
    assert actions(test_desk)[-2:] == [
        (Action.PROPOSAL_OPENED, "done", ""),
        (Action.TICKET_OPENED, "done", ""),
    ]


@pytest.mark.engines("sqlite", "postgresql")
def test_two_approvers_at_once_make_one_decision_and_one_letter(test_desk: TestDesk) -> None:
    """ASVS 15.4.2: the second finds it decided."""
    _, number, decision_id = proposed(test_desk)
    people = [person(test_desk, name, Role.SUPERVISOR) for name in ("sue", "sam")]
    start = threading.Barrier(2)
    outcomes: list[bool | str] = []

    def approve(session: DeskSession) -> None:
        start.wait()
        try:
            outcomes.append(approval.approve(session, decision_id, PASSWORD).final)
        except ConsoleError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=approve, args=(session,)) for session in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [True, "wrong_state"]
    assert len(notices(test_desk, number)) == 1
    with test_desk.desk.database.reading() as db:
        assert len(db.execute(select(Approval)).scalars().all()) == 1


@pytest.mark.engines("sqlite", "postgresql")
def test_if_any_step_of_the_last_approval_fails_none_of_it_happened(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ASVS 2.3.3: one transaction."""
    _, number, decision_id = proposed(test_desk)
    sue = person(test_desk, "sue", Role.SUPERVISOR)

    def full(*_args: object, **_named: object) -> str:
        raise StoreUnavailable("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr("cs_console.decisions.finalise.queue_message", full)
        with pytest.raises(StoreUnavailable):
            approval.approve(sue, decision_id, PASSWORD)
    decision = decision_of(test_desk, decision_id)
    assert (decision.state, decision.notice) == (DecisionState.PROPOSED, None)
    assert ticket_of(test_desk, number).state == TicketState.IN_APPROVAL
    assert actions(test_desk)[-1][0] == Action.DECISION_PROPOSED
    assert approval.approve(sue, decision_id, PASSWORD).final


def test_who_cannot_be_reached_gets_a_letter(test_desk: TestDesk) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei, verified=True, contacts={})
    decision_id = propose(mei, made.number, 1, refusal("D2", test_desk.clock.now())).decision_id
    assert approval.approve(sue, decision_id, PASSWORD).delivery == "The notice must be sent by letter."


def test_the_notice_is_on_record_as_sent_by_whose_yes_sent_it(test_desk: TestDesk) -> None:
    _, _, decision_id = proposed(test_desk)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    approval.approve(sue, decision_id, PASSWORD)
    with test_desk.desk.database.reading() as db:
        sent = db.scalars(select(col(LogEntry.actor)).where(col(LogEntry.action) == Action.MESSAGE_SENT)).all()
    assert sent == ["sue"]


def test_a_decision_stands_when_its_letter_cannot_be_sent(test_desk: TestDesk) -> None:
    _, number, decision_id = proposed(test_desk)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    outbox = test_desk.desk.settings.outbox
    assert outbox is not None
    Path(outbox).write_text("a file where the folder should be", "utf-8")
    result = approval.approve(sue, decision_id, PASSWORD)
    assert result.final
    assert "not sent yet" in result.delivery
    assert ticket_of(test_desk, number).state == TicketState.CLOSED
    assert len(notices(test_desk, number)) == 1


def test_places_are_filled_one_by_one() -> None:
    needs = "supervisor,supervisor,privacy officer"
    assert roles_left(needs, ()) == (Role.SUPERVISOR, Role.SUPERVISOR, Role.PRIVACY_OFFICER)
    assert roles_left(needs, (Role.SUPERVISOR,)) == (Role.SUPERVISOR, Role.PRIVACY_OFFICER)
    assert roles_left(needs, (Role.PRIVACY_OFFICER, Role.SUPERVISOR, Role.SUPERVISOR)) == ()
    assert roles_left("", ()) == ()


def test_a_second_notice_to_be_posted_is_not_hidden_by_a_first_that_was_sent(test_desk: TestDesk) -> None:
    mei, number, decision_id = proposed(test_desk)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    approval.approve(sue, decision_id, PASSWORD)
    assert conversation.reload(mei, number).decision_words == "refuse, made"
    test_desk.clock.forward(minutes=1)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Contact).values(replaced_at=test_desk.clock.now()))
    version = set_state(mei, number, ticket_of(test_desk, number).version, TicketState.OPEN)
    approval.approve(sue, propose(mei, number, version, grant()).decision_id, PASSWORD)
    assert conversation.reload(mei, number).decision_words == "grant, made, to be sent by letter"
    last = last_decision(mei, number)
    assert last is not None
    assert (last.words, last.delivery) == ("grant", "The notice must be sent by letter.")
