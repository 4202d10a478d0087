"""Settling an appeal, a report, a complaint or an inquiry: its steps, saved as a draft until it is settled."""

from dataclasses import dataclass
from functools import partial

from textual import on

from cs_console.act_id import ActId
from cs_console.casework.conversation import TicketView, reload
from cs_console.desk import DeskSession
from cs_console.errors import ChangedElsewhere, ConsoleError, DoneBefore
from cs_console.local_time import weekday
from cs_console.policy.languages import language_for
from cs_console.policy.schema import Pack
from cs_console.policy.workflow_rules import WorkflowRules
from cs_console.settlements.settled import SettlementView, decided_before, last_settlement
from cs_console.settlements.settling import Settled, preview_letter, settle, settle_place
from cs_console.settlements.settling_needs import StillNeeded, still_needed
from cs_console.settlements.settling_rules import Settling, names_matter, needed_roles, settling_problems
from models.enums import TicketState
from screens.frame.console import Typed
from screens.frame.steps import in_steps
from screens.frame.steps_pane import Standing, Step
from screens.frame.walk_screen import LETTER, LetterSheet, StepSheet, WalkScreen
from screens.registry import bindings_for
from screens.settlements.form import SettleForm, form_from_json
from screens.settlements.sheets import (
    MatterSheet,
    OutcomeSheet,
    QuestionSheet,
    ReasonSheet,
    SettledSheet,
    SettleSheet,
)
from screens.ticket.send_notice import deliver_when_due, is_held, tone_of_notice, words_of_notice
from screens.widgets.header_bar import HeaderBar
from screens.widgets.key_bar import KeyBar
from screens.widgets.notice_bar import Said, Tone

MATTER, QUESTION, OUTCOME, REASON, SETTLED = "matter", "question-", "outcome", "reason", "settled"


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
    """The steps that the pack asks for, and what is missing always in sight. A choice leads to the next step.

    On a closed ticket there is only the settlement, and the letter to post if nothing could be sent.
    """

    WHERE = "settle"
    SENDS = "settle"
    BINDINGS = bindings_for("settle")
    HELP_TITLE = "Settling"
    HELP = (
        "The steps that the policy requires for this kind of ticket: J and K turn to the next and the one before. "
        "Enter goes into one, Escape returns; a choice leads to the next. What you write stays internal; the letter "
        "uses the policy's text. If you decided what the ticket is about, reassign it."
    )

    def __init__(self, number: int) -> None:
        super().__init__(settle_place(number), number)
        self.form = SettleForm()
        self._read: Read | None = None

    def on_mount(self) -> None:
        self.heading = f"Settling #{self.number}"
        self.steps.focus()
        self._load()

    @in_steps
    async def _load(self) -> None:
        self._read = read = await self.call(partial(_read, self.session, self.number))
        self._over = read.view.state is TicketState.CLOSED or read.rules is None
        self.set_class(self._over, "-over")
        self.query_one(HeaderBar).subject = read.view.subject
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
            self.show_problems()
            self.steps.show(self._steps(self._read))
            self._letter_follows()
            self.show_step(self.steps.current)

    def _steps(self, read: Read) -> list[Step]:
        settled = [Step(SETTLED, "Ended", read.settled.title, done=None)] if read.settled is not None else []
        if self._over or read.rules is None:
            return settled or [Step(SETTLED, "Ended", "no settlement", done=None)]
        steps = [Step(MATTER, "About", read.view.about_words, done=None)] if read.rules.matter else []
        for question in self.form.questions(read.pack, read.rules):
            given = question.id in self.form.answers
            done = given or (None if not question.required else False)
            note = "answered" if given else "not answered yet" if question.required else "optional"
            steps.append(Step(f"{QUESTION}{question.id}", question.name, note, done=done))
        outcome = read.rules.outcomes.get(self.form.outcome)
        title = outcome.title if outcome is not None else "not chosen yet"
        steps.append(Step(OUTCOME, "Outcome", title, done=outcome is not None))
        if outcome is not None and outcome.reasons:
            steps.append(Step(REASON, "Reason for the letter", "", done=bool(self.form.reason)))
        complete = outcome is not None and not self._missing
        return [*steps, Step(LETTER, "Letter", "as it would go out", done=complete), *settled]

    def standing(self) -> Standing:
        """How far it is, and when the answer is due."""
        due = self._read.view.due_at if self._read is not None else None
        return Standing(due=f"due {weekday(due)}" if due is not None else "", missing=self._missing)

    def show_problems(self) -> None:
        """Show what is missing, while there is something to settle."""
        if not self._over:
            super().show_problems()

    def sheet_of(self, step: str) -> StepSheet | None:
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
            return LetterSheet()
        question = read.rules.question(step.removeprefix(QUESTION))
        return QuestionSheet(self.form, read.pack, question) if question is not None else None

    @on(SettleSheet.Changed)
    def form_changed(self, message: SettleSheet.Changed) -> None:
        """Show at once what is missing; after a choice, move the cursor to the next step."""
        message.stop()
        self.goes_on()
        if self._read is None:
            return
        self.show_problems()
        self.steps.show(self._steps(self._read))
        self._letter_follows()
        if message.chosen:
            self.steps.focus()
            self.steps.turn_by(1)

    @property
    def letter_language(self) -> str:
        """The pack's language for this ticket."""
        return language_for(self._read.pack, self._read.view.language) if self._read is not None else ""

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
    async def _preview(self) -> None:
        settling = self._settling()
        if settling is None or self._over:
            return
        work = partial(preview_letter, self.session, self.number, settling)
        try:
            words = await self.call(work, group="preview", retry=False)
        except ConsoleError as refusal:
            self._previewed(str(refusal), is_letter=False)
        else:
            self._previewed(words or "No letter is sent with this outcome.", is_letter=bool(words))

    # --- leaving and settling

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
