"""Making a decision final: notice, message, ticket, entries and the decision itself in the caller's one transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from cs_console.acts import ActOutcome
from cs_console.custody.drafts import AnswerForm, answer_place, drop_answer_drafts
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.deadlines.clock_events import add_event, recompute
from cs_console.decisions.decided_on_record import about_made
from cs_console.decisions.notice import NoticeFacts, make_notice
from cs_console.decisions.notice_delivery import NoticeWay
from cs_console.decisions.proposal import Proposal, review_at
from cs_console.delivery.outgoing import deliver_queued, held_by_delay, queue_message, record_held, stored_delivery
from cs_console.delivery.where_to_write import where_to_write
from cs_console.desk import Desk, DeskSession
from cs_console.errors import ConsoleError, NotVerified
from cs_console.policy.letter_lines import notice_subject
from cs_console.tickets.ticket_record import NOTHING_TO_ANSWER, TicketFacts, change, record_about
from cs_console.verification.askers import asker_of, require_answerable
from cs_console.verification.windows import close_window
from models.decision import Decision
from models.enums import Action, ClockMove, DecisionState, DeliveryState, MessageSort, Outcome, TicketState


@dataclass(frozen=True)
class Made:
    """A decision that has just become final; `message_id` is None where nothing can be sent to."""

    message_id: str | None

    def outcome(self) -> dict[str, str]:
        """Its part of what an act made, for `acts.once`."""
        return {} if self.message_id is None else {"message": self.message_id}


def made_by(outcome: ActOutcome) -> Made:
    """What was made, from the outcome of the act that made it."""
    return Made(outcome.get("message"))


def draft_place(number: int) -> str:
    """Where a checklist that is being filled in is kept as a draft, until a decision on the ticket is final."""
    return answer_place(AnswerForm.DECISION, number)


def make_final(db: Session, session: DeskSession, ticket: TicketFacts, decision: Decision, proposal: Proposal) -> Made:
    """Decide: the notice is made, sealed and queued, the ticket closed, the entry written.

    The notice of one person's answer is held for the desk's `send_delay`, and the draft stays until it goes out;
    one that was approved with a password goes at once (DECISIONS.md, 25). Nothing is sent yet; `send` does that after
    the commit. Raises NoticeIncomplete, ChangedElsewhere, GuardianRequired
    or PrincipalOnly, and then nothing of it has happened.
    """
    desk, now = session.desk, session.desk.clock.now()
    require_answerable(db, desk, ticket)  # a minor's age may have been recorded on another ticket meanwhile
    pack = desk.packs.get(ticket.pack)
    letter = make_notice(pack, notice_facts(db, desk, ticket, now), proposal)
    decision.notice = ticket_keys(db, desk, ticket.number).seal("decision", "notice", decision.id, letter)
    decision.state, decision.decided_at = DecisionState.FINAL, now
    decision.review_at = review_at(pack, proposal, now)
    db.add(decision)
    waits = proposal.fee is not None and pack.fee.keeps_open
    _settle_ticket(db, ticket, decision, now, waits=waits)
    if waits:
        add_event(db, ticket.number, ClockMove.FEE_ASKED, now)  # whose yes it was is not told here
    db.flush()
    recompute(db, pack, ticket.number)
    contact_id = where_to_write(db, desk, ticket)
    message_id, held_until = None, None
    if contact_id is not None:
        held_until = None if decision.needs or waits else held_by_delay(desk)
        message_id = queue_message(
            db,
            desk,
            ticket_number=ticket.number,
            requester_id=ticket.requester_id,
            contact_id=contact_id,
            sort=MessageSort.NOTICE,
            text=letter,
            subject=notice_subject(pack, ticket.number, proposal.language),
            agent_id=session.agent.id,  # the approver who sent it; the letter itself names no one
            held_until=held_until,
        )
    if message_id is None or held_until is None:
        drop_answer_drafts(db, ticket.number)
    else:
        record_held(db, session, ticket, message_id, MessageSort.NOTICE, held_until)
    close_window(db, desk, ticket.number, session=session, reason="the decision was made")
    outcome = Outcome(decision.outcome).value
    about = about_made(desk, decision, session.agent.id, fee=waits) | {"message": message_id or ""}
    record_about(db, session, ticket, Action.DECISION_MADE, outcome, about=about)
    return Made(message_id)


def send(desk: Desk, made: Made) -> str:
    """Hand the notice over and report the outcome. The decision is valid whatever happens here."""
    if made.message_id is None:
        return NoticeWay.BY_LETTER
    try:
        report = deliver_queued(desk, made.message_id)
        stored = stored_delivery(desk, made.message_id)
        sent = bool(report.sent) or stored is DeliveryState.SENT
    except ConsoleError as error:  # the store went away after the commit: the message stays queued
        return f"The notice is not sent yet: {error.sentence}"
    if sent:
        return NoticeWay.SENT
    if stored is DeliveryState.HELD:
        return NoticeWay.HELD
    if report.refused:
        return NoticeWay.NOT_DELIVERED
    return f"The notice was not sent yet: {report.problems[0] if report.problems else 'it is still being sent.'}"


def notice_facts(db: Session, desk: Desk, ticket: TicketFacts, at: datetime) -> NoticeFacts:
    """What the notice says of the ticket, dated `at`. Raises NotVerified."""
    if ticket.verified_at is None:
        raise NotVerified
    asker = asker_of(db, desk, desk.packs.get(ticket.pack), ticket.number, ticket.requester_id)
    on_behalf = asker.notice_words(ticket.language)
    return NoticeFacts(ticket.number, ticket.received_at, ticket.verified_at, at, on_behalf)


def _settle_ticket(db: Session, ticket: TicketFacts, decision: Decision, now: datetime, *, waits: bool) -> None:
    """Close the ticket, or let it wait for the fee."""
    values: dict[str, object] = {
        "first_response_at": ticket.first_response_at or now,
        "last_message_at": now,
        **NOTHING_TO_ANSWER,
    }
    if waits:
        values["state"] = TicketState.WAITING.value
    else:
        values |= {"state": TicketState.CLOSED.value, "closed_at": now}
    change(db, ticket, decision.ticket_version, **values)
