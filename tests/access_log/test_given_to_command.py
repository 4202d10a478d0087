"""A second place that is a command: it is given every note once it takes them, in order, and every incident."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from cs_console.access_log import checkpoint_store
from cs_console.access_log.checkpoint import copy_to_second_place, write_checkpoint
from cs_console.access_log.checkpoint_folder import kept_notes
from cs_console.access_log.checkpoint_store import GivenToCommand, NotKept, checkpoint_store_of
from cs_console.access_log.pinned_log import remember, require_grown
from cs_console.access_log.signed_note import ORIGIN_PREFIX, read_note
from cs_console.access_log.state import log_state
from cs_console.access_log.verify import verify_log
from cs_console.backups.restoring import accept
from cs_console.desk import Desk
from cs_console.errors import LogPutBack
from cs_console.opening import open_desk
from cs_console.operator_command import run_command
from cs_console.upkeep import keep_up
from tests.access_log.tampering import fill, fill_and_sign, head_of, put_back
from tests.support.desk import TestDesk

pytestmark = pytest.mark.engines("sqlite")  # files and signatures; verifying runs on both

SCRIPT = """#!/bin/sh
cd "$(dirname "$0")"
if [ -e refusing ]; then exit 3; fi
if [ -e slow ]; then exec sleep 60; fi
cat > "taken.$$"
mv "taken.$$" "$(date +%s%N).taken"
"""


class Vault:
    """A real command, and what it was given: one file each time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.script = folder / "keep it"
        self.script.write_text(SCRIPT)
        self.script.chmod(0o700)

    def behave(self, how: str) -> None:
        for other in ("refusing", "slow"):
            (self.folder / other).unlink(missing_ok=True)
        if how != "taking":
            (self.folder / how).touch()

    @property
    def taken(self) -> list[str]:
        return [file.read_text("utf-8") for file in sorted(self.folder.glob("*.taken"))]

    @property
    def sizes(self) -> list[int]:
        return [read_note(text).size for text in self.taken if text.startswith(ORIGIN_PREFIX)]

    @property
    def incidents(self) -> list[dict[str, object]]:
        return [json.loads(text) for text in self.taken if not text.startswith(ORIGIN_PREFIX)]


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


@pytest.fixture
def given(test_desk: TestDesk, vault: Vault) -> TestDesk:
    """The desk, its second place being that command."""
    settings = test_desk.desk.settings.model_copy(update={"checkpoints": f"command: '{vault.script}'"})
    return replace(test_desk, desk=replace(test_desk.desk, settings=settings))


def test_each_note_is_given_once_as_it_was_signed(given: TestDesk, vault: Vault) -> None:
    fill_and_sign(given, 3, 4)
    fill(given, 2)
    made = write_checkpoint(given.desk)
    assert made is not None and made.problem == ""
    keep_up(given.desk)
    assert vault.sizes == [3, 7, 9]
    assert vault.taken[-1] == made.note
    assert verify_log(given.desk).ok
    state = log_state(given.desk)
    assert (state.ok, state.copied) == (True, True)
    folder = given.desk.settings.home / "checkpoints"
    assert [path.name for path in folder.iterdir() if path.stat().st_mode & 0o077] == []
    assert list(kept_notes(folder)) == []


@pytest.mark.parametrize(("how", "why"), [("refusing", "it ended with status 3"), ("slow", "it took more than 0.3 s")])
def test_what_was_not_taken_is_offered_again_and_nothing_is_skipped(
    given: TestDesk, vault: Vault, monkeypatch: pytest.MonkeyPatch, how: str, why: str
) -> None:
    fill_and_sign(given, 3)
    vault.behave(how)
    monkeypatch.setattr(checkpoint_store, "GIVE_SECONDS", 0.3)
    began = time.monotonic()
    for _ in range(2):
        fill(given, 2)
        made = write_checkpoint(given.desk)
        assert made is not None
        assert made.problem == (
            f"The checkpoint could not be copied to the command in CS_CONSOLE_CHECKPOINTS: {why}. "
            "It will be tried again."
        )
    assert time.monotonic() - began < 20
    state = log_state(given.desk)
    assert (state.ok, state.copied) == (True, False)
    vault.behave("taking")
    monkeypatch.setattr(checkpoint_store, "GIVE_SECONDS", 10.0)
    again = open_desk(given.desk.settings, given.clock)  # another process, later
    keep_up(again)  # nothing new is due
    again.close()
    assert vault.sizes == [3, 5, 7]
    assert log_state(given.desk).copied


class SlowTime:
    """A clock that only a command moves: each run takes four seconds of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0
        run = run_command

        def slowly(command: str, seconds: float, given: bytes = b"") -> bytes:
            self.seconds += 4
            return run(command, seconds, given)

        monkeypatch.setattr(checkpoint_store, "run_command", slowly)
        monkeypatch.setattr(checkpoint_store, "monotonic", lambda: self.seconds)

    def spent_on(self, desk: Desk) -> tuple[float, str]:
        """How long one giving took, and what it said."""
        began = self.seconds
        said = copy_to_second_place(desk)
        return self.seconds - began, said


def test_a_long_list_is_given_in_rounds(given: TestDesk, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    vault.behave("refusing")
    fill_and_sign(given, 1, 1, 1, 1)
    vault.behave("taking")
    slow = SlowTime(monkeypatch)
    seconds, said = slow.spent_on(given.desk)
    assert (seconds, vault.sizes) == (12, [1, 2, 3])
    assert "it is slow, and 1 checkpoint more must wait" in said
    assert slow.spent_on(given.desk) == (4, "")
    assert vault.sizes == [1, 2, 3, 4]


def test_incidents_and_notes_share_one_time(given: TestDesk, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    vault.behave("refusing")
    fill_and_sign(given, 1, 1)
    for number in range(7):
        with pytest.raises(NotKept):
            checkpoint_store_of(given.desk.settings).take_incident({"account": f"{number}"})
    vault.behave("taking")
    slow = SlowTime(monkeypatch)
    for left in (4, 1):
        seconds, said = slow.spent_on(given.desk)
        assert seconds <= checkpoint_store.ROUND_SECONDS + 4
        assert f"{left} incident" in said
    assert "1 incident more must wait" in said
    seconds, said = slow.spent_on(given.desk)
    assert (seconds, said) == (12, "")
    assert [one["account"] for one in vault.incidents] == [f"{number}" for number in range(7)]
    assert vault.sizes == [1, 2]


def test_a_giving_that_has_no_time_gives_one_all_the_same(
    given: TestDesk, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.behave("refusing")
    fill_and_sign(given, 1, 1)
    vault.behave("taking")
    monkeypatch.setattr(checkpoint_store, "ROUND_SECONDS", -1.0)
    for count in (1, 2, 2):
        copy_to_second_place(given.desk)
        assert vault.sizes == [1, 2][:count]


def test_many_at_once_give_each_note_once(given: TestDesk, vault: Vault) -> None:
    vault.behave("refusing")
    fill_and_sign(given, *[1] * 12)
    vault.behave("taking")
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(copy_to_second_place, [given.desk] * 12)) == {""}
    copy_to_second_place(given.desk)
    assert vault.sizes == list(range(1, 13))


def test_an_older_list_does_not_go_back(given: TestDesk, vault: Vault) -> None:
    """A console that read the list of notes before another one sent them sends none of them again."""
    fill_and_sign(given, 2, 2)
    place = checkpoint_store_of(given.desk.settings)
    place.take(vault.taken)
    assert vault.sizes == [2, 4]
    newest = place.newest()
    assert newest is not None and newest.size == 4


def test_incidents_reach_it_and_wait_where_it_does_not_take_them(given: TestDesk, vault: Vault) -> None:
    fill_and_sign(given, 5)
    old = head_of(given)
    fill_and_sign(given, 5)
    remember(given.desk, "omar", "omar-s-account")
    put_back(given, old)
    with pytest.raises(LogPutBack):
        require_grown(given.desk, "omar", "omar-s-account")
    assert [one["account"] for one in vault.incidents] == ["omar"]
    vault.behave("refusing")
    for name in ("ines", "olga"):
        with pytest.raises(LogPutBack, match="could not be written to the command in CS_CONSOLE_CHECKPOINTS"):
            require_grown(given.desk, name, "omar-s-account")
    vault.behave("taking")
    fill(given, 9)
    made = write_checkpoint(given.desk, force=True)
    assert made is not None and "another log" in made.problem  # no note of this one is given
    assert vault.sizes == [5, 10]
    assert [one["account"] for one in vault.incidents] == ["omar", "ines", "olga"]
    copy_to_second_place(given.desk)
    assert len(vault.incidents) == 3


def test_a_log_put_back_behind_its_back_is_seen_by_what_it_last_accepted(given: TestDesk, vault: Vault) -> None:
    fill_and_sign(given, 5)
    old = head_of(given)
    fill_and_sign(given, 5)
    put_back(given, old)
    assert verify_log(given.desk).kind == "rolled back"
    assert log_state(given.desk).ok is False
    accept(given.desk.settings, "an honest restore", given.clock)
    fill_and_sign(given, 1)
    assert verify_log(given.desk).ok
    assert vault.sizes == [5, 10, 5, 6, 7]
    (aside,) = (given.desk.settings.home / "checkpoints").glob("accepted-*.txt")
    assert read_note(aside.read_text()).size == 10


def test_a_spoilt_note_of_what_was_accepted_offers_all_again(given: TestDesk, vault: Vault) -> None:
    fill_and_sign(given, 2, 2)
    (given.desk.settings.home / "checkpoints" / checkpoint_store.ACCEPTED).write_bytes(b"\xff half")
    assert copy_to_second_place(given.desk) == ""
    assert vault.sizes == [2, 4, 2, 4]


def test_its_command_line_is_in_no_representation(given: TestDesk, vault: Vault) -> None:
    place = checkpoint_store_of(given.desk.settings)
    assert isinstance(place, GivenToCommand)
    assert str(vault.script) not in repr(place) + place.name + repr(given.desk.settings)
