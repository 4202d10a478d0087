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
from cs_console.desk import Desk, operator_session
from cs_console.errors import BadPack, UnknownPack
from cs_console.opening import open_desk
from cs_console.policy.adopted import adopted_names, last_adoption
from cs_console.policy.loader import DEFAULT, SHIPPED, PackShelf
from cs_console.upkeep import keep_up
from models.adopted_pack import AdoptedPack
from models.enums import Action, TicketState
from models.log import LogHead
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

GDPR = "gdpr-2018-05"


def rows(test_desk: TestDesk) -> list[tuple[str, str, str]]:
    with test_desk.desk.database.reading() as db:
        found = db.connection().execute(
            select(col(AdoptedPack.name), col(AdoptedPack.sha256), col(AdoptedPack.by)).order_by(col(AdoptedPack.at))
        )
        return [(name, sha256, by) for name, sha256, by in found]


def set_pack(test_desk: TestDesk, name: str) -> None:
    """As a console that was started with another setting."""
    desk = test_desk.desk
    desk.settings = desk.settings.model_copy(update={"pack": name})
    desk.packs = PackShelf(desk.settings, desk.packs.adopted)


def own_copy(test_desk: TestDesk, name: str, *more: str) -> Path:
    """A pack's file in the home folder, where it wins over the shipped one."""
    file = test_desk.desk.settings.home / "packs" / f"{name}.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join([(SHIPPED / f"{name}.toml").read_text("utf-8"), *more]), "utf-8")
    return file


def test_an_adopted_pack_is_for_new_tickets_and_open_ones_stay_where_they_are(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    before = make_ticket(test_desk)
    assert adopt(operator_session(desk), GDPR).new
    after = make_ticket(test_desk)
    with desk.database.reading() as db:
        from models.ticket import Ticket

        packs = {one.number: one.pack for one in db.scalars(select(Ticket))}
    assert packs == {before.number: DEFAULT, after.number: GDPR}
    assert {one.name: one.open_tickets for one in shelved(desk)} == {DEFAULT: 1, GDPR: 1}
    assert [one.name for one in shelved(desk) if one.current] == [GDPR]


def test_an_adoption_is_recorded_with_name_and_file(test_desk: TestDesk) -> None:
    done = adopt(operator_session(test_desk.desk), GDPR)
    [entry] = recorded(test_desk.desk, Action.POLICY_ADOPTED)
    assert entry.actor == "operator"
    assert entry.reason == f"{GDPR} {done.sha256[:16]}, by operator"
    assert rows(test_desk) == [(GDPR, done.sha256, "operator")]


def test_the_same_file_is_not_adopted_twice(test_desk: TestDesk) -> None:
    session = operator_session(test_desk.desk)
    adopt(session, GDPR)
    assert not adopt(session, GDPR).new
    assert len(rows(test_desk)) == len(recorded(test_desk.desk, Action.POLICY_ADOPTED)) == 1


def test_a_pack_with_a_problem_is_not_adopted(test_desk: TestDesk) -> None:
    file = own_copy(test_desk, GDPR)
    file.write_text(file.read_text("utf-8").replace("Fee: {{ fee }}", "No fee"), "utf-8")
    with pytest.raises(BadPack) as refused:
        adopt(operator_session(test_desk.desk), GDPR)
    assert "does not contain {{ fee }}" in "\n".join(refused.value.problems)
    with pytest.raises(UnknownPack):
        adopt(operator_session(test_desk.desk), "nothing-2026-01")
    assert rows(test_desk) == []


def test_the_setting_wins_over_what_was_adopted(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    set_pack(test_desk, DEFAULT)
    assert adopt(operator_session(desk), GDPR).overruled_by == DEFAULT
    assert desk.packs.name == DEFAULT
    set_pack(test_desk, "")
    assert desk.packs.name == GDPR


def test_without_setting_and_adoption_it_is_the_shipped_one(sqlite_desk: TestDesk) -> None:
    assert sqlite_desk.desk.packs.name == DEFAULT


def test_a_desk_opens_under_what_was_adopted_and_an_open_one_follows_within_a_minute(
    sqlite_desk: TestDesk,
) -> None:
    desk = sqlite_desk.desk
    other = open_desk(desk.settings, sqlite_desk.clock)
    adopt(operator_session(desk), GDPR)
    assert other.packs.name == DEFAULT
    keep_up(other)
    assert other.packs.name == GDPR
    other.close()
    reopened = open_desk(desk.settings, sqlite_desk.clock)
    assert reopened.packs.name == GDPR
    reopened.close()


def test_what_the_setting_names_is_recorded_once_and_again_when_its_file_changes(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    set_pack(test_desk, GDPR)
    assert note_current(desk)
    assert not note_current(desk)
    first = desk.packs.sha256(GDPR)
    own_copy(test_desk, GDPR, "# changed")
    test_desk.clock.forward(minutes=1)
    assert note_current(desk)
    second = desk.packs.sha256(GDPR)
    assert first != second
    assert rows(test_desk) == [(GDPR, first, THE_SETTING), (GDPR, second, THE_SETTING)]
    assert [entry.reason for entry in recorded(desk, Action.POLICY_ADOPTED)] == [
        f"{GDPR} {sha256[:16]}, by {THE_SETTING}" for sha256 in (first, second)
    ]
    read_adopted(desk)
    assert desk.packs.adopted == GDPR


@pytest.mark.engines("sqlite", "postgresql")
def test_of_two_consoles_that_open_at_once_one_records_it(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one looked before the first had written, and looks again once it holds the log."""
    desk = test_desk.desk
    assert note_current(desk)
    looks: Iterator[bool] = iter([True])

    def before_the_first(db: Session, desk: Desk, name: str) -> tuple[str, str] | None:
        return None if next(looks, False) else last_adoption(db, desk, name)

    monkeypatch.setattr("cs_console.adoption.adopting.last_adoption", before_the_first)
    assert not note_current(desk)
    assert len(rows(test_desk)) == 1


def test_a_setting_that_names_no_pack_is_not_recorded(test_desk: TestDesk) -> None:
    set_pack(test_desk, "nothing-2026-01")
    assert not note_current(test_desk.desk)
    assert rows(test_desk) == []


def test_a_broken_log_keeps_nobody_from_opening_a_console_but_nothing_is_adopted(test_desk: TestDesk) -> None:
    """No entry, no adoption."""
    desk = test_desk.desk
    with desk.database.transaction() as db:
        db.get_one(LogHead, 1).tag = b"another"
    note_at_opening(desk)
    assert rows(test_desk) == []


def test_doctor_finds_the_file_that_changed_under_open_tickets(test_desk: TestDesk) -> None:
    desk = test_desk.desk

    def changed() -> int:
        return next(one.changed for one in shelved(desk) if one.name == GDPR)

    set_pack(test_desk, GDPR)
    note_current(desk)
    test_desk.clock.forward(minutes=1)
    make_ticket(test_desk)
    make_ticket(test_desk, state=TicketState.CLOSED)
    assert changed() == 0
    file = own_copy(test_desk, GDPR, "# changed")
    assert changed() == 1
    test_desk.clock.forward(minutes=1)
    note_current(desk)
    make_ticket(test_desk)
    assert changed() == 1  # the new one came in under the file as it is
    file.unlink()
    assert changed() == 2  # back again: what was adopted last is not what is there


def test_doctor_says_it(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    set_pack(sqlite_desk, GDPR)
    note_current(desk)
    make_ticket(sqlite_desk)
    own_copy(sqlite_desk, GDPR, "# changed")
    check = next(one for one in examine(desk.settings) if one.name == "policy pack")
    assert not check.ok
    assert f"the file of {GDPR} has changed since 1 open ticket was opened" in check.words


def test_a_pack_that_was_only_written_into_the_database_is_not_in_force(sqlite_desk: TestDesk) -> None:
    desk, later = sqlite_desk.desk, sqlite_desk.clock.now() + timedelta(days=1)
    adopt(operator_session(desk), DEFAULT)
    forged = AdoptedPack(name=GDPR, sha256=desk.packs.sha256(GDPR), by="operator", at=later)
    with desk.database.transaction() as db:
        db.add(forged)
    read_adopted(desk)
    assert desk.packs.name == DEFAULT
    reopened = open_desk(desk.settings, sqlite_desk.clock)
    assert reopened.packs.name == DEFAULT
    reopened.close()
    with desk.database.reading() as db:
        assert adopted_names(db, desk) == {DEFAULT}
    adopt(operator_session(desk), GDPR)
    with desk.database.transaction() as db:
        db.connection().execute(update(AdoptedPack).where(col(AdoptedPack.name) == DEFAULT).values(at=later))
    read_adopted(desk)
    assert desk.packs.name == GDPR


def test_what_an_older_desk_adopted_still_counts(sqlite_desk: TestDesk) -> None:
    desk, now = sqlite_desk.desk, sqlite_desk.clock.now()
    sha256 = desk.packs.sha256(GDPR)
    with desk.database.transaction() as db:
        db.add(AdoptedPack(name=GDPR, sha256=sha256, by="operator", at=now))
        said = Entry(Action.POLICY_ADOPTED, reason=f"{GDPR} {sha256[:16]}, by operator")
        append(db, desk, Actor("operator", "", "", "a host"), said, now)
    with desk.database.reading() as db:
        assert last_adoption(db, desk) == (GDPR, sha256)
    assert not adopt(operator_session(desk), GDPR).new
