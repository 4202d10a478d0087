"""What programs and mail servers wrote is shown apart on a ticket, and a letter that came back says what to do."""

import pytest
from sqlmodel import select

from cs_console.casework.conversation import reply
from cs_console.delivery.message_ids import mail_id
from cs_console.desk import operator_session
from cs_console.intake.intake import take_in
from cs_console.intake.mail import read_mail
from models.contact_fields import Field
from models.enums import MessageSort, TicketState
from models.message import Message
from models.roles import Role
from models.ticket import Ticket
from screens.ticket.ticket import TicketScreen
from tests.support.consoles import NARROW, WIDE, console
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket

pytestmark = pytest.mark.engines("sqlite")  # about screens


def took_in(test_desk: TestDesk, mail: str) -> str:
    return take_in(operator_session(test_desk.desk), read_mail(mail.encode())).outcome


def state_of(test_desk: TestDesk, number: int) -> TicketState:
    with test_desk.desk.database.reading() as db:
        return TicketState(db.get_one(Ticket, number).state)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_machines_lines_are_named_and_a_letter_came_back(test_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    contacts = {Field.EMAIL: "jane@mail.example.org", Field.MOBILE: "+8613800138000"}
    case = make_ticket(test_desk, contacts=contacts, assignee=mei)
    reply(mei, case.number, 1, case.contact_ids[Field.EMAIL], "An answer.")
    with test_desk.desk.database.reading() as db:
        sent = db.exec(select(Message.id).where(Message.sort == MessageSort.REPLY)).one()
    away = f"From: jane@mail.example.org\nAuto-Submitted: auto-replied\nSubject: [#{case.number}]\n\nI am away."
    assert took_in(test_desk, away) == "automatic"
    assert state_of(test_desk, case.number) == TicketState.WAITING  # no machine woke it
    returned = (
        "From: mailer-daemon@mx.example\nSubject: failed\nContent-Type: multipart/report; boundary=B\n\n"
        "--B\n\nNo such user.\n--B\nContent-Type: message/delivery-status\n\nAction: failed\n--B\n"
        f"Content-Type: text/rfc822-headers\n\nMessage-ID: {mail_id(test_desk.desk, sent)}\n--B--\n"
    )
    assert took_in(test_desk, returned) == "bounced"
    assert state_of(test_desk, case.number) == TicketState.OPEN  # its agent has to find another way
    async with console(test_desk, mei, size) as shown:
        await shown.open(TicketScreen(case.number))
        await shown.until_words("a program, automatic reply")
        await shown.until_words("I am away.")
        await shown.until_words("a mail server, delivery report")
        await shown.until_words("! came back")
        await shown.until_words("Send it again to another contact on file: +86 ••• •••• ••00.")
