"""Reading mail ahead in a second process while this one files what was read: a large import takes half the time.

The process holds no key and opens no store: it gets a mail's bytes and gives back what they say. When it cannot start,
or dies, the mail is read here, as in a small import.
"""

import multiprocessing
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from queue import SimpleQueue

from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.redaction import redact
from cs_console.faults import forbid_core_dumps
from cs_console.intake.guesses import with_guesses
from cs_console.intake.incoming import IncomingMessage, Limits
from cs_console.intake.mail import read_whole_or_beginning, why_unread
from cs_console.intake.mail_files import RawMail
from cs_console.intake.our_mail import OurMail
from cs_console.intake.threads import names_a_ticket
from cs_console.policy.schema import Pack

WORTH_IT = 256 * 1024
"""Bytes of mail from which on a second process is started: it takes as long to start as some hundred mails."""
_AHEAD = 100
_BYTES_AHEAD = 8 * 1024 * 1024
_SECONDS_TO_END = 2.0


@dataclass(frozen=True, slots=True)
class Reading:
    """How mail is read: within which limits, which addresses are the desk's own, and by which policy, which says where
    phones are looked for and which words tell a kind."""

    limits: Limits
    ours: OurMail
    pack: Pack


@dataclass(frozen=True, slots=True)
class ReadMail:
    """A mail as it was read; of one that could not be, why, in a sentence that holds nothing of it.

    `redacted`: its texts, redacted for what it says of its sender; none where it names a ticket, since that is its
    requester's.
    """

    message: IncomingMessage | None = None
    problem: str = ""
    redacted: tuple[tuple[str, str], ...] = ()


def read_one(content: bytes, size: int, reading: Reading) -> ReadMail:
    """Read one mail. What cannot be read is an answer like any other: the caller keeps it."""
    try:
        message = read_whole_or_beginning(content, size, reading.limits, reading.ours)
    except Exception as problem:  # noqa: BLE001 - parsers' own errors on hostile input are of every kind
        return ReadMail(problem=why_unread(problem))
    if names_a_ticket(message):
        return ReadMail(message)
    known = KnownTerms((), message.contacts)
    shown = tuple((text, redact(text, reading.pack.meta.regions, known)) for text in message.texts)
    return ReadMail(with_guesses(reading.pack, message), redacted=shown)


def read_mails(raws: Iterable[RawMail], reading: Reading, total: int) -> Iterator[tuple[RawMail, ReadMail]]:
    """Every mail as it was read, in order. `total`: how many bytes there are, which decides whether a process helps."""
    if total < WORTH_IT:
        for raw in raws:
            yield raw, read_one(raw.content, raw.size, reading)
        return
    other = _OtherProcess(reading)
    try:
        yield from _ahead(raws, reading, other)
    finally:
        other.end()


def _ahead(raws: Iterable[RawMail], reading: Reading, other: "_OtherProcess") -> Iterator[tuple[RawMail, ReadMail]]:
    waiting: deque[RawMail] = deque()
    size = 0

    def next_one() -> tuple[RawMail, ReadMail]:
        nonlocal size
        raw = waiting.popleft()
        size -= len(raw.content)
        found = other.answer()
        if found is None:
            return raw, read_one(raw.content, raw.size, reading)
        if found.message is not None:  # its bytes are here and were not sent back
            found = replace(found, message=replace(found.message, original=raw.content))
        return raw, found

    for raw in raws:
        if not other.ready():
            while waiting:
                yield next_one()
            yield raw, read_one(raw.content, raw.size, reading)
            continue
        waiting.append(raw)
        size += len(raw.content)
        other.ask(raw)
        while len(waiting) > _AHEAD or (size > _BYTES_AHEAD and len(waiting) > 1):
            yield next_one()
    while waiting:
        yield next_one()


class _OtherProcess:
    """The process that reads. It ends by itself when this one does: its end of the pipe is closed then."""

    def __init__(self, reading: Reading) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would inherit open stores and keys
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, reading), daemon=True)
        self._is_ready = self._is_gone = False
        try:
            self._process.start()
        except OSError:
            self._is_gone = True
        theirs.close()

    def ready(self) -> bool:
        """Whether it has started, and still runs as far as is known."""
        if not self._is_ready and not self._is_gone and self._pipe.poll():
            self._is_ready = self._received() is not None
        return self._is_ready and not self._is_gone

    def ask(self, raw: RawMail) -> None:
        """Have a mail read. When the process is gone, there is no answer."""
        try:
            self._pipe.send((raw.content, raw.size))
        except OSError:
            self._is_gone = True

    def answer(self) -> ReadMail | None:
        """What became of the oldest mail that was asked for; None when the process is gone."""
        found = None if self._is_gone else self._received()
        return found if isinstance(found, ReadMail) else None

    def end(self) -> None:
        """End it, whatever it is doing."""
        self._pipe.close()
        if self._process.pid is not None:
            self._process.terminate()
            self._process.join(_SECONDS_TO_END)

    def _received(self) -> object:
        try:
            return self._pipe.recv()
        except (EOFError, OSError):
            self._is_gone = True
            return None


def _serve(pipe: Connection, reading: Reading) -> None:
    """The other process: read what comes, in order, until the pipe is closed."""
    forbid_core_dumps()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the import ends first, then this
    asked: SimpleQueue[tuple[bytes, int] | None] = SimpleQueue()
    # a thread of its own takes what is asked, so that neither side ever waits for the other to take its words
    threading.Thread(target=_take, args=(pipe, asked), daemon=True).start()
    try:
        pipe.send("ready")
        while (mail := asked.get()) is not None:
            found = read_one(*mail, reading)
            message = None if found.message is None else replace(found.message, original=b"")
            pipe.send(replace(found, message=message))
    except OSError:
        return  # the import is over


def _take(pipe: Connection, asked: "SimpleQueue[tuple[bytes, int] | None]") -> None:
    try:
        while True:
            asked.put(pipe.recv())
    except (EOFError, OSError):
        asked.put(None)
