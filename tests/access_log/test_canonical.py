"""There is one way to write an entry down."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cs_console.access_log.canonical import canonical, entry_bytes

words = some.text(some.characters(exclude_categories=["Cs"]), max_size=12)
numbers = some.integers(-(2**63), 2**63 - 1)
entries = some.tuples(
    numbers, numbers, words, words, words, words, words, some.none() | numbers, some.none() | words, words, words,
    words, words, some.none() | numbers, words, some.none() | words,
    some.none() | some.text("0123456789abcdef", min_size=64, max_size=64),
)  # fmt: skip
anything = some.none() | numbers | words | some.floats() | some.binary(max_size=4)


def test_bytes_are_canonical_json() -> None:
    """RFC 8785: no spaces, shortest escapes, control characters as lower-case \\u00xx, everything else as UTF-8."""
    row = (1, 2, 'a"\\\b\f\n\r\t\x01\x1f\x7f/é€😀', None, None, None)
    assert canonical(row) == '[1,1,2,"a\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/é€😀",null]'.encode()


@given(entries)
def test_the_fast_form_is_the_canonical_one(row: tuple[Any, ...]) -> None:
    assert entry_bytes((*row, b"the tag is not part of it")) == canonical(row)


def test_an_entry_that_vouches_for_nothing_has_the_bytes_of_older_desks() -> None:
    old = (1, 2, "mei", "agent", "s", "h", "field.revealed", 7, "ab", "mobile", "reply", "", "done", None, "")
    assert entry_bytes((*old, None, None)) == json.dumps([1, *old], separators=(",", ":")).encode()
    assert entry_bytes((*old, "{}", None)) == json.dumps([2, *old, "{}"], separators=(",", ":")).encode()


@given(some.tuples(*[anything] * 16))
def test_no_two_rows_without_a_salt_share_their_bytes(row: tuple[Any, ...]) -> None:
    try:
        data = entry_bytes((*row, None))
    except (TypeError, ValueError):
        return
    written = row if row[-1] is not None else row[:-1]
    assert json.loads(data) == [1 if row[-1] is None else 2, *written]
    assert [type(value) for value in json.loads(data)[1:]] == [type(value) for value in written]


@pytest.mark.parametrize("value", [1.5, float("inf"), b"x", "\ud800"])
def test_what_no_column_holds_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        entry_bytes((1, 2, *["x"] * 5, value, None, *["x"] * 4, 3, "x", None, None))
    with pytest.raises((TypeError, ValueError)):
        entry_bytes((1, 2, value, *["x"] * 4, 3, None, *["x"] * 4, 3, "x", None, None))
    with pytest.raises((TypeError, ValueError)):
        entry_bytes((1, 2, *["x"] * 5, 3, None, *["x"] * 4, 3, "x", None, value))


@given(entries, entries)
def test_no_two_rows_share_their_bytes(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert (entry_bytes(one) == entry_bytes(other)) == (one == other)


@pytest.mark.parametrize("salt", ["", "0" * 63, "0" * 65])
def test_a_salt_of_another_length_is_refused(salt: str) -> None:
    """Else a part of a longer salt could be read as what is committed to."""
    with pytest.raises(ValueError, match="salt"):
        entry_bytes((1, 2, *["x"] * 5, 3, None, *["x"] * 4, 3, "x", None, salt))
