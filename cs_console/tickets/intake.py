"""Intake: whatever comes in becomes a ticket, a follow-up, a duplicate, or is kept sealed in quarantine.

Always: read == opened + appended + duplicate + quarantined. One transaction a message, so that an import that is
killed can simply be run again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cs_console.access_log.append import Entry, record
from cs_console.desk import Desk
from cs_console.errors import KeyDestroyed, Refusal, SealBroken, Unreadable
from cs_console.tickets import jsonl
from cs_console.tickets.filing import file_message, lock_counter
from cs_console.tickets.incoming import LIMITS, IncomingFile, IncomingMessage, Limits, Taken
from cs_console.tickets.mail import content_name, read_mail
from cs_console.tickets.on_file import put_on_file
from cs_console.tickets.quarantine import is_kept, keep
from cs_console.tickets.sources import find_sources, mails_in
from models.enums import Action, Role

Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes in all."""
Told = Callable[[str], None]
"""Called with one sentence for each message that went to quarantine; it holds nothing of the message."""


@dataclass(frozen=True)
class ImportCounts:
    """What became of the messages of one import. `requesters`: records of people, which are not messages."""

    read: int = 0
    opened: int = 0
    appended: int = 0
    duplicate: int = 0
    quarantined: int = 0
    requesters: int = 0


@dataclass
class _Tally:
    """The counts while they grow."""

    outcomes: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: str) -> None:
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def counts(self) -> ImportCounts:
        requesters = self.outcomes.get("requester", 0)
        named = {name: self.outcomes.get(name, 0) for name in ("opened", "appended", "duplicate", "quarantined")}
        return ImportCounts(read=sum(named.values()), requesters=requesters, **named)


def from_bytes(data: bytes) -> IncomingMessage:
    """One mail, read within the limits. Raises Unreadable, or whatever the parser stumbles over."""
    return read_mail(data)


def take_in(desk: Desk, message: IncomingMessage) -> Taken:
    """File one message in a transaction of its own: a new ticket, a follow-up, or nothing for a duplicate."""
    with desk.work(Role.AGENT) as session:
        return file_message(session, desk, message)


def import_mail(
    desk: Desk,
    paths: Sequence[Path],
    progress: Progress | None = None,
    told: Told | None = None,
    limits: Limits = LIMITS,
) -> ImportCounts:
    """Take in every mail under these paths: single files, mbox, Maildir, folders of .eml.

    Raises BadInput naming a path that cannot be used, before anything is imported.
    """
    sources = find_sources(paths)
    total, before = sum(source.size for source in sources), 0
    tally = _Tally()
    try:
        for source in sources:
            for raw in mails_in(source, limits):
                tally.count(_take_mail(desk, _piece(raw.place, raw.content, raw.size), told, limits))
                _report(progress, before + raw.done, total)
            before += source.size
    finally:
        _record_import(desk, "mail", tally)
    return tally.counts()


def import_jsonl(
    desk: Desk, file: Path, progress: Progress | None = None, told: Told | None = None, limits: Limits = LIMITS
) -> ImportCounts:
    """Take in a JSON Lines file: messages, and requesters with what the platform holds on file.

    A line that breaks the schema is quarantined with its number and key. Raises BadInput when the file cannot be read.
    """
    tally = _Tally()
    total = jsonl.size_of(file)
    try:
        for line in jsonl.lines_of(file, limits):
            piece = _piece(f"{file}, line {line.number}", line.content, line.size)
            tally.count(_take_line(desk, piece, line, told, limits))
            _report(progress, line.done, total)
    finally:
        _record_import(desk, "JSON Lines", tally)
    return tally.counts()


@dataclass(frozen=True, slots=True)
class _Piece:
    """One thing that was read, in case that it has to be kept as it is."""

    place: str
    content: bytes
    size: int
    digest: str


def _piece(place: str, content: bytes, size: int) -> _Piece:
    name = content_name(content)
    return _Piece(place, content, size, name if len(content) == size else f"{name}+{size}")


def _take_mail(desk: Desk, piece: _Piece, told: Told | None, limits: Limits) -> str:
    return _take(desk, piece, lambda: read_mail(piece.content, limits), told, limits)


def _take_line(desk: Desk, piece: _Piece, line: jsonl.Line, told: Told | None, limits: Limits) -> str:
    def read() -> IncomingMessage | jsonl.RequesterRecord:
        return jsonl.read_line(line, desk.office.packs.current.meta.region)

    return _take(desk, piece, read, told, limits)


def _take(
    desk: Desk,
    piece: _Piece,
    read: Callable[[], IncomingMessage | jsonl.RequesterRecord],
    told: Told | None,
    limits: Limits,
) -> str:
    """The outermost edge for one message: what cannot be read or filed is kept sealed, and the import goes on."""
    try:
        if piece.size > limits.message_bytes:
            raise Unreadable("too_large", _too_large(piece, limits))
        found = read()
        if isinstance(found, jsonl.RequesterRecord):
            put_on_file(desk, found)
            return "requester"
        return take_in(desk, found).outcome
    except Unreadable as problem:
        reason = f"{problem.code}: {problem.sentence}"
    except (KeyDestroyed, SealBroken) as problem:
        reason = f"{problem.code}: The requester's data cannot be added to."
    except Refusal:
        raise  # the store, the log, a pack or the session: nothing to do with this message
    except Exception as problem:  # noqa: BLE001 - the parser's own errors on hostile input are of every kind
        reason = f"unreadable: The message could not be read ({type(problem).__name__})."
    outcome = _quarantine(desk, piece, reason)
    if told is not None and outcome == "quarantined":
        told(f"{piece.place}: quarantined, {reason}")
    return outcome


def _too_large(piece: _Piece, limits: Limits) -> str:
    mebibytes = limits.message_bytes // 1024 // 1024
    cut = "" if len(piece.content) == piece.size else f" Only the first {mebibytes} MiB are kept."
    return f"The message is larger than {mebibytes} MiB.{cut}"


def _quarantine(desk: Desk, piece: _Piece, reason: str) -> str:
    with desk.work(Role.AGENT) as session:
        lock_counter(session)
        if is_kept(session, desk.office, piece.digest):
            return "duplicate"
        keep(session, desk.office, piece.digest, piece.content, piece.size, reason)
        return "quarantined"


def _report(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)


def _record_import(desk: Desk, what: str, tally: _Tally) -> None:
    """One entry for a run, also for one that was broken off; counts only."""
    counts = tally.counts()
    words = ("read", "opened", "appended", "duplicate", "quarantined", "requesters")
    reason = f"{what}: " + ", ".join(f"{word} {getattr(counts, word)}" for word in words)
    with desk.work(Role.AGENT) as session:
        record(session, desk, Entry(Action.MAIL_IMPORTED, reason=reason))


__all__ = [
    "ImportCounts",
    "IncomingFile",
    "IncomingMessage",
    "Taken",
    "from_bytes",
    "import_jsonl",
    "import_mail",
    "take_in",
]
