"""Moving a ticket to another policy: it stays under the one it was opened under until a supervisor says why not."""

from dataclasses import dataclass

from sqlalchemy import delete
from sqlmodel import Session, col

from cs_console.custody.contacts import known_values
from cs_console.custody.redaction import redact
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.deadlines.clock_events import add_event, recompute
from cs_console.decisions.finalise import draft_place
from cs_console.desk import Desk
from cs_console.errors import BadInput, NotAdopted, WrongState
from cs_console.plain_text import plain
from cs_console.policy.adopted import adopted_names
from cs_console.policy.schema import Pack
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import TicketFacts, change, facts, facts_on_record, record_about, require_open
from models.asked import Asked
from models.columns import new_id
from models.draft import Draft
from models.enums import Action, ClockMove, Role, TicketState

REASON_LIMIT = 2000


@dataclass(frozen=True)
class PackChoice:
    """A policy that a ticket can be moved to."""

    name: str
    title: str


def packs_to_move_to(desk: Desk, number: int) -> tuple[PackChoice, ...]:
    """The adopted policies beside the ticket's own. Raises NotAllowed, NothingThere, and WrongState as a move would."""
    office = desk.office
    with desk.reading(Role.SUPERVISOR) as session:
        ticket, known = facts(session, number), adopted_names(session, office) | {office.packs.name}
    _require_movable(ticket)
    names = sorted((known & set(office.packs.names())) - {ticket.pack})
    return tuple(PackChoice(name, office.packs.get(name).meta.title) for name in names)


def move_to_pack(desk: Desk, number: int, row: int, name: str, reason: str) -> int:
    """Put an open ticket under another adopted policy, with a reason that is redacted and sealed; the new row.

    Its clocks are those of the new policy, moved by whatever had moved them before. What was filled in of the old
    policy's checklist, and what was read out of the letter in its words, is dropped. Raises NotAllowed, BadInput,
    NotAdopted, UnknownPack, BadPack, WrongState while it is in approval or closed, ChangedElsewhere, NoUndertaking.
    """
    office, words = desk.office, plain(reason).strip()
    with desk.work(Role.SUPERVISOR) as session:
        require_current(session, desk)
        ticket = facts_on_record(session, desk.office, number)
        if office.packs.get(ticket.pack).checklist.says_nothing(words) or len(words) > REASON_LIMIT:
            raise BadInput(f"A reason of up to {REASON_LIMIT} characters is needed.", "Say why it is moved.")
        _require_movable(ticket)
        if name == ticket.pack:
            raise BadInput(f"#{number} is under {name} already.", "Choose another policy.")
        new = office.packs.get(name)
        if name not in adopted_names(session, office) | {office.packs.name}:
            raise NotAdopted(name)
        row = change(session, ticket, row, pack=name, state=_lane(new, ticket).value)
        _moved(session, desk, ticket, words)
        recompute(session, new, number)
        session.connection().execute(delete(Draft).where(col(Draft.place) == draft_place(number)))
        session.connection().execute(delete(Asked).where(col(Asked.ticket_number) == number))
        session.flush()
        about = {"from": ticket.pack, "to": name}
        record_about(session, desk, ticket, Action.POLICY_MOVED, f"{ticket.pack} -> {name}", about=about)
        return row


def _require_movable(ticket: TicketFacts) -> None:
    require_open(ticket)
    if ticket.state is TicketState.IN_APPROVAL:
        raise WrongState(f"#{ticket.number} is in approval.", "Return or withdraw the proposal first.")


def _moved(session: Session, desk: Desk, ticket: TicketFacts, words: str) -> None:
    office, event_id = desk.office, new_id()
    keys = ticket_keys(session, office, ticket.number)
    known = known_values(session, office, keys.requester_id, keys.requester_key, keys)
    kept = redact(words, office.packs.get(ticket.pack).meta.regions, known)
    reason = keys.seal("clock_event", "reason", event_id, kept)
    now, agent = office.clock.now(), desk.agent.id
    add_event(session, ticket.number, ClockMove.PACK_MOVED, now, agent_id=agent, event_id=event_id, reason=reason)


def _lane(new: Pack, ticket: TicketFacts) -> TicketState:
    """Where the ticket waits under the new policy."""
    decides = new.kinds[ticket.kind].needs_decision
    if decides and ticket.verified_at is None:
        return TicketState.TO_VERIFY
    return TicketState.OPEN if not decides and ticket.state is TicketState.TO_VERIFY else ticket.state
