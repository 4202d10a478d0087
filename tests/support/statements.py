"""What the store is asked meanwhile."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, event

from cs_console.prepared import Prepared
from tests.support.desk import TestDesk


@contextmanager
def statements(test_desk: TestDesk) -> Iterator[list[str]]:
    """Every statement that the store is given meanwhile, the prepared ones too: the same ones take the same time."""
    engine = test_desk.desk.database.engine
    given: list[str] = []
    begin = Prepared.begin

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        given.append(statement)

    def note_prepared(self: Prepared, cursor: Any, connection: Connection, values: Mapping[str, Any]) -> None:
        if connection.engine.url == engine.url:  # the keyring is asked so too
            given.append(str(self._statement))
        begin(self, cursor, connection, values)

    event.listen(engine, "before_cursor_execute", note)
    with patch.object(Prepared, "begin", note_prepared):
        yield given
    event.remove(engine, "before_cursor_execute", note)
