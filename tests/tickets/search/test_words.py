"""Words are found however they are written: in capitals, with accents or without, as one or several, in any script."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_console.tickets.search.words import LONGEST, forms_of, indexed_words, sought_words, words_of


def finds(typed: str, text: str) -> bool:
    """Whether what was typed finds that text."""
    there, sought = indexed_words(text), sought_words(typed)
    return bool(sought) and all(there.intersection(forms_of(word)) for word in sought)


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
        ("Größe 38", "grosse"),
        ("Die Rückerstattung fehlt", "Rueckerstattungen"),
        ("zwei Haeuser", "Häuser"),
        ("Rück\u00ader\u200bstattung", "rückerstattung"),
        ("order 286543 of today", "286543"),
        ("ｏｒｄｅｒ　２８６５４３", "order 286543"),
        ("الطلب ٢٨٦٥٤٣", "طلب 286543"),
        ("أريد استرداد المبلغ لرحلة", "مبلغ لرحله"),
        ("می\u200cخواهم", "میخواهم"),
        ("\u202eorder\u202c", "order"),
        ("two queues of heroes", "queue hero"),
        ("blues and shoes", "blue shoe"),
        ("my e-mail", "email"),
        ("An email came", "E-Mail"),
        ("Zwei T-Shirts", "tshirt"),
        ("a second-hand lamp", "second hand"),
        ("write to first.last@example", "first.last@example"),
        ("สั่งซื้อสินค้าเลขที่ ๒๘๖", "สินค้า 286"),
        ("葛\ufe00飾区に届きません", "葛飾区"),
        ("주문번호를 모릅니다", "주문번호"),
    ],
)
def test_a_word_is_found_as_people_write_it(text: str, typed: str) -> None:
    assert words_of(typed)
    assert words_of(typed) <= words_of(text)
    assert finds(typed, text)


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
    assert not finds(typed, text)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("two refunds", "refun*"),
        ("one refund", "refun*"),
        ("the word refun", "refun*"),
        ("refunded", "REFUND*"),
        ("Rücksendeetikett", "rücksende*"),
        ("Rucksend", "rücksend*"),
        ("contracts", "contract*"),
        ("возвратом", "возврат*"),
        ("order A-286543/B", "28654*"),
        ("the refunded 退款 of today", "refun* 退款*"),
    ],
)
def test_a_star_finds_every_word_that_begins_so(text: str, typed: str) -> None:
    assert finds(typed, text)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("two refunds", "refus*"),
        ("rucksacks", "rücksende*"),
        ("refund", "refun"),
        ("a refun", "refund*"),
        ("contract", "contracts*"),
    ],
)
def test_a_star_finds_no_word_that_begins_otherwise(text: str, typed: str) -> None:
    assert not finds(typed, text)


def test_words_that_every_text_has_and_single_characters_are_left_out() -> None:
    assert words_of("What is the refund for, und wer ist der Kunde? 退 a 7") == words_of("refund wer Kunde")
    assert words_of("the of und 退 !") == frozenset()


@given(st.text())
def test_any_text_has_words_of_two_characters_at_least_and_none_too_long(text: str) -> None:
    assert all(1 < len(word) <= LONGEST + 1 for word in indexed_words(text))


@given(st.text())
def test_any_text_finds_itself(text: str) -> None:
    assert {form for word in sought_words(text.replace("*", " ")) for form in forms_of(word)} <= indexed_words(text)


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
