"""Words are found however they are written: in capitals, with accents or without, as one or several, in any script."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.tickets.search.words import LONGEST, words_of


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("I want two REFUNDS.", "refund"),
        ("your policy", "policies"),
        ("both addresses", "Address"),
        ("Die Rückerstattungen fehlen", "ruckerstattung"),
        ("Zwei Häuser", "haus"),
        ("Hauptstraße", "HAUPTSTRASSE"),
        ("Le colis de Zoë, un café", "CAFÉ"),
        ("un cafe\u0301", "café"),
        ("l'adresse", "adresse"),
        ("Łódź", "lodz"),
        ("請問退款何時到帳", "退款"),
        ("我要退款", "退款"),
        ("返品したいのですが", "返品"),
        ("ｶﾒﾗが壊れました", "カメラ"),
        ("환불을 요청합니다", "환불"),
        ("возвраты", "ВОЗВРАТЫ"),
        ("ขอเงินคืน", "เงินคืน"),
        ("मेरी वापसी हिन्दी में", "हिन्दी"),
        ("أُريدُ اِسترداد", "أريد"),
        ("order A-12345/B", "12345"),
        ("my iPhone手机坏了", "手机"),
    ],
)
def test_a_word_is_found_as_people_write_it(text: str, typed: str) -> None:
    assert words_of(typed)
    assert words_of(typed) <= words_of(text)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("refund", "fund"),
        ("退回商品", "退款"),
        ("か", "が"),
        ("Kasse", "Klasse"),
        ("हिन्दी", "हिन्द"),
        ("order", "border"),
    ],
)
def test_other_words_are_not_found(text: str, typed: str) -> None:
    assert not (words_of(typed) and words_of(typed) <= words_of(text))


def test_words_that_every_text_has_and_single_characters_are_left_out() -> None:
    assert words_of("What is the refund for, und wer ist der Kunde? 退 a 7") == words_of("refund wer Kunde")
    assert words_of("the of und 退 !") == frozenset()


@given(st.text())
def test_any_text_has_words_of_two_characters_at_least_and_none_too_long(text: str) -> None:
    assert all(1 < len(word) <= LONGEST + 1 for word in words_of(text))


@given(st.text(alphabet="abcdenrsy", min_size=4, max_size=12), st.sampled_from(["s", "es", "en", "n", "er"]))
def test_an_ending_makes_no_other_word(word: str, ending: str) -> None:
    if not word.endswith("y"):
        assert words_of(word + "zz") == words_of(word + "zz" + ending)


@pytest.mark.parametrize("piece", ["e", "er", "\u0315\u0300", "\uff9e\u0300", "\u0344\u0315"])
def test_no_text_makes_its_words_take_the_square_of_its_length(piece: str) -> None:
    """Done otherwise, a million letters of any of these take an hour, in which no other thread runs."""
    begun = process_time()
    words_of(f"refund a{piece * (200_000 // len(piece))}x")
    assert process_time() - begun < 5


@pytest.mark.parametrize("many", ["\u0315\u0300" * 100, "-" * 100, "\uff9e\u0300" * 100])
def test_words_on_both_sides_of_many_marks_are_found(many: str) -> None:
    assert words_of(f"refund a{many} café") >= words_of("refund cafe")
