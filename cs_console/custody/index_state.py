"""Which generation of the look-up keys is in force, and how far the values have moved to it while they are renewed."""

import time
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.database import Database
from models.contact_fields import SEARCHABLE
from models.counter import Counter

ACCOUNT = "account"
SEARCH = "search"
MOVING = (*(field.value for field in SEARCHABLE), ACCOUNT)
"""What moves by parts to a new key."""
INDEXES = (*MOVING, SEARCH)
"""What is found by look-up keys that are renewed. Message-IDs are not: they cannot be guessed. The words of tickets do
not move: `tickets/search` makes those of a ticket again from its texts."""
PARTS = 4096
"""Into so many parts look-up tokens fall, by their first bits; a part moves as a whole, in one transaction."""
SETTLED = 2 * PARTS
"""Every part moved, and looked at once more for what was written meanwhile."""
FRESH_SECONDS = 0.4
"""How long a settled state is believed without asking. Nothing moves earlier than that after a renewal was begun."""

_GENERATION, _POSITION = "index generation", "index position"


@dataclass(frozen=True, slots=True)
class IndexState:
    """`generation` counts from 1. Parts below `position` have its tokens, the others those of the one before."""

    generation: int = 1
    position: int = SETTLED

    @property
    def settled(self) -> bool:
        return self.position >= SETTLED

    @property
    def in_use(self) -> frozenset[int]:
        """The generations whose keys are needed now."""
        return frozenset({self.generation} if self.settled else {self.generation, self.generation - 1})

    def has_moved(self, token_before: bytes) -> bool:
        """Whether the value with that token of the generation before has the new one now."""
        return part_of(token_before) < self.position


def part_of(token: bytes) -> int:
    """Which part a token falls into."""
    return int.from_bytes(token[:2]) >> 4


def first_of(part: int) -> bytes:
    """The smallest token of a part."""
    return (part << 4).to_bytes(2)


def key_name(index: str, generation: int) -> str:
    """The name of an index's key among the desk's own; the first generation's is from before there were several."""
    return f"index:{index}" if generation == 1 else f"index:{index}:{generation}"


def generation_of(name: str) -> tuple[str, int]:
    """The index and the generation that the name of a look-up key means."""
    _, index, *rest = name.split(":")
    return index, int(rest[0]) if rest and rest[0].isdecimal() else 1


def read_state(db: Session, *, locked: bool = False) -> IndexState:
    """The state as it is stored; with `locked` no one else moves anything until the transaction ends."""
    wanted = select(col(Counter.name), col(Counter.value)).where(col(Counter.name).in_((_GENERATION, _POSITION)))
    rows = db.connection().execute(wanted.order_by(col(Counter.name)).with_for_update() if locked else wanted)
    kept = {name: int(value) for name, value in rows}
    return IndexState(kept.get(_GENERATION, 1), kept.get(_POSITION, SETTLED))


def write_state(db: Session, state: IndexState) -> None:
    """Store the state, in the caller's transaction."""
    db.merge(Counter(name=_GENERATION, value=state.generation))
    db.merge(Counter(name=_POSITION, value=state.position))
    db.flush()


class IndexStateReader:
    """The state for look-ups: asked for each time while anything moves, else now and then."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known = IndexState(position=0)
        self._asked_at = 0.0

    def __call__(self) -> IndexState:
        """Raises StoreUnavailable."""
        known, now = self._known, time.monotonic()
        if known.settled and now - self._asked_at < FRESH_SECONDS:
            return known
        with self._database.reading() as db:
            self._known = read_state(db)
        self._asked_at = now
        return self._known
