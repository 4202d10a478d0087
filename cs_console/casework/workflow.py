"""Who works a ticket and how far it is: claiming, handing over, states, kinds and priorities, each step on record."""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from functools import partial
from types import MappingProxyType

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from cs_console.access_log.accounts_on_record import accounts_on_record
from cs_console.access_log.append import lock_log
from cs_console.access_log.persons_on_record import is_another
from cs_console.access_log.vouched import CHANGING, KEPT_AWAY, assigned, latest
from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, once
from cs_console.casework.notes import keep_note, written
from cs_console.custody.requester_access import require_in_use
from cs_console.deadlines.clock_events import go_on, recompute
from cs_console.decisions.review import stands
from cs_console.desk import Desk, DeskSession
from cs_console.errors import (
    BadInput,
    ChangedElsewhere,
    NoOneIndependent,
    NotAllowed,
    NotIndependent,
    OwnDecision,
    SecondPersonNeeded,
    TakenBy,
    UnknownAgent,
    WrongState,
)
from cs_console.independence.matters import matter_of
from cs_console.independence.separation import excluded_agents, require_not_own
from cs_console.policy.schema import Pack
from cs_console.prepared import Prepared
from cs_console.tickets.change_kind import as_kind
from cs_console.tickets.ticket_record import (
    NOTHING_TO_ANSWER,
    TicketFacts,
    change,
    facts,
    facts_after,
    facts_on_record,
    record_about,
    refusals_on_record,
    require_open,
    require_own,
)
from cs_console.verification.windows import close_window
from models.agent import Agent
from models.enums import AccountState, Action, ActKind, Priority, Result, TicketKind, TicketState
from models.roles import CLAIMS, HANDLES_TICKETS, NAMES_REVIEWERS, WORKS_ON_TICKETS, Role
from models.ticket import Ticket

BY_HAND: Mapping[TicketState, frozenset[TicketState]] = MappingProxyType(
    {
        TicketState.OPEN: frozenset(
            {TicketState.TO_VERIFY, TicketState.VERIFIED, TicketState.WAITING, TicketState.CLOSED}
        ),
        TicketState.TO_VERIFY: frozenset({TicketState.OPEN, TicketState.WAITING, TicketState.CLOSED}),
        TicketState.VERIFIED: frozenset(
            {TicketState.OPEN, TicketState.TO_VERIFY, TicketState.WAITING, TicketState.CLOSED}
        ),
        TicketState.WAITING: frozenset(
            {TicketState.OPEN, TicketState.TO_VERIFY, TicketState.VERIFIED, TicketState.CLOSED}
        ),
        TicketState.IN_APPROVAL: frozenset(),
        TicketState.CLOSED: frozenset({TicketState.OPEN, TicketState.TO_VERIFY, TicketState.VERIFIED}),
    }
)
"""Which states an agent can move a ticket to. In approval begins and ends with a proposal, never by hand."""


_VERSION = "row"
"""What the log and the acts of older desks call a ticket's version; what is stored keeps its name."""
HANDED_ON = "the ticket left the agent's hands"
"""A verified window belongs to the work of one agent and ends with it."""


_TAKE = Prepared(
    update(Ticket)
    .where(
        col(Ticket.number) == bindparam("wanted"),
        col(Ticket.assignee_id).is_(None),
        col(Ticket.closed_at).is_(None),
    )
    .values(assignee_id=bindparam("agent"), version=col(Ticket.version) + 1)
    .returning(col(Ticket.version))
)


def claim(session: DeskSession, number: int) -> int:
    """Take an unassigned ticket in one atomic statement and return its version; claiming an own ticket changes nothing.

    For agents; a supervisor assigns instead. Raises TakenBy with the other's name, WrongState for a closed ticket,
    NothingThere, NotAllowed, and NotIndependent, recorded, for an agent who was involved in what the ticket is about.
    """
    try:
        return _claim(session, number)
    except NotIndependent as error:
        _record_kept_out(session, number, Action.TICKET_CLAIMED, error.code)
        raise


def _claim(session: DeskSession, number: int) -> int:
    with session.work(*CLAIMS) as db:
        _require_independent(db, session, number, session.agent.id)
        took, ticket = facts_after(db, session.desk, number, (_TAKE, {"wanted": number, "agent": session.agent.id}))
        if took is None:
            if ticket.assignee_id == session.agent.id:
                return ticket.version
            require_open(ticket)
            raise TakenBy(number, ticket.assignee or "someone else")
        about = assigned(None, session.agent.id)
        record_about(db, session, ticket, Action.TICKET_CLAIMED, "claimed", about=about)
        return ticket.version


def release(session: DeskSession, number: int, version: int) -> int:
    """Give a ticket back to the queue; its assignee or a supervisor can. Closes an open verification window.

    Returns the new version. Raises NotAssigned, WrongState, ChangedElsewhere.
    """
    with session.work(*WORKS_ON_TICKETS) as db:
        ticket = facts_on_record(db, session.desk, number)
        require_open(ticket)
        if ticket.assignee_id is None:
            raise WrongState(f"#{number} is not assigned to anyone.", "Claim it (c).")
        _require_own_or_supervisor(ticket, session)
        version = change(db, ticket, version, assignee_id=None)
        words = f"released by {session.agent.name}, was {ticket.assignee}'s"
        about = assigned(ticket.assignee_id, None)
        record_about(db, session, ticket, Action.TICKET_RELEASED, words, about=about)
        close_window(db, session.desk, number, session=session, reason=HANDED_ON)
        return version


def assign(session: DeskSession, number: int, version: int, agent_name: str) -> int:
    """Give a ticket to another agent: a supervisor can, or the assignee handing on. That closes an open window.

    A window that was opened while the ticket was unassigned stays open. Returns the new version. Raises NotAssigned,
    UnknownAgent, BadInput, WrongState, ChangedElsewhere, and NotIndependent, recorded, for an agent who was involved in
    what the ticket is about.
    """
    try:
        return _assign(session, number, version, agent_name)
    except NotIndependent as error:
        _record_kept_out(session, number, Action.TICKET_ASSIGNED, f"{error.code}: {agent_name}")
        raise


def _assign(session: DeskSession, number: int, version: int, agent_name: str) -> int:
    with session.work(*WORKS_ON_TICKETS) as db:
        ticket = facts_on_record(db, session.desk, number)
        require_open(ticket)
        _require_own_or_supervisor(ticket, session)
        agent_id = _assignable(db, session.desk).get(agent_name)
        if agent_id is None:
            raise UnknownAgent(f"There is no agent named {agent_name} who can take it.", "Choose one from the list.")
        if agent_id == ticket.assignee_id:
            raise BadInput(f"#{number} is already assigned to {agent_name}.", "Choose another agent.")
        others = _assignable(db, session.desk, HANDLES_TICKETS).values()
        _require_independent(db, session, number, agent_id, agent_name, others)
        version = change(db, ticket, version, assignee_id=agent_id)
        words, about = f"{ticket.assignee or 'unassigned'} -> {agent_name}", assigned(ticket.assignee_id, agent_id)
        record_about(db, session, ticket, Action.TICKET_ASSIGNED, words, about=about)
        if ticket.assignee_id is not None:
            close_window(db, session.desk, number, session=session, reason=HANDED_ON)
        return version


def assignable(session: DeskSession, number: int | None = None) -> tuple[str, ...]:
    """The names of everyone who can take a ticket (that one, if it is named), sorted.

    Where independence leaves no one, a privacy officer gets all of them, to name one.
    """
    with session.reading(*WORKS_ON_TICKETS) as db:
        everyone = _assignable(db, session.desk)
        out = frozenset() if number is None else excluded_agents(db, session.desk, number)
        handlers = _assignable(db, session.desk, HANDLES_TICKETS).values()
        if session.agent.has(Role.PRIVACY_OFFICER) and out.issuperset(handlers):
            return tuple(sorted(name for name, agent_id in everyone.items() if agent_id != session.agent.id))
        return tuple(sorted(name for name, agent_id in everyone.items() if agent_id not in out))


def set_state(
    session: DeskSession, number: int, version: int, state: TicketState, why: str = "", *, act: ActId | None = None
) -> int:
    """Move a ticket along BY_HAND; its assignee or a supervisor can. Closing it closes an open window too.

    Returns the new version. A request that ends with a decision is not closed around it, and waits in "to verify" until
    its requester is verified; a clock that a fee stopped goes on with the work (policy V.4). What ends with steps of
    its own, or was never verified, is closed before its answer by a supervisor alone, who says `why`: it is kept as a
    note. What the policy decides with two people takes two uninvolved supervisors. No one closes what is about a
    decision of theirs. A closed ticket of a requester who is erased or restricted stays closed. Raises WrongState,
    NotAssigned, NotAllowed, BadInput, KeyDestroyed, OnHold, ChangedElsewhere; OwnDecision and NotIndependent are
    recorded; SecondPersonNeeded once the first of two people is on record, and nothing else has changed. One act
    does it once, with one note.
    """
    closes = state is TicketState.CLOSED
    intent = Intent(act, ActKind.STATE_SET, number, (str(version), state.value, why.strip()))
    with _kept_out_on_record(session, number, Action.TICKET_STATE_SET), session.work(*WORKS_ON_TICKETS) as db:
        done = once(db, session, intent, partial(_set_state, db, session, number, version, state, why))
    if _VERSION not in done:
        raise SecondPersonNeeded(f"{'close' if closes else 'move'} #{number}", "s")
    return int(done[_VERSION])


def _set_state(
    db: Session, session: DeskSession, number: int, version: int, state: TicketState, why: str
) -> ActOutcome:
    """The new version; nothing where the first of two people is on record now."""
    ticket = facts_on_record(db, session.desk, number)
    _require_own_or_supervisor(ticket, session)
    if ticket.state is TicketState.CLOSED:
        lock_log(db.connection(), session.desk)  # no one confirms an erasure meanwhile
        require_in_use(db, session, ticket.requester_id)
    _check_move(db, session, ticket, state)
    if state is TicketState.CLOSED:
        require_not_own(db, session, number)
        if closes_with_reason(db, session, ticket):
            _require_reason(session, ticket, why)
            keep_note(db, session, ticket, written(why))
            two = takes_two(session.desk.packs.get(ticket.pack), ticket.kind)
            if two and not _is_second(db, session, ticket, version, state.value):
                return {}
    now = session.desk.clock.now()
    closed_at = now if state is TicketState.CLOSED else None
    answered = NOTHING_TO_ANSWER if state in (TicketState.WAITING, TicketState.CLOSED) else {}
    version = change(db, ticket, version, state=state.value, closed_at=closed_at, snoozed_until=None, **answered)
    if state not in (TicketState.WAITING, TicketState.CLOSED):
        go_on(db, session.desk.packs.get(ticket.pack), ticket, now, session.agent.id)
    about = {"from": ticket.state.value, "state": state.value}
    words = f"state {ticket.state} -> {state}"
    record_about(db, session, ticket, Action.TICKET_STATE_SET, words, about=about)
    if state is TicketState.CLOSED:
        close_window(db, session.desk, number, session=session, reason="the ticket was closed")
    return {_VERSION: str(version)}


def set_priority(session: DeskSession, number: int, version: int, priority: Priority) -> int:
    """Set the priority of an open ticket, the agent's own or an unassigned one; a supervisor can for any.

    Returns the new version. Raises NotAssigned, WrongState, ChangedElsewhere.
    """
    with session.work(*WORKS_ON_TICKETS) as db:
        ticket = facts_on_record(db, session.desk, number)
        require_open(ticket)
        _require_triage(ticket, session)
        version = change(db, ticket, version, priority=priority.value)
        before, after = ticket.priority.name.lower(), priority.name.lower()
        about = {"from": before, "priority": after}
        record_about(db, session, ticket, Action.TICKET_PRIORITY_SET, f"priority {before} -> {after}", about=about)
        return version


def set_kind(session: DeskSession, number: int, version: int, kind: TicketKind) -> int:
    """Correct the kind that intake guessed, on the agent's own or an unassigned ticket; a supervisor can for any.

    The clocks and the lane follow the new kind. Once its requester is verified, only a supervisor makes a request that
    ends with a decision into something else (policy V.4). What the policy decides with two people becomes something
    else, whatever it is, only when a second, uninvolved supervisor says the same. Returns the new version. Raises
    NotAssigned, NotAllowed, BadInput for the kind it has already, WrongState, ChangedElsewhere; OwnDecision and
    NotIndependent are recorded; SecondPersonNeeded once the first of two people is on record, and nothing else has
    changed. The assignee loses the ticket if they have to keep away from what it became.
    """
    with _kept_out_on_record(session, number, Action.TICKET_KIND_SET):
        after = _set_kind(session, number, version, kind)
    if after is None:
        raise SecondPersonNeeded(f"change the kind of #{number} to {kind}", "t")
    return after


def _set_kind(session: DeskSession, number: int, version: int, kind: TicketKind) -> int | None:
    with session.work(*WORKS_ON_TICKETS) as db:
        ticket = facts_on_record(db, session.desk, number)
        require_open(ticket)
        _require_triage(ticket, session)
        if ticket.state is TicketState.IN_APPROVAL:
            raise WrongState(f"#{number} is in approval.", "Withdraw the proposal first.")
        if kind is ticket.kind:
            raise BadInput(f"#{number} is already of the kind {kind}.", "Choose another one.")
        require_not_own(db, session, number)
        pack = session.desk.packs.get(ticket.pack)
        decides = pack.kinds[kind].needs_decision
        if pack.kinds[ticket.kind].needs_decision and not decides and ticket.verified_at is not None:
            _require_supervisor(session, "change a verified request to another kind", "or use the checklist (d)")
        if matter_of(db, number) is not None:
            _require_supervisor(session, "change the kind of a ticket about an earlier decision", "or settle it")
        # also into another kind that takes two: as an appeal, one person would end a rights request alone
        if takes_two(pack, ticket.kind) and not _is_second(db, session, ticket, version, kind.value):
            return None
        turned = as_kind(pack, ticket, kind)
        version = change(db, ticket, version, **turned.values)
        recompute(db, pack, number)
        record_about(db, session, ticket, Action.TICKET_KIND_SET, turned.words, about=turned.about)
        return _without_who_keeps_away(db, session, ticket, version)


def _without_who_keeps_away(db: Session, session: DeskSession, ticket: TicketFacts, version: int) -> int:
    """Take the ticket from its assignee where it is now about what they decided; the version after that."""
    if ticket.assignee_id is None or ticket.assignee_id not in excluded_agents(db, session.desk, ticket.number):
        return version
    version = change(db, ticket, version, assignee_id=None)
    words = f"taken from {ticket.assignee}, who decided what it is about"
    about = assigned(ticket.assignee_id, None) | {"why": KEPT_AWAY}
    record_about(db, session, ticket, Action.TICKET_RELEASED, words, about=about)
    close_window(db, session.desk, ticket.number, session=session, reason=HANDED_ON)
    return version


def takes_two(pack: Pack, kind: TicketKind) -> bool:
    """Whether the policy decides such a ticket with two people, or is it about what was decided: a rights request, an
    appeal, a complaint.
    """
    rules = pack.kinds[kind]
    return rules.needs_decision or (rules.workflow is not None and bool(rules.workflow.matter))


def _is_second(db: Session, session: DeskSession, ticket: TicketFacts, version: int, ending: str) -> bool:
    """Whether another, uninvolved person asked for the same ending and nothing has happened to the ticket since; else
    it is on record now that the desk's agent asked. The second one is a supervisor. Raises ChangedElsewhere.
    """
    if ticket.version != version:
        raise ChangedElsewhere(ticket.number)
    number, out = ticket.number, excluded_agents(db, session.desk, ticket.number)
    last = latest(db, session.desk, number, (Action.ENDING_ASKED, *CHANGING, Action.TICKET_FOLLOW_UP))
    if (
        last is not None
        and last.action is Action.ENDING_ASKED
        and last.names(ending=ending, **{_VERSION: str(version)})
    ):
        by = (last.about or {})["by"]
        if by not in out and is_another(db, session.desk, by, session.agent.id) and session.agent.has(Role.SUPERVISOR):
            return True
    about = {"ending": ending, _VERSION: str(version), "by": session.agent.id}
    record_about(db, session, ticket, Action.ENDING_ASKED, ending, about=about)
    return False


def _kept_out_on_record(session: DeskSession, number: int, action: Action) -> AbstractContextManager[None]:
    """An attempt of someone who has to keep away is recorded by its code."""
    return refusals_on_record(session, action, (OwnDecision,), lambda db: facts(db, number))


def _check_move(db: Session, session: DeskSession, ticket: TicketFacts, state: TicketState) -> None:
    name = f"#{ticket.number}"
    if state not in BY_HAND[ticket.state]:
        raise WrongState(f"{name} is {ticket.state} and cannot be set to {state} by hand.", _way_on(ticket.state))
    if state is TicketState.VERIFIED and ticket.verified_at is None:
        raise WrongState(f"The requester of {name} was never verified.", "Verify them (v).")
    if not session.desk.packs.get(ticket.pack).kinds[ticket.kind].needs_decision:
        return
    if ticket.verified_at is None and state in (TicketState.OPEN, TicketState.WAITING):
        raise WrongState(
            f"{name} waits for the verification of its requester.", "Verify them (v), or correct the kind (t)."
        )
    if state is not TicketState.CLOSED or stands(db, session.desk, ticket.number):
        return
    if ticket.verified_at is not None:
        raise WrongState(f"{name} ends with a decision.", "Use the checklist (d).")
    _require_supervisor(session, "close a request that was neither verified nor decided", "or correct the kind")


def closes_with_reason(db: Session, session: DeskSession, ticket: TicketFacts) -> bool:
    """Whether closing it by hand comes before its answer: it has steps of its own, or its requester was never verified.

    A verified request without a decision is not closed by hand at all.
    """
    rules = session.desk.packs.get(ticket.pack).kinds[ticket.kind]
    if rules.needs_decision:
        return ticket.verified_at is None and not stands(db, session.desk, ticket.number)
    return rules.workflow is not None and not rules.workflow.by_hand


def _require_reason(session: DeskSession, ticket: TicketFacts, why: str) -> None:
    if not session.agent.has(Role.SUPERVISOR):
        raise WrongState(f"#{ticket.number} ends with its own steps.", "Settle it (d).")
    if not why.strip():
        raise BadInput(f"Closing #{ticket.number} before it was answered needs a reason.", "Enter a reason.")


def _require_independent(
    db: Session, session: DeskSession, number: int, agent_id: str, who: str = "You", others: Collection[str] = ()
) -> None:
    """Refuse an account that has to keep away from a ticket, and say where no one is left of the `others`."""
    out = excluded_agents(db, session.desk, number)
    if agent_id in out:
        raise NoOneIndependent(number) if others and out.issuperset(others) else NotIndependent(number, who)


def name_reviewer(session: DeskSession, number: int, version: int, agent_name: str, why: str) -> int:
    """Assign a ticket for which no one is independent to a person that a privacy officer names (DECISIONS.md, 10).

    The reason is kept as a note, and the naming is on record; it holds for this ticket alone. Returns the new version.
    Raises NotAllowed, also for one's own name and while anyone uninvolved could take it, UnknownAgent, BadInput,
    WrongState, ChangedElsewhere.
    """
    with session.work(*NAMES_REVIEWERS) as db:
        ticket = facts_on_record(db, session.desk, number)
        require_open(ticket)
        accounts = _assignable(db, session.desk)
        agent_id = accounts.get(agent_name)
        if agent_id is None:
            raise UnknownAgent(f"There is no agent named {agent_name} who can take it.", "Choose one from the list.")
        if set(_assignable(db, session.desk, HANDLES_TICKETS).values()) - excluded_agents(db, session.desk, number):
            raise NotAllowed(f"An uninvolved agent can handle #{number}.", "Assign it (a).")
        if not is_another(db, session.desk, agent_id, session.agent.id):
            raise NotAllowed("You cannot name yourself.", "Choose another person.")
        keep_note(db, session, ticket, written(why))
        version = change(db, ticket, version, assignee_id=agent_id)
        named = {"to": agent_id, "by": session.agent.id}
        record_about(db, session, ticket, Action.REVIEWER_NAMED, f"{agent_name}, no one uninvolved left", about=named)
        words, about = f"{ticket.assignee or 'unassigned'} -> {agent_name}", assigned(ticket.assignee_id, agent_id)
        record_about(db, session, ticket, Action.TICKET_ASSIGNED, words, about=about)
        if ticket.assignee_id is not None:
            close_window(db, session.desk, number, session=session, reason=HANDED_ON)
        return version


def _record_kept_out(session: DeskSession, number: int, action: Action, reason: str) -> None:
    with session.work(*WORKS_ON_TICKETS) as db:
        record_about(db, session, facts(db, number), action, reason, Result.REFUSED)


def _way_on(state: TicketState) -> str:
    if state is TicketState.IN_APPROVAL:
        return "Approve, return or withdraw the proposal."
    return f"Possible: {', '.join(sorted(BY_HAND[state]))}."


def _require_own_or_supervisor(ticket: TicketFacts, session: DeskSession) -> None:
    if not session.agent.has(Role.SUPERVISOR):
        require_own(ticket, session)


def _require_supervisor(session: DeskSession, what: str, otherwise: str) -> None:
    if not session.agent.has(Role.SUPERVISOR):
        raise NotAllowed(f"Only a supervisor can {what}.", f"Ask a supervisor, {otherwise}.")


def _require_triage(ticket: TicketFacts, session: DeskSession) -> None:
    if ticket.assignee_id is not None:
        _require_own_or_supervisor(ticket, session)


def _assignable(db: Session, desk: Desk, roles: Collection[Role] = WORKS_ON_TICKETS) -> dict[str, str]:
    """The active accounts with one of these roles, by name; none whose name the log does not have so."""
    known = accounts_on_record(db.connection(), desk)
    rows = db.connection().execute(
        select(col(Agent.name), col(Agent.id), col(Agent.roles)).where(col(Agent.state) == AccountState.ACTIVE.value)
    )
    able = ((name, agent_id) for name, agent_id, held in rows if not set(held.split(",")).isdisjoint(roles))
    said = ((name, agent_id, known.of(agent_id, name)) for name, agent_id in able)
    return {name: agent_id for name, agent_id, one in said if one is None or one.name == name}
