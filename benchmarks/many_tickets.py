"""Many tickets in little time: really sealed, every requester with a key of their own, written past the services."""

import random
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from cs_console.custody.search_queue import packed
from cs_console.custody.ticket_keys import new_ticket_keys
from cs_console.deadlines.clock import Happened, Step, clock_of
from cs_console.desk import Desk
from cs_console.tickets.search.tokens import current_generation, search_key, tokens_of
from cs_console.tickets.search.words import words_of
from models.columns import microseconds, new_id
from models.enums import Channel, Priority, TicketKind, TicketState

TICKETS_A_REQUESTER = 4
BATCH = 20_000
FIRST_NUMBER = 10_401
DAYS = 365
WORDS_A_TICKET = 60
VOCABULARY = 200_000
RARE, RARE_WORD = 1_000, "walrus"
OTHER, OTHER_WORD = 50, "ocelot"
"""One in so many indexed tickets has that word."""

_SUBJECTS = (
    "Account locked after [mobile] changed",
    "Please delete my account",
    "Seller at [link] sent [name] a broken cup",
    "Coupon not applied to order",
    "请问我的订单什么时候发货",
)
_OPEN_STATES = (TicketState.OPEN, TicketState.OPEN, TicketState.WAITING, TicketState.VERIFIED)
_TICKET_COLUMNS = (
    "number",
    "requester_id",
    "kind",
    "state",
    "priority",
    "assignee_id",
    "channel",
    "language",
    "pack",
    "sealed_key",
    "subject",
    "subject_redacted",
    "no_contact",
    "received_at",
    "created_at",
    "last_message_at",
    "first_response_due_at",
    "first_response_at",
    "verified_at",
    "due_at",
    "closed_at",
    "version",
)


def fill(desk: Desk, count: int, agents: list[str], *, indexed: bool = False) -> None:
    """Give the desk's SQLite file `count` tickets, half of them closed, spread over a year and over `agents`.

    `indexed`: each has the words of a usual message in the index, and one in RARE has RARE_WORD.
    """
    assert desk.database.file is not None  # benchmarks run on the embedded engine
    connection = sqlite3.connect(desk.database.file)
    connection.execute("PRAGMA synchronous = OFF")  # only while it is filled
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("CREATE TEMP TABLE unsorted (token, number)")  # putting each token in its place takes far longer
    rows = _tickets(desk, count, agents, random.Random(count))
    marks = ", ".join("?" * len(_TICKET_COLUMNS))
    insert = f"INSERT INTO ticket ({', '.join(_TICKET_COLUMNS)}) VALUES ({marks})"
    now = microseconds(desk.clock.now())
    while batch := list(islice(rows, BATCH)):
        requesters = sorted({row[1] for row in batch})
        connection.executemany(
            "INSERT OR IGNORE INTO requester (id, state, language, tries, created_at) VALUES (?, 'active', 'en', 0, ?)",
            [(requester, now) for requester in requesters],
        )
        connection.executemany(insert, batch)
        if indexed:
            _index(desk, connection, [row[0] for row in batch])
        connection.commit()
    connection.execute("INSERT INTO search_token SELECT token, number FROM unsorted ORDER BY token, number")
    connection.execute("DROP TABLE unsorted")
    connection.execute("UPDATE counter SET value = ? WHERE name = 'ticket'", (FIRST_NUMBER + count,))
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _index(desk: Desk, connection: sqlite3.Connection, numbers: list[int]) -> None:
    """Give these tickets words as usual messages have them: a few that many tickets have, more that few have."""
    generation = current_generation(desk)
    key = search_key(desk, generation)
    tokens: dict[int, frozenset[int]] = {}
    for number in numbers:
        dice = random.Random(number)
        words = {f"word{int(dice.paretovariate(0.5)) % VOCABULARY}" for _ in range(WORDS_A_TICKET)}
        words |= words_of(RARE_WORD) if number % RARE == 0 else set()
        words |= words_of(OTHER_WORD) if number % OTHER == 0 else set()
        tokens[number] = tokens_of(key, words)
    connection.executemany(
        "INSERT INTO unsorted VALUES (?, ?)", ((token, number) for number, those in tokens.items() for token in those)
    )
    connection.executemany(
        "INSERT INTO search_entry (ticket_number, tokens, generation) VALUES (?, ?, ?)",
        [(number, packed(those), generation) for number, those in tokens.items()],
    )


def _tickets(desk: Desk, count: int, agents: list[str], dice: random.Random) -> Iterator[tuple[Any, ...]]:
    pack, now = desk.packs.current, desk.clock.now()
    keys: list[tuple[str, bytes]] = []
    for at in range(count):
        if at % BATCH == 0:
            wanted = min(BATCH, count - at) // TICKETS_A_REQUESTER + 1
            keys = list(desk.keyring.create_many(new_id() for _ in range(wanted)).items())
        requester, key = dice.choice(keys)
        number = FIRST_NUMBER + at
        kind = dice.choice(tuple(TicketKind))
        received = now - timedelta(days=DAYS * (count - at) / count) + timedelta(seconds=dice.randint(-40_000, 0))
        closed = dice.random() < 0.5
        verified = None if dice.random() < 0.5 else received + timedelta(days=1)
        rights = pack.kinds[kind].needs_decision
        state = TicketState.CLOSED if closed else dice.choice(_OPEN_STATES)
        if rights and not closed:
            state = TicketState.TO_VERIFY if verified is None else dice.choice((state, TicketState.IN_APPROVAL))
        steps = [Happened(Step.RECEIVED, received)] + ([Happened(Step.VERIFIED, verified)] if verified else [])
        clock = clock_of(pack, kind, steps)
        subject = dice.choice(_SUBJECTS)
        own, sealed_key = new_ticket_keys(requester, key, number)
        received_at = microseconds(received)
        yield (
            number,
            requester,
            kind.value,
            state.value,
            dice.choices(tuple(Priority), (10, 70, 15, 5))[0].value,
            None if dice.random() < 0.3 else dice.choice(agents),
            dice.choices(tuple(Channel), (80, 5, 5, 5, 5))[0].value,
            dice.choices(("zh", "en", "de", "fr", "sw"), (60, 25, 10, 4, 1))[0],
            pack.meta.name,
            sealed_key,
            own.seal("ticket", "subject", str(number), subject),
            own.seal("ticket", "subject_redacted", str(number), subject),
            0,
            received_at,
            received_at,
            received_at,
            microseconds(clock.first_response_due),
            None if dice.random() < 0.2 else received_at,
            None if verified is None else microseconds(verified),
            None if clock.due is None else microseconds(clock.due),
            microseconds(now) if closed else None,
            1,
        )
