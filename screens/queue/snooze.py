"""Choosing until when a ticket is snoozed."""

from datetime import datetime

from cs_console.delivery.send_times import offered, when_words
from cs_console.tickets.queue import QueueRow
from screens.frame.choice import ChoiceDialog
from screens.widgets.choice_list import Choice

BACK = "back"


def snooze_dialog(row: QueueRow, now: datetime) -> ChoiceDialog:
    """Ask until when: the answer is a place among the times that are offered, or BACK to end the snooze now.

    What lies behind the due date is shown and cannot be chosen.
    """
    choices = [Choice(BACK, "Back now", "put it in its place again")] if row.snoozed_until is not None else []
    for at, time in enumerate(offered(now)):
        too_late = row.due_at is not None and time.at > row.due_at
        note = _why_not(row.due_at, now) if too_late and row.due_at else when_words(time.at, now)
        choices.append(Choice(str(at), time.title, note, can_choose=not too_late))
    return ChoiceDialog(f"Snooze #{row.number} until when? Its due date stays.", choices)


def time_of(answer: str, now: datetime) -> datetime:
    """The moment that was chosen of those offered then."""
    return offered(now)[int(answer)].at


def _why_not(due: datetime, now: datetime) -> str:
    return f"it is due {when_words(due, now)}" if due > now else "it is late already"
