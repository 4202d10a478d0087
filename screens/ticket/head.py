"""The first two lines of a ticket: its subject, and in chips what it is, whose, and when it is due."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from rich.cells import cell_len

from cs_console.casework.conversation import TicketView
from cs_console.local_time import day, hour, length
from cs_console.tickets.present import Present
from models.enums import Priority, TicketState
from screens.frame.amounts import time_bar
from screens.ticket.lines import assignee_words
from screens.ticket.present_words import mark, marked_words
from screens.widgets.drawn_lines import DrawnLines, Paragraph, Piece
from screens.widgets.signs import OF_KIND, OF_STATE, Sign, before

DUE_BAR = 10
MOST_PRESENT = 2
"""More people are not named in the head; those who write come first."""
_A_WEEK = timedelta(days=6)
_ROOM_FOR_WORDS = 110
"""From so many cells on it says in words, too, what who else is there does."""
Chip = tuple[str, str]
"""Its words and its look."""


class TicketHead(DrawnLines):
    """Two lines. Chips that do not fit are left out whole."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._subject = ""
        self._chips: tuple[Chip, ...] = ()
        self._present: tuple[Present, ...] = ()

    def show(self, view: TicketView, now: datetime) -> None:
        """Show this ticket."""
        self._subject, self._chips = view.subject or "(no subject)", tuple(chips_of(view, now))
        self._present = view.present
        self.draw_again()

    def tell(self, present: tuple[Present, ...]) -> None:
        """Show who else is on the ticket now."""
        if present != self._present:
            self._present = present
            self.draw_again()

    def paragraphs(self, width: int) -> Iterator[Paragraph]:
        """The subject, cut where it is too long; the chips that fit, and at the right who else is there."""
        yield Paragraph(((self._subject, "title"),), cut=True)
        say = marked_words if width >= _ROOM_FOR_WORDS else mark
        present = "  ".join(say(one) for one in self._present[:MOST_PRESENT])
        pieces: list[Piece] = []
        for words, look in fitting(self._chips, width - (cell_len(present) + 2 if present else 0)):
            pieces += [(f" {words} ", look), (" ", "")]
        yield Paragraph(tuple(pieces[:-1]), cut=True, right=(present, "blue"))


def fitting(chips: Sequence[Chip], width: int) -> list[Chip]:
    """The chips that fit beside each other, in their order: the plain ones are left out first, the last before others.

    What warns stays longest, with the first, which says what it is, and the last: when an open ticket is due.
    """
    left = list(chips)
    while len(left) > 1 and sum(cell_len(words) + 3 for words, _ in left) - 1 > width:
        plain = [at for at, (_, look) in enumerate(left[:-1]) if look == "chip"]
        del left[plain[-1] if len(plain) > 1 else len(left) - 2]  # what kind it is, the first one, is plain too
    return left


def chips_of(view: TicketView, now: datetime) -> Iterator[Chip]:
    """In the order in which they are read; `fitting` says which stay."""
    yield before(OF_KIND[view.kind], view.kind_title.lower()), "chip"
    if view.age_flagged:
        yield view.age_words, "chip-warning"
    if view.asked_by:
        yield f"by a {view.asked_by}", "chip-warning"
    if view.state is not TicketState.VERIFIED:
        yield before(OF_STATE[view.state], view.state.value), "chip"
    if view.window_until is not None:
        yield before(Sign.VERIFIED, f"verified until {hour(view.window_until)}"), "chip-good"
    else:
        yield "not verified", "chip"
    yield assignee_words(view), "chip"
    if view.escalated:
        yield "overdue, escalated", "chip-bad"
    if view.priority > Priority.NORMAL:
        sign = Sign.URGENT if view.priority is Priority.URGENT else Sign.HIGH
        yield before(sign, view.priority.name.lower()), "chip-warning"
    if view.due_at is not None and view.state is not TicketState.CLOSED:
        yield due_chip(view.received_at, view.due_at, now)


def due_chip(received: datetime, due: datetime, now: datetime) -> Chip:
    """`3 d late`, `due by 17:00` today, `due Thu 26` within a week, `due 4 Dec` after, and a bar of the time used."""
    if due <= now:
        return f"{length(now - due)} late", "chip-bad"
    here, there = now.astimezone(), due.astimezone()
    soon = there.date() - here.date() <= timedelta(days=1)
    if there.date() == here.date():
        words = f"due by {hour(due)}"
    else:
        words = f"due {there:%a} {there.day}" if due - now <= _A_WEEK else f"due {day(due)}"
    return f"{words} {time_bar(received, due, now, DUE_BAR)}", "chip-warning" if soon else "chip"
