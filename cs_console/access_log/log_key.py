"""The log's public key as one line of text, for people who check the log without this desk."""

import base64
import re

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cs_console.access_log.checkpoint import LogVerifier
from cs_console.access_log.signed_note import ED25519

_LINE = re.compile(r"(?P<name>[^+\s]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/]{44})")
"""44: the type byte and 32 of the key, in base64."""


class NotAKey(ValueError):
    """The text is not the public key of a log."""


def key_line(verifier: LogVerifier) -> str:
    """C2SP signed-note, the verifier key ("vkey"): name, key id in hex, and base64 of the type and the key."""
    key = base64.b64encode(ED25519 + verifier.public.public_bytes_raw()).decode()
    return f"{verifier.name}+{verifier.key_id.hex()}+{key}"


def read_key_line(text: str) -> LogVerifier:
    """The key in such a line; white space around it does not matter.

    Raises NotAKey for another kind of key, and for a line whose key id belongs to another name or key.
    """
    found = _LINE.fullmatch(text.strip())
    key = base64.b64decode(found["key"]) if found else b""
    if found is None or key[:1] != ED25519:
        raise NotAKey
    verifier = LogVerifier(found["name"], Ed25519PublicKey.from_public_bytes(key[1:]))
    if verifier.key_id.hex() != found["id"]:
        raise NotAKey
    return verifier
