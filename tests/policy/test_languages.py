"""A pack speaks several languages, and a letter one of them."""

import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.adoption.pack_check import all_problems, check_pack
from cs_console.decisions.notice import NoticeFacts, make_notice
from cs_console.decisions.proposal import Fee, Finding, Proposal
from cs_console.policy.checking import dotted
from cs_console.policy.languages import in_language, language_for, said_texts
from cs_console.policy.letter_lines import notice_subject
from cs_console.policy.loader import SHIPPED, load_pack
from cs_console.policy.schema import Pack
from cs_console.settlements.settling_letter import letter_subject, make_letter
from cs_console.settlements.settling_rules import Settling
from models.enums import Outcome

PACKS = {file.stem: load_pack(file) for file in sorted(SHIPPED.glob("*.toml"))}
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
FACTS = NoticeFacts(10_482, datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC), NOW)
HAUTHOME = SHIPPED / "hauthome-2023-08.toml"
OWN_NAMES = re.compile(r"HautHome|GB/T|CNY|EUR")
"""Names of a company, a standard and a currency: the same in every language."""


def pack_named(start: str) -> Pack:
    return next(pack for name, pack in PACKS.items() if name.startswith(start))


def letters(pack: Pack, language: str) -> list[str]:
    """A letter for every right, and for every ground with every right that it can stand against."""
    field, record = next(iter(pack.fields)).value, next(iter(pack.records))
    found = [Proposal(right, Outcome.GRANT, (field, record)) for right in pack.rights]
    for ground in pack.grounds:
        for right in ground.rights or pack.rights:
            if ground.list == "fee":
                fee = Fee("1.00", pack.fee.currency, (("1", "1.00"),), told_before=True)
                found.append(Proposal(right, Outcome.FEE, (record,), (Finding(ground.code, True),), fee))
            else:
                found.append(Proposal(right, Outcome.PARTIAL, (record,), (Finding(ground.code, True, (field,)),)))
                found.append(Proposal(right, Outcome.REFUSE, (), (Finding(ground.code, True, (field,)),)))
    return [make_notice(pack, FACTS, replace(one, language=language)) for one in found]


def settlement_letters(pack: Pack, language: str) -> list[str]:
    """The letter of every way in which a ticket of another kind ends, each with every reason, and its subject."""
    spoken, made = in_language(pack, language), []
    for kind, rules in spoken.kinds.items():
        for key, outcome in rules.workflow.outcomes.items() if rules.workflow else ():
            if outcome.told:
                made.append(letter_subject(spoken, kind, 10_482))
            made.extend(
                make_letter(spoken, kind, Settling(key, {}, reason), 10_482, FACTS.received, FACTS.date)
                for reason in outcome.reasons or ("",)
            )
    assert len(made) > 20
    return [text for text in made if text]


@pytest.mark.parametrize("name", PACKS)
def test_a_chinese_letter_holds_no_english_part(name: str) -> None:
    pack = PACKS[name]
    said = [*letters(pack, "zh"), notice_subject(pack, 10_482, "zh"), *settlement_letters(pack, "zh")]
    said += [in_language(pack, "zh").verification.code.told_text]
    for text in said:
        assert re.search(r"[\u4e00-\u9fff]", text)
        assert not re.findall(r"[A-Za-z]{2,}", re.sub(r"\{\{.*?\}\}", "", OWN_NAMES.sub("", text)))


@pytest.mark.parametrize("name", PACKS)
def test_an_english_letter_holds_no_chinese_part(name: str) -> None:
    for text in letters(PACKS[name], "en") + settlement_letters(PACKS[name], "en"):
        assert not re.search(r"[\u4e00-\u9fff]", text)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("zh", "zh"), ("zh-Hant", "zh"), ("ZH_hant_TW", "zh"), ("en", "en"), ("en-GB", "en"), ("ja", "en"), ("", "en")],
)
def test_a_language_falls_back_to_the_nearest_and_then_to_the_packs_own(asked: str, answered: str) -> None:
    pack = pack_named("hauthome")
    assert language_for(pack, asked) == answered
    [letter] = {make_notice(pack, FACTS, Proposal("access", Outcome.GRANT, ("e-mail",), language=asked))}
    assert ("E-mail address" in letter) is (answered == "en")


def test_dates_and_fees_are_written_as_the_language_writes_them() -> None:
    pack = pack_named("hauthome")
    fee = Fee("20.00", "CNY", (("复印", "12.00"), ("邮寄", "8.00")), told_before=True)
    proposal = Proposal("access", Outcome.FEE, ("e-mail",), (Finding("F", True),), fee, language="zh")
    letter = make_notice(pack, FACTS, proposal)
    assert "收到日期：2026年11月1日" in letter
    assert "费用：CNY 20.00（复印 12.00；邮寄 8.00）" in letter


def test_a_law_that_two_grounds_rest_on_is_named_once() -> None:
    pack = pack_named("hauthome")
    found = tuple(Finding(code, True, (field,)) for code, field in (("S5", "e-mail"), ("D4", "mobile")))
    for language, law in (("en", "GB/T 35273-2020, 8.7"), ("zh", "GB/T 35273-2020 第8.7条")):
        letter = make_notice(pack, FACTS, Proposal("delete", Outcome.PARTIAL, ("name",), found, language=language))
        assert letter.count(law) == 1
        assert ("Article 50" if language == "en" else "第五十条") in letter


def test_every_text_that_requesters_read_is_laid_over() -> None:
    pack = pack_named("hauthome")
    ours, theirs = dict(said_texts(pack)), dict(said_texts(in_language(pack, "zh")))
    assert ours.keys() == theirs.keys()
    assert [path for path in ours if ours[path] == theirs[path]] == []


def hidden(pack: Pack) -> list[str]:
    """The grounds that are always under legal review."""
    return [ground.code for ground in pack.grounds if ground.neutral == "always"]


@given(data=st.data())
def test_no_letter_under_legal_review_differs_by_its_ground_in_any_language(data: st.DataObject) -> None:
    pack = PACKS[data.draw(st.sampled_from(sorted(PACKS)))]
    language = data.draw(st.sampled_from([pack.meta.language, *pack.languages, "ja"]))
    right = data.draw(st.sampled_from(sorted(pack.rights)))
    known = [*(field.value for field in pack.fields), *pack.records]
    granted = tuple(data.draw(st.lists(st.sampled_from(known[:4]), unique=True)))
    said = set()
    for code in hidden(pack):
        held_back = tuple(data.draw(st.lists(st.sampled_from(known[4:]), min_size=1, unique=True)))
        outcome = Outcome.PARTIAL if granted else Outcome.REFUSE
        proposal = Proposal(right, outcome, granted, (Finding(code, True, held_back),), language=language)
        said.add(make_notice(pack, FACTS, proposal))
    may = [ground.code for ground in pack.grounds if ground.neutral == "may" and right in (ground.rights or [right])]
    for code in may:
        outcome = Outcome.PARTIAL if granted else Outcome.REFUSE
        found = (Finding(code, True, (known[5],)),)
        said.add(make_notice(pack, FACTS, Proposal(right, outcome, granted, found, neutral=True, language=language)))
    assert len(said) == 1


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ('comma = "；"\n', "", "languages.zh.notice.comma", "is missing"),
        ('mobile.title = "手机号码"\n', "", "languages.zh.fields.mobile.title", "is missing"),
        ('plain_words = "我们保留', 'plain_word = "我们保留', "languages.zh.grounds.S6.plain_word", "did you mean"),
        ('mobile.title = "手机号码"', "mobile.title = 1", "languages.zh.fields.mobile.title", "is not a text"),
        ('mobile.title = "手机号码"', 'mobile.title = ""', "languages.zh.fields.mobile.title", "is not a text"),
        ('neutral_law = "《', 'required = "《', "languages.zh.notice.required", "not a text that requesters read"),
        ("法律依据：{{ law }}\n", "", "languages.zh.notice.template", "does not contain {{ law }}"),
        ("日期：{{ date }}\n收到", "收到", "languages.zh.notice.template", "does not contain {{ date }}"),
        ("{{ year }}年", "", "languages.zh.notice.date", "does not contain the year"),
        ("您的验证码是 {{ code }}", "您的验证码", "languages.zh.verification.code.text", "does not contain {{ code }}"),
        ('答复（编号 {{ ticket }}）"\n', '答复"\n', "languages.zh.notice.subject", "does not contain {{ ticket }}"),
    ],
)
def test_what_a_language_lacks_is_named_with_line_and_key(
    tmp_path: Path, old: str, new: str, key: str, says: str
) -> None:
    good = HAUTHOME.read_text("utf-8")
    assert old in good
    file = tmp_path / "hauthome-2023-08.toml"
    file.write_text(good.replace(old, new, 1), "utf-8")
    found = [problem for problem in check_pack(file) if problem.key == key]
    assert len(found) == 1
    assert says in found[0].message
    assert found[0].line > good[: good.index("[languages.zh.meta]")].count("\n")


def test_the_packs_own_language_is_no_layer_of_itself() -> None:
    values = tomllib.loads(HAUTHOME.read_text("utf-8"))
    values["meta"]["language"] = "zh"
    said = [f"{dotted(place)}: {words}" for place, words in all_problems(values)]
    assert said == ["languages.zh: is the pack's own language"]
