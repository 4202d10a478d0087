"""Keeping a requester's data: why and until when, and lifting the hold again."""

from collections.abc import Iterable
from datetime import UTC, date, timedelta
from functools import partial

from cs_console.erasure.holds import HoldReasonChoice, HoldView, holds_and_reasons, lift_hold, place_hold
from cs_console.local_time import date_words, day_with_year
from screens.frame.choice import ChoiceDialog
from screens.frame.text_dialog import forgetting_draft
from screens.ticket.open_ticket import OpenTicket
from screens.widgets.choice_list import Choice

PLACE, LIFT = "place:", "lift:"
_SPANS = (30, 90, 180, 365, 730, 1825)
NOTE_HINT = "ctrl+s keep the data   esc save as draft"


async def hold(ticket: OpenTicket) -> None:
    """Choose a hold to lift, or a reason to keep the data."""
    found = await ticket.call(partial(holds_and_reasons, ticket.session, ticket.number), group="holds")
    holds, reasons = found
    key = await ticket.ask(holds_dialog(ticket.number, holds, reasons))
    if key is None:
        return
    if key.startswith(LIFT):
        await ticket.change(partial(lift_hold, ticket.session, key.removeprefix(LIFT)), "The hold was lifted.")
        return
    [reason] = [one for one in reasons if one.key == key.removeprefix(PLACE)]
    day = await ticket.ask(until_dialog(reason, ticket.session.desk.clock.now().date()))
    if day is None:
        return
    question = "Which law, order or interest requires it? Only privacy officers can read this note."
    note = await ticket.ask_words(question, "hold", hint=NOTE_HINT)
    if note is not None:
        until = date.fromisoformat(day)
        work = partial(place_hold, ticket.session, ticket.number, reason.key, note.words, until, act=note.act)
        done = f"The data is kept until {date_words(until)}, whatever else is decided."
        await ticket.change(partial(forgetting_draft, ticket.session, note, work), done)


def holds_dialog(number: int, holds: Iterable[HoldView], reasons: Iterable[HoldReasonChoice]) -> ChoiceDialog:
    """Offer to lift a hold in force, or to place another one for a listed reason."""
    lines = [
        Choice(
            f"{LIFT}{one.id}",
            f"Lift: {one.title or 'a hold'}",
            f"by {one.by}, until {day_with_year(one.until, UTC)}  {one.note}",
        )
        for one in holds
    ]
    lines += [Choice(f"{PLACE}{one.key}", one.title, f"up to {one.longest_days} days") for one in reasons]
    return ChoiceDialog(f"Keep the data of #{number}'s requester?", lines)


def until_dialog(reason: HoldReasonChoice, today: date) -> ChoiceDialog:
    """Ask until which day; the key of each answer is that day (ISO 8601)."""
    spans = sorted({min(span, reason.longest_days) for span in _SPANS})
    ends = [(span, today + timedelta(days=span)) for span in spans]
    return ChoiceDialog(
        f"{reason.title}. Until when?",
        [Choice(end.isoformat(), date_words(end), f"{span} days") for span, end in ends],
    )
