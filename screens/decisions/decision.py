"""The checklist for a rights request: filled in, saved as a draft, proposed; or the decision made (policy V.4)."""

from contextlib import suppress
from dataclasses import replace
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.timer import Timer

from cs_console.act_id import ActId, new_act
from cs_console.casework.conversation import TicketView, reload
from cs_console.custody.drafts import KeptDraft
from cs_console.decisions.approval_queue import DecisionView, last_decision
from cs_console.decisions.checklist import (
    AskedFor,
    Proposal,
    Proposed,
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
)
from cs_console.desk import DeskSession
from cs_console.errors import ChangedElsewhere, ConsoleError, DoneBefore, OwnDecision
from cs_console.policy.schema import Pack
from models.enums import DecisionState, TicketState
from screens.decisions.form import ChecklistForm, GroundSheet, form_from_json
from screens.decisions.sheets import (
    AnswerSheet,
    DecidedSheet,
    GroundPane,
    GroundsSheet,
    Matter,
    NoticeSheet,
    RequestSheet,
    Sheet,
)
from screens.frame.console import Typed
from screens.frame.steps import in_steps
from screens.frame.walk_screen import StepSheet, WalkScreen
from screens.registry import bindings_for
from screens.ticket.send_notice import deliver_when_due, is_held, tone_of_notice, words_of_notice
from screens.widgets.choice_list import Choice, ChoiceList
from screens.widgets.key_bar import KeyBar
from screens.widgets.notice_bar import Said, Tone
from screens.widgets.safe_text import PlainText

REQUEST, GROUNDS, ANSWER, NOTICE, DECIDED, GROUND = "request", "grounds", "answer", "notice", "decided", "ground-"
WAITS = "The proposal is waiting for approval. Open it with g a to read or withdraw it."
PREVIEW_SECONDS = 0.2
"""How long the letter waits for another key before it is made again."""


class DecisionScreen(WalkScreen):
    """Steps on the left, the step's sheet beside them, and what still blocks the proposal always in sight.

    On wide screens the letter is shown too and follows each change; on narrow ones `letter` opens it. What is
    asked goes on record when its sheet is left, and is corrected there until an answer is proposed.

    On a closed ticket there is only the decision, and the letter to post if nothing could be sent; while a
    proposal waits, there is only the proposal, as far as the reader may see it.
    """

    WHERE = "decision"
    CSS_PATH = "decision.tcss"
    BINDINGS = bindings_for("decision")
    HELP_TITLE = "The checklist"
    HELP = (
        "Work through the steps: Enter opens one, Escape returns. For each ground, choose the data it covers, answer "
        "its questions and name the evidence. Missing answers are listed beside or below. Your draft is saved."
    )
    READY = "Press ctrl+s to propose it."

    def __init__(self, number: int) -> None:
        super().__init__(draft_place(number), number)
        self.form = ChecklistForm()
        self._untouched = self.form.to_json()
        self._view: TicketView | None = None
        self._pack: Pack | None = None
        self._matter: Matter | None = None
        self._decided: DecisionView | None = None
        self._refused_form = ""
        self._first: tuple[str, Tone] | None = None
        self._recorded: AskedFor | None = None
        self._letter = ""
        self._letter_soon: Timer | None = None

    def body(self) -> ComposeResult:
        yield PlainText(id="about")
        with Horizontal(id="walk"):
            yield ChoiceList(id="steps")
            yield VerticalScroll(id="sheet", can_focus=False)
            with VerticalScroll(id="side", can_focus=False):
                yield PlainText(id="problems")
                with VerticalScroll(id="letter"):
                    yield PlainText(id="live")

    def on_mount(self) -> None:
        self.heading = f"Decision on #{self.number}"
        self.query_one("#steps").focus()
        self._load()

    # --- what there is to decide, and the draft

    @in_steps
    async def _load(self) -> None:
        read = await self.call(partial(_read, self.session, self.number))
        self._view, self._matter, self._recorded, last = read
        self._pack = self.session.desk.packs.get(self._view.pack)
        untouched = self.form.to_json() == self._untouched
        if self._recorded is not None and not self.form.asked:
            self.form.take_asked(self._recorded)
        self.form.language = self._view.language
        self.form.fee_ground = next((one.code for one in self._matter.grounds if one.list == "fee"), "")
        self.form.currency = self._matter.currency
        if untouched:
            self._untouched = self.form.to_json()
        about = f"{self._view.due_first_words} · {self._view.subject}"
        self.query_one("#about", PlainText).show(about)
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
            self._show_steps()
            self.show_problems()
            self._letter_follows()
            self.show_step(self.query_one("#steps", ChoiceList).current or REQUEST)

    def _show_steps(self) -> None:
        matter, form = self._matter, self.form
        if matter is None:
            return
        decided = [Choice(DECIDED, "Last decision", self._decided.words, mark="✓")] if self._decided else []
        if self._over:
            self.query_one("#steps", ChoiceList).show(decided)
            return
        right = next((one.title for one in matter.rights if one.key == form.request), "")
        fitting = matter.fitting(form)
        looked = sum(1 for one in fitting if form.sheets.get(one.code, GroundSheet()).applies is not None)
        steps = [
            Choice(REQUEST, "What is asked", self._asked_words(right), mark="✓" if self._is_recorded() else "·"),
            Choice(GROUNDS, "Grounds", f"{looked} of {len(fitting)} reviewed", mark="✓" if looked else "·"),
        ]
        steps += [
            Choice(f"{GROUND}{one.code}", f"{one.code} {one.title}", "applies", mark="›")
            for one in matter.grounds
            if form.applies(one.code)
        ]
        answer = form.outcome.value if form.outcome else "not chosen yet"
        steps += [
            Choice(ANSWER, "Answer", answer, mark="✓" if form.outcome else "·"),
            Choice(NOTICE, "Notice", "preview", mark="›"),
            *decided,
        ]
        self.query_one("#steps", ChoiceList).show(steps)

    def _asked_words(self, right: str) -> str:
        if not right or not self.form.asked:
            return right or "not recorded yet"
        return f"{len(self.form.asked)} of the data · {right}"

    def sheet_shown(self, sheet: StepSheet | None) -> None:
        """Show the letter at once on the letter's own sheet."""
        if isinstance(sheet, NoticeSheet):
            sheet.show(self._letter)
            self._preview()

    def sheet_of(self, step: str) -> Sheet | None:
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
        if step == NOTICE:
            return NoticeSheet(self.form, matter, now)
        if step == DECIDED and self._decided is not None:
            return DecidedSheet(self.form, matter, now, self._decided)
        ground = matter.ground(step.removeprefix(GROUND))
        return GroundPane(self.form, matter, now, ground) if ground is not None else None

    @on(Sheet.Changed)
    def form_changed(self, message: Sheet.Changed) -> None:
        """Show at once what blocks the proposal; an earlier refusal does not apply to a different answer."""
        message.stop()
        if self._refused_form and self._refused_form != self.form.to_json():
            self._refused_form = ""
            self.goes_on()
        if message.steps:
            self._show_steps()
        self.show_problems()
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
        if self._pack is not None:
            super().show_problems()

    # --- the letter, following each change

    def _letter_follows(self) -> None:
        """Make the letter again once no key has been pressed for a moment."""
        if self._letter_soon is not None:
            self._letter_soon.stop()
        self._letter_soon = self.set_timer(PREVIEW_SECONDS, self._preview)

    @in_steps
    async def _preview(self) -> None:
        proposal = self.form.proposal()
        if self._over or self._matter is None:
            return
        if proposal is None:
            self._previewed("The letter appears here once you choose a decision.")
            return
        work = partial(preview_notice, self.session, self.number, proposal)
        try:
            self._previewed(await self.call(work, group="preview", retry=False))
        except ConsoleError as refusal:
            self._previewed(refusal.sentence)

    def _previewed(self, words: str) -> None:
        self._letter = words
        self.query_one("#live", PlainText).show(words)
        for sheet in self.query(NoticeSheet):
            sheet.show(words)

    def action_letter(self) -> None:
        """Go to the letter; if it is not in sight, open it, or close it again."""
        narrow = self.has_class("-narrow")
        if narrow and self.has_class("-letter"):
            self._put_letter_away()
            return
        self.set_class(narrow, "-letter")
        self.query_one("#letter").focus()

    def _put_letter_away(self) -> None:
        self.remove_class("-letter")
        self.query_one("#steps").focus()

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
        """Hide proposing when the ticket is closed; the service refuses it too."""
        if action in {"propose", "letter"} and self._over:
            return False
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Return from the letter or a sheet to the steps, and from the steps to the ticket; the draft is kept."""
        if self.has_class("-letter"):
            self._put_letter_away()
        else:
            super().action_back()

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


def _read(session: DeskSession, number: int) -> tuple[TicketView, Matter, AskedFor | None, DecisionView | None]:
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
    )
    return view, matter, read_asked(session, number), last_decision(session, number)


def _told(made: Proposed) -> Said:
    needs = " and ".join(f"a {role}" for role in made.still_needed)
    if needs:
        return Said(f"Proposed; it needs {needs}.")
    return Said(f"Decided. {words_of_notice(made.delivery)}", tone_of_notice(made.delivery))
