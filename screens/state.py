"""The small questions about a ticket's place in the queue: state, kind, priority, assignee."""

from collections.abc import Iterable, Mapping

from cs_console.tickets.workflow import BY_HAND
from models.enums import Priority, TicketKind, TicketState
from screens.choice import ChoiceDialog
from screens.widgets.choice_list import Choice

_STATES = {
    TicketState.OPEN: "somebody works on it",
    TicketState.TO_VERIFY: "waits until the requester is verified",
    TicketState.VERIFIED: "the requester is verified",
    TicketState.WAITING: "waits for the requester",
    TicketState.IN_APPROVAL: "begins and ends with a proposal",
    TicketState.CLOSED: "nothing more to do",
}


def state_dialog(number: int, now: TicketState) -> ChoiceDialog:
    """Which state; what cannot be reached by hand is shown but cannot be chosen."""
    choices = [
        Choice(state.value, state.value, words, can_choose=state in BY_HAND[now], mark=_mark(state is now))
        for state, words in _STATES.items()
    ]
    return ChoiceDialog(f"Move #{number} to which state?", choices)


def kind_dialog(number: int, now: TicketKind, titles: Mapping[TicketKind, str]) -> ChoiceDialog:
    """Which kind; the clocks follow it."""
    choices = [
        Choice(kind.value, titles.get(kind, kind.value), can_choose=kind is not now, mark=_mark(kind is now))
        for kind in TicketKind
    ]
    return ChoiceDialog(f"What is #{number} about? The clocks follow.", choices)


def priority_dialog(number: int, now: Priority) -> ChoiceDialog:
    """How urgent."""
    choices = [
        Choice(one.name.lower(), one.name.lower(), can_choose=one is not now, mark=_mark(one is now))
        for one in sorted(Priority, reverse=True)
    ]
    return ChoiceDialog(f"How urgent is #{number}?", choices)


def assign_dialog(number: int, now: str | None, names: Iterable[str]) -> ChoiceDialog:
    """Who works on it."""
    choices = [Choice(name, name, can_choose=name != now, mark=_mark(name == now)) for name in names]
    if not choices:
        choices = [
            Choice("none", "Nobody here is without a part in it", "an admin can add an account", can_choose=False)
        ]
    return ChoiceDialog(f"Who takes #{number}? A verified window closes when it changes hands.", choices)


def _mark(is_now: bool) -> str:
    return "•" if is_now else " "
