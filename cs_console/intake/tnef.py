"""What Outlook packs into winmail.dat (TNEF, MS-OXTNEF): the text of a message and its files, nothing else of it.

The libraries that read it copy the rest of the data for each attribute, so that a small file costs minutes; this one
walks through it once.
"""

import struct
from dataclasses import dataclass, field

from cs_console.intake.charsets import text_of
from cs_console.intake.html_text import html_to_text
from cs_console.intake.rtf_text import rtf_to_text, unpacked_rtf

SIGNATURE = b"\x78\x9f\x3e\x22"
_MOST_ATTRIBUTES = 5_000
_MOST_PROPERTIES = 5_000

_BODY, _FILE_NAME, _FILE_DATA = 0x800C, 0x8010, 0x800F
_FILE_BEGINS, _MESSAGE_PROPERTIES, _FILE_PROPERTIES, _CODEPAGE = 0x9002, 0x9003, 0x9005, 0x9007
_SUBJECT = 0x8004

_PR_BODY, _PR_RTF, _PR_HTML, _PR_CODEPAGE = 0x1000, 0x1009, 0x1013, 0x3FDE
_PR_DATA, _PR_SHORT_NAME, _PR_LONG_NAME, _PR_TYPE, _PR_DISPLAY = 0x3701, 0x3704, 0x3707, 0x370E, 0x3001

_TEXT_8, _TEXT_16, _OBJECT, _BINARY, _SEVERAL = 0x1E, 0x1F, 0x0D, 0x102, 0x1000
_WIDTHS = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}


@dataclass
class PackedFile:
    """A file as it lies in there."""

    name: str = ""
    media_type: str = ""
    content: bytes = b""


@dataclass
class Unpacked:
    """What was in there. `text` is empty where it has none."""

    text: str = ""
    files: list[PackedFile] = field(default_factory=list)


def unpack(data: bytes) -> Unpacked | None:
    """The text and files of a winmail.dat as far as it can be read; None where it is none."""
    if not data.startswith(SIGNATURE):
        return None
    found = Unpacked()
    bodies: dict[int, bytes | str] = {}
    codepage = "cp1252"
    at = 6
    for _ in range(_MOST_ATTRIBUTES):
        if at + 9 > len(data):
            break
        name, length = struct.unpack_from("<xH2xI", data, at)
        value = data[at + 9 : at + 9 + length]
        at += 9 + length + 2
        if name == _CODEPAGE and len(value) >= 4:
            codepage = f"cp{struct.unpack_from('<I', value)[0]}"
        elif name == _BODY:
            bodies.setdefault(_PR_BODY, value.rstrip(b"\0"))
        elif name == _MESSAGE_PROPERTIES:
            bodies |= _properties(value)
        elif name == _FILE_BEGINS:
            found.files.append(PackedFile())
        elif found.files:
            _add(found.files[-1], name, value, codepage)
    found.text = _text(bodies, codepage)
    found.files = [file for file in found.files if file.content or file.name]
    return found


def _add(file: PackedFile, name: int, value: bytes, codepage: str) -> None:
    if name == _FILE_NAME:
        file.name = file.name or _words(value, codepage)
    elif name == _FILE_DATA:
        file.content = value
    elif name == _FILE_PROPERTIES:
        properties = _properties(value)
        names = (properties.get(tag, "") for tag in (_PR_LONG_NAME, _PR_SHORT_NAME, _PR_DISPLAY))
        file.name = next((_words(one, codepage) for one in names if one), file.name)
        file.media_type = _words(properties.get(_PR_TYPE, ""), codepage)
        content = properties.get(_PR_DATA)
        if isinstance(content, bytes) and not file.content:
            file.content = content


def _words(value: bytes | str, codepage: str) -> str:
    return (value if isinstance(value, str) else text_of(value, codepage)).rstrip("\0")


def _text(bodies: dict[int, bytes | str], codepage: str) -> str:
    """Its plain text, else that of its HTML or RTF."""
    internet = bodies.get(_PR_CODEPAGE)
    named = f"cp{internet}" if isinstance(internet, str) and internet else codepage
    words = _words(bodies.get(_PR_BODY, ""), codepage).replace("\r\n", "\n").strip("\n")
    if words.strip():
        return words
    html = bodies.get(_PR_HTML, b"")
    if html:
        return html_to_text(_words(html, named))
    packed = bodies.get(_PR_RTF, b"")
    return rtf_to_text(unpacked_rtf(packed)) if isinstance(packed, bytes) and packed else ""


def _properties(data: bytes) -> dict[int, bytes | str]:
    """The properties that have a text or bytes, and the codepage's number as text; as far as they can be read."""
    found: dict[int, bytes | str] = {}
    try:
        count = struct.unpack_from("<I", data)[0]
        at = 4
        for _ in range(min(count, _MOST_PROPERTIES)):
            kind, tag = struct.unpack_from("<HH", data, at)
            at += 4
            if tag >= 0x8000:
                at = _behind_name(data, at)
            at, value = _value(data, at, kind)
            if value is not None:
                found[tag] = value
    except struct.error:
        pass  # cut off: what came before it is kept
    return found


def _behind_name(data: bytes, at: int) -> int:
    by_name, number = struct.unpack_from("<II", data, at + 16)
    return at + 24 + (_padded(number) if by_name else 0)


def _value(data: bytes, at: int, kind: int) -> tuple[int, bytes | str | None]:
    """Where the next property begins, and this one's value if it is of a kind that is looked at."""
    plain_kind = kind & ~_SEVERAL
    if plain_kind in (_TEXT_8, _TEXT_16, _OBJECT, _BINARY):
        (count,) = struct.unpack_from("<I", data, at)
        at += 4
        value = b""
        for _ in range(min(count, _MOST_PROPERTIES)):
            (length,) = struct.unpack_from("<I", data, at)
            value = value or data[at + 4 : at + 4 + length]
            at += 4 + _padded(length)
        if plain_kind == _TEXT_16:
            return at, value.decode("utf-16-le", "replace").rstrip("\0")
        return at, value[16:] if plain_kind == _OBJECT else value
    width = _WIDTHS.get(plain_kind)
    if width is None:
        raise struct.error("a kind of value that is not known: nothing behind it can be found")
    count = struct.unpack_from("<I", data, at)[0] if kind & _SEVERAL else 1
    start = at + 4 if kind & _SEVERAL else at
    number = str(struct.unpack_from("<I", data, start)[0]) if plain_kind == 0x03 and count else None
    return start + width * count, number


def _padded(length: int) -> int:
    return (length + 3) // 4 * 4
