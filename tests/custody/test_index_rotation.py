"""Look-up keys are renewed with each rotation: an old backup of the data answers no guesses afterwards."""

import hashlib
import hmac
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import select
from sqlmodel import col

from cs_console.access_log.verify import verify_log
from cs_console.backups.making import Store, back_up
from cs_console.backups.restoring import restore
from cs_console.custody import index_rotation, index_state
from cs_console.custody.blind_index import account_token
from cs_console.custody.contacts import persons_with
from cs_console.custody.desk_keys import missing_desk_keys
from cs_console.custody.index_rotation import begin, carry_on, move_some
from cs_console.custody.index_state import SETTLED, read_state
from cs_console.custody.rotation import key_status, rotate
from cs_console.desk import Desk, operator_session
from cs_console.erasure.erasure import confirm_erasure
from cs_console.errors import DeskKeyMissing, StoreUnavailable
from cs_console.intake.intake import from_bytes, take_in
from cs_console.opening import open_desk
from cs_console.tickets.look_up import look_up
from models.contact import Contact
from models.contact_fields import Field
from models.requester import Requester
from models.roles import Role
from tests.erasure.erasures import PASSWORD, people, proposed
from tests.support.desk import TestDesk
from tests.support.tickets import MadeTicket, make_requester, make_ticket

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_rotation, "BATCH", 3)
    monkeypatch.setattr(index_rotation, "UPKEEP_SECONDS", 60.0)
    monkeypatch.setattr(index_rotation, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(index_state, "FRESH_SECONDS", 0.0)  # what no one waits for must not be believed either


def tickets_of(test_desk: TestDesk, number: int) -> list[tuple[str, MadeTicket]]:
    addresses = [f"person{one}@example.org" for one in range(number)]
    return [(one, make_ticket(test_desk, contacts={Field.EMAIL: one})) for one in addresses]


def all_found(session_of: TestDesk, made: list[tuple[str, MadeTicket]], name: str = "mei") -> None:
    mei = session_of.session(name, Role.AGENT)
    for address, ticket in made:
        assert look_up(mei, Field.EMAIL, address, "reply") == (ticket.number,), address


def guesses(desk: Desk, value: str) -> Iterator[bytes]:
    """What someone with the present keyring can hold against an old backup's look-up column."""
    owners = desk.keyring.store.owners("desk:")
    for key in desk.keyring.keys(owners).values():
        yield hmac.digest(key, value.encode(), hashlib.sha256)


def test_an_old_backup_of_the_data_gives_no_phone_number_after_erasure_and_rotation(sqlite_desk: TestDesk) -> None:
    desk, who = sqlite_desk.desk, people(sqlite_desk)
    ticket, erasure_id = proposed(sqlite_desk, who)
    number = look_up_value(desk, ticket, Field.MOBILE)
    kept = back_up(operator_session(desk), desk.settings.home.parent / "day.backup", Store.DATABASE).file
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    with closing(sqlite3.connect(kept)) as old:
        tokens = {row[0] for row in old.execute("SELECT lookup FROM contact WHERE lookup IS NOT NULL")}
    assert tokens & set(guesses(desk, number)), "the attack works until then"
    assert rotate(operator_session(desk)).finished
    assert not tokens & set(guesses(desk, number))
    assert key_status(desk).index.generation == 2
    assert key_status(desk).erased == 0
    assert verify_log(desk).ok


def look_up_value(desk: Desk, ticket: MadeTicket, field: Field) -> str:
    from cs_console.custody.opening import open_text
    from cs_console.custody.sealing import Place

    with desk.database.reading() as db:
        contact = db.get_one(Contact, ticket.contact_ids[field])
        place = Place(ticket.requester_id, "contact", "value", contact.id)
        return open_text(desk.keyring.key(ticket.requester_id), place, contact.value)


def test_everyone_is_found_at_every_step_and_who_writes_meanwhile_too(test_desk: TestDesk) -> None:
    desk, made = test_desk.desk, tickets_of(test_desk, 12)
    person = make_requester(test_desk, {Field.EMAIL: "Uma.Upper@example.org"}, account="u-77")
    made.append(("uma.upper@example.org", make_ticket(test_desk, requester=person)))
    claimed = make_ticket(test_desk, contacts={Field.EMAIL: "claim@example.org"}, on_file=False)
    made.append(("claim@example.org", claimed))
    assert begin(desk)
    mei = test_desk.session("mei", Role.AGENT)
    for step in range(100):
        for address, ticket in made[step % 3 :: 3]:
            assert look_up(mei, Field.EMAIL, address, "reply") == (ticket.number,), (step, address)
        if step < 5:
            made += [
                (f"late{step}@example.org", make_ticket(test_desk, contacts={Field.EMAIL: f"late{step}@example.org"}))
            ]
        if move_some(desk):
            break
        test_desk.clock.forward(minutes=61)  # the hourly limit of look-ups
        mei = test_desk.session(f"mei{step}", Role.AGENT)
    else:
        raise AssertionError("it never ends")
    all_found(test_desk, made, "ben")
    with desk.database.reading() as db:
        kept = db.get_one(Requester, person[0])
        assert kept.account == account_token(desk.keyring, "u-77")
        found = persons_with(db, desk, Field.EMAIL, "uma.UPPER@example.org")
        assert found == (person[0],)
    assert desk.keyring.store.owners("desk:index:e-mail") == ["desk:index:e-mail:2"]
    assert missing_desk_keys(desk.database, desk.keyring) == ()


def test_what_was_cut_short_is_carried_on_by_the_upkeep(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, made = test_desk.desk, tickets_of(test_desk, 10)

    def crash(*_given: object) -> None:
        raise StoreUnavailable("The disk went away.")

    begin(desk)
    move_some(desk)
    with monkeypatch.context() as broken:
        broken.setattr(index_rotation, "_move_rows", crash)
        with pytest.raises(StoreUnavailable):
            rotate(operator_session(desk))
    all_found(test_desk, made)
    with monkeypatch.context() as broken:
        broken.setattr(index_rotation, "_retire", crash)
        with pytest.raises(StoreUnavailable):
            carry_on(desk)
    all_found(test_desk, made, "ben")
    assert rotate(operator_session(desk)).finished
    carry_on(desk)
    all_found(test_desk, made, "ola")
    with desk.database.reading() as db:
        assert read_state(db).position == SETTLED


def test_a_backup_from_before_a_renewal_is_found_by_again_once_restored(sqlite_desk: TestDesk) -> None:
    desk, made = sqlite_desk.desk, tickets_of(sqlite_desk, 7)
    kept = back_up(operator_session(desk), desk.settings.home.parent / "day.backup", Store.DATABASE).file
    rotate(operator_session(desk))
    rotate(operator_session(desk))
    desk.close()
    restore(desk.settings, kept, "the disk broke", sqlite_desk.clock)
    with closing(open_desk(desk.settings, sqlite_desk.clock)) as opened:
        again = TestDesk(opened, sqlite_desk.clock)
        all_found(again, made)
        mail = b"From: person3@example.org\nTo: help@desk.invalid\nSubject: Again\nMessage-ID: <z@x>\n\nHello\n"
        taken = take_in(operator_session(opened), from_bytes(mail))
        assert taken.outcome == "opened"


def test_a_keyring_from_before_a_renewal_is_said_and_nothing_is_made(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    tickets_of(sqlite_desk, 3)
    old = back_up(operator_session(desk), desk.settings.home.parent / "old.keyring", Store.KEYRING).file
    for done in (begin(desk), *iter(lambda: move_some(desk), True)):
        assert done in (True, False)
    desk.close()
    for end in ("-wal", "-shm"):
        (desk.settings.home / f"keyring.db{end}").unlink(missing_ok=True)
    shutil.copy(old, desk.settings.home / "keyring.db")
    with closing(open_desk(desk.settings, sqlite_desk.clock)) as opened:
        mei = TestDesk(opened, sqlite_desk.clock).session("mei", Role.AGENT)
        with pytest.raises(DeskKeyMissing, match="index:e-mail:2"):
            look_up(mei, Field.EMAIL, "person1@example.org", "reply")
        assert "index:e-mail:2" in missing_desk_keys(opened.database, opened.keyring)
        with opened.database.reading() as db:
            assert db.connection().execute(select(col(Contact.lookup))).first() is not None
