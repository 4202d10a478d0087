"""Every sign that screens draw, with the plain word that says the same.

Signs are one cell wide in the fonts of terminals, except `!!`. `signs = "plain"` in console.toml draws the words: for
terminals that make some signs two cells wide, and for screen readers.
"""

from enum import Enum
from typing import Literal

from rich.cells import cell_len

from models.enums import TicketKind, TicketState

_drawn_as: Literal["drawn", "plain"] = "drawn"


class Sign(Enum):
    """What a sign means; `str` gives it as this console draws it."""

    # the queue
    UNREAD = ("●", "new")
    ANSWERED = ("←", "ans")
    URGENT = ("!!", "!!")
    HIGH = ("!", "!")
    MARKED = ("■", "x")
    NEW_ABOVE = ("▴", "new")
    READS = ("◉", "r:")
    TYPES = ("✎", "t:")
    # kinds of tickets, before the word
    RIGHTS = ("§", "R")
    APPEAL = ("↺", "A")
    REPORT = ("⚑", "P")
    COMPLAINT = ("◇", "C")
    INQUIRY = ("?", "I")
    # states, before the word: in plain writing the word is enough
    OPEN = ("○", "")
    TO_VERIFY = ("◔", "")
    VERIFIED = ("✓", "")
    WAITING = ("…", "")
    IN_APPROVAL = ("◐", "")
    CLOSED = ("●", "")
    SNOOZED = ("z", "")
    # the access log
    VIEW = ("◆", "view")
    REFUSED = ("×", "no")
    STANDS_OUT = ("▲", "!")
    FOLDED = ("▸", "+")
    UNFOLDED = ("▾", "-")
    # steps
    STEP_DONE = ("✓", "x")
    STEP_NOW = ("◐", ">")
    STEP_LATER = ("○", "-")
    # gutters of a conversation
    FROM_REQUESTER = ("┃", "<")
    FROM_US = ("│", ">")
    NOTE = ("┊", "#")
    EVENT = ("·", "-")
    # notices, and the rest
    DONE = ("✓", "ok")
    BROKEN = ("✗", "x")
    ATTACHMENT = ("▤", "file")
    REMOVE = ("×", "x")
    WITHIN = ("›", ">")
    CURSOR = ("▌", ">")
    CURSOR_ELSEWHERE = ("▏", "|")
    RULE = ("─", "-")

    def __str__(self) -> str:
        sign, plain = self.value
        return plain if _drawn_as == "plain" else sign


OF_KIND = {
    TicketKind.RIGHTS: Sign.RIGHTS,
    TicketKind.APPEAL: Sign.APPEAL,
    TicketKind.REPORT: Sign.REPORT,
    TicketKind.COMPLAINT: Sign.COMPLAINT,
    TicketKind.INQUIRY: Sign.INQUIRY,
}
OF_STATE = {
    TicketState.OPEN: Sign.OPEN,
    TicketState.TO_VERIFY: Sign.TO_VERIFY,
    TicketState.VERIFIED: Sign.VERIFIED,
    TicketState.WAITING: Sign.WAITING,
    TicketState.IN_APPROVAL: Sign.IN_APPROVAL,
    TicketState.CLOSED: Sign.CLOSED,
}


def use_signs(drawn_as: Literal["drawn", "plain"]) -> None:
    """Choose for this process, which draws for one terminal."""
    global _drawn_as
    _drawn_as = drawn_as


def before(sign: Sign, words: str) -> str:
    """The words with the sign before them; the words alone where they say it."""
    return f"{sign} {words}" if str(sign) else words


def room_for(*signs: Sign) -> int:
    """How many cells a column takes that may hold any of these signs, without the cell between columns."""
    return max(cell_len(str(one)) for one in signs)
