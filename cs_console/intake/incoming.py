"""What intake passes on once a message from outside has been read: plain values, nothing parsed twice."""

from dataclasses import dataclass
from datetime import datetime

from models.contact_fields import Field
from models.enums import Channel, MailClass, TicketKind

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What a message may cost us (SECURITY.md, Mail and files from outside; ASVS 5.2.1, 15.4.2)."""

    message_bytes: int = 25 * MEBIBYTE
    sealed_bytes: int = 64 * MEBIBYTE
    """How much of a larger one is still kept whole in quarantine; beyond it only the first `message_bytes`."""
    mime_depth: int = 20
    mime_parts: int = 200
    recipients: int = 100
    text_bytes: int = MEBIBYTE
    header_bytes: int = 32 * 1024
    """The longest single header that we read, and 32 times that for all of them together."""
    headers: int = 2000
    lines: int = 1_000_000
    seconds: float = 5.0
    """Of the processor's time: a busy machine must not quarantine good mail."""


LIMITS = Limits()
NO_SUBJECT = "(no subject)"
NOT_READ = "a part of this message could not be read"
"""How a remark on such a part begins; the part itself is kept as a sealed file."""
REST_KEPT = "[the rest of this long message is kept as a sealed file]"
"""A line of its own under a text that was cut."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The mail of ours that a report is about: its Message-IDs as far as it quotes them, the nearest first, and where
    it went (normalised addresses). `final`: it will not be tried again. `came_to`: where the report was sent, which may
    name that mail (VERP)."""

    references: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    final: bool = True
    came_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file that came with a message; its content is never opened."""

    name: str
    media_type: str
    content: bytes
    kept_version: bool = False
    """Another version of what is read as text, or a signature under it: kept, but no attachment as people use the
    word."""


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """One message, read and plain. Every contact in it is a claim of its sender."""

    reference: str
    """The Message-ID, or an id derived from the content if there is none."""
    channel: Channel
    subject: str
    text: str
    contacts: tuple[tuple[Field, str], ...] = ()
    """Phones in E.164, e-mail addresses normalised; the rest as plain single lines."""
    references: tuple[str, ...] = ()
    """Message-IDs of the thread, nearest first."""
    mailboxes: tuple[str, ...] = ()
    """Local parts of the addresses that it was sent to, casefolded."""
    files: tuple[IncomingFile, ...] = ()
    mail_class: MailClass = MailClass.PERSON
    class_reason: str = ""
    """Why it is taken for that; holds nothing of the message."""
    sender_sure: bool = True
    """Whether its From alone names its sender. What another header says confirms nothing and joins no one on file."""
    reply_to: str = ""
    """The address in Reply-To, normalised, "" for none."""
    returned: Returned = Returned()
    """Of a bounce or a provider's complaint: which mail of ours it is about."""
    sender_checks: tuple[str, ...] = ()
    """What mail servers say that they found out about the sender, the newest first; anyone can have written it."""
    headers: tuple[tuple[str, str], ...] = ()
    """Header lines worth keeping, plain and in full."""
    at: datetime | None = None
    """When it says it was sent or, better, when our own mail server says it came; aware."""
    kind: TicketKind | None = None
    language: str = ""
    digest: str = ""
    """A name made of the whole content, by which quarantine recognises it."""
    content: str = ""
    """A name of who wrote what, by which the same message is known; "" where the other fields alone say that."""
    original: bytes = b""
    """The whole as it came, for what is kept apart."""
    is_mail: bool = True
    """Whether `original` is a mail, not a line of JSON Lines."""
    remarks: tuple[str, ...] = ()
    """What is said above the text and is none of it: that its character set is a guess, that it is encrypted."""

    @property
    def attachments(self) -> tuple[IncomingFile, ...]:
        """The files that a person would call attachments."""
        return tuple(file for file in self.files if not file.kept_version)

    @property
    def shown_text(self) -> str:
        """The text with its remarks above it."""
        said = "\n".join(f"[{remark}]" for remark in self.remarks)
        return f"{said}\n\n{self.text}".rstrip("\n") if said else self.text

    @property
    def texts(self) -> tuple[str, str]:
        """What is redacted of it."""
        return self.shown_text, self.subject or NO_SUBJECT


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message, and on which ticket: "opened", "appended", "duplicate", "automatic", "bounced", "spam",
    "skipped" or "quarantined".

    `kept_away`: the agent who wrote it down must not handle it, so it was opened unassigned.
    """

    outcome: str
    number: int | None = None
    kept_away: bool = False
