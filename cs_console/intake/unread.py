"""Reading what is set aside again, and what can be told of a message that cannot be read."""

import re

from cs_console.custody.set_aside import SetAsideContent
from cs_console.desk import Desk
from cs_console.errors import Unreadable
from cs_console.intake.incoming import LIMITS, IncomingMessage
from cs_console.intake.jsonl import Line, RequesterRecord, read_line
from cs_console.intake.mail import read_mail, read_whole_or_beginning, too_large
from cs_console.intake.our_mail import our_mail
from models.contact_fields import Field

LOOKED_THROUGH = 64 * 1024
_HEADERS_END = (b"\r\n\r\n", b"\n\n", b"\r\r")
_FROM = re.compile(rb"^(?:From|Sender|Reply-To|Return-Path):.*(?:\r?\n[ \t].*)*", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[^\s<>()\[\]\",:;@\\]{1,64}@[^\s<>()\[\]\",:;@\\]{1,190}")


def read_again(desk: Desk, found: SetAsideContent) -> IncomingMessage | RequesterRecord:
    """What it says. Raises Unreadable, or whatever a parser stumbles over."""
    pack = desk.packs.current
    if found.is_mail:
        return read_whole_or_beginning(found.content, found.size, LIMITS, our_mail(desk.settings, pack))
    if found.size > LIMITS.message_bytes:
        raise Unreadable("too_large", too_large(len(found.content), found.size, LIMITS))
    return read_line(Line(0, found.content, found.size, 0), pack.meta.region)


def headers_alone(desk: Desk, content: bytes) -> IncomingMessage | None:
    """What the headers of a mail say, where the trouble is in what follows them."""
    ends = [at for end in _HEADERS_END if (at := content.find(end)) >= 0]
    try:
        head = b"".join(
            line for line in content[: min(ends)].splitlines(keepends=True) if line[:8].lower() != b"content-"
        )
        return read_mail(head + b"\n\n", LIMITS, our_mail(desk.settings, desk.packs.current)) if head.strip() else None
    except Exception:  # noqa: BLE001 - parsers' own errors on hostile input are of every kind
        return None


def contacts_of_unread(desk: Desk, content: bytes, *, is_mail: bool) -> tuple[tuple[Field, str], ...]:
    """Whose data something that cannot be read is, so that their erasure finds it: a mail's sender, or every address
    that a line names. As they are written; () where none can be told."""
    headers = headers_alone(desk, content) if is_mail else None
    if headers is not None and headers.contacts:
        return headers.contacts
    beginning = content[:LOOKED_THROUGH]
    if is_mail:
        end = min((at for sign in _HEADERS_END if (at := beginning.find(sign)) >= 0), default=len(beginning))
        beginning = b"\n".join(_FROM.findall(beginning, 0, end))
    found = _ADDRESS.findall(beginning.decode("utf-8", "replace"))
    return tuple((Field.EMAIL, address) for address in dict.fromkeys(found))
