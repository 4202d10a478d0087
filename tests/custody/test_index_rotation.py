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
from cs_console.desk import Office, operator_desk
from cs_console.erasure.erasure import confirm_erasure
from cs_console.errors import DeskKeyMissing, StoreUnavailable
from cs_console.intake.intake import from_bytes, take_in
from cs_console.opening import open_office
from cs_console.tickets.look_up import look_up
from models.contact import Contact
from models.enums import Field, Role
from models.requester import Requester
from tests.erasure.erasures import PASSWORD, people, proposed
from tests.support.office import TestOffice
from tests.support.tickets import MadeTicket, make_requester, make_ticket

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_rotation, "BATCH", 3)
    monkeypatch.setattr(index_rotation, "UPKEEP_SECONDS", 60.0)
    monkeypatch.setattr(index_rotation, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(index_state, "FRESH_SECONDS", 0.0)  # what no one waits for must not be believed either


def tickets_of(test_office: TestOffice, number: int) -> list[tuple[str, MadeTicket]]:
    addresses = [f"person{one}@example.org" for one in range(number)]
    return [(one, make_ticket(test_office, contacts={Field.EMAIL: one})) for one in addresses]


def all_found(desk_of: TestOffice, made: list[tuple[str, MadeTicket]], name: str = "mei") -> None:
    mei = desk_of.desk(name, Role.AGENT)
    for address, ticket in made:
        assert look_up(mei, Field.EMAIL, address) == (ticket.number,), address


def guesses(office: Office, value: str) -> Iterator[bytes]:
    """What someone with the present keyring can hold against an old backup's look-up column."""
    owners = office.keyring.store.owners("desk:")
    for key in office.keyring.keys(owners).values():
        yield hmac.digest(key, value.encode(), hashlib.sha256)


def test_an_old_backup_of_the_data_gives_no_phone_number_after_erasure_and_rotation(sqlite_office: TestOffice) -> None:
    office, who = sqlite_office.office, people(sqlite_office)
    ticket, erasure_id = proposed(sqlite_office, who)
    number = look_up_value(office, ticket, Field.MOBILE)
    kept = back_up(operator_desk(office), office.settings.home.parent / "day.backup", Store.DATABASE).file
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    with closing(sqlite3.connect(kept)) as old:
        tokens = {row[0] for row in old.execute("SELECT lookup FROM contact WHERE lookup IS NOT NULL")}
    assert tokens & set(guesses(office, number)), "the attack works until then"
    assert rotate(operator_desk(office)).finished
    assert not tokens & set(guesses(office, number))
    assert key_status(office).index.generation == 2
    assert key_status(office).erased == 0
    assert verify_log(office).ok


def look_up_value(office: Office, ticket: MadeTicket, field: Field) -> str:
    from cs_console.custody.opening import open_text
    from cs_console.custody.sealing import Place

    with office.database.reading() as session:
        contact = session.get_one(Contact, ticket.contact_ids[field])
        place = Place(ticket.requester_id, "contact", "value", contact.id)
        return open_text(office.keyring.key(ticket.requester_id), place, contact.value)


def test_everyone_is_found_at_every_step_and_who_writes_meanwhile_too(test_office: TestOffice) -> None:
    office, made = test_office.office, tickets_of(test_office, 12)
    person = make_requester(test_office, {Field.EMAIL: "Uma.Upper@example.org"}, account="u-77")
    made.append(("uma.upper@example.org", make_ticket(test_office, requester=person)))
    claimed = make_ticket(test_office, contacts={Field.EMAIL: "claim@example.org"}, on_file=False)
    made.append(("claim@example.org", claimed))
    assert begin(office)
    mei = test_office.desk("mei", Role.AGENT)
    for step in range(100):
        for address, ticket in made[step % 3 :: 3]:
            assert look_up(mei, Field.EMAIL, address) == (ticket.number,), (step, address)
        if step < 5:
            made += [
                (f"late{step}@example.org", make_ticket(test_office, contacts={Field.EMAIL: f"late{step}@example.org"}))
            ]
        if move_some(office):
            break
        test_office.clock.forward(minutes=61)  # the hourly limit of look-ups
        mei = test_office.desk(f"mei{step}", Role.AGENT)
    else:
        raise AssertionError("it never ends")
    all_found(test_office, made, "ben")
    with office.database.reading() as session:
        kept = session.get_one(Requester, person[0])
        assert kept.account == account_token(office.keyring, "u-77")
        found = persons_with(session, office, Field.EMAIL, "uma.UPPER@example.org")
        assert found == (person[0],)
    assert office.keyring.store.owners("desk:index:e-mail") == ["desk:index:e-mail:2"]
    assert missing_desk_keys(office.database, office.keyring) == ()


def test_what_was_cut_short_is_carried_on_by_the_upkeep(
    test_office: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, made = test_office.office, tickets_of(test_office, 10)

    def crash(*_given: object) -> None:
        raise StoreUnavailable("The disk went away.")

    begin(office)
    move_some(office)
    with monkeypatch.context() as broken:
        broken.setattr(index_rotation, "_move_rows", crash)
        with pytest.raises(StoreUnavailable):
            rotate(operator_desk(office))
    all_found(test_office, made)
    with monkeypatch.context() as broken:
        broken.setattr(index_rotation, "_retire", crash)
        with pytest.raises(StoreUnavailable):
            carry_on(office)
    all_found(test_office, made, "ben")
    assert rotate(operator_desk(office)).finished
    carry_on(office)
    all_found(test_office, made, "ola")
    with office.database.reading() as session:
        assert read_state(session).position == SETTLED


def test_a_backup_from_before_a_renewal_is_found_by_again_once_restored(sqlite_office: TestOffice) -> None:
    office, made = sqlite_office.office, tickets_of(sqlite_office, 7)
    kept = back_up(operator_desk(office), office.settings.home.parent / "day.backup", Store.DATABASE).file
    rotate(operator_desk(office))
    rotate(operator_desk(office))
    office.close()
    restore(office.settings, kept, "the disk broke", sqlite_office.clock)
    with closing(open_office(office.settings, sqlite_office.clock)) as opened:
        again = TestOffice(opened, sqlite_office.clock)
        all_found(again, made)
        mail = b"From: person3@example.org\nTo: help@desk.invalid\nSubject: Again\nMessage-ID: <z@x>\n\nHello\n"
        taken = take_in(operator_desk(opened), from_bytes(mail))
        assert taken.outcome == "opened"


def test_a_keyring_from_before_a_renewal_is_said_and_nothing_is_made(sqlite_office: TestOffice) -> None:
    office = sqlite_office.office
    tickets_of(sqlite_office, 3)
    old = back_up(operator_desk(office), office.settings.home.parent / "old.keyring", Store.KEYRING).file
    for done in (begin(office), *iter(lambda: move_some(office), True)):
        assert done in (True, False)
    office.close()
    for end in ("-wal", "-shm"):
        (office.settings.home / f"keyring.db{end}").unlink(missing_ok=True)
    shutil.copy(old, office.settings.home / "keyring.db")
    with closing(open_office(office.settings, sqlite_office.clock)) as opened:
        mei = TestOffice(opened, sqlite_office.clock).desk("mei", Role.AGENT)
        with pytest.raises(DeskKeyMissing, match="index:e-mail:2"):
            look_up(mei, Field.EMAIL, "person1@example.org")
        assert "index:e-mail:2" in missing_desk_keys(opened.database, opened.keyring)
        with opened.database.reading() as session:
            assert session.connection().execute(select(col(Contact.lookup))).first() is not None
