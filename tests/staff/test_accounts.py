"""Accounts: made, changed, suspended, always on the record (ASVS 6.2, 8.3, 16.2)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread, current_thread

import pytest
from sqlalchemy import event

from cs_console.desk import DeskSession, operator_session
from cs_console.errors import (
    BadAccount,
    BadPassword,
    ConsoleError,
    LastAdmin,
    NotAllowed,
    SessionEnded,
    SignInMustWait,
    SignInRefused,
    UnknownAgent,
)
from cs_console.staff import accounts
from cs_console.staff.sign_in import sign_in
from models.enums import AccountState, Action, Result
from models.roles import Role
from tests.support.desk import TestDesk
from tests.support.recorded import recorded

PASSWORD = "amber kite ninety lakes"
OTHER = "quiet harbour seven oaks"

pytestmark = [
    pytest.mark.usefixtures("cheap_passwords"),
    pytest.mark.engines("sqlite"),  # rules; their statements run on both in tests/acts
]


def add(test_desk: TestDesk, name: str = "mei", *roles: Role) -> str:
    return accounts.add_agent(operator_session(test_desk.desk), name, roles or (Role.AGENT,), PASSWORD)


def test_an_account_is_added_on_the_record_by_name(test_desk: TestDesk) -> None:
    add(test_desk, "Mei.Lin", Role.VERIFIER, Role.AGENT)
    entry = recorded(test_desk.desk, Action.ACCOUNT_ADDED)[-1]
    assert (entry.actor, entry.reason) == ("operator", "mei.lin: agent,verifier")
    row = accounts.list_agents(operator_session(test_desk.desk))[0]
    assert (row.name, row.roles, row.state) == ("mei.lin", (Role.AGENT, Role.VERIFIER), AccountState.ACTIVE)
    assert row.last_signed_in is None


@pytest.mark.parametrize("name", ["m", "x" * 33, "mei lin", "me\ni", "me\x00i", "meí", "", "a/b", "mei;drop"])
def test_names_are_2_to_32_plain_characters(test_desk: TestDesk, name: str) -> None:
    with pytest.raises(BadAccount, match="2 to 32"):
        add(test_desk, name)


@pytest.mark.parametrize("name", ["operator", "Unknown", "me", "none", "console"])
def test_names_that_mean_something_else_are_refused(sqlite_desk: TestDesk, name: str) -> None:
    """No one can pose in the log as the operator or as an unknown name."""
    with pytest.raises(BadAccount, match="is reserved"):
        add(sqlite_desk, name)


def test_a_name_is_taken_once_whatever_its_case(test_desk: TestDesk) -> None:
    add(test_desk, "mei")
    with pytest.raises(BadAccount, match="already"):
        add(test_desk, "MEI")
    assert len(recorded(test_desk.desk, Action.ACCOUNT_ADDED)) == 1


@pytest.mark.engines("sqlite", "postgresql")
def test_one_of_two_racing_consoles_gets_the_name(test_desk: TestDesk) -> None:
    def attempt(_: int) -> str:
        try:
            add(test_desk, "mei")
        except ConsoleError as error:
            return error.code
        return "made"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == ["bad_account", "bad_account", "bad_account", "made"]


def test_roles_are_understood_in_both_spellings_and_unknown_ones_name_those_there_are() -> None:
    assert accounts.roles_from(["privacy-officer", "Privacy Officer", "agent,verifier"]) == {
        Role.PRIVACY_OFFICER,
        Role.AGENT,
        Role.VERIFIER,
    }
    with pytest.raises(BadAccount) as refused:
        accounts.roles_from(["boss"])
    assert all(role.value in str(refused.value) for role in Role)
    assert refused.value.exit_status == 2
    with pytest.raises(BadAccount):
        accounts.roles_from([])


def test_an_account_needs_a_role_and_a_good_password(sqlite_desk: TestDesk) -> None:
    session = operator_session(sqlite_desk.desk)
    with pytest.raises(BadAccount, match="at least one role"):
        accounts.add_agent(session, "mei", (), PASSWORD)
    with pytest.raises(BadPassword):
        accounts.add_agent(session, "mei", (Role.AGENT,), "too short")
    with pytest.raises(BadPassword, match="common"):
        accounts.add_agent(session, "meimeimei", (Role.AGENT,), "meimeimeipassword")
    assert accounts.list_agents(session) == ()


@pytest.mark.parametrize("role", [Role.AGENT, Role.VERIFIER, Role.SUPERVISOR, Role.PRIVACY_OFFICER])
def test_only_admins_make_and_change_accounts(test_desk: TestDesk, role: Role) -> None:
    """ASVS 8.2.1: denied by default."""
    add(test_desk, "mei")
    session = test_desk.session("eve", role)
    for act in (
        lambda: accounts.add_agent(session, "new-one", (Role.ADMIN,), PASSWORD),
        lambda: accounts.suspend(session, "mei"),
        lambda: accounts.reset(session, "mei", OTHER),
        lambda: accounts.set_roles(session, "eve", {Role.ADMIN}),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_nobody_changes_the_rights_of_their_own_account(test_desk: TestDesk) -> None:
    session = test_desk.session("ines", Role.ADMIN)
    with pytest.raises(BadAccount, match="own account"):
        accounts.set_roles(session, "ines", {Role.ADMIN, Role.SUPERVISOR})
    with pytest.raises(BadAccount, match="own account"):
        accounts.suspend(session, "ines")


def test_nobody_goes_around_their_own_password_or_wait(test_desk: TestDesk) -> None:
    """ASVS 6.2.3, 6.3.1: at a console left open, a reset would need no old password and an unlock give tries back."""
    session = test_desk.session("ines", Role.ADMIN, Role.SUPERVISOR)
    with pytest.raises(BadAccount, match="own account"):
        accounts.reset(session, "ines", OTHER)
    with pytest.raises(BadAccount, match="own account"):
        accounts.unlock(session, "ines")


def test_a_supervisor_lifts_a_wait_but_no_admins_suspension(test_desk: TestDesk) -> None:
    add(test_desk, "mei")
    omar = test_desk.session("omar", Role.SUPERVISOR)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            sign_in(test_desk.desk, "mei", OTHER)
    accounts.unlock(omar, "mei")
    assert sign_in(test_desk.desk, "mei", PASSWORD)
    accounts.suspend(operator_session(test_desk.desk), "mei")
    with pytest.raises(NotAllowed):
        accounts.unlock(omar, "mei")
    accounts.unlock(test_desk.session("ines", Role.ADMIN), "mei")
    assert sign_in(test_desk.desk, "mei", PASSWORD)


def test_every_change_is_recorded_with_the_account_it_touched(test_desk: TestDesk) -> None:
    add(test_desk, "mei")
    session = test_desk.session("ines", Role.ADMIN)
    accounts.suspend(session, "mei")
    accounts.unlock(session, "mei")
    accounts.reset(session, "mei", OTHER)
    accounts.set_roles(session, "mei", {Role.AGENT, Role.VERIFIER})
    entries = recorded(test_desk.desk, Action.ACCOUNT_CHANGED)
    assert [(entry.actor, entry.reason) for entry in entries] == [
        ("ines", "mei: suspended"),
        ("ines", "mei: unlocked"),
        ("ines", "mei: password reset"),
        ("ines", "mei: roles agent -> agent,verifier"),
    ]


@pytest.mark.core
def test_the_last_active_admin_stays_one(test_desk: TestDesk) -> None:
    """No one could ever appoint another; only an admin who can sign in counts, not a suspended one."""
    session = operator_session(test_desk.desk)
    add(test_desk, "ines", Role.ADMIN, Role.PRIVACY_OFFICER)
    add(test_desk, "away", Role.ADMIN)
    accounts.suspend(session, "away")
    acts: list[Callable[[], None]] = [
        lambda: accounts.suspend(session, "Ines"),
        lambda: accounts.set_roles(session, "ines", {Role.PRIVACY_OFFICER, Role.AGENT}),
    ]
    for act in acts:
        with pytest.raises(LastAdmin, match=r"ines is the only active admin\. Give another account"):
            act()
    refused = [one for one in recorded(test_desk.desk, Action.ACCOUNT_CHANGED) if one.outcome is Result.REFUSED]
    assert [(one.actor, one.reason) for one in refused] == [("operator", "ines: last_admin")] * 2
    ines = next(row for row in accounts.list_agents(session) if row.name == "ines")
    assert (ines.state, ines.roles) == (AccountState.ACTIVE, (Role.ADMIN, Role.PRIVACY_OFFICER))

    accounts.set_roles(session, "ines", {Role.ADMIN, Role.AGENT})
    accounts.set_roles(session, "away", {Role.AGENT})
    add(test_desk, "kofi", Role.ADMIN)
    accounts.suspend(session, "ines")
    with pytest.raises(LastAdmin):
        accounts.suspend(session, "kofi")


@pytest.mark.engines("sqlite", "postgresql")
def test_two_consoles_at_once_leave_one_of_the_last_two_admins(test_desk: TestDesk) -> None:
    """The second console has been let in, and asks, while the first has not committed yet."""
    desk = test_desk.desk
    ana, ben = (test_desk.session(name, Role.ADMIN) for name in ("ana", "ben"))
    first_has_changed, second_is_in = Event(), Event()
    engine = desk.database.engine

    def executed(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("UPDATE agent ") and not first_has_changed.is_set():
            first_has_changed.set()
            assert second_is_in.wait(10)

    def asks(*_about: object) -> None:
        if current_thread().name == "second":
            second_is_in.set()

    def connects(_connection: object) -> None:
        if desk.database.is_sqlite and current_thread().name == "second":
            second_is_in.set()  # as far as it gets while another process writes

    outcome: list[str] = []

    def suspend_the_first() -> None:
        assert first_has_changed.wait(10)
        try:
            accounts.suspend(ben, "ana")
        except ConsoleError as error:
            outcome.append(error.code)

    event.listen(engine, "before_cursor_execute", asks)
    event.listen(engine, "after_cursor_execute", executed)
    event.listen(engine, "engine_connect", connects)
    second = Thread(target=suspend_the_first, name="second")
    second.start()
    accounts.suspend(ana, "ben")
    second.join(30)
    assert outcome == ["session_ended" if desk.database.is_sqlite else "last_admin"]
    rows = accounts.list_agents(operator_session(desk))
    assert [row.name for row in rows if row.state is AccountState.ACTIVE] == ["ana"]


def test_unlock_lifts_the_wait_and_the_suspension(test_desk: TestDesk) -> None:
    add(test_desk, "mei")
    session = operator_session(test_desk.desk)
    for _ in range(6):
        with pytest.raises((SignInRefused, SignInMustWait)):
            sign_in(test_desk.desk, "mei", OTHER)
    accounts.suspend(session, "mei")
    row = accounts.list_agents(session)[0]
    assert (row.state, row.failures) == (AccountState.SUSPENDED, 5)
    assert row.waits_until is not None
    accounts.unlock(session, "mei")
    assert accounts.list_agents(session)[0].waits_until is None
    assert sign_in(test_desk.desk, "mei", PASSWORD)


def test_changes_of_an_unknown_account_are_refused(test_desk: TestDesk) -> None:
    session = operator_session(test_desk.desk)
    acts: list[Callable[[], None]] = [
        lambda: accounts.suspend(session, "absent"),
        lambda: accounts.unlock(session, "absent"),
        lambda: accounts.reset(session, "absent", OTHER),
        lambda: accounts.set_roles(session, "absent", {Role.AGENT}),
    ]
    for act in acts:
        with pytest.raises(UnknownAgent):
            act()


def signed(test_desk: TestDesk) -> DeskSession:
    add(test_desk, "mei")
    return sign_in(test_desk.desk, "mei", PASSWORD).session


def test_changing_ones_password_asks_for_the_old_one(test_desk: TestDesk) -> None:
    """ASVS 6.2.2, 6.2.3."""
    session = signed(test_desk)
    with pytest.raises(SignInRefused):
        accounts.change_own_password(session, OTHER, "violet compass winter tea")
    with pytest.raises(BadPassword, match="your current password"):
        accounts.change_own_password(session, PASSWORD, PASSWORD)
    with pytest.raises(BadPassword, match="at least 15"):
        accounts.change_own_password(session, PASSWORD, "short")
    accounts.change_own_password(session, PASSWORD, OTHER)
    assert recorded(test_desk.desk, Action.ACCOUNT_CHANGED)[-1].reason == "mei: password changed"
    with pytest.raises(SignInRefused):
        sign_in(test_desk.desk, "mei", PASSWORD)
    assert sign_in(test_desk.desk, "mei", OTHER)


def test_a_password_is_not_changed_in_an_ended_session(test_desk: TestDesk) -> None:
    session = signed(test_desk)
    accounts.suspend(operator_session(test_desk.desk), "mei")
    with pytest.raises(SessionEnded):
        accounts.change_own_password(session, PASSWORD, OTHER)


def test_asking_for_the_password_again_counts_like_a_sign_in(test_desk: TestDesk) -> None:
    """ASVS 7.5.1: before an approval; guessing there is limited and recorded too."""
    session = signed(test_desk)
    assert accounts.check_password(test_desk.desk, session.agent.id, PASSWORD)
    for _ in range(5):
        assert not accounts.check_password(test_desk.desk, session.agent.id, OTHER)
    with pytest.raises(SignInMustWait):
        accounts.check_password(test_desk.desk, session.agent.id, PASSWORD)
    reasons = [entry.reason for entry in recorded(test_desk.desk, Action.SIGN_IN_FAILED)]
    assert reasons == ["password_asked_again"] * 5 + ["sign_in_wait"]
    test_desk.clock.forward(seconds=1)
    assert accounts.check_password(test_desk.desk, session.agent.id, PASSWORD)
    assert not accounts.check_password(test_desk.desk, "no-such-id", PASSWORD)
