"""Whose data was erased, stated outside the stores: so that no backup put back brings it to life again.

One line each in a file that only grows beside the second place's checkpoints: a requester's random id, the time, and
the access log's own entry of the erasure with its tag, signed with the key that signs checkpoints. So a desk whose
restored log ends before that entry can still tell that its log once held it. A line that proves nothing destroys
nothing. It names no one: an id says nothing once what it stood for is gone.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from sqlmodel import Session

from cs_console.access_log.canonical import COLUMNS
from cs_console.access_log.checkpoint import LogSigner, log_signer
from cs_console.access_log.checkpoint_folder import append_line
from cs_console.custody.erasure_proof import ProvenErasure, is_genuine, names_requester
from cs_console.desk import Desk
from cs_console.errors import StoreUnavailable
from cs_console.settings import Settings
from models.enums import Action

FILE_NAME = "erased.txt"
_PURPOSE = "cs-console erasure"
"""The first line of what is signed: no checkpoint begins like that."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was found. `proof` is empty in lines from before they were signed, and in what others wrote."""

    requester_id: str
    proof: str


def tombstone_file(settings: Settings) -> Path:
    """Where they are kept."""
    return settings.checkpoint_folder / FILE_NAME


def tombstone_lines(settings: Settings) -> list[Line]:
    """Every line, oldest first, believed or not. Raises StoreUnavailable where the list cannot be read as text."""
    file = tombstone_file(settings)
    try:
        lines = file.read_text("ascii").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError):
        raise StoreUnavailable(
            f"The list of erased requesters, {file}, cannot be read.", "Fix the file: until then no one can sign in."
        ) from None
    return list(_read(lines))


def tombstones(settings: Settings) -> list[str]:
    """The ids that the lines name, oldest first, proven or not. Raises StoreUnavailable."""
    return [line.requester_id for line in tombstone_lines(settings)]


def put_tombstone(db: Session, desk: Desk, settings: Settings, erasure: ProvenErasure) -> None:
    """State an erasure durably, once. Raises StoreUnavailable, KeyUnavailable without the log's signing key."""
    signer = log_signer(db, desk)
    owner = erasure.requester_id
    if any(line.requester_id == owner and is_proof(desk, signer, line) for line in tombstone_lines(settings)):
        return
    signature = signer.key.sign(_signed(signer, erasure))
    proof = {
        "entry": list(erasure.entry),
        "tag": erasure.tag.hex(),
        "signature": base64.b64encode(signature).decode(),
    }
    encoded = base64.b64encode(json.dumps(proof, separators=(",", ":")).encode()).decode()
    file = tombstone_file(settings)
    try:
        append_line(file, f"{owner} {erasure.at:%Y-%m-%dT%H:%M:%SZ} {encoded}")
    except OSError as problem:
        raise StoreUnavailable(
            f"The erasure cannot be noted in {file}: {problem.strerror}.",
            "The erasure resumes when the file is writable.",
        ) from None


def is_proof(desk: Desk, signer: LogSigner, line: Line) -> bool:
    """Whether this line is this desk's own signed statement, with the log's genuine entry of that very erasure."""
    try:
        proof = json.loads(base64.b64decode(line.proof, validate=True))
        erasure = ProvenErasure(line.requester_id, _entry(proof["entry"]), bytes.fromhex(proof["tag"]))
        signature = base64.b64decode(proof["signature"], validate=True)
        if not is_genuine(desk, (*erasure.entry, erasure.tag), Action.REQUESTER_ERASED):
            return False
        signer.key.public_key().verify(signature, _signed(signer, erasure))
    except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature):
        return False
    return names_requester(erasure.entry, line.requester_id)


def _entry(columns: list[Any]) -> tuple[Any, ...]:
    """The columns of an entry; those of older desks have no salt."""
    return tuple(columns) if len(columns) == len(COLUMNS) - 1 else (*columns, None)


def _signed(signer: LogSigner, erasure: ProvenErasure) -> bytes:
    return "\n".join((_PURPOSE, signer.name, erasure.requester_id, erasure.leaf.hex(), erasure.tag.hex(), "")).encode()


def _read(lines: list[str]) -> Iterator[Line]:
    for line in lines:
        words = line.split()
        if words:
            yield Line(words[0], words[2] if len(words) == 3 else "")
