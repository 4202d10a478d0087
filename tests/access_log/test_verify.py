"""`verify_log` finds what was done to the log and names the first entry that does not hold (ASVS 16.4.2)."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cs_console.access_log.canonical import COLUMNS, entry_bytes
from cs_console.access_log.checkpoint import LogSigner, checkpoint_tag, write_checkpoint
from cs_console.access_log.checkpoint_folder import FILE_NAME
from cs_console.access_log.head import entry_tag, head_tag
from cs_console.access_log.merkle import Frontier, leaf_hash
from cs_console.access_log.verify import Verdict, verify_log
from cs_console.errors import BadInput, KeyUnavailable, StoreUnavailable
from tests.access_log.tampering import Hand, as_older_desks_wrote, fill, fill_and_sign, hand, head_of, put_back
from tests.support.desk import TestDesk


def broken(made: TestDesk, note: str | None = None) -> tuple[int | None, str]:
    verdict = verify_log(made.desk, note=note)
    assert not verdict.ok
    return verdict.first_bad, verdict.kind


def kept(made: TestDesk) -> Path:
    return made.desk.settings.checkpoint_folder / FILE_NAME


def test_a_whole_log_is_whole(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 10, 25, 5)
    fill(test_desk, 3)
    seen: list[tuple[int, int]] = []
    verdict = verify_log(test_desk.desk, progress=lambda done, total: seen.append((done, total)))
    with hand(test_desk) as store:
        root = Frontier(43, store.ask("SELECT frontier FROM log_head")).root().hex()
    assert verdict == Verdict(True, 43, root, None, "")
    assert seen == [(43, 43)]


def test_an_empty_log_is_whole(test_desk: TestDesk) -> None:
    assert verify_log(test_desk.desk).ok


CHANGED: dict[str, Any] = {
    "at": 1,
    "actor": "mei ",
    "roles": "agent,admin",
    "session": "",
    "host": "desk-9",
    "action": "session.ended",
    "ticket": 10_499,
    "requester": None,
    "fields": "mobile,e-mail",
    "purpose": "call-back2",
    "verification": "0",
    "outcome": "failed",
    "seconds": 0,
    "reason": "​",
    "about": "{}",
    "salt": "0" * 64,
    "tag": b"\x00" * 16,
}


@pytest.mark.parametrize("column", CHANGED)
def test_an_edit_of_any_column_names_the_entry(test_desk: TestDesk, column: str) -> None:
    fill_and_sign(test_desk, 30)
    assert set(CHANGED) == set(COLUMNS) - {"seq"}
    with hand(test_desk) as store:
        assert store.run(f"UPDATE log_entry SET {column} = :new WHERE seq = 17", new=CHANGED[column]) == 1
    assert broken(test_desk) == (17, "edited")


@pytest.mark.parametrize("new", [b"mei", b"\xff\xfe", 5.5], ids=["bytes", "no text", "a number"])
@pytest.mark.parametrize("column", ["actor", "at", "ticket", "reason"])
def test_a_value_of_another_type_names_the_entry(sqlite_desk: TestDesk, column: str, new: object) -> None:
    fill_and_sign(sqlite_desk, 30)
    with hand(sqlite_desk) as store:
        store.run(f"UPDATE log_entry SET {column} = :new WHERE seq = 17", new=new)
    assert broken(sqlite_desk) == (17, "edited")


def test_bytes_that_are_no_text_name_the_entry(sqlite_desk: TestDesk) -> None:
    fill_and_sign(sqlite_desk, 2100)
    with hand(sqlite_desk) as store:
        store.run("UPDATE log_entry SET actor = CAST(x'ff6d6569' AS TEXT) WHERE seq = 2017")
    assert broken(sqlite_desk) == (2017, "edited")


@pytest.mark.parametrize("number", [1, 17, 30])
def test_a_deleted_entry_is_named(test_desk: TestDesk, number: int) -> None:
    fill_and_sign(test_desk, 30)
    with hand(test_desk) as store:
        store.run("DELETE FROM log_entry WHERE seq = :number", number=number)
    assert broken(test_desk) == (number, "tail cut" if number == 30 else "missing")


def test_a_deleted_entry_is_named_though_the_rest_moved_up(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 30)
    with hand(test_desk) as store:
        store.run("DELETE FROM log_entry WHERE seq = 17")
        store.shift(18, 30, -1)
    assert broken(test_desk) == (17, "missing")


def test_a_renumbered_entry_is_missing_where_it_stood(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 30)
    with hand(test_desk) as store:
        store.renumber(17, 99)
    assert broken(test_desk) == (17, "missing")


def test_an_inserted_entry_is_named(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 30)
    with hand(test_desk) as store:
        store.shift(17, 30, 1)
        store.copy(5, 17)
        store.run("UPDATE log_entry SET actor = 'eve' WHERE seq = 17")
    assert broken(test_desk) == (17, "inserted")


@pytest.mark.parametrize("number", [31, 99, 0, -4])
def test_an_entry_put_in_at_either_end_is_named(test_desk: TestDesk, number: int) -> None:
    fill_and_sign(test_desk, 30)
    with hand(test_desk) as store:
        store.copy(5, number)
    assert broken(test_desk) == (number, "inserted")


def test_entries_of_an_older_desk_hold_beside_new_ones(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 20)
    as_older_desks_wrote(test_desk)
    fill_and_sign(test_desk, 10)
    assert verify_log(test_desk.desk).ok
    with hand(test_desk) as store:
        assert store.ask("SELECT count(salt) FROM log_entry") == 10
        store.run("UPDATE log_entry SET salt = NULL WHERE seq = 25")
    assert broken(test_desk) == (25, "edited")


def test_a_duplicate_is_named(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 30)
    with hand(test_desk) as store:
        store.shift(17, 30, 1)
        store.copy(5, 17)
    assert broken(test_desk) == (17, "duplicated")


@pytest.mark.parametrize("other", [18, 29])
def test_of_two_swapped_entries_the_first_is_named(test_desk: TestDesk, other: int) -> None:
    fill_and_sign(test_desk, 30)
    with hand(test_desk) as store:
        store.renumber(17, 1000)
        store.renumber(other, 17)
        store.renumber(1000, other)
    assert broken(test_desk) == (17, "swapped")


def test_of_several_changes_the_smallest_number_is_named(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 30)
    with hand(test_desk) as store:
        store.run("DELETE FROM log_entry WHERE seq > 25")
        store.run("UPDATE log_entry SET actor = 'eve' WHERE seq IN (9, 20)")
    assert broken(test_desk) == (9, "edited")


def test_a_cut_tail_is_named(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 30)
    with hand(test_desk) as store:
        store.run("DELETE FROM log_entry WHERE seq > 21")
    assert broken(test_desk) == (22, "tail cut")


def test_a_cut_tail_is_named_though_the_head_was_cut_too(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 30)
    with hand(test_desk) as store:
        store.run("DELETE FROM log_entry WHERE seq > 21")
        store.run("UPDATE log_head SET size = 21")
    assert broken(test_desk) == (22, "tail cut")


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE log_head SET size = 29",
        "UPDATE log_head SET size = -1",
        "UPDATE log_head SET size = 0, frontier = tag",
        "UPDATE log_head SET frontier = tag",
        "UPDATE log_head SET tag = frontier",
        "DELETE FROM log_head",
    ],
)
def test_a_moved_head_is_found(test_desk: TestDesk, edit: str) -> None:
    fill_and_sign(test_desk, 30)
    with hand(test_desk) as store:
        store.run(edit)
    assert broken(test_desk) == (None, "head moved")


def test_a_head_put_back_is_found(test_desk: TestDesk) -> None:
    fill(test_desk, 20)
    with hand(test_desk) as store:
        old = {name: store.ask(f"SELECT {name} FROM log_head") for name in ("size", "frontier", "tag")}
    fill(test_desk, 10)
    with hand(test_desk) as store:
        store.run("UPDATE log_head SET size = :size, frontier = :frontier, tag = :tag", **old)
    assert broken(test_desk) == (None, "head moved")


def test_a_log_put_back_is_found_by_the_second_place(test_desk: TestDesk) -> None:
    old = _a_day_and_then_another(test_desk)
    put_back(test_desk, old)
    assert broken(test_desk) == (21, "rolled back")


def test_a_log_put_back_is_found_by_a_kept_checkpoint(test_desk: TestDesk) -> None:
    old = _a_day_and_then_another(test_desk)
    note = kept(test_desk).read_text().rstrip("\n").rpartition("\n\n\n")[2]
    everything = kept(test_desk).read_text()
    kept(test_desk).unlink()
    put_back(test_desk, old)
    assert verify_log(test_desk.desk).ok  # by itself it cannot know
    assert broken(test_desk, everything) == (21, "rolled back")
    note = everything[everything.rindex("cs-console/", 0, everything.rindex("— ")) :].rstrip("\n") + "\n"
    assert note.count("— ") == 1
    assert broken(test_desk, note) == (21, "rolled back")


def test_a_log_put_back_and_continued_is_found(test_desk: TestDesk) -> None:
    old = _a_day_and_then_another(test_desk)
    put_back(test_desk, old)
    fill_and_sign(test_desk, 40)
    assert broken(test_desk) == (21, "rolled back")


def _a_day_and_then_another(made: TestDesk) -> dict[str, Any]:
    fill_and_sign(made, 20)
    old = head_of(made)
    fill_and_sign(made, 10, 10)
    assert verify_log(made.desk).ok
    return old


def test_the_whole_file_put_back_is_found(sqlite_desk: TestDesk) -> None:
    file = sqlite_desk.desk.database.file
    assert file is not None
    fill_and_sign(sqlite_desk, 20)
    sqlite_desk.desk.database.close()
    old = file.read_bytes()
    fill_and_sign(sqlite_desk, 10)
    sqlite_desk.desk.database.close()
    file.write_bytes(old)
    assert broken(sqlite_desk) == (21, "rolled back")


def test_a_rewrite_by_someone_who_has_the_tag_key_is_found(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 20, 20)
    key = test_desk.desk.log_tag_key
    with hand(test_desk) as store:
        _rewrite(store, key, 33)
    assert broken(test_desk) == (21, "rewritten")


def _rewrite(store: Hand, key: bytes, number: int) -> None:

    store.run("UPDATE log_entry SET actor = 'eve' WHERE seq = :number", number=number)
    tree = Frontier()
    rows = store.rows(f"SELECT {', '.join(COLUMNS)} FROM log_entry ORDER BY seq")
    for row in rows:
        leaf = leaf_hash(entry_bytes(tuple(row)))
        store.run("UPDATE log_entry SET tag = :tag WHERE seq = :seq", tag=entry_tag(key, leaf), seq=row[0])
        tree.append(leaf)
    tag = head_tag(key, tree)
    store.run("UPDATE log_head SET frontier = :frontier, tag = :tag", frontier=tree.packed, tag=tag)


@pytest.mark.parametrize(
    "edit", ["size = 26", "at = at + 1", "note = replace(note, '\n25\n', '\n24\n')", "note = 'none'", "tag = note_tag"]
)
def test_an_edited_checkpoint_is_found(test_desk: TestDesk, edit: str) -> None:
    fill_and_sign(test_desk, 10, 15, 5)
    with hand(test_desk) as store:
        set_to = edit.replace("note_tag", "(SELECT frontier FROM log_head)")
        store.run(f"UPDATE checkpoint SET {set_to} WHERE size = 25")
    assert broken(test_desk) == (25, "checkpoint")


def test_a_checkpoint_that_is_no_text_is_found(sqlite_desk: TestDesk) -> None:
    fill_and_sign(sqlite_desk, 25)
    with hand(sqlite_desk) as store:
        store.run("UPDATE checkpoint SET note = CAST(x'ff' AS TEXT)")
    assert broken(sqlite_desk) == (25, "checkpoint")


def test_a_deleted_checkpoint_is_found(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 10, 15, 5)
    with hand(test_desk) as store:
        store.run("DELETE FROM checkpoint WHERE size = 25")
    assert broken(test_desk) == (25, "checkpoint")


def test_a_checkpoint_signed_with_another_key_is_found(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 10, 15)
    note, at, key = _forged(test_desk), 1, test_desk.desk.log_tag_key
    with hand(test_desk) as store:
        store.run(
            "UPDATE checkpoint SET note = :note, at = 1, tag = :tag WHERE size = 25",
            note=note,
            tag=checkpoint_tag(key, 25, at, note),
        )
    assert broken(test_desk) == (25, "foreign signature")


def test_a_kept_checkpoint_signed_with_another_key_is_found(test_desk: TestDesk) -> None:
    fill_and_sign(test_desk, 10, 15)
    assert broken(test_desk, _forged(test_desk)) == (25, "foreign signature")
    with kept(test_desk).open("a") as file:
        file.write(_forged(test_desk))
    assert broken(test_desk) == (25, "foreign signature")


def _forged(made: TestDesk) -> str:
    with hand(made) as store:
        desk_id = store.ask("SELECT id FROM desk_identity")
        root = Frontier(25, store.ask("SELECT frontier FROM log_head")).root()
    return LogSigner(f"cs-console/{desk_id}", Ed25519PrivateKey.generate()).sign(25, root)


def test_a_changed_second_place_is_found_and_a_torn_write_is_not(sqlite_desk: TestDesk) -> None:
    fill_and_sign(sqlite_desk, 10, 15)
    text = kept(sqlite_desk).read_text()
    kept(sqlite_desk).write_text(text.replace("\n10\n", "\n11\n"))
    assert broken(sqlite_desk) == (11, "checkpoint")
    kept(sqlite_desk).write_text(text.replace("\n10\n", "\nten\n"))
    assert broken(sqlite_desk) == (None, "checkpoint")
    kept(sqlite_desk).write_text(text[:-60])
    assert verify_log(sqlite_desk.desk).ok
    fill_and_sign(sqlite_desk, 5)
    assert kept(sqlite_desk).read_text().count("\n25\n") == 2  # the torn one, and once more whole
    assert verify_log(sqlite_desk.desk).ok


def test_what_is_no_checkpoint_is_refused(sqlite_desk: TestDesk) -> None:
    for text in ("", "hello", "cs-console/x\n1\n"):
        with pytest.raises(BadInput):
            verify_log(sqlite_desk.desk, note=text)


@pytest.mark.parametrize("table", ["log_entry", "log_head", "checkpoint"])
def test_a_dropped_table_is_a_broken_log(test_desk: TestDesk, table: str) -> None:
    fill_and_sign(test_desk, 10)
    with hand(test_desk) as store:
        store.run(f"DROP TABLE {table}")
    assert broken(test_desk)[1] == "missing"


def test_a_table_without_its_key_may_hold_a_number_twice(sqlite_desk: TestDesk) -> None:
    fill_and_sign(sqlite_desk, 10)
    with hand(sqlite_desk) as store:
        store.run("CREATE TABLE copy AS SELECT * FROM log_entry")
        store.run("INSERT INTO copy SELECT * FROM log_entry WHERE seq = 4")
        store.run("DROP TABLE log_entry")
        store.run("ALTER TABLE copy RENAME TO log_entry")
    assert broken(sqlite_desk) == (4, "duplicated")


@pytest.mark.parametrize("size", ["'many'", "NULL", "x'00'", "25.5"])
def test_a_checkpoint_whose_size_is_no_number_is_found(sqlite_desk: TestDesk, size: str) -> None:
    fill_and_sign(sqlite_desk, 10, 15)
    with hand(sqlite_desk) as store:
        store.run("CREATE TABLE copy AS SELECT * FROM checkpoint")
        store.run("DROP TABLE checkpoint")
        store.run("CREATE TABLE checkpoint (size, at, note, tag)")
        store.run("INSERT INTO checkpoint SELECT * FROM copy")
        store.run(f"INSERT INTO checkpoint SELECT {size}, at, note, tag FROM copy WHERE size = 25")
    assert broken(sqlite_desk)[1] == "checkpoint"


def test_without_the_signing_key_there_is_no_verdict(sqlite_desk: TestDesk) -> None:
    sqlite_desk.desk.settings.log_key_path.unlink()
    with pytest.raises(KeyUnavailable):
        verify_log(sqlite_desk.desk)


def test_a_damaged_file_is_said_to_be_unreadable(sqlite_desk: TestDesk) -> None:
    file = sqlite_desk.desk.database.file
    assert file is not None
    fill(sqlite_desk, 300)
    sqlite_desk.desk.database.close()
    data = bytearray(file.read_bytes())
    data[4096:] = b"\xee" * (len(data) - 4096)
    file.write_bytes(data)
    with pytest.raises(StoreUnavailable):
        verify_log(sqlite_desk.desk)


def test_memory_stays_flat(sqlite_desk: TestDesk) -> None:
    """Peak memory does not grow with the log (SECURITY.md: streaming)."""

    def peak() -> int:
        tracemalloc.start()
        assert verify_log(sqlite_desk.desk).ok
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    fill(sqlite_desk, 3000)
    peak()
    small = peak()
    fill(sqlite_desk, 9000)
    assert peak() < 1.3 * small


def test_verifying_changes_nothing(test_desk: TestDesk) -> None:
    fill(test_desk, 10)
    before = verify_log(test_desk.desk)
    assert verify_log(test_desk.desk) == before
    assert write_checkpoint(test_desk.desk) is not None
