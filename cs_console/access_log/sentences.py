"""What an entry says to people: "saw the mobile of quiet otter 417". It is written from the entry's typed fields."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from cs_console.access_log.action_words import action_words
from cs_console.access_log.review import EntryView
from models.enums import Action, Result

ERASED = "an erased requester"
_NAMES_A_HASH = frozenset({Action.POLICY_ADOPTED, Action.DESK_CREATED})
"""Whose reason the console writes, with the hash of a file or an id in it; what people type stays as it is."""
_HASH = re.compile(r"(?:^| )(?=[0-9]*[a-f])[0-9a-f]{12,}(?=[ ,.]|$)")

_SENTENCES: Mapping[Action, str] = MappingProxyType(
    {
        Action.FIELD_REVEALED: "saw {the_fields}{of}",
        Action.REVEAL_REFUSED: "was refused {the_fields}{of}",
        Action.VIEW_ENDED: "hid {the_fields}{of} after {seconds} s",
        Action.ATTACHMENT_OPENED: "opened an attachment{of}",
        Action.ATTACHMENT_SAVED: "saved an attachment{of}",
        Action.ATTACHMENT_PASSED_ON: "passed on a file{of}",
        Action.CONTACT_LOOKED_UP: "looked a requester up by {fields}",
        Action.CONTACT_CHANGED: "changed {the_fields}{of}",
        Action.CODE_SENT: "sent a code to {the_fields}{of}",
        Action.CODE_CHECKED: "checked a code{of}",
        Action.VERIFIED: "verified {person}",
        Action.WINDOW_CLOSED: "closed the verification{of}",
        Action.VERIFICATION_LOCKED: "locked the verification{of}",
        Action.VERIFICATION_UNLOCKED: "unlocked the verification{of}",
        Action.TICKET_CREATED: "took in a ticket{of}",
        Action.TICKET_FOLLOW_UP: "took in a message{of}",
        Action.UNCONFIRMED_RECEIVED: "took in an unconfirmed message",
        Action.AUTOMATIC_RECEIVED: "took in an automatic reply",
        Action.MESSAGE_SENT: "sent a message to {person}",
        Action.MESSAGE_HELD: "wrote to {person}",
        Action.HOLD_PLACED: "kept the data{of} from erasure",
        Action.HOLD_LIFTED: "lifted the hold on the data{of}",
        Action.TICKET_LINKED: "linked the ticket to {person}",
        Action.SIGN_IN_FAILED: "failed to sign in",
        Action.LOG_VERIFIED: "checked the whole log",
    }
)
_REFUSALS = frozenset(
    {
        Action.REVEAL_REFUSED,
        Action.SIGN_IN_FAILED,
        Action.DECISION_REFUSED,
        Action.ERASURE_REFUSED,
        Action.SETTLEMENT_REFUSED,
        Action.TIME_PARTED,
        Action.CODE_CHECKED,
        Action.LOG_VERIFIED,
    }
)
"""Whose sentences are true of an attempt that came to nothing."""

_MANY: Mapping[Action, str] = MappingProxyType(
    {
        Action.SIGNED_IN: "signed in {n} times",
        Action.SIGNED_OUT: "signed out {n} times",
        Action.TICKET_OPENED: "opened {n} tickets",
        Action.TICKET_PREVIEWED: "read {n} newest messages in the queue",
        Action.TICKET_CREATED: "took in {n} tickets",
        Action.TICKET_CLAIMED: "claimed {n} tickets",
        Action.TICKET_FOLLOW_UP: "took in {n} messages",
        Action.AUTOMATIC_RECEIVED: "took in {n} automatic replies",
        Action.TICKET_STATE_SET: "changed {n} states",
        Action.TICKET_PRIORITY_SET: "changed {n} priorities",
        Action.TICKET_SNOOZED: "snoozed {n} tickets",
        Action.TICKET_TAGGED: "tagged {n} tickets",
        Action.MESSAGE_SENT: "sent {n} messages",
        Action.MESSAGE_HELD: "wrote {n} letters",
        Action.NOTE_ADDED: "added {n} notes",
        Action.VIEW_ENDED: "ended {n} views",
        Action.LOG_READ: "read the log {n} times",
        Action.REDACTED_AGAIN: "redacted {n} tickets again",
        Action.MAIL_IMPORTED: "imported mail {n} times",
    }
)
ROUTINE = frozenset(_MANY)
"""Work that a list may fold, several entries of one person into one line. No view or refusal is in it."""


def sentence_of(entry: EntryView) -> str:
    """What the entry's actor did, without their name. An attempt that was refused or failed is not told as done."""
    try:
        action = Action(entry.action)
    except ValueError:
        return entry.action  # this version does not know it
    template = _SENTENCES.get(action)
    person = entry.alias or (ERASED if entry.requester else "a requester")
    fields = _listed(entry.fields.split(",")) if entry.fields else ""
    words = (
        action_words(entry.action)
        if template is None
        else template.format(
            the_fields=f"the {fields}" if fields else "a contact",
            fields=fields,
            of=f" of {person}" if entry.requester else "",
            person=person,
            seconds=entry.seconds or 0,
        )
    )
    return words if entry.outcome == Result.DONE or action in _REFUSALS else f"was refused: {words}"


def sentence_of_many(entries: tuple[EntryView, ...]) -> str:
    """What several entries of routine work say together: "opened 14 tickets, sent 5 messages"."""
    found: dict[Action, list[EntryView]] = {}
    for entry in reversed(entries):
        found.setdefault(Action(entry.action), []).append(entry)
    return ", ".join(_together(action, done) for action, done in found.items())


def _together(action: Action, done: list[EntryView]) -> str:
    if len(done) == 1:
        return action_words(action.value)
    if action is not Action.TICKET_OPENED:
        return _MANY[action].format(n=len(done))
    tickets = len({entry.ticket for entry in done})
    return _MANY[action].format(n=tickets) if tickets > 1 else f"opened the ticket {len(done)} times"


def _listed(fields: list[str]) -> str:
    """`name`, `name and e-mail`, `5 contacts`: what a line has room for."""
    if len(fields) > 2:
        return f"{len(fields)} contacts"
    return " and ".join(fields)


def reason_of(entry: EntryView, policies: Mapping[str, str] = MappingProxyType({})) -> str:
    """The reason that the entry gives, as people read it: codes in words, the console's own hashes left out.

    `policies`: what people call packs, by their names.
    """
    words = entry.reason.replace(" -> ", " to ")
    if entry.action in _NAMES_A_HASH:
        words = _HASH.sub("", words)
    for name, called in policies.items():
        words = words.replace(name, called)
    if entry.outcome == Result.DONE:
        return words
    words = words.replace("_", " ")
    return f"{entry.outcome}: {words}" if words and entry.outcome not in words else words or entry.outcome
