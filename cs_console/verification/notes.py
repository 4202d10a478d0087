"""What a verifier writes down of what was seen: bounded, plain, and redacted before it is sealed."""

from sqlmodel import Session

from cs_console.custody.contacts import known_values
from cs_console.custody.redaction import redact
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.desk import Desk
from cs_console.errors import BadInput
from cs_console.plain_text import plain
from cs_console.verification.cases import Case

LONGEST_NOTE = 4000


def note_words(note: str) -> str:
    """The note as plain text. Raises BadInput where it is too long."""
    words = plain(note).strip()
    if len(words) > LONGEST_NOTE:
        raise BadInput(f"The note is longer than {LONGEST_NOTE} characters.", "Shorten it.")
    return words


def redacted_note(db: Session, desk: Desk, case: Case, words: str) -> str:
    """The words with personal data in them replaced: what was seen is kept, never a copy of it."""
    keys = ticket_keys(db, desk, case.number)
    known = known_values(db, desk, keys.requester_id, keys.requester_key, keys)
    return redact(words, case.pack.meta.regions, known)
