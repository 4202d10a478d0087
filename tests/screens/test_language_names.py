"""Languages are shown by their names."""

import pytest

from cs_console.intake.languages import language_of
from screens.ticket.language_names import language_name


@pytest.mark.parametrize(
    ("tag", "name"), [("de", "German"), ("zh-Hant", "Chinese (Hant)"), ("tlh", "tlh"), ("", ""), ("en", "English")]
)
def test_a_tag_by_its_name(tag: str, name: str) -> None:
    assert language_name(tag) == name


@pytest.mark.parametrize(
    "text", ["请提供我的个人信息", "個人情報を教えてください", "мої дані", "הנתונים שלי", "ข้อมูลของฉัน", "δεδομένα"]
)
def test_each_language_that_is_guessed_has_a_name(text: str) -> None:
    tag = language_of(text, "")
    assert tag != "en"
    assert language_name(tag) != tag
