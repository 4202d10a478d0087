"""Rotation of the key-encryption key: every key stays readable, and what was destroyed stays so in old backups too."""

import base64
import dataclasses
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import text

from cs_console import key_files
from cs_console.access_log.verify import verify_log
from cs_console.custody import key_store, rotation
from cs_console.custody.keyring import Keyring, open_keyring
from cs_console.custody.rotation import key_status, rotate
from cs_console.desk import Desk, operator_session
from cs_console.errors import BadSettings, KeyDestroyed, KeysRotating, KeyUnavailable, LogBroken
from cs_console.key_files import read_key_file, wrapping_keys
from models.enums import Action
from tests.custody.rotations import Crash, backup_of, crash_at, fresh_keyring, rotated, stored_keys
from tests.support.desk import TestDesk, make_desk
from tests.support.postgres import empty_database
from tests.support.recorded import recorded

OWNERS = [f"requester-{number:02}" for number in range(12)]


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "BATCH", 5)


def test_every_key_is_the_same_afterwards_and_the_old_key_file_is_gone(keyring_desk: TestDesk) -> None:
    desk = keyring_desk.desk
    keys = desk.keyring.create_many(OWNERS)
    old_key = read_key_file(desk.settings.key_path)
    told: list[tuple[int, int]] = []
    done = rotate(operator_session(desk), lambda so_far, total: told.append((so_far, total)))
    assert (done.epoch, done.finished) == (2, True)
    assert done.rewrapped == len(OWNERS) + 2  # and the desk's own: its name, its log's tags
    assert told[-1] == (done.rewrapped, done.rewrapped)
    assert len(told) > 2
    with fresh_keyring(desk) as fresh:
        assert fresh.keys(OWNERS) == desk.keyring.keys(OWNERS) == keys
    assert {key.epoch for key in stored_keys(desk.keyring.store)} == {2}
    in_folder = sorted(file.name for file in desk.settings.key_path.parent.iterdir())
    assert in_folder == ["key-encryption.key", "log-signing.key"]
    assert read_key_file(desk.settings.key_path) != old_key
    with_old = Keyring(desk.settings.keyring, old_key)
    for key in stored_keys(desk.keyring.store):
        with pytest.raises(KeyUnavailable):
            with_old.key(key.owner)
    with pytest.raises(KeyUnavailable):
        with_old.create("another")
    with_old.close()


def test_begin_and_end_are_on_record_and_the_log_is_whole(keyring_desk: TestDesk) -> None:
    desk = keyring_desk.desk
    rotated(desk)
    said = [entry.reason for entry in recorded(desk, Action.KEYS_ROTATED)]
    assert said == ["epoch 2: begun", "epoch 2: 2 keys wrapped again; the old key is given up"]
    assert verify_log(desk).ok


def test_what_is_not_on_record_is_not_begun(keyring_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = keyring_desk.desk
    key = desk.keyring.create(OWNERS[0])

    def broken(*_: object) -> int:
        raise LogBroken("The access log has no head.")

    with monkeypatch.context() as patch, pytest.raises(LogBroken):
        patch.setattr(rotation, "record", broken)
        rotated(desk)
    assert key_status(desk).epoch == 1
    assert rotated(desk).epoch == 2
    assert desk.keyring.key(OWNERS[0]) == key


def test_after_a_crash_at_any_step_everything_opens_and_running_it_again_finishes(keyring_desk: TestDesk) -> None:
    """One crash at each durable step in turn: consoles that were open and such as start then read and make keys."""
    desk = keyring_desk.desk
    keys = desk.keyring.create_many(OWNERS)
    with fresh_keyring(desk) as console:
        assert console.keys(OWNERS) == keys
        step, crashed = 0, True
        while crashed:
            step += 1
            old = read_key_file(desk.settings.key_path)
            try:
                with fresh_keyring(desk) as rotating:
                    other = dataclasses.replace(desk, keyring=rotating)
                    with crash_at(other, step):
                        rotated(other)
                crashed = False
            except Crash:
                pass
            with fresh_keyring(desk) as fresh:
                assert fresh.keys(OWNERS) == console.keys(OWNERS) == keys
                for maker in (console, fresh):
                    made = maker.create("made")
                    assert fresh.key("made") == console.key("made") == made
                    fresh.drop_unused(["made"])
            if crashed:
                assert rotated(desk).finished
            assert not key_status(desk).unfinished
            assert old not in wrapping_keys(desk.settings)
            assert len(list(desk.settings.key_path.parent.iterdir())) == 2
    assert step > 12  # the next key's file, begin, three batches, the file's place, the end, each with its entry
    assert verify_log(desk).ok


def test_an_old_backup_of_the_keyring_opens_an_erased_key_until_the_rotation_and_never_again(
    keyring_desk: TestDesk, tmp_path: Path
) -> None:
    """The window that `keys status` states, policy I.(4)2."""
    desk = keyring_desk.desk
    keys = desk.keyring.create_many(OWNERS)
    backup = backup_of(desk.keyring.store, tmp_path / "backup.db")
    old_key = read_key_file(desk.settings.key_path)
    desk.keyring.destroy(OWNERS[0])
    assert key_status(desk).erased == 1

    def opened(with_key: bytes) -> bytes:
        restored = Keyring(backup, with_key)
        try:
            return restored.key(OWNERS[0])
        finally:
            restored.close()

    assert opened(read_key_file(desk.settings.key_path)) == keys[OWNERS[0]]  # the window is real
    rotated(desk)
    assert key_status(desk).erased == 0
    for left in wrapping_keys(desk.settings):
        with pytest.raises(KeyUnavailable):
            opened(left)
    assert opened(old_key) == keys[OWNERS[0]]  # so it is the old key-encryption key that has to go
    with pytest.raises(KeyDestroyed):
        desk.keyring.key(OWNERS[0])


def test_destroyed_while_a_rotation_is_on_stays_destroyed_and_counts_as_long_as_a_backup_can_open_it(
    keyring_desk: TestDesk,
) -> None:
    desk = keyring_desk.desk
    desk.keyring.create_many(OWNERS)
    with pytest.raises(Crash):
        rotate(operator_session(desk), _crash)
    epochs = {key.owner: key.epoch for key in stored_keys(desk.keyring.store)}
    done = next(owner for owner in OWNERS if epochs[owner] == 2)
    to_do = next(owner for owner in OWNERS if epochs[owner] == 1)
    for owner in (done, to_do):
        desk.keyring.destroy(owner)
    assert key_status(desk).erased == 2
    rotated(desk)
    assert key_status(desk).erased == 1  # the one that backups made meanwhile hold under the new key
    assert not set(desk.keyring.keys(OWNERS)) & {done, to_do}
    rotated(desk)
    assert key_status(desk).erased == 0


def _crash(*_: object) -> None:
    raise Crash


def test_consoles_read_and_make_keys_while_keys_rotate(keyring_desk: TestDesk) -> None:
    desk = keyring_desk.desk
    keys = desk.keyring.create_many(OWNERS)
    over = Event()

    def work(name: str) -> dict[str, bytes]:
        made: dict[str, bytes] = {}
        with fresh_keyring(desk) as console:
            while not over.is_set():
                made[f"{name}-{len(made)}"] = console.create(f"{name}-{len(made)}")
                assert console.keys(OWNERS) == keys
                assert all(console.key(owner) == keys[owner] for owner in OWNERS[:3])
        return made

    with ThreadPoolExecutor(2) as threads:
        working = [threads.submit(work, name) for name in ("a", "b")]
        try:
            for _ in range(3):
                rotated(desk)
        finally:
            over.set()
        made = {owner: key for future in working for owner, key in future.result().items()}
    assert len(made) >= 2
    rotated(desk)
    with fresh_keyring(desk) as fresh:
        assert fresh.keys(made) == made


def test_a_key_that_is_being_stored_keeps_the_next_epoch_waiting(tmp_path: Path) -> None:
    """Else it would be stored under a key-encryption key that is given up by then. SQLite has one writer anyhow."""
    desk = make_desk(tmp_path / "home", keyring_url=empty_database()).desk
    with fresh_keyring(desk) as console:
        store = console.store
        rotating = Thread(target=rotated, args=(desk,))
        with store.transaction() as connection:
            new = console._wrapped_anew(connection, {OWNERS[0]: bytes(32)})
            key_store.add_keys(connection, new)
            rotating.start()
            waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            with store.engine.connect() as looking:
                while rotating.is_alive() and not looking.execute(waiting).scalar():
                    looking.rollback()
        rotating.join()
    assert key_status(desk).epoch == 2
    with fresh_keyring(desk) as fresh:  # the other one still holds the old key-encryption key in memory
        assert fresh.key(OWNERS[0]) == bytes(32)
    desk.close()


def test_two_rotations_at_once_are_one_and_a_refusal(keyring_desk: TestDesk) -> None:
    desk = keyring_desk.desk
    refused: list[str] = []

    def meanwhile(*_: object) -> None:
        with fresh_keyring(desk) as other, pytest.raises(KeysRotating) as raised:
            rotated(dataclasses.replace(desk, keyring=other))
        refused.append(raised.value.sentence)

    assert rotate(operator_session(desk), meanwhile).epoch == 2
    assert refused == ["Another `keys rotate` is running on this keyring."]
    assert rotated(desk).epoch == 3


def test_a_key_that_opens_no_more_is_named_and_keeps_the_old_key_from_going(keyring_desk: TestDesk) -> None:
    desk = keyring_desk.desk
    keys = desk.keyring.create_many(OWNERS)
    old_key = read_key_file(desk.settings.key_path)
    with desk.keyring.store.transaction() as connection:
        connection.execute(text("UPDATE wrapped_key SET wrapped = 'cut' WHERE owner = :who"), {"who": OWNERS[3]})
    with pytest.raises(KeyUnavailable, match=OWNERS[3]):
        rotated(desk)
    assert read_key_file(desk.settings.key_path) == old_key
    assert key_status(desk).to_rewrap == 1
    del keys[OWNERS[3]]
    desk.keyring.destroy(OWNERS[3])
    assert rotated(desk).finished
    assert desk.keyring.keys(OWNERS) == keys


def test_the_wrong_key_rotates_nothing(keyring_desk: TestDesk) -> None:
    desk = keyring_desk.desk
    keys = desk.keyring.create_many(OWNERS)
    right = desk.settings.key_path.read_bytes()
    desk.settings.key_path.write_bytes(base64.b64encode(bytes(32)))
    wrong = open_keyring(desk.settings)
    with pytest.raises(KeyUnavailable):
        rotated(dataclasses.replace(desk, keyring=wrong))
    wrong.close()
    desk.settings.key_path.write_bytes(right)
    assert key_status(desk).epoch == 1
    assert desk.keyring.keys(OWNERS) == keys


@pytest.mark.parametrize("meant", ["epochs gone", "made before keys could rotate"])
def test_a_keyring_without_epochs_gets_its_first_one_from_the_key_that_opens_it(
    keyring_desk: TestDesk, meant: str
) -> None:
    desk = keyring_desk.desk
    keys = desk.keyring.create_many(OWNERS)
    with desk.keyring.store.transaction() as connection:
        connection.execute(text("DELETE FROM key_epoch" if meant == "epochs gone" else "DROP TABLE key_epoch"))
    wrong = Keyring(desk.settings.keyring, bytes(32))
    with pytest.raises(KeyUnavailable):
        wrong.create("another")
    wrong.close()
    with fresh_keyring(desk) as fresh:
        old = dataclasses.replace(desk, keyring=fresh)
        status = key_status(old)
        assert (status.epoch, status.rotated_at, status.unfinished) == (1, None, False)
        assert fresh.store.epochs() == ()  # asking has changed nothing
        assert fresh.keys(OWNERS) == keys
        assert rotated(old).epoch == 2
        assert fresh.keys(OWNERS) == keys


def test_the_window_runs_from_the_first_key_destroyed(keyring_desk: TestDesk) -> None:
    desk, clock = keyring_desk.desk, keyring_desk.clock
    desk.keyring.create_many(OWNERS)
    clock.forward(days=400)
    assert not key_status(desk).overdue  # nothing was erased: nothing to close
    desk.keyring.destroy(OWNERS[0])
    first = clock.now()
    clock.forward(days=30)
    desk.keyring.destroy(OWNERS[1])
    desk.keyring.destroy(OWNERS[1])  # gone already: counted once
    status = key_status(desk)
    assert (status.erased, status.due, status.overdue) == (2, clock.now(), False)
    clock.forward(seconds=1)
    assert key_status(desk).overdue
    rotated(desk)
    status = key_status(desk)
    assert (status.erased, status.due, status.overdue) == (0, None, False)
    assert status.rotated_at == clock.now() > first


# --- keys from commands ----------------------------------------------------------------------------------------


@pytest.fixture
def by_command(sqlite_desk: TestDesk, tmp_path: Path) -> Desk:
    """A desk whose key a command prints."""
    desk = sqlite_desk.desk
    _print_key(tmp_path / "one", read_key_file(desk.settings.key_path))
    desk.settings.key_path.unlink()
    return _with(desk, key_command=f"cat {tmp_path / 'one'}")


def _print_key(file: Path, key: bytes) -> None:
    file.write_bytes(base64.b64encode(key))


def _with(desk: Desk, **changed: str) -> Desk:
    """A console that starts with these settings."""
    desk.keyring.close()
    settings = desk.settings.model_copy(update=changed)
    return dataclasses.replace(desk, settings=settings, keyring=open_keyring(settings, desk.clock))


def test_with_commands_the_setting_is_changed_by_hand_before_the_end(by_command: Desk, tmp_path: Path) -> None:
    keys = by_command.keyring.create_many(OWNERS)
    with pytest.raises(BadSettings, match="CS_CONSOLE_NEXT_KEY_COMMAND"):
        rotated(by_command)
    _print_key(tmp_path / "two", secrets.token_bytes(32))
    both = _with(by_command, next_key_command=f"cat {tmp_path / 'two'}")
    assert not rotated(both).finished
    assert key_status(both).unfinished
    assert not rotated(both).finished  # nothing was changed meanwhile
    assert both.keyring.keys(OWNERS) == keys
    with fresh_keyring(both) as fresh:
        assert fresh.keys(OWNERS) == keys
    both.keyring.destroy(OWNERS[0])
    after = _with(both, key_command=f"cat {tmp_path / 'two'}", next_key_command="")
    done = rotated(after)
    assert (done.epoch, done.finished) == (2, True)
    assert not key_status(after).unfinished
    assert after.keyring.key(OWNERS[1]) == keys[OWNERS[1]]
    assert sorted(path.name for path in by_command.settings.key_path.parent.iterdir()) == ["log-signing.key"]
    after.keyring.close()


def test_a_key_that_was_in_use_before_is_no_next_key(by_command: Desk, tmp_path: Path) -> None:
    same = _with(by_command, next_key_command=f"cat {tmp_path / 'one'}")
    with pytest.raises(KeyUnavailable, match="already used before"):
        rotated(same)
    assert key_status(same).epoch == 1
    same.keyring.close()


# --- key files -------------------------------------------------------------------------------------------------


def test_a_link_to_the_key_file_is_followed(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    """Else the link would be replaced, and the old key would stay where it is kept."""
    desk = sqlite_desk.desk
    real = tmp_path / "kept" / "key"
    real.parent.mkdir()
    desk.settings.key_path.rename(real)
    desk.settings.key_path.symlink_to(real)
    old_key = real.read_bytes()
    assert desk.settings.next_key_path.parent == real.parent  # from another disk it could not take its place
    assert rotated(desk).finished
    assert desk.settings.key_path.is_symlink()
    assert real.read_bytes() != old_key
    assert list(real.parent.iterdir()) == [real]


def test_a_key_file_that_is_replaced_while_it_is_being_read_is_had_nevertheless(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = sqlite_desk.desk.settings
    new = key_files.next_key(settings)
    real = key_files.read_key_file

    def replaced_after_reading(path: Path) -> bytes:
        try:
            return real(path)
        finally:
            key_files.put_next_in_place(settings)

    monkeypatch.setattr(key_files, "read_key_file", replaced_after_reading)
    assert new in wrapping_keys(settings)


def test_the_next_key_file_is_for_its_owner_alone(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    seen: list[int] = []
    rotate(operator_session(desk), lambda *_: seen.append(desk.settings.next_key_path.stat().st_mode & 0o777))
    assert seen == [0o600]
    assert desk.settings.key_path.stat().st_mode & 0o777 == 0o600


def test_a_damaged_next_key_file_is_named_and_kept(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    desk.settings.next_key_path.write_text("half")
    with pytest.raises(KeyUnavailable, match=r"key-encryption\.key\.next"):
        rotated(desk)
    assert desk.settings.next_key_path.read_text() == "half"
    assert key_status(desk).epoch == 1


def test_no_wrapped_key_of_before_is_left_in_the_file_or_its_journal(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    desk.keyring.create_many(OWNERS)
    before = [key.wrapped for key in stored_keys(desk.keyring.store)]
    files = [path for path in desk.settings.home.iterdir() if path.name.startswith("keyring.db")]
    assert any(before[0] in path.read_bytes() for path in files)
    rotated(desk)
    for path in files:
        held = path.read_bytes()
        assert not any(wrapped in held for wrapped in before)
