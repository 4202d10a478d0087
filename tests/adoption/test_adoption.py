"""Which policy is the desk's, since when, and whether its file is still the one that was adopted."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlmodel import Session, col

from cs_console.access_log.append import append
from cs_console.access_log.entry import Actor, Entry
from cs_console.adoption.adopting import THE_SETTING, adopt, note_at_opening, note_current, read_adopted, shelved
from cs_console.commands.checks import examine
from cs_console.desk import Office, operator_desk
from cs_console.errors import BadPack, UnknownPack
from cs_console.opening import open_office
from cs_console.policy.adopted import adopted_names, last_adoption
from cs_console.policy.loader import DEFAULT, SHIPPED, PackShelf
from cs_console.upkeep import keep_up
from models.adopted_pack import AdoptedPack
from models.enums import Action, TicketState
from models.log import LogHead
from tests.support.office import TestOffice
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket

GDPR = "gdpr-2018-05"


def rows(test_office: TestOffice) -> list[tuple[str, str, str]]:
    with test_office.office.database.reading() as session:
        found = session.connection().execute(
            select(col(AdoptedPack.name), col(AdoptedPack.sha256), col(AdoptedPack.by)).order_by(col(AdoptedPack.at))
        )
        return [(name, sha256, by) for name, sha256, by in found]


def set_pack(test_office: TestOffice, name: str) -> None:
    """As a console that was started with another setting."""
    office = test_office.office
    office.settings = office.settings.model_copy(update={"pack": name})
    office.packs = PackShelf(office.settings, office.packs.adopted)


def own_copy(test_office: TestOffice, name: str, *more: str) -> Path:
    """A pack's file in the home folder, where it wins over the shipped one."""
    file = test_office.office.settings.home / "packs" / f"{name}.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join([(SHIPPED / f"{name}.toml").read_text("utf-8"), *more]), "utf-8")
    return file


def test_an_adopted_pack_is_for_new_tickets_and_open_ones_stay_where_they_are(test_office: TestOffice) -> None:
    office = test_office.office
    before = make_ticket(test_office)
    assert adopt(operator_desk(office), GDPR).new
    after = make_ticket(test_office)
    with office.database.reading() as session:
        from models.ticket import Ticket

        packs = {one.number: one.pack for one in session.scalars(select(Ticket))}
    assert packs == {before.number: DEFAULT, after.number: GDPR}
    assert {one.name: one.open_tickets for one in shelved(office)} == {DEFAULT: 1, GDPR: 1}
    assert [one.name for one in shelved(office) if one.current] == [GDPR]


def test_an_adoption_is_recorded_with_name_and_file(test_office: TestOffice) -> None:
    done = adopt(operator_desk(test_office.office), GDPR)
    [entry] = recorded(test_office.office, Action.POLICY_ADOPTED)
    assert entry.actor == "operator"
    assert entry.reason == f"{GDPR} {done.sha256[:16]}, by operator"
    assert rows(test_office) == [(GDPR, done.sha256, "operator")]


def test_the_same_file_is_not_adopted_twice(test_office: TestOffice) -> None:
    desk = operator_desk(test_office.office)
    adopt(desk, GDPR)
    assert not adopt(desk, GDPR).new
    assert len(rows(test_office)) == len(recorded(test_office.office, Action.POLICY_ADOPTED)) == 1


def test_a_pack_with_a_problem_is_not_adopted(test_office: TestOffice) -> None:
    file = own_copy(test_office, GDPR)
    file.write_text(file.read_text("utf-8").replace("Fee: {{ fee }}", "No fee"), "utf-8")
    with pytest.raises(BadPack) as refused:
        adopt(operator_desk(test_office.office), GDPR)
    assert "does not hold {{ fee }}" in "\n".join(refused.value.problems)
    with pytest.raises(UnknownPack):
        adopt(operator_desk(test_office.office), "nothing-2026-01")
    assert rows(test_office) == []


def test_the_setting_wins_over_what_was_adopted(test_office: TestOffice) -> None:
    office = test_office.office
    set_pack(test_office, DEFAULT)
    assert adopt(operator_desk(office), GDPR).overruled_by == DEFAULT
    assert office.packs.name == DEFAULT
    set_pack(test_office, "")
    assert office.packs.name == GDPR


def test_without_setting_and_adoption_it_is_the_shipped_one(sqlite_office: TestOffice) -> None:
    assert sqlite_office.office.packs.name == DEFAULT


def test_a_desk_opens_under_what_was_adopted_and_an_open_one_follows_within_a_minute(
    sqlite_office: TestOffice,
) -> None:
    office = sqlite_office.office
    other = open_office(office.settings, sqlite_office.clock)
    adopt(operator_desk(office), GDPR)
    assert other.packs.name == DEFAULT
    keep_up(other)
    assert other.packs.name == GDPR
    other.close()
    reopened = open_office(office.settings, sqlite_office.clock)
    assert reopened.packs.name == GDPR
    reopened.close()


def test_what_the_setting_names_is_recorded_once_and_again_when_its_file_changes(test_office: TestOffice) -> None:
    office = test_office.office
    set_pack(test_office, GDPR)
    assert note_current(office)
    assert not note_current(office)
    first = office.packs.sha256(GDPR)
    own_copy(test_office, GDPR, "# changed")
    test_office.clock.forward(minutes=1)
    assert note_current(office)
    second = office.packs.sha256(GDPR)
    assert first != second
    assert rows(test_office) == [(GDPR, first, THE_SETTING), (GDPR, second, THE_SETTING)]
    assert [entry.reason for entry in recorded(office, Action.POLICY_ADOPTED)] == [
        f"{GDPR} {sha256[:16]}, by {THE_SETTING}" for sha256 in (first, second)
    ]
    read_adopted(office)
    assert office.packs.adopted == GDPR


def test_of_two_consoles_that_open_at_once_one_records_it(
    test_office: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one looked before the first had written, and looks again once it holds the log."""
    office = test_office.office
    assert note_current(office)
    looks: Iterator[bool] = iter([True])

    def before_the_first(session: Session, office: Office, name: str) -> tuple[str, str] | None:
        return None if next(looks, False) else last_adoption(session, office, name)

    monkeypatch.setattr("cs_console.adoption.adopting.last_adoption", before_the_first)
    assert not note_current(office)
    assert len(rows(test_office)) == 1


def test_a_setting_that_names_no_pack_is_not_recorded(test_office: TestOffice) -> None:
    set_pack(test_office, "nothing-2026-01")
    assert not note_current(test_office.office)
    assert rows(test_office) == []


def test_a_broken_log_keeps_nobody_from_opening_a_console_but_nothing_is_adopted(test_office: TestOffice) -> None:
    """No entry, no adoption."""
    office = test_office.office
    with office.database.transaction() as session:
        session.get_one(LogHead, 1).tag = b"another"
    note_at_opening(office)
    assert rows(test_office) == []


def test_doctor_finds_the_file_that_changed_under_open_tickets(test_office: TestOffice) -> None:
    office = test_office.office

    def changed() -> int:
        return next(one.changed for one in shelved(office) if one.name == GDPR)

    set_pack(test_office, GDPR)
    note_current(office)
    test_office.clock.forward(minutes=1)
    make_ticket(test_office)
    make_ticket(test_office, state=TicketState.CLOSED)
    assert changed() == 0
    file = own_copy(test_office, GDPR, "# changed")
    assert changed() == 1
    test_office.clock.forward(minutes=1)
    note_current(office)
    make_ticket(test_office)
    assert changed() == 1  # the new one came in under the file as it is
    file.unlink()
    assert changed() == 2  # back again: what was adopted last is not what is there


def test_doctor_says_it(sqlite_office: TestOffice) -> None:
    office = sqlite_office.office
    set_pack(sqlite_office, GDPR)
    note_current(office)
    make_ticket(sqlite_office)
    own_copy(sqlite_office, GDPR, "# changed")
    check = next(one for one in examine(office.settings) if one.name == "policy pack")
    assert not check.ok
    assert f"the file of {GDPR} has changed since 1 open ticket was opened" in check.words


def test_a_pack_that_was_only_written_into_the_database_is_not_in_force(sqlite_office: TestOffice) -> None:
    office, later = sqlite_office.office, sqlite_office.clock.now() + timedelta(days=1)
    adopt(operator_desk(office), DEFAULT)
    forged = AdoptedPack(name=GDPR, sha256=office.packs.sha256(GDPR), by="operator", at=later)
    with office.database.transaction() as session:
        session.add(forged)
    read_adopted(office)
    assert office.packs.name == DEFAULT
    reopened = open_office(office.settings, sqlite_office.clock)
    assert reopened.packs.name == DEFAULT
    reopened.close()
    with office.database.reading() as session:
        assert adopted_names(session, office) == {DEFAULT}
    adopt(operator_desk(office), GDPR)
    with office.database.transaction() as session:
        session.connection().execute(update(AdoptedPack).where(col(AdoptedPack.name) == DEFAULT).values(at=later))
    read_adopted(office)
    assert office.packs.name == GDPR


def test_what_an_older_desk_adopted_still_counts(sqlite_office: TestOffice) -> None:
    office, now = sqlite_office.office, sqlite_office.clock.now()
    sha256 = office.packs.sha256(GDPR)
    with office.database.transaction() as session:
        session.add(AdoptedPack(name=GDPR, sha256=sha256, by="operator", at=now))
        said = Entry(Action.POLICY_ADOPTED, reason=f"{GDPR} {sha256[:16]}, by operator")
        append(session, office, Actor("operator", "", "", "a host"), said, now)
    with office.database.reading() as session:
        assert last_adoption(session, office) == (GDPR, sha256)
    assert not adopt(operator_desk(office), GDPR).new
