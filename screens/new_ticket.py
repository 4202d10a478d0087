"""A new ticket for a call, a letter or a form. Nobody has to leave a contact."""

import json
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Select, TextArea

from cs_console.errors import Refusal
from cs_console.tickets.form import FormEntry, open_by_form
from models.enums import Channel, Field, TicketKind
from screens.draft_screen import DraftScreen
from screens.registry import bindings_for
from screens.widgets.safe_text import PlainText, cell

PLACE = "new-ticket"
_CHANNELS = (Channel.CALL, Channel.LETTER, Channel.FORM)
_CONTACTS = {
    Field.NAME: "how they call themselves",
    Field.MOBILE: "+86 138 0000 0000",
    Field.EMAIL: "name@example.org",
}
_CHOICES = {"channel": tuple(one.value for one in _CHANNELS), "kind": tuple(one.value for one in TicketKind)}


class NewTicketScreen(DraftScreen[int]):
    """The answer is the new ticket's number. A refused contact is named at its line, and nothing typed is lost."""

    WHERE = "new"
    HEADING = "New ticket"
    CSS_PATH = "new_ticket.tcss"
    BINDINGS = bindings_for("new")

    def __init__(self) -> None:
        super().__init__(PLACE, None)

    def body(self) -> ComposeResult:
        kinds = self.desk.office.packs.current.kinds
        with VerticalScroll(id="form", can_focus=False):
            yield from _row("Came by", _select("channel", [(one.value, one.value) for one in _CHANNELS]))
            yield from _row("Kind", _select("kind", [(kinds[one].title, one.value) for one in TicketKind]))
            for field, example in _CONTACTS.items():
                line = Input(id=f"contact-{field.name.lower()}", placeholder=example, compact=True)
                yield from _row(field.value.capitalize(), line)
                yield PlainText(id=f"problem-{field.name.lower()}", classes="problem")
            yield from _row("Subject", Input(id="subject", compact=True))
            yield PlainText("What they say", classes="label above")
            yield TextArea(id="text")

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

    def action_open_new(self) -> None:
        """Open the ticket."""
        for field in _CONTACTS:
            self._say_at(field, "")
        contacts = tuple(
            (field, self._contact(field).value) for field in _CONTACTS if self._contact(field).value.strip()
        )
        entry = FormEntry(
            kind=TicketKind(self._chosen("kind")),
            channel=Channel(self._chosen("channel")),
            subject=self.query_one("#subject", Input).value,
            text=self.query_one(TextArea).text,
            contacts=contacts,
        )
        self.change(partial(open_by_form, self.desk, entry), self._opened, refused=self._refused)

    def _chosen(self, name: str) -> str:
        return str(self.query_one(f"#{name}", Select).value)

    def _contact(self, field: Field) -> Input:
        return self.query_one(f"#contact-{field.name.lower()}", Input)

    def _opened(self, number: int) -> None:
        self.sent()
        self.dismiss(number)

    def _refused(self, refusal: Refusal) -> None:
        """The service's sentence names the field: it stands at that field's line, else in the notice bar."""
        named = refusal.sentence.partition(":")[0].casefold()
        for field in _CONTACTS:
            if field.value == named:
                self._say_at(field, f"✗ {refusal}")
                self._contact(field).focus()
                return
        self.say(refusal)

    def _say_at(self, field: Field, words: str) -> None:
        problem = self.query_one(f"#problem-{field.name.lower()}", PlainText)
        problem.show(words)
        problem.set_class(bool(words), "-said")
        row = self._contact(field).parent
        if isinstance(row, Widget):
            row.set_class(bool(words), "-wrong")

    @on(Input.Changed)
    def mended(self, event: Input.Changed) -> None:
        """What was wrong with a line is not said of what is typed there now."""
        for field in _CONTACTS:
            if event.input is self._contact(field):
                self._say_at(field, "")

    @on(Input.Submitted)
    def next_line(self, event: Input.Submitted) -> None:
        """Enter goes on to the next line."""
        event.stop()
        self.focus_next()


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
