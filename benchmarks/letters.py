"""Letters of our own in many languages. `‹kind:value›` marks what a redaction has to hide; nothing else is personal."""

import random
import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

MARK = re.compile("‹([a-z]+):([^›]+)›")

LETTERS = (
    "您好，我的账户被锁了，请打‹phone:13800138000›或发邮件到‹email:zhang.wei@example.com›，订单号 202611200001，谢谢。",
    "手机：‹phone:138-0013-8000›，备用‹phone:+86 139 1234 5678›。银行卡‹card:6222 0212 3456 7890 128›已经停用。",
    "客服你好，座机是‹phone:010-88886666›，分机不变。身份证‹id:11010519491231002X›请勿公开。",
    "我住在上海，２０２６年１１月搬家。新号码‹phone:１３９００１３９０００›。网址‹link:https://example.cn/帮助?u=3›打不开。",
    "請在下午致電 ‹phone:+852 5123 4567›，或寄信至 ‹email:chan@example.hk›。金額是 1,250 元。",
    "我的手機是 ‹phone:0912-345-678›，三天內都可以聯絡。",
    "Hello, please call me at ‹phone:(202) 555-0143› or ‹phone:202.555.0178› after 14:30 on 2026-11-20.",
    "Hi, my old number was ‹phone:+1 415 555 2671›, my address is ‹email:alice.smith+shop@mail.example.org›.",
    "The coupon SAVE20 was not applied to order 48213377, version 1.2.3 of the app. I paid 1,234.56 USD for 3 items.",
    "Card ‹card:4111 1111 1111 1111› was charged twice on 11/20/2026; not ‹card:3782 822463 10005›.",
    "I signed in from ‹ip:203.0.113.77› and also from ‹ip:2001:db8:85a3::8a2e:370:7334› last night.",
    "Someone with your shop's name sent ‹link:http://login-hauthome.example.com/verify?id=88› – is it real?",
    "Reach me: ‹email:bob (at) example dot org›, ‹email:carol[at]example[.]org›. Or ring ‹phone:07700 900123›.",
    "Please refund to ‹iban:GB82 WEST 1234 5698 7654 32›, not the old one. My phone number is ‹phone:020 7946 0958›.",
    "My SSN is ‹id:123-45-6789›; please delete it. I tried ‹link:www.example.com/help› and nothing happened.",
    "Guten Tag, bitte überweisen Sie auf ‹iban:DE89 3704 0044 0532 0130 00› und rufen Sie ‹phone:0171/3920012› an.",
    "Ich bin ‹email:jürgen.müller@bücher.example.de›, Telefon ‹phone:030 23125 000› oder ‹phone:+49 (0)89 1234567›.",
    "Ich habe am 20.11.2026 um 9:15 Uhr bestellt, z.B. zwei Lampen zu je 19,99 EUR. Das Paket kam nicht an.",
    "Bonjour, mon portable est le ‹phone:06 12 34 56 78› et mon courriel ‹email:marie-claire@exemple.fr›.",
    "Merci de rembourser le compte ‹iban:FR14 2004 1010 0505 0001 3M02 606›. Ma commande du 3 mai n'est pas arrivée.",
    "Hola, llámenme al ‹phone:612 345 678› o al ‹phone:+34 912 345 678›. Mi DNI es ‹id:12345678Z›.",
    "Mi correo es ‹email:josé@ejemplo.es› y la tarjeta termina mal: ‹card:5555-5555-5555-4444›. Gracias por todo.",
    "مرحبا، رقم هاتفي هو ‹phone:٠٥٠١٢٣٤٥٦٧› وبريدي ‹email:ali@example.sa› وأحتاج مساعدة في الطلب رقم ٤٥.",
    "اتصل بي على ‹phone:+966 50 123 4567› من فضلك، أو زر ‹link:https://example.com/ar/help› للمزيد.",
    "こんにちは。電話は‹phone:090-1234-5678›です。メールは‹email:tanaka@example.jp›までお願いします。",
    "注文番号は A-10293 です。口座ではなく、カード‹card:3530 1113 3330 0000›に返金してください。",
    "제 번호는 ‹phone:+82 10-1234-5678›이고 메일은 ‹email:kim@example.kr›입니다. ‹id:900101-1234567›.",
    "Здравствуйте, мой телефон ‹phone:+7 912 345-67-89›, почта ‹email:ivan@пример.рф›. Заказ 55123 не пришёл.",
    "Buongiorno, il mio codice fiscale è ‹id:RSSMRA85T10A562S› e l'IBAN ‹iban:IT60 X054 2811 1010 0000 0123 456›.",
    "Bom dia, meu CPF é ‹id:123.456.789-09› e o celular ‹phone:+55 11 98765-4321›. O pedido 7781 chegou.",
    "Witam, proszę o kontakt: ‹phone:+48 601 234 567›, ‹email:ania@przyklad.pl›. Zamówienie z 12 listopada.",
    "नमस्ते, मेरा मोबाइल ‹phone:+91 98765 43210› है और ईमेल ‹email:asha@example.in› है।",
    "สวัสดีค่ะ โทร‹phone:+66 81 234 5678› หรืออีเมล‹email:som@example.co.th›ค่ะ ขอบคุณ",
    "שלום, הטלפון שלי ‹phone:+972 50-123-4567› והמייל ‹email:dana@example.co.il›. תודה רבה.",
    "Merhaba, telefonum ‹phone:+90 532 123 45 67›, e-postam ‹email:ayse@ornek.com.tr›. Siparişim gelmedi.",
    "Hei, numeroni on ‹phone:+358 40 1234567›. Tilaus tehtiin 5.11.2026 ja maksoin 49 euroa.",
    "Delete everything you have about me. I do not want any newsletter, text message or call again, thank you.",
    "Where is my parcel? The tracking page says it left the depot on Monday at 8:05 and then nothing for 6 days.",
    "The shop said e.g. that returns take 5-10 days, i.e. two weeks at most... It took 23. Not o.k. at all.",
)

FRAMES = (
    "Please call {} tomorrow about the order.",
    "请联系 {} 谢谢",
    "Meine Nummer ist {}, danke.",
    "Mi número: {}; gracias.",
    "رقمي {} شكرا",
    "Mon contact est {} depuis mardi.",
    "It is {}.",
    "> quoted: {}",
    "({})",
    "连系方式：{}。",
)


@dataclass(frozen=True)
class Letter:
    """A letter with the values that must go and the plain text that must stay."""

    text: str
    secrets: tuple[tuple[str, str], ...]
    plain: tuple[str, ...]


def letters() -> list[Letter]:
    """The letters above, then a thousand sentences around generated values."""
    return [_read(marked) for marked in LETTERS] + [_read(marked) for marked in generated()]


def _read(marked: str) -> Letter:
    parts = MARK.split(marked)
    secrets = tuple(zip(parts[1::3], parts[2::3], strict=True))
    return Letter(MARK.sub(lambda mark: mark[2], marked), secrets, tuple(parts[0::3]))


def generated() -> list[str]:
    """A thousand sentences around generated values, the same ones in every run."""
    rng = random.Random(20261120)
    made = []
    for _ in range(400):
        made.append(_framed(rng, "phone", _phone(rng)))
        made.append(_framed(rng, "email", _email(rng)))
    for _ in range(150):
        made.append(_framed(rng, "card", _card(rng)))
        made.append(_framed(rng, "ip", ".".join(str(rng.randrange(1, 255)) for _ in range(4))))
        made.append(_framed(rng, "iban", _iban(rng)))
    return made


def _framed(rng: random.Random, kind: str, value: str) -> str:
    return rng.choice(FRAMES).format(f"‹{kind}:{value}›")


def _phone(rng: random.Random) -> str:
    region = rng.choice(["CN", "CN", "CN", "HK", "TW", "US", "GB", "DE", "FR", "ES", "JP"])
    kind = rng.choice([PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE])
    example = phonenumbers.example_number_for_type(region, kind)
    assert example is not None  # every region listed has both kinds
    national = str(example.national_number)
    while True:
        changed = national[:-5] + "".join(rng.choice("0123456789") for _ in range(5))
        number = phonenumbers.PhoneNumber(example.country_code, int(changed))
        if phonenumbers.is_valid_number_for_region(number, region):
            break
    form = rng.choice([PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL])
    written = str(phonenumbers.format_number(number, form))
    return rng.choice([written, written, written.replace(" ", "-"), written.replace(" ", "")])


def _email(rng: random.Random) -> str:
    word = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randrange(2, 9)))
    local = rng.choice([word, f"{word}.{rng.randrange(99)}", f"{word}_x", f"{word}+tag", word.upper()])
    host = rng.choice(["example.com", "mail.example.org", "beispiel.de", "xn--bcher-kva.example", "a-b.example.co.uk"])
    return f"{local}@{host}"


def _card(rng: random.Random) -> str:
    prefix, length = rng.choice([("4", 16), ("51", 16), ("34", 15), ("6011", 16), ("62", 19), ("3528", 16)])
    body = prefix + "".join(rng.choice("0123456789") for _ in range(length - len(prefix) - 1))
    total = sum(
        sum(divmod(int(digit) * 2, 10)) if at % 2 == 0 else int(digit) for at, digit in enumerate(reversed(body))
    )
    number = body + str(-total % 10)
    if length == 15:
        return rng.choice([number, f"{number[:4]} {number[4:10]} {number[10:]}"])
    sign = rng.choice(["", " ", "-"])
    return sign.join(number[at : at + 4] for at in range(0, length, 4))


def _iban(rng: random.Random) -> str:
    country, length = rng.choice([("DE", 22), ("ES", 24), ("FR", 27), ("NL", 18), ("AT", 20), ("PL", 28)])
    bank = "ABNA" if country == "NL" else ""
    account = bank + "".join(rng.choice("0123456789") for _ in range(length - 4 - len(bank)))
    as_number = int("".join(str(int(char, 36)) for char in f"{account}{country}00"))
    compact = f"{country}{98 - as_number % 97:02d}{account}"
    grouped = " ".join(compact[at : at + 4] for at in range(0, length, 4))
    return rng.choice([compact, grouped])
