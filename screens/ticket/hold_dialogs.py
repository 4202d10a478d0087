"""The dialogs of the key h: why and until when a requester's data is kept, and lifting the hold again."""

from collections.abc import Iterable
from datetime import UTC, date, timedelta

from cs_console.erasure.holds import HoldReasonChoice, HoldView
from cs_console.local_time import date_words, day_with_year
from screens.frame.choice import ChoiceDialog
from screens.widgets.choice_list import Choice

PLACE, LIFT = "place:", "lift:"
_SPANS = (30, 90, 180, 365, 730, 1825)
NOTE_HINT = "ctrl+s keep the data   esc save as draft"


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
