"""To which policy a ticket is moved, in the dialog of the key M."""

from cs_console.tickets.packs import PackChoice
from screens.choice import ChoiceDialog
from screens.widgets.choice_list import Choice

WHY_HINT = "ctrl+s move the ticket   esc keep as a draft"


def packs_dialog(number: int, under: str, packs: tuple[PackChoice, ...]) -> ChoiceDialog:
    """One of the other policies that the desk has adopted."""
    lines = [Choice(one.name, one.title, one.name) for one in packs]
    if not lines:
        lines = [Choice("none", "There is no other", "an operator adopts one: cs-console policy adopt", False)]
    return ChoiceDialog(f"#{number} is under {under}. Move it to which policy?", lines)
