"""No view without a record: every check, every refusal, and the order of commit and opening."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import delete, select, text, update
from sqlmodel import col

from cs_console.custody import disclosure, opening
from cs_console.custody.disclosure import PurposeChoice, Revealed, Target, end_view, purposes_for, reveal
from cs_console.custody.sealing import Place
from cs_console.desk import Desk, operator_desk
from cs_console.errors import (
    FieldNotAllowed,
    KeyDestroyed,
    LogBroken,
    MustChangePassword,
    NotAllowed,
    NotAssigned,
    NothingThere,
    NotVerified,
    NoUndertaking,
    PurposeNotAllowed,
    Refusal,
    SealBroken,
    SessionEnded,
    StoreBusy,
    StoreFull,
    StoreUnavailable,
)
from models.agent import Agent
from models.agent_session import AgentSession
from models.contact import Contact
from models.enums import AccountState, Action, Field, Result, Role, TicketKind
from models.log import LogEntry, LogHead
from models.message import Message
from models.ticket import Ticket
from models.undertaking import Undertaking
from models.verification import Verification
from tests.support.office import TestOffice
from tests.support.recorded import Recorded, recorded
from tests.support.tickets import MadeTicket, make_ticket

PHONE = "+8613800138000"
CONTACTS = {Field.MOBILE: PHONE, Field.EMAIL: "alice@example.org", Field.NAME: "Alice Example"}
TEXT = "Call me at 13800138000.\x1b[2J"


def _own(
    test_office: TestOffice, kind: TicketKind = TicketKind.INQUIRY, *, verified: bool = True
) -> tuple[Desk, MadeTicket]:
    desk = test_office.desk("mei", Role.AGENT)
    ticket = make_ticket(
        test_office, kind=kind, assignee=desk, contacts=CONTACTS, text=TEXT, subject="Locked\x07", verified=verified
    )
    return desk, ticket


def _mobile(ticket: MadeTicket) -> Target:
    return Target(Field.MOBILE, ticket.contact_ids[Field.MOBILE])


def _views(test_office: TestOffice) -> list[Recorded]:
    return recorded(test_office.office, Action.FIELD_REVEALED)


def _change(test_office: TestOffice, *statements: object) -> None:
    """Change the store behind the console's back, as its owner could."""
    with test_office.office.database.transaction() as session:
        for statement in statements:
            session.connection().execute(statement)  # type: ignore[call-overload]  # any statement at all


def _is_refused(
    test_office: TestOffice, desk: Desk, number: int, target: Target, purpose: str, refusal: type[Refusal]
) -> None:
    """Nothing is shown and the attempt is on record with its code."""
    before = len(_views(test_office))
    with pytest.raises(refusal) as raised:
        reveal(desk, number, target, purpose)
    assert type(raised.value) is refusal
    assert raised.value.sentence
    assert len(_views(test_office)) == before
    last = recorded(test_office.office)[-1]
    assert (last.action, last.reason, last.ticket) == (Action.REVEAL_REFUSED, refusal.code, number)
    assert last.fields == target.field.value
    assert last.outcome is Result.REFUSED


@pytest.mark.parametrize("field", [Field.MOBILE, Field.EMAIL, Field.NAME])
def test_a_listed_field_of_the_own_verified_ticket_is_shown_and_on_record(
    test_office: TestOffice, field: Field
) -> None:
    """ASVS 16.2.1: who, when, what, why, on which verification; never the value."""
    desk, ticket = _own(test_office)
    shown = reveal(desk, ticket.number, Target(field, ticket.contact_ids[field]), "reply")
    assert shown.value == CONTACTS[field]
    assert (shown.field, shown.ticket, shown.seconds) == (field, ticket.number, 30)
    assert shown.shown_at == test_office.clock.now()
    assert CONTACTS[field] not in repr(shown)
    [entry] = _views(test_office)
    assert entry.seq == shown.entry
    assert (entry.actor, entry.fields, entry.ticket) == ("mei", field.value, ticket.number)
    assert entry.verification
    key = test_office.office.keyring.key(ticket.requester_id)
    assert entry.requester == test_office.office.pseudonym(ticket.requester_id, key)
    with test_office.office.database.reading() as session:
        row = session.get_one(LogEntry, shown.entry)
        assert row.purpose == "reply"
        assert not any(CONTACTS[field] in str(cell) for cell in row.model_dump().values())


def test_subject_and_message_as_written_are_shown_plain(test_office: TestOffice) -> None:
    """ASVS 1.2.4: what a requester typed cannot move the cursor, even revealed."""
    desk, ticket = _own(test_office)
    message = reveal(desk, ticket.number, Target(Field.MESSAGE, ticket.message_id), "read-original")
    assert message.value == "Call me at 13800138000.␛[2J"
    subject = reveal(desk, ticket.number, Target(Field.SUBJECT, str(ticket.number)), "read-original")
    assert subject.value == "Locked␇"
    assert [entry.fields for entry in _views(test_office)] == ["message", "subject"]


@pytest.mark.parametrize("role", [Role.AGENT, Role.VERIFIER, Role.SUPERVISOR, Role.PRIVACY_OFFICER])
def test_each_working_role_may_see_what_its_own_ticket_needs(test_office: TestOffice, role: Role) -> None:
    desk = test_office.desk("mei", role)
    ticket = make_ticket(test_office, assignee=desk, contacts=CONTACTS, verified=True)
    assert reveal(desk, ticket.number, _mobile(ticket), "reply").value == PHONE


def test_an_admin_sees_nothing(test_office: TestOffice) -> None:
    desk = test_office.desk("ada", Role.ADMIN)
    ticket = make_ticket(test_office, assignee=desk, contacts=CONTACTS, verified=True)
    _is_refused(test_office, desk, ticket.number, _mobile(ticket), "reply", NotAllowed)


def test_an_operator_on_the_host_sees_nothing(test_office: TestOffice) -> None:
    _, ticket = _own(test_office)
    desk = operator_desk(test_office.office)
    _is_refused(test_office, desk, ticket.number, _mobile(ticket), "reply", SessionEnded)


def test_roles_are_read_afresh(test_office: TestOffice) -> None:
    """ASVS 8.3.2."""
    desk, ticket = _own(test_office)
    _change(test_office, update(Agent).where(col(Agent.id) == desk.agent.id).values(roles="admin"))
    _is_refused(test_office, desk, ticket.number, _mobile(ticket), "reply", NotAllowed)


def test_a_session_that_ended_sees_nothing(test_office: TestOffice) -> None:
    desk, ticket = _own(test_office)
    ended = update(AgentSession).where(col(AgentSession.id) == desk.session_id)
    _change(test_office, ended.values(ended_at=test_office.clock.now(), end_reason="signed in elsewhere"))
    _is_refused(test_office, desk, ticket.number, _mobile(ticket), "reply", SessionEnded)


def test_an_idle_session_sees_nothing(test_office: TestOffice) -> None:
    """ASVS 7.3.1."""
    desk, ticket = _own(test_office)
    test_office.clock.forward(minutes=16)
    _is_refused(test_office, desk, ticket.number, _mobile(ticket), "reply", SessionEnded)


def test_a_session_of_somebody_else_sees_nothing(test_office: TestOffice) -> None:
    desk, ticket = _own(test_office)
    other = test_office.desk("omar", Role.AGENT)
    forged = replace(desk, session_id=other.session_id)
    _is_refused(test_office, forged, ticket.number, _mobile(ticket), "reply", SessionEnded)


def test_a_suspended_account_sees_nothing(test_office: TestOffice) -> None:
    """ASVS 7.4.2."""
    desk, ticket = _own(test_office)
    _change(test_office, update(Agent).where(col(Agent.id) == desk.agent.id).values(state=AccountState.SUSPENDED))
    _is_refused(test_office, desk, ticket.number, _mobile(ticket), "reply", SessionEnded)


def test_a_password_that_must_change_comes_first(test_office: TestOffice) -> None:
    desk, ticket = _own(test_office)
    _change(test_office, update(Agent).where(col(Agent.id) == desk.agent.id).values(must_change_password=True))
    _is_refused(test_office, desk, ticket.number, _mobile(ticket), "reply", MustChangePassword)


@pytest.mark.parametrize("broken", ["missing", "expired", "another version"])
def test_without_a_current_undertaking_nothing_is_shown(test_office: TestOffice, broken: str) -> None:
    """Policy IV.(1)2."""
    desk, ticket = _own(test_office)
    mine = col(Undertaking.agent_id) == desk.agent.id
    statement = {
        "missing": delete(Undertaking).where(mine),
        "expired": update(Undertaking).where(mine).values(expires_at=test_office.clock.now()),
        "another version": update(Undertaking).where(mine).values(version="1999-01"),
    }[broken]
    _change(test_office, statement)
    _is_refused(test_office, desk, ticket.number, _mobile(ticket), "reply", NoUndertaking)


def test_a_ticket_of_another_agent_is_closed_to_me(test_office: TestOffice) -> None:
    """Policy I.(1)3, ASVS 8.2.2."""
    _, ticket = _own(test_office)
    omar = test_office.desk("omar", Role.AGENT, Role.SUPERVISOR)
    _is_refused(test_office, omar, ticket.number, _mobile(ticket), "reply", NotAssigned)


def test_an_unassigned_ticket_is_nobodys(test_office: TestOffice) -> None:
    desk = test_office.desk("mei", Role.AGENT)
    ticket = make_ticket(test_office, contacts=CONTACTS, verified=True)
    _is_refused(test_office, desk, ticket.number, _mobile(ticket), "reply", NotAssigned)


def test_a_ticket_that_does_not_exist(test_office: TestOffice) -> None:
    desk, ticket = _own(test_office)
    _is_refused(test_office, desk, 99_999, _mobile(ticket), "reply", NothingThere)


def test_a_field_that_the_matrix_does_not_list(test_office: TestOffice) -> None:
    desk = test_office.desk("mei", Role.AGENT)
    ticket = make_ticket(
        test_office, kind=TicketKind.REPORT, assignee=desk, contacts={Field.ADDRESS: "12 Long Lane"}, verified=True
    )
    target = Target(Field.ADDRESS, ticket.contact_ids[Field.ADDRESS])
    _is_refused(test_office, desk, ticket.number, target, "reply", FieldNotAllowed)


@pytest.mark.parametrize("purpose", ["ship", "restore", "", "reply ", "13800138000"])
def test_a_purpose_that_the_matrix_does_not_list_for_the_field(test_office: TestOffice, purpose: str) -> None:
    """Policy I.(4)1. What was typed as a purpose reaches the log only if a pack knows it."""
    desk, ticket = _own(test_office)
    target = Target(Field.EMAIL, ticket.contact_ids[Field.EMAIL])
    _is_refused(test_office, desk, ticket.number, target, purpose, PurposeNotAllowed)
    with test_office.office.database.reading() as session:
        logged = session.scalars(select(col(LogEntry.purpose)).order_by(col(LogEntry.seq).desc())).first()
    assert logged == (purpose if purpose in ("ship", "restore") else "unlisted")


def test_without_a_verification_nothing_is_shown(test_office: TestOffice) -> None:
    desk, ticket = _own(test_office, verified=False)
    _is_refused(test_office, desk, ticket.number, _mobile(ticket), "reply", NotVerified)


def test_the_window_closes_with_time(test_office: TestOffice) -> None:
    desk, ticket = _own(test_office)
    test_office.clock.forward(minutes=14)
    _change(test_office, update(AgentSession).values(last_active_at=test_office.clock.now()))
    assert reveal(desk, ticket.number, _mobile(ticket), "reply").value == PHONE
    test_office.clock.forward(minutes=14)
    _change(test_office, update(AgentSession).values(last_active_at=test_office.clock.now()))
    test_office.clock.forward(minutes=2)
    _is_refused(test_office, desk, ticket.number, _mobile(ticket), "reply", NotVerified)


def test_a_window_that_was_closed_shows_nothing(test_office: TestOffice) -> None:
    desk, ticket = _own(test_office)
    _change(test_office, update(Verification).values(closed_at=test_office.clock.now()))
    _is_refused(test_office, desk, ticket.number, _mobile(ticket), "reply", NotVerified)


def test_a_window_of_another_ticket_of_the_same_requester_does_not_count(test_office: TestOffice) -> None:
    desk, verified = _own(test_office)
    other = make_ticket(test_office, assignee=desk, requester=(verified.requester_id, verified.contact_ids))
    _is_refused(test_office, desk, other.number, _mobile(other), "reply", NotVerified)


def test_what_the_matrix_opens_without_verification_is_shown_without(test_office: TestOffice) -> None:
    desk, ticket = _own(test_office, TicketKind.REPORT, verified=False)
    shown = reveal(desk, ticket.number, Target(Field.MESSAGE, ticket.message_id), "investigate")
    assert shown.value.startswith("Call me")
    assert _views(test_office)[0].verification == ""


@pytest.mark.parametrize("case", ["another requester's", "another field's", "unknown", "replaced"])
def test_a_contact_that_is_not_this_tickets(test_office: TestOffice, case: str) -> None:
    """ASVS 8.2.2: an id from elsewhere opens nothing."""
    desk, ticket = _own(test_office)
    other = make_ticket(test_office, assignee=desk, contacts=CONTACTS, verified=True)
    item = {
        "another requester's": other.contact_ids[Field.MOBILE],
        "another field's": ticket.contact_ids[Field.EMAIL],
        "unknown": "0" * 32,
        "replaced": ticket.contact_ids[Field.MOBILE],
    }[case]
    if case == "replaced":
        _change(test_office, update(Contact).values(replaced_at=test_office.clock.now()))
    _is_refused(test_office, desk, ticket.number, Target(Field.MOBILE, item), "reply", NothingThere)


def test_a_message_or_subject_of_another_ticket(test_office: TestOffice) -> None:
    desk, ticket = _own(test_office)
    other = make_ticket(test_office, assignee=desk, contacts=CONTACTS, verified=True)
    for target in (Target(Field.MESSAGE, other.message_id), Target(Field.SUBJECT, str(other.number))):
        _is_refused(test_office, desk, ticket.number, target, "read-original", NothingThere)


def test_an_erased_requester_stays_erased(test_office: TestOffice) -> None:
    """Policy I.(4)2."""
    desk, ticket = _own(test_office)
    test_office.office.keyring.destroy(ticket.requester_id)
    _is_refused(test_office, desk, ticket.number, _mobile(ticket), "reply", KeyDestroyed)


@pytest.mark.parametrize("case", ["from another row", "edited", "cut"])
def test_a_seal_that_does_not_fit_its_place_is_refused_after_its_entry(test_office: TestOffice, case: str) -> None:
    """SECURITY.md, Keys; ASVS 11.3.3. The opening failed, and its entry was committed before: the order of both."""
    desk, ticket = _own(test_office)
    with test_office.office.database.reading() as session:
        mobile = session.get_one(Contact, ticket.contact_ids[Field.MOBILE]).value
        email = session.get_one(Contact, ticket.contact_ids[Field.EMAIL]).value
    put = {"from another row": email, "edited": mobile[:-1] + bytes([mobile[-1] ^ 1]), "cut": mobile[:8]}[case]
    _change(test_office, update(Contact).where(col(Contact.id) == ticket.contact_ids[Field.MOBILE]).values(value=put))
    with pytest.raises(SealBroken):
        reveal(desk, ticket.number, _mobile(ticket), "reply")
    viewed, failed = recorded(test_office.office)[-2:]
    assert (viewed.action, viewed.outcome) == (Action.FIELD_REVEALED, Result.DONE)
    assert (failed.action, failed.outcome, failed.reason) == (Action.REVEAL_REFUSED, Result.FAILED, "seal_broken")


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch, test_office: TestOffice) -> list[int]:
    """How many entries a second connection could see at the moment of each opening."""
    real, seen = opening.open_text, list[int]()

    def watched(key: bytes, place: Place, sealed: bytes) -> str:
        with test_office.office.database.engine.connect() as other:
            seen.append(int(other.execute(text("SELECT count(*) FROM log_entry")).scalar_one()))
            other.rollback()
        return real(key, place, sealed)

    monkeypatch.setattr(disclosure, "open_text", watched)
    return seen


def test_the_entry_is_committed_before_the_value_is_opened(test_office: TestOffice, openings: list[int]) -> None:
    desk, ticket = _own(test_office)
    shown = [reveal(desk, ticket.number, _mobile(ticket), "reply").entry for _ in range(3)]
    assert openings == shown == [1, 2, 3]


def test_a_commit_that_fails_opens_nothing(test_office: TestOffice, openings: list[int]) -> None:
    desk, ticket = _own(test_office)
    if test_office.office.database.is_sqlite:
        _change(
            test_office,
            text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"),
            text("CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"),
            text("CREATE TRIGGER late AFTER INSERT ON log_entry BEGIN INSERT INTO child VALUES (1); END"),
        )
    else:
        _change(
            test_office,
            text(
                "CREATE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'too late'; END $$"
            ),
            text(
                "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON log_entry DEFERRABLE INITIALLY DEFERRED"
                " FOR EACH ROW EXECUTE FUNCTION refuse_late()"
            ),
        )
    with pytest.raises(StoreUnavailable):
        reveal(desk, ticket.number, _mobile(ticket), "reply")
    assert openings == []
    assert recorded(test_office.office) == []


def _break_head(test_office: TestOffice) -> None:
    _change(test_office, delete(LogHead))


def _move_head(test_office: TestOffice) -> None:
    _change(test_office, update(LogHead).values(size=5))


def _drop_table(test_office: TestOffice) -> None:
    _change(test_office, text("DROP TABLE log_entry"))


@pytest.mark.parametrize(
    ("breaking", "refusal"),
    [(_break_head, LogBroken), (_move_head, LogBroken), (_drop_table, StoreUnavailable)],
    ids=["head missing", "head moved", "table gone"],
)
def test_a_log_that_cannot_take_the_entry_shows_nothing(
    test_office: TestOffice, openings: list[int], breaking: Callable[[TestOffice], None], refusal: type[Refusal]
) -> None:
    """ASVS 16.5.3: fail closed."""
    desk, ticket = _own(test_office)
    breaking(test_office)
    with pytest.raises(refusal) as raised:
        reveal(desk, ticket.number, _mobile(ticket), "reply")
    assert raised.value.sentence.endswith(".")
    assert openings == []


def test_a_store_that_somebody_holds_shows_nothing(test_office: TestOffice, openings: list[int]) -> None:
    desk, ticket = _own(test_office)
    engine = test_office.office.database.engine
    with engine.connect() as holder:
        if test_office.office.database.is_sqlite:
            with engine.connect() as mine:
                mine.exec_driver_sql("COMMIT")
                mine.exec_driver_sql("PRAGMA busy_timeout=50")
                mine.exec_driver_sql("BEGIN")
            holder.execute(text("UPDATE counter SET value = value + 1"))
        else:
            with engine.connect() as mine:
                mine.exec_driver_sql("SET lock_timeout = '50ms'")
                mine.commit()
            holder.execute(text("LOCK TABLE log_head IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(StoreBusy) as raised:
            reveal(desk, ticket.number, _mobile(ticket), "reply")
        holder.rollback()
    assert "try again" in raised.value.next_step
    assert openings == []
    assert reveal(desk, ticket.number, _mobile(ticket), "reply").value == PHONE
    assert len(_views(test_office)) == 1


def test_a_full_disk_shows_nothing(sqlite_office: TestOffice) -> None:
    desk, ticket = _own(sqlite_office)
    shown = []
    with sqlite_office.office.database.engine.connect() as mine:
        pages = int(mine.exec_driver_sql("PRAGMA page_count").scalar_one())
        mine.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StoreFull) as raised:
        while True:
            shown.append(reveal(desk, ticket.number, _mobile(ticket), "reply").entry)
    assert raised.value.sentence == "The disk is full."
    assert [entry.seq for entry in _views(sqlite_office)] == shown


def test_purposes_are_the_matrix_and_those_open_now_come_first(test_office: TestOffice) -> None:
    desk, ticket = _own(test_office, TicketKind.APPEAL, verified=False)
    listed = purposes_for(desk, ticket.number, Field.MOBILE)
    assert [purpose.key for purpose in listed] == ["reply", "verify-call", "correct", "restore"]
    assert listed[0] == PurposeChoice("reply", "Reply to the requester", "I.(1)3")
    assert purposes_for(desk, ticket.number, Field.SUBJECT)[0].key == "read-original"
    report = make_ticket(test_office, kind=TicketKind.REPORT, contacts=CONTACTS)
    assert purposes_for(desk, report.number, Field.ADDRESS) == ()
    with pytest.raises(NothingThere):
        purposes_for(desk, 1, Field.MOBILE)


def test_the_end_of_a_view_is_recorded_with_its_seconds(test_office: TestOffice) -> None:
    desk, ticket = _own(test_office)
    shown = reveal(desk, ticket.number, _mobile(ticket), "reply")
    _change(test_office, update(AgentSession).values(ended_at=test_office.clock.now()))  # signed out meanwhile
    end_view(desk, shown, 17)
    with test_office.office.database.reading() as session:
        view, end = session.scalars(select(LogEntry).order_by(col(LogEntry.seq))).all()
        assert (end.action, end.seconds, end.reason) == ("view.ended", 17, "entry 1")
        for name in ("actor", "ticket", "requester", "fields", "purpose", "verification"):
            assert getattr(end, name) == getattr(view, name)


def test_only_ones_own_view_can_be_ended(test_office: TestOffice) -> None:
    desk, ticket = _own(test_office)
    shown = reveal(desk, ticket.number, _mobile(ticket), "reply")
    with pytest.raises(NothingThere):
        end_view(test_office.desk("omar", Role.AGENT), shown, 1)
    with pytest.raises(NothingThere):
        end_view(desk, Revealed("", Field.MOBILE, 30, 77, ticket.number, test_office.clock.now()), 1)
    assert recorded(test_office.office, Action.VIEW_ENDED) == []


def test_a_checkpoint_is_signed_when_views_alone_fill_the_log(sqlite_office: TestOffice) -> None:
    from cs_console.access_log.append import CHECKPOINT_ENTRIES
    from cs_console.access_log.checkpoint import latest

    desk, ticket = _own(sqlite_office)
    for _ in range(CHECKPOINT_ENTRIES):
        reveal(desk, ticket.number, _mobile(ticket), "reply")
    signed = latest(sqlite_office.office)
    assert signed is not None
    assert signed.size == CHECKPOINT_ENTRIES


def test_messages_and_tickets_carry_seals_of_their_own(test_office: TestOffice) -> None:
    """The original of one column does not open in another: a subject put in place of a message is refused."""
    desk, ticket = _own(test_office)
    with test_office.office.database.reading() as session:
        subject = session.get_one(Ticket, ticket.number).subject
    _change(test_office, update(Message).values(text=subject))
    with pytest.raises(SealBroken):
        reveal(desk, ticket.number, Target(Field.MESSAGE, ticket.message_id), "read-original")
