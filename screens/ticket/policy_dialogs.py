"""The dialog of the key M: to which policy a ticket is moved."""

from cs_console.casework.packs import PackChoice
from screens.frame.choice import ChoiceDialog
from screens.widgets.choice_list import Choice

WHY_HINT = "ctrl+s move the ticket   esc save as draft"


def packs_dialog(number: int, under: str, packs: tuple[PackChoice, ...]) -> ChoiceDialog:
    """Offer the other policies that the desk has adopted."""
    lines = [Choice(one.name, one.title, one.name) for one in packs]
    if not lines:
        lines = [Choice("none", "No other policy", "an operator can adopt one: cs-console policy adopt", False)]
    return ChoiceDialog(f"#{number} is under {under}. Move it to which policy?", lines)
