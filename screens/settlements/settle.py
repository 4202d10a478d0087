"""Settling an appeal, a report, a complaint or an inquiry: its steps, saved as a draft until it is settled."""

from dataclasses import dataclass
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll

from cs_console.act_id import ActId
from cs_console.casework.conversation import TicketView, reload
from cs_console.desk import DeskSession
from cs_console.errors import ChangedElsewhere, ConsoleError, DoneBefore
from cs_console.policy.schema import Pack
from cs_console.policy.workflow_rules import WorkflowRules
from cs_console.settlements.settled import SettlementView, decided_before, last_settlement
from cs_console.settlements.settling import Settled, preview_letter, settle, settle_place
from cs_console.settlements.settling_needs import StillNeeded, still_needed
from cs_console.settlements.settling_rules import Settling, names_matter, needed_roles, settling_problems
from models.enums import TicketState
from screens.frame.console import Typed
from screens.frame.steps import in_steps
from screens.frame.walk_screen import StepSheet, WalkScreen
from screens.registry import bindings_for
from screens.settlements.form import SettleForm, form_from_json
from screens.settlements.sheets import (
    LetterSheet,
    MatterSheet,
    OutcomeSheet,
    QuestionSheet,
    ReasonSheet,
    SettledSheet,
    SettleSheet,
)
from screens.ticket.send_notice import deliver_when_due, is_held, tone_of_notice, words_of_notice
from screens.widgets.choice_list import Choice, ChoiceList
from screens.widgets.key_bar import KeyBar
from screens.widgets.notice_bar import Said, Tone
from screens.widgets.safe_text import PlainText

MATTER, QUESTION, OUTCOME, REASON, LETTER, SETTLED = "matter", "question-", "outcome", "reason", "letter", "settled"


@dataclass(frozen=True)
class Read:
    """What the steps are built from."""

    view: TicketView
    pack: Pack
    rules: WorkflowRules | None
    matter: tuple[str, ...]
    settled: SettlementView | None
    needs: StillNeeded


class SettleScreen(WalkScreen):
    """Steps on the left, the step's sheet beside them, what is missing always in sight. A choice leads to the next.

    On a closed ticket there is only the settlement, and the letter to post if nothing could be sent.
    """

    WHERE = "settle"
    CSS_PATH = "settle.tcss"
    BINDINGS = bindings_for("settle")
    HELP_TITLE = "Settling"
    HELP = (
        "The steps that the policy requires for this kind of ticket: Enter opens one, Escape returns, a choice leads "
        "to the next. What you write stays internal; the letter uses the policy's text. If you decided what the "
        "ticket is about, reassign it."
    )
    READY = "Press ctrl+s to settle it."

    def __init__(self, number: int) -> None:
        super().__init__(settle_place(number), number)
        self.form = SettleForm()
        self._read: Read | None = None

    def body(self) -> ComposeResult:
        yield PlainText(id="about")
        with Horizontal(id="walk"):
            yield ChoiceList(id="steps")
            yield VerticalScroll(id="sheet", can_focus=False)
            yield PlainText(id="problems")

    def on_mount(self) -> None:
        self.heading = f"Settling #{self.number}"
        self.query_one("#steps").focus()
        self._load()

    @in_steps
    async def _load(self) -> None:
        self._read = read = await self.call(partial(_read, self.session, self.number))
        self._over = read.view.state is TicketState.CLOSED or read.rules is None
        self.set_class(self._over, "-over")
        what = read.rules.title if read.rules is not None else read.view.kind_title
        self.query_one("#about", PlainText).show(f"{what} · {read.view.subject}")
        self.query_one(KeyBar).refresh()
        self._show_all()
        if read.needs.always and not self._over:
            self.say(read.needs.always, Tone.WARNING)  # before the agent fills in all the steps in vain

    def draft(self) -> str:
        return self.form.to_json()

    def restore(self, draft: str) -> bool:
        try:
            self.form = form_from_json(draft)
        except ValueError:
            return False
        self._step = ""
        self._show_all()
        return True

    # --- steps

    def _show_all(self) -> None:
        if self._read is not None:
            if self._read.rules is not None:
                self.form.take_key_of(self._read.rules)
            steps = self._steps(self._read)
            self.query_one("#steps", ChoiceList).show(steps)
            self.show_problems()
            self.show_step(self.query_one("#steps", ChoiceList).current or steps[0].key)

    def _steps(self, read: Read) -> list[Choice]:
        settled = [Choice(SETTLED, "Ended", read.settled.title, mark="✓")] if read.settled is not None else []
        if self._over or read.rules is None:
            return settled or [Choice(SETTLED, "Ended", "no settlement")]
        steps = [Choice(MATTER, "About", read.view.about_words, mark="›")] if read.rules.matter else []
        for at, question in enumerate(self.form.questions(read.pack, read.rules), 1):
            given = question.id in self.form.answers
            mark = "✓" if given else "·" if question.required else " "
            steps.append(Choice(f"{QUESTION}{question.id}", f"{at} {question.name}", mark=mark))
        outcome = read.rules.outcomes.get(self.form.outcome)
        title = outcome.title if outcome is not None else "not chosen yet"
        steps.append(Choice(OUTCOME, "Outcome", title, mark="✓" if outcome is not None else "·"))
        if outcome is not None and outcome.reasons:
            steps.append(Choice(REASON, "Reason for the letter", mark="✓" if self.form.reason else "·"))
        return [*steps, Choice(LETTER, "Letter", "preview", mark="›"), *settled]

    def sheet_shown(self, sheet: StepSheet | None) -> None:
        """Make the letter when its sheet is opened."""
        if isinstance(sheet, LetterSheet):
            self._preview(sheet)

    def sheet_of(self, step: str) -> SettleSheet | None:
        """The sheet of a step."""
        read = self._read
        if read is None:
            return None
        if step == SETTLED:
            return SettledSheet(self.form, read.settled) if read.settled is not None else None
        if read.rules is None:
            return None
        if step == MATTER:
            return MatterSheet(self.form, read.view.about_words, read.matter)
        if step == OUTCOME:
            return OutcomeSheet(self.form, read.pack, read.rules)
        if step == REASON:
            return ReasonSheet(self.form, read.rules)
        if step == LETTER:
            return LetterSheet(self.form)
        question = read.rules.question(step.removeprefix(QUESTION))
        return QuestionSheet(self.form, read.pack, question) if question is not None else None

    @on(SettleSheet.Changed)
    def form_changed(self, message: SettleSheet.Changed) -> None:
        """Show at once what is missing; after a choice, move the cursor to the next step."""
        message.stop()
        self.goes_on()
        if self._read is None:
            return
        steps = self.query_one("#steps", ChoiceList)
        steps.show(self._steps(self._read))
        self.show_problems()
        if message.chosen:
            steps.focus()
            steps.action_cursor_down()

    def _settling(self) -> Settling | None:
        read = self._read
        return None if read is None or read.rules is None else self.form.settling(read.pack, read.rules)

    def problems(self) -> tuple[str, ...]:
        """What still blocks the settlement, as the service says it."""
        read, settling = self._read, self._settling()
        if read is None or read.rules is None or settling is None:
            return ()
        if read.needs.always:  # nothing else matters to an agent who cannot settle it
            return (read.needs.always,)
        missing = [problem.text for problem in settling_problems(read.pack, read.rules, settling)]
        missing += read.needs.by_outcome.get(settling.outcome, ())
        unnamed = read.needs.without_matter
        if names_matter(read.pack, read.rules, settling.answers) and unnamed and unnamed not in missing:
            missing.append(unnamed)
        for roles in needed_roles(read.pack, read.rules, settling):
            if not self.roles & set(roles):
                missing.insert(0, f"A {' or a '.join(role.value for role in roles)} must settle this. Reassign it (a).")
        return tuple(missing)

    @in_steps
    async def _preview(self, sheet: LetterSheet) -> None:
        settling = self._settling()
        if settling is None:
            return
        work = partial(preview_letter, self.session, self.number, settling)
        try:
            words = await self.call(work, group="preview", retry=False)
        except ConsoleError as refusal:
            words = str(refusal)
        if sheet.is_attached:
            sheet.show(words or "No letter is sent with this outcome.")

    # --- leaving and settling

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide settling when the ticket is closed; the service refuses it too."""
        if action == "settle" and self._over:
            return False
        return super().check_action(action, parameters)

    @in_steps
    async def action_settle(self) -> None:
        """Settle the ticket; the service refuses an incomplete settlement and says what is missing."""
        settling, console, session = self._settling(), self.console, self.session

        def told(done: Settled) -> Said:
            deliver_when_due(console, session, self.number, done.delivery)
            return self._told(done)

        if settling is not None and self._read is not None:
            work = partial(self._save_and_settle, session, self.typed(), self._read.view.version, settling, self.act)
            try:
                self.dismiss(told(await self.change(work, late=told)))
            except ConsoleError as refusal:
                self.say(refusal, Tone.WARNING)
                if isinstance(refusal, (ChangedElsewhere, DoneBefore)):
                    self._load()

    def _save_and_settle(
        self, session: DeskSession, typed: tuple[Typed, ...], version: int, settling: Settling, act: ActId
    ) -> Settled:
        self.save(session, typed)
        work = partial(settle, session, self.number, version, settling, act=act)
        return self.used_up(session, typed, work, lambda done: is_held(done.delivery))

    def _told(self, done: Settled) -> Said:
        turned = ""
        if done.turned is not None and self._read is not None:
            turned = f" Its kind is now: {self._read.pack.kinds[done.turned].title}."
        reopened = f" #{done.reopened} was reopened." if done.reopened is not None else ""
        delivery = words_of_notice(done.delivery, undo=not turned and not reopened)
        return Said(f"Settled. {delivery}{turned}{reopened}".strip(), tone_of_notice(done.delivery))


def _read(session: DeskSession, number: int) -> Read:
    """Load everything that the sheets show; for a worker thread."""
    view = reload(session, number)
    pack = session.desk.packs.get(view.pack)
    settled, matter = last_settlement(session, number), decided_before(session, number)
    return Read(view, pack, pack.kinds[view.kind].workflow, matter, settled, still_needed(session, number))
