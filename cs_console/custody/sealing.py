"""Sealing: AES-256-GCM bound to the place where the value is stored. This module only closes; see opening.py."""

import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = 1
NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value lives. A ciphertext moved to any other place does not open (SECURITY.md, Keys)."""

    owner: str
    table: str
    column: str
    row: str

    def binding(self) -> bytes:
        """The associated data: owner, table, column, row and format version."""
        return f"{self.owner}|{self.table}|{self.column}|{self.row}|{VERSION}".encode()


def seal(key: bytes, place: Place, value: str | bytes) -> bytes:
    """Seal a value for one place: version byte, random 96-bit nonce, ciphertext with tag."""
    data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    nonce = os.urandom(NONCE_BYTES)
    return bytes([VERSION]) + nonce + AESGCM(key).encrypt(nonce, data, place.binding())
