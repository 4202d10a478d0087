"""`doctor` names triggers, views and rules in the database that the console did not create."""

import pytest
from sqlalchemy import text

from cs_console.foreign_objects import foreign_objects
from tests.support.desk import TestDesk

ON_FILE = {
    "CREATE TRIGGER hides_it AFTER INSERT ON log_entry BEGIN DELETE FROM contact; END": "trigger hides_it",
    "CREATE VIEW seen AS SELECT * FROM log_entry": "view seen",
    "DROP TRIGGER log_entry_no_delete": "trigger log_entry_no_delete is gone",
}
ON_SERVER = {
    "CREATE VIEW seen AS SELECT * FROM log_entry": "view seen",
    "CREATE RULE drops_it AS ON INSERT TO message DO INSTEAD NOTHING": "rule drops_it",
    "ALTER TABLE ticket ENABLE ROW LEVEL SECURITY": "row security on ticket",
    "CREATE TRIGGER late AFTER INSERT ON ticket FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()": "trigger late",
    "DROP TRIGGER log_entry_append_only ON log_entry": "trigger log_entry_append_only is gone",
}


def found(made: TestDesk) -> tuple[str, ...]:
    with made.desk.database.reading() as db:
        return foreign_objects(db.connection())


def test_each_thing_that_is_not_the_consoles_is_named(test_desk: TestDesk) -> None:
    assert found(test_desk) == ()
    database = test_desk.desk.database
    for statement, name in (ON_FILE if database.is_sqlite else ON_SERVER).items():
        with database.transaction() as db:
            db.connection().execute(text(statement))
        assert name in found(test_desk)


@pytest.mark.parametrize("statement", ON_FILE)
def test_doctor_says_so(sqlite_desk: TestDesk, statement: str) -> None:
    from cs_console.commands.checks import examine

    with sqlite_desk.desk.database.transaction() as db:
        db.connection().execute(text(statement))
    check = next(one for one in examine(sqlite_desk.desk.settings) if one.name == "database contents")
    assert not check.ok and ON_FILE[statement] in check.words
