"""Correcting a contact of the requester, or adding one."""

from dataclasses import dataclass
from functools import partial

from cs_console.casework.contacts import change_contact
from cs_console.casework.conversation import TicketView
from models.contact_fields import TEXTS, Field
from screens.frame.choice import ChoiceDialog
from screens.frame.text_dialog import forgetting_draft
from screens.ticket.open_ticket import OpenTicket
from screens.widgets.choice_list import Choice

CONTACT_HINT = "ctrl+s save it with the ticket   esc save as draft"
_CHANGE, _ADD = "change", "add"
_ADDABLE = tuple(field for field in Field if field not in TEXTS)


@dataclass(frozen=True, slots=True)
class AskedContact:
    """The contact to be entered; `contact_id` is the one that it replaces, if any."""

    field: Field
    title: str
    contact_id: str | None


async def correct_contact(ticket: OpenTicket) -> None:
    """Choose a contact or a kind of contact, then write it."""
    if ticket.view is None:
        return
    key = await ticket.ask(contact_dialog(ticket.view))
    if key is None:
        return
    asked = asked_contact(ticket.view, key)
    question = f"The {asked.title.lower()} that the requester gives"
    value = await ticket.ask_words(question, f"contact-{asked.field.name.lower()}", hint=CONTACT_HINT)
    if value is not None:
        where = asked.contact_id, asked.field
        work = partial(change_contact, ticket.session, ticket.number, *where, value.words, act=value.act)
        done = "The contact was saved. An open verification window was closed."
        await ticket.change(partial(forgetting_draft, ticket.session, value, work), done)


def contact_dialog(view: TicketView) -> ChoiceDialog:
    """List the contacts by their masks, then the kinds that can be added."""
    choices = [
        Choice(f"{_CHANGE}:{one.item}", f"Correct the {one.title.lower()}  {one.mask}", "the old one stays sealed")
        for one in view.fields
    ]
    choices += [Choice(f"{_ADD}:{field.value}", f"Add: {field.value}") for field in _ADDABLE]
    return ChoiceDialog("A new contact is not on file, so no code is sent to it.", choices)


def asked_contact(view: TicketView, key: str) -> AskedContact:
    """The contact behind a chosen line."""
    sort, _, rest = key.partition(":")
    for one in view.fields:
        if sort == _CHANGE and one.item == rest:
            return AskedContact(one.field, one.title, one.item)
    field = Field(rest)
    return AskedContact(field, field.value, None)
