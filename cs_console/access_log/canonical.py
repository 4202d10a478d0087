"""The bytes that are hashed. An entry has exactly one encoding, so no bytes can be read as two different entries."""

import json
from hashlib import sha256
from json.encoder import encode_basestring as _quoted  # the string form of json.dumps(ensure_ascii=False)
from secrets import token_hex
from typing import Any

PLAIN_VERSION = 1
"""Of an older desk's entry that vouches for nothing."""
VOUCHING_VERSION = 2
"""Of an older desk's entry with the column `about`: what it vouches for is hashed too."""
COMMITTED_VERSION = 3
"""Of an entry with the column `salt`: two commitments are hashed in the place of who did it and of the reason."""

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
    "salt",
    "tag",
)
"""An entry's columns, in the order in which they are stored and hashed; the tag is over the rest."""
SAID = COLUMNS[:-2]
"""What an entry says to people: all but its salt and its tag."""
COMMITTED = (*COLUMNS[:2], "staff_hash", *COLUMNS[6:14], "reason_hash")
"""What is hashed of an entry with a salt. That much proves it, and says neither who did it nor for what reason."""

_SALT_DIGITS = 64
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def new_salt() -> str:
    """Two random numbers of 128 bits as 64 hex digits, one for each commitment of an entry.

    Without its salt a commitment could be guessed: a desk has few accounts.
    """
    return token_hex(_SALT_DIGITS // 2)


def canonical(row: tuple[object, ...]) -> bytes:
    """The RFC 8785 form of the array of the format's version and an entry's values, `seq` to `salt`.

    An entry without a salt is written as it was before there were any, without that column; and without `about` where
    it vouches for nothing. Raises TypeError or ValueError for what is not text, a whole number or None.
    """
    *plain, about, salt = row
    if salt is not None:
        return committed_bytes(committed(row))
    return _encode((PLAIN_VERSION, *plain) if about is None else (VOUCHING_VERSION, *plain, about)).encode()


def committed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values of COMMITTED, of an entry's columns `seq` to `salt`. Raises like `canonical`."""
    seq, at, actor, roles, session, host, *what, reason, about, salt = row
    if len(salt) != _SALT_DIGITS:
        raise ValueError("no salt")
    staff_hash = _commitment(salt[:32], (actor, roles, session, host))
    return (seq, at, staff_hash, *what, _commitment(salt[32:], (reason, about)))


def committed_bytes(row: tuple[object, ...]) -> bytes:
    """The bytes that are hashed of an entry with a salt, of the values of COMMITTED."""
    return _encode((COMMITTED_VERSION, *row)).encode()


def entry_bytes(row: tuple[Any, ...]) -> bytes:
    """`canonical` of an entry's columns `seq` to `salt`, written out for speed: proving a log calls it for each entry.

    Columns after `salt` are not looked at. Raises TypeError or ValueError for a column of another type than the
    console writes.
    """
    (
        seq, at, actor, roles, session, host, action, ticket, requester, fields, purpose, verification, outcome,
        seconds, reason, about, salt, *_,
    ) = row  # fmt: skip
    staff = f"{_quoted(actor)},{_quoted(roles)},{_quoted(session)},{_quoted(host)}"
    what = (
        f"{_quoted(action)},{'null' if ticket is None else f'{ticket:d}'},"
        f"{'null' if requester is None else _quoted(requester)},{_quoted(fields)},{_quoted(purpose)},"
        f"{_quoted(verification)},{_quoted(outcome)},{'null' if seconds is None else f'{seconds:d}'}"
    )
    if salt is not None:
        if len(salt) != _SALT_DIGITS:
            raise ValueError("no salt")
        why = f"{_quoted(reason)},{'null' if about is None else _quoted(about)}"
        staff_hash = sha256(f"\x02{salt[:32]}[{staff}]".encode()).hexdigest()
        reason_hash = sha256(f"\x02{salt[32:]}[{why}]".encode()).hexdigest()
        return f'[{COMMITTED_VERSION},{seq:d},{at:d},"{staff_hash}",{what},"{reason_hash}"]'.encode()
    if about is None:
        return f"[{PLAIN_VERSION},{seq:d},{at:d},{staff},{what},{_quoted(reason)}]".encode()
    return f"[{VOUCHING_VERSION},{seq:d},{at:d},{staff},{what},{_quoted(reason)},{_quoted(about)}]".encode()


def _commitment(salt: str, values: tuple[object, ...]) -> str:
    """Hex of the SHA-256 of 0x02 (0x00 stands before a leaf's bytes, 0x01 before a node's), of 32 digits of salt and of
    the RFC 8785 form of the values that are committed to.
    """
    return sha256(b"\x02" + f"{salt}{_encode(values)}".encode()).hexdigest()
