"""A reply that goes out with a later try means for its ticket what one sent at once means, and overrides nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from cs_console.casework.conversation import add_note, reply
from cs_console.casework.workflow import set_state
from cs_console.decisions.notice_delivery import NoticeWay
from cs_console.delivery.outgoing import deliver_queued, queue_message
from cs_console.desk import DeskSession, operator_session
from cs_console.errors import DeliveryFailed
from cs_console.intake.intake import import_mail
from models.contact_fields import Field
from models.enums import Action, DeliveryState, MessageSort, TicketKind, TicketState
from models.roles import Role
from models.ticket import Ticket
from screens.ticket.clock_dialogs import sent_words
from screens.ticket.compose import reply_words
from screens.ticket.send_notice import tone_of_notice
from screens.widgets.notice_bar import Tone
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import MadeTicket, make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

WORDS = "Please tell us your order number."


def stored(test_desk: TestDesk, made: MadeTicket) -> Ticket:
    with test_desk.desk.database.reading() as db:
        return db.get_one(Ticket, made.number)


def fail(test_desk: TestDesk, session: DeskSession, made: MadeTicket, version: int = 1) -> None:
    """Write a reply while nothing can go out; it can again when this returns, and a minute has passed."""
    desk, settings = test_desk.desk, test_desk.desk.settings
    in_the_way = settings.home / "in-the-way"
    in_the_way.touch()
    desk.settings = settings.model_copy(update={"outbox": in_the_way})
    assert reply(session, made.number, version, made.contact_ids[Field.EMAIL], WORDS) is DeliveryState.FAILED
    desk.settings = settings
    test_desk.clock.forward(minutes=1)


def deliver(test_desk: TestDesk, count: int = 1) -> None:
    assert deliver_queued(test_desk.desk).sent == count


@pytest.mark.parametrize("verified", [False, True])
def test_a_late_reply_stops_the_timer_and_the_ticket_waits(test_desk: TestDesk, verified: bool) -> None:
    """Policy IX: answered when it went out, not when it was written."""
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei, verified=verified)
    fail(test_desk, mei, made)
    before = stored(test_desk, made)
    assert (before.state, before.first_response_at) == ("verified" if verified else "open", None)
    deliver(test_desk)
    after = stored(test_desk, made)
    assert (after.state, after.first_response_at) == (TicketState.WAITING, test_desk.clock.now())
    assert after.version == before.version + 1
    (entry,) = recorded(test_desk.desk, Action.TICKET_STATE_SET)
    assert (entry.actor, entry.reason) == ("mei", f"state {before.state} -> waiting: a reply was sent")


def test_a_note_meanwhile_changes_nothing_of_that(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei)
    fail(test_desk, mei, made)
    add_note(mei, made.number, 2, "The mail server is down.")
    deliver(test_desk)
    assert stored(test_desk, made).state == TicketState.WAITING


def test_two_replies_that_failed_leave_the_ticket_waiting(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei)
    fail(test_desk, mei, made)
    first = test_desk.clock.now()
    fail(test_desk, mei, made, version=2)
    deliver(test_desk, 2)
    after = stored(test_desk, made)
    assert (after.state, after.first_response_at) == (TicketState.WAITING, first.replace(minute=first.minute + 1))


def to_verify(_test_desk: TestDesk, session: DeskSession, made: MadeTicket, _folder: Path) -> None:
    set_state(session, made.number, 2, TicketState.TO_VERIFY)


def back_and_forth(_test_desk: TestDesk, session: DeskSession, made: MadeTicket, _folder: Path) -> None:
    set_state(session, made.number, set_state(session, made.number, 2, TicketState.WAITING), TicketState.OPEN)


def closed(_test_desk: TestDesk, session: DeskSession, made: MadeTicket, _folder: Path) -> None:
    set_state(session, made.number, 2, TicketState.CLOSED)


def another_letter(test_desk: TestDesk, _session: DeskSession, made: MadeTicket, folder: Path) -> None:
    """It was on its way before ours, so its date says nothing."""
    letter = folder / "again.eml"
    letter.write_text(
        f"From: alice@example.org\nTo: service@desk.invalid\nSubject: Re: [#{made.number}]\n"
        "Message-ID: <2@example.org>\nDate: Fri, 20 Nov 2026 08:00:00 +0000\n\nAre you there?\n"
    )
    assert import_mail(operator_session(test_desk.desk), [letter]).appended == 1


@pytest.mark.parametrize(
    ("meanwhile", "state"),
    [
        (to_verify, TicketState.TO_VERIFY),
        (back_and_forth, TicketState.OPEN),
        (closed, TicketState.CLOSED),
        (another_letter, TicketState.OPEN),
    ],
)
def test_what_changed_meanwhile_stands(
    test_desk: TestDesk,
    tmp_path: Path,
    meanwhile: Callable[[TestDesk, DeskSession, MadeTicket, Path], None],
    state: TicketState,
) -> None:
    """The timer stops all the same: the requester has been answered."""
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei)
    fail(test_desk, mei, made)
    meanwhile(test_desk, mei, made, tmp_path)
    changes, version = len(recorded(test_desk.desk, Action.TICKET_STATE_SET)), stored(test_desk, made).version
    deliver(test_desk)
    after = stored(test_desk, made)
    assert (after.state, after.version) == (state, version)
    assert after.first_response_at == test_desk.clock.now()
    assert len(recorded(test_desk.desk, Action.TICKET_STATE_SET)) == changes


def test_a_proposal_in_approval_does_not_go_stale_by_a_late_reply(test_desk: TestDesk) -> None:
    """An approval needs the very row that was proposed on; the timer is no part of it."""
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei, verified=True)
    fail(test_desk, mei, made)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(
            update(Ticket).where(col(Ticket.number) == made.number).values(state=TicketState.IN_APPROVAL, version=3)
        )
    deliver(test_desk)
    after = stored(test_desk, made)
    assert (after.state, after.version, after.first_response_at) == (TicketState.IN_APPROVAL, 3, test_desk.clock.now())


def test_a_first_response_that_was_given_stays_the_first(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei)
    first = test_desk.clock.now()
    reply(mei, made.number, 1, made.contact_ids[Field.EMAIL], WORDS)
    fail(test_desk, mei, made, version=3)
    deliver(test_desk)
    after = stored(test_desk, made)
    assert (after.first_response_at, after.state) == (first, TicketState.WAITING)


def test_only_a_reply_answers(test_desk: TestDesk) -> None:
    made = make_ticket(test_desk)
    with test_desk.desk.database.transaction() as db:
        queue_message(
            db,
            test_desk.desk,
            ticket_number=made.number,
            requester_id=made.requester_id,
            contact_id=made.contact_ids[Field.EMAIL],
            sort=MessageSort.CODE,
            text="A verification took place.",
            agent_id=None,
        )
    deliver(test_desk)
    after = stored(test_desk, made)
    assert (after.state, after.first_response_at, after.version) == (TicketState.OPEN, None, 1)


def test_what_a_server_refuses_for_good_is_told_apart_from_what_is_tried_again(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_about: object) -> None:
        raise DeliveryFailed("The mail server refused the message (550).", permanent=True)

    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei)
    monkeypatch.setattr("cs_console.delivery.outgoing.hand_over", refuse)
    assert reply(mei, made.number, 1, made.contact_ids[Field.EMAIL], WORDS) is DeliveryState.REFUSED
    assert deliver_queued(test_desk.desk).sent == 0
    for said in (reply_words(DeliveryState.REFUSED), sent_words(DeliveryState.REFUSED)):
        assert said.tone is Tone.ERROR
        assert "will not try again" in said.words
    for said in (reply_words(DeliveryState.FAILED), sent_words(DeliveryState.FAILED)):
        assert said.tone is Tone.WARNING
    assert tone_of_notice(NoticeWay.NOT_DELIVERED) is Tone.ERROR
    assert tone_of_notice("The notice was not sent yet: no server answers.") is Tone.WARNING
