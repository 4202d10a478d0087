"""The GDPR pack holds what the Regulation says, article by article."""

from datetime import UTC, datetime

import pytest

from cs_console.adoption.pack_check import check_pack
from cs_console.decisions.notice import NoticeFacts, make_notice
from cs_console.decisions.proposal import Finding, Proposal
from cs_console.decisions.rules import shape_problems
from cs_console.errors import GroundKind
from cs_console.policy.loader import SHIPPED, load_pack
from cs_console.policy.schema import Pack
from models.enums import Outcome
from models.roles import Role

FILE = SHIPPED / "gdpr-2018-05.toml"
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
FACTS = NoticeFacts(10_482, NOW, NOW, NOW)


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(FILE)


def test_nothing_is_wrong_with_it() -> None:
    assert check_pack(FILE) == ()


def test_it_is_no_copy_of_another_policy() -> None:
    words = FILE.read_text("utf-8")
    for other in ("HautHome", "V.4", "CNY", "Personal Information Protection", "35273"):
        assert other not in words


def test_the_rights_are_the_regulations(pack: Pack) -> None:
    """Articles 7(3), 15, 16, 17, 18, 20 and 21; only an erasure erases."""
    assert {key: rules.clause for key, rules in pack.rights.items()} == {
        "access": "Article 15",
        "rectification": "Article 16",
        "erasure": "Article 17",
        "restriction": "Article 18",
        "portability": "Article 20",
        "objection": "Article 21",
        "withdrawal": "Article 7(3)",
    }
    assert [key for key, rules in pack.rights.items() if rules.erases] == ["erasure"]


def test_the_grounds_are_the_regulations(pack: Pack) -> None:
    """Articles 11(2), 12(5), 15(4), 17(3), 21(1), 23; nothing for being costly or impractical."""
    assert {ground.code: ground.clause for ground in pack.grounds} == {
        "I1": "Article 11(2)",
        "T1": "Article 15(4)",
        "E1": "Article 17(3)(a)",
        "E2": "Article 17(3)(b)",
        "E3": "Article 17(3)(c)",
        "E4": "Article 17(3)(d)",
        "E5": "Article 17(3)(e)",
        "O1": "Article 21(1)",
        "O2": "Article 21(1)",
        "R1": "Article 23(1)(a)",
        "R2": "Article 23(1)(c)",
        "R3": "Article 23(1)(d)",
        "M1": "Article 12(5)",
        "M2": "Article 12(5)",
        "F": "Article 12(5)(a)",
    }
    words = " ".join(f"{ground.title} {ground.plain_words}" for ground in pack.grounds).casefold()
    assert "technical" not in words
    assert "impractical" not in words


def test_the_rights_of_others_never_cover_a_whole_request(pack: Pack) -> None:
    ground = pack.ground("T1")
    assert ground is not None
    assert ground.partial == "always"


@pytest.mark.parametrize("code", ["E1", "E2", "E3", "E4", "E5"])
def test_what_stands_against_an_erasure_stands_against_nothing_else(pack: Pack, code: str) -> None:
    """Article 17(3)."""
    for right in pack.rights:
        proposal = Proposal(right, Outcome.REFUSE, (), (Finding(code, True, ("orders",)),))
        wrong = [problem for problem in shape_problems(pack, proposal) if problem.refusal is GroundKind]
        assert bool(wrong) is (right != "erasure")
        for problem in wrong:
            assert "Erasure of personal data" in problem.text


def test_a_ground_that_was_found_not_to_apply_stands_against_nothing(pack: Pack) -> None:
    proposal = Proposal("access", Outcome.GRANT, ("orders",), (Finding("E2", False),))
    assert list(shape_problems(pack, proposal)) == []


def test_restrictions_by_law_are_one_to_whoever_may_not_know(pack: Pack) -> None:
    hidden = [ground for ground in pack.grounds if ground.neutral == "always"]
    assert [ground.code for ground in hidden] == ["R1", "R2", "R3"]
    for ground in hidden:
        assert set(ground.approvers) == {Role.PRIVACY_OFFICER, Role.SUPERVISOR}
        assert ground.review_days == pack.legal_review.review_days


def test_a_refusal_names_the_supervisory_authority_the_courts_and_who_may_help(pack: Pack) -> None:
    """Articles 12(4), 77, 79 and 80(1)."""
    text = make_notice(pack, FACTS, Proposal("access", Outcome.REFUSE, (), (Finding("M1", True, ("orders",)),)))
    for article in ("Article 12(5)", "Article 77", "Article 79", "Article 80(1)"):
        assert article in text
