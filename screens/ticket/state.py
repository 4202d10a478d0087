"""A ticket's state: move it on, close it with a reason, let it wait for a verifier."""

from functools import partial

from cs_console.casework import workflow
from cs_console.casework.workflow import BY_HAND
from models.enums import TicketState
from models.roles import Role
from screens.frame.choice import ChoiceDialog
from screens.frame.text_dialog import forgetting_draft
from screens.ticket.open_ticket import OpenTicket
from screens.widgets.choice_list import Choice, mark_of

CLOSE_HINT = "ctrl+s close it and save the reason as a note   esc save as draft"
_STATES = {
    TicketState.OPEN: "an agent is working on it",
    TicketState.TO_VERIFY: "waiting for the requester's verification",
    TicketState.VERIFIED: "the requester is verified",
    TicketState.WAITING: "waiting for the requester",
    TicketState.IN_APPROVAL: "starts and ends with a proposal",
    TicketState.CLOSED: "nothing more to do",
}


async def change_state(ticket: OpenTicket) -> None:
    """Choose another state. A supervisor can close without an answer what should be answered, with a reason."""
    if ticket.view is None:
        return
    state = await ticket.ask(state_dialog(ticket.number, ticket.view.state))
    if state is None:
        return
    needs_reason = state == TicketState.CLOSED.value and ticket.view.closes_with_reason
    if needs_reason and Role.SUPERVISOR in ticket.roles:
        await _close_with_reason(ticket)
    else:
        work = partial(workflow.set_state, ticket.session, ticket.number, ticket.view.version, TicketState(state))
        await ticket.change(work, f"#{ticket.number} is now {state}.")


async def _close_with_reason(ticket: OpenTicket) -> None:
    question = f"#{ticket.number} should be answered (d) first. Why do you close it without that?"
    why = await ticket.ask_words(question, "close", hint=CLOSE_HINT)
    if why is not None and ticket.view is not None:
        number, version, closed = ticket.number, ticket.view.version, TicketState.CLOSED
        work = partial(workflow.set_state, ticket.session, number, version, closed, why.words, act=why.act)
        await ticket.change(partial(forgetting_draft, ticket.session, why, work), f"#{number} was closed.")


async def wait_for_verifier(ticket: OpenTicket) -> None:
    """Hand it to the verifiers."""
    if ticket.view is not None:
        to_verify = TicketState.TO_VERIFY
        work = partial(workflow.set_state, ticket.session, ticket.number, ticket.view.version, to_verify)
        await ticket.change(work, f"#{ticket.number} is now waiting for a verifier.")


def state_dialog(number: int, now: TicketState) -> ChoiceDialog:
    """Ask for the state; states that cannot be set by hand are shown but cannot be chosen."""
    choices = [
        Choice(
            state.value,
            state.value,
            "now" if state is now else "" if state in BY_HAND[now] else "not by hand",
            can_choose=state in BY_HAND[now],
            mark=mark_of(state is now),
            what=words,
        )
        for state, words in _STATES.items()
    ]
    return ChoiceDialog(f"Move #{number} to which state?", choices, headings=("state", "what it means", "now"))
