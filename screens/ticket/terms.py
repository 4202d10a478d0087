"""The keys for a ticket's legal terms: clock and fee, erasure and holds, sending the notice again, its policy."""

from datetime import date
from functools import partial

from cs_console.casework.packs import move_to_pack, packs_to_move_to
from cs_console.decisions.clock_steps import ask_identity, extend
from cs_console.decisions.clock_view import ClockView, clock_view
from cs_console.decisions.fee_steps import fee_paid, fee_unpaid
from cs_console.decisions.resend_notice import notice_posted, notice_routes, send_notice_again
from cs_console.erasure.erasure import propose_erasure
from cs_console.erasure.holds import holds_and_reasons, lift_hold, place_hold
from cs_console.local_time import date_words
from cs_console.verification.linking import link_ticket, unlink_ticket, whose
from screens.frame.choice import ChoiceDialog
from screens.frame.steps import in_steps
from screens.frame.text_dialog import WordsDialog, forgetting_draft
from screens.ticket.changes import TicketChanges, always
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
from screens.ticket.whose import LINK_HINT, WhoseDialog, why_place, why_question
from screens.widgets.choice_list import Choice
from screens.widgets.notice_bar import Said


class TicketTerms(TicketChanges):
    """Each of these is recorded, and the requester is informed of most."""

    # --- the clock

    @in_steps
    async def action_clock(self) -> None:
        """Show what the due date is made of, and what can be done about it."""
        clock = await self.call(partial(clock_view, self.session, self.number), group="clock")
        key = await self.ask(ClockDialog(clock))
        if key == ASK:
            await self._ask_identity(clock)
        elif key == UNPAID:
            await self._fee_not_paid(clock)
        elif key == PAID:
            await self._fee_paid(clock)
        elif key == EXTEND:
            await self._extend(clock)

    async def _ask_identity(self, clock: ClockView) -> None:
        if await self.ask(ask_dialog(clock)) == SEND:
            work = partial(ask_identity, self.session, self.number, clock.row, act=self.act_for(ASK))
            await self.change_ticket(work, sent_words)

    async def _fee_not_paid(self, clock: ClockView) -> None:
        if await self.ask(unpaid_dialog(clock)) == SEND:
            work = partial(fee_unpaid, self.session, self.number, clock.row, act=self.act_for(UNPAID))
            await self.change_ticket(work, sent_words)

    async def _fee_paid(self, clock: ClockView) -> None:
        day = await self.ask(paid_dialog(self.number, clock.fee)) if clock.fee is not None else None
        if day is not None:
            act = self.act_for(PAID, day)
            work = partial(fee_paid, self.session, self.number, clock.row, date.fromisoformat(day), act=act)
            await self.change_ticket(work, always("The fee is recorded as paid. You can now decide the request (d)."))

    async def _extend(self, clock: ClockView) -> None:
        reason = await self.ask(reason_dialog(clock))
        if reason is not None:
            work = partial(extend, self.session, self.number, clock.row, reason.words, act=reason.act)
            await self.change_ticket(partial(forgetting_draft, self.session, reason, work), sent_words)

    # --- whose it is

    @in_steps
    async def action_whose(self) -> None:
        """Link the ticket to a person on file, or undo such a link."""
        found = await self.call(partial(whose, self.session, self.number), group="whose")
        chosen = await self.ask(WhoseDialog(found))
        if chosen is None:
            return
        question, place = why_question(self.number, chosen), why_place(self.number)
        why = await self.ask(WordsDialog(question, place, self.number, hint=LINK_HINT))
        if why is None:
            return
        session, row = self.session, found.row
        if chosen.person is None:
            undo = partial(unlink_ticket, session, self.number, row, why.words)
            done = f"#{self.number} is no longer linked to a person on file."
            await self.change_ticket(partial(forgetting_draft, session, why, undo), always(done))
        else:
            link = partial(link_ticket, session, self.number, row, chosen.person, why.words, chosen.found_by)
            done = f"#{self.number} was linked. The requester must still be verified (v)."
            await self.change_ticket(partial(forgetting_draft, session, why, link), always(done))

    # --- erasing and keeping

    @in_steps
    async def action_erase(self) -> None:
        """Ask once, then propose it."""
        choices = [
            Choice("no", "Cancel"),
            Choice("yes", "Propose to erase", "all data of the requester; a second person must confirm"),
        ]
        if await self.ask(ChoiceDialog("Erase this requester's data, for good?", choices)) == "yes":
            work = partial(propose_erasure, self.session, self.number)
            done = "The erasure was proposed. A second person must confirm it (g e)."
            await self.change_ticket(work, always(done))

    @in_steps
    async def action_hold(self) -> None:
        """Choose a hold to lift, or a reason to keep the data."""
        found = await self.call(partial(holds_and_reasons, self.session, self.number), group="holds")
        holds, reasons = found
        key = await self.ask(holds_dialog(self.number, holds, reasons))
        if key is None:
            return
        if key.startswith(LIFT):
            work = partial(lift_hold, self.session, key.removeprefix(LIFT))
            await self.change_ticket(work, always("The hold was lifted."))
            return
        [reason] = [one for one in reasons if one.key == key.removeprefix(PLACE)]
        day = await self.ask(until_dialog(reason, self.session.desk.clock.now().date()))
        if day is None:
            return
        until = date.fromisoformat(day)
        question = "Which law, order or interest requires it? Only privacy officers can read this note."
        note = await self.ask(WordsDialog(question, f"hold:{self.number}", self.number, hint=NOTE_HINT))
        if note is not None:
            place = partial(place_hold, self.session, self.number, reason.key, note.words, until, act=note.act)
            done = f"The data is kept until {date_words(until)}, whatever else is decided."
            await self.change_ticket(partial(forgetting_draft, self.session, note, place), always(done))

    # --- the notice, and the policy

    @in_steps
    async def action_send_notice(self) -> None:
        """Choose where to send the notice again."""
        found = await self.call(partial(notice_routes, self.session, self.number), group="routes")
        key = await self.ask(routes_dialog(self.number, found))
        if key == POSTED:
            posted = partial(notice_posted, self.session, self.number, act=self.act_for(POSTED))
            await self.change_ticket(posted, _notice_words)
        elif key is not None:
            act = self.act_for("send again", key)
            again = partial(send_notice_again, self.session, self.number, key, act=act)
            await self.change_ticket(again, _notice_words)

    @in_steps
    async def action_move_policy(self) -> None:
        """Choose another policy for this ticket."""
        packs = await self.call(partial(packs_to_move_to, self.session, self.number), group="packs")
        if self.view is None:
            return
        name = await self.ask(packs_dialog(self.number, self.view.pack, packs))
        if name is None:
            return
        follows = "Its deadlines will follow that policy, and its checklist starts again."
        question = f"Why is #{self.number} moved to {name}? {follows}"
        reason = await self.ask(WordsDialog(question, f"move:{self.number}", self.number, hint=WHY_HINT))
        if reason is not None:
            work = partial(move_to_pack, self.session, self.number, self.view.row, name, reason.words)
            forgetting = partial(forgetting_draft, self.session, reason, work)
            await self.change_ticket(forgetting, always(f"#{self.number} is now under {name}."))


def _notice_words(words: str) -> Said:
    return Said(words, tone_of_notice(words))
