"""What to reveal and why: the fields with what is kept of them and whether each can be shown now, then the purposes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Static

from cs_console.casework.conversation import TicketView
from cs_console.casework.ticket_view import NOT_NEEDED, VERIFY_FIRST, FieldState
from cs_console.custody.disclosure import PurposeChoice
from cs_console.local_time import moment
from cs_console.plain_text import one_line
from models.contact_fields import Field
from screens.frame.dialog import Dialog
from screens.ticket.lines import field_key, said
from screens.widgets.choice_list import Choice, ChoiceList, heading_row
from screens.widgets.key_hint import KeyHint
from screens.widgets.safe_text import PlainText
from screens.widgets.signs import Sign

_HEADINGS = ("field", "what is kept", "now")
_WIDTHS, _NARROW_WIDTHS = (22, 24), (14, 17)
"""Of a field's title and of what is kept of it."""
_NARROW = 80
"""Below so many columns of the terminal the columns are narrow."""
_MOST_NUMBERED = 9


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be revealed, and the purpose with its words."""

    key: str
    purpose: str
    purpose_words: str


class RevealDialog(Dialog[Asked]):
    """Enter shows the field under the cursor, for the purpose under the other one; a number chooses that purpose.

    What cannot be shown now says why and cannot be chosen. At least one of the fields can be.
    """

    DIALOG_TITLE = "Show one field"
    CSS_PATH = Path(__file__).with_name("reveal_dialog.tcss")
    BINDINGS = [Binding(str(number), f"purpose({number})", show=False) for number in range(1, _MOST_NUMBERED + 1)]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-short"), (30, "-tall")]

    def __init__(
        self,
        view: TicketView,
        purposes: Mapping[Field, tuple[PurposeChoice, ...]],
        at: str,
    ) -> None:
        super().__init__()
        self._kind = view.kind_title.lower()
        self._received = {line.id: line.at for line in view.lines}
        self._fields = {field_key(one.field, one.item): one for one in _in_order(view)}
        self._purposes = purposes
        self._at = at
        self._of = ""

    def body(self) -> ComposeResult:
        widths = _NARROW_WIDTHS if self.app.size.width < _NARROW else _WIDTHS
        choices = [self._choice(key, one, widths) for key, one in self._fields.items()]
        yield Static(heading_row(widths, _HEADINGS), id="headings", markup=False)
        yield ChoiceList(choices, columns=widths, id="fields")
        yield PlainText("Why do you need it?", classes="question")
        yield ChoiceList(id="purposes", mark_style="bold $text-accent")
        yield KeyHint("↵ show it, on record first   1-9 why   esc back")

    def on_mount(self) -> None:
        fields = self.query_one("#fields", ChoiceList)
        if self._at in self._fields and self._fields[self._at].revealable:
            fields.highlighted = fields.get_option_index(self._at)
        else:
            fields.action_first()
        fields.focus()

    def _choice(self, key: str, one: FieldState, widths: tuple[int, int]) -> Choice:
        title, now = one.title, "can be shown" if one.revealable else self._why_not(one)
        if one.field is Field.MESSAGE:
            title = f"Message, {moment(self._received[one.item])}"
        elif one.field is not Field.SUBJECT:
            now = ", ".join(filter(None, (said(one).strip(), now)))
        return Choice(
            key,
            one_line(title, widths[0]),
            now,
            can_choose=one.revealable,
            what=one_line(one.mask, widths[1]),
        )

    def _why_not(self, one: FieldState) -> str:
        return f"{Sign.REFUSED} {f'not for: {self._kind}' if one.why == NOT_NEEDED else one.why}"

    # --- the purposes follow the field

    @on(ChoiceList.OptionHighlighted, "#fields")
    def offer_purposes(self, event: ChoiceList.OptionHighlighted) -> None:
        """Show the purposes of the field under the cursor; the chosen one stays if it is among them."""
        event.stop()
        self._of = event.option_id or ""
        self.query_one("#purposes", ChoiceList).show(
            Choice(
                purpose.key,
                purpose.title,
                "" if purpose.open_now else VERIFY_FIRST,
                can_choose=purpose.open_now,
                mark=str(number),
            )
            for number, purpose in enumerate(self._offered(), start=1)
        )

    def _offered(self) -> tuple[PurposeChoice, ...]:
        field = self._fields.get(self._of)
        return self._purposes.get(field.field, ()) if field is not None else ()

    def action_purpose(self, number: int) -> None:
        """Choose the purpose of that number."""
        offered = self._offered()
        if number <= len(offered) and offered[number - 1].open_now:
            self.query_one("#purposes", ChoiceList).highlighted = number - 1

    @on(ChoiceList.OptionSelected)
    def choose(self, event: ChoiceList.OptionSelected) -> None:
        """Answer with the field and the purpose."""
        event.stop()
        chosen = self.query_one("#purposes", ChoiceList).current
        for one in self._offered():
            if one.key == chosen:
                self.dismiss(Asked(self._of, one.key, one.title))


def _in_order(view: TicketView) -> list[FieldState]:
    """What can be shown first: the contacts, then the texts as they came."""
    return sorted((*view.fields, *view.text_fields), key=lambda one: not one.revealable)
