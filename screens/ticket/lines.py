"""A ticket's facts as lines: name, text, and the key that works on each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from cs_console.casework.conversation import FieldState, TicketView
from cs_console.casework.ticket_view import NOT_NEEDED
from cs_console.custody.contacts import MaskedContact
from cs_console.local_time import moment
from models.contact_fields import Field
from models.enums import Link
from screens.ticket.facts import Fact
from screens.ticket.language_names import language_name
from screens.widgets.signs import Sign

FIELD = "field"
SHOWN_FROM = timedelta(minutes=5)
"""How long a reply is held to be listed among the facts: a line that comes and goes would move the others."""


def facts_of(view: TicketView, key_of: Callable[[str], str]) -> list[Fact]:
    """The lines beside the conversation; `key_of` names the key of a command."""
    lines = [_field(state) for state in view.fields]
    if not view.fields:
        lines.append(Fact("no-contact", "Contact", "erased" if view.erased else "none given", quiet=True))
    lines += [_field(state) for state in view.text_fields if state.field is Field.SUBJECT]
    lines[0] = replace(lines[0], heading="Contacts", heading_key=key_of("reveal"))
    files = sum(len(line.attachments) for line in view.lines)
    if files:
        lines.append(Fact("files", "Files", "1 file" if files == 1 else f"{files} files", key_of("files"), "files"))
    lines += [
        Fact("verified", "Verified", view.verified_words, key_of("verify"), "verify", heading="Clock"),
        *_asker(view),
        *_held(view, key_of),
        Fact("clock", "Clock", view.clock_words, key_of("clock"), "clock"),
        *_answer(view, key_of),
        Fact("state", "State", view.state.value, key_of("state"), "state", heading="About the ticket"),
        Fact("assignee", "Assignee", assignee_words(view), key_of("assign"), "assign"),
        Fact("kind", "Kind", view.kind_title, key_of("kind"), "kind"),
        Fact("priority", "Priority", view.priority.name.lower(), key_of("priority"), "priority"),
        Fact("received", "Received", f"{moment(view.received_at)} by {view.channel.value}", quiet=True),
        Fact("language", "Language", language_name(view.language), quiet=True),
        Fact("requester", "Requester", requester_words(view), quiet=True),
        Fact("policy", "Policy", view.policy, key_of("move_policy"), "move_policy", quiet=True),
    ]
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
