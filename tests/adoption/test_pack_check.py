"""What `policy check` says about a broken pack."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cs_console.adoption.pack_check import Problem, all_problems, check_pack
from cs_console.errors import BadPack
from cs_console.policy.checking import dotted
from cs_console.policy.loader import SHIPPED, load_pack

GOOD = (SHIPPED / "hauthome-2023-08.toml").read_text("utf-8")


def broken(tmp_path: Path, old: str, new: str) -> tuple[Problem, ...]:
    """The findings after one edit of the shipped pack."""
    assert old in GOOD
    file = tmp_path / "hauthome-2023-08.toml"
    file.write_text(GOOD.replace(old, new, 1), "utf-8")
    return check_pack(file)


def line_of(text: str) -> int:
    """The line on which this stands in the shipped pack."""
    return next(at for at, line in enumerate(GOOD.splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("respond_days = 30", "respond_days = -1", "clock.respond_days", "greater than or equal to 0"),
        ("digits = 8", 'digits = "eight"', "verification.code.digits", "valid integer"),
        ('purpose = "ship"', 'purpose = "shp"', "matrix[2].purpose", "did you mean 'ship'?"),
        ('list = "fee"', 'list = "fees"', "grounds[10].list", "did you mean 'fee'?"),
        ('code = "S1"', 'code = "(9)"', "grounds[0].code", "does not have the form"),
        ('code = "S2"', 'code = "S1"', "grounds[1].code", "occurs twice"),
        ('id = "intent"', 'id = "pattern"', "grounds[3].questions[1].id", "occurs twice"),
        ('title = "Trade secrets"', 'title = ""', "grounds[5].title", "is empty"),
        (
            'approvers = ["privacy officer", "supervisor"]\npartial = "yes"\n',
            'approvers = ["supervisor"]\npartial = "yes"\n',
            "grounds[0].approvers",
            "would tell which ground it is",
        ),
        (
            'approvers = ["privacy officer"]\npartial = "yes"\npartial_words = "Give',
            'approvers = ["privacy officer", "privacy officer"]\npartial = "yes"\npartial_words = "Give',
            "grounds[5].approvers",
            "would tell which ground it is",
        ),
        ('partial = "Granted in part"', 'partial = ""', "notice.outcome_words.partial", "is empty"),
        ("[records.account]", "[records.mobile]", "records.mobile", "is among the fields already"),
        (
            'offers = ["fee", "clarification"',
            'offers = ["fee", "clarify"',
            "grounds[6].offers[1]",
            "is not among the offers",
        ),
        (
            'offers = ["fee", "clarification", "narrower"]',
            "offers = []",
            "grounds[6].offers",
            "something to offer first",
        ),
        ('approvers = ["supervisor"]', "approvers = []", "grounds[6].approvers", "no role has to approve it"),
        ("review_days = 180", "review_days = 0", "grounds[3].review_days", "needs a review date"),
        (
            'neutral = "always"\nreview_days = 90',
            'neutral = "always"\nreview_days = 91',
            "grounds[0].review_days",
            "would tell which ground it is",
        ),
        ('law = "GB/T 35273-2020, 8.7"', 'law = ""', "grounds[3].law", "is empty"),
        ("working_days = [1, 2, 3, 4, 5]", "working_days = []", "clock.working_days", "at least 1 item"),
        ('starts = ["received", "verified"]', "starts = []", "clock.starts", "at least 1 item"),
        (
            'plain_words = "Answering would directly concern national',
            'plain_word = "Answering would directly concern national',
            "grounds[0].plain_word",
            "did you mean 'plain_words'?",
        ),
        (
            "{{ granted }}",
            "{{ grantd }}",
            "notice.template",
            "'grantd', which is not a part of this text (did you mean",
        ),
        ("{% if warning %}", "{% if warnings %}", "notice.template", "(did you mean 'warning'?)"),
        ("Fee: {{ fee }}", "No fee", "notice.template", "does not contain {{ fee }}"),
        ("Law: {{ law }}", "", "notice.template", "does not contain {{ law }}"),
        ("Identity verified: {{ verified }}", "{{ verified }", "notice.template", "does not work"),
        ("{% if ground %}", "{% if ground and refused %}", "grounds[0]", "does not contain ground"),
        (
            "is {{ code }}",
            "is {{ cod }}",
            "verification.code.text",
            "names 'cod', which is not a part of this text (did",
        ),
        ("days }} days, so", "dayz }} days, so", "fee.unpaid.text", "(did you mean 'days'?)"),
        ("respond_days = 30", 'respond_days = "30"', "clock.respond_days", "valid integer"),
        ("respond_days = 30", "respond_days = 30.0", "clock.respond_days", "valid integer"),
        ("erases = true", 'erases = "yes"', "rights.delete.erases", "valid boolean"),
        ("erases = true", "erases = 1", "rights.delete.erases", "valid boolean"),
        ('effective = "2023-08-06"', 'effective = "2023-13-45"', "meta.effective", "is not a calendar day"),
        ('effective = "2023-08-06"', "effective = 2023-08-06", "meta.effective", "valid string"),
        ("your code is {{ code }}", "your code is secret", "verification.code.text", "does not contain {{ code }}"),
        ('#{{ ticket }}"\ntemplate', '"\ntemplate', "notice.subject", "does not contain {{ ticket }}"),
    ],
)
def test_each_mistake_is_named_with_line_key_and_words(tmp_path: Path, old: str, new: str, key: str, says: str) -> None:
    found = [problem for problem in broken(tmp_path, old, new) if problem.key == key]
    assert len(found) == 1
    assert says in found[0].message
    line = (tmp_path / "hauthome-2023-08.toml").read_text("utf-8").splitlines()[found[0].line - 1]
    last = key.rpartition(".")[2]
    assert line.strip()
    assert last.partition("[")[0] in line or "questions" in key


def test_a_missing_key_is_told_at_its_table(tmp_path: Path) -> None:
    found = broken(tmp_path, "due_soon_days = 5\n", "")
    assert found == (Problem(line_of("[clock]"), "clock.due_soon_days", "is missing"),)


def test_several_mistakes_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    file = tmp_path / "hauthome-2023-08.toml"
    file.write_text(
        GOOD.replace('purpose = "ship"', 'purpose = "shp"')
        .replace("digits = 8", "digits = 99")
        .replace("due_soon_days", "due_son_days"),
        "utf-8",
    )
    found = check_pack(file)
    assert [problem.key for problem in found] == [
        "matrix[2].purpose",
        "verification.code.digits",
        "clock.due_soon_days",
        "clock.due_son_days",
    ]
    assert [problem.line for problem in found] == sorted(problem.line for problem in found)


def test_a_missing_kind_or_outcome_word_is_told(tmp_path: Path) -> None:
    assert [p.key for p in broken(tmp_path, 'partial = "Granted in part"\n', "")] == ["notice.outcome_words"]


@pytest.mark.parametrize(
    ("table", "key", "says"),
    [
        ("kinds", "report", "kinds: 'report' is missing"),
        ("methods", "documents seen", "verification.methods: 'documents seen' is missing"),
        ("fields", "postcode", "matrix[2].fields[2]: 'postcode' has no entry in fields"),
    ],
)
def test_what_every_pack_needs_is_missed(table: str, key: str, says: str) -> None:
    values = tomllib.loads(GOOD)
    del {**values, **values["verification"]}[table][key]
    assert says in [f"{dotted(place)}: {words}" for place, words in all_problems(values)]


def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    [problem] = broken(tmp_path, "digits = 8", "digits = = 8")
    assert problem.line == line_of("digits = 8")
    assert "not TOML" in problem.message


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "hauthome-2023-08.toml"
    file.write_bytes(b'title = "\xff\xfe"')
    [problem] = check_pack(file)
    assert "not UTF-8" in problem.message


def test_loading_a_broken_pack_names_every_problem(tmp_path: Path) -> None:
    file = tmp_path / "hauthome-2023-08.toml"
    file.write_text(GOOD.replace('purpose = "ship"', 'purpose = "shp"'), "utf-8")
    with pytest.raises(BadPack) as refusal:
        load_pack(file)
    assert refusal.value.problems == ("matrix[2].purpose: 'shp' is not among the purposes (did you mean 'ship'?)",)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, len(GOOD.splitlines()) - 1), new=st.sampled_from(["", "x = 1", "[x]", "]]", '"""', "\x00"]))
def test_whatever_line_is_spoiled_the_check_answers(tmp_path: Path, at: int, new: str) -> None:
    lines = GOOD.splitlines()
    lines[at] = new
    file = tmp_path / "hauthome-2023-08.toml"
    file.write_text("\n".join(lines), "utf-8")
    for problem in check_pack(file):
        assert problem.message
        assert 0 <= problem.line <= len(lines) + 1


def test_what_surrounds_a_reply_is_tried_out_in_each_language(tmp_path: Path) -> None:
    words = '[replies]\nquote = true\nquoted = "On {{ date }}:"\nsignature = "Us"\n\n'
    zh = '[languages.zh.replies]\nquoted = "{{ day }}："\nsignature = "我们"\n\n'
    (problem,) = broken(tmp_path, "[verification]\n", f"{words}{zh}[verification]\n")
    assert problem.key == "languages.zh.replies.quoted"
    assert "'day'" in problem.message
    missing = broken(tmp_path, "[verification]\n", f"{words}[verification]\n")
    assert {one.key for one in missing} == {"languages.zh.replies.quoted", "languages.zh.replies.signature"}
    whole = zh.replace("day", "date")
    assert broken(tmp_path, "[verification]\n", f"{words}{whole}[verification]\n") == ()
