"""Opening what is safe to show without a record: masks, redacted text, an agent's own drafts and typed words.

These columns are sealed too, but hold nothing that a mask or a redaction has not already hidden. Everything
else goes through disclosure.py.
"""

from cs_console.custody.opening import open_text
from cs_console.custody.sealing import Place
from cs_console.errors import SealBroken
from models.sealed import Safe, Sealed, Typed, columns_of


def _places(kind: type[Sealed]) -> frozenset[tuple[str, str]]:
    return frozenset((str(table.__tablename__), name) for table, names in columns_of(kind).items() for name in names)


SAFE_COLUMNS = _places(Safe)
TYPED_COLUMNS = _places(Typed)
"""What people who work here wrote down about a ticket, and the letters: redacted with what was known at that time."""


def open_safe(key: bytes, place: Place, sealed: bytes) -> str:
    """The text of a safe column. Raises SealBroken for any other column, whatever the key."""
    if (place.table, place.column) not in SAFE_COLUMNS:
        raise SealBroken
    return open_text(key, place, sealed)


def open_typed(key: bytes, place: Place, sealed: bytes) -> str:
    """What a typed column holds as it was stored, for rules and for sending a letter again.

    A person reads it through `typed_words`, which hides what came on file since. Raises SealBroken for another column.
    """
    if (place.table, place.column) not in TYPED_COLUMNS:
        raise SealBroken
    return open_text(key, place, sealed)
