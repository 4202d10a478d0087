"""A filter in words, and the words that complete it as it is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.errors import BadFilter
from cs_console.tickets.filter_completion import completed
from cs_console.tickets.filter_sentence import sentence
from cs_console.tickets.filters import parse


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "All tickets."),
        ("kind:appeal,report assignee:me due:<3d", "Appeals or reports, with you, due within 3 days, or late."),
        ("-kind:appeal", "Tickets, not appeals."),
        ("state:to-verify,waiting", "Tickets, to verify or waiting."),
        ("assignee:none,sam -priority:low", "Tickets, unassigned or with sam, not priority low."),
        ("verified:no unread:yes answered:yes", "Tickets, never verified, unread, requester answered."),
        ("-unread:yes snoozed:no", "Tickets, read, not snoozed."),
        ("due:late", "Tickets, late."),
        ("due:>2w -due:none", "Tickets, with a due date, due in more than 14 days."),
        ("received:>2026-01-01", "Tickets, received from 2 Jan 2026 on."),
        ("received:<=2026-01-31", "Tickets, received up to 31 Jan 2026."),
        ("updated:2026-01-31", "Tickets, updated on 31 Jan 2026."),
        ("older:12h", "Tickets, received more than 12 hours ago."),
        (
            "newer:1d tag:press lang:zh channel:call",
            "Tickets, tagged press, in zh, by call, received in the last 1 day.",
        ),
        ("#10482", "Tickets, #10482."),
    ],
)
def test_a_sentence_says_what_a_filter_finds(typed: str, said: str) -> None:
    assert sentence(parse(typed)) == said


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("k", "kind:"),
        ("kind:", "kind:inquiry"),
        ("kind:ap", "kind:appeal"),
        ("kind:appeal,re", "kind:appeal,report"),
        ("kind:appeal,a", None),
        ("due:<3d -assi", "due:<3d -assignee:"),
        ("assignee:m", "assignee:me"),
        ("assignee:sa", "assignee:sam"),
        ("tag:pr", "tag:press"),
        ("state:to", "state:to-verify"),
        ("unread:", "unread:yes"),
        ("kind:appeal", None),
        ("kind:appeal ", None),
        ("colour:r", None),
        ("", None),
    ],
)
def test_the_last_word_is_completed(typed: str, whole: str | None) -> None:
    assert completed(typed, ("mei", "sam"), ("partner", "press")) == whole


PIECES = st.sampled_from(("kind:", "state:", "due:", "<3d", ",", "-", "ap", "me", "tag:", "un", ":", " ", "\x1b"))


@given(st.lists(PIECES, max_size=6))
def test_a_completion_goes_on_from_what_was_typed_and_ends_in_a_filter(pieces: list[str]) -> None:
    typed = "".join(pieces)
    line: str | None = typed
    while line is not None:
        assert line.casefold().startswith(typed.casefold())
        typed, line = line, completed(line, ("mei",), ("press",))
    try:
        assert sentence(parse(typed)).endswith(".")
    except BadFilter as refused:
        assert refused.sentence
