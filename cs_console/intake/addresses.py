"""Who a mail says it is from, and which of our mailboxes it was sent to. Nothing here is believed."""

import re
from email.errors import InvalidHeaderDefect
from email.policy import default

from cs_console.custody.blind_index import normalise_email
from cs_console.errors import Unreadable
from cs_console.intake.charsets import header_text, unfolded
from cs_console.plain_text import one_line
from models.enums import Field

_LONGEST_FROM = 2000
_MOST_COMMENTS = 10
_LONGEST_NAME = 200

# one name without anything special in it, one address: nothing to be read in two ways, also where the name has an @ in
# it, a defect that common mailers make
_COMMON = re.compile(r"(?P<name>[^<>\"(),;:\\\[\]]*)<(?P<address>[^<>\"(),;:\\\[\]\s]+)>")
_ADDRESS = re.compile(r"([^\s<>@,;:\"()\[\]]{1,64})@[^\s<>@,;:\"()]")


def sender(raw: str) -> tuple[tuple[Field, str], ...]:
    """The claimed address and name in a From header's raw value; nothing at all where it cannot be read strictly.

    `alice@example.org)bob@evil.com` names no one: a lenient parser would pick either. So do several authors.
    """
    if len(raw) > _LONGEST_FROM or raw.count("(") > _MOST_COMMENTS:
        return ()
    try:
        value = unfolded(raw).strip()
        found = _common(value) or _strict(value)
    except Unreadable:
        return ()
    if found is None:
        return ()
    name, written = found
    address = normalise_email(written)
    if address is None:
        return ()
    name = one_line(name, _LONGEST_NAME).strip("\"' ")
    if not name or "@" in name:
        return ((Field.EMAIL, address),)
    return ((Field.EMAIL, address), (Field.NAME, name))


def _strict(value: str) -> tuple[str, str] | None:
    try:
        header = default.header_factory("From", value)
        groups, addresses = header.groups, header.addresses
    except (ValueError, IndexError, AttributeError, TypeError, RecursionError, LookupError):
        return None  # the parser's own slips on hostile input: such a sender is not readable
    if any(isinstance(defect, InvalidHeaderDefect) for defect in header.defects):
        return None
    if len(addresses) != 1 or len(groups) != 1 or groups[0].display_name is not None:
        return None  # of several authors, or of a group, no one can say which of them wrote it
    return addresses[0].display_name, addresses[0].addr_spec


def _common(value: str) -> tuple[str, str] | None:
    found = _COMMON.fullmatch(value)
    return (header_text(found["name"].strip()), found["address"]) if found else None


def mailboxes(raw_values: list[str], most: int) -> tuple[str, ...]:
    """The local parts, casefolded and without their +tag, of the addresses in these header values.

    Raises Unreadable when there are more than `most` addresses.
    """
    found: list[str] = []
    for raw in raw_values:
        found += _ADDRESS.findall(raw)
        if len(found) > most:
            raise Unreadable("too_many_recipients", f"The message has more than {most} recipients.")
    return tuple(dict.fromkeys(local.strip("'").partition("+")[0].casefold() for local in found))
