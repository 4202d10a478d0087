"""The step of the grounds: one line each, and the one under the cursor opened in place."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from cs_console.decisions.checklist import GroundView, QuestionView
from screens.decisions.form import ChecklistForm, GroundSheet
from screens.decisions.mark_list import MarkList
from screens.decisions.sheets import Matter, Sheet, fields_list
from screens.frame.amounts import size_words
from screens.frame.theme import palette_of
from screens.frame.walk_screen import SheetHead
from screens.widgets.cursor_sign import with_sign
from screens.widgets.hanging import Hanging, HangingText, Row
from screens.widgets.safe_text import literal_line
from screens.widgets.signs import Sign
from screens.widgets.writing_area import WritingArea

_LISTS = {
    "statutory": "Statutory grounds: we cannot respond",
    "discretionary": "Discretionary grounds: we may reject, after an offer",
    "fee": "Others",
}
TOLD = "told"
_KINDS = {"yes_no": "yes or no", "date": "for example 2026-11-30", "text": "in your own words"}
_STATUS_CELLS = 17


class GroundLine(Static, can_focus=True):
    """One ground and what was said of it. Moving up and down goes through all of them."""

    ALLOW_SELECT = False

    class Opened(Message):
        """The cursor is on this ground."""

        def __init__(self, line: "GroundLine") -> None:
            super().__init__()
            self.line = line

    def __init__(self, ground: GroundView) -> None:
        super().__init__("", markup=False, id=f"ground-{ground.code}")
        self.ground = ground

        self._applies: bool | None = None
        self._status = ""

    def show(self, applies: bool | None, status: str) -> None:
        """Show what was said of it."""
        self._applies, self._status = applies, status
        self._draw()

    def _draw(self) -> None:
        colours = palette_of(self.app, under_cursor=self.has_focus)
        looked = self._applies is not None
        sign = Content(str(Sign.STEP_DONE if looked else Sign.STEP_LATER))
        title = literal_line(self.ground.title).stylize(colours.quiet if self._applies is False else colours.ink)
        words = Content(self._status).stylize(colours.amber if self._applies else colours.quiet)
        signed = Content.assemble("  ", sign.stylize(colours.green if looked else colours.quiet), " ", title)
        self.update(Hanging([Row((signed, words), (_STATUS_CELLS,), stretch=0, hang=4)]))

    def notify_style_update(self) -> None:
        """Another theme has other colours."""
        super().notify_style_update()
        if self.is_mounted:
            self._draw()

    def on_blur(self) -> None:
        self._draw()

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        if y or not self.has_focus:
            return strip
        return with_sign(strip, True, palette_of(self.app, under_cursor=True).sand)

    def on_focus(self) -> None:
        self._draw()
        self.post_message(self.Opened(self))

    def action_cursor_down(self) -> None:
        """Go to the next ground."""
        self._go(1)

    def action_cursor_up(self) -> None:
        """Go to the ground before."""
        self._go(-1)

    def _go(self, by: int) -> None:
        lines = list(self.screen.query(GroundLine))
        at = lines.index(self) + by
        if 0 <= at < len(lines):
            lines[at].focus()


class GroundPane(Sheet):
    """One ground opened: in plain words; where it applies also what it covers, its questions, evidence and offer."""

    def __init__(self, form: ChecklistForm, matter: Matter, now: Callable[[], datetime], ground: GroundView) -> None:
        super().__init__(form, matter, now)
        self.ground = ground
        self.sheet = form.sheet(ground.code)

    def compose(self) -> ComposeResult:
        ground = self.ground
        yield HangingText(ground.plain_words or ground.title)
        if self.sheet.applies:
            yield from self._questions()
        law = f"\n{ground.law}" if ground.law else ""
        approvers = (
            f"\nApproved by {' and '.join(f'a {role}' for role in ground.approvers)}" if ground.approvers else ""
        )
        yield HangingText(f"Policy: {ground.clause_words}{law}{approvers}", classes="part")

    def _questions(self) -> ComposeResult:
        ground = self.ground
        if ground.list != "fee":  # a fee withholds no data
            asked = self.matter.asked(self.form, self.sheet.fields)
            how = "Mark with space." if asked else "First say in step 1 what is asked for."
            yield HangingText(f"Which data does it cover? {how}", classes="part")
            if asked:
                yield fields_list("covers", asked, self.sheet.fields)
        for at, question in enumerate(ground.questions):
            yield HangingText(self._asked(question), classes="part")
            answer = self.sheet.answers.get(question.id, ("", None))[0]
            yield Input(answer, id=f"answer-{at}", placeholder=_KINDS.get(question.kind, ""))
        count = "" if ground.evidence_items == 1 else f" (at least {ground.evidence_items})"
        yield HangingText(f"Evidence, one item per line{count}: {ground.evidence}", classes="part")
        yield WritingArea(self.sheet.evidence, id="evidence")
        if self.matter.attachments and ground.evidence_kind != "tickets":
            yield HangingText("Or files that came with this ticket: press tab, mark with space.", classes="part")
            files = [(one.id, f"{one.words}, {size_words(one.size)}") for one in self.matter.attachments]
            yield MarkList(files, self.sheet.attachments, id="attachments")
        if ground.offers:
            yield HangingText("What was offered before? Press tab, mark with space.", classes="part")
            yield MarkList(ground.offers, self.sheet.offers, id="offers")
        if ground.list == "fee":
            yield from self._fee()

    def _asked(self, question: QuestionView) -> str:
        given = self.sheet.answers.get(question.id)
        if given is not None and question.stale_days and (self.now() - given[1]).days > question.stale_days:
            return f"{question.text}  (answered too long ago: confirm it with ↵)"
        return question.text

    def _fee(self) -> ComposeResult:
        yield HangingText(f"Fee in {self.matter.currency}", classes="part")
        yield Input(self.form.amount, id="amount", placeholder="for example 12.50")
        yield HangingText('What it pays for: "item: cost", one per line, for example copying: 12.50', classes="part")
        yield WritingArea(self.form.items, id="items")
        yield MarkList(
            [(TOLD, "The requester was informed of it beforehand")], [TOLD] * self.form.told_before, id="told"
        )

    @on(Input.Changed)
    def answered(self, event: Input.Changed) -> None:
        """Store the answer and its date."""
        event.stop()
        if event.input.id == "amount":
            self.form.amount = event.value
        else:
            self.sheet.answer(self._question(event.input), event.value, self.now())
        self.changed()

    @on(Input.Submitted)
    def again(self, event: Input.Submitted) -> None:
        """Enter confirms the answer again, dated today, and moves on."""
        event.stop()
        if event.input.id != "amount":
            self.sheet.again(self._question(event.input), self.now())
        self.changed()
        self.screen.focus_next()

    def _question(self, line: Widget) -> str:
        return self.ground.questions[int((line.id or "").rpartition("-")[2])].id

    @on(TextArea.Changed)
    def written(self, event: TextArea.Changed) -> None:
        """Store the evidence, or the items of the cost."""
        event.stop()
        if event.text_area.id == "items":
            self.form.items = event.text_area.text
        else:
            self.sheet.evidence = event.text_area.text
        self.changed()

    @on(MarkList.Changed)
    def marked(self, event: MarkList.Changed) -> None:
        """Store what is covered, what was offered, and whether the requester was informed of the fee."""
        event.stop()
        chosen = set(event.marks.marked)
        if event.marks.id == "offers":
            self.sheet.offers = chosen
        elif event.marks.id == "attachments":
            self.sheet.attachments = chosen
        elif event.marks.id == "told":
            self.form.told_before = TOLD in chosen
        else:
            self.sheet.fields = chosen
        self.changed(steps=True)


class GroundsSheet(Sheet):
    """The policy's lists, kept apart; the exceptions are listed only to say that they are not grounds."""

    def __init__(self, form: ChecklistForm, matter: Matter, now: Callable[[], datetime]) -> None:
        super().__init__(form, matter, now)
        self._opened = ""

    def compose(self) -> ComposeResult:
        yield SheetHead("Which ground covers what we do not grant?", self._count())
        yield HangingText("Look at each. A ground counts only with its evidence.", classes="first")
        shown = ""
        for ground in self.matter.fitting(self.form):
            if ground.list != shown:
                shown = ground.list
                yield HangingText(_LISTS.get(shown, shown), classes="list-name")
            yield GroundLine(ground)
        yield HangingText("Not grounds: bases for collecting without consent", classes="list-name")
        yield HangingText(
            "\n".join(f"({one.number}) {one.title}" for one in self.matter.exceptions), id="exceptions", classes="quiet"
        )

    def on_mount(self) -> None:
        self._show_lines()

    def begin(self) -> Widget | None:
        """On the first ground that was not looked at, else on the first one."""
        lines = list(self.query(GroundLine))
        new = (one for one in lines if self.form.sheets.get(one.ground.code, GroundSheet()).applies is None)
        return next(new, lines[0] if lines else None)

    def _count(self) -> str:
        looked, of = self.matter.looked_at(self.form)
        return f"{looked} of {of}"

    def _show_lines(self) -> None:
        for line in self.query(GroundLine):
            line.show(self.form.sheets.get(line.ground.code, GroundSheet()).applies, self._status(line.ground))
        self.query_one(SheetHead).tell(self._count())

    def _status(self, ground: GroundView) -> str:
        sheet = self.form.sheets.get(ground.code, GroundSheet())
        if sheet.applies is None:
            return "not looked at yet"
        if not sheet.applies:
            return "does not apply"
        if ground.list == "fee" or not sheet.fields:
            return "applies"
        return "covers all of it" if sheet.fields >= self.form.asked else "covers a part"

    # --- the one under the cursor

    @on(GroundLine.Opened)
    def open_in_place(self, event: GroundLine.Opened) -> None:
        """Open the ground under the cursor, and fold the one before."""
        event.stop()
        if event.line.ground.code != self._opened:
            self.call_next(self._open, event.line)

    async def _open(self, line: GroundLine, *, into: bool = False) -> None:
        if not line.is_attached or not line.has_focus:
            return  # the cursor has moved on
        self._opened = line.ground.code
        with self.app.batch_update():
            await self.query(GroundPane).remove()
            pane = GroundPane(self.form, self.matter, self.now, line.ground)
            await self.mount(pane, after=line)
        for other in self.query(GroundLine):
            other.set_class(other is line, "-open")
        first = pane.begin() if into else None
        if first is not None:
            first.focus()
        else:
            self.call_after_refresh(line.scroll_visible, animate=False)

    def answer(self, line: GroundLine) -> None:
        """Say that a ground applies, and go into its questions."""
        self.form.sheet(line.ground.code).applies = True
        self._said()
        self.call_next(partial(self._open, line, into=True))

    def does_not_apply(self, line: GroundLine) -> None:
        """Say that a ground does not apply, and go on to the next."""
        self.form.sheet(line.ground.code).applies = False
        self._said()
        line.action_cursor_down()
        self.call_next(self._open, line)  # the last one stays under the cursor

    def _said(self) -> None:
        self._show_lines()
        self.changed(steps=True)

    @on(Sheet.Changed)
    def changed_within(self, event: Sheet.Changed) -> None:
        """Its line says at once what an opened ground covers; the message goes on to the screen."""
        self._show_lines()
