"""When a ticket is due, in the words of a list, and which group of the list it is in."""

from datetime import datetime, timedelta
from enum import StrEnum

from cs_console.local_time import day, hour, length
from cs_console.tickets.queue import QueueRow
from models.enums import TicketState

_WEEK = timedelta(days=7)


class Group(StrEnum):
    """A part of the list in the order of due dates."""

    OVERDUE = "Overdue"
    TODAY = "Today"
    THIS_WEEK = "This week"
    LATER = "Later"
    SNOOZED = "Snoozed"


def group_of(row: QueueRow, now: datetime) -> Group:
    """The group that the ticket is in; days are the console's own. What has no due date is due later."""
    if row.snoozed_until is not None:
        return Group.SNOOZED
    if row.due_at is None or row.state is TicketState.CLOSED:
        return Group.LATER
    if row.due_at <= now:
        return Group.OVERDUE
    if row.due_at.astimezone().date() == now.astimezone().date():
        return Group.TODAY
    return Group.THIS_WEEK if _within_a_week(row.due_at, now) else Group.LATER


def due_words(row: QueueRow, now: datetime) -> str:
    """When the ticket is due: `3 d late`, `by 17:00`, `Thu 26` within a week, `4 Dec`; when a snoozed one is back.

    Without a due date: `waits 4 d` before a verification, `stopped`, or nothing.
    """
    if row.state is TicketState.CLOSED:
        return ""
    if row.snoozed_until is not None:
        return _back_words(row.snoozed_until, now)
    if row.stopped:
        return "stopped"
    if row.due_at is None:
        return f"waits {age_words(row, now)}" if row.state is TicketState.TO_VERIFY else ""
    if row.due_at <= now:
        return f"{length(now - row.due_at)} late"
    if row.due_at.astimezone().date() == now.astimezone().date():
        return f"by {hour(row.due_at)}"
    local = row.due_at.astimezone()
    return f"{local:%a} {local.day}" if _within_a_week(row.due_at, now) else day(row.due_at)


def age_words(row: QueueRow, now: datetime) -> str:
    """How long ago the ticket was received: "12 d", "5 h", "3 min"."""
    return length(now - row.received_at)


def tried_words(row: QueueRow, now: datetime) -> str:
    """How long ago a code last went out for the ticket: "3 h ago", "never"."""
    return "never" if row.tried_at is None else f"{length(now - row.tried_at)} ago"


def _back_words(at: datetime, now: datetime) -> str:
    local = at.astimezone()
    return f"{local:%a} {hour(at)}" if at - now < _WEEK else day(at)


def _within_a_week(at: datetime, now: datetime) -> bool:
    return at.astimezone().date() - now.astimezone().date() < _WEEK
