"""The keys for a ticket's legal terms: clock and fee, erasure and holds, sending the notice again, its policy."""

from collections.abc import Callable
from datetime import date
from functools import partial

from cs_console.casework.packs import PackChoice, move_to_pack, packs_to_move_to
from cs_console.decisions.clock_steps import ask_identity, extend
from cs_console.decisions.clock_view import ClockView, clock_view
from cs_console.decisions.fee_steps import fee_paid, fee_unpaid
from cs_console.decisions.resend_notice import NoticeRoutes, notice_posted, notice_routes, send_notice_again
from cs_console.erasure.erasure import propose_erasure
from cs_console.erasure.holds import HoldReasonChoice, HoldView, holds_and_reasons, lift_hold, place_hold
from cs_console.local_time import date_words
from cs_console.verification.linking import Whose, link_ticket, unlink_ticket, whose
from models.enums import DeliveryState
from screens.frame.choice import ChoiceDialog
from screens.frame.text_dialog import WordsDialog, Written, forgetting_draft
from screens.ticket.changes import TicketChanges
from screens.ticket.clock import (
    ASK,
    EXTEND,
    PAID,
    SEND,
    UNPAID,
    ClockDialog,
    ask_dialog,
    paid_dialog,
    reason_dialog,
    sent_words,
    unpaid_dialog,
)
from screens.ticket.hold_dialogs import LIFT, NOTE_HINT, PLACE, holds_dialog, until_dialog
from screens.ticket.notice_dialogs import POSTED, routes_dialog, tone_of_notice
from screens.ticket.policy_dialogs import WHY_HINT, packs_dialog
from screens.ticket.whose import LINK_HINT, Chosen, WhoseDialog, why_place, why_question
from screens.widgets.choice_list import Choice
from screens.widgets.notice_bar import Said


class TicketTerms(TicketChanges):
    """Each of these is recorded, and the requester is informed of most."""

    # --- the clock

    def action_clock(self) -> None:
        """Show what the due date is made of, and what can be done about it."""
        self.ask(partial(clock_view, self.session, self.number), self._clock_read, group="clock")

    def _clock_read(self, clock: ClockView) -> None:
        self.go_on(ClockDialog(clock), partial(self._clock_chosen, clock))

    def _clock_chosen(self, clock: ClockView, key: str | None) -> None:
        if key == ASK:
            work = partial(ask_identity, self.session, self.number, clock.row, act=self.act_for(ASK))
            self.go_on(ask_dialog(clock), partial(self._letter_seen, work))
        elif key == UNPAID:
            work = partial(fee_unpaid, self.session, self.number, clock.row, act=self.act_for(UNPAID))
            self.go_on(unpaid_dialog(clock), partial(self._letter_seen, work))
        elif key == PAID and clock.fee is not None:
            self.go_on(paid_dialog(self.number, clock.fee), partial(self._paid_on, clock))
        elif key == EXTEND:
            self.go_on(reason_dialog(clock), partial(self._extension_reasoned, clock))

    def _letter_seen(self, work: Callable[[], DeliveryState], answer: str | None) -> None:
        if answer == SEND:
            self._letter_sent(work)

    def _paid_on(self, clock: ClockView, day: str | None) -> None:
        if day is not None:
            act = self.act_for(PAID, day)
            work = partial(fee_paid, self.session, self.number, clock.row, date.fromisoformat(day), act=act)
            self._change(work, "The fee is recorded as paid. You can now decide the request (d).")

    def _extension_reasoned(self, clock: ClockView, reason: Written | None) -> None:
        if reason is not None:
            work = partial(extend, self.session, self.number, clock.row, reason.words, act=reason.act)
            self._letter_sent(partial(forgetting_draft, self.session, reason, work))

    def _letter_sent(self, work: Callable[[], DeliveryState]) -> None:
        self.change(work, lambda delivery: self._tell(sent_words(delivery)), refused=self._refused, late=sent_words)

    # --- whose it is

    def action_whose(self) -> None:
        """Link the ticket to a person on file, or undo such a link."""
        self.ask(partial(whose, self.session, self.number), self._whose_read, group="whose")

    def _whose_read(self, found: Whose) -> None:
        self.go_on(WhoseDialog(found), partial(self._whose_chosen, found.row))

    def _whose_chosen(self, row: int, chosen: Chosen | None) -> None:
        if chosen is not None:
            question, place = why_question(self.number, chosen), why_place(self.number)
            dialog = WordsDialog(question, place, self.number, hint=LINK_HINT)
            self.go_on(dialog, partial(self._whose_reasoned, row, chosen))

    def _whose_reasoned(self, row: int, chosen: Chosen, why: Written | None) -> None:
        if why is None:
            return
        if chosen.person is None:
            work = partial(unlink_ticket, self.session, self.number, row, why.words)
            done = f"#{self.number} is no longer linked to a person on file."
        else:
            work = partial(link_ticket, self.session, self.number, row, chosen.person, why.words, chosen.found_by)
            done = f"#{self.number} was linked. The requester must still be verified (v)."
        self._change(partial(forgetting_draft, self.session, why, work), done)

    # --- erasing and keeping

    def action_erase(self) -> None:
        """Ask once, then propose it."""
        choices = [
            Choice("no", "Cancel"),
            Choice("yes", "Propose to erase", "all data of the requester; a second person must confirm"),
        ]
        self.go_on(ChoiceDialog("Erase this requester's data, for good?", choices), self._erase_chosen)

    def _erase_chosen(self, answer: str | None) -> None:
        if answer == "yes":
            self._change(
                partial(propose_erasure, self.session, self.number),
                "The erasure was proposed. A second person must confirm it (g e).",
            )

    def action_hold(self) -> None:
        """Choose a hold to lift, or a reason to keep the data."""
        work = partial(holds_and_reasons, self.session, self.number)
        self.ask(work, self._holds_read, group="holds")

    def _holds_read(self, found: tuple[tuple[HoldView, ...], tuple[HoldReasonChoice, ...]]) -> None:
        holds, reasons = found
        chosen = partial(self._hold_chosen, {one.key: one for one in reasons})
        self.go_on(holds_dialog(self.number, holds, reasons), chosen)

    def _hold_chosen(self, reasons: dict[str, HoldReasonChoice], key: str | None) -> None:
        if key is not None and key.startswith(LIFT):
            self._change(partial(lift_hold, self.session, key.removeprefix(LIFT)), "The hold was lifted.")
        elif key is not None:
            reason = reasons[key.removeprefix(PLACE)]
            today = self.session.desk.clock.now().date()
            self.go_on(until_dialog(reason, today), partial(self._until_chosen, reason))

    def _until_chosen(self, reason: HoldReasonChoice, day: str | None) -> None:
        if day is not None:
            question = "Which law, order or interest requires it? Only privacy officers can read this note."
            dialog = WordsDialog(question, f"hold:{self.number}", self.number, hint=NOTE_HINT)
            self.go_on(dialog, partial(self._hold_noted, reason, date.fromisoformat(day)))

    def _hold_noted(self, reason: HoldReasonChoice, until: date, note: Written | None) -> None:
        if note is not None:
            work = partial(place_hold, self.session, self.number, reason.key, note.words, until, act=note.act)
            forgetting = partial(forgetting_draft, self.session, note, work)
            self._change(forgetting, f"The data is kept until {date_words(until)}, whatever else is decided.")

    # --- the notice, and the policy

    def action_send_notice(self) -> None:
        """Choose where to send the notice again."""
        self.ask(partial(notice_routes, self.session, self.number), self._routes_read, group="routes")

    def _routes_read(self, found: NoticeRoutes) -> None:
        self.go_on(routes_dialog(self.number, found), self._route_chosen)

    def _route_chosen(self, key: str | None) -> None:
        if key == POSTED:
            self._notice_goes(partial(notice_posted, self.session, self.number, act=self.act_for(POSTED)))
        elif key is not None:
            act = self.act_for("send again", key)
            self._notice_goes(partial(send_notice_again, self.session, self.number, key, act=act))

    def _notice_goes(self, work: Callable[[], str]) -> None:
        def told(words: str) -> Said:
            return Said(words, tone_of_notice(words))

        self.change(work, lambda words: self._tell(told(words)), refused=self._refused, late=told)

    def action_move_policy(self) -> None:
        """Choose another policy for this ticket."""
        self.ask(partial(packs_to_move_to, self.session, self.number), self._packs_read, group="packs")

    def _packs_read(self, packs: tuple[PackChoice, ...]) -> None:
        if self.view is not None:
            self.go_on(packs_dialog(self.number, self.view.pack, packs), self._pack_chosen)

    def _pack_chosen(self, name: str | None) -> None:
        if name is not None:
            follows = "Its deadlines will follow that policy, and its checklist starts again."
            question = f"Why is #{self.number} moved to {name}? {follows}"
            dialog = WordsDialog(question, f"move:{self.number}", self.number, hint=WHY_HINT)
            self.go_on(dialog, partial(self._move_explained, name))

    def _move_explained(self, name: str, reason: Written | None) -> None:
        if reason is not None and self.view is not None:
            work = partial(move_to_pack, self.session, self.number, self.view.row, name, reason.words)
            forgetting = partial(forgetting_draft, self.session, reason, work)
            self._change(forgetting, f"#{self.number} is now under {name}.")
