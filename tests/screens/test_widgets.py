"""The widgets of the working screens show outside text as letters, whatever it holds (ASVS 1.2.4, 1.3.3)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from cs_console.casework.conversation import Line
from cs_console.custody.attachment_labels import AttachmentLabel
from models.enums import Channel, DeliveryState, MessageSort
from screens.decisions.mark_list import MarkList
from screens.frame.amounts import countdown, size_words
from screens.ticket.conversation import Conversation
from screens.ticket.facts import Fact, Facts
from screens.ticket.revealed_value import RevealedValue
from screens.widgets.choice_list import Choice, ChoiceList
from tests.support.hostile import HOSTILE

ALLOWED = frozenset("\n")
PHONE = "+8613800138000"


def line(text: str) -> Line:
    at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    files = (AttachmentLabel("one", "id", text, text, 12), AttachmentLabel("two", "id", text, text, 30_000, at))
    return Line("id", at, text, MessageSort.RECEIVED, Channel.MAIL, text, files, DeliveryState.FAILED)


def conversation_of(one: Line) -> Conversation:
    made = Conversation(id="conversation")
    made.show((one,), one.text, requester=one.text)
    return made


def facts_of(*facts: Fact) -> Facts:
    made = Facts(id="facts")
    made.show(facts)
    return made


def showing(text: str) -> Facts:
    made = facts_of(Fact("a", "A value", "masked", status="can be shown"))
    made.open_value("a", RevealedValue(text, text, 30))
    return made


SHOWN: tuple[Callable[[str], Widget], ...] = (
    lambda text: ChoiceList([Choice("a", text, text), Choice("b", text, text, can_choose=False, mark="·")]),
    lambda text: MarkList([("a", text), ("b", text)], ["a"]),
    lambda text: conversation_of(line(text)),
    lambda text: facts_of(Fact("a", text, text, text)),
    lambda text: facts_of(Fact("a", text, text, status=text, heading=text)),
    lambda text: showing(text),
)


class OneWidget(App[None]):
    """One widget and nothing else; its own action must never run."""

    ENABLE_COMMAND_PALETTE = False
    CSS = "DrawnLines > .lines--title { text-style: bold; }"

    def __init__(self, make: Callable[[], Widget]) -> None:
        super().__init__()
        self._make = make
        self.ran = False

    def compose(self) -> ComposeResult:
        yield self._make()

    async def action_quit(self) -> None:
        self.ran = True


@pytest.mark.parametrize("make", SHOWN, ids=["choice", "mark", "message", "fact", "contact", "revealed"])
async def test_nothing_of_it_is_obeyed(make: Callable[[str], Widget]) -> None:
    app = OneWidget(Vertical)
    async with app.run_test(size=(80, 24)) as pilot:
        for text in HOSTILE:
            await app.query_one(Vertical).remove_children()
            await app.query_one(Vertical).mount(make(text))
            drawn = ""
            for _ in range(200):  # on a busy machine it is drawn later
                await pilot.pause()
                drawn = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
                if drawn.strip():
                    break
            assert drawn.strip(), repr(text)
            assert all(letter.isprintable() or letter in ALLOWED for letter in drawn), repr(text)
            if "[@click" in text:
                assert "@click=app.quit]" in drawn
                for x in range(8, 50, 6):
                    await pilot.click(offset=(x, 0))
                assert app.is_running and not app.ran


async def test_a_hidden_value_is_nowhere_in_its_widget() -> None:
    app = OneWidget(lambda: showing(PHONE))
    async with app.run_test() as pilot:
        shown = app.query_one(Facts)
        assert not shown.allow_select
        await pilot.pause()
        assert PHONE in repr(vars(shown))
        shown.close_value()
        assert PHONE not in repr(vars(shown))
        await pilot.pause()
        assert PHONE not in repr(vars(shown))


async def test_a_mark_is_a_sign_and_not_only_a_colour() -> None:
    app = OneWidget(lambda: MarkList([("a", "one"), ("b", "two")], ["b"]))
    async with app.run_test() as pilot:
        marks = app.query_one(MarkList)
        marks.focus()
        await pilot.press("home", "space")
        assert [str(option.prompt) for option in marks.options] == ["[x] one", "[x] two"]
        await pilot.press("j", "enter")
        assert marks.marked == {"a"}
        assert [str(option.prompt) for option in marks.options] == ["[x] one", "[ ] two"]


async def test_the_cursor_stays_on_its_line_when_facts_come_and_go() -> None:
    app = OneWidget(lambda: Facts(id="facts"))
    async with app.run_test() as pilot:
        facts = app.query_one(Facts)
        facts.focus()
        facts.show([Fact(key, key, key) for key in "abc"])
        await pilot.press("down")
        assert facts.current is not None and facts.current.key == "b"
        facts.show([Fact(key, key, key) for key in "xabc"])
        assert facts.current is not None and facts.current.key == "b"
        facts.show([Fact(key, key, "again") for key in "xabc"])
        assert facts.current is not None and facts.current.words == "again"


async def test_the_conversation_goes_to_a_new_line_and_keeps_still_otherwise() -> None:
    app = OneWidget(lambda: Conversation(id="conversation"))
    async with app.run_test(size=(60, 10)) as pilot:
        pane = app.query_one(Conversation)
        lines = tuple(replace(line(f"message {at}\n" * 4), id=str(at)) for at in range(6))
        pane.show(lines)
        await pilot.pause()
        assert 0 < pane.scroll_y == pane.start_of("5")  # the newest is in sight, from its first line on
        pane.scroll_home(animate=False)
        pane.show(lines)
        await pilot.pause()
        assert pane.scroll_y == 0
        pane.show((*lines, line("the newest")))
        await pilot.pause()
        await pilot.pause()
        assert pane.scroll_y == pane.max_scroll_y > 0


@given(st.integers(min_value=0, max_value=2**40))
def test_sizes_are_short_words(size: int) -> None:
    assert len(size_words(size)) <= 12


@given(st.timedeltas())
def test_a_countdown_never_goes_below_zero(left: timedelta) -> None:
    assert not countdown(left).startswith("-")
