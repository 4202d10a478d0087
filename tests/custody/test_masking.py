"""Masks show enough to choose by: of a phone its country and two digits, of all else never more than a third."""

import re

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cs_console.custody.masking import mask
from cs_console.plain_text import plain
from models.contact_fields import Field

REGIONS = ("CN", "HK", "TW", "US", "GB", "DE", "FR", "ES", "JP", "SA", "BR", "IN", "FI", "LU", "NU")
NAMES = st.text(min_size=0, max_size=40) | st.text("王小明李华陈東京한글", min_size=1, max_size=6)
LOCALS = st.text("abcdefghijklmnopqrstuvwxyz0123456789.+-_ü王", min_size=1, max_size=64)
DOMAINS = st.lists(st.text("abcdefghij-ü", min_size=1, max_size=20), min_size=1, max_size=6).map(".".join)
PHONES = st.builds(
    lambda region, kind, tail: _phone(region, kind, tail),
    st.sampled_from(REGIONS),
    st.sampled_from([phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]),
    st.integers(0, 9999),
)


def _phone(region: str, kind: int, tail: int) -> str:
    example_number = phonenumbers.example_number_for_type(region, kind)
    assert example_number is not None  # every region listed has both kinds
    changed = f"{str(example_number.national_number)[:-4]}{tail:04d}"
    return f"+{example_number.country_code}{changed}"


def _count(text: str) -> int:
    return sum(char.isalnum() for char in text)


def _at_most_a_third(field: Field, value: str) -> None:
    shown = mask(field, value)
    if field is not Field.MOBILE or not shown.startswith("+"):
        assert 3 * _count(shown) <= _count(value)
    assert plain(shown) == shown


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        (Field.EMAIL, "alice@example.org", "a•••@e•••.org"),
        (Field.EMAIL, "bob@gmx.de", "b•••@g•••.•••"),
        (Field.EMAIL, "x@localhost", "x•••@l•••"),
        (Field.MOBILE, "+8613800138000", "+86 ••• •••• ••00"),
        (Field.MOBILE, "+12025550143", "+1 •••-•••-••43"),
        (Field.MOBILE, "+966501234567", "+966 •• ••• ••67"),
        (Field.MOBILE, "+4930901820", "+49 •• ••••20"),
        (Field.MOBILE, "+6834002", "+683 •••2"),
        (Field.MOBILE, "+8613800138000;ext=12", "+86 ••• •••• ••00"),
        (Field.MOBILE, "10086", "•••6"),
        (Field.NICKNAME, "meilin", "m•••n"),
        (Field.NICKNAME, "mei", "m•••"),
        (Field.NAME, "王小明", "王•••"),
        (Field.NAME, "李明", "•••"),
        (Field.ADDRESS, "12 Main St, Springfield, IL 62704", "1•••, S•••, I•••"),
        (Field.POSTCODE, "SW1A 1AA", "SW•••"),
        (Field.SUBJECT, "My account", "•••"),
        (Field.MESSAGE, "Anything at all", "•••"),
        (Field.OTHER, "", "•••"),
    ],
)
def test_what_a_mask_looks_like(field: Field, value: str, shown: str) -> None:
    assert mask(field, value) == shown


@given(st.sampled_from(list(Field)), st.text(max_size=80))
@example(Field.EMAIL, "@")
@example(Field.EMAIL, "a@b@c.d")
@example(Field.MOBILE, "+1")
@example(Field.MOBILE, "++")
@example(Field.NAME, "\u3164\u3164\u3164")
@example(Field.OTHER, "\x1b[31mred\x1b[0m")
def test_any_value_in_any_field_shows_at_most_a_third(field: Field, value: str) -> None:
    """POLICY.md, I intro; ASVS 14.2.6."""
    _at_most_a_third(field, value)


@given(st.sampled_from([Field.NAME, Field.NICKNAME, Field.ADDRESS, Field.OTHER, Field.POSTCODE]), NAMES)
def test_names_of_any_script_and_length(field: Field, value: str) -> None:
    _at_most_a_third(field, value)


@given(LOCALS, DOMAINS)
def test_mails_of_any_length(local: str, domain: str) -> None:
    value = f"{local}@{domain}"
    _at_most_a_third(Field.EMAIL, value)
    assert "@" in mask(Field.EMAIL, value)


@given(PHONES)
def test_phones_of_many_countries_in_national_grouping(value: str) -> None:
    _at_most_a_third(Field.MOBILE, value)
    shown = mask(Field.MOBILE, value)
    assert shown.startswith("+")
    international = phonenumbers.format_number(
        phonenumbers.parse(value, None), phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    assert [len(group) for group in shown.split()] == [len(group) for group in international.split()]
    code, *groups = shown.split()
    assert code == international.split()[0]
    digits = re.sub(r"\D", "", "".join(international.split()[1:]))
    assert re.sub(r"\D", "", "".join(groups)) == digits[len(digits) - (2 if len(digits) >= 6 else len(digits) // 3) :]


@given(st.text("0123456789 -()+", max_size=30))
def test_numbers_that_are_no_phones(value: str) -> None:
    _at_most_a_third(Field.MOBILE, value)
