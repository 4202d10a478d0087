"""Storing what came in as a line of a ticket's conversation, sealed, with its files beside it."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from cs_console.bulk_insert import insert_into
from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.search_queue import index_later
from cs_console.custody.ticket_keys import TicketKeys
from cs_console.desk import Desk
from cs_console.intake.incoming import IncomingFile, IncomingMessage
from cs_console.intake.redacted_ahead import RedactedAhead
from cs_console.intake.same_message import anchor_token, message_token
from cs_console.intake.threads import sender_check
from cs_console.policy.schema import Pack
from models.attachment import Attachment
from models.columns import new_id
from models.enums import DeliveryState, MessageSort
from models.message import Message

_add_line = insert_into(Message)
_add_attachment = insert_into(Attachment)


@dataclass(frozen=True, slots=True)
class Into:
    """Where a line goes: a ticket by its keys and pack, and what redaction has to know of its requester.

    `sort` says whether its requester speaks or a program does; `unconfirmed`, that nothing says that it is theirs.
    """

    number: int
    pack: Pack
    keys: TicketKeys
    known: KnownTerms
    sort: MessageSort = MessageSort.RECEIVED
    unconfirmed: bool = False


def add_received(
    db: Session, desk: Desk, into: Into, message: IncomingMessage, redacted: RedactedAhead, at: datetime
) -> str:
    """Store the message and its files inside the caller's transaction; the line's id.

    Raises OtherTerms where its text was redacted for other terms.
    """
    message_id, keys = new_id(), into.keys
    headers = json.dumps(message.headers, ensure_ascii=False)
    shown = redacted.of(message.shown_text, into.pack.meta.regions, into.known)
    _add_line(
        db,
        {
            "id": message_id,
            "ticket_number": into.number,
            "sort": into.sort,
            "channel": message.channel,
            "reference": message_token(desk, message),
            "anchor": anchor_token(desk, message),
            "mail_class": message.mail_class,
            "sender_check": sender_check(desk, message),
            "headers": keys.seal("message", "headers", message_id, headers),
            "text": keys.seal("message", "text", message_id, message.shown_text),
            "text_redacted": keys.seal("message", "text_redacted", message_id, shown),
            "at": at,
            "unconfirmed": into.unconfirmed,
            "delivery": DeliveryState.NONE,
            "delivery_tries": 0,
        },
    )
    for file in message.files:
        _add_file(db, keys, message_id, file)
    index_later(db, into.number)
    return message_id


def _add_file(db: Session, keys: TicketKeys, message_id: str, file: IncomingFile) -> None:
    attachment_id = new_id()
    label = json.dumps({"name": file.name, "type": file.media_type}, ensure_ascii=False)
    _add_attachment(
        db,
        {
            "id": attachment_id,
            "message_id": message_id,
            "label": keys.seal("attachment", "label", attachment_id, label),
            "content": keys.seal("attachment", "content", attachment_id, file.content),
            "size": len(file.content),
        },
    )
