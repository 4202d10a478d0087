"""A ticket's kind, the channel that it came by and that a letter was sent count as the access log says them.

The attacker writes to the database as its owner could, and has no keys.
"""

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from cs_console.access_log.standing import channel_on_record
from cs_console.casework.conversation import reply
from cs_console.casework.workflow import claim, set_kind, set_state
from cs_console.custody.disclosure import Target, reveal
from cs_console.delivery.outgoing import deliver_one, deliver_queued
from cs_console.delivery.where_to_write import may_write_to, where_to_write
from cs_console.errors import (
    ContactNotOnFile,
    NotAllowed,
    NotIndependent,
    NotVerified,
    SecondPersonNeeded,
    WrongState,
)
from cs_console.intake.form import FormEntry, open_by_form
from cs_console.settlements.settling_needs import still_needed
from cs_console.tickets.ticket_record import facts, facts_on_record
from models.contact_fields import Field
from models.enums import Channel, DeliveryState, MessageSort, TicketKind, TicketState
from models.message import Message
from models.roles import Role
from models.ticket import Ticket
from tests.custody.reveals import CONTACTS, change, is_refused, own_ticket
from tests.decisions.cases import person
from tests.settlements.settlements import refused
from tests.support.desk import TestDesk
from tests.support.rows import row_of, ticket_of
from tests.support.tickets import MadeTicket, make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def write_kind(test_desk: TestDesk, number: int, kind: TicketKind) -> None:
    change(test_desk, update(Ticket).where(col(Ticket.number) == number).values(kind=kind.value))


def original(ticket: MadeTicket) -> Target:
    return Target(Field.MESSAGE, ticket.message_id)


def test_a_kind_in_the_row_shows_no_original_text(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk, TicketKind.RIGHTS, verified=False)
    write_kind(test_desk, ticket.number, TicketKind.REPORT)
    is_refused(test_desk, session, ticket.number, original(ticket), "investigate", NotVerified)


def test_a_kind_that_was_corrected_on_record_counts_at_once(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk, TicketKind.INQUIRY, verified=False)
    set_kind(session, ticket.number, row_of(test_desk, ticket.number), TicketKind.REPORT)
    assert reveal(session, ticket.number, original(ticket), "investigate").value
    write_kind(test_desk, ticket.number, TicketKind.INQUIRY)
    assert reveal(session, ticket.number, original(ticket), "investigate").value
    set_kind(session, ticket.number, row_of(test_desk, ticket.number), TicketKind.INQUIRY)
    write_kind(test_desk, ticket.number, TicketKind.REPORT)
    is_refused(test_desk, session, ticket.number, original(ticket), "investigate", NotVerified)


@pytest.mark.parametrize("kind", [TicketKind.APPEAL, TicketKind.COMPLAINT, TicketKind.RIGHTS])
def test_a_kind_in_the_row_lets_no_one_close_alone(test_desk: TestDesk, kind: TicketKind) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    made = make_ticket(test_desk, kind=kind, assignee=mei, contacts=CONTACTS, verified=True)
    write_kind(test_desk, made.number, TicketKind.INQUIRY)
    with pytest.raises(WrongState):
        set_state(mei, made.number, row_of(test_desk, made.number), TicketState.CLOSED, "Enough.")
    with pytest.raises(WrongState if kind is TicketKind.RIGHTS else SecondPersonNeeded):
        set_state(sue, made.number, row_of(test_desk, made.number), TicketState.CLOSED, "Enough.")
    with pytest.raises((NotAllowed, SecondPersonNeeded)):  # nor made into what its row already calls it
        set_kind(mei, made.number, row_of(test_desk, made.number), TicketKind.INQUIRY)
    assert ticket_of(test_desk, made.number).state != TicketState.CLOSED


def test_who_refused_does_not_take_an_appeal_that_its_row_calls_an_inquiry(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    appeal = make_ticket(test_desk, kind=TicketKind.APPEAL, requester=case.requester, verified=True)
    write_kind(test_desk, appeal.number, TicketKind.INQUIRY)
    with pytest.raises(NotIndependent):
        claim(case.mei, appeal.number)
    claim(case.ben, appeal.number)
    assert still_needed(case.ben, appeal.number).by_outcome.keys() >= {"uphold"}


def test_a_letter_that_was_sent_does_not_go_out_again(test_desk: TestDesk) -> None:
    mei, desk = person(test_desk, "mei", Role.AGENT), test_desk.desk
    made = make_ticket(test_desk, assignee=mei, contacts=CONTACTS)
    folder = desk.settings.outbox
    assert folder is not None
    assert reply(mei, made.number, 1, made.contact_ids[Field.EMAIL], "Dear you.") is DeliveryState.SENT
    sent = sorted(folder.iterdir())
    ours = col(Message.sort) == MessageSort.REPLY
    change(test_desk, update(Message).where(ours).values(delivery=DeliveryState.QUEUED, next_delivery_at=None))
    assert deliver_queued(desk).sent == 0
    assert sorted(folder.iterdir()) == sent
    with desk.database.reading() as db:
        message = db.scalars(select(Message).where(ours)).one()
    assert message.delivery == DeliveryState.SENT
    assert deliver_one(desk, message.id) is DeliveryState.SENT


def test_an_older_desks_ticket_is_of_the_kind_that_its_row_says(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.REPORT, assignee=mei, contacts=CONTACTS, on_record=False)
    assert reveal(mei, made.number, original(made), "investigate").value
    write_kind(test_desk, made.number, TicketKind.INQUIRY)
    is_refused(test_desk, mei, made.number, original(made), "investigate", NotVerified)


def test_what_is_opened_is_on_record_with_its_kind_and_channel(test_desk: TestDesk) -> None:
    mei, desk = person(test_desk, "mei", Role.AGENT), test_desk.desk
    number = open_by_form(mei, FormEntry(TicketKind.COMPLAINT, Channel.CALL, "The lamp", "She called about it.")).number
    change(test_desk, update(Ticket).values(kind=TicketKind.INQUIRY.value, channel=Channel.MAIL.value))
    with desk.database.reading() as db:
        assert facts_on_record(db, desk, number).kind is TicketKind.COMPLAINT
        assert channel_on_record(db, desk, number, Channel.MAIL) is Channel.CALL


def test_a_form_that_its_row_calls_a_mail_is_not_written_to(test_desk: TestDesk) -> None:
    """Anyone can type anyone's address into a form."""
    mei, desk = person(test_desk, "mei", Role.AGENT), test_desk.desk
    form = {"channel": Channel.FORM, "on_file": False, "contacts": {Field.EMAIL: "other@example.org"}}
    made = make_ticket(test_desk, assignee=mei, **form)  # type: ignore[arg-type]  # as named above
    change(test_desk, update(Ticket).values(channel=Channel.MAIL.value))
    with desk.database.reading() as db:
        assert where_to_write(db, desk, facts(db, made.number), claimed=True) is None
        assert may_write_to(db, desk, facts(db, made.number)) == frozenset()
    with pytest.raises(ContactNotOnFile):
        reply(mei, made.number, 1, made.contact_ids[Field.EMAIL], "Dear you.")
