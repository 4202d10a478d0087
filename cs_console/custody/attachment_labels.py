"""Attachments by their labels: a file's name is its sender's own text, so it is redacted before anyone reads it."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from cs_console.custody.contacts import known_values
from cs_console.custody.opening import open_text
from cs_console.custody.redaction import redact
from cs_console.custody.ticket_keys import TicketKeys, ticket_keys
from cs_console.desk import Desk
from cs_console.errors import SealBroken
from cs_console.plain_text import one_line
from cs_console.prepared import Prepared
from models.attachment import Attachment
from models.columns import moment
from models.enums import MessageSort
from models.message import Message

UNREADABLE = "a file whose label does not open"
WITHOUT_NAME = "without a name"
LONGEST_NAME = 90
_MEDIA_TYPE = re.compile(r"[a-z]{1,20}/[a-z0-9][a-z0-9.+-]{0,80}", re.ASCII)
_OF_A_TICKET = Prepared(
    select(
        col(Attachment.id),
        col(Attachment.message_id),
        col(Attachment.label),
        col(Attachment.size),
        col(Attachment.deleted_at),
        col(Message.sort),
    )
    .join(Message, col(Message.id) == col(Attachment.message_id))
    .where(col(Message.ticket_number) == bindparam("number"))
    .order_by(col(Message.at), col(Message.id), col(Attachment.id))
)


@dataclass(frozen=True)
class AttachmentLabel:
    """One file of a ticket: its name with personal data replaced, the type that its sender gave it ("" where that is
    none), its size in bytes, and when its content was deleted. `ours`: it went out with a message of ours.
    """

    id: str
    message_id: str
    name: str
    media_type: str
    size: int
    deleted_at: datetime | None = None
    ours: bool = False

    @property
    def words(self) -> str:
        """Name and type on one line."""
        return f"{self.name} ({self.media_type})" if self.media_type else self.name


def attachment_labels(
    db: Session, desk: Desk, number: int, regions: tuple[str, ...], keys: TicketKeys | None = None
) -> tuple[AttachmentLabel, ...]:
    """The files that came with a ticket's messages or went out with ours, the oldest message's first, then by name.

    Raises KeyDestroyed.
    """
    rows = _OF_A_TICKET.all(db.connection(), {"number": number})
    if not rows:
        return ()
    keys = keys or ticket_keys(db, desk, number)
    names = names_of(db, desk, keys, "attachment", ((row[0], row[2]) for row in rows), regions)
    labels = (
        AttachmentLabel(row, message_id, *names[row], size, moment(deleted), sort != MessageSort.RECEIVED)
        for row, message_id, _, size, deleted, sort in rows
    )
    order = {row[1]: at for at, row in enumerate(rows)}
    return tuple(sorted(labels, key=lambda label: (order[label.message_id], label.name)))


def names_of(
    db: Session, desk: Desk, keys: TicketKeys, table: str, labels: Iterable[tuple[str, bytes]], regions: tuple[str, ...]
) -> dict[str, tuple[str, str]]:
    """Name and media type of each sealed label by its row, redacted with what is known now."""
    known = known_values(db, desk, keys.requester_id, keys.requester_key, keys)
    names = {}
    for row, sealed in labels:
        try:
            label = json.loads(open_text(keys.key, keys.place(table, "label", row), sealed))
        except SealBroken:
            names[row] = UNREADABLE, ""
            continue
        name = redact(one_line(label["name"]), regions, known)
        media_type = str(label["type"]).strip().lower()
        shown = (
            media_type if _MEDIA_TYPE.fullmatch(media_type) and redact(media_type, regions, known) == media_type else ""
        )
        names[row] = one_line(name, LONGEST_NAME) or WITHOUT_NAME, shown
    return names
