"""What the ways in which a ticket can end need beside the answers to the workflow's questions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import exists, or_, select
from sqlmodel import Session, col

from cs_console.desk import Desk, DeskSession
from cs_console.errors import ConsoleError, MatterRequired, NotVerified, SettlementIncomplete
from cs_console.independence.matters import matter_of
from cs_console.independence.separation import last_heard, require_not_own
from cs_console.policy.workflow_rules import WorkflowOutcome
from cs_console.tickets.ticket_record import TicketFacts, facts, facts_on_record, require_open, require_own
from cs_console.verification.askers import require_answerable
from models.columns import from_microseconds
from models.decision import Decision
from models.enums import DecisionState, DeliveryState, MessageSort, TicketState
from models.message import Message
from models.roles import WORKS_ON_TICKETS
from models.settlement import Settlement


@dataclass(frozen=True)
class StillNeeded:
    """What keeps a ticket from being settled whatever is answered, as sentences.

    `always` holds for each outcome, `by_outcome` for that one, `without_matter` where an answer says that what the
    ticket is about has to be named; each is empty where nothing does.
    """

    always: str = ""
    by_outcome: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    without_matter: str = ""


def still_needed(session: DeskSession, number: int) -> StillNeeded:
    """What `settle` would refuse for this agent beside the answers. Raises NotAllowed, NothingThere."""
    with session.reading(*WORKS_ON_TICKETS) as db:
        ticket = facts_on_record(db, session.desk, number)
        workflow = session.desk.packs.get(ticket.pack).kinds[ticket.kind].workflow
        if workflow is None:
            return StillNeeded()
        always = ""
        try:
            require_may_settle(db, session, ticket)
        except ConsoleError as error:
            always = str(error)
        by_outcome = {
            key: tuple(str(one) for one in unmet(db, session.desk, ticket, outcome, names=False))
            for key, outcome in workflow.outcomes.items()
        }
        unnamed = "" if matter_of(db, number) is not None else str(_unnamed(number))
    return StillNeeded(always, by_outcome, unnamed)


def require_may_settle(db: Session, session: DeskSession, ticket: TicketFacts) -> None:
    """Refuse an agent who cannot settle this ticket now, with any outcome.

    Raises OwnDecision, NotIndependent, NotAssigned, WrongState, GuardianRequired, PrincipalOnly.
    """
    require_not_own(db, session, ticket.number)  # first: who is kept out is not sent to claim it
    require_own(ticket, session)
    require_open(ticket)
    require_answerable(db, session.desk, ticket)


def unmet(
    db: Session, desk: Desk, ticket: TicketFacts, outcome: WorkflowOutcome, *, names: bool
) -> Iterator[ConsoleError]:
    """What this outcome needs and the ticket has not; `names`: an answer says that its matter has to be named."""
    if names or outcome.reopens:
        matter = matter_of(db, ticket.number)
        if matter is None:
            yield _unnamed(ticket.number)
        elif outcome.reopens and matter.about_number is not None:
            yield from _not_to_be_undone(db, facts(db, matter.about_number))
    if outcome.verified and ticket.verified_at is None:
        yield NotVerified()
    if outcome.replied and not _was_answered(db, desk, ticket.number):
        yield SettlementIncomplete(
            "No reply was sent since the requester's last message.", "Write one on the ticket first (m)."
        )


def _unnamed(number: int) -> ConsoleError:
    words = f"#{number} does not say yet which ticket, or whose decision, it is about."
    return MatterRequired(words, "Name it on the ticket (b).")


def _not_to_be_undone(db: Session, earlier: TicketFacts) -> Iterator[ConsoleError]:
    """The letter promises that others decide again, so the matter needs a decision that can be set aside."""
    name = f"#{earlier.number}"
    if earlier.state is TicketState.IN_APPROVAL:
        yield SettlementIncomplete(f"{name} is in approval.", "That proposal must be returned or withdrawn first.")
    elif earlier.state is not TicketState.CLOSED and not _was_ended(db, earlier.number):
        yield SettlementIncomplete(
            f"{name} is still open and has no decision that others could reconsider.",
            "Choose another outcome.",
        )


def _was_ended(db: Session, number: int) -> bool:
    final = exists().where(col(Decision.ticket_number) == number, col(Decision.state) == DecisionState.FINAL)
    settled = exists().where(col(Settlement.ticket_number) == number)
    return bool(db.connection().execute(select(or_(final, settled))).scalar())


def _was_answered(db: Session, desk: Desk, number: int) -> bool:
    """Whether a reply went out, or is on its way, after whatever of the requester reached us last.

    When that was, the access log says: the date in a mail is its sender's claim. Raises LogBroken.
    """
    sent = select(col(Message.id)).where(
        col(Message.ticket_number) == number,
        col(Message.sort) == MessageSort.REPLY,
        col(Message.delivery).in_((DeliveryState.SENT, DeliveryState.SENDING, DeliveryState.QUEUED)),
    )
    heard = last_heard(db, desk, number)
    if heard is not None:
        sent = sent.where(col(Message.at) >= from_microseconds(heard.at))
    return db.connection().execute(sent.limit(1)).first() is not None
