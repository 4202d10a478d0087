"""Settling: how an appeal, a report, a complaint or an inquiry ends, in the steps that the pack gives its kind."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlmodel import Session

from cs_console.access_log.standing import require_holder
from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, once
from cs_console.custody.contacts import known_values
from cs_console.custody.drafts import AnswerForm, answer_place, drop_answer_drafts
from cs_console.custody.redaction import redact
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.deadlines.clock_events import recompute
from cs_console.decisions.approvers import roles_now
from cs_console.decisions.finalise import Made, made_by, send
from cs_console.decisions.review import open_for_review
from cs_console.delivery.outgoing import held_by_delay, queue_message, record_held
from cs_console.delivery.where_to_write import where_to_write
from cs_console.desk import Desk, DeskSession
from cs_console.errors import (
    BasisRequired,
    DoneBefore,
    GuardianRequired,
    MatterRequired,
    NotAllowed,
    NoticeIncomplete,
    NotVerified,
    NotVouched,
    OwnDecision,
    PrincipalOnly,
    SettlementIncomplete,
    WrongList,
    WrongState,
)
from cs_console.independence.matters import matter_of
from cs_console.plain_text import plain
from cs_console.policy.languages import in_language
from cs_console.policy.schema import Pack
from cs_console.policy.workflow_rules import WorkflowOutcome, WorkflowRules
from cs_console.settlements.settling_letter import letter_subject, make_letter
from cs_console.settlements.settling_needs import require_may_settle, unmet
from cs_console.settlements.settling_rules import (
    Settling,
    asked,
    names_matter,
    needed_roles,
    refuse_first,
    settling_problems,
    settling_to_json,
)
from cs_console.staff.undertakings import require_current
from cs_console.tickets.change_kind import as_kind
from cs_console.tickets.ticket_record import (
    NOTHING_TO_ANSWER,
    TicketFacts,
    change,
    facts,
    facts_on_record,
    record_about,
    refusals_on_record,
    require_own,
)
from cs_console.verification.windows import close_window
from models.columns import new_id
from models.enums import Action, ActKind, MessageSort, TicketKind, TicketState
from models.roles import HANDLES_TICKETS
from models.settlement import Settlement


@dataclass(frozen=True)
class Settled:
    """A ticket that was settled. `delivery` reports the letter's delivery in a sentence, empty without a letter;
    `turned` is the kind that it continues as, `reopened` the ticket that is decided again.
    """

    number: int
    delivery: str = ""
    turned: TicketKind | None = None
    reopened: int | None = None


def settle_place(number: int) -> str:
    """Where the steps that are being walked are kept as a draft, until the ticket is settled."""
    return answer_place(AnswerForm.SETTLEMENT, number)


def preview_letter(session: DeskSession, number: int, settling: Settling) -> str:
    """The letter as it would be sent today; empty if the outcome has no letter.

    Raises NotAssigned, WrongState, SettlementIncomplete without an outcome, NoticeIncomplete.
    """
    with session.reading(*HANDLES_TICKETS) as db:
        require_current(db, session)
        ticket = facts_on_record(db, session.desk, number)
        require_own(ticket, session)
    pack = session.desk.packs.get(ticket.pack)
    if settling.outcome not in _workflow(pack, ticket).outcomes:
        raise SettlementIncomplete("Choose an outcome first.")
    spoken = in_language(pack, ticket.language)
    return make_letter(spoken, ticket.kind, settling, number, ticket.received_at, session.desk.clock.now())


def settle(session: DeskSession, number: int, version: int, settling: Settling, *, act: ActId | None = None) -> Settled:
    """Settle the agent's own ticket by its kind's workflow in the pack.

    The answers are redacted and sealed; settlement, letter, message, the ticket closed (or turned into another kind,
    with its dates) and entries are one transaction; then the letter is sent, or held for the desk's `send_delay`: until
    it goes out, `undo.take_back` takes the settlement back. One act settles it once.
    Raises what `acts.once` raises, NotAssigned, WrongState, ChangedElsewhere, NoUndertaking and SettlementIncomplete
    naming the first problem;
    NotIndependent, NotAllowed, MatterRequired, WrongList, BasisRequired, NotVerified and NoticeIncomplete are recorded.
    """
    with refusals_on_record(session, Action.SETTLEMENT_REFUSED, _RECORDED, lambda db: facts(db, number)):
        intent = Intent(act, ActKind.SETTLED, number, (settling_to_json(settling),))
        with session.work(*HANDLES_TICKETS) as db:
            done = once(db, session, intent, partial(_settle, db, session, number, version, settling))
            _require_kept(db, done)
    turned, reopened = done["turned"], done["reopened"]
    return Settled(
        number,
        send(session.desk, made_by(done)) if done["letter"] else "",
        TicketKind(turned) if turned else None,
        int(reopened) if reopened else None,
    )


def _require_kept(db: Session, done: ActOutcome) -> None:
    """Raises DoneBefore where what this act settled was taken back: the same again is another settlement."""
    settlement_id = done.get("settlement")  # an act of an older version names none
    if settlement_id is not None and db.get(Settlement, settlement_id) is None:
        raise DoneBefore


def _settle(db: Session, session: DeskSession, number: int, version: int, settling: Settling) -> ActOutcome:
    desk, now, settlement_id = session.desk, session.desk.clock.now(), new_id()
    require_current(db, session)
    ticket = facts_on_record(db, session.desk, number)
    pack = desk.packs.get(ticket.pack)
    require_may_settle(db, session, ticket)
    require_holder(db, session, number)
    rules = _workflow(pack, ticket)
    _require_roles(db, session, pack, rules, settling)
    refuse_first(settling_problems(pack, rules, settling))
    outcome = rules.outcomes[settling.outcome]
    for refusal in unmet(db, desk, ticket, outcome, names=names_matter(pack, rules, settling.answers)):
        raise refusal
    spoken = in_language(pack, ticket.language)
    letter = make_letter(spoken, ticket.kind, settling, number, ticket.received_at, now)
    keys = ticket_keys(db, desk, number)

    def sealed(column: str, text: str) -> bytes:
        return keys.seal("settlement", column, settlement_id, text)

    kept = settling_to_json(_redacted(db, desk, pack, rules, ticket, settling))
    db.add(
        Settlement(
            id=settlement_id,
            ticket_number=number,
            outcome=settling.outcome,
            answers=sealed("answers", kept),
            notice=sealed("notice", letter) if letter else None,
            agent_id=session.agent.id,
            at=now,
        )
    )
    db.flush()
    held_until = held_by_delay(desk)
    made = _queue(db, session, spoken, ticket, rules, letter, held_until) if letter else Made(None)
    set_aside = _matter_to_reopen(db, number) if outcome.reopens else None
    about = {
        "settlement": settlement_id,
        "outcome": settling.outcome,
        "by": session.agent.id,
        "from": ticket.state.value,
        "message": made.message_id or "",
        "turned": outcome.becomes.value if outcome.becomes else "",
        "reopened": "" if set_aside is None else str(set_aside),
    }
    record_about(db, session, ticket, Action.TICKET_SETTLED, settling.outcome, about=about)
    _end(db, session, pack, ticket, version, outcome, now, told=bool(letter))
    if made.message_id is None or held_until is None:
        drop_answer_drafts(db, number)
    else:  # what was typed stays until the letter goes out
        record_held(db, session, ticket, made.message_id, MessageSort.NOTICE, held_until)
    if set_aside is not None:
        open_for_review(db, desk, facts_on_record(db, desk, set_aside), session.actor, after=number)
    return {
        "settlement": settlement_id,
        "letter": "yes" if letter else "",
        "turned": about["turned"],
        "reopened": about["reopened"],
        **made.outcome(),
    }


def _workflow(pack: Pack, ticket: TicketFacts) -> WorkflowRules:
    rules = pack.kinds[ticket.kind].workflow
    if rules is None:
        raise WrongState(
            f"#{ticket.number} is of a kind that has no settling steps.", "Use the checklist (d), or reply (m)."
        )
    return rules


def _require_roles(db: Session, session: DeskSession, pack: Pack, rules: WorkflowRules, settling: Settling) -> None:
    held = roles_now(db, session)
    for roles in needed_roles(pack, rules, settling):
        if not held & set(roles):
            wanted = " or a ".join(role.value for role in roles)
            raise NotAllowed(f"A {wanted} must settle this.", "Reassign it (a), with a note of what you found.")


def _redacted(
    db: Session, desk: Desk, pack: Pack, rules: WorkflowRules, ticket: TicketFacts, settling: Settling
) -> Settling:
    """The settlement with personal data in typed answers replaced; what is no longer asked is left out."""
    keys = ticket_keys(db, desk, ticket.number)
    known = known_values(db, desk, keys.requester_id, keys.requester_key, keys)
    kept = {}
    for question in asked(pack, rules, settling.answers):
        text = settling.answers.get(question.id, "").strip()
        if text:
            kept[question.id] = redact(plain(text), pack.meta.regions, known) if question.is_typed else text
    return replace(settling, answers=kept)


def _queue(
    db: Session,
    session: DeskSession,
    pack: Pack,
    ticket: TicketFacts,
    rules: WorkflowRules,
    letter: str,
    held_until: datetime | None,
) -> Made:
    contact_id = where_to_write(db, session.desk, ticket, claimed=rules.tells_claimed)
    if contact_id is None:
        return Made(None)
    return Made(
        queue_message(
            db,
            session.desk,
            ticket_number=ticket.number,
            requester_id=ticket.requester_id,
            contact_id=contact_id,
            sort=MessageSort.NOTICE,
            text=letter,
            agent_id=session.agent.id,  # the agent whose act sent it; the letter itself names no one
            subject=letter_subject(pack, ticket.kind, ticket.number),
            held_until=held_until,
        )
    )


def _end(
    db: Session,
    session: DeskSession,
    pack: Pack,
    ticket: TicketFacts,
    version: int,
    outcome: WorkflowOutcome,
    now: datetime,
    *,
    told: bool,
) -> None:
    """Close the ticket, or turn it into another kind."""
    values: dict[str, object] = {}
    if told:
        values = {
            "first_response_at": ticket.first_response_at or now,
            "last_message_at": now,
            **NOTHING_TO_ANSWER,
        }
    if outcome.becomes is None:
        change(db, ticket, version, state=TicketState.CLOSED.value, closed_at=now, **values)
        close_window(db, session.desk, ticket.number, session=session, reason="the ticket was settled")
        return
    turned = as_kind(pack, ticket, outcome.becomes)
    change(db, ticket, version, **values | turned.values)
    recompute(db, pack, ticket.number)
    record_about(db, session, ticket, Action.TICKET_KIND_SET, turned.words, about=turned.about)


def _matter_to_reopen(db: Session, number: int) -> int | None:
    """The ticket that this one is about, for others to decide again, unassigned. None if it is about none."""
    matter = matter_of(db, number)
    return None if matter is None else matter.about_number


_RECORDED = (
    OwnDecision,
    NotAllowed,
    MatterRequired,
    WrongList,
    BasisRequired,
    NotVerified,
    NotVouched,
    NoticeIncomplete,
    GuardianRequired,
    PrincipalOnly,
)
"""Refusals of a settlement that reviewers want to see."""
