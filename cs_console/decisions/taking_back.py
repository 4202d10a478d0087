"""A grant that one person made is taken back while its notice is still held: it is as a proposal that was withdrawn."""

from sqlmodel import Session

from cs_console.custody.taken_back import renew_draft
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.deadlines.clock_events import recompute
from cs_console.decisions.decided_on_record import Decided, last_decided
from cs_console.decisions.finalise import draft_place
from cs_console.desk import Desk, DeskSession
from cs_console.errors import NothingToTakeBack
from cs_console.tickets.ticket_record import TicketFacts, change, record_about, reopened_values, require_own
from models.decision import Decision
from models.enums import Action, DecisionState, TicketState


def decided_by(db: Session, desk: Desk, number: int, message_id: str) -> Decided | None:
    """The last decision on a ticket, if this is its notice. Raises LogBroken."""
    decided = last_decided(db, desk, number)
    return decided if decided is not None and decided.said.names(message=message_id) else None


def withdraw_decision(db: Session, session: DeskSession, ticket: TicketFacts, decided: Decided) -> None:
    """Take back that decision, whose notice the caller's transaction keeps from going out.

    The ticket is verified again, as after a proposal that was withdrawn, its clock goes on, and the checklist is a
    draft for a new act. A requester who wrote meanwhile has opened the ticket already: then its state stays. Raises
    NotAssigned, NothingToTakeBack, ChangedElsewhere.
    """
    desk, number, about = session.desk, ticket.number, decided.said.about or {}
    require_own(ticket, session)
    decision = db.get(Decision, about["decision"], with_for_update=True)
    if decision is None or decision.state != DecisionState.FINAL or decided.roles or decision.decided_at is None:
        raise NothingToTakeBack(number)
    values = reopened_values(ticket, TicketState.VERIFIED, decision.decided_at)
    decision.state, decision.notice, decision.decided_at = DecisionState.WITHDRAWN, None, None
    decision.review_at = None
    db.add(decision)
    db.flush()
    change(db, ticket, ticket.version, **values)
    recompute(db, desk.packs.get(ticket.pack), number)
    renew_draft(db, session, draft_place(number), ticket_keys(db, desk, number))
    named = {"decision": decision.id, "by": session.agent.id, "state": str(values.get("state", ticket.state.value))}
    record_about(db, session, ticket, Action.DECISION_WITHDRAWN, about["made"], about=named)
