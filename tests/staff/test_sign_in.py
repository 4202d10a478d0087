"""Signing in, out and the lock (ASVS 6.3, 7.2 to 7.4, 16.3.1)."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from cs_console.access_log.checkpoint import latest
from cs_console.desk import DeskSession, operator_session
from cs_console.errors import (
    AccountSuspended,
    ConsoleError,
    MustChangePassword,
    NotAllowed,
    SessionEnded,
    SignInMustWait,
    SignInRefused,
    WrongPassword,
)
from cs_console.staff import accounts, passwords
from cs_console.staff.accounts import confirm_password
from cs_console.staff.sign_in import SignedIn, sign_in, sign_out, touch, unlock
from cs_console.staff.tries import wait_after
from models.agent import Agent
from models.enums import Action, Result
from models.roles import Role
from tests.support.desk import TestDesk, make_desk
from tests.support.recorded import recorded

PASSWORD = "amber kite ninety lakes"
OTHER = "quiet harbour seven oaks"

pytestmark = pytest.mark.usefixtures("cheap_passwords")


def add(test_desk: TestDesk, name: str = "mei", *roles: Role, temporary: bool = False) -> str:
    return accounts.add_agent(
        operator_session(test_desk.desk), name, roles or (Role.AGENT,), PASSWORD, temporary=temporary
    )


def fail(test_desk: TestDesk, name: str = "mei", times: int = 1) -> ConsoleError:
    for _ in range(times):
        with pytest.raises((SignInRefused, SignInMustWait)) as refused:
            sign_in(test_desk.desk, name, OTHER)
    return refused.value


def live(session: DeskSession) -> None:
    with session.reading():
        pass


def test_the_right_password_begins_a_recorded_session(test_desk: TestDesk) -> None:
    add(test_desk, "mei", Role.AGENT, Role.VERIFIER)
    signed = sign_in(test_desk.desk, "  MEI ", PASSWORD)
    assert signed.session.agent.name == "mei"
    assert signed.session.agent.roles == {Role.AGENT, Role.VERIFIER}
    assert signed.undertaking_due
    assert not signed.must_change_password
    assert signed.last_signed_in is None
    live(signed.session)
    entry = recorded(test_desk.desk, Action.SIGNED_IN)[-1]
    assert (entry.actor, entry.roles) == ("mei", "agent,verifier")
    assert entry.session == signed.session.session_id[:16]


def test_unknown_name_and_wrong_password_are_refused_with_the_same_words(test_desk: TestDesk) -> None:
    """ASVS 6.3.8."""
    add(test_desk)
    known, unknown = fail(test_desk, "mei"), fail(test_desk, "unknown-name")
    assert str(known) == str(unknown)
    assert type(known) is type(unknown)


def test_both_cost_one_verification(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """ASVS 6.3.8: the same work, counted."""
    add(test_desk)
    calls: list[str | None] = []
    real = passwords.verify

    def counted(stored: str | None, typed: str) -> bool:
        calls.append(stored)
        return real(stored, typed)

    monkeypatch.setattr(passwords, "verify", counted)
    fail(test_desk, "mei")
    fail(test_desk, "unknown-name")
    assert len(calls) == 2
    assert calls[1] is None


def test_unknown_and_known_names_have_to_wait_alike(test_desk: TestDesk) -> None:
    """ASVS 6.3.8: the wait does not tell whether an account exists either."""
    add(test_desk)
    known = [fail(test_desk, "mei") for _ in range(7)]
    unknown = [fail(test_desk, "unknown-name") for _ in range(7)]
    assert [str(one) for one in known] == [str(one) for one in unknown]
    assert isinstance(known[-1], SignInMustWait)


@pytest.mark.parametrize("name", ["", "mei\x00", "mei\udcff", "x" * 10_000, "me i"])
def test_what_can_be_no_name_is_refused_like_any_unknown_one(test_desk: TestDesk, name: str) -> None:
    """Neither engine is asked for what it cannot hold."""
    add(test_desk)
    errors_end_command = [fail(test_desk, name) for _ in range(6)]
    assert [type(one) for one in errors_end_command] == [SignInRefused] * 5 + [SignInMustWait]
    assert {entry.actor for entry in recorded(test_desk.desk, Action.SIGN_IN_FAILED)} == {"unknown"}


def test_failures_are_recorded_and_what_was_typed_is_not(test_desk: TestDesk) -> None:
    """ASVS 16.2.5, 16.3.1: a password typed into the name's field stays out of the log and the database."""
    add(test_desk)
    fail(test_desk, "mei")
    fail(test_desk, "hunter2-typed-by-mistake")
    entries = recorded(test_desk.desk, Action.SIGN_IN_FAILED)
    assert [(entry.actor, entry.outcome, entry.reason) for entry in entries] == [
        ("mei", Result.REFUSED, "sign_in_refused"),
        ("unknown", Result.REFUSED, "sign_in_refused"),
    ]
    home = test_desk.desk.settings.home
    test_desk.desk.close()
    for file in home.rglob("*"):
        assert not file.is_file() or b"hunter2" not in file.read_bytes()


def test_after_five_failures_the_wait_doubles_from_one_second_to_fifteen_minutes() -> None:
    waits = [wait_after(failures).total_seconds() for failures in range(18)]
    assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    assert wait_after(10_000) == timedelta(minutes=15)


def test_the_wait_holds_even_for_the_right_password_and_is_recorded(test_desk: TestDesk) -> None:
    add(test_desk)
    fail(test_desk, times=5)
    with pytest.raises(SignInMustWait) as refused:
        sign_in(test_desk.desk, "mei", PASSWORD)
    assert refused.value.seconds == 1
    assert recorded(test_desk.desk, Action.SIGN_IN_FAILED)[-1].reason == "sign_in_wait"
    test_desk.clock.forward(seconds=1)
    fail(test_desk)
    test_desk.clock.forward(seconds=1)
    with pytest.raises(SignInMustWait):
        sign_in(test_desk.desk, "mei", PASSWORD)
    test_desk.clock.forward(seconds=1)
    assert sign_in(test_desk.desk, "mei", PASSWORD).failures_before == 6


def test_success_starts_the_count_afresh(test_desk: TestDesk) -> None:
    add(test_desk)
    fail(test_desk, times=4)
    assert sign_in(test_desk.desk, "mei", PASSWORD).failures_before == 4
    assert isinstance(fail(test_desk, times=4), SignInRefused)
    assert sign_in(test_desk.desk, "mei", PASSWORD).failures_before == 4


def test_the_wait_is_per_account_and_survives_a_restart(tmp_path: Path) -> None:
    made = make_desk(tmp_path / "home")
    add(made)
    add(made, "omar")
    fail(made, times=5)
    made.desk.close()
    with pytest.raises(SignInMustWait):
        sign_in(made.desk, "mei", PASSWORD)
    assert sign_in(made.desk, "omar", PASSWORD)
    made.desk.close()


def test_parallel_tries_win_nothing(test_desk: TestDesk) -> None:
    """ASVS 6.3.1, 15.4.2: of twelve guesses at once only five reach the password."""
    add(test_desk)

    def attempt(_: int) -> type[ConsoleError]:
        try:
            sign_in(test_desk.desk, "mei", OTHER)
        except ConsoleError as error:
            return type(error)
        raise AssertionError

    with ThreadPoolExecutor(6) as pool:
        seen = list(pool.map(attempt, range(12)))
    assert seen.count(SignInRefused) == 5
    assert seen.count(SignInMustWait) == 7


def test_a_new_session_ends_the_older_one_with_its_reason(test_desk: TestDesk) -> None:
    """ASVS 7.1.2: one live session an account."""
    add(test_desk)
    first = sign_in(test_desk.desk, "mei", PASSWORD)
    test_desk.clock.forward(minutes=1)
    second = sign_in(test_desk.desk, "mei", PASSWORD)
    with pytest.raises(SessionEnded, match="signed in elsewhere"):
        live(first.session)
    live(second.session)
    assert second.last_signed_in == test_desk.clock.now() - timedelta(minutes=1)
    ended = recorded(test_desk.desk, Action.SIGNED_OUT)[-1]
    assert (ended.actor, ended.session) == ("mei", first.session.session_id[:16])


def test_of_racing_sign_ins_one_session_is_left(test_desk: TestDesk) -> None:
    """ASVS 7.1.2, 15.4.2."""
    add(test_desk)
    with ThreadPoolExecutor(4) as pool:
        desks = [signed.session for signed in pool.map(lambda _: sign_in(test_desk.desk, "mei", PASSWORD), range(4))]

    def is_live(session: DeskSession) -> bool:
        try:
            live(session)
        except SessionEnded:
            return False
        return True

    assert [is_live(session) for session in desks].count(True) == 1
    assert len(recorded(test_desk.desk, Action.SIGNED_OUT)) == 3


def test_session_ids_are_hashes_of_random_tokens_and_never_repeat(test_desk: TestDesk) -> None:
    """ASVS 7.2.3, 7.2.4."""
    add(test_desk)
    made = {sign_in(test_desk.desk, "mei", PASSWORD).session.session_id for _ in range(5)}
    assert len(made) == 5
    assert all(len(one) == 64 for one in made)


def test_a_suspended_account_learns_it_only_with_the_right_password(test_desk: TestDesk) -> None:
    add(test_desk)
    accounts.suspend(operator_session(test_desk.desk), "mei")
    assert isinstance(fail(test_desk), SignInRefused)
    with pytest.raises(AccountSuspended):
        sign_in(test_desk.desk, "mei", PASSWORD)
    assert recorded(test_desk.desk, Action.SIGN_IN_FAILED)[-1].reason == "account_suspended"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda session: accounts.suspend(session, "mei"), "suspended"),
        (lambda session: accounts.set_roles(session, "mei", {Role.VERIFIER}), "roles were changed"),
        (lambda session: accounts.reset(session, "mei", OTHER), "password was reset"),
    ],
    ids=["suspension", "roles", "reset"],
)
def test_a_change_of_the_account_ends_its_session_before_the_next_action(
    test_desk: TestDesk, change: object, says: str
) -> None:
    """ASVS 7.4.2, 7.4.3, 8.3.2."""
    assert callable(change)
    add(test_desk)
    session = sign_in(test_desk.desk, "mei", PASSWORD).session
    change(operator_session(test_desk.desk))
    with pytest.raises(SessionEnded, match=says):
        live(session)
    assert recorded(test_desk.desk, Action.SIGNED_OUT)[-1].actor == "mei"


def test_signing_out_is_recorded_once_and_signs_the_log(test_desk: TestDesk) -> None:
    """ASVS 7.4.1."""
    add(test_desk)
    session = sign_in(test_desk.desk, "mei", PASSWORD).session
    sign_out(session)
    sign_out(session, "again")
    with pytest.raises(SessionEnded, match="signed out"):
        live(session)
    assert [entry.reason for entry in recorded(test_desk.desk, Action.SIGNED_OUT)] == ["signed out"]
    checkpoint = latest(test_desk.desk)
    assert checkpoint is not None
    assert checkpoint.size == recorded(test_desk.desk)[-1].seq


def test_a_session_ends_after_idle_time_and_touching_keeps_it(test_desk: TestDesk) -> None:
    """ASVS 7.3.1."""
    add(test_desk)
    session = sign_in(test_desk.desk, "mei", PASSWORD).session
    test_desk.clock.forward(minutes=14)
    touch(session)
    test_desk.clock.forward(minutes=14)
    live(session)
    test_desk.clock.forward(minutes=2)
    with pytest.raises(SessionEnded, match="15 minutes"):
        touch(session)
    with pytest.raises(SessionEnded):
        live(session)


def test_no_session_outlives_eight_hours(test_desk: TestDesk) -> None:
    """ASVS 7.3.2."""
    add(test_desk)
    session = sign_in(test_desk.desk, "mei", PASSWORD).session
    for _ in range(8 * 6):
        test_desk.clock.forward(minutes=10)
        touch(session)
    test_desk.clock.forward(seconds=1)
    with pytest.raises(SessionEnded, match="8 hours"):
        touch(session)


def test_touching_writes_at_most_every_fifteen_seconds(sqlite_desk: TestDesk) -> None:
    add(sqlite_desk)
    session = sign_in(sqlite_desk.desk, "mei", PASSWORD).session
    file = sqlite_desk.desk.database.file
    assert file is not None

    def changes() -> int:
        with sqlite3.connect(file) as watcher:
            found = watcher.execute("SELECT last_active_at FROM agent_session").fetchone()[0]
        watcher.close()
        return int(found)

    before = changes()
    sqlite_desk.clock.forward(seconds=14)
    touch(session)
    assert changes() == before
    sqlite_desk.clock.forward(seconds=1)
    touch(session)
    assert changes() > before


def test_wrong_passwords_at_the_door_delay_no_one_inside_and_the_other_way_round(test_desk: TestDesk) -> None:
    add(test_desk)
    desk = test_desk.desk
    session = sign_in(desk, "mei", PASSWORD).session
    for _ in range(8):
        with pytest.raises((SignInRefused, SignInMustWait)):
            sign_in(desk, "mei", OTHER)
    unlock(session, PASSWORD)
    assert confirm_password(session, PASSWORD)
    with pytest.raises(SignInMustWait):  # being right inside tells the door nothing
        sign_in(desk, "mei", PASSWORD)
    for _ in range(5):
        assert not confirm_password(session, OTHER)
    with pytest.raises(SignInMustWait):  # guessing at a console that was left open waits all the same
        confirm_password(session, PASSWORD)
    test_desk.clock.forward(minutes=1)
    assert confirm_password(session, PASSWORD)


def test_the_lock_opens_with_the_password_and_counts_failures(test_desk: TestDesk) -> None:
    add(test_desk)
    session = sign_in(test_desk.desk, "mei", PASSWORD).session
    for _ in range(5):
        with pytest.raises(WrongPassword, match="Wrong password"):
            unlock(session, OTHER)
    with pytest.raises(SignInMustWait):
        unlock(session, PASSWORD)
    test_desk.clock.forward(seconds=1)
    unlock(session, PASSWORD)
    live(session)
    assert len(recorded(test_desk.desk, Action.SIGN_IN_FAILED)) == 6


def test_an_ended_session_cannot_be_unlocked(test_desk: TestDesk) -> None:
    add(test_desk)
    session = sign_in(test_desk.desk, "mei", PASSWORD).session
    test_desk.clock.forward(minutes=16)
    with pytest.raises(SessionEnded):
        unlock(session, PASSWORD)


def test_roles_are_read_afresh_at_each_action(test_desk: TestDesk) -> None:
    """ASVS 8.3.2: a role taken away in the database is gone at once, whatever the session remembers."""
    add(test_desk, "mei", Role.AGENT, Role.SUPERVISOR)
    session = sign_in(test_desk.desk, "mei", PASSWORD).session
    with test_desk.desk.database.transaction() as db:
        agent = db.get_one(Agent, session.agent.id)
        agent.roles = "agent"
        db.add(agent)
    with pytest.raises(NotAllowed), session.work(Role.SUPERVISOR):
        pass


def test_a_hash_with_older_parameters_is_replaced_at_sign_in(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SECURITY.md: rehash when the parameters rise."""
    agent_id = add(test_desk)
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=2, memory_cost=128, parallelism=1))
    assert sign_in(test_desk.desk, "mei", PASSWORD)
    with test_desk.desk.database.reading() as db:
        stored = db.get_one(Agent, agent_id).password_hash
    assert "m=128,t=2" in stored
    assert sign_in(test_desk.desk, "mei", PASSWORD)


def test_a_password_set_by_somebody_else_has_to_be_changed_before_anything(test_desk: TestDesk) -> None:
    """ASVS 6.4.1: enforced by the services, not by a screen."""
    add(test_desk)
    accounts.reset(operator_session(test_desk.desk), "mei", OTHER)
    signed: SignedIn = sign_in(test_desk.desk, "mei", OTHER)
    assert signed.must_change_password
    with pytest.raises(MustChangePassword):
        live(signed.session)
    accounts.change_own_password(signed.session, OTHER, "violet compass winter tea")
    live(signed.session)
    with pytest.raises(SignInRefused):
        sign_in(test_desk.desk, "mei", OTHER)
    assert not sign_in(test_desk.desk, "mei", "violet compass winter tea").must_change_password
