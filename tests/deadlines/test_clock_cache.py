"""The due dates that tickets hold are what their events say, after whatever services did in whatever order."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_console.casework.workflow import set_kind, set_state
from cs_console.deadlines.clock import clock_of, stopped_for
from cs_console.deadlines.clock_events import clock_now, happened, recompute
from cs_console.deadlines.escalation import escalate_overdue
from cs_console.decisions import approval
from cs_console.decisions.clock_steps import ask_identity, extend
from cs_console.decisions.fee_steps import fee_paid, fee_unpaid
from cs_console.decisions.review import reopen_due
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError, SecondPersonNeeded
from cs_console.policy.schema import Pack
from cs_console.tickets.ticket_record import facts
from cs_console.verification.methods import verify_by_note
from models.contact_fields import Field
from models.enums import Priority, TicketKind, TicketState, VerificationMethod
from models.roles import Role
from models.ticket import Ticket
from tests.deadlines.clocks import clock_events, use_month_pack
from tests.decisions.cases import PASSWORD, fee, grant, person, propose, refusal
from tests.support.answers import write
from tests.support.desk import TestDesk, make_desk
from tests.support.rows import ticket_of
from tests.support.soak import rounds
from tests.support.tickets import give, make_ticket

EXAMPLES = rounds(12, 200)


class _Life:
    """One rights request, and all that can move its clock; who acts signs in afresh each time."""

    def __init__(self, test_desk: TestDesk) -> None:
        self.test_desk, self.desk = test_desk, test_desk.desk
        contacts = {Field.EMAIL: "alice@example.org"}
        self.number = make_ticket(test_desk, kind=TicketKind.RIGHTS, contacts=contacts).number
        self.people = 0

    @property
    def ticket(self) -> Ticket:
        return ticket_of(self.test_desk, self.number)

    def someone(self, role: Role) -> tuple[DeskSession, int, int]:
        self.people += 1
        session = person(self.test_desk, f"{role.value.replace(' ', '-')}-{self.people}", role)
        if role is Role.AGENT:
            give(self.test_desk, self.number, session)
        return (session, self.number, self.ticket.version)

    def ask_identity(self) -> None:
        ask_identity(*self.someone(Role.AGENT))

    def verify(self) -> None:
        session, number, _ = self.someone(Role.VERIFIER)
        verify_by_note(session, number, VerificationMethod.WRITTEN, "A signed letter.")

    def extend(self) -> None:
        extend(*self.someone(Role.SUPERVISOR), "Two archives have to be searched.")

    def ask_fee(self) -> None:
        session, number, row = self.someone(Role.AGENT)
        proposal = fee(self.test_desk.clock.now())
        self.approve(propose(session, number, row, proposal).decision_id, Role.SUPERVISOR)

    def pay(self) -> None:
        session, number, row = self.someone(Role.AGENT)
        fee_paid(session, number, row, self.test_desk.clock.now().date())

    def leave_unpaid(self) -> None:
        fee_unpaid(*self.someone(Role.SUPERVISOR))

    def refuse(self) -> None:
        session, number, row = self.someone(Role.AGENT)
        proposal = refusal("S4", self.test_desk.clock.now())
        decision_id = propose(session, number, row, proposal).decision_id
        self.approve(decision_id, Role.SUPERVISOR, Role.PRIVACY_OFFICER)

    def grant(self) -> None:
        propose(*self.someone(Role.AGENT), grant())

    def approve(self, decision_id: str, *roles: Role) -> None:
        for role in roles:
            approval.approve(self.someone(role)[0], decision_id, PASSWORD)

    def write(self) -> None:
        write(self.test_desk, self.number)

    def open_again(self) -> None:
        set_state(*self.someone(Role.SUPERVISOR), TicketState.OPEN)

    def close(self) -> None:
        self._by_two(lambda: set_state(*self.someone(Role.SUPERVISOR), TicketState.CLOSED, "Sent twice."))

    def change_kind(self) -> None:
        kind = TicketKind.INQUIRY if self.ticket.kind == TicketKind.RIGHTS else TicketKind.RIGHTS
        self._by_two(lambda: set_kind(*self.someone(Role.SUPERVISOR), kind))

    def _by_two(self, act: Callable[[], int]) -> None:
        try:
            act()
        except SecondPersonNeeded:
            act()

    def upkeep(self) -> None:
        reopen_due(self.desk)
        escalate_overdue(self.desk)

    def check(self, pack: Pack) -> None:
        with self.desk.database.transaction() as db:
            ticket = facts(db, self.number)
            clock = clock_now(db, pack, ticket)
            assert (ticket.due_at, ticket.first_response_due_at) == (clock.due, clock.first_response_due)
            assert clock == clock_of(pack, ticket.kind, reversed(happened(db, ticket)))
            assert recompute(db, pack, self.number) == clock
            assert facts(db, self.number) == ticket
        assert clock.due is None or clock.starts is None or clock.due >= clock.starts
        assert all(stopped_for(pack.clock, stop).total_seconds() >= 0 for stop in clock.stops)
        assert (clock.stopped is None) or clock.due is None
        assert clock.escalated is None or ticket.priority >= Priority.HIGH


ACTS = (
    *("ask_identity", "verify", "extend", "ask_fee", "pay", "leave_unpaid", "refuse", "grant"),
    *("write", "open_again", "close", "change_kind", "upkeep"),
)
act = st.tuples(st.sampled_from(ACTS), st.sampled_from([0.01, 0.3, 2, 9, 40, 200]))


@settings(max_examples=EXAMPLES, deadline=None)
@given(months=st.booleans(), acts=st.lists(act, min_size=4, max_size=12))
def test_the_dates_follow_from_the_events_whatever_is_done(
    tmp_path_factory: pytest.TempPathFactory, months: bool, acts: list[tuple[str, float]]
) -> None:
    test_desk = make_desk(tmp_path_factory.mktemp("life") / "home")
    if months:
        use_month_pack(test_desk)
    life = _Life(test_desk)
    life.check(test_desk.desk.packs.current)
    for name, days in acts:
        test_desk.clock.forward(days=days)
        with contextlib.suppress(ConsoleError):
            getattr(life, name)()
        life.check(test_desk.desk.packs.current)
    test_desk.desk.close()


@pytest.mark.parametrize("months", [False, True], ids=["days", "months"])
def test_every_act_of_the_random_lives_can_happen(sqlite_desk: TestDesk, months: bool) -> None:
    """Random orders that are refused at every step would prove nothing."""
    if months:
        use_month_pack(sqlite_desk)
    life, clock = _Life(sqlite_desk), sqlite_desk.clock
    before = ("ask_identity", "verify", "extend") if months else ("ask_identity", "verify")
    fees = ("ask_fee", "write", "pay", "ask_fee", "leave_unpaid", "write")
    after = (*fees, "refuse", "upkeep", "change_kind", "change_kind", "grant", "open_again", "close")
    for name in (*before, *after):
        clock.forward(days={"upkeep": 181, "leave_unpaid": 32}.get(name, 1))
        getattr(life, name)()
        life.check(sqlite_desk.desk.packs.current)
    moves = {event.move for event in clock_events(sqlite_desk, life.number)}
    wanted = {"identity asked for", "fee asked for", "fee paid", "fee not paid", "went on", "review began"}
    assert moves == wanted | ({"extended"} if months else set())
