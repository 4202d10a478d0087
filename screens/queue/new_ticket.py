"""A new ticket for a call, a letter or a form. A contact is optional."""

import json
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Select, TextArea

from cs_console.errors import ConsoleError
from cs_console.intake.form import CHANNELS, FormEntry, OpenedByForm, open_by_form
from models.contact_fields import Field
from models.enums import Channel, TicketKind
from screens.frame.draft_screen import DraftScreen
from screens.frame.steps import in_steps
from screens.registry import TAB_AT_ONCE, bindings_for
from screens.widgets.notice_bar import Said, Tone
from screens.widgets.safe_text import PlainText, cell
from screens.widgets.writing_area import WritingArea

PLACE = "new-ticket"
_CONTACTS = {
    Field.NAME: "name as they give it",
    Field.MOBILE: "+86 138 0000 0000",
    Field.EMAIL: "name@example.org",
    Field.ADDRESS: "street, number, town",
}
RECEIVED = "received"
_CHOICES = {"channel": tuple(one.value for one in CHANNELS), "kind": tuple(one.value for one in TicketKind)}


class NewTicketScreen(DraftScreen[OpenedByForm]):
    """The answer is the new ticket. A problem with a contact appears at its line, and nothing typed is lost."""

    WHERE = "new"
    HEADING = "New ticket"
    CSS_PATH = "new_ticket.tcss"
    BINDINGS = [*bindings_for("new"), *TAB_AT_ONCE]
    HELP_TITLE = "A new ticket"
    HELP = (
        "For a phone call or a letter. Write down what was said; a contact is optional. What you type is sealed and "
        "saved every second."
    )

    def __init__(self) -> None:
        super().__init__(PLACE, None)

    def body(self) -> ComposeResult:
        kinds = self.session.desk.packs.current.kinds
        with VerticalScroll(id="form", can_focus=False):
            yield from _row("Channel", _select("channel", [(one.value, one.value) for one in CHANNELS]))
            yield from _row("Kind", _select("kind", [(kinds[one].title, one.value) for one in TicketKind]))
            yield from _line("Received", RECEIVED, "today, or 2026-11-20")
            for field, example in _CONTACTS.items():
                yield from _line(field.value.capitalize(), _line_of(field), example)
            yield from _row("Subject", Input(id="subject", compact=True))
            yield PlainText("Message", classes="label above")
            yield WritingArea(id="text")

    def on_mount(self) -> None:
        self.query_one("#channel").focus()

    # --- the draft

    def _lines(self) -> dict[str, Input]:
        return {str(line.id): line for line in self.query(Input)}

    def draft(self) -> str:
        typed = {name: line.value for name, line in self._lines().items() if line.value.strip()}
        text = self.query_one(TextArea).text
        if not typed and not text.strip():
            return ""
        chosen = {select.id: select.value for select in self.query(Select)}
        return json.dumps({"lines": typed, "text": text, "chosen": chosen}, ensure_ascii=False)

    def restore(self, draft: str) -> bool:
        try:
            values = json.loads(draft)
            typed, text, chosen = dict(values["lines"]), str(values["text"]), dict(values["chosen"])
        except (ValueError, TypeError, KeyError):
            return False
        for name, line in self._lines().items():
            line.value = str(typed.get(name, ""))
        self.query_one(TextArea).load_text(text)
        for select in self.query(Select):
            if chosen.get(select.id) in _CHOICES.get(select.id or "", ()):
                select.value = chosen[select.id]
        return True

    # --- opening the ticket

    @in_steps
    async def action_open_new(self) -> None:
        """Open the ticket."""
        for line in _LINES:
            self._say_at(line, "")
        contacts = tuple(
            (field, self._contact(field).value) for field in _CONTACTS if self._contact(field).value.strip()
        )
        entry = FormEntry(
            kind=TicketKind(self._chosen("kind")),
            channel=Channel(self._chosen("channel")),
            subject=self.query_one("#subject", Input).value,
            text=self.query_one(TextArea).text,
            contacts=contacts,
            received=self.query_one(f"#{RECEIVED}", Input).value,
        )
        work = partial(
            self.used_up, self.session, self.typed(), partial(open_by_form, self.session, entry, act=self.act)
        )
        try:
            self.dismiss(await self.change(work, late=opened_words))
        except ConsoleError as refusal:
            self._show_problem(refusal)

    def _chosen(self, name: str) -> str:
        return str(self.query_one(f"#{name}", Select).value)

    def _contact(self, field: Field) -> Input:
        return self.query_one(f"#{_line_of(field)}", Input)

    def _show_problem(self, refusal: ConsoleError) -> None:
        """Show a problem at the line that the service names, otherwise in the notice bar."""
        line = _LINES_BY_NAME.get(refusal.sentence.partition(":")[0].casefold())
        if line is None:
            self.say(refusal)
        else:
            self._say_at(line, f"✗ {refusal}")
            self.query_one(f"#{line}").focus()

    def _say_at(self, line: str, words: str) -> None:
        problem = self.query_one(f"#problem-{line}", PlainText)
        problem.show(words)
        problem.set_class(bool(words), "-said")
        row = self.query_one(f"#{line}").parent
        if isinstance(row, Widget):
            row.set_class(bool(words), "-wrong")

    @on(Input.Changed)
    def corrected(self, event: Input.Changed) -> None:
        """Clear a line's problem when its text changes."""
        if event.input.id in _LINES:
            self._say_at(event.input.id, "")

    @on(Input.Submitted)
    def next_line(self, event: Input.Submitted) -> None:
        """Enter moves to the next line."""
        event.stop()
        self.focus_next()


def _line_of(field: Field) -> str:
    return f"contact-{field.name.lower()}"


_LINES_BY_NAME = {RECEIVED: RECEIVED} | {field.value: _line_of(field) for field in _CONTACTS}
_LINES = frozenset(_LINES_BY_NAME.values())


def _line(name: str, line_id: str, example: str) -> ComposeResult:
    """A line with its problem shown right below it."""
    yield from _row(name, Input(id=line_id, placeholder=example, compact=True))
    yield PlainText(id=f"problem-{line_id}", classes="problem")


def _row(name: str, field: Widget) -> ComposeResult:
    with Horizontal(classes="row"):
        yield PlainText(name, classes="label")
        yield field


def _select(select_id: str, choices: list[tuple[str, str]]) -> Select[str]:
    return Select(
        [(cell(title), value) for title, value in choices],
        value=choices[0][1],
        allow_blank=False,
        compact=True,
        id=select_id,
    )


def opened_words(opened: OpenedByForm) -> Said:
    """What the console says about a ticket that was opened by hand."""
    if opened.kept_away:
        why = "you were involved in a decision that it may be about. An uninvolved agent must handle it."
        return Said(f"#{opened.number} was opened and left unassigned: {why}", Tone.INFO)
    return Said(f"#{opened.number} was opened and assigned to you.")
