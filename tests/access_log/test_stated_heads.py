"""What is shown was stated outside the database first: the last minute of the log cannot be cut without a trace."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cs_console.access_log import stated_heads
from cs_console.access_log.append import PreparedEntry, append_alone, lock_log
from cs_console.access_log.checkpoint import copy_to_second_place, write_checkpoint
from cs_console.access_log.entry import Actor, Entry
from cs_console.access_log.head import head_tag
from cs_console.access_log.merkle import Frontier
from cs_console.access_log.pinned_log import require_grown
from cs_console.access_log.state import log_state
from cs_console.access_log.stated_heads import HeadFile, state_head
from cs_console.access_log.verify import verify_log
from cs_console.backups.restoring import accept, finish
from cs_console.custody import disclosure
from cs_console.custody.disclosure import reveal
from cs_console.custody.opening import open_text
from cs_console.errors import HeadNotStated, LogPutBack
from models.enums import Action, Result
from tests.access_log.tampering import fill, fill_and_sign, hand, head_of, put_back
from tests.custody.reveals import mobile_of, own_ticket
from tests.support.desk import TestDesk
from tests.support.recorded import recorded

pytestmark = pytest.mark.engines("sqlite")  # files and signatures; verifying runs on both


def file_of(made: TestDesk) -> Path:
    return made.desk.head_file.path


def lines_of(made: TestDesk) -> list[bytes]:
    return [line for line in file_of(made).read_bytes().split(b"\n") if line]


def state_next(made: TestDesk) -> int:
    """Append one entry and state the head, as a reveal does."""
    desk, at = made.desk, made.clock.now()
    with desk.database.bare_transaction() as transaction:
        log = lock_log(transaction, desk)
        seq = log.append(PreparedEntry(desk, Actor("mei", "agent", "", "a"), Entry(Action.SIGNED_IN), at))
    state_head(desk, log.tree)
    return seq


def test_cutting_what_was_shown_since_the_last_checkpoint_is_found_and_named(test_desk: TestDesk) -> None:
    """With write access to the database and a genuine old head, but no key."""
    fill_and_sign(test_desk, 6)
    mei, ticket = own_ticket(test_desk)
    old = head_of(test_desk)
    reveal(mei, ticket.number, mobile_of(ticket), "reply")
    assert verify_log(test_desk.desk).ok
    assert log_state(test_desk.desk).ok
    require_grown(test_desk.desk, "omar", "omar")
    put_back(test_desk, old)
    verdict = verify_log(test_desk.desk)
    assert (verdict.ok, verdict.first_bad, verdict.kind) == (False, old["size"] + 1, "rolled back")
    assert log_state(test_desk.desk).ok is False
    with pytest.raises(LogPutBack, match="statement"):  # at the first sign-in of a reviewer, who remembers nothing yet
        require_grown(test_desk.desk, "omar", "omar")


def test_a_fork_that_went_on_is_found_and_stays_in_sight(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 6)
    old = head_of(test_desk)
    state_next(test_desk)
    state_next(test_desk)
    put_back(test_desk, old)
    fill_and_sign(test_desk, 8)  # signing compacts, but never what speaks against the log
    state_next(test_desk)
    copy_to_second_place(test_desk.desk)
    verdict = verify_log(test_desk.desk)
    assert (verdict.ok, verdict.first_bad, verdict.kind) == (False, 7, "rolled back")
    with pytest.raises(LogPutBack):
        require_grown(test_desk.desk, "omar", "omar")


@pytest.mark.core
def test_the_head_is_stated_after_the_commit_and_before_the_value_is_opened(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei, ticket = own_ticket(test_desk)
    seen: list[tuple[int, int]] = []
    opened = open_text

    def watched(*given: object) -> str:
        newest = stated_heads.newest_stated(file_of(test_desk).parent, test_desk.desk.log_tag_key)
        assert newest is not None
        seen.append((newest.size, recorded(test_desk.desk)[-1].seq))
        return opened(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(disclosure, "open_text", watched)
    shown = reveal(mei, ticket.number, mobile_of(ticket), "reply")
    assert seen == [(shown.entry, shown.entry)]


def _no_folder(folder: Path) -> None:
    folder.write_text("a file where the folder was")


def _no_file(folder: Path) -> None:
    (folder / f"head-{os.uname().nodename}.txt").mkdir(parents=True)


@pytest.mark.parametrize("spoil", [_no_folder, _no_file])
def test_where_nothing_can_be_stated_nothing_is_shown(sqlite_desk: TestDesk, spoil: Callable[[Path], None]) -> None:
    mei, ticket = own_ticket(sqlite_desk)
    spoil(sqlite_desk.desk.settings.checkpoint_folder)
    with pytest.raises(HeadNotStated) as refused:
        reveal(mei, ticket.number, mobile_of(ticket), "reply")
    assert "folder" in str(refused.value)
    last = recorded(sqlite_desk.desk)[-1]
    assert (last.action, last.outcome, last.reason) == (Action.REVEAL_REFUSED, Result.FAILED, "log_not_stated")


def test_a_line_that_a_crash_cut_is_said_and_costs_nothing(sqlite_desk: TestDesk) -> None:
    state_next(sqlite_desk)
    whole = file_of(sqlite_desk).read_bytes()
    line = lines_of(sqlite_desk)[0]
    for end in range(1, len(line)):
        file_of(sqlite_desk).write_bytes(whole + b"\n" + line[:end])
        stated = stated_heads.stated_heads(file_of(sqlite_desk).parent, sqlite_desk.desk.log_tag_key)
        assert (len(stated.trees), stated.changed, stated.torn) == (1, (), (file_of(sqlite_desk),))
    state_next(sqlite_desk)
    verdict = verify_log(sqlite_desk.desk)
    assert (verdict.ok, verdict.torn) == (True, (file_of(sqlite_desk),))


@pytest.mark.parametrize("edit", [(b" ", b"  "), (b"1 ", b"2 "), (b"\n1", b"\nx"), (b"=", b"-")])
def test_a_changed_line_is_found(sqlite_desk: TestDesk, edit: tuple[bytes, bytes]) -> None:
    state_next(sqlite_desk)
    file_of(sqlite_desk).write_bytes(file_of(sqlite_desk).read_bytes().replace(*edit, 1))
    verdict = verify_log(sqlite_desk.desk)
    assert (verdict.ok, verdict.kind) == (False, "statement")
    with pytest.raises(LogPutBack, match="was changed"):
        require_grown(sqlite_desk.desk, "omar", "omar")


def test_the_file_stays_small_and_keeps_what_no_checkpoint_covers(sqlite_desk: TestDesk) -> None:
    for _ in range(20):
        state_next(sqlite_desk)
    assert len(lines_of(sqlite_desk)) == 20
    write_checkpoint(sqlite_desk.desk, force=True)
    assert len(lines_of(sqlite_desk)) == 1
    assert lines_of(sqlite_desk)[0].startswith(b"20 ")
    state_next(sqlite_desk)
    state_next(sqlite_desk)
    copy_to_second_place(sqlite_desk.desk)
    assert [line.split()[0] for line in lines_of(sqlite_desk)] == [b"20", b"21", b"22"]
    assert verify_log(sqlite_desk.desk).ok
    assert list(file_of(sqlite_desk).parent.glob("head-*")) == [file_of(sqlite_desk)]


def test_what_a_killed_compaction_moved_away_still_counts_and_comes_back(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 3)
    old = head_of(test_desk)
    state_next(test_desk)
    file_of(test_desk).rename(file_of(test_desk).with_name(file_of(test_desk).name + ".123"))
    stated = stated_heads.stated_heads(file_of(test_desk).parent, test_desk.desk.log_tag_key)
    assert [tree.size for tree in stated.trees] == [4]
    copy_to_second_place(test_desk.desk)
    assert len(lines_of(test_desk)) == 1
    put_back(test_desk, old)
    assert verify_log(test_desk.desk).kind == "rolled back"


def test_no_line_is_lost_while_the_file_is_compacted(sqlite_desk: TestDesk) -> None:
    """Two consoles of one host state heads while a third compacts, over and over."""
    made = sqlite_desk
    consoles = [made.desk.head_file, HeadFile(file_of(made).parent, made.desk.host)]
    trees = []
    for _ in range(60):
        state_next(made)
        newest = stated_heads.newest_stated(file_of(made).parent, made.desk.log_tag_key)
        assert newest is not None
        trees.append(newest)
    write_checkpoint(made.desk, force=True)
    file_of(made).unlink()
    key = made.desk.log_tag_key

    def state(which: int) -> None:
        for tree in trees[which::2]:
            consoles[which].state(tree, head_tag(key, tree))

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(state, which) for which in (0, 1)]
        while not all(one.done() for one in running):
            stated_heads.compact(made.desk, 30)
        for one in running:
            one.result()
    kept = {int(line.split()[0]) for line in lines_of(made)}
    assert kept >= set(range(31, 61))
    consoles[1].close()


def test_hosts_write_files_of_their_own_and_each_counts(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 3)
    old = head_of(test_desk)
    fill(test_desk, 1)
    with hand(test_desk) as store:
        size, packed, tag = store.rows("SELECT size, frontier, tag FROM log_head")[0]
    other = HeadFile(file_of(test_desk).parent, "../other host")
    other.state(Frontier(size, bytes(packed)), bytes(tag))
    other.close()
    assert other.path.parent == file_of(test_desk).parent != other.path
    put_back(test_desk, old)
    verdict = verify_log(test_desk.desk)
    assert (verdict.first_bad, verdict.kind) == (4, "rolled back")
    assert log_state(test_desk.desk).ok is False


@pytest.mark.parametrize("go_on", [finish, accept])
def test_a_restored_desk_sets_aside_what_was_stated_beyond_it(
    test_desk: TestDesk, go_on: Callable[..., object]
) -> None:
    fill_and_sign(test_desk, 3)
    old = head_of(test_desk)
    state_next(test_desk)
    put_back(test_desk, old)
    go_on(test_desk.desk.settings, "an honest restore", test_desk.clock)
    assert verify_log(test_desk.desk).ok
    assert log_state(test_desk.desk).ok
    require_grown(test_desk.desk, "omar", "omar")
    [kept] = file_of(test_desk).parent.glob("set-aside-*")
    assert kept.read_bytes().strip().startswith(b"4 ")
    seq = state_next(test_desk)  # a console that has the old file open writes to the new one
    assert lines_of(test_desk)[-1].startswith(b"%d " % seq)


def test_without_a_statement_nothing_is_asked_of_old_desks(test_desk: TestDesk) -> None:
    append_alone(test_desk.desk, Actor("mei", "agent", "", "a"), Entry(Action.SIGNED_IN), test_desk.clock.now())
    assert verify_log(test_desk.desk).ok
    assert log_state(test_desk.desk).ok
