"""A desk from before mail was known by its content: what it took in and sent is found again after an update."""

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlmodel import select

from cs_console import database as database_module
from cs_console.casework.conversation import reply
from cs_console.delivery.message_ids import mail_id
from cs_console.delivery.outgoing import deliver_queued
from cs_console.desk import operator_session
from cs_console.intake.intake import take_in
from cs_console.intake.mail import read_mail
from models.contact_fields import Field
from models.enums import DeliveryState, MessageSort
from models.message import Message
from models.roles import Role
from models.ticket import Ticket
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket

BEFORE = "0023"
ALICE = "alice@mail.example.org"
LETTER = (
    f"From: {ALICE}\nTo: service@desk.example\nSubject: A question\nMessage-ID: <1@mail.example>\n"
    "Date: Fri, 20 Nov 2026 08:00:00 +0000\n\nWhere is my parcel?\n"
)


def taken(test_desk: TestDesk, mail: str) -> tuple[str, int | None]:
    done = take_in(operator_session(test_desk.desk), read_mail(mail.encode()))
    return done.outcome, done.number


def of_before(test_desk: TestDesk) -> None:
    """Make it a desk of the revision before, with the rows as that version wrote them: a mail's id in `reference`."""
    database = test_desk.desk.database
    config = Config()
    config.set_main_option("script_location", str(database_module.MIGRATIONS))
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE message SET reference = anchor WHERE anchor IS NOT NULL"))
        config.attributes["connection"] = connection
        command.downgrade(config, BEFORE)
    assert database.version() == BEFORE


@pytest.fixture
def updated(test_desk: TestDesk) -> TestDesk:
    """A desk that took the letter in before the update."""
    assert taken(test_desk, LETTER) == ("opened", 10_401)
    of_before(test_desk)
    test_desk.desk.database.migrate()
    with test_desk.desk.database.reading() as db:
        assert db.execute(text("SELECT count(*) FROM message WHERE anchor IS NOT NULL")).scalar() == 0
    return test_desk


def test_a_mail_of_before_is_known_by_its_id_and_time(updated: TestDesk) -> None:
    assert taken(updated, LETTER) == ("duplicate", 10_401)
    assert taken(updated, LETTER.replace("\nDate: Fri, 20 Nov 2026 08:00:00 +0000", "")) == ("duplicate", 10_401)


def test_an_equal_id_of_another_time_is_another_mail(updated: TestDesk) -> None:
    assert taken(updated, LETTER.replace("08:00:00", "09:00:00")) == ("opened", 10_402)


def test_an_answer_to_a_mail_of_before_continues_its_ticket(updated: TestDesk) -> None:
    answer = LETTER.replace("<1@mail.example>", "<2@mail.example>\nIn-Reply-To: <1@mail.example>")
    assert taken(updated, answer.replace("Where is", "I still miss")) == ("appended", 10_401)
    assert taken(updated, answer.replace("Where is", "I still miss")) == ("duplicate", 10_401)


def test_a_letter_of_before_is_the_one_that_its_bounce_names(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, contacts={Field.EMAIL: ALICE}, assignee=mei)
    with test_desk.desk.database.reading() as db:
        version = db.get_one(Ticket, made.number).version
    reply(mei, made.number, version, made.contact_ids[Field.EMAIL], "Here is our answer.")
    deliver_queued(test_desk.desk)
    with test_desk.desk.database.reading() as db:
        sent = db.exec(select(Message.id).where(Message.sort == MessageSort.REPLY)).one()
    of_before(test_desk)
    test_desk.desk.database.migrate()
    bounce = (
        "From: Mail Delivery System <mailer-daemon@mx.example.org>\nTo: service@desk.example\nSubject: Undelivered\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n--B\n"
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
        f"Final-Recipient: rfc822; someone-else@mail.example.org\nAction: failed\nStatus: 5.1.1\n--B\n"
        f"Content-Type: text/rfc822-headers\n\nMessage-ID: {mail_id(test_desk.desk, sent)}\n--B--\n"
    )
    assert taken(test_desk, bounce) == ("bounced", made.number)
    with test_desk.desk.database.reading() as db:
        assert db.get_one(Message, sent).delivery == DeliveryState.CAME_BACK
