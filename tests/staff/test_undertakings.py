"""Confidentiality undertakings (policy IV.(1)2)."""

import hashlib

import pytest
from sqlalchemy import select

from cs_console.desk import Desk
from cs_console.errors import NoUndertaking, SessionEnded
from cs_console.policy.loader import PackShelf
from cs_console.staff.undertakings import accept, current_text, is_current, require_current
from models.agent_session import AgentSession
from models.enums import Action, Role
from models.undertaking import Undertaking
from tests.support.office import TestOffice
from tests.support.recorded import recorded


def is_signed(desk: Desk) -> bool:
    with desk.office.database.reading() as session:
        return is_current(session, desk)


def test_the_text_comes_from_the_pack_with_its_clause(test_office: TestOffice) -> None:
    desk = test_office.desk("mei", Role.AGENT, undertaking=False)
    shown = current_text(desk)
    rules = test_office.office.packs.current.undertaking
    assert (shown.version, shown.text, shown.clause) == (rules.version, rules.text, rules.clause)


def test_accepting_is_recorded_with_version_and_the_text_as_it_was(test_office: TestOffice) -> None:
    desk = test_office.desk("mei", Role.AGENT, undertaking=False)
    assert not is_signed(desk)
    with test_office.office.database.reading() as session, pytest.raises(NoUndertaking):
        require_current(session, desk)
    accept(desk)
    assert is_signed(desk)
    shown = current_text(desk)
    entry = recorded(test_office.office, Action.UNDERTAKING_ACCEPTED)[-1]
    assert (entry.actor, entry.reason) == ("mei", f"version {shown.version}")
    with test_office.office.database.reading() as session:
        row = session.scalars(select(Undertaking)).one()
    assert row.text_sha256 == hashlib.sha256(shown.text.encode()).hexdigest()


def test_it_expires(test_office: TestOffice) -> None:
    desk = test_office.desk("mei", Role.AGENT, undertaking=False)
    accept(desk)
    test_office.clock.forward(days=test_office.office.packs.current.undertaking.valid_days)
    assert not is_signed(desk)


def test_a_new_version_asks_for_a_new_one(test_office: TestOffice) -> None:
    office = test_office.office
    desk = test_office.desk("mei", Role.AGENT, undertaking=False)
    accept(desk)
    shipped = PackShelf(office.settings).path(office.packs.name).read_text("utf-8")
    newer = shipped.replace(f'version = "{office.packs.current.undertaking.version}"', 'version = "2026-11.2"')
    assert newer != shipped
    (office.settings.home / "packs").mkdir()
    (office.settings.home / "packs" / f"{office.packs.name}.toml").write_text(newer, "utf-8")
    office.packs = PackShelf(office.settings)
    assert not is_signed(desk)
    accept(desk)
    assert is_signed(desk)


def test_one_agents_undertaking_is_not_anothers(test_office: TestOffice) -> None:
    accept(test_office.desk("mei", Role.AGENT, undertaking=False))
    assert not is_signed(test_office.desk("omar", Role.SUPERVISOR, undertaking=False))


def test_an_ended_session_signs_nothing(test_office: TestOffice) -> None:
    desk = test_office.desk("mei", Role.AGENT, undertaking=False)
    with test_office.office.database.transaction() as session:
        row = session.get_one(AgentSession, desk.session_id)
        row.ended_at = test_office.clock.now()
        session.add(row)
    with pytest.raises(SessionEnded):
        accept(desk)
    assert not is_signed(desk)
