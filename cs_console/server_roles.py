"""SQL for a PostgreSQL server: one role owns the tables, another works with them and cannot rewrite the log."""

import importlib
import pkgutil

from sqlmodel import SQLModel

import models
from cs_console.custody.key_store import TABLES as KEYRING_TABLES

OWNER = "cs_console_owner"
CONSOLE = "cs_console"

WORKED_WITH = "SELECT, INSERT, UPDATE, DELETE"
APPENDED_TO = "SELECT, INSERT"
RIGHTS = {
    "log_entry": APPENDED_TO,
    "checkpoint": APPENDED_TO,
    "desk_key": APPENDED_TO,
    "log_head": "SELECT, UPDATE",  # each append locks it and moves it
    "alembic_version": "SELECT",
}
"""What the console's role may do with the tables that it does not simply work with."""

_BEFORE = f"""\
-- Two roles for cs-console, to be run by the server's owner in the database of the desk, and in the keyring's where
-- that is another one. Run it before `cs-console init`, again after it, and again after each update of the program:
-- a table that is not there yet gets its rights then, and until then may only be read.
--
--   {OWNER} owns the tables: run `cs-console init`, and the first command after an update, as this role.
--   {CONSOLE} is who consoles connect as: it appends to the access log and can neither change nor delete what is there.
--
-- Give each a password of its own afterwards: \\password {OWNER} and \\password {CONSOLE} in psql.

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['{OWNER}', '{CONSOLE}'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', name);
        END IF;
        EXECUTE format('ALTER ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', name);
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), name);
    END LOOP;
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END $$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC, {CONSOLE};
GRANT USAGE, CREATE ON SCHEMA public TO {OWNER};
GRANT USAGE ON SCHEMA public TO {CONSOLE};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT SELECT ON TABLES TO {CONSOLE};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT USAGE ON SEQUENCES TO {CONSOLE};

DO $$
DECLARE
    name text;
    rights text;
BEGIN
    FOR name, rights IN VALUES
"""  # noqa: S608 - only this module's own names go into it

_AFTER = f"""
    LOOP
        CONTINUE WHEN to_regclass(format('public.%I', name)) IS NULL;
        EXECUTE format('ALTER TABLE public.%I OWNER TO {OWNER}', name);
        EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC, {CONSOLE}', name);
        EXECUTE format('GRANT %s ON public.%I TO {CONSOLE}', rights, name);
    END LOOP;
    IF to_regproc('public.refuse_change') IS NOT NULL THEN
        ALTER FUNCTION public.refuse_change() OWNER TO {OWNER};
    END IF;
END $$;
"""


def table_names() -> tuple[str, ...]:
    """Every table that a desk has on a server, its keyring's and the version's included."""
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"models.{module.name}")
    return (*sorted(SQLModel.metadata.tables), *KEYRING_TABLES, "alembic_version")


def roles_script() -> str:
    """SQL that may be run any number of times; it touches no data."""
    rows = (f"        ('{name}', '{RIGHTS.get(name, WORKED_WITH)}')" for name in table_names())
    return _BEFORE + ",\n".join(rows) + _AFTER
