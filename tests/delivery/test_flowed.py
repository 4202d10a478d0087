"""format=flowed: what goes out wrapped comes back as it was written."""

from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cs_console.delivery.flowed import SEPARATOR, WIDTH, flowed, settled, unflowed
from cs_console.intake.mail import read_mail

PIECES = st.sampled_from(
    [" ", "   ", SEPARATOR, "--", ">", "> ", ">> ", "From ", "an order", "a" * 75, "b" * 200, "\n", "你好，", "-", "\t"]
)
TEXT = st.lists(PIECES, max_size=80).map("".join)


@settings(max_examples=400, deadline=None)
@given(TEXT)
@example(f"{SEPARATOR}{'c' * 90} end")
@example("> " + "a quoted line that is long " * 8 + "\n> ")
@example("From here\n>not a quotation\n  indented\n-- \nThe desk")
def test_what_is_wrapped_is_joined_again(text: str) -> None:
    assert unflowed(flowed(text)) == settled(text)


@settings(max_examples=150, deadline=None)
@given(TEXT)
def test_our_own_intake_reads_it_as_it_was_written(text: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = "a@example.org", "x", "<1@example.org>"
    mail.set_content(flowed(text), params={"format": "flowed"})
    assert read_mail(mail.as_bytes()).text.strip() == settled(text).strip()


@pytest.mark.parametrize("marks", ["", "> ", ">> "])
def test_a_line_is_as_wide_as_a_terminal_where_words_allow_it(marks: str) -> None:
    lines = flowed(marks + "some words of a letter " * 30).split("\n")
    assert len(lines) > 5
    assert all(len(line) <= WIDTH + 1 for line in lines)
    assert all(line.startswith(marks.strip()) for line in lines)
    assert all(line.endswith(" ") for line in lines[:-1])


def test_a_word_is_never_broken() -> None:
    link = "https://example.org/" + "x" * 200
    assert any(link in line for line in flowed(f"Please see {link} for this").split("\n"))


def test_the_line_above_a_signature_stays_one() -> None:
    assert flowed("Yours\n\n-- \nThe desk").split("\n") == ["Yours", "", "-- ", "The desk"]
