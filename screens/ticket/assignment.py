"""Who works on a ticket: claim it, return it to the queue, assign it."""

from collections.abc import Iterable
from functools import partial

from cs_console.casework import workflow
from cs_console.errors import NoOneIndependent
from models.roles import Role
from screens.frame.choice import ChoiceDialog
from screens.frame.text_dialog import forgetting_draft
from screens.ticket.open_ticket import OpenTicket
from screens.widgets.choice_list import Choice, mark_of

NAME_HINT = "ctrl+s assign it and save the reason as a note   esc save as draft"


async def claim(ticket: OpenTicket) -> None:
    """Claim the ticket."""
    await ticket.change(partial(workflow.claim, ticket.session, ticket.number), f"#{ticket.number} is assigned to you.")


async def release(ticket: OpenTicket) -> None:
    """Return it to the queue."""
    if ticket.view is not None:
        work = partial(workflow.release, ticket.session, ticket.number, ticket.view.version)
        await ticket.change(work, f"#{ticket.number} was returned to the queue.")


async def assign(ticket: OpenTicket) -> None:
    """Choose the assignee. If no one is independent, a privacy officer names the person, with a reason."""
    names = await ticket.call(partial(workflow.assignable, ticket.session, ticket.number), group="assignable")
    if ticket.view is None:
        return
    name = await ticket.ask(assign_dialog(ticket.number, ticket.view.assignee, names))
    if name is None:
        return
    work = partial(workflow.assign, ticket.session, ticket.number, ticket.view.version, name)
    try:
        await ticket.change(work, _assigned_words(ticket, name))
    except NoOneIndependent as refusal:
        ticket.say(refusal)
        if Role.PRIVACY_OFFICER in ticket.roles:
            await _name_reviewer(ticket, name)


async def _name_reviewer(ticket: OpenTicket, name: str) -> None:
    question = f"Everyone was involved in what #{ticket.number} is about. Why should {name} handle it anyway?"
    why = await ticket.ask_words(question, "name", hint=NAME_HINT)
    if why is not None and ticket.view is not None:
        work = partial(workflow.name_reviewer, ticket.session, ticket.number, ticket.view.version, name, why.words)
        await ticket.change(partial(forgetting_draft, ticket.session, why, work), _assigned_words(ticket, name))


def _assigned_words(ticket: OpenTicket, name: str) -> str:
    return f"#{ticket.number} is assigned to {name}."


def assign_dialog(number: int, now: str | None, names: Iterable[str]) -> ChoiceDialog:
    """Ask for the assignee."""
    choices = [Choice(name, name, can_choose=name != now, mark=mark_of(name == now)) for name in names]
    if not choices:
        choices = [Choice("none", "Every agent was involved in it", "an admin can add an account", can_choose=False)]
    return ChoiceDialog(f"Who takes #{number}? Reassigning closes an open verification window.", choices)
