"""A screen with a text: its draft is restored when the screen opens and saved when it closes."""

from functools import partial
from typing import Generic, TypeVar

from textual import on
from textual.widgets import Input, TextArea

from cs_console.act_id import new_act
from cs_console.custody.drafts import KeptDraft, find_draft
from cs_console.errors import ConsoleError
from screens.frame.console import Typed
from screens.frame.console_screen import ConsoleScreen
from screens.frame.steps import in_steps
from screens.widgets.notice_bar import NoticeBar, Tone

T = TypeVar("T")


class DraftScreen(ConsoleScreen[T], Generic[T]):
    """One draft, at `place`: of a ticket, or of the agent's own."""

    def __init__(self, place: str, ticket: int | None) -> None:
        super().__init__()
        self._place = place
        self._ticket = ticket
        self._loaded = False
        self._leaving = False
        self.act = new_act()

    def on_mount(self) -> None:
        self._find_draft()

    @in_steps
    async def _find_draft(self) -> None:
        self._restored(await self.call(partial(find_draft, self.session, self._place, self._ticket)))

    def draft(self) -> str:
        """The text as typed now; empty when it is not worth saving."""
        return ""

    def restore(self, draft: str) -> bool:
        """Restore an earlier draft into its field; False if it cannot be read."""
        return False

    def _restored(self, draft: KeptDraft) -> None:
        if draft.text and not self.draft():
            if self.restore(draft.text):
                self.act = draft.act or self.act  # a text that may have been sent before belongs to the same act
                self.say("Your draft was restored.")
            else:
                self.say("An earlier draft could not be read, so it was not restored.", Tone.WARNING)
        self._loaded = True

    def typed(self) -> tuple[Typed, ...]:
        """The draft, once the earlier one has been loaded."""
        return (Typed(self._place, self.draft(), self._ticket, self.act),) if self._loaded else ()

    def act_was_before(self) -> None:
        """The text now belongs to a new act and is saved as such."""
        self.act = new_act()
        self.save_again()

    @on(Input.Changed)
    @on(TextArea.Changed)
    def goes_on(self) -> None:
        """The person goes on typing: clear the old problem, and let Escape try to save again."""
        self._leaving = False
        self.query_one(NoticeBar).clear_problem()

    @in_steps
    async def action_back(self) -> None:
        """Save the draft, then go back. If it cannot be saved, say so and leave at the second Escape."""
        if self._leaving:
            self.dismiss(None)
            return
        try:
            await self.change(partial(self.save, self.session, self.unsaved()))
        except ConsoleError as refusal:
            self._leaving = True
            self.say(refusal)
        else:
            self.dismiss(None)
