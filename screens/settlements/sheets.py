"""The sheets of a settlement: its matter, one per question, the outcome, the letter, and the earlier settlement."""

from collections.abc import Iterable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import TextArea

from cs_console.local_time import moment
from cs_console.policy.schema import Pack
from cs_console.policy.workflow_rules import WorkflowOutcome, WorkflowQuestion, WorkflowRules
from cs_console.settlements.settled import SettlementView
from screens.frame.paper import Paper
from screens.frame.walk_screen import SheetHead, StepSheet
from screens.settlements.form import SettleForm
from screens.widgets.choice_list import Choice, ChoiceList
from screens.widgets.hanging import HangingText
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

    READS = True

    def __init__(self, form: SettleForm, about: str, lines: Sequence[str]) -> None:
        super().__init__(form)
        self._about = about
        self._lines = lines

    def compose(self) -> ComposeResult:
        yield SheetHead(f"About {self._about}")
        words = (
            "What was decided, who decided it, and on what evidence."
            if self._lines
            else "Name it on the ticket with b."
        )
        yield HangingText(words, classes="first")
        yield HangingText("\n".join(self._lines) or "No matter is named.", id="matter")


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
        yield SheetHead(self.question.text)
        if self._choices_of is not None:
            yield HangingText("Choose with ↵.", classes="first")
            yield _at(ChoiceList(self._choices(), id="answers"), self.form.answers.get(self.question.id, ""))
        else:
            need = "" if self.question.required else " Optional."
            yield HangingText(f"In your own words.{need}", classes="first")
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
        yield SheetHead("What is the outcome?")
        yield HangingText("Choose with ↵. The letter shows what the requester is told.", classes="first")
        yield _at(ChoiceList(self._choices(), id="outcomes"), self.form.outcome)

    def _choices(self) -> Iterable[Choice]:
        for key, outcome in self._rules.outcomes.items():
            mark = "●" if key == self.form.outcome else "○"
            yield Choice(key, outcome.title, ", ".join(self._notes(outcome)), mark=mark)

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
        yield SheetHead("Which reason does the letter give?")
        yield HangingText("Choose with ↵. Your own text never appears in the letter.", classes="first")
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


class SettledSheet(SettleSheet):
    """The settlement: what, by which agent, when, on which answers, and the letter with its delivery."""

    READS = True

    def __init__(self, form: SettleForm, settled: SettlementView) -> None:
        super().__init__(form)
        self._settled = settled

    def compose(self) -> ComposeResult:
        one = self._settled
        with Vertical(classes="told"):
            yield HangingText(one.title, classes="title")
            yield HangingText(f"by {one.agent}, {moment(one.at)}", classes="quiet")
            yield HangingText(one.delivery or "No letter was sent.", id="delivery", classes="first")
            yield HangingText("\n".join(one.lines), id="settled", classes="first")
        if one.letter:
            yield Paper(one.letter)


def _at(choices: ChoiceList, key: str) -> ChoiceList:
    """The list with its cursor on what was chosen before."""
    keys = [option.id for option in choices.options]
    choices.highlighted = keys.index(key) if key in keys else 0
    return choices
