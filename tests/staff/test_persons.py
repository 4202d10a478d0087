"""One person under two accounts is no second person (DECISIONS.md, 9; ASVS 8.2.1, 8.3.1)."""

from pathlib import Path

import pytest

from cs_console.access_log.persons_on_record import is_another
from cs_console.decisions.approval import approve, require_may_approve
from cs_console.desk import operator_session
from cs_console.erasure.erasure import confirm_erasure
from cs_console.errors import BadAccount, NotAllowed, OwnErasure, OwnProposal
from cs_console.staff import accounts
from models.enums import AccountState, Action
from models.roles import Role
from tests.decisions.cases import PASSWORD, person
from tests.decisions.test_approval import proposed as proposed_refusal
from tests.erasure.erasures import people, proposed, state_of
from tests.support.accounts import identify
from tests.support.desk import TestDesk
from tests.support.recorded import recorded

pytestmark = [
    pytest.mark.usefixtures("cheap_passwords"),
    pytest.mark.engines("sqlite"),  # rules; their statements run on both in tests/acts
]


def add(test_desk: TestDesk, name: str, identity: str = "") -> str:
    return accounts.add_agent(operator_session(test_desk.desk), name, (Role.AGENT,), PASSWORD, identity=identity)


def test_only_accounts_that_differ_in_who_they_belong_to_are_two_people(test_desk: TestDesk) -> None:
    mei, omar = add(test_desk, "mei", "mei@example.org"), add(test_desk, "omar", "+44 1632 960001")
    first, second = add(test_desk, "first"), add(test_desk, "second")
    with test_desk.desk.database.reading() as db:
        assert is_another(db, test_desk.desk, mei, omar) and is_another(db, test_desk.desk, omar, mei)
        assert is_another(db, test_desk.desk, mei, first) and is_another(db, test_desk.desk, first, mei)
        assert not is_another(db, test_desk.desk, first, second)
        assert not is_another(db, test_desk.desk, mei, mei)
        assert not is_another(db, test_desk.desk, mei, "unknown")
        assert is_another(db, test_desk.desk, None, mei)


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("mei@example.org", "  MEI@Example.ORG "),
        ("mei@b\u00fccher.example", "mei@xn--bcher-kva.example"),
        ("stra\u00dfe@example.org", "STRASSE@example.org"),
        ("+44 1632 960001", "+441632-960001"),
    ],
)
def test_a_contact_belongs_to_one_active_account(test_desk: TestDesk, one: str, same: str) -> None:
    operator = operator_session(test_desk.desk)
    add(test_desk, "mei", one)
    for again in (one, same):
        with pytest.raises(BadAccount, match="Each person has one account"):
            add(test_desk, "mei2", again)
    add(test_desk, "mei2")
    with pytest.raises(BadAccount, match="Each person has one account"):
        accounts.set_identity(operator, "mei2", same)
    accounts.suspend(operator, "mei")
    accounts.set_identity(operator, "mei2", same)
    with pytest.raises(BadAccount, match="Each person has one account"):
        accounts.unlock(operator, "mei")
    assert {row.name: row.state for row in accounts.list_agents(operator)}["mei"] is AccountState.SUSPENDED


@pytest.mark.parametrize("contact", ["mei", "01632 960001", "mei@", "mei@example.org, omar@example.org", "\x1b[2J@x"])
def test_what_is_no_contact_is_no_identity(sqlite_desk: TestDesk, contact: str) -> None:
    with pytest.raises(BadAccount, match="An identity is"):
        add(sqlite_desk, "mei", contact)
    assert accounts.list_agents(operator_session(sqlite_desk.desk)) == ()


def test_the_contact_itself_is_kept_nowhere(sqlite_desk: TestDesk) -> None:
    """ASVS 14.2.6: only what is needed is kept."""
    add(sqlite_desk, "mei", "canary.mei@example.org")
    accounts.set_identity(operator_session(sqlite_desk.desk), "mei", "canary.mei2@example.org")
    assert recorded(sqlite_desk.desk, Action.ACCOUNT_CHANGED)[-1].reason == "mei: identity recorded"
    sqlite_desk.desk.close()
    for file in sqlite_desk.desk.settings.home.rglob("*"):
        assert not file.is_file() or b"canary" not in Path(file).read_bytes(), file


def test_nobody_records_their_own(sqlite_desk: TestDesk) -> None:
    ines = sqlite_desk.session("ines", Role.ADMIN)
    with pytest.raises(BadAccount, match="own account"):
        accounts.set_identity(ines, "ines", "ines@example.org")


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [(None, None, True), (None, b"sue", False), (b"mei", None, False), (b"mei", b"sue", False)],
)
def test_an_approval_takes_another_person_not_another_account(
    sqlite_desk: TestDesk, first: bytes | None, second: bytes | None, refused: bool
) -> None:
    """ASVS 2.3.5: who has two accounts does not fill both places."""
    mei, number, decision_id = proposed_refusal(sqlite_desk)
    sue = person(sqlite_desk, "sue", Role.SUPERVISOR)
    with sqlite_desk.desk.database.transaction() as db:
        identify(db, sqlite_desk.desk, {mei.agent.id: first, sue.agent.id: second})
    if refused:
        with pytest.raises(OwnProposal):
            approve(sue, decision_id, PASSWORD)
        assert recorded(sqlite_desk.desk, Action.DECISION_REFUSED)[-1].reason == "own_proposal"
    else:
        assert approve(sue, decision_id, PASSWORD).number == number


def test_two_approvals_take_two_people(sqlite_desk: TestDesk) -> None:
    _, _, decision_id = proposed_refusal(sqlite_desk, "S4")
    sue = person(sqlite_desk, "sue", Role.SUPERVISOR)
    ines = person(sqlite_desk, "ines", Role.PRIVACY_OFFICER)
    with sqlite_desk.desk.database.transaction() as db:
        identify(db, sqlite_desk.desk, {sue.agent.id: None, ines.agent.id: None})
    assert not approve(sue, decision_id, PASSWORD).final
    with pytest.raises(NotAllowed, match="different person"):
        require_may_approve(ines, decision_id)


def test_an_erasure_takes_another_person_not_another_account(sqlite_desk: TestDesk) -> None:
    who = people(sqlite_desk)
    _, erasure_id = proposed(sqlite_desk, who)
    with sqlite_desk.desk.database.transaction() as db:
        identify(db, sqlite_desk.desk, {who.mei.agent.id: None, who.omar.agent.id: None})
    with pytest.raises(OwnErasure):
        confirm_erasure(who.omar, erasure_id, PASSWORD)
    assert state_of(sqlite_desk.desk, erasure_id) == "proposed"
