"""What a refresh found that is not shown yet: rows do not move by themselves, so it waits until it is brought in."""

from collections.abc import Set
from dataclasses import dataclass

from cs_console.tickets.queue import QueueRow


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The rows as they may be shown now, those of them that are `gone` from the view, and what waits."""

    rows: tuple[QueueRow, ...]
    gone: Set[int] = frozenset()
    new: int = 0
    answered: int = 0
    moved: bool = False

    @property
    def waiting(self) -> bool:
        """Whether the list would look different if it were read again."""
        return bool(self.new or self.gone or self.moved)

    @property
    def words(self) -> str:
        """What waits, in a few words: "2 new tickets, 1 answer"."""
        found = [_counted(self.new, "new ticket"), _counted(self.answered, "answer")]
        return ", ".join(one for one in found if one) or "the list has changed"


def held_back(shown: tuple[QueueRow, ...], fresh: tuple[QueueRow, ...]) -> Arrivals:
    """Each shown row where it is, as it is now; new rows and other places wait.

    A row that is not in the fresh ones any more is gone, unless it may only have been pushed off their end.
    """
    now = {row.number: row for row in fresh}
    before = {row.number: row for row in shown}
    last = max((at for at, row in enumerate(shown) if row.number in now), default=-1)
    gone = frozenset(row.number for row in shown[: last + 1] if row.number not in now)
    if not fresh:
        gone = frozenset(before)
    kept = [row.number for row in shown if row.number in now]
    return Arrivals(
        tuple(now.get(row.number, row) for row in shown),
        gone,
        new=sum(row.number not in before for row in fresh),
        answered=sum(_has_answered(before.get(row.number), row) for row in fresh),
        moved=kept != [row.number for row in fresh if row.number in before],
    )


def _has_answered(before: QueueRow | None, now: QueueRow) -> bool:
    return before is not None and before.answered_at is None and now.answered_at is not None


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}" if number else ""
