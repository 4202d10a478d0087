"""A reviewer is let in only to the log they saw last, grown; what does not fit is written down elsewhere."""

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event, current_thread
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from cs_console.access_log import pinned_log
from cs_console.access_log.checkpoint_folder import FILE_NAME
from cs_console.access_log.checkpoint_store import INCIDENTS
from cs_console.access_log.pinned_log import remember, require_grown
from cs_console.access_log.signed_note import read_note
from cs_console.access_log.state import log_state
from cs_console.access_log.verify import verify_log
from cs_console.backups.restoring import Restored, accept, finish
from cs_console.desk import operator_session
from cs_console.errors import BadInput, LogPutBack, NotADatabase, SignInRefused
from cs_console.staff import accounts
from cs_console.staff.sign_in import sign_in, sign_out
from models.enums import Action
from models.roles import Role
from tests.access_log.tampering import fill, fill_and_sign, hand, head_of, put_back
from tests.support.desk import TestDesk, make_desk
from tests.support.recorded import recorded

PASSWORD = "amber kite ninety lakes"
OMAR = "omar-s-account"

pytestmark = [
    pytest.mark.usefixtures("cheap_passwords"),
    pytest.mark.engines("sqlite"),  # files and signatures; verifying runs on both
]


def memory_of(made: TestDesk, account: str = OMAR) -> Path:
    return made.desk.settings.memory_folder / f"{account}.json"


def incidents(made: TestDesk) -> list[dict[str, object]]:
    file = made.desk.settings.checkpoint_folder / INCIDENTS
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


def test_a_log_that_grew_is_the_same_log(test_desk: TestDesk) -> None:
    require_grown(test_desk.desk, "omar", OMAR)  # nothing seen yet
    for size in (1, 3, 40, 1, 300):
        fill(test_desk, size)
        remember(test_desk.desk, "omar", OMAR)
        require_grown(test_desk.desk, "omar", OMAR)
        fill(test_desk, size)
        require_grown(test_desk.desk, "omar", OMAR)
    assert incidents(test_desk) == []
    assert memory_of(test_desk).stat().st_mode & 0o077 == 0


def _back(made: TestDesk, old: dict[str, object]) -> None:
    put_back(made, old)


def _back_and_on(made: TestDesk, old: dict[str, object]) -> None:
    put_back(made, old)
    fill_and_sign(made, 60)


def _edited(made: TestDesk, _old: dict[str, object]) -> None:
    fill(made, 5)
    with hand(made) as store:
        store.run("UPDATE log_entry SET reason = 'nothing' WHERE seq = 43")


def _cut(made: TestDesk, _old: dict[str, object]) -> None:
    fill(made, 5)
    with hand(made) as store:
        store.run("DELETE FROM log_entry WHERE seq = 45")


def _no_head(made: TestDesk, _old: dict[str, object]) -> None:
    with hand(made) as store:
        store.run("DELETE FROM log_head")


def _no_table(made: TestDesk, _old: dict[str, object]) -> None:
    with hand(made) as store:
        store.run("DROP TABLE log_entry")


@pytest.mark.parametrize("act", [_back, _back_and_on, _edited, _cut, _no_head, _no_table])
@pytest.mark.core
def test_another_log_is_refused_and_written_down_elsewhere(
    test_desk: TestDesk, act: Callable[[TestDesk, dict[str, object]], None]
) -> None:
    fill_and_sign(test_desk, 20)
    old = head_of(test_desk)
    fill_and_sign(test_desk, 20)
    remember(test_desk.desk, "omar", OMAR)
    act(test_desk, old)
    with pytest.raises(LogPutBack, match="not the one you last saw"):
        require_grown(test_desk.desk, "omar", OMAR)
    (incident,) = incidents(test_desk)
    assert incident["account"] == "omar"
    assert isinstance(incident["seen"], dict) and incident["seen"]["size"] == 40


def test_a_fork_that_copied_the_checkpoints_is_found(sqlite_desk: TestDesk) -> None:
    """All rows of the newer log's checkpoints in the older database: only the tree tells."""
    fill_and_sign(sqlite_desk, 20)
    old = head_of(sqlite_desk)
    fill_and_sign(sqlite_desk, 20)
    remember(sqlite_desk.desk, "omar", OMAR)
    with hand(sqlite_desk) as store:
        store.run("DELETE FROM log_entry WHERE seq > 20")
        store.run("UPDATE log_head SET size = :size, frontier = :frontier, tag = :tag", **old)
    fill(sqlite_desk, 30)
    with pytest.raises(LogPutBack):
        require_grown(sqlite_desk.desk, "omar", OMAR)


@pytest.mark.parametrize("spoil", ["", "{}", "[]", "no json", '{"note": 1, "tree": ""}', "another", "older tree"])
def test_a_memory_that_was_changed_is_not_begun_anew(
    sqlite_desk: TestDesk, tmp_path_factory: pytest.TempPathFactory, spoil: str
) -> None:
    fill_and_sign(sqlite_desk, 6)
    remember(sqlite_desk.desk, "omar", OMAR)
    file = memory_of(sqlite_desk)
    if spoil == "another":
        other = make_desk(tmp_path_factory.mktemp("other") / "home")
        fill_and_sign(other, 6)
        remember(other.desk, "omar", OMAR)
        spoil = memory_of(other).read_text()
    elif spoil == "older tree":
        older = json.loads(file.read_text())
        fill_and_sign(sqlite_desk, 4)
        remember(sqlite_desk.desk, "omar", OMAR)
        spoil = json.dumps(json.loads(file.read_text()) | {"tree": older["tree"]})
    file.write_text(spoil)
    with pytest.raises(LogPutBack, match="was changed"):
        require_grown(sqlite_desk.desk, "omar", OMAR)
    assert [one["seen"] for one in incidents(sqlite_desk)] == [None]


def test_an_incident_that_cannot_be_written_is_said(sqlite_desk: TestDesk) -> None:
    fill_and_sign(sqlite_desk, 6)
    remember(sqlite_desk.desk, "omar", OMAR)
    folder = sqlite_desk.desk.settings.checkpoint_folder
    shutil.rmtree(folder)
    folder.write_text("a file where the folder was")
    memory_of(sqlite_desk).write_text("")
    with pytest.raises(LogPutBack, match="could not be written to"):
        require_grown(sqlite_desk.desk, "omar", OMAR)


steps = some.lists(some.sampled_from(["grow", "remember", "keep", "put back"]), min_size=3, max_size=14)


@settings(max_examples=30, deadline=None)
@given(steps)
@example(["grow", "keep", "grow", "remember", "put back", "remember", "grow", "remember"])
@example(["grow", "keep", "grow", "remember", "put back", "grow", "grow", "remember"])
def test_no_order_of_events_lets_an_older_log_pass(tmp_path_factory: pytest.TempPathFactory, acts: list[str]) -> None:
    made = make_desk(tmp_path_factory.mktemp("memory") / "home")
    history, seen, kept = [], None, (head_of(made), 0)
    number = 0
    try:
        for act in acts:
            if act == "grow":
                fill(made, 3)
                history += [number, number + 1, number + 2]
                number += 3
            elif act == "remember":
                remember(made.desk, "omar", OMAR)
                if history and (seen is None or history[: len(seen)] == seen):
                    seen = list(history)
            elif act == "keep":
                kept = (head_of(made), len(history))
            elif act == "put back" and kept[1] <= len(history):
                put_back(made, kept[0])
                history = history[: kept[1]]
            if seen is None or history[: len(seen)] == seen:
                require_grown(made.desk, "omar", OMAR)
            else:
                with pytest.raises(LogPutBack):
                    require_grown(made.desk, "omar", OMAR)
    finally:
        made.desk.close()


@pytest.mark.parametrize("act", [_back, _back_and_on, _edited, _cut, _no_head, _no_table])
def test_another_log_is_never_learned(test_desk: TestDesk, act: Callable[[TestDesk, dict[str, object]], None]) -> None:
    fill_and_sign(test_desk, 20)
    old = head_of(test_desk)
    fill_and_sign(test_desk, 20)
    remember(test_desk.desk, "omar", OMAR)
    before = memory_of(test_desk).read_bytes()
    act(test_desk, old)
    remember(test_desk.desk, "omar", OMAR)
    assert memory_of(test_desk).read_bytes() == before
    assert [one["account"] for one in incidents(test_desk)] == ["omar"]
    with pytest.raises(LogPutBack):
        require_grown(test_desk.desk, "omar", OMAR)


def test_a_memory_that_was_changed_is_not_replaced(sqlite_desk: TestDesk) -> None:
    fill_and_sign(sqlite_desk, 6)
    remember(sqlite_desk.desk, "omar", OMAR)
    memory_of(sqlite_desk).write_text("{}")
    fill(sqlite_desk, 3)
    remember(sqlite_desk.desk, "omar", OMAR)
    assert memory_of(sqlite_desk).read_text() == "{}"
    assert [one["seen"] for one in incidents(sqlite_desk)] == [None]


def test_a_slower_console_does_not_put_an_older_memory_back(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between reading and writing while another console remembers more: the waiting one reads again."""
    desk = sqlite_desk.desk
    fill_and_sign(sqlite_desk, 6)
    looked, go_on = Event(), Event()
    look = pinned_log._look

    def slow_look(*given: Any) -> Any:
        found = look(*given)
        if current_thread().name.startswith("slower"):
            looked.set()
            assert go_on.wait(30)
        return found

    monkeypatch.setattr(pinned_log, "_look", slow_look)
    with ThreadPoolExecutor(1, "slower") as slower, ThreadPoolExecutor(1, "quicker") as quicker:
        slow = slower.submit(remember, desk, "omar", OMAR)
        assert looked.wait(30)
        fill(sqlite_desk, 4)
        quick = quicker.submit(remember, desk, "omar", OMAR)
        wait([quick], timeout=0.5)
        go_on.set()
        slow.result(30)
        quick.result(30)
    assert read_note(json.loads(memory_of(sqlite_desk).read_text())["note"]).size == 10


# --- at the door


def account(made: TestDesk, name: str, role: Role) -> None:
    accounts.add_agent(operator_session(made.desk), name, (role,), PASSWORD)


def test_reviewers_stop_at_a_log_put_back_and_agents_go_on(test_desk: TestDesk) -> None:
    account(test_desk, "omar", Role.SUPERVISOR)
    account(test_desk, "ines", Role.PRIVACY_OFFICER)
    account(test_desk, "mei", Role.AGENT)
    for name in ("omar", "ines", "mei"):
        sign_out(sign_in(test_desk.desk, name, PASSWORD).session)
    old = head_of(test_desk)
    for name in ("ines", "mei", "omar"):
        sign_out(sign_in(test_desk.desk, name, PASSWORD).session)
    assert len(list(test_desk.desk.settings.memory_folder.glob("*.json"))) == 2
    put_back(test_desk, old)
    for name in ("omar", "ines"):
        with pytest.raises(LogPutBack):
            sign_in(test_desk.desk, name, PASSWORD)
        with pytest.raises(SignInRefused):
            sign_in(test_desk.desk, name, "not the password at all")
    assert [entry.actor for entry in recorded(test_desk.desk, Action.SIGN_IN_FAILED) if "log" in entry.reason] == [
        "omar",
        "ines",
    ]
    sign_in(test_desk.desk, "mei", PASSWORD)


def test_a_log_put_back_while_a_reviewer_is_signed_in_stops_their_next_sign_in(test_desk: TestDesk) -> None:
    account(test_desk, "omar", Role.SUPERVISOR)
    sign_out(sign_in(test_desk.desk, "omar", PASSWORD).session)
    begun = sign_in(test_desk.desk, "omar", PASSWORD).session
    old = head_of(test_desk)
    fill(test_desk, 9)
    remember(test_desk.desk, "omar", begun.agent.id)  # as another session of theirs would have
    put_back(test_desk, old)
    sign_out(begun)
    assert [one["account"] for one in incidents(test_desk)] == ["omar"]
    with pytest.raises(LogPutBack):
        sign_in(test_desk.desk, "omar", PASSWORD)


def test_the_right_password_is_no_failure(sqlite_desk: TestDesk) -> None:
    account(sqlite_desk, "omar", Role.SUPERVISOR)
    sign_out(sign_in(sqlite_desk.desk, "omar", PASSWORD).session)
    old = head_of(sqlite_desk)
    sign_out(sign_in(sqlite_desk.desk, "omar", PASSWORD).session)
    put_back(sqlite_desk, old)
    for _ in range(8):
        with pytest.raises(LogPutBack):
            sign_in(sqlite_desk.desk, "omar", PASSWORD)


@pytest.mark.parametrize(("go_on", "action"), [(finish, Action.DESK_RESTORED), (accept, Action.LOG_ACCEPTED)])
def test_after_an_honest_restore_reviewers_are_let_in_again(
    test_desk: TestDesk, go_on: Callable[..., Restored], action: Action
) -> None:
    desk = test_desk.desk
    account(test_desk, "omar", Role.SUPERVISOR)
    sign_out(sign_in(desk, "omar", PASSWORD).session)
    old = head_of(test_desk)
    sign_out(sign_in(desk, "omar", PASSWORD).session)
    put_back(test_desk, old)
    with pytest.raises(LogPutBack, match="log accept"):
        sign_in(desk, "omar", PASSWORD)
    kept = {file.name: file.read_bytes() for file in desk.settings.memory_folder.glob("*.json")}
    done = go_on(desk.settings, "yesterday's backup", test_desk.clock)
    state = log_state(desk)  # signed at once, in the second place too: what comes next has a witness
    assert (state.last_checkpoint_size, state.copied) == (done.entries_after, True)
    assert sign_in(desk, "omar", PASSWORD).session.agent.name == "omar"
    assert verify_log(desk).ok
    (entry,) = recorded(desk, Action.DESK_RESTORED, Action.LOG_ACCEPTED)
    assert (entry.seq, entry.action, entry.reason) == (done.entries_after, action, "yesterday's backup")
    aside = list(desk.settings.memory_folder.glob("*.json.*"))
    assert {file.name.partition(".json")[0] + ".json": file.read_bytes() for file in aside} == kept
    assert len(list(desk.settings.checkpoint_folder.glob("checkpoints-*"))) == 1
    assert (desk.settings.checkpoint_folder / FILE_NAME).is_file()


def test_nothing_is_set_aside_where_nothing_stands_against_the_log(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    account(sqlite_desk, "omar", Role.SUPERVISOR)
    sign_out(sign_in(desk, "omar", PASSWORD).session)
    fill(sqlite_desk, 4)
    with pytest.raises(BadInput, match="nothing to accept"):
        accept(desk.settings, "to be sure", sqlite_desk.clock)
    assert recorded(desk, Action.LOG_ACCEPTED) == []
    assert len(list(desk.settings.memory_folder.glob("*.json"))) == 1
    assert (desk.settings.checkpoint_folder / FILE_NAME).is_file()


def test_a_log_that_does_not_hold_by_itself_is_not_accepted(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    fill_and_sign(sqlite_desk, 9)
    remember(desk, "omar", OMAR)
    _edited(sqlite_desk, {})
    with hand(sqlite_desk) as store:
        store.run("UPDATE log_entry SET actor = 'eve' WHERE seq = 5")
    with pytest.raises(NotADatabase, match="edited at 5"):
        accept(desk.settings, "it is fine, really", sqlite_desk.clock)
    assert memory_of(sqlite_desk).exists()
    assert (desk.settings.checkpoint_folder / FILE_NAME).is_file()


def test_a_memory_that_was_damaged_is_accepted_over(sqlite_desk: TestDesk) -> None:
    fill_and_sign(sqlite_desk, 9)
    remember(sqlite_desk.desk, "omar", OMAR)
    memory_of(sqlite_desk).write_text("half a f")
    accept(sqlite_desk.desk.settings, "the disk was full", sqlite_desk.clock)
    require_grown(sqlite_desk.desk, "omar", OMAR)
    (aside,) = sqlite_desk.desk.settings.memory_folder.glob("*.json.*")
    assert aside.read_text() == "half a f"
