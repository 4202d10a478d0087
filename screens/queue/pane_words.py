"""What the reading pane says of a ticket: its chips, its facts, what to do next, and its newest message."""

from collections.abc import Callable, Iterator
from datetime import datetime

from rich.cells import cell_len

from cs_console.casework.next_steps import NextStep
from cs_console.casework.preview import Preview
from cs_console.local_time import hour, hour_or_moment, moment
from cs_console.plain_text import one_line
from cs_console.tickets.queue import QueueRow
from cs_console.tickets.queue_words import Group, due_words, group_of
from models.enums import Link, MessageSort, Priority, TicketState
from screens.ticket.language_names import language_name
from screens.ticket.present_words import at_work
from screens.widgets.drawn_lines import Paragraph, Piece
from screens.widgets.signs import OF_KIND, OF_STATE, Sign, before

READ_ON_TICKET = "Open the ticket to read it."
"""What is shown in place of the text, whyever it is not shown here: the reason can be what must not be known."""
LABEL = 10
STEP_LABEL = 12
ROOM_FOR_WHO = 70
_DUE_LOOKS = {Group.OVERDUE: "chip-bad", Group.TODAY: "chip-warning"}
_SORTS = {MessageSort.NOTE: "note", MessageSort.NOTICE: "notice", MessageSort.AUTOMATIC: "automatic message"}

KeyOf = Callable[[str], str]
"""The key of a command, as it is shown."""


def title(row: QueueRow) -> Paragraph:
    """The redacted subject and the number."""
    return Paragraph(((row.subject or "(no subject)", "title"),), right=(f"#{row.number}", "faint"), cut=True)


def chips(row: QueueRow, now: datetime, width: int) -> Paragraph:
    """Kind, state, due date and priority; those that do not fit are left out whole, the last first."""
    pieces: list[Piece] = []
    used = 0
    for words, look in _chips(row, now):
        used += cell_len(words) + 3
        if used - 1 > width:
            break
        pieces += [(f" {words} ", look), (" ", "")]
    return Paragraph(tuple(pieces[:-1]), cut=True)


def _chips(row: QueueRow, now: datetime) -> Iterator[Piece]:
    yield before(OF_KIND[row.kind], row.kind.value), "chip"
    good = row.state is TicketState.VERIFIED
    yield before(OF_STATE[row.state], row.state.value), "chip-good" if good else "chip"
    due = due_words(row, now)
    if due:
        yield due, _DUE_LOOKS.get(group_of(row, now), "chip")
    if row.priority > Priority.NORMAL:
        urgent = row.priority is Priority.URGENT
        words = before(Sign.URGENT if urgent else Sign.HIGH, row.priority.name.lower())
        yield words, "chip-bad" if urgent else "chip-warning"


def steps(taken: tuple[NextStep, ...], key_of: KeyOf) -> Iterator[Paragraph]:
    """What to do next, and why."""
    if taken:
        yield Paragraph((("What to do next", "title"),))
    for one in taken:
        pieces = ((f"{key_of(one.command):<3}", "key"), (f"{one.title:<{STEP_LABEL - 3}}", ""), (one.why, "quiet"))
        yield Paragraph(pieces, hang=STEP_LABEL)
    if taken:
        yield Paragraph()


def facts(row: QueueRow, me: str, now: datetime) -> Iterator[Paragraph]:
    """What is known of the ticket without reading it."""
    for label, words in _facts(row, me, now):
        yield Paragraph(((f"{label:<{LABEL}}", "quiet"), (words, "")), hang=LABEL)


def _facts(row: QueueRow, me: str, now: datetime) -> Iterator[tuple[str, str]]:
    if row.due_at is not None:
        yield "Due", moment(row.due_at)
    elif row.stopped:
        yield "Due", "the clock is stopped"
    yield "With", "you" if row.assignee == me else row.assignee or "no one"
    if row.present:
        yield "Here now", ", ".join(at_work(one, now) for one in row.present)
    if row.answered_at is not None:
        yield "Answered", hour_or_moment(row.answered_at, now)
    if row.snoozed_until is not None:
        yield "Snoozed", f"until {moment(row.snoozed_until)}"
    if row.tried_at is not None:
        yield "Code", f"code sent {moment(row.tried_at)}"
    yield "Received", moment(row.received_at)
    if row.tags:
        yield "Tags", ", ".join(row.tags)


def message(seen: Preview, me: str, now: datetime) -> Iterator[Paragraph]:
    """The newest message: who wrote it, how and when, and its redacted text."""
    ours = seen.agent is not None
    warned = seen.unconfirmed and not ours
    gutter = (f"{Sign.FROM_US if ours else Sign.FROM_REQUESTER} ", "quiet" if ours else "warning" if warned else "blue")
    who: Piece = (writer(seen, me), "title" if ours else "warning" if warned else "person")
    when = f"today {hour(seen.at)}" if seen.at.astimezone().date() == now.astimezone().date() else moment(seen.at)
    how = _SORTS.get(seen.sort, f"by {seen.channel.value}")
    language = "" if ours else f", in {language_name(seen.language)}"
    yield Paragraph((who, (f"  {how}, {when}{language}", "quiet")), lead=gutter)
    yield Paragraph(((seen.text.strip() or "(no text)", "note" if seen.sort is MessageSort.NOTE else ""),), lead=gutter)


def writer(seen: Preview, me: str) -> str:
    """Who wrote the message; a requester by their alias, and how sure it is that it is theirs."""
    if seen.sort is MessageSort.AUTOMATIC:
        return "a program"
    if seen.agent is not None:
        return "you" if seen.agent == me else seen.agent
    if seen.sort is not MessageSort.RECEIVED:
        return "console"
    if seen.unconfirmed:
        return f"{seen.alias}, unconfirmed sender"
    if seen.link is Link.PROVEN:
        return seen.alias
    return f"{seen.alias} {'unconfirmed' if seen.link is Link.PRESUMED else 'unverified sender'}"


def peek(row: QueueRow, seen: Preview | None, me: str, width: int) -> Paragraph:
    """The message in one line; the subject before it was read."""
    if seen is None:
        return Paragraph(((row.subject or "(no subject)", "title"),), cut=True)
    who: Piece = (writer(seen, me), "person" if seen.agent is None else "title")
    words = one_line(seen.text, 400)
    text: Piece = (f"“{words}”" if words else "(no text)", "")
    if width < ROOM_FOR_WHO:
        return Paragraph((text,), cut=True)
    return Paragraph((who, (f"  {moment(seen.at)}  ", "quiet"), text), cut=True)


def peek_facts(row: QueueRow, taken: tuple[NextStep, ...], key_of: KeyOf) -> Paragraph:
    """What to do next, and at the right whose the ticket is and what is waited for."""
    known = [f"#{row.number}", f"with {row.assignee}" if row.assignee else "unassigned"]
    if row.snoozed_until is not None:
        known.append(f"snoozed until {moment(row.snoozed_until)}")
    elif row.tried_at is not None:
        known.append(f"code sent {moment(row.tried_at)}")
    elif row.due_at is not None:
        known.append(f"due {moment(row.due_at)}")
    pieces: tuple[Piece, ...] = ()
    if taken:
        one = taken[0]
        pieces = (("Next ", "quiet"), (key_of(one.command), "key"), (f" {one.title.lower()}, {one.why}", ""))
    return Paragraph(pieces, right=("  ".join(known), "quiet"), cut=True)
