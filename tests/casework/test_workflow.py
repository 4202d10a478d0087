"""Claiming, handing over and moving tickets: who may, who wins, what goes on record."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlmodel import col

from cs_console.casework.conversation import open_ticket, reply
from cs_console.casework.workflow import BY_HAND, assign, assignable, claim, release, set_kind, set_priority, set_state
from cs_console.errors import (
    BadInput,
    ChangedElsewhere,
    NotAllowed,
    NotAssigned,
    NothingThere,
    TakenBy,
    UnknownAgent,
    WrongState,
)
from cs_console.tickets.ticket_record import TicketFacts, facts
from models.contact_fields import Field
from models.enums import Action, Priority, TicketKind, TicketState
from models.log import LogEntry
from models.roles import Role
from models.verification import Verification
from tests.support.desk import TestDesk
from tests.support.tickets import HAND, make_ticket
from tests.support.two_people import by_two

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def now_of(test_desk: TestDesk, number: int) -> TicketFacts:
    with test_desk.desk.database.reading() as db:
        return facts(db, number)


def entries(test_desk: TestDesk, number: int) -> list[tuple[str, str, str]]:
    """Actor, action and reason of every entry about a ticket, but those that it was made with."""
    statement = (
        select(col(LogEntry.actor), col(LogEntry.action), col(LogEntry.reason))
        .where(col(LogEntry.ticket) == number, col(LogEntry.actor) != HAND.name)
        .order_by(col(LogEntry.seq))
    )
    with test_desk.desk.database.reading() as db:
        return [(actor, action, reason) for actor, action, reason in db.connection().execute(statement)]


def windows_open(test_desk: TestDesk, number: int) -> int:
    with test_desk.desk.database.reading() as db:
        statement = select(col(Verification.id)).where(
            col(Verification.ticket_number) == number, col(Verification.closed_at).is_(None)
        )
        return len(db.connection().execute(statement).all())


def test_claiming_takes_a_ticket_and_is_on_record(test_desk: TestDesk) -> None:
    mei, made = test_desk.session("mei", Role.AGENT), make_ticket(test_desk)
    version = claim(mei, made.number)
    ticket = now_of(test_desk, made.number)
    assert (ticket.assignee, ticket.version) == ("mei", version)
    assert entries(test_desk, made.number) == [("mei", Action.TICKET_CLAIMED, "claimed")]


def test_the_second_to_claim_is_told_who_has_it(test_desk: TestDesk) -> None:
    mei, sam = test_desk.session("mei", Role.AGENT), test_desk.session("sam", Role.AGENT)
    made = make_ticket(test_desk)
    claim(mei, made.number)
    with pytest.raises(TakenBy, match="mei") as taken:
        claim(sam, made.number)
    assert taken.value.name == "mei"
    assert now_of(test_desk, made.number).assignee == "mei"


def test_claiming_ones_own_ticket_again_changes_nothing(test_desk: TestDesk) -> None:
    mei, made = test_desk.session("mei", Role.AGENT), make_ticket(test_desk)
    assert claim(mei, made.number) == claim(mei, made.number)
    assert len(entries(test_desk, made.number)) == 1


@pytest.mark.parametrize("racers", [2, 8])
@pytest.mark.engines("sqlite", "postgresql")
def test_of_several_who_claim_at_once_exactly_one_wins(test_desk: TestDesk, racers: int) -> None:
    """ASVS 15.4.2: check and change are one statement."""
    desks = [test_desk.session(f"agent{at}", Role.AGENT) for at in range(racers)]
    made = make_ticket(test_desk)
    together = Barrier(racers)

    def race(at: int) -> str:
        together.wait()
        try:
            claim(desks[at], made.number)
        except TakenBy as taken:
            return taken.name
        return "won"

    with ThreadPoolExecutor(racers) as pool:
        said = list(pool.map(race, range(racers)))
    assert said.count("won") == 1
    winner = f"agent{said.index('won')}"
    assert set(said) == {"won", winner}
    assert now_of(test_desk, made.number).assignee == winner
    assert entries(test_desk, made.number) == [(winner, Action.TICKET_CLAIMED, "claimed")]


def test_what_cannot_be_claimed_says_why(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    closed = make_ticket(test_desk, state=TicketState.CLOSED)
    with pytest.raises(WrongState, match="closed"):
        claim(mei, closed.number)
    with pytest.raises(NothingThere):
        claim(mei, 99_999)
    with pytest.raises(NotAllowed):
        claim(test_desk.session("root", Role.ADMIN), make_ticket(test_desk).number)


def test_a_hand_over_closes_the_verification_window(test_desk: TestDesk) -> None:
    mei, sam = test_desk.session("mei", Role.AGENT), test_desk.session("sam", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.APPEAL, verified=True, assignee=mei)
    assert windows_open(test_desk, made.number) == 1
    assign(mei, made.number, 1, "sam")
    assert now_of(test_desk, made.number).assignee == "sam"
    assert windows_open(test_desk, made.number) == 0
    assert [(actor, action) for actor, action, _ in entries(test_desk, made.number)] == [
        ("mei", Action.TICKET_ASSIGNED),
        ("mei", Action.WINDOW_CLOSED),
    ]
    assert entries(test_desk, made.number)[0][2] == "mei -> sam"
    with pytest.raises(NotAssigned):
        assign(mei, made.number, 2, "mei")
    assert claim(sam, made.number) == 2


def test_releasing_gives_the_ticket_back_and_closes_the_window(test_desk: TestDesk) -> None:
    mei, sam = test_desk.session("mei", Role.AGENT), test_desk.session("sam", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.APPEAL, verified=True, assignee=mei)
    with pytest.raises(NotAssigned):
        release(sam, made.number, 1)
    release(mei, made.number, 1)
    assert now_of(test_desk, made.number).assignee is None
    assert entries(test_desk, made.number)[0] == ("mei", Action.TICKET_RELEASED, "released by mei, was mei's")
    assert windows_open(test_desk, made.number) == 0
    with pytest.raises(WrongState, match="not assigned to anyone"):
        release(test_desk.session("sue", Role.SUPERVISOR), made.number, 2)


def test_a_supervisor_assigns_anybodys_ticket_and_nobodys(test_desk: TestDesk) -> None:
    mei, sue = test_desk.session("mei", Role.AGENT), test_desk.session("sue", Role.SUPERVISOR)
    test_desk.session("sam", Role.AGENT)
    hers, nobodys = make_ticket(test_desk, assignee=mei), make_ticket(test_desk)
    assert assign(sue, hers.number, 1, "sam") == 2
    assert assign(sue, nobodys.number, 1, "mei") == 2
    with pytest.raises(BadInput, match="already"):
        assign(sue, nobodys.number, 2, "mei")
    with pytest.raises(NotAssigned):
        assign(test_desk.session("ann", Role.AGENT), make_ticket(test_desk).number, 1, "sam")


def test_a_window_that_was_opened_for_nobodys_ticket_is_for_whom_it_is_given_to(test_desk: TestDesk) -> None:
    sue = test_desk.session("sue", Role.SUPERVISOR)
    test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.APPEAL, verified=True)
    assign(sue, made.number, 1, "mei")
    assert windows_open(test_desk, made.number) == 1


def test_tickets_go_only_to_people_who_can_work_them(test_desk: TestDesk) -> None:
    sue = test_desk.session("sue", Role.SUPERVISOR)
    test_desk.session("root", Role.ADMIN)
    test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk)
    assert assignable(sue) == ("mei", "sue")
    for name in ("root", "unknown-name"):
        with pytest.raises(UnknownAgent):
            assign(sue, made.number, 1, name)


@pytest.mark.parametrize("state", list(TicketState))
def test_every_state_is_reached_only_along_the_table(test_desk: TestDesk, state: TicketState) -> None:
    """ASVS 2.3.1: steps in the order expected, none skipped."""
    mei = test_desk.session("mei", Role.AGENT)
    for wanted in TicketState:
        made = make_ticket(test_desk, state=state, assignee=mei, verified=True)
        if wanted in BY_HAND[state]:
            assert set_state(mei, made.number, 1, wanted) == 2
            ticket = now_of(test_desk, made.number)
            assert ticket.state is wanted
            assert (ticket.closed_at is not None) is (wanted is TicketState.CLOSED)
            assert ("mei", Action.TICKET_STATE_SET, f"state {state} -> {wanted}") in entries(test_desk, made.number)
        else:
            way_on = "proposal" if state is TicketState.IN_APPROVAL else "Possible: "
            with pytest.raises(WrongState, match=way_on) as refused:
                set_state(mei, made.number, 1, wanted)
            assert f"cannot be set to {wanted} by hand" in refused.value.sentence
            assert now_of(test_desk, made.number).version == 1


def test_a_state_and_a_kind_are_changed_by_whose_ticket_it_is_or_a_supervisor(test_desk: TestDesk) -> None:
    """ASVS 8.2.2: others' tickets are looked at, not changed."""
    mei, sam = test_desk.session("mei", Role.AGENT), test_desk.session("sam", Role.AGENT)
    sue, made = test_desk.session("sue", Role.SUPERVISOR), make_ticket(test_desk, assignee=mei)
    with pytest.raises(NotAssigned):
        set_state(sam, made.number, 1, TicketState.WAITING)
    with pytest.raises(NotAssigned):
        set_kind(sam, made.number, 1, TicketKind.REPORT)
    assert set_kind(sue, made.number, set_state(sue, made.number, 1, TicketState.WAITING), TicketKind.REPORT) == 3


def test_a_closed_ticket_is_opened_before_it_is_changed(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    test_desk.session("sam", Role.AGENT)
    made = make_ticket(test_desk, state=TicketState.CLOSED, assignee=mei)
    changes: tuple[Callable[[], int], ...] = (
        lambda: release(mei, made.number, 1),
        lambda: assign(mei, made.number, 1, "sam"),
        lambda: set_kind(mei, made.number, 1, TicketKind.REPORT),
        lambda: set_priority(mei, made.number, 1, Priority.LOW),
    )
    for change in changes:
        with pytest.raises(WrongState, match="is closed"):
            change()
    assert now_of(test_desk, made.number).version == 1


def test_nobody_is_verified_by_hand(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei)
    with pytest.raises(WrongState, match="never verified"):
        set_state(mei, made.number, 1, TicketState.VERIFIED)


def test_a_rights_request_is_not_closed_around_its_decision(test_desk: TestDesk) -> None:
    """Policy V.4: refusing goes through the checklist."""
    mei, sue = test_desk.session("mei", Role.AGENT), test_desk.session("sue", Role.SUPERVISOR)
    verified = make_ticket(test_desk, kind=TicketKind.RIGHTS, verified=True, assignee=mei)
    for session in (mei, sue):
        with pytest.raises(WrongState, match="decision"):
            set_state(session, verified.number, 1, TicketState.CLOSED)
    unverified = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei)
    with pytest.raises(NotAllowed, match="supervisor"):
        set_state(mei, unverified.number, 1, TicketState.CLOSED)
    with pytest.raises(BadInput, match="needs a reason"):
        set_state(sue, unverified.number, 1, TicketState.CLOSED, " ")
    sol = test_desk.session("sol", Role.SUPERVISOR)
    by_two(
        lambda: set_state(sue, unverified.number, 1, TicketState.CLOSED, "Sent twice."),
        lambda: set_state(sol, unverified.number, 1, TicketState.CLOSED, "Sent twice."),
    )
    assert "Sent twice." in {line.text for line in open_ticket(sue, unverified.number).lines}
    assert now_of(test_desk, unverified.number).state is TicketState.CLOSED


@pytest.mark.parametrize("state", [TicketState.OPEN, TicketState.WAITING])
def test_an_unverified_rights_request_stays_in_its_lane(test_desk: TestDesk, state: TicketState) -> None:
    """Policy V.4: no clock before verification, so nowhere to be forgotten."""
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei)
    with pytest.raises(WrongState, match="verification"):
        set_state(mei, made.number, 1, state)


def test_closing_closes_the_window_and_reopening_starts_without_one(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.INQUIRY, verified=True, assignee=mei)
    set_state(mei, made.number, 1, TicketState.CLOSED)
    assert windows_open(test_desk, made.number) == 0
    assert entries(test_desk, made.number)[-1] == ("mei", Action.WINDOW_CLOSED, "the ticket was closed")
    set_state(mei, made.number, 2, TicketState.OPEN)
    assert now_of(test_desk, made.number).closed_at is None


def test_the_kind_moves_the_ticket_to_its_lane_and_clock(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk)
    set_kind(mei, made.number, 1, TicketKind.RIGHTS)
    ticket = now_of(test_desk, made.number)
    assert (ticket.kind, ticket.state, ticket.next_due_at) == (TicketKind.RIGHTS, TicketState.TO_VERIFY, None)
    with pytest.raises(BadInput, match="already"):
        set_kind(mei, made.number, 2, TicketKind.RIGHTS)
    sue = test_desk.session("sue", Role.SUPERVISOR)
    by_two(
        lambda: set_kind(mei, made.number, 2, TicketKind.COMPLAINT),
        lambda: set_kind(sue, made.number, 2, TicketKind.COMPLAINT),
    )
    ticket = now_of(test_desk, made.number)
    assert (ticket.kind, ticket.state) == (TicketKind.COMPLAINT, TicketState.OPEN)
    assert ticket.next_due_at == ticket.first_response_due_at is not None
    assert [reason for _, _, reason in entries(test_desk, made.number)] == [
        "kind inquiry -> rights, state open -> to verify",
        "complaint",
        "kind rights -> complaint, state to verify -> open",
    ]


def test_a_verified_ticket_that_becomes_a_rights_request_has_its_due_date_at_once(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.INQUIRY, verified=True)
    set_kind(mei, made.number, 1, TicketKind.RIGHTS)
    ticket = now_of(test_desk, made.number)
    days = test_desk.desk.packs.current.clock.respond_days
    assert ticket.state is TicketState.VERIFIED
    assert ticket.due_at is not None
    assert (ticket.due_at - test_desk.clock.now()).days == days


def test_a_verified_request_is_not_taken_around_its_decision_by_another_kind(test_desk: TestDesk) -> None:
    """Policy V.4: refusing goes through the checklist."""
    mei, sue = test_desk.session("mei", Role.AGENT), test_desk.session("sue", Role.SUPERVISOR)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, verified=True, assignee=mei)
    with pytest.raises(NotAllowed, match="supervisor"):
        set_kind(mei, made.number, 1, TicketKind.INQUIRY)
    assert now_of(test_desk, made.number).kind is TicketKind.RIGHTS
    sol = test_desk.session("sol", Role.SUPERVISOR)
    second = by_two(
        lambda: set_kind(sue, made.number, 1, TicketKind.INQUIRY),
        lambda: set_kind(sol, made.number, 1, TicketKind.INQUIRY),
    )
    assert second == 2


def test_a_ticket_in_approval_keeps_its_kind(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, state=TicketState.IN_APPROVAL, verified=True, assignee=mei)
    with pytest.raises(WrongState, match="proposal"):
        set_kind(mei, made.number, 1, TicketKind.INQUIRY)


def test_priority_is_set_on_ones_own_ticket_or_nobodys(test_desk: TestDesk) -> None:
    mei, sam = test_desk.session("mei", Role.AGENT), test_desk.session("sam", Role.AGENT)
    nobodys, hers = make_ticket(test_desk), make_ticket(test_desk, assignee=mei)
    assert set_priority(sam, nobodys.number, 1, Priority.HIGH) == 2
    assert entries(test_desk, nobodys.number)[0][2] == "priority normal -> high"
    with pytest.raises(NotAssigned):
        set_priority(sam, hers.number, 1, Priority.HIGH)
    with pytest.raises(WrongState):
        set_priority(sam, make_ticket(test_desk, state=TicketState.CLOSED).number, 1, Priority.LOW)


@pytest.mark.engines("sqlite", "postgresql")
def test_a_change_made_meanwhile_is_noticed_and_nothing_is_overwritten(test_desk: TestDesk) -> None:
    """ASVS 15.4.2: of two consoles that change the same ticket the slower one is told."""
    mei, sue = test_desk.session("mei", Role.AGENT), test_desk.session("sue", Role.SUPERVISOR)
    test_desk.session("sam", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei)
    set_priority(sue, made.number, 1, Priority.URGENT)
    late_changes: tuple[Callable[[], int], ...] = (
        lambda: set_state(mei, made.number, 1, TicketState.WAITING),
        lambda: set_priority(mei, made.number, 1, Priority.LOW),
        lambda: set_kind(mei, made.number, 1, TicketKind.REPORT),
        lambda: assign(mei, made.number, 1, "sam"),
        lambda: release(mei, made.number, 1),
    )
    for late in late_changes:
        with pytest.raises(ChangedElsewhere):
            late()
    ticket = now_of(test_desk, made.number)
    assert (ticket.priority, ticket.state, ticket.version) == (Priority.URGENT, TicketState.OPEN, 2)
    assert len(entries(test_desk, made.number)) == 1


def test_entries_name_the_requester_by_pseudonym_and_no_value(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, contacts={Field.EMAIL: "canary@example.org"}, subject="canary")
    claim(mei, made.number)
    with test_desk.desk.database.reading() as db:
        claimed = (col(LogEntry.ticket) == made.number, col(LogEntry.action) == Action.TICKET_CLAIMED.value)
        entry = db.scalars(select(LogEntry).where(*claimed)).one()
    key = test_desk.desk.keyring.key(made.requester_id)
    assert entry.requester == test_desk.desk.pseudonym(made.requester_id, key)
    assert "canary" not in repr(entry)


def test_a_ticket_of_an_erased_requester_can_still_be_put_away(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, verified=True)
    test_desk.desk.keyring.destroy(made.requester_id)
    version = claim(mei, made.number)
    set_state(mei, made.number, version, TicketState.CLOSED)
    assert windows_open(test_desk, made.number) == 0
    with test_desk.desk.database.reading() as db:
        claimed = (col(LogEntry.ticket) == made.number, col(LogEntry.action) == Action.TICKET_CLAIMED.value)
        assert db.scalars(select(LogEntry).where(*claimed)).one().requester is None


@pytest.mark.parametrize(
    "roles, taken, step",
    [
        ((Role.AGENT,), False, "Claim it first (c), or ask a supervisor to assign it to you."),
        ((Role.AGENT,), True, "The assignee or a supervisor can reassign it to you."),
        ((Role.SUPERVISOR,), True, "Assign it to yourself (a)."),
        ((Role.PRIVACY_OFFICER,), False, "Ask a supervisor to assign it to you."),
    ],
)
def test_whose_ticket_it_is_not_is_told_what_works_for_them(
    test_desk: TestDesk, roles: tuple[Role, ...], taken: bool, step: str
) -> None:
    made = make_ticket(test_desk, assignee=test_desk.session("mei", Role.AGENT) if taken else None)
    with pytest.raises(NotAssigned) as refusal:
        reply(test_desk.session("ann", *roles), made.number, 1, "contact", "Hello")
    assert refusal.value.next_step == step


def test_a_closed_ticket_of_somebody_elses_is_opened_by_a_supervisor(test_desk: TestDesk) -> None:
    mei, ann = test_desk.session("mei", Role.AGENT), test_desk.session("ann", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei, state=TicketState.CLOSED)
    with pytest.raises(NotAssigned) as refusal:
        set_state(ann, made.number, 1, TicketState.OPEN)
    assert refusal.value.next_step == "A supervisor can reopen it."
