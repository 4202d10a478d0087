"""Keeping apart a mail that can be read and is no one's request: spam, a program's answer to nothing, our own mail."""

from sqlmodel import Session

from cs_console.custody.known_terms import KnownTerms
from cs_console.desk import Desk
from cs_console.intake.blocked_senders import is_blocked
from cs_console.intake.guesses import kind_of
from cs_console.intake.incoming import NO_SUBJECT, IncomingMessage
from cs_console.intake.key_pool import NewKey
from cs_console.intake.quarantine import Kept, digest_token, holds, keep
from cs_console.intake.redacted_ahead import RedactedAhead
from cs_console.intake.same_message import message_token
from models.contact_fields import Field
from models.enums import MailClass, SetAside

BLOCKED = "Its sender is blocked."
_CAN_BE_BLOCKED = (MailClass.PERSON, MailClass.LIST, MailClass.AUTOMATIC)


def class_here(db: Session, desk: Desk, message: IncomingMessage) -> MailClass:
    """What the message is at this desk: what a blocked sender writes is spam."""
    if message.mail_class in _CAN_BE_BLOCKED and is_blocked(db, desk, message):
        return MailClass.SPAM
    return message.mail_class


def spam_reason(message: IncomingMessage) -> str:
    """Why it is spam, in a sentence without any of its words."""
    return sentence(message.class_reason) if message.mail_class is MailClass.SPAM else BLOCKED


def sentence(reason: str) -> str:
    """A reason as the classification gives it, as a sentence."""
    return f"{reason[:1].upper()}{reason[1:]}." if reason else ""


def is_set_aside(db: Session, desk: Desk, message: IncomingMessage, *, but_unread: bool = False) -> bool:
    """Whether this very message is kept apart, or was once: by its content, or byte for byte.

    `but_unread`: what is kept of it unread does not count.
    """
    whole = b"" if but_unread or not message.digest else digest_token(desk, message.digest)
    return holds(db, message_token(desk, message), whole)


def contacts_of(message: IncomingMessage) -> tuple[tuple[Field, str], ...]:
    """Whose data a mail that is set aside is: its sender's and, of a report, those that our mail did not reach."""
    return *message.contacts, *((Field.EMAIL, address) for address in message.returned.recipients)


def set_aside(
    db: Session,
    desk: Desk,
    message: IncomingMessage,
    redacted: RedactedAhead,
    new_key: NewKey,
    sort: SetAside,
    reason: str,
) -> int:
    """Keep the message whole, sealed under a new key, inside the caller's transaction; the number it is called by.

    Raises OtherTerms where its subject was redacted for other terms.
    """
    pack = desk.packs.current
    shown = redacted.of(message.subject or NO_SUBJECT, pack.meta.regions, KnownTerms((), message.contacts))
    content = message.original or message.text.encode("utf-8", "replace")
    return keep(
        db,
        desk,
        Kept(
            sort=sort,
            token=message_token(desk, message),
            content=content,
            size=len(content),
            reason=reason,
            subject=shown,
            kind=kind_of(pack, message),
            is_mail=message.is_mail,
            contacts=contacts_of(message),
        ),
        new_key,
    )
