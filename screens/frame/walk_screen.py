"""A form filled in step by step: the steps, the sheet of the current one, and the letter that comes of it."""

from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Region
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static, TextArea

from screens.frame.console import Typed
from screens.frame.draft_screen import DraftScreen
from screens.frame.paper import Letter
from screens.frame.steps_pane import Standing, StepsPane
from screens.registry import Command
from screens.ticket.language_names import language_name
from screens.widgets.choice_list import ChoiceList
from screens.widgets.hanging import HangingText
from screens.widgets.key_bar import KeyBar
from screens.widgets.notice_bar import Said

LETTER = "letter"
"""The key of the step that shows it."""
PREVIEW_SECONDS = 0.2
"""How long the letter waits for another key before it is made again."""
BESIDE = 190
"""From this width on the letter is beside the page."""


class SheetHead(Static):
    """What a sheet asks, and at the right how far it is."""

    def __init__(self, title: str, count: str = "") -> None:
        super().__init__(markup=False)
        self._title, self._count = title, count

    def tell(self, count: str) -> None:
        """Say how far it is."""
        self._count = count
        self.refresh()

    def render(self) -> Content:
        title = Content(self._title).stylize("bold $bright")
        gap = self.content_size.width - title.cell_length - len(self._count)
        return Content.assemble(title, " " * gap, (self._count, "$text-muted")) if self._count and gap > 1 else title


class StepSheet(Vertical):
    """One step of the form. `READS`: it is only read, so the page itself takes the keys."""

    READS: ClassVar[bool] = False

    def begin(self) -> Widget | None:
        """Where the focus goes first."""
        if self.READS:
            return self.screen.query_one("#page")
        return next((widget for widget in self.query("*") if widget.focusable), None)


class LetterSheet(StepSheet):
    """All that is missing, and the letter as it would go out; where there is room for it, the letter is beside it."""

    READS = True

    def compose(self) -> ComposeResult:
        yield SheetHead("Before it goes out")
        yield HangingText(id="problems")
        yield Letter(words_id="preview")


class WalkScreen(DraftScreen[Said]):
    """Steps, page and letter. The page scrolls as one. `_over`: there is nothing left to do here."""

    CSS_PATH = [Path(__file__).with_name(name) for name in ("walk.tcss", "paper.tcss")]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (BESIDE, "-beside")]
    SENDS: ClassVar[str] = ""
    """The command that the form is filled in for."""

    def __init__(self, place: str, number: int) -> None:
        super().__init__(place, number)
        self.number = number
        self._over = False
        self._step = ""
        self._shown = ""
        self._goes_in = False
        self._missing: tuple[str, ...] = ()
        self._letter = ("…", False)
        self._letter_soon: Timer | None = None
        self._before_letter = ""
        self._was_at_steps = False

    def body(self) -> ComposeResult:
        with Container(id="walk"):
            yield StepsPane(id="steps")
            with VerticalScroll(id="page", can_focus=False):
                yield Vertical(id="sheet")
                yield Letter(id="beside")

    @property
    def steps(self) -> StepsPane:
        """The steps of the form."""
        return self.query_one("#steps", StepsPane)

    def typed(self) -> tuple[Typed, ...]:
        """The draft; nothing where there is nothing left to do: what is kept for a taking back is not saved again."""
        return () if self._over else super().typed()

    def sheet_of(self, step: str) -> StepSheet | None:
        """The sheet of a step."""
        raise NotImplementedError  # each form has steps of its own; Textual's screens cannot be abstract classes

    def step_left(self) -> None:
        """Another sheet was opened, or the focus returned to the steps."""

    def problems(self) -> tuple[str, ...]:
        """What is still missing, as the service says it."""
        raise NotImplementedError  # the same

    def standing(self) -> Standing:
        """How far the form is; a form that names a second person or a date adds them."""
        return Standing(missing=self._missing)

    # --- steps

    @on(StepsPane.Turned)
    def look_at(self, event: StepsPane.Turned) -> None:
        """Show the sheet of the current step."""
        event.stop()
        self.show_step(event.step)

    @on(StepsPane.Entered)
    def go_into(self, event: StepsPane.Entered) -> None:
        """Move into the sheet; Escape returns."""
        event.stop()
        if self._shown == self._step:
            self._begin()
        else:
            self._goes_in = True

    def _begin(self) -> None:
        sheet = next(iter(self.query(StepSheet)), None)
        first = sheet.begin() if sheet is not None else None
        if first is not None:
            first.focus()

    def action_step(self, by: int) -> None:
        """Turn to the next step or the one before; who is in a sheet goes into the next."""
        self.steps.turn_by(by)

    def action_step_number(self, number: int) -> None:
        """Turn to the step of that number."""
        if number <= len(self.steps.steps):
            self.steps.turn_to(self.steps.steps[number - 1].key)

    def show_step(self, step: str) -> None:
        """Show the sheet of a step."""
        if step != self._step:
            self.step_left()
            self._step = step
            self.call_next(self._put_sheet, step)

    async def _put_sheet(self, step: str) -> None:
        sheet = self.sheet_of(step)
        page, place = self.query_one("#page", VerticalScroll), self.query_one("#sheet", Vertical)
        goes_in = self._goes_in or self._over or self.focused is not self.steps
        self._goes_in = False
        with self.app.batch_update():
            await place.remove_children()
            if sheet is not None:
                await place.mount(sheet)
        self._shown = step
        page.can_focus = sheet is not None and sheet.READS
        page.scroll_home(animate=False)
        if isinstance(sheet, LetterSheet):
            self.show_problems()
            self._show_letter()
            self._preview()
        if goes_in:
            self._begin()

    def show_problems(self) -> None:
        """Show what is missing, or that nothing is."""
        self._missing = self.problems()
        self.steps.tell(self.standing())
        for shown in self.query("#problems").results(HangingText):
            shown.show(missing_words(self._missing))
            shown.set_class(not self._missing, "-complete")
        self.query_one(KeyBar).refresh()

    # --- the letter, following each change

    @property
    def letter_language(self) -> str:
        """The language that the letter is in, "" while it is not known."""
        raise NotImplementedError  # the same

    def _preview(self) -> None:
        """Make the letter, and show it with `_previewed`."""
        raise NotImplementedError  # the same

    def _letter_follows(self) -> None:
        """Make the letter again once no key has been pressed for a moment."""
        if self._letter_soon is not None:
            self._letter_soon.stop()
        self._letter_soon = self.set_timer(PREVIEW_SECONDS, self._preview)

    def _previewed(self, words: str, *, is_letter: bool) -> None:
        self._letter = words, is_letter
        self._show_letter()

    def _show_letter(self) -> None:
        words, is_letter = self._letter
        language = self.letter_language
        head = f"The letter, in {language_name(language)}" if language else "The letter"
        for letter in self.query(Letter):
            letter.show(head, words, is_letter=is_letter)

    def action_letter(self) -> None:
        """Turn to the letter, and from there back to where the agent was."""
        if self._step == LETTER:
            if self._was_at_steps:
                self.steps.focus()
            self.steps.turn_to(self._before_letter or self.steps.steps[0].key)
        else:
            self._before_letter, self._was_at_steps = self._step, self.focused is self.steps
            self._goes_in = True
            self.steps.turn_to(LETTER)

    # --- one page: what is under the cursor stays in sight

    @on(ChoiceList.OptionHighlighted)
    def keep_choice_in_sight(self, event: ChoiceList.OptionHighlighted) -> None:
        """Scroll the page to the line under the cursor of one of its lists."""
        if isinstance(event.option_list, ChoiceList) and event.option_list.has_focus:
            self.call_after_refresh(self._scroll_to_choice, event.option_list)

    def _scroll_to_choice(self, choices: ChoiceList) -> None:
        self._scroll_page(choices, choices.lines_of_cursor)

    @on(TextArea.SelectionChanged)
    def keep_cursor_in_sight(self, event: TextArea.SelectionChanged) -> None:
        """Scroll the page to the line that is being written."""
        if event.text_area.has_focus:
            self.call_after_refresh(self._scroll_to_cursor, event.text_area)

    def _scroll_to_cursor(self, area: TextArea) -> None:
        y = area.cursor_screen_offset.y - area.region.y
        self._scroll_page(area, range(y - 1, y + 2))

    def _scroll_page(self, widget: Widget, lines: range) -> None:
        page = self.query_one("#page", VerticalScroll)
        if widget.is_attached and page in widget.ancestors:
            top = widget.region.y - page.content_region.y + page.scroll_offset.y
            page.scroll_to_region(Region(0, top + lines.start, 1, max(len(lines), 1)), animate=False, force=True)

    # --- keys

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The footer says what the keys do where the focus is now."""
        self.query_one(KeyBar).refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide steps and sending where there is nothing left to do; the services refuse it too."""
        if self._over and action in {self.SENDS, "step", "step_number", "letter"}:
            return False
        return super().check_action(action, parameters)

    def title_of(self, one: Command) -> str:
        """Escape leads to the steps, and from there out of the form, which is kept."""
        if one.id == "back" and not self._over:
            return "Keep and leave" if self.focused is self.steps else "Steps"
        return super().title_of(one)

    def not_yet(self) -> tuple[str, str] | None:
        """What the form is filled in for waits for what is missing."""
        if not self._missing or self._over:
            return None
        count = "1 thing" if len(self._missing) == 1 else f"{len(self._missing)} things"
        return self.SENDS, f"{self.SENDS}: {count} missing"

    def action_back(self) -> None:
        """Return from a sheet to the steps, and from the steps to the ticket; the draft is kept."""
        if self.focused is not self.steps and not self._over:
            self.step_left()
            self.steps.focus()
        else:
            super().action_back()


def missing_words(missing: tuple[str, ...]) -> str:
    """All that is missing, each with a bullet; or that nothing is."""
    if not missing:
        return "Nothing is missing."
    return "\n".join(f"· {one}" for one in missing)
