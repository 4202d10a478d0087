"""Postal addresses: by the shape of a street with its number, and what goes on to postcode and town; or introduced."""

import re
from collections.abc import Iterator

from cs_console.custody.common_words import is_common
from cs_console.custody.folding import Span
from cs_console.custody.personal_data import UNSPACED
from cs_console.custody.word_shapes import word_set

LABEL = "address"
_WINDOW = 90
LONGEST = 160

_LETTER = "[A-Za-z\u0370-\u04ff]"
_CAP = rf"(?:[A-Z\u0370-\u04ff]{_LETTER}*(?:[.'-]{_LETTER}+)*\.?)"
"""A capitalised word of a folded text, in Latin, Greek or Cyrillic; of the last two any word."""
_HOUSE = r"\d{1,5}(?:[ /-]?[A-Za-z](?![A-Za-z])|(?:[-/]\d{1,4}){1,3}[A-Za-z]?)?"

# What may follow a street and its number: a flat, a floor, a postcode and a town.
_UNIT = (
    r"(?:(?:ground|first|second|third|fourth|fifth|sixth|top) floor(?!\w)|(?:flat|apt|apartment|unit|suite|ste|room|"
    r"floor|fl|level|building|bldg|block|apto|apartamento|piso|puerta|pta|"
    r"esc|"
    r"escalera|bloco|andar|andar|etage|appt?|appartement|bat|batiment|escalier|esc|porte|bp|po box|p\.o\. box|interno|"
    r"int|"
    r"scala|sc|piano|wohnung|whg|top|stiege|og|eg|hinterhaus|hh|postfach|kv|кв|д|дом|корп|стр|m|lok|boite|bus|casa|"
    r"lote|"
    r"puerta|planta|portal|local|oficina|edificio|ed|c/o)(?:\.?[ ]?(?:n[.o°]+ ?)?\d{1,5} ?[a-z]?|[. ] ?[a-z])(?!\w)"
    r"|\#[ ]?\d{1,5}[a-z]?|\d{1,2}[nrta](?: \d[ra])?(?!\w)|"
    r"\d{1,3}\.? ?(?:o|a|er|e|eme|ere|st|nd|rd|th|re|ro|do|to)\.? ?"
    r"(?:(?:floor|etage|piso|andar|dcha|izda|izq|der|esq|dto|floor|stock|og|planta)\.?(?!\w)|[a-z](?!\w))?|\d{1,2}\.? "
    r"?(?:og|stock|etage|obergeschoss|piano|pietro)(?!\w))"
)
_POSTCODE = (
    r"(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}(?!\w)|[A-Z]\d[A-Z] ?\d[A-Z]\d(?!\w)|(?:[A-Z]{1,3}-? ?)?\d{2}-\d{3}(?!\d)|"
    r"\d{5}-\d{3,4}(?!\d)|"
    r"\d{4}-\d{3}(?!\d)|\d{4} [A-Z]{2}(?!\w)|(?:[A-Z]{1,2}-)?\d{4,6}(?![\d.,]\d|\d)|\d{3} \d{2}(?!\d))"
)
_TOWN = (
    rf"{_CAP}(?:(?:[ -]|, ?(?=[A-Z]{{2}}(?!\w)))(?:(?:de|del|la|las|el|los|am|an|der|im|in|bei|sur|sous|les|le|en|do|"
    rf"da|dos|das|di|upon|on|of|the|ob|aan|den) ){{0,2}}{_CAP}){{0,3}}"
)
_SEPARATOR = r"(?: ?[,;] ?(?:\n ?)?| ?\n ?(?:> ?)?| - | ?/ ?| in (?=\d{4})| )"

_COMPONENT_UNIT = re.compile(rf"{_SEPARATOR}(?i:{_UNIT})")
_COMPONENT_POSTCODE_TOWN = re.compile(rf"{_SEPARATOR}{_POSTCODE}(?:(?: |, ?){_TOWN}(?: ?\([A-Z]{{2}}\))?)?")
_COMPONENT_TOWN_POSTCODE = re.compile(rf"{_SEPARATOR}(?:{_TOWN},? ){{1,2}}(?:(?:[-/] ?)?[A-Z]{{2}},? )?{_POSTCODE}")
_COMPONENT_TOWN = re.compile(
    rf"(?: ?, ?| ?\n ?| in | - ){_TOWN}(?: \d{{1,2}}(?!\d))?(?=\s*(?:[,;.!?)\n\x00]|[-/] ?[A-Z]{{2}}(?!\w)|\Z))"
)
_TOWNS_BEGIN = word_set(
    "sao san santa santo los las saint new bad den the porto castle great little north south east west"
)
_STATE = re.compile(r"(?:,? | ?- ?| ?/ ?)[A-Z]{2}(?: {1,2}\d{5}(?:-\d{4})?)?(?![\w])")


def _tail(text: str, end: int) -> int:
    """Where an address ends whose street and number end here."""
    last = min(len(text), end + LONGEST)
    for _ in range(6):
        for pattern in (_COMPONENT_UNIT, _COMPONENT_POSTCODE_TOWN, _COMPONENT_TOWN_POSTCODE, _STATE, _COMPONENT_TOWN):
            found = pattern.match(text, end, last)
            if found is not None and _likely(pattern, found.group()):
                end = found.end()
                break
        else:
            break
    while text[end - 1] in " ,;\n-":
        end -= 1
    if text[end - 1] == "." and text[end - 2 : end - 1].isalpha() and text[end - 3 : end - 2].isalpha():
        end -= 1
    return end


def _likely(pattern: re.Pattern[str], written: str) -> bool:
    """Whether a town's words are a town: the next sentence begins with a capital too."""
    if pattern is _COMPONENT_UNIT or pattern is _STATE:
        return True
    words = re.findall(rf"[^\W\d_{UNSPACED}]{{3,}}", written)
    if pattern is _COMPONENT_TOWN:
        first = words[0].casefold() if words else ""
        return first in _TOWNS_BEGIN or not is_common(first)
    return not words or not is_common(words[0].casefold()) or len(words) > 1 or not words[0][0].islower()


# --- number, then street: English, French -----------------------------------------------------------------

ENGLISH = word_set(
    "street st road rd lane ln avenue ave drive dr close court ct way place pl square sq terrace crescent cres gardens "
    "grove hill boulevard blvd highway hwy parkway pkwy mews row walk circle cir trail trl green rise quay wharf "
    "parade "
    "alley broadway loop turnpike esplanade"
)
_ANY_DIGIT = re.compile(r"\d")
_BEFORE_ENGLISH = re.compile(
    rf"(?:(?i:flat|apt\.?|apartment|unit|suite|room|floor|no\.?|#) ?{_HOUSE}(?: |, ?)(?:(?:{_CAP} ){{0,2}}{_CAP}, ?)?)?"
    rf"(?<![\w.,/#-]){_HOUSE},? (?:(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West|Upper|Lower|Old|New|The|St\.?|Saint)"
    rf"\.? )?"
    rf"(?:(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th)|of|the) ){{1,4}}\Z"
)


def english(text: str, lower: str, start: int, end: int) -> Span | None:
    """ "31 Gooseberry Lane": the number, at most four capitalised words, a word for a street."""
    if not text[start].isupper():
        return None
    first = max(0, start - _WINDOW)
    if _ANY_DIGIT.search(text, first, start) is None:
        return None
    found = _BEFORE_ENGLISH.search(text[first:start])
    if found is None:
        return None
    end += text[end : end + 1] == "."
    return Span(first + found.start(), _tail(text, end), LABEL)


FRENCH = word_set(
    "rue avenue av boulevard bd bld chemin impasse allee allees quai route cours passage faubourg residence "
    "lotissement "
    "villa place ruelle sentier esplanade hameau square promenade"
)
_FRENCH_HOUSE = r"(?:residence|immeuble|batiment|bat|appt|appartement|villa|le clos|chateau|lotissement|escalier)"
_BEFORE_FRENCH = re.compile(
    rf"(?:(?<!\w){_FRENCH_HOUSE}(?!\w)[^\d,\n]{{0,30}}(?:\d{{1,4}})?, ?){{0,3}}"
    rf"(?:{_FRENCH_HOUSE}[^\d,\n]{{0,30}} ?|apt\.? ?\d{{1,4}}, )?"
    rf"(?<![\w.,/#-])(?:(?:n[o°]\.? ?)?{_HOUSE}(?: ?(?:bis|ter|quater)(?!\w))?,? (?:{_CAP} )?)\Z",
    re.IGNORECASE,
)
_AFTER_FRENCH = re.compile(
    rf" (?:(?:de|du|des|la|le|les|l'|d'|aux?|a|et|en|sur|Saint|St)[ -]?){{0,3}}'?{_CAP}(?:[ -](?:(?:de|du|des|la|le|"
    rf"les|et|en|sur) |l'|d'){{0,2}}(?:{_CAP}|\d{{1,4}}(?= [A-Z]))){{0,4}}"
)


def french(text: str, lower: str, start: int, end: int) -> Span | None:
    """ "6 impasse des Merles": the number, a word for a street, its name."""
    first = max(0, start - 70)
    if _ANY_DIGIT.search(text, first, start) is None:
        return None
    found = _BEFORE_FRENCH.search(text[first:start])
    if found is None:
        return None
    end += text[end : end + 1] == "."
    after = _AFTER_FRENCH.match(text, end, end + _WINDOW)
    return Span(first + found.start(), _tail(text, after.end()), LABEL) if after else None


# --- street, then number: Spanish, Italian, Portuguese, Slavic ------------------------------------------------

SOUTHERN = word_set(
    "calle avenida avda plaza pza paseo camino carretera ronda travesia calleja glorieta rambla urbanizacion poligono "
    "callejon carrer carrera via viale piazza corso vicolo largo strada piazzale contrada localita lungomare salita "
    "rua "
    "travessa praca alameda estrada rodovia beco av c r ul ulica aleja al plac os ул улица проспект пр пер переулок "
    "бульвар площадь шоссе наб набережная"
)
_JOINING = (
    r"(?:de|del|de la|de los|de las|do|da|dos|das|di|della|delle|dei|degli|dello|dell'|d'|"
    r"de l'|l'|la|las|el|los|lo|e|y|i)"
)
_AFTER_SOUTHERN = re.compile(
    rf"(?:[./]? ?)(?:{_JOINING} ?){{0,3}}(?:{_CAP}|\d{{1,2}}(?: {_JOINING})? {_CAP})(?:[ -](?:{_JOINING} )"
    rf"{{0,3}}{_CAP}){{0,4}}"
    rf"(?:,? ?(?:(?i:n|no|nr|num|numero|n[.o°]+|n\.o|д|дом)[.°o]* ?|km\.? ?)?(?<![A-Za-z]){_HOUSE}|,? s/n)(?![\d:]|[.,]"
    rf"\d{{2}}(?!\d)"
    rf")"
)


def southern(text: str, lower: str, start: int, end: int) -> Span | None:
    """ "calle Olmo 4": a word for a street, its name, the number."""
    word = lower[start:end]
    if len(word) <= 2 and text[end : end + 1] not in ("/" if word == "c" else "./" if word == "r" else ". "):
        return None
    after = _AFTER_SOUTHERN.match(text, end, end + _WINDOW)
    return Span(start, _tail(text, after.end()), LABEL) if after else None


# --- one word with its street's kind at the end: German, Dutch, Nordic ----------------------------------------------

_ENDINGS = (
    "strasse", "str", "weg", "gasse", "allee", "platz", "ring", "damm", "ufer", "steig", "chaussee", "graben", "pfad",
    "mark"
    "t", "hof", "berg", "feld", "tor", "stieg", "twiete", "zeile", "wiese", "kamp", "stiege", "gasschen", "strassle",
    "stra"
    "at", "laan", "plein", "gracht", "kade", "dreef", "singel", "steeg", "pad", "dijk", "hof", "vej", "gade", "vagen",
    "gatan", "veien", "gata", "gate", "veg", "tie", "katu", "plads", "allé", "bakken",
)  # fmt: skip
_STREET_WORDS = frozenset(
    ("strasse", "str", "weg", "platz", "allee", "gasse", "ring", "damm", "ufer", "straat", "laan")
)
_NUMBER = re.compile(
    r"\d(?<=[ .]\d)\d{0,3}(?:[ /]?[a-zA-Z](?![A-Za-z])|[-/]\d{1,4}(?:/\d{1,3}){0,2}[a-z]?)?(?![\d:%]|[.,]\d|-\d)"
)
_LEADING = re.compile(
    rf"(?:(?:{_CAP}|(?:Am|An|Auf|Im|In|Zum|Zur|Unter|Hinter|Vor|Bei)(?: (?:der|den|dem|die))?|van|de|der|den|von|zu)[ "
    rf"-]){{1,4}}\Z"
)
_PREPOSED = re.compile(
    rf"(?<!\w)(?:Am|An (?:der|den|dem)|Auf (?:der|dem|den)|Im|In (?:der|den|dem)|Zum|Zur|Unter (?:den|der|dem)|Hinter "
    rf"(?:der|dem)"
    rf"|Beim|Vor dem) (?:{_CAP} )?{_CAP} \Z"
    rf"|(?<!\w)(?:[A-Z]{_LETTER}*)?(?:[Ss]trasse|[Pp]latz|[Aa]llee|[Uu]fer|[Ww]eg) (?:des|der|von|zum|zur|am|im) "
    rf"(?:\d{{1,2}}\. )?(?:{_CAP} )?{_CAP} \Z"
)
_ARTICLES = word_set(
    "der die das den dem des ein eine einen einem mein meine meinen dein ihr ihre ihren unser unsere sein seine dieser "
    "diesem "
    "kein jeder welcher und oder auf von van the het een deze dit"
)


_BRITISH_POSTCODE = re.compile(r"\d[A-Z]{2}(?!\w)")
_BEFORE_BRITISH = re.compile(
    rf"(?:(?:{_CAP}|{_HOUSE}|of|the|upon|on|in|and|le)(?:, ?\n? ?| ?\n ?| )){{0,12}}(?<!\w)[A-Z]{{1,2}}\d[A-Z\d]? ?\Z"
)
_STARTS = re.compile(rf"(?:{_CAP}|\d)")


def british_postcodes(text: str) -> Iterator[Span]:
    """ "Rose Cottage, Mill Lane, Bibury GL7 5NW": from the postcode, unlike anything else, to the house."""
    for code in _BRITISH_POSTCODE.finditer(text):
        first = max(0, code.start() - _WINDOW)
        found = _BEFORE_BRITISH.search(text[first : code.start()])
        if found is None or (text[code.start() - 1] != " " and "," not in found.group()):
            continue  # "P29RH" is a code of anything where no town comes before it
        words = found.group()
        if " " not in words.rstrip():
            continue  # a district of many homes
        start = first + found.start()
        while (small := re.match(r"(?:of|the|upon|on|in|and|le)[ ,\n]+", words)) is not None:
            start += small.end()
            words = words[small.end() :]
        yield Span(start, code.end(), LABEL)


BOXES = ("box", "postfach", "apartado", "casilla")
_BOX_BEFORE = re.compile(r"(?<!\w)p\.? ?o\.? ?\Z")
_BOX_NUMBER = re.compile(r" ?(?:nr?\.?|no\.?|postal)? ?\d{1,7}(?: \d{2,3}){0,2}(?![\d.,]?\d)")


def box(text: str, lower: str, start: int, end: int) -> Span | None:
    """ "PO Box 123, Cambridge CB2 1AB"."""
    first = start
    if lower[start:end] == "box":
        before = _BOX_BEFORE.search(lower[max(0, start - 6) : start])
        if before is None:
            return None
        first = max(0, start - 6) + before.start()
    number = _BOX_NUMBER.match(lower, end)
    return Span(first, _tail(text, number.end()), LABEL) if number else None


def numbered_streets(text: str) -> Iterator[Span]:
    """ "Fichtenweg 9b": found from the number backwards, because the word for the street is no word of its own."""
    done = 0
    for number in _NUMBER.finditer(text):
        begin = number.start()
        last = text[begin - 2 : begin - 1]
        if text[begin - 1] == " " and not (last.isalpha() or last in " ."):
            continue  # most numbers follow a sign or another number
        before = text[max(0, begin - 60) : begin].rstrip(" ")
        if not before or number.start() < done or not (before[-1].isalpha() or before[-1] == "."):
            continue
        start = _street_before(text, before, begin)
        if start is None:
            continue
        end = _tail(text, number.end())
        if _is_counted(text, number.end(), end):
            continue
        yield Span(start, end, LABEL)
        done = end


_LAST_WORD = re.compile(rf"(?<![^\W\d_{UNSPACED}'-])[^\W\d_{UNSPACED}]+(?:[-'][^\W\d_]+)*\.?\Z")
_ARTICLE_FIRST = re.compile(r"(?:der|den|dem|die|das) ", re.IGNORECASE)
_ADJECTIVE = re.compile(
    r"(?<!\w)(?:Alte[rsn]?|Neue[rsn]?|Grosse[rsn]?|Kleine[rsn]?|Obere[rsn]?|Untere[rsn]?|Lange[rn]?|Hohe[rn]?) \Z"
)


def _street_before(text: str, before: str, begin: int) -> int | None:
    word = _LAST_WORD.search(before)
    if word is None:
        return None
    gap = begin - len(text[max(0, begin - 60) : begin].rstrip(" "))
    at = begin - gap - len(before) + word.start()
    plain = word.group().rstrip(".").casefold()
    preposed = _PREPOSED.search(text[max(0, at - 50) : at + len(word.group())] + " ")
    if preposed is not None and plain not in _STREET_WORDS:
        return max(0, at - 50) + preposed.start()
    tail = re.split(r"[-']", plain)[-1]
    whole = tail in _STREET_WORDS
    if whole and tail == plain:
        leading = _LEADING.search(text[max(0, at - 50) : at])
        if leading is None or not word.group()[0].isupper() or not _names_a_street(leading.group()):
            return None
        article = _ARTICLE_FIRST.match(leading.group())
        return max(0, at - 50) + leading.start() + (article.end() if article else 0)
    if plain.endswith(_ENDINGS) and len(plain) > 6 and word.group()[0].isupper() and not is_common(plain):
        leading = _ADJECTIVE.search(text[max(0, at - 12) : at])
        return at if leading is None else max(0, at - 12) + leading.start()
    return None


def _names_a_street(leading: str) -> bool:
    """Whether a word before "Platz" or "Ring" is more than its article."""
    return any(re.split("[ -]", part)[0] not in _ARTICLES for part in re.findall(r"[A-Za-z]{3,}", leading.casefold()))


def _is_counted(text: str, number_end: int, end: int) -> bool:
    """A weak street without any town, and a word after it that says what is counted."""
    return (
        end == number_end
        and re.match(
            r" (?:uhr|mal|tage|stuck|euro|eur|prozent|jahre|wochen)", text[number_end : number_end + 10].casefold()
        )
        is not None
    )


# --- introduced ----------------------------------------------------------------------------------------------

INTRODUCING = word_set(
    "address adresse anschrift direccion domicilio indirizzo endereco morada adres lieferadresse rechnungsadresse "
    "wohnort "
    "wohnadresse postanschrift lieferanschrift residencia residenza wohnhaft адрес адресу live lives living wohne "
    "wohnt "
    "wohnen j'habite habite vivo vive abito abita moro moramos woon woont mieszkam"
)
_INTRODUCED = re.compile(
    r"(?:[ \t:=]|\n|(?:is|was|to|at|ist|lautet|war|est|es|e|era|the|my|new|old|now|following|in|au|a|en|na|no|zu|auf|"
    r"unter|nach|op|"
    r"neue|alte|jetzt|nueva|nouvelle|nova|nuovo|living|shipping|delivery|billing|home|postal|street|postale|postal|"
    r"currently|bij|number|from|changed|has|into|von|in der|em|di|de|la|correct|right|should be|be|for delivery|moved|"
    r"instead)(?!\w)){1,12}"
)
_FREE = re.compile(
    rf"(?P<value>(?:{_CAP}|\d[\w/-]*)(?:(?:, ?|[ ,]\n ?| |\n(?=\S))(?:[A-Z]{{1,2}}\d[A-Z\d]*|"
    rf"(?:(?:dell|[ld])')?{_CAP}|(?:de|del|la|las|"
    rf"los|do|da|di|du|des|le|der|am|van|the|of|upon|near|by|bei|and|y|et|l'|d')(?!\w)|#?\d[\w/.-]*)){{1,16}})"
)
_NO_POSTAL = re.compile(r"(?:(?<!\w)e[ -]|mail[ -]|ip |web )\Z")
_WEAK = word_set("live lives living wohne wohnt wohnen j'habite habite vivo vive abito abita moro moramos woon woont")


def introduced_address(text: str, lower: str, start: int, end: int) -> Span | None:
    """What follows "my address is", if it has a number and begins like an address."""
    if _NO_POSTAL.search(lower[max(0, start - 6) : start]):
        return None
    link = _INTRODUCED.match(lower, end, end + 60)
    at = link.end() if link else end
    found = _FREE.match(text, at, at + LONGEST)
    if found is None:
        return None
    value = _cut(found["value"])
    digits = sum(map(str.isdigit, value))
    groups = len(re.findall(r"[^\W_]+", value))
    if not 1 <= digits <= 16 or groups < 3 or len(value) < 10 or not re.search(rf"{_CAP}", value):
        return None
    if re.search(r"\d{7,}", value):
        return None
    weak = lower[start:end] in _WEAK
    if weak and not re.search(r"\d{4,}|, ?\d|\d,|[A-Z]\d", value):
        return None
    stop = at + len(value)
    return Span(at, max(stop, _tail(text, stop)), LABEL)


def _cut(value: str) -> str:
    """Up to the sentence's end, and without what begins the next."""
    found = re.search(r"(?<=[a-z\d]{3})\.\s", value)
    value = value[: found.start()] if found else value
    value = value.partition("\n\n")[0]
    words = value.split(" ")
    while len(words) > 1 and re.fullmatch(r"[a-z'.]+,?|[A-Z]", words[-1]):
        words.pop()
    return " ".join(words).rstrip(" .,\n")
