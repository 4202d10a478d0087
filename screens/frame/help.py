"""The help of one screen: what the screen says about itself, and its keys from the registry of commands."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.frame.console_screen import ConsoleScreen
from screens.frame.dialog import WIDE
from screens.registry import EVERYWHERE, Command, bindings_for, commands_for, places_for, shown_key
from screens.widgets.hanging import Hanging, HangingText, Row

_WIDTHS = (9, 13)
"""Of a key and of its title; the explanation takes the rest."""
_BROAD = 190
"""From so many columns on the groups are beside each other."""
_NUMBERED = {
    "view": ("1 … 9", "Views", "Show the view of that number."),
    "step": ("1 … 9", "Steps", "Turn to the step of that number."),
}
"""Commands that there is one of for each number, told together."""


class HelpScreen(ConsoleScreen[None]):
    """What the screen underneath is for, and every key that works there."""

    WHERE = "help"
    HEADING: ClassVar[str] = "Keys and help"
    CSS_PATH = Path(__file__).with_name("help.tcss")
    BINDINGS = bindings_for("help")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide"), (_BROAD, "-broad")]

    def __init__(self, about: type[ConsoleScreen[Any]]) -> None:
        super().__init__()
        self._about = about

    def body(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield Static(Content(self._about.HELP_TITLE), id="help-title", markup=False)
            if self._about.HELP:
                yield HangingText(self._about.HELP, id="help-words")
            with Container(id="help-groups"):
                own, shared = self._sorted()
                in_footer = [one for one in own if self._about.WHERE in one.footer]
                others = [one for one in own if one not in in_footer]
                with Vertical(classes="help-side"):
                    yield from self._group("Most used", in_footer)
                    yield from self._group("Also here", others)
                with Vertical(classes="help-side"):
                    yield from self._group("Everywhere", shared)

    def on_mount(self) -> None:
        self.query_one("#help").focus()

    def _sorted(self) -> tuple[list[Command], list[Command]]:
        own: list[Command] = []
        shared: list[Command] = []
        for one in commands_for(self._about.WHERE):
            if (self.roles and not one.open_to(self.roles)) or (one.id == "phone" and not self.console.sample):
                continue
            (shared if EVERYWHERE in one.where else own).append(one)
        return own, shared

    def _group(self, title: str, commands: list[Command]) -> Iterator[Static]:
        if commands:
            yield Static(Content(title), classes="help-part", markup=False)
            yield Static(Hanging(self._rows(commands)), markup=False)

    def _rows(self, commands: list[Command]) -> list[Row]:
        rows: list[Row] = []
        told: set[str] = set()
        for one in commands:
            keys, title, words = self._keys(one), one.title, one.help
            numbered = one.id.partition("_")[0]
            if numbered in _NUMBERED:
                if numbered in told:
                    continue
                told.add(numbered)
                keys, title, words = _NUMBERED[numbered]
            if one.id == "go":
                rebound = self.console.settings.keys
                places = [f"{shown_key(to, rebound)[0]} {to.title.lower()}" for to in places_for(self.roles)]
                words = f"Then {', '.join(places)}."
            key = Content.styled(keys, "bold $text-accent")
            rows.append(Row((key, Content.styled(title, "bold"), Content(words)), _WIDTHS))
        return rows

    def _keys(self, one: Command) -> str:
        rebound = self.console.settings.keys
        if one.id in rebound or "," not in one.keys:
            return shown_key(one, rebound)[0]
        signs = {"down": "↓", "up": "↑", "question_mark": "?"}
        keys = one.keys.split(",")
        return " ".join(signs.get(key, key) for key in keys if not key.startswith("shift+"))

    def action_help(self) -> None:
        """Close the help with the same key."""
        self.action_back()
