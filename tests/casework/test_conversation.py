"""A ticket's conversation: opened on record, shown redacted and masked, answered without seeing the address."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from cs_console.access_log.aliases import alias_of
from cs_console.casework.conversation import TicketView, add_note, open_ticket, reload, reply
from cs_console.casework.ticket_view import CLAIM_FIRST, LINES_SHOWN, NOT_NEEDED, VERIFY_FIRST
from cs_console.desk import DeskSession
from cs_console.errors import (
    BadInput,
    ChangedElsewhere,
    ContactNotOnFile,
    KeyDestroyed,
    LogBroken,
    NotAllowed,
    NotAssigned,
    NothingThere,
    NoUndertaking,
    SessionEnded,
    WrongState,
)
from cs_console.local_time import hour_or_moment
from cs_console.tickets.ticket_record import ERASED, UNREADABLE
from models.attachment import Attachment
from models.columns import new_id
from models.contact_fields import Field
from models.decision import Decision
from models.enums import Action, Channel, DecisionState, DeliveryState, MessageSort, Outcome, TicketKind, TicketState
from models.log import LogHead
from models.message import Message
from models.roles import Role
from models.ticket import Ticket
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.stored import keys_of
from tests.support.tickets import MadeTicket, make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

CONTACTS = {
    Field.MOBILE: "+8613800138000",
    Field.EMAIL: "alice.archer@example.org",
    Field.NAME: "Alice Archer",
}
SECRETS = ("13800138000", "138 0013 8000", "alice.archer@example.org", "Alice Archer")


def field_state(view: TicketView, field: Field) -> tuple[bool, str]:
    found = next(state for state in view.fields if state.field is field)
    return found.revealable, found.why


def first_response(test_desk: TestDesk, number: int) -> object:
    with test_desk.desk.database.reading() as db:
        return db.get_one(Ticket, number).first_response_at


def outbox(test_desk: TestDesk) -> list[bytes]:
    folder = test_desk.desk.settings.outbox
    assert folder is not None
    return [file.read_bytes() for file in sorted(folder.glob("*"))] if folder.is_dir() else []


# --- opening ---------------------------------------------------------------------------------------------


def test_opening_a_ticket_is_on_record_and_shows_no_value(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(
        test_desk,
        contacts=CONTACTS,
        subject="Alice Archer cannot sign in",
        text="Call +86 138 0013 8000 or write to alice.archer@example.org.\nThanks",
    )
    view = open_ticket(mei, made.number)
    assert not [secret for secret in SECRETS if secret in repr(view)]
    assert view.lines[0].text.endswith("\nThanks")
    assert view.lines[0].who == "requester"
    (entry,) = recorded(test_desk.desk, Action.TICKET_OPENED)
    assert entry.requester is not None
    assert (entry.actor, entry.ticket, alias_of(entry.requester)) == ("mei", made.number, view.requester)


def test_nothing_is_opened_when_the_entry_cannot_be_kept(test_desk: TestDesk) -> None:
    """Invariant 1, ASVS 16.5.3: fail closed."""
    mei, made = test_desk.session("mei", Role.AGENT), make_ticket(test_desk)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(LogHead).values(size=7))
    with pytest.raises(LogBroken):
        open_ticket(mei, made.number)
    with pytest.raises(LogBroken):
        reload(mei, made.number)


def test_reloading_adds_no_entry_but_never_goes_around_one(test_desk: TestDesk) -> None:
    mei, sam = test_desk.session("mei", Role.AGENT), test_desk.session("sam", Role.AGENT)
    made = make_ticket(test_desk)
    open_ticket(mei, made.number)
    reload(mei, made.number)
    assert [entry.actor for entry in recorded(test_desk.desk, Action.TICKET_OPENED)] == ["mei"]
    reload(sam, made.number)
    assert [entry.actor for entry in recorded(test_desk.desk, Action.TICKET_OPENED)] == ["mei", "sam"]
    reload(mei, make_ticket(test_desk).number)
    assert len(recorded(test_desk.desk, Action.TICKET_OPENED)) == 3


def test_what_else_was_done_with_a_ticket_does_not_count_as_opening_it(test_desk: TestDesk) -> None:
    mei, made = test_desk.session("mei", Role.AGENT), make_ticket(test_desk)
    add_note(mei, made.number, 1, "Left without looking.")
    reload(mei, made.number)
    assert len(recorded(test_desk.desk, Action.TICKET_OPENED)) == 1


def test_who_may_not_open_a_ticket(test_desk: TestDesk) -> None:
    """Policy IV.(1)2, ASVS 8.2.1."""
    made = make_ticket(test_desk)
    for action in (open_ticket, reload):
        with pytest.raises(NotAllowed):
            action(test_desk.session(new_id(), Role.ADMIN), made.number)
        with pytest.raises(NoUndertaking):
            action(test_desk.session(new_id(), Role.AGENT, undertaking=False), made.number)
        assert recorded(test_desk.desk, Action.TICKET_OPENED) == []
        with pytest.raises(NothingThere):
            action(test_desk.session(new_id(), Role.AGENT), 99_999)
    idle = test_desk.session("idle", Role.AGENT)
    test_desk.clock.forward(minutes=16)
    with pytest.raises(SessionEnded):
        open_ticket(idle, made.number)


def test_the_view_says_what_the_screen_needs(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.APPEAL, contacts={}, language="zh", channel=Channel.LETTER)
    view = open_ticket(mei, made.number)
    pack = test_desk.desk.packs.current
    assert (view.number, view.version, view.kind, view.state) == (made.number, 1, TicketKind.APPEAL, TicketState.OPEN)
    assert (view.kind_title, view.language, view.channel) == ("Account appeal", "zh", Channel.LETTER)
    assert view.feedback_note == pack.texts.feedback_delayed
    assert (view.assignee, view.mine, view.verified_words, view.decision_words) == (None, False, "not yet", "none yet")
    assert "first response" in view.clock_words
    assert view.pack == pack.meta.name


def test_an_erased_requester_leaves_a_ticket_without_words(test_desk: TestDesk) -> None:
    mei, made = test_desk.session("mei", Role.AGENT), make_ticket(test_desk, contacts=CONTACTS)
    test_desk.desk.keyring.destroy(made.requester_id)
    view = open_ticket(mei, made.number)
    assert view.erased
    assert (view.subject, view.requester, view.lines[0].text) == (ERASED, ERASED, ERASED)
    assert (view.contacts, view.fields, view.text_fields) == ((), (), ())


def test_a_line_that_was_touched_does_not_open_and_the_ticket_still_does(test_desk: TestDesk) -> None:
    mei, made = test_desk.session("mei", Role.AGENT), make_ticket(test_desk)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Message).values(text_redacted=b"\x01" + bytes(40)))
    assert open_ticket(mei, made.number).lines[0].text == UNREADABLE


def test_lines_stand_in_order_with_their_attachments_and_the_newest_are_shown(test_desk: TestDesk) -> None:
    mei, made = test_desk.session("mei", Role.AGENT), make_ticket(test_desk, text="first")
    desk, keys = test_desk.desk, keys_of(test_desk.desk, made.number)
    start = test_desk.clock.now()
    with desk.database.transaction() as db:
        for minute in range(1, LINES_SHOWN + 1):
            row = new_id()
            sealed = keys.seal("message", "text_redacted", row, f"line {minute}")
            db.add(
                Message(
                    id=row,
                    ticket_number=made.number,
                    sort=MessageSort.RECEIVED,
                    channel=Channel.MAIL,
                    text=sealed,
                    text_redacted=sealed,
                    at=start + timedelta(minutes=minute),
                )
            )
        db.flush()
        db.add_all(Attachment(message_id=row, label=b"x", content=b"x", size=size) for size in (10, 20))
    view = open_ticket(mei, made.number)
    assert [line.text for line in view.lines] == [f"line {minute}" for minute in range(1, LINES_SHOWN + 1)]
    assert view.earlier_lines
    assert sorted(label.size for label in view.lines[-1].attachments) == [10, 20]


# --- what can be revealed --------------------------------------------------------------------------------


def test_each_field_says_what_stands_in_the_way_of_a_reveal(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    pack = test_desk.desk.packs.current
    rows = pack.rows_for(TicketKind.APPEAL)
    needs_window = next(field for field in CONTACTS if any(field in row.fields for row in rows))
    assert all(row.verified for row in rows if needs_window in row.fields)

    nobodys = make_ticket(test_desk, kind=TicketKind.APPEAL, contacts=CONTACTS, verified=True)
    assert field_state(open_ticket(mei, nobodys.number), needs_window) == (False, CLAIM_FIRST)
    unverified = make_ticket(test_desk, kind=TicketKind.APPEAL, contacts=CONTACTS, assignee=mei)
    assert field_state(open_ticket(mei, unverified.number), needs_window) == (False, VERIFY_FIRST)
    ready = make_ticket(test_desk, kind=TicketKind.APPEAL, contacts=CONTACTS, assignee=mei, verified=True)
    view = open_ticket(mei, ready.number)
    assert field_state(view, needs_window) == (True, "")
    assert view.window_until == test_desk.clock.now() + timedelta(minutes=pack.verification.window_minutes)
    contacts = {**CONTACTS, Field.ADDRESS: "14 Mill Lane, Leeds"}
    report = make_ticket(test_desk, kind=TicketKind.REPORT, contacts=contacts, assignee=mei, verified=True)
    assert field_state(open_ticket(mei, report.number), Field.ADDRESS) == (False, NOT_NEEDED)


def test_fields_stand_in_the_packs_order_with_masks_and_what_a_reveal_names_them_by(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, contacts=CONTACTS)
    view = open_ticket(mei, made.number)
    order = [field for field in test_desk.desk.packs.current.fields if field in CONTACTS]
    assert [state.field for state in view.fields] == order
    assert {state.field: state.item for state in view.fields} == made.contact_ids
    assert {state.item for state in view.text_fields} == {str(made.number), made.message_id}
    for state in view.fields:
        assert state.mask
        assert state.mask not in CONTACTS.values()


def test_a_moment_of_another_day_is_told_with_its_day(test_desk: TestDesk) -> None:
    at = test_desk.clock.now()
    hour = f"{at.astimezone():%H:%M}"
    assert hour_or_moment(at, at) == hour
    assert hour_or_moment(at, at + timedelta(days=1)) == f"20 Nov {hour}"


def test_the_window_closes_by_itself_and_the_words_say_so(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.APPEAL, contacts=CONTACTS, assignee=mei, verified=True)
    assert open_ticket(mei, made.number).verified_words.startswith("code to ")
    late = test_desk.session("late", Role.AGENT)
    test_desk.clock.forward(minutes=5)
    assert reload(late, made.number).window_until is not None
    test_desk.clock.forward(minutes=25)
    view = reload(test_desk.session("later", Role.AGENT), made.number)
    assert view.window_until is None
    assert view.verified_words.endswith("window closed")


# --- decisions -------------------------------------------------------------------------------------------


def decide(test_desk: TestDesk, session: DeskSession, made: MadeTicket, outcome: Outcome, *, hidden: bool) -> None:
    with test_desk.desk.database.transaction() as db:
        db.add(
            Decision(
                ticket_number=made.number,
                ticket_version=1,
                proposer_id=session.agent.id,
                outcome=outcome,
                legal_review=hidden,
                state=DecisionState.PROPOSED,
                answers=b"",
                needs="supervisor",
                proposed_at=test_desk.clock.now(),
            )
        )


def test_a_decision_is_shown_in_words(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, verified=True)
    decide(test_desk, mei, made, Outcome.PARTIAL, hidden=False)
    assert open_ticket(mei, made.number).decision_words == "partial, waits for approval"


def test_legal_review_reads_the_same_whatever_the_outcome(test_desk: TestDesk) -> None:
    """POLICY.md, No tipping off."""
    mei, pia = test_desk.session("mei", Role.AGENT, Role.SUPERVISOR), test_desk.session("pia", Role.PRIVACY_OFFICER)
    words = set()
    for outcome in (Outcome.REFUSE, Outcome.PARTIAL):
        made = make_ticket(test_desk, kind=TicketKind.RIGHTS, verified=True)
        decide(test_desk, mei, made, outcome, hidden=True)
        words.add(open_ticket(mei, made.number).decision_words)
        assert outcome.value in open_ticket(pia, made.number).decision_words
    assert words == {"legal review, waits for approval"}


# --- notes -----------------------------------------------------------------------------------------------


def test_a_note_is_kept_sealed_redacted_and_plain_and_is_not_sent(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, contacts=CONTACTS)
    version = add_note(mei, made.number, 1, "Asked \x1b[2Jfor verification, call 138 0013 8000 \n")
    view = open_ticket(mei, made.number)
    note = view.lines[-1]
    assert (note.who, note.sort, note.delivery) == ("mei", MessageSort.NOTE, DeliveryState.NONE)
    assert "0013" not in note.text
    assert "\x1b" not in note.text
    assert note.text.startswith("Asked ")
    assert view.version == version == 1
    assert outbox(test_desk) == []
    (entry,) = recorded(test_desk.desk, Action.NOTE_ADDED)
    assert (entry.ticket, entry.reason) == (made.number, "")


def test_a_note_needs_words_a_current_view_and_a_key(test_desk: TestDesk) -> None:
    mei, made = test_desk.session("mei", Role.AGENT), make_ticket(test_desk)
    for empty in ("", "  \n\t "):
        with pytest.raises(BadInput):
            add_note(mei, made.number, 1, empty)
    with pytest.raises(BadInput, match="longer"):
        add_note(mei, made.number, 1, "x" * 100_001)
    with pytest.raises(ChangedElsewhere):
        add_note(mei, made.number, 7, "words")
    with pytest.raises(NotAllowed):
        add_note(test_desk.session("root", Role.ADMIN), made.number, 1, "words")
    with pytest.raises(NoUndertaking):
        add_note(test_desk.session("new", Role.AGENT, undertaking=False), made.number, 1, "words")
    test_desk.desk.keyring.destroy(made.requester_id)
    with pytest.raises(KeyDestroyed):
        add_note(mei, made.number, 1, "words")


# --- replies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on_file", [True, False], ids=["on file", "claimed"])
def test_a_reply_goes_out_to_a_contact_that_the_agent_never_sees(test_desk: TestDesk, on_file: bool) -> None:
    """Policy I.(1)3: using a contact does not need seeing it."""
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, contacts=CONTACTS, on_file=on_file, assignee=mei)
    sent = reply(mei, made.number, 1, made.contact_ids[Field.EMAIL], "Please tell us your order number.")
    assert sent is DeliveryState.SENT
    (letter,) = outbox(test_desk)
    assert b"alice.archer@example.org" in letter
    assert f"[#{made.number}]".encode() in letter
    view = open_ticket(mei, made.number)
    assert (view.state, view.version) == (TicketState.WAITING, 3)
    assert (view.lines[-1].who, view.lines[-1].sort) == ("mei", MessageSort.REPLY)
    assert view.lines[-1].delivery is DeliveryState.SENT
    assert first_response(test_desk, made.number) == test_desk.clock.now()
    assert "alice.archer" not in repr(view)
    (entry,) = recorded(test_desk.desk, Action.TICKET_STATE_SET)
    assert (entry.actor, entry.ticket, entry.reason) == ("mei", made.number, "state open -> waiting: a reply was sent")
    assert entry.requester == recorded(test_desk.desk, Action.MESSAGE_SENT)[-1].requester


def test_the_first_response_stays_the_first(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei)
    first = test_desk.clock.now()
    reply(mei, made.number, 1, made.contact_ids[Field.EMAIL], "One")
    test_desk.clock.forward(minutes=10)
    reply(mei, made.number, 3, made.contact_ids[Field.EMAIL], "Two")
    assert first_response(test_desk, made.number) == first


def test_a_reply_to_an_unverified_rights_request_leaves_it_in_its_lane(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei)
    reply(mei, made.number, 1, made.contact_ids[Field.EMAIL], "We will send you a code.")
    assert open_ticket(mei, made.number).state is TicketState.TO_VERIFY
    assert recorded(test_desk.desk, Action.TICKET_STATE_SET) == []


def test_a_reply_needs_the_ticket_a_contact_of_it_and_an_open_state(test_desk: TestDesk) -> None:
    mei, sam = test_desk.session("mei", Role.AGENT), test_desk.session("sam", Role.AGENT)
    made, other = make_ticket(test_desk, contacts=CONTACTS, assignee=mei), make_ticket(test_desk)
    mail = made.contact_ids[Field.EMAIL]
    with pytest.raises(NotAssigned):
        reply(sam, made.number, 1, mail, "words")
    with pytest.raises(NoUndertaking):
        reply(test_desk.session("new", Role.AGENT, undertaking=False), made.number, 1, mail, "words")
    with pytest.raises(ContactNotOnFile):
        reply(mei, made.number, 1, other.contact_ids[Field.EMAIL], "words")
    with pytest.raises(ContactNotOnFile):
        reply(mei, made.number, 1, made.contact_ids[Field.NAME], "words")
    with pytest.raises(ChangedElsewhere):
        reply(mei, made.number, 5, mail, "words")
    with pytest.raises(BadInput):
        reply(mei, made.number, 1, mail, " ")
    for state in (TicketState.CLOSED, TicketState.IN_APPROVAL):
        shut = make_ticket(test_desk, state=state, assignee=mei)
        with pytest.raises(WrongState):
            reply(mei, shut.number, 1, shut.contact_ids[Field.EMAIL], "words")
    assert outbox(test_desk) == []
    with test_desk.desk.database.reading() as db:
        assert db.connection().execute(text("SELECT count(*) FROM message WHERE sort = 'reply'")).scalar() == 0


def test_a_reply_that_cannot_go_out_is_kept_and_the_ticket_stays_as_it_was(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei)
    folder = test_desk.desk.settings.outbox
    assert folder is not None
    folder.parent.mkdir(exist_ok=True)
    folder.write_bytes(b"in the way")  # a file where the outbox should be
    assert reply(mei, made.number, 1, made.contact_ids[Field.EMAIL], "Words worth keeping") is DeliveryState.FAILED
    view = open_ticket(mei, made.number)
    assert (view.state, view.lines[-1].text) == (TicketState.OPEN, "Words worth keeping")
    assert view.lines[-1].delivery is DeliveryState.FAILED
    assert first_response(test_desk, made.number) is None
    assert recorded(test_desk.desk, Action.TICKET_STATE_SET) == []


def test_no_byte_of_a_reply_or_note_lies_open_in_the_home(sqlite_desk: TestDesk) -> None:
    """Invariant 2: sealed at rest, but for what goes out."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei, subject="canary-subject", text="canary-text")
    add_note(mei, made.number, 1, "canary-note")
    reply(mei, made.number, 1, made.contact_ids[Field.EMAIL], "canary-reply")
    home, excluded_agents = sqlite_desk.desk.settings.home, sqlite_desk.desk.settings.outbox
    open_files = [
        file for file in home.rglob("*") if file.is_file() and Path(excluded_agents or home) not in file.parents
    ]
    assert not [file for file in open_files if b"canary" in file.read_bytes()]
