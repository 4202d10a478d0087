"""Wrapping keys by the key-encryption keys at hand, and knowing which of those belongs to which epoch."""

import os
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cs_console.custody.key_store import FIRST_EPOCH, KeyEpoch, WrappedKey
from cs_console.errors import KeyUnavailable
from cs_console.key_files import KEY_BYTES

NONCE_BYTES = 12


class UnknownEpoch(Exception):
    """None of the key-encryption keys at hand is that of this epoch. No refusal yet: looking again may help."""

    def __init__(self, epoch: int) -> None:
        super().__init__(epoch)
        self.epoch = epoch


class Wrappers:
    """The key-encryption keys at hand. Which is of which epoch is found out by opening, never by guessing."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        self.hold(keys)

    def hold(self, keys: Iterable[bytes]) -> None:
        """Hold these keys from now on, and no others. Raises KeyUnavailable for an invalid key."""
        ciphers = tuple(_cipher(key) for key in keys)
        known: dict[int, AESGCM] = {}
        self._held = (ciphers, known)  # at once: other threads are opening

    def of_epoch(self, epoch: int, proof: bytes) -> AESGCM:
        """The wrapper of an epoch. Raises UnknownEpoch where it is not at hand."""
        ciphers, known = self._held
        for cipher in ciphers:
            if _proves(cipher, epoch, proof):
                known[epoch] = cipher
                return cipher
        raise UnknownEpoch(epoch)

    def unwrap(self, key: WrappedKey) -> bytes:
        """The key itself. Raises UnknownEpoch, and KeyUnavailable for one that was changed."""
        ciphers, known = self._held
        if key.epoch in known:
            opened = _open(known[key.epoch], key)
            if opened is None:
                raise wrong_key()
            return opened
        for cipher in ciphers:
            opened = _open(cipher, key)
            if opened is not None:
                known[key.epoch] = cipher
                return opened
        raise UnknownEpoch(key.epoch)

    def first_proof(self, sample: WrappedKey | None) -> bytes:
        """The proof for the first epoch of a keyring: by the wrapper that opens this key, or by the first at hand.

        Raises UnknownEpoch where none opens it: then nothing may be wrapped.
        """
        for cipher in self._held[0]:
            if sample is None or _open(cipher, sample) is not None:
                return _proof(cipher, FIRST_EPOCH)
        raise UnknownEpoch(FIRST_EPOCH)


def wrap(wrapper: AESGCM, owner: str, epoch: int, key: bytes) -> WrappedKey:
    """The key as it is stored, bound to its owner and its epoch (AES-256-GCM, random nonce)."""
    nonce = os.urandom(NONCE_BYTES)
    return WrappedKey(owner, epoch, nonce + wrapper.encrypt(nonce, key, _binding(owner, epoch)))


def is_key_of(key: bytes, epoch: KeyEpoch) -> bool:
    """Whether this is the key-encryption key of that epoch."""
    return _proves(_cipher(key), epoch.epoch, epoch.proof)


def proof_for(key: bytes, epoch: int) -> bytes:
    """What only an epoch's own key-encryption key opens; it holds nothing."""
    return _proof(_cipher(key), epoch)


def wrong_key() -> KeyUnavailable:
    """What is said when no key at hand opens what is stored."""
    return KeyUnavailable(
        "The key-encryption key does not open this keyring.",
        "Point CS_CONSOLE_KEY_FILE or CS_CONSOLE_KEY_COMMAND at the desk's current key; "
        "a keyring backup from before a rotation cannot be opened any more.",
    )


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise KeyUnavailable("The key-encryption key is not 32 bytes in base64.", "Restore the right key file.")
    return AESGCM(key)


def _proof(cipher: AESGCM, epoch: int) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, b"", _epoch_binding(epoch))


def _proves(cipher: AESGCM, epoch: int, proof: bytes) -> bool:
    try:
        return cipher.decrypt(proof[:NONCE_BYTES], proof[NONCE_BYTES:], _epoch_binding(epoch)) == b""
    except (InvalidTag, TypeError, ValueError):
        return False


def _open(cipher: AESGCM, key: WrappedKey) -> bytes | None:
    try:
        return cipher.decrypt(key.wrapped[:NONCE_BYTES], key.wrapped[NONCE_BYTES:], _binding(key.owner, key.epoch))
    except (InvalidTag, TypeError, ValueError):  # a hand edit may have cut it, or made it text
        return None


def _binding(owner: str, epoch: int) -> bytes:
    return f"wrapped_key|{epoch}|{owner}".encode()


def _epoch_binding(epoch: int) -> bytes:
    return f"key_epoch|{epoch}".encode()
