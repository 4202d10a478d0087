"""SQL for a PostgreSQL server: one role owns the tables, another works with them and cannot rewrite the log."""

import importlib
import pkgutil

from sqlmodel import SQLModel

import models
from cs_console.custody.key_store import TABLES as KEYRING_TABLES

OWNER = "cs_console_owner"
CONSOLE = "cs_console"

WORKED_WITH = "SELECT, INSERT, UPDATE, DELETE"
READ = "SELECT"
APPENDED_TO = "SELECT, INSERT"
RIGHTS = {
    "log_entry": READ,  # appended to by the owner's functions, see below
    "checkpoint": READ,
    "log_head": READ,
    "desk_key": APPENDED_TO,
    "alembic_version": READ,
}
"""What the console's role may do with the tables that it does not simply work with."""
FUNCTIONS = (
    "lock_log_head()",
    "append_entry(json, bytea, bytea)",
    "append_checkpoint(bigint, bigint, text, bytea)",
)
"""The owner's functions through which it appends to the log (migration 0014)."""

_BEFORE = f"""\
-- Two roles for cs-console, to be run by the server's owner in the database of the desk, and in the keyring's where
-- that is another one. Run it before `cs-console init`, again after it, and again after each update of the program:
-- a table that is not there yet gets its rights then, and until then may only be read.
--
--   {OWNER} owns the tables: run `cs-console init`, and the first command after an update, as this role.
--   {CONSOLE} is who consoles connect as: it appends to the access log through functions of the owner's, and can
--     neither change nor delete what is there.
--
-- Give each a password of its own afterwards: \\password {OWNER} and \\password {CONSOLE} in psql.
--
-- PostgreSQL lets every role change its own password and its own settings (ALTER ROLE); nothing in SQL prevents that.
-- Have {CONSOLE} proven by something else than that password in pg_hba.conf (cert, peer, gss, ldap), and let only the
-- consoles' hosts connect. Its settings are taken back each time this runs; `cs-console doctor` says when it has any.

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
    ALTER ROLE {CONSOLE} RESET ALL;
    EXECUTE format('ALTER ROLE {CONSOLE} IN DATABASE %I RESET ALL', current_database());
    -- large objects have no table whose rights could be taken away; no account of this database needs them
    FOR name IN
        SELECT oid::regprocedure::text FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace AND (proname LIKE 'lo\\_%' OR proname IN ('loread', 'lowrite'))
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC, {CONSOLE}', name);
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
    IF to_regproc('public.count_ticket') IS NOT NULL THEN
        ALTER FUNCTION public.count_ticket() OWNER TO {OWNER};
    END IF;
    FOREACH name IN ARRAY ARRAY[{{functions}}] LOOP
        CONTINUE WHEN to_regprocedure('public.' || name) IS NULL;
        EXECUTE format('ALTER FUNCTION public.%s OWNER TO {OWNER}', name);
        EXECUTE format('REVOKE ALL ON FUNCTION public.%s FROM PUBLIC, {CONSOLE}', name);
        EXECUTE format('GRANT EXECUTE ON FUNCTION public.%s TO {CONSOLE}', name);
    END LOOP;
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
    functions = ", ".join(f"'{function}'" for function in FUNCTIONS)
    return _BEFORE + ",\n".join(rows) + _AFTER.replace("{functions}", functions)
