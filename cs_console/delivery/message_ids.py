"""The names of our own mail: each message's Message-ID, and the envelope sender by which a bounce names it."""

import re

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.custody.blind_index import reference_token
from cs_console.custody.sending import OUTGOING
from cs_console.desk import Desk
from cs_console.settings import Settings
from models.message import Message

BOUNCES = "bounces"
"""The local part that bounces come back to, before the `+` and the token (settings: `mail_verp`)."""
_BOUNCE = re.compile(rf"{BOUNCES}\+([0-9a-f]{{32}})@(.+)", re.IGNORECASE)


def mail_id(desk: Desk, message_id: str) -> str:
    """The Message-ID of that message. Its blind index is stored with the message, as `reference`."""
    return f"<{message_id}@{domain_of(desk.settings) or 'session.invalid'}>"


def envelope_sender(settings: Settings, message_id: str) -> str:
    """Where a bounce of that message is sent back to: an address of its own where the mail server takes such ones."""
    return f"{BOUNCES}+{message_id}@{domain_of(settings)}" if settings.mail_verp else settings.mail_from


def token_of(settings: Settings, recipient: str) -> str | None:
    """The token of a bounce's recipient (`envelope_sender`), None for any other address, and for other domains'.

    Read whatever the setting says now: what went out before it was changed still bounces.
    """
    found = _BOUNCE.fullmatch(recipient.strip().strip("<>"))
    return found[1].lower() if found and found[2].casefold() == domain_of(settings).casefold() else None


def message_of_token(db: Session, token: str) -> str | None:
    """The id of the message that we sent and whose bounces carry this token."""
    sent = select(col(Message.id)).where(col(Message.id) == token, col(Message.sort).in_(OUTGOING))
    found = db.connection().execute(sent).scalar()
    return None if found is None else str(found)


def message_of_mail_id(db: Session, desk: Desk, written: str) -> str | None:
    """The id of the message that we sent with this Message-ID, angle brackets included."""
    token = reference_token(desk.keyring, written)
    sent = select(col(Message.id)).where(col(Message.reference) == token, col(Message.sort).in_(OUTGOING))
    found = db.connection().execute(sent).scalar()
    return None if found is None else str(found)


def domain_of(settings: Settings) -> str:
    """The domain that our mail is sent from."""
    return settings.mail_from.rpartition("@")[2]
