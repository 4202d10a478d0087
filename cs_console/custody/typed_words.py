"""What was typed about a ticket beside its conversation, as a person may read it: what is on file by now is hidden.

It was redacted when it was written. The stored words stay as they are, because people approved them and letters went
out with them; so what came on file since is hidden whenever they are shown.
"""

from dataclasses import dataclass, field

from sqlmodel import Session

from cs_console.custody.contacts import known_values
from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.redaction import redact_known
from cs_console.custody.safe_views import open_typed
from cs_console.custody.ticket_keys import TicketKeys
from cs_console.desk import Desk


@dataclass(frozen=True, slots=True)
class TypedWords:
    """The typed words of one ticket, for reading."""

    keys: TicketKeys
    known: KnownTerms = field(repr=False)

    def open(self, table: str, column: str, row: str, sealed: bytes) -> str:
        """The words of a column that holds nothing else. Raises SealBroken."""
        return self.shown(open_typed(self.keys.key, self.keys.place(table, column, row), sealed))

    def shown(self, stored: str) -> str:
        """Stored words of this ticket, where they are a part of what a column holds."""
        return redact_known(stored, self.known)


def typed_words(db: Session, desk: Desk, keys: TicketKeys) -> TypedWords:
    """What opens a ticket's typed words with what its requester has on file now. Raises SealBroken."""
    return TypedWords(keys, known_values(db, desk, keys.requester_id, keys.requester_key, keys))
