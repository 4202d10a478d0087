"""A notice that did not arrive comes back to its ticket, and goes out again or as a letter."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from cs_console.casework.conversation import reload
from cs_console.decisions import approval
from cs_console.decisions.approval_queue import last_decision
from cs_console.decisions.notice_delivery import NoticeWay
from cs_console.decisions.resend_notice import notice_posted, notice_routes, send_notice_again
from cs_console.delivery.outgoing import deliver_queued
from cs_console.desk import DeskSession
from cs_console.errors import (
    AlreadyOnItsWay,
    ContactNotOnFile,
    ContactRecent,
    DeliveryFailed,
    NotAssigned,
    NothingThere,
)
from cs_console.upkeep import keep_up
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Action, Channel, DeliveryState, MessageSort, TicketState
from models.message import Message
from models.roles import Role
from tests.decisions.cases import PASSWORD, person, propose, refusal, request
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import notices, ticket_of
from tests.support.tickets import MadeTicket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def _refuse(*_: object) -> None:
    raise DeliveryFailed("The server refuses the address.", permanent=True)


def decided(test_desk: TestDesk) -> tuple[DeskSession, DeskSession, MadeTicket]:
    """A refusal whose notice went (or did not go) out by e-mail."""
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    made = request(test_desk, mei)
    decision_id = propose(mei, made.number, 1, refusal("D2", test_desk.clock.now())).decision_id
    approval.approve(sue, decision_id, PASSWORD)
    test_desk.clock.forward(minutes=1)
    return mei, sue, made


@contextmanager
def refused_mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server refuses the address for good."""
    with monkeypatch.context() as broken:
        broken.setattr("cs_console.delivery.outgoing.hand_over", _refuse)
        yield


@pytest.fixture
def no_mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with refused_mail(monkeypatch):
        yield


def way(session: DeskSession, number: int) -> str:
    last = last_decision(session, number)
    assert last is not None
    return last.delivery


def outbox(test_desk: TestDesk) -> Path:
    folder = test_desk.desk.settings.outbox
    assert folder is not None
    return folder


@pytest.mark.usefixtures("no_mail")
def test_what_cannot_be_delivered_opens_its_ticket_again_where_its_agent_sees_it(test_desk: TestDesk) -> None:
    mei, _, made = decided(test_desk)
    ticket = ticket_of(test_desk, made.number)
    assert (ticket.state, ticket.closed_at, ticket.assignee_id) == (TicketState.OPEN, None, mei.agent.id)
    assert reload(mei, made.number).decision_words == "refuse, made, the notice was not delivered"
    assert way(mei, made.number).startswith("The notice could not be delivered")
    [entry] = [one for one in recorded(test_desk.desk, Action.TICKET_STATE_SET) if "delivered" in one.reason]
    assert entry.reason == "state closed -> open: the notice could not be delivered"
    keep_up(test_desk.desk)  # nothing of it is tried again by itself
    assert len(notices(test_desk, made.number)) == 1


def test_a_refused_notice_is_not_said_to_be_on_its_way(sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    mei, sue = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sue", Role.SUPERVISOR)
    made = request(sqlite_desk, mei)
    decision_id = propose(mei, made.number, 1, refusal("D2", sqlite_desk.clock.now())).decision_id
    with refused_mail(monkeypatch):
        assert approval.approve(sue, decision_id, PASSWORD).delivery is NoticeWay.NOT_DELIVERED


def test_it_goes_to_another_contact_on_file_word_for_word(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    with refused_mail(monkeypatch):
        mei, _, made = decided(test_desk)
    found = notice_routes(mei, made.number)
    routes = sorted((one.title, one.why_not) for one in found.routes)
    assert routes == [("E-mail address", ""), ("Mobile number", "")]
    assert "alice" not in repr(found)
    mobile = made.contact_ids[Field.MOBILE]
    assert send_notice_again(mei, made.number, mobile) == "The notice was sent."
    last = last_decision(mei, made.number)
    assert last is not None
    [file] = outbox(test_desk).glob("*.txt")
    assert last.notice.strip() in file.read_text("utf-8")
    assert reload(mei, made.number).decision_words == "refuse, made"
    reasons = [one.reason for one in recorded(test_desk.desk, Action.NOTICE_SENT_AGAIN, Action.MESSAGE_SENT)]
    assert reasons[-2:] == ["the notice is sent again, by mobile", "notice"]


def test_a_notice_that_was_sent_can_be_sent_again(test_desk: TestDesk) -> None:
    mei, _, made = decided(test_desk)
    assert ticket_of(test_desk, made.number).state == TicketState.CLOSED
    send_notice_again(mei, made.number, made.contact_ids[Field.EMAIL])
    assert len(list(outbox(test_desk).glob("*.eml"))) == 2
    assert ticket_of(test_desk, made.number).state == TicketState.CLOSED


def test_an_earlier_try_that_failed_is_not_made_again(test_desk: TestDesk) -> None:
    outbox(test_desk).write_text("in the way", "utf-8")
    mei, _, made = decided(test_desk)
    assert way(mei, made.number) == "The notice is still being sent."
    outbox(test_desk).unlink()
    send_notice_again(mei, made.number, made.contact_ids[Field.MOBILE])
    test_desk.clock.forward(days=1)
    deliver_queued(test_desk.desk)
    assert [file.suffix for file in outbox(test_desk).iterdir()] == [".txt"]


def test_a_notice_that_is_being_handed_over_is_not_sent_twice(test_desk: TestDesk) -> None:
    mei, _, made = decided(test_desk)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Message).values(delivery=DeliveryState.QUEUED))
    with pytest.raises(AlreadyOnItsWay):
        send_notice_again(mei, made.number, made.contact_ids[Field.EMAIL])
    with pytest.raises(AlreadyOnItsWay):
        notice_posted(mei, made.number)
    assert len(notices(test_desk, made.number)) == 1


def test_it_goes_to_a_contact_on_file_only_and_to_none_that_changed_lately(test_desk: TestDesk) -> None:
    mei, _, made = decided(test_desk)
    claimed, mobile = made.contact_ids[Field.EMAIL], made.contact_ids[Field.MOBILE]
    with test_desk.desk.database.transaction() as db:
        change = update(Contact).where(col(Contact.id) == claimed)
        db.connection().execute(change.values(on_file=False))
        lately = update(Contact).where(col(Contact.id) == mobile)
        db.connection().execute(lately.values(changed_at=test_desk.clock.now() - timedelta(days=3)))
    assert [(one.contact_id, one.why_not) for one in notice_routes(mei, made.number).routes] == [
        (mobile, "was changed in the last 30 days")
    ]
    with pytest.raises(ContactNotOnFile):
        send_notice_again(mei, made.number, claimed)
    with pytest.raises(ContactRecent):
        send_notice_again(mei, made.number, mobile)
    assert len(notices(test_desk, made.number)) == 1


@pytest.mark.usefixtures("no_mail")
def test_a_letter_that_was_posted_stands_in_the_conversation_as_sent(test_desk: TestDesk) -> None:
    mei, _, made = decided(test_desk)
    assert notice_posted(mei, made.number) == "The notice was sent."
    assert way(mei, made.number) == "The notice was sent."
    line = reload(mei, made.number).lines[-1]
    assert (line.sort, line.channel, line.delivery) == (MessageSort.NOTICE, Channel.LETTER, DeliveryState.SENT)
    entry = recorded(test_desk.desk, Action.NOTICE_POSTED)[-1]
    assert (entry.actor, entry.reason) == ("mei", "posted as a letter")


def test_who_may_send_it_again(test_desk: TestDesk) -> None:
    _, sue, made = decided(test_desk)
    other = person(test_desk, "ana", Role.AGENT)
    for refused in (notice_routes, notice_posted):
        with pytest.raises(NotAssigned):
            refused(other, made.number)
    assert send_notice_again(sue, made.number, made.contact_ids[Field.EMAIL]) == "The notice was sent."


def test_without_a_decision_there_is_no_notice(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    with pytest.raises(NothingThere):
        notice_routes(mei, request(test_desk, mei).number)
