"""The second key of `g q`, `g a`, `g l`: a reminder of the possible places, closed by the next key."""

from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from screens.frame.dialog import Dialog
from screens.registry import bindings_for, command, places_for, shown_key

NUMBER = "a ticket's number"
"""The answer that leads to no place but asks for a ticket's number."""


class GoTo(Dialog[str]):
    """Returns the mode to go to, or None after any other key."""

    WHERE = "go"
    DIALOG_TITLE: ClassVar[str] = "Go to"
    CSS_PATH = Path(__file__).with_name("go_dialog.tcss")
    BINDINGS = bindings_for("go")

    def body(self) -> ComposeResult:
        lines = []
        for one in places_for(self.roles):
            sign, _key = shown_key(one, self.console.settings.keys)
            lines.append(Content.assemble((sign, "bold $text-accent"), f"  {one.title}"))
        number = command("go_number")
        if number.open_to(self.roles):
            sign, _key = shown_key(number, self.console.settings.keys)
            lines.append(Content.assemble((sign, "bold $text-accent"), f"  {number.title}"))
        yield Static(Content("\n").join(lines), markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow only the places that the agent's roles open."""
        if action == "ask_number":
            return command("go_number").open_to(self.roles)
        return action != "go_to" or f"go_to({parameters[0]!r})" in {one.runs for one in places_for(self.roles)}

    def action_go_to(self, mode: str) -> None:
        """There."""
        self.dismiss(mode)

    def action_ask_number(self) -> None:
        """To a ticket whose number is asked for."""
        self.dismiss(NUMBER)

    def on_key(self, event: events.Key) -> None:
        """Close the reminder at any other key."""
        if event.key not in self.active_bindings:
            event.stop()
            self.dismiss(None)
