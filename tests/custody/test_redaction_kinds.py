"""What has to be introduced or has a shape of its own is hidden, and nothing that only resembles it."""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import measurements
from benchmarks.labelled import Case, Labelled, own_cases
from benchmarks.redaction import REGIONS, WELL_FORMED, hidden_by_mistake, missed, other_words
from cs_console.custody.folding import Span
from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.redaction import hidden_spans, redact
from models.contact_fields import Field

KINDS = (
    "PHONE", "EMAIL", "CARD", "IBAN", "ID", "PASSPORT", "ACCOUNT", "MESSENGER", "ADDRESS", "BIRTH", "PERSON"
)  # fmt: skip


@pytest.fixture(scope="module")
def read() -> list[tuple[Case, list[Span]]]:
    return [(case, hidden_spans(case.text, REGIONS)) for case in own_cases()]


def test_the_set_is_large_and_in_many_languages(read: list[tuple[Case, list[Span]]]) -> None:
    sentences = {case.text for case, _ in read}
    assert len(sentences) >= 600
    assert sum(not case.spans for case, _ in read) >= 200


@pytest.mark.core
@pytest.mark.parametrize("kind", KINDS)
def test_of_each_kind_enough_is_hidden_whole(read: list[tuple[Case, list[Span]]], kind: str) -> None:
    values = sum(span.kind == kind for case, _ in read for span in case.spans)
    kept = [case.text for case, hidden in read for span in missed(case, hidden) if span.kind == kind]
    assert values >= 40
    assert len(kept) <= (0.02 if kind in WELL_FORMED else 0.15) * values, kept


def test_hardly_any_other_word_is_hidden(read: list[tuple[Case, list[Span]]]) -> None:
    mistakes = [(words, case.text) for case, hidden in read if (words := hidden_by_mistake(case, hidden))]
    assert sum(len(words) for words, _ in mistakes) <= 0.005 * sum(other_words(case) for case, _ in read), mistakes


def test_what_was_redacted_is_not_redacted_again(read: list[tuple[Case, list[Span]]]) -> None:
    for case, _ in read:
        once = redact(case.text, REGIONS)
        assert redact(once, REGIONS) == once


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("My neighbor Harriet Bloomquist has it.", "My neighbor [name] has it."),
        ("Ask Mrs Larkspur, please.", "Ask Mrs [name], please."),
        ("Sehr geehrte Frau Dr. Ahrenholz,", "Sehr geehrte Frau Dr. [name],"),
        ("Regards,\nHarriet Bloomquist", "Regards,\n[name]"),
        ("Viele Grüße\nharriet", "Viele Grüße\n[name]"),
        ("mi tía Leocadia Bravo Ruiz vive lejos", "mi tía [name] vive lejos"),
        ("我奶奶梁桂芳不会上网", "我奶奶[name]不会上网"),
        ("请转告彭女士", "请转告[name]女士"),
        ("娘の千尋がお世話になりました", "娘の[name]がお世話になりました"),
        ("deliver to 31 Gooseberry Lane, Ripon HG4 1ZZ, thanks", "deliver to [address], thanks"),
        ("in die Fichtenallee 9, 01099 Dresden, geliefert", "in die [address], geliefert"),
        ("au 6 impasse des Merles, 29200 Brest.", "au [address]."),
        ("寄到苏州市姑苏区平江路66号2栋101室。", "寄到[address]。"),
        ("Passport number: P4471029", "Passport number: [passport]"),
        ("Meine Kontonummer lautet 4471029381", "Meine Kontonummer lautet [account]"),
        ("mein Threema: harri_et7", "mein Threema: [messenger]"),
        ("born on 4 May 1979", "born on [date of birth]"),
        ("1979年5月4日出生", "[date of birth]出生"),
        ("ring +44 161\n4960123 please", "ring [phone] please"),
        ("手机一三九零零一三九零零零", "手机[mobile]"),
        ("an (030) 23125 77 Durchwahl 12", "an [phone]"),
        ("IBAN: DE12 3456 7890 1234 5678 9", "IBAN: [iban]"),
        ("The address is 31 Gooseberry, Block 4, Ripon.", "The address is [address]."),
        ("PO Box 4471, Ripon, TX 75001", "[address]"),
        ("in der Straße des 3. Juni 12, 01099 Dresden", "in der [address]"),
        ("in der Fichtengasse 9/2/14, 1010 Wien", "in der [address]"),
        ("Rua das Faias, 44, apto 7, Niterói - RJ, 24999-010.", "[address]."),
        ("成都市青羊区柳荫街12号", "[address]"),
        ("the passport I sent shows P4471029", "the passport I sent shows [passport]"),
        ("Code guichet 00447, transit number 447", "Code guichet [account], transit number [account]"),
        ("支店番号は447です", "支店番号は[account]です"),
        ("escribid a buzon arroba ejemplo.es", "escribid a [e-mail]"),
        ("nata nel 1° maggio 1979", "nata nel [date of birth]"),
        ("née en mai 1979", "née en [date of birth]"),
        ("Herr Sonntag und Frau Ehrenstand", "Herr [name] und Frau [name]"),
        ("收件人：梁小川", "收件人：[name]"),
        ("王明月女士", "[name]女士"),
        ("please ask for Xiomara Quimby", "please ask for [name]"),
        ("Es grüßt\nXiomara Quimby", "Es grüßt\n[name]"),
        ("order 4111 1111 1111 1111", "order [card ····1111]"),
    ],
)
def test_what_stands_in_place_of_each(text: str, shown: str) -> None:
    assert redact(text, REGIONS) == shown


@pytest.mark.parametrize(
    "text",
    [
        "My sister never asked for it, my brother did not want it.",
        "Mr and Mrs are printed on it. Dear Sir or Madam, please cancel nothing.",
        "My name is not on the list. My name is missing.",
        "Regards,\nYour customer service team",
        "Thanks,\nNo",
        "I am not Sure. I am Angry About It.",
        "The birthday present of 14/11/2026 was late, the order was placed on 02/11/2026.",
        "Auf der Straße 5 Tage, am Platz 3 Stunden.",
        "Meine Mutter Nicht Gefragt.",
        "我妈妈不要这个。先生，请不要取消。",
        "Konto und Karte sind gesperrt, die Rechnung 4471029 nicht.",
        "Telegram and WhatsApp do not work, line 12 neither.",
        "Delivered (2026-11-14), paid (14.11.2026) and seen on (11/14/2026).",
        "Read it in MS\nExcel, and ask Bernhard M.",
        "Codes P29RH and K7Z1TF are printed on it, RF18 5390 0754 7034 is the reference.",
        "The passport photo costs 12.50 EUR, the card 4 EUR.",
        "Contract no. 44-7102-938, serial SN-44710-2938, tracking 1Z 999 AA1 01 2345 6784",
        "Vertragsnummer 0171 3920012, DHL 2065550143, commande n° 06 12 34 56 78, 注文番号 090-1234-5678",
        "Do you deliver to HG4 1ZZ?",
        "注文番号 447-1029381-4471009, nota fiscal 000.447.102, 製造番号は00447102",
        "我在建设路5号店买的，客户明确要求退款。",
        "My bank said no to 4471 of them, the branch has 1029.",
        "The e-mail address is wrong, the address on invoice 4471 too.",
        "C'est Pas Possible. Please ask for No Refund.",
        "客户编号 4471029381，金额 447102.93 元，商品 44710 件",
    ],
)
def test_what_only_resembles_one_stays(text: str) -> None:
    assert redact(text, REGIONS) == text


def test_an_introduced_name_never_takes_meaning_away() -> None:
    text = "My friend Never Asked. My name is Do Not Delete. Frau Nicht Löschen\nRegards,\nDo Not"
    assert redact(text, REGIONS) == text


def test_no_block_is_redacted_again_whatever_is_known() -> None:
    blocks = "[messenger] [date of birth] [hidden] [account] [passport] [name] [address]"
    known = KnownTerms(((Field.NAME, "Messenger Passport"),), (), ("Birth Hidden", "Address Account"))
    assert redact(blocks, REGIONS, known) == blocks


def test_what_is_known_is_hidden_beside_what_is_introduced() -> None:
    known = ((Field.NAME, "Xiomara Quimby"),)
    out = redact("My name is Xiomara Quimby, my sister is Harriet Bloomquist.", REGIONS, known)
    assert out == "My name is [name], my sister is [name]."


def test_a_set_of_its_own_can_be_measured(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    cases = (
        {"text": "Call 020 7946 0123 now", "spans": [{"kind": "PHONE", "start": 5, "end": 18}]},
        {"text": "the colour of rain", "spans": [{"kind": "PERSON", "start": 4, "end": 10}]},
        {"text": "order 447102", "spans": []},
    )
    path.write_text("".join(f"{json.dumps(case)}\n" for case in cases), encoding="utf-8")
    lines = {str(line["kind"]): line for line in (one.as_json() for one in measurements("redaction", [], path))}
    assert set(lines) == {"PHONE", "PERSON", "all well-formed", "all introduced"}
    assert (lines["PHONE"]["recall"], lines["PERSON"]["recall"]) == (1.0, 0.0)
    for line in lines.values():
        assert {"name", "size", "console_ms", "baseline_ms", "ratio", "p95_ms", "precision", "hidden_words"} <= set(
            line
        )


def test_a_value_that_is_hidden_only_in_part_counts_as_missed() -> None:
    case = Case("020 7946 0123", ())
    span = [Span(0, 8, "phone")]
    assert not missed(case, span)
    whole = Case(case.text, (Labelled("PHONE", 0, 13),))
    assert [one.kind for one in missed(whole, span)] == ["PHONE"]
