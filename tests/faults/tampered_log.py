"""A signed log to tamper with: as it stands, as it stood on each older day, and the way back to how it was."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cs_console.access_log.canonical import COLUMNS
from cs_console.access_log.checkpoint import LogSigner, log_signer
from cs_console.access_log.checkpoint_folder import FILE_NAME
from tests.access_log.tampering import Hand, fill, fill_and_sign, hand
from tests.support.desk import TestDesk

SIGNED = (6, 13, 19)
"""The sizes at which the log was signed."""
SIZE = 24
TABLES = {
    "log_entry": COLUMNS,
    "checkpoint": ("size", "at", "note", "tag"),
    "log_head": ("id", "size", "frontier", "tag"),
}

State = dict[str, list[tuple[Any, ...]]]
"""The rows of the log's three tables."""


@dataclass
class TamperedLog:
    """The desk, chance, and what a thief of backups holds: the log's rows, or the whole SQLite file, of older days."""

    made: TestDesk
    rng: Random
    days: list[State] = field(default_factory=list)
    """By size, from the empty log on; the last one is today's."""
    files: dict[int, Path] = field(default_factory=dict)
    """Copies of the whole SQLite file, by the log's size."""

    def __post_init__(self) -> None:
        self._keep()
        for size in range(1, SIZE + 1):
            if size in SIGNED:
                fill_and_sign(self.made, 1)
            else:
                fill(self.made, 1)
            self._keep()
        self.checkpoint_store_of = self.made.desk.settings.checkpoint_folder / FILE_NAME
        self._stated = self.checkpoint_store_of.read_bytes()
        with self.made.desk.database.reading() as db:
            self.signer = log_signer(db, self.made.desk)

    @property
    def sqlite_file(self) -> Path | None:
        return self.made.desk.database.file

    def an_entry(self) -> int:
        return self.rng.randint(1, SIZE)

    def a_checkpoint(self) -> int:
        return self.rng.choice(SIGNED)

    def an_older_day(self) -> int:
        """A size before the newest checkpoint: what was recorded after it is not stated anywhere."""
        return self.rng.randrange(SIGNED[-1])

    def other_signer(self) -> LogSigner:
        """The log's name under an attacker's own key."""
        return LogSigner(self.signer.name, Ed25519PrivateKey.generate())

    def head(self, size: int) -> tuple[Any, ...]:
        """The head as the console wrote it on that day: id, size, frontier, tag."""
        return self.days[size]["log_head"][0]

    def put(self, day: State) -> None:
        """Put the rows of some day in place of those that are there."""
        with hand(self.made) as store:
            for table, rows in day.items():
                store.run(f"DELETE FROM {table}")
                for row in rows:
                    insert(store, table, row)

    def put_file_back(self, size: int) -> None:
        """Put the whole SQLite file of an older day in the place of today's."""
        file = self.sqlite_file
        assert file is not None
        self.made.desk.database.close()
        for beside in ("-wal", "-shm"):
            file.with_name(file.name + beside).unlink(missing_ok=True)
        file.write_bytes(self.files[size].read_bytes())

    def undo(self) -> None:
        """Everything as it was recorded."""
        self.put(self.days[-1])
        self.checkpoint_store_of.write_bytes(self._stated)

    def _keep(self) -> None:
        with hand(self.made) as store:
            self.days.append(
                {table: store.rows(f"SELECT {', '.join(columns)} FROM {table}") for table, columns in TABLES.items()}
            )
        if self.sqlite_file is not None:
            size = len(self.days) - 1
            copy = self.made.desk.settings.home.parent / f"day-{size}.db"
            with closing(sqlite3.connect(self.sqlite_file)) as now, closing(sqlite3.connect(copy)) as then:
                now.backup(then)
            self.files[size] = copy


def insert(store: Hand, table: str, row: tuple[Any, ...]) -> None:
    """Put one row into one of the log's tables."""
    columns = TABLES[table]
    values = dict(zip(columns, row, strict=True))
    store.run(f"INSERT INTO {table} ({', '.join(columns)}) VALUES (:{', :'.join(columns)})", **values)
