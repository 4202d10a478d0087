"""The rows of the access log: days by the local clock, folds of one person's routine work, nothing lost in them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from cs_console.access_log.action_words import VIEWS
from cs_console.access_log.review import EntryView
from cs_console.access_log.sentences import ROUTINE
from models.enums import Action, Result
from screens.access_log.rows import FOLDED_FROM, Day, Fold, Single, rows_of

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ENTRY = EntryView(0, NOON, "mei", "", "", "", "", None, None, "", "", "", Result.DONE.value, None, "", None)


def log(*acts: tuple[str, Action], **changed: object) -> list[EntryView]:
    """Entries, newest first, a minute apart."""
    size = len(acts)
    return [
        replace(ENTRY, seq=size - at, at=NOON - timedelta(minutes=at), actor=actor, action=action.value, **changed)  # type: ignore[arg-type]
        for at, (actor, action) in enumerate(acts)
    ]


OPENED, VIEW = Action.TICKET_OPENED, Action.FIELD_REVEALED


def test_one_persons_routine_work_is_one_row_though_others_work_between() -> None:
    entries = log(("mei", OPENED), ("ben", OPENED), ("mei", OPENED), ("mei", Action.NOTE_ADDED))
    day, fold, of_ben = rows_of(entries, frozenset())
    assert isinstance(day, Day) and isinstance(fold, Fold) and isinstance(of_ben, Single)
    assert [entry.seq for entry in fold.entries] == [4, 2, 1]
    assert of_ben.entry.seq == 3


def test_a_view_parts_what_is_before_it_from_what_is_after() -> None:
    entries = log(("mei", OPENED), ("mei", OPENED), ("ben", VIEW), ("mei", OPENED), ("mei", OPENED))
    assert [type(row) for row in rows_of(entries, frozenset())] == [Day, *[Single] * 5]


def test_an_open_fold_is_followed_by_its_entries() -> None:
    entries = log(("mei", OPENED), ("mei", OPENED), ("mei", OPENED))
    _day, fold, *inside = rows_of(entries, frozenset({3}))
    assert isinstance(fold, Fold) and fold.is_open
    assert inside == [Single(entry, inside=True) for entry in entries]


def test_refused_routine_work_is_never_folded() -> None:
    entries = log(*[("mei", OPENED)] * 4, outcome="refused")
    assert [type(row) for row in rows_of(entries, frozenset())] == [Day, *[Single] * 4]


ACTS = some.lists(
    some.tuples(
        some.sampled_from(("mei", "ben")), some.sampled_from((OPENED, Action.NOTE_ADDED, VIEW, Action.VERIFIED))
    ),
    max_size=40,
)


@given(ACTS, some.integers(1, 600))
def test_every_entry_is_in_one_row_and_only_routine_work_of_one_person_in_a_fold(
    acts: list[tuple[str, Action]], apart: int
) -> None:
    entries = [replace(one, at=NOON - timedelta(minutes=apart * at)) for at, one in enumerate(log(*acts))]
    rows = rows_of(entries, frozenset())
    folds = [row for row in rows if isinstance(row, Fold)]
    alone = [row.entry.seq for row in rows if isinstance(row, Single)]
    assert sorted([*alone, *(one.seq for fold in folds for one in fold.entries)]) == sorted(one.seq for one in entries)
    assert [row.on for row in rows if isinstance(row, Day)] == sorted(
        {one.at.astimezone().date() for one in entries}, reverse=True
    )
    for fold in folds:
        assert len(fold.entries) >= FOLDED_FROM
        assert len({(one.actor, one.at.astimezone().date()) for one in fold.entries}) == 1
        assert {one.action for one in fold.entries} <= {action.value for action in ROUTINE - {*VIEWS}}
