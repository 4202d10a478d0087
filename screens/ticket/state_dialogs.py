"""The dialogs for a ticket's state, kind, priority and assignee."""

from collections.abc import Iterable, Mapping

from cs_console.casework.workflow import BY_HAND
from models.enums import Priority, TicketKind, TicketState
from screens.frame.choice import ChoiceDialog
from screens.widgets.choice_list import Choice

_STATES = {
    TicketState.OPEN: "an agent is working on it",
    TicketState.TO_VERIFY: "waiting for the requester's verification",
    TicketState.VERIFIED: "the requester is verified",
    TicketState.WAITING: "waiting for the requester",
    TicketState.IN_APPROVAL: "starts and ends with a proposal",
    TicketState.CLOSED: "nothing more to do",
}


def state_dialog(number: int, now: TicketState) -> ChoiceDialog:
    """Ask for the state; states that cannot be set by hand are shown but cannot be chosen."""
    choices = [
        Choice(state.value, state.value, words, can_choose=state in BY_HAND[now], mark=_mark(state is now))
        for state, words in _STATES.items()
    ]
    return ChoiceDialog(f"Move #{number} to which state?", choices)


def kind_dialog(number: int, now: TicketKind, titles: Mapping[TicketKind, str]) -> ChoiceDialog:
    """Ask for the kind; the deadlines follow it."""
    choices = [
        Choice(kind.value, titles.get(kind, kind.value), can_choose=kind is not now, mark=_mark(kind is now))
        for kind in TicketKind
    ]
    return ChoiceDialog(f"What kind of ticket is #{number}? Its deadlines follow.", choices)


def priority_dialog(number: int, now: Priority) -> ChoiceDialog:
    """Ask for the priority."""
    choices = [
        Choice(one.name.lower(), one.name.lower(), can_choose=one is not now, mark=_mark(one is now))
        for one in sorted(Priority, reverse=True)
    ]
    return ChoiceDialog(f"How urgent is #{number}?", choices)


def assign_dialog(number: int, now: str | None, names: Iterable[str]) -> ChoiceDialog:
    """Ask for the assignee."""
    choices = [Choice(name, name, can_choose=name != now, mark=_mark(name == now)) for name in names]
    if not choices:
        choices = [Choice("none", "Every agent was involved in it", "an admin can add an account", can_choose=False)]
    return ChoiceDialog(f"Who takes #{number}? Reassigning closes an open verification window.", choices)


def _mark(is_now: bool) -> str:
    return "•" if is_now else " "
