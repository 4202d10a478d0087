"""No view without a record: every check, every refusal, and the order of commit and opening."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import monotonic

import pytest
from sqlalchemy import delete, select, text, update
from sqlmodel import col

from cs_console.access_log.append import lock_log
from cs_console.custody.disclosure import PurposeChoice, Revealed, Target, end_view, purposes_for, reveal
from cs_console.desk import operator_session
from cs_console.errors import (
    FieldNotAllowed,
    KeyDestroyed,
    MustChangePassword,
    NotAllowed,
    NotAssigned,
    NothingThere,
    NotVerified,
    NoUndertaking,
    PurposeNotAllowed,
    SessionEnded,
    UnknownPack,
)
from models.agent import Agent
from models.agent_session import AgentSession
from models.contact import Contact
from models.contact_fields import Field
from models.enums import AccountState, Action, TicketKind
from models.log import LogEntry
from models.roles import Role
from models.ticket import Ticket
from models.undertaking import Undertaking
from models.verification import Verification
from tests.custody.reveals import CONTACTS, SPOKEN, change, is_refused, mobile_of, own_ticket, views
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket


@pytest.mark.parametrize("field", [Field.MOBILE, Field.EMAIL, Field.NAME])
def test_a_listed_field_of_the_own_verified_ticket_is_shown_and_on_record(test_desk: TestDesk, field: Field) -> None:
    """ASVS 16.2.1: who, when, what, why, on which verification; never the value."""
    session, ticket = own_ticket(test_desk)
    shown = reveal(session, ticket.number, Target(field, ticket.contact_ids[field]), "reply")
    assert shown.value == (SPOKEN if field is Field.MOBILE else CONTACTS[field])
    assert (shown.field, shown.ticket, shown.seconds) == (field, ticket.number, 30)
    assert shown.shown_at == test_desk.clock.now()
    assert CONTACTS[field] not in repr(shown)
    [entry] = views(test_desk)
    assert entry.seq == shown.entry
    assert (entry.actor, entry.fields, entry.ticket) == ("mei", field.value, ticket.number)
    assert entry.verification
    key = test_desk.desk.keyring.key(ticket.requester_id)
    assert entry.requester == test_desk.desk.pseudonym(ticket.requester_id, key)
    with test_desk.desk.database.reading() as db:
        row = db.get_one(LogEntry, shown.entry)
        assert row.purpose == "reply"
        assert not any(CONTACTS[field] in str(cell) for cell in row.model_dump().values())


def test_subject_and_message_as_written_are_shown_plain(test_desk: TestDesk) -> None:
    """ASVS 1.2.4: what a requester typed cannot move the cursor, even revealed."""
    session, ticket = own_ticket(test_desk)
    message = reveal(session, ticket.number, Target(Field.MESSAGE, ticket.message_id), "read-original")
    assert message.value == "Call me at 13800138000.␛[2J"
    subject = reveal(session, ticket.number, Target(Field.SUBJECT, str(ticket.number)), "read-original")
    assert subject.value == "Locked␇"
    assert [entry.fields for entry in views(test_desk)] == ["message", "subject"]


@pytest.mark.parametrize("role", [Role.AGENT, Role.VERIFIER, Role.SUPERVISOR, Role.PRIVACY_OFFICER])
def test_each_working_role_may_see_what_its_own_ticket_needs(test_desk: TestDesk, role: Role) -> None:
    session = test_desk.session("mei", role)
    ticket = make_ticket(test_desk, assignee=session, contacts=CONTACTS, verified=True)
    assert reveal(session, ticket.number, mobile_of(ticket), "reply").value == SPOKEN


def test_an_admin_sees_nothing(test_desk: TestDesk) -> None:
    session = test_desk.session("ada", Role.ADMIN)
    ticket = make_ticket(test_desk, assignee=session, contacts=CONTACTS, verified=True)
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), "reply", NotAllowed)


def test_an_operator_on_the_host_sees_nothing(test_desk: TestDesk) -> None:
    _, ticket = own_ticket(test_desk)
    session = operator_session(test_desk.desk)
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), "reply", SessionEnded)


def test_roles_are_read_afresh(test_desk: TestDesk) -> None:
    """ASVS 8.3.2."""
    session, ticket = own_ticket(test_desk)
    change(test_desk, update(Agent).where(col(Agent.id) == session.agent.id).values(roles="admin"))
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), "reply", NotAllowed)


def test_a_session_that_ended_sees_nothing(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk)
    ended = update(AgentSession).where(col(AgentSession.id) == session.session_id)
    change(test_desk, ended.values(ended_at=test_desk.clock.now(), end_reason="signed in elsewhere"))
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), "reply", SessionEnded)


def test_an_idle_session_sees_nothing(test_desk: TestDesk) -> None:
    """ASVS 7.3.1."""
    session, ticket = own_ticket(test_desk)
    test_desk.clock.forward(minutes=16)
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), "reply", SessionEnded)


def test_a_session_of_somebody_else_sees_nothing(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk)
    other = test_desk.session("omar", Role.AGENT)
    forged = replace(session, session_id=other.session_id)
    is_refused(test_desk, forged, ticket.number, mobile_of(ticket), "reply", SessionEnded)


def test_a_suspended_account_sees_nothing(test_desk: TestDesk) -> None:
    """ASVS 7.4.2."""
    session, ticket = own_ticket(test_desk)
    change(test_desk, update(Agent).where(col(Agent.id) == session.agent.id).values(state=AccountState.SUSPENDED))
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), "reply", SessionEnded)


def test_a_password_that_must_change_comes_first(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk)
    change(test_desk, update(Agent).where(col(Agent.id) == session.agent.id).values(must_change_password=True))
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), "reply", MustChangePassword)


@pytest.mark.parametrize("broken", ["missing", "expired", "another version"])
def test_without_a_current_undertaking_nothing_is_shown(test_desk: TestDesk, broken: str) -> None:
    """Policy IV.(1)2."""
    session, ticket = own_ticket(test_desk)
    mine = col(Undertaking.agent_id) == session.agent.id
    statement = {
        "missing": delete(Undertaking).where(mine),
        "expired": update(Undertaking).where(mine).values(expires_at=test_desk.clock.now()),
        "another version": update(Undertaking).where(mine).values(version="1999-01"),
    }[broken]
    change(test_desk, statement)
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), "reply", NoUndertaking)


def test_a_ticket_of_another_agent_is_closed_to_me(test_desk: TestDesk) -> None:
    """Policy I.(1)3, ASVS 8.2.2."""
    _, ticket = own_ticket(test_desk)
    omar = test_desk.session("omar", Role.AGENT, Role.SUPERVISOR)
    is_refused(test_desk, omar, ticket.number, mobile_of(ticket), "reply", NotAssigned)


def test_a_ticket_taken_away_while_a_reveal_waits_for_the_log_is_closed(test_desk: TestDesk) -> None:
    """What is checked is what stands when the entry is written: no act on record can come between."""
    session, ticket = own_ticket(test_desk)
    database = test_desk.desk.database
    with ThreadPoolExecutor(1) as threads:
        with database.transaction() as db:
            lock_log(db.connection(), test_desk.desk)
            db.connection().execute(update(Ticket).values(assignee_id=None))
            waiting = threads.submit(reveal, session, ticket.number, mobile_of(ticket), "reply")
            if not database.is_sqlite:
                _wait_until_somebody_waits(test_desk)
        with pytest.raises(NotAssigned):
            waiting.result()
    assert views(test_desk) == []


def _wait_until_somebody_waits(test_desk: TestDesk) -> None:
    until = monotonic() + 4
    with test_desk.desk.database.engine.connect() as other:
        while not other.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert monotonic() < until
            other.rollback()


def test_an_unassigned_ticket_is_nobodys(test_desk: TestDesk) -> None:
    session = test_desk.session("mei", Role.AGENT)
    ticket = make_ticket(test_desk, contacts=CONTACTS, verified=True)
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), "reply", NotAssigned)


def test_a_ticket_that_does_not_exist(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk)
    is_refused(test_desk, session, 99_999, mobile_of(ticket), "reply", NothingThere)


def test_a_field_that_the_matrix_does_not_list(test_desk: TestDesk) -> None:
    session = test_desk.session("mei", Role.AGENT)
    ticket = make_ticket(
        test_desk, kind=TicketKind.REPORT, assignee=session, contacts={Field.ADDRESS: "12 Long Lane"}, verified=True
    )
    target = Target(Field.ADDRESS, ticket.contact_ids[Field.ADDRESS])
    is_refused(test_desk, session, ticket.number, target, "reply", FieldNotAllowed)


@pytest.mark.parametrize("purpose", ["ship", "restore", "", "reply ", "13800138000"])
def test_a_purpose_that_the_matrix_does_not_list_for_the_field(test_desk: TestDesk, purpose: str) -> None:
    """Policy I.(4)1. What was typed as a purpose reaches the log only if a pack knows it."""
    session, ticket = own_ticket(test_desk)
    target = Target(Field.EMAIL, ticket.contact_ids[Field.EMAIL])
    is_refused(test_desk, session, ticket.number, target, purpose, PurposeNotAllowed)
    with test_desk.desk.database.reading() as db:
        logged = db.scalars(select(col(LogEntry.purpose)).order_by(col(LogEntry.seq).desc())).first()
    assert logged == (purpose if purpose in ("ship", "restore") else "unlisted")


def test_without_a_verification_nothing_is_shown(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk, verified=False)
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), "reply", NotVerified)


def test_the_window_closes_with_time(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk)
    test_desk.clock.forward(minutes=14)
    change(test_desk, update(AgentSession).values(last_active_at=test_desk.clock.now()))
    assert reveal(session, ticket.number, mobile_of(ticket), "reply").value == SPOKEN
    test_desk.clock.forward(minutes=14)
    change(test_desk, update(AgentSession).values(last_active_at=test_desk.clock.now()))
    test_desk.clock.forward(minutes=2)
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), "reply", NotVerified)


def test_a_window_that_was_closed_shows_nothing(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk)
    change(test_desk, update(Verification).values(closed_at=test_desk.clock.now()))
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), "reply", NotVerified)


def test_a_window_of_another_ticket_of_the_same_requester_does_not_count(test_desk: TestDesk) -> None:
    session, verified = own_ticket(test_desk)
    other = make_ticket(test_desk, assignee=session, requester=(verified.requester_id, verified.contact_ids))
    is_refused(test_desk, session, other.number, mobile_of(other), "reply", NotVerified)


def test_what_the_matrix_opens_without_verification_is_shown_without(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk, TicketKind.REPORT, verified=False)
    shown = reveal(session, ticket.number, Target(Field.MESSAGE, ticket.message_id), "investigate")
    assert shown.value.startswith("Call me")
    assert views(test_desk)[0].verification == ""


@pytest.mark.parametrize("case", ["another requester's", "another field's", "unknown", "replaced"])
def test_a_contact_that_is_not_this_tickets(test_desk: TestDesk, case: str) -> None:
    """ASVS 8.2.2: an id from elsewhere opens nothing."""
    session, ticket = own_ticket(test_desk)
    other = make_ticket(test_desk, assignee=session, contacts=CONTACTS, verified=True)
    item = {
        "another requester's": other.contact_ids[Field.MOBILE],
        "another field's": ticket.contact_ids[Field.EMAIL],
        "unknown": "0" * 32,
        "replaced": ticket.contact_ids[Field.MOBILE],
    }[case]
    if case == "replaced":
        change(test_desk, update(Contact).values(replaced_at=test_desk.clock.now()))
    is_refused(test_desk, session, ticket.number, Target(Field.MOBILE, item), "reply", NothingThere)


def test_a_message_or_subject_of_another_ticket(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk)
    other = make_ticket(test_desk, assignee=session, contacts=CONTACTS, verified=True)
    for target in (Target(Field.MESSAGE, other.message_id), Target(Field.SUBJECT, str(other.number))):
        is_refused(test_desk, session, ticket.number, target, "read-original", NothingThere)


def test_an_erased_requester_stays_erased(test_desk: TestDesk) -> None:
    """Policy I.(4)2."""
    session, ticket = own_ticket(test_desk)
    test_desk.desk.keyring.destroy(ticket.requester_id)
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), "reply", KeyDestroyed)


def test_a_ticket_of_a_pack_that_is_gone_shows_nothing(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk)
    change(test_desk, update(Ticket).values(pack="gone-2001-01"))
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), "reply", UnknownPack)


def test_purposes_are_the_matrix_and_those_open_now_come_first(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk, TicketKind.APPEAL, verified=False)
    listed = purposes_for(session, ticket.number, Field.MOBILE)
    assert [purpose.key for purpose in listed] == ["reply", "verify-call", "correct", "restore"]
    part = "How we collect and use your data, section 1.3"
    assert listed[0] == PurposeChoice("reply", "Reply to the requester", part, open_now=False)
    assert purposes_for(session, ticket.number, Field.SUBJECT)[0].key == "read-original"
    report = make_ticket(test_desk, kind=TicketKind.REPORT, contacts=CONTACTS)
    assert purposes_for(session, report.number, Field.ADDRESS) == ()
    with pytest.raises(NothingThere):
        purposes_for(session, 1, Field.MOBILE)


def test_the_end_of_a_view_is_recorded_with_its_seconds(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk)
    shown = reveal(session, ticket.number, mobile_of(ticket), "reply")
    change(test_desk, update(AgentSession).values(ended_at=test_desk.clock.now()))  # signed out meanwhile
    end_view(session, shown, 17)
    with test_desk.desk.database.reading() as db:
        view, end = db.scalars(select(LogEntry).order_by(col(LogEntry.seq))).all()[-2:]
        assert (end.action, end.seconds, end.reason) == ("view.ended", 17, f"entry {view.seq}")
        for name in ("actor", "ticket", "requester", "fields", "purpose", "verification"):
            assert getattr(end, name) == getattr(view, name)


def test_a_view_ends_once(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk)
    first, second = (reveal(session, ticket.number, mobile_of(ticket), "reply") for _ in range(2))
    for shown, seconds in ((first, 3), (first, 20), (second, 5), (first, 1), (second, 2)):
        end_view(session, shown, seconds)
    with test_desk.desk.database.reading() as db:
        ended = select(LogEntry).where(col(LogEntry.action) == Action.VIEW_ENDED.value).order_by(col(LogEntry.seq))
        assert [(end.reason, end.seconds) for end in db.scalars(ended)] == [
            (f"entry {first.entry}", 3),
            (f"entry {second.entry}", 5),
        ]


def test_only_ones_own_view_can_be_ended(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk)
    shown = reveal(session, ticket.number, mobile_of(ticket), "reply")
    with pytest.raises(NothingThere):
        end_view(test_desk.session("omar", Role.AGENT), shown, 1)
    with pytest.raises(NothingThere):
        end_view(session, Revealed("", Field.MOBILE, 30, 77, ticket.number, test_desk.clock.now()), 1)
    assert recorded(test_desk.desk, Action.VIEW_ENDED) == []


def test_a_checkpoint_is_signed_when_views_alone_fill_the_log(sqlite_desk: TestDesk) -> None:
    from cs_console.access_log.checkpoint import latest
    from cs_console.access_log.head import CHECKPOINT_ENTRIES

    session, ticket = own_ticket(sqlite_desk)
    for _ in range(CHECKPOINT_ENTRIES):
        reveal(session, ticket.number, mobile_of(ticket), "reply")
    signed = latest(sqlite_desk.desk)
    assert signed is not None
    assert signed.size == CHECKPOINT_ENTRIES
