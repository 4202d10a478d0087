"""A form filled in step by step: the steps, the sheet of the selected one, and what is still missing."""

from textual import on
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget

from screens.frame.console import Typed
from screens.frame.draft_screen import DraftScreen
from screens.widgets.choice_list import ChoiceList
from screens.widgets.notice_bar import Said
from screens.widgets.safe_text import PlainText


class StepSheet(Vertical):
    """One step of the form."""

    def begin(self) -> Widget | None:
        """Put the focus on the first field."""
        return next((widget for widget in self.query("*") if widget.focusable), None)


class WalkScreen(DraftScreen[Said]):
    """It has a list `steps`, a pane `sheet` and the text `problems`; `_over`: there is nothing left to do here."""

    READY = ""
    """The sentence shown when nothing is missing."""

    def __init__(self, place: str, number: int) -> None:
        super().__init__(place, number)
        self.number = number
        self._over = False
        self._step = ""

    def typed(self) -> tuple[Typed, ...]:
        """The draft; nothing where there is nothing left to do: what is kept for a taking back is not saved again."""
        return () if self._over else super().typed()

    def sheet_of(self, step: str) -> StepSheet | None:
        """The sheet of a step."""
        raise NotImplementedError  # each form has steps of its own; Textual's screens cannot be abstract classes

    def sheet_shown(self, sheet: StepSheet | None) -> None:
        """A sheet was opened."""

    def step_left(self) -> None:
        """Another sheet was opened, or the focus returned to the steps."""

    def problems(self) -> tuple[str, ...]:
        """What is still missing, as the service says it."""
        raise NotImplementedError  # the same

    @on(ChoiceList.OptionHighlighted, "#steps")
    def look_at(self, event: ChoiceList.OptionHighlighted) -> None:
        """Show the sheet of the selected step."""
        event.stop()
        if event.option_id:
            self.show_step(event.option_id)

    @on(ChoiceList.OptionSelected, "#steps")
    def go_into(self, event: ChoiceList.OptionSelected) -> None:
        """Move into the sheet; Escape returns."""
        event.stop()
        sheet = next(iter(self.query(StepSheet)), None)
        first = sheet.begin() if sheet is not None else None
        if first is not None:
            first.focus()

    def show_step(self, step: str) -> None:
        """Show the sheet of a step."""
        if step != self._step:
            self.step_left()
            self._step = step
            self.call_next(self._put_sheet, step)

    async def _put_sheet(self, step: str) -> None:
        sheet = self.sheet_of(step)
        pane = self.query_one("#sheet", VerticalScroll)
        with self.app.batch_update():
            await pane.remove_children()
            if sheet is not None:
                await pane.mount(sheet)
        pane.scroll_home(animate=False)
        first = sheet.begin() if sheet is not None and self._over else None
        if first is not None:
            first.focus()
        self.sheet_shown(sheet)

    def show_problems(self) -> None:
        """Show what is missing, or that nothing is."""
        found = self.problems()
        shown = self.query_one("#problems", PlainText)
        if not found:
            shown.show(f"✓ Nothing is missing.\n{self.READY}")
        else:
            head = "1 thing is missing" if len(found) == 1 else f"{len(found)} things are missing"
            shown.show("\n".join([f"· {head}", *(f"  {one}" for one in found)]))
        shown.set_class(not found, "-complete")

    def action_back(self) -> None:
        """Return from a sheet to the steps, and from the steps to the ticket; the draft is kept."""
        steps = self.query_one("#steps")
        if self.focused is not steps and not self._over:
            self.step_left()
            steps.focus()
        else:
            super().action_back()
