"""Objects in the database beside the console's own tables: a trigger, view or rule can change its answers.

The console makes triggers for its protected tables and for the counts of tickets, and nothing else of the kind. The
owner of the database can add some; what they hide while an act looks, `log verify` does not see afterwards, so `doctor`
names them.
"""

from sqlalchemy import Connection, text

_PROTECTED = ("log_entry", "checkpoint")
_COUNTING = {f"trigger ticket_count_{act}" for act in ("insert", "update", "delete")}
_OWN_ON_FILE = {f"trigger {table}_no_{act}" for table in _PROTECTED for act in ("update", "delete")} | _COUNTING
_OWN_ON_SERVER = {f"trigger {table}_append_only" for table in _PROTECTED} | _COUNTING
_ON_FILE = text("SELECT type || ' ' || name FROM sqlite_master WHERE type IN ('trigger', 'view')")
_ON_SERVER = text(
    """
    SELECT 'trigger ' || tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
     WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
    UNION ALL
    SELECT CASE relkind WHEN 'f' THEN 'foreign table ' ELSE 'view ' END || relname FROM pg_class
     WHERE relkind IN ('v', 'm', 'f') AND relnamespace = current_schema()::regnamespace
    UNION ALL
    SELECT 'rule ' || rulename FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class
     WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
    UNION ALL
    SELECT 'row security on ' || relname FROM pg_class
     WHERE relrowsecurity AND relnamespace = current_schema()::regnamespace
    """
)


def foreign_objects(connection: Connection) -> tuple[str, ...]:
    """What is there that the console did not make, "trigger hides_it", and what it made that is gone, by name."""
    on_file = connection.dialect.name == "sqlite"
    own = _OWN_ON_FILE if on_file else _OWN_ON_SERVER
    there = set(connection.execute(_ON_FILE if on_file else _ON_SERVER).scalars())
    return (*sorted(there - own), *(f"{name} is gone" for name in sorted(own - there)))
