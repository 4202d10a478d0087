"""Which tickets are a requester's, and since when they are closed, as the access log says it (DESIGN.md, invariant 12).

An erasure asks: a row that was made another requester's, closed or older would let it through.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.access_log import legacy
from cs_console.access_log.vouched import OWNING, Word, oldest_first, words
from models.enums import Action, Outcome, Result, TicketState
from models.log import LogEntry

if TYPE_CHECKING:
    from cs_console.desk import Desk

_CLOSING = (Action.FEE_UNPAID, Action.TICKET_SETTLED, Action.TICKET_LAPSED)
_WITHDRAWING = (Action.DECISION_WITHDRAWN, Action.SETTLEMENT_WITHDRAWN)
"""Their `about` says in which `state` the ticket is after an answer was taken back; of a proposal it says none."""
_MOVING = (
    Action.TICKET_CREATED,
    Action.TICKET_FOLLOW_UP,
    Action.TICKET_STATE_SET,
    Action.TICKET_KIND_SET,
    Action.TICKET_CHANGED,
    Action.REVIEW_BEGAN,
    Action.DECISION_MADE,
    *_WITHDRAWING,
    *_CLOSING,
)


def tickets_of(db: Session, desk: "Desk", pseudonym: str) -> set[int]:
    """The tickets that the log's last word on whose they are gives to this requester. Raises LogBroken.

    The first entry that names anyone counts where no one recorded that a ticket was opened: a later one may have been
    written after its row was made another requester's.
    """
    named = select(col(LogEntry.ticket)).where(col(LogEntry.requester) == pseudonym, col(LogEntry.ticket).is_not(None))
    done = col(LogEntry.outcome) == Result.DONE.value
    owners: dict[int | None, str | None] = {}
    for word in oldest_first(db, desk, col(LogEntry.ticket).in_(named), col(LogEntry.requester).is_not(None), done):
        if word.action in OWNING or word.ticket not in owners:
            owners[word.ticket] = word.requester
    return {number for number, owner in owners.items() if number is not None and owner == pseudonym}


def closed_since(db: Session, desk: "Desk", numbers: Collection[int], wait_for_fee: Collection[int]) -> dict[int, int]:
    """Since when (microseconds) those of these tickets are closed that the log's last word closed. Raises LogBroken.

    `wait_for_fee`: tickets whose pack keeps a request open until its fee is paid; older entries do not say so.
    """
    closed: dict[int, int] = {}
    for word in words(db, desk, numbers, _MOVING):
        assert word.ticket is not None  # it was asked for by its number
        now = _is_closed_by(word, word.ticket in wait_for_fee)
        if now:
            closed[word.ticket] = word.at
        elif now is not None:
            closed.pop(word.ticket, None)
    return closed


def _is_closed_by(word: Word, waits_for_fee: bool) -> bool | None:
    """Whether the ticket was closed after this; None where the entry says nothing of it."""
    if word.action in _CLOSING:
        return True
    if word.action in _WITHDRAWING:
        state = (word.about or {}).get("state")
        return None if state is None else state == TicketState.CLOSED
    if word.action is Action.DECISION_MADE:
        if word.about is not None and "fee" in word.about:
            return not word.about["fee"]
        made = legacy.made(word) if word.about is None else word.about.get("made")
        return not (waits_for_fee and made == Outcome.FEE)
    if word.action not in (Action.TICKET_STATE_SET, Action.TICKET_CHANGED):
        return False  # it was opened, became of another kind, is to be decided again, or its requester wrote again
    if word.about is None:
        return legacy.is_closed_by(word)
    if "state" in word.about:
        return word.about["state"] == TicketState.CLOSED
    # of an older desk: an open ticket became of another kind, a review began, or a letter came back
    return False if word.about.keys() & {"kind", "review", "delivery"} else None
