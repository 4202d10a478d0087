"""Keeping the index of words: of each ticket what a plain agent may read of it, made again after every change.

Whatever adds or changes a text or a tag only marks its ticket (`custody/search_queue`), so that intake pays for one
small row. The upkeep indexes what is marked, and a search first indexes the newest of it itself: what was committed
before a search begins is found by it, whichever console or command stored it, and no process has to watch for changes.
A ticket's words are read and hashed outside any lock, some tickets at a time, and what differs from what the index
holds is stored. What must not find a ticket any more is taken out at once, where that is decided.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, func, insert, literal, select, union_all
from sqlmodel import Session, col

from cs_console.custody.attachment_labels import attachment_labels
from cs_console.custody.index_rotation import retire_search_keys
from cs_console.custody.redaction import without_blocks
from cs_console.custody.safe_views import open_safe
from cs_console.custody.search_queue import index_later, packed, put_in_tokens, take_out, take_out_tokens, unpacked
from cs_console.custody.ticket_keys import TicketKeys, opened_keys
from cs_console.desk import Desk
from cs_console.errors import BadPack, ConsoleError, KeyDestroyed, SealBroken, UnknownPack
from cs_console.progress import Progress
from cs_console.tickets.search.tokens import TokenMaker, current_generation, search_key
from cs_console.tickets.tags import tags_of
from models.attachment import Attachment
from models.enums import RequesterState
from models.message import Message
from models.requester import Requester
from models.search import SearchDue, SearchEntry
from models.ticket import Ticket

SECONDS = 5.0
"""How long one call goes on beginning new tickets."""
AT_ONCE = 25
"""Tickets whose words are read, and then stored, in one go, by a search and by an upkeep that has few."""
MOST_AT_ONCE = 800
"""Where many wait, more are stored in one go, since words that they share are hashed, and pages of the index written,
once for all of them."""
HELD_SECONDS = 0.2
"""About so long a go may hold its locks, on whatever machine: the next is of more tickets, or of fewer."""
STALE_AT_ONCE = 500
COUNTED_UP_TO = 10_000
MOST_WORDS = 20_000
"""Of one ticket, beginnings among them: the rest of a longer one is not found."""
LONGEST_TEXT = 1_000_000
"""So many characters of a text are read: longer ones would keep an upkeep or a search busy for seconds."""

_STATE = (
    col(Ticket.number),
    col(Ticket.requester_id),
    col(Ticket.sealed_key),
    col(Ticket.redaction_due),
    col(Requester.state),
)
"""What must still be so when the words that were read are stored."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A ticket as it was when its words were read: its marks, what is stored of it, and its tokens.

    `tokens`: None where nothing of it may be found; none where nothing of it can be read, until its key is renewed.
    """

    marks: frozenset[int]
    state: tuple[Any, ...]
    tokens: frozenset[int] | None = None


def index_waiting(desk: Desk, seconds: float = SECONDS) -> int:
    """Index tickets that wait, the newest first, for about so many seconds; returns how many were done.

    One whose texts wait to be redacted again, or whose pack is missing, goes on waiting; one whose key is missing is
    done with, and looked at again when its texts change or the look-up keys are renewed. Raises StoreUnavailable,
    DeskKeyMissing.
    """
    begun, done = time.monotonic(), 0
    below: int | None = None
    most = AT_ONCE
    while time.monotonic() - begun < seconds:
        numbers = _due(desk, below, most)
        indexed, held = _index(desk, numbers)
        done += indexed
        if len(numbers) == most:
            below, most = numbers[-1], _next_go(most, held)
        elif _mark_stale(desk):
            below = None
        else:
            break
    retire_search_keys(desk)  # the last ticket that needed an older key may have been indexed by a search
    return done


def index_newest(desk: Desk) -> None:
    """Index the newest few of the tickets that wait, so that a search finds what was stored just before it.

    What is left, and any obstacle, is for the upkeep: the search goes on, and says how many tickets wait.
    """
    with suppress(ConsoleError):
        index_tickets(desk, _due(desk, None, AT_ONCE))


def index_all(desk: Desk, progress: Progress | None = None) -> None:
    """Index whatever waits, to the end: after keys were renewed. Raises like `index_waiting`."""
    total = still_indexing(desk, most=None)
    done = 0
    while True:
        now = index_waiting(desk)
        done += now
        if progress is not None and total:
            progress(min(done, total), total)
        if not now:
            return


def still_indexing(desk: Desk, most: int | None = COUNTED_UP_TO) -> int:
    """How many tickets' words are not in the index as they are now, counted no further than `most`."""
    with desk.database.reading() as db:
        return waiting_in(db, desk, most)


def waiting_in(db: Session, desk: Desk, most: int | None = COUNTED_UP_TO) -> int:
    """The same within a transaction."""
    stale = col(SearchEntry.generation) < current_generation(desk)
    changed = select(col(SearchDue.ticket_number).label("number")).distinct().limit(most).subquery()
    older = select(col(SearchEntry.ticket_number).label("number")).where(stale).limit(most).subquery()
    found = union_all(select(changed), select(older)).subquery()
    return int(db.connection().execute(select(func.count(func.distinct(found.c.number)))).scalar_one())


def still_indexing_words(waiting: int) -> str:
    """What a search says to people while so many tickets wait."""
    tickets = "1 ticket is" if waiting == 1 else f"{min(waiting, COUNTED_UP_TO):,} tickets are"
    return f"{tickets} still being indexed{' (or more)' if waiting >= COUNTED_UP_TO else ''}: some may be missing here."


def index_tickets(desk: Desk, numbers: Iterable[int]) -> int:
    """Index these tickets as far as they wait for it; returns how many were done. Raises like `index_waiting`."""
    return _index(desk, sorted(set(numbers)))[0]


def _index(desk: Desk, numbers: list[int]) -> tuple[int, float]:
    """How many of these tickets were done, and how many seconds their locks were held."""
    if not numbers:
        return 0, 0.0
    generation = current_generation(desk)
    read, without_pack = _read(desk, numbers, search_key(desk, generation))
    if not read and not without_pack:
        return 0, 0.0
    with desk.database.transaction() as db:
        begun = time.monotonic()
        take_out(db, without_pack)
        done = _store(db, read, generation)
    return done, time.monotonic() - begun


def _next_go(most: int, held: float) -> int:
    """How many tickets to index in the next go, after one of `most` held its locks for so many seconds."""
    if held > HELD_SECONDS:
        return max(most // 2, AT_ONCE)
    return min(most * 2, MOST_AT_ONCE) if held < HELD_SECONDS / 2 else most


def _due(desk: Desk, below: int | None, most: int) -> list[int]:
    number = col(SearchDue.ticket_number)
    wanted = select(number).distinct().order_by(number.desc()).limit(most)
    with desk.database.reading() as db:
        found = db.connection().execute(wanted if below is None else wanted.where(number < below))
        return list(found.scalars())


def _mark_stale(desk: Desk) -> bool:
    """Mark some of the tickets whose words are under an older key; whether there were any."""
    stale = select(col(SearchEntry.ticket_number)).where(col(SearchEntry.generation) < current_generation(desk))
    marked = select(literal(1)).where(col(SearchDue.ticket_number) == col(SearchEntry.ticket_number))
    unmarked = stale.where(~marked.exists())
    with desk.database.reading() as db:
        numbers = list(db.connection().execute(unmarked.limit(STALE_AT_ONCE)).scalars())
    if numbers:
        with desk.database.transaction() as db:
            for number in numbers:
                index_later(db, number)
    return bool(numbers)


def _read(desk: Desk, numbers: list[int], key: bytes) -> tuple[dict[int, _Read], list[int]]:
    """The tickets that can be indexed now, by number, and those whose pack is missing, which wait for it."""
    make = TokenMaker(key)
    with desk.database.reading() as db:
        marks = _marks(db, numbers)
        more = (col(Ticket.subject_redacted), col(Ticket.pack))
        rows = (
            db.connection()
            .execute(
                select(*_STATE, *more)
                .join(Requester, col(Requester.id) == col(Ticket.requester_id))
                .where(col(Ticket.number).in_(marks))
            )
            .all()
        )
        keys = desk.keyring.keys({row.requester_id for row in rows if _is_findable(row)})
        lines, with_files, tags = _lines(db, numbers), _with_files(db, numbers), tags_of(db, numbers)
        found, without_pack = {}, []
        for row in rows:
            seen = frozenset(marks[row.number])
            state = tuple(row[: len(_STATE)])
            if not _is_findable(row):
                found[row.number] = _Read(seen, state)
                continue
            opened = _opened(row, keys)
            if opened is None:
                found[row.number] = _Read(seen, state, frozenset())
                continue
            if row.redaction_due is not None:
                continue
            try:
                names = _file_names(db, desk, row, opened) if row.number in with_files else ()
            except (UnknownPack, BadPack):
                without_pack.append(row.number)
                continue
            texts = (*tags.get(row.number, ()), *names, *_texts(opened, row, lines[row.number]))
            found[row.number] = _Read(seen, state, _tokens(make, texts))
        return found, without_pack


def _opened(row: Row[*tuple[Any, ...]], keys: Mapping[str, bytes]) -> TicketKeys | None:
    """A ticket's keys, None where they are missing or destroyed: no one can read anything of it then."""
    if row.requester_id not in keys:
        return None
    try:
        return opened_keys(row.requester_id, keys[row.requester_id], row.number, row.sealed_key)
    except (KeyDestroyed, SealBroken):
        return None


def _is_findable(row: Row[*tuple[Any, ...]]) -> bool:
    """Held and erased requesters' tickets are found by no word."""
    return bool(row.state == RequesterState.ACTIVE and row.sealed_key != b"")


def _marks(db: Session, numbers: list[int], *, to_take_away: bool = False) -> dict[int, list[int]]:
    """The marks of these tickets, in order; `to_take_away`: without those that someone else is taking away."""
    found: dict[int, list[int]] = defaultdict(list)
    marks = (
        select(col(SearchDue.ticket_number), col(SearchDue.mark))
        .where(col(SearchDue.ticket_number).in_(numbers))
        .order_by(col(SearchDue.ticket_number), col(SearchDue.mark))
    )
    for number, mark in db.connection().execute(marks.with_for_update(skip_locked=True) if to_take_away else marks):
        found[number].append(mark)
    return found


def _lines(db: Session, numbers: list[int]) -> dict[int, list[tuple[str, bytes]]]:
    """By ticket the redacted texts of its messages, ours and the notes among them, by their ids."""
    found: dict[int, list[tuple[str, bytes]]] = defaultdict(list)
    lines = select(col(Message.ticket_number), col(Message.id), col(Message.text_redacted)).where(
        col(Message.ticket_number).in_(numbers)
    )
    for number, message_id, sealed in db.connection().execute(lines):
        found[number].append((message_id, sealed))
    return found


def _with_files(db: Session, numbers: list[int]) -> set[int]:
    found = (
        select(col(Message.ticket_number))
        .join(Attachment, col(Attachment.message_id) == col(Message.id))
        .where(col(Message.ticket_number).in_(numbers))
        .distinct()
    )
    return set(db.connection().execute(found).scalars())


def _file_names(db: Session, desk: Desk, row: Row[*tuple[Any, ...]], keys: TicketKeys) -> tuple[str, ...]:
    """Raises UnknownPack, BadPack, StoreUnavailable."""
    regions = desk.packs.get(row.pack).meta.regions
    try:
        labels = attachment_labels(db, desk, row.number, regions, keys)
    except (SealBroken, KeyDestroyed):  # a contact does not open, without which no name is redacted
        return ()
    return tuple(label.name for label in labels)


def _texts(keys: TicketKeys, row: Row[*tuple[Any, ...]], lines: list[tuple[str, bytes]]) -> Iterable[str]:
    sealed = [("ticket", "subject_redacted", str(row.number), row.subject_redacted)]
    sealed += [("message", "text_redacted", message_id, text) for message_id, text in lines]
    for table, column, at, text in sealed:
        try:
            yield open_safe(keys.key, keys.place(table, column, at), text)
        except (SealBroken, KeyDestroyed):  # shown to no one either
            continue


def _tokens(make: TokenMaker, texts: Iterable[str]) -> frozenset[int]:
    """The tokens of these texts, of the first ones where they have more than MOST_WORDS."""
    found: set[int] = set()
    for text in texts:
        new = make.of_text(without_blocks(text[:LONGEST_TEXT])) - found
        room = MOST_WORDS - len(found)
        if len(new) > room:
            return frozenset(found.union(sorted(new)[:room]))
        found |= new
    return frozenset(found)


def _store(db: Session, read: dict[int, _Read], generation: int) -> int:
    """Store what was read of tickets that are still so, each in place of what the index holds; how many they are."""
    run = db.connection().execute
    numbers = sorted(read)
    here = (
        select(*_STATE)
        .join(Requester, col(Requester.id) == col(Ticket.requester_id))
        .where(col(Ticket.number).in_(numbers))
        .order_by(col(Ticket.number))
        # what someone else is changing is left for the next time: nothing waits here, nor for what is locked here
        .with_for_update(read=True, skip_locked=True, of=(Ticket, Requester))
    )
    states = {row.number: tuple(row) for row in run(here)}
    mine, present = _marks(db, numbers, to_take_away=True), _marks(db, numbers)
    # a mark that is someone else's now, or that came meanwhile, stays, and with it all others of its ticket
    ready = [
        number
        for number in numbers
        if number in mine
        and mine[number] == present[number]
        and read[number].marks.issuperset(mine[number])
        and states.get(number) == read[number].state
    ]
    seen = {mark for number in ready for mark in mine[number]}
    run(delete(SearchDue).where(col(SearchDue.ticket_number).in_(ready), col(SearchDue.mark).in_(seen)))
    _replace(db, {number: read[number].tokens for number in ready}, generation)
    return len(ready)


def _replace(db: Session, made: dict[int, frozenset[int] | None], generation: int) -> None:
    run = db.connection().execute
    take_out(db, [number for number, tokens in made.items() if tokens is None])
    kept = {number: tokens for number, tokens in made.items() if tokens is not None}
    entries = (
        select(col(SearchEntry.ticket_number), col(SearchEntry.tokens))
        .where(col(SearchEntry.ticket_number).in_(kept))
        .order_by(col(SearchEntry.ticket_number))
    )
    before = {number: unpacked(tokens) for number, tokens in run(entries.with_for_update())}
    nothing: frozenset[int] = frozenset()
    take_out_tokens(db, ((token, number) for number in before for token in before[number] - kept[number]))
    put_in_tokens(
        db, ((token, number) for number, tokens in kept.items() for token in tokens - before.get(number, nothing))
    )
    if before:
        run(delete(SearchEntry).where(col(SearchEntry.ticket_number).in_(before)))
    if kept:
        rows = [
            {"ticket_number": number, "tokens": packed(tokens), "generation": generation}
            for number, tokens in kept.items()
        ]
        run(insert(SearchEntry), rows)
