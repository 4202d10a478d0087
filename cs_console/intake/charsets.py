"""Bytes and encoded words from outside into text, whatever they claim to be encoded in."""

import binascii
import codecs
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header

from cs_console.errors import Unreadable

# Names that mail uses and Python does not know, and names whose larger relative is what senders really mean.
_MEANT = {
    "ascii": "",
    "us-ascii": "",
    "iso-8859-1": "windows-1252",
    "latin-1": "windows-1252",
    "latin1": "windows-1252",
    "iso-8859-9": "windows-1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "euc-kr": "cp949",
    "euc_kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "big5": "big5hkscs",
    "iso-8859-8-i": "iso-8859-8",
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac-cyrillic",
    "unicode-1-1-utf-7": "utf-7",
    "unknown-8bit": "",
    "x-unknown": "",
    "default": "",
}
# Codecs that take quadratic time or turn bytes into something that no sender writes mail in.
_REFUSED = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})

_MOST_ENCODED_WORDS = 1000
_SAMPLE = 16 * 1024
_TELLING = 400
# What mail that names no charset was found to be in. Each one more makes the others harder to tell apart: beside
# windows-1250 for Polish, a short Norwegian text is read as Czech.
_WRITTEN_IN = [
    *("utf_8", "cp1252", "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp874"),
    *("gb18030", "big5", "cp932", "euc_jp", "euc_kr", "iso2022_jp"),
]


def text_of(data: bytes, charset: str = "") -> str:
    """The text of these bytes: in the charset that they claim, else in one that fits. Never raises; loses no byte
    silently (what cannot be read becomes U+FFFD)."""
    claimed = _codec(charset)
    if claimed:
        try:
            return data.decode(claimed, "replace" if _fits(data, claimed) else "strict")
        except (UnicodeError, LookupError, ValueError):
            pass
    return data.decode(_guess(data), "replace")


def _fits(data: bytes, codec: str) -> bool:
    """Whether broken bytes are only a few; what calls itself UTF-8 and mostly is not, is something else."""
    if codec != "utf-8":
        return True
    shown = data[:_SAMPLE].decode("utf-8", "replace")
    return shown.count("�") * 20 <= len(shown)


def _codec(charset: str) -> str:
    """Python's name of a charset, empty for one that is unknown, unsafe or says nothing."""
    name = charset.strip().strip("\"'").lower()
    name = _MEANT.get(name, name)
    try:
        found = codecs.lookup(name).name if name else ""
    except (LookupError, ValueError):
        return ""
    return "" if found.replace("-", "_") in _REFUSED else found


def _guess(data: bytes) -> str:
    """The charset of bytes that name none: UTF-8, else what their letters most likely are, else Western."""
    if b"\x1b$" not in data:  # the signs of ISO-2022-JP, whose bytes are ASCII
        with suppress(UnicodeDecodeError):
            data.decode("utf-8")
            return "utf-8"
    from charset_normalizer import from_bytes  # only where a charset has to be guessed

    best = from_bytes(_sample(data), cp_isolation=_WRITTEN_IN).best()
    return "windows-1252" if best is None else _codec(best.encoding)


def _sample(data: bytes) -> bytes:
    """The beginning, with no letter cut. A subject several times over: once is too little to tell charsets apart."""
    if len(data) < _TELLING:
        return (data + b" ") * (_TELLING // (len(data) + 1) + 1)
    start = data[:_SAMPLE]
    return start if start == data else start[: max(start.rfind(b"\n"), start.rfind(b" "), 0) or None]


def header_text(raw: str) -> str:
    """A header's value as text: unfolded, its encoded words decoded (RFC 2047), raw 8-bit bytes read as best we can.

    Raises Unreadable for one that hides a line break, which could forge another header (SECURITY.md).
    """
    value = unfolded(raw)
    if "=?" in value:
        value = _decoded_words(value)
    if "\r" in value or "\n" in value:
        raise Unreadable("header_line_break", "A header contains a line break.")
    return value


def unfolded(raw: str) -> str:
    """A header's value on one line, its raw bytes read as text. Raises Unreadable when a line break is left."""
    value = raw.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", "\t").strip("\r\n")
    if "\r" in value or "\n" in value:
        raise Unreadable("header_line_break", "A header contains a line break.")
    if not value.isascii():
        value = text_of(value.encode("utf-8", "surrogateescape"))
    return value


def _decoded_words(value: str) -> str:
    if value.count("=?") > _MOST_ENCODED_WORDS:
        raise Unreadable("header_too_complex", "A header has too many encoded words.")
    try:
        parts = decode_header(value)
    except (HeaderParseError, binascii.Error, ValueError):
        return value
    return "".join(
        part
        if isinstance(part, str)
        else text_of(part, charset)
        if charset
        else part.decode("raw-unicode-escape", "replace")
        for part, charset in parts
    )
