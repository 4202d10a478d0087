"""One ticket: the redacted conversation, the facts about the requester, and the keys for both."""

from collections.abc import Callable
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widget import Widget

from cs_console.casework.conversation import TicketView, open_ticket, reload, why_no_reply
from cs_console.casework.history import history
from cs_console.casework.other_tickets import other_tickets
from cs_console.casework.undo import TakenBack, take_back
from cs_console.custody.disclosure import Target
from cs_console.desk import DeskSession
from cs_console.tickets.present import Present
from models.contact_fields import Field
from models.enums import MessageSort
from models.roles import LIFTS_LOCKS, VERIFIES
from screens.decisions.decision import DecisionScreen
from screens.frame.console_screen import ConsoleScreen
from screens.frame.steps import in_steps
from screens.registry import Command, bindings_for, command
from screens.settlements.settle import SettleScreen
from screens.ticket.about import name_about
from screens.ticket.assignment import assign, claim, release
from screens.ticket.attachments import open_file
from screens.ticket.being_here import LOOK_SECONDS, BeingHere
from screens.ticket.beside import Beside
from screens.ticket.block_sender import block_sender
from screens.ticket.clock import work_on_clock
from screens.ticket.compose import ComposeScreen
from screens.ticket.contact import correct_contact
from screens.ticket.contact_strip import ContactStrip
from screens.ticket.conversation import Conversation
from screens.ticket.erase import erase
from screens.ticket.facts import Facts
from screens.ticket.head import TicketHead
from screens.ticket.hold import hold
from screens.ticket.kind import change_kind
from screens.ticket.lines import FIELD, HISTORY, OTHER, Around, facts_of, field_key
from screens.ticket.mark import MarkScreen
from screens.ticket.move_policy import move_policy
from screens.ticket.open_ticket import OpenTicket, on_ticket
from screens.ticket.priority import change_priority
from screens.ticket.reveal import Reveal
from screens.ticket.revealed_value import ShowsValue
from screens.ticket.send_notice import send_notice
from screens.ticket.state import change_state, wait_for_verifier
from screens.ticket.whose import say_whose
from screens.verification.verify import VerifyScreen
from screens.widgets.key_bar import KeyBar
from screens.widgets.notice_bar import Said


def read_around(session: DeskSession, number: int) -> Around:
    """What is shown beside the ticket; for a worker thread. Raises as the services do."""
    return Around(other_tickets(session, number), history(session, number))


class TicketScreen(ConsoleScreen[None]):
    """Opening it is recorded. From 120 columns on both sides are shown next to each other, below that one at a time."""

    WHERE = "ticket"
    PROBLEMS_FADE = True
    CSS_PATH = "ticket.tcss"
    BINDINGS = bindings_for("ticket")
    HELP_TITLE = "A ticket"
    HELP = (
        "The conversation is redacted and contacts are masked. Reveal shows one sealed field for 30 seconds: you give "
        "a purpose, and the view is recorded before the value appears. Some fields require a verified requester. "
        "A reply, or an answer of yours alone, can be taken back until it goes out (u). Earlier letters that a message "
        "repeats, and signatures, are folded to one line: q shows them, and folds them again."
    )
    said: Said | None = None
    """The notice to show on opening: the screen it comes from is covered by then."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.ticket = OpenTicket(self, number, self.action_reload)
        self._around = Around()
        self._revealing = Reveal(self, number, self._place_for)
        self._beside = Beside(self)
        self._here = BeingHere(self, number, self._hear)

    @property
    def view(self) -> TicketView | None:
        """The ticket as it was last read."""
        return self.ticket.view

    # --- the keys of the actions on a ticket

    action_files = on_ticket(open_file)
    action_claim = on_ticket(claim)
    action_release = on_ticket(release)
    action_assign = on_ticket(assign)
    action_state = on_ticket(change_state)
    action_kind = on_ticket(change_kind)
    action_priority = on_ticket(change_priority)
    action_about = on_ticket(name_about)
    action_whose = on_ticket(say_whose)
    action_contact = on_ticket(correct_contact)
    action_clock = on_ticket(work_on_clock)
    action_hold = on_ticket(hold)
    action_erase = on_ticket(erase)
    action_send_notice = on_ticket(send_notice)
    action_move_policy = on_ticket(move_policy)
    action_block_sender = on_ticket(block_sender)

    def body(self) -> ComposeResult:
        yield TicketHead(id="head")
        with Horizontal(id="panes"):
            yield Conversation(
                id="conversation",
                now=self.session.desk.clock.now,
                undo_key=self._key_of("undo") or "u",
                earlier_key=self._key_of("earlier"),
            )
            yield Facts(id="facts")
        yield ContactStrip(id="strip")

    def on_mount(self) -> None:
        self.heading = f"#{self.ticket.number}"
        self.query_one(Conversation).focus()
        self._show_sides()
        if self.said is not None:
            self.say(self.said)
        self._read(partial(open_ticket, self.session, self.ticket.number))
        self.set_interval(LOOK_SECONDS, self._here.look)

    # --- reading

    def _show_ticket(self, view: TicketView) -> None:
        self.ticket.view = view
        if view.erased:  # what was beside it goes at once, whatever becomes of reading it again
            self._around = Around()
        self.heading = f"#{view.number} {view.kind_title}"
        remark = "Only the newest messages are shown here; the earlier ones are stored." if view.earlier_lines else ""
        with self.app.batch_update():
            self.query_one(TicketHead).show(view, self.session.desk.clock.now())
            self.query_one(Conversation).show(
                view.lines,
                view.feedback_note or remark,
                requester="" if view.erased else view.requester,
                me=self.session.agent.name,
                looked_at=view.looked_at,
            )
            self._show_facts()
            self.query_one(ContactStrip).show(view.fields, self._key_of("reveal"))
        self.query_one(KeyBar).follow()
        self._here.mine = view.mine
        self._beside.hear(view.present)

    def _hear(self, present: tuple[Present, ...]) -> None:
        """Others are on the ticket now."""
        self.query_one(TicketHead).tell(present)
        self._beside.hear(present)

    def _show_facts(self) -> None:
        if self.view is not None:
            now = self.session.desk.clock.now()
            self.query_one(Facts).show(facts_of(self.view, self._around, self._key_of, now))

    @in_steps
    async def _read(self, work: Callable[[], TicketView]) -> None:
        view = await self.call(work, group="view")
        self._show_ticket(view)
        self._around = await self.call(partial(read_around, self.session, self.ticket.number), group="around")
        self._show_facts()

    def refresh_now(self) -> None:
        """Reload the ticket; a revealed value stays on screen."""
        if self.view is not None:
            self.action_reload()

    def action_reload(self) -> None:
        """Reload the ticket."""
        self._read(partial(reload, self.session, self.ticket.number))

    def _key_of(self, command_id: str) -> str:
        if not self.check_action(command_id, ()):
            return ""
        return self.console.settings.keys.get(command_id) or command(command_id).keys.partition(",")[0]

    def action_earlier(self) -> None:
        """Show the lines that messages repeat and sign with, or fold them again."""
        if self.query_one(Conversation).turn() is None:
            self.say("Nothing is folded here: no message repeats an earlier one.")

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
        self.query_one(ContactStrip).turn(at_facts=self.has_class("-at-facts"))

    def action_others(self) -> None:
        """Move to the requester's other tickets."""
        self._move_to(OTHER, "No other ticket of this requester is here.")

    def action_history(self) -> None:
        """Move to what was done on the ticket."""
        self._move_to(HISTORY, "Nothing of this ticket's history is shown.")

    def _move_to(self, kind: str, nothing: str) -> None:
        facts = self.query_one(Facts)
        if not facts.has_section(kind):
            self.say(nothing)
            return
        self.add_class("-at-facts")
        self._show_sides()
        self.call_after_refresh(facts.go_to_section, kind)

    @in_steps
    async def action_open_other(self) -> None:
        """Open the requester's ticket under the cursor."""
        fact = self.query_one(Facts).current
        kind, _, number = fact.key.partition(":") if fact is not None else ("", "", "")
        if kind == OTHER:
            await self.ask(TicketScreen(int(number)))
            self.action_reload()

    @on(Facts.Selected)
    def choose_fact(self) -> None:
        """Run the command of the selected line, as its key would."""
        fact = self.query_one(Facts).current
        if fact is not None and fact.command and self.check_action(fact.command, ()):
            getattr(self, f"action_{fact.command}")()

    # --- revealing

    @in_steps
    async def action_reveal(self) -> None:
        """Reveal a field, the selected one to begin with."""
        fact = self.query_one(Facts).current
        at_field = self.has_class("-at-facts") and fact is not None and fact.key.startswith(f"{FIELD}:")
        if self.view is not None:
            await self._revealing.start(self.view, fact.key if at_field and fact is not None else None)

    def _place_for(self, target: Target) -> tuple[ShowsValue, str] | None:
        """A message's text is shown in the conversation, everything else among the facts."""
        at_facts = target.field is not Field.MESSAGE
        pane: Facts | Conversation = self.query_one(Facts) if at_facts else self.query_one(Conversation)
        key = field_key(target.field, target.item) if at_facts else target.item
        if at_facts is not self.has_class("-at-facts"):
            self.action_other_side()
        return (pane, key) if pane.has(key) else None

    @property
    def shows_value(self) -> bool:
        """Whether a revealed value is shown now."""
        return self._revealing.shows_value

    def hide_values(self) -> None:
        """Remove the value from the screen at once and record the end of the view."""
        self._revealing.hide()

    def on_screen_suspend(self) -> None:
        self.hide_values()

    def on_unmount(self) -> None:
        self.hide_values()
        self._here.leave()

    def action_back(self) -> None:
        """Hide a revealed value first; otherwise go back."""
        if self.shows_value:
            self.hide_values()
        else:
            super().action_back()

    def applies(self, one: Command) -> bool:
        """Offer a reveal where something can be shown, and a reply where none is in the way."""
        view = self.view
        if view is None:
            return True
        if one.id == "reveal":
            return any(field.revealable for field in (*view.fields, *view.text_fields))
        return one.id != "reply" or why_no_reply(view.number, view.state) is None

    # --- going on to other screens

    @in_steps
    async def action_verify(self) -> None:
        """Verify the requester, or ask a verifier to."""
        if not self.roles.isdisjoint((*VERIFIES, *LIFTS_LOCKS)):
            await self._go_to(VerifyScreen(self.ticket.number))
        else:
            await wait_for_verifier(self.ticket)

    @in_steps
    async def action_reply(self) -> None:
        """Write to the requester, unless it is known before a word is typed that it cannot be sent."""
        view = self.view
        refusal = why_no_reply(view.number, view.state) if view is not None else None
        if refusal is not None:
            self.say(refusal)
            self.action_reload()  # it may be over by now
            return
        if not await self._beside.goes_on():
            return
        await self._write(MessageSort.REPLY)

    @in_steps
    async def action_undo(self) -> None:
        """Take back the reply or the answer that has not gone out yet, and go on with it."""
        taken = await self.change(partial(take_back, self.session, self.ticket.number))
        self.clear_notice()  # it may say that the message goes out
        if taken is TakenBack.REPLY:
            await self._write(MessageSort.REPLY)
        elif taken is TakenBack.SETTLEMENT:
            await self._go_to(SettleScreen(self.ticket.number))
        else:
            await self._go_to(DecisionScreen(self.ticket.number))

    @in_steps
    async def action_note(self) -> None:
        """Write an internal note."""
        await self._write(MessageSort.NOTE)

    async def _write(self, sort: MessageSort) -> None:
        """Write below the conversation."""
        if self.has_class("-at-facts"):
            self.action_other_side()
        self.add_class("-writing")
        await self._go_to(ComposeScreen(self.ticket.number, sort, behind=self))

    def give_room(self, rows: int) -> None:
        """End the conversation above so many rows, which the composer covers."""
        self.query_one(Conversation).styles.margin = (0, 0, rows, 0)

    def scroll_conversation(self, by: int) -> None:
        """Scroll it by two lines at a time, from the composer."""
        self.query_one(Conversation).scroll_relative(y=2 * by)

    def on_screen_resume(self) -> None:
        """Nothing is written above it any more."""
        if self.has_class("-writing"):
            self.remove_class("-writing")
            self.give_room(0)

    @in_steps
    async def action_mark(self) -> None:
        """Mark words that redaction missed."""
        if self.view is not None:
            await self._go_to(MarkScreen(self.view))

    @in_steps
    async def action_decide(self) -> None:
        """Open the checklist, or the steps of the ticket's kind."""
        settles = self.view is not None and self.view.settles
        await self._go_to(SettleScreen(self.ticket.number) if settles else DecisionScreen(self.ticket.number))

    async def _go_to(self, screen: Screen[Said]) -> None:
        """Go on to another screen; back here, say what was done there and reload the ticket."""
        done = await self.ask(screen)
        if done is not None:
            self.say(done)
        self.action_reload()
