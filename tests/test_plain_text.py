"""The one door for outside text (SECURITY.md; ASVS 1.2.4, 1.3.3)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.plain_text import one_line, plain

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
NASTY = st.text(
    st.sampled_from("a\x00\x07\x1b\x7f\x85\x9b\r\n\t\u200b\u200f\u202a\u202e\u2028\u2066\ufeff\U000e0041\ud800")
)


@given(ANY_TEXT | NASTY)
def test_nothing_that_a_terminal_obeys_or_that_cannot_be_seen_survives(text: str) -> None:
    for char in plain(text):
        category = unicodedata.category(char)
        assert category not in {"Cc", "Cs"} or char in "\n\t"
        assert not 0x200B <= ord(char) <= 0x200F
        assert not 0x202A <= ord(char) <= 0x202E
        assert not 0x2060 <= ord(char) <= 0x2069
        assert not 0xE0000 <= ord(char) <= 0xE007F
        assert char != "\ufeff"


@given(ANY_TEXT | NASTY)
def test_passing_the_door_twice_changes_nothing_more(text: str) -> None:
    once = plain(text)
    assert plain(once) == once
    once.encode("utf-8")


@given(ANY_TEXT | NASTY)
def test_the_visible_letters_all_stay(text: str) -> None:
    letters = [char for char in text if unicodedata.category(char)[0] in "LN" and plain(char) == char]
    kept = plain(text)
    at = 0
    for char in letters:
        at = kept.index(char, at) + 1


@given(ANY_TEXT | NASTY, st.integers(2, 60))
def test_one_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert line == "".join(line.splitlines())
    assert line == line.strip()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "␛[2J"),
        ("a\r\nb\rc\n", "a\nb␍c\n"),
        ("\x00\x7f\x85\x9b", "␀␡⟨85⟩⟨9B⟩"),
        ("evil\u202eexe.txt", "evil⟨202E⟩exe.txt"),
        ("ze\u200bro", "ze⟨200B⟩ro"),
        ("\ufeffbom", "⟨FEFF⟩bom"),
        ("tag\U000e0041", "tag⟨E0041⟩"),
        ("half\ud83d", "half�"),
        ("tab\tstays", "tab\tstays"),
        ("你好 Grüße 🙂", "你好 Grüße 🙂"),
        ("one\u2028two", "one\ntwo"),
    ],
)
def test_what_is_shown_instead(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_cut_line_says_that_it_was_cut() -> None:
    assert one_line("one  two\n\tthree", 200) == "one two three"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"
