"""JSON Lines: messages from other systems, and what the platform holds on file about requesters.

A message: {"type": "message", "id", "from": {"e-mail", "mobile", "name", "nickname"}, "to", "subject", "text", "at",
"kind", "channel"}. A requester: {"type": "requester", "account", "language", "on_file": {"mobile", "e-mail", ...},
"changed_at", "registered_at"}; the account's id alone says who it is, and a field that `on_file` lacks is on file no
more. No other key is taken: search keywords, say, are never joined to a requester (policy I.(1)1).
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Discriminator,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic import Field as Key

from cs_console.custody.blind_index import normalise
from cs_console.errors import BadInput, Unreadable
from cs_console.intake.addresses import addresses, local_parts
from cs_console.intake.incoming import LIMITS, NOT_READ, IncomingFile, IncomingMessage, Limits
from cs_console.intake.mail import content_name, cut_text
from cs_console.intake.same_message import content_of_line
from cs_console.plain_text import one_line, plain
from models.contact_fields import SEARCHABLE, Field
from models.enums import Channel, TicketKind

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LONGEST_VALUE = 500
_LONGEST_SUBJECT = 2000
_NAMED = {Field.MOBILE: "phone number", Field.EMAIL: "e-mail address"}
_SAFE_KEY = re.compile(r"[a-z][a-z0-9_-]{0,30}")
_Short = Annotated[str, StringConstraints(max_length=_LONGEST_VALUE)]
_Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9-]{1,20})?$")]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file, unchanged, numbered from 1; only the beginning of a line that is too large to keep."""

    number: int
    content: bytes
    size: int
    done: int


@dataclass(frozen=True, slots=True)
class RequesterRecord:
    """What the platform holds about one of its users; phones and e-mails normalised, the account's id as it came.

    `changed_at` and `registered_at` are the platform's times; None where it names none.
    """

    contacts: tuple[tuple[Field, str], ...]
    language: str
    changed_at: datetime | None
    account: str
    registered_at: datetime | None = None


class BadLine(Unreadable):
    """A line that breaks the schema. `sentence` is kept with it; `shown` may also name a key that the line made up."""

    def __init__(self, number: int, problem: str, shown: str = "") -> None:
        super().__init__("bad_line", f"Line {number}: {problem}.")
        self.shown = f"Line {number}: {shown or problem}."


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _People(_Strict):
    mobile: _Short = ""
    email: Annotated[_Short, Key(alias="e-mail")] = ""
    nickname: _Short = ""
    name: _Short = ""
    address: _Short = ""
    postcode: _Short = ""
    other: _Short = ""


class _RequesterLine(_Strict):
    type: Literal["requester"]
    account: _Short
    language: _Language = "en"
    on_file: _People
    changed_at: AwareDatetime | None = None
    registered_at: AwareDatetime | None = None


class _MessageLine(_Strict):
    type: Literal["message"]
    id: Annotated[str, StringConstraints(min_length=1, max_length=998)]
    sender: Annotated[_People, Key(alias="from")] = _People()
    to: _Short = ""
    subject: str = ""
    text: str
    at: AwareDatetime | None = None
    kind: TicketKind | None = None
    channel: Channel = Channel.FORM


_LINE: TypeAdapter[_RequesterLine | _MessageLine] = TypeAdapter(
    Annotated[_RequesterLine | _MessageLine, Discriminator("type")]
)


def size_of(file: Path) -> int:
    """The file's size in bytes. Raises BadInput naming a file that is not there or cannot be read."""
    if not file.exists():
        raise BadInput(f"{file} does not exist.", "Nothing was imported.")
    if not file.is_file() or not os.access(file, os.R_OK):
        raise BadInput(f"{file} cannot be read.", "Name a JSON Lines file that you may read; nothing was imported.")
    return file.stat().st_size


def lines_of(file: Path, limits: Limits = LIMITS) -> Iterator[Line]:
    """The lines that are not blank. A line longer than quarantine keeps is read past, never into memory."""
    number = done = 0
    with file.open("rb") as opened:
        while content := opened.readline(limits.sealed_bytes):
            number += 1
            length, last = len(content), content
            while not last.endswith(b"\n") and (last := opened.readline(limits.sealed_bytes)):
                length += len(last)
            done += length
            if length > len(content):
                ending = 1 if last.endswith(b"\n") else 0
                yield Line(number, content[: limits.message_bytes], length - ending, done)
                continue
            content = (content.removeprefix(_BYTE_ORDER_MARK) if number == 1 else content).rstrip(b"\r\n")
            if content.strip():
                yield Line(number, content, len(content), done)


def read_line(line: Line, region: str) -> IncomingMessage | RequesterRecord:
    """What one line says. Raises Unreadable with the line's number and the key that is wrong, and no value."""
    try:
        found = _LINE.validate_json(line.content)
    except ValidationError as problem:
        raise _bad_line(line.number, problem) from None
    if isinstance(found, _RequesterLine):
        return _requester(found, line.number, region)
    return _message(found, line, region)


def _requester(found: _RequesterLine, number: int, region: str) -> RequesterRecord:
    if not found.account.strip():
        raise BadLine(number, "account: must not be empty")
    contacts = _contacts(found.on_file, number, "on_file", region)
    if not any(field in SEARCHABLE for field, _ in contacts):
        raise BadLine(number, "on_file: a mobile or an e-mail is needed")
    if not any(field is Field.OTHER for field, _ in contacts):
        contacts = (*contacts, (Field.OTHER, one_line(found.account, _LONGEST_VALUE)))
    return RequesterRecord(
        contacts,
        found.language.lower(),
        found.changed_at and found.changed_at.astimezone(UTC),
        found.account,
        found.registered_at and found.registered_at.astimezone(UTC),
    )


def _message(found: _MessageLine, line: Line, region: str) -> IncomingMessage:
    text, rest = cut_text(plain(found.text), LIMITS.text_bytes)
    contacts, odd = _claims(found.sender, region)
    kept = "\n".join(f"{name}: {value}" for name, value in odd)
    return IncomingMessage(
        reference=found.id if found.id.startswith("<") else f"jsonl:{found.id}",
        channel=found.channel,
        subject=one_line(found.subject, _LONGEST_SUBJECT),
        text=text,
        contacts=contacts,
        mailboxes=local_parts(addresses([found.to], LIMITS.recipients)),
        files=(*rest, IncomingFile("from.txt", "text/plain", kept.encode())) if odd else rest,
        remarks=tuple(f"{NOT_READ}: from.{name} is not a usable {_NAMED[Field(name)]}" for name, _ in odd),
        headers=(("Subject", plain(found.subject)), ("To", plain(found.to))),
        at=found.at and found.at.astimezone(UTC),
        kind=found.kind,
        digest=content_name(line.content),
        # where no time is given, the id is all that sets two equal ones apart
        content=content_of_line(found.model_dump_json(by_alias=True, exclude={"id"} if found.at else None)),
        original=line.content,
        is_mail=False,
    )


def _claims(people: _People, region: str) -> tuple[tuple[tuple[Field, str], ...], tuple[tuple[str, str], ...]]:
    """What a message says of its sender: what can be used, normalised, and, under their names, what cannot."""
    usable: list[tuple[Field, str]] = []
    odd: list[tuple[str, str]] = []
    for name, given in people.model_dump(by_alias=True).items():
        value, field = one_line(given, _LONGEST_VALUE), Field(name)
        found = normalise(field, value, region) if value and field in _NAMED else value
        if found:
            usable.append((field, found))
        elif value:
            odd.append((name, value))
    return tuple(usable), tuple(odd)


def _contacts(people: _People, number: int, where: str, region: str) -> tuple[tuple[Field, str], ...]:
    """The fields given, mobile and e-mail normalised. Raises Unreadable naming the one that cannot be."""
    found: list[tuple[Field, str]] = []
    for name, given in people.model_dump(by_alias=True).items():
        value = one_line(given, _LONGEST_VALUE)
        field = Field(name)
        if not value:
            continue
        if field in _NAMED:
            normalised = normalise(field, value, region)
            if normalised is None:
                raise BadLine(number, f"{where}.{name}: not a usable {_NAMED[field]}")
            value = normalised
        found.append((field, value))
    return tuple(found)


def _bad_line(number: int, problem: ValidationError) -> BadLine:
    """The first thing that is wrong, in words that repeat nothing of the line but, for the operator, a key's name."""
    first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return BadLine(number, "not valid JSON")
    if first["type"].startswith("union_tag"):
        return BadLine(number, 'type: must be "requester" or "message"')
    path = [str(part) for part in first["loc"][1:]]
    if first["type"] == "extra_forbidden":
        *known, name = path
        shown = name if _SAFE_KEY.fullmatch(name) else "(no plain word)"
        return BadLine(
            number,
            ".".join([*known, "(a key)"]) + ": not a known key",
            ".".join([*known, shown]) + ": not a known key",
        )
    words = "is missing" if first["type"] == "missing" else first["msg"]
    return BadLine(number, f"{'.'.join(path)}: {words}" if path else "must be an object")
