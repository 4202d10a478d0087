"""Who a mail says it is from, and which of our mailboxes it was sent to. Nothing here is believed."""

import re
from dataclasses import dataclass
from email.errors import InvalidHeaderDefect
from email.policy import default

from cs_console.custody.blind_index import normalise_email
from cs_console.errors import Unreadable
from cs_console.intake.charsets import header_text, unfolded
from cs_console.plain_text import one_line

_LONGEST_FROM = 2000
_MOST_COMMENTS = 10
_LONGEST_NAME = 200

# one name without anything special in it, one address: nothing to be read in two ways, also where the name has an @ in
# it, a defect that common mailers make
_COMMON = re.compile(r"(?P<name>[^<>\"(),;:\\\[\]]*)<(?P<address>[^<>\"(),;:\\\[\]\s]+)>")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_COMMENT = re.compile(r"\(((?:[^()\\]|\\.)*)\)")
_ANGLE = re.compile(r"<([^<>]*)>")
_BARE = re.compile(r"[^\s<>@,;:\"()\[\]]{1,64}@[^\s<>@,;:\"()\[\]]+")
_ADDRESS = re.compile(r"([^\s<>@,;:\"()\[\]]{1,64})@([^\s<>@,;:\"()\[\]]+)")
_AROUND = "\"'`[]{}<>«»“”‘’ \t,;\u00a0\u200b\u200e\u200f\u2060\ufeff"
_MAILTO = re.compile(r"\b(?:mailto|smtp):", re.IGNORECASE)
_ROUTE = re.compile(r"(?:@[^\s<>@,:]{1,255},?)+:")
"""Over which servers an address was to be reached, as once was written before it."""
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"'}
_WIDE = str.maketrans("＜＞＠", "<>@")
"""As East Asian keyboards write them."""
_EMPTY_PAIR = re.compile(r"[\[({]\s*[\])}]")
_GROUP = re.compile(r":.*;\s*$", re.DOTALL)
_SPACED = re.compile(r"\s*@\s*")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address in its normal form, and the name written with it, "" where there is none.

    `encoded`: it was written where no address may be, inside an encoded word.
    """

    address: str
    name: str = ""
    encoded: bool = False


def mailbox(raw: str) -> Mailbox | None:
    """The one mailbox in a header's raw value, however its name is written; None where it can be read in two ways.

    `alice@example.org)bob@evil.com` names no one: a lenient parser would pick either. So do several authors, and a
    group. What a name holds (brackets, commas, quotes that never end, encoded words in quotes) costs no address.
    """
    try:
        value = unfolded(raw).strip()
    except Unreadable:
        return None
    found = _common(value)
    if found is None and (len(raw) > _LONGEST_FROM or raw.count("(") > _MOST_COMMENTS):
        return None  # reading it could take long
    if found is None:
        found = _lenient(_usual_signs(value)) or _strict(value)
    encoded = found is None and "@" not in value and "=?" in value
    if encoded:
        found = _lenient(_usual_signs(_decoded(value)))
    if found is None:
        return None
    name, written = found
    address = normalise_email(_cleaned(written))
    return None if address is None else Mailbox(address, _name(name, address), encoded)


def _usual_signs(value: str) -> str:
    """Brackets and the @ as they should be, where there are others instead."""
    if "<" in value:
        return value
    for entity, sign in _ENTITIES.items():
        value = value.replace(entity, sign)
    return value.translate(_WIDE)


def _common(value: str) -> tuple[str, str] | None:
    found = _COMMON.fullmatch(value)
    return (found["name"], found["address"]) if found else None


def _lenient(value: str) -> tuple[str, str] | None:
    """The name and the one address, where what surrounds that address names no other author."""
    names: list[str] = []

    def kept(found: re.Match[str]) -> str:
        names.append(re.sub(r"\\(.)", r"\1", found[1]))
        return " "

    outside = _QUOTED.sub(kept, value).replace('"', " ")
    for _ in range(3):  # comments can be nested
        outside = _COMMENT.sub(kept, outside)
    outside = _MAILTO.sub(" ", outside).replace("<>", " ")
    angles = _ANGLE.findall(outside)
    if len(angles) > 1 and outside.count("@") == len(angles) and len({angle.casefold() for angle in angles}) == 1:
        outside, angles = outside.partition(">")[0] + ">", angles[:1]  # the same author twice
    if len(angles) > 1 or "(" in outside or ")" in outside or _GROUP.search(outside):
        return None
    if not angles:
        outside = _SPACED.sub("@", outside)
        found = _BARE.findall(outside)
        if len(found) != 1 or outside.count("@") != 1:
            return None
        return " ".join([*names, outside.replace(found[0], " ")]), found[0]
    before, _, after = outside.partition(f"<{angles[0]}>")
    beside = re.split(r"[,;]", f"{before};{after}")
    if (any(_BARE.fullmatch(part.strip()) for part in beside[:-1]) and len(beside) > 2) or "@" in after:
        return None
    return (" ".join([before, *names, after]), angles[0])


def _strict(value: str) -> tuple[str, str] | None:
    """What the standard library reads without a defect: quoted local parts, for one."""
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


def _cleaned(written: str) -> str:
    address = _MAILTO.sub("", _SPACED.sub("@", written.strip().replace("＠", "@"))).partition("?")[0]
    if address.startswith("@"):
        address = _ROUTE.sub("", address, count=1)
    return address.strip(_AROUND).rstrip(".")


def _decoded(value: str) -> str:
    try:
        return header_text(value.strip())
    except Unreadable:
        return ""


def _name(written: str, address: str) -> str:
    name = one_line(_EMPTY_PAIR.sub("", _decoded(written)), _LONGEST_NAME).strip("\"' ,;<>")
    return "" if "@" in name or name.casefold() == address.casefold() else name


def addresses(raw_values: list[str], most: int) -> tuple[str, ...]:
    """The addresses in these header values, casefolded, as they are written; of more than `most` the first."""
    found: dict[str, None] = {}
    for raw in raw_values:
        for local, domain in _ADDRESS.findall(raw):
            if len(found) == most:
                return tuple(found)
            address = "@".join((local.strip("'"), domain.strip("'.")))
            found[address.casefold()] = None
    return tuple(found)


def local_parts(written: tuple[str, ...]) -> tuple[str, ...]:
    """The local parts of these addresses without their +tags, each once."""
    return tuple(dict.fromkeys(address.rpartition("@")[0].partition("+")[0] for address in written))
