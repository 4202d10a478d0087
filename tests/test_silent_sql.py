"""What passes between the console and its stores is written to no log, whatever is switched on (ASVS 16.2.5)."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from cs_console.errors import StoreUnavailable
from cs_console.prepared import Prepared
from models.counter import Counter
from models.quarantined import Quarantined
from tests.support.desk import TestDesk

CANARY = "Rotkehlchen51c8"
LOGGERS = ("", "sqlalchemy", "sqlalchemy.engine", "sqlalchemy.engine.Engine", "sqlalchemy.pool", "psycopg")


class Heard(logging.Handler):
    """Every record that reaches it, in words."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {self.format(record)}")


@contextmanager
def everything_heard() -> Iterator[Heard]:
    """All that is logged while every logger that SQLAlchemy and the drivers have says all it can."""
    heard, before = Heard(), {name: logging.getLogger(name).level for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).addHandler(heard)
    try:
        yield heard
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
            logging.getLogger(name).removeHandler(heard)


@pytest.mark.parametrize("echo", [None, True, "debug"])
def test_neither_what_is_stored_nor_what_is_read_is_logged(
    test_desk: TestDesk, capfd: pytest.CaptureFixture[str], echo: bool | str | None
) -> None:
    desk = test_desk.desk
    with everything_heard() as heard:
        for engine in (desk.database.engine, desk.keyring.store.engine):
            if echo is not None:
                engine.echo = echo  # type: ignore[assignment]  # SQLAlchemy knows the word "debug" too
        logging.getLogger("tests").debug("the ears are open")
        with desk.database.transaction() as db:
            db.add(Counter(name=CANARY, value=5))
            db.flush()
            lines = [{"name": f"{CANARY}-{number}", "value": number} for number in range(3)]
            db.connection().execute(insert(Counter), lines)
        with desk.database.reading() as db:
            assert db.get_one(Counter, CANARY).value == 5
            names = db.connection().execute(select(col(Counter.name)).where(col(Counter.name) != "x")).scalars()
            assert f"{CANARY}-2" in names.all()
        found = Prepared(select(col(Counter.value)).where(col(Counter.name) == bindparam("name")))
        with desk.database.bare_transaction() as transaction:
            assert found.first(transaction, {"name": CANARY}) == (5,)
        key = desk.keyring.create(CANARY)
        assert desk.keyring.key(CANARY) == key
    said = "\n".join(heard.lines) + "".join(capfd.readouterr())
    assert "the ears are open" in said
    assert CANARY not in said


def test_an_error_of_the_store_names_no_value(test_desk: TestDesk) -> None:
    desk, at = test_desk.desk, test_desk.clock.now()
    twice = [
        {"id": CANARY, "digest": bytes([n]), "reason": CANARY, "content": b"", "size": 0, "at": at} for n in (1, 2)
    ]
    with everything_heard() as heard, pytest.raises(StoreUnavailable) as raised, desk.database.transaction() as one:
        one.connection().execute(insert(Quarantined), twice)
    assert CANARY not in "\n".join((*heard.lines, str(raised.value), repr(raised.value)))


def test_a_drivers_error_carries_no_parameters(sqlite_desk: TestDesk) -> None:
    """It stays behind a StoreUnavailable as its context, where a crash report could look."""
    with pytest.raises(IntegrityError) as raised, sqlite_desk.desk.database.engine.begin() as connection:
        connection.execute(insert(Counter), [{"name": CANARY, "value": 1}] * 2)
    assert CANARY not in str(raised.value)
