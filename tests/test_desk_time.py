"""The desk's time never runs before its newest entry, and a clock that was set is not believed by itself."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col
from typer.testing import CliRunner

from cs_console.access_log.append import PreparedEntry, append, append_alone, lock_log
from cs_console.access_log.clocks import clock_difference
from cs_console.access_log.entry import Actor, Entry
from cs_console.access_log.state import log_state
from cs_console.access_log.verify import verify_log
from cs_console.clock import DeskClock, SystemClock
from cs_console.commands import app
from cs_console.custody.disclosure import reveal
from cs_console.deadlines.escalation import escalate_overdue
from cs_console.desk import Desk, operator_session
from cs_console.errors import (
    BadInput,
    ClockBehind,
    LogBroken,
    NotAllowed,
    NotVerified,
    SessionEnded,
    TimeNotConfirmed,
    WrongPassword,
)
from cs_console.opening import open_desk
from cs_console.staff.accounts import add_agent
from cs_console.staff.desk_time import confirm_time
from cs_console.upkeep import keep_up
from models.enums import Action
from models.log import LogEntry
from models.roles import Role
from models.ticket import Ticket
from tests.access_log.tampering import fill, hand
from tests.custody.reveals import mobile_of, own_ticket
from tests.support.desk import FakeClock, TestDesk
from tests.support.recorded import recorded

PASSWORD = "amber kite ninety lakes"
MEI = Actor("mei", "agent", "", "a-host")


def note(desk: Desk, at: datetime | None = None) -> int:
    return append_alone(desk, MEI, Entry(Action.SIGNED_IN), at or desk.clock.now())


def times(desk: Desk) -> list[int]:
    with desk.database.reading() as db:
        return list(db.connection().execute(select(col(LogEntry.at)).order_by(col(LogEntry.seq))).scalars())


def another(made: TestDesk, at: datetime) -> tuple[Desk, FakeClock]:
    """A console that starts now, with the machine's clock at that moment."""
    clock = FakeClock(at)
    return open_desk(made.desk.settings, clock), clock


@pytest.mark.core
def test_a_clock_set_back_reopens_no_window_and_no_session(test_desk: TestDesk) -> None:
    mei, ticket = own_ticket(test_desk)
    test_desk.clock.forward(minutes=14)
    reveal(mei, ticket.number, mobile_of(ticket), "reply")
    test_desk.clock.forward(minutes=16)
    with pytest.raises(SessionEnded):
        reveal(mei, ticket.number, mobile_of(ticket), "reply")
    test_desk.clock.set_by(minutes=-25)
    with pytest.raises(SessionEnded):  # it idled out
        reveal(mei, ticket.number, mobile_of(ticket), "reply")


def test_an_ended_window_stays_ended_in_a_console_that_starts_with_the_clock_set_back(test_desk: TestDesk) -> None:
    _, ticket = own_ticket(test_desk)
    test_desk.clock.forward(days=1)
    note(test_desk.desk)
    desk, _ = another(test_desk, test_desk.clock.at - timedelta(days=1))
    assert desk.clock.now() == test_desk.clock.at
    again = TestDesk(desk, test_desk.clock).session("jan", Role.AGENT)
    with desk.database.transaction() as db:
        db.connection().execute(update(Ticket).values(assignee_id=again.agent.id))
    with pytest.raises(NotVerified):
        reveal(again, ticket.number, mobile_of(ticket), "reply")
    desk.close()


def test_time_goes_on_while_the_clock_is_behind_and_follows_it_afterwards(sqlite_desk: TestDesk) -> None:
    desk, clock = sqlite_desk.desk, sqlite_desk.clock
    before = desk.clock.now()
    clock.set_by(hours=-2)
    assert desk.clock.now() == before
    clock.forward(minutes=30)
    assert desk.clock.now() == before + timedelta(minutes=30)
    assert desk.clock.parted == timedelta(hours=-2)
    clock.set_by(hours=2)
    assert desk.clock.now() == clock.at
    assert not desk.clock.parted


def test_a_small_step_back_is_waited_out(sqlite_desk: TestDesk) -> None:
    desk, clock = sqlite_desk.desk, sqlite_desk.clock
    before = desk.clock.now()
    clock.set_by(minutes=-4)
    assert desk.clock.now() == before
    clock.forward(minutes=5)
    assert desk.clock.now() == clock.at == before + timedelta(minutes=1)
    assert not desk.clock.parted


def test_many_small_steps_are_one_large_one(sqlite_desk: TestDesk) -> None:
    desk, clock = sqlite_desk.desk, sqlite_desk.clock
    for _ in range(3):
        clock.set_by(minutes=4)
        desk.clock.now()
    assert desk.clock.parted == timedelta(minutes=12)


def test_no_entry_is_older_than_the_one_before_it(test_desk: TestDesk) -> None:
    """Whatever time a caller or a host with another clock comes with."""
    test_desk.clock.forward(minutes=10)
    note(test_desk.desk)
    note(test_desk.desk, test_desk.clock.at - timedelta(hours=3))
    behind, clock = another(test_desk, test_desk.clock.at - timedelta(seconds=40))
    fill(test_desk, 1)
    note(behind, clock.at)
    with behind.database.transaction() as db:
        append(db, behind, MEI, Entry(Action.SIGNED_IN), clock.at)
    assert len(times(test_desk.desk)) == 5
    assert times(test_desk.desk) == sorted(times(test_desk.desk))
    assert behind.clock.now() >= test_desk.clock.at
    assert verify_log(behind).ok
    behind.close()


def test_a_forged_newest_time_is_not_believed(test_desk: TestDesk) -> None:
    fill(test_desk, 3)
    with hand(test_desk) as store:
        store.run("UPDATE log_entry SET at = at + 31536000000000 WHERE seq = 3")
    with pytest.raises(LogBroken, match="newest entry"):
        note(test_desk.desk)
    desk, clock = another(test_desk, test_desk.clock.at)
    assert desk.clock.now() == clock.at
    desk.close()


def test_nothing_is_appended_behind_a_tail_that_was_cut(test_desk: TestDesk) -> None:
    fill(test_desk, 3)
    with hand(test_desk) as store:
        store.run("DELETE FROM log_entry WHERE seq = 3")
    with pytest.raises(LogBroken, match="newest entry"):
        note(test_desk.desk)


def test_entries_whose_times_run_back_are_found(test_desk: TestDesk) -> None:
    """As a console of before could have made them, with every tag genuine."""
    desk, clock = test_desk.desk, test_desk.clock
    fill(test_desk, 2)
    with desk.database.bare_transaction() as transaction:
        log = lock_log(transaction, desk)
        log.newest_at = 0
        log.append(PreparedEntry(desk, MEI, Entry(Action.SIGNED_IN), clock.now() - timedelta(minutes=1)))
    fill(test_desk, 2)
    verdict = verify_log(desk)
    assert (verdict.ok, verdict.first_bad, verdict.kind) == (False, 3, "time runs back")


def test_a_jump_ahead_stops_what_dates_decide_until_a_second_person_confirms(
    test_desk: TestDesk, cheap_passwords: None
) -> None:
    desk, clock = test_desk.desk, test_desk.clock
    for name, role in (("omar", Role.SUPERVISOR), ("mei", Role.AGENT)):
        add_agent(operator_session(desk), name, {role}, PASSWORD)
    with pytest.raises(BadInput):
        confirm_time(desk, "omar", PASSWORD)
    before = desk.clock.now()
    clock.set_by(days=3)
    assert desk.clock.now() == before
    with pytest.raises(TimeNotConfirmed):
        escalate_overdue(desk)
    keep_up(desk)
    keep_up(desk)
    [parted] = recorded(desk, Action.TIME_PARTED)  # once, at the desk's own time
    assert "3 days ahead" in parted.reason
    assert datetime.fromtimestamp(times(desk)[-1] / 1e6, UTC) == before
    for name, password, refusal in (
        ("mei", PASSWORD, NotAllowed),
        ("eve", "x", NotAllowed),
        ("omar", "x", WrongPassword),
    ):
        with pytest.raises(refusal):
            confirm_time(desk, name, password)
    other, _ = another(test_desk, clock.at)  # three days are believed of a console that starts
    assert confirm_time(desk, "omar", PASSWORD) == clock.at == desk.clock.now()
    escalate_overdue(desk)
    [confirmed] = recorded(desk, Action.TIME_CONFIRMED)
    assert "3 days ahead" in confirmed.reason
    assert not other.clock.parted
    other.close()


def test_what_was_confirmed_in_one_console_holds_in_the_others(test_desk: TestDesk, cheap_passwords: None) -> None:
    add_agent(operator_session(test_desk.desk), "ines", {Role.ADMIN}, PASSWORD)
    late = test_desk.clock.at + timedelta(days=45)
    first, _ = another(test_desk, late)
    second, _ = another(test_desk, late)
    note(first)  # a time that is not believed does not become the newest entry's
    assert times(first)[-1] == times(first)[0]
    for desk in (first, second):
        assert desk.clock.parted == timedelta(days=45)
        with pytest.raises(TimeNotConfirmed):
            escalate_overdue(desk)
    confirm_time(first, "ines", PASSWORD)
    log_state(second)  # as the header asks every ten seconds
    for desk in (first, second):
        assert desk.clock.now() == late
        escalate_overdue(desk)
        desk.close()


def test_a_clock_that_is_behind_cannot_be_confirmed(sqlite_desk: TestDesk, cheap_passwords: None) -> None:
    add_agent(operator_session(sqlite_desk.desk), "ines", {Role.ADMIN}, PASSWORD)
    sqlite_desk.clock.set_by(days=-2)
    with pytest.raises(ClockBehind, match="2 days behind"):
        confirm_time(sqlite_desk.desk, "ines", PASSWORD)


def test_clocks_that_differ_are_said(sqlite_desk: TestDesk) -> None:
    assert clock_difference(sqlite_desk.desk) == ""
    note(sqlite_desk.desk)
    behind, _ = another(sqlite_desk, sqlite_desk.clock.at - timedelta(seconds=40))
    assert clock_difference(behind) == "this clock is 40 s behind the newest entry"
    behind.close()
    near, _ = another(sqlite_desk, sqlite_desk.clock.at - timedelta(seconds=4))
    assert clock_difference(near) == ""
    near.close()
    sqlite_desk.clock.set_by(hours=3)
    assert clock_difference(sqlite_desk.desk) == "this clock is 3 h ahead of the desk's time"


def test_the_command_says_what_time_it_is_and_confirms(
    sqlite_desk: TestDesk, cheap_passwords: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_agent(operator_session(sqlite_desk.desk), "ines", {Role.ADMIN}, PASSWORD)
    late = sqlite_desk.clock.at + timedelta(days=45)
    monkeypatch.setattr(SystemClock, "now", lambda _self: late)
    home = ["--home", str(sqlite_desk.desk.settings.home)]
    said = CliRunner().invoke(app, ["time", "status", *home])
    assert said.exit_code == 1
    assert "45 days ahead" in said.stdout
    confirm = ["time", "confirm", "--second", "ines", "--password-stdin", *home]
    assert CliRunner().invoke(app, confirm, input="wrong\n").exit_code == 2
    assert CliRunner().invoke(app, confirm, input=PASSWORD + "\n").exit_code == 0
    assert CliRunner().invoke(app, ["time", "status", *home]).exit_code == 0


def test_a_clock_without_a_monotonic_one_never_runs_back() -> None:
    class Wall:
        at = datetime(2026, 11, 20, tzinfo=UTC)

        def now(self) -> datetime:
            return self.at

    wall = Wall()
    clock = DeskClock(wall)
    before = clock.now()
    wall.at -= timedelta(hours=1)
    assert clock.now() == before
    wall.at += timedelta(days=400)
    assert clock.now() == wall.at
    assert not clock.parted
