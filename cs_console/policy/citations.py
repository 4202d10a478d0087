"""A clause in words: the parts of a policy by their titles, and what is cited within them."""

import re
from collections.abc import Mapping

_CITED = re.compile(r"\b([IVXLC]+)\b(?:\.((?:\([0-9]+\))?(?:[0-9]+)?))?")
"""A part by its Roman number, and after a point a section of it, both as numbers: "V.4", "I.(1)3"."""


def in_words(titles: Mapping[str, str], clause: str) -> str:
    """The clause with each part under its title: "V.4, second list (1)" is "Your rights, section 4, second list (1)".

    A part that follows itself is named once: "V.1, V.4" is "Your rights, sections 1 and 4". What has no title stays.
    """
    told: list[tuple[str, list[str]]] = []
    rest = ""
    for cited in clause.split(", "):
        match = _CITED.fullmatch(cited)
        if match is None or match[1] not in titles:
            rest = f"{rest}, {cited}" if told or rest else cited
            continue
        section = ".".join(re.findall("[0-9]+", match[2] or ""))
        if told and told[-1][0] == match[1] and not rest and section:
            told[-1][1].append(section)
        else:
            told.append((match[1], [section] if section else []))
    parts = [titles[part] + _sections(sections) for part, sections in told]
    return f"{' and '.join(parts)}{rest}" if parts else rest


def _sections(numbers: list[str]) -> str:
    if not numbers:
        return ""
    return f", section{'s' if len(numbers) > 1 else ''} {' and '.join(numbers)}"
