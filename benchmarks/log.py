"""Proving the log beside plain reading and hashing of its rows, and its pages and days beside the plain queries."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import insert, update
from sqlmodel import col

from benchmarks.result import Result, compare, interleaved
from benchmarks.scratch import scratch_desk, scratch_session
from cs_console.access_log.action_words import ANY_VIEW
from cs_console.access_log.canonical import COLUMNS, entry_bytes, new_salt
from cs_console.access_log.checkpoint import checkpoint_tag, copy_to_second_place, log_signer
from cs_console.access_log.day_counts import ENTRIES_UP_TO, day_counts
from cs_console.access_log.head import CHECKPOINT_ENTRIES, entry_tag, head_tag
from cs_console.access_log.log_filter import LogFilter
from cs_console.access_log.merkle import Frontier, leaf_hash
from cs_console.access_log.review import entries
from cs_console.access_log.verify import verify_log
from cs_console.desk import Desk
from models.columns import microseconds
from models.enums import Action
from models.enums import Result as Ended
from models.log import Checkpoint, LogEntry, LogHead
from models.roles import Role

SIZES = (10_000, 100_000)
BATCH = 10_000
AGENTS = 40
"""How many people work at the desk that the log is of."""


def run(*sizes: int) -> Iterator[Result]:
    """`size` is the number of entries, with a signed checkpoint every 256 in both places."""
    for size in sizes or SIZES:
        with scratch_desk() as desk:
            fill_log(desk, size)
            rounds = 3 if size > 200_000 else 7
            with plain_reading(desk) as read_and_hash:
                times = interleaved(partial(_verify, desk, size), read_and_hash, rounds, warm_up=1)
                yield compare("log verify", size, *times, entries_per_second=round(size / min(times[0]) * 1000))
            session = scratch_session(desk, "ines", Role.SUPERVISOR)
            wanted, middle = LogFilter(agent="agent-7"), size // 2
            with plain_page(desk, "agent-7", middle) as query:
                times = interleaved(lambda: entries(session, wanted, before=middle), query, 200)  # noqa: B023 - run now
                yield compare("log page", size, *times)
            views, day = LogFilter(action=ANY_VIEW), desk.clock.now().astimezone().date() - timedelta(days=1)
            with plain_views(desk, middle) as query:
                times = interleaved(lambda: entries(session, views, before=middle), query, 200)  # noqa: B023 - run now
                yield compare("log views", size, *times)
            with plain_day(desk, day) as query:
                times = interleaved(lambda: day_counts(session, (day,)), query, 200)  # noqa: B023 - run now
                yield compare("log day", size, *times)


def _verify(desk: Desk, size: int) -> None:
    verdict = verify_log(desk)
    if not verdict.ok or verdict.size != size:
        raise RuntimeError(f"the benchmark's own log is not whole: {verdict}")


def fill_log(desk: Desk, size: int) -> None:
    """A log of so many entries made with the console's own bytes, tags, tree and signatures, but in bulk."""
    tree, key = Frontier(), desk.log_tag_key
    began = microseconds(desk.clock.now()) - (size + 1) * 1_000_000  # a desk's time never runs before its newest entry
    made: list[dict[str, object]] = []
    signed: list[dict[str, object]] = []
    with desk.database.transaction() as db:
        connection = db.connection()
        signer = log_signer(db, desk)
        for seq in range(1, size + 1):
            row = _row(seq, began + seq * 1_000_000)
            leaf = leaf_hash(entry_bytes(row))
            tree.append(leaf)
            made.append(dict(zip(COLUMNS, (*row, entry_tag(key, leaf)), strict=True)))
            if seq % CHECKPOINT_ENTRIES == 0:
                note = signer.sign(seq, tree.root())
                tag = checkpoint_tag(key, seq, row[1], note)
                signed.append({"size": seq, "at": row[1], "note": note, "tag": tag})
            if len(made) == BATCH or seq == size:
                connection.execute(insert(LogEntry), made)
                made.clear()
        if signed:
            connection.execute(insert(Checkpoint), signed)
        head = {"size": size, "frontier": tree.packed, "tag": head_tag(key, tree)}
        connection.execute(update(LogHead).where(col(LogHead.id) == 1).values(**head))
    copy_to_second_place(desk)


def _row(seq: int, at: int) -> tuple[object, ...]:
    """Reveals, their ends, refusals and claimed tickets in turn, of many people about many requesters."""
    person, ticket = seq % AGENTS, 10_400 + seq * 7919 % 90_000
    who = (f"agent-{person}", "agent,verifier", f"{person * 0x9E3779B9:016x}", f"console-{person % 4}.example")
    about = (ticket, hashlib.sha256(str(ticket).encode()).hexdigest()[:16])
    what: tuple[object, ...]
    match seq % 4:
        case 0:
            what = (Action.TICKET_CLAIMED, *about, "", "", "", Ended.DONE, None, "", f'{{"to":"{person:032x}"}}')
        case 1:
            what = (Action.FIELD_REVEALED, *about, "mobile", "reply", f"{seq:032x}", Ended.DONE, None, "", None)
        case 2:
            what = (Action.VIEW_ENDED, *about, "mobile", "", "", Ended.DONE, 30, "", None)
        case _:
            what = (Action.REVEAL_REFUSED, *about, "e-mail", "reply", "", Ended.REFUSED, None, "not_verified", None)
    return (seq, at, *who, *what, new_salt())


def _file(desk: Desk) -> Path:
    file = desk.database.file
    assert file is not None, "a scratch desk is on SQLite"
    return file


@contextmanager
def plain_reading(desk: Desk) -> Iterator[Callable[[], None]]:
    """Every row read in order and put through SHA-256, with nothing but sqlite3 and hashlib."""
    connection = sqlite3.connect(_file(desk))

    form = "|".join(["%s"] * len(COLUMNS))  # the fastest way to bytes that plain Python has for such a row

    def read_and_hash() -> None:
        sha256 = hashlib.sha256
        for row in connection.execute(f"SELECT {', '.join(COLUMNS)} FROM log_entry ORDER BY seq"):
            sha256((form % row).encode()).digest()

    yield read_and_hash
    connection.close()


@contextmanager
def plain_page(desk: Desk, agent: str, before: int) -> Iterator[Callable[[], object]]:
    """The hundred entries of one agent before a number, with nothing but sqlite3."""
    connection = sqlite3.connect(_file(desk))
    at = connection.execute("SELECT at FROM log_entry WHERE seq = ?", (before,)).fetchone()[0]
    query = (
        f"SELECT {', '.join(COLUMNS)} FROM log_entry WHERE actor = ? AND (at, seq) < (?, ?) "
        "ORDER BY at DESC, seq DESC LIMIT 101"
    )
    yield lambda: connection.execute(query, (agent, at, before)).fetchall()
    connection.close()


@contextmanager
def plain_views(desk: Desk, before: int) -> Iterator[Callable[[], object]]:
    """The hundred views before a number, with nothing but sqlite3."""
    connection = sqlite3.connect(_file(desk))
    at = connection.execute("SELECT at FROM log_entry WHERE seq = ?", (before,)).fetchone()[0]
    query = (
        f"SELECT {', '.join(COLUMNS)} FROM log_entry WHERE action = 'field.revealed' AND (at, seq) < (?, ?) "
        "ORDER BY at DESC, seq DESC LIMIT 101"
    )
    yield lambda: connection.execute(query, (at, before)).fetchall()
    connection.close()


@contextmanager
def plain_day(desk: Desk, day: date) -> Iterator[Callable[[], object]]:
    """How many entries a local day has, counted as far as the console does, with nothing but sqlite3."""
    connection = sqlite3.connect(_file(desk))
    begins, ends = (
        microseconds(datetime(one.year, one.month, one.day).astimezone()) for one in (day, day + timedelta(days=1))
    )
    query = f"SELECT count(*) FROM (SELECT 1 FROM log_entry WHERE at >= ? AND at < ? LIMIT {ENTRIES_UP_TO + 1})"
    yield lambda: connection.execute(query, (begins, ends)).fetchall()
    connection.close()
