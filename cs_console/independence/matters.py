"""What an appeal or a complaint is about: an earlier ticket of the same requester, or a person's decision."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from cs_console.desk import DeskSession
from cs_console.errors import BadInput, NotAllowed, NotIndependent, WrongState
from cs_console.independence.separation import excluded_agents
from cs_console.prepared import Prepared
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import (
    TicketFacts,
    change,
    facts,
    facts_on_record,
    record_about,
    require_open,
    require_own,
)
from models.agent import Agent
from models.decision import Decision
from models.enums import Action, DecisionState, Result, TicketKind, TicketState
from models.matter import Matter
from models.roles import WORKS_ON_TICKETS, Role
from models.settlement import Settlement
from models.ticket import Ticket

MOST = 100
"""How many earlier tickets are offered at most, the newest first."""
MATTER = Prepared(
    select(col(Matter.about_number), col(Agent.name))
    .outerjoin(Agent, col(Agent.id) == col(Matter.decider_id))
    .where(col(Matter.ticket_number) == bindparam("number"))
)
"""What `matter_of` asks, to be asked ahead."""


@dataclass(frozen=True)
class EarlierTicket:
    """Another ticket of the same requester; `decided`: a decision on it is final, or it was settled."""

    number: int
    kind_title: str
    state: TicketState
    received_at: datetime
    decided: bool


@dataclass(frozen=True)
class MatterChoices:
    """What a ticket can be about: earlier tickets, or accounts that decided outside of any; `now`: what was named."""

    tickets: tuple[EarlierTicket, ...]
    accounts: tuple[str, ...]
    now: "MatterView | None" = None


@dataclass(frozen=True)
class MatterView:
    """What was named; one of the two is there."""

    about_number: int | None
    decider: str

    @property
    def words(self) -> str:
        """As the ticket says it."""
        return f"#{self.about_number}" if self.about_number is not None else f"what {self.decider} decided"


@dataclass(frozen=True)
class Named:
    """A matter that was named; `excluded_agents`: the assignee took part in it and has to hand it on."""

    version: int
    words: str
    excluded_agents: bool


def matter_of(db: Session, number: int) -> MatterView | None:
    """What that ticket is about, if that was named."""
    row = MATTER.first(db.connection(), {"number": number})
    return None if row is None else MatterView(row[0], row[1] or "")


def matter_choices(session: DeskSession, number: int) -> MatterChoices:
    """The possible matters of this ticket, for those who may name one: it raises what `name_matter` would, unrecorded,
    before anything is chosen.
    """
    with session.reading(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        ticket = facts_on_record(db, session.desk, number)
        _require_a_matter(session, ticket)
        now = matter_of(db, number)
        _require_may_name(db, session, ticket, now)
        final = select(col(Decision.ticket_number)).where(col(Decision.state) == DecisionState.FINAL)
        settled = select(col(Settlement.ticket_number))
        mine = col(Ticket.requester_id) == ticket.requester_id
        rows = db.connection().execute(
            select(
                col(Ticket.number),
                col(Ticket.kind),
                col(Ticket.state),
                col(Ticket.pack),
                col(Ticket.received_at),
                col(Ticket.number).in_(final.union(settled)).label("decided"),
            )
            .where(mine, col(Ticket.number) != number)
            .order_by(col(Ticket.number).desc())
            .limit(MOST)
        )
        packs = session.desk.packs
        tickets = tuple(
            EarlierTicket(
                row.number,
                packs.get(row.pack).kinds[TicketKind(row.kind)].title,
                TicketState(row.state),
                row.received_at,
                bool(row.decided),
            )
            for row in rows
        )
        names = db.connection().execute(select(col(Agent.name)).order_by(col(Agent.name))).scalars()
        return MatterChoices(tickets, tuple(names), now)


def name_matter(session: DeskSession, number: int, *, about_number: int | None = None, decider: str = "") -> Named:
    """Say which earlier ticket of the requester, or whose decision outside of any ticket, this one is about.

    On one's own or an unassigned ticket, or as a supervisor. Only a supervisor changes a named matter, who had no
    part in either. Raises BadInput for another requester's ticket, for one that leads back here and for an unknown
    account; NotAssigned, WrongState, NothingThere, NoUndertaking; NotAllowed and NotIndependent are recorded.
    """
    if (about_number is None) == (not decider):
        raise BadInput("A ticket and a person's decision cannot both be named.", "Name one of the two.")
    try:
        return _name(session, number, about_number, decider)
    except (NotAllowed, NotIndependent) as error:
        with session.work(*WORKS_ON_TICKETS) as db:
            record_about(db, session, facts(db, number), Action.MATTER_NAMED, error.code, Result.REFUSED)
        raise


def _name(session: DeskSession, number: int, about_number: int | None, decider: str) -> Named:
    with session.work(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        ticket = facts_on_record(db, session.desk, number)
        require_open(ticket)
        _require_a_matter(session, ticket)
        before = matter_of(db, number)
        _require_may_name(db, session, ticket, before)
        decider_id = _account(db, decider) if decider else None
        if about_number is not None:
            _require_earlier(db, ticket, about_number)
        now, out_before = session.desk.clock.now(), excluded_agents(db, session.desk, number)
        db.merge(
            Matter(
                ticket_number=number,
                about_number=about_number,
                decider_id=decider_id,
                agent_id=session.agent.id,
                at=now,
            )
        )
        db.flush()
        after = MatterView(about_number, decider)
        version = change(db, ticket, ticket.version)
        was = "" if before is None else f", was {before.words}"
        named = {"ticket": str(about_number or ""), "decider": decider_id or ""}
        record_about(db, session, ticket, Action.MATTER_NAMED, f"about {after.words}{was}", about=named)
        out = excluded_agents(db, session.desk, number)
        if (session.agent.id in out and before is not None) or session.agent.id in out_before - out:
            raise NotIndependent(number)  # no one names it so that they may go on
        return Named(version, after.words, ticket.assignee_id in out)


def _require_a_matter(session: DeskSession, ticket: TicketFacts) -> None:
    rules = session.desk.packs.get(ticket.pack).kinds[ticket.kind]
    if rules.workflow is None or not rules.workflow.matter:
        words = f"#{ticket.number} is of the kind {ticket.kind}, which does not concern an earlier decision."
        raise WrongState(words, "If it is an appeal or a complaint, correct its kind (t).")


def _require_may_name(db: Session, session: DeskSession, ticket: TicketFacts, before: MatterView | None) -> None:
    supervisor = session.agent.has(Role.SUPERVISOR)
    if before is not None:
        if not supervisor:
            raise NotAllowed(f"#{ticket.number} is already about {before.words}.", "A supervisor can change that.")
        if session.agent.id in excluded_agents(db, session.desk, ticket.number):
            raise NotIndependent(ticket.number)
    elif ticket.assignee_id is not None and not supervisor:
        require_own(ticket, session)


def _account(db: Session, name: str) -> str:
    found = db.connection().execute(select(col(Agent.id)).where(col(Agent.name) == name)).scalar()
    if found is None:
        raise BadInput(f"There is no account named {name}.", "Choose one from the list.")
    return str(found)


def _require_earlier(db: Session, ticket: TicketFacts, about_number: int) -> None:
    """The same requester's, and not one that is itself about this ticket. Another requester's answers as if it did not
    exist.
    """
    owner = db.connection().execute(select(col(Ticket.requester_id)).where(col(Ticket.number) == about_number)).scalar()
    if owner != ticket.requester_id or about_number == ticket.number:
        raise BadInput(f"#{about_number} is not another ticket from this requester.", "Choose one from the list.")
    step: int | None = about_number
    seen: set[int] = set()
    while step is not None and step not in seen:
        seen.add(step)
        found = db.connection().execute(select(col(Matter.about_number)).where(col(Matter.ticket_number) == step))
        step = found.scalar()
    if ticket.number in seen:
        raise BadInput(f"#{about_number} is itself about #{ticket.number}.", "Choose another one.")
