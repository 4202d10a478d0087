"""Rich Text (RTF) as words: the only body that some Outlook mails have. One walk through it, whatever it holds."""

import re
import struct

_MOST = 1024 * 1024
"""Bytes of RTF that are read."""
_BEGINNING = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What every packed text may refer to (MS-OXRTFCP 2.1.2.1)."""
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_BREAKS = {b"par": "\n", b"line": "\n", b"row": "\n", b"sect": "\n", b"page": "\n", b"tab": "\t", b"cell": "\t"}
_SIGNS = {
    b"emdash": "—",
    b"endash": "–",
    b"bullet": "•",
    b"lquote": "‘",
    b"rquote": "’",
    b"ldblquote": "“",
    b"rdblquote": "”",
}
_NOT_WORDS = frozenset(
    {
        *(b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer", b"generator"),
        *(b"listtable", b"listoverridetable", b"rsidtbl", b"themedata", b"datastore", b"xmlnstbl", b"htmltag"),
    }
)


def unpacked_rtf(data: bytes) -> bytes:
    """The RTF in its packed form (MS-OXRTFCP), at most 1 MiB of it; empty where it is none."""
    if len(data) < 16:
        return b""
    length, kind = struct.unpack_from("<4xI4s", data)
    most = min(length, _MOST)
    if kind == b"MELA":
        return data[16 : 16 + most]
    if kind != b"LZFu":
        return b""
    ring = bytearray(_BEGINNING.ljust(4096, b"\0"))
    place = len(_BEGINNING)
    out = bytearray()
    at = 16
    while at < len(data) and len(out) < most:
        control = data[at]
        at += 1
        for bit in range(8):
            if not control >> bit & 1:
                if at >= len(data):
                    return bytes(out)
                ring[place] = data[at]
                out.append(data[at])
                place = (place + 1) % 4096
                at += 1
                continue
            if at + 1 >= len(data):
                return bytes(out)
            offset, count = data[at] << 4 | data[at + 1] >> 4, (data[at + 1] & 15) + 2
            at += 2
            if offset == place:
                return bytes(out)
            for step in range(count):
                byte = ring[(offset + step) % 4096]
                ring[place] = byte
                out.append(byte)
                place = (place + 1) % 4096
    return bytes(out[:most])


def rtf_to_text(data: bytes) -> str:
    """The words, with paragraphs and tabs; formatting, pictures and what a program says to other programs go."""
    text: list[str] = []
    waiting = bytearray()  # bytes of a charset, until something else comes
    codec = "cp1252"
    hidden, outer = False, [False]
    skip, width = 0, 1
    for token in _TOKEN.finditer(data[:_MOST]):
        word, number, code, sign, brace, run = token.groups()
        if waiting and code is None:
            text.append(_decoded(waiting, codec))
            waiting.clear()
        if brace == b"{":
            outer.append(hidden)
        elif brace == b"}":
            hidden = outer.pop() if outer else False
        elif word is not None:
            amount = int(number or 0)
            if word == b"ansicpg":
                codec = f"cp{amount}"
            elif word == b"uc":
                width = min(max(amount, 0), 8)
            elif word in _NOT_WORDS:
                hidden = True
            elif hidden:
                continue
            elif word == b"u" and number:
                text.append(chr(amount % 0x10000))
                skip = width
            else:
                text.append(_BREAKS.get(word) or _SIGNS.get(word, ""))
        elif sign == b"*":
            hidden = True
        elif hidden:
            continue
        elif code is not None:
            if skip:
                skip -= 1
            else:
                waiting.append(int(code, 16))
        elif sign is not None:
            text.append({b"~": "\xa0", b"_": "-", b"-": ""}.get(sign, sign.decode("latin-1")))
        elif run is not None:
            text.append(_decoded(run[skip:], codec))
            skip = max(skip - len(run), 0)
    text.append(_decoded(waiting, codec))
    whole = "".join(text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "\n".join(line.rstrip() for line in whole.split("\n")).strip("\n")


def _decoded(data: bytes | bytearray, codec: str) -> str:
    try:
        return data.decode(codec, "replace")
    except LookupError:
        return data.decode("cp1252", "replace")
