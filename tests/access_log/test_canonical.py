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
    words, words, some.none() | numbers, words,
)  # fmt: skip
anything = some.none() | numbers | words | some.floats() | some.binary(max_size=4)


def test_bytes_are_canonical_json() -> None:
    """RFC 8785: no spaces, shortest escapes, control characters as lower-case \\u00xx, everything else as UTF-8."""
    row = (1, 2, 'a"\\\b\f\n\r\t\x01\x1f\x7f/é€😀', None)
    assert canonical(row) == '[1,1,2,"a\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/é€😀",null]'.encode()


@given(entries)
def test_the_fast_form_is_the_canonical_one(row: tuple[Any, ...]) -> None:
    assert entry_bytes((*row, b"the tag is not part of it")) == canonical(row)


@given(some.tuples(*[anything] * 15))
def test_no_two_rows_share_their_bytes(row: tuple[Any, ...]) -> None:
    try:
        data = entry_bytes(row)
    except (TypeError, ValueError):
        return
    assert json.loads(data) == [1, *row]
    assert [type(value) for value in json.loads(data)[1:]] == [type(value) for value in row]


@pytest.mark.parametrize("value", [1.5, float("inf"), b"x", "\ud800"])
def test_what_no_column_holds_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        entry_bytes((1, 2, *["x"] * 5, value, None, *["x"] * 4, 3, "x"))
    with pytest.raises((TypeError, ValueError)):
        entry_bytes((1, 2, value, *["x"] * 4, 3, None, *["x"] * 4, 3, "x"))
