"""A ticket's clock as its dialog may show it: the line, all that happened, and what can be done now."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.custody.ticket_keys import ticket_keys
from cs_console.custody.typed_words import TypedWords, typed_words
from cs_console.deadlines.clock import Clock, Step, clock_of
from cs_console.deadlines.clock_events import happened
from cs_console.deadlines.clock_words import clock_words, extension_words
from cs_console.decisions.approvers import roles_now
from cs_console.decisions.clock_letters import identity_letter, unpaid_letter
from cs_console.decisions.clock_steps import why_not_ask, why_not_extend
from cs_console.decisions.fee_steps import payment_days, why_not_paid, why_not_unpaid
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError, KeyDestroyed
from cs_console.local_time import moment
from cs_console.plain_text import one_line, plain
from cs_console.policy.schema import Pack
from cs_console.tickets.ticket_record import ERASED, TicketFacts, open_on_record
from models.agent import Agent
from models.clock_event import ClockEvent
from models.enums import ClockMove, TicketState
from models.roles import WORKS_ON_TICKETS, Role
from models.verification import Verification

CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One step: when, in the pack's time zone, what, by which person ("" if not named), and the reason, redacted."""

    when: str
    what: str
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FeeWait:
    """A fee that is waited for: the days on which it can have been paid, the newest first, and what ends the wait.

    `letter` is what closing it unpaid would send, "" while it cannot be closed so.
    """

    days: tuple[date, ...]
    why_not_paid: str
    why_not_unpaid: str
    letter: str


@dataclass(frozen=True, slots=True)
class ClockView:
    """`extension` says by how much the term could be extended, "" where the pack knows none; a `why_not` is a
    sentence, "" where the step is open to the reader now. `identity_letter` is what asking would send, "" where no one
    can be asked now; `fee` is there while one is waited for.
    """

    number: int
    version: int
    words: str
    clause: str
    explained: str
    zone: str
    lines: tuple[ClockLine, ...]
    extension: str
    why_not_extend: str
    why_not_ask: str
    identity_letter: str
    fee: FeeWait | None


def clock_view(session: DeskSession, number: int) -> ClockView:
    """The clock of a ticket, for those who may open the ticket.

    A ticket that this session has not opened is opened on record. Raises NotAllowed, NoUndertaking, NothingThere.
    """
    desk = session.desk
    with session.work(*WORKS_ON_TICKETS) as db:
        ticket = open_on_record(db, session, number)
        pack, roles = desk.packs.get(ticket.pack), roles_now(db, session)
        steps = happened(db, ticket)
        clock = clock_of(pack, ticket.kind, steps)
        moved = _moved(db, number)
        typed = _typed(db, session, number)
        told = {Step.VERIFIED: _verifier(db, ticket)}
        now = desk.clock.now()
        not_extend = why_not_extend(session, roles, pack, ticket, clock, now)
        not_ask = why_not_ask(session, roles, pack, ticket, steps, now)
    zone = pack.clock.zone
    lines = [(one.at, ClockLine(_when(one.at, zone), one.step.value, told.get(one.step, ""))) for one in steps]
    lines = [line for line in lines if line[1].what not in set(ClockMove)]
    lines += [(event.at, _line(typed, ticket, event, by, zone)) for event, by in moved]
    return ClockView(
        number=number,
        version=ticket.version,
        words=clock_words(pack, ticket.kind, clock, None if ticket.closed_at else now),
        clause=pack.cited(pack.clock.clause if clock.decides else pack.clock.first_response_clause),
        explained=pack.clock.explained if clock.decides else "",
        zone=pack.clock.time_zone,
        lines=tuple(line for _, line in sorted(lines, key=lambda pair: pair[0])),
        extension=extension_words(pack.clock),
        why_not_extend=_sentence(not_extend),
        why_not_ask=_sentence(not_ask),
        identity_letter="" if not_ask else identity_letter(pack, ticket),
        fee=_fee_wait(session, roles, pack, ticket, clock, now),
    )


def _fee_wait(
    session: DeskSession, roles: frozenset[Role], pack: Pack, ticket: TicketFacts, clock: Clock, now: datetime
) -> FeeWait | None:
    if clock.fee_asked is None or ticket.state is TicketState.CLOSED:
        return None
    not_unpaid = why_not_unpaid(session, roles, pack, ticket, clock, now)
    return FeeWait(
        days=payment_days(pack.clock, clock, now),
        why_not_paid=_sentence(why_not_paid(session, roles, ticket, clock)),
        why_not_unpaid=_sentence(not_unpaid),
        letter="" if not_unpaid else unpaid_letter(pack, ticket)[1],
    )


def _moved(db: Session, number: int) -> list[tuple[ClockEvent, str]]:
    rows = db.execute(
        select(ClockEvent, col(Agent.name))
        .outerjoin(Agent, col(Agent.id) == col(ClockEvent.agent_id))
        .where(col(ClockEvent.ticket_number) == number)
    )
    return [(event, name or CONSOLE) for event, name in rows]


def _verifier(db: Session, ticket: TicketFacts) -> str:
    by = (
        select(col(Agent.name))
        .join(Verification, col(Verification.agent_id) == col(Agent.id))
        .where(col(Verification.ticket_number) == ticket.number, col(Verification.verified_at) == ticket.verified_at)
        .limit(1)
    )
    return db.connection().execute(by).scalar() or ""


def _typed(db: Session, session: DeskSession, number: int) -> TypedWords | None:
    """None once the requester is erased."""
    try:
        return typed_words(db, session.desk, ticket_keys(db, session.desk, number))
    except KeyDestroyed:
        return None


def _line(typed: TypedWords | None, ticket: TicketFacts, event: ClockEvent, by: str, zone: tzinfo) -> ClockLine:
    reason = ""
    if event.reason is not None:
        reason = ERASED if typed is None else typed.open("clock_event", "reason", event.id, event.reason)
    if event.move == ClockMove.WENT_ON and event.agent_id is None:  # which may be a question, and no payment
        return ClockLine(_when(event.at, zone), ClockMove.WENT_ON.value, reason="the requester wrote")
    # the fee was asked for by its approver, and approvers are not named
    named = "" if event.move == ClockMove.FEE_ASKED else by
    when = _when(event.at, zone)
    if event.move == ClockMove.FEE_PAID:
        when = f"{when[:6]:<{len(when)}}"  # the day alone is known
    return ClockLine(when, ClockMove(event.move).value, named, one_line(plain(reason)))


def _when(at: datetime, zone: tzinfo) -> str:
    return f"{moment(at, zone):>12}"  # as wide with a day of one digit


def _sentence(refusal: ConsoleError | None) -> str:
    return "" if refusal is None else str(refusal)
