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
from cs_console.desk import operator_desk
from cs_console.intake.jsonl import RequesterRecord
from cs_console.intake.key_pool import one_at_a_time
from cs_console.intake.on_file import Put, put_on_file
from cs_console.verification.codes import options
from models.contact import Contact
from models.enums import Field, Link, Role
from models.requester import Requester
from models.ticket import Ticket
from tests.support.office import TestOffice
from tests.support.tickets import MadeTicket, make_requester, make_ticket

ANNA, BORIS, MOBILE = "anna@mail.example.org", "boris@mail.example.org", "+8613800138000"


def migration() -> ModuleType:
    (file,) = (database_module.MIGRATIONS / "versions").glob("[0-9][0-9][0-9][0-9]_identity.py")
    return importlib.import_module(f"cs_console.migrations.versions.{Path(file).stem}")


def migrated_again(test_office: TestOffice) -> None:
    """Take away what the migration brought, then let it meet what is left: a desk of before."""
    engine = test_office.office.database.engine
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        migration().downgrade()
        migration().upgrade()


def of_before(test_office: TestOffice, *said: tuple[Field, str, bool, bool]) -> MadeTicket:
    """A ticket of one requester with these contacts, each with whether it is on file, and whether it was replaced."""
    made = make_ticket(test_office, requester=make_requester(test_office, {}))
    office, owner = test_office.office, made.requester_id
    with office.database.transaction() as session:
        key, now = office.keyring.key(owner), test_office.clock.now()
        for field, value, on_file, replaced in said:
            row = add_contact(session, office, owner, key, NewContact(field, value, on_file, now))
            if replaced:
                session.connection().execute(update(Contact).where(col(Contact.id) == row).values(replaced_at=now))
    return made


def state_of(test_office: TestOffice, made: MadeTicket) -> tuple[bool, Link]:
    with test_office.office.database.reading() as session:
        ticket = session.get_one(Ticket, made.number)
        return session.get_one(Requester, made.requester_id).unclear, Link(ticket.link)


def account(account: str, *contacts: tuple[Field, str]) -> RequesterRecord:
    return RequesterRecord((*contacts, (Field.OTHER, account)), "en", None, account)


def put(test_office: TestOffice, record: RequesterRecord) -> Put:
    return put_on_file(operator_desk(test_office.office), record, one_at_a_time(test_office.office.keyring))


def test_a_desk_of_before_merges_no_one_and_lists_what_is_unclear(test_office: TestOffice) -> None:
    clear = of_before(test_office, (Field.EMAIL, "li@mail.example.org", True, False), (Field.OTHER, "u7", True, False))
    moved = of_before(
        test_office,
        (Field.EMAIL, "old@mail.example.org", True, True),
        (Field.EMAIL, "new@mail.example.org", True, False),
        (Field.OTHER, "u8", True, False),
    )
    two_accounts = of_before(
        test_office,
        (Field.MOBILE, MOBILE, True, False),
        (Field.EMAIL, ANNA, True, True),
        (Field.OTHER, "u1", True, True),
        (Field.EMAIL, BORIS, True, False),
        (Field.OTHER, "u2", True, False),
    )
    several_values = of_before(test_office, (Field.EMAIL, ANNA, True, True), (Field.EMAIL, BORIS, True, False))
    a_form = of_before(test_office, (Field.MOBILE, "+8613700137000", True, False), (Field.EMAIL, ANNA, False, False))
    stranger = of_before(test_office, (Field.EMAIL, "stranger@mail.example.org", False, False))
    migrated_again(test_office)
    assert [state_of(test_office, made) for made in (clear, moved, two_accounts, several_values, a_form, stranger)] == [
        (False, Link.PRESUMED),
        (False, Link.PRESUMED),
        (True, Link.NONE),
        (True, Link.NONE),
        (True, Link.NONE),
        (False, Link.NONE),
    ]
    office = test_office.office
    found = _identity_check("identity", office)
    assert not found.ok
    for made in (two_accounts, several_values, a_form):
        alias = office.pseudonym(made.requester_id, office.keyring.key(made.requester_id))
        assert f"#{made.number} ({alias})" in found.words
    assert "2 on file without an account" in found.words
    vera = test_office.desk("vera-lin", Role.VERIFIER)
    assert [one.allowed for one in options(vera, two_accounts.number)] == [False, False]
    with office.database.reading() as session:
        claim = session.scalars(select(Contact).where(col(Contact.requester_id) == stranger.requester_id)).one()
        assert claim.ticket_number == stranger.number


def test_each_account_of_a_mixed_requester_becomes_a_person_of_its_own(test_office: TestOffice) -> None:
    mixed = of_before(
        test_office,
        (Field.MOBILE, MOBILE, True, False),
        (Field.EMAIL, ANNA, True, True),
        (Field.OTHER, "u1", True, True),
        (Field.EMAIL, BORIS, True, False),
        (Field.OTHER, "u2", True, False),
    )
    migrated_again(test_office)
    put(test_office, account("u1", (Field.EMAIL, ANNA)))
    put(test_office, account("u2", (Field.MOBILE, MOBILE), (Field.EMAIL, BORIS)))
    office = test_office.office
    with office.database.reading() as session:
        (anna,), (boris,) = (persons_with(session, office, Field.EMAIL, address) for address in (ANNA, BORIS))
    assert len({anna, boris, mixed.requester_id}) == 3


def changed_since(test_office: TestOffice) -> RequesterRecord:
    return account("u7", (Field.EMAIL, ANNA), (Field.MOBILE, "+8613900139000"))


def the_same(test_office: TestOffice) -> RequesterRecord:
    return account("u7", (Field.EMAIL, ANNA), (Field.MOBILE, MOBILE))


def of_another(test_office: TestOffice) -> RequesterRecord:
    return account("u9", (Field.EMAIL, ANNA), (Field.MOBILE, MOBILE))


@pytest.mark.parametrize(("record", "taken"), [(the_same, True), (changed_since, True), (of_another, False)])
def test_the_record_that_equals_what_is_on_file_takes_the_account(
    test_office: TestOffice, record: Callable[[TestOffice], RequesterRecord], taken: bool
) -> None:
    made = of_before(
        test_office,
        (Field.EMAIL, ANNA, True, False),
        (Field.MOBILE, MOBILE, True, False),
        (Field.OTHER, "u7", True, False),
    )
    migrated_again(test_office)
    put(test_office, record(test_office))
    with test_office.office.database.reading() as session:
        assert (session.get_one(Requester, made.requester_id).account is not None) is taken
        assert len(session.scalars(select(Requester)).all()) == (1 if taken else 2)
