"""A key that is not there is missing, and said so: nothing is erased, and nothing is made, because of it."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import delete

from cs_console.access_log.verify import verify_log
from cs_console.casework.conversation import open_ticket
from cs_console.commands.checks import examine
from cs_console.custody.desk_keys import list_desk_keys, missing_desk_keys, requesters_without_key
from cs_console.custody.drafts import load_draft, save_draft
from cs_console.custody.erasing import apply_again
from cs_console.desk import Office, operator_desk
from cs_console.errors import DeskKeyMissing, KeyDestroyed, KeyMissing, KeyProtected
from cs_console.intake.intake import import_mail
from cs_console.opening import open_office
from cs_console.tickets.queue import page
from models.desk_key import DeskKey
from models.enums import RequesterState, Role
from models.requester import Requester
from tests.support.office import TestOffice
from tests.support.tickets import make_ticket

DESK_KEYS = (
    "log-tag", "codes", "sign-in", "quarantine", "privacy-office", "index:mobile", "index:e-mail", "index:reference",
)  # fmt: skip


def lose(office: Office, *owners: str) -> None:
    """Take keys out of the keyring's file by hand, as an older keyring would lack them."""
    with closing(sqlite3.connect(office.settings.home / "keyring.db")) as raw, raw:
        for owner in owners:
            assert raw.execute("DELETE FROM wrapped_key WHERE owner = ?", (owner,)).rowcount == 1


def state_of(office: Office, requester_id: str) -> str:
    with office.database.reading() as session:
        return session.get_one(Requester, requester_id).state


def test_a_requester_without_key_is_not_taken_for_erased(test_office: TestOffice) -> None:
    office, mei = test_office.office, test_office.desk("mei", Role.AGENT)
    lost, kept = make_ticket(test_office), make_ticket(test_office)
    lose(office, lost.requester_id)
    assert apply_again(office) == 0
    assert state_of(office, lost.requester_id) == RequesterState.ACTIVE
    with pytest.raises(KeyMissing, match="Nothing was erased"):
        open_ticket(mei, lost.number)
    shown = {row.number: row.subject for row in page(mei, "all").rows}
    assert shown == {lost.number: "its key is missing: tell an operator", kept.number: "A question"}
    assert requesters_without_key(office.database, office.keyring) == 1


def test_only_who_was_erased_answers_as_erased(test_office: TestOffice) -> None:
    office, ticket = test_office.office, make_ticket(test_office)
    lose(office, ticket.requester_id)
    with office.database.transaction() as session:  # by hand: the log shows no erasure
        session.get_one(Requester, ticket.requester_id).state = RequesterState.ERASED
    with pytest.raises(KeyMissing):
        office.keyring.key(ticket.requester_id)
    other = make_ticket(test_office)
    office.keyring.destroy(other.requester_id)
    with pytest.raises(KeyDestroyed):
        office.keyring.key(other.requester_id)


@pytest.mark.parametrize("name", DESK_KEYS)
def test_a_key_of_the_desks_own_that_is_lost_is_said_and_not_made_again(sqlite_office: TestOffice, name: str) -> None:
    office, settings = sqlite_office.office, sqlite_office.office.settings
    office.keyring.desk_key(name)
    list_desk_keys(office)
    lose(office, f"desk:{name}")
    office.close()
    for _ in range(2):
        opened = open_office(settings)
        with pytest.raises(DeskKeyMissing, match=f'"{name}"'):
            opened.keyring.desk_key(name)
        assert missing_desk_keys(opened.database, opened.keyring) == (name,)
        opened.close()
    [check] = [one for one in examine(settings) if one.name == "missing keys"]
    assert (check.ok, f"of the desk itself: {name}" in check.words) == (False, True)


def test_a_desk_from_before_keys_were_listed_gets_those_that_it_never_used(sqlite_office: TestOffice) -> None:
    office = sqlite_office.office
    make_ticket(sqlite_office)
    assert office.keyring.desk_key("codes")
    lose(office, "desk:codes", "desk:index:e-mail", "desk:log-tag")
    with office.database.transaction() as session:
        session.connection().execute(delete(DeskKey))
    office.close()
    opened = open_office(office.settings)
    assert missing_desk_keys(opened.database, opened.keyring) == (
        "index:e-mail",
        "log-tag",
    )  # the log and a contact hold what they made
    assert opened.keyring.desk_key("codes")
    opened.close()


def test_mail_of_a_requester_without_key_is_kept_and_without_an_index_none_is_taken(sqlite_office: TestOffice) -> None:
    office, operator = sqlite_office.office, operator_desk(sqlite_office.office)
    folder = office.settings.home / "mail"
    folder.mkdir()
    ticket = make_ticket(sqlite_office)
    mail = (
        f"From: alice@example.org\nTo: d@desk.invalid\nSubject: Re: [#{ticket.number}]\nMessage-ID: <%s@x>\n\nHello\n"
    )
    (folder / "1.eml").write_text(mail % 1)
    lose(office, ticket.requester_id)
    assert import_mail(operator, [folder]).quarantined == 1
    lose(office, "desk:index:reference")
    (folder / "2.eml").write_text(mail % 2)
    office.keyring._desk_keys.clear()
    with pytest.raises(DeskKeyMissing):
        import_mail(operator, [folder])


def test_no_key_but_a_requesters_is_ever_destroyed(test_office: TestOffice) -> None:
    keyring = test_office.office.keyring
    agent = test_office.desk("mei", Role.AGENT)
    save_draft(agent, "new", "words")
    for owner in (*(f"desk:{name}" for name in DESK_KEYS), f"agent:{agent.agent.id}", ""):
        with pytest.raises(KeyProtected):
            keyring.destroy(owner)
        with pytest.raises(KeyProtected):
            keyring.drop_unused([owner])
    assert missing_desk_keys(test_office.office.database, keyring) == ()
    assert load_draft(agent, "new") == "words"
    assert verify_log(test_office.office).ok


def test_the_key_of_an_agents_drafts_is_not_made_again_over_a_draft(test_office: TestOffice) -> None:
    office, agent = test_office.office, test_office.desk("mei", Role.AGENT)
    save_draft(agent, "new", "words")
    lose(office, f"agent:{agent.agent.id}")
    with pytest.raises(KeyMissing):
        save_draft(agent, "other", "more")
