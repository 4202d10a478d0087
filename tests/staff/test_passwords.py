"""Passwords: what is accepted, and how they are kept (ASVS 6.2.1-12, 11.4.2)."""

from typing import Literal

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from argon2.low_level import Type
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_console.errors import BadPassword
from cs_console.staff import passwords

GOOD = "amber kite ninety lakes"


def test_the_hash_is_argon2id_of_at_least_19_mib_and_two_passes() -> None:
    """ASVS 11.4.2."""
    made = extract_parameters(passwords.hash_password(GOOD))
    assert made.type is Type.ID
    assert made.memory_cost >= 19 * 1024
    assert made.time_cost >= 2
    assert made.parallelism == 1


def test_hashes_of_one_password_differ_and_both_verify(cheap_passwords: None) -> None:
    first, second = passwords.hash_password(GOOD), passwords.hash_password(GOOD)
    assert first != second
    assert passwords.verify(first, GOOD)
    assert passwords.verify(second, GOOD)
    assert not passwords.verify(first, GOOD + " ")


@pytest.mark.parametrize("stored", ["unusable", "", "$argon2id$v=19$broken"])
def test_an_unusable_hash_fits_no_password(stored: str) -> None:
    assert not passwords.verify(stored, GOOD)


def test_without_a_stored_hash_the_same_work_is_done_and_nothing_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """ASVS 6.3.8: an unknown name costs as much as a wrong password: argon2 is asked with the same parameters."""
    asked: list[Parameters] = []
    real = PasswordHasher.verify

    def watched(hasher: PasswordHasher, encoded: str, typed: bytes) -> Literal[True]:
        asked.append(extract_parameters(encoded))
        return real(hasher, encoded, typed)

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    assert not passwords.verify(passwords.hash_password(GOOD), "wrong wrong wrong")
    assert not passwords.verify(None, "wrong wrong wrong")
    assert len(asked) == 2
    assert asked[0] == asked[1]


def test_rehash_is_asked_for_when_parameters_rise(monkeypatch: pytest.MonkeyPatch) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(GOOD)
    assert passwords.needs_rehash(weak)
    assert not passwords.needs_rehash(passwords.hash_password(GOOD))


@pytest.mark.parametrize(
    "password",
    [
        "fourteen chars",
        "short",
        "",
        "密码密码",
    ],
)
def test_fewer_than_15_characters_are_refused(password: str) -> None:
    """ASVS 6.2.1."""
    with pytest.raises(BadPassword, match="at least 15"):
        passwords.check_new(password)


@pytest.mark.parametrize(
    "password",
    [
        "123456789987654321",  # on the list as it stands
        "1QAZ2WSX3EDC4RFV",  # and whatever its case
        "password12345678",  # two of the list in a row
        "customerservice1",  # a word of this place and one of the list
        "hauthomepassword",  # the desk's name
    ],
)
def test_common_passwords_are_refused(password: str) -> None:
    """ASVS 6.2.4, 6.2.11."""
    with pytest.raises(BadPassword, match="common"):
        passwords.check_new(password, "HautHome customer service")


@pytest.mark.parametrize("password", ["aaaaaaaaaaaaaaaaaaaa", "abcabcabcabcabcabc", "passwordpassword"])
def test_repetitions_are_refused(password: str) -> None:
    with pytest.raises(BadPassword, match="repeats itself"):
        passwords.check_new(password)


def test_a_very_long_password_is_refused_before_it_is_hashed() -> None:
    with pytest.raises(BadPassword, match="at most"):
        passwords.check_new("x1 " * 1000)


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "alllowercasewithnothingelse",
        "     fifteen spaces and words     ",
        "电话 邮件 地址 姓名 密码 天气 河流",
        "x9" + "long passphrase " * 8,
    ],
)
def test_there_are_no_composition_rules_and_64_and_more_are_allowed(password: str) -> None:
    """ASVS 6.2.5, 6.2.9: any characters, spaces included."""
    passwords.check_new(password)


def test_composed_and_decomposed_spellings_are_the_same_password(cheap_passwords: None) -> None:
    stored = passwords.hash_password("caf\u00e9 au lait tous les jours")
    assert passwords.verify(stored, "cafe\u0301 au lait tous les jours")


REFUSALS = {
    f"A password needs at least {passwords.SHORTEST} characters.",
    f"A password has at most {passwords.LONGEST} characters.",
    "This password repeats itself.",
    "This password consists of common passwords.",
}
"""Nothing of what was typed stands in any of them."""


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_either_a_password_or_refused_in_one_sentence(text: str) -> None:
    try:
        passwords.check_new(text, "mei")
    except BadPassword as error:
        assert error.sentence in REFUSALS


@settings(max_examples=30, deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_any_text_can_be_hashed_and_verified(text: str) -> None:
    """ASVS 6.2.8: checked exactly as typed, never cut; lone surrogates do not crash."""
    hasher, passwords.HASHER = passwords.HASHER, PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    try:
        stored = passwords.hash_password(text)
        assert passwords.verify(stored, text)
        assert not passwords.verify(stored, text + "x")
    finally:
        passwords.HASHER = hasher
