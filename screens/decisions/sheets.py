"""The sheets of the checklist: what is asked, the grounds, the decision, the notice, and the previous decision."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, TextArea

from cs_console.custody.attachment_labels import AttachmentLabel
from cs_console.decisions.approval_queue import DecisionView
from cs_console.decisions.checklist import FieldChoice, GroundView, QuestionView, RightChoice
from cs_console.local_time import moment
from cs_console.policy.ground_rules import ConsentException
from models.enums import DecisionState, Outcome
from screens.decisions.form import ChecklistForm, GroundSheet
from screens.decisions.mark_list import MarkList
from screens.frame.amounts import size_words
from screens.frame.walk_screen import StepSheet
from screens.widgets.choice_list import Choice, ChoiceList
from screens.widgets.safe_text import PlainText
from screens.widgets.writing_area import WritingArea

_OUTCOMES = {
    Outcome.GRANT: ("Grant", "all the data asked for"),
    Outcome.PARTIAL: ("Grant in part", "a ground covers some of the data; the rest is granted"),
    Outcome.REFUSE: ("Refuse", "a ground covers all the data"),
    Outcome.FEE: ("Grant for a fee", "the requester was informed beforehand; never more than the cost"),
}
_LISTS = {
    "statutory": "Statutory grounds: we cannot respond",
    "discretionary": "Discretionary grounds: we may reject, after an offer",
    "fee": "Others",
}
TOLD, NEUTRAL = "told", "neutral"
_KINDS = {"yes_no": "yes or no", "date": "for example 2026-11-30", "text": "in your own words"}


@dataclass(frozen=True)
class Matter:
    """What the pack of this ticket offers to choose from."""

    rights: tuple[RightChoice, ...]
    grounds: tuple[GroundView, ...]
    fields: tuple[FieldChoice, ...]
    exceptions: tuple[ConsentException, ...]
    currency: str
    attachments: tuple[AttachmentLabel, ...] = ()

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

    def ground(self, code: str) -> GroundView | None:
        """The ground with that code."""
        return next((ground for ground in self.grounds if ground.code == code), None)


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
        yield PlainText("What does the requester ask for? Choose with ↵.", classes="part")
        yield ChoiceList(self._choices(), id="rights")
        yield PlainText(
            "For which data? Press tab, mark with space or mark all with a. This is recorded.", classes="part"
        )
        yield _fields_list("asked", self.matter.fields, self.form.asked)

    def _choices(self) -> Iterable[Choice]:
        for right in self.matter.rights:
            mark = "●" if right.key == self.form.request else "○"
            chosen = right.key == self.form.request
            note = f"{right.clause}. {right.warning}" if right.warning and chosen else right.clause
            yield Choice(right.key, right.title, note, mark=mark)

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


class GroundsSheet(Sheet):
    """The policy's lists, kept apart; the exceptions are listed only to say that they are not grounds."""

    def compose(self) -> ComposeResult:
        yield PlainText(
            "Does a ground apply? Change the answer with ↵; each ground that applies becomes a step.", classes="part"
        )
        yield ChoiceList(self._choices(), id="grounds")

    def _choices(self) -> Iterable[Choice]:
        shown = ""
        for ground in self.matter.fitting(self.form):
            if ground.list != shown:
                shown = ground.list
                yield Choice(f"list-{shown}", f"─ {_LISTS.get(shown, shown)}", can_choose=False)
            applies = self.form.sheets.get(ground.code, GroundSheet()).applies
            words = {None: "not reviewed", True: "applies", False: "does not apply"}[applies]
            mark = {None: "·", True: "✓", False: "–"}[applies]
            yield Choice(ground.code, f"{ground.code:<3} {ground.title}", f"    {words} · {ground.clause}", mark=mark)
        yield Choice("list-no", "─ Not grounds: bases for collecting without consent (I.(3))", can_choose=False)
        for one in self.matter.exceptions:
            yield Choice(f"no-{one.number}", f"({one.number}) {one.title}", can_choose=False, mark=" ")

    @on(ChoiceList.OptionSelected)
    def turn(self, event: ChoiceList.OptionSelected) -> None:
        """Mark whether the ground applies."""
        event.stop()
        sheet = self.form.sheet(event.option_id or "")
        sheet.applies = not sheet.applies
        self.query_one(ChoiceList).show(self._choices())
        self.changed(steps=True)


class GroundPane(Sheet):
    """One ground that applies: what it covers, its questions, the evidence, what was offered."""

    def __init__(self, form: ChecklistForm, matter: Matter, now: Callable[[], datetime], ground: GroundView) -> None:
        super().__init__(form, matter, now)
        self.ground = ground
        self.sheet = form.sheet(ground.code)

    def compose(self) -> ComposeResult:
        ground = self.ground
        yield PlainText(f"{ground.code} {ground.title}", classes="title")
        law = f" · {ground.law}" if ground.law else ""
        yield PlainText(f"{ground.clause}{law} · approved by {' and '.join(ground.approvers)}", classes="quiet")
        if ground.list != "fee":  # a fee withholds no data
            yield PlainText("Which data does it cover? Mark with space.", classes="part")
            yield _fields_list("covers", self.matter.asked(self.form, self.sheet.fields), self.sheet.fields)
        for at, question in enumerate(ground.questions):
            yield PlainText(self._asked(question), classes="part")
            answer = self.sheet.answers.get(question.id, ("", None))[0]
            yield Input(answer, id=f"answer-{at}", placeholder=_KINDS.get(question.kind, ""))
        count = "" if ground.evidence_items == 1 else f" (at least {ground.evidence_items})"
        yield PlainText(f"Evidence, one item per line{count}: {ground.evidence}", classes="part")
        yield WritingArea(self.sheet.evidence, id="evidence")
        if self.matter.attachments and ground.evidence_kind != "tickets":
            yield PlainText("Or files that came with this ticket: press tab, mark with space.", classes="part")
            files = [(one.id, f"{one.words}, {size_words(one.size)}") for one in self.matter.attachments]
            yield MarkList(files, self.sheet.attachments, id="attachments")
        if ground.offers:
            yield PlainText("What was offered before? Press tab, mark with space.", classes="part")
            yield MarkList(ground.offers, self.sheet.offers, id="offers")
        if ground.list == "fee":
            yield from self._fee()

    def _asked(self, question: QuestionView) -> str:
        given = self.sheet.answers.get(question.id)
        if given is not None and question.stale_days and (self.now() - given[1]).days > question.stale_days:
            return f"{question.text}  (answered too long ago: confirm it with ↵)"
        return question.text

    def _fee(self) -> ComposeResult:
        yield PlainText(f"Fee in {self.matter.currency}", classes="part")
        yield Input(self.form.amount, id="amount", placeholder="for example 12.50")
        yield PlainText('What it pays for: "item: cost", one per line, for example copying: 12.50', classes="part")
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
        self.changed()


class AnswerSheet(Sheet):
    """Grant, partial grant, refusal or fee, and which data is granted."""

    def compose(self) -> ComposeResult:
        yield PlainText("What is the decision? Choose with ↵.", classes="part")
        yield ChoiceList(self._choices(), id="outcomes")
        yield PlainText("Which data is granted? Press tab, change it with space.", classes="part")
        yield _fields_list("granted", self.matter.asked(self.form, self.form.granted), self.form.granted)
        if any(self.form.applies(one.code) and one.neutral == "may" for one in self.matter.grounds):
            words = "Use the neutral sentence (legal review)"
            yield MarkList([(NEUTRAL, words)], [NEUTRAL] * self.form.neutral, id="neutral")

    def _choices(self) -> Iterable[Choice]:
        for outcome, (title, words) in _OUTCOMES.items():
            yield Choice(outcome.value, title, words, mark="●" if outcome is self.form.outcome else "○")

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


class NoticeSheet(Sheet):
    """The letter as it would be sent."""

    def compose(self) -> ComposeResult:
        yield PlainText("Preview of the notice. Propose it with ctrl+s.", classes="part")
        with VerticalScroll(classes="letter"):
            yield PlainText("…", id="preview")

    def show(self, words: str) -> None:
        """Show the letter, or why there is none yet."""
        self.query_one("#preview", PlainText).show(words)


class DecidedSheet(Sheet):
    """The newest decision: what, by which agents, when; once made, the notice and the outcome of its delivery."""

    def __init__(
        self, form: ChecklistForm, matter: Matter, now: Callable[[], datetime], decision: DecisionView
    ) -> None:
        super().__init__(form, matter, now)
        self.decision = decision

    def compose(self) -> ComposeResult:
        one = self.decision
        yield PlainText(one.words, classes="title")
        parts = [f"proposed by {one.proposer}"]
        if one.approvers:
            parts.append(f"approved by {' and '.join(one.approvers)}")
        if one.decided_at is not None:
            parts.append(f"decided {moment(one.decided_at)}")
        elif one.state is DecisionState.PROPOSED:
            parts.append("waiting for approval")
        yield PlainText(" · ".join(parts), classes="quiet")
        yield PlainText(one.delivery, id="delivery", classes="part")
        if one.notice:
            with VerticalScroll(classes="letter"):
                yield PlainText(one.notice, id="notice")
        else:
            yield PlainText("\n".join(one.findings), classes="part")


def _fields_list(list_id: str, fields: Iterable[FieldChoice], chosen: set[str]) -> MarkList:
    words = [(one.key, one.title if one.held else f"{one.title} (none on the ticket)") for one in fields]
    return MarkList(words, chosen, id=list_id)
