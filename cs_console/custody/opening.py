"""Opening what sealing closed. Only custody's own modules may import this: see disclosure.py for the reason."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cs_console.custody.sealing import NONCE_BYTES, VERSION, Place
from cs_console.errors import SealBroken


def open_sealed(key: bytes, place: Place, sealed: bytes) -> bytes:
    """The value that was sealed for this place. Raises SealBroken for a changed or moved one."""
    if len(sealed) < 1 + NONCE_BYTES or sealed[0] != VERSION:
        raise SealBroken
    try:
        return AESGCM(key).decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], place.binding())
    except InvalidTag:
        raise SealBroken from None


def open_text(key: bytes, place: Place, sealed: bytes) -> str:
    """The same, as text."""
    return open_sealed(key, place, sealed).decode("utf-8", "surrogatepass")
