"""How a message would be understood, with nothing changed: for the operator who asks why a mail became what it did."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.redaction import redact
from cs_console.desk import DeskSession
from cs_console.intake.filing import believed
from cs_console.intake.guesses import kind_of, language_in
from cs_console.intake.incoming import LIMITS, IncomingMessage, Limits
from cs_console.intake.mail import name_of_kept, read_whole_or_beginning, why_unread
from cs_console.intake.mail_files import RawMail, find_sources, mails_in
from cs_console.intake.our_mail import OurMail, our_mail
from cs_console.intake.quarantine import is_kept
from cs_console.intake.set_aside import class_here, is_set_aside, sentence, spam_reason
from cs_console.intake.threads import continued_ticket, ticket_holding
from cs_console.policy.schema import Pack
from models.contact_fields import Field
from models.enums import MailClass

OPEN, APPEND, NOTE, DUPLICATE, SKIP, QUARANTINE = "open", "append", "note", "duplicate", "skip", "quarantine"
_OUTCOMES = {
    MailClass.PERSON: OPEN,
    MailClass.LIST: OPEN,
    MailClass.AUTOMATIC: NOTE,
    MailClass.BOUNCE: NOTE,
    MailClass.FEEDBACK: NOTE,
    MailClass.OWN: SKIP,
    MailClass.SPAM: QUARANTINE,
}
"""What becomes of a mail that continues nothing."""
_KEPT = "It is kept apart already."


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came with a message: its name and type as the sender wrote them, its size in bytes."""

    name: str
    type: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Explained:
    """One message as intake would understand it. `text` is what was written, `redacted` what an agent would read.

    Of one that cannot be read everything but `file`, `outcome` and `reason` is empty.
    """

    file: str
    outcome: str
    reason: str
    mail_class: MailClass = MailClass.PERSON
    sender: str = ""
    sender_name: str = ""
    reply_to: str = ""
    subject: str = ""
    text: str = ""
    redacted: str = ""
    language: str = ""
    kind: str = ""
    attachments: tuple[Attached, ...] = ()


def explain(
    paths: list[Path], pack: Pack, session: DeskSession | None = None, limits: Limits = LIMITS
) -> Iterator[Explained]:
    """Every message under these paths, in order. With a session also what it would continue or repeat on that desk.

    Raises BadInput naming a path that cannot be used.
    """
    ours = our_mail(session.desk.settings if session else None, pack)
    for source in find_sources(paths):
        for raw in mails_in(source, limits):
            if raw.skipped:
                yield Explained(raw.place, SKIP, "The folder says that it was thrown away, or is a draft.")
                continue
            yield _explained(raw, pack, ours, session, limits)


def _explained(raw: RawMail, pack: Pack, ours: OurMail, session: DeskSession | None, limits: Limits) -> Explained:
    try:
        message = read_whole_or_beginning(raw.content, raw.size, limits, ours)
    except Exception as problem:  # noqa: BLE001 - parsers' own errors on hostile input are of every kind
        return _unreadable(raw, session, why_unread(problem))
    outcome, reason = _outcome(message, session)
    said = dict(message.contacts)
    return Explained(
        file=raw.place,
        outcome=outcome,
        reason=reason,
        mail_class=message.mail_class,
        sender=said.get(Field.EMAIL, ""),
        sender_name=said.get(Field.NAME, ""),
        reply_to=message.reply_to,
        subject=message.subject,
        text=message.text,
        redacted=redact(message.text, pack.meta.regions, KnownTerms((), message.contacts)),
        language=language_in(message),
        kind=kind_of(pack, message),
        attachments=tuple(Attached(file.name, file.media_type, len(file.content)) for file in message.attachments),
    )


def _unreadable(raw: RawMail, session: DeskSession | None, reason: str) -> Explained:
    if session is not None:
        with session.reading(operator=True) as db:
            if is_kept(db, session.desk, name_of_kept(raw.content, raw.size)):
                return Explained(raw.place, DUPLICATE, _KEPT)
    return Explained(raw.place, QUARANTINE, reason)


def _outcome(message: IncomingMessage, session: DeskSession | None) -> tuple[str, str]:
    """What would become of it, and why."""
    outcome, reason = _OUTCOMES[message.mail_class], sentence(message.class_reason)
    if session is None:
        return outcome, reason
    desk = session.desk
    with session.reading(operator=True) as db:
        number = ticket_holding(db, desk, message, believed(message.at, desk.clock.now()))
        if number is not None:
            return DUPLICATE, f"#{number} holds it already."
        if is_set_aside(db, desk, message):
            return DUPLICATE, _KEPT
        is_a = class_here(db, desk, message)
        if is_a is MailClass.SPAM:
            return QUARANTINE, spam_reason(message)
        continued = continued_ticket(db, desk, message, lock=False) if is_a is MailClass.PERSON else None
    if continued is None:
        return outcome, reason
    apart = ", unconfirmed" if continued.unconfirmed else ""
    return APPEND, f"{reason} It continues #{continued.number}{apart}."
