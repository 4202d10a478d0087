"""Bytes that name no charset, a wrong one, or one that no one knows, become the words that were written."""

import pytest

from cs_console.intake.charsets import header_text, read_text, text_of

WRITTEN = [
    ("cp1252", "Hei, jeg har et spørsmål om ordren min"),
    ("cp1252", "Perché il mio account è stato bloccato?"),
    ("cp1252", "Schöne Grüße aus Köln"),
    ("cp1252", "Où est passée ma commande ?"),
    ("cp1252", "¿Dónde está mi pedido? Mañana"),
    ("cp1250", "Proszę usunąć moje dane osobowe, dziękuję"),
    ("cp1250", "Kde je moje zásilka? Děkuji"),
    ("iso8859-2", "Proszę o usunięcie moich danych. Łączę wyrazy szacunku"),
    ("iso8859-2", "Žádám o výmaz osobních údajů"),
    ("iso8859-2", "Dlaczego moje konto jest zablokowane? Proszę o pomoc"),
    ("cp1250", "Paczka przyszła uszkodzona, moja paczka"),
    ("cp1250", "Szeretném megváltoztatni a címemet"),
    ("cp1254", "Hesabım neden kapatıldı?"),
    ("cp1251", "Прошу удалить мои персональные данные"),
    ("cp1251", "Где мой заказ?"),
    ("koi8_r", "Прошу удалить мои персональные данные"),
    ("koi8_r", "Верните деньги"),
    ("cp1253", "Παρακαλώ διαγράψτε τα προσωπικά μου δεδομένα"),
    ("cp1251", "ЗАКАЗ НЕ ПРИШЁЛ"),
    ("koi8_r", "ЗАКАЗ НЕ ПРИШЁЛ"),
    ("cp1251", "Чому мій акаунт заблоковано?"),
    ("cp1253", "Ξέχασα τον κωδικό"),
    ("cp1254", "Siparişim nerede? Teşekkürler"),
    ("cp1255", "אני מבקש למחוק את המידע האישי שלי. החשבון שלי נחסם"),
    ("cp1255", "איפה ההזמנה שלי?"),
    ("cp1256", "أرجو حذف بياناتي الشخصية. تم حظر حسابي"),
    ("cp1256", "نسيت كلمة المرور"),
    ("cp874", "กรุณาลบข้อมูลส่วนบุคคลของผม"),
    ("gb18030", "您好，我叫张喆，请删除我的账户。"),
    ("gb18030", "退款在哪里"),
    ("gb18030", "快递"),
    ("big5", "您好，請刪除我的個人資料，謝謝。"),
    ("big5", "密碼忘記了"),
    ("cp932", "個人情報の削除をお願いします。①"),
    ("cp932", "商品が届きません"),
    ("cp932", "パスワードを忘れました"),
    ("euc_jp", "個人情報の削除をお願いします。"),
    ("euc_jp", "よろしくお願いいたします。"),
    ("iso2022_jp", "個人情報の削除をお願いします。"),
    ("euc_kr", "제 개인정보를 삭제해 주시기 바랍니다."),
    ("euc_kr", "환불 요청"),
    ("utf-8", "Zażółć gęślą jaźń – łączę wyrazy szacunku"),
    ("cp1257", "Sveiki, mano siunta vėluoja jau savaitę"),
    ("cp1257", "Pakeiskite mano adresą"),
    ("cp1257", "Pamiršau slaptažodį"),
    ("cp1257", "Jūsu darbinieki neatbild uz zvaniem"),
    ("cp1257", "Labdien! Lūdzu, izdzēsiet manus personas datus."),
    ("cp1257", "Tere, ma ei saa oma kontole sisse logida. Lugupidamisega, Jüri Šmidt"),
    ("iso8859-13", "Noriu grąžinti prekę, ji atėjo sugadinta"),
    ("cp932", "ｼｮｳﾋﾝｶﾞﾄﾄﾞｷﾏｾﾝ"),
    ("cp932", "ﾔﾏﾀﾞ ﾊﾅｺ"),
    ("cp932", "ｶ)ﾔﾏﾀﾞ ｼｮｳｼﾞ"),
    ("euc_jp", "ｱﾘｶﾞﾄｳ"),
    ("gb18030", "退款"),
    ("gb18030", "换货"),
    ("big5", "退貨"),
    ("big5", "投訴"),
    ("cp932", "返品"),
    ("cp932", "解約"),
    ("euc_jp", "退会"),
    ("euc_kr", "환불"),
    ("euc_kr", "삭제"),
]
WESTERN = [
    "La città è già in ritardo, però non so perché",
    "Je vous prie de supprimer mes données à caractère personnel, Françoise Lefèvre",
    "Straßenbahnfahrer müssen größere Schlüssel prüfen",
    "Añadí mi teléfono, ¿pueden ayudarme mañana? Su número es el 5º",
    "Não consigo aceder à minha conta, informações por favor, João",
    "Vær så snill å slette mine opplysninger",
    "Ég vil láta eyða gögnunum mínum, þakka ykkur fyrir það",
    "It is 50 £ and not 20 €",
    "Das Café an der Ecke kostet £30 oder 20 °C, „Danke“ – Zoë",
    "Olá",
    "déçu",
    "20 €",
    "JÄÄ HYVÄÄ YÖTÄ",
]


@pytest.mark.parametrize("claimed", ["", "x-unknown", "x-no-such-charset", "utf-8", "us-ascii"])
@pytest.mark.parametrize(("codec", "words"), WRITTEN)
def test_words_in_no_charset_that_is_known_are_read(codec: str, words: str, claimed: str) -> None:
    assert text_of(words.encode(codec), claimed) == words


@pytest.mark.parametrize(("codec", "words"), WRITTEN)
def test_a_wrong_claim_of_western_is_not_believed(codec: str, words: str) -> None:
    assert text_of(words.encode(codec), "iso-8859-1") == words


@pytest.mark.parametrize(("codec", "words"), [("cp874", "สวัสดี"), ("cp1251", "МЕНІ"), ("gb18030", "优惠")])
def test_a_few_letters_are_not_taken_for_kana_of_half_width(codec: str, words: str) -> None:
    assert text_of(words.encode(codec)) == words


@pytest.mark.parametrize("claimed", ["iso-8859-1", "windows-1252", ""])
@pytest.mark.parametrize("words", WESTERN)
def test_western_text_stays_western(words: str, claimed: str) -> None:
    assert text_of(words.encode("cp1252"), claimed) == words


@pytest.mark.parametrize(
    ("codec", "claimed", "words"),
    [
        ("big5", "gb2312", "您好，請刪除我的個人資料，謝謝。"),
        ("gb18030", "big5", "您好，请删除我的账户，谢谢。"),
        ("cp932", "euc-jp", "個人情報の削除をお願いします。"),
        ("euc_jp", "iso-2022-jp", "個人情報の削除をお願いします。"),
        ("koi8_r", "windows-1251", "Прошу удалить мои персональные данные"),
        ("utf-8", "gb2312", "您好，请删除我的个人信息，谢谢。"),
        ("utf-8", "iso-8859-2", "Łączę wyrazy szacunku"),
        ("utf-8", "koi8-r", "Прошу удалить"),
    ],
)
def test_a_claim_that_cannot_be_true_is_not_believed(codec: str, claimed: str, words: str) -> None:
    assert text_of(words.encode(codec), claimed) == words


@pytest.mark.parametrize(
    ("claimed", "data", "words"),
    [
        ("windows-31j", "㈱山田です①".encode("cp932"), "㈱山田です①"),
        ("x-sjis", "髙橋".encode("cp932"), "髙橋"),
        ("iso-2022-jp", b"\x1b$B-!ElKL\x1b(B", "①東北"),
        ("iso-2022-jp", b"\x1b$B|b66\x1b(B", "髙橋"),
        ("iso-2022-jp-ms", b"\x1b$B-j\x1b(B\x1b$B;3ED\x1b(B", "㈱山田"),
        ("iso-2022-jp", b"\x0e\x3c\x2e\x33\x0f ok", "ｼｮｳ ok"),
        ("shift_jis", "ﾍﾝｷﾝ".encode("cp932"), "ﾍﾝｷﾝ"),
        ("cp50221", b"\x1b(I1265\x1b(B ok", "ｱｲｶｵ ok"),
        ("x-euc-jp", b"\xad\xa1\xc5\xec\xcb\xcc", "①東北"),
        ("ks_c_5601-1987", "똠방각하".encode("cp949"), "똠방각하"),
        ("x-gbk", "朱镕基".encode("gbk"), "朱镕基"),
        ("gb2312", "張喆 㐀".encode("gb18030"), "張喆 㐀"),
        ("big5", "碁 ①".encode("big5hkscs"), "碁 ①"),
        ("iso-8859-8-i", "שלום".encode("cp1255"), "שלום"),
        ("hz-gb-2312", b"~{D:CN~}", "暮梦"),
        ("utf-8", "환불 요청".encode("iso2022_kr"), "환불 요청"),
        ("iso-8859-1", "환불 요청".encode("iso2022_kr"), "환불 요청"),
        ("utf-7", b"Gr+APw-n", "Grün"),
        ("utf-16", "Grüße".encode("utf-16"), "Grüße"),
        ("", "Please delete it".encode("utf-16-le"), "Please delete it"),
        ("", b"\xef\xbb\xbfGr\xc3\xbcn", "Grün"),
    ],
)
def test_names_and_signs_of_vendors_are_known(claimed: str, data: bytes, words: str) -> None:
    assert text_of(data, claimed) == words


def test_a_guess_is_said_and_what_is_certain_is_not() -> None:
    letter = "Прошу удалить мои данные"
    assert read_text(letter.encode("cp1251")).guessed == "windows-1251"
    assert read_text(letter.encode("cp1251"), "windows-1251").guessed == ""
    assert read_text(letter.encode("cp1251"), "", ("windows-1251",)).guessed == ""
    assert read_text(letter.encode()).guessed == ""


def test_what_a_few_signs_are_is_said_to_be_a_guess_whatever_they_claim() -> None:
    for claimed in ("", "iso-8859-1"):
        assert read_text("退款".encode("big5"), claimed).guessed == "Big5"
        assert read_text("谢谢".encode("gb18030"), claimed).guessed == "GB18030"
    assert read_text("谢谢".encode("gb18030"), "utf-8") == read_text("лл".encode(), "utf-8")
    assert read_text("Да".encode()) == read_text("Да".encode(), "utf-8")


@pytest.mark.parametrize(("codec", "words"), WRITTEN)
def test_a_long_letter_of_them_is_read_though_its_sample_cuts_a_letter(codec: str, words: str) -> None:
    letter = f"{words}\n" * 2000
    assert text_of(letter.encode(codec)).splitlines() == [words] * 2000


def test_utf_8_without_a_break_and_with_a_letter_cut_off_is_read() -> None:
    words = "请删除我的账户。" * 10_000
    assert text_of(words.encode()) == words
    lines = f"{words[:80]}\n" * 1_000
    assert text_of(lines.encode()[:-2]) == f"{lines[:-2]}�"


def test_text_that_was_encoded_twice_is_read_once() -> None:
    twice = "Schöne Grüße – 20 €".encode().decode("cp1252").encode()
    assert text_of(twice, "utf-8") == "Schöne Grüße – 20 €"
    assert text_of("Ã la carte: Ärger".encode(), "utf-8") == "Ã la carte: Ärger"


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x1b$", b"\x1b$B\x80", bytes(range(256)), b"\xe4\xf6\xfc" * 100_000])
def test_anything_is_read(data: bytes) -> None:
    assert isinstance(text_of(data), str)
    assert isinstance(text_of(data, "iso-2022-jp"), str)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("=?utf-8?B?5YiG5Lul?= =?utf-8?B?5LqM?=", "分以二"),
        ("=?utf-8?B?5Yig6Zmk5oiR55qE6LSm?=\n =?UTF-8?B?5oi3?=", "删除我的账户"),
        ("=?gb2312?B?yb6z/c7StcTV?= =?gb2312?B?y7un?=", "删除我的账户"),
        ("=?utf-8?Q?two=20=C3?= =?utf-8?Q?=BC_words?=", "two ü words"),
        ("=?utf-8*en?Q?gr=C3=BCn?=", "grün"),
        ("=?utf-8?B?R3LDvG4?=", "Grün"),
        ("=?utf-8?Q?What??=", "What?"),
        ("=?utf-8?B?PT91dGYtOD9RP2dyPUMzPUJDbj89?=", "grün"),
        ("=?utf-8?Q?one=0D=0Atwo=0A?=", "one two"),
        ("plain =?iso-8859-1?Q?M=FCller?= plain", "plain Müller plain"),
        ("=?utf-8?X?no?= words", "=?utf-8?X?no?= words"),
    ],
)
def test_encoded_words_are_read_as_they_were_meant(raw: str, words: str) -> None:
    assert header_text(raw) == words


def test_a_letter_far_down_that_is_no_utf_8_is_read() -> None:
    text = "Only English words here.\n" * 2000 + "Café"
    assert text_of(text.encode("cp1252"), "utf-8") == text


def test_what_another_part_names_is_not_believed_where_it_reads_badly() -> None:
    assert read_text("您好，請刪除我的個人資料".encode("big5"), "", ("gb2312",)).text == "您好，請刪除我的個人資料"


def test_raw_bytes_in_a_header_are_read_in_what_the_mail_names() -> None:
    raw = "Dodací list č. 5".encode("iso8859-2").decode("ascii", "surrogateescape")
    assert header_text(raw, ("iso-8859-2",)) == "Dodací list č. 5"
    assert header_text("Größe".encode().decode("ascii", "surrogateescape"), ("iso-8859-2",)) == "Größe"
