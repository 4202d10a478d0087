"""In which state a ticket goes back to work."""

from cs_console.policy.schema import Pack
from models.enums import TicketState
from models.ticket import Ticket


def state_at_work(pack: Pack, ticket: Ticket) -> TicketState:
    """The state of a ticket that was closed or waited, once it is worked on again.

    One that was verified stays so; a request that ends with a decision and was not waits for that.
    """
    if ticket.verified_at is not None:
        return TicketState.VERIFIED
    return TicketState.TO_VERIFY if pack.kinds[ticket.kind].needs_decision else TicketState.OPEN
