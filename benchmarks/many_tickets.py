"""Many tickets in little time, as benchmarks need them: spread over a year and a team, a few alike at any size."""

import random
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from cs_console.custody.search_queue import packed
from cs_console.desk import Desk
from cs_console.sample.bulk_store import Outline, Text, store
from cs_console.tickets.search.tokens import current_generation, search_key, tokens_of
from cs_console.tickets.search.words import words_of
from models.columns import new_id
from models.enums import Channel, Priority, TicketKind, TicketState

TICKETS_A_REQUESTER = 4
BATCH = 2_000
FIRST_NUMBER = 10_401
DAYS = 365
WORDS_A_TICKET = 60
VOCABULARY = 200_000
RARE, RARE_LANGUAGE, RARE_WORD = 40, "is", "walrus"
"""So many tickets, all of them open, have that language and that word, however many there are: what they are asked for
must find the same at each size, else it is the answer's length that is measured.
"""
OTHER, OTHER_WORD = 400, "ocelot"
"""So many have that word, RARE among them."""

_SUBJECTS = (
    "Account locked after [mobile] changed",
    "Please delete my account",
    "Seller at [link] sent [name] a broken cup",
    "Coupon not applied to order",
    "请问我的订单什么时候发货",
)
_OPEN_STATES = (TicketState.OPEN, TicketState.OPEN, TicketState.WAITING, TicketState.VERIFIED)


def fill(desk: Desk, count: int, agents: list[str], *, indexed: bool = False) -> None:
    """Give the desk `count` tickets, half of them closed, spread over a year and over `agents`.

    `indexed` (only on SQLite): each has the words of a usual message in the index, some RARE_WORD and OTHER_WORD.
    """
    tickets = _tickets(desk, count, agents, random.Random(count))
    while batch := list(islice(tickets, BATCH)):
        requesters = 1 + max(outline.requester for outline in batch)
        keys = list(desk.keyring.create_many(new_id() for _ in range(requesters)).items())
        with desk.database.transaction() as db:
            store(db, desk, batch, keys)
    if indexed:
        _index_all(desk, count)
    if desk.database.file is None:
        with desk.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")  # as every server does by itself after a while


def _index_all(desk: Desk, count: int) -> None:
    assert desk.database.file is not None  # a search is measured on the embedded engine
    connection = sqlite3.connect(desk.database.file)
    connection.execute("PRAGMA synchronous = OFF")  # only while it is filled
    connection.execute("CREATE TEMP TABLE unsorted (token, number)")  # putting each token in its place takes far longer
    for begin in range(0, count, BATCH):
        _index(desk, connection, count, range(begin, min(begin + BATCH, count)))
        connection.commit()
    connection.execute("INSERT INTO search_token SELECT token, number FROM unsorted ORDER BY token, number")
    connection.execute("DROP TABLE unsorted")
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _index(desk: Desk, connection: sqlite3.Connection, count: int, places: range) -> None:
    """Give these tickets words as usual messages have them: a few that many tickets have, more that few have."""
    generation = current_generation(desk)
    key = search_key(desk, generation)
    tokens: dict[int, frozenset[int]] = {}
    for place in places:
        dice = random.Random(place)
        words = {f"word{int(dice.paretovariate(0.5)) % VOCABULARY}" for _ in range(WORDS_A_TICKET)}
        words |= words_of(RARE_WORD) if _is_one_of(RARE, place, count) else set()
        words |= words_of(OTHER_WORD) if _is_one_of(OTHER, place, count) else set()
        tokens[FIRST_NUMBER + place] = tokens_of(key, words)
    connection.executemany(
        "INSERT INTO unsorted VALUES (?, ?)", ((token, number) for number, those in tokens.items() for token in those)
    )
    connection.executemany(
        "INSERT INTO search_entry (ticket_number, tokens, generation) VALUES (?, ?, ?)",
        [(number, packed(those), generation) for number, those in tokens.items()],
    )


def _is_one_of(some: int, place: int, count: int) -> bool:
    """Whether the ticket at this place is one of `some`, which are spread evenly over `count`."""
    return place % max(count // some, 1) == 0


def _tickets(desk: Desk, count: int, agents: list[str], dice: random.Random) -> Iterator[Outline]:
    pack, now = desk.packs.current, desk.clock.now()
    kinds, requesters = tuple(TicketKind), BATCH // TICKETS_A_REQUESTER
    for place in range(count):
        is_rare = _is_one_of(RARE, place, count)
        kind = kinds[place * RARE // count % len(kinds)] if is_rare else dice.choice(kinds)
        received = now - timedelta(days=DAYS * (count - place) / count) + timedelta(seconds=dice.randint(-40_000, 0))
        closed = dice.random() < 0.5 and not is_rare
        verified = None if dice.random() < 0.5 else received + timedelta(days=1)
        state = TicketState.CLOSED if closed else dice.choice(_OPEN_STATES)
        if pack.kinds[kind].needs_decision and not closed:
            state = TicketState.TO_VERIFY if verified is None else dice.choice((state, TicketState.IN_APPROVAL))
        subject = dice.choice(_SUBJECTS)
        language = dice.choices(("zh", "en", "de", "fr", "sw"), (60, 25, 10, 4, 1))[0]
        yield Outline(
            requester=place % requesters,
            kind=kind,
            state=state,
            priority=dice.choices(tuple(Priority), (10, 70, 15, 5))[0],
            channel=dice.choices(tuple(Channel), (80, 5, 5, 5, 5))[0],
            language=RARE_LANGUAGE if is_rare else language,
            received_at=received,
            subject=Text(subject, subject),
            assignee_id=None if dice.random() < 0.3 else dice.choice(agents),
            first_response_at=None if dice.random() < 0.2 else received,
            verified_at=verified,
            closed_at=now if closed else None,
        )
