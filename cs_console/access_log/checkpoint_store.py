"""The second place, whichever the settings name: a folder that is written to, or a command that is given each note."""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic, time_ns
from typing import Protocol

from cs_console.access_log.checkpoint_folder import append_line, append_notes, kept_notes, newest_kept, replace_file
from cs_console.access_log.checkpoint_folder import set_aside as set_file_aside
from cs_console.access_log.signed_note import NotANote, SignedNote, read_note
from cs_console.file_lock import LockHeld, file_lock
from cs_console.operator_command import CommandFailed, run_command
from cs_console.settings import Settings

INCIDENTS = "incidents.jsonl"
ACCEPTED = "accepted.txt"
GIVE_SECONDS = 10.0
"""How long the command may take over one note."""
ROUND_SECONDS = 10.0
"""After this time no more notes are sent until the next signing: the agent whose entry is signed is waiting.

With GIVE_SECONDS for the last one, a whole giving takes twice that at most, however much there is to give.
"""


class NotKept(Exception):
    """The second place did not take what it was given. `why` is the rest of a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class SecondPlace(Protocol):
    """Where checkpoints and incidents are kept beside the database. `name` is what an operator calls it."""

    @property
    def name(self) -> str: ...

    def newest(self) -> SignedNote | None:
        """The newest checkpoint that it is known to hold. Raises OSError."""

    def notes(self) -> Iterator[str]:
        """The notes that can be read back from it, oldest first. Raises StoreUnavailable."""

    def take(self, notes: Iterable[str]) -> None:
        """Keep these notes, in order of their size. Raises NotKept; those before the problem are kept."""

    def take_incident(self, incident: Mapping[str, object]) -> None:
        """Keep one incident. Raises NotKept."""

    def take_what_waits(self) -> None:
        """Keep the incidents that it could not take before. Raises NotKept."""

    def set_aside(self, at: datetime) -> Path | None:
        """Start again: its statements of checkpoints are kept under another name (None: none). Raises OSError."""


def checkpoint_store_of(settings: Settings) -> SecondPlace:
    """The second place that the settings name."""
    if settings.checkpoint_command:
        return GivenToCommand(settings.checkpoint_command, settings.checkpoint_folder)
    return KeptInFolder(settings.checkpoint_folder)


@dataclass(frozen=True)
class KeptInFolder:
    """A folder with one file of checkpoints and one of incidents; both only grow."""

    folder: Path

    @property
    def name(self) -> str:
        return str(self.folder)

    def newest(self) -> SignedNote | None:
        return newest_kept(self.folder)

    def notes(self) -> Iterator[str]:
        return kept_notes(self.folder)

    def take(self, notes: Iterable[str]) -> None:
        try:
            append_notes(self.folder, notes)
        except OSError as problem:
            raise NotKept(problem.strerror or "it cannot be written") from None

    def take_incident(self, incident: Mapping[str, object]) -> None:
        try:
            append_line(self.folder / INCIDENTS, json.dumps(incident))
        except OSError as problem:
            raise NotKept(problem.strerror or "it cannot be written") from None

    def take_what_waits(self) -> None:
        """Nothing waits here: an incident that could not be written was said to the person."""

    def set_aside(self, at: datetime) -> Path | None:
        return set_file_aside(self.folder, at)


@dataclass
class _Round:
    """One giving, of incidents and notes together: bounded in time, and never without anything given."""

    began: float = field(default_factory=lambda: monotonic())
    given: int = 0

    def require_time(self, left: int, what: str) -> None:
        """Raises NotKept, which says how many are left for the next time, once this one is over."""
        if self.given and monotonic() - self.began > ROUND_SECONDS:
            raise NotKept(f"it is slow, and {left} {what if left == 1 else what + 's'} more must wait")


@dataclass(frozen=True)
class GivenToCommand:
    """A command that is given one note, or one incident as a line of JSON, each time it is run.

    What it kept cannot be read back. `folder`, at home, holds the newest note that it accepted, so that after a
    failure or a crash the next one offered is the one after that; one that was accepted may be offered once more.
    One such object serves one giving, however often it is asked to take something.
    """

    command: str = field(repr=False)
    folder: Path
    round: _Round = field(default_factory=_Round, repr=False, compare=False)

    @property
    def name(self) -> str:
        return "the command in CS_CONSOLE_CHECKPOINTS"

    def newest(self) -> SignedNote | None:
        with suppress(FileNotFoundError, NotANote, UnicodeDecodeError):  # spoilt, it is as good as none: all is offered
            return read_note((self.folder / ACCEPTED).read_text("utf-8"))
        return None

    def notes(self) -> Iterator[str]:
        with suppress(OSError, UnicodeDecodeError):
            yield (self.folder / ACCEPTED).read_text("utf-8")

    def take(self, notes: Iterable[str]) -> None:
        with suppress(LockHeld):  # another console is giving them
            try:
                self._make_folder()
                with file_lock(self.folder / ".giving"):
                    known = self.newest()  # another console may have been quicker
                    left = [note for note in notes if known is None or read_note(note).size > known.size]
                    for given, note in enumerate(left):
                        self.round.require_time(len(left) - given, "checkpoint")
                        self._give(note)
                        replace_file(self.folder / ACCEPTED, note)
            except OSError as problem:
                raise NotKept(f"{self.folder}: {problem.strerror}") from None

    def take_incident(self, incident: Mapping[str, object]) -> None:
        line = json.dumps(incident) + "\n"
        try:
            self._give(line)
        except NotKept:
            with suppress(OSError):
                self._make_folder()
                replace_file(self.folder / f"incident-{time_ns()}-{secrets.token_hex(4)}.json", line)
            raise

    def take_what_waits(self) -> None:
        waiting = sorted(self.folder.glob("incident-*.json"))
        for given, file in enumerate(waiting):
            self.round.require_time(len(waiting) - given, "incident")
            with suppress(FileNotFoundError):  # another console was quicker
                self._give(file.read_text("utf-8"))
                file.unlink()

    def set_aside(self, at: datetime) -> Path | None:
        kept = self.folder / f"accepted-{at:%Y%m%dT%H%M%SZ}.txt"
        try:
            (self.folder / ACCEPTED).rename(kept)
        except FileNotFoundError:
            return None
        return kept

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _give(self, text: str) -> None:
        try:
            run_command(self.command, GIVE_SECONDS, text.encode())
        except CommandFailed as problem:
            raise NotKept(problem.why) from None
        self.round.given += 1
