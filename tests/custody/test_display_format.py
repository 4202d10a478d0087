"""What is revealed is written for reading aloud; no digit of it changes."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.custody.blind_index import normalise_phone
from cs_console.custody.display_format import for_reading
from models.contact_fields import Field


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        (Field.MOBILE, "+8613800001862", "+86 138 0000 1862"),
        (Field.MOBILE, "+442079460000", "+44 20 7946 0000"),
        (Field.MOBILE, "+12025550143", "+1 202-555-0143"),
        (Field.MOBILE, "+8613800138000;ext=12", "+86 138 0013 8000 ext. 12"),
        (Field.MOBILE, "ask my brother", "ask my brother"),
        (Field.MOBILE, "+86 13800001862 after six", "+86 13800001862 after six"),
        (Field.MOBILE, "10086", "10086"),
        (Field.MOBILE, "", ""),
        (Field.OTHER, "+8613800001862", "+8613800001862"),
        (Field.MESSAGE, "+8613800001862", "+8613800001862"),
    ],
)
def test_a_number_is_grouped_and_nothing_else(field: Field, value: str, shown: str) -> None:
    assert for_reading(field, value) == shown


@given(st.from_regex(r"\+[1-9][0-9]{6,14}(;ext=[0-9]{1,5})?", fullmatch=True) | st.text(max_size=40))
def test_what_is_read_is_the_number_that_is_kept(value: str) -> None:
    shown = for_reading(Field.MOBILE, value)
    kept = normalise_phone(value, "")
    assert shown == value if kept != value else normalise_phone(shown, "") == value


def test_every_region_is_grouped_to_the_same_number() -> None:
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        if example is None:
            continue
        kept = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        assert normalise_phone(for_reading(Field.MOBILE, kept), "") == kept
