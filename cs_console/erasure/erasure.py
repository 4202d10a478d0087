"""Erasure as two people decide it: proposed for a granted request or an ended term, confirmed by another person.

What is then destroyed, and how, is in `erasing.py`; what keeps data for now is in `holds.py`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from cs_console.access_log.append import lock_log, record
from cs_console.access_log.entry import Entry
from cs_console.access_log.persons_on_record import is_another
from cs_console.custody.drafts import drop_drafts_about
from cs_console.custody.erasing import carry_out, say_erased, wipe
from cs_console.custody.erasure_authority import about_proposal, require_proposed
from cs_console.custody.erasure_proof import about_erasure
from cs_console.custody.holds_on_record import held_until, require_recorded_holds
from cs_console.custody.search_queue import take_out_of
from cs_console.decisions.approvers import roles_now
from cs_console.desk import DeskSession
from cs_console.erasure.erasable import require_erasable
from cs_console.errors import (
    ErasureNotProven,
    NotAllowed,
    NotErasable,
    NothingThere,
    NotVouched,
    OwnErasure,
    SignInMustWait,
    StoreUnavailable,
    WrongPassword,
    WrongState,
)
from cs_console.staff.accounts import confirm_password
from cs_console.staff.undertakings import require_current
from cs_console.tickets.numbers import lock_counter
from cs_console.tickets.ticket_record import TicketFacts, facts, pseudonym, record_about, refusals_on_record
from models.agent import Agent
from models.enums import (
    Action,
    ErasureCause,
    ErasureState,
    RequesterState,
)
from models.erasure import Erasure
from models.requester import Requester
from models.roles import PROPOSES_ERASURES, WORKS_ON_TICKETS

MOST = 200
"""How many erasures the list holds at most."""
OPEN_STATES = (ErasureState.PROPOSED, ErasureState.HELD, ErasureState.APPROVED)
_CAUSES = {
    ErasureCause.REQUEST: "the request was granted",
    ErasureCause.TERM: "kept long enough",
    ErasureCause.RESTORE: "a backup brought it back",
}


@dataclass(frozen=True)
class ErasureRow:
    """One erasure that is not done. `held_until`: when the last hold ends; `mine`: the reader proposed it."""

    id: str
    number: int | None
    cause: str
    state: ErasureState
    proposer: str
    proposed_at: datetime
    held_until: datetime | None
    mine: bool


@dataclass(frozen=True)
class Confirmed:
    """What a confirmation led to: erased; kept until a hold ends; or `problem`, a sentence, and it goes on later."""

    erased: bool
    held_until: datetime | None = None
    problem: str = ""


def propose_erasure(session: DeskSession, number: int) -> None:
    """Propose that everything of this ticket's requester be erased (policy I.(4)2, IV.(2)3).

    It needs a granted request of theirs to erase all that is held of them here, or the end of the term of all their
    tickets; no open ticket, nothing on its way to them. Raises NotErasable, NotVouched, NothingThere,
    NoUndertaking, NotAllowed, SessionEnded; what is refused is on record.
    """
    with _on_record(session, lambda db: facts(db, number)), session.work(*PROPOSES_ERASURES) as db:
        require_current(db, session)
        lock_log(db.connection(), session.desk)  # two at once must not both propose
        ticket = facts(db, number)
        cause = require_erasable(db, session.desk, ticket.requester_id)
        known = _open_erasure(db, ticket.requester_id)
        if known is not None:
            raise NotErasable(f"The erasure of this requester is already {known}.", "See the erasures (g e).")
        erasure = Erasure(
            requester_id=ticket.requester_id,
            ticket_number=number,
            cause=cause,
            proposer_id=session.agent.id,
            proposed_at=session.desk.clock.now(),
        )
        db.add(erasure)
        db.flush()
        about = about_proposal(session.desk, erasure)
        record_about(db, session, ticket, Action.ERASURE_PROPOSED, cause.value, about=about)


def confirm_erasure(session: DeskSession, erasure_id: str, password: str) -> Confirmed:
    """Confirm another person's proposal, with the password again, and erase: it cannot be undone.

    Everything that was checked at the proposal is checked once more. With a hold in force the data is kept, restricted:
    not to be found or seen, and erased when the last hold ends. Raises OwnErasure, NotAllowed, WrongPassword,
    SignInMustWait, NotErasable, ErasureNotProven, NotVouched, WrongState, NothingThere, NoUndertaking, SessionEnded;
    what is refused is on record. Raises TimeNotConfirmed before anything is looked at.
    """
    desk = session.desk
    desk.require_believed_time()

    def confirm() -> datetime | None:
        with session.work() as db:
            lock_counter(db)  # no mail of theirs is taken in meanwhile, to be lost with the key
            lock_log(db.connection(), desk)  # and no hold is placed
            erasure, ticket = _confirmable(db, session, erasure_id)
            now = desk.clock.now()
            held = held_until(db, desk, [erasure.requester_id], now).get(erasure.requester_id)
            if held is None:
                require_recorded_holds(db, desk, erasure.requester_id)
            erasure.state = ErasureState.APPROVED if held is None else ErasureState.HELD
            erasure.approver_id, erasure.approved_at = session.agent.id, now
            db.add(erasure)
            db.flush()
            approved = Entry(
                Action.ERASURE_APPROVED,
                ticket=ticket.number,
                requester=pseudonym(desk, erasure.requester_id),
                reason="held" if held else "",
                about=about_erasure(erasure),
            )
            record(db, session, approved)
            if held is None:
                say_erased(db, desk, session.actor, erasure, _CAUSES[ErasureCause(erasure.cause)])
                drop_drafts_about(db, desk, erasure.requester_id)
                wipe(db, erasure.requester_id, now)
            else:
                _restrict(db, erasure.requester_id)
            return held

    with _on_record(session, lambda db: _find(db, erasure_id)[1]):
        with session.reading() as db:
            _confirmable(db, session, erasure_id)
        if not confirm_password(session, password):
            raise WrongPassword("Nothing was erased. Try again.")
        held = confirm()
    if held is not None:
        return Confirmed(False, held)
    try:
        carry_out(desk, erasure_id)
    except StoreUnavailable as problem:
        return Confirmed(False, problem=f"{problem} The console tries again every minute.")
    return Confirmed(True)


def withdraw_erasure(session: DeskSession, erasure_id: str) -> None:
    """Withdraw an unconfirmed proposal: the agent's own, or, for those who may confirm, any.

    One whose row is not as the log has it stays: a withdrawal would be on record for another ticket, and the proposal
    would count again once the row is put back. Raises NotAllowed, NotVouched, WrongState, NothingThere, SessionEnded.
    """
    with session.work(*PROPOSES_ERASURES) as db:
        erasure, ticket = _find(db, erasure_id)
        approvers = session.desk.packs.get(ticket.pack).erasure.approvers
        if erasure.proposer_id != session.agent.id and not roles_now(db, session) & set(approvers):
            raise NotAllowed("Another person proposed this.", f"Ask them, or a {' or '.join(approvers)}.")
        taken = db.connection().execute(
            update(Erasure)
            .where(col(Erasure.id) == erasure_id, col(Erasure.state) == ErasureState.PROPOSED)
            .values(state=ErasureState.WITHDRAWN, ended_at=session.desk.clock.now())
        )
        if not taken.rowcount:
            raise WrongState(f"This erasure is already {erasure.state}.", "Check the list again.")
        require_proposed(db, session.desk, erasure)
        record_about(db, session, ticket, Action.ERASURE_WITHDRAWN, about={"erasure": erasure_id})


def open_erasures(session: DeskSession) -> tuple[ErasureRow, ...]:
    """The erasures that wait for a person or for the end of a hold, oldest first, MOST at most.

    Raises NotAllowed, SessionEnded.
    """
    with session.reading(*WORKS_ON_TICKETS) as db:
        now, proposer = session.desk.clock.now(), aliased(Agent)
        rows = db.execute(
            select(Erasure, col(proposer.name))
            .outerjoin(proposer, col(proposer.id) == col(Erasure.proposer_id))
            .where(col(Erasure.state).in_(OPEN_STATES))
            .order_by(col(Erasure.proposed_at), col(Erasure.id))
            .limit(MOST)
        ).all()
        held = held_until(db, session.desk, (one.requester_id for one, _name in rows), now)
        return tuple(
            ErasureRow(
                one.id,
                one.ticket_number,
                _CAUSES[ErasureCause(one.cause)],
                ErasureState(one.state),
                name or "the console",
                one.proposed_at,
                held.get(one.requester_id),
                one.proposer_id == session.agent.id,
            )
            for one, name in rows
        )


def _find(db: Session, erasure_id: str) -> tuple[Erasure, TicketFacts]:
    erasure = db.get(Erasure, erasure_id)
    if erasure is None or erasure.ticket_number is None:
        raise NothingThere("There is no such erasure.")
    return erasure, facts(db, erasure.ticket_number)


def _confirmable(db: Session, session: DeskSession, erasure_id: str) -> tuple[Erasure, TicketFacts]:
    """An erasure that this agent may confirm now, everything checked afresh."""
    require_current(db, session)
    erasure, ticket = _find(db, erasure_id)
    if not is_another(db, session.desk, erasure.proposer_id, session.agent.id):
        raise OwnErasure
    approvers = session.desk.packs.get(ticket.pack).erasure.approvers
    if not roles_now(db, session) & set(approvers):
        raise NotAllowed(f"Only a {' or a '.join(approvers)} can confirm an erasure.", "Ask a person with that role.")
    if erasure.state != ErasureState.PROPOSED:
        raise WrongState(f"This erasure is already {erasure.state}.", "Check the list again.")
    require_proposed(db, session.desk, erasure)
    if ticket.requester_id != erasure.requester_id:
        raise NotVouched(f"#{ticket.number} does not belong to the requester whose erasure was proposed.")
    require_erasable(db, session.desk, erasure.requester_id)
    return erasure, ticket


def _open_erasure(db: Session, requester_id: str) -> str | None:
    found = select(col(Erasure.state)).where(
        col(Erasure.requester_id) == requester_id, col(Erasure.state).in_(OPEN_STATES)
    )
    return db.connection().execute(found.limit(1)).scalar()


def _restrict(db: Session, requester_id: str) -> None:
    db.connection().execute(
        update(Requester).where(col(Requester.id) == requester_id).values(state=RequesterState.RESTRICTED)
    )
    take_out_of(db, requester_id)


_RECORDED = (ErasureNotProven, NotVouched, OwnErasure, NotAllowed, NotErasable, WrongPassword, SignInMustWait)
"""Refusals that reviewers want to see."""


def _on_record(session: DeskSession, about: Callable[[Session], TicketFacts]) -> AbstractContextManager[None]:
    return refusals_on_record(session, Action.ERASURE_REFUSED, _RECORDED, about)
