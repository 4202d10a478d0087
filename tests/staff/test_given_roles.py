"""Roles that weigh take two people, and supervisors are told (DECISIONS.md, 9; ASVS 8.2.1, 8.3.1, 16.3.1)."""

import json
import os

import pytest
from typer.testing import CliRunner

from cs_console.commands import app
from cs_console.desk import DeskSession, operator_session
from cs_console.errors import BadAccount, MustChangePassword, NotAllowed, SessionEnded, SignInRefused, UnknownAgent
from cs_console.staff import accounts
from cs_console.staff.confirming_roles import confirm_roles, confirm_roles_as
from cs_console.staff.sign_in import sign_in
from cs_console.staff.staff_changes import in_words, staff_changes
from models.enums import Action
from models.roles import Role
from screens.queue.queue import QueueScreen
from tests.support.accounts import identify
from tests.support.desk import TestDesk
from tests.support.doors import PASSWORD, at_the_door, make_account, sign_in_as
from tests.support.recorded import recorded

pytestmark = [
    pytest.mark.usefixtures("cheap_passwords"),
    pytest.mark.engines("sqlite"),  # rules; their statements run on both in tests/acts
]


def row_of(test_desk: TestDesk, name: str) -> accounts.AgentRow:
    rows = accounts.list_agents(operator_session(test_desk.desk))
    return next(row for row in rows if row.name == name)


def staff(test_desk: TestDesk) -> tuple[DeskSession, DeskSession, DeskSession]:
    """An admin, a supervisor, and an agent who is to be given a role."""
    ines, omar = test_desk.session("ines", Role.ADMIN), test_desk.session("omar", Role.SUPERVISOR)
    return ines, omar, test_desk.session("mei", Role.AGENT)


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.ADMIN])
def test_a_role_that_weighs_counts_once_another_person_has_confirmed_it(test_desk: TestDesk, role: Role) -> None:
    ines, omar, mei = staff(test_desk)
    accounts.set_roles(ines, "mei", {Role.AGENT, role})
    version = row_of(test_desk, "mei")
    assert (version.roles, version.to_confirm) == ((Role.AGENT,), (role,))
    for session in (ines, mei):
        with pytest.raises(NotAllowed if session is ines else SessionEnded):
            confirm_roles(session, "mei")
    assert row_of(test_desk, "mei").roles == (Role.AGENT,)
    assert confirm_roles(omar, "mei") == (role,)
    version = row_of(test_desk, "mei")
    assert (set(version.roles), version.to_confirm) == ({Role.AGENT, role}, ())
    entries = recorded(test_desk.desk, Action.ACCOUNT_CHANGED)
    assert [(one.actor, one.reason) for one in entries] == [
        ("ines", f"mei: roles agent -> agent; {role} to be confirmed"),
        ("omar", f"mei: roles confirmed, {role}"),
    ]
    with pytest.raises(BadAccount, match="mei has no roles waiting"):
        confirm_roles(omar, "mei")


def test_nobody_confirms_for_themselves_under_another_account(sqlite_desk: TestDesk) -> None:
    ines, omar, _ = staff(sqlite_desk)
    second = sqlite_desk.session("ines2", Role.ADMIN)
    sqlite_desk.session("sue", Role.SUPERVISOR)
    with sqlite_desk.desk.database.transaction() as db:
        identify(db, sqlite_desk.desk, {ines.agent.id: None, second.agent.id: None})
    accounts.set_roles(ines, "mei", {Role.SUPERVISOR})
    with pytest.raises(NotAllowed, match="Neither the person who gave"):
        confirm_roles(second, "mei")
    assert row_of(sqlite_desk, "mei").roles == ()
    accounts.set_roles(ines, "omar", {Role.SUPERVISOR, Role.ADMIN})
    for own, why in ((omar, SessionEnded), (sqlite_desk.session("ann", Role.AGENT), NotAllowed)):
        with pytest.raises(why):
            confirm_roles(own, "omar")
    assert Role.ADMIN not in row_of(sqlite_desk, "omar").roles


def test_a_small_desk_and_other_roles_wait_for_nobody(sqlite_desk: TestDesk) -> None:
    ines = sqlite_desk.session("ines", Role.ADMIN)
    sqlite_desk.session("mei", Role.AGENT)
    accounts.set_roles(ines, "mei", {Role.AGENT, Role.SUPERVISOR})
    assert row_of(sqlite_desk, "mei").to_confirm == ()
    sqlite_desk.session("omar", Role.SUPERVISOR)
    sqlite_desk.session("ben", Role.AGENT)
    accounts.set_roles(ines, "ben", {Role.AGENT, Role.VERIFIER})
    assert row_of(sqlite_desk, "ben").to_confirm == ()
    accounts.set_roles(ines, "ben", {Role.AGENT, Role.SUPERVISOR})
    accounts.set_roles(ines, "ben", {Role.AGENT})
    assert row_of(sqlite_desk, "ben").to_confirm == ()
    desk = sqlite_desk.desk
    desk.settings = desk.settings.model_copy(update={"confirm_roles": False})
    accounts.set_roles(ines, "ben", {Role.ADMIN})
    assert row_of(sqlite_desk, "ben").roles == (Role.ADMIN,)


def test_an_operator_gives_and_an_account_confirms_with_its_password(sqlite_desk: TestDesk) -> None:
    desk, operator = sqlite_desk.desk, operator_session(sqlite_desk.desk)
    for name, role in (("ines", Role.ADMIN), ("omar", Role.SUPERVISOR)):
        make_account(sqlite_desk, name, role)
    make_account(sqlite_desk, "sue", Role.SUPERVISOR, undertaking=False)
    make_account(sqlite_desk, "mei", Role.AGENT, undertaking=False)
    assert row_of(sqlite_desk, "sue").to_confirm == (Role.SUPERVISOR,)
    assert not sign_in(desk, "sue", PASSWORD).session.agent.roles
    for by, password, why in (
        ("omar", "a wrong password", SignInRefused),
        ("absent", PASSWORD, SignInRefused),
        ("mei", PASSWORD, NotAllowed),
        ("sue", PASSWORD, NotAllowed),
    ):
        with pytest.raises(why):
            confirm_roles_as(desk, by, password, "sue")
    with pytest.raises(UnknownAgent):
        confirm_roles_as(desk, "omar", PASSWORD, "none")
    accounts.reset(operator, "omar", "another pass phrase")
    with pytest.raises(MustChangePassword):
        confirm_roles_as(desk, "omar", "another pass phrase", "sue")
    assert confirm_roles_as(desk, "ines", PASSWORD, "sue") == (Role.SUPERVISOR,)
    assert recorded(desk, Action.ACCOUNT_CHANGED)[-1].actor == "ines"
    sue = sign_in(desk, "sue", PASSWORD).session
    assert sue.agent.roles == {Role.SUPERVISOR}
    assert {one.account for one in staff_changes(sue, None)} == {"ines", "omar"}  # not her own


def test_a_supervisor_is_told_what_others_did_to_accounts(sqlite_desk: TestDesk) -> None:
    ines, omar, mei = staff(sqlite_desk)
    since = sqlite_desk.clock.now()
    sqlite_desk.clock.forward(seconds=1)
    accounts.set_roles(ines, "mei", {Role.AGENT, Role.SUPERVISOR})
    sqlite_desk.clock.forward(seconds=1)
    accounts.reset(ines, "mei", "another pass phrase")
    told = [(one.by, one.account, one.what, one.roles) for one in staff_changes(omar, since)]
    assert told == [("ines", "mei", "password reset", ""), ("ines", "mei", "roles to be confirmed", "supervisor")]
    assert staff_changes(omar, sqlite_desk.clock.now()) == ()
    assert "ines: mei, roles to be confirmed (supervisor)" in in_words(staff_changes(omar, None))
    with pytest.raises(NotAllowed):
        staff_changes(ines, since)
    with pytest.raises(SessionEnded):
        staff_changes(mei, since)


async def test_the_queue_says_it_when_a_supervisor_signs_in(sqlite_desk: TestDesk) -> None:
    make_account(sqlite_desk, "omar", Role.SUPERVISOR)
    make_account(sqlite_desk, "mei", Role.AGENT)
    sqlite_desk.clock.forward(minutes=1)
    accounts.reset(operator_session(sqlite_desk.desk), "mei", "another pass phrase")
    async with at_the_door(sqlite_desk) as shown:
        await sign_in_as(shown, "omar")
        await shown.until_on(QueueScreen)
        await shown.until(lambda: "operator: mei, password reset" in shown.notice)


def test_the_commands_say_what_waits_and_how_to_confirm(cheap_passwords: None) -> None:
    def run(*words: str) -> str:
        done = CliRunner().invoke(app, list(words), input=PASSWORD)
        assert done.exit_code == 0, done.output
        return done.stdout

    assert os.environ["CS_CONSOLE_HOME"]
    run("init", "--admin", "ines", "--password-stdin")
    for name, contact in (("omar", "omar@example.org"), ("sue", "sue@example.org")):
        said = run("agents", "add", name, "--role", "supervisor", "--password-stdin", "--identity", contact)
    assert "agents confirm sue --by NAME" in said
    assert json.loads(run("agents", "list", "--json"))["agents"][2]["roles_to_confirm"] == ["supervisor"]
    assert "supervisor to be confirmed" in run("agents", "list")
    assert "supervisor" in run("agents", "confirm", "sue", "--by", "omar", "--password-stdin")
    assert "to be confirmed" not in run("agents", "list")
