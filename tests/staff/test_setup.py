"""Making a desk: whole or not at all, readable by its owner alone."""

import os
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from cs_console.access_log.verify import verify_log
from cs_console.commands.checks import examine
from cs_console.errors import (
    BadAccount,
    BadPassword,
    BadSettings,
    ConsoleError,
    DeskExists,
    NotADatabase,
    StoreUnavailable,
)
from cs_console.opening import open_desk
from cs_console.settings import Settings
from cs_console.staff.setup import init_desk
from cs_console.staff.sign_in import sign_in
from models.agent import Agent
from models.desk_identity import DeskIdentity
from models.enums import Action
from models.roles import Role
from tests.faults.processes import forked
from tests.support.desk import make_desk
from tests.support.postgres import empty_database, fresh_database
from tests.support.recorded import recorded

PASSWORD = "amber kite ninety lakes"

pytestmark = pytest.mark.usefixtures("cheap_passwords")


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = empty_database() if request.param == "postgresql" else ""
    keyring = empty_database() if url else ""
    outbox = tmp_path / "desk" / "outbox"
    return Settings(home=tmp_path / "desk", outbox=outbox, database_url=url, keyring_url=keyring)


def test_data_on_a_server_has_its_keyring_on_one_too(tmp_path: Path) -> None:
    """A second host's own empty file showed living customers as erased."""
    url = empty_database()
    for keyring in ("", f"sqlite:///{tmp_path / 'keys.db'}", url):
        settings = Settings(home=tmp_path / "desk", database_url=url, keyring_url=keyring)
        with pytest.raises(BadSettings, match="CS_CONSOLE_KEYRING_URL"):
            init_desk(settings, "ines", PASSWORD)
    assert not (tmp_path / "desk").exists()
    made = make_desk(tmp_path / "older", fresh_database())
    [check] = [one for one in examine(made.desk.settings) if one.name == "keyring"]
    assert (check.ok, "in a file" in check.words) == (False, True)
    made.desk.close()


def test_a_new_desk_has_one_admin_who_can_sign_in(fresh: Settings) -> None:
    desk = init_desk(fresh, "Ines", PASSWORD)
    desk.close()
    desk = open_desk(fresh)
    signed = sign_in(desk, "ines", PASSWORD)
    assert signed.session.agent.roles == {Role.ADMIN}
    assert not signed.must_change_password
    made = [(entry.actor, entry.action) for entry in recorded(desk)][:2]
    assert made == [("operator", Action.DESK_CREATED), ("operator", Action.ACCOUNT_ADDED)]
    assert verify_log(desk).ok
    desk.close()


def test_files_and_folders_are_readable_by_their_owner_alone(fresh: Settings) -> None:
    """Whatever the umask: the stores, their journals and the keys."""
    before = os.umask(0)
    try:
        desk = init_desk(fresh, "ines", PASSWORD)
        sign_in(desk, "ines", PASSWORD)
        paths = [fresh.home, *fresh.home.rglob("*")]
        assert len(paths) > 5
        for path in paths:
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path
        desk.close()
    finally:
        os.umask(before)


def test_an_existing_desk_is_refused_and_untouched(fresh: Settings) -> None:
    desk = init_desk(fresh, "ines", PASSWORD)
    desk.close()
    key = fresh.key_path.read_bytes()
    with pytest.raises(DeskExists, match="already"):
        init_desk(fresh, "eve", "quiet harbour seven oaks")
    assert fresh.key_path.read_bytes() == key
    desk = open_desk(fresh)
    assert sign_in(desk, "ines", PASSWORD)
    with desk.database.reading() as db:
        assert db.scalars(select(Agent.name)).all() == ["ines"]  # type: ignore[call-overload]  # a column
    desk.close()


@pytest.mark.parametrize(
    ("name", "password", "refused"),
    [("i", PASSWORD, BadAccount), ("ines", "short", BadPassword)],
    ids=["name", "password"],
)
def test_a_bad_name_or_password_makes_nothing(
    fresh: Settings, name: str, password: str, refused: type[ConsoleError]
) -> None:
    with pytest.raises(refused):
        init_desk(fresh, name, password)
    assert not fresh.home.exists()


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    (tmp_path / "console.db").write_bytes(b"my shopping list, not a database at all" * 40)
    with pytest.raises(NotADatabase):
        init_desk(settings, "ines", PASSWORD)
    assert (tmp_path / "console.db").read_bytes().startswith(b"my shopping list")
    assert not settings.key_path.exists()


def test_a_place_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="cannot be made") as refused:
        init_desk(Settings(home=tmp_path / "file" / "desk"), "ines", PASSWORD)
    assert refused.value.exit_status == 3


def test_with_a_key_command_no_key_file_is_made(tmp_path: Path) -> None:
    key = tmp_path / "vault"
    key.write_text("A" * 43 + "=\n")
    settings = Settings(home=tmp_path / "desk", key_command=f"cat {key}")
    desk = init_desk(settings, "ines", PASSWORD)
    assert not settings.key_path.exists()
    assert sign_in(desk, "ines", PASSWORD)
    desk.close()


@contextmanager
def three_racers() -> Iterator[Callable[..., list[str]]]:
    """Processes that each make a desk in a home, database and keyring, all from the same moment on, and say how."""
    with ExitStack() as running:
        racers = [running.enter_context(forked("desk_maker")) for _ in range(3)]

        def race(*cases: tuple[Path, str, str]) -> list[str]:
            for racer, (home, database, keyring) in zip(racers, cases, strict=True):
                racer.tell((str(home), database, keyring))
            return [" ".join(next(racer.says())) for racer in racers]

        for number, racer in enumerate(racers):
            racer.tell(f"agent{number}")
            racer.until_said("ready")
        yield race


def one_made_it(outcomes: list[str], settings: Settings) -> None:
    made, *others = sorted(outcomes, key=lambda words: words != "made")
    assert made == "made"
    assert all(words.startswith("desk_exists There is already a desk in ") for words in others), outcomes
    desk = open_desk(settings)
    with desk.database.reading() as db:
        (desk_id,) = db.connection().execute(select(DeskIdentity.__table__.c.id)).scalars()  # type: ignore[attr-defined]
    assert desk.keyring.belongs_to(desk_id)
    assert desk.keyring.epochs() == {1: 2}, "the keys of those who were late are in the keyring"
    assert verify_log(desk).ok
    desk.close()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_of_racing_inits_one_makes_the_desk_and_the_others_say_that_there_is_one(engine: str, tmp_path: Path) -> None:
    """Three processes in one home, five times."""
    with three_racers() as race:
        for number in range(5):
            home = tmp_path / str(number)
            url, keyring = (empty_database(), empty_database()) if engine == "postgresql" else ("", "")
            outcomes = race(*[(home, url, keyring)] * 3)
            one_made_it(outcomes, Settings(home=home, database_url=url, keyring_url=keyring))


def test_of_inits_from_several_hosts_one_makes_the_desk(tmp_path: Path) -> None:
    """Each host has a home, and so a key, of its own; who is late makes neither."""
    database, keyring = empty_database(), empty_database()
    homes = [tmp_path / name for name in ("one", "two", "three")]
    with three_racers() as race:
        outcomes = race(*((home, database, keyring) for home in homes))
    made = homes[outcomes.index("made")]
    one_made_it(outcomes, Settings(home=made, database_url=database, keyring_url=keyring))
    assert [home for home in homes if home.exists()] == [made]


STEPS = [
    "cs_console.key_files:write_key_file",
    "cs_console.custody.keyring:Keyring.prepare",
    "cs_console.database:Database.migrate",
    "cs_console.staff.setup:_fill",
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_desk_can_be_made_after_a_kill_at_any_step(tmp_path: Path, step: str, when: str) -> None:
    """The process is killed before or after each step (the last one: before its commit); then it is run again."""
    script = textwrap.dedent(
        """
        import importlib, os, signal, sys
        from pathlib import Path
        module, _, name = sys.argv[1].partition(":")
        owner = importlib.import_module(module)
        *path, last = name.split(".")
        for part in path:
            owner = getattr(owner, part)
        real = getattr(owner, last)
        def killed(*args, **kwargs):
            if sys.argv[2] == "after":
                real(*args, **kwargs)
            os.kill(os.getpid(), signal.SIGKILL)
        setattr(owner, last, killed)
        from argon2 import PasswordHasher
        from cs_console.staff import passwords
        passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        from cs_console.settings import Settings
        from cs_console.staff.setup import init_desk
        init_desk(Settings(home=Path(sys.argv[3])), "ines", "amber kite ninety lakes")
        """
    )
    home = tmp_path / "desk"
    done = subprocess.run([sys.executable, "-c", script, step, when, str(home)], cwd=Path.cwd(), check=False)
    assert done.returncode == -signal.SIGKILL
    desk = init_desk(Settings(home=home), "ines", PASSWORD)
    assert sign_in(desk, "ines", PASSWORD)
    assert verify_log(desk).ok
    desk.close()


def test_a_key_file_cut_short_by_a_crash_is_made_again(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "desk")
    settings.key_path.parent.mkdir(parents=True)
    settings.key_path.touch()
    desk = init_desk(settings, "ines", PASSWORD)
    assert settings.key_path.stat().st_size
    desk.close()
