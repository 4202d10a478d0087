"""The roles for a PostgreSQL server: the console's does all its work, and cannot rewrite the log."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url
from sqlmodel import SQLModel
from typer.testing import CliRunner

from cs_console.access_log.append import record
from cs_console.access_log.checkpoint import write_checkpoint
from cs_console.access_log.entry import Entry
from cs_console.access_log.verify import verify_log
from cs_console.casework.conversation import open_ticket
from cs_console.casework.workflow import claim
from cs_console.commands import app
from cs_console.commands.checks import account_check
from cs_console.custody.disclosure import Target, end_view, reveal
from cs_console.custody.drafts import discard_draft, save_draft
from cs_console.custody.rotation import rotate
from cs_console.database import REVISIONS
from cs_console.desk import Desk, operator_session
from cs_console.errors import StoreUnavailable
from cs_console.intake.form import FormEntry, open_by_form
from cs_console.opening import open_desk
from cs_console.postgres_roles import CONSOLE, OWNER, RIGHTS, roles_script, table_names
from cs_console.settings import Settings
from cs_console.staff.accounts import add_agent
from cs_console.staff.setup import init_desk
from cs_console.tickets.queue import counts
from models.contact_fields import Field
from models.enums import Action, Channel, TicketKind
from models.roles import Role
from tests.support.desk import FakeClock, TestDesk
from tests.support.postgres import empty_database
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket

PASSWORD = "amber kite ninety lakes"
CALL = FormEntry(
    kind=TicketKind.COMPLAINT,
    channel=Channel.CALL,
    subject="Lamp broken",
    text="She called about the lamp.",
    contacts=((Field.MOBILE, "138 0013 8000"),),
)

pytestmark = pytest.mark.usefixtures("cheap_passwords")


def as_role(url: str, role: str) -> str:
    return make_url(url).set(username=role).render_as_string(hide_password=False)


def as_owner_of_the_server(url: str, script: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(script.encode())


@pytest.fixture
def urls() -> tuple[str, str]:
    """A database and a keyring, both new and empty."""
    return empty_database(), empty_database()


@pytest.fixture
def console(urls: tuple[str, str], tmp_path: Path) -> Iterator[Desk]:
    """A desk that was made as the README says, opened as the console's role."""

    def settings(role: str) -> Settings:
        database, keyring = (as_role(url, role) for url in urls)
        return Settings(home=tmp_path, database_url=database, keyring_url=keyring, outbox=tmp_path / "outbox")

    for url in urls:
        as_owner_of_the_server(url, roles_script())
    init_desk(settings(OWNER), "ines", PASSWORD).close()
    for url in urls:
        as_owner_of_the_server(url, roles_script())
    desk = open_desk(settings(CONSOLE), FakeClock())
    yield desk
    desk.close()


def test_the_command_prints_the_script_and_touches_nothing(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["init", "--print-roles", "--home", str(tmp_path / "desk")])
    assert (done.exit_code, done.stdout, done.stderr) == (0, roles_script(), "")
    assert list(tmp_path.iterdir()) == []


def test_every_table_has_its_line() -> None:
    script = roles_script()
    for name in (*SQLModel.metadata.tables, "wrapped_key", "key_epoch", "alembic_version"):
        assert f"('{name}', '" in script
    assert set(RIGHTS) < set(table_names())


def test_every_table_that_init_makes_is_the_owners_and_the_consoles_rights_are_those_of_the_script(
    console: Desk, urls: tuple[str, str]
) -> None:
    script = roles_script()
    for url in urls:
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            owners = connection.execute("SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'public'")
            tables: dict[str, str] = dict(owners.fetchall())
            assert tables
            for name, owner in tables.items():
                assert owner == OWNER
                rights = connection.execute(
                    "SELECT privilege_type FROM information_schema.role_table_grants "
                    "WHERE grantee = %s AND table_name = %s",
                    (CONSOLE, name),
                ).fetchall()
                (line,) = [line for line in script.splitlines() if f"('{name}'," in line]
                assert sorted(line.split("'")[3].split(", ")) == sorted(right for (right,) in rights)


def test_the_main_work_is_done_as_the_consoles_role(console: Desk) -> None:
    clock = console.clock.source
    assert isinstance(clock, FakeClock)
    desk = TestDesk(console, clock)
    add_agent(operator_session(console), "omar", {Role.SUPERVISOR}, PASSWORD)
    mei = desk.session("mei", Role.AGENT)
    number = open_by_form(mei, CALL).number
    save_draft(mei, f"reply:{number}", "Dear", number)
    discard_draft(mei, f"reply:{number}")
    made = make_ticket(desk, assignee=mei, contacts={Field.MOBILE: "+8613800138000"}, verified=True)
    shown = reveal(mei, made.number, Target(Field.MOBILE, made.contact_ids[Field.MOBILE]), "reply")
    end_view(mei, shown, 3)
    assert recorded(console, Action.FIELD_REVEALED)
    assert write_checkpoint(console, force=True) is not None
    console.keyring.destroy(made.requester_id)
    rotate(operator_session(console))
    assert verify_log(console).ok


def test_tickets_change_and_are_counted_before_the_roles_are_given_their_rights_to_the_counts(
    console: Desk, urls: tuple[str, str]
) -> None:
    """After an update the console may only read a table that is new, until the script is run again."""
    as_owner_of_the_server(urls[0], f"REVOKE INSERT, UPDATE, DELETE ON ticket_count FROM {CONSOLE}")
    clock = console.clock.source
    assert isinstance(clock, FakeClock)
    mei = TestDesk(console, clock).session("mei", Role.AGENT)
    number = open_by_form(mei, CALL).number
    open_ticket(mei, number)
    claim(mei, number)
    held = {one.view: one.count for one in counts(mei)}
    assert (held["all"], held["mine"], held["unassigned"]) == (1, 1, 0)


REWRITING = [
    "UPDATE {table} SET at = 0",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "DROP TABLE {table}",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} ADD COLUMN more text",
    "DROP TRIGGER {table}_append_only ON {table}",
    "CREATE TRIGGER mine BEFORE INSERT ON {table} EXECUTE FUNCTION refuse_change()",
    "CREATE INDEX mine ON {table} (at)",
    "CREATE RULE mine AS ON INSERT TO {table} DO INSTEAD NOTHING",
    "SELECT * FROM {table} FOR UPDATE",
    "INSERT INTO {table} SELECT * FROM {table}",
]
MORE = [
    "DELETE FROM log_head",
    "UPDATE log_head SET size = size",
    "SELECT * FROM log_head FOR UPDATE",
    "INSERT INTO log_entry (seq, at, actor, roles, session, host, action, fields, purpose, verification, outcome, "
    "reason, tag) SELECT size + 1, 0, 'eve', '', '', '', 'x', '', '', '', 'done', '', '' FROM log_head",
    "INSERT INTO checkpoint SELECT 4611686018427387904, 0, '', ''",
    "CREATE OR REPLACE FUNCTION append_entry(entry json, new_frontier bytea, new_tag bytea) RETURNS boolean "
    "LANGUAGE sql AS 'SELECT true'",
    "ALTER FUNCTION lock_log_head() SECURITY INVOKER",
    "SELECT lo_create(0)",
    "SELECT lo_creat(-1)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT lo_open(1, 131072)",
    "SELECT lo_put(1, 0, 'x')",
    "SELECT lo_unlink(1)",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lowrite(0, 'x')",
    "SELECT loread(0, 1)",
    "TRUNCATE log_head",
    "INSERT INTO log_head SELECT 2, size, frontier, tag FROM log_head",
    "UPDATE alembic_version SET version_num = '9999'",
    "INSERT INTO alembic_version VALUES ('9999')",
    "TRUNCATE ticket",
    "DROP TABLE ticket",
    "CREATE TABLE mine (id integer)",
    "CREATE TEMPORARY TABLE log_entry (id integer)",
    "CREATE SCHEMA mine",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "SET session_replication_role = replica",
    f"SET ROLE {OWNER}",
]


def test_the_server_lets_the_consoles_role_rewrite_nothing(console: Desk) -> None:
    statements = [one.format(table=table) for one in REWRITING for table in ("log_entry", "checkpoint")] + MORE
    url = console.settings.database.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    assert verify_log(console).ok


def test_before_the_second_run_nothing_is_written(urls: tuple[str, str], tmp_path: Path) -> None:
    """A table that the script has not seen yet can only be read: also one of a later migration."""
    for url in urls:
        as_owner_of_the_server(url, roles_script())
    kept = {"keyring_url": as_role(urls[1], OWNER)}
    settings = Settings(home=tmp_path, database_url=as_role(urls[0], OWNER), **kept)
    init_desk(settings, "ines", PASSWORD).close()
    desk = open_desk(settings.model_copy(update={"database_url": as_role(urls[0], CONSOLE)}))
    assert desk.database.version() == REVISIONS[-1]
    with pytest.raises(StoreUnavailable, match="lacks the rights for this") as refusal:
        add_agent(operator_session(desk), "omar", {Role.AGENT}, PASSWORD)
    assert "--print-roles" in str(refusal.value)
    desk.close()


WRONG = [
    "SELECT append_entry('{\"seq\": 0}', '', '')",
    "SELECT append_entry(json_build_object('seq', (SELECT size + 2 FROM log_head)), '', '')",
    "SELECT append_entry(json_build_object('seq', (SELECT size FROM log_head)), '', '')",
    "SELECT append_checkpoint(4611686018427387904, 0, '', '')",
    "SELECT append_checkpoint(0, 0, '', '')",
]


def test_no_insert_of_the_role_blocks_what_consoles_record(console: Desk) -> None:
    """The owner's functions take the next number only, together with the head; nothing else goes into the log."""
    clock = console.clock.source
    assert isinstance(clock, FakeClock)
    desk = TestDesk(console, clock)
    with psycopg.connect(console.settings.database.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in WRONG:
            found = connection.execute(statement.encode()).fetchone()
            assert found == (False,), statement
    mei = desk.session("mei", Role.AGENT)
    made = make_ticket(desk, assignee=mei, contacts={Field.MOBILE: "+8613800138000"}, verified=True)
    before = verify_log(console).size
    reveal(mei, made.number, Target(Field.MOBILE, made.contact_ids[Field.MOBILE]), "reply")
    with console.database.transaction() as db:
        record(db, mei, Entry(Action.SIGNED_IN))
    assert write_checkpoint(console, force=True) is not None
    verdict = verify_log(console)
    assert (verdict.ok, verdict.size) == (True, before + 2)


def test_settings_that_the_role_gave_itself_are_said_and_taken_back(console: Desk, urls: tuple[str, str]) -> None:
    with psycopg.connect(console.settings.database.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("ALTER ROLE CURRENT_USER SET default_transaction_read_only = on")
    try:
        console.database.engine.dispose()
        check = account_check("database account", console)
        assert not check.ok
        assert "default_transaction_read_only=on" in check.words
    finally:
        as_owner_of_the_server(urls[0], roles_script())
    assert account_check("database account", console).ok
