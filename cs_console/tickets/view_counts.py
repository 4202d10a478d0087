"""How many tickets each view holds: read from what the store keeps while tickets change, exact at any size."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, select
from sqlmodel import Session, col

from cs_console.desk import Desk
from cs_console.prepared import Prepared, all_rows
from models.columns import microseconds
from models.enums import TicketState
from models.ticket import Ticket
from models.ticket_count import ANSWERED, ASSIGNED, CLOSED, DUE, IN_STATE, OPEN, SNOOZED, SPAN, UNASSIGNED, TicketCount

SURPLUS = 200
"""From so many rows on that could be one with others, the upkeep adds them up."""
_name, _span, _mark = col(TicketCount.name), col(TicketCount.span), col(TicketCount.mark)
_tickets = col(TicketCount.tickets)
_row = (_name, _span, _mark)
_due = col(Ticket.queue_order)
_NAMED_VIEWS = ("mine", "answered", "snoozed", "to_verify", "approvals", "unassigned", "all", "closed")
"""The views whose tickets are counted under one name; the others are about time."""
_NAMED = Prepared(
    select(_name, func.sum(_tickets)).where(_name.in_([bindparam(view) for view in _NAMED_VIEWS])).group_by(_name)
)


def _due_before() -> Select[Any]:
    """Open tickets due before a moment: whole spans as they are kept, the rest of the last one counted in its index."""
    spans = select(func.coalesce(func.sum(_tickets), 0)).where(_name == DUE, _span < bindparam("span"))
    begun = select(func.count()).where(col(Ticket.is_open) == 1, _due >= bindparam("begin"), _due < bindparam("moment"))
    return select(spans.scalar_subquery(), begun.scalar_subquery())


_DUE_BEFORE = Prepared(_due_before())
_GONE = Prepared(
    delete(TicketCount).where(
        _name == bindparam("gone_name"), _span == bindparam("gone_span"), _mark == bindparam("gone_mark")
    )
)
_SUM = Prepared(insert(TicketCount).values({name: bindparam(name) for name in TicketCount.model_fields}))


def view_counts(db: Session, agent_id: str, now: datetime, due_soon: timedelta) -> Mapping[str, int]:
    """How many tickets each view holds for this agent, by the view's name; `due_soon` is how far that view looks."""
    names = (
        ASSIGNED + agent_id,
        ANSWERED + agent_id,
        SNOOZED + agent_id,
        IN_STATE + TicketState.TO_VERIFY,
        IN_STATE + TicketState.IN_APPROVAL,
        UNASSIGNED,
        OPEN,
        CLOSED,
    )
    views = dict(zip(_NAMED_VIEWS, names, strict=True))
    named, before_now, before_soon = all_rows(
        db.connection(),
        (_NAMED, views),
        (_DUE_BEFORE, _moment(now)),
        (_DUE_BEFORE, _moment(now + due_soon)),
    )
    kept = {name: int(tickets) for name, tickets in named}
    overdue, soon = (sum(int(part) for part in parts) for (parts,) in (before_now, before_soon))
    return {view: kept.get(name, 0) for view, name in views.items()} | {"overdue": overdue, "due_soon": soon - overdue}


def _moment(at: datetime) -> dict[str, int]:
    moment = microseconds(at)
    span = moment // SPAN
    return {"span": span, "begin": span * SPAN, "moment": moment}


def add_up(desk: Desk) -> int:
    """Make one row of those of the same name and span that transactions wrote, and none of those that came to nothing;
    returns how many rows are gone. Nothing waits for it, nor it for anything. Raises StoreUnavailable.
    """
    with desk.database.reading() as db:
        same = select(func.count().label("rows"), func.sum(_tickets).label("tickets")).group_by(_name, _span).subquery()
        surplus = func.sum(same.c.rows) - func.count().filter(same.c.tickets != 0)
        found = int(db.connection().execute(select(func.coalesce(surplus, 0)).select_from(same)).scalar_one())
    if found < SURPLUS:
        return 0
    with desk.database.transaction() as db:
        run = db.connection().execute
        # a transaction under way adds to rows of its own, which are not seen here; another's adding up is left to it
        rows = run(select(*_row, _tickets).order_by(*_row).with_for_update(skip_locked=True)).all()
        together = defaultdict(list)
        for row in rows:
            together[row.name, row.span].append(row)
        mark = 0 if desk.database.is_sqlite else int(run(select(func.txid_current())).scalar_one())
        gone, sums = [], []
        for (name, span), those in together.items():
            tickets = sum(row.tickets for row in those)
            if len(those) > 1 or not tickets:
                gone += [{"gone_name": name, "gone_span": span, "gone_mark": row.mark} for row in those]
                sums += [{"name": name, "span": span, "mark": mark, "tickets": tickets}] if tickets else []
        _GONE.run_all(db.connection(), gone)
        _SUM.run_all(db.connection(), sums)
        return len(gone) - len(sums)
