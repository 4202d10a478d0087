"""The help of one screen: what the screen says about itself, and its keys from the registry of commands."""

from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.frame.console_screen import ConsoleScreen
from screens.registry import EVERYWHERE, Command, bindings_for, commands_for, places_for, shown_key


class HelpScreen(ConsoleScreen[None]):
    """What the screen underneath is for, and every key that works there."""

    WHERE = "help"
    HEADING: ClassVar[str] = "Keys and help"
    CSS_PATH = Path(__file__).with_name("help.tcss")
    BINDINGS = bindings_for("help")

    def __init__(self, about: type[ConsoleScreen[Any]]) -> None:
        super().__init__()
        self._about = about

    def body(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield Static(Content(self._about.HELP_TITLE), id="help-title", markup=False)
            if self._about.HELP:
                yield Static(Content(self._about.HELP), id="help-words", markup=False)
            own, shared = self._sorted()
            yield Static(self._table(own), classes="help-keys", markup=False)
            if shared:
                yield Static(Content("Everywhere"), classes="help-part", markup=False)
                yield Static(self._table(shared), classes="help-keys", markup=False)

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

    def _table(self, commands: list[Command]) -> Content:
        rows = []
        views = [one for one in commands if one.id.startswith("view_")]
        for one in commands:
            if one in views[1:]:
                continue
            keys, title, words = self._keys(one), one.title, one.help
            if views and one is views[0]:
                keys, title, words = "1 … 9", "Views", "Show the view of that number."
            if one.id == "go":
                rebound = self.console.settings.keys
                places = [f"{shown_key(to, rebound)[0]} {to.title.lower()}" for to in places_for(self.roles)]
                words = f"Then {', '.join(places)}."
            rows.append(Content.assemble((f"{keys:<10}", "bold $text-accent"), (f"{title:<12}", "bold"), words))
        return Content("\n").join(rows)

    def _keys(self, one: Command) -> str:
        rebound = self.console.settings.keys
        if one.id in rebound or "," not in one.keys:
            return shown_key(one, rebound)[0]
        signs = {"down": "↓", "up": "↑", "question_mark": "?"}
        return " ".join(signs.get(key, key) for key in one.keys.split(","))

    def action_help(self) -> None:
        """Close the help with the same key."""
        self.action_back()
