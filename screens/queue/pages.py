"""The part of a long list that is on screen: a few pages, however many tickets there are."""

from collections.abc import Callable
from dataclasses import dataclass, field

from cs_console.tickets.queue import Cursor, QueuePage, QueueRow

PAGES_KEPT = 4
"""How many pages of 100 rows are kept: a DataTable becomes slow beyond 1,000 rows."""

Fetch = Callable[[Cursor | None], QueuePage]
"""Reads the page behind a cursor."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Some consecutive pages. `starts` are the cursors of all pages seen from the top, `first` is the index of the
    first page kept.
    """

    kept: tuple[QueuePage, ...] = ()
    starts: tuple[Cursor | None, ...] = (None,)
    first: int = 0
    rows: tuple[QueueRow, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", tuple(row for page in self.kept for row in page.rows))

    @property
    def has_more_below(self) -> bool:
        """Whether there is a page after the last one kept."""
        return bool(self.kept) and self.kept[-1].next is not None

    @property
    def has_more_above(self) -> bool:
        """Whether earlier pages were dropped."""
        return self.first > 0

    def from_top(self, fetch: Fetch) -> "Pages":
        """Only the first page, loaded again."""
        return Pages((fetch(None),))

    def grown_down(self, fetch: Fetch) -> "Pages":
        """Add the next page; drop the first one kept when there are too many."""
        if not self.has_more_below:
            return self
        start = self.kept[-1].next
        kept = (*self.kept, fetch(start))
        starts = (*self.starts[: self.first + len(self.kept)], start)
        gone = max(len(kept) - PAGES_KEPT, 0)
        return Pages(kept[gone:], starts, self.first + gone)

    def grown_up(self, fetch: Fetch) -> "Pages":
        """Add the page above; drop the last one kept when there are too many."""
        if not self.has_more_above:
            return self
        kept = (fetch(self.starts[self.first - 1]), *self.kept)[:PAGES_KEPT]
        return Pages(kept, self.starts, self.first - 1)

    def read_again(self, fetch: Fetch) -> "Pages":
        """The same range as it is now, with what came, went or changed since."""
        kept: list[QueuePage] = []
        starts = list(self.starts[: self.first + 1])
        for _ in range(max(len(self.kept), 1)):
            kept.append(fetch(starts[-1]))
            following = kept[-1].next
            if following is None:
                break
            starts.append(following)
        return Pages(tuple(kept), tuple(starts[: self.first + len(kept)]), self.first)
