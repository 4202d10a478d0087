"""The sheets of a settlement: its matter, one per question, the outcome, the letter, and the earlier settlement."""

from collections.abc import Iterable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import TextArea

from cs_console.local_time import moment
from cs_console.policy.schema import Pack
from cs_console.policy.workflow_rules import WorkflowOutcome, WorkflowQuestion, WorkflowRules
from cs_console.settlements.settled import SettlementView
from screens.frame.walk_screen import StepSheet
from screens.settlements.form import SettleForm
from screens.widgets.choice_list import Choice, ChoiceList
from screens.widgets.safe_text import PlainText
from screens.widgets.writing_area import WritingArea

_YES_NO = {"yes": "Yes", "no": "No"}


class SettleSheet(StepSheet):
    """One step; it updates the form as the agent chooses and types."""

    class Changed(Message):
        """Something was chosen or typed. `chosen`: this step is done, and the list of steps may have changed."""

        def __init__(self, chosen: bool = False) -> None:
            super().__init__()
            self.chosen = chosen

    def __init__(self, form: SettleForm) -> None:
        super().__init__()
        self.form = form

    def begin(self) -> Widget | None:
        """Put the focus on what was chosen or written before."""
        first = super().begin()
        if isinstance(first, TextArea):
            first.move_cursor(first.document.end)
        return first


class MatterSheet(SettleSheet):
    """What was decided in the ticket's matter, by which agents and on what evidence."""

    def __init__(self, form: SettleForm, about: str, lines: Sequence[str]) -> None:
        super().__init__(form)
        self._about = about
        self._lines = lines

    def compose(self) -> ComposeResult:
        yield PlainText(f"About {self._about}", classes="title")
        words = (
            "What was decided, who decided it, and on what evidence."
            if self._lines
            else "Name it on the ticket with b."
        )
        yield PlainText(words, classes="part")
        with VerticalScroll(classes="letter"):
            yield PlainText("\n".join(self._lines) or "No matter is named.", id="matter")


class QuestionSheet(SettleSheet):
    """One question: a choice from the pack, or a text."""

    def __init__(self, form: SettleForm, pack: Pack, question: WorkflowQuestion) -> None:
        super().__init__(form)
        self.question = question
        self._choices_of = {
            "yes_no": _YES_NO,
            "choice": question.choices,
            "basis": {str(one.number): f"({one.number}) {one.title}" for one in pack.consent_exceptions},
        }.get(question.kind)

    def compose(self) -> ComposeResult:
        yield PlainText(self.question.text, classes="title")
        if self._choices_of is not None:
            yield PlainText("Choose with ↵.", classes="part")
            yield _at(ChoiceList(self._choices(), id="answers"), self.form.answers.get(self.question.id, ""))
        else:
            need = "" if self.question.required else " Optional."
            yield PlainText(f"In your own words.{need}", classes="part")
            yield WritingArea(self.form.answers.get(self.question.id, ""), id="words")

    def _choices(self) -> Iterable[Choice]:
        now = self.form.answers.get(self.question.id, "")
        for key, title in (self._choices_of or {}).items():
            roles = self.question.needs.get(key, ())
            note = f"settled by a {' or a '.join(role.value for role in roles)}" if roles else ""
            yield Choice(key, title, note, mark="●" if key == now else "○")

    @on(ChoiceList.OptionSelected)
    def choose(self, event: ChoiceList.OptionSelected) -> None:
        """Answer with the selected choice."""
        event.stop()
        self.form.answer(self.question.id, event.option_id or "")
        self.query_one(ChoiceList).show(self._choices())
        self.post_message(self.Changed(chosen=True))

    @on(TextArea.Changed)
    def written(self, event: TextArea.Changed) -> None:
        """Store the text."""
        event.stop()
        self.form.answer(self.question.id, event.text_area.text)
        self.post_message(self.Changed())


class OutcomeSheet(SettleSheet):
    """The outcome of the settlement."""

    def __init__(self, form: SettleForm, pack: Pack, rules: WorkflowRules) -> None:
        super().__init__(form)
        self._kinds = {kind: rules.title for kind, rules in pack.kinds.items()}
        self._rules = rules

    def compose(self) -> ComposeResult:
        yield PlainText("What is the outcome?", classes="title")
        yield PlainText("Choose with ↵. The letter shows what the requester is told.", classes="part")
        yield _at(ChoiceList(self._choices(), id="outcomes"), self.form.outcome)

    def _choices(self) -> Iterable[Choice]:
        for key, outcome in self._rules.outcomes.items():
            mark = "●" if key == self.form.outcome else "○"
            yield Choice(key, outcome.title, " · ".join(self._notes(outcome)), mark=mark)

    def _notes(self, outcome: WorkflowOutcome) -> Iterable[str]:
        """The consequences of an outcome, and what it needs."""
        if outcome.becomes is not None:
            yield f"becomes: {self._kinds[outcome.becomes].lower()}"
        if outcome.reopens:
            yield "reopens the ticket that it is about"
        if outcome.verified:
            yield "needs a verified requester"
        if outcome.replied:
            yield "needs a reply that was sent"
        if outcome.needs:
            yield f"settled by a {' or a '.join(role.value for role in outcome.needs)}"
        if not outcome.told:
            yield "no letter"

    @on(ChoiceList.OptionSelected)
    def choose(self, event: ChoiceList.OptionSelected) -> None:
        """Take the selected outcome."""
        event.stop()
        self.form.choose(event.option_id or "")
        self.query_one(ChoiceList).show(self._choices())
        self.post_message(self.Changed(chosen=True))


class ReasonSheet(SettleSheet):
    """The reason given in the letter."""

    def __init__(self, form: SettleForm, rules: WorkflowRules) -> None:
        super().__init__(form)
        self._rules = rules

    def compose(self) -> ComposeResult:
        yield PlainText("Which reason does the letter give?", classes="title")
        yield PlainText("Choose with ↵. Your own text never appears in the letter.", classes="part")
        yield _at(ChoiceList(self._choices(), id="reasons"), self.form.reason)

    def _choices(self) -> Iterable[Choice]:
        for key, words in self._rules.outcomes[self.form.outcome].reasons.items():
            yield Choice(key, words, mark="●" if key == self.form.reason else "○")

    @on(ChoiceList.OptionSelected)
    def choose(self, event: ChoiceList.OptionSelected) -> None:
        """Take the selected reason."""
        event.stop()
        self.form.reason = event.option_id or ""
        self.query_one(ChoiceList).show(self._choices())
        self.post_message(self.Changed(chosen=True))


class LetterSheet(SettleSheet):
    """The letter as it would be sent."""

    def compose(self) -> ComposeResult:
        yield PlainText("Preview of the letter. Settle the ticket with ctrl+s.", classes="title")
        with VerticalScroll(classes="letter"):
            yield PlainText("…", id="preview")

    def show(self, words: str) -> None:
        """Show the letter, or why there is none."""
        self.query_one("#preview", PlainText).show(words)


class SettledSheet(SettleSheet):
    """The settlement: what, by which agent, when, on which answers, and the letter with its delivery."""

    def __init__(self, form: SettleForm, settled: SettlementView) -> None:
        super().__init__(form)
        self._settled = settled

    def compose(self) -> ComposeResult:
        one = self._settled
        yield PlainText(one.title, classes="title")
        yield PlainText(f"by {one.agent} · {moment(one.at)}", classes="quiet")
        yield PlainText(one.delivery or "No letter was sent.", id="delivery", classes="part")
        with VerticalScroll(classes="letter"):
            yield PlainText("\n\n".join(filter(None, ("\n".join(one.lines), one.letter))), id="settled")


def _at(choices: ChoiceList, key: str) -> ChoiceList:
    """The list with its cursor on what was chosen before."""
    keys = [option.id for option in choices.options]
    choices.highlighted = keys.index(key) if key in keys else 0
    return choices
