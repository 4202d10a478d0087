"""A pack's texts name parts and ask whether there are any; whatever else they try is refused before it runs."""

import pytest

from cs_console.errors import NoticeIncomplete
from cs_console.policy.templates import LONGEST, render

PARTS = {"law": "the law", "fee": ""}


def test_parts_and_questions_about_them_are_filled_in() -> None:
    template = "{% if fee %}fee {{ fee }}{% elif law == 'the law' and not fee %}by {{ law }}{% else %}none{% endif %}\n"
    assert render(template, PARTS) == "by the law\n"


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 'x' * 10 ** 9 }}",
        "{{ law * 999999999 }}",
        "{{ law | center(10 ** 9) }}",
        "{{ ''.__class__ }}",
        "{{ law.upper() }}",
        "{{ lipsum(n=100000) }}",
        "{% set law = 'x' %}{{ law }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include '/etc/passwd' %}",
        "{% extends law %}",
        "{{ [law, law] }}",
    ],
)
def test_what_could_run_long_grow_or_reach_out_is_refused_unrun(template: str) -> None:
    with pytest.raises(NoticeIncomplete, match="line 1 contains more than"):
        render(template, PARTS)


def test_what_comes_out_too_long_is_refused() -> None:
    with pytest.raises(NoticeIncomplete, match="longer than"):
        render("{{ law }}" * LONGEST, PARTS)


def test_questions_nested_too_deep_are_refused_in_a_sentence() -> None:
    deep = 300
    with pytest.raises(NoticeIncomplete):
        render("{% if law %}" * deep + "{% endif %}" * deep, PARTS)
