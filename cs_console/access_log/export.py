"""Exporting the access log as JSON Lines or CSV, on the record."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TextIO

from defusedcsv import csv
from sqlalchemy import select
from sqlmodel import col

from cs_console.access_log.action_words import action_words
from cs_console.access_log.append import record
from cs_console.access_log.canonical import SAID
from cs_console.access_log.entry import Entry
from cs_console.access_log.review import EntryView, entry_view
from models.columns import microseconds
from models.enums import Action
from models.log import LogEntry
from models.roles import REVIEWS_LOG

if TYPE_CHECKING:
    from cs_console.desk import DeskSession

_BATCH = 1000
_HEADINGS = (*SAID, "what")
"""Of CSV: an entry's columns, then its action in words, for those who read it in a spreadsheet."""
_ENTRIES = select(*(col(getattr(LogEntry, name)) for name in SAID)).order_by(col(LogEntry.seq)).limit(_BATCH)


class Form(StrEnum):
    """What an export can be written as."""

    JSONL = "jsonl"
    CSV = "csv"


def export_log(session: "DeskSession", out: TextIO, since: datetime | None, form: Form) -> int:
    """Write the entries from `since` on (all, if None), oldest first; return how many. Times are ISO 8601 in UTC.

    The export is recorded, durably, before its first line is written, and holds that record too. CSV cells that a
    spreadsheet would take for a formula get a leading apostrophe (ASVS 1.2.10). Raises NotAllowed, SessionEnded.
    """
    with session.work(*REVIEWS_LOG) as db:
        words = ("since",) if since is not None else ()
        last = record(db, session, Entry(Action.LOG_EXPORTED, fields=words, reason=form.value))
    write = _WRITERS[form](out)
    count = 0
    for view in _entries(session, since, last):
        write(view)
        count += 1
    return count


def _entries(session: "DeskSession", since: datetime | None, last: int) -> Iterator[EntryView]:
    seq, wanted = 0, [col(LogEntry.seq) <= last]
    if since is not None:
        wanted.append(col(LogEntry.at) >= microseconds(since))
    while True:
        with session.reading(*REVIEWS_LOG) as db:  # a short transaction per batch: a slow disk blocks no one
            rows = db.connection().execute(_ENTRIES.where(*wanted, col(LogEntry.seq) > seq)).all()
        if not rows:
            return
        yield from (entry_view(row) for row in rows)
        seq = rows[-1].seq


def _jsonl_writer(out: TextIO) -> Callable[[EntryView], None]:
    def write(view: EntryView) -> None:
        out.write(json.dumps(_columns(view)) + "\n")

    return write


def _csv_writer(out: TextIO) -> Callable[[EntryView], None]:
    rows = csv.writer(out)
    rows.writerow(_HEADINGS)

    def write(view: EntryView) -> None:
        columns = {**_columns(view), "what": action_words(view.action)}
        rows.writerow([_tame(value) for value in columns.values()])

    return write


_WRITERS: dict[Form, Callable[[TextIO], Callable[[EntryView], None]]] = {
    Form.JSONL: _jsonl_writer,
    Form.CSV: _csv_writer,
}


def _columns(view: EntryView) -> dict[str, object]:
    return {name: getattr(view, name) for name in SAID} | {"at": _iso(view.at)}


def _tame(value: object) -> object:
    """What the CSV library leaves: a cell that begins with a tab, a carriage return or a NUL (SECURITY.md)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("\t", "\r", "\0") and value else value


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
