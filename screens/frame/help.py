"""The keys and the help text of one screen, from the registry of commands."""

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.frame.console_screen import ConsoleScreen
from screens.registry import EVERYWHERE, Command, bindings_for, commands_for, places_for, shown_key

ABOUT: dict[str, tuple[str, str]] = {
    "sign_in": (
        "Signing in",
        "Enter your name and password, then the code of your second factor if you have one. After five failed attempts "
        "in a row, the wait before the next attempt grows.",
    ),
    "undertaking": (
        "The undertaking",
        "No one sees personal data here before promising to keep it confidential. Accept the undertaking or leave.",
    ),
    "password": (
        "A new password",
        "Use at least 15 characters, or at least 8 if you have a second factor. A sentence of your own works well.",
    ),
    "second_factor": (
        "A second factor",
        "An authenticator app on your phone gives you the code that you enter after your password. Each recovery code "
        "replaces it once, in case you lose the phone.",
    ),
    "queue": (
        "The queue",
        "The views with their counts, and the tickets of the selected view. Subjects are redacted: text in [brackets] "
        "is personal data that stays sealed. To work on a ticket, claim it or have it assigned to you.",
    ),
    "ticket": (
        "A ticket",
        "The conversation is redacted and contacts are masked. Reveal shows one sealed field for 30 seconds: you give "
        "a purpose, and the view is recorded before the value appears. Some fields require a verified requester.",
    ),
    "approvals": ("Approvals", "Proposals that wait for a second person. No one approves their own."),
    "erasures": (
        "Erasures",
        "Requesters whose data is to be erased. A person other than the proposer confirms it; then the data is gone, "
        "from backups too. A hold keeps the data, hidden, until the hold ends.",
    ),
    "proposal": (
        "A proposal",
        "Read the findings and the notice that would be sent, then approve or return the proposal.",
    ),
    "log": (
        "The access log",
        "Every view, refusal and step, newest first. Reading the log is recorded too. Filter it with terms such as "
        'agent:mei ticket:10482 action:field.revealed outcome:refused since:2026-11-01, or what:"revealed a field".',
    ),
    "phone": ("The requester's phone", "What the outbox received, as the requester would see it. Only in the demo."),
    "verify": (
        "Verifying",
        "A code is sent to a contact on file. The requester reads it back and you enter it; the console never shows it "
        "to you. For a written request or documents, note what you saw.",
    ),
    "decision": (
        "The checklist",
        "Work through the steps: Enter opens one, Escape returns. For each ground, choose the data it covers, answer "
        "its questions and name the evidence. Missing answers are listed beside or below. Your draft is saved.",
    ),
    "settle": (
        "Settling",
        "The steps that the policy requires for this kind of ticket: Enter opens one, Escape returns, a choice leads "
        "to the next. What you write stays internal; the letter uses the policy's text. If you decided what the ticket "
        "is about, reassign it.",
    ),
    "new": (
        "A new ticket",
        "For a phone call or a letter. Write down what was said; a contact is optional. What you type is sealed and "
        "saved every second.",
    ),
    "form": ("Writing", "What you type is sealed and saved every second. Nothing is lost if the console stops."),
}
"""What each screen is for, in a sentence or two."""


class HelpScreen(ConsoleScreen[None]):
    """What the screen underneath is for, and every key that works there."""

    WHERE = "help"
    HEADING: ClassVar[str] = "Keys and help"
    CSS_PATH = Path(__file__).with_name("help.tcss")
    BINDINGS = bindings_for("help")

    def __init__(self, about: str) -> None:
        super().__init__()
        self._about = about

    def body(self) -> ComposeResult:
        title, words = ABOUT.get(self._about, ("Keys", ""))
        with VerticalScroll(id="help"):
            yield Static(Content(title), id="help-title", markup=False)
            if words:
                yield Static(Content(words), id="help-words", markup=False)
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
        for one in commands_for(self._about):
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
