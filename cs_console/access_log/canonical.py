"""The bytes that are hashed. An entry has exactly one encoding, so no bytes can be read as two different entries."""

import json
from json.encoder import encode_basestring as _quoted  # the string form of json.dumps(ensure_ascii=False)
from typing import Any

PLAIN_VERSION = 1
"""Of an entry that vouches for nothing; every entry of older desks is one."""
VOUCHING_VERSION = 2
"""Of an entry with the column `about`: what it vouches for is hashed too."""

COLUMNS = (
    "seq",
    "at",
    "actor",
    "roles",
    "session",
    "host",
    "action",
    "ticket",
    "requester",
    "fields",
    "purpose",
    "verification",
    "outcome",
    "seconds",
    "reason",
    "about",
    "tag",
)
"""An entry's columns, in the order in which they are stored and hashed; the tag is over the rest."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


Rest = tuple[int, str]
"""The version of an entry's form, and its text from column `at` on."""


def canonical(row: tuple[object, ...]) -> bytes:
    """The RFC 8785 form of the array of the format's version and an entry's values, `seq` to `about`.

    An entry that vouches for nothing (`about` is None) is written as it always was, without that column.
    Raises TypeError or ValueError for what is not text, a whole number or None.
    """
    *plain, about = row
    return _encode((PLAIN_VERSION, *plain) if about is None else (VOUCHING_VERSION, *row)).encode()


def entry_bytes(row: tuple[Any, ...]) -> bytes:
    """`canonical` of an entry's columns `seq` to `about`, made twice as fast: proving a log calls it for each entry.

    Columns after `about` are not looked at. Raises TypeError or ValueError for a column of another type than the
    console writes.
    """
    return numbered(row[0], after_number(row[1:]))


def numbered(seq: int, rest: Rest) -> bytes:
    """An entry's bytes, of its number and of the rest as `after_number` made it."""
    version, text = rest
    return f"[{version:d},{seq:d}{text}".encode()


def after_number(columns: tuple[Any, ...]) -> Rest:
    """An entry from column `at` on: all that can be written down before the number is known."""
    (
        at, actor, roles, session, host, action, ticket, requester, fields, purpose, verification, outcome,
        seconds, reason, about, *_,
    ) = columns  # fmt: skip
    plain = (
        f",{at:d},{_quoted(actor)},{_quoted(roles)},{_quoted(session)},{_quoted(host)},"
        f"{_quoted(action)},{'null' if ticket is None else format(ticket, 'd')},"
        f"{'null' if requester is None else _quoted(requester)},{_quoted(fields)},{_quoted(purpose)},"
        f"{_quoted(verification)},{_quoted(outcome)},{'null' if seconds is None else format(seconds, 'd')},"
        f"{_quoted(reason)}"
    )
    return (PLAIN_VERSION, f"{plain}]") if about is None else (VOUCHING_VERSION, f"{plain},{_quoted(about)}]")
