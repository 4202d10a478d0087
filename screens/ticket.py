"""One ticket: the redacted conversation, what is known about the requester, and the keys that work on both."""

from collections.abc import Callable
from datetime import date
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget

from cs_console.custody.contacts import change_contact
from cs_console.custody.disclosure import Target
from cs_console.custody.erasure import propose_erasure
from cs_console.custody.holds import HoldReasonChoice, HoldView, holds_and_reasons, lift_hold, place_hold
from cs_console.decisions.clock_steps import ask_identity, extend
from cs_console.decisions.clock_view import ClockView, clock_view
from cs_console.decisions.fee_steps import fee_paid, fee_unpaid
from cs_console.decisions.matters import MatterChoices, Named, matter_choices, name_matter
from cs_console.decisions.notice_way import NoticeWay
from cs_console.decisions.sending_again import NoticeRoutes, notice_posted, notice_routes, send_notice_again
from cs_console.errors import ChangedElsewhere, Refusal
from cs_console.tickets import workflow
from cs_console.tickets.conversation import TicketView, open_ticket, reload
from cs_console.tickets.packs import PackChoice, move_to_pack, packs_to_move_to
from models.enums import DeliveryState, Field, MessageSort, Priority, Role, TicketKind, TicketState
from screens.about import SOMEBODY, about_dialog, decider_dialog
from screens.asking_text import WordsDialog, forgetting_draft
from screens.choice import ChoiceDialog
from screens.clock import (
    ASK,
    EXTEND,
    PAID,
    SEND,
    UNPAID,
    ClockDialog,
    ask_dialog,
    paid_dialog,
    reason_dialog,
    reason_place,
    sent_words,
    unpaid_dialog,
)
from screens.compose import ComposeScreen
from screens.contact import AskedContact, asked_contact, contact_dialog, place_of
from screens.decision import DecisionScreen
from screens.keeping import LIFT, NOTE_HINT, PLACE, holds_dialog, until_dialog
from screens.moving import WHY_HINT, packs_dialog
from screens.registry import bindings_for, command
from screens.reveal import RevealScreen
from screens.sending_again import POSTED, routes_dialog
from screens.settle import SettleScreen
from screens.state import assign_dialog, kind_dialog, priority_dialog, state_dialog
from screens.ticket_lines import FIELD, facts_of, field_key, status_words
from screens.verify import VerifyScreen
from screens.widgets.choice_list import Choice
from screens.widgets.conversation import Conversation
from screens.widgets.facts import Facts
from screens.widgets.notice_bar import Tone
from screens.widgets.safe_text import PlainText

CLOSE_HINT = "ctrl+s close it, the reason stays as a note   esc keep as a draft"
CONTACT_HINT = "ctrl+s keep it with the ticket   esc keep as a draft"


class TicketScreen(RevealScreen):
    """Opening it is on record. At 120 columns both sides stand beside each other, below that one at a time."""

    WHERE = "ticket"
    PROBLEMS_FADE = True
    CSS_PATH = "ticket.tcss"
    BINDINGS = bindings_for("ticket")

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.view: TicketView | None = None

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
        self.ask(partial(open_ticket, self.desk, self.number), self._opened, group="view")

    # --- reading

    async def _opened_view(self, view: TicketView) -> None:
        self.view = view
        self.heading = f"#{view.number} {view.kind_title}"
        self.query_one("#subject", PlainText).show(view.subject or "(no subject)")
        self.query_one("#status", PlainText).show(status_words(view))
        remark = "Only the newest lines are here; the earlier ones are kept." if view.earlier_lines else ""
        await self.query_one(Conversation).show(view.lines, view.feedback_note or remark)
        await self.query_one(Facts).show(facts_of(view, self._key_of))

    def _opened(self, view: TicketView) -> None:
        self.call_next(self._opened_view, view)

    def _reload(self, _answer: object = None) -> None:
        self.ask(partial(reload, self.desk, self.number), self._opened, group="view")

    def refresh_now(self) -> None:
        """Read the ticket again; a value that is being shown stays."""
        if self.view is not None:
            self._reload()

    def action_reload(self) -> None:
        """Read the ticket again."""
        self._reload()

    def _key_of(self, command_id: str) -> str:
        if not self.check_action(command_id, ()):
            return ""
        return self.console.settings.keys.get(command_id) or command(command_id).keys.partition(",")[0]

    # --- the two sides

    def action_other_side(self) -> None:
        """Go to the other side: the conversation or the requester."""
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
        self.query_one("#sides", PlainText).show_parts((words, "bold"), "    tab switches")

    @on(Facts.Selected)
    def choose_fact(self) -> None:
        """Enter on a line does what its key does."""
        fact = self.query_one(Facts).current
        if fact is not None and fact.command and self.check_action(fact.command, ()):
            getattr(self, f"action_{fact.command}")()

    # --- revealing

    def action_reveal(self) -> None:
        """Reveal the field under the cursor; from the conversation, ask which."""
        fact = self.query_one(Facts).current
        if self.has_class("-at-facts") and fact is not None and fact.key.startswith(f"{FIELD}:"):
            self._reveal_key(fact.key)
        elif self.view is not None:
            choices = [
                Choice(field_key(one.field, one.item), f"{one.title}  {one.mask}", one.why)
                for one in (*reversed(self.view.text_fields), *self.view.fields)
            ]
            self.app.push_screen(ChoiceDialog("Which one do you need to see?", choices), self._reveal_key)

    def _reveal_key(self, key: str | None) -> None:
        if key is None or self.view is None:
            return
        for one in (*self.view.fields, *self.view.text_fields):
            if field_key(one.field, one.item) == key:
                self.start_reveal(self.number, Target(one.field, one.item), one.title)

    def place_for(self, target: Target) -> Widget | None:
        """A message's words stand in the conversation, everything else among the facts."""
        if target.field is Field.MESSAGE:
            place: Widget | None = self.query_one(Conversation).block(target.item)
        else:
            place = self.query_one(Facts).line(field_key(target.field, target.item))
        at_facts = target.field is not Field.MESSAGE
        if at_facts is not self.has_class("-at-facts"):
            self.action_other_side()
        return place

    def action_back(self) -> None:
        """Hide a revealed value first; then go back."""
        if self.shows_value:
            self.hide_values()
        else:
            super().action_back()

    # --- changing

    def _change(self, work: Callable[[], object], done: str) -> None:
        self.change(work, partial(self._changed, done), refused=self._refused)

    def _changed(self, done: str, _answer: object) -> None:
        self.say(done, Tone.DONE)
        self._reload()

    def _refused(self, refusal: Refusal) -> None:
        self.say(refusal)
        if isinstance(refusal, ChangedElsewhere):
            self._reload()

    def action_claim(self) -> None:
        """Take the ticket."""
        self._change(partial(workflow.claim, self.desk, self.number), f"#{self.number} is yours.")

    def action_release(self) -> None:
        """Give it back to the queue."""
        if self.view is not None:
            work = partial(workflow.release, self.desk, self.number, self.view.row)
            self._change(work, f"#{self.number} is back in the queue.")

    def action_state(self) -> None:
        """Choose another state."""
        if self.view is not None:
            self.app.push_screen(state_dialog(self.number, self.view.state), self._state_chosen)

    def _state_chosen(self, state: str | None) -> None:
        if state is None or self.view is None:
            return
        if state == TicketState.CLOSED.value and self.view.closes_with_reason and Role.SUPERVISOR in self.roles:
            question = f"#{self.number} ends when it is answered with d. Why is it closed before that?"
            dialog = WordsDialog(question, f"close:{self.number}", self.number, hint=CLOSE_HINT)
            self.app.push_screen(dialog, self._close_reasoned)
            return
        work = partial(workflow.set_state, self.desk, self.number, self.view.row, TicketState(state))
        self._change(work, f"#{self.number} is {state}.")

    def _close_reasoned(self, why: str | None) -> None:
        if why is not None and self.view is not None:
            work = partial(workflow.set_state, self.desk, self.number, self.view.row, TicketState.CLOSED, why)
            forgetting = partial(forgetting_draft, self.desk, f"close:{self.number}", work)
            self._change(forgetting, f"#{self.number} is closed.")

    def action_kind(self) -> None:
        """Choose another kind."""
        if self.view is not None:
            pack = self.desk.office.packs.get(self.view.pack)
            titles = {kind: rules.title for kind, rules in pack.kinds.items()}
            self.app.push_screen(kind_dialog(self.number, self.view.kind, titles), self._kind_chosen)

    def _kind_chosen(self, kind: str | None) -> None:
        if kind is not None and self.view is not None:
            work = partial(workflow.set_kind, self.desk, self.number, self.view.row, TicketKind(kind))
            self._change(work, f"#{self.number} is a matter of {kind} now.")

    def action_priority(self) -> None:
        """Choose another priority."""
        if self.view is not None:
            self.app.push_screen(priority_dialog(self.number, self.view.priority), self._priority_chosen)

    def _priority_chosen(self, name: str | None) -> None:
        if name is not None and self.view is not None:
            priority = Priority[name.upper()]
            work = partial(workflow.set_priority, self.desk, self.number, self.view.row, priority)
            self._change(work, f"The priority of #{self.number} is {name}.")

    def action_assign(self) -> None:
        """Choose who works on it."""
        self.ask(partial(workflow.assignable, self.desk, self.number), self._assignable, group="assignable")

    def _assignable(self, names: tuple[str, ...]) -> None:
        if self.view is not None:
            self.app.push_screen(assign_dialog(self.number, self.view.assignee, names), self._assignee_chosen)

    def _assignee_chosen(self, name: str | None) -> None:
        if name is not None and self.view is not None:
            work = partial(workflow.assign, self.desk, self.number, self.view.row, name)
            self._change(work, f"#{self.number} is {name}'s.")

    # --- going on to other screens

    def action_verify(self) -> None:
        """Verify who the requester is, or ask a verifier to."""
        if self.roles & {Role.VERIFIER, Role.SUPERVISOR}:
            self.app.push_screen(VerifyScreen(self.number), self._back_with)
        elif self.view is not None:
            work = partial(workflow.set_state, self.desk, self.number, self.view.row, TicketState.TO_VERIFY)
            self._change(work, f"#{self.number} waits for a verifier now.")

    def action_reply(self) -> None:
        """Write to the requester."""
        self.app.push_screen(ComposeScreen(self.number, MessageSort.REPLY), self._back_with)

    def action_note(self) -> None:
        """Write a note for the desk."""
        self.app.push_screen(ComposeScreen(self.number, MessageSort.NOTE), self._back_with)

    def action_decide(self) -> None:
        """Walk the checklist, or the steps of the ticket's own kind."""
        if self.view is not None and self.view.settles:
            self.app.push_screen(SettleScreen(self.number), self._back_with)
        else:
            self.app.push_screen(DecisionScreen(self.number), self._back_with)

    def action_about(self) -> None:
        """Choose what it is about."""
        self.ask(partial(matter_choices, self.desk, self.number), self._matters_read, group="about")

    def _matters_read(self, choices: MatterChoices) -> None:
        self.app.push_screen(about_dialog(self.number, choices), partial(self._about_chosen, choices))

    def _about_chosen(self, choices: MatterChoices, key: str | None) -> None:
        if key == SOMEBODY:
            self.app.push_screen(decider_dialog(self.number, choices.accounts), self._decider_chosen)
        elif key is not None:
            self._naming(partial(name_matter, self.desk, self.number, about_number=int(key)))

    def _decider_chosen(self, name: str | None) -> None:
        if name is not None:
            self._naming(partial(name_matter, self.desk, self.number, decider=name))

    def _naming(self, work: Callable[[], Named]) -> None:
        self.change(work, self._named, refused=self._refused)

    def _named(self, named: Named) -> None:
        hand_on = " Whoever has it took part in that: hand it on with a." if named.kept_out else ""
        self._changed(f"#{self.number} is about {named.words}.{hand_on}", named)

    def action_contact(self) -> None:
        """Correct or add a contact."""
        if self.view is not None:
            self.app.push_screen(contact_dialog(self.view), self._contact_chosen)

    def _contact_chosen(self, key: str | None) -> None:
        if key is None or self.view is None:
            return
        asked = asked_contact(self.view, key)
        question = f"The {asked.title.lower()}, as the requester says it is"
        dialog = WordsDialog(question, place_of(asked, self.number), self.number, hint=CONTACT_HINT)
        self.app.push_screen(dialog, partial(self._contact_typed, asked))

    def _contact_typed(self, asked: AskedContact, value: str | None) -> None:
        if value is not None:
            work = partial(change_contact, self.desk, self.number, asked.contact_id, asked.field, value)
            forgetting = partial(forgetting_draft, self.desk, place_of(asked, self.number), work)
            self._change(forgetting, "The contact is kept; a verified window is closed.")

    # --- the clock

    def action_clock(self) -> None:
        """What the due date is made of, and what can be done about it."""
        self.ask(partial(clock_view, self.desk, self.number), self._clock_read, group="clock")

    def _clock_read(self, clock: ClockView) -> None:
        self.app.push_screen(ClockDialog(clock), partial(self._clock_chosen, clock))

    def _clock_chosen(self, clock: ClockView, key: str | None) -> None:
        if key == ASK:
            work = partial(ask_identity, self.desk, self.number, clock.row)
            self.app.push_screen(ask_dialog(clock), partial(self._letter_seen, work))
        elif key == UNPAID:
            work = partial(fee_unpaid, self.desk, self.number, clock.row)
            self.app.push_screen(unpaid_dialog(clock), partial(self._letter_seen, work))
        elif key == PAID and clock.fee is not None:
            self.app.push_screen(paid_dialog(self.number, clock.fee), partial(self._paid_on, clock))
        elif key == EXTEND:
            self.app.push_screen(reason_dialog(clock), partial(self._extension_reasoned, clock))

    def _letter_seen(self, work: Callable[[], DeliveryState], answer: str | None) -> None:
        if answer == SEND:
            self.change(work, self._clock_told, refused=self._refused)

    def _paid_on(self, clock: ClockView, day: str | None) -> None:
        if day is not None:
            work = partial(fee_paid, self.desk, self.number, clock.row, date.fromisoformat(day))
            self._change(work, "The fee is on record as paid; the answer can be given with d.")

    def _extension_reasoned(self, clock: ClockView, reason: str | None) -> None:
        if reason is not None:
            work = partial(extend, self.desk, self.number, clock.row, reason)
            forgetting = partial(forgetting_draft, self.desk, reason_place(self.number), work)
            self.change(forgetting, self._clock_told, refused=self._refused)

    def _clock_told(self, delivery: DeliveryState) -> None:
        self._changed(sent_words(delivery), None)

    # --- erasing and keeping

    def action_erase(self) -> None:
        """Ask once, then propose it."""
        choices = [
            Choice("no", "Leave it as it is"),
            Choice("yes", "Propose to erase", "all that is known of the requester; a second person confirms"),
        ]
        self.app.push_screen(ChoiceDialog("Erase this requester's data, for good?", choices), self._erase_chosen)

    def _erase_chosen(self, answer: str | None) -> None:
        if answer == "yes":
            self._change(
                partial(propose_erasure, self.desk, self.number), "Proposed: a second person finds it under g e."
            )

    def action_hold(self) -> None:
        """Choose a hold to lift, or a reason to keep the data."""
        work = partial(holds_and_reasons, self.desk, self.number)
        self.ask(work, self._holds_read, group="holds")

    def _holds_read(self, found: tuple[tuple[HoldView, ...], tuple[HoldReasonChoice, ...]]) -> None:
        holds, reasons = found
        chosen = partial(self._hold_chosen, {one.key: one for one in reasons})
        self.app.push_screen(holds_dialog(self.number, holds, reasons), chosen)

    def _hold_chosen(self, reasons: dict[str, HoldReasonChoice], key: str | None) -> None:
        if key is not None and key.startswith(LIFT):
            self._change(partial(lift_hold, self.desk, key.removeprefix(LIFT)), "The hold is lifted.")
        elif key is not None:
            reason = reasons[key.removeprefix(PLACE)]
            today = self.desk.office.clock.now().date()
            self.app.push_screen(until_dialog(reason, today), partial(self._until_chosen, reason))

    def _until_chosen(self, reason: HoldReasonChoice, day: str | None) -> None:
        if day is not None:
            question = "Which law, order or interest is it? Only privacy officers read this note."
            dialog = WordsDialog(question, f"hold:{self.number}", self.number, hint=NOTE_HINT)
            self.app.push_screen(dialog, partial(self._hold_noted, reason, date.fromisoformat(day)))

    def _hold_noted(self, reason: HoldReasonChoice, until: date, note: str | None) -> None:
        if note is not None:
            work = partial(place_hold, self.desk, self.number, reason.key, note, until)
            forgetting = partial(forgetting_draft, self.desk, f"hold:{self.number}", work)
            self._change(forgetting, f"The data is kept until {until:%d %b %Y}, whatever is decided.")

    # --- the notice, and the policy

    def action_send_notice(self) -> None:
        """Choose where the notice goes once more."""
        self.ask(partial(notice_routes, self.desk, self.number), self._routes_read, group="routes")

    def _routes_read(self, found: NoticeRoutes) -> None:
        self.app.push_screen(routes_dialog(self.number, found), self._route_chosen)

    def _route_chosen(self, key: str | None) -> None:
        if key == POSTED:
            self.change(partial(notice_posted, self.desk, self.number), self._notice_sent, refused=self._refused)
        elif key is not None:
            work = partial(send_notice_again, self.desk, self.number, key)
            self.change(work, self._notice_sent, refused=self._refused)

    def _notice_sent(self, words: str) -> None:
        self.say(words, Tone.DONE if words == NoticeWay.SENT else Tone.WARNING)
        self._reload()

    def action_move_policy(self) -> None:
        """Choose another policy for this ticket."""
        self.ask(partial(packs_to_move_to, self.desk, self.number), self._packs_read, group="packs")

    def _packs_read(self, packs: tuple[PackChoice, ...]) -> None:
        if self.view is not None:
            self.app.push_screen(packs_dialog(self.number, self.view.pack, packs), self._pack_chosen)

    def _pack_chosen(self, name: str | None) -> None:
        if name is not None:
            question = (
                f"Why is #{self.number} moved to {name}? Its dates are counted by that then; its checklist begins anew."
            )
            dialog = WordsDialog(question, f"move:{self.number}", self.number, hint=WHY_HINT)
            self.app.push_screen(dialog, partial(self._move_explained, name))

    def _move_explained(self, name: str, reason: str | None) -> None:
        if reason is not None and self.view is not None:
            work = partial(move_to_pack, self.desk, self.number, self.view.row, name, reason)
            forgetting = partial(forgetting_draft, self.desk, f"move:{self.number}", work)
            self._change(forgetting, f"#{self.number} is under {name} now.")

    def _back_with(self, done: str | None) -> None:
        if done:
            self.say(done, Tone.DONE)
        self._reload()
