"""Blind index: the same contact gives the same token however it is typed; the token gives nothing back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.custody.blind_index import (
    lookup_token,
    normalise,
    normalise_email,
    normalise_phone,
    reference_token,
)
from models.contact_fields import Field
from tests.support.desk import TestDesk


@pytest.mark.parametrize(
    "typed", ["13800138000", "138 0013 8000", "+86 138-0013-8000", "0086 13800138000", "１３８００１３８０００"]
)
def test_one_phone_however_it_is_written(typed: str) -> None:
    assert normalise_phone(typed, "CN") == "+8613800138000"


@pytest.mark.parametrize("typed", ["", "hello", "12", "1" * 41, "+999 123", "@", "\x1b[2J"])
def test_no_phone_at_all(typed: str) -> None:
    assert normalise_phone(typed, "CN") is None


def test_an_extension_keeps_two_people_apart() -> None:
    assert normalise_phone("010-88886666 ext 12", "CN") == "+861088886666;ext=12"
    assert normalise_phone("010-88886666", "CN") == "+861088886666"


@pytest.mark.parametrize(
    ("typed", "normalised"),
    [
        ("Alice@Example.ORG", "Alice@example.org"),
        (" alice@example.org ", "alice@example.org"),
        ("user@Bücher.example.de", "user@xn--bcher-kva.example.de"),
        ("ÜBER@example.org", "ÜBER@example.org"),
        ("not an address", None),
        ("alice@example.org)bob@evil.example.com", None),
        ("a@b", None),
        ("", None),
        ("a" * 300 + "@example.org", None),
        ("a\r\nBcc: b@example.org", None),
    ],
)
def test_addresses_are_strict_as_written_before_the_at_and_idna_after_it(typed: str, normalised: str | None) -> None:
    assert normalise_email(typed) == normalised


@given(st.text(max_size=300))
def test_any_text_is_normalised_or_refused(typed: str) -> None:
    for field in Field:
        normalised = normalise(field, typed, "CN")
        assert normalised is None or field in (Field.MOBILE, Field.EMAIL)
        if normalised is not None:
            assert normalise(field, normalised, "US") == normalised


def test_tokens_are_keyed_by_field_and_by_desk(sqlite_desk: TestDesk) -> None:
    """ASVS 11.4.2."""
    keyring = sqlite_desk.desk.keyring
    token = lookup_token(keyring, Field.EMAIL, "alice@example.org")
    assert token == lookup_token(keyring, Field.EMAIL, "alice@example.org")
    assert len(token) == 32
    others = {
        lookup_token(keyring, Field.MOBILE, "alice@example.org"),
        lookup_token(keyring, Field.EMAIL, "alicf@example.org"),
        reference_token(keyring, "alice@example.org"),
    }
    assert token not in others
    assert len(others) == 3
