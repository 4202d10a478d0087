"""What the store is asked meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from tests.support.desk import TestDesk


@contextmanager
def statements(test_desk: TestDesk) -> Iterator[list[str]]:
    """Every statement that the store is given meanwhile: the same ones take the same time."""
    engine = test_desk.desk.database.engine
    given: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        given.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield given
    event.remove(engine, "before_cursor_execute", note)
