"""The line of each key and each list item in a TOML file."""

import re

Place = tuple[str | int, ...]

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANKS = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}(?!")' + r"|'''.*?'{3,5}(?!')" + r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'", re.DOTALL
)
_BARE = re.compile(r"[^,\]}#\n]+")


def toml_lines(text: str) -> dict[Place, int]:
    """The line (from 1) of every table, key and list item of a text that tomllib has accepted."""
    return _Scan(text).run()


class _Scan:
    """One pass over a valid TOML text; it remembers places, never values."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._found: dict[Place, int] = {}
        self._sizes: dict[Place, int] = {}

    def run(self) -> dict[Place, int]:
        table: Place = ()
        while self._skip(_SPACE) < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._found

    def _skip(self, what: re.Pattern[str]) -> int:
        match = what.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._at

    def _mark(self, place: Place, at: int) -> None:
        line = self._text.count("\n", 0, at) + 1
        for length in range(1, len(place) + 1):
            self._found.setdefault(place[:length], line)

    def _header(self) -> Place:
        start = self._at
        many = self._text.startswith("[[", start)
        self._at += 2 if many else 1
        place: Place = ()
        parts = self._dotted()
        for number, part in enumerate(parts):
            place = (*place, part)
            if many and number == len(parts) - 1:
                self._sizes[place] = self._sizes.get(place, 0) + 1
            if place in self._sizes:
                place = (*place, self._sizes[place] - 1)
        self._at += 2 if many else 1
        self._mark(place, start)
        return place

    def _dotted(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._skip(_BLANKS)
            match = _KEY.match(self._text, self._at)
            if match is None:
                return parts
            self._at = match.end()
            parts.append(match[0].strip("\"'"))
            self._skip(_BLANKS)
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _pair(self, table: Place) -> None:
        start = self._at
        place = (*table, *self._dotted())
        self._mark(place, start)
        self._at += 1  # the equals sign
        self._skip(_BLANKS)
        self._value(place)

    def _value(self, place: Place) -> None:
        opening = self._text[self._at]
        if opening == "[":
            self._list(place)
        elif opening == "{":
            self._inline(place)
        elif opening in "\"'":
            self._skip(_STRING)
        else:
            self._skip(_BARE)

    def _list(self, place: Place) -> None:
        self._at += 1
        item = 0
        while self._skip(_SPACE) < len(self._text) and self._text[self._at] != "]":
            self._mark((*place, item), self._at)
            self._value((*place, item))
            self._comma()
            item += 1
        self._at += 1

    def _inline(self, place: Place) -> None:
        self._at += 1
        while self._skip(_SPACE) < len(self._text) and self._text[self._at] != "}":
            self._pair(place)
            self._comma()
        self._at += 1

    def _comma(self) -> None:
        if self._text.startswith(",", self._skip(_SPACE)):
            self._at += 1
