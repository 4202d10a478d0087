"""Review dates: a statutory ground does not hold for ever; when its date passes, the ticket opens again (V.4)."""

from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from cs_console.access_log.append import append
from cs_console.access_log.entry import Actor, Entry
from cs_console.access_log.vouched import KEPT_AWAY, assigned
from cs_console.deadlines.clock_events import add_event, clock_now, recompute, reviewed_since
from cs_console.decisions.approvers import final_decision
from cs_console.decisions.decided_on_record import has_its_review_date, last_decided, review_has_begun
from cs_console.desk import Desk
from cs_console.tickets.ticket_record import TicketFacts, change, facts_on_record, pseudonym
from models.decision import Decision
from models.enums import Action, ClockMove, DecisionState, RequesterState, TicketState
from models.requester import Requester
from models.ticket import Ticket

BATCH = 200


def reopen_due(desk: Desk) -> tuple[int, ...]:
    """Begin the reviews whose date has come, at most 200 a call, and return the numbers of their tickets.

    A closed ticket opens again; on all of them the pack's clock starts again now. Only a ticket's newest decision
    counts. That its review began is an event, so what becomes of the ticket afterwards begins none again. The tickets
    of requesters who are erased or restricted stay as they are. Two consoles may call this at once.
    """
    now = desk.clock.now()
    with desk.database.reading() as db:
        due = (
            select(col(Decision.ticket_number))
            .join(Ticket, col(Ticket.number) == col(Decision.ticket_number))
            .join(Requester, col(Requester.id) == col(Ticket.requester_id))
            .where(col(Decision.state) == DecisionState.FINAL, col(Decision.review_at) <= now, _newest())
            .where(~reviewed_since(col(Decision.ticket_number), col(Decision.review_at)))
            .where(col(Requester.state) == RequesterState.ACTIVE)
            .order_by(col(Decision.review_at))
            .limit(BATCH)
        )
        numbers = sorted(db.connection().execute(due).scalars())
    return tuple(number for number in numbers if _begin(desk, number, now))


def stands(db: Session, desk: Desk, number: int) -> bool:
    """Whether the ticket has been decided, as the log says, and that decision is neither past its review date nor set
    aside. Raises LogBroken.
    """
    now, last = desk.clock.now(), final_decision(db, desk, number)
    decided = last_decided(db, desk, number)
    if last is None or decided is None or not has_its_review_date(decided.said, desk, last):
        return False
    if review_has_begun(db, desk, number, decided.said):
        return False
    found = db.connection().execute(
        select(col(Decision.id)).where(
            col(Decision.id) == last.id,
            or_(col(Decision.review_at).is_(None), col(Decision.review_at) > now),
            ~reviewed_since(col(Decision.ticket_number), col(Decision.decided_at)),
            _newest(),
        )
    )
    return found.first() is not None


def _newest() -> ColumnElement[bool]:
    """No later decision on the same ticket is final."""
    later = aliased(Decision)
    return ~exists().where(
        col(later.ticket_number) == col(Decision.ticket_number),
        col(later.state) == DecisionState.FINAL,
        col(later.decided_at) > col(Decision.decided_at),
    )


def _begin(desk: Desk, number: int, now: datetime) -> bool:
    with desk.database.transaction() as db:
        db.get_one(Ticket, number, with_for_update=True)  # another console may be at it
        ticket = facts_on_record(db, desk, number)
        review = clock_now(db, desk.packs.get(ticket.pack), ticket).review
        if review is None or review > now or not _is_due_on_record(db, desk, number):
            return False
        actor = desk.own_actor
        open_for_review(db, desk, ticket, actor)
    return True


def _is_due_on_record(db: Session, desk: Desk, number: int) -> bool:
    """Whether the date of the review is the one that the log has: no row sets a decision aside before its time."""
    decision, decided = final_decision(db, desk, number), last_decided(db, desk, number)
    return decision is not None and decided is not None and has_its_review_date(decided.said, desk, decision)


def open_for_review(db: Session, desk: Desk, ticket: TicketFacts, actor: Actor, *, after: int | None = None) -> None:
    """Have a ticket decided again, in the caller's transaction: opened again if it is closed, its clock from now.

    `after`: the appeal or complaint that set its decision aside; the agent who had it then loses it. Raises
    ChangedElsewhere.
    """
    now, pack, number = desk.clock.now(), desk.packs.get(ticket.pack), ticket.number
    values: dict[str, object] = {} if after is None else {"assignee_id": None}
    if ticket.state is TicketState.CLOSED:
        waits = pack.kinds[ticket.kind].needs_decision and ticket.verified_at is None
        values |= {"state": (TicketState.TO_VERIFY if waits else TicketState.OPEN).value, "closed_at": None}
    if values:
        change(db, ticket, ticket.version, **values)
    add_event(db, number, ClockMove.REVIEWED, now)
    recompute(db, pack, number)
    requester = pseudonym(desk, ticket.requester_id)
    why = "the decision's review date has come" if after is None else f"to be decided again by others after #{after}"
    about = {"after": "" if after is None else str(after)}
    entry = Entry(Action.REVIEW_BEGAN, ticket=number, requester=requester, reason=why, about=about)
    append(db, desk, actor, entry, now)
    if after is not None:
        released = assigned(ticket.assignee_id, None) | {"why": KEPT_AWAY}
        entry = Entry(Action.TICKET_RELEASED, ticket=number, requester=requester, reason=why, about=released)
        append(db, desk, actor, entry, now)
