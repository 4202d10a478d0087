"""Moving a ticket to another policy: it stays under the one it was opened under until a supervisor says why not."""

from dataclasses import dataclass

from sqlalchemy import delete
from sqlmodel import Session, col

from cs_console.custody.contacts import known_values
from cs_console.custody.redaction import redact
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.deadlines.clock_events import add_event, recompute
from cs_console.decisions.finalise import draft_place
from cs_console.desk import DeskSession
from cs_console.errors import BadInput, NotAdopted, WrongState
from cs_console.plain_text import plain
from cs_console.policy.adopted import adopted_names
from cs_console.policy.schema import Pack
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import TicketFacts, change, facts, facts_on_record, record_about, require_open
from models.asked import Asked
from models.columns import new_id
from models.draft import Draft
from models.enums import Action, ClockMove, TicketState
from models.roles import MOVES_POLICY

REASON_LIMIT = 2000


@dataclass(frozen=True)
class PackChoice:
    """A policy that a ticket can be moved to."""

    name: str
    title: str


def packs_to_move_to(session: DeskSession, number: int) -> tuple[PackChoice, ...]:
    """The adopted policies beside the ticket's own. Raises NotAllowed, NothingThere, and WrongState as a move would."""
    desk = session.desk
    with session.reading(*MOVES_POLICY) as db:
        ticket, known = facts(db, number), adopted_names(db, desk) | {desk.packs.name}
    _require_movable(ticket)
    names = sorted((known & set(desk.packs.names())) - {ticket.pack})
    return tuple(PackChoice(name, desk.packs.get(name).meta.called) for name in names)


def move_to_pack(session: DeskSession, number: int, version: int, name: str, reason: str) -> int:
    """Put an open ticket under another adopted policy, with a reason that is redacted and sealed; the new version.

    Its clocks are those of the new policy, moved by whatever had moved them before. What was filled in of the old
    policy's checklist, and what was read out of the letter in its words, is dropped. Raises NotAllowed, BadInput,
    NotAdopted, UnknownPack, BadPack, WrongState while it is in approval or closed, ChangedElsewhere, NoUndertaking.
    """
    desk, words = session.desk, plain(reason).strip()
    with session.work(*MOVES_POLICY) as db:
        require_current(db, session)
        ticket = facts_on_record(db, session.desk, number)
        if desk.packs.get(ticket.pack).checklist.says_nothing(words) or len(words) > REASON_LIMIT:
            raise BadInput(f"A reason of up to {REASON_LIMIT} characters is needed.", "Say why you move it.")
        _require_movable(ticket)
        if name == ticket.pack:
            raise BadInput(f"#{number} is already under {name}.", "Choose another policy.")
        new = desk.packs.get(name)
        if name not in adopted_names(db, desk) | {desk.packs.name}:
            raise NotAdopted(name)
        version = change(db, ticket, version, pack=name, state=_lane(new, ticket).value)
        _moved(db, session, ticket, words)
        recompute(db, new, number)
        db.connection().execute(delete(Draft).where(col(Draft.place) == draft_place(number)))
        db.connection().execute(delete(Asked).where(col(Asked.ticket_number) == number))
        db.flush()
        about = {"from": ticket.pack, "to": name}
        record_about(db, session, ticket, Action.POLICY_MOVED, f"{ticket.pack} -> {name}", about=about)
        return version


def _require_movable(ticket: TicketFacts) -> None:
    require_open(ticket)
    if ticket.state is TicketState.IN_APPROVAL:
        raise WrongState(f"#{ticket.number} is in approval.", "Return or withdraw the proposal first.")


def _moved(db: Session, session: DeskSession, ticket: TicketFacts, words: str) -> None:
    desk, event_id = session.desk, new_id()
    keys = ticket_keys(db, desk, ticket.number)
    known = known_values(db, desk, keys.requester_id, keys.requester_key, keys)
    kept = redact(words, desk.packs.get(ticket.pack).meta.regions, known)
    reason = keys.seal("clock_event", "reason", event_id, kept)
    now, agent = desk.clock.now(), session.agent.id
    add_event(db, ticket.number, ClockMove.PACK_MOVED, now, agent_id=agent, event_id=event_id, reason=reason)


def _lane(new: Pack, ticket: TicketFacts) -> TicketState:
    """Where the ticket waits under the new policy."""
    decides = new.kinds[ticket.kind].needs_decision
    if decides and ticket.verified_at is None:
        return TicketState.TO_VERIFY
    return TicketState.OPEN if not decides and ticket.state is TicketState.TO_VERIFY else ticket.state
