"""Files in a folder that another program is still writing: they wait, so that no mail comes in halves."""

import os
import re
import time
from pathlib import Path

FRESH_SECONDS = 5.0
"""A file that has not changed for so long is as its writer left it."""
_LOOKED_AT = 64 * 1024
_BOUNDARY = re.compile(rb"boundary[ \t]*=[ \t]*\"?([^\s\";]{1,70})", re.I)
_BEGINS = re.compile(rb"\s*(?:From |>From |[!-9;-~]{1,76}[ \t]*:)")
_HEADERS_END = re.compile(rb"\r?\n\r?\n|\r\r")
_LENGTH = re.compile(rb"^Content-Length:[ \t]*(\d{1,12})[ \t]*\r?$", re.I | re.M)


def is_half_written(file: Path, *, is_mbox: bool) -> bool:
    """Whether the file changed a moment ago and lacks its end: its headers', its parts', or its last line's.

    A mail whose sender never closed its parts is read once the file has rested.
    """
    try:
        with file.open("rb") as opened:
            found = os.fstat(opened.fileno())
            if not found.st_size or not 0 <= time.time() - found.st_mtime < FRESH_SECONDS:
                return False
            head = opened.read(_LOOKED_AT)
            opened.seek(max(0, found.st_size - _LOOKED_AT))
            tail = opened.read()
    except OSError:
        return False  # what is wrong with it is said when it is read
    return not tail.endswith(b"\n") if is_mbox else _lacks_its_end(head, tail, found.st_size)


def _lacks_its_end(head: bytes, tail: bytes, size: int) -> bool:
    ends = _HEADERS_END.search(head)
    if ends is None:
        return size <= len(head) and _BEGINS.match(head) is not None
    headers = head[: ends.start()]
    length = _LENGTH.search(headers)
    if length is not None and size - ends.end() < int(length[1]):
        return True
    boundary = _BOUNDARY.search(headers)
    return boundary is not None and b"--" + boundary[1] + b"--" not in tail
