"""A role, a state or an identity counts only as the log has it: no row makes a supervisor."""

from functools import partial

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from cs_console.access_log.append import append
from cs_console.access_log.entry import Actor, Entry
from cs_console.access_log.persons_on_record import is_another
from cs_console.casework.workflow import assign, assignable
from cs_console.custody.disclosure import reveal
from cs_console.decisions.approval import approve
from cs_console.desk import operator_session
from cs_console.errors import (
    AccountSuspended,
    ConsoleError,
    MustChangePassword,
    NotAllowed,
    NotVouched,
    OwnProposal,
    SessionEnded,
    SignInMustWait,
    SignInRefused,
    UnknownAgent,
)
from cs_console.live_session import roles_held
from cs_console.staff import accounts, passwords
from cs_console.staff.confirming_roles import confirm_roles
from cs_console.staff.second_person import Confirming, require_password_of
from cs_console.staff.sign_in import first_step, second_step, sign_in
from cs_console.tickets.queue import counts
from models.agent import Agent
from models.agent_session import AgentSession
from models.enums import AccountState, Action
from models.roles import Role
from tests.custody.reveals import change, is_refused, mobile_of, own_ticket
from tests.decisions.cases import PASSWORD, person
from tests.decisions.test_approval import proposed
from tests.support.desk import TestDesk
from tests.support.recorded import recorded

pytestmark = [
    pytest.mark.usefixtures("cheap_passwords"),
    pytest.mark.engines("sqlite"),  # rules; their statements run on both in tests/acts
]


def row_says(test_desk: TestDesk, name: str, **values: object) -> None:
    change(test_desk, update(Agent).where(col(Agent.name) == name).values(**values))


def refusal(act: object) -> type[ConsoleError] | None:
    assert callable(act)
    try:
        act()
    except ConsoleError as refused:
        return type(refused)
    return None


def test_a_role_written_into_the_row_opens_nothing(test_desk: TestDesk) -> None:
    ada, ticket = own_ticket(test_desk)
    clerk = test_desk.session("clerk", Role.ADMIN)
    row_says(test_desk, "clerk", roles="admin,agent,privacy officer,supervisor")
    is_refused(test_desk, clerk, ticket.number, mobile_of(ticket), "reply", NotAllowed)
    for act in (lambda: accounts.list_agents(clerk), lambda: reveal(ada, ticket.number, mobile_of(ticket), "reply")):
        assert refusal(act) is None, "what the log holds still counts"
    row_says(test_desk, "mei", roles="admin,agent")
    assert refusal(lambda: accounts.list_agents(ada)) is NotAllowed


def test_nor_does_it_at_the_next_sign_in_or_beside_an_operator(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    accounts.add_agent(operator_session(desk), "mei", (Role.AGENT,), PASSWORD)
    row_says(test_desk, "mei", roles="admin,agent,supervisor")
    assert sign_in(desk, "mei", PASSWORD).session.agent.roles == {Role.AGENT}
    with pytest.raises(NotAllowed):
        require_password_of(desk, Confirming("mei", PASSWORD), Role.SUPERVISOR, Role.ADMIN)


def test_a_role_taken_away_is_not_put_back_by_the_row(test_desk: TestDesk) -> None:
    """Nor by a session that is made to live on, in a console that had seen the role."""
    ines, pia = test_desk.session("ines", Role.ADMIN), test_desk.session("pia", Role.SUPERVISOR)
    accounts.list_agents(pia)
    accounts.set_roles(ines, "pia", {Role.AGENT})
    row_says(test_desk, "pia", roles="supervisor")
    change(test_desk, update(AgentSession).values(ended_at=None, end_reason=None))
    assert refusal(lambda: accounts.list_agents(pia)) is NotAllowed


def test_who_is_suspended_stays_so_whatever_the_row_says(test_desk: TestDesk) -> None:
    desk, ines = test_desk.desk, test_desk.session("ines", Role.ADMIN)
    accounts.add_agent(operator_session(desk), "mei", (Role.AGENT,), PASSWORD)
    mei = sign_in(desk, "mei", PASSWORD).session
    accounts.suspend(ines, "mei")
    row_says(test_desk, "mei", state=AccountState.ACTIVE)
    change(test_desk, update(AgentSession).values(ended_at=None, end_reason=None))
    assert refusal(lambda: counts(mei)) is SessionEnded
    assert refusal(lambda: sign_in(desk, "mei", PASSWORD)) is AccountSuspended
    accounts.unlock(ines, "mei")
    assert refusal(lambda: sign_in(desk, "mei", PASSWORD)) is None


def test_an_account_that_no_one_added_is_no_ones(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    hashed = passwords.hash_password(PASSWORD)
    with desk.database.transaction() as db:
        accounts.insert_agent(db, desk, "eve", frozenset({Role.ADMIN}), hashed)
    assert refusal(lambda: sign_in(desk, "eve", PASSWORD)) is SignInRefused
    assert refusal(lambda: accounts.set_roles(operator_session(desk), "eve", {Role.AGENT})) is NotVouched


def test_no_change_to_an_account_confirms_what_was_forged(test_desk: TestDesk) -> None:
    desk, ines = test_desk.desk, test_desk.session("ines", Role.ADMIN)
    accounts.add_agent(operator_session(desk), "mei", (Role.AGENT,), PASSWORD)
    row_says(test_desk, "mei", roles="agent,supervisor")
    accounts.unlock(ines, "mei")
    accounts.change_own_password(sign_in(desk, "mei", PASSWORD).session, PASSWORD, "another long pass phrase")
    row_says(test_desk, "mei", roles="agent,supervisor")
    assert sign_in(desk, "mei", "another long pass phrase").session.agent.roles == {Role.AGENT}


def test_roles_that_wait_were_given_by_whom_the_log_says(test_desk: TestDesk) -> None:
    ines, omar = (test_desk.session(name, Role.ADMIN) for name in ("ines", "omar"))
    test_desk.session("mei", Role.AGENT)
    row_says(test_desk, "mei", roles_to_confirm="supervisor", roles_given_by=omar.agent.id)
    with pytest.raises(ConsoleError):
        confirm_roles(ines, "mei")
    accounts.set_roles(ines, "mei", {Role.SUPERVISOR})
    row_says(test_desk, "mei", roles_given_by=omar.agent.id)
    assert refusal(lambda: confirm_roles(ines, "mei")) is NotAllowed
    assert confirm_roles(omar, "mei") == (Role.SUPERVISOR,)


def test_whether_roles_wait_does_not_follow_forged_rows(test_desk: TestDesk) -> None:
    ines = test_desk.session("ines", Role.ADMIN)
    for name in ("omar", "ann"):
        test_desk.session(name, Role.ADMIN)
        row_says(test_desk, name, state=AccountState.SUSPENDED)
    test_desk.session("mei", Role.AGENT)
    accounts.set_roles(ines, "mei", {Role.SUPERVISOR})
    row = next(one for one in accounts.list_agents(ines) if one.name == "mei")
    assert (row.roles, row.to_confirm) == ((), (Role.SUPERVISOR,))


def test_another_identity_in_the_row_makes_no_second_person(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    mei, _, decision_id = proposed(test_desk)
    second = person(test_desk, "mei2", Role.SUPERVISOR)
    accounts.set_identity(operator_session(desk), "mei", "mei@example.org")
    change(test_desk, update(Agent).where(col(Agent.id) == mei.agent.id).values(identity=None))
    accounts.set_identity(operator_session(desk), "mei2", "mei@example.org")
    row_says(test_desk, "mei2", identity=b"someone else")
    with desk.database.reading() as db:
        assert not is_another(db, desk, mei.agent.id, second.agent.id)
    assert refusal(lambda: approve(second, decision_id, PASSWORD)) is OwnProposal


def test_a_password_written_into_the_row_is_no_ones_password(test_desk: TestDesk) -> None:
    """Neither a hash made elsewhere nor the writer's own, copied, lets them in as another, or confirm as another."""
    desk = test_desk.desk
    person(test_desk, "mei", Role.AGENT)
    person(test_desk, "omar", Role.SUPERVISOR)
    known = hash_of(test_desk, "omar")
    accounts.change_own_password(sign_in(desk, "mei", PASSWORD).session, PASSWORD, "a pass phrase of mei's own")
    for forged in (passwords.hash_password("a pass phrase of mei's own"), hash_of(test_desk, "mei")):
        row_says(test_desk, "omar", password_hash=forged)
        assert refusal(lambda: sign_in(desk, "omar", "a pass phrase of mei's own")) is SignInRefused
        by = Confirming("omar", "a pass phrase of mei's own")
        assert refusal(lambda: require_password_of(desk, by, Role.SUPERVISOR)) is SignInRefused  # noqa: B023
    with desk.database.reading() as db:
        assert accounts.unlike_the_log(db, desk) == ("omar (password)",)
    accounts.unlock(operator_session(desk), "omar")
    assert refusal(lambda: sign_in(desk, "omar", "a pass phrase of mei's own")) is SignInRefused, "a change to it"
    row_says(test_desk, "omar", password_hash=known)
    assert refusal(lambda: sign_in(desk, "omar", PASSWORD)) is None


def test_a_password_that_was_given_up_is_not_put_back(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    person(test_desk, "mei", Role.AGENT)
    old = hash_of(test_desk, "mei")
    accounts.change_own_password(sign_in(desk, "mei", PASSWORD).session, PASSWORD, "another long pass phrase")
    row_says(test_desk, "mei", password_hash=old)
    assert refusal(lambda: sign_in(desk, "mei", PASSWORD)) is SignInRefused


def test_a_password_that_somebody_else_chose_stays_due_whatever_the_row_says(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    person(test_desk, "omar", Role.SUPERVISOR)
    accounts.reset(operator_session(desk), "omar", "chosen by an administrator")
    row_says(test_desk, "omar", must_change_password=False)
    omar = sign_in(desk, "omar", "chosen by an administrator")
    assert omar.must_change_password
    assert refusal(lambda: accounts.list_agents(omar.session)) is MustChangePassword
    by = Confirming("omar", "chosen by an administrator")
    assert refusal(lambda: require_password_of(desk, by, Role.SUPERVISOR)) is MustChangePassword
    accounts.change_own_password(omar.session, "chosen by an administrator", "a pass phrase of omar's")
    assert refusal(lambda: accounts.list_agents(omar.session)) is None


def hash_of(test_desk: TestDesk, name: str) -> str:
    with test_desk.desk.database.reading() as db:
        agent = accounts.find_agent(db, name)
        assert agent is not None
        return agent.password_hash


def as_older_desks_wrote(test_desk: TestDesk, action: Action, reason: str) -> None:
    with test_desk.desk.database.transaction() as db:
        now = test_desk.clock.now()
        append(db, test_desk.desk, Actor("operator", "", "", "h"), Entry(action, reason=reason), now)


def test_what_an_older_desk_recorded_of_accounts_still_counts(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    with desk.database.transaction() as db:
        accounts.insert_agent(
            db, desk, "old", frozenset({Role.AGENT, Role.SUPERVISOR}), passwords.hash_password(PASSWORD)
        )
    assert refusal(lambda: sign_in(desk, "old", PASSWORD)) is SignInRefused
    as_older_desks_wrote(sqlite_desk, Action.ACCOUNT_ADDED, "old: agent; supervisor to be confirmed")
    assert sign_in(desk, "old", PASSWORD).session.agent.roles == {Role.AGENT}
    as_older_desks_wrote(sqlite_desk, Action.ACCOUNT_CHANGED, "old: roles confirmed, supervisor")
    assert sign_in(desk, "old", PASSWORD).session.agent.roles == {Role.AGENT, Role.SUPERVISOR}
    as_older_desks_wrote(sqlite_desk, Action.ACCOUNT_CHANGED, "old: suspended")
    assert refusal(lambda: sign_in(desk, "old", PASSWORD)) is AccountSuspended
    as_older_desks_wrote(sqlite_desk, Action.ACCOUNT_CHANGED, "old: unlocked")
    as_older_desks_wrote(sqlite_desk, Action.ACCOUNT_CHANGED, "old: roles agent,supervisor -> agent")
    assert sign_in(desk, "old", PASSWORD).session.agent.roles == {Role.AGENT}
    accounts.set_roles(operator_session(desk), "old", {Role.VERIFIER})
    as_older_desks_wrote(sqlite_desk, Action.ACCOUNT_CHANGED, "old: roles confirmed, admin")
    assert sign_in(desk, "old", PASSWORD).session.agent.roles == {Role.VERIFIER}, "newer entries are the last word"
    assert recorded(desk, Action.SIGN_IN_FAILED)


def swap_names(test_desk: TestDesk, one: str, other: str) -> None:
    for before, after in ((one, "swapped"), (other, one), ("swapped", other)):
        change(test_desk, update(Agent).where(col(Agent.name) == before).values(name=after))


def test_whose_name_was_swapped_signs_in_as_no_one(test_desk: TestDesk) -> None:
    """With their own password, under the other's name: every entry would name the other."""
    desk = test_desk.desk
    operator = operator_session(desk)
    accounts.add_agent(operator, "mei", (Role.AGENT,), PASSWORD)
    accounts.add_agent(operator, "sue", (Role.SUPERVISOR,), "another long pass phrase")
    mei = sign_in(desk, "mei", PASSWORD).session
    half_way = first_step(desk, "mei", PASSWORD)
    swap_names(test_desk, "mei", "sue")
    for name, password in (("sue", PASSWORD), ("mei", PASSWORD), ("sue", "another long pass phrase")):
        with pytest.raises((SignInRefused, SignInMustWait)):
            sign_in(desk, name, password)
    assert refusal(lambda: second_step(desk, half_way)) is SignInRefused
    with pytest.raises((SignInRefused, SignInMustWait)):
        require_password_of(desk, Confirming("mei", "another long pass phrase"), Role.SUPERVISOR)
    for name in ("mei", "sue"):
        assert refusal(partial(accounts.suspend, operator, name)) is NotVouched
    with desk.database.reading() as db:
        assert accounts.unlike_the_log(db, desk) == ("mei (name)", "sue (name)")
        for agent in db.scalars(select(Agent)):
            assert roles_held(db, desk, agent) == frozenset()
    assert refusal(lambda: counts(mei)) is None, "who was signed in goes on under the name of theirs"
    swap_names(test_desk, "mei", "sue")
    test_desk.clock.forward(hours=1)
    assert sign_in(desk, "mei", PASSWORD).session.agent.name == "mei"


def test_no_ticket_is_given_to_whose_name_was_swapped(test_desk: TestDesk) -> None:
    sue, ticket = person(test_desk, "sue", Role.SUPERVISOR), own_ticket(test_desk)[1]
    person(test_desk, "ben", Role.AGENT)
    person(test_desk, "eva", Role.AGENT)
    assert {"ben", "eva"} <= set(assignable(sue))
    swap_names(test_desk, "ben", "eva")
    assert {"ben", "eva"}.isdisjoint(assignable(sue))
    with pytest.raises(UnknownAgent):
        assign(sue, ticket.number, 1, "ben")
