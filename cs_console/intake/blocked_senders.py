"""Senders whose mail is spam here, by the word of a person on a ticket: known by a keyed hash, listed by masks."""

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from cs_console.access_log.vouched import digest, words
from cs_console.custody.blind_index import on_file_form
from cs_console.custody.contacts import own_address
from cs_console.desk import Desk
from cs_console.intake.incoming import IncomingMessage
from cs_console.prepared import Prepared
from models.blocked_sender import BlockedSender
from models.enums import Action, Field

_BLOCK = Prepared(
    select(col(BlockedSender.id), col(BlockedSender.ticket_number)).where(
        col(BlockedSender.token) == bindparam("token"), col(BlockedSender.lifted_at).is_(None)
    )
)


def is_blocked(db: Session, desk: Desk, message: IncomingMessage) -> bool:
    """Whether the address that the message came from is blocked, and the log says that a person blocked it."""
    own = own_address(message.channel, message.contacts)
    if own is None:
        return False
    found = _BLOCK.first(db.connection(), {"token": blocked_token(desk, *own)})
    if found is None:
        return False
    said = words(db, desk, [int(found[1])], (Action.SENDER_BLOCKED,))
    return any(word.names(block=str(found[0])) for word in said)


def blocked_token(desk: Desk, field: Field, value: str) -> bytes:
    """How a blocked address is known again: as a mail server would take it."""
    return bytes.fromhex(digest(desk, "blocked sender", field.value, on_file_form(field, value)))
