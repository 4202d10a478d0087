"""Moving a clock by hand, each time with word to the requester: asking for proof of identity, extending the term."""

from datetime import datetime
from functools import partial

from sqlmodel import Session

from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, once
from cs_console.custody.contacts import known_values
from cs_console.custody.redaction import redact
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.deadlines.clock import Clock, Happened, Step, clock_of
from cs_console.deadlines.clock_events import add_event, clock_now, happened, recompute
from cs_console.decisions.approvers import roles_now
from cs_console.decisions.clock_letters import filled, identity_letter, queue_letter
from cs_console.delivery.outgoing import deliver_one
from cs_console.desk import DeskSession
from cs_console.errors import (
    BadInput,
    ChangedElsewhere,
    ConsoleError,
    NoExtension,
    NotAllowed,
    WrongState,
)
from cs_console.plain_text import plain
from cs_console.policy.languages import in_language
from cs_console.policy.letter_lines import written_date
from cs_console.policy.schema import Pack
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import (
    TicketFacts,
    change,
    facts,
    facts_on_record,
    not_own,
    record_about,
    refusals_on_record,
)
from models.columns import new_id
from models.enums import Action, ActKind, ClockMove, DeliveryState
from models.roles import ASKS_FOR_PROOF, WORKS_ON_TICKETS, Role
from models.ticket import Ticket

LONGEST_REASON = 2000


def ask_identity(session: DeskSession, number: int, version: int, *, act: ActId | None = None) -> DeliveryState:
    """Ask the requester, in the pack's words, to prove who they are; what became of the message is returned.

    An agent on a ticket of their own, or a verifier. If the pack says so, the clock is stopped from now until the
    requester is verified. Once a ticket; a reminder is a reply. Raises WrongState, NotAssigned, ContactNotOnFile,
    ChangedElsewhere, NotAllowed, NoUndertaking, and what `acts.once` raises; then nothing was sent.
    """
    with session.work(*ASKS_FOR_PROOF) as db:
        intent = Intent(act, ActKind.IDENTITY_ASKED, number)
        done = once(db, session, intent, partial(_ask_identity, db, session, number, version))
    return deliver_one(session.desk, done["message"])


def _ask_identity(db: Session, session: DeskSession, number: int, version: int) -> ActOutcome:
    desk = session.desk
    require_current(db, session)
    ticket = facts_on_record(db, session.desk, number)
    pack, now = desk.packs.get(ticket.pack), desk.clock.now()
    roles = roles_now(db, session)
    refusal = why_not_ask(session, roles, pack, ticket, happened(db, ticket), now)
    if refusal is not None:
        raise refusal
    version = change(db, ticket, version, last_message_at=now)
    message_id = queue_letter(db, session, ticket, identity_letter(pack, ticket), version=version)
    add_event(db, number, ClockMove.IDENTITY_ASKED, now, agent_id=session.agent.id)
    clock = recompute(db, pack, number)
    stands = "" if clock.stopped else ", which does not stop this clock"
    record_about(db, session, ticket, Action.CLOCK_STOPPED, f"{ClockMove.IDENTITY_ASKED.value}{stands}")
    return {"message": message_id}


def extend(session: DeskSession, number: int, version: int, reason: str, *, act: ActId | None = None) -> DeliveryState:
    """Give the answer the pack's longer term, and tell the requester why before the first one is over.

    For the roles that the pack names; an agent only on their ticket. The reason is sent and stored with personal data
    in it redacted. Message, event and entry are one transaction. Raises NoExtension, which is recorded, BadInput for an
    reason that says nothing, NotAssigned, NotAllowed, ContactNotOnFile, ChangedElsewhere, NoUndertaking, and what
    `acts.once` raises.
    """
    words = plain(reason).strip()
    with (
        refusals_on_record(session, Action.CLOCK_EXTENDED, (NoExtension,), lambda db: facts(db, number)),
        session.work(*WORKS_ON_TICKETS) as db,
    ):
        intent = Intent(act, ActKind.EXTENDED, number, (words,))
        done = once(db, session, intent, partial(_extend, db, session, number, version, words))
    return deliver_one(session.desk, done["message"])


def _extend(db: Session, session: DeskSession, number: int, version: int, words: str) -> ActOutcome:
    desk = session.desk
    require_current(db, session)
    db.get(Ticket, number, with_for_update=True)  # its version stays: no proposal goes stale by a longer term
    ticket = facts_on_record(db, session.desk, number)
    pack, now = desk.packs.get(ticket.pack), desk.clock.now()
    refusal = why_not_extend(session, roles_now(db, session), pack, ticket, clock_now(db, pack, ticket), now)
    if refusal is not None:
        raise refusal
    if ticket.version != version:
        raise ChangedElsewhere(number)
    if pack.checklist.says_nothing(words):
        raise BadInput("An extension needs a reason.", "Say why the answer takes longer. The requester will read it.")
    if len(words) > LONGEST_REASON:
        raise BadInput(f"The reason is longer than {LONGEST_REASON} characters.", "Shorten it.")
    keys = ticket_keys(db, desk, number)
    known = known_values(db, desk, keys.requester_id, keys.requester_key, keys)
    words = redact(words, pack.meta.regions, known)
    message_id = queue_letter(db, session, ticket, _extension_text(db, pack, ticket, words, now))
    event_id = new_id()
    sealed = keys.seal("clock_event", "reason", event_id, words)
    add_event(db, number, ClockMove.EXTENDED, now, agent_id=session.agent.id, event_id=event_id, reason=sealed)
    recompute(db, pack, number)
    record_about(db, session, ticket, Action.CLOCK_EXTENDED)
    return {"message": message_id}


def why_not_ask(
    session: DeskSession,
    roles: frozenset[Role],
    pack: Pack,
    ticket: TicketFacts,
    steps: tuple[Happened, ...],
    now: datetime,
) -> ConsoleError | None:
    """Why an agent with these roles cannot ask for proof of identity now; None if they can."""
    name = f"#{ticket.number}"
    if not pack.clock.identity_text:
        return WrongState(f"{pack.meta.title} has no letter for this.", "Write to the requester (m).")
    if ticket.closed_at is not None:
        return WrongState(f"{name} is closed.", "Reopen it first (s).")
    if ticket.verified_at is not None:
        return WrongState(f"The requester of {name} was verified.", "There is nothing to ask for.")
    if any(one.step is Step.IDENTITY_ASKED for one in steps):
        return WrongState("The requester has already been asked.", "Remind them (m), or verify them (v).")
    ends = clock_of(pack, ticket.kind, steps).ends
    if pack.clock.identity_stops and ends is not None and now > ends:
        return WrongState("The term has ended, so asking can no longer stop it.", "Write to the requester (m).")
    if roles.isdisjoint(ASKS_FOR_PROOF):
        return NotAllowed("Only an agent or a verifier can ask.", "Ask one of them.")
    return None if Role.VERIFIER in roles else not_own(ticket, session)


def why_not_extend(
    session: DeskSession, roles: frozenset[Role], pack: Pack, ticket: TicketFacts, clock: Clock, now: datetime
) -> ConsoleError | None:
    """Why an agent with these roles cannot extend the term now; None if they can."""
    rules = pack.clock.extension
    if rules is None:
        return NoExtension(f"{pack.meta.title} allows no extension ({pack.cited(pack.clock.clause)}).")
    if rules.approver not in roles:
        return NotAllowed(f"Only a {rules.approver} can extend the term.", f"Ask a {rules.approver}.")
    if rules.approver is Role.AGENT and (refusal := not_own(ticket, session)) is not None:
        return refusal
    if clock.extended is not None:
        return NoExtension("The term was already extended.", "It can be extended once.")
    if clock.answered is not None:
        return NoExtension("The request was answered.", "There is no term to extend.")
    if clock.stopped is not None:
        return NoExtension("The clock is stopped.", "Extend the term when the clock runs again.")
    if clock.term_ends is None:
        return NoExtension("No term has started.", "Only a term that has started can be extended.")
    if now > clock.term_ends:
        return NoExtension(
            "The term has ended.", f"It could only be extended before its end ({pack.cited(rules.clause)})."
        )
    return None


def _extension_text(db: Session, pack: Pack, ticket: TicketFacts, reason: str, now: datetime) -> str:
    """What the requester is told, with the day that the answer is due after this."""
    said = in_language(pack, ticket.language)
    assert said.clock.extension is not None  # why_not_extend came first
    extended = clock_of(pack, ticket.kind, (*happened(db, ticket), Happened(Step.EXTENDED, now)))
    assert extended.due is not None  # the same
    due = written_date(said, extended.due)
    return filled(said, said.clock.extension.text, ticket, reason=reason, due=due)
