"""Opening a file of the ticket: which one, why, then a screen of its own."""

from collections.abc import Iterable
from functools import partial

from cs_console.casework.attachments import AttachmentLabel
from cs_console.casework.ticket_view import VERIFY_FIRST
from cs_console.custody.disclosure import purposes_for
from cs_console.errors import NothingThere
from models.contact_fields import Field
from screens.frame.choice import ChoiceDialog
from screens.ticket.attachment import AttachmentScreen
from screens.ticket.attachment_words import label_words
from screens.ticket.open_ticket import OpenTicket
from screens.widgets.choice_list import Choice


async def open_file(ticket: OpenTicket) -> None:
    """Choose a file, give a purpose, and look at it.

    If no purpose is listed, or each waits for a verification, none is asked for: the service refuses and records it.
    """
    if ticket.view is None:
        return
    files = [label for line in reversed(ticket.view.lines) for label in line.attachments]
    if not files:
        ticket.say(NothingThere("This ticket has no files."))
        return
    key = await ticket.ask(ChoiceDialog("Which file do you need to see?", file_choices(files)))
    for label in (one for one in files if one.id == key):
        purposes = await ticket.call(
            partial(purposes_for, ticket.session, ticket.number, Field.MESSAGE), group="purposes"
        )
        choices = [
            Choice(one.key, one.title, one.clause if one.open_now else VERIFY_FIRST, can_choose=one.open_now)
            for one in purposes
        ]
        purpose: str | None = ""
        if any(one.open_now for one in purposes):
            hint = "↵ record the view and show it   esc back"
            purpose = await ticket.ask(ChoiceDialog("Why do you need it? (a file)", choices, hint=hint))
        if purpose is not None:
            said = await ticket.ask(AttachmentScreen(ticket.number, label, purpose))
            if said is not None:
                ticket.tell(said)


def file_choices(files: Iterable[AttachmentLabel]) -> list[Choice]:
    """The files as choices; one that was deleted cannot be chosen."""
    return [
        Choice(label.id, label_words(label), "sent by us" if label.ours else "", can_choose=label.deleted_at is None)
        for label in files
    ]
