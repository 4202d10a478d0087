"""Numbers and names that only the word before them tells: passports, ids, bank accounts, cards, messenger names."""

import re
from dataclasses import dataclass

from cs_console.custody.common_words import is_common, turns_meaning
from cs_console.custody.folding import Span
from cs_console.custody.word_shapes import code_at, digits_in, is_amount_or_date, word_set

_LINK = re.compile(
    r"(?:\([^()\d\n]{1,16}\)|[ \t:=#.,(\"'/\n-]|(?:numbers?|numeros?|nummer|numer|num|no|nr|nro|n|o|ids?|codes?|is|was|"
    r"are|ist|war|sind|"
    r"lautet|"
    r"lauten|est|es|e|era|sono|the|la|le|el|il|lo|den|die|das|hat|has|had|tiene|tem|avec|with|mit|con|com|bears|on|in|"
    r"auf|photo|foto|correct|correcto|corretto|correto|bien|right|richtige|exact|jetzt|now|asked|you|nuevo|nouveau|"
    r"novo|nuovo|it|it's|c'est|my|mein|meine|mon|ma|mi|mio|mia|meu|minha|mijn|moj|of|card|kart|karte|"
    r"carte|carta|cartao|tarjeta|book|und|and|y|et|ending|details|holder|kennung|key|clave|d'identite|de|di|do|da|das|"
    r"del|der|fur|for|contact|code|hold|held|stolen|lost|new|old|neue|neuer|alte|security|social|insurance|sociale|"
    r"social|fiscale|"
    r"fiscal|nacional|national|nationale|nazionale|conduire|conducir|condução|conducao|corriente|corrente|courant|"
    r"bancaire|"
    r"bancaria|bancario|current|savings|checking|giro|poupanca|ahorros?|номер|счета|it is|же|"
    r"i (?:sent|gave|use|used|uploaded|showed|hold)|porte|porta|lleva|tragt|bears|shows|reads)(?!\w)|°|"
    r"[号號][码碼]?|番号|번호|[是为為は]|는|은)*"
)
LONGEST_LINK = 48
_BRACKETED_CHECK = re.compile(r"\([0-9A]\)")
_DIGITS_APART = re.compile(r"\d+(?:[ -]{1,2}\d+)*")


@dataclass(frozen=True, slots=True)
class Kind:
    """How a number of that kind is written: how many letters and digits it has."""

    label: str
    fewest_digits: int
    shortest: int
    longest: int
    letters_first: bool = False


PASSPORT = Kind("passport", 2, 6, 12)
PASS = Kind("passport", 3, 8, 10, letters_first=True)
"""The German word is also a season ticket or a mountain pass."""
IDENTITY = Kind("id", 5, 6, 26)
ACCOUNT = Kind("account", 5, 6, 30)
BRANCH = Kind("account", 4, 4, 9)
SHORT_BRANCH = Kind("account", 3, 3, 9)

PASSPORT_WORDS = word_set(
    "passport passports passportnumber passportno reisepass reisepasses reisepassnummer passnummer passnr passeport "
    "pasaporte passaporto passaporte passaportes paspoort paspoortnummer paszport paszportu pasaport pas паспорт "
    "паспорта "
    "загранпаспорт загранпаспорта 여권번호는 여권번호 여권"
)
IDENTITY_WORDS = word_set(
    "ssn itin tin nino dni nie nif cpf rg curp rfc cedula rut cuil cuit niss nus nir insee bsn burgerservicenummer "
    "pesel cnp egn oib jmbg personnummer fodselsnummer fodselsnr cpr henkilotunnus hetu ahv avs ahvnummer "
    "sozialversicherungsnummer sozialversicherungsnr svnr rentenversicherungsnummer versicherungsnummer steueridnr "
    "steuerid steueridentifikationsnummer steuernummer identifikationsnummer personalausweis personalausweisnummer "
    "personalausweises ausweis ausweisnummer ausweisnr fuhrerschein fuhrerscheinnummer aufenthaltstitel securite "
    "identite identity identidad identita identidade permis fiscale contribuinte cidadao seguridad nhs medicare "
    "aadhaar "
    "perso persoausweis steuernr idnr "
    "aadhar secu cnss nric hkid mykad инн снилс 주민등록번호 주민등록번호는 외국인등록번호 운전면허번호"
)
GUARDED_IDENTITY_WORDS = {
    "security": re.compile(r"\bsocial\s+\Z"),
    "insurance": re.compile(r"\bnational\s+\Z"),
    "licence": re.compile(r"\b(?:driv\w+|driver's)\s+\Z"),
    "license": re.compile(r"\b(?:driv\w+|driver's)\s+\Z"),
    "licencia": re.compile(r"\Z"),
    "patente": re.compile(r"\Z"),
    "id": re.compile(
        r"(?:\b(?:national|personal|citizen|government|state|resident|residence|tax|steuer|photo|voter|my|mein\w*|"
        r"voter's|taxpayer)[ -]+)\Z"
    ),
    "ni": re.compile(r"\Z"),
    "conducir": re.compile(r"\bde\s+\Z"),
    "conducao": re.compile(r"\bde\s+\Z"),
    "fiscal": re.compile(r"\b(?:numero|identificacion|identificacao|n[o°]?)\s*(?:de\s+identificac\w+\s+)?\Z"),
}
"""Words that introduce an id only after another one."""
ACCOUNT_WORDS = word_set(
    "konto kto ktonr kontonummer kontonr bankkonto girokonto sparkonto acc kontonummern bankverbindung acct account "
    "accounts compte "
    "cuenta conto conta rekening rekeningnummer bankrekening konta rib clabe cbu bsb sortcode routing aba 계좌번호는 "
    "계좌번호 계좌"
)
BRANCH_WORDS = ("blz", "bankleitzahl", "agencia", "bic")
GUARDED_BRANCH_WORDS = {
    "sort": re.compile(r"[ -]?code"),
    "bank": re.compile(r"[ -]?code"),
    "branch": re.compile(r" (?:code|number|no)"),
    "transit": re.compile(r" (?:number|no)"),
    "institution": re.compile(r" (?:number|no)"),
}
"""Words that introduce a bank's code only before another one."""
BRANCH_WORDS_AFTER_CODE = ("banque", "guichet", "banco", "sucursal", "oficina")
CARD_WORDS = word_set(
    "card cb ccard kreditkarte karte kartennummer kartennr bankkarte debitkarte carte tarjeta carta cartao visa "
    "mastercard amex "
    "maestro creditcard creditcardnummer kaart karta karty карта карты"
)
_CODE_BEFORE = re.compile(r"(?<!\w)(?:code|codigo)(?: de(?: la)?)? \Z")
_CUSTOMERS = re.compile(
    r"\b(?:customer|user|client|kunden\w*|loyalty|gift|member\w*|store|online|shop|benutzer\w*|reward\w*|fidelit\w+|"
    r"cadeau|regalo|presente|geschenk\w*|sim|id|identity|bonus\w*)[ -]+\Z"
)
"""Accounts and cards at a shop, not at a bank."""


def value_of(kind: Kind, text: str, lower: str, end: int) -> Span | None:
    """The number of that kind after a word that ends there, with nothing but linking words between."""
    link = _LINK.match(lower, end, end + LONGEST_LINK)
    at = link.end() if link else end
    last = code_at(text, at, 6 if kind.label == "id" else 4)
    size = sum(map(str.isalnum, text[at:last]))
    if size > kind.longest or size < kind.shortest or digits_in(text, at, last) < kind.fewest_digits:
        return None
    if kind is PASSPORT and digits_in(text, at, last) < 4 and (size < 8 or not text[at:last].isupper()):
        return None
    if kind.letters_first and not text[at].isupper():
        return None
    if kind not in (BRANCH, SHORT_BRANCH) and is_amount_or_date(lower, at, last):
        return None
    if kind is IDENTITY and (more := _BRACKETED_CHECK.match(text, last)):
        last = more.end()
    return Span(at, last, kind.label)


def passport(text: str, lower: str, start: int, end: int) -> Span | None:
    """The number after "passport"."""
    return value_of(PASSPORT, text, lower, end)


def german_pass(text: str, lower: str, start: int, end: int) -> Span | None:
    """The number after "Pass", if it looks like a passport's."""
    return value_of(PASS, text, lower, end) if text[start].isupper() else None


def identity(text: str, lower: str, start: int, end: int) -> Span | None:
    """The number after the name of a national id."""
    return value_of(IDENTITY, text, lower, end)


def guarded_identity(text: str, lower: str, start: int, end: int) -> Span | None:
    """The same where only the word before tells that it is one; or, for "ID card", the one after."""
    word = lower[start:end]
    if GUARDED_IDENTITY_WORDS[word].search(lower[max(0, start - 24) : start]) or (
        word == "id" and lower[end : end + 6].lstrip(" -").startswith(("card", "kart"))
    ):
        return value_of(IDENTITY, text, lower, end)
    return None


def account(text: str, lower: str, start: int, end: int) -> Span | None:
    """The number of a bank account, as far as the words around do not say that it is a customer's."""
    if _CUSTOMERS.search(lower[max(0, start - 20) : start]):
        return None
    return value_of(ACCOUNT, text, lower, end)


def branch(text: str, lower: str, start: int, end: int) -> Span | None:
    """The code of a bank or of its branch."""
    return value_of(BRANCH, text, lower, end)


def guarded_branch(text: str, lower: str, start: int, end: int) -> Span | None:
    """The same after a word that also means other things: "sort" only as "sort code"."""
    if GUARDED_BRANCH_WORDS[lower[start:end]].match(lower, end) is None:
        return None
    return value_of(SHORT_BRANCH, text, lower, end)


def branch_after_code(text: str, lower: str, start: int, end: int) -> Span | None:
    """ "Code banque", "código de sucursal"."""
    if _CODE_BEFORE.search(lower[max(0, start - 12) : start]) is None:
        return None
    return value_of(BRANCH, text, lower, end)


def introduced_card(text: str, lower: str, start: int, end: int) -> Span | None:
    """A card's number, mistyped too; the last four digits stay in its label."""
    if _CUSTOMERS.search(lower[max(0, start - 20) : start]):
        return None
    link = _LINK.match(lower, end, end + LONGEST_LINK)
    at = link.end() if link else end
    found = _DIGITS_APART.match(text, at, at + 40)
    if found is None:
        return None
    digits = "".join(filter(str.isdigit, found.group()))
    return Span(at, found.end(), f"card ····{digits[-4:]}") if 12 <= len(digits) <= 19 else None


_IBAN_GROUP = re.compile(r"[a-z0-9]+")
SHORTEST_IBAN, LONGEST_IBAN = 13, 38


def mistyped_iban(text: str, lower: str, start: int, end: int) -> Span | None:
    """What is said to be an IBAN and has the wrong length or country."""
    link = _LINK.match(lower, end, end + LONGEST_LINK)
    at = here = link.end() if link else end
    if not re.match(r"[a-z]{2} ?[0-9oil]{2}", lower[at : at + 5]):
        return None
    last, size = at, 0
    while size < LONGEST_IBAN:
        group = _IBAN_GROUP.match(lower, here)
        if group is None:
            break
        written = group.group()
        if size >= 4 and not any(map(str.isdigit, written)) and not text[here : group.end()].isupper():
            break
        size += len(written)
        last = group.end()
        here = last + 1 if lower[last : last + 1] in (" ", "-") else last
        if here == last:
            break
    digits = digits_in(text, at, last)
    return Span(at, last, "iban") if SHORTEST_IBAN <= size <= LONGEST_IBAN and digits >= size // 2 else None


# --- messenger names -------------------------------------------------------------------------------------

MESSENGERS = word_set(
    "wechat weixin alipay wx vx telegram tg whatsapp skype discord kakao kakaotalk viber instagram insta ig facebook "
    "fb snapchat "
    "threema twitter tiktok zalo messenger icq linkedin mastodon wire element kik vk вк телеграм телеграмм телеге "
    "ватсап "
    "скаип инстаграм 카카오톡 텔레그램 인스타 카톡 라인"
)
CAPITAL_MESSENGERS = ("line", "signal")
_HANDLE_LINK = re.compile(
    r"(?:[ \t:=(,\"'\n-]|(?:ids?|handle|user|username|user-?name|name|nick|nickname|nutzername|benutzername|kennung|"
    r"usuario|"
    r"utente|nutzer|account|konto|compte|cuenta|profil|profile|pseudo|identifiant|number|nummer|numero|no|nr|is|ist|"
    r"est|es|"
    r"e|unter|als|as|under|at|on|me|mich|by|contact|sous|como|come|my|mein|the|it|sono|soy|mio|mi|mon|called|called|"
    r"named|"
    r"heisst|heisse|bin|ich|sou|lautet|c'est|je|suis|chamo|am|add|auf|com|con|avec|with|мои|ник|아이디는?)(?!\w)|"
    r"[号號][码碼]?|用户名|账号|帐号|アカウント|[是为為は叫](?!\w)|のid|id|[是为為は叫])*"
)
_STRONG = re.compile(
    r"(?:\b(?:id|handle|username|user|nick|nickname|nutzername|benutzername|usuario|pseudo)\b|[号號:是])"
)
_HANDLE = re.compile(r"@[\w.]{3,32}|live:[\w.-]{3,40}|[A-Za-z0-9_][\w.-]{3,39}(?:#\d{4})?", re.ASCII)
_AT_HANDLE = re.compile(r"[^\n.@\d\x00]{0,30}?(?<!\w)(?P<handle>@[A-Za-z0-9_.]{3,32})", re.ASCII)
_HANDLE_BEFORE = re.compile(
    r"(?P<handle>@[\w.]{3,32}|(?<![\w@.])[A-Za-z][\w.]{3,32})\"?\s{1,2}"
    r"(?:\(|(?:on|auf|sur|en|su|no|at|bei|via|in|op)\s{1,2}(?:my\s)?)\Z"
)


def messenger(text: str, lower: str, start: int, end: int) -> Span | None:
    """The name at a messenger that follows its name, or stands before it."""
    return _handle(text, lower, start, end, shortest_digits=99)


def capital_messenger(text: str, lower: str, start: int, end: int) -> Span | None:
    """The same where the messenger's name is also a word: only with a capital, and a name that looks like one."""
    if not text[start].isupper():
        return None
    span = _handle(text, lower, start, end, shortest_digits=99)
    return span if span and re.search(r"[\d_@]", text[span.start : span.end]) else None


def qq(text: str, lower: str, start: int, end: int) -> Span | None:
    """QQ, whose names are numbers."""
    return _handle(text, lower, start, end, shortest_digits=5)


def _handle(text: str, lower: str, start: int, end: int, shortest_digits: int) -> Span | None:
    link = _HANDLE_LINK.match(lower, end, end + LONGEST_LINK)
    at = link.end() if link else end
    found = _HANDLE.match(text, at)
    if found is not None:
        written = found.group().rstrip(".-")
        between = lower[end:at]
        if _is_handle(written, between, shortest_digits) and not is_amount_or_date(lower, at, at + len(written)):
            return Span(at, at + len(written), "messenger")
    later = _AT_HANDLE.match(text, end)
    if later is not None:
        written = later["handle"].rstrip(".")
        return Span(later.start("handle"), later.start("handle") + len(written), "messenger")
    before = _HANDLE_BEFORE.search(text[max(0, start - 52) : start])
    if before is not None and re.search(r"[@_\d]", before["handle"]):
        first = max(0, start - 52)
        return Span(first + before.start("handle"), first + before.end("handle"), "messenger")
    return None


def _is_handle(written: str, between: str, shortest_digits: int) -> bool:
    bare = written.lstrip("@")
    if bare.isdigit():
        return written.startswith("@") or shortest_digits <= len(bare) <= 12
    if not re.search(r"[A-Za-z_]", bare) or not re.match(r"[@A-Za-z_0-9]", written):
        return False
    if (
        written.startswith("@")
        or ":" in written
        or re.search(r"[a-z][\w.-]*_|_\w|[a-z.-]\d|\d[a-z]|\w\.\w|#\d", bare, re.IGNORECASE)
    ):
        return not re.fullmatch(r"[\d.,:-]+", bare)
    words = re.split(r"[^a-z]+", bare.casefold())
    return bool(_STRONG.search(between)) and not any(is_common(word) or turns_meaning(word) for word in words)


# --- in scripts without spaces ----------------------------------------------------------------------------

_UNSPACED_LINK = re.compile(
    r"(?:[号號][码碼]?|番号|[是为為:は叫の]|\([^()\d\n]{1,16}\)|[ (\"「“]|id|的|が|联系我|找我|加我|搜|:|#|编号|編號|"
    r"나는|는|은|이|no\.?|有误|如下|变更|改)*"
)


def _unspaced(kind: Kind, text: str, lower: str, end: int) -> Span | None:
    link = _UNSPACED_LINK.match(lower, end, end + 16)
    at = link.end() if link else end
    last = code_at(text, at)
    size = sum(map(str.isalnum, text[at:last]))
    if size > kind.longest or size < kind.shortest or digits_in(text, at, last) < kind.fewest_digits:
        return None
    if is_amount_or_date(lower, at, last):
        return None
    if kind is IDENTITY and (more := _BRACKETED_CHECK.match(text, last)):
        last = more.end()
    return Span(at, last, kind.label)


def unspaced_passport(text: str, lower: str, start: int, end: int) -> Span | None:
    """护照, パスポート."""
    return _unspaced(PASSPORT, text, lower, end)


def unspaced_identity(text: str, lower: str, start: int, end: int) -> Span | None:
    """身份证, マイナンバー."""
    return _unspaced(IDENTITY, text, lower, end)


def unspaced_account(text: str, lower: str, start: int, end: int) -> Span | None:
    """账号, 口座."""
    before = lower[max(0, start - 2) : start]
    return None if before in ("会员", "會員", "游戏", "用户", "客户") else _unspaced(ACCOUNT, text, lower, end)


def unspaced_branch(text: str, lower: str, start: int, end: int) -> Span | None:
    """支店番号, of three digits."""
    return _unspaced(SHORT_BRANCH, text, lower, end)


def unspaced_card(text: str, lower: str, start: int, end: int) -> Span | None:
    """银行卡, カード番号."""
    link = _UNSPACED_LINK.match(lower, end, end + 16)
    at = link.end() if link else end
    found = _DIGITS_APART.match(text, at, at + 40)
    digits = "".join(filter(str.isdigit, found.group())) if found else ""
    if found is None or not 12 <= len(digits) <= 19:
        return None
    return Span(at, found.end(), f"card ····{digits[-4:]}")


def unspaced_messenger(text: str, lower: str, start: int, end: int) -> Span | None:
    """微信, 电报 and the like; also names of letters alone."""
    return _unspaced_handle(text, lower, end, shortest_digits=99)


def unspaced_qq(text: str, lower: str, start: int, end: int) -> Span | None:
    """扣扣."""
    return _unspaced_handle(text, lower, end, shortest_digits=5)


def _unspaced_handle(text: str, lower: str, end: int, shortest_digits: int) -> Span | None:
    link = _UNSPACED_LINK.match(lower, end, end + 16)
    at = link.end() if link else end
    found = re.compile(r"@?[A-Za-z0-9_][A-Za-z0-9_.-]{3,39}").match(text, at)
    if found is None:
        return None
    written = found.group().rstrip(".-")
    if is_amount_or_date(lower, at, at + len(written)):
        return None
    digits_alone = written.isdigit()
    good = shortest_digits <= len(written) <= 12 if digits_alone else _is_handle(written, ":", shortest_digits)
    return Span(at, at + len(written), "messenger") if good else None


PASSPORTS_UNSPACED = (
    "护照号码",
    "护照号",
    "护照",
    "護照號碼",
    "護照號",
    "護照",
    "パスポート番号",
    "パスポート",
    "旅券番号",
    "旅券",
    "여권번호",
    "여권",
)
IDENTITIES_UNSPACED = (
    "身份证号码", "身份证号", "身份证", "身分證字號", "身分證", "身份證", "证件号码", "证件号", "社保号", "社会保障号",
    "社保卡号", "驾驶证号",
    "驾驶证", "驾照", "通行证号", "通行证", "居留证", "居住证", "マイナンバー", "個人番号", "免許証番号", "免許証",
    "在留カード", "保険証番号",
    "주민등록번호", "외국인등록번호", "운전면허번호",
)  # fmt: skip
ACCOUNTS_UNSPACED = (
    "银行账号", "银行账户", "银行帐号", "账号", "帐号", "账户", "帐户", "賬號", "帳號", "帳戶", "戶口", "口座番号",
    "口座", "普通預金", "当座預金", "계좌번호",
    "계좌",
)  # fmt: skip
BRANCHES_UNSPACED = ("支店番号", "店番号", "支店コード", "支行号", "联行号", "行号")
CARDS_UNSPACED = (
    "银行卡号",
    "银行卡",
    "信用卡号",
    "信用卡",
    "储蓄卡",
    "借记卡",
    "卡号",
    "卡號",
    "カード番号",
    "クレジットカード",
    "카드번호",
    "카드 번호",
)
MESSENGERS_UNSPACED = (
    ""
    "微"
    "信"
    ""
    ""
    "号", "微信號", "v信", "vx号", "加v", "加vx", "微信", "威信", "薇信", "电报", "電報", "钉钉", "微博", "抖音号",
    "抖音", "小红书号", "小红书", "飞书", "陌陌", "快手号", "ライン", "支付宝账号", "支付宝帐号",
    "支付宝账户", "支付宝", "支付寶",
    "インスタ", "ツイッター", "テレグラム", "カカオ", "카카오톡", "카톡", "라인", "텔레그램", "인스타",
)  # fmt: skip
QQS_UNSPACED = ("扣扣", "企鹅号", "qq号码", "qq号", "qq")
