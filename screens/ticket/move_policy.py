"""Moving a ticket to another policy that the desk has adopted."""

from functools import partial

from cs_console.casework.move_policy import PackChoice, move_to_pack, packs_to_move_to
from screens.frame.choice import ChoiceDialog
from screens.frame.text_dialog import forgetting_draft
from screens.ticket.open_ticket import OpenTicket
from screens.widgets.choice_list import Choice

WHY_HINT = "ctrl+s move the ticket   esc save as draft"


async def move_policy(ticket: OpenTicket) -> None:
    """Choose another policy, then give the reason."""
    packs = await ticket.call(partial(packs_to_move_to, ticket.session, ticket.number), group="packs")
    if ticket.view is None:
        return
    name = await ticket.ask(packs_dialog(ticket.number, ticket.view.policy, packs))
    if name is None:
        return
    title = next(one.title for one in packs if one.name == name)
    follows = "Its deadlines will follow that policy, and its checklist starts again."
    question = f"Why is #{ticket.number} moved to the {title}? {follows}"
    why = await ticket.ask_words(question, "move", hint=WHY_HINT)
    if why is not None:
        work = partial(move_to_pack, ticket.session, ticket.number, ticket.view.version, name, why.words)
        done = f"#{ticket.number} is now under the {title}."
        await ticket.change(partial(forgetting_draft, ticket.session, why, work), done)


def packs_dialog(number: int, under: str, packs: tuple[PackChoice, ...]) -> ChoiceDialog:
    """Offer the other policies that the desk has adopted."""
    lines = [Choice(one.name, one.title) for one in packs]
    if not lines:
        lines = [Choice("none", "No other policy", "an operator can adopt one: cs-console policy adopt", False)]
    return ChoiceDialog(f"#{number} is under the {under}. Which policy should it move to?", lines)
