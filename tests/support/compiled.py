"""SQL statements compiled once for all the engines of a test process, as one console compiles them once."""

from functools import partial

import pytest
from sqlalchemy import Dialect, create_engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from cs_console import database

_compiled: LRUCache[object, object] = LRUCache(4000)


def share_compiled_statements(patch: pytest.MonkeyPatch) -> None:
    """Let every engine made from now on take compiled statements from one store.

    They are kept by dialect, of which each engine has an object of its own: two of a kind count as the same here.
    """
    for kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        patch.setattr(kind, "__hash__", _hash)
        patch.setattr(kind, "__eq__", _same)
    patch.setattr(database, "create_engine", partial(create_engine, execution_options={"compiled_cache": _compiled}))


def _hash(one: Dialect) -> int:
    return hash(type(one))


def _same(one: Dialect, other: object) -> bool:
    return type(one) is type(other)
