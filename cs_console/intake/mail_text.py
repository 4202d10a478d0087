"""What a mail says, out of its MIME parts; every part that is not turned whole into text stays a file."""

from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message

from cs_console.errors import Unreadable
from cs_console.intake.charsets import header_text, text_of, unfolded
from cs_console.intake.html_text import html_to_text
from cs_console.intake.incoming import LIMITS, REST_KEPT, IncomingFile


@dataclass(frozen=True)
class _Words:
    """One part's text, and the part as a file for when another is read instead of it."""

    text: str
    source: IncomingFile
    whole: bool
    """Whether the text holds all that the part does; HTML also has looks and hidden things."""


@dataclass
class Body:
    """What was found so far."""

    words: list[_Words] = field(default_factory=list)
    files: list[IncomingFile] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All parts that are read, in order."""
        return "\n\n".join(words.text.strip("\n") for words in self.words if words.text.strip())

    def add(self, other: "Body") -> None:
        self.words += other.words
        self.files += other.files

    def set_aside(self, other: "Body") -> None:
        """Keep another version of what is read elsewhere, as files."""
        self.files += [words.source for words in other.words if words.whole and words.source.content.strip()]
        self.files += other.files


def gather(part: Message, check_time: Callable[[], None]) -> Body:
    """The text and files of a part and everything in it. `check_time` raises when reading takes too long."""
    check_time()
    body = Body()
    kind, subtype = part.get_content_maintype(), part.get_content_subtype()
    children = [child for child in part.get_payload() if isinstance(child, Message)] if part.is_multipart() else []
    if kind == "message" and children:
        body.files.append(_attached_message(part, children))
    elif not children:
        _take_leaf(part, body)
    elif subtype == "alternative":
        _choose([gather(child, check_time) for child in children], body)
    elif subtype == "related":
        first, *others = (gather(child, check_time) for child in children)
        body.add(first)
        for other in others:
            body.set_aside(other)
    else:
        for child in children:
            body.add(gather(child, check_time))
    return body


def _choose(versions: list[Body], body: Body) -> None:
    """Read the plain version where it says anything, else the last that does."""
    speaking = [version for version in versions if version.text]
    plain_ones = [version for version in speaking if all(words.whole for words in version.words)]
    chosen = next(iter(plain_ones or speaking[::-1]), None)
    for version in versions:
        if version is chosen:
            body.add(version)
        else:
            body.set_aside(version)


def _take_leaf(part: Message, body: Body) -> None:
    content = part.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    media_type = part.get_content_type()
    name = _name(part)
    reads = part.get_content_maintype() in ("text", "multipart")
    if not reads or name or part.get_content_disposition() == "attachment":
        if data or name:
            body.files.append(IncomingFile(name or _made_up_name(media_type), media_type, data))
        return
    source = IncomingFile(_made_up_name(media_type), media_type, data)
    cut = ""
    if media_type != "text/html" and len(data) > LIMITS.text_bytes:
        body.files.append(source)
        data, cut = data[: LIMITS.text_bytes - len(REST_KEPT) - 2], f"\n\n{REST_KEPT}"
    text = text_of(data, _charset(part)).replace("\r\n", "\n") + cut
    if media_type == "text/html":
        body.words.append(_Words(html_to_text(text), source, whole=False))
        if data.strip():
            body.files.append(source)  # what it looked like, and where it hid something
    elif media_type == "text/plain" or part.get_content_maintype() == "multipart":
        body.words.append(_Words(_unwrapped(part, text), source, whole=True))
    elif data:
        body.files.append(source)


def _attached_message(part: Message, children: list[Message]) -> IncomingFile:
    name = _name(part) or "message.eml"
    content = b"\r\n".join(child.as_bytes(policy=child.policy) for child in children)
    return IncomingFile(name, part.get_content_type(), content)


def _made_up_name(media_type: str) -> str:
    endings = {"text/plain": "txt", "text/html": "html", "text/calendar": "ics", "message/rfc822": "eml"}
    return f"message.{endings.get(media_type, 'bin')}"


def _charset(part: Message) -> str:
    try:
        claimed = part.get_param("charset", "")
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return claimed[2] if isinstance(claimed, tuple) else str(claimed or "")


def _name(part: Message) -> str:
    """The file name, decoded by RFC 2231 or, as many mailers write it, RFC 2047; one that cannot be read is a dot."""
    try:
        written = _describing(part).get_filename() or ""
    except (ValueError, LookupError, TypeError, AttributeError):
        return "."
    try:
        return header_text(written) if written else ""
    except Unreadable:
        return "."


def _describing(part: Message) -> Message:
    """The part, or where raw 8-bit bytes describe it a copy of those headers with the bytes read as text."""
    raw = [(name, str(value)) for name, value in part.raw_items() if name.lower().startswith("content-")]
    if all(value.isascii() for _, value in raw):
        return part
    readable = Message()
    for name, value in raw:
        readable[name] = unfolded(value)
    return readable


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
