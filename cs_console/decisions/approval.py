"""Approval by other people: who is still needed, saying yes with the password again, returning, withdrawing (V.4)."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlmodel import Session

from cs_console.access_log.persons_on_record import is_another
from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, done_before, once
from cs_console.custody.contacts import known_values
from cs_console.custody.redaction import redact
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.decisions.approval_queue import ProposalRow, ProposalView, open_proposal, waiting
from cs_console.decisions.approvers import approvals_given, find, require_vouched, roles_left, roles_now
from cs_console.decisions.decided_on_record import proposal_on_record
from cs_console.decisions.finalise import Made, made_by, make_final, send
from cs_console.decisions.proposal import Proposal, open_answers, seal_reason
from cs_console.decisions.rules import stale_problems
from cs_console.desk import DeskSession
from cs_console.errors import (
    BadInput,
    NotAllowed,
    NotVouched,
    OwnDecision,
    OwnProposal,
    SignInMustWait,
    StaleProposal,
    WrongPassword,
    WrongState,
)
from cs_console.independence.separation import require_not_own
from cs_console.plain_text import plain
from cs_console.staff.accounts import confirm_password
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import TicketFacts, change, record_about, refusals_on_record
from models.columns import new_id
from models.decision import Approval, Decision
from models.enums import Action, ActKind, DecisionState, TicketState
from models.roles import Role

__all__ = [
    "ApprovalResult",
    "ProposalRow",
    "ProposalView",
    "approve",
    "open_proposal",
    "return_proposal",
    "waiting",
    "withdraw",
]

REASON_LIMIT = 2000


@dataclass(frozen=True)
class ApprovalResult:
    """What an approval led to; `delivery` says what became of the notice once the decision is final."""

    final: bool
    number: int
    still_needed: tuple[str, ...]
    delivery: str = ""


def approve(session: DeskSession, decision_id: str, password: str, *, act: ActId | None = None) -> ApprovalResult:
    """Approve another person's proposal, in the first role still needed that the agent holds.

    The last approval makes the decision final, with notice, message, ticket and entries in one transaction; then
    the notice is sent. One act approves once: sent again, it says what it led to and needs no password for that. Raises
    OwnProposal, OwnDecision, NotAllowed, WrongPassword, SignInMustWait, StaleProposal, NotVouched, WrongState,
    NoUndertaking, NothingThere, and what `acts.once` raises; a refusal that matters is recorded first.
    """
    intent = Intent(act, ActKind.APPROVED, None, (decision_id,))
    done = done_before(session, intent)
    if done is None:
        with _on_record(session, decision_id):
            _require_may(session, decision_id)
            if not confirm_password(session, password):
                raise WrongPassword
            with session.work() as db:
                done = once(db, session, intent, partial(_say_yes, db, session, decision_id))
    left = tuple(filter(None, done["left"].split(",")))
    return ApprovalResult(not left, int(done["ticket"]), left, "" if left else send(session.desk, made_by(done)))


def require_may_approve(session: DeskSession, decision_id: str) -> None:
    """Whether a password is worth asking for. Raises and records what `approve` would refuse before it looks at one."""
    with _on_record(session, decision_id):
        _require_may(session, decision_id)


def _require_may(session: DeskSession, decision_id: str) -> None:
    with session.reading() as db:
        decision, ticket = _open_decision(db, session, decision_id)
        _role_for(db, session, decision)
        _require_fresh(db, session, decision, ticket)


def _say_yes(db: Session, session: DeskSession, decision_id: str) -> ActOutcome:
    now = session.desk.clock.now()
    decision, ticket = _open_decision(db, session, decision_id, lock=True)
    role = _role_for(db, session, decision)
    _require_fresh(db, session, decision, ticket)
    row = Approval(decision_id=decision.id, agent_id=session.agent.id, role=role, approved=True, at=now)
    db.add(row)
    db.flush()
    about = {"approval": row.id, "decision": decision.id, "by": session.agent.id, "role": role.value}
    record_about(db, session, ticket, Action.DECISION_APPROVED, role.value, about=about)
    given = approvals_given(db, session.desk, [decision.id])[decision.id]
    left = roles_left(decision.needs, (one.role for one in given))
    made = Made(None)
    if not left:
        made = make_final(db, session, ticket, decision, _opened(db, session, ticket, decision))
    return {"ticket": str(ticket.number), "left": ",".join(role.value for role in left), **made.outcome()}


def return_proposal(session: DeskSession, decision_id: str, reason: str, *, act: ActId | None = None) -> None:
    """Return another person's proposal with a reason; the ticket can be worked on again.

    The reason is redacted and sealed; under legal review only privacy officers read it. Those who could approve can
    return, also a stale proposal. One act returns it once. Raises OwnProposal, OwnDecision, NotAllowed, WrongState,
    BadInput, NoUndertaking, and what `acts.once` raises.
    """
    words = plain(reason).strip()
    if not words or len(words) > REASON_LIMIT:
        raise BadInput(f"A reason of up to {REASON_LIMIT} characters is needed.", "Say what needs to be corrected.")
    with _on_record(session, decision_id), session.work() as db:
        intent = Intent(act, ActKind.RETURNED, None, (decision_id, words))
        once(db, session, intent, partial(_return, db, session, decision_id, words))


def _return(db: Session, session: DeskSession, decision_id: str, words: str) -> ActOutcome:
    desk = session.desk
    decision, ticket = _open_decision(db, session, decision_id, lock=True)
    role = _role_for(db, session, decision)
    approval_id, pack = new_id(), desk.packs.get(ticket.pack)
    keys = ticket_keys(db, desk, ticket.number)
    known = known_values(db, desk, keys.requester_id, keys.requester_key, keys)
    kept = redact(words, pack.meta.regions, known)
    db.add(
        Approval(
            id=approval_id,
            decision_id=decision.id,
            agent_id=session.agent.id,
            role=role,
            approved=False,
            reason=seal_reason(desk.keyring, keys, approval_id, kept, decision.legal_review),
            at=desk.clock.now(),
        )
    )
    _end(db, decision, ticket, DecisionState.RETURNED)
    about = {"decision": decision.id, "by": session.agent.id}
    record_about(db, session, ticket, Action.DECISION_RETURNED, role.value, about=about)
    return {"approval": approval_id}


def withdraw(session: DeskSession, decision_id: str) -> None:
    """Withdraw the agent's own proposal; the ticket can be worked on again. Raises NotAllowed, WrongState."""
    with _on_record(session, decision_id), session.work() as db:
        decision, ticket = find(db, decision_id, lock=True)
        if decision.proposer_id != session.agent.id:
            raise NotAllowed("Only its proposer can withdraw it.", "Return it with a reason instead.")
        _require_proposed(decision)
        _end(db, decision, ticket, DecisionState.WITHDRAWN)
        record_about(db, session, ticket, Action.DECISION_WITHDRAWN, about={"decision": decision.id})


def _open_decision(
    db: Session, session: DeskSession, decision_id: str, *, lock: bool = False
) -> tuple[Decision, TicketFacts]:
    """A proposal that this agent may decide on.

    Raises WrongState, OwnProposal, OwnDecision, NoUndertaking, NothingThere.
    """
    require_current(db, session)
    decision, ticket = find(db, decision_id, lock=lock)
    if not is_another(db, session.desk, decision.proposer_id, session.agent.id):
        raise OwnProposal
    require_not_own(db, session, ticket.number)
    _require_proposed(decision)
    require_vouched(db, session.desk, decision)
    return decision, ticket


def _require_proposed(decision: Decision) -> None:
    if decision.state != DecisionState.PROPOSED:
        raise WrongState(f"This proposal is already {DecisionState(decision.state).value}.", "Check the list again.")


def _role_for(db: Session, session: DeskSession, decision: Decision) -> Role:
    """The place this agent fills: still empty, a role they hold now, and they fill no other one."""
    given = approvals_given(db, session.desk, [decision.id]).get(decision.id, [])
    if not all(is_another(db, session.desk, one.agent_id, session.agent.id) for one in given):
        raise NotAllowed("You have already approved this.", "Each approval needs a different person.")
    left = roles_left(decision.needs, (one.role for one in given))
    held = roles_now(db, session)
    for role in left:
        if role in held:
            return role
    raise NotAllowed(f"This still needs approval by a {' and a '.join(left)}.", "Ask a person with that role.")


def _require_fresh(db: Session, session: DeskSession, decision: Decision, ticket: TicketFacts) -> None:
    """Refuse when the ticket changed since, by its version or by the log, or the answers have gone stale.

    Raises StaleProposal, LogBroken.

    Under legal review the same limit holds whichever ground it is.
    """
    now, pack = session.desk.clock.now(), session.desk.packs.get(ticket.pack)
    said = proposal_on_record(db, session.desk, ticket.number)
    why = ""
    if ticket.version != decision.ticket_version or ticket.state is not TicketState.IN_APPROVAL or said.changed:
        why = f"#{ticket.number} was changed after this was proposed."
    elif not decision.legal_review:
        proposal = _opened(db, session, ticket, decision)
        why = next((problem.text for problem in stale_problems(pack, proposal, now)), "")
    elif now - min(decision.proposed_at, said.at or now) > timedelta(days=pack.legal_review.waits_days):
        why = "This proposal waited too long."
    if why:
        raise StaleProposal(why, "Return it, so that it can be proposed again.")


def _opened(db: Session, session: DeskSession, ticket: TicketFacts, decision: Decision) -> Proposal:
    keys = ticket_keys(db, session.desk, ticket.number)
    return open_answers(session.desk.keyring, keys, decision.id, decision.answers, decision.legal_review)


def _end(db: Session, decision: Decision, ticket: TicketFacts, state: DecisionState) -> None:
    decision.state = state
    db.add(decision)
    db.flush()
    if ticket.state is TicketState.IN_APPROVAL:
        change(db, ticket, ticket.version, state=TicketState.VERIFIED.value)


_RECORDED = (OwnProposal, OwnDecision, NotAllowed, NotVouched, WrongPassword, SignInMustWait, StaleProposal)
"""Refusals of a decision step that reviewers want to see."""


def _on_record(session: DeskSession, decision_id: str) -> AbstractContextManager[None]:
    return refusals_on_record(session, Action.DECISION_REFUSED, _RECORDED, lambda db: find(db, decision_id)[1])
