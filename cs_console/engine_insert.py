"""The engine's own INSERT, which can say what becomes of a row that is there already."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import Connection

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

    OwnInsert = Callable[..., PostgresqlInsert | SqliteInsert]


def own_insert(connection: Connection) -> "OwnInsert":
    """`insert` as SQLAlchemy has it for the engine behind this connection, with its `on_conflict_do_...`."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert  # 2 MiB that SQLite has no use for

        return postgresql_insert
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert  # of no use to a server in turn

    return sqlite_insert
