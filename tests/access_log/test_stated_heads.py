"""What is shown was stated outside the database first: the last minute of the log cannot be cut without a trace."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cs_console.access_log import stated_heads
from cs_console.access_log.append import WrittenDown, append_alone, lock_log
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
from tests.support.office import TestOffice
from tests.support.recorded import recorded


def file_of(made: TestOffice) -> Path:
    return made.office.head_file.path


def lines_of(made: TestOffice) -> list[bytes]:
    return [line for line in file_of(made).read_bytes().split(b"\n") if line]


def state_next(made: TestOffice) -> int:
    """Append one entry and state the head, as a reveal does."""
    office, at = made.office, made.clock.now()
    with office.database.bare_transaction() as transaction:
        log = lock_log(transaction, office)
        seq = log.append(WrittenDown(office, Actor("mei", "agent", "", "a"), Entry(Action.SIGNED_IN), at))
    state_head(office, log.tree)
    return seq


def test_cutting_what_was_shown_since_the_last_checkpoint_is_found_and_named(test_office: TestOffice) -> None:
    """With write access to the database and a genuine old head, but no key."""
    fill_and_sign(test_office, 6)
    mei, ticket = own_ticket(test_office)
    old = head_of(test_office)
    reveal(mei, ticket.number, mobile_of(ticket), "reply")
    assert verify_log(test_office.office).ok
    assert log_state(test_office.office).ok
    require_grown(test_office.office, "omar", "omar")
    put_back(test_office, old)
    verdict = verify_log(test_office.office)
    assert (verdict.ok, verdict.first_bad, verdict.kind) == (False, old["size"] + 1, "rolled back")
    assert log_state(test_office.office).ok is False
    with pytest.raises(LogPutBack, match="stated"):  # at the first sign-in of a reviewer, who remembers nothing yet
        require_grown(test_office.office, "omar", "omar")


def test_a_fork_that_went_on_is_found_and_stays_in_sight(test_office: TestOffice) -> None:
    fill_and_sign(test_office, 6)
    old = head_of(test_office)
    state_next(test_office)
    state_next(test_office)
    put_back(test_office, old)
    fill_and_sign(test_office, 8)  # signing compacts, but never what speaks against the log
    state_next(test_office)
    copy_to_second_place(test_office.office)
    verdict = verify_log(test_office.office)
    assert (verdict.ok, verdict.first_bad, verdict.kind) == (False, 7, "rolled back")
    with pytest.raises(LogPutBack):
        require_grown(test_office.office, "omar", "omar")


def test_the_head_is_stated_after_the_commit_and_before_the_value_is_opened(
    test_office: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei, ticket = own_ticket(test_office)
    seen: list[tuple[int, int]] = []
    opened = open_text

    def watched(*given: object) -> str:
        newest = stated_heads.newest_stated(file_of(test_office).parent, test_office.office.log_tag_key)
        assert newest is not None
        seen.append((newest.size, recorded(test_office.office)[-1].seq))
        return opened(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(disclosure, "open_text", watched)
    shown = reveal(mei, ticket.number, mobile_of(ticket), "reply")
    assert seen == [(shown.entry, shown.entry)]


def _no_folder(folder: Path) -> None:
    folder.write_text("a file where the folder was")


def _no_file(folder: Path) -> None:
    (folder / f"head-{os.uname().nodename}.txt").mkdir(parents=True)


@pytest.mark.parametrize("spoil", [_no_folder, _no_file])
def test_where_nothing_can_be_stated_nothing_is_shown(sqlite_office: TestOffice, spoil: Callable[[Path], None]) -> None:
    mei, ticket = own_ticket(sqlite_office)
    spoil(sqlite_office.office.settings.checkpoint_folder)
    with pytest.raises(HeadNotStated) as refused:
        reveal(mei, ticket.number, mobile_of(ticket), "reply")
    assert "folder" in str(refused.value)
    last = recorded(sqlite_office.office)[-1]
    assert (last.action, last.outcome, last.reason) == (Action.REVEAL_REFUSED, Result.FAILED, "log_not_stated")


def test_a_line_that_a_crash_cut_is_said_and_costs_nothing(sqlite_office: TestOffice) -> None:
    state_next(sqlite_office)
    whole = file_of(sqlite_office).read_bytes()
    line = lines_of(sqlite_office)[0]
    for end in range(1, len(line)):
        file_of(sqlite_office).write_bytes(whole + b"\n" + line[:end])
        stated = stated_heads.stated_heads(file_of(sqlite_office).parent, sqlite_office.office.log_tag_key)
        assert (len(stated.trees), stated.changed, stated.torn) == (1, (), (file_of(sqlite_office),))
    state_next(sqlite_office)
    verdict = verify_log(sqlite_office.office)
    assert (verdict.ok, verdict.torn) == (True, (file_of(sqlite_office),))


@pytest.mark.parametrize("edit", [(b" ", b"  "), (b"1 ", b"2 "), (b"\n1", b"\nx"), (b"=", b"-")])
def test_a_changed_line_is_found(sqlite_office: TestOffice, edit: tuple[bytes, bytes]) -> None:
    state_next(sqlite_office)
    file_of(sqlite_office).write_bytes(file_of(sqlite_office).read_bytes().replace(*edit, 1))
    verdict = verify_log(sqlite_office.office)
    assert (verdict.ok, verdict.kind) == (False, "statement")
    with pytest.raises(LogPutBack, match="was changed"):
        require_grown(sqlite_office.office, "omar", "omar")


def test_the_file_stays_small_and_keeps_what_no_checkpoint_covers(sqlite_office: TestOffice) -> None:
    for _ in range(20):
        state_next(sqlite_office)
    assert len(lines_of(sqlite_office)) == 20
    write_checkpoint(sqlite_office.office, force=True)
    assert len(lines_of(sqlite_office)) == 1
    assert lines_of(sqlite_office)[0].startswith(b"20 ")
    state_next(sqlite_office)
    state_next(sqlite_office)
    copy_to_second_place(sqlite_office.office)
    assert [line.split()[0] for line in lines_of(sqlite_office)] == [b"20", b"21", b"22"]
    assert verify_log(sqlite_office.office).ok
    assert list(file_of(sqlite_office).parent.glob("head-*")) == [file_of(sqlite_office)]


def test_what_a_killed_compaction_moved_away_still_counts_and_comes_back(test_office: TestOffice) -> None:
    fill_and_sign(test_office, 3)
    old = head_of(test_office)
    state_next(test_office)
    file_of(test_office).rename(file_of(test_office).with_name(file_of(test_office).name + ".123"))
    stated = stated_heads.stated_heads(file_of(test_office).parent, test_office.office.log_tag_key)
    assert [tree.size for tree in stated.trees] == [4]
    copy_to_second_place(test_office.office)
    assert len(lines_of(test_office)) == 1
    put_back(test_office, old)
    assert verify_log(test_office.office).kind == "rolled back"


def test_no_line_is_lost_while_the_file_is_compacted(sqlite_office: TestOffice) -> None:
    """Two consoles of one host state heads while a third compacts, over and over."""
    made = sqlite_office
    consoles = [made.office.head_file, HeadFile(file_of(made).parent, made.office.host)]
    trees = []
    for _ in range(60):
        state_next(made)
        newest = stated_heads.newest_stated(file_of(made).parent, made.office.log_tag_key)
        assert newest is not None
        trees.append(newest)
    write_checkpoint(made.office, force=True)
    file_of(made).unlink()
    key = made.office.log_tag_key

    def state(which: int) -> None:
        for tree in trees[which::2]:
            consoles[which].state(tree, head_tag(key, tree))

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(state, which) for which in (0, 1)]
        while not all(one.done() for one in running):
            stated_heads.compact(made.office, 30)
        for one in running:
            one.result()
    kept = {int(line.split()[0]) for line in lines_of(made)}
    assert kept >= set(range(31, 61))
    consoles[1].close()


def test_hosts_write_files_of_their_own_and_each_counts(test_office: TestOffice) -> None:
    fill_and_sign(test_office, 3)
    old = head_of(test_office)
    fill(test_office, 1)
    with hand(test_office) as store:
        size, packed, tag = store.rows("SELECT size, frontier, tag FROM log_head")[0]
    other = HeadFile(file_of(test_office).parent, "../other host")
    other.state(Frontier(size, bytes(packed)), bytes(tag))
    other.close()
    assert other.path.parent == file_of(test_office).parent != other.path
    put_back(test_office, old)
    verdict = verify_log(test_office.office)
    assert (verdict.first_bad, verdict.kind) == (4, "rolled back")
    assert log_state(test_office.office).ok is False


@pytest.mark.parametrize("go_on", [finish, accept])
def test_a_restored_desk_sets_aside_what_was_stated_beyond_it(
    test_office: TestOffice, go_on: Callable[..., object]
) -> None:
    fill_and_sign(test_office, 3)
    old = head_of(test_office)
    state_next(test_office)
    put_back(test_office, old)
    go_on(test_office.office.settings, "an honest restore", test_office.clock)
    assert verify_log(test_office.office).ok
    assert log_state(test_office.office).ok
    require_grown(test_office.office, "omar", "omar")
    [kept] = file_of(test_office).parent.glob("set-aside-*")
    assert kept.read_bytes().strip().startswith(b"4 ")
    seq = state_next(test_office)  # a console that has the old file open writes to the new one
    assert lines_of(test_office)[-1].startswith(b"%d " % seq)


def test_without_a_statement_nothing_is_asked_of_old_desks(test_office: TestOffice) -> None:
    append_alone(test_office.office, Actor("mei", "agent", "", "a"), Entry(Action.SIGNED_IN), test_office.clock.now())
    assert verify_log(test_office.office).ok
    assert log_state(test_office.office).ok
