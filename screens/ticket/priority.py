"""How urgent a ticket is."""

from functools import partial

from cs_console.casework import workflow
from models.enums import Priority
from screens.frame.choice import ChoiceDialog
from screens.ticket.open_ticket import OpenTicket
from screens.widgets.choice_list import Choice, mark_of


async def change_priority(ticket: OpenTicket) -> None:
    """Choose another priority."""
    if ticket.view is None:
        return
    name = await ticket.ask(priority_dialog(ticket.number, ticket.view.priority))
    if name is not None:
        priority = Priority[name.upper()]
        work = partial(workflow.set_priority, ticket.session, ticket.number, ticket.view.version, priority)
        await ticket.change(work, f"The priority of #{ticket.number} is now {name}.")


def priority_dialog(number: int, now: Priority) -> ChoiceDialog:
    """Ask for the priority."""
    choices = [
        Choice(one.name.lower(), one.name.lower(), can_choose=one is not now, mark=mark_of(one is now))
        for one in sorted(Priority, reverse=True)
    ]
    return ChoiceDialog(f"How urgent is #{number}?", choices)
