"""The one door for outside text (SECURITY.md; ASVS 1.2.4, 1.3.3)."""

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.plain_text import one_line, plain

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
NASTY = st.text(
    st.sampled_from("a\x00\x07\x1b\x7f\x85\x9b\r\n\t\u200b\u200f\u202a\u202e\u2028\u2066\ufeff\U000e0041\ud800")
)

JOINED = st.text(
    st.sampled_from(
        "a1 \u00a0\u0645\u06cc\u0915\u094d\u0937\u1784\u200b\u200c\u200d\u00ad\ufeff\u034f"
        "\ufe0f❤👩💻\U0001f3f4\U000e0067\U000e007f"
    )
)
NEEDS_JOINERS = re.compile("[\u00a9\u00ae\u0600-\u1fff\u203c-\u3299\ua800-\uabff\ufb50-\ufefc\U00010000-\U0010ffff]")


@given(ANY_TEXT | NASTY)
def test_nothing_that_a_terminal_obeys_or_that_cannot_be_seen_survives(text: str) -> None:
    for char in plain(text):
        category = unicodedata.category(char)
        assert category not in {"Cc", "Cs"} or char in "\n\t"
        assert not 0x200B <= ord(char) <= 0x200F or (char in "\u200c\u200d" and NEEDS_JOINERS.search(text))
        assert not 0x202A <= ord(char) <= 0x202E
        assert not 0x2060 <= ord(char) <= 0x2069
        assert not 0xE0000 <= ord(char) <= 0xE007F or "\U0001f3f4" in text
        assert char != "\ufeff"


@given(ANY_TEXT | NASTY | JOINED)
def test_passing_the_door_twice_changes_nothing_more(text: str) -> None:
    once = plain(text)
    assert plain(once) == once
    once.encode("utf-8")


@given(ANY_TEXT | NASTY | JOINED)
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
        ("\ufeffbom and soft\u00adhyphen", "bom and softhyphen"),
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


@pytest.mark.parametrize(
    "text",
    [
        "می\u200cخواهم داده\u200cهایم را حذف کنید",
        "نمی\u200cخواهم نامه\u200cای بگیرم",
        "ه\u200d.ق",
        "क्\u200dष और क्\u200cष",
        "ശരിയാണ് എന്\u200d",
        "ක්\u200dෂේත්\u200dරය",
        "র\u200d্যাব",
        "ខ្ញុំ",
        "👩\u200d💻 and 👨\u200d👩\u200d👧\u200d👦",
        "❤️\u200d🔥 🏳️\u200d🌈 👩🏽\u200d🔬 🧑\u200d🤝\u200d🧑",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "葛\U000e0100飾区",
        "1️⃣ ☎️",
    ],
)
def test_scripts_and_emoji_keep_what_they_need(text: str) -> None:
    assert plain(text) == text
    assert one_line(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pass\u200cword", "pass⟨200C⟩word"),
        ("pay\u200dpal", "pay⟨200D⟩pal"),
        ("138\u200c0013", "138⟨200C⟩0013"),
        ("سلام\u200c", "سلام⟨200C⟩"),
        ("a\u200d👩", "a⟨200D⟩👩"),
        ("👩\u200d", "👩⟨200D⟩"),
        ("🏴\U000e0068\U000e0069\U000e007f", "🏴⟨E0068⟩⟨E0069⟩⟨E007F⟩"),
        ("a\U000e0100", "a⟨E0100⟩"),
        ("ภาษา\u200bไทย", "ภาษาไทย"),
        ("Donau\u00addampf\u00adschiff", "Donaudampfschiff"),
        ("Our offers \u200c \u200c \u200c \u200c end", "Our offers end"),
        ("Preview\u034f\u00a0\u200c\u00a0\u034f \u00ad\u034f words", "Preview words"),
        ("a\u200b\u200b\u200b\u200bb", "ab"),
        ("\ufeff\ufeffone\ufefftwo", "onetwo"),
        ("l\u200fr", "l⟨200F⟩r"),
    ],
)
def test_elsewhere_they_are_shown_or_where_they_are_padding_go(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_padding_costs_linear_time() -> None:
    began = time.thread_time()
    plain(" \u200c" * 300_000 + "x")
    plain(" " * 300_000 + "\u200c")
    plain("\u200c " * 2 + "a" * 500_000)
    plain("\U0001f3f4" + "\U000e0067" * 200_000)
    assert time.thread_time() - began < 5
