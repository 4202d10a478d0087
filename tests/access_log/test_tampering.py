"""Whatever is done to the stored entries, the smallest number that is not as it was recorded is named."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from cs_console.access_log.canonical import COLUMNS
from cs_console.access_log.verify import verify_log
from tests.access_log.tampering import fill_and_sign
from tests.support.desk import TestDesk

SIZE = 23

numbers = some.integers(1, SIZE + 3)
values = some.one_of(
    some.none(),
    some.integers(-(2**63), 2**63 - 1),
    some.floats(),
    some.text(some.characters(exclude_categories=["Cs"])),
    some.binary(),
)
edits = some.tuples(some.just("edit"), numbers, some.sampled_from(COLUMNS), values)
flips = some.tuples(some.just("flip"), numbers, some.sampled_from(COLUMNS), some.integers(0, 500))
deletions = some.tuples(some.just("delete"), numbers)
cuts = some.tuples(some.just("cut"), numbers)
copies = some.tuples(some.just("copy"), numbers, some.integers(-3, SIZE + 9))
swaps = some.tuples(some.just("swap"), numbers, numbers)
shifts = some.tuples(some.just("shift"), numbers, some.sampled_from([-1, 1, 2]))
tamperings = some.lists(some.one_of(edits, flips, deletions, cuts, copies, swaps, shifts), max_size=4)


def tamper(store: sqlite3.Connection, act: tuple[Any, ...]) -> None:
    match act:
        case "edit", number, column, value:
            store.execute(f"UPDATE OR IGNORE log_entry SET {column} = ? WHERE seq = ?", (value, number))
        case "flip", number, column, bit:
            row = store.execute(f"SELECT CAST({column} AS BLOB) FROM log_entry WHERE seq = ?", (number,)).fetchone()
            if row is None or not row[0]:
                return
            data = bytearray(row[0])
            data[bit // 8 % len(data)] ^= 1 << bit % 8
            kind = "BLOB" if column == "tag" else "TEXT"
            store.execute(
                f"UPDATE OR IGNORE log_entry SET {column} = CAST(? AS {kind}) WHERE seq = ?", (bytes(data), number)
            )
        case "delete", number:
            store.execute("DELETE FROM log_entry WHERE seq = ?", (number,))
        case "cut", number:
            store.execute("DELETE FROM log_entry WHERE seq >= ?", (number,))
        case "copy", number, new:
            rest = ", ".join(COLUMNS[1:])
            store.execute(
                f"INSERT OR REPLACE INTO log_entry (seq, {rest}) SELECT ?, {rest} FROM log_entry WHERE seq = ?",
                (new, number),
            )
        case "swap", one, other:
            for old, new in ((one, 1000), (other, one), (1000, other)):
                store.execute("UPDATE OR IGNORE log_entry SET seq = ? WHERE seq = ?", (new, old))
        case "shift", first, by:
            order = "DESC" if by > 0 else "ASC"
            rows = store.execute(f"SELECT seq FROM log_entry WHERE seq >= ? ORDER BY seq {order}", (first,)).fetchall()
            for (seq,) in rows:
                store.execute("UPDATE OR IGNORE log_entry SET seq = ? WHERE seq = ?", (seq + by, seq))


def everything(store: sqlite3.Connection) -> dict[int, tuple[object, ...]]:
    """Every stored entry by its number, text told apart from bytes."""
    store.text_factory = lambda data: ("text", data)
    return {row[0]: row for row in store.execute(f"SELECT {', '.join(COLUMNS)} FROM log_entry")}


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A desk with a signed log, and its file as it was."""
    from tests.support.desk import make_desk

    made = make_desk(tmp_path_factory.mktemp("tampering") / "home")
    fill_and_sign(made, 9, SIZE - 9)
    made.desk.database.close()
    file = made.desk.database.file
    assert file is not None
    yield made, file, file.read_bytes()
    made.desk.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=tamperings)
@example(acts=[])
@example(acts=[("shift", 5, 1), ("copy", 2, 5)])
@example(acts=[("delete", 5), ("shift", 6, -1)])
@example(acts=[("copy", SIZE, SIZE + 1), ("edit", SIZE + 1, "actor", "eve")])
@pytest.mark.core
def test_the_first_entry_that_is_not_as_recorded_is_named(
    signed: tuple[TestDesk, Path, bytes], acts: list[tuple[Any, ...]]
) -> None:
    made, file, before = signed
    made.desk.database.close()
    file.write_bytes(before)
    store = sqlite3.connect(file)
    for (trigger,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        store.execute(f"DROP TRIGGER {trigger}")
    recorded = everything(store)
    store.text_factory = str
    for act in acts:
        try:
            tamper(store, act)
        except sqlite3.IntegrityError:
            continue  # the schema itself refuses this one
    store.commit()
    found = everything(store)
    store.close()
    differ = [
        number for number in recorded.keys() | found.keys() if repr(recorded.get(number)) != repr(found.get(number))
    ]

    verdict = verify_log(made.desk)
    assert verdict.ok == (not differ)
    assert verdict.first_bad == min(differ, default=None)
