"""Keys and help for one screen, straight from the registry of commands."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.console_screen import ConsoleScreen
from screens.registry import EVERYWHERE, Command, bindings_for, commands_for, places_for, shown_key

ABOUT: dict[str, tuple[str, str]] = {
    "sign_in": (
        "Signing in",
        "Type your name and password, then the code of your second factor if you have one. After five wrong ones in a "
        "row the wait before the next grows.",
    ),
    "undertaking": (
        "The undertaking",
        "Nobody sees personal data here without having promised to keep it confidential. Accept it or leave.",
    ),
    "password": (
        "A new password",
        "Fifteen characters or more, eight where you have a second factor; a sentence of your own is a good one.",
    ),
    "second_factor": (
        "A second factor",
        "An authenticator app on your phone, for the code that is asked for after your password. The recovery codes "
        "replace it once each, for the day the phone is lost.",
    ),
    "queue": (
        "The queue",
        "Views with their counts, and the tickets of one of them. Subjects are redacted: what stands in [brackets] "
        "is personal data that stays sealed. Who works on a ticket has claimed it, or was given it.",
    ),
    "ticket": (
        "A ticket",
        "The conversation is redacted and contacts are masked. Reveal shows one sealed field for thirty seconds; you "
        "say why, and the view is on record before the value is on screen. Some fields need the requester verified.",
    ),
    "approvals": ("Approvals", "Proposals that wait for a second person. Nobody approves their own."),
    "erasures": (
        "Erasures",
        "Requesters whose data is to be destroyed. Somebody else than the proposer confirms; then it is gone, from "
        "backups too. A hold keeps it, unseen, until the hold ends.",
    ),
    "proposal": ("A proposal", "Read the findings and the notice that would go out, then approve or return it."),
    "log": (
        "The access log",
        "Every view, refusal and step, newest first; reading it is itself recorded. Filter with words such as "
        "agent:mei ticket:10482 action:field.revealed outcome:refused since:2026-11-01.",
    ),
    "phone": ("The requester's phone", "What the outbox received, as the requester would see it. Only in the demo."),
    "verify": (
        "Verifying",
        "A code goes to a contact on file; the requester reads it back and you type it. You never see it. A written "
        "request or documents need a note of what you saw.",
    ),
    "decision": (
        "The checklist",
        "Walk the steps: Enter goes into one, Escape comes back. A ground covers data, answers its questions and names "
        "evidence; what is still missing stands beside or below. The draft is kept as you go.",
    ),
    "settle": (
        "Settling",
        "The steps that the policy gives such a ticket: Enter goes into one, Escape comes back, a choice leads to the "
        "next. What you write is for the desk; the letter is made of the policy's words. Whoever decided what it is "
        "about hands it on.",
    ),
    "new": (
        "A new ticket",
        "For a call or a letter. Write down what was said; a contact is optional, and what you type is saved, sealed, "
        "every second.",
    ),
    "form": ("Writing", "What you type is saved, sealed, every second. Nothing is lost when the console stops."),
}
"""What each screen is for, in a sentence or two."""


class HelpScreen(ConsoleScreen[None]):
    """What the screen below is for, and every key that works there."""

    WHERE = "help"
    HEADING: ClassVar[str] = "Keys and help"
    CSS_PATH = "help.tcss"
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
        """The same key closes it."""
        self.action_back()
