"""Filter expressions are understood, or the word that is not is named."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cs_console.access_log.action_words import LONGEST, action_words
from cs_console.access_log.log_filter import LogFilter, parse_log_filter, parse_moment
from cs_console.errors import BadFilter
from models.enums import Action


def local(*parts: int) -> datetime:
    return datetime(*parts).astimezone()  # type: ignore[arg-type]  # the parts of one date and time


def test_every_word_is_understood() -> None:
    text = (
        "agent:mei ticket:10482 requester:AB12 action:field.revealed outcome:refused since:2026-11-01 until:2026-11-30"
    )
    assert parse_log_filter(text) == LogFilter(
        agent="mei",
        ticket=10_482,
        requester="ab12",
        action="field.revealed",
        outcome="refused",
        since=local(2026, 11, 1),
        until=local(2026, 12, 1),
    )


def test_nothing_filters_nothing() -> None:
    assert parse_log_filter("  \n ") == LogFilter()
    assert LogFilter().keys == ()


def test_names_with_spaces_times_with_zones_and_bare_numbers() -> None:
    found = parse_log_filter('#10482 agent:"mei li" since:2026-11-01T09:30+08:00 until:2026-11-01T09:31')
    assert (found.ticket, found.agent) == (10_482, "mei li")
    assert found.since == datetime(2026, 11, 1, 1, 30, tzinfo=UTC)
    assert found.until == local(2026, 11, 1, 9, 31)
    assert found.keys == ("agent", "ticket", "since", "until")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("mei", "mei"),
        ("agent:mei boss:omar", "boss:omar"),
        ("agent:", "agent:"),
        ('agent:""', 'agent:""'),
        ("agent:mei agent:omar", "agent:omar"),
        ("ticket:abc", "ticket:abc"),
        ("ticket:-1", "ticket:-1"),
        ("ticket:٣", "ticket:٣"),
        ("ticket:99999999999999999999", "ticket:99999999999999999999"),
        ("#x", "#x"),
        ("requester:xyz", "requester:xyz"),
        ("requester:ab", "requester:ab"),
        ("action:field.shown", "action:field.shown"),
        ("outcome:good", "outcome:good"),
        ("since:yesterday", "since:yesterday"),
        ("since:2026-02-30", "since:2026-02-30"),
        ("until:9999-12-31", "until:9999-12-31"),
        ("since:0001-01-01T00:00", "since:0001-01-01T00:00"),
        ("since:2026-11-02 until:2026-11-01", "until"),
    ],
)
def test_a_bad_word_is_named(text: str, word: str) -> None:
    with pytest.raises(BadFilter) as refused:
        parse_log_filter(text)
    assert f"“{word}”" in refused.value.sentence
    assert refused.value.next_step


@pytest.mark.parametrize("action", Action)
def test_every_action_is_found_by_its_code_and_by_its_words(action: Action) -> None:
    """`ticket.changed` too, which only older desks wrote."""
    words = action_words(action.value)
    assert words != action.value and len(words) <= LONGEST
    for text in (f'action:"{action.value}"', f'what:"{words}"'):
        assert parse_log_filter(text).action == action.value


def test_an_action_of_a_newer_version_is_shown_by_its_code() -> None:
    assert action_words("ticket.frozen") == "ticket.frozen"


def test_a_near_action_is_offered() -> None:
    with pytest.raises(BadFilter) as refused:
        parse_log_filter("action:field.shown")
    assert "field.revealed" in refused.value.next_step


words = some.sampled_from(["agent:", "ticket:", "requester:", "action:", "outcome:", "since:", "until:", "#", '"', " "])


@given(some.lists(some.one_of(words, some.text(max_size=8)), max_size=8).map("".join))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        parse_log_filter(text)
    except BadFilter as refused:
        assert refused.sentence


@given(some.text(alphabet="0123456789-:T+Z. ", max_size=30), some.booleans())
def test_any_moment_is_one_with_a_zone_or_refused(text: str, whole_day: bool) -> None:
    with suppress(ValueError):
        assert parse_moment(text, whole_day).tzinfo is not None


def test_the_columns_titles_are_understood_too() -> None:
    assert parse_log_filter("who:mei what:log.read") == parse_log_filter("agent:mei action:log.read")
    with pytest.raises(BadFilter, match="duplicate term"):
        parse_log_filter("who:mei agent:ann")
