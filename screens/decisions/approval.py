"""One proposal: its findings, the notice that would be sent, and the second person's approval or return."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll

from cs_console.decisions.approval import (
    ApprovalResult,
    approve,
    open_proposal,
    require_may_approve,
    return_proposal,
    withdraw,
)
from cs_console.decisions.approval_queue import ProposalView
from cs_console.errors import ConsoleError, WrongPassword
from cs_console.local_time import moment
from screens.frame.amounts import age
from screens.frame.choice import ChoiceDialog
from screens.frame.console_screen import ConsoleScreen
from screens.frame.dialog import WIDE
from screens.frame.paper import Paper
from screens.frame.steps import in_steps
from screens.frame.text_dialog import PasswordDialog, WordsDialog, forgetting_draft
from screens.registry import bindings_for
from screens.ticket.send_notice import tone_of_notice
from screens.widgets.choice_list import Choice
from screens.widgets.hanging import HangingText
from screens.widgets.key_bar import KeyBar
from screens.widgets.notice_bar import Said
from screens.widgets.safe_text import PlainText

YES = "yes"
BESIDE = 172
"""From so many columns on the notice is beside the findings."""


class ProposalScreen(ConsoleScreen[Said]):
    """Reading is recorded; approving needs the password. Under legal review only privacy officers see the reasons."""

    WHERE = "proposal"
    CSS_PATH = ["approval.tcss", "../frame/paper.tcss"]
    BINDINGS = bindings_for("proposal")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide"), (BESIDE, "-beside")]
    HELP_TITLE = "A proposal"
    HELP = "Read the findings and the notice that would be sent, then approve or return the proposal."

    def __init__(self, decision_id: str, then: str = "") -> None:
        super().__init__()
        self._decision_id = decision_id
        self._then = then
        self._view: ProposalView | None = None

    def body(self) -> ComposeResult:
        yield HangingText(id="outcome")
        yield HangingText(id="who")
        with VerticalScroll(id="reading"):
            with Vertical(id="facts"):
                yield HangingText(id="since")
                yield PlainText("Findings", classes="part")
                yield HangingText(id="findings")
            with Vertical(id="letter"):
                yield PlainText("The notice that would be sent", classes="part")
                yield Paper(id="notice")

    def on_mount(self) -> None:
        self.query_one("#reading").focus()
        self.heading = "Proposal"
        self._read()

    @in_steps
    async def _read(self) -> None:
        self._view = view = await self.call(partial(open_proposal, self.session, self._decision_id))
        self.heading = f"Proposal for #{view.number}"
        self.query_one("#outcome", HangingText).show(f"{view.outcome.value}: {view.ground_words or 'no ground'}")
        now = self.session.desk.clock.now()
        self.query_one("#who", HangingText).show(f"{_proposed_words(view, now)}; {_needs_words(view)}")
        self.query_one("#since", HangingText).show("\n".join(_since_words(view)))
        self.query_one(KeyBar).refresh()
        self.query_one("#findings", HangingText).show("\n".join(view.findings))
        self.query_one(Paper).show(view.notice)
        if self._then:
            then, self._then = self._then, ""
            getattr(self, f"action_{then}")()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer withdrawing only for the agent's own proposal; the service enforces it."""
        if action == "withdraw" and self._view is not None and not self._view.mine:
            return False
        return super().check_action(action, parameters)

    # --- yes

    @in_steps
    async def action_approve(self) -> None:
        """Ask for the password again, then approve. An agent who may not approve is told so before entering it."""
        if self._view is not None:
            await self.change(partial(require_may_approve, self.session, self._decision_id))
            self._ask_password(f"Approve this decision on #{self._view.number}? Enter your password to confirm.")

    def _ask_password(self, question: str) -> None:
        self.go_on(PasswordDialog(question), self._approve)  # no async function may hold a password

    def _approve(self, password: str | None) -> None:
        if password is not None:
            self.say("Checking…")
            work = partial(approve, self.session, self._decision_id, password, act=self.act_for("approve"))
            self.change_then(work, lambda done: self.dismiss(_told(done)), refused=self._not_approved, late=_told)

    def _not_approved(self, refusal: ConsoleError) -> None:
        self.say(refusal)
        if isinstance(refusal, WrongPassword):
            # ask again at once: a password typed into the screen underneath would run its letters as commands
            self._ask_password(str(refusal))

    # --- no

    @property
    def _place(self) -> str:
        return f"return:{self._decision_id}"

    @in_steps
    async def action_return_proposal(self) -> None:
        """Ask for the reason, then return the proposal."""
        if self._view is None:
            return
        readers = " Only privacy officers will read it." if self._view.legal_review else ""
        question, hint = f"What needs to be corrected?{readers}", "ctrl+s return it   esc save as draft"
        why = await self.ask(WordsDialog(question, self._place, self._view.number, hint=hint))
        if why is not None:
            work = partial(return_proposal, self.session, self._decision_id, why.words, act=why.act)
            forgetting = partial(forgetting_draft, self.session, why, work)
            await self._finish(forgetting, "The proposal was returned with your reason.")

    async def _finish(self, work: Callable[[], object], words: str) -> None:
        await self.change(work, late=lambda _done: Said(words))
        self.dismiss(Said(words))

    @in_steps
    async def action_withdraw(self) -> None:
        """Ask once, then withdraw the agent's own proposal."""
        if self._view is None:
            return
        choices = [
            Choice("no", "Cancel"),
            Choice(YES, "Withdraw", f"#{self._view.number} becomes editable again"),
        ]
        if await self.ask(ChoiceDialog("Withdraw your proposal?", choices)) == YES:
            await self._finish(partial(withdraw, self.session, self._decision_id), "The proposal was withdrawn.")


def _told(result: ApprovalResult) -> Said:
    if result.final:
        return Said(f"#{result.number} was decided. {result.delivery}".strip(), tone_of_notice(result.delivery))
    left = " and ".join(f"a {role}" for role in result.still_needed)
    return Said(f"Approved; #{result.number} still needs {left}.")


def _proposed_words(view: ProposalView, now: datetime) -> str:
    ago = age(view.proposed_at, now)
    by = "you" if view.mine else view.proposer
    return f"proposed by {by}, {moment(view.proposed_at)}" + ("" if ago == "now" else f", {ago} ago")


def _needs_words(view: ProposalView) -> str:
    """Who must approve, and who has approved: "needs privacy officer and supervisor; approved by omar"."""
    asks = " and ".join(view.asks) or "no one"
    said = f"; approved by {' and '.join(view.approvals_given)}" if view.approvals_given else ""
    left = f", still {' and '.join(view.needs)}" if said and view.needs else ""
    return f"needs {asks}{said}{left}"


def _since_words(view: ProposalView) -> list[str]:
    """What changed since the proposal, one line each."""
    if not view.since:
        return ["Nothing has changed since the proposal."]
    return ["Since the proposal:", *(f"  {one.words}, {moment(one.at)}" for one in view.since)]
