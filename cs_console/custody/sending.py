"""Opening our own outgoing lines for the machine that sends them; nothing here is ever returned to a screen."""

import json
from dataclasses import dataclass, field

from sqlmodel import Session

from cs_console.custody.opening import open_sealed, open_text
from cs_console.custody.ticket_keys import TicketKeys, ticket_keys
from cs_console.desk import Desk
from cs_console.errors import NothingThere
from models.attachment import Attachment
from models.enums import MessageSort
from models.message import Message

OUTGOING = frozenset(
    {
        MessageSort.REPLY,
        MessageSort.CODE,
        MessageSort.NOTICE,
        MessageSort.REMINDER,
        MessageSort.ACKNOWLEDGEMENT,
    }
)


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file that goes out with a message. It never appears in a repr."""

    name: str = field(repr=False)
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class OutgoingLine:
    """A message to be sent, and the ticket's version that a reply left. Its text never appears in a repr.

    `own_subject`: its writer or the pack chose the subject. `typed`: the text is an agent's own, word for word.
    `requester_id`: whose the ticket was when it was written; None in messages of older desks.
    """

    text: str = field(repr=False)
    subject: str = field(repr=False)
    message_id: str
    ticket_version: int | None = None
    own_subject: bool = True
    typed: bool = False
    files: tuple[OutgoingFile, ...] = ()
    requester_id: str | None = None


def line_for_sending(db: Session, desk: Desk, message_id: str) -> OutgoingLine:
    """The opened text and headers of one outgoing line, for delivery alone.

    Raises NothingThere for any other line (what requesters wrote leaves only through disclosure.py), KeyDestroyed
    or SealBroken.
    """
    message = db.get(Message, message_id)
    if message is None or message.sort not in OUTGOING or message.headers is None:
        raise NothingThere("There is no such outgoing message.")
    keys = ticket_keys(db, desk, message.ticket_number)
    text = open_text(keys.key, keys.place("message", "text", message_id), message.text)
    headers = json.loads(open_text(keys.key, keys.place("message", "headers", message_id), message.headers))
    return OutgoingLine(
        text,
        headers["subject"],
        headers["message_id"],
        headers.get("ticket_row"),
        headers.get("own_subject", True),
        headers.get("typed", False),
        tuple(_file(db, keys, message_id, file) for file in headers.get("files", ())),
        headers.get("requester"),
    )


def _file(db: Session, keys: TicketKeys, message_id: str, file: str) -> OutgoingFile:
    """A file that the sealed headers name: a row put beside the message by hand goes nowhere."""
    found = db.get(Attachment, file)
    if found is None or found.message_id != message_id:
        raise NothingThere("A file of this message is not there any more.", "Write it again.")
    label = json.loads(open_text(keys.key, keys.place("attachment", "label", file), found.label))
    content = open_sealed(keys.key, keys.place("attachment", "content", file), found.content)
    return OutgoingFile(label["name"], label["type"], content)
