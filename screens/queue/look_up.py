"""Finding a requester's tickets by an exact phone number or address. Every look-up is recorded, with its purpose."""

from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from cs_console.local_time import day_with_year
from cs_console.tickets.look_up import MOST_SHOWN, found_tickets, look_up, purposes_to_look_up
from cs_console.tickets.queue import QueueRow
from models.contact_fields import Field
from screens.frame.choice import ChoiceDialog
from screens.frame.dialog import Dialog
from screens.frame.steps import in_steps
from screens.widgets.choice_list import Choice, ChoiceList
from screens.widgets.safe_text import PlainText


class LookUpScreen(Dialog[int]):
    """The answer is the number of the ticket to open."""

    DIALOG_TITLE = "Look up a contact"
    CSS_PATH = "look_up.tcss"

    def body(self) -> ComposeResult:
        yield PlainText(
            "Enter the whole phone number or e-mail address. The look-up is recorded, but not what you enter.",
            classes="question",
        )
        yield Input(id="contact", placeholder="+86 138 0000 0000 or name@example.org")
        yield ChoiceList(id="found")
        yield PlainText("↵ look up   esc back", classes="hint")

    def on_mount(self) -> None:
        self.query_one(ChoiceList).display = False
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def look(self, event: Input.Submitted) -> None:
        """Look up exactly this contact."""
        event.stop()
        if event.value.strip():
            self._find_tickets()

    @in_steps
    async def _find_tickets(self) -> None:
        """Ask for the purpose, then look up what the field holds; nothing else keeps it meanwhile."""
        work = partial(purposes_to_look_up, self.session, *self._contact())
        purposes = await self.call(work, group="purposes")
        if not purposes:
            self.say("The policy pack lists no purpose for which this may be looked up.")
            return
        choices = [Choice(one.key, one.title, one.clause) for one in purposes]
        purpose = await self.ask(
            ChoiceDialog("Why do you need it?", choices, hint="↵ record it and look up   esc back")
        )
        if purpose is not None:
            numbers = await self.change(partial(look_up, self.session, *self._contact(), purpose))
            self._show(len(numbers), await self.call(partial(found_tickets, self.session, numbers), group="found"))

    def _contact(self) -> tuple[Field, str]:
        typed = self.query_one(Input).value
        return Field.EMAIL if "@" in typed else Field.MOBILE, typed

    def _show(self, count: int, rows: tuple[QueueRow, ...]) -> None:
        found = self.query_one(ChoiceList)
        found.display = bool(rows)
        if not rows:
            self.say("No requester with exactly this contact has a ticket here.")
            return
        newest = f", the newest {MOST_SHOWN}" if count > MOST_SHOWN else ", newest first"
        self.say("1 ticket." if count == 1 else f"{count} tickets{newest}.")
        found.show(
            Choice(str(row.number), f"#{row.number} {row.subject}", f"{row.state}, {day_with_year(row.received_at)}")
            for row in rows
        )
        found.focus()

    @on(ChoiceList.OptionSelected, "#found")
    def open_ticket(self, event: ChoiceList.OptionSelected) -> None:
        """Answer with the selected ticket."""
        event.stop()
        if event.option_id:
            self.dismiss(int(event.option_id))
