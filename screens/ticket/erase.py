"""Proposing to erase a requester's data."""

from functools import partial

from cs_console.erasure.erasure import propose_erasure
from screens.frame.choice import ChoiceDialog
from screens.ticket.open_ticket import OpenTicket
from screens.widgets.choice_list import Choice

YES = "yes"


async def erase(ticket: OpenTicket) -> None:
    """Ask once, then propose it."""
    choices = [
        Choice("no", "Cancel"),
        Choice(YES, "Propose to erase", "all data of the requester; a second person must confirm"),
    ]
    if await ticket.ask(ChoiceDialog("Erase this requester's data, for good?", choices)) == YES:
        work = partial(propose_erasure, ticket.session, ticket.number)
        await ticket.change(work, "The erasure was proposed. A second person must confirm it (g e).")
