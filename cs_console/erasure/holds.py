"""Holds: the listed reasons to keep a requester's data past its time, each with an end (policy IV.(2)3).

Why there is a hold can tell of an investigation, so it is for those alone who may place one (no tipping off): everybody
else, and the access log, read only until when.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache, partial
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, select, update
from sqlmodel import Session, col

from cs_console.access_log.append import lock_log
from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, once
from cs_console.custody.contacts import known_values
from cs_console.custody.redaction import redact
from cs_console.custody.safe_views import open_typed
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.custody.typed_words import TypedWords, typed_words
from cs_console.decisions.approvers import roles_now
from cs_console.desk import DeskSession
from cs_console.errors import BadInput, KeyDestroyed, NothingThere, SealBroken
from cs_console.plain_text import plain
from cs_console.policy.keeping_rules import RetentionRules
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import ERASED, UNREADABLE, facts, record_about
from models.agent import Agent
from models.columns import microseconds, new_id
from models.enums import Action, ActKind, RequesterState
from models.erasure import Hold
from models.requester import Requester
from models.roles import WORKS_ON_TICKETS

NOTE_LIMIT = 2000


@dataclass(frozen=True)
class HoldReasonChoice:
    """A reason that the pack lists, and for how many days it may hold at most."""

    key: str
    title: str
    longest_days: int


@dataclass(frozen=True)
class HoldView:
    """A hold that is in force. `title` and the redacted `note` are empty for who may not place one."""

    id: str
    title: str
    note: str = field(repr=False)
    by: str
    placed_at: datetime
    until: datetime


def hold_reasons(session: DeskSession, number: int) -> tuple[HoldReasonChoice, ...]:
    """The reasons that this ticket's pack lists. Raises NothingThere, NotAllowed, SessionEnded."""
    with session.reading(*WORKS_ON_TICKETS) as db:
        pack = session.desk.packs.get(facts(db, number).pack)
    return tuple(HoldReasonChoice(key, one.title, one.longest_days) for key, one in pack.retention.holds.items())


def holds_and_reasons(session: DeskSession, number: int) -> tuple[tuple[HoldView, ...], tuple[HoldReasonChoice, ...]]:
    """Both at once, for who wants to place or lift one. Raises as they do."""
    return holds_of(session, number), hold_reasons(session, number)


def place_hold(
    session: DeskSession, number: int, reason: str, note: str, until: date, *, act: ActId | None = None
) -> None:
    """Keep the data of this ticket's requester until the end of that day (UTC), whatever is decided about it.

    Only the role that the pack names may. The note is redacted and sealed. One act places one hold. Raises NotAllowed,
    BadInput, NothingThere, KeyDestroyed, NoUndertaking, SessionEnded, and what `acts.once` raises.
    """
    desk, words = session.desk, plain(note).strip()
    if not words or len(words) > NOTE_LIMIT:
        raise BadInput(f"A note of up to {NOTE_LIMIT} characters is needed.", "Name the law, order or interest.")
    with session.work(desk.packs.current.retention.held_by) as db:
        intent = Intent(act, ActKind.HOLD_PLACED, number, (reason, words, until.isoformat()))
        once(db, session, intent, partial(_place, db, session, number, reason, words, until))


def _place(db: Session, session: DeskSession, number: int, reason: str, words: str, until: date) -> ActOutcome:
    desk = session.desk
    require_current(db, session)
    lock_log(db.connection(), desk)  # no one is erased between this look and the commit
    ticket = facts(db, number)
    if db.get_one(Requester, ticket.requester_id).state == RequesterState.ERASED:
        raise KeyDestroyed
    pack, now = desk.packs.get(ticket.pack), desk.clock.now()
    listed = pack.retention.holds.get(reason)
    if listed is None:
        raise BadInput("That is not a reason for keeping data.", "Choose one of the policy's reasons.")
    ends = datetime.combine(until, time(23, 59, 59), now.tzinfo)
    if not now < ends <= now + timedelta(days=listed.longest_days + 1):
        latest = (now + timedelta(days=listed.longest_days)).date()
        raise BadInput(
            f"For this reason the first possible day is today and the last is {latest}.", "Choose a day in that range."
        )
    keys = ticket_keys(db, desk, number)
    known = known_values(db, desk, keys.requester_id, keys.requester_key, keys)
    kept = redact(words, pack.meta.regions, known)
    hold_id = new_id()
    db.add(
        Hold(
            id=hold_id,
            requester_id=ticket.requester_id,
            ticket_number=number,
            note=keys.seal("hold", "note", hold_id, json.dumps([reason, kept])),
            agent_id=session.agent.id,
            placed_at=now,
            until=ends,
        )
    )
    db.flush()
    about = {"hold": hold_id, "until": str(microseconds(ends)), "by": session.agent.id}
    record_about(db, session, ticket, Action.HOLD_PLACED, f"until {until}", about=about)
    return {"hold": hold_id}


def lift_hold(session: DeskSession, hold_id: str) -> None:
    """End a hold before its day; an erasure that waited for it goes on within a minute.

    Raises NotAllowed, NothingThere, SessionEnded.
    """
    desk = session.desk
    with session.work(desk.packs.current.retention.held_by) as db:
        now = desk.clock.now()
        lifted = db.connection().execute(
            update(Hold)
            .where(col(Hold.id) == hold_id, _in_force(now))
            .values(lifted_at=now, lifted_by=session.agent.id)
            .returning(col(Hold.ticket_number))
        )
        number = lifted.scalar()
        if number is None:
            raise NothingThere("This hold no longer exists.")
        about = {"hold": hold_id, "by": session.agent.id}
        record_about(db, session, facts(db, number), Action.HOLD_LIFTED, about=about)


def holds_of(session: DeskSession, number: int) -> tuple[HoldView, ...]:
    """The holds in force on the data of this ticket's requester, the longest first.

    Raises NothingThere, NotAllowed, SessionEnded.
    """
    desk = session.desk
    with session.reading(*WORKS_ON_TICKETS) as db:
        ticket = facts(db, number)
        rows = db.connection().execute(
            select(Hold.__table__, col(Agent.name))  # type: ignore[attr-defined]  # SQLModel adds it
            .join(Agent, col(Agent.id) == col(Hold.agent_id))
            .where(col(Hold.requester_id) == ticket.requester_id, _in_force(desk.clock.now()))
            .order_by(col(Hold.until).desc())
        )
        rules, roles = desk.packs.get(ticket.pack).retention, roles_now(db, session)

        @cache
        def typed_on(number: int) -> TypedWords:
            return typed_words(db, desk, ticket_keys(db, desk, number))

        return tuple(
            HoldView(
                row.id,
                *(_opened(typed_on, rules, row) if rules.held_by in roles else ("", "")),
                row.name,
                row.placed_at,
                row.until,
            )
            for row in rows
        )


def _in_force(now: datetime) -> ColumnElement[bool]:
    return and_(col(Hold.lifted_at).is_(None), col(Hold.until) > now)


def _opened(
    typed_on: Callable[[int], TypedWords], rules: RetentionRules, row: Row[*tuple[Any, ...]]
) -> tuple[str, str]:
    """The title of the reason, and the note."""
    try:
        typed = typed_on(row.ticket_number)
        reason, note = json.loads(open_typed(typed.keys.key, typed.keys.place("hold", "note", row.id), row.note))
    except KeyDestroyed:
        return ERASED, ""
    except SealBroken:
        return UNREADABLE, ""
    listed = rules.holds.get(reason)
    return (listed.title if listed else reason), plain(typed.shown(note))
