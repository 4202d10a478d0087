"""Tickets with a conversation, taken in as mail and worked by an agent: what *keys* and *memory* open."""

import tempfile
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from sqlmodel import col, select

from cs_console.act_id import new_act
from cs_console.casework.conversation import add_note, open_ticket, reply
from cs_console.casework.workflow import claim
from cs_console.desk import Desk, DeskSession, operator_session
from cs_console.intake.intake import import_mail
from models.ticket import Ticket

FROM_LINE = b"From sender@example.org Sat Nov 21 09:12:00 2026\n"

ASKED = (
    "Hello,",
    "",
    "my account was locked an hour after I changed my phone number. I did nothing else that day, and the app only "
    "says that I should try again later. The old number was +49 30 901820, and I would like to keep it as a second "
    "one if that is possible.",
    "",
    "I ordered a lamp on 3 November and the parcel has not arrived, although the tracker says it was delivered. "
    "Please unlock the account, so that I can look at the order again.",
    "",
    "Kind regards",
)
NOTED = "The lock came from the platform's own rule, four minutes after the change. Ask which device made it."
ANSWERED = (
    "Thank you for your message. We know about the lock and look into it.\n\n"
    "To end the review we need one thing more: which device was signed in when the number was changed?"
)
FOLLOWED = (
    "It was my own laptop, at home. I have had it for years and no one else uses it.",
    "",
    "On Tuesday, the service team wrote:",
    "> Thank you for your message. We know about the lock and look into it.",
    "> To end the review we need one thing more: which device was signed in",
    "> when the number was changed?",
)


def converse(session: DeskSession, count: int) -> list[int]:
    """Numbers of so many new tickets of this agent: each a mail, a note, a reply and an answer that quotes it."""
    desk = session.desk
    before = set(_numbers(desk))
    _take_in(desk, [_mail(at, ASKED) for at in range(count)])
    numbers = [number for number in _numbers(desk) if number not in before]
    for number in numbers:
        claim(session, number)
        view = open_ticket(session, number)
        add_note(session, number, view.version, NOTED)
        contact = next(one.id for one in view.contacts if one.id in view.may_write_to)
        reply(session, number, view.version, contact, ANSWERED, act=new_act())
    _take_in(desk, [_mail(at, FOLLOWED, answers=True) for at in range(count)])
    return numbers


def _take_in(desk: Desk, mails: list[EmailMessage]) -> None:
    with tempfile.TemporaryDirectory(prefix="cs-console-bench-") as folder:
        box = Path(folder) / "mails.mbox"
        box.write_bytes(b"".join(FROM_LINE + mail.as_bytes() + b"\n" for mail in mails))
        counts = import_mail(operator_session(desk), [box])
    if counts.opened + counts.appended != len(mails):
        raise RuntimeError(f"not every mail was taken in: {counts}")


def _mail(at: int, lines: tuple[str, ...], *, answers: bool = False) -> EmailMessage:
    made = EmailMessage()
    made["From"] = f"Alice Example <alice{at}@example.org>"
    made["To"] = "service@example.com"
    made["Subject"] = "Account locked after I changed my number"
    made["Message-ID"] = f"<{at}.{len(lines)}.conversation@example.org>"
    if answers:
        made["In-Reply-To"] = f"<{at}.{len(ASKED)}.conversation@example.org>"
    made["Date"] = format_datetime(datetime.now(UTC))
    made.set_content("\n".join(lines))
    return made


def _numbers(desk: Desk) -> list[int]:
    with desk.database.transaction() as db:
        return list(db.exec(select(Ticket.number).order_by(col(Ticket.number))))
