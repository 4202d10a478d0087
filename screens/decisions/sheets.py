"""The sheets of the checklist: what is asked, the grounds, the decision, the notice, and the previous decision."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from cs_console.custody.attachment_labels import AttachmentLabel
from cs_console.decisions.approval_queue import DecisionView
from cs_console.decisions.checklist import FieldChoice, GroundView, RightChoice
from cs_console.local_time import moment
from cs_console.policy.ground_rules import ConsentException
from models.enums import DecisionState, Outcome
from screens.decisions.form import ChecklistForm
from screens.decisions.mark_list import MarkList
from screens.frame.paper import Paper
from screens.frame.walk_screen import SheetHead, StepSheet
from screens.widgets.choice_list import Choice, ChoiceList
from screens.widgets.hanging import HangingText

_OUTCOMES = {
    Outcome.GRANT: ("Grant", "all the data asked for"),
    Outcome.PARTIAL: ("Grant in part", "a ground covers some of the data; the rest is granted"),
    Outcome.REFUSE: ("Refuse", "a ground covers all the data"),
    Outcome.FEE: ("Grant for a fee", "the requester was informed beforehand; never more than the cost"),
}
NEUTRAL = "neutral"


@dataclass(frozen=True)
class Matter:
    """What the pack of this ticket offers to choose from."""

    rights: tuple[RightChoice, ...]
    grounds: tuple[GroundView, ...]
    fields: tuple[FieldChoice, ...]
    exceptions: tuple[ConsentException, ...]
    currency: str
    attachments: tuple[AttachmentLabel, ...] = ()
    subject: str = ""
    due_words: str = ""

    def asked(self, form: ChecklistForm, marked: set[str]) -> tuple[FieldChoice, ...]:
        """The data asked for, plus what is marked without being asked for."""
        return tuple(one for one in self.fields if one.key in form.asked or one.key in marked)

    def fitting(self, form: ChecklistForm) -> tuple[GroundView, ...]:
        """The grounds that can be held against what is asked, plus any that were marked as applying."""
        return tuple(
            one
            for one in self.grounds
            if not (one.rights and form.request) or form.request in one.rights or form.applies(one.code)
        )

    def looked_at(self, form: ChecklistForm) -> tuple[int, int]:
        """How many of the fitting grounds were looked at, and of how many."""
        fitting = self.fitting(form)
        said = [one for one in fitting if one.code in form.sheets and form.sheets[one.code].applies is not None]
        return len(said), len(fitting)


def outcome_words(outcome: Outcome) -> str:
    """A decision by its name: "grant in part"."""
    return _OUTCOMES[outcome][0].lower()


class Sheet(StepSheet):
    """One part of the form; it updates the form as the agent chooses and types."""

    class Changed(Message):
        """Something was chosen or typed. `steps`: the list of steps may have changed."""

        def __init__(self, steps: bool = False) -> None:
            super().__init__()
            self.steps = steps

    def __init__(self, form: ChecklistForm, matter: Matter, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.form = form
        self.matter = matter
        self.now = now

    def changed(self, steps: bool = False) -> None:
        """Announce that the form has changed."""
        self.post_message(self.Changed(steps))


class RequestSheet(Sheet):
    """What the requester's letter asks, independent of any decision and recorded before one."""

    def compose(self) -> ComposeResult:
        yield SheetHead("What does the requester ask for?")
        yield HangingText(f"{self.matter.subject}\n{self.matter.due_words}", classes="first")
        yield ChoiceList(self._choices(), id="rights")
        yield HangingText(
            "For which data? Press tab, mark with space or mark all with a. This is recorded.", classes="part"
        )
        yield fields_list("asked", self.matter.fields, self.form.asked)

    def _choices(self) -> Iterable[Choice]:
        for right in self.matter.rights:
            chosen = right.key == self.form.request
            note = f"{right.clause_words}. {right.warning}" if right.warning and chosen else right.clause_words
            yield Choice(right.key, right.title, note, mark=_mark(chosen))

    @on(ChoiceList.OptionSelected)
    def choose(self, event: ChoiceList.OptionSelected) -> None:
        """Set the selected right as the one asked for."""
        event.stop()
        self.form.request = event.option_id or ""
        self.query_one("#rights", ChoiceList).show(self._choices())
        self.changed(steps=True)

    @on(MarkList.Changed)
    def marked(self, event: MarkList.Changed) -> None:
        """Store for which data it is asked."""
        event.stop()
        self.form.asked = set(event.marks.marked)
        self.changed(steps=True)


class AnswerSheet(Sheet):
    """Grant, partial grant, refusal or fee, and which data is granted."""

    def compose(self) -> ComposeResult:
        yield SheetHead("What is the decision?")
        yield HangingText("Choose with ↵.", classes="first")
        yield ChoiceList(self._choices(), id="outcomes")
        yield HangingText("Which data is granted? Press tab, change it with space.", classes="part")
        yield fields_list("granted", self.matter.asked(self.form, self.form.granted), self.form.granted)
        if any(self.form.applies(one.code) and one.neutral == "may" for one in self.matter.grounds):
            words = "Use the neutral sentence (legal review)"
            yield MarkList([(NEUTRAL, words)], [NEUTRAL] * self.form.neutral, id="neutral")

    def _choices(self) -> Iterable[Choice]:
        for outcome, (title, words) in _OUTCOMES.items():
            yield Choice(outcome.value, title, words, mark=_mark(outcome is self.form.outcome))

    @on(ChoiceList.OptionSelected)
    def choose(self, event: ChoiceList.OptionSelected) -> None:
        """Take the selected decision."""
        event.stop()
        self.form.outcome = Outcome(event.option_id or "")
        self.query_one("#outcomes", ChoiceList).show(self._choices())
        self.form.granted = set() if self.form.outcome is Outcome.REFUSE else self.form.left_over()
        self.query_one("#granted", MarkList).mark(self.form.granted)
        self.changed(steps=True)

    @on(MarkList.Changed)
    def marked(self, event: MarkList.Changed) -> None:
        """Store what is granted and whether the neutral sentence is used."""
        event.stop()
        if event.marks.id == "neutral":
            self.form.neutral = NEUTRAL in event.marks.marked
        else:
            self.form.granted = set(event.marks.marked)
        self.changed()


class DecidedSheet(Sheet):
    """The newest decision: what, by which agents, when; once made, the notice and the outcome of its delivery."""

    READS = True

    def __init__(
        self, form: ChecklistForm, matter: Matter, now: Callable[[], datetime], decision: DecisionView
    ) -> None:
        super().__init__(form, matter, now)
        self.decision = decision

    def compose(self) -> ComposeResult:
        with Vertical(classes="told"):
            yield from self._told()
        if self.decision.notice:
            yield Paper(self.decision.notice, id="notice")

    def _told(self) -> Iterator[Widget]:
        one = self.decision
        yield HangingText(one.words, classes="title")
        parts = [f"proposed by {one.proposer}"]
        if one.approvers:
            parts.append(f"approved by {' and '.join(one.approvers)}")
        if one.decided_at is not None:
            parts.append(f"decided {moment(one.decided_at)}")
        elif one.state is DecisionState.PROPOSED:
            parts.append("waiting for approval")
        yield HangingText(", ".join(parts), classes="quiet")
        yield HangingText(one.delivery, id="delivery", classes="first")
        if not one.notice:
            yield HangingText("\n".join(one.findings))


def fields_list(list_id: str, fields: Iterable[FieldChoice], chosen: set[str]) -> MarkList:
    """A list to mark data in."""
    words = [(one.key, one.title if one.held else f"{one.title} (none on the ticket)") for one in fields]
    return MarkList(words, chosen, id=list_id)


def _mark(chosen: bool) -> str:
    return "●" if chosen else "○"
