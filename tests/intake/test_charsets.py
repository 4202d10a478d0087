"""Bytes that name no charset, or one that no one knows, become the words that were written."""

import pytest

from cs_console.intake.charsets import text_of

WRITTEN = [
    ("cp1252", "Hei, jeg har et spørsmål om ordren min"),
    ("cp1252", "Perché il mio account è stato bloccato?"),
    ("cp1252", "Schöne Grüße aus Köln"),
    ("cp1251", "Прошу удалить мои персональные данные"),
    ("koi8_r", "Прошу удалить мои персональные данные"),
    ("cp1253", "Παρακαλώ διαγράψτε τα προσωπικά μου δεδομένα"),
    ("cp1255", "אני מבקש למחוק את המידע האישי שלי. החשבון שלי נחסם"),
    ("cp1256", "أرجو حذف بياناتي الشخصية. تم حظر حسابي"),
    ("cp874", "กรุณาลบข้อมูลส่วนบุคคลของผม"),
    ("gb18030", "您好，我叫张喆，请删除我的账户。"),
    ("big5", "您好，請刪除我的個人資料，謝謝。"),
    ("cp932", "個人情報の削除をお願いします。①"),
    ("euc_jp", "個人情報の削除をお願いします。"),
    ("iso2022_jp", "個人情報の削除をお願いします。"),
    ("euc_kr", "제 개인정보를 삭제해 주시기 바랍니다."),
    ("utf-8", "Zażółć gęślą jaźń – łączę wyrazy szacunku"),
]


@pytest.mark.parametrize("claimed", ["", "x-unknown", "x-no-such-charset"])
@pytest.mark.parametrize(("codec", "words"), WRITTEN)
def test_words_in_no_charset_that_is_known_are_read(codec: str, words: str, claimed: str) -> None:
    assert text_of(words.encode(codec), claimed) == words


@pytest.mark.parametrize(("codec", "words"), WRITTEN)
def test_a_long_letter_of_them_is_read_though_its_sample_cuts_a_letter(codec: str, words: str) -> None:
    letter = f"{words}\n" * 2000
    assert text_of(letter.encode(codec)) == letter


def test_utf_8_without_a_break_and_with_a_letter_cut_off_is_read() -> None:
    words = "请删除我的账户。" * 10_000
    assert text_of(words.encode()) == words
    lines = f"{words[:80]}\n" * 1_000
    assert text_of(lines.encode()[:-2]) == f"{lines[:-2]}�"


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x1b$", b"\x1b$B\x80", bytes(range(256)), b"\xe4\xf6\xfc" * 100_000])
def test_anything_is_read(data: bytes) -> None:
    assert isinstance(text_of(data), str)
