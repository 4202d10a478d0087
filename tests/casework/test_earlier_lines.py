"""What is folded of a conversation: our own words known by their hashes, others by their marks; answers stay."""

from datetime import UTC, datetime

from cs_console.casework.earlier_lines import Passage, passages_of
from cs_console.casework.ticket_view import Line
from models.enums import Channel, DeliveryState, MessageSort

OURS = (
    "To find your order we need its number, which is on the invoice.\nPlease tell us the day on which it was to arrive."
)


def line(name: str, sort: MessageSort, text: str) -> Line:
    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    return Line(name, at, "x", sort, Channel.MAIL, text, (), DeliveryState.NONE)


def test_what_we_wrote_is_known_though_nothing_marks_it() -> None:
    answer = line(
        "2", MessageSort.RECEIVED, f"{OURS.partition(chr(10))[0]}\n8834\n{OURS.partition(chr(10))[2]}\nMonday"
    )
    assert passages_of([answer]) == {}
    reply = line("1", MessageSort.REPLY, OURS)
    short = passages_of([reply, answer])
    assert short == {}  # two single lines take no more room than what would stand for them
    whole = line("3", MessageSort.RECEIVED, f"8834, Monday.\n{OURS}")
    assert passages_of([reply, whole]) == {"3": (Passage("8834, Monday."), Passage(OURS, "2 earlier lines"))}


def test_notes_between_agents_are_not_taken_for_what_the_requester_quotes() -> None:
    note = line("1", MessageSort.NOTE, OURS)
    assert passages_of([note, line("2", MessageSort.RECEIVED, f"8834\n{OURS}")]) == {}


def test_what_we_wrote_ourselves_is_never_folded() -> None:
    quoting = line("1", MessageSort.REPLY, "Our answer.\n\nOn 3 May 2026 Ola wrote:\n> one\n> two\n> three")
    assert passages_of([quoting]) == {}


def test_the_passages_are_the_letter() -> None:
    text = "Hello.\n\nOn 3 May 2026 HautHome wrote:\n> one\n> two\n> three\n> four\n\nMy answer.\n-- \nOla\nLamps Ltd"
    found = passages_of([line("1", MessageSort.RECEIVED, text)])["1"]
    assert [passage.folded for passage in found] == ["", "5 earlier lines", "", "3 lines of signature"]
    assert "\n".join(passage.text for passage in found).split("\n") == [one for one in text.split("\n") if one]


def test_a_very_long_message_is_shown_whole() -> None:
    assert passages_of([line("1", MessageSort.RECEIVED, "a\n" + "> b\n" * 60_000)]) == {}


def test_in_history_that_nothing_marks_what_no_one_here_wrote_before_is_shown() -> None:
    first = line("1", MessageSort.RECEIVED, "My lamp came broken and the box was open.\nI want my money back for it.")
    reply = line("2", MessageSort.REPLY, OURS)
    head = "From: HautHome\nSent: Monday, 23 November 2026\nTo: Ola Berg\nSubject: Your lamp"
    answer = line("3", MessageSort.RECEIVED, f"See here.\n\n{head}\n\n{OURS}\nIt was the 3rd.\n\n{first.text}")
    again = [(passage.text, passage.folded) for passage in passages_of([first, reply, answer])["3"]]
    assert [text for text, folded in again if not folded] == ["See here.", "It was the 3rd."]
    later = line("4", MessageSort.RECEIVED, f"See here.\n\n{head}\n\n{first.text}\nWhere is my answer to that?")
    assert passages_of([later]) == {}
