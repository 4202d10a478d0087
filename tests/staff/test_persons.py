"""One person under two accounts is no second person (DECISIONS.md, 9; ASVS 8.2.1, 8.3.1)."""

from pathlib import Path

import pytest

from cs_console.access_log.persons_on_record import is_another
from cs_console.decisions.approval import approve, require_may_approve
from cs_console.desk import operator_desk
from cs_console.erasure.erasure import confirm_erasure
from cs_console.errors import BadAccount, NotAllowed, OwnErasure, OwnProposal
from cs_console.staff import accounts
from models.enums import AccountState, Action, Role
from tests.decisions.cases import PASSWORD, person
from tests.decisions.test_approval import proposed as proposed_refusal
from tests.erasure.erasures import people, proposed, state_of
from tests.support.accounts import identify
from tests.support.office import TestOffice
from tests.support.recorded import recorded

pytestmark = pytest.mark.usefixtures("cheap_passwords")


def add(test_office: TestOffice, name: str, identity: str = "") -> str:
    return accounts.add_agent(operator_desk(test_office.office), name, (Role.AGENT,), PASSWORD, identity=identity)


def test_only_accounts_that_differ_in_who_they_belong_to_are_two_people(test_office: TestOffice) -> None:
    mei, omar = add(test_office, "mei", "mei@example.org"), add(test_office, "omar", "+44 1632 960001")
    first, second = add(test_office, "first"), add(test_office, "second")
    with test_office.office.database.reading() as session:
        assert is_another(session, test_office.office, mei, omar) and is_another(session, test_office.office, omar, mei)
        assert is_another(session, test_office.office, mei, first) and is_another(
            session, test_office.office, first, mei
        )
        assert not is_another(session, test_office.office, first, second)
        assert not is_another(session, test_office.office, mei, mei)
        assert not is_another(session, test_office.office, mei, "unknown")
        assert is_another(session, test_office.office, None, mei)


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("mei@example.org", "  MEI@Example.ORG "),
        ("mei@b\u00fccher.example", "mei@xn--bcher-kva.example"),
        ("stra\u00dfe@example.org", "STRASSE@example.org"),
        ("+44 1632 960001", "+441632-960001"),
    ],
)
def test_a_contact_belongs_to_one_active_account(test_office: TestOffice, one: str, same: str) -> None:
    operator = operator_desk(test_office.office)
    add(test_office, "mei", one)
    for again in (one, same):
        with pytest.raises(BadAccount, match="one person works with one account"):
            add(test_office, "mei2", again)
    add(test_office, "mei2")
    with pytest.raises(BadAccount, match="one person works with one account"):
        accounts.set_identity(operator, "mei2", same)
    accounts.suspend(operator, "mei")
    accounts.set_identity(operator, "mei2", same)
    with pytest.raises(BadAccount, match="one person works with one account"):
        accounts.unlock(operator, "mei")
    assert {row.name: row.state for row in accounts.list_agents(operator)}["mei"] is AccountState.SUSPENDED


@pytest.mark.parametrize("contact", ["mei", "01632 960001", "mei@", "mei@example.org, omar@example.org", "\x1b[2J@x"])
def test_what_is_no_contact_is_no_identity(sqlite_office: TestOffice, contact: str) -> None:
    with pytest.raises(BadAccount, match="An identity is"):
        add(sqlite_office, "mei", contact)
    assert accounts.list_agents(operator_desk(sqlite_office.office)) == ()


def test_the_contact_itself_is_kept_nowhere(sqlite_office: TestOffice) -> None:
    """ASVS 14.2.6: only what is needed is kept."""
    add(sqlite_office, "mei", "canary.mei@example.org")
    accounts.set_identity(operator_desk(sqlite_office.office), "mei", "canary.mei2@example.org")
    assert recorded(sqlite_office.office, Action.ACCOUNT_CHANGED)[-1].reason == "mei: identity recorded"
    sqlite_office.office.close()
    for file in sqlite_office.office.settings.home.rglob("*"):
        assert not file.is_file() or b"canary" not in Path(file).read_bytes(), file


def test_nobody_records_their_own(sqlite_office: TestOffice) -> None:
    ines = sqlite_office.desk("ines", Role.ADMIN)
    with pytest.raises(BadAccount, match="own account"):
        accounts.set_identity(ines, "ines", "ines@example.org")


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [(None, None, True), (None, b"sue", False), (b"mei", None, False), (b"mei", b"sue", False)],
)
def test_an_approval_takes_another_person_not_another_account(
    sqlite_office: TestOffice, first: bytes | None, second: bytes | None, refused: bool
) -> None:
    """ASVS 2.3.5: who has two accounts does not fill both places."""
    mei, number, decision_id = proposed_refusal(sqlite_office)
    sue = person(sqlite_office, "sue", Role.SUPERVISOR)
    with sqlite_office.office.database.transaction() as session:
        identify(session, sqlite_office.office, {mei.agent.id: first, sue.agent.id: second})
    if refused:
        with pytest.raises(OwnProposal):
            approve(sue, decision_id, PASSWORD)
        assert recorded(sqlite_office.office, Action.DECISION_REFUSED)[-1].reason == "own_proposal"
    else:
        assert approve(sue, decision_id, PASSWORD).number == number


def test_two_approvals_take_two_people(sqlite_office: TestOffice) -> None:
    _, _, decision_id = proposed_refusal(sqlite_office, "S4")
    sue = person(sqlite_office, "sue", Role.SUPERVISOR)
    ines = person(sqlite_office, "ines", Role.PRIVACY_OFFICER)
    with sqlite_office.office.database.transaction() as session:
        identify(session, sqlite_office.office, {sue.agent.id: None, ines.agent.id: None})
    assert not approve(sue, decision_id, PASSWORD).final
    with pytest.raises(NotAllowed, match="another person"):
        require_may_approve(ines, decision_id)


def test_an_erasure_takes_another_person_not_another_account(sqlite_office: TestOffice) -> None:
    who = people(sqlite_office)
    _, erasure_id = proposed(sqlite_office, who)
    with sqlite_office.office.database.transaction() as session:
        identify(session, sqlite_office.office, {who.mei.agent.id: None, who.omar.agent.id: None})
    with pytest.raises(OwnErasure):
        confirm_erasure(who.omar, erasure_id, PASSWORD)
    assert state_of(sqlite_office.office, erasure_id) == "proposed"
