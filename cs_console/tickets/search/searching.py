"""Finding tickets by words: which have them all, as conditions on the rows of a view, and putting it on record."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, false, func, literal, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.custody.requester_access import ended_on_record
from cs_console.desk import DeskSession, LastSearch
from cs_console.errors import BadFilter
from cs_console.plain_text import one_line
from cs_console.tickets.queue_query import Lane
from cs_console.tickets.search.tokens import name_of_search, tokens_to_find
from cs_console.tickets.search.words import ANY_ENDING, BEGINNINGS, sought_words
from models.enums import Action, RequesterState
from models.requester import Requester
from models.roles import WORKS_ON_TICKETS
from models.search import SearchToken
from models.ticket import Ticket

FEW = 5_000
"""So many tickets are looked at one by one. Where more have the words, the view is walked in its own order instead."""
PROBED = 50_000
"""How far the tickets of the rarest word are held against the other words."""
MOST_SOUGHT = 20
"""Words, or pairs of characters where no spaces part words: PostgreSQL plans for half a minute with 300 of them."""
_STAR_BEFORE_LETTER = re.compile(r"\*\w")
SAME_SEARCH = timedelta(minutes=1)
"""Reading the same search again within this time is its refresh or its next page, and needs no other entry."""


@dataclass(frozen=True, slots=True)
class Matching:
    """The tickets that have every word: all of them where they are `few`, else how a ticket is tested."""

    few: tuple[int, ...] | None
    tests: tuple[ColumnElement[bool], ...]


def searched_words(typed: Iterable[str]) -> frozenset[str]:
    """What is looked for, of words as they were typed. Raises BadFilter where that is nothing, or too much, and for a *
    that is not behind the beginning of a word.
    """
    wanted = tuple(typed)
    found = frozenset(word for one in wanted for word in _sought(one))
    if not found:
        shown = one_line(" ".join(wanted), 40)
        raise BadFilter(f"“{shown}” is too short or too common to search for.", "Add a longer or rarer word.")
    if len(found) > MOST_SOUGHT:
        raise BadFilter(
            f"No search is for more than {MOST_SOUGHT} words.",
            f"Use fewer; in Chinese or Japanese up to {MOST_SOUGHT + 1} characters.",
        )
    return found


def _sought(typed: str) -> frozenset[str]:
    if _STAR_BEFORE_LETTER.search(typed):
        raise BadFilter("A * works only at the end of a word.", "Write how the word begins: refun*.", typed)
    found = sought_words(typed)
    short = sorted(word for word in found if word.endswith(ANY_ENDING) and len(word) <= BEGINNINGS[0])
    if short:
        raise BadFilter(f"“{short[0]}” is too short.", f"Write at least {BEGINNINGS[0]} letters before a *.", typed)
    return found


def matching(db: Session, session: DeskSession, words: frozenset[str]) -> Matching:
    """Which tickets have all of these words. Raises DeskKeyMissing, StoreUnavailable."""
    tokens = _rarest_first(db, tokens_to_find(db, session.desk, words))
    rarest, *others = tokens
    tests = tuple(_has(one, col(Ticket.number)) for one in tokens)
    if others and _counted(db, rarest, PROBED) > PROBED:
        return Matching(None, tests)
    row = aliased(SearchToken)
    number = col(row.ticket_number)
    with_all = select(number).where(col(row.token).in_(rarest), *(_has(one, number) for one in others))
    found = tuple(db.connection().execute(with_all.limit(FEW + 1)).scalars().all())
    return Matching(found, ()) if len(found) <= FEW else Matching(None, tests)


def narrowed(lane: Lane, found: Matching) -> Lane:
    """The rows of a lane that have the words, in its order; none whose texts are hidden, whatever the reason."""
    is_active = select(literal(1)).where(
        col(Requester.id) == col(Ticket.requester_id), col(Requester.state) == RequesterState.ACTIVE
    )
    shown = (col(Ticket.redaction_due).is_(None), is_active.exists())
    if found.few is None:
        return replace(lane, left=(*lane.left, *found.tests, *shown))
    # the tickets that were found drive: what the lane asks of them is written so that no index of the view's can
    others = tuple(func.coalesce(condition, false()) for condition in (*lane.driving, *lane.left, *shown))
    return replace(lane, driving=(col(Ticket.number).in_(found.few),), left=others, nobodys=False, few=True)


def shown(db: Session, session: DeskSession, found: list[Any], keys: Mapping[str, bytes] | None = None) -> list[Any]:
    """Those of the rows whose requester is not erased or held by what the log says, for any role. `keys`: requesters',
    where they are known. Raises LogBroken.
    """
    ended = ended_on_record(db, session.desk, {row.requester_id for row in found}, keys)
    return [row for row in found if row.requester_id not in ended]


def record_search(session: DeskSession, words: frozenset[str], found: int, *, more: bool, continued: bool) -> None:
    """Put on record that this session searched: a keyed hash of the words and how many tickets the page has.

    A refresh that finds as many, and a next page (`continued`), are the same search for a while. Raises SessionEnded,
    StoreUnavailable: then nothing may be shown.
    """
    desk, now = session.desk, session.desk.clock.now()
    name = name_of_search(desk, words)
    hits = f"{found}{' or more' if more else ''}"
    kept = desk.searches.get(session.session_id)
    if kept is not None and continued and kept.name == name:
        hits = kept.found
    if kept is None or (kept.name, kept.found) != (name, hits) or not timedelta(0) <= now - kept.at < SAME_SEARCH:
        with session.work(*WORKS_ON_TICKETS) as db:
            about = {"words": name, "found": hits}
            record(db, session, Entry(Action.TICKETS_SEARCHED, reason=f"tickets found: {hits}", about=about))
    desk.searches[session.session_id] = LastSearch(name, hits, now)


def _rarest_first(db: Session, tokens: list[list[int]]) -> list[list[int]]:
    if len(tokens) == 1:
        return tokens
    return sorted(tokens, key=lambda one: _counted(db, one, FEW))


def _counted(db: Session, tokens: list[int], most: int) -> int:
    """How many rows these tokens have, counted no further than one more than `most`."""
    rows = select(literal(1)).where(col(SearchToken.token).in_(tokens)).limit(most + 1)
    return int(db.connection().execute(select(func.count()).select_from(rows.subquery())).scalar_one())


def _has(tokens: list[int], number: Any) -> ColumnElement[bool]:
    row = aliased(SearchToken)
    return select(literal(1)).where(col(row.token).in_(tokens), col(row.ticket_number) == number).exists()
