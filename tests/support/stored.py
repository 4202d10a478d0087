"""What the stores hold, opened for a test's eyes: the console itself has no such way around disclosure."""

import json
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import or_
from sqlmodel import Session, col, select

from cs_console.custody.blind_index import reference_token
from cs_console.custody.opening import open_sealed, open_text
from cs_console.custody.sealing import Place
from cs_console.custody.ticket_keys import TicketKeys, ticket_keys
from cs_console.desk import Desk
from cs_console.intake.key_pool import one_at_a_time
from cs_console.intake.quarantine import Kept, keep
from models.attachment import Attachment
from models.contact import Contact
from models.contact_fields import Field
from models.enums import SetAside
from models.log import LogEntry
from models.message import Message
from models.quarantined import Quarantined
from models.ticket import Ticket


@dataclass(frozen=True)
class OpenedTicket:
    """A ticket with everything that is sealed about it."""

    row: Ticket
    subject: str
    subject_redacted: str
    texts: tuple[str, ...]
    texts_redacted: tuple[str, ...]
    headers: tuple[dict[str, str], ...]
    files: tuple[tuple[str, bytes], ...]
    contacts: tuple[tuple[Field, str, bool], ...]


def opened_ticket(desk: Desk, number: int) -> OpenedTicket:
    """Everything about one ticket; messages in the order that they came in."""
    with desk.database.reading() as db:
        ticket = db.get_one(Ticket, number)
        keys = ticket_keys(db, desk, number)

        def text(table: str, column: str, row: str, sealed: bytes | None) -> str:
            return "" if sealed is None else open_text(keys.key, keys.place(table, column, row), sealed)

        def contact(one: Contact) -> str:
            if one.ticket_number is not None:
                return text("contact", "value", one.id, one.value)
            place = Place(one.requester_id, "contact", "value", one.id)
            return open_text(keys.requester_key, place, one.value)

        messages = db.exec(
            select(Message).where(Message.ticket_number == number).order_by(col(Message.at), col(Message.id))
        ).all()
        ids = [message.id for message in messages]
        files = db.exec(select(Attachment).where(col(Attachment.message_id).in_(ids))).all()
        contacts = db.exec(
            select(Contact).where(
                Contact.requester_id == ticket.requester_id,
                col(Contact.replaced_at).is_(None),
                or_(col(Contact.ticket_number).is_(None), col(Contact.ticket_number) == number),
            )
        ).all()
        return OpenedTicket(
            row=ticket,
            subject=text("ticket", "subject", str(number), ticket.subject),
            subject_redacted=text("ticket", "subject_redacted", str(number), ticket.subject_redacted),
            texts=tuple(text("message", "text", one.id, one.text) for one in messages),
            texts_redacted=tuple(text("message", "text_redacted", one.id, one.text_redacted) for one in messages),
            headers=tuple(
                dict(json.loads(text("message", "headers", one.id, one.headers))) for one in messages if one.headers
            ),
            files=tuple(
                (
                    json.loads(text("attachment", "label", file.id, file.label))["name"],
                    open_sealed(keys.key, keys.place("attachment", "content", file.id), file.content),
                )
                for file in files
            ),
            contacts=tuple((Field(one.field), contact(one), one.on_file) for one in contacts),
        )


def keys_of(desk: Desk, number: int) -> TicketKeys:
    """What opens a ticket's contents."""
    with desk.database.reading() as db:
        return ticket_keys(db, desk, number)


def ticket_numbers(desk: Desk) -> list[int]:
    """Every ticket, in the order of their numbers."""
    with desk.database.reading() as db:
        return list(db.exec(select(Ticket.number).order_by(col(Ticket.number))))


def quarantine(desk: Desk) -> list[tuple[str, bytes, int]]:
    """Reason, content and whole size of everything in quarantine, oldest first."""
    with desk.database.reading() as db:
        rows = db.exec(select(Quarantined).order_by(col(Quarantined.number))).all()
        keys = desk.keyring.keys(row.id for row in rows)
        return [
            (
                row.reason,
                open_sealed(keys[row.id], Place(row.id, "quarantined", "content", row.id), row.content),
                row.size,
            )
            for row in rows
        ]


def unreadable(desk: Desk, name: str, size: int, reason: str = "", content: bytes = b"\0canary") -> Kept:
    """Something to put aside, as an import does with what it cannot read."""
    token = reference_token(desk.keyring, name)
    return Kept(SetAside.UNREADABLE, token, content, size, reason or f"unreadable: {name}.")


def keep_apart(db: Session, desk: Desk, kept: Kept) -> int:
    """Set it aside under a new key, in the caller's transaction."""
    return keep(db, desk, kept, one_at_a_time(desk.keyring))


def entries(desk: Desk, action: str) -> list[LogEntry]:
    """The log's entries of one action, oldest first."""
    with desk.database.reading() as db:
        return list(db.exec(select(LogEntry).where(LogEntry.action == action).order_by(col(LogEntry.seq))))


def files_holding(folder: Path, needles: list[bytes]) -> list[str]:
    """The files under a folder in which any of these bytes stand."""
    return [
        f"{file.relative_to(folder)}: {needle!r}"
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        for needle in needles
        if needle in file.read_bytes()
    ]
