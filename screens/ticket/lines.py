"""A ticket's facts as lines: name, text, and the key that works on each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cs_console.casework.conversation import FieldState, TicketView
from cs_console.casework.history import Happened
from cs_console.casework.other_tickets import OtherTicket
from cs_console.casework.ticket_view import NOT_NEEDED
from cs_console.custody.contacts import MaskedContact
from cs_console.local_time import day, hour_or_moment, length, moment, weekday
from models.contact_fields import Field
from models.enums import Link, TicketState
from screens.frame.amounts import time_bar
from screens.ticket.facts import Fact
from screens.ticket.language_names import language_name
from screens.widgets.signs import OF_KIND, Sign, before

FIELD, OTHER, HISTORY = "field", "other", "history"
DUE_BAR = 20
SHOWN_FROM = timedelta(minutes=5)
"""How long a reply is held to be listed among the facts: a line that comes and goes would move the others."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is read of a ticket after the ticket itself."""

    others: Sequence[OtherTicket] = ()
    history: Sequence[Happened] = ()


def facts_of(view: TicketView, around: Around, key_of: Callable[[str], str], now: datetime) -> list[Fact]:
    """The lines beside the conversation, what is needed first above; `key_of` names the key of a command."""
    lines = [_field(state) for state in view.fields]
    if not view.fields:
        lines.append(Fact("no-contact", "Contact", "erased" if view.erased else "none given", quiet=True))
    lines += [_field(state) for state in view.text_fields if state.field is Field.SUBJECT]
    lines[0] = replace(lines[0], heading="Contacts", heading_key=key_of("reveal"))
    files = sum(len(line.attachments) for line in view.lines)
    if files:
        lines.append(Fact("files", "Files", "1 file" if files == 1 else f"{files} files", key_of("files"), "files"))
    lines += [
        *_due(view, now),
        Fact("verified", "Verified", view.verified_words, key_of("verify"), "verify"),
        *_asker(view),
        *_held(view, key_of),
        Fact("clock", "Clock", view.clock_words, command="clock"),
        *_answer(view, key_of),
        *_others(view, around.others, key_of),
        *_history(around.history, now, key_of),
        Fact("state", "State", view.state.value, key_of("state"), "state", heading="About the ticket"),
        Fact("assignee", "Assignee", assignee_words(view), key_of("assign"), "assign"),
        Fact("kind", "Kind", view.kind_title, key_of("kind"), "kind"),
        Fact("priority", "Priority", view.priority.name.lower(), key_of("priority"), "priority"),
        Fact("received", "Received", f"{moment(view.received_at)} by {view.channel.value}", quiet=True),
        Fact("language", "Language", language_name(view.language), quiet=True),
        Fact("requester", "Requester", requester_words(view), quiet=True),
        Fact("policy", "Policy", view.policy, key_of("move_policy"), "move_policy", quiet=True),
    ]
    at = next(at for at, line in enumerate(lines) if line.key in ("due", "verified"))
    lines[at] = replace(lines[at], heading="Clock", heading_key=key_of("clock"))
    return lines


def field_key(field: Field, item: str) -> str:
    """The key of a field's line."""
    return f"{FIELD}:{field.value}:{item}"


def assignee_words(view: TicketView) -> str:
    """The line about the ticket's requester."""
    return "mine" if view.mine else view.assignee or "unassigned"


def said(contact: FieldState | MaskedContact) -> str:
    """The remark on a contact that is not on file."""
    return "" if contact.on_file else "  claimed" if contact.claimed else "  unconfirmed"


def requester_words(view: TicketView) -> str:
    """The ticket's requester, and how certain that is."""
    if view.erased or view.link is Link.PROVEN:
        return view.requester
    return f"{view.requester} {'unconfirmed' if view.link is Link.PRESUMED else 'unverified sender'}"


def _due(view: TicketView, now: datetime) -> Iterator[Fact]:
    """When it is due, how long that is, and how much of the time is used."""
    if view.due_at is None or view.state is TicketState.CLOSED:
        return
    whole, used = view.due_at - view.received_at, now - view.received_at
    bar = time_bar(view.received_at, view.due_at, now, DUE_BAR)
    left = view.due_at - now
    late = left < timedelta()
    days = f"  {max(used.days, 0)} of {whole.days} d" if whole.days else ""
    words = f"{weekday(view.due_at)}, {length(-left)} late" if late else f"{weekday(view.due_at)}, in {length(left)}"
    look = "bad" if late else "warning" if left < timedelta(days=1) else ""
    yield Fact("due", "Due", f"{words}\n{bar}{days}", look=look)


def _others(view: TicketView, others: Sequence[OtherTicket], key_of: Callable[[str], str]) -> Iterator[Fact]:
    """The requester's other tickets; enter opens one."""
    for at, one in enumerate(others):
        state = one.state.value if one.closed_at is None else f"closed {day(one.closed_at)}"
        yield Fact(
            f"{OTHER}:{one.number}",
            before(OF_KIND[one.kind], str(one.number)),
            one.subject or "(no subject)",
            state,
            "open_other",
            heading="" if at else f"Other tickets of {requester_words(view)}",
            heading_key="" if at else key_of("others"),
            one_line=True,
        )


def _history(happened: Sequence[Happened], now: datetime, key_of: Callable[[str], str]) -> Iterator[Fact]:
    """What was done, newest first."""
    for at, one in enumerate(happened):
        yield Fact(
            f"{HISTORY}:{len(happened) - at}",
            hour_or_moment(one.at, now),
            one.words,
            heading="" if at else "History",
            heading_key="" if at else key_of("history"),
            look="bad" if one.refused else "",
        )


def _asker(view: TicketView) -> list[Fact]:
    """Who asks, if not the requester, and the requester's age band, if recorded."""
    known = (("asked-by", "Asked by", view.asked_by), ("age", "Age", view.age_words))
    return [Fact(key, title, words) for key, title, words in known if words]


def _held(view: TicketView, key_of: Callable[[str], str]) -> list[Fact]:
    """The replies that go out at a chosen time, the soonest first; the conversation counts down the others."""
    later = [line for line in view.lines if line.goes_out_at is not None and line.goes_out_at - line.at > SHOWN_FROM]
    later.sort(key=lambda line: line.goes_out_at or line.at)
    return [
        Fact(
            f"held:{line.id}",
            "Goes out",
            f"{moment(line.goes_out_at or line.at)}, by {line.who}",
            key_of("undo") if line.can_take_back else "",
            "undo" if line.can_take_back else "",
        )
        for line in later
    ]


def _answer(view: TicketView, key_of: Callable[[str], str]) -> list[Fact]:
    """What the ticket is about and its outcome, by the checklist or by its kind's own steps."""
    about = [Fact("about", "About", view.about_words, key_of("about"), "about")] if view.about_words else []
    settled = view.settled_words or "not yet"
    if view.settles:
        return [*about, Fact("settled", "Settled", settled, key_of("decide"), "decide")]
    before = [Fact("settled", "Before", view.settled_words, quiet=True)] if view.settled_words else []
    return [*about, *before, Fact("decision", "Decision", view.decision_words, key_of("decide"), "decide")]


def _field(state: FieldState) -> Fact:
    is_subject = state.field is Field.SUBJECT
    now = "can be shown" if state.revealable else state.why
    status = now if is_subject else ", ".join(filter(None, (said(state).strip(), now)))
    return Fact(
        field_key(state.field, state.item),
        "Subject" if is_subject else state.title,
        "sealed" if is_subject else state.mask,
        command="reveal",
        quiet=not state.revealable,
        sign="" if state.revealable else str(Sign.REFUSED if state.why == NOT_NEEDED else Sign.OPEN),
        status=status,
    )
