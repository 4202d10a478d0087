"""One mail's bytes into an IncomingMessage, within limits (SECURITY.md, Mail and files from outside)."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from cs_console.errors import Unreadable
from cs_console.intake.addresses import addresses, local_parts
from cs_console.intake.charsets import header_text
from cs_console.intake.header_repair import BROKEN, repaired
from cs_console.intake.incoming import LIMITS, NOT_READ, REST_KEPT, IncomingFile, IncomingMessage, Limits
from cs_console.intake.mail_class import classify
from cs_console.intake.mail_parser import Budget, both_ends, parse
from cs_console.intake.mail_text import Body, gather, hints_of
from cs_console.intake.our_mail import OurMail
from cs_console.intake.same_message import content_of_mail
from cs_console.intake.senders import Sender, sender_of
from cs_console.plain_text import one_line, plain
from models.contact_fields import Field
from models.enums import Channel, MailClass

_LONGEST_SUBJECT = 2000
_LONGEST_ID = 998
_MOST_REFERENCES = 50
_KEPT = ("From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "List-Id", BROKEN)
_SENT_TO = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
_TOO_LARGE, _TOO_MANY_LINES = "too_large", "too_many_lines"
_TOO_MUCH = frozenset({_TOO_LARGE, _TOO_MANY_LINES})
"""Codes of what is read as far as its beginning goes."""
_BEGINNING = 8
"""Of a mail that is too large such a part of what may be read."""
_OF_A_MAIL = frozenset(
    {
        *(
            "from",
            "sender",
            "reply-to",
            "to",
            "cc",
            "bcc",
            "subject",
            "date",
            "message-id",
            "in-reply-to",
            "references",
        ),
        *("received", "return-path", "delivered-to", "mime-version", "content-type", "auto-submitted", "precedence"),
        *("list-id", "x-original-from", "x-failed-recipients"),
    }
)
_NOTHING_OURS = OurMail()
_CHECKS = "Authentication-Results"
_HEADERS_END = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,990}>")


def content_name(data: bytes) -> str:
    """A name made of the content: the reference of mail without a Message-ID, and quarantine's digest."""
    return f"content:{hashlib.sha256(data).hexdigest()}"


def name_of_kept(content: bytes, size: int) -> str:
    """The same for something of this size of which that much was read."""
    name = content_name(content)
    return name if len(content) == size else f"{name}+{size}"


def read_mail(
    data: bytes, limits: Limits = LIMITS, ours: OurMail = _NOTHING_OURS, *, whole: bytes | None = None
) -> IncomingMessage:
    """Read one mail. `ours` says which addresses are the desk's own; `whole` is what `data` is only the beginning of,
    and is kept in place of the file in which that ends.

    Raises Unreadable with a reason for what breaks a limit; other errors are the parser's own and mean the same (the
    caller quarantines either).
    """
    _look_over(data, limits)
    digest = content_name(data if whole is None else whole)
    sound = repaired(data)
    _look_at_headers(sound, limits)
    budget = Budget(limits)
    root = parse(sound, budget)
    headers = _Headers(root, limits)
    if not headers.are_a_mails():
        raise Unreadable("no_mail", "This is not a mail: it has none of a mail's headers.")
    sent_to = addresses(headers.all(_SENT_TO), limits.recipients)
    sender = sender_of(headers.short, ours, sent_to)
    subject = one_line(headers.text("Subject"), _LONGEST_SUBJECT)
    is_a = classify(headers.short, root, subject, sender, ours, sent_to)
    body = gather(root, budget)
    text, rest = cut_text(plain(body.text), limits.text_bytes)
    budget.check_time()
    files = [*_files(body)] if whole is None else [*list(_files(body))[:-1], _whole(whole)]
    return IncomingMessage(
        reference=_own_id(headers) or digest,
        references=_thread(headers),
        channel=Channel.MAIL,
        mailboxes=local_parts(sent_to),
        contacts=_contacts(sender),
        subject=subject,
        text=text,
        files=(*rest, *files, *headers.cut_files(budget.headers_left)),
        mail_class=is_a.mail_class,
        class_reason=is_a.reason,
        sender_sure=sender.sure,
        reply_to=sender.reply_to,
        returned=replace(is_a.returned, came_to=sent_to) if is_a.mail_class is MailClass.BOUNCE else is_a.returned,
        sender_checks=headers.short(_CHECKS),
        headers=headers.kept(),
        at=_moment(headers),
        language=headers.text("Content-Language"),
        digest=digest,
        content=content_of_mail(sound if whole is None else whole, headers.said()),
        original=data if whole is None else whole,
        remarks=(*body.remarks, *headers.remarks(budget.left_out)),
    )


def read_whole_or_beginning(
    data: bytes, size: int, limits: Limits = LIMITS, ours: OurMail = _NOTHING_OURS
) -> IncomingMessage:
    """Read one mail of `size` bytes, of which `data` is what is at hand, as an import does: one that is too large, or
    has too many lines, as far as its beginning goes. Raises like `read_mail`."""
    if len(data) < size:
        raise Unreadable(_TOO_LARGE, too_large(len(data), size, limits))
    try:
        return read_mail(data, limits, ours)
    except Unreadable as problem:
        if problem.code not in _TOO_MUCH:
            raise
        is_lines = problem.code == _TOO_MANY_LINES
    much = f"has more than {limits.lines} lines" if is_lines else f"is larger than {_mebibytes(limits)} MiB"
    return _read_beginning(data, f"{NOT_READ}: it {much}, so that only its beginning was read", limits, ours)


def too_large(kept: int, size: int, limits: Limits) -> str:
    """What is said of something of `size` bytes that is not read, of which so many are kept."""
    mebibytes = _mebibytes(limits)
    cut = "" if kept == size else f" Only the first {mebibytes} MiB are kept."
    return f"The message is larger than {mebibytes} MiB.{cut}"


def _mebibytes(limits: Limits) -> int:
    return limits.message_bytes // 1024 // 1024


def why_unread(problem: Exception) -> str:
    """Why a message could not be read, as quarantine keeps it: a code and a sentence that holds nothing of it."""
    if isinstance(problem, Unreadable):
        return f"{problem.code}: {problem.sentence}"
    return f"unreadable: The message could not be read ({type(problem).__name__})."


def _read_beginning(data: bytes, remark: str, limits: Limits, ours: OurMail) -> IncomingMessage:
    """Read the beginning of a mail that is more than is read in full, with the whole of it as a sealed file.

    Raises Unreadable where even that cannot be read.
    """
    begins = data[: limits.message_bytes // _BEGINNING]
    if _lines(begins) > limits.lines:
        begins = begins[: limits.lines]
    read = read_mail(begins, limits, ours, whole=data)
    return replace(read, remarks=(*read.remarks, remark))


def _whole(data: bytes) -> IncomingFile:
    return IncomingFile("whole-message.eml", "message/rfc822", data)


def _contacts(sender: Sender) -> tuple[tuple[Field, str], ...]:
    """What a mail claims of its sender."""
    if sender.of is None:
        return ()
    name = ((Field.NAME, sender.of.name),) if sender.of.name else ()
    return ((Field.EMAIL, sender.of.address), *name)


def _look_over(data: bytes, limits: Limits) -> None:
    """What can be refused for next to nothing, before the parser spends time and memory on it."""
    if len(data) > limits.message_bytes:
        raise Unreadable(_TOO_LARGE, too_large(len(data), len(data), limits))
    if _lines(data) > limits.lines:
        raise Unreadable(_TOO_MANY_LINES, f"The message has more than {limits.lines} lines.")


def _lines(data: bytes) -> int:
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")


def _look_at_headers(data: bytes, limits: Limits) -> None:
    most = 32 * limits.header_bytes
    if len(data) > most and not _HEADERS_END.search(data, 0, most):
        raise Unreadable("headers_too_long", "The headers of the message are too long.")


class _Headers:
    """The headers that intake looks at, each within its limit."""

    def __init__(self, message: Message, limits: Limits) -> None:
        self._most = limits.header_bytes
        self._message = message
        self._cut: dict[str, list[str]] = {}
        self._odd: set[str] = set()
        self._values: dict[str, list[str]] = {}
        for name, value in message.raw_items():
            self._values.setdefault(name.lower(), []).append(str(value))
        for name in (*_KEPT, *_SENT_TO, "References"):
            values = self._values.get(name.lower(), [])
            if any(len(value) > limits.header_bytes for value in values):
                self._cut[name] = values
                self._values[name.lower()] = [self._part_of(name, value) for value in values]

    def _part_of(self, name: str, value: str) -> str:
        """What is used of a header that is too long."""
        match name:
            case "References":
                return value[-self._most :]  # the nearest of a thread's messages stand last
            case "From":
                return both_ends(value, self._most)  # the address stands behind the name
            case _:
                return value[: self._most]

    def are_a_mails(self) -> bool:
        """Whether any of them is one that mail has."""
        return not _OF_A_MAIL.isdisjoint(self._values)

    def all(self, names: tuple[str, ...]) -> list[str]:
        """Every raw value under these names."""
        return [value for name in names for value in self._values.get(name.lower(), ())]

    def short(self, name: str) -> tuple[str, ...]:
        """The raw values under this name that are no longer than a header may be."""
        values = self._values.get(name.lower())
        return tuple(value for value in values if len(value) <= self._most) if values else ()

    def first(self, name: str) -> str:
        """The first raw value under this name, or nothing."""
        return next(iter(self._values.get(name.lower(), ())), "")

    def text(self, name: str) -> str:
        """The first value under this name, decoded."""
        return self._decoded(self.first(name))

    def _decoded(self, value: str) -> str:
        try:
            return header_text(value, () if value.isascii() else hints_of(self._message))
        except Unreadable as problem:
            self._odd.add(problem.sentence)
            return value[:_LONGEST_SUBJECT]

    def remarks(self, left_out: Iterable[str]) -> tuple[str, ...]:
        """What could not be read of them and, as sentences, of the parts, to be said above the text."""
        cut = (f"{NOT_READ}: its header {name} is too long, and only {_used(name)} used" for name in self._cut)
        odd = (f"{NOT_READ}: {said[:1].lower()}{said[1:].rstrip('.')}" for said in (*sorted(self._odd), *left_out))
        return (*cut, *odd)

    def cut_files(self, of_parts: Iterable[str]) -> tuple[IncomingFile, ...]:
        """Those that were cut, in full, and those of the parts."""
        own = (f"{name}: {value}" for name, values in self._cut.items() for value in values)
        lines = "\n".join((*own, *of_parts))
        content = lines.encode("utf-8", "surrogateescape")
        return (IncomingFile("long-headers.txt", "text/plain", content),) if lines else ()

    def said(self) -> tuple[str, ...]:
        """What makes it the same mail again, beside its body: who wrote it when about what."""
        written = self.first("Date") or self.first("Message-ID")
        return (self.first("From"), self.first("Reply-To"), self.first("Subject"), written)

    def kept(self) -> tuple[tuple[str, str], ...]:
        """The lines worth keeping, decoded and plain."""
        return tuple((name, plain(self._decoded(value))) for name in _KEPT for value in self.all((name,)))


def _used(name: str) -> str:
    return "its beginning and end are" if name == "From" else "the beginning is"


def _own_id(headers: _Headers) -> str:
    value = headers.text("Message-ID").strip()
    found = _MESSAGE_ID.search(value)
    return found.group() if found else value.strip("<> ")[:_LONGEST_ID]


def _thread(headers: _Headers) -> tuple[str, ...]:
    """Message-IDs that this one answers, nearest first."""
    answered = _MESSAGE_ID.findall(headers.first("In-Reply-To"))
    referred = _MESSAGE_ID.findall(headers.first("References"))[-_MOST_REFERENCES:]
    return tuple(dict.fromkeys([*answered[:_MOST_REFERENCES], *reversed(referred)]))


def _moment(headers: _Headers) -> datetime | None:
    """When our own server says the mail came (the topmost Received), else when its sender says it was written."""
    received = headers.first("Received").rpartition(";")[2]
    return next((at for at in map(_parsed_date, (received, headers.first("Date"))) if at), None)


def _parsed_date(value: str) -> datetime | None:
    if not value.strip() or len(value) > 200:
        return None
    try:
        at = parsedate_to_datetime(" ".join(value.split()))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def cut_text(text: str, most: int) -> tuple[str, tuple[IncomingFile, ...]]:
    """The text up to `most` bytes of UTF-8, with a note, and what is beyond it as a file."""
    encoded = text.encode("utf-8")
    if len(encoded) <= most:
        return text, ()
    kept = encoded[:most].decode("utf-8", "ignore")
    rest = encoded[len(kept.encode("utf-8")) :]
    return f"{kept}\n\n{REST_KEPT}", (IncomingFile("rest-of-message.txt", "text/plain", rest),)


def _files(body: Body) -> Iterator[IncomingFile]:
    for file in body.files:
        yield IncomingFile(
            one_line(file.name, 255), one_line(file.media_type, 100), file.content, kept_version=file.kept_version
        )
