"""What a requester writes back."""

from datetime import datetime

from cs_console.desk import operator_session
from cs_console.intake.incoming import IncomingMessage
from cs_console.intake.intake import take_in
from models.contact_fields import Field
from models.enums import Channel
from tests.support.desk import TestDesk


def write(test_desk: TestDesk, number: int, text: str = "I do not agree.", at: datetime | None = None) -> None:
    """The requester answers on the ticket, a minute later; `at` is the date that the mail claims."""
    test_desk.clock.forward(minutes=1)
    mail = IncomingMessage(
        reference=f"<{test_desk.clock.now().isoformat()}@example.org>",
        channel=Channel.MAIL,
        subject=f"Re: your answer [#{number}]",
        text=text,
        contacts=((Field.EMAIL, "alice@example.org"),),
        at=at,
    )
    assert take_in(operator_session(test_desk.desk), mail).outcome == "appended"
