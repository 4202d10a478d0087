"""Putting a backup in the desk's place: checked and made ready beside it, then swapped in one step.

A restored desk is an older one. Its log records it, sessions of that day end, and checkpoints that state more than
it holds are kept aside, for questions about what was lost.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.access_log.append import append, record, sign_now
from cs_console.access_log.entry import Actor, Entry
from cs_console.access_log.pinned_log import agrees_with_memories, forget_what_was_stated
from cs_console.access_log.state import log_state
from cs_console.access_log.verify import verify_log
from cs_console.backups.making import FILE_MODE, begin, copy_sqlite, require_whole, sync_folder
from cs_console.clock import Clock, SystemClock
from cs_console.custody.desk_keys import requesters_without_key
from cs_console.custody.erasing import apply_again, brought_back
from cs_console.custody.index_rotation import rebuild
from cs_console.custody.set_aside_ends import look_for_keys_brought_back
from cs_console.database import Database
from cs_console.desk import Desk, OperatorSession, operator_session
from cs_console.errors import (
    BadInput,
    ConsoleError,
    NoDesk,
    NotADatabase,
    StoreBusy,
    StoreUnavailable,
)
from cs_console.opening import open_desk
from cs_console.plain_text import one_line
from cs_console.settings import Settings
from cs_console.staff.second_person import Confirming, require_password_of
from cs_console.staff.sessions import end_and_record
from models.agent import Agent
from models.agent_session import AgentSession
from models.desk_identity import DeskIdentity
from models.enums import Action
from models.roles import CONFIRMS_RESTORE

LONGEST_REASON = 200
_WORKSHOP = "restoring-"
_ENDED = {
    Action.DESK_RESTORED: "the desk was restored from a backup",
    Action.LOG_ACCEPTED: "an operator accepted the current log",
}
"""Why sessions are over."""


@dataclass(frozen=True)
class Consent:
    """How many people an operator expects to be erased again, and the second person who confirms the number."""

    erases: int
    second: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Restored:
    """What became of it: entries in the log before and after (None where the old one could not be read), where the
    desk that stood there, and its checkpoints, are kept (None where there was none), and how many requesters, erased
    since the backup, were erased again. Not erased were `unproven`: the list of the erased names them without a proof,
    and `without_key`, whose key is missing."""

    entries_before: int | None
    entries_after: int
    old_desk: Path | None
    old_checkpoints: Path | None
    erased_again: int
    unproven: int = 0
    without_key: int = 0


def restore(settings: Settings, file: Path, reason: str, clock: Clock | None = None) -> Restored:
    """Put a backup of the database in the place of the present one. No console may be open.

    Refused, with nothing touched: a file that is cut, damaged, of a newer version or of another desk, a backup whose
    log does not hold, a desk that is in use, a database on a server. A crash leaves the old desk or the restored
    one. Raises BadInput, NotADatabase, StoreTooNew, StoreBusy, StoreUnavailable, KeyUnavailable.
    """
    words = _reason(reason)
    place = Database(settings.database).file
    if place is None:
        raise BadInput("The database is on a PostgreSQL server.", "Use pg_restore, then `cs-console restore --finish`.")
    if not file.is_file():
        raise BadInput(f"There is no file {file}.", "Name a file made by `cs-console backup`.")
    require_whole(file)
    _require_a_desk(file)
    clock = clock or SystemClock()
    before = _size_of(settings, clock)
    try:
        with _workshop(place.parent) as shop:
            ready = shop / "console.db"
            begin(ready)
            copy_sqlite(file, ready)
            with _desk_at(settings, shop, clock, f"sqlite:///{ready}") as desk:
                desk.database.migrate()
                _require_own_and_whole(desk)
                unproven = brought_back(desk, settings).unproven
                erased = apply_again(desk, told_in=settings)
                look_for_keys_brought_back(desk)
                rebuild(desk)
                without_key = requesters_without_key(desk.database, desk.keyring)
                lost = "" if before is None else f" (the log had {before} entries)"
                after = _say_what_came(operator_session(desk), Action.DESK_RESTORED, words + lost)
            _close_journal(ready)
            old_desk = _swap(ready, place, clock.now())
            kept = _begin_anew(settings, clock)
            return Restored(before, after, old_desk, kept, erased, unproven, without_key)
    except OSError as problem:
        raise StoreUnavailable(
            f"The backup cannot be put in place: {problem.strerror}.", "Check the folder's permissions and space."
        ) from None


def finish(settings: Settings, reason: str, clock: Clock | None = None, consent: Consent | None = None) -> Restored:
    """Do what `restore` does around a database that someone put back by hand, or by `pg_restore`.

    Where it would erase people again it needs their number, and a supervisor, privacy officer or admin beside the
    operator. Raises as `restore`, and with no one erased BadInput, NotAllowed, SignInRefused, SignInMustWait.
    """
    return _take_as_it_stands(settings, Action.DESK_RESTORED, _reason(reason), clock or SystemClock(), consent)


def accept(settings: Settings, reason: str, clock: Clock | None = None, consent: Consent | None = None) -> Restored:
    """Go on with a log that reviewers were stopped at, or the second place contradicts: what `finish` does.

    Refused if nothing contradicts the log: what was seen is not set aside without need. Raises as `finish`.
    """
    words = _reason(reason)
    clock = clock or SystemClock()
    desk = open_desk(settings, clock)
    try:
        if verify_log(desk).ok and agrees_with_memories(desk):
            raise BadInput(
                "There is nothing to accept: the log continues the one that reviewers and the second place saw.",
                "Nothing was changed.",
            )
    finally:
        desk.close()
    return _take_as_it_stands(settings, Action.LOG_ACCEPTED, words, clock, consent)


def _take_as_it_stands(
    settings: Settings, action: Action, words: str, clock: Clock, consent: Consent | None
) -> Restored:
    """Check the desk by itself, say in its log why it is another one than before, and set aside what was stated."""
    with (
        tempfile.TemporaryDirectory(prefix="cs-console-") as shop,
        _desk_at(settings, Path(shop), clock, settings.database) as desk,
    ):
        desk.database.migrate()
        _require_own_and_whole(desk)
        unproven = _agree(desk, settings, action, consent)
        erased = apply_again(desk, told_in=settings)
        look_for_keys_brought_back(desk)
        rebuild(desk)
        without_key = requesters_without_key(desk.database, desk.keyring)
        after = _say_what_came(operator_session(desk), action, words)
    try:
        return Restored(None, after, None, _begin_anew(settings, clock), erased, unproven, without_key)
    except OSError as problem:
        raise StoreUnavailable(
            f"The checkpoints cannot be set aside: {problem.strerror}.", "Check their folder, then run this again."
        ) from None


def _agree(desk: Desk, settings: Settings, action: Action, consent: Consent | None) -> int:
    """Refuse to erase people again unless their number was named and a second person agrees; nothing is asked for none.

    Returns how many others the list of the erased names without a proof: they are left alone.
    """
    back = brought_back(desk, settings)
    number = len(back.alive)
    if number != (consent.erases if consent else 0):
        people = "1 person" if number == 1 else f"{number} people"
        others = f" {back.unproven} more are listed without a proof and are not erased." if back.unproven else ""
        raise BadInput(
            f"This would erase {people} again, whose erasure the access log proves.{others} Nothing was changed.",
            f"If that is right, run it again with --erases {number} --second NAME, and that account's password "
            "on standard input: a supervisor's, a privacy officer's or an admin's."
            if number
            else "Run it again with --erases 0, or without.",
        )
    if consent and number:
        _require_second(desk, action, consent)
    return back.unproven


def _require_second(desk: Desk, action: Action, consent: Consent) -> None:
    if not consent.second:
        raise BadInput("A second person must agree.", "No one was erased; name their account with --second.")
    second = require_password_of(desk, Confirming(consent.second, consent.password), *CONFIRMS_RESTORE)
    with desk.database.transaction() as db:
        actor = Actor(second.name, ",".join(sorted(second.roles)), "", desk.host)
        entry = Entry(action, reason="second person", about={"agent": second.id, "erases": str(consent.erases)})
        append(db, desk, actor, entry, desk.clock.now())


def _begin_anew(settings: Settings, clock: Clock) -> Path | None:
    """Set aside what was stated, and state at once what is there now: else the next tampering would have no witness.

    Returns where the second place's checkpoints are kept, None where there were none. Raises OSError.
    """
    kept = forget_what_was_stated(settings, clock.now())
    with suppress(ConsoleError), closing(open_desk(settings, clock)) as desk:  # upkeep signs it otherwise
        sign_now(desk)
    return kept


def _require_a_desk(file: Path) -> None:
    try:
        Database(f"sqlite:///{file.absolute()}").check()
    except NoDesk:
        raise NotADatabase(
            f"{file} is not a backup of a desk's data.", "Nothing was changed; use another one."
        ) from None


def _reason(reason: str) -> str:
    words = one_line(reason, LONGEST_REASON + 1)
    if not words or len(words) > LONGEST_REASON:
        raise BadInput(f"A reason of up to {LONGEST_REASON} characters is needed.", "Give it with --reason.")
    return words


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """A folder for the owner alone, on the same disk as the desk; what a crash left there before is removed."""
    for left in folder.glob(f"{_WORKSHOP}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_WORKSHOP, dir=folder) as made:
        yield Path(made)


@contextmanager
def _desk_at(settings: Settings, shop: Path, clock: Clock, database_url: str) -> Iterator[Desk]:
    """The desk over that database, apart from the second place: that one may state more than a backup holds."""
    apart = settings.model_copy(update={"database_url": database_url, "checkpoints": str(shop / "checkpoints")})
    desk = open_desk(apart, clock)
    try:
        yield desk
    finally:
        desk.close()


def _size_of(settings: Settings, clock: Clock) -> int | None:
    """How many entries the present log has, None where it cannot be read: that may be why it is restored."""
    try:
        desk = open_desk(settings, clock)
    except ConsoleError:
        return None
    try:
        return log_state(desk).size
    finally:
        desk.close()


def _require_own_and_whole(desk: Desk) -> None:
    with desk.database.reading() as db:
        desk_id = db.connection().execute(select(col(DeskIdentity.id))).scalar()
    if desk_id is None or not desk.keyring.belongs_to(desk_id):
        raise BadInput(
            "This backup belongs to another desk: the keyring here cannot open it.", "Nothing was changed; use another."
        )
    verdict = verify_log(desk)
    if not verdict.ok:
        raise NotADatabase(
            f"The log in this database is inconsistent ({verdict.kind} at {verdict.first_bad}).",
            "Nothing was changed; use an older backup.",
        )


def _say_what_came(session: OperatorSession, action: Action, reason: str) -> int:
    """End that day's sessions and write down what became of the desk; returns the size of the log then."""
    with session.work(operator=True) as db:
        for agent in _with_sessions(db):
            account = Actor(agent.name, agent.roles, "", session.desk.host)
            end_and_record(db, session.desk, account, agent.id, _ENDED[action])
        return record(db, session, Entry(action, reason=reason))


def _with_sessions(db: Session) -> list[Agent]:
    live = select(col(AgentSession.agent_id)).where(col(AgentSession.ended_at).is_(None))
    return list(db.scalars(select(Agent).where(col(Agent.id).in_(live)).order_by(col(Agent.name))))


def _close_journal(file: Path) -> None:
    """Leave nothing beside the file. Raises StoreBusy while another process has it open."""
    try:
        with closing(sqlite3.connect(file, timeout=1)) as opened:
            mode = opened.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
    except sqlite3.Error as problem:
        mode = "locked" if "locked" in str(problem) else "damaged"
    if mode not in ("delete", "damaged"):
        raise StoreBusy("A console is open on this desk.", "Nothing was changed; close every console, then try again.")


def _swap(ready: Path, place: Path, at: datetime) -> Path | None:
    """Put `ready` in its place in one step; the file that stood there is kept under another name."""
    kept = None
    if place.exists():
        _close_journal(place)
        kept = place.with_name(f"{place.name}.before-{at:%Y%m%dT%H%M%SZ}")
        kept.unlink(missing_ok=True)
        place.chmod(FILE_MODE)
        os.link(place, kept)
    for end in ("-wal", "-shm"):  # of a damaged file: they would be taken for the new one's
        beside = place.with_name(place.name + end)
        if beside.exists():
            beside.replace(place.with_name(f"{place.name}.before-{at:%Y%m%dT%H%M%SZ}{end}"))
    ready.chmod(FILE_MODE)
    ready.replace(place)
    sync_folder(place.parent)
    return kept
