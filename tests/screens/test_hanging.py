"""Hanging indents and columns: what wraps continues under its own text."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content

from screens.widgets.hanging import Line, Row, hung


def lines(part: Line | Row, width: int) -> list[str]:
    return [line.plain.rstrip() for line in part.at(width)]


def test_what_follows_a_bullet_hangs_under_the_words_after_it() -> None:
    [bullet, number, plain] = hung("- With us: answer this message\n12. It says so in full\nNo marker and no indent")
    assert lines(bullet, 16) == ["- With us:", "  answer this", "  message"]
    assert lines(number, 14) == ["12. It says so", "    in full"]
    assert lines(plain, 14) == ["No marker and", "no indent"]


def test_columns_wrap_within_themselves_and_go_under_each_other_where_there_is_no_room() -> None:
    row = Row((Content("Postal address"), Content("F•••, 8•••"), Content("no purpose fits an appeal")), (10, 12))
    assert lines(row, 44) == ["Postal      F•••, 8•••    no purpose fits an", "address                   appeal"]
    assert lines(row, 30) == ["Postal address", "  F•••, 8•••", "  no purpose fits an appeal"]


def test_another_column_can_take_the_rest() -> None:
    row = Row((Content("✓ Trade secrets of others"), Content("covers a part")), (13,), stretch=0, hang=2)
    assert lines(row, 35) == ["✓ Trade secrets of    covers a part", "  others"]


@given(st.text(alphabet="ab -•1.優界é\u0301👩 ", max_size=60), st.integers(4, 40))
def test_no_line_is_wider_than_its_place_and_no_word_is_lost(text: str, width: int) -> None:
    for line in hung(text):
        drawn = list(line.at(width))
        if line.hang < width - 1:
            assert all(cell_len(one.plain) <= width for one in drawn)
        assert "".join(one.plain for one in drawn).replace(" ", "") == line.words.plain.replace(" ", "")
