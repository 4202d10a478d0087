"""Intake: whatever comes in becomes a ticket, a follow-up, a note, a duplicate, or is kept apart, sealed.

`read` is always the sum of the OUTCOMES. A message is counted once what became of it is committed, so that an import
that is killed can simply be run again.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.custody.erasing import apply_again
from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.late_redaction import redact_waiting
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError, DeskKeyMissing, KeyDestroyed, KeyMissing, SealBroken, Unreadable
from cs_console.intake import jsonl
from cs_console.intake.batches import MOST, NotFiled, Waiting, file_batch
from cs_console.intake.filing import file_alone, file_message
from cs_console.intake.half_written import is_half_written
from cs_console.intake.incoming import LIMITS, IncomingFile, IncomingMessage, Limits, Taken
from cs_console.intake.key_pool import KeyStock, NewKey
from cs_console.intake.mail import name_of_kept, read_mail, too_large, why_unread
from cs_console.intake.mail_files import RawMail, Source, find_sources, mails_in
from cs_console.intake.on_file import Put, put_on_file
from cs_console.intake.our_mail import our_mail
from cs_console.intake.quarantine import Kept, digest_token, is_kept, keep
from cs_console.intake.read_ahead import Reading, ReadMail, read_mails
from cs_console.intake.redacted_ahead import RedactedAhead
from cs_console.intake.unread import contacts_of_unread
from cs_console.progress import Progress
from cs_console.tickets.numbers import lock_counter
from cs_console.version import program_version
from models.enums import Action, SetAside
from models.roles import OPENS_TICKETS

_BATCH_BYTES = 4 * 1024 * 1024
REDACTING_SECONDS = 0.2
"""How long an import redacts earlier texts after each record; the upkeep goes on with what is left."""

OUTCOMES = ("opened", "appended", "duplicate", "automatic", "bounced", "spam", "skipped", "quarantined")
"""What can become of a message."""
_EACH_TIME = OUTCOMES[:3] + OUTCOMES[-1:]
"""Told also where there were none."""

Told = Callable[[str], None]
"""Called with one sentence for each message that went to quarantine; it holds nothing of the message."""


@dataclass(frozen=True)
class ImportCounts:
    """What became of the messages of one import. Records of people are not messages: `requesters` counts those that
    were taken, `older` those that are older than what was taken before and changed nothing, `suppressed` those of
    accounts that were erased here."""

    read: int = 0
    opened: int = 0
    appended: int = 0
    duplicate: int = 0
    automatic: int = 0
    bounced: int = 0
    spam: int = 0
    skipped: int = 0
    quarantined: int = 0
    requesters: int = 0
    older: int = 0
    suppressed: int = 0


def from_bytes(data: bytes) -> IncomingMessage:
    """One mail, read within the limits. Raises Unreadable, or whatever the parser stumbles over."""
    return read_mail(data)


def take_in(session: DeskSession, message: IncomingMessage, new_key: NewKey | None = None) -> Taken:
    """File one message in a transaction of its own: a new ticket, a follow-up, or nothing for a duplicate."""

    def filed(redacted: RedactedAhead, key: NewKey) -> Taken:
        with session.work(*OPENS_TICKETS) as db:
            return file_message(db, session, message, key, redacted)

    return file_alone(session, message, OPENS_TICKETS, filed, new_key)


def import_mail(
    session: DeskSession,
    paths: Sequence[Path],
    progress: Progress | None = None,
    told: Told | None = None,
    limits: Limits = LIMITS,
) -> ImportCounts:
    """Take in every mail under these paths: single files, mbox, Maildir, folders of .eml. A file in a folder that is
    still being written waits for the next run.

    Raises BadInput naming a path that cannot be used, before anything is imported.
    """
    sources = find_sources(paths)
    total = sum(source.size for source in sources)
    with _run_of(session, "mail", told, limits) as run:
        run.take_mails(_in_all(sources, limits, run.tell), total, progress)
    return run.counts()


def import_one_mail(
    session: DeskSession, content: bytes, told: Told | None = None, limits: Limits = LIMITS
) -> ImportCounts:
    """Take in one mail that a mail server hands over, of which no more than `sealed_bytes` need be given."""
    size = len(content)
    with _run_of(session, "mail", told, limits) as run:
        run.take_mails([RawMail("standard input", content[: limits.sealed_bytes], size, size)], size, None)
    return run.counts()


def _in_all(sources: Sequence[Source], limits: Limits, tell: Told) -> Iterator[RawMail]:
    """Every mail of the sources but those that are still being written; `done` counts the bytes of them all."""
    before = 0
    for source in sources:
        if source.may_grow and is_half_written(source.path, is_mbox=source.is_mbox):
            tell(f"{source.path}: still being written, left for the next run")
        else:
            for raw in mails_in(source, limits):
                yield replace(raw, done=before + raw.done)
        before += source.size


def import_jsonl(
    session: DeskSession,
    file: Path,
    progress: Progress | None = None,
    told: Told | None = None,
    limits: Limits = LIMITS,
) -> ImportCounts:
    """Take in a JSON Lines file: messages, and requesters with what the platform holds on file.

    A line that breaks the schema is quarantined with its number and key. For the operator alone: what the platform
    says of people is believed. Raises NotAllowed, and BadInput when the file cannot be read.
    """
    with session.reading(operator=True):
        pass  # before anything is read
    total = jsonl.size_of(file)
    with _run_of(session, "JSON Lines", told, limits) as run:
        for line in jsonl.lines_of(file, limits):
            run.take_line(_piece(f"{file}, line {line.number}", line.content, line.size, is_mail=False), line)
            _report(progress, line.done, total)
    return run.counts()


@dataclass(frozen=True, slots=True)
class _Piece:
    """One thing that was read, in case that it has to be kept as it is."""

    place: str
    content: bytes
    size: int
    digest: str
    is_mail: bool


def _piece(place: str, content: bytes, size: int, *, is_mail: bool = True) -> _Piece:
    return _Piece(place, content, size, name_of_kept(content, size), is_mail)


class _Run:
    """One import while it goes on."""

    def __init__(self, session: DeskSession, told: Told | None, limits: Limits) -> None:
        self._session = session
        self._told = told
        self._limits = limits
        self._outcomes: Counter[str] = Counter()
        self._region = session.desk.packs.current.meta.region
        self._ours = our_mail(session.desk.settings, session.desk.packs.current)
        self.new_key = KeyStock(session.desk.keyring)

    def counts(self) -> ImportCounts:
        """What became of the messages so far."""
        found = {name: self._outcomes[name] for name in OUTCOMES}
        people = {put.value: self._outcomes[put] for put in Put}
        return ImportCounts(read=sum(found.values()), **found, **people)

    def tell(self, sentence: str) -> None:
        """Say a sentence to the person who imports."""
        if self._told is not None:
            self._told(sentence)

    def take_mails(self, raws: Iterable[RawMail], total: int, progress: Progress | None) -> None:
        """Take in mails, and report each once what became of it is committed."""
        reading = Reading(self._limits, self._ours, self._session.desk.packs.current)
        for batch in _batches(read_mails(self._to_read(raws), reading, total)):
            readable = [self._waiting(read, reading) for _, read in batch if read.message is not None]
            filed = file_batch(self._session, readable)
            for raw, read in batch:
                self._count(raw, read, filed)
                _report(progress, raw.done, total)

    def _to_read(self, raws: Iterable[RawMail]) -> Iterator[RawMail]:
        """All but those that their folder marks as thrown away, or as a draft: these are only counted."""
        for raw in raws:
            if raw.skipped:
                self._outcomes["skipped"] += 1
            else:
                yield raw

    def _waiting(self, read: ReadMail, reading: Reading) -> Waiting:
        message = read.message
        assert message is not None
        redacted = RedactedAhead(*message.texts)
        if read.redacted:
            redacted.take(dict(read.redacted), reading.pack.meta.regions, KnownTerms((), message.contacts))
        return Waiting(message, redacted, cache(self.new_key))

    def _count(self, raw: RawMail, read: ReadMail, filed: Iterator[Taken | NotFiled]) -> None:
        piece = _piece(raw.place, raw.content, raw.size)
        if read.message is None:
            self._outcomes[self._quarantine(piece, read.problem, "")] += 1
            return
        became = next(filed)
        if isinstance(became, Taken):
            self._outcomes[became.outcome] += 1
        else:
            self._outcomes[self._quarantine(piece, _why(became.problem), "")] += 1

    def take_line(self, piece: _Piece, line: jsonl.Line) -> None:
        self._take(piece, lambda: jsonl.read_line(line, self._region))

    def _take(self, piece: _Piece, read: Callable[[], IncomingMessage | jsonl.RequesterRecord]) -> None:
        """The outermost edge for one message: what cannot be read or filed is kept sealed, and the import goes on."""
        shown = ""
        try:
            if piece.size > self._limits.message_bytes:
                raise Unreadable("too_large", too_large(len(piece.content), piece.size, self._limits))
            self._outcomes[self._file(read())] += 1
            return
        except Unreadable as problem:
            reason = why_unread(problem)
            shown = problem.shown if isinstance(problem, jsonl.BadLine) else ""
        except DeskKeyMissing:
            raise  # nothing at all can be taken in
        except (KeyDestroyed, KeyMissing, SealBroken) as problem:
            reason = _why(problem)
        except ConsoleError:
            raise  # the store, the log, a pack or the session: nothing to do with this message
        except Exception as problem:  # noqa: BLE001 - parsers' own errors on hostile input are of every kind
            reason = _why(problem)
        self._outcomes[self._quarantine(piece, reason, shown)] += 1

    def _file(self, found: IncomingMessage | jsonl.RequesterRecord) -> str:
        if isinstance(found, jsonl.RequesterRecord):
            put = put_on_file(self._session, found, self.new_key)
            redact_waiting(self._session.desk, seconds=REDACTING_SECONDS)
            return put
        return take_in(self._session, found, self.new_key).outcome

    def _quarantine(self, piece: _Piece, reason: str, shown: str) -> str:
        desk = self._session.desk
        contacts = contacts_of_unread(desk, piece.content, is_mail=piece.is_mail)
        with self._session.work(*OPENS_TICKETS) as db:
            lock_counter(db)
            if is_kept(db, desk, piece.digest):
                return "duplicate"
            keep(
                db,
                desk,
                Kept(
                    sort=SetAside.UNREADABLE,
                    token=digest_token(desk, piece.digest),
                    content=piece.content,
                    size=piece.size,
                    reason=reason,
                    is_mail=piece.is_mail,
                    tried_with=program_version(),
                    contacts=contacts,
                ),
                self.new_key,
            )
        self.tell(f"{piece.place}: quarantined, {shown or reason}")
        return "quarantined"


@contextmanager
def _run_of(session: DeskSession, what: str, told: Told | None, limits: Limits) -> Iterator[_Run]:
    """One import, whose counts are recorded in one entry even when it is broken off.

    Nothing is filed with a requester that a backup brought back: they are erased again first.
    """
    apply_again(session.desk)
    run = _Run(session, told, limits)
    try:
        yield run
    finally:
        run.new_key.put_back()
        counts = run.counts()
        words = ["read", *(word for word in OUTCOMES if word in _EACH_TIME or getattr(counts, word)), Put.TAKEN.value]
        words += [put.value for put in (Put.OLDER, Put.SUPPRESSED) if getattr(counts, put.value)]
        reason = f"{what}: " + ", ".join(f"{word} {getattr(counts, word)}" for word in words)
        with session.work(*OPENS_TICKETS) as db:
            record(db, session, Entry(Action.MAIL_IMPORTED, reason=reason))


def _why(problem: Exception) -> str:
    if isinstance(problem, ConsoleError):
        return f"{problem.code}: No data can be added to this requester."
    return why_unread(problem)


def _batches(mails: Iterable[tuple[RawMail, ReadMail]]) -> Iterator[list[tuple[RawMail, ReadMail]]]:
    """The mails in order, so many or so large together that one transaction is worth it."""
    batch: list[tuple[RawMail, ReadMail]] = []
    size = 0
    for mail in mails:
        batch.append(mail)
        size += len(mail[0].content)
        if len(batch) == MOST or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _report(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)


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
