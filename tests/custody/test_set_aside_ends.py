"""Mail that is set aside: under a key of its own, which ends with its sender, after its term, or by hand."""

import json
import shutil
from contextlib import closing
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import text, update
from sqlmodel import col, select

from cs_console.access_log.verify import verify_log
from cs_console.backups.making import Store, back_up
from cs_console.backups.restoring import restore
from cs_console.commands.checks import _missing_keys_check
from cs_console.custody import index_rotation, index_state, set_aside_ends
from cs_console.custody.desk_keys import missing_desk_keys
from cs_console.custody.erasing import apply_again
from cs_console.custody.index_rotation import begin, move_some
from cs_console.custody.keyring import Keyring
from cs_console.custody.rotation import key_status, rotate
from cs_console.custody.sealing import Place, seal
from cs_console.custody.set_aside import set_aside_for_filing
from cs_console.custody.set_aside_ends import destroy_expired, finish_destroying, mail_without_key
from cs_console.desk import Desk, operator_session
from cs_console.erasure.erasure import confirm_erasure
from cs_console.erasure.holds import place_hold
from cs_console.errors import KeyMissing, SealBroken, StoreUnavailable, TimeNotConfirmed
from cs_console.intake.intake import import_jsonl, import_mail, take_in
from cs_console.intake.mail import read_mail
from cs_console.intake.quarantine import listing_with_subjects
from cs_console.intake.set_aside_acts import drop, release, retry, show
from cs_console.intake.set_aside_upgrade import give_keys_apart
from cs_console.opening import open_desk
from cs_console.tickets.ticket_record import UNREADABLE
from cs_console.upkeep import keep_up
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Action, Channel, SetAside, SetAsideKey, SetAsideState
from models.log import LogEntry
from models.quarantined import Quarantined, SetAsideContact
from models.roles import Role
from tests.access_log.tampering import hand
from tests.erasure.erasures import PASSWORD, people, proposed, state_of
from tests.support.desk import FakeClock, TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket

ALICE, BOB = "alice@example.org", "bob@example.org"
DESTROYED = (SetAsideState.DESTROYED, SetAsideKey.DESTROYED, b"", None)

pytestmark = pytest.mark.usefixtures("cheap_passwords")


def spam(address: str, words: str = "Buy lamps.") -> bytes:
    return (
        f"From: {address}\nSubject: Lamps\nX-Spam-Flag: YES\nDate: Fri, 20 Nov 2026 08:00:00 +0000\n\n{words}"
    ).encode()


def unreadable(address: str) -> bytes:
    head = f"From: {address}\nSubject: Deep\nContent-Type: multipart/mixed; boundary=B\n\n".encode()
    return head + b"--B\n\nx\n" * 300


def take(made: TestDesk, *mails: bytes) -> None:
    for mail in mails:
        take_in(operator_session(made.desk), read_mail(mail))


def take_unreadable(made: TestDesk, folder: Path, *mails: bytes) -> None:
    for mail in mails:
        file = folder / f"{len(list(folder.glob('*.eml')))}.eml"
        file.write_bytes(mail)
        import_mail(operator_session(made.desk), [file])


def rows(made: TestDesk) -> list[Quarantined]:
    with made.desk.database.reading() as db:
        return list(db.scalars(select(Quarantined).order_by(col(Quarantined.number))))


def ended(row: Quarantined) -> tuple[str, str, bytes, bytes | None]:
    return row.state, row.key, row.content, row.subject


def has_key(desk: Desk, row: Quarantined) -> bool:
    return row.id in desk.keyring.keys([row.id])


def contacts(made: TestDesk) -> set[str]:
    """The mails that can still be found by an address, by their ids."""
    with made.desk.database.reading() as db:
        return set(db.scalars(select(col(SetAsideContact.quarantined_id))))


def as_before(made: TestDesk) -> None:
    """Have all of it sealed as older desks did: under the desk's key, found by no address."""
    desk = made.desk
    key = desk.keyring.desk_key("quarantine")
    with desk.database.transaction() as db:
        for row in db.scalars(select(Quarantined)).all():
            opened = set_aside_for_filing(db, desk, row.number).content
            row.content = seal(key, Place("desk:quarantine", "quarantined", "content", row.id), opened)
            row.subject = seal(key, Place("desk:quarantine", "quarantined", "subject", row.id), "Lamps")
            row.key = SetAsideKey.OF_DESK
            desk.keyring.store.drop([row.id])
            db.add(row)
        db.execute(text("DELETE FROM set_aside_contact"))


# --- a key of its own


def test_each_is_sealed_under_a_key_of_its_own(test_desk: TestDesk, tmp_path: Path) -> None:
    """Invariant 2."""
    take(test_desk, spam(ALICE), spam(BOB))
    take_unreadable(test_desk, tmp_path, unreadable(ALICE))
    desk, kept = test_desk.desk, rows(test_desk)
    keys = desk.keyring.keys(row.id for row in kept)
    assert len(set(keys.values())) == 3
    assert "desk:quarantine" not in desk.keyring.store.owners("desk:")
    assert [row.subject for row in listing_with_subjects(test_desk.session("omar", Role.SUPERVISOR), 9)] == [
        "",
        "Lamps",
        "Lamps",
    ]
    assert show(test_desk.session("olga", Role.PRIVACY_OFFICER), 2, "sort").sender == BOB
    with desk.database.transaction() as db:  # under the key of one, another does not open
        db.connection().execute(
            update(Quarantined).where(col(Quarantined.id) == kept[0].id).values(content=kept[1].content)
        )
    with desk.database.reading() as db, pytest.raises(SealBroken):
        set_aside_for_filing(db, desk, 1)


def test_what_is_dropped_cannot_be_read_in_an_old_backup_either(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    take(sqlite_desk, spam(ALICE))
    [before] = rows(sqlite_desk)
    drop(sqlite_desk.session("omar", Role.SUPERVISOR), 1, "an advertisement")
    [row] = rows(sqlite_desk)
    assert ended(row) == (SetAsideState.DROPPED, SetAsideKey.DESTROYED, b"", None)
    assert not has_key(desk, before)
    assert contacts(sqlite_desk) == set()
    assert key_status(desk).erased == 1  # the window in which backups of the keyring open it runs


def test_the_key_of_what_is_released_ends_with_its_tickets_requester(test_desk: TestDesk, tmp_path: Path) -> None:
    """A restored backup still has it, as long as the ticket's requester is not erased."""
    desk, who = test_desk.desk, people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    take_unreadable(test_desk, tmp_path, unreadable("odd@example.org"))
    taken = release(who.omar, 1)
    [row] = rows(test_desk)
    assert (row.state, row.ticket_number, has_key(desk, row)) == (SetAsideState.RELEASED, taken.number, True)
    with desk.database.transaction() as db:  # a row that says that it was filed nowhere: the log says where
        db.connection().execute(update(Quarantined).values(ticket_number=None))
    assert finish_destroying(desk) == 0
    assert has_key(desk, row)
    with desk.database.transaction() as db:  # as if it had been filed there
        db.connection().execute(update(Quarantined).values(ticket_number=ticket.number))
    assert confirm_erasure(who.omar, erasure_id, PASSWORD).erased
    [row] = rows(test_desk)
    assert ended(row) == DESTROYED
    assert not has_key(desk, row)


def test_the_key_of_what_is_set_aside_again_goes_at_once(sqlite_desk: TestDesk) -> None:
    """Tried again it was spam: that has a key of its own."""
    take(sqlite_desk, spam(ALICE))
    with sqlite_desk.desk.database.transaction() as db:
        db.connection().execute(update(Quarantined).values(sort=SetAside.UNREADABLE, digest=b"another"))
    assert retry(operator_session(sqlite_desk.desk)).outcomes == {"spam": 1}
    first, second = rows(sqlite_desk)
    assert not has_key(sqlite_desk.desk, first)
    assert has_key(sqlite_desk.desk, second)
    assert contacts(sqlite_desk) == {second.id}


# --- with its sender


def test_an_erasure_reaches_what_came_from_an_address_of_theirs(test_desk: TestDesk, tmp_path: Path) -> None:
    """Invariant 5: as a mail server takes the address, whether or not the mail could be read."""
    desk, who = test_desk.desk, people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    take(test_desk, spam("Alice@example.org"), spam(BOB))
    take_unreadable(test_desk, tmp_path, unreadable(f'"Alice" <{ALICE}>'), unreadable(BOB))
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    kept = rows(test_desk)
    assert [row.state for row in kept] == ["destroyed", "kept", "destroyed", "kept"]
    assert [has_key(desk, row) for row in kept] == [False, True, False, True]
    assert ended(kept[0]) == ended(kept[2]) == DESTROYED
    assert contacts(test_desk) == {kept[1].id, kept[3].id}
    [entry] = recorded(desk, Action.SET_ASIDE_DESTROYED)
    assert entry.ticket == ticket.number
    [about] = vouched(test_desk)
    assert about is not None
    assert json.loads(about) == {"erasure": erasure_id, "set aside": "1 3", "spam": "1", "unreadable": "1"}
    assert [one.action for one in recorded(desk)][-2:] == [Action.SET_ASIDE_DESTROYED, Action.REQUESTER_ERASED]
    assert verify_log(desk).ok


def test_an_address_on_file_with_two_accounts_is_no_ones_for_certain(test_desk: TestDesk) -> None:
    """A family, a recycled address: erasing one owner touches exactly what is theirs (DECISIONS 2)."""
    desk, who = test_desk.desk, people(test_desk)
    _, first = proposed(test_desk, who)
    _, second = proposed(test_desk, who)
    take(test_desk, spam(ALICE))
    confirm_erasure(who.omar, first, PASSWORD)
    assert rows(test_desk)[0].state == SetAsideState.KEPT
    assert recorded(desk, Action.SET_ASIDE_DESTROYED) == []
    confirm_erasure(who.omar, second, PASSWORD)  # now it is theirs alone
    assert ended(rows(test_desk)[0]) == DESTROYED


@pytest.mark.parametrize(
    ("channel", "address", "reached"),
    [
        (Channel.MAIL, BOB, True),
        (Channel.MAIL, "Bob@example.org", False),  # a claim is compared as written
        (Channel.FORM, BOB, False),  # anyone can write anyone's address into a form
    ],
)
def test_a_claim_reaches_what_came_from_the_very_address_that_its_mail_came_from(
    test_desk: TestDesk, channel: Channel, address: str, reached: bool
) -> None:
    make_ticket(test_desk, contacts={Field.EMAIL: BOB}, on_file=False, channel=channel)
    take(test_desk, spam(address))
    owner = make_ticket(test_desk, contacts={Field.EMAIL: "c@example.org"}, on_file=False)
    named = _named(test_desk)
    assert bool(named) is reached
    assert owner.requester_id not in named


def _named(made: TestDesk) -> set[str]:
    with made.desk.database.reading() as db:
        found = set_aside_ends._named_by(db, col(Contact.requester_id).is_not(None))
    return set().union(*found.values()) if found else set()


def test_a_report_about_a_letter_to_them_is_theirs(test_desk: TestDesk) -> None:
    ticket = make_ticket(test_desk, contacts={Field.EMAIL: BOB})
    report = (
        "From: Mail Delivery System <MAILER-DAEMON@mx.example>\nTo: x@desk.invalid\nSubject: Undelivered\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\n\n--B\n\nNot delivered.\n\n'
        "--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; {BOB}\nAction: failed\nStatus: 5.1.1\n\n--B\nContent-Type: message/rfc822\n\n"
        "Message-ID: <unknown@elsewhere.example>\nSubject: x\n\nx\n--B--\n"
    )
    take(test_desk, report.encode())
    assert [row.sort for row in rows(test_desk)] == [SetAside.BOUNCE]
    assert _named(test_desk) == {ticket.requester_id}


def test_a_line_that_cannot_be_read_is_found_by_the_addresses_in_it(test_desk: TestDesk, tmp_path: Path) -> None:
    ticket = make_ticket(test_desk, contacts={Field.EMAIL: BOB})
    file = tmp_path / "export.jsonl"
    file.write_text('{"type": "requester", "account": "a1", "e-mails": "bob@example.org"}\n')
    assert import_jsonl(operator_session(test_desk.desk), file).quarantined == 1
    assert _named(test_desk) == {ticket.requester_id}


@pytest.mark.parametrize("step", ["keyring", "database"])
def test_what_a_crash_left_of_an_erasure_is_finished_later(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    desk, who = test_desk.desk, people(test_desk)
    _, erasure_id = proposed(test_desk, who)
    take(test_desk, spam(ALICE))
    destroy = Keyring.destroy
    mail = rows(test_desk)[0].id

    def crash(keyring: Keyring, *owners: str) -> None:
        if owners != (mail,) or step == "database":
            destroy(keyring, *owners)
        if owners == (mail,):
            raise StoreUnavailable("The disk went away.")

    with monkeypatch.context() as broken:
        broken.setattr(Keyring, "destroy", crash)
        assert not confirm_erasure(who.omar, erasure_id, PASSWORD).erased
    [row] = rows(test_desk)
    assert (row.state, row.content, row.key) == (SetAsideState.DESTROYED, b"", SetAsideKey.OWN)
    keep_up(desk)
    [row] = rows(test_desk)
    assert ended(row) == DESTROYED
    assert not has_key(desk, row)
    assert state_of(desk, erasure_id) == "done"


def test_what_a_crash_left_of_a_drop_is_finished_by_the_upkeep(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(test_desk, spam(ALICE))

    def crash(*_given: object) -> None:
        raise StoreUnavailable("The disk went away.")

    with monkeypatch.context() as broken:
        broken.setattr(Keyring, "destroy", crash)
        drop(test_desk.session("omar", Role.SUPERVISOR), 1, "an advertisement")
    assert has_key(test_desk.desk, rows(test_desk)[0])
    keep_up(test_desk.desk)
    assert not has_key(test_desk.desk, rows(test_desk)[0])


@pytest.mark.parametrize("state", [SetAsideState.DROPPED, SetAsideState.DESTROYED, SetAsideState.RELEASED])
def test_no_row_destroys_a_key(test_desk: TestDesk, tmp_path: Path, state: SetAsideState) -> None:
    """Invariants 5 and 12: who writes to the database alone leaves the backups readable."""
    omar = test_desk.session("omar", Role.SUPERVISOR)
    take_unreadable(test_desk, tmp_path, unreadable(ALICE), unreadable(BOB))
    drop(omar, 2, "an advertisement")  # the log has one of the other
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Quarantined).where(col(Quarantined.number) == 1).values(state=state))
    with hand(test_desk) as forger:
        forger.run(
            "UPDATE log_entry SET about = :about WHERE action = 'set_aside.dropped'", about='{"set aside":"1 2"}'
        )
    assert finish_destroying(test_desk.desk) == 0
    assert has_key(test_desk.desk, rows(test_desk)[0])


# --- after its term


def test_it_is_destroyed_after_its_term_but_what_cannot_be_read(test_desk: TestDesk, tmp_path: Path) -> None:
    desk, days = test_desk.desk, test_desk.desk.settings.set_aside_days
    assert days == 90
    take(test_desk, spam(ALICE), spam(BOB))
    take_unreadable(test_desk, tmp_path, unreadable(ALICE))
    test_desk.clock.forward(days=days, minutes=-1)
    take(test_desk, spam("new@example.org"))
    assert destroy_expired(desk) == 0
    test_desk.clock.forward(minutes=1)
    assert destroy_expired(desk) == 2
    kept = rows(test_desk)
    assert [row.state for row in kept] == ["destroyed", "destroyed", "kept", "kept"]
    assert [has_key(desk, row) for row in kept] == [False, False, True, True]
    [entry] = recorded(desk, Action.SET_ASIDE_DESTROYED)
    assert (entry.actor, entry.ticket, entry.requester) == ("console", None, None)
    assert vouched(test_desk) == ['{"set aside":"1 2","spam":"2"}']
    assert destroy_expired(desk) == 0
    assert verify_log(desk).ok
    take(test_desk, spam(ALICE))  # the same again is not taken in
    assert len(rows(test_desk)) == 4


def vouched(made: TestDesk) -> list[str | None]:
    with made.desk.database.reading() as db:
        wanted = select(col(LogEntry.about)).where(col(LogEntry.action) == Action.SET_ASIDE_DESTROYED.value)
        return list(db.scalars(wanted.order_by(col(LogEntry.seq))))


def test_mail_of_someone_whose_data_is_held_is_kept_until_the_hold_ends(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_aside_ends, "BATCH", 1)  # what is held is not in the way of what is not
    desk, who = test_desk.desk, people(test_desk)
    ticket, _ = proposed(test_desk, who)
    take(test_desk, spam(ALICE, "1"), spam(ALICE, "2"), spam(BOB))
    until = (test_desk.clock.now() + timedelta(days=120)).date()
    place_hold(who.ines, ticket.number, "court", "Order 17", until)
    test_desk.clock.forward(days=100)
    assert destroy_expired(desk) == 1
    assert [row.state for row in rows(test_desk)] == ["kept", "kept", "destroyed"]
    test_desk.clock.forward(days=22)
    assert destroy_expired(desk) == 2


def test_a_clock_that_is_not_believed_destroys_nothing(test_desk: TestDesk) -> None:
    """DECISIONS 15."""
    take(test_desk, spam(ALICE), spam(BOB))
    drop(test_desk.session("omar", Role.SUPERVISOR), 2, "an advertisement")  # the newest entry
    with closing(open_desk(test_desk.desk.settings, ahead(test_desk))) as later:
        with pytest.raises(TimeNotConfirmed):
            destroy_expired(later)
        keep_up(later)
    assert rows(test_desk)[0].state == SetAsideState.KEPT


def ahead(made: TestDesk) -> FakeClock:
    return FakeClock(made.clock.now() + timedelta(days=200))


def test_one_run_destroys_no_more_than_its_entry_can_name(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_aside_ends, "BATCH", 2)
    monkeypatch.setattr(set_aside_ends, "MOST", 3)
    take(test_desk, *(spam(f"s{number}@example.org") for number in range(7)))
    test_desk.clock.forward(days=91)
    found = []
    while destroyed := destroy_expired(test_desk.desk):
        found.append(destroyed)
    assert found == [3, 3, 1]
    assert not any(has_key(test_desk.desk, row) for row in rows(test_desk))


# --- from before it had keys


def test_what_an_older_desk_set_aside_gets_its_key_from_the_upkeep(test_desk: TestDesk) -> None:
    people(test_desk)
    take(test_desk, spam(ALICE))
    as_before(test_desk)
    assert [row.key for row in rows(test_desk)] == ["desk"]
    keep_up(test_desk.desk)
    assert [row.key for row in rows(test_desk)] == ["own"]


def test_what_an_older_desk_set_aside_reads_the_same_before_and_after_it_gets_its_key(
    test_desk: TestDesk, tmp_path: Path
) -> None:
    desk, who = test_desk.desk, people(test_desk)
    _, erasure_id = proposed(test_desk, who)
    take(test_desk, spam(ALICE), spam(BOB))
    take_unreadable(test_desk, tmp_path, unreadable(ALICE))
    as_before(test_desk)
    with desk.database.transaction() as db:  # this one opens with no key
        db.connection().execute(
            update(Quarantined).where(col(Quarantined.number) == 2).values(content=b"\1" + bytes(40))
        )

    def read() -> list[object]:
        with desk.database.reading() as db:
            found = [set_aside_for_filing(db, desk, number).content for number in (1, 3)]
        return [*found, *(one.subject for one in listing_with_subjects(who.omar, 9))]

    first = read()
    assert give_keys_apart(desk) == 2
    assert read() == first
    assert [row.key for row in rows(test_desk)] == ["own", "desk", "own"]
    assert missing_desk_keys(desk.database, desk.keyring) == ()
    assert give_keys_apart(desk) == 0
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    assert [row.state for row in rows(test_desk)] == ["destroyed", "kept", "destroyed"]


def test_a_desk_of_the_version_before_is_taken_over(test_desk: TestDesk, tmp_path: Path) -> None:
    """The migration itself, and then the upkeep."""
    desk = test_desk.desk
    take(test_desk, spam(ALICE))
    take_unreadable(test_desk, tmp_path, unreadable(BOB))
    as_before(test_desk)
    with desk.database.transaction() as db:
        db.connection().execute(update(Quarantined).values(ticket_number=10_401))  # an older desk has no such column
    migration = import_module("cs_console.migrations.versions.0027_keys_of_set_aside")
    with desk.database.engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        migration.downgrade()
        migration.upgrade()
    assert {(row.key, row.ticket_number) for row in rows(test_desk)} == {(SetAsideKey.OF_DESK, None)}
    keep_up(desk)
    assert {row.key for row in rows(test_desk)} == {SetAsideKey.OWN}
    assert contacts(test_desk) == {row.id for row in rows(test_desk)}
    assert show(test_desk.session("olga", Role.PRIVACY_OFFICER), 1, "sort").sender == ALICE


def test_what_is_cut_short_there_is_done_again(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = test_desk.desk
    take(test_desk, spam(ALICE))
    as_before(test_desk)

    def crash(*_given: object) -> None:
        raise StoreUnavailable("The disk went away.")

    with monkeypatch.context() as broken:
        broken.setattr("cs_console.custody.set_aside.add_contacts", crash)
        with pytest.raises(StoreUnavailable):
            give_keys_apart(desk)
    [row] = rows(test_desk)
    assert row.key == SetAsideKey.OF_DESK
    assert has_key(desk, row)
    desk.keyed_apart_up_to = 0
    assert give_keys_apart(desk) == 1
    assert show(test_desk.session("olga", Role.PRIVACY_OFFICER), 1, "sort").sender == ALICE


# --- rotation, backups, doctor


def test_it_is_found_at_every_step_while_the_look_up_keys_are_renewed(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DECISIONS 7: a part moves in all tables at once."""
    monkeypatch.setattr(index_rotation, "BATCH", 3)
    monkeypatch.setattr(index_state, "FRESH_SECONDS", 0.0)
    addresses = [f"Person{number}@example.org" for number in range(8)]
    owners = {make_ticket(test_desk, contacts={Field.EMAIL: one}).requester_id for one in addresses[::2]}
    owners |= {
        make_ticket(test_desk, contacts={Field.EMAIL: one}, on_file=False).requester_id for one in addresses[1::2]
    }
    take(test_desk, *map(spam, addresses))
    before = tokens(test_desk)
    assert begin(test_desk.desk)
    for step in range(100):
        assert _named(test_desk) == owners, step
        if step == 2:
            late = "Late@example.org"
            owners.add(make_ticket(test_desk, contacts={Field.EMAIL: late}).requester_id)
            take(test_desk, spam(late))
        if move_some(test_desk.desk):
            break
    else:
        raise AssertionError("it never ends")
    assert _named(test_desk) == owners
    assert before.isdisjoint(tokens(test_desk))


def tokens(made: TestDesk) -> set[bytes]:
    with made.desk.database.reading() as db:
        return set(db.scalars(select(col(SetAsideContact.lookup))))


def test_it_opens_after_a_rotation_of_the_key_encryption_key(test_desk: TestDesk) -> None:
    take(test_desk, spam(ALICE))
    assert rotate(operator_session(test_desk.desk)).finished
    assert show(test_desk.session("olga", Role.PRIVACY_OFFICER), 1, "sort").sender == ALICE


def test_a_lost_key_is_said_and_destroys_nothing(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    take(test_desk, spam(ALICE), spam(BOB))
    drop(test_desk.session("omar", Role.SUPERVISOR), 2, "an advertisement")
    assert mail_without_key(desk.database, desk.keyring) == 0
    desk.keyring.store.drop([rows(test_desk)[0].id])
    assert mail_without_key(desk.database, desk.keyring) == 1
    check = _missing_keys_check("keys", desk)
    assert (check.ok, "1 mail set aside has no key" in check.words) == (False, True)
    with pytest.raises(KeyMissing):
        show(test_desk.session("olga", Role.PRIVACY_OFFICER), 1, "sort")
    assert listing_with_subjects(test_desk.session("mara", Role.SUPERVISOR), 9)[0].subject == UNREADABLE
    keep_up(desk)
    assert rows(test_desk)[0].state == SetAsideState.KEPT


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_backup_from_before_an_erasure_brings_none_of_it_back(sqlite_desk: TestDesk, by_hand: bool) -> None:
    desk, who = sqlite_desk.desk, people(sqlite_desk)
    _, erasure_id = proposed(sqlite_desk, who)
    take(sqlite_desk, spam(ALICE), spam(BOB))
    kept = back_up(operator_session(desk), desk.settings.home.parent / "day.backup", Store.DATABASE).file
    old_keyring = back_up(operator_session(desk), desk.settings.home.parent / "keys.backup", Store.KEYRING).file
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    desk.close()
    shutil.copyfile(old_keyring, desk.settings.home / "keyring.db")
    if by_hand:
        shutil.copyfile(kept, desk.settings.home / "console.db")
    else:
        assert restore(desk.settings, kept, "the disk broke", sqlite_desk.clock).erased_again == 1
    with closing(open_desk(desk.settings, sqlite_desk.clock)) as opened:
        assert apply_again(opened) == by_hand  # as every sign-in does
        again = TestDesk(opened, sqlite_desk.clock)
        first, second = rows(again)
        assert ended(first) == DESTROYED
        assert not has_key(opened, first)
        assert second.state == SetAsideState.KEPT
        assert has_key(opened, second)


def test_an_old_keyring_that_is_put_back_by_hand_opens_nothing_once_someone_signs_in(sqlite_desk: TestDesk) -> None:
    desk, who = sqlite_desk.desk, people(sqlite_desk)
    _, erasure_id = proposed(sqlite_desk, who)
    take(sqlite_desk, spam(ALICE))
    old_keyring = back_up(operator_session(desk), desk.settings.home.parent / "keys.backup", Store.KEYRING).file
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    desk.close()
    shutil.copyfile(old_keyring, desk.settings.home / "keyring.db")
    with closing(open_desk(desk.settings, sqlite_desk.clock)) as opened:
        [row] = rows(TestDesk(opened, sqlite_desk.clock))
        assert has_key(opened, row)
        apply_again(opened)
        assert not has_key(opened, row)


def test_a_keyring_from_before_brings_no_destroyed_key_back(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    take(sqlite_desk, spam(ALICE))
    old_keyring = back_up(operator_session(desk), desk.settings.home.parent / "keys.backup", Store.KEYRING).file
    drop(sqlite_desk.session("omar", Role.SUPERVISOR), 1, "an advertisement")
    kept = back_up(operator_session(desk), desk.settings.home.parent / "day.backup", Store.DATABASE).file
    desk.close()
    shutil.copyfile(old_keyring, desk.settings.home / "keyring.db")
    with closing(open_desk(desk.settings, sqlite_desk.clock)) as opened:
        assert has_key(opened, rows(TestDesk(opened, sqlite_desk.clock))[0])  # so there is something to find
    restore(desk.settings, kept, "the disk broke", sqlite_desk.clock)
    with closing(open_desk(desk.settings, sqlite_desk.clock)) as opened:
        assert not has_key(opened, rows(TestDesk(opened, sqlite_desk.clock))[0])
