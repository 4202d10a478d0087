"""Japanese mail with signs that the standards leave out (①, ㈱, 髙): the rows that vendors added."""

import re

_ESCAPE = re.compile(rb"\x1b(\$@|\$B|\$\(@|\$\(B|\$\(D|\(B|\(J|\(I)|([\x0e\x0f])")
_TWO_BYTES = frozenset({b"$@", b"$B", b"$(@", b"$(B"})
_SUPPLEMENT, _HALF_WIDTH = b"$(D", b"(I"
_EUC = re.compile(rb"\x8f[\xa1-\xfe][\xa1-\xfe]|\x8e[\xa1-\xdf]|[\xa1-\xfe][\xa1-\xfe]|[\x00-\x7f]+|[\x80-\xff]")


def iso_2022_jp(data: bytes) -> str:
    """ISO-2022-JP as mailers write it (also CP50220 and CP50221); what is no sign at all becomes U+FFFD."""
    text: list[str] = []
    at, charset, shifted = 0, b"(B", False
    for escape in _ESCAPE.finditer(data):
        text.append(_run(data[at : escape.start()], _HALF_WIDTH if shifted else charset))
        at = escape.end()
        if escape[1] is not None:
            charset, shifted = escape[1], False
        else:
            shifted = escape[2] == b"\x0e"
    text.append(_run(data[at:], _HALF_WIDTH if shifted else charset))
    return "".join(text)


def euc_jp(data: bytes) -> str:
    """EUC-JP with the rows that vendors added; what is no sign at all becomes U+FFFD."""
    return "".join(_euc_sign(piece.group()) for piece in _EUC.finditer(data))


def _run(data: bytes, charset: bytes) -> str:
    if charset in _TWO_BYTES or charset == _SUPPLEMENT:
        return "".join(_line(line, charset) for line in re.split(rb"([\x00-\x20]+)", data))
    if charset == _HALF_WIDTH:
        return bytes(byte | 0x80 if 0x21 <= byte <= 0x5F else byte for byte in data).decode("cp932", "replace")
    return data.decode("cp932" if max(data, default=0) >= 0x80 else "ascii", "replace")


def _line(data: bytes, charset: bytes) -> str:
    """Signs of two bytes without a space or control in between; a lone last byte is no sign."""
    if data[:1] <= b"\x20":
        return data.decode("ascii")
    pairs = [data[at : at + 2] for at in range(0, len(data), 2)]
    if charset == _SUPPLEMENT:
        return "".join((b"\x8f" + bytes(byte | 0x80 for byte in pair)).decode("euc_jp", "replace") for pair in pairs)
    return "".join(_sign(pair) if len(pair) == 2 else "\ufffd" for pair in pairs)


def _euc_sign(piece: bytes) -> str:
    if len(piece) == 2 and piece[0] >= 0xA1:
        return _sign(bytes(byte & 0x7F for byte in piece))
    return piece.decode("euc_jp", "replace")


def _sign(pair: bytes) -> str:
    """A sign by its row and cell (JIS X 0208), by way of the encoding whose vendor table Python has."""
    row, cell = pair[0], pair[1]
    if not (0x21 <= row <= 0x7E and 0x21 <= cell <= 0x7E):
        return "\ufffd"
    lead = (row + 1) // 2 + (0x70 if row <= 0x5E else 0xB0)
    trail = cell + (0x1F if cell < 0x60 else 0x20) if row % 2 else cell + 0x7E
    return bytes((lead, trail)).decode("cp932", "replace")
