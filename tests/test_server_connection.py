"""The connection to a PostgreSQL server: encrypted as the URL demands or not at all, and never waiting for ever."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from typer.testing import CliRunner

from cs_console.commands import app
from cs_console.commands.checks import connection_check, examine
from cs_console.database import Database
from cs_console.errors import StoreBusy, StoreUnavailable
from cs_console.prepared import Prepared
from cs_console.settings import Settings
from cs_console.staff.setup import init_desk
from models.counter import Counter
from tests.support.own_server import own_server
from tests.support.postgres import empty_database, fresh_database
from tests.support.tls_front import certificate, tls_front

PASSWORD = "SECRET-77"


class Encrypted:
    """A server behind TLS with a certificate for localhost, and the certificate of a stranger."""

    def __init__(self, folder: Path, port: int, database: str) -> None:
        self.folder, self.port, self.database = folder, port, database

    def url(self, mode: str, root: str = "", host: str = "localhost") -> str:
        asked = f"?sslmode={mode}" + (f"&sslrootcert={self.folder / root}.crt" if root else "")
        return f"postgresql+psycopg://postgres:{PASSWORD}@{host}:{self.port}/{self.database}{asked}"


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[Encrypted]:
    url = empty_database()
    certificate(tmp_path, "stranger", "localhost")
    with tls_front(url, *certificate(tmp_path, "server", "localhost")) as port:
        yield Encrypted(tmp_path, port, str(make_url(url).database))


def is_encrypted(url: str) -> bool:
    """Whether the connection that a database of this URL works over is."""
    database = Database(url)
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        found = bool(driver.pgconn.ssl_in_use)
    database.close()
    return found


def test_what_the_url_demands_of_tls_is_done(encrypted: Encrypted) -> None:
    for mode, root in (("verify-full", "server"), ("verify-ca", "server"), ("require", "")):
        assert is_encrypted(encrypted.url(mode, root))
    assert not is_encrypted(encrypted.url("disable"))


REFUSED = [
    ("verify-full", "stranger", "localhost"),
    ("verify-full", "server", "127.0.0.1"),
    ("verify-full", "gone", "localhost"),
]


@pytest.mark.parametrize(("mode", "root", "host"), REFUSED, ids=["another root", "another host", "no root"])
def test_a_server_that_is_not_the_one_is_refused_in_one_sentence(
    encrypted: Encrypted, mode: str, root: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused_everywhere(encrypted.url(mode, root, host), monkeypatch)


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_a_server_without_tls_is_refused_where_it_is_demanded(
    mode: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate(tmp_path, "server", "localhost")
    with own_server() as server:
        server.start()
        plain = Encrypted(tmp_path, server.port, "postgres")
        assert not is_encrypted(plain.url("prefer"))
        refused_everywhere(plain.url(mode, "server"), monkeypatch)


def refused_everywhere(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreUnavailable, match="does not offer the required encrypted connection"):
        Database(address).check()
    monkeypatch.setenv("CS_CONSOLE_DATABASE_URL", address)
    done = CliRunner().invoke(app, ["log", "verify", "--json"])
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr.count("\n") == 1
    assert "sslrootcert" in done.stderr
    for words in (done.stderr, CliRunner().invoke(app, ["doctor"]).output):
        assert PASSWORD not in words


@pytest.mark.usefixtures("cheap_passwords")
def test_doctor_says_whether_the_connection_is_encrypted(encrypted: Encrypted, tmp_path: Path) -> None:
    made = {"database_url": encrypted.url("verify-full", "server"), "keyring_url": empty_database()}
    settings = Settings(home=tmp_path / "desk", **made)
    init_desk(settings, "ines", "amber kite ninety lakes").close()
    words = {check.name: check for check in examine(settings)}
    assert words["database connection"].ok
    assert words["database connection"].words == "encrypted (verify-full)"
    assert words["keyring connection"].words == "not encrypted, on this machine"


@pytest.mark.parametrize(
    ("host", "address", "mode", "encrypted", "ok"),
    [
        ("db.example.org", "203.0.113.7", "prefer", False, False),
        ("db.example.org", "203.0.113.7", "prefer", True, False),
        ("db.example.org", "203.0.113.7", "require", True, True),
        ("db.example.org", "203.0.113.7", "verify-full", True, True),
        ("db.example.org", "", "prefer", False, False),
        ("localhost", "127.0.0.1", "prefer", False, True),
        ("localhost", "::1", "disable", False, True),
        ("/var/run/postgresql", "", "prefer", False, True),
    ],
)
def test_on_the_way_to_another_machine_encryption_has_to_be_demanded(
    host: str, address: str, mode: str, encrypted: bool, ok: bool
) -> None:
    check = connection_check("database connection", host, address, mode, encrypted)
    assert check.ok is ok
    assert ("not encrypted" in check.words) is not encrypted


# --- time-outs


def shown(address: str, *names: str) -> list[str]:
    database = Database(address)
    with database.reading() as db:
        found = [str(db.connection().exec_driver_sql(f"SHOW {name}").scalar_one()) for name in names]
    database.close()
    return found


def test_an_urls_own_options_are_kept_beside_ours() -> None:
    plain = empty_database()
    assert shown(plain, "lock_timeout", "statement_timeout", "synchronous_commit") == ["5s", "30s", "on"]
    own = make_url(plain).update_query_dict(
        {"options": "-c statement_timeout=7s -c work_mem=8MB -c synchronous_commit=off", "connect_timeout": "2"}
    )
    address = own.render_as_string(hide_password=False)
    names = ("lock_timeout", "statement_timeout", "work_mem", "synchronous_commit")
    assert shown(address, *names) == ["5s", "7s", "8MB", "on"], "what keeps entries durable cannot be turned off"
    database = Database(address)
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        assert driver.info.get_parameters()["connect_timeout"] == "2"
    database.close()


def test_a_statement_that_takes_too_long_is_a_busy_store() -> None:
    address = make_url(empty_database()).update_query_dict({"options": "-c statement_timeout=50"})
    database = Database(address.render_as_string(hide_password=False))
    with pytest.raises(StoreBusy, match="busy"), database.reading() as db:
        db.connection().exec_driver_sql("SELECT pg_sleep(20)")
    database.close()


def test_a_lock_that_somebody_holds_is_a_busy_store() -> None:
    plain = fresh_database()
    impatient = make_url(plain).update_query_dict({"options": "-c lock_timeout=50"})
    holder, waiting = Database(plain), Database(impatient.render_as_string(hide_password=False))
    with holder.transaction() as db:
        db.connection().exec_driver_sql("LOCK TABLE counter")
        with pytest.raises(StoreBusy, match="busy"), waiting.transaction() as other:
            other.add(Counter(name="never", value=1))
    holder.close()
    waiting.close()


def test_what_was_committed_survives_a_server_that_dies_at_once() -> None:
    """Also where the server is set to answer before anything is durable."""
    with own_server() as server:
        server.start()
        database = Database(server.url)
        with database.engine.connect() as connection:
            plain = connection.execution_options(isolation_level="AUTOCOMMIT")
            plain.exec_driver_sql("CREATE TABLE kept (number bigint PRIMARY KEY)")
            for setting in ("synchronous_commit = off", "wal_writer_delay = '10s'"):  # no other process writes it
                plain.exec_driver_sql(f"ALTER SYSTEM SET {setting}")
        server.stop()
        server.start()
        keep = Prepared(text("INSERT INTO kept VALUES (:number)"))
        for number in range(3):
            with database.bare_transaction() as connection:
                keep.run(connection, {"number": number})
            server.stop()  # without writing anything down
            server.start()
            with database.reading() as db:
                assert db.connection().exec_driver_sql("SELECT count(*) FROM kept").scalar() == number + 1
        database.close()


# --- connections that are used again


def process_of(database: Database) -> int:
    """The number of the server's process that answers on the connection that is used next."""
    with database.reading() as db:
        return int(db.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def test_a_connection_that_the_server_ended_is_replaced_before_an_act_meets_it() -> None:
    address = empty_database()
    database, other = Database(address), Database(address)
    ended = process_of(database)
    for _ in range(2):  # one that was just opened, and the one that took its place
        with other.transaction() as db:
            assert db.connection().exec_driver_sql(f"SELECT pg_terminate_backend({ended}, 10000)").scalar_one()
        with database.transaction() as db:
            following = int(db.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
        assert following != ended
        ended = following
    database.close()
    other.close()


def test_only_a_connection_that_lay_unused_is_asked_whether_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(empty_database())
    dialect, asked = database.engine.dialect, 0
    really_ask = dialect.do_ping

    def ask(connection: DBAPIConnection) -> bool:
        nonlocal asked
        asked += 1
        return really_ask(connection)

    monkeypatch.setattr(dialect, "do_ping", ask)
    first = process_of(database)
    assert (process_of(database), asked) == (first, 0)
    monkeypatch.setattr("cs_console.database.QUIET_SECONDS", 0)
    assert (process_of(database), asked) == (first, 1)
    database.close()
