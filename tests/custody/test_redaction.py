"""Redaction: personal data goes, words stay, and no text makes it slow."""

import re
from time import process_time

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from benchmarks.letters import Letter, letters
from benchmarks.redaction import hidden_words, leaks
from cs_console.custody.cards_in_text import passes_luhn
from cs_console.custody.order_numbers import is_of_an_order
from cs_console.custody.redaction import PIECE, REST, hidden_spans, redact
from cs_console.plain_text import plain
from models.contact_fields import Field

REGIONS = ("CN", "HK", "TW", "US", "GB", "DE", "FR", "ES", "JP")
TWO_PIECES = 2 * PIECE
"""Pieces are searched one by one: two show how long any number of them takes, before `redact` gives up on the rest."""
TWO_PIECES_SECONDS = 2
"""One search that took quadratic time would need several times that; this leaves room for a slow and busy machine."""
MEBIBYTE = 1 << 20
MEBIBYTE_SECONDS = 8


@pytest.fixture(scope="module")
def redacted() -> list[tuple[Letter, str]]:
    return [(letter, redact(letter.text, REGIONS)) for letter in letters()]


@pytest.mark.parametrize("kind", ["phone", "email", "card", "iban", "ip", "id", "link"])
def test_98_in_100_of_each_kind_are_hidden(redacted: list[tuple[Letter, str]], kind: str) -> None:
    values = [(value, out) for letter, out in redacted for marked, value in letter.secrets if marked == kind]
    missed = [(value, out) for value, out in values if leaks(value, out)]
    assert len(missed) <= 0.02 * len(values), missed


def test_at_most_1_in_200_plain_words_are_hidden(redacted: list[tuple[Letter, str]]) -> None:
    assert hidden_words([letter for letter, _ in redacted], [out for _, out in redacted]) <= 0.005


@pytest.mark.core
def test_dates_times_prices_and_order_numbers_stay() -> None:
    text = "Order 202611200001 of 2026-11-20 14:33, 20.11.2026 and 11/20/2026: 1,234.56 EUR for 3 lamps, app 1.2.3"
    assert redact(text, REGIONS) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("card 4111 1111 1111 1111 ok", "card [card ····1111] ok"),
        ("4111111111111111", "[card ····1111]"),
        ("4111111111111112", "4111111111111112"),
        ("手机13800138000，邮箱a.b@example.com", "手机[mobile]，邮箱[e-mail]"),
        ("call (202) 555-0143", "call [phone]"),
        ("tel 0171/3920012", "tel [mobile]"),
        ("see https://example.org/a?b=c@d.de.", "see [link]."),
        ("see (http://x.example/a) there", "see ([link]) there"),
        ("example.com/path, not foo.txt or e.g. this", "[link], not foo.txt or e.g. this"),
        ("from 10.0.0.1 and 2001:db8::1 at 12:30:45", "from [ip] and [ip] at 12:30:45"),
        ("IBAN DE89 3704 0044 0532 0130 00 bitte", "IBAN [iban] bitte"),
        ("DE88 3704 0044 0532 0130 00", "DE88 3704 0044 0532 0130 00"),
        ("身份证11010519491231002X。", "身份证[id]。"),
        ('"john doe"@example.org', "[e-mail]"),
        ("138 0013 8000 139 0013 9000", "[mobile] [mobile]"),
        ("+00 4111111111111111", "+00 [card ····1111]"),
        ("desk: +41 (0)44 555 61 70", "desk: [phone]"),
        ("fax 312-555-0176x902", "fax [phone]"),
        ("call 212-555-0143 ext. 12 now", "call [phone] now"),
        ("分机是021-5555-0176转66", "分机是[phone]"),
        ("in Recife at (81) 93555-0176.", "in Recife at [phone]."),
        ("Phone:\n555 0176 at noon", "Phone:\n[phone] at noon"),
        ("IBAN: DE34 9876 5432 1098 7654 32 bitte", "IBAN: [iban] bitte"),
        ("AHV 756.1111.2222.31.", "AHV [id]."),
    ],
)
@pytest.mark.core
def test_what_stands_in_place_of_each(text: str, shown: str) -> None:
    assert redact(text, REGIONS) == shown


@pytest.mark.parametrize("mark", ["\u200b", "\u202a", "\u2060", "\u00ad"])
def test_invisible_characters_hide_no_number(mark: str) -> None:
    """Pasted numbers come wrapped in direction marks; plain() has named them before redaction sees the text."""
    number = mark.join("+8613800138000")
    assert redact(plain(f"call {mark}{number}{mark} now"), REGIONS).replace(plain(mark), "") == "call [mobile] now"
    assert "138" not in redact(f"call {number} now", REGIONS)


def test_the_requesters_own_values_go_however_they_are_written() -> None:
    known = (
        (Field.NAME, "Mei Lin"),
        (Field.NAME, "王小明"),
        (Field.NICKNAME, "mei_88"),
        (Field.MOBILE, "+8613800138000"),
        (Field.EMAIL, "alice@example.org"),
        (Field.ADDRESS, "12 Long Lane, Springfield"),
    )
    text = "MEI LIN (mei_88, Lin) 我是王小明。 138 0013-8000, Alice@Example.org, long lane? 12  Long Lane; springfield"
    out = redact(text, (), known)
    assert out == ("[name] ([nickname], [name]) 我是[name]。 [mobile], [e-mail], long lane? [address]; [address]")


def test_parts_of_a_name_in_any_order_hide_what_stands_after_them() -> None:
    known = ((Field.NAME, "Alice Example"), (Field.ADDRESS, "Rose Cottage, Long Lane 12"))
    text = "Alice met Example of long lane 12, rose cottage, not Alice: bob@example.org, 07700 900123. Bye"
    shown = "[name] met [name] of [address], [address], not [name]: [e-mail], [phone]. Bye"
    assert redact(text, REGIONS, known) == shown


@given(st.lists(st.sampled_from(["Alice", "Quimby", "Rose Cottage", "met", "a@b.example", "07700 900123"]), max_size=8))
@settings(max_examples=100, deadline=None)
def test_known_values_and_found_ones_are_hidden_wherever_they_stand(words: list[str]) -> None:
    known = ((Field.NAME, "Alice Quimby"), (Field.ADDRESS, "Rose Cottage, Long Lane 12"))
    blocks = {"Alice": "[name]", "Quimby": "[name]", "Rose Cottage": "[address]", "met": "met"}
    found = {"a@b.example": "[e-mail]", "07700 900123": "[phone]"}
    shown = " | ".join({**blocks, **found}[word] for word in words)
    assert redact(" | ".join(words), ("GB",), known) == shown


@pytest.mark.parametrize("text", ["meilinda", "Linden", "hamei lind", "mei_880"])
def test_known_names_are_word_bounded(text: str) -> None:
    assert redact(text, (), ((Field.NAME, "Mei Lin"), (Field.NICKNAME, "mei_88"))) == text


def test_nothing_known_and_nothing_typed() -> None:
    assert redact("", REGIONS) == ""
    assert redact("hello", REGIONS, ((Field.NAME, ""), (Field.NICKNAME, "x"), (Field.MOBILE, "12"))) == "hello"


@pytest.mark.parametrize(
    "text",
    [
        "Meine Bestellung 447102 ist da, die Bestellnummer ist 12345678.",
        "You cancelled my order 447102. My order number is 5551234567, tell me 12345.",
        "Ticket #10482, [#10482], case no. 2125550143, ref: 07700900123, invoice 0171 is not here",
        "commande n° 0612345678, pedido número 612345678, 订单号是13800138000",
        "Die Sendungsnummer ist 00340434161094042557.",
        "The contract was over 447102.93 USD, 1,234,567.50 EUR and 0.99, 请退还订单金额 447102.60 元。",
    ],
)
def test_order_and_ticket_numbers_and_amounts_stay(text: str) -> None:
    """DECISIONS.md, 24."""
    assert redact(text, REGIONS) == text


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_is_taken_and_words_without_digits_or_signs_stay(text: str) -> None:
    labels = {span.label for span in hidden_spans(text, REGIONS)}
    if not re.search(r"[\d@.:\[⟨零〇一二三四五六七八九十百幺]|\bat\b|arroba", plain(text), re.IGNORECASE):
        assert labels <= {"name", "messenger"}  # what words alone introduce
    if not labels:
        assert redact(text, REGIONS) == text


@example("A0", "", "13800138000")
@example("0A", "", "13800138000")
@example("00 A0", "", "13800138000")
@given(
    st.text(max_size=60),
    st.text(max_size=60),
    st.sampled_from(["13800138000", "+49 171 3920012", "a.b@example.org", "4111 1111 1111 1111", "10.20.30.40"]),
)
@settings(max_examples=200, deadline=None)
def test_whatever_surrounds_a_value_it_is_hidden(before: str, after: str, value: str) -> None:
    assume(not is_of_an_order(f"{before} ", len(before) + 1))  # those stay, as a test above says
    out = redact(f"{before} {value} {after}", REGIONS)
    assert out.count(value) <= (before + after).count(value)


@given(st.text("0123456789", min_size=1, max_size=30))
def test_luhn_agrees_with_the_library(digits: str) -> None:
    from stdnum import luhn

    assert passes_luhn(digits) == luhn.is_valid(digits)


KNOWN = ((Field.NAME, "Mei Lin"), (Field.NAME, "王小明"), (Field.MOBILE, "+77777777777"), (Field.NICKNAME, "a.b"))


@pytest.mark.parametrize(
    "unit",
    [
        "7", "@", "a@", "1 ", "1-", "1.", "(1", "+1 ", "138001380001 ", "4444 ", "123-45 ", "DE89 ", "AB12 34 ", "a.",
        ":", "a:", "http://", "王@", '"@', " at ", " at a dot", "a" * 64 + "@", "110105194912310021 ", "⟨200B⟩1",
        "my sister Ann ", "Mr ", "address 1 Ab, ", "1 Ab Lane, ", "Abweg 1 ", "rue Ab 1, ", "born 1.1.", "IBAN AB12 ",
        "Regards\n", "号1", "市路1号", "王先生", "我妈妈王", "微信a1", "12.3.87 C ", "account 1 ", "passport a1 ",
        "AB1 2CD ",
        "Mei ", "Mei-", "M e i ", "May ", "1\ufe0f\u20e3", "王 ", "[", "\u0660", "x", " ", "\n",
    ],
)  # fmt: skip
def test_hostile_text_takes_no_longer_than_its_length(unit: str) -> None:
    text = (unit * (TWO_PIECES // len(unit) + 1))[:TWO_PIECES]
    began = process_time()
    redact(text, REGIONS, KNOWN)
    assert process_time() - began < TWO_PIECES_SECONDS


def test_many_pieces_take_no_longer_than_their_length() -> None:
    """What is done for each piece must not grow with the whole text."""
    began = process_time()
    out = redact("138001380001 " * (MEBIBYTE // 13), REGIONS, KNOWN)
    assert process_time() - began < MEBIBYTE_SECONDS
    assert REST not in out


def test_a_text_full_of_different_numbers_has_all_of_them_hidden() -> None:
    """Past a budget of looks every long run of digits goes unasked: slow texts do not buy visible numbers."""
    text = " ".join(f"138{at:08d}" for at in range(20_000))
    assert not re.search(r"\d{7}", redact(text, REGIONS))
