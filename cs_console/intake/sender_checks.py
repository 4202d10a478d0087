"""What our own mail server found out about a mail's sender (Authentication-Results, RFC 8601)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from models.enums import SenderCheck

_COMMENT = re.compile(r"\([^()]*\)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_RESULT = re.compile(r"\s*(?P<method>[a-z][a-z0-9-]*)(?:\s*/\s*\d+)?\s*=\s*(?P<result>[a-z]+)")
_DOMAIN = re.compile(r"\b(?:header\.(?:d|i|from)|smtp\.mailfrom)\s*=\s*(?:[^\s@;]*@)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)")
_REFUSED = frozenset({"fail", "softfail"})
_DEEPEST_COMMENT = 5


@dataclass(frozen=True, slots=True)
class _Said:
    """One result of one method, and the domain that it is about, "" where it names none."""

    method: str
    result: str
    domain: str


def checked(results: Sequence[str], server: str, address: str) -> SenderCheck:
    """What the mail server of that name found out about the address in a mail's From.

    `results` are the values of Authentication-Results (RFC 8601) from the top. Anyone can write such a header, so only
    our own server's counts, and of those the topmost; without a server's name none does. DMARC decides where it was
    asked. Else SPF or DKIM confirms the sender that passes for the address's own domain, and a mail has failed that one
    of them refuses and neither passes. A missing or different result says nothing.
    """
    said = next((found for value in results if (found := _by(server, value)) is not None), ()) if server else ()
    dmarc = {one.result for one in said if one.method == "dmarc"}
    if "pass" in dmarc:
        return SenderCheck.CONFIRMED
    if dmarc and dmarc <= _REFUSED:
        return SenderCheck.FAILED
    passed = [one for one in said if one.method in ("spf", "dkim") and one.result == "pass"]
    if not dmarc - {"none"} and any(_is_of(one.domain, address) for one in passed):
        return SenderCheck.CONFIRMED
    refused = any(one.method in ("spf", "dkim") and one.result in _REFUSED for one in said)
    return SenderCheck.FAILED if refused and not passed and not dmarc else SenderCheck.NOT_CHECKED


def _is_of(domain: str, address: str) -> bool:
    """Whether a result about this domain is about the address: the same domain, or one above or below it."""
    own = address.rpartition("@")[2].casefold()
    return bool(domain and own) and (own == domain or own.endswith(f".{domain}") or domain.endswith(f".{own}"))


def _by(server: str, value: str) -> tuple[_Said, ...] | None:
    """What the server of that name says in one header; None for another's. Several signatures have several results."""
    text = _QUOTED.sub("", " ".join(value.split()))
    for _ in range(_DEEPEST_COMMENT):  # comments can be nested
        text = _COMMENT.sub("", text)
    name, *clauses = text.casefold().split(";")
    if next(iter(name.split()), "") != server.casefold():
        return None
    found = ((said, _DOMAIN.search(clause)) for clause in clauses if (said := _RESULT.match(clause)))
    return tuple(_Said(said["method"], said["result"], about[1] if about else "") for said, about in found)
