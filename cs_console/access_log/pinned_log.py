"""What a reviewer's console remembers of the log, and demands at the next sign-in: the same log, only longer.

A database put back to an older day holds together by itself, and so does one that went on from there. Neither can
hold what was seen since: the tree over the remembered entries and those after them has another root (RFC 6962, 2.1.2).
"""

import base64
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cs_console.access_log.canonical import entry_bytes
from cs_console.access_log.checkpoint import Checkpoint, latest, log_signer, write_checkpoint
from cs_console.access_log.checkpoint_folder import replace_file
from cs_console.access_log.checkpoint_store import NotKept, checkpoint_store_of
from cs_console.access_log.head import HEAD, genuine_tree
from cs_console.access_log.merkle import Frontier, leaf_hash
from cs_console.access_log.signed_note import read_note
from cs_console.access_log.stated_heads import set_heads_aside, stands_against
from cs_console.access_log.stored_log import NoTable, stored_log
from cs_console.errors import ConsoleError, LogBroken, LogPutBack
from cs_console.file_lock import LockHeld, file_lock
from cs_console.settings import Settings

if TYPE_CHECKING:
    from cs_console.desk import Desk

_LOCK = ".lock"
_TRIES = 5
_WAIT_SECONDS = 10.0


@dataclass(frozen=True)
class Remembered:
    """The log as it was seen: a checkpoint and the tree that it signs."""

    note: str
    tree: Frontier


@dataclass(frozen=True)
class _Look:
    """What was seen, what the head states now, and a sentence where the one is not the other, grown."""

    seen: Remembered | None
    found: Frontier | None
    flaw: str = ""


def require_grown(desk: "Desk", name: str, agent_id: str) -> None:
    """Refuse a log that is not the one this account saw last, nor the one that was stated outside the database, with
    entries added. Costs what is new, in flat memory.

    An account that has seen none yet trusts what is there, where nothing was stated. A refusal is first written to the
    second place, which a restored database does not reach. Raises LogPutBack, StoreUnavailable, KeyUnavailable.
    """
    look = _look(desk, _file_of(desk.settings, agent_id))
    if look.flaw:
        problem = _write_incident(desk, name, look)
        raise LogPutBack(f"{look.flaw} {problem}".rstrip())


def remember(desk: "Desk", name: str, agent_id: str) -> None:
    """Keep the log's newest signed state for this account's next sign-in, if it is the log of before, grown.

    Another log is never learned: it is written to the second place as an incident, what was remembered stays, and
    the next sign-in stops. What cannot be kept now leaves the older memory in force.
    """
    folder = desk.settings.memory_folder
    with suppress(ConsoleError, OSError, LockHeld):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file_lock(folder / _LOCK, _WAIT_SECONDS):  # else a slower console would put back what a newer one kept
            _learn(desk, name, _file_of(desk.settings, agent_id))


def agrees_with_memories(desk: "Desk") -> bool:
    """Whether the stored log is what every account here saw last, grown. Raises StoreUnavailable, KeyUnavailable."""
    files = sorted(desk.settings.memory_folder.glob("*.json"))
    return not any(_look(desk, file).flaw for file in files)


def forget_what_was_stated(settings: Settings, at: datetime) -> Path | None:
    """Start again after an intended restore: what was remembered and what the second place states are kept aside.

    Returns where the second place's checkpoints are kept, None where there were none. `at` is in UTC. Raises OSError.
    """
    for file in settings.memory_folder.glob("*.json"):
        file.replace(file.with_name(f"{file.name}.{at:%Y%m%dT%H%M%SZ}"))
    set_heads_aside(settings.checkpoint_folder, at)
    return checkpoint_store_of(settings).set_aside(at)


def _learn(desk: "Desk", name: str, file: Path) -> None:
    for _ in range(_TRIES):
        signed = _newest_signed(desk)
        look = _look(desk, file)
        if look.flaw:
            _write_incident(desk, name, look)
            return
        if signed is None or look.found is None:
            return
        if (signed.size, signed.root) == (look.found.size, look.found.root()):
            _write(file, Remembered(signed.note, look.found))
            return
        # another console was quicker, and its entries have to be signed too


def _newest_signed(desk: "Desk") -> Checkpoint | None:
    try:
        return write_checkpoint(desk, force=True) or latest(desk)
    except LogBroken:
        return None  # such a log is checked in any case


def _file_of(settings: Settings, agent_id: str) -> Path:
    return settings.memory_folder / f"{agent_id}.json"


def _read(desk: "Desk", file: Path) -> Remembered | None:
    """What the file says, None unless it is a genuine checkpoint of this log with its very tree."""
    try:
        kept = json.loads(file.read_text("utf-8"))
        note = read_note(kept["note"])
        tree = Frontier(note.size, base64.b64decode(kept["tree"], validate=True))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # NotANote is a ValueError
        return None
    with desk.database.reading() as db:
        genuine = log_signer(db, desk).verifier.accepts(note)
    return Remembered(kept["note"], tree) if genuine and tree.root() == note.root else None


def _write(file: Path, remembered: Remembered) -> None:
    """Replace the file in one step, readable by its owner alone. Raises OSError."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    tree = base64.b64encode(remembered.tree.packed).decode()
    replace_file(file, json.dumps({"note": remembered.note, "tree": tree}, ensure_ascii=False))


def _look(desk: "Desk", file: Path) -> _Look:
    """Hold the stored log against what the file remembers of it, or against nothing where there is no such file."""
    if not file.exists():
        return _Look(None, _head(desk), stands_against(desk))
    remembered = _read(desk, file)
    if remembered is None:
        flaw = f"What this console remembers of the access log cannot be read: {file} was changed."
        return _Look(None, _head(desk), flaw)
    holds, found = _compare(desk, remembered.tree)
    flaw = "The access log is not the one you last saw: it was reset to an older state, or rewritten."
    return _Look(remembered, found, stands_against(desk) if holds else flaw)


def _compare(desk: "Desk", seen: Frontier) -> tuple[bool, Frontier | None]:
    """Whether the stored log is what was seen with entries added, in one view of it; and what its head states."""
    grown, head = Frontier(seen.size, seen.packed), None
    try:
        with stored_log(desk.database) as stored:
            head = genuine_tree(desk.log_tag_key, stored.head())
            if head is not None:
                for batch in stored.entries(after=seen.size):
                    grown.extend([leaf_hash(entry_bytes(row)) for row in batch])
    except (NoTable, TypeError, ValueError):  # no table, or a column that holds what the console never writes
        return False, head
    return head is not None and (grown.size, grown.root()) == (head.size, head.root()), head


def _head(desk: "Desk") -> Frontier | None:
    with desk.database.reading() as db:
        return genuine_tree(desk.log_tag_key, db.connection().execute(HEAD).first())


def _write_incident(desk: "Desk", name: str, look: _Look) -> str:
    """Write down elsewhere what does not fit. Returns "" or a sentence that says why that could not be done."""
    incident = {
        "at": desk.clock.now().astimezone(UTC).isoformat(),
        "what": "the access log differs from the one seen before",
        "account": name,
        "host": desk.host,
        "seen": None if look.seen is None else _stated(look.seen.tree),
        "found": None if look.found is None else _stated(look.found),
    }
    place = checkpoint_store_of(desk.settings)
    try:
        place.take_incident(incident)
    except NotKept as problem:
        return f"The incident could not be written to {place.name}: {problem.why}."
    return ""


def _stated(tree: Frontier) -> dict[str, object]:
    return {"size": tree.size, "root": tree.root().hex()}
