"""Blocking the sender of a ticket's message: their later mail is set aside as spam."""

from functools import partial

from cs_console.intake.blocked_senders import block_sender as block
from screens.frame.text_dialog import forgetting_draft
from screens.ticket.open_ticket import OpenTicket

_HINT = "ctrl+s block the sender   esc save as draft"


async def block_sender(ticket: OpenTicket) -> None:
    """Give the reason."""
    kept = "Later mail from there is set aside as spam, where it is kept and can be released."
    why = await ticket.ask_words(f"Why is the sender of #{ticket.number} blocked? {kept}", "block", hint=_HINT)
    if why is not None:
        work = partial(block, ticket.session, ticket.number, why.words)
        done = f"The sender of #{ticket.number} is blocked. The list is under g m, view 6."
        await ticket.change(partial(forgetting_draft, ticket.session, why, work), done)
