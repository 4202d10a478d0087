"""Finding a contact without reading any: keyed hashes of exact, normalised values."""

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

import phonenumbers

from cs_console.custody.index_state import ACCOUNT, key_name
from cs_console.custody.keyring import Keyring
from models.contact_fields import Field

if TYPE_CHECKING:
    from email_validator import ValidatedEmail

LONGEST_PHONE = 40
LONGEST_EMAIL = 254
_LONGEST_LOCAL_PART = 64
_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def normalise_phone(text: str, region: str) -> str | None:
    """The number in E.164 (an extension follows as `;ext=`), or None where it cannot be one.

    National forms are read as of `region` (ISO 3166), in any script's digits.
    """
    number = parse_phone(text, region)
    return None if number is None else written_phone(number)


def parse_phone(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    """The number that is written there, as `normalise_phone` reads it, or None where it cannot be one."""
    if not 0 < len(text) <= LONGEST_PHONE:
        return None
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def written_phone(number: phonenumbers.PhoneNumber) -> str:
    """The number in E.164; an extension follows as `;ext=`."""
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # two people behind one switchboard must not become one requester
    return f"{written};ext={number.extension}" if number.extension else written


def normalise_email(text: str) -> str | None:
    """The address with its local part as written and its domain in IDNA form, or None if it is not an address.

    Local parts are never casefolded: strasse@ and straße@ are two mailboxes. Syntax only: nothing is asked of the
    network.
    """
    address = text.strip()
    if not 0 < len(address) <= LONGEST_EMAIL:
        return None
    valid = _validated(address)
    return f"{valid.local_part}@{valid.ascii_domain.lower()}" if valid else _with_odd_dots(address)


def _validated(address: str) -> "ValidatedEmail | None":
    from email_validator import EmailNotValidError, validate_email  # holds all of IDNA, and few consoles look one up

    try:
        return validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return None


def _with_odd_dots(address: str) -> str | None:
    """An address whose local part has dots where the standard allows none (`taro..y.@`): Japanese phones gave them out
    for years, and they receive mail."""
    local, _, domain = address.rpartition("@")
    regular = re.sub(r"\.{2,}", ".", local).strip(".")
    if regular == local or not regular or len(local) > _LONGEST_LOCAL_PART:
        return None
    valid = _validated(f"{regular}@{domain}")
    return f"{local}@{valid.ascii_domain.lower()}" if valid and valid.local_part == regular else None


def normalise(field: Field, text: str, region: str) -> str | None:
    """The normalised value of a searchable field; None for an unusable value or any other field."""
    if field is Field.MOBILE:
        return normalise_phone(text, region)
    if field is Field.EMAIL:
        return normalise_email(text)
    return None


def on_file_form(field: Field, normalised: str) -> str:
    """The form by which what is on file is found: as a mail server would take it, A to Z are the same as a to z.

    Nothing beyond ASCII is folded. Claims are compared as written.
    """
    return normalised.translate(_ASCII_LOWER) if field is Field.EMAIL else normalised


def account_token(keyring: Keyring, account: str) -> bytes:
    """The keyed look-up token of a platform's account id, exactly as the platform writes it."""
    return index_token(keyring, ACCOUNT, account)


def lookup_token(keyring: Keyring, field: Field, normalised: str) -> bytes:
    """HMAC-SHA256 of a normalised value under the field's own key: equal values, equal tokens, nothing more."""
    return index_token(keyring, field.value, normalised)


def index_token(keyring: Keyring, index: str, value: str) -> bytes:
    """The token of a value as it is stored now: while keys are renewed, under the one that its part has moved to.

    Raises DeskKeyMissing, StoreUnavailable.
    """
    state = keyring.index_state()
    if not state.settled:
        before = keyed_hash(keyring.desk_key(key_name(index, state.generation - 1)), value)
        if not state.has_moved(before):
            return before
    return keyed_hash(keyring.desk_key(key_name(index, state.generation)), value)


def reference_token(keyring: Keyring, message_id: str) -> bytes:
    """The same for Message-IDs, which often hold an address; their key is not renewed."""
    return keyed_hash(keyring.desk_key("index:reference"), message_id)


def keyed_hash(key: bytes, value: str) -> bytes:
    """HMAC-SHA256 of a value."""
    return hmac.digest(key, value.encode("utf-8", "surrogatepass"), hashlib.sha256)
