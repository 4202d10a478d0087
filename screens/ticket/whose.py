"""Whose a ticket is: link it to a person on file, chosen by masks, or undo the link."""

from dataclasses import dataclass
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from cs_console.verification.linking import Candidate, Whose, link_ticket, look_for_person, unlink_ticket, whose
from models.contact_fields import Field
from models.enums import Link
from screens.frame.dialog import Dialog
from screens.frame.steps import in_steps
from screens.frame.text_dialog import forgetting_draft
from screens.ticket.open_ticket import OpenTicket
from screens.widgets.choice_list import Choice, ChoiceList
from screens.widgets.notice_bar import Tone
from screens.widgets.safe_text import PlainText

UNLINK = "unlink"
LINK_HINT = "ctrl+s record it   esc save as draft"
_NOW = {
    Link.NONE: "#{} is not linked to anyone on file.",
    Link.PRESUMED: "#{} came from a contact that one person on file has, so it is presumed to be theirs.",
    Link.PROVEN: "#{} is linked to a person on file.",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The person to link the ticket to, None to undo the link; `found_by` is what was typed to find them."""

    person: str | None
    found_by: tuple[Field, str] | None = None


async def say_whose(ticket: OpenTicket) -> None:
    """Choose the person, or undo the link, then give the reason."""
    found = await ticket.call(partial(whose, ticket.session, ticket.number), group="whose")
    chosen = await ticket.ask(WhoseDialog(found))
    if chosen is None:
        return
    why = await ticket.ask_words(why_question(ticket.number, chosen), "whose", hint=LINK_HINT)
    if why is None:
        return
    session, number, version = ticket.session, ticket.number, found.version
    if chosen.person is None:
        undo = partial(unlink_ticket, session, number, version, why.words)
        done = f"#{number} is no longer linked to a person on file."
        await ticket.change(partial(forgetting_draft, session, why, undo), done)
    else:
        link = partial(link_ticket, session, number, version, chosen.person, why.words, chosen.found_by)
        done = f"#{number} was linked. The requester must still be verified (v)."
        await ticket.change(partial(forgetting_draft, session, why, link), done)


class WhoseDialog(Dialog[Chosen]):
    """Lists candidates by their masks; typing a whole contact finds others, and the look-up is recorded."""

    DIALOG_TITLE = "Whose ticket is it?"
    CSS_PATH = "whose.tcss"

    def __init__(self, whose: Whose) -> None:
        super().__init__()
        self._whose = whose
        self._found_by: tuple[Field, str] | None = None

    def body(self) -> ComposeResult:
        whose = self._whose
        yield PlainText(_NOW[whose.link].format(whose.number), classes="question")
        yield PlainText("\n".join(whose.history[-3:]), id="history")
        if whose.link is Link.NONE:
            yield Input(id="contact", placeholder="whole phone number or e-mail on file; the look-up is recorded")
        yield ChoiceList(self._choices(), id="people")
        yield PlainText("↵ choose or look up   tab other field   esc back", classes="hint")

    def _choices(self) -> list[Choice]:
        if self._whose.link is not Link.NONE:
            note = "the sender is unverified again; verification windows close, codes end"
            return [Choice(UNLINK, "Undo the link", note)]
        return [_choice(one) for one in self._whose.candidates]

    def on_mount(self) -> None:
        self.query_one("#history").display = bool(self._whose.history)
        people = self.query_one(ChoiceList)
        people.display = bool(people.option_count)
        (people if people.display else self.query_one(Input)).focus()

    @on(Input.Submitted)
    @in_steps
    async def look(self, event: Input.Submitted) -> None:
        """Look up exactly this contact."""
        event.stop()
        typed = event.value.strip()
        if typed:
            field = Field.EMAIL if "@" in typed else Field.MOBILE
            work = partial(look_for_person, self.session, self._whose.number, field, typed)
            self._show((field, typed), await self.change(work))

    def _show(self, found_by: tuple[Field, str], found: tuple[Candidate, ...]) -> None:
        people = self.query_one(ChoiceList)
        if not found:
            self.say("No one on file has exactly this contact.", Tone.WARNING)
            return
        self._found_by = found_by
        people.display = True
        people.show(_choice(one) for one in found)
        self.say("1 person." if len(found) == 1 else f"{len(found)} people: compare the masks.")
        people.focus()

    @on(ChoiceList.OptionSelected, "#people")
    def choose(self, event: ChoiceList.OptionSelected) -> None:
        """Answer with the selected line."""
        event.stop()
        if event.option_id == UNLINK:
            self.dismiss(Chosen(None))
        elif event.option_id:
            self.dismiss(Chosen(event.option_id, self._found_by))


def why_question(number: int, chosen: Chosen) -> str:
    """Ask for the reason before it is done."""
    if chosen.person is None:
        return f"Why is #{number} not theirs? The ticket keeps its text, but its verification is no longer valid."
    return f"How do you know that #{number} is theirs? Linking does not verify the requester."


def _choice(one: Candidate) -> Choice:
    return Choice(one.id, "  ".join(one.masks) or "no contact on file", one.why)
