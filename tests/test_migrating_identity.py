"""A desk from before accounts were kept: migrating merges no one, and what is unclear is listed for a person."""

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import select, update
from sqlmodel import col

from cs_console import database as database_module
from cs_console.commands.checks import _identity_check
from cs_console.custody.contacts import NewContact, add_contact, persons_with
from cs_console.desk import operator_session
from cs_console.intake.jsonl import RequesterRecord
from cs_console.intake.key_pool import one_at_a_time
from cs_console.intake.on_file import Put, put_on_file
from cs_console.verification.codes import options
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Link
from models.requester import Requester
from models.roles import Role
from models.ticket import Ticket
from tests.support.desk import TestDesk
from tests.support.tickets import MadeTicket, make_requester, make_ticket

ANNA, BORIS, MOBILE = "anna@mail.example.org", "boris@mail.example.org", "+8613800138000"


def migration() -> ModuleType:
    (file,) = (database_module.MIGRATIONS / "versions").glob("[0-9][0-9][0-9][0-9]_identity.py")
    return importlib.import_module(f"cs_console.migrations.versions.{Path(file).stem}")


def migrated_again(test_desk: TestDesk) -> None:
    """Take away what the migration brought, then let it meet what is left: a desk of before."""
    engine = test_desk.desk.database.engine
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        migration().downgrade()
        migration().upgrade()


def of_before(test_desk: TestDesk, *said: tuple[Field, str, bool, bool]) -> MadeTicket:
    """A ticket of one requester with these contacts, each with whether it is on file, and whether it was replaced."""
    made = make_ticket(test_desk, requester=make_requester(test_desk, {}))
    desk, owner = test_desk.desk, made.requester_id
    with desk.database.transaction() as db:
        key, now = desk.keyring.key(owner), test_desk.clock.now()
        for field, value, on_file, replaced in said:
            row = add_contact(db, desk, owner, key, NewContact(field, value, on_file, now))
            if replaced:
                db.connection().execute(update(Contact).where(col(Contact.id) == row).values(replaced_at=now))
    return made


def state_of(test_desk: TestDesk, made: MadeTicket) -> tuple[bool, Link]:
    with test_desk.desk.database.reading() as db:
        ticket = db.get_one(Ticket, made.number)
        return db.get_one(Requester, made.requester_id).unclear, Link(ticket.link)


def account(account: str, *contacts: tuple[Field, str]) -> RequesterRecord:
    return RequesterRecord((*contacts, (Field.OTHER, account)), "en", None, account)


def put(test_desk: TestDesk, record: RequesterRecord) -> Put:
    return put_on_file(operator_session(test_desk.desk), record, one_at_a_time(test_desk.desk.keyring))


def test_a_desk_of_before_merges_no_one_and_lists_what_is_unclear(test_desk: TestDesk) -> None:
    clear = of_before(test_desk, (Field.EMAIL, "li@mail.example.org", True, False), (Field.OTHER, "u7", True, False))
    moved = of_before(
        test_desk,
        (Field.EMAIL, "old@mail.example.org", True, True),
        (Field.EMAIL, "new@mail.example.org", True, False),
        (Field.OTHER, "u8", True, False),
    )
    two_accounts = of_before(
        test_desk,
        (Field.MOBILE, MOBILE, True, False),
        (Field.EMAIL, ANNA, True, True),
        (Field.OTHER, "u1", True, True),
        (Field.EMAIL, BORIS, True, False),
        (Field.OTHER, "u2", True, False),
    )
    several_values = of_before(test_desk, (Field.EMAIL, ANNA, True, True), (Field.EMAIL, BORIS, True, False))
    a_form = of_before(test_desk, (Field.MOBILE, "+8613700137000", True, False), (Field.EMAIL, ANNA, False, False))
    stranger = of_before(test_desk, (Field.EMAIL, "stranger@mail.example.org", False, False))
    migrated_again(test_desk)
    assert [state_of(test_desk, made) for made in (clear, moved, two_accounts, several_values, a_form, stranger)] == [
        (False, Link.PRESUMED),
        (False, Link.PRESUMED),
        (True, Link.NONE),
        (True, Link.NONE),
        (True, Link.NONE),
        (False, Link.NONE),
    ]
    desk = test_desk.desk
    found = _identity_check("identity", desk)
    assert not found.ok
    for made in (two_accounts, several_values, a_form):
        alias = desk.pseudonym(made.requester_id, desk.keyring.key(made.requester_id))
        assert f"#{made.number} ({alias})" in found.words
    assert "persons on file without an account: 2" in found.words
    vera = test_desk.session("vera-lin", Role.VERIFIER)
    assert [one.allowed for one in options(vera, two_accounts.number)] == [False, False]
    with desk.database.reading() as db:
        claim = db.scalars(select(Contact).where(col(Contact.requester_id) == stranger.requester_id)).one()
        assert claim.ticket_number == stranger.number


def test_each_account_of_a_mixed_requester_becomes_a_person_of_its_own(test_desk: TestDesk) -> None:
    mixed = of_before(
        test_desk,
        (Field.MOBILE, MOBILE, True, False),
        (Field.EMAIL, ANNA, True, True),
        (Field.OTHER, "u1", True, True),
        (Field.EMAIL, BORIS, True, False),
        (Field.OTHER, "u2", True, False),
    )
    migrated_again(test_desk)
    put(test_desk, account("u1", (Field.EMAIL, ANNA)))
    put(test_desk, account("u2", (Field.MOBILE, MOBILE), (Field.EMAIL, BORIS)))
    desk = test_desk.desk
    with desk.database.reading() as db:
        (anna,), (boris,) = (persons_with(db, desk, Field.EMAIL, address) for address in (ANNA, BORIS))
    assert len({anna, boris, mixed.requester_id}) == 3


def changed_since(test_desk: TestDesk) -> RequesterRecord:
    return account("u7", (Field.EMAIL, ANNA), (Field.MOBILE, "+8613900139000"))


def the_same(test_desk: TestDesk) -> RequesterRecord:
    return account("u7", (Field.EMAIL, ANNA), (Field.MOBILE, MOBILE))


def of_another(test_desk: TestDesk) -> RequesterRecord:
    return account("u9", (Field.EMAIL, ANNA), (Field.MOBILE, MOBILE))


@pytest.mark.parametrize(("record", "taken"), [(the_same, True), (changed_since, True), (of_another, False)])
def test_the_record_that_equals_what_is_on_file_takes_the_account(
    test_desk: TestDesk, record: Callable[[TestDesk], RequesterRecord], taken: bool
) -> None:
    made = of_before(
        test_desk,
        (Field.EMAIL, ANNA, True, False),
        (Field.MOBILE, MOBILE, True, False),
        (Field.OTHER, "u7", True, False),
    )
    migrated_again(test_desk)
    put(test_desk, record(test_desk))
    with test_desk.desk.database.reading() as db:
        assert (db.get_one(Requester, made.requester_id).account is not None) is taken
        assert len(db.scalars(select(Requester)).all()) == (1 if taken else 2)
