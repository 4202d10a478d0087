"""One action applied to several tickets separately: a failure does not stop the rest."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cs_console.casework import workflow
from cs_console.errors import ConsoleError, SessionEnded, StoreUnavailable
from cs_console.tickets.queue import QueueRow
from screens.frame.choice import ChoiceDialog
from screens.widgets.choice_list import Choice

if TYPE_CHECKING:
    from cs_console.desk import DeskSession


@dataclass(frozen=True, slots=True)
class BulkResult:
    """The tickets for which the action failed, and the sentence about all of them."""

    left: tuple[int, ...]
    words: str


def bulk_dialog(count: int, names: Iterable[str], *, may_claim: bool) -> ChoiceDialog:
    """Ask what to do with the marked tickets; the answer is `claim` or `assign:NAME`."""
    tickets = "1 ticket" if count == 1 else f"{count} tickets"
    claiming = [Choice("claim", f"Claim {tickets}")] if may_claim else []
    choices = [*claiming, *(Choice(f"assign:{name}", f"Assign to {name}") for name in names)]
    return ChoiceDialog(f"What to do with {tickets}?", choices)


def claim_each(session: "DeskSession", rows: tuple[QueueRow, ...]) -> BulkResult:
    """Claim the tickets one by one. Raises SessionEnded or StoreUnavailable, which affect all of them."""
    return _each(rows, lambda row: workflow.claim(session, row.number), "Claimed")


def assign_each(session: "DeskSession", rows: tuple[QueueRow, ...], name: str) -> BulkResult:
    """Assign the tickets one by one. Raises SessionEnded or StoreUnavailable, which affect all of them."""
    return _each(rows, lambda row: workflow.assign(session, row.number, row.version, name), f"Assigned to {name}:")


def _each(rows: tuple[QueueRow, ...], act: Callable[[QueueRow], object], verb: str) -> BulkResult:
    left: list[int] = []
    first: ConsoleError | None = None
    for row in rows:
        try:
            act(row)
        except (SessionEnded, StoreUnavailable):
            raise
        except ConsoleError as error:
            left.append(row.number)
            first = first or error
    words = f"{verb} {len(rows) - len(left)} of {len(rows)}."
    return BulkResult(tuple(left), f"{words} {first.sentence}" if first else words)
