"""The dialogs about a ticket's matter: which earlier ticket, or whose decision, it is about."""

from collections.abc import Iterable

from cs_console.independence.matters import MatterChoices
from cs_console.local_time import moment
from screens.frame.choice import ChoiceDialog
from screens.widgets.choice_list import Choice

OUTSIDE = "outside"


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
