"""Confidentiality undertakings (policy IV.(1)2)."""

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from cs_console.access_log.append import append
from cs_console.access_log.entry import Actor, Entry
from cs_console.custody.disclosure import reveal
from cs_console.desk import Desk
from cs_console.errors import NoUndertaking, SessionEnded
from cs_console.policy.loader import PackShelf
from cs_console.staff.undertakings import accept, current_text, is_current, require_current
from models.agent_session import AgentSession
from models.enums import Action, Role
from models.undertaking import Undertaking
from tests.custody.reveals import CONTACTS, change, is_refused, mobile_of
from tests.support.office import TestOffice
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket


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


def is_written(desk: Desk, days: int = 365) -> None:
    """An undertaking as who can write the database writes one; it has no keys."""
    now, rules = desk.office.clock.now(), desk.office.packs.current.undertaking
    until = now + timedelta(days=days)
    with desk.office.database.transaction() as session:
        session.add(
            Undertaking(
                agent_id=desk.agent.id, version=rules.version, text_sha256="", accepted_at=now, expires_at=until
            )
        )


def test_an_undertaking_that_was_only_written_into_the_database_shows_nothing(test_office: TestOffice) -> None:
    mei = test_office.desk("mei", Role.AGENT, undertaking=False)
    accept(test_office.desk("ben", Role.AGENT, undertaking=False))
    ticket = make_ticket(test_office, assignee=mei, verified=True, contacts=CONTACTS)
    is_written(mei)
    assert not is_signed(mei)
    is_refused(test_office, mei, ticket.number, mobile_of(ticket), "reply", NoUndertaking)
    accept(mei)  # seen at once by a console that had read who signed
    assert reveal(mei, ticket.number, mobile_of(ticket), "reply").value
    test_office.clock.forward(days=test_office.office.packs.current.undertaking.valid_days)
    now = test_office.clock.now()
    change(test_office, update(AgentSession).values(started_at=now, last_active_at=now))
    is_written(mei)
    is_refused(test_office, mei, ticket.number, mobile_of(ticket), "reply", NoUndertaking)
    assert not is_signed(mei)


def test_what_was_signed_at_an_older_desk_counts_for_as_long_as_the_policy_says(test_office: TestOffice) -> None:
    mei, office = test_office.desk("mei", Role.AGENT, undertaking=False), test_office.office
    rules, now = office.packs.current.undertaking, test_office.clock.now()
    with office.database.transaction() as session:
        said = Entry(Action.UNDERTAKING_ACCEPTED, reason=f"version {rules.version}")
        append(session, office, Actor("mei", "agent", "", "a host"), said, now)
    assert not is_signed(mei)
    is_written(mei, 10 * rules.valid_days)
    assert is_signed(mei)
    test_office.clock.forward(days=rules.valid_days)
    assert not is_signed(mei)
