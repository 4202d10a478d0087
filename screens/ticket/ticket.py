"""One ticket: the redacted conversation, the facts about the requester, and the keys for both."""

from collections.abc import Callable
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widget import Widget

from cs_console.casework import workflow
from cs_console.casework.conversation import TicketView, open_ticket, reload
from cs_console.custody.disclosure import Target
from models.enums import Field, MessageSort, TicketState
from models.roles import LIFTS_LOCKS, VERIFIES
from screens.decisions.decision import DecisionScreen
from screens.frame.choice import ChoiceDialog
from screens.frame.steps import in_steps
from screens.registry import bindings_for, command
from screens.settlements.settle import SettleScreen
from screens.ticket.changes import always
from screens.ticket.compose import ComposeScreen
from screens.ticket.conversation import Conversation
from screens.ticket.facts import Facts
from screens.ticket.lines import FIELD, facts_of, field_key, status_words
from screens.ticket.terms import TicketTerms
from screens.verification.verify import VerifyScreen
from screens.widgets.choice_list import Choice
from screens.widgets.notice_bar import Said
from screens.widgets.safe_text import PlainText


class TicketScreen(TicketTerms):
    """Opening it is recorded. From 120 columns on both sides are shown next to each other, below that one at a time."""

    WHERE = "ticket"
    PROBLEMS_FADE = True
    CSS_PATH = "ticket.tcss"
    BINDINGS = bindings_for("ticket")
    HELP_TITLE = "A ticket"
    HELP = (
        "The conversation is redacted and contacts are masked. Reveal shows one sealed field for 30 seconds: you give "
        "a purpose, and the view is recorded before the value appears. Some fields require a verified requester."
    )
    said: Said | None = None
    """The notice to show on opening: the screen it comes from is covered by then."""

    def body(self) -> ComposeResult:
        yield PlainText(id="subject")
        yield PlainText(id="status")
        yield PlainText(id="sides")
        with Horizontal(id="panes"):
            yield Conversation(id="conversation")
            yield Facts(id="facts")

    def on_mount(self) -> None:
        self.heading = f"#{self.number}"
        self.query_one(Conversation).focus()
        self._show_sides()
        if self.said is not None:
            self.say(self.said)
        self._read(partial(open_ticket, self.session, self.number))

    # --- reading

    async def _show_ticket(self, view: TicketView) -> None:
        self.view = view
        self.heading = f"#{view.number} {view.kind_title}"
        self.query_one("#subject", PlainText).show(view.subject or "(no subject)")
        self.query_one("#status", PlainText).show(status_words(view))
        remark = "Only the newest messages are shown here; the earlier ones are stored." if view.earlier_lines else ""
        await self.query_one(Conversation).show(view.lines, view.feedback_note or remark)
        await self.query_one(Facts).show(facts_of(view, self._key_of))

    @in_steps
    async def _read(self, work: Callable[[], TicketView]) -> None:
        view = await self.call(work, group="view")
        self.call_next(self._show_ticket, view)

    def reload(self) -> None:
        """Reload the ticket."""
        self._read(partial(reload, self.session, self.number))

    def refresh_now(self) -> None:
        """Reload the ticket; a revealed value stays on screen."""
        if self.view is not None:
            self.reload()

    def action_reload(self) -> None:
        """Reload the ticket."""
        self.reload()

    def _key_of(self, command_id: str) -> str:
        if not self.check_action(command_id, ()):
            return ""
        return self.console.settings.keys.get(command_id) or command(command_id).keys.partition(",")[0]

    # --- the two sides

    def action_other_side(self) -> None:
        """Move to the other side: the conversation or the requester."""
        self.set_class(not self.has_class("-at-facts"), "-at-facts")
        self._show_sides()
        self.call_after_refresh(self._focus_side)

    def _focus_side(self) -> None:
        side: Widget = self.query_one(Facts) if self.has_class("-at-facts") else self.query_one(Conversation)
        side.focus()

    def on_descendant_focus(self) -> None:
        if isinstance(self.focused, Facts | Conversation):
            self.set_class(isinstance(self.focused, Facts), "-at-facts")
            self._show_sides()

    def _show_sides(self) -> None:
        names = [("Conversation", False), ("Requester", True)]
        at_facts = self.has_class("-at-facts")
        words = "   ".join(f"{'▸' if facts is at_facts else ' '} {name}" for name, facts in names)
        self.query_one("#sides", PlainText).show_parts((words, "bold"), "    tab to switch")

    @on(Facts.Selected)
    def choose_fact(self) -> None:
        """Run the command of the selected line, as its key would."""
        fact = self.query_one(Facts).current
        if fact is not None and fact.command and self.check_action(fact.command, ()):
            getattr(self, f"action_{fact.command}")()

    # --- revealing

    @in_steps
    async def action_reveal(self) -> None:
        """Reveal the selected field; from the conversation, ask which one."""
        fact = self.query_one(Facts).current
        if self.has_class("-at-facts") and fact is not None and fact.key.startswith(f"{FIELD}:"):
            self._reveal_key(fact.key)
        elif self.view is not None:
            choices = [
                Choice(field_key(one.field, one.item), f"{one.title}  {one.mask}", one.why)
                for one in (*reversed(self.view.text_fields), *self.view.fields)
            ]
            key = await self.ask(ChoiceDialog("Which field do you need to see?", choices))
            if key is not None:
                self._reveal_key(key)

    def _reveal_key(self, key: str) -> None:
        if self.view is None:
            return
        for one in (*self.view.fields, *self.view.text_fields):
            if field_key(one.field, one.item) == key:
                self.start_reveal(self.number, Target(one.field, one.item), one.title)

    def place_for(self, target: Target) -> Widget | None:
        """A message's text is shown in the conversation, everything else among the facts."""
        if target.field is Field.MESSAGE:
            place: Widget | None = self.query_one(Conversation).block(target.item)
        else:
            place = self.query_one(Facts).line(field_key(target.field, target.item))
        at_facts = target.field is not Field.MESSAGE
        if at_facts is not self.has_class("-at-facts"):
            self.action_other_side()
        return place

    def action_back(self) -> None:
        """Hide a revealed value first; otherwise go back."""
        if self.shows_value:
            self.hide_values()
        else:
            super().action_back()

    # --- going on to other screens

    @in_steps
    async def action_verify(self) -> None:
        """Verify the requester, or ask a verifier to."""
        if not self.roles.isdisjoint((*VERIFIES, *LIFTS_LOCKS)):
            await self._go_to(VerifyScreen(self.number))
        elif self.view is not None:
            work = partial(workflow.set_state, self.session, self.number, self.view.row, TicketState.TO_VERIFY)
            await self.change_ticket(work, always(f"#{self.number} is now waiting for a verifier."))

    @in_steps
    async def action_reply(self) -> None:
        """Write to the requester."""
        await self._go_to(ComposeScreen(self.number, MessageSort.REPLY))

    @in_steps
    async def action_note(self) -> None:
        """Write an internal note."""
        await self._go_to(ComposeScreen(self.number, MessageSort.NOTE))

    @in_steps
    async def action_decide(self) -> None:
        """Open the checklist, or the steps of the ticket's kind."""
        settles = self.view is not None and self.view.settles
        await self._go_to(SettleScreen(self.number) if settles else DecisionScreen(self.number))

    async def _go_to(self, screen: Screen[Said]) -> None:
        """Go on to another screen; back here, say what was done there and reload the ticket."""
        done = await self.ask(screen)
        if done is not None:
            self.say(done)
        self.reload()
