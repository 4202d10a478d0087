"""Finding a requester's tickets by an exact phone number or address. Every look-up is recorded."""

from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from cs_console.tickets.look_up import look_up
from models.contact_fields import Field
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
    @in_steps
    async def look(self, event: Input.Submitted) -> None:
        """Look up exactly this contact."""
        event.stop()
        typed = event.value
        if typed.strip():
            field = Field.EMAIL if "@" in typed else Field.MOBILE
            self._show(await self.change(partial(look_up, self.session, field, typed)))

    def _show(self, numbers: tuple[int, ...]) -> None:
        found = self.query_one(ChoiceList)
        found.display = bool(numbers)
        if not numbers:
            self.say("No requester with exactly this contact has a ticket here.")
            return
        self.say("1 ticket." if len(numbers) == 1 else f"{len(numbers)} tickets, newest first.")
        found.show(Choice(str(number), f"#{number}") for number in numbers)
        found.focus()

    @on(ChoiceList.OptionSelected, "#found")
    def open_ticket(self, event: ChoiceList.OptionSelected) -> None:
        """Answer with the selected ticket."""
        event.stop()
        if event.option_id:
            self.dismiss(int(event.option_id))
