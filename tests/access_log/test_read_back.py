"""An entry that the store takes and then drops or changes is noticed in time: nothing is shown, no act is kept."""

from collections.abc import Callable

import pytest
from sqlalchemy import NullPool, create_engine, text

from cs_console.access_log.append import append, append_alone
from cs_console.access_log.entry import Actor, Entry
from cs_console.custody.disclosure import reveal
from cs_console.errors import ConsoleError, LogBroken
from models.enums import Action
from tests.custody.reveals import mobile_of, own_ticket
from tests.support.desk import TestDesk

ON_FILE = {
    "deleted": "CREATE TRIGGER mine AFTER INSERT ON log_entry BEGIN DELETE FROM log_entry WHERE seq = NEW.seq; END",
    "deleted once the head moves": "CREATE TRIGGER mine AFTER UPDATE ON log_head "
    "BEGIN DELETE FROM log_entry WHERE seq = NEW.size; END",
    "changed": "CREATE TRIGGER mine AFTER INSERT ON log_entry "
    "BEGIN UPDATE log_entry SET actor = 'eve' WHERE seq = NEW.seq; END",
}
_FUNCTION = "CREATE FUNCTION drop_entry() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {act}; RETURN NULL; END $$"
_DELETE = "DELETE FROM public.log_entry WHERE seq = (SELECT max(seq) FROM public.log_entry)"
_CHANGE = "UPDATE public.log_entry SET actor = 'eve' WHERE seq = (SELECT max(seq) FROM public.log_entry)"
ON_A_SERVER = {
    "deleted": (_DELETE, "CREATE TRIGGER mine AFTER INSERT ON log_entry EXECUTE FUNCTION drop_entry()"),
    "deleted once the head moves": (
        _DELETE,
        "CREATE TRIGGER mine AFTER UPDATE ON log_head EXECUTE FUNCTION drop_entry()",
    ),
    "changed": (_CHANGE, "CREATE TRIGGER mine AFTER INSERT ON log_entry EXECUTE FUNCTION drop_entry()"),
    "deleted at the commit": (
        _DELETE,
        "CREATE CONSTRAINT TRIGGER mine AFTER INSERT ON log_entry DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION drop_entry()",
    ),
}


def tamper(made: TestDesk, how: str) -> None:
    """What the owner of the tables can do, past every seat belt."""
    engine = create_engine(made.desk.settings.database, poolclass=NullPool)
    with engine.begin() as connection:
        if made.desk.database.is_sqlite:
            for act in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER log_entry_no_{act}"))
            connection.execute(text(ON_FILE[how]))
        else:
            act, trigger = ON_A_SERVER[how]
            connection.execute(text("DROP TRIGGER log_entry_append_only ON log_entry"))
            connection.execute(text(_FUNCTION.format(act=act)))
            connection.execute(text(trigger))


def _alone(made: TestDesk) -> Callable[[], object]:
    return lambda: append_alone(made.desk, Actor("mei", "agent", "", "a"), Entry(Action.SIGNED_IN), made.clock.now())


def _together(made: TestDesk) -> Callable[[], object]:
    def act() -> None:
        with made.desk.database.transaction() as db:
            for _ in range(3):
                append(db, made.desk, Actor("mei", "agent", "", "a"), Entry(Action.SIGNED_IN), made.clock.now())

    return act


def _reveal(made: TestDesk) -> Callable[[], object]:
    mei, ticket = own_ticket(made)
    return lambda: reveal(mei, ticket.number, mobile_of(ticket), "reply")


@pytest.mark.parametrize("how", ON_A_SERVER)
@pytest.mark.parametrize("prepare", [_alone, _together, _reveal])
def test_an_entry_that_does_not_stay_is_noticed(
    test_desk: TestDesk, how: str, prepare: Callable[[TestDesk], Callable[[], object]]
) -> None:
    if test_desk.desk.database.is_sqlite and how not in ON_FILE:
        pytest.skip("SQLite has no such trigger")
    act = prepare(test_desk)
    tamper(test_desk, how)
    with pytest.raises(ConsoleError) as refused:
        act()
    assert isinstance(refused.value, LogBroken)


def test_a_trigger_on_another_table_that_takes_the_entry_is_noticed_too(test_desk: TestDesk) -> None:
    made = test_desk
    with made.desk.database.transaction() as db:
        if made.desk.database.is_sqlite:
            for act in ("update", "delete"):
                db.connection().execute(text(f"DROP TRIGGER log_entry_no_{act}"))
            db.connection().execute(
                text("CREATE TRIGGER mine AFTER UPDATE ON counter BEGIN DELETE FROM log_entry; END")
            )
        else:
            db.connection().execute(text("DROP TRIGGER log_entry_append_only ON log_entry"))
            db.connection().execute(text(_FUNCTION.format(act=_DELETE)))
            db.connection().execute(text("CREATE TRIGGER mine AFTER UPDATE ON counter EXECUTE FUNCTION drop_entry()"))
    with pytest.raises(LogBroken), made.desk.database.transaction() as db:
        append(db, made.desk, Actor("mei", "agent", "", "a"), Entry(Action.SIGNED_IN), made.clock.now())
        db.connection().execute(text("UPDATE counter SET value = value + 1"))
