"""A key that is not there is missing, and said so: nothing is erased, and nothing is made, because of it."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import delete

from cs_console.access_log.verify import verify_log
from cs_console.casework.conversation import open_ticket
from cs_console.commands.checks import examine
from cs_console.custody.desk_keys import list_desk_keys, missing_desk_keys, requesters_without_key
from cs_console.custody.drafts import save_draft
from cs_console.custody.erasing import apply_again
from cs_console.desk import Desk, operator_session
from cs_console.errors import DeskKeyMissing, KeyDestroyed, KeyMissing, KeyProtected
from cs_console.intake.intake import import_mail
from cs_console.opening import open_desk
from cs_console.tickets.queue import page
from models.desk_key import DeskKey
from models.enums import RequesterState
from models.requester import Requester
from models.roles import Role
from tests.support.desk import TestDesk
from tests.support.drafts import load_draft
from tests.support.tickets import make_ticket

DESK_KEYS = (
    "log-tag", "codes", "sign-in", "quarantine", "privacy-office", "index:mobile", "index:e-mail", "index:reference",
)  # fmt: skip


def lose(desk: Desk, *owners: str) -> None:
    """Take keys out of the keyring's file by hand, as an older keyring would lack them."""
    with closing(sqlite3.connect(desk.settings.home / "keyring.db")) as raw, raw:
        for owner in owners:
            assert raw.execute("DELETE FROM wrapped_key WHERE owner = ?", (owner,)).rowcount == 1


def state_of(desk: Desk, requester_id: str) -> str:
    with desk.database.reading() as db:
        return db.get_one(Requester, requester_id).state


def test_a_requester_without_key_is_not_taken_for_erased(test_desk: TestDesk) -> None:
    desk, mei = test_desk.desk, test_desk.session("mei", Role.AGENT)
    lost, kept = make_ticket(test_desk), make_ticket(test_desk)
    lose(desk, lost.requester_id)
    assert apply_again(desk) == 0
    assert state_of(desk, lost.requester_id) == RequesterState.ACTIVE
    with pytest.raises(KeyMissing, match="Nothing was erased"):
        open_ticket(mei, lost.number)
    shown = {row.number: row.subject for row in page(mei, "all").rows}
    assert shown == {lost.number: "its key is missing: tell an operator", kept.number: "A question"}
    assert requesters_without_key(desk.database, desk.keyring) == 1


def test_only_who_was_erased_answers_as_erased(test_desk: TestDesk) -> None:
    desk, ticket = test_desk.desk, make_ticket(test_desk)
    lose(desk, ticket.requester_id)
    with desk.database.transaction() as db:  # by hand: the log shows no erasure
        db.get_one(Requester, ticket.requester_id).state = RequesterState.ERASED
    with pytest.raises(KeyMissing):
        desk.keyring.key(ticket.requester_id)
    other = make_ticket(test_desk)
    desk.keyring.destroy(other.requester_id)
    with pytest.raises(KeyDestroyed):
        desk.keyring.key(other.requester_id)


@pytest.mark.parametrize("name", DESK_KEYS)
def test_a_key_of_the_desks_own_that_is_lost_is_said_and_not_made_again(sqlite_desk: TestDesk, name: str) -> None:
    desk, settings = sqlite_desk.desk, sqlite_desk.desk.settings
    desk.keyring.desk_key(name)
    list_desk_keys(desk)
    lose(desk, f"desk:{name}")
    desk.close()
    for _ in range(2):
        opened = open_desk(settings)
        with pytest.raises(DeskKeyMissing, match=f'"{name}"'):
            opened.keyring.desk_key(name)
        assert missing_desk_keys(opened.database, opened.keyring) == (name,)
        opened.close()
    [check] = [one for one in examine(settings) if one.name == "missing keys"]
    assert (check.ok, f"of the desk itself: {name}" in check.words) == (False, True)


def test_a_desk_from_before_keys_were_listed_gets_those_that_it_never_used(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    make_ticket(sqlite_desk)
    assert desk.keyring.desk_key("codes")
    lose(desk, "desk:codes", "desk:index:e-mail", "desk:log-tag")
    with desk.database.transaction() as db:
        db.connection().execute(delete(DeskKey))
    desk.close()
    opened = open_desk(desk.settings)
    assert missing_desk_keys(opened.database, opened.keyring) == (
        "index:e-mail",
        "log-tag",
    )  # the log and a contact hold what they made
    assert opened.keyring.desk_key("codes")
    opened.close()


def test_mail_of_a_requester_without_key_is_kept_and_without_an_index_none_is_taken(sqlite_desk: TestDesk) -> None:
    desk, operator = sqlite_desk.desk, operator_session(sqlite_desk.desk)
    folder = desk.settings.home / "mail"
    folder.mkdir()
    ticket = make_ticket(sqlite_desk)
    mail = (
        f"From: alice@example.org\nTo: d@desk.invalid\nSubject: Re: [#{ticket.number}]\nMessage-ID: <%s@x>\n\nHello\n"
    )
    (folder / "1.eml").write_text(mail % 1)
    lose(desk, ticket.requester_id)
    assert import_mail(operator, [folder]).quarantined == 1
    lose(desk, "desk:index:reference")
    (folder / "2.eml").write_text(mail % 2)
    desk.keyring._desk_keys.clear()
    with pytest.raises(DeskKeyMissing):
        import_mail(operator, [folder])


def test_no_key_but_a_requesters_is_ever_destroyed(test_desk: TestDesk) -> None:
    keyring = test_desk.desk.keyring
    agent = test_desk.session("mei", Role.AGENT)
    save_draft(agent, "new", "words")
    for owner in (*(f"desk:{name}" for name in DESK_KEYS), f"agent:{agent.agent.id}", ""):
        with pytest.raises(KeyProtected):
            keyring.destroy(owner)
        with pytest.raises(KeyProtected):
            keyring.drop_unused([owner])
    assert missing_desk_keys(test_desk.desk.database, keyring) == ()
    assert load_draft(agent, "new") == "words"
    assert verify_log(test_desk.desk).ok


def test_the_key_of_an_agents_drafts_is_not_made_again_over_a_draft(test_desk: TestDesk) -> None:
    desk, agent = test_desk.desk, test_desk.session("mei", Role.AGENT)
    save_draft(agent, "new", "words")
    lose(desk, f"agent:{agent.agent.id}")
    with pytest.raises(KeyMissing):
        save_draft(agent, "other", "more")
