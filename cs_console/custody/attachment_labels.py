"""Attachments by their labels: a file's name is its sender's own text, so it is redacted before anybody reads it."""

import json
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.custody.contacts import known_values
from cs_console.custody.opening import open_text
from cs_console.custody.redaction import redact
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.desk import Desk
from cs_console.errors import SealBroken
from cs_console.plain_text import one_line
from models.attachment import Attachment
from models.message import Message

UNREADABLE = "a file whose label does not open"
LONGEST_LABEL = 120


@dataclass(frozen=True)
class AttachmentLabel:
    """One sealed file of a ticket: its name and type with personal data replaced, and its size in bytes."""

    id: str
    words: str
    size: int


def attachment_labels(db: Session, desk: Desk, number: int, regions: tuple[str, ...]) -> tuple[AttachmentLabel, ...]:
    """The files that came with a ticket's messages, the oldest first. Raises KeyDestroyed."""
    found = db.connection().execute(
        select(col(Attachment.id), col(Attachment.label), col(Attachment.size))
        .join(Message, col(Message.id) == col(Attachment.message_id))
        .where(col(Message.ticket_number) == number)
        .order_by(col(Message.at), col(Message.id), col(Attachment.id))
    )
    rows = found.all()
    if not rows:
        return ()
    keys = ticket_keys(db, desk, number)
    known = known_values(db, desk, keys.requester_id, keys.requester_key, keys)
    labels = []
    for row, sealed, size in rows:
        try:
            label = json.loads(open_text(keys.key, keys.place("attachment", "label", row), sealed))
            words = redact(one_line(f"{label['name'] or 'without a name'} ({label['type']})"), regions, known)
        except SealBroken:
            words = UNREADABLE
        labels.append(AttachmentLabel(row, one_line(words, LONGEST_LABEL), size))
    return tuple(labels)
