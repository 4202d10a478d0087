"""Mail whose beginning is damaged: what comes before the headers goes, and a line that is none ends them no more.

What a repair finds is never more than the sender could have written: of the headers behind a broken line only those
that a sender writes are believed, and only where none of that name came before.
"""

import codecs
import re

_MOST = 1024 * 1024
"""As far as headers are looked for."""
_SOUND = re.compile(rb"(?:[!-9;-~]++:[^\r\n]*+\r?\n(?:[ \t][^\r\n]*+\r?\n)*+)++\r?\n")
"""Headers as they should be, up to the line that ends them."""
_NAME = re.compile(rb"([!-9;-~]{1,76})[ \t]*:")
_ENVELOPE = re.compile(rb">*From (?![ \t]*:)[^\r\n]*\r?\n?|>+From[: ][^\r\n]*\r?\n")
_COUNT = re.compile(rb"\s{0,10}(\d{1,10})[ \t]*\r?\n(?=[!-9;-~]{1,76}:)")
"""Apple Mail writes the message's length before it, and a list of properties behind it."""
_BLANKS = re.compile(rb"(?:[ \t]*\r?\n)+(?=>*[!-9;-~]{1,76}[: ])")
LF_CR = re.compile(rb"[^\r\n]*+\n\r(?!\n(?!\r))")
"""The first line of something whose line ends are the wrong way round."""
_EITHER_END = re.compile(rb"\r\n|\r|\n")
# What a sender's own program writes; what servers add on the way, and what says how far to trust it, is not here.
_A_SENDERS = frozenset(
    {
        *(b"from", b"sender", b"reply-to", b"to", b"cc", b"subject", b"date", b"message-id", b"in-reply-to"),
        *(b"references", b"mime-version", b"content-type", b"content-transfer-encoding", b"content-disposition"),
        *(b"content-language", b"user-agent", b"x-mailer", b"importance"),
    }
)
_REST = re.compile(rb"=\?|<[^<>\s]*@")
"""How the rest of an encoded word begins, or a cut address."""
_ENOUGH_HEADERS = 4
_MOST_BEFORE = 3
"""Lines of something else, such as a server's answer, before the first header."""
BROKEN = "X-Unreadable-Line"
"""The name under which a line is kept that was no header, or one that is not believed."""
_KEPT = BROKEN.encode() + b": "
_OPEN_NAME = re.compile(rb"^([!-9;-~]+)[ \t]+:")


def repaired(data: bytes) -> bytes:
    """The mail with headers that a parser can read; the same bytes where nothing is wrong. Linear."""
    if _SOUND.match(data):
        return data if b"\n" in data[:_MOST] else _with_line_feeds(data)
    data = _from_the_headers_on(_narrow(data))
    return _lines_repaired(data)


def _narrow(data: bytes) -> bytes:
    """Without a byte order mark; UTF-16, as some programs export mail, as UTF-8."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace").encode("utf-8")
    while data.startswith(codecs.BOM_UTF8):
        data = data[len(codecs.BOM_UTF8) :]
    return data


def _from_the_headers_on(data: bytes) -> bytes:
    if LF_CR.match(data):
        data = data.replace(b"\n\r", b"\n")
    elif b"\r" in data[:_MOST] and b"\n" not in data[:_MOST]:
        data = _with_line_feeds(data)
    elif b"\r\r\n" in data[:_MOST] and data.count(b"\r\r\n") * 10 >= data.count(b"\n") * 9:
        data = data.replace(b"\r\r\n", b"\r\n")
    count = _COUNT.match(data)
    if count is not None:
        data = data[count.end() : count.end() + int(count[1])] if int(count[1]) > 0 else data[count.end() :]
    for _ in range(3):
        blanks = _BLANKS.match(data, 0, _MOST)
        data = data[blanks.end() :] if blanks else data
        envelope = _ENVELOPE.match(data, 0, _MOST)
        rest = data[envelope.end() :] if envelope else b""
        if envelope is None or not (_NAME.match(rest) or _ENVELOPE.match(rest) or _BLANKS.match(rest, 0, _MOST)):
            break
        data = rest
    if data.startswith(codecs.BOM_UTF8):
        data = data[len(codecs.BOM_UTF8) :]
    return data


def _with_line_feeds(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _lines_repaired(data: bytes) -> bytes:
    """Headers with a line among them that is none: it goes on the one before it, or is kept under a name of ours."""
    lines, body = _header_lines(data)
    names = [_name_of(line) for line in lines]
    before_any = next((at for at, name in enumerate(names) if name), 0)
    if 0 < before_any <= _MOST_BEFORE and _are_a_mails(names[before_any:]):
        kept_first = b"".join(_KEPT + line.lstrip() for line in lines[:before_any])
        return kept_first + _lines_repaired(data[sum(map(len, lines[:before_any])) :])
    broken = [at for at, name in enumerate(names) if name is None]
    last = max((at for at, name in enumerate(names) if name in _A_SENDERS), default=-1)
    if not broken or not 0 < broken[0] < last:
        # sound, or no headers at all, or a text that begins without an empty line before it
        return b"".join(map(_closed_up, lines)) + body if not broken and b" :" in b"".join(lines) else data
    ends = next((at for at in broken if at > last), len(lines))
    kept: list[bytes] = []
    known: set[bytes] = set()
    before = b""
    for at, (line, name) in enumerate(zip(lines[:ends], names, strict=False)):
        if name == b"":
            kept.append(line)
        elif name is None:
            # more words do a subject no harm, and the rest of a cut address makes it whole again
            goes_on = before == b"subject" or _REST.match(line) is not None
            kept.append((b" " if goes_on else _KEPT) + line)
        elif at > broken[0] and (name not in _A_SENDERS or name in known):
            before = b""
            kept.append(_KEPT + line)
        else:
            known.add(name)
            before = name
            kept.append(_closed_up(line))
    return b"".join(kept) + b"".join((b"\n", *lines[ends:])) * (ends < len(lines)) + body


def _are_a_mails(names: list[bytes | None]) -> bool:
    """Whether these can only be a mail's headers: a text may quote two or three."""
    return None not in names and b"from" in names and len(_A_SENDERS.intersection(names)) >= _ENOUGH_HEADERS


def _closed_up(line: bytes) -> bytes:
    """`Subject : words`, as once was allowed, as parsers read it."""
    return _OPEN_NAME.sub(rb"\1:", line)


def _header_lines(data: bytes) -> tuple[list[bytes], bytes]:
    """The lines up to the first empty one, each with its end, and everything behind them."""
    lines: list[bytes] = []
    at = 0
    for end in _EITHER_END.finditer(data, 0, _MOST):
        if end.start() == at:
            break
        lines.append(data[at : end.end()])
        at = end.end()
    return lines, data[at:]


def _name_of(line: bytes) -> bytes | None:
    """The header's name, folded; empty for a line that continues one, None for one that is no header."""
    if line[:1] in (b" ", b"\t"):
        return b""
    found = _NAME.match(line)
    name = found[1].lower() if found else None
    if found is not None and len(found.group()) > len(found[1]) + 1 and name not in _A_SENDERS:
        return None  # words and a colon
    return name
