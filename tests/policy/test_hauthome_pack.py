"""The HautHome pack holds what the policy says, list by list."""

import pytest

from cs_console.adoption.pack_check import check_pack
from cs_console.policy.loader import SHIPPED, load_pack
from cs_console.policy.schema import Pack
from models.contact_fields import Field
from models.enums import TicketKind, VerificationMethod
from models.roles import Role

FILE = SHIPPED / "hauthome-2023-08.toml"


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(FILE)


def test_nothing_is_wrong_with_it() -> None:
    assert check_pack(FILE) == ()


def test_the_three_lists_stay_apart(pack: Pack) -> None:
    """V.4 (six and four, a fee beside them) and I.(3) (nine) are different lists."""
    codes = {name: [g.code for g in pack.grounds if g.list == name] for name in ("statutory", "discretionary", "fee")}
    assert codes == {
        "statutory": ["S1", "S2", "S3", "S4", "S5", "S6"],
        "discretionary": ["D1", "D2", "D3", "D4"],
        "fee": ["F"],
    }
    assert [item.number for item in pack.consent_exceptions] == list(range(1, 10))
    assert [item.number for item in pack.consent_exceptions if item.needs_citation] == [9]


@pytest.mark.parametrize(
    ("code", "roles", "items"),
    [
        ("S1", {Role.PRIVACY_OFFICER, Role.SUPERVISOR}, 1),
        ("S2", {Role.PRIVACY_OFFICER, Role.SUPERVISOR}, 1),
        ("S3", {Role.PRIVACY_OFFICER, Role.SUPERVISOR}, 1),
        ("S4", {Role.PRIVACY_OFFICER, Role.SUPERVISOR}, 2),
        ("S5", {Role.PRIVACY_OFFICER}, 1),
        ("S6", {Role.PRIVACY_OFFICER}, 1),
        ("D1", {Role.SUPERVISOR}, 1),
        ("D2", {Role.SUPERVISOR}, 1),
        ("D3", {Role.SUPERVISOR}, 1),
        ("D4", {Role.SUPERVISOR}, 1),
        ("F", {Role.SUPERVISOR}, 1),
    ],
)
def test_each_ground_has_its_approvers_and_evidence(pack: Pack, code: str, roles: set[Role], items: int) -> None:
    ground = pack.ground(code)
    assert ground is not None
    assert set(ground.approvers) == roles
    assert ground.evidence.items == items
    assert len(ground.questions) >= 2
    assert ground.clause.startswith("V.4")


def test_only_what_could_tip_off_is_neutral(pack: Pack) -> None:
    neutral = {ground.code: ground.neutral for ground in pack.grounds}
    assert {code for code, word in neutral.items() if word == "always"} == {"S1", "S2", "S3"}
    assert {code for code, word in neutral.items() if word == "may"} == {"S5", "S6"}


def test_every_statutory_ground_has_a_review_date_and_every_discretionary_one_an_offer(pack: Pack) -> None:
    for ground in pack.grounds:
        assert (ground.review_days > 0) == (ground.list == "statutory")
        assert bool(ground.offers) == (ground.list == "discretionary")


def test_the_clock_and_the_code_have_the_policys_numbers(pack: Pack) -> None:
    code = pack.verification.code
    assert pack.clock.respond_days == 30
    assert pack.clock.starts == ("received", "verified")
    assert (pack.clock.extension, pack.clock.identity_stops, pack.clock.ends_on_working_day) == (None, False, False)
    assert {rules.first_response_working_days for rules in pack.kinds.values()} == {15}
    assert (code.digits, code.minutes, code.tries) == (8, 10, 3)
    assert (code.sends_per_hour, code.sends_per_day, code.agent_sends_per_hour) == (3, 5, 20)
    assert (code.lock_hours, code.contact_recent_days, pack.verification.window_minutes) == (24, 30, 30)
    assert code.fields == (Field.MOBILE, Field.EMAIL)
    assert set(pack.verification.methods) == set(VerificationMethod)


def test_addresses_are_seen_only_to_ship_to_write_or_for_a_right(pack: Pack) -> None:
    """I.(2)1: recipient data is for shipping; an appeal or a report never needs an address to reply."""
    purposes = {row.purpose for row in pack.matrix if Field.ADDRESS in row.fields}
    assert purposes == {"ship", "letter", "correct", "answer-right"}
    assert Field.ADDRESS not in {f for row in pack.rows_for(TicketKind.REPORT) for f in row.fields}


def test_contact_fields_always_wait_for_a_verification(pack: Pack) -> None:
    for row in pack.matrix:
        if not row.verified:
            assert set(row.fields) <= {Field.SUBJECT, Field.MESSAGE}


def test_sensitive_fields_are_marked(pack: Pack) -> None:
    """I, intro: mobile, e-mail, account name, order and location data are sensitive."""
    for field in (Field.MOBILE, Field.EMAIL, Field.NICKNAME):
        assert pack.fields[field].sensitive
    assert all(pack.records[key].sensitive for key in ("account", "orders", "location", "browsing"))


def test_kinds_know_words_in_several_languages(pack: Pack) -> None:
    for rules in pack.kinds.values():
        words = " ".join(rules.words)
        assert any(sign > "\u4e00" for sign in words)
        assert any("a" <= sign <= "z" for sign in words)
        assert all(word == word.casefold() for word in rules.words)
