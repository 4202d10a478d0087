"""The rows of the access log's list: days, entries, and routine work of one person folded into one row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from cs_console.access_log.review import EntryView
from cs_console.access_log.sentences import ROUTINE
from models.enums import Result

FOLDED_FROM = 3
"""From so many on, one person's routine work without anything else between is one row."""


@dataclass(frozen=True, slots=True)
class Day:
    """The heading of a local day."""

    on: date


@dataclass(frozen=True, slots=True)
class Single:
    """One entry; `inside` a fold that is open or not."""

    entry: EntryView
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Fold:
    """Several entries of one person, newest first."""

    entries: tuple[EntryView, ...]
    is_open: bool

    @property
    def key(self) -> int:
        """Names it for as long as its newest entry is the same; older pages only make it longer."""
        return self.entries[0].seq


Row = Day | Single | Fold


def rows_of(entries: Sequence[EntryView], unfolded: frozenset[int]) -> list[Row]:
    """The rows of these entries, newest first. `unfolded`: the keys of the folds that are open."""
    rows: list[Row] = []
    for day, of_day in groupby(entries, _day):
        rows.append(Day(day))
        for routine, stretch in groupby(of_day, _is_routine):
            together = tuple(stretch)
            rows += _folded(together, unfolded) if routine else map(Single, together)
    return rows


def _folded(stretch: tuple[EntryView, ...], unfolded: frozenset[int]) -> Iterator[Row]:
    by_actor: dict[str, list[EntryView]] = {}
    for entry in stretch:
        by_actor.setdefault(entry.actor, []).append(entry)
    for entry in stretch:
        theirs = by_actor[entry.actor]
        if len(theirs) < FOLDED_FROM:
            yield Single(entry)
        elif entry is theirs[0]:
            fold = Fold(tuple(theirs), entry.seq in unfolded)
            yield fold
            if fold.is_open:
                yield from (Single(one, inside=True) for one in theirs)


def _is_routine(entry: EntryView) -> bool:
    return entry.outcome == Result.DONE and entry.action in ROUTINE


def _day(entry: EntryView) -> date:
    return entry.at.astimezone().date()
