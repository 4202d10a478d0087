"""What becomes of a ticket that is of another kind than was thought: its lane and its clocks, never when it came in."""

from dataclasses import dataclass

from cs_console.policy.schema import Pack
from cs_console.tickets.ticket_record import TicketFacts
from models.enums import TicketKind, TicketState


@dataclass(frozen=True)
class Turned:
    """The columns that change, and how the access log says it, to people and to rules."""

    values: dict[str, object]
    words: str
    about: dict[str, str]


def as_kind(pack: Pack, ticket: TicketFacts, kind: TicketKind) -> Turned:
    """The ticket as one of that kind. A request that ends with a decision waits until its requester is verified; its
    dates follow from when it was received, once `recompute` is called (policy V.4).
    """
    decides = pack.kinds[kind].needs_decision
    state = ticket.state
    if decides and ticket.verified_at is None:
        state = TicketState.TO_VERIFY
    elif not decides and state is TicketState.TO_VERIFY:
        state = TicketState.OPEN
    values: dict[str, object] = {"kind": kind.value, "state": state.value}
    moved = f", state {ticket.state} -> {state}" if state is not ticket.state else ""
    about = {"from": ticket.kind.value, "kind": kind.value}
    return Turned(values, f"kind {ticket.kind} -> {kind}{moved}", about)
