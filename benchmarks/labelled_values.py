"""Made-up values for labelled sentences: numbers with right check digits, names and addresses that are no one's."""

import random
from collections.abc import Callable

from stdnum.br import cpf
from stdnum.cn import ric
from stdnum.de import idnr
from stdnum.es import dni
from stdnum.fr import nir

Rng = random.Random


def made(slot: str, language: str, rng: Rng) -> tuple[str, str]:
    """The kind and a value of a slot in a sentence of that language."""
    kind, make = _SLOTS[slot]
    return kind, make(language, rng)


def _digits(rng: Rng, pattern: str) -> str:
    """Each # becomes any digit, and so does each 0 after the first N; each N one from 1 to 9."""
    first = pattern.find("N")
    return "".join(
        rng.choice("123456789")
        if char == "N"
        else rng.choice("0123456789")
        if char == "#" or (char == "0" and 0 <= first < at)
        else char
        for at, char in enumerate(pattern)
    )


def _of(**choices: tuple[str, ...]) -> Callable[[str, Rng], str]:
    """One of the patterns of the language, digits filled in."""
    return lambda language, rng: _digits(rng, rng.choice(choices[language]))


_PHONE = _of(
    en=("(206) 555-0N00", "206-555-0N00", "206.555.0N00", "+1 206 555 0N00", "+1-206-555-0N00", "07700 9000N0",
        "+44 7700 9000N0",
        "020 7946 00N0", "+44 (0)20 7946 00N0", "0161 496 0N00", "(0161) 496 0N00", "2065550N00"),
    de=("0171 39N00N0", "0171/39N00N0", "+49 171 39N00N0", "030 23125 N00", "(030) 23125 N00", "+49 (0)89 N234567",
        "089/N2345-67",
        "0049 30 23125N0", "040-66969-N00", "0664 555N00N"),
    fr=("06 39 98 N0 00", "06.39.98.N0.00", "0639 98N000", "+33 6 39 98 N0 00", "+33 (0)1 99 00 N0 00",
        "01 99 00 N0 00", "0033 6 39 98 00 N0"),
    es=("612 34N 000", "612 34 N0 00", "612-34N-000", "+34 612 34N 000", "91 234 N0 00", "+34 91 234 N000",
        "612345N00"),
    it=("333 123 N000", "333-123N000", "+39 333 123 N000", "06 6982 N000", "02 1234 N000", "+39 06 6982N000",
        "3331234N00"),
    pt=("912 345 N00", "+351 912 345 N00", "21 234 N000", "(11) 98765-N000", "+55 11 98765-N000", "(85) 92555-N000",
        "11 3555-N000"),
    zh=("1380013N000", "138 0013 N000", "138-0013-N000", "+86 138 0013 N000", "010-8888N000", "(010) 8888 N000",
        "021-5555-N000",
        "0755-2666N000", "+86 10 8888 N000", "１３８００１３８０００"),
    ja=("090-1234-N000", "09012345N00", "090 1234 N000", "03-1234-N000", "(03) 1234-N000", "+81 90-1234-N000",
        "06-6123-N000", "0120-123-N00"),
)  # fmt: skip
_EXTENSION = {
    "en": ("x000", " x00", " ext. 00", " extension 000", " ext 0000"),
    "de": (" Durchwahl 00", " DW 00", ", Durchwahl 000"),
    "fr": (" poste 000", ", poste 00"),
    "es": (" ext. 00", " extensión 000"),
    "it": (" interno 00", " int. 000"),
    "pt": (" ramal 000", " ext. 00"),
    "zh": ("转8000", "转分机00", " 分机 000", "轉800"),
    "ja": (" 内線 000", "（内線00）"),
}
_WITH_EXTENSION = {
    "en": ("(206) 555-0N00", "206-555-0N00", "020 7946 00N0"),
    "de": ("030 23125 N00", "+49 89 N234567"),
    "fr": ("01 99 00 N0 00",),
    "es": ("91 234 N0 00",),
    "it": ("06 6982 N000",),
    "pt": ("21 234 N000", "(11) 3555-N000"),
    "zh": ("010-8888N000", "021-5555-N000", "0755-2666-N000"),
    "ja": ("03-1234-N000",),
}


def _phone_with_extension(language: str, rng: Rng) -> str:
    return _digits(rng, rng.choice(_WITH_EXTENSION[language]) + rng.choice(_EXTENSION[language]))


_LOCAL = _of(
    en=("555 0N00", "555-0N00", "496 0N00"), de=("23125 N0", "N2 34 56", "66 96 9N"), fr=("99 00 N0 00", "98 N0 00"),
        es=("234 N0 00", "955 N00"),
    zh=("8888N000", "5555 N000"),
)  # fmt: skip


def _numerals(language: str, rng: Rng) -> str:
    number = "138" + _digits(rng, "########")
    written = number.translate(
        str.maketrans("0123456789", rng.choice(("零一二三四五六七八九", "〇一二三四五六七八九")))
    )
    return written if rng.random() < 0.6 else f"{written[:3]} {written[3:7]} {written[7:]}"


_LOCALS = (
    "anna.berg",
    "k.moreau",
    "lucia_prado",
    "tom.w",
    "mei-lan",
    "hans77",
    "rosa.m.lopez",
    "j.silva+shop",
    "ito_k",
    "wang.fang88",
)
_DOMAINS = ("example.com", "mail.example.org", "example.net", "post.example.de", "exemple.example", "correo.example.es")


def _email(language: str, rng: Rng) -> str:
    return f"{rng.choice(_LOCALS)}@{rng.choice(_DOMAINS)}"


_SPELT = {
    "en": (" at {} dot ", " [at] {} [dot] ", "(at){}(dot)", " (at) {} (dot) "),
    "de": ("[at]{}[punkt]", " (at) {} (punkt) ", " [ät] {} . ", "(at){}.", " at {} punkt "),
    "fr": (" arobase {} point ", " [arobase] {} [point] ", "(at){}."),
    "es": (" arroba {} punto ", " (arroba) {} (punto) ", "[at]{}."),
    "it": (" chiocciola {} punto ", "[at]{}[dot]", "(at){}."),
    "pt": (" arroba {} ponto ", "(arroba){}(ponto)", "[at]{}."),
    "zh": ("[at]{}[dot]", "(at){}.", " at {} dot "),
    "ja": ("[at]{}[dot]", "＠{}.", "(at){}(dot)"),
}


def _spelt(language: str, rng: Rng) -> str:
    name = rng.choice(("annaberg", "k.moreau", "lucia_prado", "tomw", "hans77"))
    host, top = rng.choice((("example", "com"), ("example", "org"), ("beispiel", "de")))
    return name + rng.choice(_SPELT[language]).format(host) + top


def _with_luhn(body: str) -> str:
    total = sum(
        sum(divmod(int(digit) * 2, 10)) if at % 2 == 0 else int(digit) for at, digit in enumerate(reversed(body))
    )
    return body + str(-total % 10)


def _card(language: str, rng: Rng) -> str:
    prefix, length = rng.choice(
        (
            ("4", 16),
            ("4", 13),
            ("51", 16),
            ("34", 15),
            ("37", 15),
            ("36", 14),
            ("6011", 16),
            ("62", 19),
            ("3528", 16),
            ("5018", 12),
            ("6304", 18),
        )
    )
    number = _with_luhn(prefix + _digits(rng, "#" * (length - len(prefix) - 1)))
    if length == 15:
        return rng.choice((number, f"{number[:4]} {number[4:10]} {number[10:]}"))
    if length == 14:
        return rng.choice((number, f"{number[:4]} {number[4:10]} {number[10:]}"))
    sign = rng.choice(("", " ", "-"))
    return sign.join(number[at : at + 4] for at in range(0, length, 4))


_IBANS = {
    "en": (("GB", "WEST123456########"), ("IE", "AIBK931152########")),
    "de": (("DE", "37040044##########"), ("AT", "19043###########"), ("CH", "00762############")),
    "fr": (("FR", "2004101005#######M02606"),),
    "es": (("ES", "21000418############"),),
    "it": (("IT", "X0542811101############"),),
    "pt": (("PT", "00020123###########54"),),
    "zh": (("GB", "WEST123456########"),),
    "ja": (("DE", "37040044##########"),),
}


def _iban(language: str, rng: Rng) -> str:
    country, pattern = rng.choice(_IBANS[language])
    account = _digits(rng, pattern)
    as_number = int("".join(str(int(char, 36)) for char in f"{account}{country}00"))
    compact = f"{country}{98 - as_number % 97:02d}{account}"
    return rng.choice((compact, " ".join(compact[at : at + 4] for at in range(0, len(compact), 4))))


def _mistyped_iban(language: str, rng: Rng) -> str:
    right = _iban(language, rng).replace(" ", "")
    at = rng.randrange(6, len(right) - 1)
    wrong = rng.choice(
        (
            right[:at] + _other(right[at], rng) + right[at + 1 :],
            right[:at] + right[at + 1 :],
            right[:at] + right[at] + right[at:],
        )
    )
    return rng.choice((wrong, " ".join(wrong[at : at + 4] for at in range(0, len(wrong), 4))))


def _other(char: str, rng: Rng) -> str:
    return rng.choice([digit for digit in "0123456789" if digit != char])


def _chinese_id(language: str, rng: Rng) -> str:
    born = f"{rng.randrange(1950, 2005)}{rng.randrange(1, 13):02d}{rng.randrange(1, 29):02d}"
    body = f"110105{born}{rng.randrange(1000):03d}"
    return body + str(ric.calc_check_digit(body))


def _dni(language: str, rng: Rng) -> str:
    number = _digits(rng, "N0000000")
    return rng.choice(("{}{}", "{}-{}")).format(number, dni.calc_check_digit(number))


def _nie(language: str, rng: Rng) -> str:
    number = _digits(rng, "#######")
    return f"X{number}{dni.calc_check_digit('0' + number)}"


def _nir(language: str, rng: Rng) -> str:
    born = f"{rng.randrange(50, 99)}{rng.randrange(1, 13):02d}"
    body = f"{rng.choice('12')}{born}75{rng.randrange(1, 900):03d}{rng.randrange(1, 999):03d}"
    number = body + nir.calc_check_digits(body)
    return rng.choice(
        (number, f"{number[0]} {number[1:3]} {number[3:5]} {number[5:7]} {number[7:10]} {number[10:13]} {number[13:]}")
    )


def _cpf(language: str, rng: Rng) -> str:
    body = _digits(rng, "N00000000")
    number = body + cpf._calc_check_digits(body)
    return rng.choice((number, f"{number[:3]}.{number[3:6]}.{number[6:9]}-{number[9:]}"))


def _idnr(language: str, rng: Rng) -> str:
    while True:
        digits = list("1234567890")
        rng.shuffle(digits)
        digits[rng.randrange(1, 10)] = digits[0]
        body = "".join(digits)
        for check in "0123456789":
            if body[0] != "0" and idnr.is_valid(body + check):
                number = body + check
                return rng.choice((number, f"{number[:2]} {number[2:5]} {number[5:8]} {number[8:]}"))


def _codice(language: str, rng: Rng) -> str:
    from stdnum.it import codicefiscale

    body = rng.choice(("RSSMRA85T10A562", "BNCLCU78A52H501", "VRDGPP90M01F205"))
    return body + str(codicefiscale.calc_check_digit(body))


_FIRSTS = {
    "en": ("Wendy", "Oliver", "Priya", "Siobhan", "Callum"),
    "de": ("Anneliese", "Jürgen", "Heike", "Thorsten", "Wiebke"),
    "fr": ("Océane", "Thierry", "Manon", "Benoît", "Amélie"),
    "es": ("Ximena", "Álvaro", "Marisol", "Íñigo", "Rocío"),
    "it": ("Ginevra", "Matteo", "Chiara", "Fabrizio", "Alessia"),
    "pt": ("Inês", "Tiago", "Beatriz", "Rodrigo", "Mafalda"),
}
_SURNAMES = {
    "en": ("Hartwell", "Okafor", "Pemberton", "O'Dowd", "Sandhu-Price"),
    "de": ("Brinkmann", "Größer", "von Hagen", "Schmidtke", "Öztürk"),
    "fr": ("Lefebvre", "de La Tour", "Béranger", "Nguyen", "Dupuis-Martel"),
    "es": ("Quintana", "Ibáñez Soler", "de la Vega", "Echeverría", "Montoya Ruiz"),
    "it": ("Bellucci", "De Santis", "Ferraro", "Lo Russo", "Marchetti"),
    "pt": ("Carvalho", "dos Santos", "Figueiredo", "Gouveia Lopes", "Teixeira"),
}
_WHOLE = {
    "zh": ("王晓燕", "李志强", "赵敏", "欧阳雪", "陈思远", "周立", "黄雅琪", "孙大伟"),
    "ja": ("田中恵子", "佐藤健一", "山本美咲", "鈴木 一郎", "高橋翔太", "伊藤直美"),
}


def _name(language: str, rng: Rng) -> str:
    if language in _WHOLE:
        return rng.choice(_WHOLE[language])
    return f"{rng.choice(_FIRSTS[language])} {rng.choice(_SURNAMES[language])}"


_ADDRESSES = {
    "en": (
        "27 Marlow Crescent, Bristol BS7 8QR", "Flat 4, 118 Old Mill Road, Leeds LS6 2AB",
        "9 Heron Close, Norwich, NR3 4TT",
        "1450 Juniper Avenue, Apt 12, Denver, CO 80203", "66 Quarry Lane, Sheffield",
        "3 St. Anne's Square, Manchester M2 7HB",
        "701 West Alder St., Unit 5B, Portland, OR 97205", "12a Willow Gardens\nExeter\nEX4 6PQ",
    ),
    "de": (
        "Lindenstraße 14, 50674 Köln", "Am Alten Markt 3a, 18055 Rostock", "Hauptstr. 27 b, D-70173 Stuttgart",
        "Kirchweg 8\n24103 Kiel",
        "Obere Gasse 5/2, 89073 Ulm", "Berliner Allee 112, 40212 Düsseldorf", "Mozartgasse 12/7, 1040 Wien",
        "Zum Sonnenberg 9, 8032 Zürich",
    ),
    "fr": (
        "14 rue des Lilas, 69003 Lyon", "8 bis, avenue du Général Leclerc, 75014 Paris",
        "27, boulevard Saint-Michel, 35000 Rennes",
        "3 impasse de la Fontaine, bâtiment B, 13008 Marseille", "112 chemin du Moulin, 31200 Toulouse",
        "5 place de l'Église\n59000 Lille",
    ),
    "es": (
        "calle Alcalá 112, 3.º B, 28009 Madrid", "avenida de la Constitución 8, 41001 Sevilla",
        "Calle del Olmo 4, 2º izda, 46003 Valencia",
        "plaza Mayor 7, 37002 Salamanca", "paseo de Gracia 55, 08007 Barcelona", "C/ San Juan, 21, 50001 Zaragoza",
    ),
    "it": (
        "via Garibaldi 12, 20121 Milano", "Viale dei Mille 45, 50131 Firenze", "piazza Dante 3, 80135 Napoli (NA)",
        "Via Giuseppe Verdi, 8, 10124 Torino",
        "corso Vittorio Emanuele 101, interno 5, 00186 Roma", "vicolo del Pozzo 2, 37121 Verona",
    ),
    "pt": (
        "Rua das Flores 45, 4050-262 Porto", "Avenida da Liberdade, 110, 3.º Esq., 1250-146 Lisboa",
        "Rua Augusta, 1500, apto 42, São Paulo",
        "Travessa do Carmo 7, 1200-095 Lisboa", "Alameda Santos 700, 01418-002 São Paulo",
        "Praça da República, n.º 12, 3000-343 Coimbra",
    ),
    "zh": (
        "上海市浦东新区张杨路500号12栋803室", "广东省深圳市南山区科技园路8号", "杭州市西湖区文三路90号3单元502",
        "北京市海淀区学院路甲15号院6号楼",
        "成都市武侯区人民南路四段27号", "江苏省南京市鼓楼区中山北路105弄3号", "重庆市渝中区解放碑街道民权路28号",
        "武汉市洪山区珞喻路1037号紫菘公寓2栋",
    ),
    "ja": (
        "東京都新宿区西新宿2丁目8番1号", "〒530-0001 大阪府大阪市北区梅田3-1-3", "神奈川県横浜市中区本町6丁目50-10",
        "京都府京都市左京区吉田本町36番地1",
        "北海道札幌市中央区北一条西2丁目", "福岡県福岡市博多区博多駅前1-2-3 サンハイツ201号室",
    ),
}  # fmt: skip
_BIRTHS = {
    "en": (
        "14 February 1987",
        "3rd of March 1990",
        "July 21, 1975",
        "09/11/1968",
        "1 Oct 2001",
        "1987-02-14",
        "22.06.1959",
    ),
    "de": ("14.02.1987", "3. März 1990", "21. Juli 1975", "9.11.68", "01.10.2001", "05/06/1959"),
    "fr": ("14 février 1987", "3 mars 1990", "21/07/1975", "1er octobre 2001", "09.11.1968", "22-06-1959"),
    "es": ("14 de febrero de 1987", "3 de marzo de 1990", "21/07/1975", "1 de octubre del 2001", "09-11-1968"),
    "it": ("14 febbraio 1987", "3 marzo 1990", "21/07/1975", "1 ottobre 2001", "09.11.1968"),
    "pt": ("14 de fevereiro de 1987", "3 de março de 1990", "21/07/1975", "1 de outubro de 2001", "09-11-1968"),
    "zh": ("1987年2月14日", "1990年03月03日", "1975-07-21", "1968年11月9号", "2001/10/01", "一九八七年二月十四日"),
    "ja": ("1987年2月14日", "昭和62年3月3日", "1975/07/21", "平成2年11月9日", "2001年10月1日"),
}


def _birth(language: str, rng: Rng) -> str:
    return rng.choice(_BIRTHS[language])


def _handle(language: str, rng: Rng) -> str:
    return rng.choice(
        ("mei_lan_88", "jo.carver", "lamplight77", "rosa_q", "kt-meyer4", "wxid_9f3k2", "o_liver.p", "blue.heron12")
    )


_SLOTS: dict[str, tuple[str, Callable[[str, Rng], str]]] = {
    "PHONE": ("PHONE", _PHONE),
    "PHONE_EXT": ("PHONE", _phone_with_extension),
    "LOCAL": ("PHONE", _LOCAL),
    "ZH_NUMERALS": ("PHONE", _numerals),
    "EMAIL": ("EMAIL", _email),
    "EMAIL_SPELT": ("EMAIL", _spelt),
    "CARD": ("CARD", _card),
    "IBAN": ("IBAN", _iban),
    "IBAN_TYPO": ("IBAN", _mistyped_iban),
    "CN_ID": ("ID", _chinese_id),
    "ES_DNI": ("ID", _dni),
    "ES_NIE": ("ID", _nie),
    "FR_NIR": ("ID", _nir),
    "BR_CPF": ("ID", _cpf),
    "DE_IDNR": ("ID", _idnr),
    "IT_CF": ("ID", _codice),
    "NAME": ("PERSON", _name),
    "SURNAME": ("PERSON", lambda language, rng: rng.choice(_SURNAMES[language])),
    "FIRST": ("PERSON", lambda language, rng: rng.choice(_FIRSTS[language])),
    "ADDRESS": ("ADDRESS", lambda language, rng: rng.choice(_ADDRESSES[language])),
    "BIRTH": ("BIRTH", _birth),
    "HANDLE": ("MESSENGER", _handle),
    "HANDLE_AT": ("MESSENGER", lambda language, rng: f"@{_handle(language, rng).replace('-', '_')}"),
}
_PATTERNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "US_SSN": ("ID", ("N23-45-6000", "23N-54-0000")),
    "UK_NINO": ("ID", ("AB 12 34 00 C", "JK123400D", "PW 00 00 00 A")),
    "NHS": ("ID", ("943 476 5919", "4505577104")),
    "UK_DRIVING": ("ID", ("HARTW653020WJ9NN",)),
    "ID_PLAIN": ("ID", ("N00000000", "AXN000000", "N000 0000 00", "N0AB00000")),
    "DE_AUSWEIS": ("ID", ("L01X00N475", "T2200N129", "C0N0N7ZK3")),
    "DE_SVNR": ("ID", ("65 N70887 M 001", "12190367K00N")),
    "AHV": ("ID", ("756.N234.5678.97", "7569217076985")),
    "MX_CURP": ("ID", ("BADD110313HCMLNS09",)),
    "HK_ID": ("ID", ("A123456(3)",)),
    "JP_MYNUMBER": ("ID", ("N234 5678 9018", "N23456789018")),
    "JP_LICENCE": ("ID", ("30N234567890",)),
    "PASSPORT_UK": ("PASSPORT", ("N00000000", "533N00000")),
    "PASSPORT_US": ("PASSPORT", ("AN0000000", "N00000000")),
    "PASSPORT_DE": ("PASSPORT", ("C01X00T4N", "C4VM6NNY0", "L8N00ZX19")),
    "PASSPORT_FR": ("PASSPORT", ("N2AB34500", "19CN12300")),
    "PASSPORT_ES": ("PASSPORT", ("PABN00000", "XDN000000")),
    "PASSPORT_IT": ("PASSPORT", ("YA0N00000", "YBN000000")),
    "PASSPORT_PT": ("PASSPORT", ("CAN00000", "FN000000")),
    "PASSPORT_CN": ("PASSPORT", ("E000N0000", "EBN000000", "GN0000000")),
    "PASSPORT_JP": ("PASSPORT", ("TR000N000", "TZN000000")),
    "ACCOUNT_UK": ("ACCOUNT", ("N0000000", "00N00000")),
    "ACCOUNT_US": ("ACCOUNT", ("N00000000000", "00N0000000")),
    "ACCOUNT_DE": ("ACCOUNT", ("N000000000", "N00 000 00", "N0000000")),
    "ACCOUNT_FR": ("ACCOUNT", ("00N00000026", "20041 01005 0500013M026 0N")),
    "ACCOUNT_ES": ("ACCOUNT", ("2100 0418 40 N000000000", "21000418400N00000000")),
    "ACCOUNT_BR": ("ACCOUNT", ("N0000-0", "0N0000-N")),
    "ACCOUNT_CN": ("ACCOUNT", ("6222020N00000000000", "110906N0000000", "4563 51N0 0000 0000 000")),
    "ACCOUNT_JP": ("ACCOUNT", ("N000000", "0N00000")),
    "SORT": ("ACCOUNT", ("20-45-N0", "401N00", "60 N0 00")),
    "BLZ": ("ACCOUNT", ("370400N0", "120 N00 99")),
    "ROUTING": ("ACCOUNT", ("0210000N1",)),
    "CLABE": ("ACCOUNT", ("0321800N0118359719",)),
    "AGENCY": ("ACCOUNT", ("N000", "0N00-0")),
    "QQ": ("MESSENGER", ("N00000", "N000000000", "N0000000")),
}  # fmt: skip


def _from_patterns(patterns: tuple[str, ...]) -> Callable[[str, Rng], str]:
    return lambda language, rng: _digits(rng, rng.choice(patterns))


_SLOTS |= {name: (kind, _from_patterns(patterns)) for name, (kind, patterns) in _PATTERNS.items()}
