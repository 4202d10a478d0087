"""Masks: enough of a contact to tell two apart: of a phone its country and two digits, of all else at most a third."""

import phonenumbers

from cs_console.plain_text import plain
from models.contact_fields import TEXTS, Field

DOT = "•"
HIDDEN = DOT * 3
TAIL = 2
FEWEST_HIDDEN = 4
"""A number too short to hide so many digits beside its tail shows a third of its digits at most."""


def mask(field: Field, value: str) -> str:
    """What may be shown of `value` without a record: at most a third of its letters and digits, or of a phone its
    country's code and the last two digits.

    `a•••@e•••.org`, `+86 ••• •••• ••00`, `m•••i`; text that has nothing to spare becomes dots alone.
    """
    if field is Field.EMAIL and "@" in value:
        shown = _email(value)
    elif field is Field.MOBILE:
        shown = _phone(value)
    elif field is Field.ADDRESS:
        shown = _address(value)
    elif field is Field.POSTCODE:
        kept = [char for char in value if _countable(char)]
        shown = "".join(kept[: _budget(value)]) + HIDDEN
    elif field in TEXTS:
        shown = HIDDEN
    else:
        shown = _name(value)
    return plain(shown)


def _budget(value: str) -> int:
    return sum(char.isalnum() for char in value) // 3


def _countable(char: str) -> bool:
    """A letter or digit that plain text shows as itself (a blank "letter" would become a longer mark)."""
    return char.isalnum() and plain(char) == char


def _initial(text: str) -> str:
    return next((char for char in text if _countable(char)), "")


def _name(value: str) -> str:
    spare = _budget(value)
    first = _initial(value) if spare >= 1 else ""
    last = _initial(value[::-1]) if spare >= 2 else ""
    return first + HIDDEN + last


def _email(value: str) -> str:
    local, _, domain = value.rpartition("@")
    host, dot, top = domain.rpartition(".")
    spare = _budget(value)
    parts = []
    for text in (_initial(local), _initial(host if dot else domain), "".join(filter(_countable, top)) if dot else ""):
        parts.append(text if len(text) <= spare else "")
        spare -= len(parts[-1])
    ending = f".{parts[2] or HIDDEN}" if dot else ""
    return f"{parts[0]}{HIDDEN}@{parts[1]}{HIDDEN}{ending}"


def _address(value: str) -> str:
    """The initial of each line or part: the outline of an address, no street and no number."""
    spare = _budget(value)
    parts = [part for part in value.replace("\n", ",").replace("，", ",").split(",") if part.strip()]
    shown = []
    for part in parts[:6]:
        first = _initial(part) if spare > 0 else ""
        spare -= len(first)
        shown.append(first + HIDDEN)
    return ", ".join(shown) or HIDDEN


def _phone(value: str) -> str:
    """National grouping with the country's code and the last two digits."""
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        digits = [char for char in value if char.isdecimal()]
        return HIDDEN + "".join(digits[len(digits) - min(TAIL, len(digits) // 3) :] if len(digits) >= 3 else [])
    code = str(number.country_code)
    number.extension = None
    international = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    national = international.removeprefix(f"+{code}")
    digits_after = sum(char.isdecimal() for char in national)
    hide = digits_after - (TAIL if digits_after >= TAIL + FEWEST_HIDDEN else digits_after // 3)
    shown = []
    for char in national:
        if char.isalnum() and hide > 0:
            hide -= 1
            shown.append(DOT)
        else:
            shown.append(char)
    return f"+{code}{''.join(shown)}"
