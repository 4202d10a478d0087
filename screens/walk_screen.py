"""A form that is walked step by step: the steps, the sheet of the one under the cursor, and what is still missing."""

from textual import on
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget

from screens.draft_screen import DraftScreen
from screens.widgets.choice_list import ChoiceList
from screens.widgets.notice_bar import Said
from screens.widgets.safe_text import PlainText


class StepSheet(Vertical):
    """One step of the form."""

    def begin(self) -> Widget | None:
        """Where the keyboard goes first."""
        return next((widget for widget in self.query("*") if widget.focusable), None)


class WalkScreen(DraftScreen[Said]):
    """It has a list `steps`, a pane `sheet` and the words `problems`; `_over`: nothing is left to be done here."""

    READY = ""
    """What is said where nothing is missing."""

    def __init__(self, place: str, number: int) -> None:
        super().__init__(place, number)
        self.number = number
        self._over = False
        self._step = ""

    def sheet_of(self, step: str) -> StepSheet | None:
        """The sheet of a step."""
        raise NotImplementedError  # each form has steps of its own; Textual's screens cannot be abstract classes

    def sheet_shown(self, sheet: StepSheet | None) -> None:
        """A sheet was put up."""

    def step_left(self) -> None:
        """Something else is looked at now, or the keyboard went back to the steps."""

    def problems(self) -> tuple[str, ...]:
        """What is still missing, in the service's words."""
        raise NotImplementedError  # the same

    @on(ChoiceList.OptionHighlighted, "#steps")
    def look_at(self, event: ChoiceList.OptionHighlighted) -> None:
        """The sheet follows the cursor."""
        event.stop()
        if event.option_id:
            self.show_step(event.option_id)

    @on(ChoiceList.OptionSelected, "#steps")
    def go_into(self, event: ChoiceList.OptionSelected) -> None:
        """Enter goes into the sheet; Escape comes back."""
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
        """Say what is missing, or that nothing is."""
        found = self.problems()
        shown = self.query_one("#problems", PlainText)
        if not found:
            shown.show(f"✓ Nothing is missing.\n{self.READY}")
        else:
            head = "1 thing is missing" if len(found) == 1 else f"{len(found)} things are missing"
            shown.show("\n".join([f"· {head}", *(f"  {one}" for one in found)]))
        shown.set_class(not found, "-complete")

    def action_back(self) -> None:
        """From a sheet back to the steps; from the steps back to the ticket, with the draft kept."""
        steps = self.query_one("#steps")
        if self.focused is not steps and not self._over:
            self.step_left()
            steps.focus()
        else:
            super().action_back()
