"""Every kind of tampering that SECURITY.md names, done by chance; each says what `log verify` has to find."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cs_console.access_log.append import append
from cs_console.access_log.canonical import COLUMNS, entry_bytes
from cs_console.access_log.head import entry_tag, head_tag
from cs_console.access_log.merkle import Frontier, leaf_hash
from cs_console.access_log.signed_note import NoteSignature, checkpoint_text, note_text
from tests.access_log.tampering import ACTORS, ENTRIES, Hand, hand
from tests.faults.tampered_log import SIGNED, SIZE, TamperedLog, insert


class Findable(NamedTuple):
    """The number that has to be named (None: it is only the head) and the kinds that would be true."""

    first_bad: int | None
    kinds: tuple[str, ...]


def edit_entry(log: TamperedLog) -> Findable:
    """One bit of a number, one letter of a text, one bit of the tag."""
    number, column = log.an_entry(), log.rng.choice(COLUMNS[1:])
    with hand(log.made) as store:
        before = store.ask(f"SELECT {column} FROM log_entry WHERE seq = :seq", seq=number)
        after = _another(log, column, before)
        store.run(f"UPDATE log_entry SET {column} = :value WHERE seq = :seq", value=after, seq=number)
    return Findable(number, ("edited",))


def _another(log: TamperedLog, column: str, value: Any) -> Any:
    """Another value that the column can hold."""
    if value is None:
        return "eve" if column == "requester" else 7
    if isinstance(value, int):
        return value ^ 1 << log.rng.randrange(31)
    if isinstance(value, str):
        at = log.rng.randrange(len(value) + 1)
        letter = log.rng.choice([one for one in "aZ0 ,é\u202e" if one != value[at : at + 1]])
        return value[:at] + letter + value[at + 1 :]
    changed = bytearray(value)
    changed[log.rng.randrange(len(changed))] ^= 1 << log.rng.randrange(8)
    return bytes(changed)


def renumber_entry(log: TamperedLog) -> Findable:
    number, other = log.an_entry(), log.rng.choice([-1, 0, SIZE + 1, SIZE + 2, SIZE + 256])
    with hand(log.made) as store:
        store.renumber(number, other)
    return Findable(min(number, other), ("missing", "inserted"))


def delete_entry(log: TamperedLog) -> Findable:
    number = log.an_entry()
    with hand(log.made) as store:
        store.run("DELETE FROM log_entry WHERE seq = :seq", seq=number)
    return Findable(number, ("tail cut" if number == SIZE else "missing",))


def delete_entry_and_close_the_gap(log: TamperedLog) -> Findable:
    number = log.rng.randrange(1, SIZE)
    with hand(log.made) as store:
        store.run("DELETE FROM log_entry WHERE seq = :seq", seq=number)
        store.shift(number + 1, SIZE, -1)
    return Findable(number, ("missing",))


def insert_entry(log: TamperedLog) -> Findable:
    place = log.rng.randint(1, SIZE + 1)
    with hand(log.made) as store:
        store.shift(place, SIZE, 1)
        row = (place, *log.days[-1]["log_entry"][log.an_entry() - 1][1:-1])
        insert(store, "log_entry", (*row, log.rng.randbytes(16)))
    return Findable(place, ("inserted",))


def swap_entries(log: TamperedLog) -> Findable:
    one, other = sorted(log.rng.sample(range(1, SIZE + 1), 2))
    with hand(log.made) as store:
        for old, new in ((one, 1000), (other, one), (1000, other)):
            store.renumber(old, new)
    return Findable(one, ("swapped",))


def duplicate_entry(log: TamperedLog) -> Findable:
    """A genuine entry once more: in the middle, at the end, or before the first."""
    number = log.an_entry()
    place = log.rng.choice([one for one in range(-2, SIZE + 2) if one != number])
    with hand(log.made) as store:
        if place < 1:
            store.copy(number, place)
        else:
            store.shift(place, SIZE, 1)
            store.copy(number + (number >= place), place)
    return Findable(place, ("duplicated", "inserted", "swapped", "missing"))


def cut_tail(log: TamperedLog) -> Findable:
    size = log.rng.randrange(SIZE)
    with hand(log.made) as store:
        store.run("DELETE FROM log_entry WHERE seq > :size", size=size)
    return Findable(size + 1, ("tail cut",))


def cut_tail_and_put_head_back(log: TamperedLog) -> Findable:
    """With a genuine head of that day; the checkpoints of later days may go with it."""
    size = log.an_older_day()
    _cut(log, size, log.head(size), checkpoints=log.rng.random() < 0.5)
    return Findable(size + 1, ("rolled back",))


def cut_tail_and_make_a_head(log: TamperedLog) -> Findable:
    """With the right tree of what is left, but without the key."""
    size, checkpoints = log.rng.randrange(SIZE), log.rng.random() < 0.5
    _cut(log, size, (*log.head(size)[:-1], log.rng.randbytes(16)), checkpoints)
    if size >= SIGNED[-1]:
        return Findable(None, ("head moved",))
    return Findable(size + 1, ("rolled back" if checkpoints else "tail cut",))


def _cut(log: TamperedLog, size: int, head: tuple[Any, ...], checkpoints: bool) -> None:
    with hand(log.made) as store:
        store.run("DELETE FROM log_entry WHERE seq > :size", size=size)
        if checkpoints:
            store.run("DELETE FROM checkpoint WHERE size > :size", size=size)
        _put_head(store, head)


def _put_head(store: Hand, head: tuple[Any, ...]) -> None:
    store.run("DELETE FROM log_head")
    insert(store, "log_head", head)


def put_rows_back(log: TamperedLog) -> Findable:
    size = log.an_older_day()
    log.put(log.days[size])
    return Findable(size + 1, ("rolled back",))


def put_file_back(log: TamperedLog) -> Findable:
    if log.sqlite_file is None:
        return put_rows_back(log)  # a server's files are its own; its tables can be put back all the same
    size = log.an_older_day()
    log.put_file_back(size)
    return Findable(size + 1, ("rolled back",))


def put_back_and_go_on(log: TamperedLog) -> Findable:
    """A fork: the console itself goes on from an older day, so that every tag is genuine."""
    old, more = log.an_older_day(), log.rng.randint(1, SIZE)
    log.put(log.days[old])
    with log.made.desk.database.transaction() as db:
        for _ in range(more):
            log.made.clock.forward(minutes=1)
            append(db, log.made.desk, ACTORS[1], ENTRIES[3], log.made.clock.now())
    agreed = max((size for size in SIGNED if size <= old), default=0)
    next_claim = min(size for size in SIGNED if size > old)
    return Findable(agreed + 1 if old + more >= next_claim else old + more + 1, ("rolled back",))


def sign_with_another_key(log: TamperedLog) -> Findable:
    """In the database or in the second place; with a key id of its own, or with the log's."""
    size = log.a_checkpoint()
    text = checkpoint_text(log.signer.name, size, _root(log, size))
    other = log.other_signer()
    claimed = log.rng.choice([other, log.signer]).verifier.key_id
    note = note_text(text, (NoteSignature(log.signer.name, claimed, other.key.sign(text.encode())),))
    if log.rng.random() < 0.5:
        genuine = log.signer.sign(size, _root(log, size))
        log.checkpoint_store_of.write_text(log.checkpoint_store_of.read_text("utf-8").replace(genuine, note), "utf-8")
    else:
        with hand(log.made) as store:
            store.run("UPDATE checkpoint SET note = :note WHERE size = :size", note=note, size=size)
    return Findable(size, ("checkpoint" if claimed == log.signer.verifier.key_id else "foreign signature",))


def _root(log: TamperedLog, size: int) -> bytes:
    _, _, frontier, _ = log.head(size)
    return Frontier(size, bytes(frontier)).root()


def edit_checkpoint(log: TamperedLog) -> Findable:
    size, column = log.a_checkpoint(), log.rng.choice(("at", "note", "tag"))
    with hand(log.made) as store:
        before = store.ask(f"SELECT {column} FROM checkpoint WHERE size = :size", size=size)
        after = _another(log, column, before)
        store.run(f"UPDATE checkpoint SET {column} = :value WHERE size = :size", value=after, size=size)
    return Findable(size, ("checkpoint", "foreign signature"))


def move_checkpoint(log: TamperedLog) -> Findable:
    size = log.a_checkpoint()
    other = log.rng.choice([one for one in range(1, SIZE + 9) if one not in SIGNED])
    with hand(log.made) as store:
        store.run("UPDATE checkpoint SET size = :other WHERE size = :size", other=other, size=size)
    return Findable(min(size, other), ("checkpoint",))


def remove_checkpoint(log: TamperedLog) -> Findable:
    size = log.a_checkpoint()
    with hand(log.made) as store:
        store.run("DELETE FROM checkpoint WHERE size = :size", size=size)
    return Findable(size, ("checkpoint",))


def edit_head(log: TamperedLog) -> Findable:
    column = log.rng.choice(("size", "frontier", "tag"))
    with hand(log.made) as store:
        after = _another(log, column, store.ask(f"SELECT {column} FROM log_head"))
        store.run(f"UPDATE log_head SET {column} = :value", value=after)
    return Findable(None, ("head moved",))


def remove_head(log: TamperedLog) -> Findable:
    with hand(log.made) as store:
        store.run("DELETE FROM log_head")
    return Findable(None, ("head moved",))


def put_head_back(log: TamperedLog) -> Findable:
    with hand(log.made) as store:
        _put_head(store, log.head(log.rng.randrange(SIZE)))
    return Findable(None, ("head moved",))


def remake_everything(log: TamperedLog) -> Findable:
    """One entry edited; tags, tree, head and checkpoints made again, as far as possible without the desk's keys."""
    number, key, signer = log.an_entry(), log.rng.randbytes(32), log.other_signer()
    first_tag = log.rng.choice([1, number, SIZE + 1])
    tree = Frontier()
    with hand(log.made) as store:
        for row in log.days[-1]["log_entry"]:
            seq, tag = row[0], bytes(row[-1])
            if seq == number:
                row = (*row[:2], "eve", *row[3:])
            leaf = leaf_hash(entry_bytes(row))
            tag = entry_tag(key, leaf) if seq >= first_tag else tag
            tree.append(leaf)
            store.run(
                "UPDATE log_entry SET actor = :actor, tag = :tag WHERE seq = :seq", actor=row[2], tag=tag, seq=seq
            )
            if seq in SIGNED and seq >= number:
                note = signer.sign(seq, tree.root())
                mine = hashlib.blake2b(note.encode(), key=key, digest_size=16).digest()
                store.run(
                    "UPDATE checkpoint SET note = :note, tag = :tag WHERE size = :size", note=note, tag=mine, size=seq
                )
        _put_head(store, (1, SIZE, tree.packed, head_tag(key, tree)))
    return Findable(min(number, first_tag), ("edited",))


TAMPERINGS: Mapping[str, Callable[[TamperedLog], Findable]] = {
    kind.__name__.replace("_", " "): kind
    for kind in (
        edit_entry,
        renumber_entry,
        delete_entry,
        delete_entry_and_close_the_gap,
        insert_entry,
        swap_entries,
        duplicate_entry,
        cut_tail,
        cut_tail_and_put_head_back,
        cut_tail_and_make_a_head,
        put_rows_back,
        put_file_back,
        put_back_and_go_on,
        sign_with_another_key,
        edit_checkpoint,
        move_checkpoint,
        remove_checkpoint,
        edit_head,
        remove_head,
        put_head_back,
        remake_everything,
    )
}
