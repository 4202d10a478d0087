"""Where each key of a TOML file stands."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.policy.loader import SHIPPED
from cs_console.policy.toml_lines import Place, toml_lines

TRICKY = '''# a comment with [brackets] = "and quotes"
title = "x"
a.b = { c = [1, 2], "d e" = 'f' }

[table]
multi = """
[not.a.table]
key = "no"
"""
list = [
    "one",  # first
    { deep = [true, false] },
]

[[rows]]
name = "first"
[rows.inner]
x = 1
[[rows]]
name = 'second'
[[rows.sub]]
y = 2024-01-01T00:00:00Z
'''


def places(values: object, at: Place = ()) -> list[Place]:
    """Every place in a parsed TOML document."""
    if isinstance(values, dict):
        below = [place for key, value in values.items() for place in places(value, (*at, key))]
    elif isinstance(values, list):
        below = [place for number, value in enumerate(values) for place in places(value, (*at, number))]
    else:
        below = []
    return [*([at] if at else []), *below]


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("title",), 2),
        (("a", "b", "c", 1), 3),
        (("a", "b", "d e"), 3),
        (("table", "multi"), 6),
        (("table", "list", 1, "deep", 0), 12),
        (("rows", 0), 15),
        (("rows", 0, "inner", "x"), 18),
        (("rows", 1, "name"), 20),
        (("rows", 1, "sub", 0, "y"), 22),
    ],
)
def test_a_key_is_found_on_its_own_line(place: Place, line: int) -> None:
    assert toml_lines(TRICKY)[place] == line


def test_every_place_of_the_shipped_packs_has_a_line() -> None:
    for file in SHIPPED.glob("*.toml"):
        text = file.read_text("utf-8")
        lines = toml_lines(text)
        assert set(places(tomllib.loads(text))) <= set(lines)
        for place, line in lines.items():
            if isinstance(place[-1], str):
                assert place[-1] in text.splitlines()[line - 1]


VALUES = st.sampled_from(
    ["1", '"a # b"', "'[x]'", "[1, [2, 3]]", "{ k = 1, l = [2] }", '"""\n[z]\n"""', "'''a\nb'''", '"\\" ] }"', "1.5"]
)


@given(st.lists(st.tuples(st.sampled_from("abc"), VALUES, st.booleans()), max_size=8, unique_by=lambda row: row[0]))
def test_any_mixture_of_values_is_followed(rows: list[tuple[str, str, bool]]) -> None:
    text = "".join(f"{'# note' * comment}\n{key} = {value}  # end\n" for key, value, comment in rows)
    lines = toml_lines(text)
    assert set(places(tomllib.loads(text))) <= set(lines)
    for key, _, _ in rows:
        assert text.splitlines()[lines[(key,)] - 1].startswith(f"{key} =")
