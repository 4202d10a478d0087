"""What is known of a requester, looked for in a text: values on file wherever they are, claims only where they are no
other words.

Everything is compared folded, word by word, in one pass: the time grows with the text, not with how much is known.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise, product

from cs_console.custody.common_words import is_common, turns_meaning
from cs_console.custody.folding import Folded, Span, spellings
from cs_console.custody.personal_data import UNSPACED
from models.contact_fields import Field

SHORTEST_KNOWN = 2
SHORTEST_ADDRESS_PART = 6
SHORTEST_POSTCODE = 3
LONGEST_POSTCODE = 12
SHORTEST_RUN = 6
"""Of two parts of a name that are written as one word: shorter ones are other names and words."""
MOST_RUN_TOGETHER = 5
FEWEST_OF_NUMBER = 4
FEWEST_KNOWN_DIGITS = 6
COMPARED_DIGITS = 9
LONGEST_PREFIX = 10
MOST_WORDS = 16
MOST_ON_FILE = 200
MOST_CLAIMS = 16
FEWEST_OF_MARK = 3
LONGEST_LINE = 200

_PARTICLES = frozenset(
    {
        "van", "von", "der", "den", "del", "dos", "das", "bin", "ibn", "abu", "the", "and", "mrs", "miss", "herr",
        "frau", "mister", "senor", "senora", "madame", "monsieur",
    }
)  # fmt: skip
_WORD = re.compile(rf"[^\W{UNSPACED}]+")
_COMPOUND = re.compile(rf"(?<![^\W{UNSPACED}])[^\W{UNSPACED}]++(?:[-'`][^\W{UNSPACED}]++){{1,6}}")
_UNSPACED_CHAR = re.compile(f"[{UNSPACED}]")
_UNSPACED_RUN = re.compile(f"[{UNSPACED}]{{2,}}")
_BETWEEN_CHARS = frozenset(" \t\n·・‧.-")
_SAME_AS_SPACE = frozenset(" \t\n\r-'`")
_IN_NAMES = _SAME_AS_SPACE | {","}
_IN_ADDRESSES = _IN_NAMES | {".", "/"}
_JOINERS = frozenset("-'`")
_SPACED_OUT = re.compile(r"(?<!\w)[^\W\d_](?:[ .\-][^\W\d_]){3,40}(?!\w)")
_DIGIT = re.compile(r"\d")
_NO_WUXI = re.compile("[无無][锡錫]")
"""A city whose name begins with a character that otherwise turns what is said."""
_DIGIT_RUN = re.compile(r"\d(?:[ ()./\-]{0,3}\d)*")
_SENTENCE_ENDS = frozenset(".!?:;。！？…*>#•\n\x00")
_OPENING = " \t\"'([{“„«‹¿¡"
_GREETING = frozenset(
    re.findall(
        r"\w+",
        "dear hi hello hey regards best kind warm cheers thanks thank you sincerely yours truly faithfully love "
        "greetings with many sent by from signed hallo liebe lieber guten tag viele beste freundliche freundlichen "
        "freundlichem mit gruss grusse grussen mfg lg vg danke bonjour cher chere cordialement merci salutations hola "
        "estimado estimada querido querida saludos gracias atentamente ciao gentile saluti grazie cordiali ola "
        "obrigado groet groeten",
    )
)
_NAMED = re.compile(
    r"(?:\b(?:name is|name's|named|called|name ist|heisse|m'appelle|nom est|me llamo|nombre es|mi chiamo|heet)"
    r"|\b(?:name|nom|nombre|nome|naam) ?:)\s*\Z"
)
_SAID_TO_BE = re.compile(r"(?:我是|我叫|名字是|名叫|姓名[:： ]?|联系人[:： ]?|收件人[:： ]?|\n|\A)[ \t]*\Z")
_AFTER_SAID = re.compile(r"[ \t]*(?:\Z|\n|[,，.。;；!！]|先生|女士|小姐|敬上|谨上|上\s*(?:\Z|\n))")
_NEGATED = re.compile(
    r"\b(?:ai|are|ca|could|did|do|does|had|has|have|is|might|must|need|sha|should|was|were|wo|would)n['’ʼ´`]t\b"
    r"|\bn['’ʼ´`](?:est|ai|as|a|avons|avez|ont|etait|était|y|en|importe|accepte)\b",
    re.IGNORECASE,
)
"""A word that turns what is said, in two: no value on file hides a piece of it."""
_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖"
    "邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文張劉陳楊趙黃吳孫馬羅鄭謝韓馮蕭鄧許呂蘇盧蔣賈閻葉鍾"
)

Values = Sequence[tuple[Field, str]]
MARKED = "hidden"
"""The label of what an agent marked: what it was is not said."""


@dataclass(frozen=True, slots=True)
class _Term:
    """A sequence of words. `separators`: None where any sign of an address may stand between its words."""

    label: str
    separators: tuple[str, ...] | None
    where: str
    """"anywhere", "named" (where it is clearly used as a name), or "claimed"."""
    tells: bool
    """Whether one of its words is more than a common word."""


@dataclass(slots=True)
class _Node:
    following: dict[str, "_Node"] = field(default_factory=dict)
    term: _Term | None = None


class KnownTerms:
    """The terms of one requester, made ready once for any number of texts, when the first is searched."""

    __slots__ = (
        *("_chars", "_claimed_chars", "_first", "_is_ready", "_name_sizes", "_parts", "_phones", "_runs", "_start"),
        "_values",
    )

    def __init__(self, on_file: Values, claimed: Values = (), marked: Sequence[str] = ()) -> None:
        self._values = (tuple(on_file), tuple(claimed), tuple(marked))
        self._start = _Node()
        self._parts: dict[str, dict[int, int]] = {}
        """Word of a name -> which name, and which part of it."""
        self._runs: set[str] = set()
        """Those of them that are several parts written as one word."""
        self._name_sizes: list[int] = []
        self._chars: dict[str, str] = {}
        """Values in scripts without spaces, with their labels."""
        self._claimed_chars: set[str] = set()
        self._phones: set[str] = set()
        self._first: set[str] = set()
        self._is_ready = False

    def _make_ready(self) -> None:
        on_file, claimed, marked = self._values
        for kind, value in on_file[-MOST_ON_FILE:]:
            self._add(kind, value)
        for kind, value in claimed[:MOST_CLAIMS]:
            self._add_claim(kind, value)
        for words in marked:
            self._add_mark(words)
        self._first = self._start.following.keys() | self._parts.keys()
        self._is_ready = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KnownTerms) and self._values == other._values

    def __hash__(self) -> int:
        return hash(self._values)

    def with_claims(self, claims: Values) -> "KnownTerms":
        """The same, with what a message claims that is only coming in."""
        on_file, claimed, marked = self._values
        return KnownTerms(on_file, tuple(dict.fromkeys((*claims, *claimed))), marked)

    # --- making ready ---------------------------------------------------------------------------------------

    def _add(self, kind: Field, value: str) -> None:
        if kind is Field.MOBILE and self._add_phone(value):
            return
        plain = Folded(value).text.strip()
        if len(plain) < SHORTEST_KNOWN:
            return
        if _UNSPACED_CHAR.search(plain):
            self._add_chars(kind, plain)
        elif kind is Field.NAME:
            self._add_name(value)
        else:
            self._add_sequence(kind, value)
            if kind is Field.ADDRESS:
                for part in re.split(r"[,，;\n]", value):
                    if len(part.strip()) >= SHORTEST_ADDRESS_PART:
                        self._add_sequence(kind, part)

    def _add_phone(self, value: str) -> bool:
        digits = re.sub(r"\D", "", Folded(value.partition(";")[0]).text)
        if len(digits) < FEWEST_KNOWN_DIGITS:
            return False
        self._phones.add(digits[-COMPARED_DIGITS:])
        return True

    def _add_chars(self, kind: Field, plain: str) -> None:
        parts = re.split(r"[,;\n]", plain) if kind is Field.ADDRESS else [plain]
        for part in (plain, *parts):
            chars = "".join(char for char in part if not char.isspace() and char not in _BETWEEN_CHARS).lower()
            if _only_turns(kind, chars):
                continue
            if len(chars) >= (SHORTEST_KNOWN if part is plain else SHORTEST_ADDRESS_PART):
                self._chars[chars] = kind.value
        if kind is Field.NAME:
            for run in _UNSPACED_RUN.findall(plain):
                if not _only_turns(kind, run):
                    self._chars[run] = kind.value
            self._add_name(_UNSPACED_CHAR.sub(" ", plain))

    def _add_name(self, value: str) -> None:
        words = _words_of(value)[:MOST_WORDS]
        name = len(self._name_sizes)
        self._name_sizes.append(len({word for word, _ in words}))
        places: dict[str, int] = {}
        for word, forms in words:
            place = places.setdefault(word, len(places))
            for form in forms:
                self._parts.setdefault(form, {})[name] = place
        for joined in _joined_words(value):
            self._parts.setdefault(joined, {})[name] = len(places)
            places[joined] = len(places)
        for joined in _run_together(words):
            if joined not in places:
                self._runs.add(joined)
                self._parts.setdefault(joined, {})[name] = len(places)
                places[joined] = len(places)

    def _add_sequence(self, kind: Field, value: str) -> None:
        """The words of a value, as far as none of them turns what is said: where one does, what is around it.

        An agent or a record may put anything on file: with the postcode "did not", the words would go everywhere.
        """
        words = _words_of(value)
        exact = kind is not Field.ADDRESS
        separators = _separators(value) if exact else None
        for first, last in _runs_between(words):
            plain = [word for word, _ in words[first:last]]
            if last - first < len(words) and not _tells_as_rest(kind, plain):
                continue
            postcode = kind is Field.POSTCODE and _is_postcode(plain)
            tells = postcode or any(not is_common(word) for word in plain) or _is_number(plain)
            # a house has a name of two words, or a number; three common words are a sentence
            weak = exact or len(plain) == 1 or (len(plain) > 2 and not any(word.isdigit() for word in plain))
            where = "named" if not tells and weak else "anywhere"
            between = None if separators is None else separators[first : last - 1]
            term = _Term(kind.value, between, where, tells)
            self._grow(words[first:last], term)
            if postcode:
                self._grow([("".join(plain), ("".join(plain),))], term)

    def _add_claim(self, kind: Field, value: str) -> None:
        if kind is Field.MOBILE:
            self._add_phone(value)
            return
        if kind not in (Field.NAME, Field.ADDRESS):
            return
        plain = Folded(value).text.strip()
        if _UNSPACED_CHAR.search(plain):
            if kind is Field.NAME and 2 <= len(plain) <= 4 and plain[0] in _SURNAMES and not turns_meaning(plain):
                self._claimed_chars.add(plain)
            return
        words = _words_of(value)
        tells = any(not is_common(word) for word, _ in words)
        if any(turns_meaning(word) for word, _ in words) or len(words) < 2:
            return
        if kind is Field.ADDRESS and (not tells or len(words) < 3 or not any(word.isdigit() for word, _ in words)):
            return
        term = _Term(kind.value, None, "claimed" if kind is Field.NAME else "anywhere", tells)
        self._grow(words, term)
        for joined in _run_together(words) if kind is Field.NAME else ():
            self._grow([(joined, (joined,))], term)

    def _add_mark(self, words: str) -> None:
        """What an agent marked on a ticket, as far as it takes no meaning away."""
        if not tells_what_to_hide(words):
            return
        plain = Folded(words).text.strip()
        if _UNSPACED_CHAR.search(plain):
            chars = "".join(char for char in plain if not char.isspace() and char not in _BETWEEN_CHARS).lower()
            if chars:
                self._chars[chars] = MARKED
        else:
            self._grow(_words_of(words), _Term(MARKED, None, "anywhere", tells=True))

    def _grow(self, words: list[tuple[str, tuple[str, ...]]], term: _Term) -> None:
        if not words or len(words) > MOST_WORDS:
            return
        for one in range(max(len(forms) for _, forms in words)):
            node = self._start
            for _, forms in words:
                node = node.following.setdefault(forms[min(one, len(forms) - 1)], _Node())
            node.term = node.term or term

    # --- looking --------------------------------------------------------------------------------------------

    def spans(self, text: str) -> Iterator[Span]:
        """Where a folded text has what is known, in order, none overlapping another."""
        found: list[Span] = []
        if not self._is_ready:
            self._make_ready()
        if self._first:
            found += self._in_words(text)
        if self._chars or self._claimed_chars:
            found += self._in_chars(text)
        if self._phones:
            found += self._in_digits(text)
        negated = [match.span() for match in _NEGATED.finditer(text)] if found else []
        done = 0
        for span in sorted(found, key=lambda span: (span.start, -span.end)):
            if any(start < span.end and span.start < end for start, end in negated):
                continue
            if span.start >= done:
                done = span.end
                yield span

    def _in_words(self, text: str) -> Iterator[Span]:
        if self._may_be_in(text.casefold()):
            words, at = _Words(text), 0
            while at < len(words.forms):
                best = max(
                    (span for span in (self._sequence_at(words, at), self._name_at(words, at)) if span is not None),
                    key=lambda span: span.end,
                    default=None,
                )
                if best is None:
                    at += 1
                    continue
                yield best
                at = words.at_or_after(best.end)
        for run in _SPACED_OUT.finditer(text) if self._parts else ():
            letters = re.sub(r"[ .\-]", "", run.group()).casefold()
            if letters in self._parts and not is_common(letters):
                yield Span(run.start(), run.end(), Field.NAME.value)

    def _may_be_in(self, folded: str) -> bool:
        """Whether one of the terms' first words is there, as it is or parted by hyphens: most texts have none."""
        if not self._first.isdisjoint(_WORD.findall(folded)):
            return True
        for compound in _COMPOUND.findall(folded):
            words = _WORD.findall(compound)
            for first in range(len(words) - 1):
                if any("".join(words[first : last + 1]) in self._first for last in range(first + 1, len(words))):
                    return True
        return False

    def _sequence_at(self, words: "_Words", at: int) -> Span | None:
        """The longest sequence that begins with this word."""
        node, here, found = self._start, at, None
        separators: list[str] = []
        while here < len(words.forms):
            following, after = words.step(node.following, here)
            if following is None:
                break
            node, here = following, after
            term = node.term
            if term is not None and words.between(term, separators) and words.counts(term, at, here - 1):
                found = Span(words.starts[at], words.ends[here - 1], term.label)
            if here < len(words.forms):
                separators.append(words.separator(here - 1))
        return found

    def _name_at(self, words: "_Words", at: int) -> Span | None:
        """The run of parts of one name that begins with this word, if it tells who it is."""
        names = self._parts.get(words.forms[at])
        after = at + 1
        if names is None:
            joined, after = words.joined(self._parts, at)
            if joined is None:
                return None
            names = self._parts[joined]
        places = [(at, after - 1, names)]
        kept = set(names)
        while after < len(words.forms) and _all_in(words.separator(after - 1), _IN_NAMES):
            following = self._parts.get(words.forms[after])
            end = after + 1
            if following is None:
                joined, end = words.joined(self._parts, after)
                following = self._parts[joined] if joined is not None else None
            if following is None or kept.isdisjoint(following) or following in (parts for _, _, parts in places):
                break
            kept &= following.keys()
            places.append((after, end - 1, following))
            after = end
        while len(places) > 1 and turns_meaning(words.forms[places[-1][0]]):
            places.pop()
        first, last = places[0][0], places[-1][1]
        name = next(iter(kept))
        distinct = len({parts[name] for _, _, parts in places if name in parts})
        if self._tells(words, first, last, distinct, self._name_sizes[name]):
            return Span(words.starts[first], words.ends[last], Field.NAME.value)
        return None

    def _tells(self, words: "_Words", first: int, last: int, distinct: int, size: int) -> bool:
        """Whether these words are the requester's name, and not words that happen to be in it."""
        forms = words.forms[first : last + 1]
        if turns_meaning(forms[0]):
            return distinct > 1 and any(map(_tells_alone, forms)) and distinct == size
        joined = "".join(forms)
        if any(map(_tells_alone, forms)) or (first < last and joined in self._parts and joined not in self._runs):
            return True
        if distinct > 1 and not any(map(turns_meaning, forms)):
            closely = all("," not in words.separator(at) for at in range(first, last))
            if (closely and distinct == size) or words.all_capital(first, last):
                return True
        if all(form in _PARTICLES or len(form) < SHORTEST_KNOWN for form in forms):
            return False
        return words.used_as_name(first, last)

    def _in_chars(self, text: str) -> Iterator[Span]:
        lower = text.lower()
        if len(lower) != len(text):
            lower = "".join(low if len(low := char.lower()) == 1 else char for char in text)
        for chars, label in self._chars.items():
            yield from (Span(start, end, label) for start, end in _spaced_out(lower, chars))
        for chars in self._claimed_chars:
            for start, end in _spaced_out(lower, chars):
                if _SAID_TO_BE.search(text[max(0, start - 8) : start]) and _AFTER_SAID.match(text[end : end + 8]):
                    yield Span(start, end, Field.NAME.value)

    def _in_digits(self, text: str) -> Iterator[Span]:
        """A phone on file with or without its country's code, however it is grouped."""
        for run in _DIGIT_RUN.finditer(text):
            if run.end() - run.start() < FEWEST_KNOWN_DIGITS:
                continue
            places = [at for at in range(run.start(), run.end()) if text[at].isdigit()]
            digits = "".join(text[at] for at in places)
            for phone in self._phones:
                at = digits.find(phone)
                while at >= 0:
                    end = at + len(phone)
                    if end == len(digits) or places[end] > places[end - 1] + 1:
                        start = _phone_start(text, places, at)
                        if start is not None:
                            yield Span(start, places[end - 1] + 1, Field.MOBILE.value)
                    at = digits.find(phone, at + 1)


class _Words:
    """The words of a folded text, and what is between and around them."""

    __slots__ = ("ends", "forms", "starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.forms: list[str] = []
        for found in _WORD.finditer(text):
            self.starts.append(found.start())
            self.ends.append(found.end())
            self.forms.append(found.group().casefold())

    def at_or_after(self, place: int) -> int:
        return bisect_left(self.starts, place)

    def separator(self, at: int) -> str:
        """What is between this word and the next."""
        return self.text[self.ends[at] : min(self.starts[at + 1], self.ends[at] + 5)]

    def joined(
        self, wanted: dict[str, object] | dict[str, "_Node"] | dict[str, dict[int, int]], at: int
    ) -> tuple[str | None, int]:
        """Words that a hyphen or an apostrophe parts, read as one: that word and the place after it."""
        form, here = self.forms[at], at
        while here + 1 < len(self.forms) and here - at < 3 and self.separator(here) in _JOINERS:
            here += 1
            form += self.forms[here]
            if form in wanted:
                return form, here + 1
        return None, at + 1

    def step(self, following: dict[str, _Node], at: int) -> tuple[_Node | None, int]:
        node = following.get(self.forms[at])
        if node is not None:
            return node, at + 1
        joined, after = self.joined(following, at)
        return (None, at) if joined is None else (following[joined], after)

    def between(self, term: _Term, found: list[str]) -> bool:
        """Whether the signs between the words are those of the term, or as good as those."""
        if term.separators is None:
            return all(_all_in(separator, _IN_ADDRESSES) for separator in found)
        if len(found) != len(term.separators):
            return True  # written in one word or in more; the letters are the same
        return all(
            _all_in(separator, _SAME_AS_SPACE) if _all_in(wanted, _SAME_AS_SPACE) else separator.strip() == wanted
            for separator, wanted in zip(found, term.separators, strict=True)
        )

    def counts(self, term: _Term, first: int, last: int) -> bool:
        if term.where == "anywhere":
            return True
        if term.where == "claimed":
            shaped = all(not self.text[self.starts[at]].islower() for at in range(first, last + 1))
            return (term.tells and shaped) or self.is_signature(first, last)
        if any(turns_meaning(form) for form in self.forms[first : last + 1]):
            return self.is_signature(first, last)
        return self.used_as_name(first, last) or (last > first and self.all_capital(first, last))

    def all_capital(self, first: int, last: int) -> bool:
        """Whether each word begins with a capital, where that says something."""
        return all(
            self.text[self.starts[at]].isupper() or self.forms[at] in _PARTICLES for at in range(first, last + 1)
        ) and not self._in_title_case(first)

    def used_as_name(self, first: int, last: int) -> bool:
        """A common word that is a name here: capitalised in mid-sentence, introduced, or alone on its line."""
        if any(turns_meaning(form) for form in self.forms[first : last + 1]):
            return False
        before = self.text[max(0, self.starts[first] - 24) : self.starts[first]].casefold()
        if _NAMED.search(before):
            return True
        if not self.text[self.starts[first]].isupper():
            return False
        return self.is_signature(first, last) or (
            self._in_mid_sentence(first) and not self._in_title_case(first) and not self._is_shouted(first)
        )

    def is_signature(self, first: int, last: int) -> bool:
        """Whether nothing else is on the line but a greeting."""
        after = self.text[self.ends[last] : self.ends[last] + LONGEST_LINE].partition("\n")[0]
        before = self._line_before(first)
        words = [word.casefold() for word in _WORD.findall(before)]
        return not re.search(r"\w", after) and len(words) <= 4 and all(word in _GREETING for word in words)

    def _line_before(self, at: int) -> str:
        return self.text[max(0, self.starts[at] - LONGEST_LINE) : self.starts[at]].rpartition("\n")[2]

    def _in_mid_sentence(self, at: int) -> bool:
        before = self._line_before(at).rstrip(_OPENING)
        if before:
            return before[-1] not in _SENTENCE_ENDS
        # a long line that ends without a stop was only wrapped
        earlier = self.text[max(0, self.starts[at] - LONGEST_LINE) : self.starts[at]].rstrip(_OPENING)
        line = earlier.removesuffix("\n").rpartition("\n")[2]
        return len(line) >= 40 and line[-1].isalpha()

    def _in_title_case(self, at: int) -> bool:
        words = self._words_of_line(at)
        capital = sum(word[0].isupper() for word in words)
        return len(words) >= 4 and capital > 0.6 * len(words)

    def _is_shouted(self, at: int) -> bool:
        words = self._words_of_line(at)
        return len(words) >= 3 and all(word.isupper() for word in words)

    def _words_of_line(self, at: int) -> list[str]:
        after = self.text[self.starts[at] : self.starts[at] + LONGEST_LINE].partition("\n")[0]
        return [word for word in _WORD.findall(self._line_before(at) + after) if word[0].isalpha() and len(word) > 1]


def tells_what_to_hide(words: str) -> bool:
    """Whether marked words can be hidden everywhere on a ticket without changing what it says.

    None of them may turn what is said. A common word counts only beside another that begins with a capital as well.
    """
    plain = Folded(words).text
    forms = _WORD.findall(plain)
    runs = _UNSPACED_RUN.findall(plain)
    if any(turns_meaning(form.casefold()) for form in forms):
        return False
    if _UNSPACED_CHAR.search(plain):
        chars = "".join(_UNSPACED_CHAR.findall(plain))
        by_itself = all(not turns_meaning(_NO_WUXI.sub("", run)) or run[0] in _SURNAMES for run in runs)
        return by_itself and (len(chars) >= SHORTEST_KNOWN or any(_tells_alone(form.casefold()) for form in forms))
    if sum(map(str.isdigit, plain)) >= FEWEST_OF_MARK or any(_tells_alone(form.casefold()) for form in forms):
        return len(forms) <= MOST_WORDS
    return 1 < len(forms) <= MOST_WORDS and all(form[0].isupper() or form.isdigit() for form in forms)


def _words_of(value: str) -> list[tuple[str, tuple[str, ...]]]:
    """The words of a value, each with the ways in which it may be written."""
    words = []
    for chunk in re.split(r"[\s\-_]+" if "_" not in value else r"\s+", value):
        for form, ways in zip(_WORD.findall(Folded(chunk).text), _ways_of(chunk), strict=False):
            words.append((form.casefold(), ways))
    return words


def _ways_of(chunk: str) -> list[tuple[str, ...]]:
    plain = _WORD.findall(Folded(chunk).text)
    if len(plain) != 1:
        return [_also_without_e(word.casefold()) for word in plain]
    ways = (_WORD.findall(spelling) for spelling in spellings(chunk))
    return [tuple(dict.fromkeys(form for way in ways for word in way for form in _also_without_e(word)))]


def _also_without_e(word: str) -> tuple[str, ...]:
    """ "mueller" may be written Müller, whose folded form is "muller"."""
    short = re.sub("(?<=[aou])e", "", word)
    return (word, short) if short != word and len(short) > 3 and not is_common(short) else (word,)


def _joined_words(value: str) -> Iterator[str]:
    """Parts that are written with a hyphen or an apostrophe, also as one word."""
    for chunk in Folded(value).text.casefold().split():
        words = _WORD.findall(chunk)
        if len(words) > 1 and not is_common("".join(words)):
            yield "".join(words)


def _only_turns(kind: Field, chars: str) -> bool:
    """Whether characters that turn what is said make it no value to hide: neither a person's name nor an address."""
    if kind is Field.NAME:
        return turns_meaning(chars) and chars[0] not in _SURNAMES
    return turns_meaning(_NO_WUXI.sub("", chars)) and not _DIGIT.search(chars)


def _run_together(words: list[tuple[str, tuple[str, ...]]]) -> Iterator[str]:
    """Neighbours in a name, its first part and its last, or all of them as one word: nothing visible parts them."""
    if any(turns_meaning(word) for word, _ in words):
        return
    parts = [forms for _, forms in words[:MOST_RUN_TOGETHER]]
    pairs = [*pairwise(parts), *([(parts[0], parts[-1])] if len(parts) > 2 else [])]
    for one, other in pairs:
        for first, second in product(one, other):
            yield from filter(_is_telling_run, (first + second, second + first))
    if 2 < len(parts) == len(words):
        yield from filter(_is_telling_run, map("".join, islice(product(*parts), MOST_WORDS)))


def _is_telling_run(joined: str) -> bool:
    return len(joined) >= SHORTEST_RUN and _tells_alone(joined)


def _runs_between(words: list[tuple[str, tuple[str, ...]]]) -> Iterator[tuple[int, int]]:
    """Where the words are that are not parted by one that turns what is said: the first, and the one after the last."""
    begin = 0
    for at, (word, _) in enumerate(words):
        if turns_meaning(word):
            yield begin, at
            begin = at + 1
    yield begin, len(words)


def _tells_as_rest(kind: Field, words: list[str]) -> bool:
    """Whether what is left of a value still tells whose it is: "5 Xinhua Road" of "No. 5 Xinhua Road"."""
    long = sum(map(len, words)) >= (FEWEST_OF_NUMBER if kind is Field.POSTCODE else SHORTEST_ADDRESS_PART)
    return long and any(word.isdigit() or not is_common(word) for word in words)


def _is_postcode(words: list[str]) -> bool:
    """Whether it looks like one: ordinary words are not one, no matter who put them on file."""
    joined = "".join(words)
    return SHORTEST_POSTCODE <= len(joined) <= LONGEST_POSTCODE and _DIGIT.search(joined) is not None


def _separators(value: str) -> tuple[str, ...]:
    text = Folded(value).text
    found = list(_WORD.finditer(text))
    return tuple(text[one.end() : other.start()].strip() for one, other in pairwise(found))


def _tells_alone(word: str) -> bool:
    return word not in _PARTICLES and not is_common(word) and not turns_meaning(word)


def _is_number(words: list[str]) -> bool:
    return sum(len(word) for word in words) >= FEWEST_OF_NUMBER and all(word.isdigit() for word in words)


def _all_in(separator: str, signs: frozenset[str]) -> bool:
    return len(separator) <= 4 and all(sign in signs for sign in separator)


def _spaced_out(text: str, chars: str) -> Iterator[tuple[int, int]]:
    """Where these characters follow each other, spaced out or not."""
    start = text.find(chars[0])
    while start >= 0:
        at = start + 1
        for char in chars[1:]:
            skipped = 0
            while skipped < 2 and at < len(text) and text[at] != char and text[at] in _BETWEEN_CHARS:
                at, skipped = at + 1, skipped + 1
            if at >= len(text) or text[at] != char:
                break
            at += 1
        else:
            yield start, at
        start = text.find(chars[0], start + 1)


def _phone_start(text: str, places: list[int], at: int) -> int | None:
    """Where the number begins that has these last digits: the first group near enough to be its country's code."""
    earliest = None
    for before in range(at, max(-1, at - LONGEST_PREFIX), -1):
        place = places[before]
        if places[at] - place > LONGEST_PREFIX:
            break
        if before == 0 or places[before - 1] < place - 1:
            earliest = place
    if earliest is None:
        return None
    while earliest > 0 and text[earliest - 1] in "+(":
        earliest -= 1
    return earliest
