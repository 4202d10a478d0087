"""The words of a filter line: nothing of it gets lost, and only white space between words separates them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.filter_line import ANYWHERE, AROUND_VALUE, Word, filter_words

LINES = st.lists(
    st.sampled_from(["kind:", "agent:", "-", "#", '"', " ", "\n", ":", "12", "mei", "A"]) | st.text(max_size=4)
).map("".join)
RULES = pytest.mark.parametrize("quotes", [ANYWHERE, AROUND_VALUE])


@RULES
@given(line=LINES)
def test_every_character_but_white_space_is_in_a_word(quotes: re.Pattern[str], line: str) -> None:
    words = [word.typed for word in filter_words(line, quotes)]
    assert "".join("".join(words).split()) == "".join(line.split())
    assert all(word == word.strip() and word for word in words)


@RULES
@given(line=LINES)
def test_the_parts_make_the_word(quotes: re.Pattern[str], line: str) -> None:
    for word in filter_words(line, quotes):
        key = "" if word.key is None else f"{word.key}:"
        assert f"{'-' * word.negated}{key}{word.value}" == word.bare
        assert word.bare in (word.typed, word.typed.replace('"', ""))


@RULES
@given(line=LINES.map(lambda line: line.replace('"', "")))
def test_without_quotation_marks_white_space_separates(quotes: re.Pattern[str], line: str) -> None:
    assert [word.bare for word in filter_words(line, quotes)] == line.split()


@given(LINES)
def test_the_log_reads_quotation_marks_as_one_pattern_says_it(line: str) -> None:
    pattern = r'[a-z]+:"[^"]*"(?=\s|$)|\S+'
    assert [word.typed for word in filter_words(line, AROUND_VALUE)] == re.findall(pattern, line)


@given(LINES.filter(lambda line: line.count('"') % 2 == 0))
def test_tickets_read_quotation_marks_as_one_pattern_says_it(line: str) -> None:
    assert [word.typed for word in filter_words(line, ANYWHERE)] == re.findall(r'(?:[^\s"]|"[^"]*")+', line)


@RULES
def test_the_parts_of_a_word(quotes: re.Pattern[str]) -> None:
    assert list(filter_words('-kind:appeal #7 agent:"mei li"', quotes)) == [
        Word("-kind:appeal", "-kind:appeal", True, "kind", "appeal"),
        Word("#7", "#7", False, None, "#7"),
        Word('agent:"mei li"', "agent:mei li", False, "agent", "mei li"),
    ]


def test_where_a_mark_quotes() -> None:
    typed = 'a"b c" agent:"mei li'
    assert [word.bare for word in filter_words(typed, ANYWHERE)] == ["ab c", "agent:mei", "li"]
    assert [word.bare for word in filter_words(typed, AROUND_VALUE)] == ['a"b', 'c"', 'agent:"mei', "li"]
