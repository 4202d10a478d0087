"""A ticket's matter: which earlier ticket, or whose decision, it is about."""

from collections.abc import Iterable
from functools import partial

from cs_console.independence.matters import MatterChoices, Named, matter_choices, name_matter
from cs_console.local_time import moment
from screens.frame.choice import ChoiceDialog
from screens.ticket.open_ticket import OpenTicket
from screens.widgets.choice_list import Choice
from screens.widgets.notice_bar import Said

OUTSIDE = "outside"


async def name_about(ticket: OpenTicket) -> None:
    """Choose what the ticket is about; a decision outside any ticket has the name of who made it."""
    choices = await ticket.call(partial(matter_choices, ticket.session, ticket.number), group="about")
    key = await ticket.ask(about_dialog(ticket.number, choices))
    if key == OUTSIDE:
        name = await ticket.ask(decider_dialog(ticket.number, choices.accounts))
        if name is not None:
            work = partial(name_matter, ticket.session, ticket.number, decider=name)
            await ticket.change(work, partial(_named_words, ticket.number))
    elif key is not None:
        work = partial(name_matter, ticket.session, ticket.number, about_number=int(key))
        await ticket.change(work, partial(_named_words, ticket.number))


def _named_words(number: int, named: Named) -> Said:
    hand_on = " The assignee was involved in that decision. Reassign it (a)." if named.excluded_agents else ""
    return Said(f"#{number} is about {named.words}.{hand_on}")


def about_dialog(number: int, choices: MatterChoices) -> ChoiceDialog:
    """Ask which of the requester's tickets; the answer is its number, or OUTSIDE for a decision outside any ticket."""
    tickets = [
        Choice(
            str(one.number),
            f"#{one.number} {one.kind_title}, {moment(one.received_at)}",
            "decided" if one.decided else one.state.value,
            mark="•" if choices.now is not None and choices.now.about_number == one.number else " ",
        )
        for one in choices.tickets
    ]
    outside = Choice(OUTSIDE, "A decision or conduct of an agent, outside any ticket")
    return ChoiceDialog(
        f"What is #{number} about? The agents who decided it cannot handle #{number}.", [*tickets, outside]
    )


def decider_dialog(number: int, accounts: Iterable[str]) -> ChoiceDialog:
    """Ask whose decision."""
    return ChoiceDialog(f"Whose decision, or conduct, is #{number} about?", [Choice(name, name) for name in accounts])
