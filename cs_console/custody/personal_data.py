"""What looks like personal data in free text: e-mail addresses, links, machines and IBANs.

Every search here takes time proportional to the text, whatever the text: windows are bounded and no pattern can start
twice inside the same run.
"""

import ipaddress
import re
from collections.abc import Iterator
from functools import cache

from cs_console.custody.folding import Span

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
)
"""Scripts that put no space between words: their letters do not belong to an address that they touch."""

# --- e-mail ----------------------------------------------------------------------------------------------

LONGEST_LOCAL = 64
LONGEST_DOMAIN = 254
_AT = re.compile(r"(?<![@\s])@(?![@\s.])")
_SIGNS = r".!#$%&'*+/=?^_`{|}~-"
_LOCAL = re.compile(rf"(?:[^\W{UNSPACED}]|[{re.escape(_SIGNS)}])+")
_UNSPACED_LOCAL = re.compile(r"[\w.+-]+")
_QUOTED = re.compile(r'"[^"\r\n]{1,64}"')
_DOT = r"(?:\.|\[\.\]|\(\.\))"
_LABEL = rf"(?:[^\W_{UNSPACED}]|-){{1,63}}"
_DOMAIN = re.compile(rf"{_LABEL}(?:{_DOT}{_LABEL}){{1,12}}|\[[0-9A-Fa-f:.IPv]{{3,60}}\]")
_UNSPACED_DOMAIN = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,12}")
_AT_WORDS = "at|arroba|arobase|arobas|chiocciola|klammeraffe|apenstaartje|malpa"
_DOT_WORDS = "dot|punto|punkt|point|ponto|punt|kropka"
_SURE_AT_WORDS = _AT_WORDS.split("|")[1:]
"""Those that mean nothing but the sign: after them a plain domain will do."""
_SPELT_AT = re.compile(
    rf"\s?[(\[{{]\s?(?:{_AT_WORDS}|@|a)\s?[)\]}}]\s?|\s{{1,3}}(?:{_AT_WORDS})\s{{1,3}}", re.IGNORECASE
)
_BRACKETED_AT = re.compile(rf"[(\[{{]\s?(?:{_AT_WORDS}|@|a)\s?[)\]}}]")
_SPELLING_WORDS = ("dot", "punkt", "point", "ponto", "punt", "kropka", "roba", "chiocciola")
"""What one of is in every such address without brackets, in parts: "punt" is in "punto", "roba" in "arroba"."""
_SPELT_DOT = rf"(?:\s?[(\[{{]\s?(?:{_DOT_WORDS}|\.)\s?[)\]}}]\s?|\s{{1,3}}(?:{_DOT_WORDS})\s{{1,3}})"
_SPELT_DOMAIN = re.compile(rf"[\w-]{{1,63}}(?:{_SPELT_DOT}[\w-]{{1,63}}){{1,4}}(?:\.[a-z]{{2,12}})?", re.IGNORECASE)
_BRACKETED_DOMAIN = re.compile(
    rf"[\w-]{{1,63}}(?:(?:{_SPELT_DOT}|\s\.\s?(?=[a-z]{{2,4}}(?!\w))|\.)[\w-]{{1,63}}){{1,8}}", re.IGNORECASE
)


def emails(text: str) -> Iterator[Span]:
    """Addresses around each @, and those spelt out as `name (at) host dot org`."""
    done = 0
    for sign in _AT.finditer(text):
        at = sign.start()
        end = _domain_end(text, at + 1) if at >= done else 0
        start = _local_start(text, max(done, at - LONGEST_LOCAL), at) if end else at
        if start < at and _is_handle(text, start, at, end):
            continue
        if start < at:
            yield Span(start, end, "e-mail")
            done = end


def _is_handle(text: str, start: int, at: int, end: int) -> bool:
    """ "ID是@mei.lan": words run up to a name at a messenger; an address has a known ending."""
    if text[start:at].isascii() or re.search("[A-Za-z0-9]", text[start:at]):
        return False
    return text[at:end].isascii() and text[at:end].rpartition(".")[2].casefold() not in _TOPS


def _domain_end(text: str, start: int) -> int:
    window = text[start : start + LONGEST_DOMAIN]
    found = _DOMAIN.match(window) or _UNSPACED_DOMAIN.match(window)
    if found is None:
        return 0
    domain = found.group().rstrip("-.")
    last = domain.rpartition(".")[2]
    if last.isdigit() and not _is_ip(domain):
        return 0
    if not last.isascii() and re.search("[A-Za-z]", last):  # text goes on where no space parts words
        return 0
    return start + len(domain)


def _local_start(text: str, first: int, at: int) -> int:
    backwards = text[first:at][::-1]
    if backwards.startswith('"'):
        quoted = _QUOTED.match(backwards)
        return at - quoted.end() if quoted else at
    found = _LOCAL.match(backwards) or _UNSPACED_LOCAL.match(backwards)
    return at if found is None else at - len(found.group().rstrip(_SIGNS))


def spelt_emails(text: str) -> Iterator[Span]:
    """Addresses written to be read aloud or to hide from robots."""
    lower = text.lower()
    if _BRACKETED_AT.search(lower) is None and not any(word in lower for word in _SPELLING_WORDS):
        return
    done = 0
    for sign in _SPELT_AT.finditer(text):
        if sign.start() < done:
            continue
        said = sign.group().strip().lower()
        pattern = _BRACKETED_DOMAIN if said[0] in "([{" or said in _SURE_AT_WORDS else _SPELT_DOMAIN
        found = pattern.match(text, sign.end(), sign.end() + LONGEST_DOMAIN)
        local = _LOCAL.match(text[max(done, sign.start() - LONGEST_LOCAL) : sign.start()][::-1])
        if found is not None and local is not None:
            done = found.end()
            yield Span(sign.start() - local.end(), done, "e-mail")


# --- links and addresses of machines ---------------------------------------------------------------------

_LINK = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Za-z][A-Za-z0-9+.-]{1,15}://|www\d?\.(?=\w))"
    r"[^\s\x00<>\"“”‘’「」『』【】《》，。；、！？）]+",
)
_HOST = re.compile(r"[^\W_](?:[^\W_]|[.-])*(?P<rest>(?::\d{1,5})?(?:/[^\s\x00<>\"“”「」，。；、！？]*)?)")
_DOT_WITHIN = re.compile(r"\.(?<=[^\W_]\.)(?=[\w-])|\.(?<=-\.)(?=[\w-])")
"""No host name is without one; most text has full stops alone."""
_HOST_BACKWARDS = re.compile(r"(?:[^\W_]|[.-])+")
_NEVER_BEFORE_HOST = re.compile(r"[\w@.-]")
_TOPS = frozenset(
    re.findall(
        r"\w+",
        "com net org info biz edu gov mil int io app dev shop store online site xyz top club cc tv ai vip icu mobi "
        "onion cn de uk fr es ru jp kr nl pl eu ch br ca au hk tw sg eg sa ae tr ua cz ro hu gr pt se dk fi ie nz mx "
        "ar cl za рф 中国 公司 网络 مصر السعودية",
    )
)
"""Top-level domains that tell a host from a full stop without a space after it ("it", "is", "me" would not)."""


def links(text: str) -> Iterator[Span]:
    """Anything with a scheme or www, defanged forms included."""
    if "://" not in text and "www" not in text.casefold():
        return
    for found in _LINK.finditer(text):
        link = found.group()
        if ")" in link and "(" not in link:
            link = link[: link.index(")")]
        yield Span(found.start(), found.start() + len(link.rstrip(".,;:!?'])")), "link")


def hosts(text: str) -> Iterator[Span]:
    """Bare host names under a common top-level domain, with what follows them."""
    done = 0
    for dot in _DOT_WITHIN.finditer(text):
        if dot.start() < done:
            continue
        first = max(done, dot.start() - LONGEST_DOMAIN)
        backwards = _HOST_BACKWARDS.match(text[first : dot.start()][::-1])
        start = dot.start() - (backwards.end() if backwards else 0)
        if start and _NEVER_BEFORE_HOST.match(text[start - 1]):
            continue
        found = _HOST.match(text, start)
        if found is None:
            continue
        done = found.end()
        rest = found["rest"]
        host = found.group()[: len(found.group()) - len(rest)].rstrip(".-")
        labels = host.casefold().split(".")
        if len(labels) < 2 or len(host) > LONGEST_DOMAIN or not all(labels):
            continue
        top = labels[-1]
        with_path = rest.startswith("/") and len(top) >= 2 and top.isalpha() and len(labels[-2]) > 1
        if top in _TOPS or with_path:
            yield Span(found.start(), found.start() + len(host) + len(rest.rstrip(".,;:!?)")), "link")


_IPV4 = re.compile(r"\d(?<![\d.]\d)\d{0,2}(?:\.\d{1,3}){3}(?!\d|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{1,40}(?:\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])")


def ips(text: str) -> Iterator[Span]:
    """IPv4 and IPv6 addresses."""
    if "." in text:
        yield from (Span(m.start(), m.end(), "ip") for m in _IPV4.finditer(text) if _is_ip(m.group()))


def ips_v6(text: str) -> Iterator[Span]:
    """IPv6 addresses; `::` alone and times of day do not count."""
    if ":" in text:
        yield from (
            Span(m.start(), m.end(), "ip")
            for m in _IPV6.finditer(text)
            if m.group().count(":") >= 2 and any(c.isalnum() for c in m.group()) and _is_ip(m.group())
        )


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


# --- bank accounts ----------------------------------------------------------------------------------

_IBAN_HEAD = re.compile(r"[A-Za-z](?<![A-Za-z0-9][A-Za-z])[A-Za-z] ?\d{2}(?=[ -]?[A-Za-z0-9])")
_LETTERS_AS_NUMBERS = {ord(letter): str(10 + n) for n, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}


@cache
def _iban_lengths() -> dict[str, int]:
    """Country to length, from python-stdnum's registry."""
    from stdnum import numdb  # not before a text may hold an account number

    registry = numdb.get("iban")
    lengths = {}
    for first in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
            known = registry.info(first + second)[0][1].get("bban", "")
            if known:
                lengths[first + second] = 4 + sum(int(part) for part in re.findall(r"(\d+)!", known))
    return lengths


@cache
def _written_iban(length: int) -> re.Pattern[str]:
    return re.compile(rf"(?:[A-Za-z0-9][ -]?){{{length - 1}}}[A-Za-z0-9](?![A-Za-z0-9])")


def ibans(text: str) -> Iterator[Span]:
    """Bank accounts of their country's length whose check digits are right; mistyped ones need an introduction."""
    done = 0
    for head in _IBAN_HEAD.finditer(text):
        length = _iban_lengths().get(head.group()[:2].upper())
        if length is None or head.start() < done:
            continue
        found = _written_iban(length).match(text, head.start())
        if found and _checks_as_iban(found.group().replace(" ", "").replace("-", "").upper()):
            done = found.end()
            yield Span(head.start(), done, "iban")


def _checks_as_iban(compact: str) -> bool:
    """ISO 7064, mod 97-10."""
    return int((compact[4:] + compact[:4]).translate(_LETTERS_AS_NUMBERS)) % 97 == 1
