"""Bytes and encoded words from outside into text, whatever they claim to be encoded in."""

import codecs
import re
from binascii import a2b_base64, a2b_qp
from contextlib import suppress
from dataclasses import dataclass

from cs_console.errors import Unreadable
from cs_console.intake.charset_guess import few_signs, guess, is_doubtful, other_latin, quality
from cs_console.intake.japanese import euc_jp, iso_2022_jp

# Names that mail uses and Python does not know, and names whose larger relative is what senders really mean.
_MEANT = {
    "ascii": "",
    "us-ascii": "",
    "ansi_x3.4-1968": "",
    "iso-8859-1": "windows-1252",
    "iso8859-1": "windows-1252",
    "iso_8859-1": "windows-1252",
    "latin-1": "windows-1252",
    "latin1": "windows-1252",
    "iso-8859-9": "windows-1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "ms936": "gb18030",
    "windows-936": "gb18030",
    "gb_2312-80": "gb18030",
    "euc-cn": "gb18030",
    "x-euc-cn": "gb18030",
    "gb-18030": "gb18030",
    "hz-gb-2312": "hz",
    "euc-kr": "cp949",
    "euc_kr": "cp949",
    "x-euc-kr": "cp949",
    "windows-949": "cp949",
    "x-windows-949": "cp949",
    "ms949": "cp949",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "ksc5601": "cp949",
    "ksc_5601": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "ms_kanji": "cp932",
    "windows-31j": "cp932",
    "cswindows31j": "cp932",
    "windows-932": "cp932",
    "x-ms-cp932": "cp932",
    "x-euc-jp": "euc_jp",
    "eucjp-ms": "euc_jp",
    "eucjp-win": "euc_jp",
    "cp51932": "euc_jp",
    "iso-2022-jp-ms": "iso2022_jp",
    "cp50220": "iso2022_jp",
    "cp50221": "iso2022_jp",
    "cp50222": "iso2022_jp",
    "x-windows-iso2022jp": "iso2022_jp",
    "csiso2022jp": "iso2022_jp",
    "big5": "big5hkscs",
    "big-5": "big5hkscs",
    "x-big5": "big5hkscs",
    "cp950": "big5hkscs",
    "windows-950": "big5hkscs",
    "big5-eten": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "iso-8859-8-i": "windows-1255",
    "iso-8859-8-e": "windows-1255",
    "iso-8859-8": "windows-1255",
    "logical": "windows-1255",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-2-0-utf-7": "utf-7",
    "x-unicode-2-0-utf-7": "utf-7",
    "utf-8-mac": "utf-8",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "x-utf-8": "utf-8",
    "cp65001": "utf-8",
    "cp-850": "cp850",
    "unknown-8bit": "",
    "x-unknown": "",
    "default": "",
    "binary": "",
    "8bit": "",
}
# Codecs that take quadratic time or turn bytes into something that no sender writes mail in.
_REFUSED = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})

_MOST_ENCODED_WORDS = 1000
_SAMPLE = 16 * 1024
_MOST = 1024 * 1024
_FEW = 8
"""Bytes that could be a few letters in UTF-8 as well as a few signs of East Asia."""
_ASCII = re.compile(rb"[!-~]")
_GOOD = 0.45
"""How well text has to read in a charset that only another part of the mail names."""
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ESCAPES = re.compile(rb"\x1b(?:\$\(?[@BD]|\([IJ])")
_KOREAN, _CHINESE = b"\x1b$)C", b"\x1b$)A"
_ESCAPED = frozenset(
    {"iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_3", "iso2022_jp_ext", "iso2022_jp_2004"}
)
_OLD_RELATIVES = {"cp1252": "", "big5hkscs": "cp950", "gb18030": "gbk"}
"""What is tried next where a charset's larger relative does not hold a sign."""

_ENCODED_WORD = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,40})?\?([bBqQ])\?(.*?)\?=", re.DOTALL)
_TWICE_ENCODED = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0178\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]")
_BREAKS = re.compile(r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+\s*")


@dataclass(frozen=True, slots=True)
class Reading:
    """What bytes say, and the charset that they were read in where nothing but their own looks says so."""

    text: str
    guessed: str = ""


def text_of(data: bytes, charset: str = "") -> str:
    """The text of these bytes: in the charset that they claim, else in one that fits. Never raises; loses no byte
    silently (what cannot be read becomes U+FFFD)."""
    return read_text(data, charset).text


def read_text(data: bytes, charset: str = "", hints: tuple[str, ...] = ()) -> Reading:
    """The text of these bytes: in the charset that they claim if it can be true, else in UTF-8, in one of `hints`
    (what the rest of the mail names), or in the one that they look like. Never raises; what cannot be read becomes
    U+FFFD."""
    claimed = codec_of(charset)
    if data.isascii() and claimed not in _BY_SIGNS_ALONE and b"\x1b" not in data and b"\0" not in data:
        return Reading(data.decode("ascii"))
    for bom, codec in _BOMS:
        if data.startswith(bom):
            return Reading(data[len(bom) :].decode(codec, "replace"))
    wide = _without_bom(data)
    if wide:
        return Reading(data.decode(wide, "replace"))
    if claimed and (claimed in _BY_SIGNS_ALONE or not data.isascii() or not _is_escaped(data)):
        read = _as_claimed(data, claimed)
        if read is not None:
            return _if_western(data, claimed) or Reading(_once_encoded(read))
    return _unclaimed(data, claimed, hints)


def _is_escaped(data: bytes) -> bool:
    """Whether ASCII bytes are another charset's, by the signs that switch to it."""
    return b"\x1b" in data and (_ESCAPES.search(data) is not None or _KOREAN in data or _CHINESE in data)


def _as_claimed(data: bytes, codec: str) -> str | None:
    """The text as it claims to be written, None where that cannot be."""
    if codec == "utf-8":
        with suppress(UnicodeDecodeError):
            return data.decode("utf-8")
        return data.decode("utf-8", "replace") if _mostly_utf_8(data) else None
    if codec in _ESCAPED:
        return decoded(data, codec) if _ESCAPES.search(data) or b"\x0e" in data else None
    if not data.isascii() and _is_utf_8(data, codec):
        return None
    try:
        text = data.decode(codec)
    except (UnicodeError, LookupError, ValueError):
        if codec not in _MANY_BYTES:
            return None
        text = decoded(data, codec)
        broken = text[:_SAMPLE].count("\ufffd")
        return text if broken * 20 <= len(text[:_SAMPLE]) else None
    if data.isascii() or not is_doubtful(text, codec):
        return text
    other = guess(data)
    if codec in _MANY_BYTES and other.codec not in _MANY_BYTES:
        return text  # any bytes are letters of an alphabet
    return None if other.codec != codec and quality(other.text, other.codec) > quality(text, codec) + 0.2 else text


def _if_western(data: bytes, claimed: str) -> Reading | None:
    """Another reading of what claims to be Western, as many programs say of everything, where it clearly is not."""
    if claimed != "cp1252" or data.isascii():
        return None
    found = other_latin(data)
    return Reading(found.text, _known_as(found.codec)) if found else None


def _unclaimed(data: bytes, claimed: str, hints: tuple[str, ...]) -> Reading:
    if _ESCAPES.search(data):
        return Reading(decoded(data, "iso2022_jp"))
    if _KOREAN in data:
        return Reading(decoded(data, "iso2022_kr"))
    if _CHINESE in data and b"\x0e" in data:
        return Reading(_iso_2022_cn(data))
    with suppress(UnicodeDecodeError):
        text = data.decode("utf-8")
        if (
            claimed not in ("", "cp1252")
            or len(data) > _FEW
            or _ASCII.search(data)
            or (east := few_signs(data)) is None
        ):
            return Reading(_once_encoded(text))
        return Reading(decoded(data, east), _known_as(east))  # two Chinese signs can be two Cyrillic letters
    if _mostly_utf_8(data):
        return Reading(data.decode("utf-8", "replace"))
    for hint in map(codec_of, hints):
        if hint and hint not in ("utf-8", claimed, *_ESCAPED):
            with suppress(UnicodeError, LookupError, ValueError):
                text = data.decode(hint)
                if quality(text, hint) >= _GOOD:
                    return Reading(text)
    found = guess(data)
    return Reading(found.text, _known_as(found.codec))


def _known_as(codec: str) -> str:
    """A charset's name as people know it."""
    names = {"big5hkscs": "Big5", "cp932": "Shift_JIS", "cp949": "EUC-KR", "cp874": "TIS-620", "euc_jp": "EUC-JP"}
    shown = re.sub(r"^cp(?=125\d)", "windows-", codec)
    return names.get(codec) or re.sub(r"^iso8859", "ISO-8859", shown.upper() if "windows" not in shown else shown)


_MANY_BYTES = frozenset({"gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "hz", "johab"})
_BY_SIGNS_ALONE = frozenset({"utf-7", "hz", "utf-16", "utf-16-le", "utf-16-be", "utf-32", *_ESCAPED, "iso2022_kr"})
"""Written in bytes that are ASCII, or could be."""


def decoded(data: bytes, codec: str) -> str:
    """The text of these bytes in this charset or, sign by sign, in its relatives; what is in none becomes U+FFFD."""
    if codec in _ESCAPED and b"\x0e" in data:
        return iso_2022_jp(data)  # Python does not know kana of half width between shifts
    with suppress(UnicodeError, LookupError, ValueError):
        return data.decode(codec)
    if codec in _ESCAPED:
        return iso_2022_jp(data)
    if codec == "euc_jp":
        return euc_jp(data)
    relative = _OLD_RELATIVES.get(codec)
    if relative:
        with suppress(UnicodeError):
            return data.decode(relative)
    return data.decode(codec, "replace")


def codec_of(charset: str) -> str:
    """Python's name of a charset, empty for one that is unknown, unsafe or says nothing."""
    name = charset.strip().strip("\"'").lower()
    name = _MEANT.get(name, name)
    try:
        found = codecs.lookup(name).name if name and name.isascii() and "\0" not in name else ""
    except (LookupError, ValueError):
        return ""
    return "" if found.replace("-", "_") in _REFUSED else found


def _is_utf_8(data: bytes, codec: str) -> bool:
    """Whether what claims another charset is UTF-8 all the same: hardly anything else fits by chance."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    if codec not in _MANY_BYTES:
        return True
    with suppress(UnicodeError, LookupError, ValueError):
        return quality(data.decode(codec), codec) < 0.5
    return True


def _mostly_utf_8(data: bytes) -> bool:
    """Whether only a few letters are broken, most likely cut off by something on the way."""
    text = data[:_MOST].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return broken * 2 <= sum(1 for char in text if char >= "\x80" and char != "\ufffd")


def _without_bom(data: bytes) -> str:
    """UTF-16 without its mark: every second byte of Latin letters, spaces and line ends is zero."""
    start = data[: _SAMPLE // 4 * 2]
    if b"\0" not in start or len(data) % 2 or len(start) < 4:
        return ""
    even, odd = start[::2].count(0), start[1::2].count(0)
    most = len(start) // 2
    if odd * 10 >= most * 4 and even * 20 <= most:
        return "utf-16-le"
    return "utf-16-be" if even * 10 >= most * 4 and odd * 20 <= most else ""


def _iso_2022_cn(data: bytes) -> str:
    """Its first set of signs, GB 2312, between SO and SI; what uses another is shown as it is."""
    pieces = re.split(rb"\x0e([\x21-\x7e\s]*)\x0f?", data.replace(_CHINESE, b""))
    return "".join(
        bytes(byte | 0x80 if byte > 0x20 else byte for byte in piece).decode("gb18030", "replace")
        if shifted
        else piece.decode("utf-8", "replace")
        for shifted, piece in ((number % 2, piece) for number, piece in enumerate(pieces))
    )


def _once_encoded(text: str) -> str:
    """Text that a mailer read as Western and encoded in UTF-8 a second time, read once more; other text as it is."""
    if text.isascii() or not _TWICE_ENCODED.search(text):
        return text
    try:
        return "".join(map(_as_western, text)).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _as_western(char: str) -> str:
    if char < "\u0100":
        return char
    return char.encode("cp1252").decode("latin-1")


def header_text(raw: str, hints: tuple[str, ...] = ()) -> str:
    """A header's value as text on one line: unfolded, its encoded words decoded (RFC 2047), raw 8-bit bytes read as
    best we can, by `hints` where the rest of the mail names a charset. A line break that an encoded word hides, which
    could forge another header (SECURITY.md), becomes a space."""
    value = unfolded(raw, hints)
    if "=?" not in value:
        return value
    value = _words_decoded(value, hints)
    if "=?" in value and _ENCODED_WORD.search(value):
        value = _words_decoded(value, hints)  # some programs encode what is encoded
    return _BREAKS.sub(" ", value).strip()


def unfolded(raw: str, hints: tuple[str, ...] = ()) -> str:
    """A header's value on one line, its raw bytes read as text."""
    value = raw.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", "\t").strip("\r\n")
    if "\r" in value or "\n" in value:
        value = _BREAKS.sub(" ", value)
    if not value.isascii():
        value = read_text(value.encode("utf-8", "surrogateescape"), "", hints).text
    elif "\x1b" in value:
        value = read_text(value.encode("ascii"), "", hints).text
    return value


def named_charsets(raw: str) -> tuple[str, ...]:
    """The charsets that a header's encoded words name."""
    return tuple({found[1]: None for found in _ENCODED_WORD.finditer(raw[:2000])}) if "=?" in raw else ()


def _words_decoded(value: str, hints: tuple[str, ...]) -> str:
    """Neighbouring words in one charset are joined before they are decoded: mailers cut letters in two."""
    if value.count("=?") > _MOST_ENCODED_WORDS:
        raise Unreadable("header_too_complex", "A header has too many encoded words.")
    text: list[str] = []
    joined, charset, at = b"", "", 0
    for word in _ENCODED_WORD.finditer(value):
        between = value[at : word.start()]
        content = _content(word[2], word[3])
        at = word.end()
        if joined and not between.strip() and word[1].lower() == charset.lower():
            joined += content
            continue
        if charset:
            text.append(read_text(joined, charset, hints).text)
            between = between if between.strip() else ""
        text.append(between)
        joined, charset = content, word[1]
    if charset:
        text.append(read_text(joined, charset, hints).text)
    text.append(value[at:])
    return "".join(text)


def _content(encoding: str, written: str) -> bytes:
    """The bytes of an encoded word; lenient, since mailers leave padding out and put spaces in."""
    if encoding in "qQ":
        return a2b_qp(written.replace("\n", "").encode("ascii", "replace"), header=True)
    letters = re.sub(r"[^A-Za-z0-9+/]", "", written)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    try:
        return a2b_base64(letters + "=" * (-len(letters) % 4))
    except ValueError:
        return written.encode("ascii", "replace")
