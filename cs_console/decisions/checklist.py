"""The checklist: what the pack asks before a rights request is refused, and proposing an answer to one (policy V.4)."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlmodel import Session

from cs_console.access_log.standing import require_holder
from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, once
from cs_console.custody.contacts import held_fields, known_values
from cs_console.custody.redaction import redact
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.deadlines.clock_events import go_on
from cs_console.decisions.approvers import proposed, with_those_undone
from cs_console.decisions.evidence import attachments_for, require_evidence_is_theirs
from cs_console.decisions.finalise import Made, draft_place, made_by, make_final, notice_facts, send
from cs_console.decisions.notice import make_notice
from cs_console.decisions.proposal import (
    Answer,
    AskedFor,
    Fee,
    Finding,
    Proposal,
    needed_roles,
    proposal_from_json,
    proposal_to_json,
    seal_answers,
    under_legal_review,
)
from cs_console.decisions.request_scope import asked_of, locked_facts, read_asked, record_asked
from cs_console.decisions.rules import asked_problems, problems, refuse_first, shape_problems
from cs_console.decisions.typed_answers import with_typed
from cs_console.desk import Desk, DeskSession
from cs_console.errors import (
    AskedDiffers,
    AskedMissing,
    ChecklistIncomplete,
    DoneBefore,
    FeeUnreasonable,
    GroundKind,
    GuardianRequired,
    NoticeIncomplete,
    NotVerified,
    OwnDecision,
    PrincipalOnly,
    WrongList,
    WrongState,
)
from cs_console.independence.separation import require_not_own
from cs_console.plain_text import plain
from cs_console.policy.ground_rules import Ground
from cs_console.policy.schema import Pack
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import (
    TicketFacts,
    change,
    facts,
    record_about,
    refusals_on_record,
    require_open,
    require_own,
)
from cs_console.verification.askers import require_answerable
from models.columns import new_id
from models.decision import Decision
from models.enums import Action, ActKind, DecisionState, TicketState
from models.roles import HANDLES_TICKETS, WORKS_ON_TICKETS, Role

__all__ = [
    "Answer",
    "AskedFor",
    "Fee",
    "FieldChoice",
    "Finding",
    "GroundView",
    "Proposal",
    "Proposed",
    "QuestionView",
    "RightChoice",
    "approvers_for",
    "attachments_for",
    "check",
    "draft_place",
    "fields_for",
    "grounds_for",
    "preview_notice",
    "proposal_from_json",
    "proposal_to_json",
    "propose",
    "read_asked",
    "record_asked",
    "rights_for",
    "roles_undone",
]

_RECORDED = (
    OwnDecision,
    GuardianRequired,
    PrincipalOnly,
    AskedMissing,
    AskedDiffers,
    WrongList,
    GroundKind,
    FeeUnreasonable,
    ChecklistIncomplete,
    NoticeIncomplete,
)
"""Refusals of a proposal that reviewers want to see; the entry holds the code, never a ground or an answer."""


@dataclass(frozen=True)
class QuestionView:
    """One question; `kind` is "text", "yes_no" or "date"."""

    id: str
    text: str
    kind: str
    stale_days: int


@dataclass(frozen=True)
class GroundView:
    """One ground as the checklist shows it; `offers` are pairs of key and title, no `rights` means every right."""

    code: str
    list: str
    title: str
    clause_words: str
    law: str
    questions: tuple[QuestionView, ...]
    evidence: str
    evidence_items: int
    evidence_kind: str
    approvers: tuple[str, ...]
    rights: tuple[str, ...]
    partial: str
    partial_words: str
    neutral: str
    review_days: int
    offers: tuple[tuple[str, str], ...]
    plain_words: str


@dataclass(frozen=True)
class FieldChoice:
    """Something that a rights request can be about: a contact field or a kind of record.

    `held`: False for a contact field of which the desk has nothing from this requester.
    """

    key: str
    title: str
    sensitive: bool
    held: bool = True


@dataclass(frozen=True)
class RightChoice:
    """Something that can be asked for; `warning` is said before it is granted."""

    key: str
    title: str
    clause_words: str
    warning: str


@dataclass(frozen=True)
class Proposed:
    """A proposal that was made. `still_needed` names the roles it waits for; where none are, `delivery` says in a
    sentence what became of the notice.
    """

    decision_id: str
    still_needed: tuple[str, ...]
    delivery: str = ""


def grounds_for(session: DeskSession, number: int) -> tuple[GroundView, ...]:
    """The grounds of the pack that this ticket was opened under, in the policy's order."""
    pack = _pack_of(session, number)
    return tuple(_ground_view(pack, ground) for ground in pack.grounds)


def fields_for(session: DeskSession, number: int) -> tuple[FieldChoice, ...]:
    """What this ticket's request can be about, each to be granted or covered by a ground."""
    with session.reading(*WORKS_ON_TICKETS) as db:
        ticket = facts(db, number)
        held = held_fields(db, ticket.requester_id)
    pack = session.desk.packs.get(ticket.pack)
    fields = [
        FieldChoice(field.value, rules.title, rules.sensitive, field in held) for field, rules in pack.fields.items()
    ]
    return tuple(fields + [FieldChoice(key, rules.title, rules.sensitive) for key, rules in pack.records.items()])


def rights_for(session: DeskSession, number: int) -> tuple[RightChoice, ...]:
    """What can be asked for under this ticket's pack."""
    pack = _pack_of(session, number)
    return tuple(
        RightChoice(key, rules.title, pack.cited(rules.clause), rules.warning) for key, rules in pack.rights.items()
    )


def check(pack: Pack, proposal: Proposal, now: datetime, asked: AskedFor | None) -> tuple[str, ...]:
    """Everything that still blocks this proposal, as sentences; empty when it can be proposed.

    `asked` is what is on record as asked, or would be when the proposal is made.
    """
    found = (*problems(pack, proposal, now), *asked_problems(pack, proposal, asked))
    return tuple(dict.fromkeys(problem.text for problem in found))


def roles_undone(session: DeskSession, number: int) -> tuple[Role, ...]:
    """Who has to approve any other answer on this ticket, since a refusal of it has not been reviewed."""
    with session.reading(*HANDLES_TICKETS) as db:
        return with_those_undone(db, session.desk, number, ())


def approvers_for(pack: Pack, proposal: Proposal, undone: tuple[Role, ...]) -> tuple[str, ...]:
    """The roles that this proposal will wait for, beside those of `roles_undone`; none: it is decided at once."""
    return tuple(role.value for role in (Counter(needed_roles(pack, proposal)) | Counter(undone)).elements())


def preview_notice(session: DeskSession, number: int, proposal: Proposal) -> str:
    """The letter as it would be sent today, if everything were approved.

    Raises NotAssigned, NotVerified, NoticeIncomplete, or what is wrong with names and evidence in the proposal.
    """
    with session.reading(*HANDLES_TICKETS) as db:
        require_current(db, session)
        ticket = facts(db, number)
        require_own(ticket, session)
        pack = session.desk.packs.get(ticket.pack)
        refuse_first(shape_problems(pack, proposal))
        require_evidence_is_theirs(db, pack, ticket, proposal)
        told = notice_facts(db, session.desk, ticket, session.desk.clock.now())
        return make_notice(pack, told, replace(proposal, language=ticket.language))


def propose(
    session: DeskSession, number: int, version: int, proposal: Proposal, *, act: ActId | None = None
) -> Proposed:
    """Propose a decision on the agent's own verified rights request; what it asks must be on record.

    Each thing asked for is granted or under a ground, and nothing else is: less than was asked takes a second person.
    With a ground or a fee the ticket waits in approval for every role that the pack asks for, and for those of an
    earlier refusal that it undoes. Any other grant needs no second person: it is made, and its notice sent, at once.
    Answers are redacted, then sealed; the draft stays, for a proposal that comes back, until a decision is final.
    One act proposes, or decides, once. Raises NotAssigned, NotVerified, WrongState, ChangedElsewhere, NoUndertaking,
    what `acts.once` raises; and, on record by their codes,
    AskedMissing, AskedDiffers, WrongList, GroundKind, FeeUnreasonable, ChecklistIncomplete naming the first problem,
    NoticeIncomplete, OwnDecision, GuardianRequired, PrincipalOnly.
    """
    with (
        refusals_on_record(session, Action.DECISION_REFUSED, _RECORDED, lambda db: facts(db, number)),
        session.work(*HANDLES_TICKETS) as db,
    ):
        intent = Intent(act, ActKind.PROPOSED, number, (proposal_to_json(proposal),))
        done = once(db, session, intent, partial(_propose, db, session, number, version, proposal))
        _require_waiting(db, done)
    needs = tuple(filter(None, done["needs"].split(",")))
    return Proposed(done["decision"], needs, "" if needs else send(session.desk, made_by(done)))


def _require_waiting(db: Session, done: ActOutcome) -> None:
    """Raises DoneBefore where what this act proposed was returned or withdrawn: the same again is another proposal."""
    state = db.get_one(Decision, done["decision"]).state
    if state in (DecisionState.RETURNED, DecisionState.WITHDRAWN):
        raise DoneBefore


def _propose(db: Session, session: DeskSession, number: int, version: int, proposal: Proposal) -> ActOutcome:
    desk, decision_id = session.desk, new_id()
    require_current(db, session)
    ticket = locked_facts(db, desk, number)
    _require_proposable(desk, ticket, session)
    require_holder(db, session, number)
    require_not_own(db, session, number)
    require_answerable(db, desk, ticket)
    pack, now = desk.packs.get(ticket.pack), desk.clock.now()
    refuse_first(problems(pack, proposal, now))
    refuse_first(asked_problems(pack, proposal, asked_of(db, desk, number)))
    require_evidence_is_theirs(db, pack, ticket, proposal)
    proposal = replace(_redacted(db, desk, pack, ticket, proposal), language=ticket.language)
    told = notice_facts(db, desk, ticket, now)
    make_notice(pack, told, proposal)  # whatever is missing shows now, not at approval
    hidden = under_legal_review(pack, proposal)
    needs = with_those_undone(db, desk, number, needed_roles(pack, proposal))
    in_approval = change(db, ticket, version, state=TicketState.IN_APPROVAL.value)
    go_on(db, pack, ticket, now, session.agent.id)
    decision = Decision(
        id=decision_id,
        ticket_number=number,
        ticket_version=in_approval,
        proposer_id=session.agent.id,
        outcome=proposal.outcome,
        legal_review=hidden,
        answers=seal_answers(desk.keyring, ticket_keys(db, desk, number), decision_id, proposal, hidden),
        needs=",".join(role.value for role in needs),
        proposed_at=now,
    )
    db.add(decision)
    db.flush()
    about = proposed(desk, decision)
    record_about(db, session, ticket, Action.DECISION_PROPOSED, proposal.outcome.value, about=about)
    made = Made(None) if needs else make_final(db, session, ticket, decision, proposal)
    return {"decision": decision_id, "needs": decision.needs, **made.outcome()}


def _pack_of(session: DeskSession, number: int) -> Pack:
    with session.reading(*WORKS_ON_TICKETS) as db:
        return session.desk.packs.get(facts(db, number).pack)


def _ground_view(pack: Pack, ground: Ground) -> GroundView:
    return GroundView(
        code=ground.code,
        list=ground.list,
        title=ground.title,
        clause_words=pack.cited(ground.clause),
        law=ground.law,
        questions=tuple(QuestionView(q.id, q.text, q.kind, q.stale_days) for q in ground.questions),
        evidence=ground.evidence.text,
        evidence_items=ground.evidence.items,
        evidence_kind=ground.evidence.kind,
        approvers=tuple(role.value for role in ground.approvers),
        rights=ground.rights,
        partial=ground.partial,
        partial_words=ground.partial_words,
        neutral=ground.neutral,
        review_days=ground.review_days,
        offers=tuple((key, pack.offers[key]) for key in ground.offers),
        plain_words=ground.plain_words,
    )


def _require_proposable(desk: Desk, ticket: TicketFacts, session: DeskSession) -> None:
    require_own(ticket, session)
    require_open(ticket)
    if not desk.packs.get(ticket.pack).kinds[ticket.kind].needs_decision:
        raise WrongState(f"#{ticket.number} is not a rights request.", "Change its kind first (t), or reply (m).")
    if ticket.state is TicketState.IN_APPROVAL:
        raise WrongState(f"#{ticket.number} is already in approval.", "Withdraw the proposal before you make another.")
    if ticket.verified_at is None:
        raise NotVerified


def _redacted(db: Session, desk: Desk, pack: Pack, ticket: TicketFacts, proposal: Proposal) -> Proposal:
    """The proposal with personal data in typed text replaced: approvers see no more than they need."""
    keys = ticket_keys(db, desk, ticket.number)
    known = known_values(db, desk, keys.requester_id, keys.requester_key, keys)

    return with_typed(pack, proposal, lambda text: redact(plain(text), pack.meta.regions, known))
