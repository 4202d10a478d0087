"""What a requester is called by people: the beginning of their pseudonym in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cs_console.access_log.aliases import DIGITS, FIRST, NUMBERS, SECOND, alias_of, pseudonym_of_alias
from cs_console.access_log.review import entries, parse_log_filter
from models.enums import Action
from models.roles import Role
from tests.access_log.tampering import ENTRIES, fill, hand
from tests.support.desk import TestDesk


@given(some.text("0123456789abcdef", min_size=16, max_size=16))
def test_an_alias_is_the_beginning_of_a_pseudonym(pseudonym: str) -> None:
    assert pseudonym_of_alias(alias_of(pseudonym)) == pseudonym[:DIGITS]
    assert pseudonym_of_alias(alias_of(pseudonym).upper()) == pseudonym[:DIGITS]
    assert pseudonym_of_alias(alias_of(pseudonym).replace(" ", "-")) == pseudonym[:DIGITS]


def test_no_two_beginnings_share_an_alias() -> None:
    assert len(FIRST) == len(set(FIRST)) == len(SECOND) == len(set(SECOND)) == 256
    assert not set(FIRST) & set(SECOND)
    assert 256 * 256 * NUMBERS == 16**DIGITS


@pytest.mark.parametrize(
    "text",
    ["", "mei", "quiet-otter", "quiet-otter-", "quiet-otter-4096", "quiet-otter-x", "otter-quiet-1", "a-b-1", "-"],
)
def test_what_is_no_alias_finds_no_one(text: str) -> None:
    assert pseudonym_of_alias(text) is None


def test_the_log_shows_aliases_and_finds_entries_by_them(test_desk: TestDesk) -> None:
    fill(test_desk, 10)
    ines = test_desk.session("ines", Role.SUPERVISOR)
    page = entries(ines, parse_log_filter("ticket:10482"))
    alias = alias_of("ab12cd34ef56ab78")
    assert {entry.alias for entry in page.entries if entry.action == Action.VIEW_ENDED} == {alias}
    for typed in (f'requester:"{alias}"', f"requester:{alias.replace(' ', '-')}"):
        found = entries(ines, parse_log_filter(typed)).entries
        assert found
        assert {entry.requester for entry in found} == {"ab12cd34ef56ab78"}
    assert {entry.requester for entry in ENTRIES} > {"ab12cd34ef56ab78"}


def test_who_was_erased_has_no_alias_any_more(test_desk: TestDesk) -> None:
    fill(test_desk, 10)
    with hand(test_desk) as store:
        store.run("UPDATE log_entry SET action = 'requester.erased' WHERE seq = 1")
    ines = test_desk.session("ines", Role.SUPERVISOR)
    page = entries(ines, parse_log_filter("ticket:10482"))
    assert {entry.alias for entry in page.entries} == {""}
    assert {entry.alias for entry in entries(ines, parse_log_filter("ticket:10484")).entries} == {
        alias_of("ab99cd34ef56ab78")
    }


def test_an_entry_with_an_edited_requester_is_shown_all_the_same(test_desk: TestDesk) -> None:
    fill(test_desk, 5)
    with hand(test_desk) as store:
        store.run("UPDATE log_entry SET requester = 'no hex' WHERE seq = 1")
    page = entries(test_desk.session("ines", Role.SUPERVISOR), parse_log_filter("ticket:10482"))
    assert "no hex" in {entry.alias for entry in page.entries}
