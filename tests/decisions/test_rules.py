"""What blocks a proposal: the pack's checklist, without any store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.decisions.proposal import (
    Answer,
    Fee,
    Finding,
    Proposal,
    needed_roles,
    proposal_from_json,
    proposal_to_json,
    review_at,
    under_legal_review,
)
from cs_console.decisions.rules import Problem, problems, stale_problems
from cs_console.errors import ChecklistIncomplete, ConsoleError, FeeUnreasonable, GroundKind, WrongList
from cs_console.policy.loader import SHIPPED, load_pack
from models.enums import Outcome
from models.roles import Role
from tests.decisions.cases import answered, fee, finding, grant, ground, pack, partial, refusal

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
REFUSING = ("S1", "S2", "S3", "S4", "S5", "S6", "D1", "D2", "D3", "D4")


def complete(code: str) -> Proposal:
    """A complete proposal on that ground."""
    made = fee(NOW) if code == "F" else refusal(code, NOW)
    if code == "D1":
        return replace(made, findings=(replace(made.findings[0], evidence=("#10401",)),))
    return made


def found(proposal: Proposal) -> list[Problem]:
    return list(problems(pack(), proposal, NOW))


def first(proposal: Proposal) -> type[ConsoleError]:
    return found(proposal)[0].refusal


@pytest.mark.parametrize("code", [*REFUSING, "F"])
def test_a_complete_checklist_passes_on_every_ground(code: str) -> None:
    assert found(complete(code)) == []


def test_a_plain_grant_passes() -> None:
    assert found(grant("e-mail", "orders")) == []


@pytest.mark.parametrize("code", [*REFUSING, "F"])
def test_every_question_has_to_be_answered(code: str) -> None:
    whole = complete(code)
    for missing in range(len(whole.findings[0].answers)):
        answers = whole.findings[0].answers
        without = replace(whole.findings[0], answers=answers[:missing] + answers[missing + 1 :])
        [problem] = found(replace(whole, findings=(without,)))
        assert problem.refusal is ChecklistIncomplete
        assert ground(code).questions[missing].text in problem.text
        assert problem.text.endswith("has no answer.")


@pytest.mark.parametrize("filler", ["", "  ", "-", "N/A", "?", "...", "无", "!!", "x"])
def test_fillers_are_no_answer(filler: str) -> None:
    assert first(answered(complete("S1"), "authority", filler)) is ChecklistIncomplete


@pytest.mark.parametrize("code", [*REFUSING, "F"])
def test_a_plain_no_where_the_ground_needs_yes_contradicts_it(code: str) -> None:
    for question in ground(code).questions:
        for word in question.contradicts:
            [problem] = found(answered(complete(code), question.id, word.upper() + "."))
            assert "contradicts" in problem.text


def test_a_plain_no_in_other_words_contradicts_too() -> None:
    assert "contradicts" in found(answered(complete("S1"), "direct", "否"))[0].text


def test_a_yes_or_no_question_wants_one_of_them() -> None:
    assert "needs yes or no" in found(answered(complete("S1"), "direct", "perhaps"))[0].text


def test_a_date_question_wants_a_date() -> None:
    assert "needs a date" in found(answered(complete("S3"), "until", "next spring"))[0].text


@pytest.mark.parametrize(("code", "question"), [("S3", "until"), ("D4", "overwritten")])
def test_a_day_that_has_come_is_no_day_to_wait_for(code: str, question: str) -> None:
    for day in ("2026-01-01", f"{NOW:%Y-%m-%d}"):
        [problem] = found(answered(complete(code), question, day))
        assert problem.text.endswith("needs a day in the future.")
    tomorrow = answered(complete(code), question, f"{NOW + timedelta(days=1):%Y-%m-%d}")
    assert found(tomorrow) == []
    assert list(stale_problems(pack(), tomorrow, NOW)) == []
    [late] = stale_problems(pack(), tomorrow, NOW + timedelta(days=1))
    assert late.text.endswith("names a day that has passed since.")


@pytest.mark.parametrize("code", [*REFUSING, "F"])
def test_a_stale_answer_has_to_be_given_again(code: str) -> None:
    for question in ground(code).questions:
        given = next(a.text for a in complete(code).findings[0].answers if a.question == question.id)
        days = timedelta(days=question.stale_days)
        assert found(answered(complete(code), question.id, given, NOW - days)) == []
        old = answered(complete(code), question.id, given, NOW - days - timedelta(seconds=1))
        [problem] = found(old)
        assert f"more than {question.stale_days} days ago" in problem.text
        assert [p.text for p in stale_problems(pack(), old, NOW)] == [problem.text]


def test_an_answer_from_the_future_is_refused() -> None:
    old = complete("S1").findings[0].answers[0]
    assert "future" in found(answered(complete("S1"), old.question, old.text, NOW + timedelta(hours=1)))[0].text


@pytest.mark.parametrize("code", [*REFUSING, "F"])
def test_evidence_is_needed_and_counted_once(code: str) -> None:
    whole = complete(code)
    needed = ground(code).evidence.items
    for evidence in ((), (" -",), (whole.findings[0].evidence[0],) * (needed - 1)):
        poorer = replace(whole, findings=(replace(whole.findings[0], evidence=evidence),))
        assert any("evidence is missing" in problem.text for problem in found(poorer))


def test_malice_needs_two_different_pieces_of_evidence() -> None:
    same = finding("S4", NOW, "mobile", evidence=("the mail of 3 May", " The  MAIL of 3 may "))
    assert "2 different items" in found(Proposal("delete", Outcome.REFUSE, (), (same,)))[0].text


def test_rudeness_alone_is_not_malice() -> None:
    assert "contradicts" in found(answered(complete("S4"), "more", "no"))[0].text


@pytest.mark.parametrize("code", ["D1", "D2", "D3", "D4"])
def test_a_discretionary_ground_needs_an_offer_before(code: str) -> None:
    whole = complete(code)
    bare = replace(whole, findings=(replace(whole.findings[0], offers=()),))
    assert "needs an offer first" in found(bare)[0].text
    other = replace(whole, findings=(replace(whole.findings[0], offers=("lottery",)),))
    assert "not an offer" in found(other)[0].text


@pytest.mark.parametrize("code", ["S1", "S2", "S3", "S4", "S5", "S6"])
def test_a_statutory_ground_cannot_be_used_as_discretionary(code: str) -> None:
    whole = complete(code)
    first_finding = whole.findings[0]
    for wrong in (
        replace(first_finding, offers=("clarification",)),
        replace(first_finding, used_as="discretionary"),
        replace(first_finding, answers=(*first_finding.answers, Answer("offer", "declined", NOW))),
    ):
        assert first(replace(whole, findings=(wrong,))) is GroundKind


@pytest.mark.parametrize("code", ["D1", "D2", "D3", "D4"])
def test_a_discretionary_ground_cannot_be_used_as_statutory(code: str) -> None:
    whole = complete(code)
    first_finding = whole.findings[0]
    for wrong in (
        replace(first_finding, used_as="statutory"),
        replace(first_finding, answers=(*first_finding.answers, Answer("direct", "yes", NOW))),
    ):
        assert first(replace(whole, findings=(wrong,))) is GroundKind


def test_a_fee_is_no_reason_to_refuse_a_field() -> None:
    whole = fee(NOW)
    wrong = replace(whole, findings=(replace(whole.findings[0], fields=("mobile",)),))
    assert first(wrong) is GroundKind


@pytest.mark.parametrize("code", ["(9)", "E9", "e1", "9", "I.(3)(4)", "exception 5", "(1)"])
def test_a_consent_exception_is_no_ground(code: str) -> None:
    wrong = replace(complete("S1"), findings=(replace(complete("S1").findings[0], ground=code),))
    assert first(wrong) is WrongList


@pytest.mark.parametrize("code", ["S7", "X", "", "(10)", "D0", "S1 "])
def test_an_unknown_ground_is_not_taken_for_anything_else(code: str) -> None:
    wrong = replace(complete("S1"), findings=(replace(complete("S1").findings[0], ground=code),))
    assert first(wrong) is ChecklistIncomplete


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (replace(complete("S1"), outcome=Outcome.GRANT), "Name the fields that are granted"),
        (replace(complete("S1"), granted=("e-mail",)), "choose partial"),
        (replace(grant("e-mail"), outcome=Outcome.PARTIAL), "No ground applies"),
        (replace(grant("e-mail"), outcome=Outcome.REFUSE, granted=()), "No ground applies"),
        (replace(partial("S4", NOW), outcome=Outcome.GRANT), "A ground applies"),
        (
            replace(partial("S4", NOW), granted=("e-mail", "mobile")),
            "Sufficient evidence of malice or abuse of rights covers fields that are also granted: Mobile number.",
        ),
        (replace(grant("e-mail"), neutral=True), "no ground here allows it"),
        (replace(complete("S4"), neutral=True), "no ground here allows it"),
        (replace(grant("e-mail"), request="delte"), "Say what was asked for"),
        (replace(grant("e-mail"), granted=("emial",)), "is not among the pack's fields"),
        (grant("e-mail", "e-mail"), "granted twice"),
        (replace(fee(NOW), fee=None), 'Record the fee and its cost: under Grounds, "Fee for repeated'),
        (replace(fee(NOW), outcome=Outcome.PARTIAL, fee=None), "Record the fee"),
        (replace(grant("e-mail"), outcome=Outcome.FEE), "Record the fee"),
        (replace(partial("S4", NOW), fee=fee(NOW).fee), 'A fee needs its own ground: under Grounds, "Fee'),
        (replace(grant("e-mail"), fee=fee(NOW).fee), "There is a fee, but the outcome is grant"),
        (replace(complete("D4"), outcome=Outcome.REFUSE, granted=()), "Live systems are always answered"),
    ],
)
def test_contradictions_are_named(wrong: Proposal, says: str) -> None:
    assert any(says in problem.text for problem in found(wrong)), found(wrong)


def test_a_ground_for_the_whole_request_covers_no_part_of_it() -> None:
    whole = ground("S4").model_copy(update={"partial": "no"})
    rules = pack().model_copy(update={"grounds": (whole,)})
    assert [problem.text for problem in problems(rules, refusal("S4", NOW), NOW)] == []
    [problem] = problems(rules, partial("S4", NOW), NOW)
    assert "either the whole request or none of it" in problem.text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"evidence": tuple(f"item {n}" for n in range(21))}, "evidence is too long"),
        ({"evidence": ("the mail of 3 May", "x" * 2001)}, "evidence is too long"),
        ({"answers": (*complete("S4").findings[0].answers, Answer("colour", "red", NOW))}, "does not ask 'colour'"),
        ({"answers": complete("S4").findings[0].answers * 2}, "is answered twice"),
    ],
)
def test_evidence_and_answers_are_bounded_and_asked_for(changes: dict[str, Any], says: str) -> None:
    whole = complete("S4")
    wrong = replace(whole, findings=(replace(whole.findings[0], **changes),))
    assert says in found(wrong)[0].text


def test_an_answer_has_a_longest_length() -> None:
    assert found(answered(complete("S4"), "intent", "x" * 2000)) == []
    assert "is too long" in found(answered(complete("S4"), "intent", "x" * 2001))[0].text


def test_yes_can_be_said_in_other_languages() -> None:
    assert found(answered(complete("S1"), "direct", "是")) == []


def test_a_ground_that_does_not_apply_covers_nothing_and_is_answered_once() -> None:
    not_applying = Finding("S5", applies=False)
    assert found(replace(complete("S4"), findings=(complete("S4").findings[0], not_applying))) == []
    naming = Finding("S5", applies=False, fields=("name",))
    assert "does not apply" in found(replace(grant("e-mail"), findings=(naming,)))[0].text
    twice = replace(complete("S4"), findings=complete("S4").findings * 2)
    assert "answered twice" in found(twice)[0].text


def test_a_ground_has_to_say_which_fields_it_covers() -> None:
    whole = complete("S1")
    bare = replace(whole, findings=(replace(whole.findings[0], fields=()),))
    assert "say to which fields" in found(bare)[0].text


def test_earlier_tickets_are_numbers() -> None:
    whole = complete("D1")
    for evidence in ("the one in May", "9999999999"):
        wrong = replace(whole, findings=(replace(whole.findings[0], evidence=(evidence,)),))
        assert "ticket numbers" in found(wrong)[0].text


def test_a_fee_above_the_recorded_cost_is_unreasonable() -> None:
    assert found(fee(NOW, "20.00")) == []
    assert first(fee(NOW, "20.01")) is FeeUnreasonable


@given(
    cents=st.lists(st.integers(0, 10_000), min_size=1, max_size=6),
    over=st.integers(1, 5000),
)
def test_no_fee_exceeds_the_sum_of_its_items_by_a_cent(cents: list[int], over: int) -> None:
    items = tuple((f"item {n}", f"{c // 100}.{c % 100:02}") for n, c in enumerate(cents))
    total = sum(cents)
    above, exact = total + over, total

    def with_amount(amount: int) -> Proposal:
        cost = Fee(f"{amount // 100}.{amount % 100:02}", "CNY", items, True)
        return replace(fee(NOW), fee=cost)

    assert FeeUnreasonable in {problem.refusal for problem in found(with_amount(above))}
    assert FeeUnreasonable not in {problem.refusal for problem in found(with_amount(exact))}


@pytest.mark.parametrize("amount", ["", "0", "0.00", "-5", "1e9", "NaN", "5.001", "ten", "１２"])
def test_a_fee_needs_a_plain_amount(amount: str) -> None:
    assert first(fee(NOW, amount)) is ChecklistIncomplete


def test_a_fee_has_to_be_told_before_itemised_and_in_the_packs_currency() -> None:
    assert "informed of the fee before" in found(fee(NOW, told=False))[0].text
    assert "item by item" in found(replace(fee(NOW), fee=Fee("0.01", "CNY", (), True)))[0].text
    [unpriced] = found(replace(fee(NOW), fee=Fee("0.01", "CNY", (("Work 30.00", ""),), True)))
    assert unpriced.text == 'A cost item has no amount like 12.50: write "item: cost", one per line.'
    assert "CNY" in found(replace(fee(NOW), fee=Fee("1", "EUR", (("copying", "1"),), True)))[0].text
    assert "name of a cost item" in found(replace(fee(NOW), fee=Fee("1", "CNY", (("x" * 2001, "1"),), True)))[0].text
    assert "no amount" in found(replace(fee(NOW), fee=Fee("1", "CNY", (("copying", "one"),), True)))[0].text


def test_the_needed_roles_are_the_most_that_one_ground_asks_of_each() -> None:
    both = Proposal("delete", Outcome.REFUSE, (), (finding("S4", NOW, "mobile"), finding("D2", NOW, "browsing")))
    assert sorted(needed_roles(pack(), both)) == [Role.PRIVACY_OFFICER, Role.SUPERVISOR]
    assert needed_roles(pack(), complete("D2")) == (Role.SUPERVISOR,)
    assert needed_roles(pack(), grant()) == ()


def test_two_places_of_one_role_mean_two_people() -> None:
    two = ground("D2").model_copy(update={"approvers": (Role.SUPERVISOR, Role.SUPERVISOR)})
    rules = pack().model_copy(update={"grounds": (two,)})
    assert needed_roles(rules, complete("D2")) == (Role.SUPERVISOR, Role.SUPERVISOR)


def test_legal_review_asks_the_same_of_every_ground() -> None:
    hidden = [complete(code) for code in ("S1", "S2", "S3")]
    hidden += [replace(complete(code), neutral=True) for code in ("S5", "S6")]
    assert all(under_legal_review(pack(), one) for one in hidden)
    assert len({needed_roles(pack(), one) for one in hidden}) == 1
    assert len({review_at(pack(), one, NOW) for one in hidden}) == 1
    assert not under_legal_review(pack(), complete("S5"))
    soon = answered(complete("S3"), "until", f"{NOW + timedelta(days=2):%Y-%m-%d}")  # none of the others is asked it
    assert review_at(pack(), soon, NOW) == review_at(pack(), complete("S1"), NOW)


def test_a_pack_that_looks_at_nothing_again_under_legal_review_has_no_such_date() -> None:
    never = pack().model_copy(update={"legal_review": pack().legal_review.model_copy(update={"review_days": 0})})
    assert review_at(never, complete("S1"), NOW) is None


def test_a_ground_is_looked_at_again_on_the_day_until_which_it_holds() -> None:
    gdpr = load_pack(SHIPPED / "gdpr-2018-05.toml")

    def review(until: str) -> datetime | None:
        answers = (Answer("until", until, NOW),)
        return review_at(gdpr, Proposal("access", Outcome.REFUSE, (), (Finding("E2", True, (), answers),)), NOW)

    assert review("2027-03-01") == datetime(2027, 2, 28, 23, tzinfo=UTC)  # midnight in Berlin
    assert review("2029-03-01") == NOW + timedelta(days=180)
    assert review_at(pack(), complete("D4"), NOW) is None  # a discretionary ground has no review


PROPOSALS = st.builds(
    Proposal,
    request=st.text(max_size=20),
    outcome=st.sampled_from(Outcome),
    granted=st.lists(st.text(max_size=9), max_size=3).map(tuple),
    findings=st.lists(
        st.builds(
            Finding,
            ground=st.sampled_from(["S1", "D1", "(9)", "F", ""]) | st.text(max_size=5),
            applies=st.booleans(),
            fields=st.lists(st.text(max_size=9), max_size=3).map(tuple),
            answers=st.lists(
                st.builds(Answer, question=st.text(max_size=9), text=st.text(), at=st.just(NOW)), max_size=3
            ).map(tuple),
            evidence=st.lists(st.text(), max_size=3).map(tuple),
            offers=st.lists(st.text(max_size=9), max_size=2).map(tuple),
        ),
        max_size=4,
    ).map(tuple),
    fee=st.none()
    | st.builds(
        Fee,
        amount=st.text(max_size=9),
        currency=st.text(max_size=4),
        items=st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=3).map(tuple),
        told_before=st.booleans(),
    ),
    neutral=st.booleans(),
    language=st.text(max_size=3),
)


@given(PROPOSALS)
def test_any_proposal_survives_json_and_is_judged_without_a_crash(proposal: Proposal) -> None:
    assert proposal_from_json(proposal_to_json(proposal)) == proposal
    assert all(problem.text for problem in found(proposal))


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"request": 1}', "{"])
def test_what_is_no_proposal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        proposal_from_json(text)
