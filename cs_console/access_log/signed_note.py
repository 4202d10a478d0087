"""Checkpoints as text: C2SP signed notes with a tlog checkpoint inside (origin, size, root).

This module reads and writes the text; the signature itself is made and checked in checkpoint.py.
"""

import base64
import hashlib
import re
from dataclasses import dataclass

from cs_console.access_log.merkle import HASH_BYTES

ORIGIN_PREFIX = "cs-console/"
ED25519 = b"\x01"
KEY_ID_BYTES = 4
SIGNATURE_BYTES = 64
_DASH = "— "
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


class NotANote(ValueError):
    """The text is not a signed note with a checkpoint."""


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: whose, by which key, and its bytes: 64 of an Ed25519 key, any number of another's."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A checkpoint and who signed it. `text` is what the signatures cover."""

    origin: str
    size: int
    root: bytes
    text: str
    signatures: tuple[NoteSignature, ...]


def key_id(name: str, public: bytes) -> bytes:
    """C2SP signed-note: the first bytes of SHA-256 over name, 0x0A, the Ed25519 type byte and the public key."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:KEY_ID_BYTES]


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """C2SP tlog-checkpoint: three lines, what a signature covers."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def note_text(text: str, signatures: tuple[NoteSignature, ...]) -> str:
    """C2SP signed-note: the text, an empty line, and a line for each signature."""
    lines = (f"{_DASH}{s.name} {base64.b64encode(s.key_id + s.signature).decode()}\n" for s in signatures)
    return text + "\n" + "".join(lines)


def read_note(note: str) -> SignedNote:
    """The checkpoint in a signed note; its signatures are not checked yet. Raises NotANote."""
    text, gap, lines = note.rpartition("\n\n")
    if not gap or not lines.endswith("\n") or any(ord(sign) < 32 and sign != "\n" for sign in note):
        raise NotANote
    text += "\n"
    signatures = tuple(_read_signature(line) for line in lines[:-1].split("\n"))
    origin, size, root, *_extensions = [*text[:-1].split("\n"), "", ""]
    if not origin or not _SIZE.fullmatch(size):
        raise NotANote
    return SignedNote(origin, int(size), _decode(root, HASH_BYTES), text, signatures)


def _read_signature(line: str) -> NoteSignature:
    name, gap, rest = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not gap or not name or "+" in name:
        raise NotANote
    signed = _decode(rest)
    if len(signed) <= KEY_ID_BYTES:
        raise NotANote
    return NoteSignature(name, signed[:KEY_ID_BYTES], signed[KEY_ID_BYTES:])


def _decode(text: str, length: int | None = None) -> bytes:
    try:
        decoded = base64.b64decode(text, validate=True)
    except ValueError:
        raise NotANote from None
    if length not in (None, len(decoded)) or base64.b64encode(decoded).decode() != text:
        raise NotANote
    return decoded


def was_torn(note: str) -> bool:
    """Whether a text that is not a note looks like one whose writing was interrupted by a crash."""
    whole_line = 4 * -(-(KEY_ID_BYTES + SIGNATURE_BYTES) // 3)
    return not any(line.startswith(_DASH) and len(line.rpartition(" ")[2]) >= whole_line for line in note.splitlines())
