"""A ticket's subject as lists show it: redacted, or the word for why there is none."""

from cs_console.custody.redaction_queue import WAITING
from cs_console.custody.safe_views import open_safe
from cs_console.custody.ticket_keys import opened_keys
from cs_console.errors import KeyDestroyed, SealBroken
from cs_console.plain_text import one_line
from cs_console.tickets.ticket_record import ERASED, UNREADABLE

SUBJECT_SHOWN = 200


def subject_of(
    number: int, requester_id: str, requester_key: bytes | None, sealed_key: bytes | None, sealed: bytes, *, waits: bool
) -> str:
    """The redacted subject on one line; "erased" without the requester's key, and a word where it does not open.

    `waits`: it is to be redacted again first.
    """
    if requester_key is None:
        return ERASED
    try:
        keys = opened_keys(requester_id, requester_key, number, sealed_key)
        if waits:
            return WAITING
        return one_line(
            open_safe(keys.key, keys.place("ticket", "subject_redacted", str(number)), sealed), SUBJECT_SHOWN
        )
    except KeyDestroyed:
        return ERASED
    except SealBroken:  # one touched row must not close the whole list
        return UNREADABLE
