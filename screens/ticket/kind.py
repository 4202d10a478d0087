"""A ticket's kind, which its deadlines follow."""

from collections.abc import Mapping
from functools import partial

from cs_console.casework import workflow
from models.enums import TicketKind
from screens.frame.choice import ChoiceDialog
from screens.ticket.open_ticket import OpenTicket
from screens.widgets.choice_list import Choice, mark_of


async def change_kind(ticket: OpenTicket) -> None:
    """Choose another kind."""
    if ticket.view is None:
        return
    pack = ticket.session.desk.packs.get(ticket.view.pack)
    titles = {kind: rules.title for kind, rules in pack.kinds.items()}
    kind = await ticket.ask(kind_dialog(ticket.number, ticket.view.kind, titles))
    if kind is not None:
        work = partial(workflow.set_kind, ticket.session, ticket.number, ticket.view.version, TicketKind(kind))
        await ticket.change(work, f"#{ticket.number} is now of the kind {kind}.")


def kind_dialog(number: int, now: TicketKind, titles: Mapping[TicketKind, str]) -> ChoiceDialog:
    """Ask for the kind; the deadlines follow it."""
    choices = [
        Choice(kind.value, titles.get(kind, kind.value), can_choose=kind is not now, mark=mark_of(kind is now))
        for kind in TicketKind
    ]
    return ChoiceDialog(f"What kind of ticket is #{number}? Its deadlines follow.", choices)
