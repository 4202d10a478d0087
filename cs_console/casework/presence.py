"""Being on a ticket: a console says so for as long as the ticket is open there, and hears who else is.

None of it is put on record: it names no requester, and is gone a minute after its console fell silent.
"""

from sqlalchemy import and_, case, delete, select
from sqlmodel import Session, col

from cs_console.custody.requester_access import require_in_use
from cs_console.desk import Desk, DeskSession
from cs_console.engine_insert import own_insert
from cs_console.errors import KeyDestroyed, OnHold
from cs_console.independence.separation import excluded_agents
from cs_console.staff.undertakings import require_current
from cs_console.tickets.present import IS_FRESH, Present, StoreTime, is_told, places_on, present_on
from cs_console.tickets.ticket_record import facts
from models.agent_session import AgentSession
from models.enums import Doing
from models.presence import Presence
from models.roles import WORKS_ON_TICKETS


def be_on(session: DeskSession, number: int, doing: Doing) -> tuple[Present, ...]:
    """Say that this agent is on the ticket, and return who else is, as far as the agent is told.

    Kept is only what others are told: that its assignee is there, or that someone writes, and since when. Of a ticket
    in approval or a closed one, or of an erased or held requester's, nothing is kept, and no one is told anything. A
    person is on one ticket at a time: the last that they said. Raises NothingThere, NotAllowed, NoUndertaking,
    SessionEnded, LogBroken.
    """
    with session.work(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        ticket = facts(db, number)
        try:
            require_in_use(db, session, ticket.requester_id)
        except (KeyDestroyed, OnHold):
            _leave(db, session, number)
            return ()
        is_assignee = ticket.assignee_id == session.agent.id
        if is_told(session.agent.roles, doing, ticket.state, is_assignee=is_assignee):
            _keep(db, session, number, doing, excluded_agents(db, session.desk, number))
        else:
            _leave(db, session, number)
        return present_on(session, places_on(db, number), number, ticket.state, ticket.assignee_id)


def leave(session: DeskSession, number: int) -> None:
    """Say that this agent is not on the ticket any more; where they are by now on another one, they stay there.

    Raises SessionEnded: then they are on none.
    """
    with session.work(*WORKS_ON_TICKETS) as db:
        _leave(db, session, number)


def forget_absent(desk: Desk) -> None:
    """Delete what consoles said that have been silent since; no one is told it any more. Raises StoreUnavailable."""
    with desk.database.reading() as db:
        if db.connection().execute(select(col(Presence.agent_id)).where(~IS_FRESH).limit(1)).first() is None:
            return
    with desk.database.transaction() as db:
        db.connection().execute(delete(Presence).where(~IS_FRESH))


def _keep(db: Session, session: DeskSession, number: int, doing: Doing, kept_from: frozenset[str]) -> None:
    # a sign-out that came first is seen, one that comes now waits, and then deletes what is written here
    live = select(col(AgentSession.id)).where(
        col(AgentSession.id) == session.session_id, col(AgentSession.ended_at).is_(None)
    )
    if db.connection().execute(live.with_for_update(read=True)).first() is None:
        return
    new = own_insert(db.connection())(Presence).values(
        agent_id=session.agent.id,
        ticket_number=number,
        doing=doing,
        since=StoreTime(),
        seen_at=StoreTime(),
        kept_from=",".join(sorted(kept_from)),
    )
    goes_on = and_(col(Presence.ticket_number) == number, col(Presence.doing) == doing, IS_FRESH)
    said = {name: new.excluded[name] for name in ("ticket_number", "doing", "seen_at", "kept_from")}
    since = case((goes_on, col(Presence.since)), else_=new.excluded.since)
    db.connection().execute(
        new.on_conflict_do_update(index_elements=[col(Presence.agent_id)], set_=said | {"since": since})
    )


def _leave(db: Session, session: DeskSession, number: int) -> None:
    mine = (col(Presence.agent_id) == session.agent.id, col(Presence.ticket_number) == number)
    db.connection().execute(delete(Presence).where(*mine))
