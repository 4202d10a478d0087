"""The bytes that are hashed: one way only to write an entry down, so that nobody can read two entries from them."""

import json
from json.encoder import encode_basestring as _quoted  # the string form of json.dumps(ensure_ascii=False)
from typing import Any

CANONICAL_VERSION = 1

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def canonical(row: tuple[object, ...]) -> bytes:
    """The RFC 8785 form of the array of the format's version and these values.

    Raises TypeError or ValueError for what is not text, a whole number or None.
    """
    return _encode((CANONICAL_VERSION, *row)).encode()


def entry_bytes(row: tuple[Any, ...]) -> bytes:
    """`canonical` of an entry's columns `seq` to `reason`, made twice as fast: proving a log calls it for each entry.

    Columns after `reason` are not looked at. Raises TypeError or ValueError for a column of another type than the
    console writes.
    """
    return numbered(row[0], after_number(row[1:]))


def numbered(seq: int, rest: bytes) -> bytes:
    """An entry's bytes, of its number and of the rest as `after_number` made it."""
    return f"[{CANONICAL_VERSION},{seq:d}".encode() + rest


def after_number(columns: tuple[Any, ...]) -> bytes:
    """An entry's bytes from column `at` on: all that can be written down before the number is known."""
    (
        at, actor, roles, session, host, action, ticket, requester, fields, purpose, verification, outcome,
        seconds, reason, *_,
    ) = columns  # fmt: skip
    return (
        f",{at:d},{_quoted(actor)},{_quoted(roles)},{_quoted(session)},{_quoted(host)},"
        f"{_quoted(action)},{'null' if ticket is None else format(ticket, 'd')},"
        f"{'null' if requester is None else _quoted(requester)},{_quoted(fields)},{_quoted(purpose)},"
        f"{_quoted(verification)},{_quoted(outcome)},{'null' if seconds is None else format(seconds, 'd')},"
        f"{_quoted(reason)}]"
    ).encode()
