"""The keyring: a key per owner, wrapped, apart from the data, and gone when it is destroyed."""

import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from cs_console.custody.keyring import Keyring
from cs_console.errors import KeyDestroyed, KeyUnavailable, StoreBusy, StoreUnavailable
from cs_console.key_files import make_wrapping_key, read_key_file, wrapping_key, write_key_file
from cs_console.settings import Settings
from tests.support.desk import TestDesk
from tests.support.postgres import empty_database

WRAPPING = bytes(range(32))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'keys.db'}" if request.param == "sqlite" else empty_database()


def _keyring(url: str, wrapping: bytes = WRAPPING) -> Keyring:
    made = Keyring(url, wrapping)
    made.prepare("desk-1")
    return made


def test_a_key_is_made_once_and_found_again(url: str) -> None:
    keyring = _keyring(url)
    key = keyring.create("requester-1")
    assert len(key) == 32
    assert keyring.create("requester-1") == key
    assert keyring.create("requester-2") != key
    keyring.close()
    again = Keyring(url, WRAPPING)
    assert again.key("requester-1") == key
    assert again.keys(["requester-1", "requester-1", "absent"]) == {"requester-1": key}
    assert again.belongs_to("desk-1")
    assert not again.belongs_to("desk-2")
    again.close()


def test_consoles_that_make_a_keyring_at_once_all_find_it_made(tmp_path: Path) -> None:
    start = Barrier(4)

    def making(url: str) -> str:
        keyring = Keyring(url, WRAPPING)
        start.wait()
        keyring.prepare("desk-1")
        keyring.close()
        return "made"

    for url in (f"sqlite:///{tmp_path / 'shared.db'}", empty_database(), empty_database()):
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(making, [url] * 4)) == ["made"] * 4


def test_a_destroyed_key_is_gone(url: str) -> None:
    """Policy I.(4)2."""
    keyring = _keyring(url)
    key = keyring.create("requester-1")
    keyring.destroy("requester-1")
    with pytest.raises(KeyDestroyed):
        keyring.key("requester-1")
    assert keyring.keys(["requester-1"]) == {}
    assert keyring.create("requester-1") != key
    keyring.close()


def test_destroying_again_changes_nothing_and_counts_nothing(url: str) -> None:
    keyring = _keyring(url)
    kept = keyring.create_many(["requester-1", "requester-2"])
    for _ in range(3):
        keyring.destroy("requester-1")
        keyring.destroy("absent")
    (epoch,) = keyring.store.epochs()
    assert epoch.destroyed == 1
    assert keyring.keys(kept) == {"requester-2": kept["requester-2"]}
    keyring.close()


def test_keys_made_ahead_and_dropped_are_not_counted_as_destroyed(url: str) -> None:
    keyring = _keyring(url)
    keyring.drop_unused(keyring.create_many(["requester-1"]))
    (epoch,) = keyring.store.epochs()
    assert (epoch.destroyed, epoch.first_destroyed_at) == (0, None)
    keyring.close()


@pytest.mark.core
def test_a_destroyed_key_is_in_neither_the_file_nor_its_journal(tmp_path: Path) -> None:
    """A thief with the file and the key-encryption key finds nothing to unwrap."""
    keyring = _keyring(f"sqlite:///{tmp_path / 'keys.db'}")
    keyring.create("requester-1")
    found = keyring.store.find("requester-1")
    assert found is not None
    files = [tmp_path / name for name in ("keys.db", "keys.db-wal", "keys.db-shm")]
    assert any(found[1] in file.read_bytes() for file in files)
    keyring.destroy("requester-1")
    assert not any(found[1] in file.read_bytes() for file in files)
    assert (tmp_path / "keys.db-wal").stat().st_size == 0
    keyring.close()


def test_a_journal_that_is_being_read_is_said_so_and_emptied_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cs_console.database.LOCK_WAIT_SECONDS", 0.05)
    keyring = _keyring(f"sqlite:///{tmp_path / 'keys.db'}")
    keyring.create("requester-1")
    reader = sqlite3.connect(tmp_path / "keys.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM wrapped_key").fetchone()
    with pytest.raises(StoreBusy, match="journal"):
        keyring.destroy("requester-1")
    with pytest.raises(KeyDestroyed):
        keyring.key("requester-1")
    reader.close()
    keyring.destroy("requester-1")
    assert (tmp_path / "keys.db-wal").stat().st_size == 0
    keyring.close()


def test_another_wrapping_key_opens_nothing(url: str) -> None:
    """ASVS 13.3.1."""
    right = _keyring(url)
    right.create("requester-1")
    right.close()
    wrong = Keyring(url, bytes(32))
    with pytest.raises(KeyUnavailable) as raised:
        wrong.key("requester-1")
    assert "CS_CONSOLE_KEY_FILE" in raised.value.next_step
    wrong.close()


def test_no_key_is_in_the_file(tmp_path: Path) -> None:
    keyring = _keyring(f"sqlite:///{tmp_path / 'keys.db'}")
    key = keyring.create("requester-1")
    keyring.close()
    for file in tmp_path.iterdir():
        assert key not in file.read_bytes()


def test_the_key_file_is_for_its_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "key"
    make_wrapping_key(path)
    first = read_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    write_key_file(path, bytes(32))
    assert read_key_file(path) == first


@pytest.mark.parametrize("content", ["", "short", "!" * 44, "QUJD"])
def test_a_damaged_key_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    with pytest.raises(KeyUnavailable) as raised:
        read_key_file(path)
    assert str(path) in raised.value.sentence
    assert content == "" or content not in raised.value.sentence


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable) as raised:
        read_key_file(tmp_path / "nowhere")
    assert "nowhere" in raised.value.sentence


def test_a_command_can_print_the_key(tmp_path: Path) -> None:
    path = tmp_path / "key"
    make_wrapping_key(path)
    settings = Settings(home=tmp_path, key_command=f"cat {path}")
    assert wrapping_key(settings) == read_key_file(path)


@pytest.mark.parametrize("command", ["false", "/no/such/command", "echo not-a-key", "'"])
def test_a_command_that_prints_no_key_is_said_so(tmp_path: Path, command: str) -> None:
    with pytest.raises(KeyUnavailable) as raised:
        wrapping_key(Settings(home=tmp_path, key_command=command))
    assert "CS_CONSOLE_KEY_COMMAND" in raised.value.sentence


def test_a_keyring_without_its_table_is_a_store_that_is_away(tmp_path: Path) -> None:
    keyring = Keyring(f"sqlite:///{tmp_path / 'keys.db'}", WRAPPING)
    for act in (lambda: keyring.key("x"), lambda: keyring.create("x"), lambda: keyring.keys(["x"])):
        with pytest.raises(StoreUnavailable):
            act()
    keyring.close()


def test_consoles_that_make_the_same_key_at_once_get_the_same(url: str) -> None:
    _keyring(url).close()
    consoles = [Keyring(url, WRAPPING) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        for name in ("a", "b", "c", "d", "e"):
            assert len(set(threads.map(lambda console, key=name: console.desk_key(key), consoles))) == 1
    for console in consoles:
        console.close()


def test_a_desk_key_is_read_without_writing(tmp_path: Path) -> None:
    """Proving the log writes nothing, not even a lock."""
    keyring = _keyring(f"sqlite:///{tmp_path / 'keys.db'}")
    key = keyring.desk_key("log-tag")
    holder = sqlite3.connect(tmp_path / "keys.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    again = Keyring(f"sqlite:///{tmp_path / 'keys.db'}", WRAPPING)
    assert again.desk_key("log-tag") == key
    holder.close()
    again.close()
    keyring.close()


@pytest.mark.parametrize("wrapped", ["x'00'", "x''", "'some text that is longer than a nonce'"])
def test_a_wrapped_key_that_was_cut_opens_nothing(tmp_path: Path, wrapped: str) -> None:
    keyring = _keyring(f"sqlite:///{tmp_path / 'keys.db'}")
    keyring.create("requester-1")
    with sqlite3.connect(tmp_path / "keys.db") as hand:
        hand.execute(f"UPDATE wrapped_key SET wrapped = {wrapped} WHERE owner = 'requester-1'")
    hand.close()
    for ask in (lambda: keyring.key("requester-1"), lambda: keyring.keys(["requester-1"])):
        with pytest.raises(KeyUnavailable):
            ask()
    keyring.close()


def test_a_key_file_that_cannot_be_written_is_named_and_leaves_no_half(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file where the folder should be")
    with pytest.raises(KeyUnavailable, match="cannot be written"):
        make_wrapping_key(tmp_path / "keys" / "key")
    full = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    program = (
        full + "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)); from pathlib import Path; import sys; "
        "from cs_console.key_files import make_wrapping_key; make_wrapping_key(Path(sys.argv[1]))"
    )
    path = tmp_path / "key"
    done = subprocess.run([sys.executable, "-B", "-c", program, str(path)], capture_output=True, text=True, check=False)
    assert "KeyUnavailable" in done.stderr
    assert not path.exists()


def test_desk_keys_are_made_once(sqlite_desk: TestDesk) -> None:
    keyring = sqlite_desk.desk.keyring
    assert keyring.desk_key("codes") == keyring.desk_key("codes") == keyring.key("desk:codes")
