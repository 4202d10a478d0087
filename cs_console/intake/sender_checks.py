"""What our own mail server found out about a mail's sender (Authentication-Results, RFC 8601)."""

import re
from collections.abc import Sequence

_COMMENT = re.compile(r"\([^()]*\)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_RESULT = re.compile(r"\s*(?P<method>[a-z][a-z0-9-]*)(?:\s*/\s*\d+)?\s*=\s*(?P<result>[a-z]+)")
_FAILED = frozenset({"fail", "softfail"})
_DEEPEST_COMMENT = 5


def failed_checks(results: Sequence[str], server: str) -> bool:
    """Whether the mail server of that name says that a mail is not from the domain that it names (DECISIONS 3).

    `results` are the header's values from the top. Anyone can write such a header, so only our own server's counts, and
    of those the topmost. DMARC decides where it was asked; else a mail has failed that SPF or DKIM refuses and
    neither passes. A missing or different result is not a failure; nor is any result without a server's name.
    """
    if not server:
        return False
    found = next((named[1] for value in results if (named := _parts(value))[0] == server.casefold()), {})
    if "dmarc" in found:
        return found["dmarc"] <= _FAILED
    asked = found.get("spf", frozenset()) | found.get("dkim", frozenset())
    return bool(asked & _FAILED) and "pass" not in asked


def _parts(value: str) -> tuple[str, dict[str, frozenset[str]]]:
    """The name of the server, and by method what it says; several signatures have several results."""
    text = _QUOTED.sub("", " ".join(value.split()))
    for _ in range(_DEEPEST_COMMENT):  # comments can be nested
        text = _COMMENT.sub("", text)
    name, *clauses = text.casefold().split(";")
    found: dict[str, frozenset[str]] = {}
    for clause in clauses:
        if said := _RESULT.match(clause):
            method = said["method"]
            found[method] = found.get(method, frozenset()) | {said["result"]}
    return next(iter(name.split()), ""), found
