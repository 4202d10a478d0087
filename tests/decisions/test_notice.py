"""The letter: what it must hold, and what it must never say."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cs_console.decisions.notice import NoticeFacts, make_notice
from cs_console.decisions.proposal import Proposal
from cs_console.errors import NoticeIncomplete
from cs_console.policy.letter_lines import notice_subject
from cs_console.policy.schema import Pack
from cs_console.policy.templates import render
from tests.decisions.cases import fee, finding, grant, ground, pack, partial, refusal

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
FACTS = NoticeFacts(10_482, datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC), NOW)


def letter(proposal: Proposal) -> str:
    return make_notice(pack(), FACTS, proposal)


def with_template(template: str) -> Pack:
    return pack().model_copy(update={"notice": pack().notice.model_copy(update={"template": template})})


@pytest.mark.parametrize("code", ["S4", "S5", "S6", "D1", "D2", "D3", "D4"])
def test_a_refusal_holds_every_part_the_policy_asks_for(code: str) -> None:
    text = letter(refusal(code, NOW))
    for part in (
        "#10482",
        "1 November 2026",
        "3 November 2026",
        "20 November 2026",
        "Deletion of personal information",
        "Mobile number",
        ground(code).plain_words,
        ground(code).clause,
        ground(code).law,
        pack().notice.complain_inside,
        pack().notice.complain_regulator,
        pack().notice.complain_court,
        pack().meta.contact,
        pack().meta.version,
    ):
        assert part in text


def test_a_partial_answer_says_what_is_granted_and_what_is_not() -> None:
    text = letter(partial("D2", NOW, "browsing"))
    assert "We answer your request for: E-mail address" in text
    assert "We do not answer it for: Browsing, click and search records joined to the account" in text
    assert "Outcome: Granted in part" in text


def test_several_grounds_are_told_each_with_its_fields() -> None:
    both = replace(
        partial("D2", NOW, "browsing"),
        findings=(finding("D2", NOW, "browsing"), finding("S6", NOW, "devices")),
    )
    text = letter(both)
    for code in ("D2", "S6"):
        assert ground(code).plain_words in text
        assert ground(code).clause in text


def test_a_grant_has_no_ground_and_warns_of_what_cannot_be_undone() -> None:
    text = letter(grant("e-mail"))
    assert "Clause of our privacy policy" not in text
    assert pack().rights["delete"].warning in text


def test_a_fee_is_itemised() -> None:
    assert "Fee: CNY 20.00 (copying 12.00, postage 8.00)" in letter(fee(NOW))


def test_a_fee_says_how_and_until_when_to_pay_and_that_the_answer_comes_after() -> None:
    text = letter(fee(NOW))
    assert "Please pay it by 20 December 2026. How to pay: write to us" in text
    assert "We answer once it is paid. If it is not paid by then, we close your request without an answer." in text
    assert "Once the fee is paid we answer your request for: E-mail address" in text
    assert "\nWe answer your request for" not in text
    chinese = letter(replace(fee(NOW), language="zh"))
    assert "请在 2026年12月20日 前（含当日）支付" in chinese
    assert "我们同意您对以下内容的请求" not in chinese


def test_where_the_ticket_is_closed_at_once_no_day_to_pay_is_named() -> None:
    closing = pack().model_copy(update={"fee": pack().fee.model_copy(update={"keeps_open": False})})
    text = make_notice(closing, FACTS, fee(NOW))
    assert "We answer your request for: E-mail address" in text
    assert "pay it by" not in text


@pytest.mark.parametrize("code", ["S1", "S2", "S3"])
def test_the_neutral_letter_names_no_authority_and_not_whether_data_exists(code: str) -> None:
    text = letter(refusal(code, NOW))
    assert pack().notice.neutral_sentence in text
    for word in ("authority", "investigation", "order ", "security", "criminal", "secret", "harm", "refuse", "Refuse"):
        told = text.replace(pack().notice.complain_regulator, "")
        assert word not in told
    assert code not in text
    assert ground(code).title not in text
    assert ground(code).plain_words not in text
    assert ground(code).law not in text
    assert "We do not answer it for" not in text


def test_the_neutral_letter_is_the_same_whatever_the_ground() -> None:
    letters = {letter(refusal(code, NOW)) for code in ("S1", "S2", "S3")}
    letters |= {letter(replace(refusal(code, NOW), neutral=True)) for code in ("S5", "S6")}
    assert len(letters) == 1


def test_the_neutral_letter_does_not_tell_what_was_held_back() -> None:
    letters = {letter(partial("S1", NOW, *fields)) for fields in (("mobile",), ("browsing", "location"))}
    assert len(letters) == 1
    assert "Mobile number" not in letters.pop()


def test_beside_a_hidden_ground_no_other_ground_is_told() -> None:
    mixed = replace(refusal("S2", NOW), findings=(finding("S2", NOW, "mobile"), finding("D2", NOW, "browsing")))
    assert ground("D2").plain_words not in letter(mixed)


@pytest.mark.parametrize("part", ["ticket", "received", "verified", "law", "complain_court", "contact", "date"])
def test_a_template_without_a_required_part_makes_no_letter(part: str) -> None:
    template = pack().notice.template.replace(f"{{{{ {part} }}}}", "")
    with pytest.raises(NoticeIncomplete) as refused:
        make_notice(with_template(template), FACTS, refusal("S4", NOW))
    assert part in refused.value.sentence


@pytest.mark.parametrize(
    "template",
    [
        "{{ nothing }}",
        "{{ ticket",
        "{% for x in ticket %}",
        "{{ ticket.__class__.mro() }}",
        "{{ ticket + 1 }}",
        "{{ 1 / 0 }}",
        "{{ range(10 ** 9) }}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
    ],
)
def test_a_template_that_does_not_work_makes_no_letter(template: str) -> None:
    with pytest.raises(NoticeIncomplete):
        make_notice(with_template(template), FACTS, grant())


def test_templates_run_in_a_sandbox() -> None:
    """ASVS 1.3.3: nothing in a pack's text reaches Python."""
    with pytest.raises(NoticeIncomplete):
        render("{{ ''.__class__.__mro__[1].__subclasses__() }}", {})


def test_the_letter_is_plain_text_without_double_blank_lines() -> None:
    for proposal in (grant(), refusal("S1", NOW), refusal("D2", NOW), fee(NOW)):
        text = letter(proposal)
        assert "\n\n\n" not in text
        assert text.endswith("\n")
        assert "{" not in text


def test_the_subject_carries_the_number() -> None:
    assert notice_subject(pack(), 10_482, "en") == "Answer to your request #10482"
