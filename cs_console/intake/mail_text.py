"""What a mail says, out of its MIME parts; every part that is not turned whole into text stays a file."""

import re
from binascii import a2b_base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.errors import InvalidBase64CharactersDefect, InvalidBase64LengthDefect
from email.message import Message
from functools import cached_property, partial

from cs_console.errors import Unreadable
from cs_console.intake.calendar_text import calendar_to_text
from cs_console.intake.charsets import Reading, header_text, named_charsets, read_text, unfolded
from cs_console.intake.enriched_text import enriched_to_text
from cs_console.intake.html_text import CUT, html_to_text
from cs_console.intake.incoming import LIMITS, REST_KEPT, IncomingFile
from cs_console.intake.mail_parser import Budget, parse
from cs_console.intake.signed_mail import Protection, opened
from cs_console.intake.stub_text import could_be_stub, is_stub
from cs_console.intake.tnef import SIGNATURE as TNEF_SIGNATURE
from cs_console.intake.tnef import PackedFile, unpack
from cs_console.intake.uuencoded import without_uuencoded

FORWARDED = "Forwarded message"
GUESSED = "The character set is a guess: {name}."
ENCRYPTED = "This message is encrypted ({how}), so it cannot be read here. Ask its sender to write without encryption."
PARTLY_ENCRYPTED = "A part of this message is encrypted ({how}), so it cannot be read here."

_READ_AS_TEXT = frozenset(
    {
        "text/plain",
        "text/html",
        "text/enriched",
        "text/richtext",
        "text/markdown",
        "text/x-markdown",
        "text/x-web-markdown",
    }
)
_CALENDARS = frozenset({"text/calendar", "text/x-vcalendar", "application/ics"})
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_EVIDENCE = frozenset(
    {
        *("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"),
        *("application/pgp-encrypted", "text/x-amp-html", "text/watch-html", "text/rfc822-headers"),
        *("message/delivery-status", "message/disposition-notification", "message/feedback-report"),
    }
)
"""Kept, but no attachment as people use the word."""
_META_CHARSET = re.compile(
    rb"<(?:meta[^>]{0,200}?charset|\?xml[^>]{0,100}?encoding)\s{0,5}=\s{0,5}[\"']?\s{0,5}([A-Za-z0-9_:.-]{2,40})",
    re.IGNORECASE,
)
_SAYS_NOTHING = frozenset({"", "us-ascii", "ascii", "unknown-8bit", "x-unknown", "default", "binary"})
_CODED = re.compile(r"\s*(?:[A-Za-z0-9+/]{60,}+\r?\n)*+(?:[A-Za-z0-9+/]++={0,2}[ \t]*(?:\r?\n|\Z))?")
"""Lines of base64, all but the last of full length."""
_LEAST_CODED = 16
_NOT_CODED = re.compile(r"[^A-Za-z0-9+/=\s]")
_LF_CR = re.compile(r"[^\r\n]*+\n\r(?!\n(?!\r))")
"""The first line of a text whose line ends are the wrong way round."""
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_PGP = "-----BEGIN PGP MESSAGE-----"
_MOST_FORWARDED = 5
_SHOWN_HEADERS = ("From", "To", "Date", "Subject")


@dataclass
class _Words:
    """One part's text, and the part as a file for when another is read instead of it."""

    source: IncomingFile
    whole: bool
    """Whether the text holds all that the part does; HTML also has looks and hidden things."""
    make: Callable[[], str]

    @cached_property
    def text(self) -> str:
        """Made when it is asked for: HTML that is not read costs nothing."""
        return self.make()


@dataclass
class Body:
    """What was found so far."""

    words: list[_Words] = field(default_factory=list)
    files: list[IncomingFile] = field(default_factory=list)
    named: list[tuple[_Words, IncomingFile, bool]] = field(default_factory=list)
    """Texts that are files by their name, in case that there is no other; whether each is marked an attachment."""
    calendars: list[str] = field(default_factory=list)
    forwarded: list[Message] = field(default_factory=list)
    packed: list[str] = field(default_factory=list)
    """Texts out of Outlook's containers, in case that there is no other."""
    encrypted: list[str] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    remarks: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All parts that are read, in order."""
        return "\n\n".join(words.text.strip("\n") for words in self.words if words.text.strip())

    def add(self, other: "Body") -> None:
        self.words += other.words
        self._add_rest(other)

    def set_aside(self, other: "Body") -> None:
        """Keep another version of what is read elsewhere, as files."""
        self.files += [words.source for words in other.words if words.whole and words.source.content.strip()]
        self._add_rest(other)

    def _add_rest(self, other: "Body") -> None:
        for name in ("files", "named", "calendars", "forwarded", "packed", "encrypted", "guessed"):
            getattr(self, name).extend(getattr(other, name))


def gather(root: Message, budget: Budget) -> Body:
    """The text and files of a mail and everything in it, with remarks about what the text does not say of itself.

    Raises Unreadable when reading takes too long or a part breaks a limit.
    """
    return _Reader(budget, root).whole(root)


def _hints(root: Message) -> tuple[str, ...]:
    """The charsets that this mail names anywhere, for what names none."""
    named = [_charset(part) for part in _mail_and_its_parts(root)]
    written = {name.lower(): str(value) for name, value in root.raw_items()}
    for name in ("subject", "from", "to"):
        named += named_charsets(written.get(name, ""))
    subject = written.get("subject", "")
    if not subject.isascii():  # a few words say little: what they share with the subject says more
        guessed = read_text(subject.encode("utf-8", "surrogateescape"), "", tuple(named)).guessed
        named += [guessed] if guessed else []
    return tuple(dict.fromkeys(name for name in named if name.lower() not in _SAYS_NOTHING))


def _mail_and_its_parts(root: Message) -> list[Message]:
    """The mail and what is directly in it."""
    children = root.get_payload() if root.is_multipart() else []
    return [root, *(child for child in children if isinstance(child, Message))]


def hints_of(root: Message) -> tuple[str, ...]:
    """The charsets that a mail's parts declare, for its raw headers."""
    return tuple(
        dict.fromkeys(
            name for part in _mail_and_its_parts(root) if (name := _charset(part)).lower() not in _SAYS_NOTHING
        )
    )


class _Reader:
    """Reads the parts of one mail, and of those inside it, on one budget."""

    def __init__(self, budget: Budget, root: Message) -> None:
        self._budget = budget
        self._root = root

    @cached_property
    def _all_hints(self) -> tuple[str, ...]:
        return _hints(self._root)

    def _hints(self, written: bytes | str) -> tuple[str, ...]:
        """What may help to read this, looked for only where something has to."""
        return () if written.isascii() else self._all_hints

    def whole(self, root: Message) -> Body:
        """A mail with the parts put together as its reader would see them."""
        body = self.gather(root)
        text = body.text
        if not text:
            self._fall_back(body)
            text = body.text
        for words in dict.fromkeys(body.calendars):
            new = words if not text else "\n\n".join(part for part in words.split("\n\n") if part not in text)
            if new:
                text = f"{text}\n\n{new}".lstrip("\n")
        if text != body.text:
            shown = text
            body.words = [_Words(IncomingFile("message.txt", "text/plain", b""), True, lambda: shown)]
        body.remarks = _remarks(body)
        return body

    def _fall_back(self, body: Body) -> None:
        """What is read where no part is there to be read: the one named text, Outlook's, or the mail passed on."""
        speaking = [found for found in body.named if found[0].text.strip()]
        if len(speaking) == 1:
            words, file, attached = speaking[0]
            body.words.append(words)
            if not attached:
                body.files = [_kept_version(kept) if kept is file else kept for kept in body.files]
        elif any(text.strip() for text in body.packed):
            text = next(text for text in body.packed if text.strip())
            body.words.append(_Words(IncomingFile("message.txt", "text/plain", b""), True, lambda: text))
        elif body.forwarded:
            shown = "\n\n".join(self._forwarded(message) for message in body.forwarded[:_MOST_FORWARDED])
            body.words.append(_Words(IncomingFile("message.txt", "text/plain", b""), True, lambda: shown))

    def _forwarded(self, message: Message) -> str:
        """A mail that was passed on whole, as a person would have pasted it."""
        written = {name.lower(): str(value) for name, value in message.raw_items()}
        headers = [(name, written.get(name.lower(), "")) for name in _SHOWN_HEADERS]
        lines = [f"{name}: {_shown(value, _hints(message))}" for name, value in headers if value.strip()]
        return "\n".join((FORWARDED, *lines, "", _Reader(self._budget, message).whole(message).text)).rstrip()

    def gather(self, part: Message) -> Body:
        """The text and files of a part and everything in it."""
        self._budget.check_time()
        body = Body()
        kind, subtype = part.get_content_maintype(), part.get_content_subtype()
        children = [child for child in part.get_payload() if isinstance(child, Message)] if part.is_multipart() else []
        if kind == "message" and children:
            self._take_message(part, children, body)
        elif not children:
            self._take_leaf(part, body)
        elif subtype == "alternative":
            _choose([self.gather(child) for child in children], body)
        elif subtype == "related":
            self._take_related(part, children, body)
        else:
            for child in children:
                body.add(self.gather(child))
            if subtype == "encrypted":
                body.encrypted.append("S/MIME" if "pkcs7" in _param(part, "protocol") else "PGP")
        return body

    def _take_related(self, part: Message, children: list[Message], body: Body) -> None:
        """The document that the others belong to: the one that is named, else the first, else the first text."""
        start = _param(part, "start").strip("<> ")
        named = [
            child for child in children if start and str(child.get("Content-ID", "")).strip("<> ").lower() == start
        ]
        texts = [child for child in children if child.get_content_maintype() in ("text", "multipart")]
        document = next(iter([*named, *texts[:1]]), children[0])
        for child in children:
            if child is document:
                body.add(self.gather(child))
            else:
                body.set_aside(self.gather(child))

    def _take_message(self, part: Message, children: list[Message], body: Body) -> None:
        """A message inside, as a file; where there is nothing else to read, it is read."""
        media_type = part.get_content_type()
        content = b"\r\n".join(child.as_bytes(policy=child.policy) for child in children)
        name = self._name(part) or "message.eml"
        inner = children[0]
        if media_type not in _EVIDENCE:
            if not inner.keys() and str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64":
                content = _from_base64(inner, content)
                parsed = self._inside(part, content)
                inner = inner if parsed is None else parsed
            body.forwarded.append(inner)
        file = IncomingFile(name, media_type, content)
        body.files.append(_kept_version(file) if media_type in _EVIDENCE else file)

    def _take_leaf(self, part: Message, body: Body) -> None:
        data = decoded_part(part)
        media_type = part.get_content_type()
        name = self._name(part)
        if part is self._root and media_type == "application/octet-stream" and not name and _could_be_text(data):
            media_type = "text/plain"  # the whole letter, from a program that says of everything that it is a file
            self._take_text(part, data, media_type, body)
            return
        if media_type in _CALENDARS:
            self._take_calendar(part, data, name, body)
        elif (media_type in _SMIME or name.lower().endswith(".p7m")) and self._take_signed(part, data, body):
            return
        elif (media_type in _TNEF or name.lower() == "winmail.dat") and data.startswith(TNEF_SIGNATURE):
            self._take_tnef(data, name, media_type, body)
        elif name or part.get_content_disposition() == "attachment" or not _is_text(part):
            if data or name:
                file = IncomingFile(name or _made_up_name(media_type), media_type, data)
                body.files.append(_kept_version(file) if media_type in _EVIDENCE else file)
                if media_type in _READ_AS_TEXT and len(data) <= LIMITS.text_bytes:
                    words = self._words_of(part, data, media_type, body)
                    if words is not None:
                        body.named.append((words, file, part.get_content_disposition() == "attachment"))
        else:
            self._take_text(part, data, media_type, body)

    def _take_text(self, part: Message, data: bytes, media_type: str, body: Body) -> None:
        source = IncomingFile(_made_up_name(media_type), media_type, data)
        cut = ""
        if media_type != "text/html" and len(data) > LIMITS.text_bytes:
            body.files.append(source)
            data, cut = data[: LIMITS.text_bytes - len(REST_KEPT) - 2], f"\n\n{REST_KEPT}"
        words = self._words_of(part, data, media_type, body, cut)
        if words is not None:
            body.words.append(words)
            if not words.whole and data.strip():
                body.files.append(_kept_version(source))  # what it looked like, and where it hid something
        elif data:
            body.files.append(_kept_version(source) if media_type in _EVIDENCE else source)

    def _words_of(self, part: Message, data: bytes, media_type: str, body: Body, cut: str = "") -> _Words | None:
        """The part as words; None for a kind of text that is not for reading."""
        is_multipart = part.get_content_maintype() == "multipart"
        if media_type not in _READ_AS_TEXT and not is_multipart:
            return None
        source = IncomingFile(_made_up_name(media_type), media_type, data, kept_version=True)
        reading = self._reading(part, data, media_type)
        if reading.guessed:
            body.guessed.append(reading.guessed)
        text = _line_feeds(reading.text) + cut
        if media_type == "text/html":
            return _Words(source, False, lambda: html_to_text(text))
        if media_type in ("text/enriched", "text/richtext"):
            return _Words(source, False, lambda: enriched_to_text(text, rich=media_type == "text/richtext"))
        if _PGP in text:
            body.encrypted.append("PGP")
        unwrapped, packed = without_uuencoded(_unwrapped(part, text))
        for name, content in packed:
            body.files.append(IncomingFile(name, "application/octet-stream", content))
        return _Words(source, True, lambda: unwrapped)

    def _reading(self, part: Message, data: bytes, media_type: str) -> Reading:
        charset = _charset(part)
        if media_type == "text/html" and charset.lower() in _SAYS_NOTHING:
            meta = _META_CHARSET.search(data, 0, 4096)
            charset = meta[1].decode("ascii") if meta else charset
        return read_text(data, charset, self._hints(data))

    def _take_calendar(self, part: Message, data: bytes, name: str, body: Body) -> None:
        text = _line_feeds(read_text(data, _charset(part), self._hints(data)).text)
        words = calendar_to_text(text)
        media_type = part.get_content_type()
        if words:
            body.calendars.append(words)
        elif len(data) <= LIMITS.text_bytes and not name:
            body.words.append(_Words(IncomingFile("message.ics", media_type, data), True, lambda: text))
            return
        if data or name:
            body.files.append(IncomingFile(name or "message.ics", media_type, data, kept_version=bool(words)))

    def _take_signed(self, part: Message, data: bytes, body: Body) -> bool:
        """Read the mail inside a signature; False where this is no S/MIME."""
        protection, content = opened(data)
        if protection is Protection.UNKNOWN and _param(part, "smime-type") == "enveloped-data":
            protection = Protection.ENCRYPTED
        if protection is Protection.UNKNOWN:
            return False
        name = self._name(part) or "smime.p7m"
        inside = self._inside(part, content) if content and protection is not Protection.ENCRYPTED else None
        body.files.append(IncomingFile(name, part.get_content_type(), data, kept_version=inside is not None))
        if protection is Protection.ENCRYPTED:
            body.encrypted.append("S/MIME")
        elif inside is not None:
            body.add(self.gather(inside))
        return True

    def _inside(self, part: Message, content: bytes) -> Message | None:
        """The mail in a container; None, and said, where it breaks a limit. Raises Unreadable when time is over."""
        depth = getattr(part, "depth", 0) + 1
        try:
            self._budget.spend_part(depth)
            return parse(content, self._budget, depth)
        except Unreadable as problem:
            self._budget.check_time()
            self._budget.leave_out(problem.sentence)
            return None

    def _take_tnef(self, data: bytes, name: str, media_type: str, body: Body) -> None:
        unpacked = unpack(data)
        files = [] if unpacked is None else self._within_limits(unpacked.files)
        found = unpacked is not None and (bool(unpacked.text.strip()) or bool(files))
        whole = unpacked is not None and len(files) == len(unpacked.files)
        body.files.append(IncomingFile(name or "winmail.dat", media_type, data, kept_version=found and whole))
        if unpacked is None:
            return
        for file in files:
            body.files.append(
                IncomingFile(file.name or "unnamed.bin", file.media_type or "application/octet-stream", file.content)
            )
        if unpacked.text.strip():
            body.packed.append(unpacked.text)

    def _within_limits(self, files: Sequence[PackedFile]) -> list[PackedFile]:
        """As many as a mail may have parts; that there are more is said."""
        taken: list[PackedFile] = []
        for file in files:
            try:
                self._budget.spend_part(0)
            except Unreadable as problem:
                self._budget.leave_out(problem.sentence)
                break
            taken.append(file)
        return taken

    def _name(self, part: Message) -> str:
        """The file name, decoded by RFC 2231 or, as many mailers write it, RFC 2047; one that cannot be read is a
        dot."""
        try:
            written = self._describing(part).get_filename() or ""
        except (ValueError, LookupError, TypeError, AttributeError):
            return "."
        try:
            return header_text(written, self._hints(written)) if written else ""
        except Unreadable:
            return "."

    def _describing(self, part: Message) -> Message:
        """The part, or where raw 8-bit bytes describe it a copy of those headers with the bytes read as text."""
        raw = [(name, str(value)) for name, value in part.raw_items() if name.lower().startswith("content-")]
        if all(value.isascii() for _, value in raw):
            return part
        readable = Message()
        for name, value in raw:
            readable[name] = unfolded(value, self._hints(value))
        return readable


def decoded_part(part: Message) -> bytes:
    """The bytes of a part. What claims to be base64 and is not is taken as it is, and text that is so only at its
    beginning (a list wrote its own lines under it) from there on."""
    content = part.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    if not any(map(_is_no_base64, part.defects)):
        return data
    written = part.get_payload()
    if not isinstance(written, str):
        return data
    if part.get_content_maintype() != "text":
        others = sum(1 for _ in _NOT_CODED.finditer(written))
        return data if others * 10 <= len(written) else written.encode("utf-8", "surrogateescape")
    if len(written) > LIMITS.text_bytes:
        return data
    coded = _CODED.match(written)
    end = coded.end() if coded is not None and len(coded[0].strip()) >= _LEAST_CODED else 0
    rest = written[end:].encode("utf-8", "surrogateescape")
    if not end:
        return rest
    letters = "".join(written[:end].split()).rstrip("=")
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return a2b_base64(letters + "=" * (-len(letters) % 4)) + b"\n" + rest


def _is_no_base64(defect: object) -> bool:
    return isinstance(defect, InvalidBase64CharactersDefect | InvalidBase64LengthDefect)


def _shown(value: str, hints: tuple[str, ...]) -> str:
    """A header of a mail inside, as it came where it cannot be decoded."""
    try:
        return header_text(value, hints).strip()
    except Unreadable:
        return unfolded(value, hints).strip()


def _could_be_text(data: bytes) -> bool:
    return bool(data) and len(data) <= LIMITS.text_bytes and _CONTROLS.search(data) is None


def _choose(versions: list[Body], body: Body) -> None:
    """Read the plain version where it says anything of its own, else the last that does."""
    plain_ones = [version for version in versions if version.words and all(words.whole for words in version.words)]
    others = [version for version in versions if version.words and version not in plain_ones]
    chosen = next((version for version in plain_ones if version.text and not _gives_way(version, others)), None)
    if chosen is None:
        chosen = next((version for version in reversed(others) if version.text), None)
    if chosen is None:
        chosen = next((version for version in plain_ones if version.text), None)
    for version in versions:
        if version is chosen:
            body.add(version)
        else:
            body.set_aside(version)


def _gives_way(version: Body, others: list[Body]) -> bool:
    if not others or not could_be_stub(version.text):
        return False
    return any(is_stub(version.text, partial(_its_own_words, other)) for other in others)


def _its_own_words(version: Body) -> str:
    return version.text.removesuffix(CUT)


def _remarks(body: Body) -> tuple[str, ...]:
    """What has to be said beside the text, each once."""
    found: list[str] = []
    if body.guessed and body.text:
        found.append(GUESSED.format(name=" and ".join(dict.fromkeys(body.guessed))))
    for how in dict.fromkeys(body.encrypted):
        says = body.text.partition(_PGP)[0].strip() if how == "PGP" else body.text.strip()
        found.append((PARTLY_ENCRYPTED if says else ENCRYPTED).format(how=how))
    return tuple(found)


def _kept_version(file: IncomingFile) -> IncomingFile:
    return IncomingFile(file.name, file.media_type, file.content, kept_version=True)


def _is_text(part: Message) -> bool:
    return part.get_content_maintype() in ("text", "multipart")


def _line_feeds(text: str) -> str:
    """One kind of line end; a lone carriage return stays, unless the text has no other line ends."""
    if "\r" not in text:
        return text
    if _LF_CR.match(text):
        return text.replace("\n\r", "\n")
    text = text.replace("\r\n", "\n")
    return text.replace("\r", "\n") if "\n" not in text else text


def _from_base64(inner: Message, content: bytes) -> bytes:
    """A message that was encoded although the standard forbids it."""
    encoded = Message()
    encoded["Content-Transfer-Encoding"] = "base64"
    encoded.set_payload(inner.get_payload())
    decoded = encoded.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else content


def _made_up_name(media_type: str) -> str:
    endings = {"text/plain": "txt", "text/html": "html", "text/calendar": "ics", "message/rfc822": "eml"}
    return f"message.{endings.get(media_type, 'bin')}"


def _charset(part: Message) -> str:
    try:
        claimed = part.get_param("charset", "")
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return claimed[2] if isinstance(claimed, tuple) else str(claimed or "")


def _unwrapped(part: Message, text: str) -> str:
    """format=flowed joined again (RFC 3676), so that a number or address is not torn in two; other text as it is."""
    if _param(part, "format") != "flowed":
        return text
    delete_space = _param(part, "delsp") == "yes"
    paragraphs: list[list[str]] = []
    open_depth = -1  # how deeply the paragraph that is still open is quoted; -1 when none is
    for line in text.split("\n"):
        quoted = line.lstrip(">")
        depth = len(line) - len(quoted)
        content = quoted.removeprefix(" ")
        soft = content.endswith(" ") and content != "-- "
        shown = content[:-1] if soft and delete_space else content
        if depth == open_depth and content != "-- ":
            paragraphs[-1].append(shown)
        else:
            paragraphs.append([f"{'>' * depth} {shown}" if depth else shown])
        open_depth = depth if soft else -1
    return "\n".join("".join(paragraph) for paragraph in paragraphs)


def _param(part: Message, name: str) -> str:
    try:
        return str(part.get_param(name, "") or "").lower()
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
