"""The standard parser for mail under limits: parts, depth and time are counted while it parses, not afterwards."""

import re
import time
from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import Compat32, Policy
from typing import Any

from cs_console.errors import Unreadable
from cs_console.intake.incoming import Limits

_CHUNK = 64 * 1024
_ENCODING = "content-transfer-encoding"
_TYPE = re.compile(r"[\s\"']*([A-Za-z0-9_.+-]+|\*)\s*/\s*([A-Za-z0-9_.+-]*|\*)")
_MEANT = {
    **dict.fromkeys(
        ("text/", "text/*", "text/txt", "text/text", "text/ascii", "text/plan", "plain/text"), "text/plain"
    ),
    **dict.fromkeys(("text/x-plain", "text/unknown", "text/x-unknown"), "text/plain"),
    **dict.fromkeys(("text/htm", "text/x-html", "text/xhtml", "html/text", "application/xhtml+xml"), "text/html"),
    "application/vnd.wap.xhtml+xml": "text/html",
}
"""What programs write where they mean plain text or HTML."""


_COMMON = frozenset({"text/plain", "text/html", "multipart/alternative", "multipart/mixed", "multipart/related"})
_ENCODINGS = frozenset({"7bit", "8bit", "base64", "quoted-printable", "binary", ""})


class Budget:
    """What is left of a message's limits while it is being parsed."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.parts = 0
        self.left_out: dict[str, None] = {}
        """Sentences about what was not read, each once."""
        self.headers_left: list[str] = []
        """The headers of parts that were not used in full, as they came."""
        self._began = time.monotonic()
        self._ends: float | None = None

    def spend_part(self, depth: int) -> None:
        """Count one more part. Raises Unreadable past the limits."""
        self.parts += 1
        if self.parts > self.limits.mime_parts:
            raise Unreadable("too_many_parts", f"The message has more than {self.limits.mime_parts} parts.")
        if depth > self.limits.mime_depth:
            raise Unreadable("too_deep", f"The message is nested more than {self.limits.mime_depth} deep.")

    def leave_out(self, sentence: str, header: str = "") -> None:
        """Have it said that something was not read; `header` is kept."""
        self.left_out[sentence] = None
        if header:
            self.headers_left.append(header)

    def check_time(self) -> None:
        """Raises Unreadable when reading took too long."""
        if time.monotonic() - self._began < self.limits.seconds / 2:
            return  # asking for the processor's time can cost as much as reading a short mail
        if self._ends is None:
            self._ends = time.thread_time() + self.limits.seconds / 2
        if time.thread_time() > self._ends:
            raise Unreadable("took_too_long", f"Reading took longer than {self.limits.seconds:g} s.")


def both_ends(value: str, most: int) -> str:
    """Of a value that is too long its two ends: what it is stands first, and last often its name or boundary."""
    return value if len(value) <= most else value[: most // 2] + value[len(value) - most // 2 :]


class _AsItCame(Compat32):
    """Writes headers as they were read: the standard refuses some that it read itself."""

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("utf-8", "surrogateescape")


_AS_IT_CAME = _AsItCame()


class _Part(Message):
    """A part that keeps to the budget while it is parsed, not afterwards."""

    _payload: Any  # the parser writes to it past `set_payload`

    def __init__(self, policy: Policy, budget: Budget, depth: int) -> None:
        super().__init__(policy)
        self.budget = budget
        self.depth = depth

    def attach(self, payload: Message) -> None:  # type: ignore[override]  # the parser attaches parts, nothing else
        if isinstance(payload, _Part):
            payload.depth = self.depth + 1
            self.budget.spend_part(payload.depth)
        super().attach(payload)

    def get_content_type(self) -> str:
        """As the standard says, and of one that is written against it what is meant."""
        found = super().get_content_type()
        if found in _COMMON:
            return found
        written = _TYPE.match(found)
        cleaned = f"{written[1]}/{written[2]}" if written else found
        return _MEANT.get(cleaned, cleaned if cleaned[-1:] != "/" else found)

    def get_payload(self, i: Any = None, decode: Any = False) -> Any:
        """As the standard says, but text stays as it was parsed: written out again it gives the same bytes."""
        if i is None and not decode and isinstance(self._payload, str):
            return self._payload
        if decode and (named := str(self.get(_ENCODING, ""))) and named.lower() not in _ENCODINGS:
            return self._decoded(named)
        return super().get_payload(i, decode)

    def _decoded(self, named: str) -> Any:
        """The content by the first word of its encoding, without quotes and comments that do not belong there."""
        meant = Message()
        meant[_ENCODING] = (named.replace('"', " ").replace(";", " ").split() or [""])[0]
        meant.set_payload(self.get_payload())
        content = meant.get_payload(decode=True)
        self.defects += meant.defects
        return content

    def set_raw(self, name: str, value: str) -> None:
        limits = self.budget.limits
        if len(self) >= limits.headers:
            sentence = f"The message has more than {limits.headers} headers in one place."
            if self.depth == 0:
                raise Unreadable("too_many_headers", sentence)
            self.budget.leave_out(sentence, f"{name}: {value}")
            return
        if len(value) > limits.header_bytes and name.lower().startswith("content-"):
            self.budget.leave_out("A header that describes a part is too long.", f"{name}: {value}")
            value = both_ends(value, limits.header_bytes)
        super().set_raw(name, value)


def parse(data: bytes, budget: Budget, depth: int = 0) -> Message:
    """The message and its parts; `depth` is how deep in another it lies. Raises Unreadable past the limits."""

    def new_part(policy: Policy = _AS_IT_CAME) -> _Part:
        return _Part(policy, budget, depth)

    parser = BytesFeedParser(new_part, policy=_AS_IT_CAME)
    for start in range(0, len(data), _CHUNK):
        parser.feed(data[start : start + _CHUNK])
        budget.check_time()
    return parser.close()
