"""Confidentiality undertakings (policy IV.(1)2)."""

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from cs_console.access_log.append import append
from cs_console.access_log.entry import Actor, Entry
from cs_console.custody.disclosure import reveal
from cs_console.desk import DeskSession
from cs_console.errors import NoUndertaking, SessionEnded
from cs_console.policy.loader import PackShelf
from cs_console.staff.undertakings import accept, current_text, is_current, require_current
from models.agent_session import AgentSession
from models.enums import Action
from models.roles import Role
from models.undertaking import Undertaking
from tests.custody.reveals import CONTACTS, change, is_refused, mobile_of
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def is_signed(session: DeskSession) -> bool:
    with session.desk.database.reading() as db:
        return is_current(db, session)


def test_the_text_comes_from_the_pack_with_its_clause(test_desk: TestDesk) -> None:
    session = test_desk.session("mei", Role.AGENT, undertaking=False)
    shown = current_text(session)
    rules = test_desk.desk.packs.current.undertaking
    assert (shown.version, shown.text, shown.clause) == (
        rules.version,
        rules.text,
        "How we protect your data, section 1.2",
    )


def test_accepting_is_recorded_with_version_and_the_text_as_it_was(test_desk: TestDesk) -> None:
    session = test_desk.session("mei", Role.AGENT, undertaking=False)
    assert not is_signed(session)
    with test_desk.desk.database.reading() as db, pytest.raises(NoUndertaking):
        require_current(db, session)
    accept(session)
    assert is_signed(session)
    shown = current_text(session)
    entry = recorded(test_desk.desk, Action.UNDERTAKING_ACCEPTED)[-1]
    assert (entry.actor, entry.reason) == ("mei", f"version {shown.version}")
    with test_desk.desk.database.reading() as db:
        row = db.scalars(select(Undertaking)).one()
    assert row.text_sha256 == hashlib.sha256(shown.text.encode()).hexdigest()


def test_it_expires(test_desk: TestDesk) -> None:
    session = test_desk.session("mei", Role.AGENT, undertaking=False)
    accept(session)
    test_desk.clock.forward(days=test_desk.desk.packs.current.undertaking.valid_days)
    assert not is_signed(session)


def test_a_new_version_asks_for_a_new_one(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    session = test_desk.session("mei", Role.AGENT, undertaking=False)
    accept(session)
    shipped = PackShelf(desk.settings).path(desk.packs.name).read_text("utf-8")
    newer = shipped.replace(f'version = "{desk.packs.current.undertaking.version}"', 'version = "2026-11.2"')
    assert newer != shipped
    (desk.settings.home / "packs").mkdir()
    (desk.settings.home / "packs" / f"{desk.packs.name}.toml").write_text(newer, "utf-8")
    desk.packs = PackShelf(desk.settings)
    assert not is_signed(session)
    accept(session)
    assert is_signed(session)


def test_one_agents_undertaking_is_not_anothers(test_desk: TestDesk) -> None:
    accept(test_desk.session("mei", Role.AGENT, undertaking=False))
    assert not is_signed(test_desk.session("omar", Role.SUPERVISOR, undertaking=False))


def test_an_ended_session_signs_nothing(test_desk: TestDesk) -> None:
    session = test_desk.session("mei", Role.AGENT, undertaking=False)
    with test_desk.desk.database.transaction() as db:
        row = db.get_one(AgentSession, session.session_id)
        row.ended_at = test_desk.clock.now()
        db.add(row)
    with pytest.raises(SessionEnded):
        accept(session)
    assert not is_signed(session)


def is_written(session: DeskSession, days: int = 365) -> None:
    """An undertaking as who can write the database writes one; it has no keys."""
    now, rules = session.desk.clock.now(), session.desk.packs.current.undertaking
    until = now + timedelta(days=days)
    with session.desk.database.transaction() as db:
        db.add(
            Undertaking(
                agent_id=session.agent.id, version=rules.version, text_sha256="", accepted_at=now, expires_at=until
            )
        )


def test_an_undertaking_that_was_only_written_into_the_database_shows_nothing(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT, undertaking=False)
    accept(test_desk.session("ben", Role.AGENT, undertaking=False))
    ticket = make_ticket(test_desk, assignee=mei, verified=True, contacts=CONTACTS)
    is_written(mei)
    assert not is_signed(mei)
    is_refused(test_desk, mei, ticket.number, mobile_of(ticket), "reply", NoUndertaking)
    accept(mei)  # seen at once by a console that had read who signed
    assert reveal(mei, ticket.number, mobile_of(ticket), "reply").value
    test_desk.clock.forward(days=test_desk.desk.packs.current.undertaking.valid_days)
    now = test_desk.clock.now()
    change(test_desk, update(AgentSession).values(started_at=now, last_active_at=now))
    is_written(mei)
    is_refused(test_desk, mei, ticket.number, mobile_of(ticket), "reply", NoUndertaking)
    assert not is_signed(mei)


def test_what_was_signed_at_an_older_desk_counts_for_as_long_as_the_policy_says(test_desk: TestDesk) -> None:
    mei, desk = test_desk.session("mei", Role.AGENT, undertaking=False), test_desk.desk
    rules, now = desk.packs.current.undertaking, test_desk.clock.now()
    with desk.database.transaction() as db:
        said = Entry(Action.UNDERTAKING_ACCEPTED, reason=f"version {rules.version}")
        append(db, desk, Actor("mei", "agent", "", "a host"), said, now)
    assert not is_signed(mei)
    is_written(mei, 10 * rules.valid_days)
    assert is_signed(mei)
    test_desk.clock.forward(days=rules.valid_days)
    assert not is_signed(mei)
