"""The checklist for a rights request: filled in, saved as a draft, proposed; or the decision made (policy V.4)."""

from contextlib import suppress
from dataclasses import replace
from functools import partial

from textual import on

from cs_console.act_id import ActId, new_act
from cs_console.casework.conversation import TicketView, reload
from cs_console.custody.drafts import KeptDraft
from cs_console.decisions.approval_queue import DecisionView, last_decision
from cs_console.decisions.checklist import (
    AskedFor,
    Proposal,
    Proposed,
    approvers_for,
    attachments_for,
    check,
    draft_place,
    fields_for,
    grounds_for,
    preview_notice,
    propose,
    read_asked,
    record_asked,
    rights_for,
    roles_undone,
)
from cs_console.desk import DeskSession
from cs_console.errors import ChangedElsewhere, ConsoleError, DoneBefore, OwnDecision
from cs_console.local_time import weekday
from cs_console.policy.languages import language_for
from cs_console.policy.schema import Pack
from models.enums import DecisionState, Outcome, TicketState
from models.roles import Role
from screens.decisions.form import ChecklistForm, form_from_json
from screens.decisions.grounds import GroundLine, GroundsSheet
from screens.decisions.sheets import (
    AnswerSheet,
    DecidedSheet,
    Matter,
    RequestSheet,
    Sheet,
    outcome_words,
)
from screens.frame.console import Typed
from screens.frame.steps import in_steps
from screens.frame.steps_pane import Standing, Step
from screens.frame.walk_screen import LETTER, LetterSheet, StepSheet, WalkScreen
from screens.registry import Command, bindings_for
from screens.ticket.send_notice import deliver_when_due, is_held, tone_of_notice, words_of_notice
from screens.widgets.header_bar import HeaderBar
from screens.widgets.key_bar import KeyBar
from screens.widgets.notice_bar import Said, Tone

REQUEST, GROUNDS, ANSWER, DECIDED = "request", "grounds", "answer", "decided"
WAITS = "The proposal is waiting for approval. Open it with g a to read or withdraw it."


class DecisionScreen(WalkScreen):
    """What is asked, the grounds, the answer, the letter; and what still blocks the proposal always in sight.

    On wide screens the letter is shown beside the page and follows each change; `letter` turns to it anywhere. What is
    asked goes on record when its sheet is left, and is corrected there until an answer is proposed.

    On a closed ticket there is only the decision, and the letter to post if nothing could be sent; while a
    proposal waits, there is only the proposal, as far as the reader may see it.
    """

    WHERE = "decision"
    SENDS = "propose"
    BINDINGS = bindings_for("decision")
    HELP_TITLE = "The checklist"
    HELP = (
        "Work through the steps: J and K turn to the next and the one before, Enter goes into one, Escape returns. The "
        "ground under the cursor opens: Enter says that it applies, n that it does not. What is missing is listed "
        "beside or above. Your draft is saved."
    )

    def __init__(self, number: int) -> None:
        super().__init__(draft_place(number), number)
        self.form = ChecklistForm()
        self._untouched = self.form.to_json()
        self._view: TicketView | None = None
        self._pack: Pack | None = None
        self._matter: Matter | None = None
        self._undone: tuple[Role, ...] = ()
        self._decided: DecisionView | None = None
        self._refused_form = ""
        self._first: tuple[str, Tone] | None = None
        self._recorded: AskedFor | None = None

    def on_mount(self) -> None:
        self.heading = f"Decision on #{self.number}"
        self.steps.focus()
        self._load()

    # --- what there is to decide, and the draft

    @in_steps
    async def _load(self) -> None:
        read = await self.call(partial(_read, self.session, self.number))
        self._view, self._matter, self._recorded, self._undone, last = read
        self._pack = self.session.desk.packs.get(self._view.pack)
        untouched = self.form.to_json() == self._untouched
        if self._recorded is not None and not self.form.asked:
            self.form.take_asked(self._recorded)
        self.form.language = self._view.language
        self.form.fee_ground = next((one.code for one in self._matter.grounds if one.list == "fee"), "")
        self.form.currency = self._matter.currency
        if untouched:
            self._untouched = self.form.to_json()
        self.query_one(HeaderBar).subject = self._view.subject
        if last is not None:
            self._tell_of(last)
        self._show_all()

    def _tell_of(self, last: DecisionView) -> None:
        """Apply what the newest decision means for the next one."""
        assert self._view is not None  # the screen has been opened
        waits = last.state is DecisionState.PROPOSED
        if waits or last.state is DecisionState.FINAL:
            self._decided = last
            self._over = waits or self._view.state is TicketState.CLOSED
            self.set_class(self._over, "-over")
            self.query_one(KeyBar).refresh()
        if waits:
            self._first = WAITS, Tone.INFO
            self.say(*self._first)
        elif last.own_appealed and not self._over:
            self.say(OwnDecision())  # before the agent fills in the whole checklist in vain
        elif last.state is DecisionState.RETURNED and last.reason:
            self._first = f"Returned: {last.reason}", Tone.WARNING
            self.say(*self._first)

    def draft(self) -> str:
        written = self.form.to_json()
        return "" if written == self._untouched else written

    def restore(self, draft: str) -> bool:
        try:
            form = form_from_json(draft)
        except ValueError:
            return False
        form.language, form.fee_ground, form.currency = self.form.language, self.form.fee_ground, self.form.currency
        if self._recorded is not None and not form.asked:
            form.take_asked(self._recorded)
        self.form = form
        self._step = ""
        self._show_all()
        return True

    def _restored(self, draft: KeptDraft) -> None:
        super()._restored(draft)
        if self._first is not None:  # the state of the decision matters more than the notice of a restored draft
            self.say(*self._first)

    # --- steps

    def _show_all(self) -> None:
        if self._matter is not None:
            self.show_problems()
            self._show_steps()
            self._letter_follows()
            self.show_step(self.steps.current or REQUEST)

    def _show_steps(self) -> None:
        matter, form = self._matter, self.form
        if matter is None:
            return
        decided = [Step(DECIDED, "Last decision", self._decided.words, done=None)] if self._decided else []
        if self._over:
            self.steps.show(decided)
            return
        right = next((one.title for one in matter.rights if one.key == form.request), "")
        looked, of = matter.looked_at(form)
        complete = form.outcome is not None and not self._missing
        outcome = outcome_words(form.outcome) if form.outcome is not None else "not chosen yet"
        self.steps.show(
            [
                Step(REQUEST, "Asked for", self._asked_words(right), done=self._is_recorded()),
                Step(GROUNDS, "Grounds", self._grounds_words(looked, of), done=complete or looked == of),
                Step(ANSWER, "Answer", outcome, done=form.outcome is not None),
                Step(LETTER, "Letter", "as it would go out", done=complete),
                *decided,
            ]
        )

    def _asked_words(self, right: str) -> str:
        if not right or not self.form.asked:
            return right or "not recorded yet"
        return f"{len(self.form.asked)} of the data, {right}"

    def _grounds_words(self, looked: int, of: int) -> str:
        applying = sum(1 for sheet in self.form.sheets.values() if sheet.applies)
        if not applying:
            return f"{looked} of {of} looked at"
        return f"{looked} of {of}, {applying} {'applies' if applying == 1 else 'apply'}"

    def standing(self) -> Standing:
        """How far it is, when the answer is due, and which second person it takes."""
        due = self._view.due_at if self._view is not None else None
        return Standing(
            due=f"due {weekday(due)}" if due is not None else "", missing=self._missing, second=self._second()
        )

    def _approvers(self) -> tuple[str, ...] | None:
        """The roles that the answer will wait for; None until it is chosen."""
        proposal = self.form.proposal()
        if proposal is None or self._pack is None:
            return None
        return approvers_for(self._pack, proposal, self._undone)

    def _second(self) -> str:
        approvers = self._approvers()
        if approvers is None:
            return "needed once you refuse a part or charge a fee"
        if not approvers and self.form.outcome is not Outcome.GRANT:
            return "the grounds that apply say who"
        if not approvers:
            return "not needed: nothing is refused, and nothing is charged"
        why = "this undoes a refusal" if self.form.outcome is Outcome.GRANT and self._undone else "a ground applies"
        return f"needed, because {why}: {' and '.join(f'a {role}' for role in approvers)} must approve"

    def sheet_of(self, step: str) -> StepSheet | None:
        """The sheet of a step."""
        matter, now = self._matter, self.session.desk.clock.now
        if matter is None:
            return None
        if step == REQUEST:
            return RequestSheet(self.form, matter, now)
        if step == GROUNDS:
            return GroundsSheet(self.form, matter, now)
        if step == ANSWER:
            return AnswerSheet(self.form, matter, now)
        if step == LETTER:
            return LetterSheet()
        if step == DECIDED and self._decided is not None:
            return DecidedSheet(self.form, matter, now, self._decided)
        return None

    @on(Sheet.Changed)
    def form_changed(self, message: Sheet.Changed) -> None:
        """Show at once what blocks the proposal; an earlier refusal does not apply to a different answer."""
        message.stop()
        if self._refused_form and self._refused_form != self.form.to_json():
            self._refused_form = ""
            self.goes_on()
        self.show_problems()
        self._show_steps()
        self._letter_follows()

    def problems(self) -> tuple[str, ...]:
        """What still blocks the proposal, as the service says it."""
        proposal = self.form.proposal()
        if proposal is None:
            first = () if self.form.asked_for else ("Record what the requester asks, and for which data.",)
            return (*first, "Choose the decision; then you see what else is needed.")
        assert self._pack is not None  # the screen has been opened
        return check(self._pack, proposal, self.session.desk.clock.now(), self.form.asked_for)

    def show_problems(self) -> None:
        """Show what is missing, once it is known what there is to decide."""
        if self._pack is not None and not self._over:
            super().show_problems()

    def title_of(self, one: Command) -> str:
        """Proposing is told as what it does: with no one to approve it, the answer goes out."""
        if one.id == "answer":
            return "It applies"
        if one.id == "does_not_apply":
            return "Does not apply"
        if one.id == "propose" and not isinstance(self.focused, GroundLine):
            return "Propose to a second person" if self._approvers() else "Send answer"
        return super().title_of(one)

    # --- a ground

    def action_answer(self) -> None:
        """The ground under the cursor applies."""
        if isinstance(self.focused, GroundLine):
            self.query_one(GroundsSheet).answer(self.focused)

    def action_does_not_apply(self) -> None:
        """The ground under the cursor does not apply."""
        if isinstance(self.focused, GroundLine):
            self.query_one(GroundsSheet).does_not_apply(self.focused)

    # --- the letter

    @in_steps
    async def _preview(self) -> None:
        proposal = self.form.proposal()
        if self._over or self._matter is None:
            return
        if proposal is None:
            self._previewed("The letter appears here once you choose a decision.", is_letter=False)
            return
        work = partial(preview_notice, self.session, self.number, proposal)
        try:
            self._previewed(await self.call(work, group="preview", retry=False), is_letter=True)
        except ConsoleError as refusal:
            self._previewed(refusal.sentence, is_letter=False)

    @property
    def letter_language(self) -> str:
        """The pack's language for this ticket."""
        return language_for(self._pack, self.form.language) if self._pack is not None else ""

    # --- what is asked

    def _is_recorded(self) -> bool:
        return self.form.is_asked(self._recorded)

    @in_steps
    async def step_left(self) -> None:
        """Record what is asked, once its sheet is left with something new and complete on it."""
        asked = self.form.asked_for
        if self._step == REQUEST and asked is not None and not self._is_recorded() and not self._over:
            work = partial(record_asked, self.session, self.number, asked.right, asked.fields)
            self._recorded = await self.call(work, group="asked")
            self._show_steps()
            self.say("What the requester asks is on record.", Tone.DONE)

    # --- leaving and proposing

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer a ground's keys while the cursor is on one."""
        if action in {"answer", "does_not_apply"} and not isinstance(self.focused, GroundLine):
            return False
        return super().check_action(action, parameters)

    @in_steps
    async def action_propose(self) -> None:
        """Propose the decision; the service refuses an incomplete one and says what is missing."""
        proposal = self.form.proposal()
        self._refused_form = self.form.to_json()
        if proposal is None or self._view is None:
            self.say("Choose a decision first.", Tone.WARNING)
            return
        asked = None if self._is_recorded() else self.form.asked_for
        work = partial(
            self._save_and_propose, self.session, self.typed(), self._view.version, asked, proposal, self.act
        )
        console, session = self.console, self.session

        def told(made: Proposed) -> Said:
            deliver_when_due(console, session, self.number, made.delivery)
            return _told(made)

        try:
            self.dismiss(told(await self.change(work, late=told)))
        except ConsoleError as refusal:
            self.say(refusal)
            if isinstance(refusal, (ChangedElsewhere, DoneBefore)):
                self._view = await self.call(partial(reload, self.session, self.number))

    def _save_and_propose(
        self,
        session: DeskSession,
        typed: tuple[Typed, ...],
        version: int,
        asked: AskedFor | None,
        proposal: Proposal,
        act: ActId,
    ) -> Proposed:
        self.save(session, typed)
        if asked is not None:
            record_asked(session, self.number, asked.right, asked.fields)
        made = propose(session, self.number, version, proposal, act=act)
        if is_held(made.delivery):
            self.kept()
        elif not made.still_needed:
            self.forget(session, typed)
        else:  # a returned proposal restores this text, for the next proposal
            self.act = new_act()
            with suppress(ConsoleError):
                self.save(session, tuple(replace(one, act=self.act) for one in typed))
        return made


def _read(
    session: DeskSession, number: int
) -> tuple[TicketView, Matter, AskedFor | None, tuple[Role, ...], DecisionView | None]:
    """Load everything that the sheets offer; for a worker thread."""
    view = reload(session, number)
    pack = session.desk.packs.get(view.pack)
    matter = Matter(
        rights=rights_for(session, number),
        grounds=grounds_for(session, number),
        fields=fields_for(session, number),
        exceptions=pack.consent_exceptions,
        currency=pack.fee.currency,
        attachments=attachments_for(session, number) if view.mine else (),
        subject=view.subject,
        due_words=view.due_first_words,
    )
    undone = roles_undone(session, number) if view.mine else ()
    return view, matter, read_asked(session, number), undone, last_decision(session, number)


def _told(made: Proposed) -> Said:
    needs = " and ".join(f"a {role}" for role in made.still_needed)
    if needs:
        return Said(f"Proposed; it needs {needs}.")
    return Said(f"Decided. {words_of_notice(made.delivery)}", tone_of_notice(made.delivery))
