"""The dialog that asks which contact of the requester to correct, or what kind to add."""

from dataclasses import dataclass

from cs_console.casework.conversation import TicketView
from models.enums import Field
from screens.frame.choice import ChoiceDialog
from screens.widgets.choice_list import Choice

_CHANGE, _ADD = "change", "add"
_ADDABLE = tuple(field for field in Field if field not in (Field.SUBJECT, Field.MESSAGE))


@dataclass(frozen=True, slots=True)
class AskedContact:
    """The contact to be entered; `contact_id` is the one that it replaces, if any."""

    field: Field
    title: str
    contact_id: str | None


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


def place_of(asked: AskedContact, number: int) -> str:
    """Where the draft is kept."""
    return f"contact-{asked.field.name.lower()}:{number}"
