"""When two messages are one: equal in channel, sender and content. Anyone can write an equal id."""

import hashlib
import json
import re
from collections.abc import Iterable

from cs_console.custody.blind_index import reference_token
from cs_console.desk import Desk
from cs_console.intake.incoming import IncomingMessage
from models.enums import Channel

_BODY = re.compile(rb"\r\n\r\n|\n\r?\n|\r\r")
_LINE_ENDS = re.compile(rb"\r\n?")
_ESCAPED = re.compile(rb"^>+(?=From )", re.MULTILINE)


def content_of_mail(data: bytes, said: Iterable[str]) -> str:
    """A name of what a mail says: its body, and the values of the headers that `said` gives.

    On their way mails gain headers, and lose or gain line ends and the `>` before `From ` in an mbox: neither makes
    another mail of it.
    """
    headers = "\n".join("".join(value.split()) for value in said).encode("utf-8", "surrogatepass")
    begins = _BODY.search(data, len(data) - len(data.lstrip(b"\r\n")))
    body = data[begins.end() :] if begins else b""
    if b"\r" in body:
        body = _LINE_ENDS.sub(b"\n", body)
    if b">From " in body:
        body = _ESCAPED.sub(b"", body)
    return _named(headers, body.strip())


def content_of_line(line: str) -> str:
    """The same of a line of JSON Lines, without what is not part of the message."""
    return _named(line.encode("utf-8", "surrogatepass"))


def message_token(desk: Desk, message: IncomingMessage) -> bytes:
    """The keyed hash by which a message is known again: of its channel, its sender and its content."""
    return reference_token(desk.keyring, f"message:{message.channel.value}:{message.content or _content_of(message)}")


def anchor_token(desk: Desk, message: IncomingMessage) -> bytes:
    """The blind index of the id that answers name. Ids are per channel."""
    written = message.reference if message.channel is Channel.MAIL else f"{message.channel.value}:{message.reference}"
    return reference_token(desk.keyring, written)


def _content_of(message: IncomingMessage) -> str:
    files = [(file.name, file.media_type, hashlib.sha256(file.content).hexdigest()) for file in message.files]
    # where nothing says when it was written, its id is all that sets two equal ones apart
    dated = message.at.isoformat() if message.at else message.reference
    return content_of_line(
        json.dumps([message.contacts, message.subject, message.text, message.references, files, dated], default=str)
    )


def _named(*parts: bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)
    return whole.hexdigest()
