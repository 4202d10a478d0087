"""How an opened value is displayed for reading, perhaps aloud; what is stored and sent to is not changed."""

import phonenumbers

from cs_console.custody.blind_index import parse_phone, written_phone
from models.contact_fields import Field


def for_reading(field: Field, value: str) -> str:
    """A mobile kept as E.164 in its country's groups, `+86 138 0013 8000`; any other value unchanged.

    A number that was stored as typed, perhaps with words, is never rewritten.
    """
    number = parse_phone(value, "") if field is Field.MOBILE else None
    if number is None or written_phone(number) != value:
        return value
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
