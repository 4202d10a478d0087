"""The filter language: what it understands, and that it refuses everything else in a sentence."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.errors import BadFilter
from cs_console.tickets.filter_sentence import sentence
from cs_console.tickets.filters import MAX_TERMS, MAX_TEXT, Choice, Filter, Key, Span, parse

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def midnight(year: int, month: int, day: int) -> datetime:
    """The start of a day in the console's own time zone."""
    return datetime(year, month, day).astimezone(UTC)


def test_an_empty_expression_lets_everything_through() -> None:
    assert parse("   ") == Filter()


def test_words_are_joined_and_keep_their_values() -> None:
    asked = parse("kind:appeal state:open assignee:me priority:high channel:mail lang:zh -kind:report")
    assert asked.choices == (
        Choice(Key.KIND, ("appeal",)),
        Choice(Key.STATE, ("open",)),
        Choice(Key.ASSIGNEE, ("me",)),
        Choice(Key.PRIORITY, ("high",)),
        Choice(Key.CHANNEL, ("mail",)),
        Choice(Key.LANGUAGE, ("zh",)),
        Choice(Key.KIND, ("report",), negated=True),
    )


@pytest.mark.parametrize("typed", ["state:to-verify", 'state:"to verify"', "state:to_verify", "STATE:To-Verify"])
def test_a_value_of_two_words_can_be_typed_in_any_way(typed: str) -> None:
    assert parse(typed).choices == (Choice(Key.STATE, ("to verify",)),)


@pytest.mark.parametrize("typed", ["#10482", "10482", "number:10482", "number:#10482", "＃10482", "#0010482"])
def test_a_number_can_be_typed_in_any_way(typed: str) -> None:
    assert parse(typed).choices == (Choice(Key.NUMBER, ("10482",)),)


def test_commas_mean_or_and_repeats_are_dropped() -> None:
    assert parse("kind:appeal,report,appeal").choices == (Choice(Key.KIND, ("appeal", "report")),)


def test_due_is_counted_from_the_moment_the_filter_is_used() -> None:
    assert parse("due:<3d").spans[0].bounds(NOW) == (None, NOW + timedelta(days=3))
    assert parse("due:>2w").spans[0].bounds(NOW) == (NOW + timedelta(weeks=2), None)
    assert parse("due:late").spans[0].bounds(NOW) == (None, NOW)
    assert parse("due:none").choices == (Choice(Key.DUE, ("none",)),)


def test_days_are_days_of_the_consoles_own_time_zone() -> None:
    first, second = midnight(2026, 11, 1), midnight(2026, 11, 2)
    assert parse("received:>2026-11-01").spans == (Span(Key.RECEIVED, second, None),)
    assert parse("received:>=2026-11-01").spans == (Span(Key.RECEIVED, first, None),)
    assert parse("received:<2026-11-01").spans == (Span(Key.RECEIVED, None, first),)
    assert parse("received:<=2026-11-01").spans == (Span(Key.RECEIVED, None, second),)
    assert parse("received:2026-11-01").spans == (Span(Key.RECEIVED, first, second),)


def test_ages_can_be_said_in_two_ways() -> None:
    assert parse("older:3d").spans == parse("received:>3d").spans == (Span(Key.RECEIVED, None, -timedelta(days=3)),)
    assert parse("newer:12h").spans == parse("received:<12h").spans == (Span(Key.RECEIVED, -timedelta(hours=12), None),)


@pytest.mark.parametrize(
    ("typed", "named", "possible"),
    [
        ("kind:apeal", "“apeal”", "appeal"),
        ("state:shut", "“shut”", "to-verify"),
        ("priority:huge", "“huge”", "urgent"),
        ("channel:fax", "“fax”", "letter"),
        ("lang:klingonish!", "“klingonish!”", "pt-br"),
        ("due:soon", "“soon”", "<3d"),
        ("due:3d", "“3d”", "<3d"),
        ("due:20261201", "“20261201”", "<3d"),
        ("received:yesterday", "“yesterday”", ">2026-11-01"),
        ("received:>2026-13-45", "“>2026-13-45”", ">2026-11-01"),
        ("received:<0001-01-01", "“<0001-01-01”", ">2026-11-01"),
        ("older:long", "“long”", "older:3d"),
        ("number:abc", "“abc”", "#10482"),
        ("colour:red", "“colour:red”", "kind:"),
        ("kind:", "kind:", "state:"),
        ("kind:appeal,", "kind:", "comma"),
        ("-due:<3d", "due:", "<"),
        ("kind:appeal kind:report", "kind", "comma"),
        ("#99999999999999999999", "“#99999999999999999999”", "#number"),
        ('state:"to verify', "quotation", "to-verify"),
    ],
)
def test_a_word_that_is_not_understood_is_named_with_what_is_possible(typed: str, named: str, possible: str) -> None:
    with pytest.raises(BadFilter) as refused:
        parse(typed)
    assert named in refused.value.sentence
    assert possible in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("  kind:apeal due:<3d", "apeal"),
        ("due:<3d kind:appeal,apeal", "apeal"),
        ('due:<3d state:"to verfy"', "to verfy"),
        ("kind:report,rep,appeal", "rep,appeal"),
        ("due:<3d colour:red kind:appeal", "colour:red"),
        ("kind:appeal kind:report", "kind:report"),
        ("kind:appeal received:>2026-13-45", ">2026-13-45"),
        ("unread:maybe", "maybe"),
        ('kind:appeal state:"to verify', '"'),
        ("kind:appeal -refund", "-refund"),
    ],
)
def test_the_wrong_word_is_pointed_at_where_it_is(typed: str, wrong: str) -> None:
    with pytest.raises(BadFilter) as refused:
        parse(typed)
    at = refused.value.at
    assert at is not None
    assert typed[at:].startswith(wrong)
    assert typed[:at] + wrong == typed[: typed.index(wrong, at) + len(wrong)]
    assert wrong.startswith(refused.value.wrong)


def test_what_a_ticket_is_or_is_not_is_asked_with_yes_and_no() -> None:
    asked = parse("verified:yes unread:NO answered:yes -snoozed:yes")
    assert asked.choices == (
        Choice(Key.VERIFIED, ("yes",)),
        Choice(Key.UNREAD, ("no",)),
        Choice(Key.ANSWERED, ("yes",)),
        Choice(Key.SNOOZED, ("yes",), negated=True),
    )


def test_a_term_can_be_taken_out_of_the_expression() -> None:
    asked = parse("kind:appeal -assignee:me due:<3d")
    assert asked.without(asked.choices[1]) == "kind:appeal due:<3d"
    assert parse(asked.without(asked.spans[0])).choices == asked.choices


def test_a_word_without_a_colon_is_looked_for_in_the_texts() -> None:
    asked = parse('kind:appeal refund "gift card"')
    assert asked.words == ("refund", "gift card")
    assert [choice.key for choice in asked.choices] == ["kind"]
    assert parse("10482").words == ()
    with pytest.raises(BadFilter, match="minus"):
        parse("-refund")


def test_a_word_that_is_searched_for_can_be_taken_out_like_any_term() -> None:
    asked = parse('"gift card" kind:appeal refund')
    assert asked.without(asked.sought[1]) == 'kind:appeal "gift card"'
    assert asked.without(asked.choices[0]) == '"gift card" refund'
    assert sentence(asked) == "Appeals, with “gift card”, with “refund”."


def test_a_refusal_repeats_no_control_character_and_no_long_text() -> None:
    with pytest.raises(BadFilter) as refused:
        parse("kind:\x1b]52;c;aGk=\x07" + "x" * 200)
    assert "\x1b" not in str(refused.value)
    assert "\x07" not in str(refused.value)
    assert len(refused.value.sentence) < 100


def test_expressions_are_bounded() -> None:
    with pytest.raises(BadFilter, match="longer"):
        parse("x" * (MAX_TEXT + 1))
    with pytest.raises(BadFilter, match="more than"):
        parse(" ".join(["a:b"] * (MAX_TERMS + 1)))
    with pytest.raises(BadFilter, match="values"):
        parse("lang:" + ",".join(["en"] * 21))


PIECES = st.sampled_from(
    (
        *("kind:", "state:", "-", "#", "due:", "received:", "<", ">", "=", ",", '"', ":", "3d", "9999w", "2026-11-01"),
        *("10482", "me", "none", "assignee:", "older:", "number:", "appeal", " ", "\t", "９", "：", "\x00", "\ud800"),
    )
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join)))
def test_arbitrary_text_is_understood_or_refused_and_nothing_else(text: str) -> None:
    """ASVS 2.2.1: input is checked against what is expected."""
    try:
        asked = parse(text)
    except BadFilter as refused:
        assert refused.sentence
        return
    for span in asked.spans:
        span.bounds(NOW)
