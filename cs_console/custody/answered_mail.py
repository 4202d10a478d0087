"""What a letter may say back to its recipient of the mail that it answers: to the very address that wrote it, no other.

Opened for the machine that sends, like `sending.py`; nothing here is ever returned to a screen (DECISIONS.md, 19).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.custody.blind_index import normalise_email, on_file_form
from cs_console.custody.contacts import address_for_sending
from cs_console.custody.opening import open_text
from cs_console.custody.sending import OUTGOING
from cs_console.custody.ticket_keys import TicketKeys, ticket_keys
from cs_console.desk import Desk
from cs_console.errors import SealBroken
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Channel, MessageSort
from models.message import Message

LOOKED_AT = 50
"""The newest mails of a ticket; what is older is answered by none that is new."""
MOST_REFERENCES = 20
_ADDRESS = re.compile(r"[^<>@]*<([^<>]+)>|([^<>\s]+)")
"""A From with one address: with a name before it that holds no other, or alone."""
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,250}>")


@dataclass(frozen=True)
class AnsweredMail:
    """The recipient's own last mail on the ticket, as far as there is one. Nothing of it shows in a repr.

    `references`: the Message-IDs of what went to and fro with this address, oldest first; the last one is answered.
    """

    references: tuple[str, ...] = field(default=(), repr=False)
    in_reply_to: str = field(default="", repr=False)
    subject: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    at: datetime | None = None


def answered_mail(db: Session, desk: Desk, number: int, address: str, contact_id: str, before: str) -> AnsweredMail:
    """What the recipient at this address wrote last on the ticket, before our message of the id `before`.

    A mail that is unconfirmed, or that names another address as its sender, is none of theirs. One that came without
    its headers is whose the ticket is, if it is the first one. Raises KeyDestroyed.
    """
    keys = ticket_keys(db, desk, number)
    wanted = (
        select(Message)
        .where(col(Message.ticket_number) == number, col(Message.channel) == Channel.MAIL)
        .where(col(Message.headers).is_not(None), col(Message.id) != before)
        .order_by(col(Message.at).desc(), col(Message.id).desc())
        .limit(LOOKED_AT)
    )
    ids: list[str] = []
    last: Message | None = None
    answered, subject = "", ""
    messages = db.scalars(wanted).all()
    received = [message.id for message in messages if message.sort == MessageSort.RECEIVED]
    opened_by = received[-1] if received and len(messages) < LOOKED_AT else ""
    for message in messages:
        headers = _headers(keys, message)
        if message.id == opened_by and "From" not in headers:
            headers = {**headers, "From": _own_address(db, desk, number)}
        if message.sort in OUTGOING:
            ours = message.contact_id == contact_id
        else:
            ours = message.sort == MessageSort.RECEIVED and not message.unconfirmed and _is_from(headers, address)
            if ours and last is None:
                last, answered, subject = message, _id(headers), headers.get("Subject", "")
        if ours and (own_id := _id(headers)):
            ids.append(own_id)
    if last is None:
        return AnsweredMail()
    return AnsweredMail(
        references=tuple(reversed(ids[:MOST_REFERENCES])) if answered else (),
        in_reply_to=answered,
        subject=subject,
        text=_opened(keys, "text", last.id, last.text),
        at=last.at,
    )


def _own_address(db: Session, desk: Desk, number: int) -> str:
    """The one address that the ticket's own message says it came from; "" for none, or several."""
    claims = select(col(Contact.id)).where(
        col(Contact.ticket_number) == number,
        col(Contact.field) == Field.EMAIL,
        col(Contact.on_file).is_(False),
        col(Contact.replaced_at).is_(None),
    )
    found = db.connection().execute(claims).scalars().all()
    return address_for_sending(db, desk, str(found[0])) if len(found) == 1 else ""


def _headers(keys: TicketKeys, message: Message) -> Mapping[str, str]:
    """What is kept of a mail's headers: pairs of an incoming one, names of our own of an outgoing one."""
    kept = json.loads(_opened(keys, "headers", message.id, message.headers or b"") or "{}")
    pairs = kept.items() if isinstance(kept, dict) else kept
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = "" if name in found and name == "From" else str(value)  # of two senders neither is known
    return found


def _opened(keys: TicketKeys, column: str, message_id: str, sealed: bytes) -> str:
    try:
        return open_text(keys.key, keys.place("message", column, message_id), sealed)
    except SealBroken:  # the letter goes out all the same, without it
        return ""


def _id(headers: Mapping[str, str]) -> str:
    found = _MESSAGE_ID.fullmatch((headers.get("Message-ID") or headers.get("message_id") or "").strip())
    return found.group() if found else ""


def _is_from(headers: Mapping[str, str], address: str) -> bool:
    found = _ADDRESS.fullmatch(headers.get("From", "").strip())
    said = normalise_email(found[1] or found[2]) if found else None
    wanted = normalise_email(address)
    if said is None or wanted is None:
        return False
    return on_file_form(Field.EMAIL, said) == on_file_form(Field.EMAIL, wanted)
