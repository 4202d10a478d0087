"""Passwords: argon2id hashes, and the rules for new ones (SECURITY.md, Sign-in and sessions)."""

import base64
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cs_console.errors import BadPassword

SHORTEST = 15
SHORTEST_WITH_FACTOR = 8
LONGEST = 1024
SALT_BYTES = 16
HASH_BYTES = 32

HASHER = PasswordHasher(time_cost=2, memory_cost=64 * 1024, parallelism=1, hash_len=HASH_BYTES, salt_len=SALT_BYTES)
"""argon2id over 64 MiB twice (at least 19 MiB twice is asked for). Raise it here: hashes follow at the next sign-in."""


def normal(password: str) -> str:
    """The password as it is hashed: as typed, composed (NFC), so that every keyboard spells it alike."""
    return unicodedata.normalize("NFC", password)


def hash_password(password: str) -> str:
    """A new salted argon2id hash in the PHC string format."""
    return HASHER.hash(_bytes(password))


def verify(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one. With None it takes as long and is always false (ASVS 6.3.8)."""
    encoded = _nobody() if stored is None else stored
    try:
        return HASHER.verify(encoded, _bytes(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Whether the stored hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(stored)


def check_new(password: str, *known_words: str, shortest: int = SHORTEST) -> None:
    """Refuse a new password that is too short or easily guessed; there are no composition rules (ASVS 6.2.5).

    `known_words` are words of this desk that an attacker would try: the account's name, the desk's name. Beside a
    second factor SHORTEST_WITH_FACTOR characters are enough.
    Raises BadPassword with one sentence.
    """
    typed = normal(password)
    if len(typed) < shortest:
        raise BadPassword(
            f"A password needs at least {shortest} characters.", "Several words in a row are easy to remember."
        )
    if len(typed) > LONGEST:
        raise BadPassword(f"A password has at most {LONGEST} characters.", "Choose a shorter one.")
    folded = typed.casefold()
    if _repeats(folded):
        raise BadPassword("This password repeats itself.", "Choose words that do not repeat.")
    context = {part for word in ("cs-console", "customer service", *known_words) for part in _parts(word)}
    if _guessable(folded, _common() | context, pieces=2):
        raise BadPassword("This password consists of common passwords.", "Choose a few unrelated words.")


def _bytes(password: str) -> bytes:
    return normal(password).encode("utf-8", "surrogatepass")


def _nobody() -> str:
    """A well-formed hash with today's parameters that no password fits."""

    def text(raw: bytes) -> str:
        return base64.b64encode(raw).decode().rstrip("=")

    cost = f"m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}"
    return f"$argon2id$v=19${cost}${text(bytes(SALT_BYTES))}${text(bytes(HASH_BYTES))}"


@cache
def _common() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # 90,000 words, needed only when a password is chosen

    return frozenset(word.casefold() for word in FREQUENCY_LISTS["passwords"])


def _parts(word: str) -> set[str]:
    folded = normal(word).casefold()
    return {part for part in (folded, folded.replace(" ", ""), *folded.split()) if part}


def _repeats(text: str) -> bool:
    """Whether the text is one shorter text again and again: it then occurs inside its own double."""
    return text in (text + text)[1:-1]


def _guessable(text: str, words: frozenset[str], pieces: int) -> bool:
    """Whether the text is at most that many of these words in a row."""
    if text in words:
        return True
    if pieces == 1:
        return False
    return any(text[:cut] in words and _guessable(text[cut:], words, pieces - 1) for cut in range(1, len(text)))
