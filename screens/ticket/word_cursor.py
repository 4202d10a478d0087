"""Which words of a redacted text are marked: moved word by word and line by line, never over what is hidden already."""

import re
from dataclasses import dataclass, replace

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_BLOCK = re.compile(r"\[[^\[\]\n]*\]")
_WORD = re.compile(rf"[{_UNSPACED}]|[^\s\[\]{_UNSPACED}]+")
_SIGNS = ".,;:!?()\"'„“”‘’«»<>。，、；：！？（）「」…-"

Word = tuple[int, int]


@dataclass(frozen=True, slots=True)
class WordCursor:
    """A place in a text of several lines, and where marking began; both are numbers of words in that line."""

    lines: tuple[str, ...]
    line: int = 0
    word: int = 0
    anchor: int = 0

    def words_in(self, line: int) -> tuple[Word, ...]:
        """Where the words of a line are that can be marked."""
        text = self.lines[line]
        hidden = [block.span() for block in _BLOCK.finditer(text)]
        found = []
        for word in _WORD.finditer(text):
            bare = word.group().strip(_SIGNS)
            start = word.start() + word.group().find(bare) if bare else word.start()
            end = start + len(bare)
            if bare and not any(start < last and first < end for first, last in hidden):
                found.append((start, end))
        return tuple(found)

    @property
    def marked(self) -> Word | None:
        """Where the marked words begin and end in the cursor's line; None in a line without words."""
        words = self.words_in(self.line)
        if not words:
            return None
        first, last = sorted((min(self.anchor, len(words) - 1), min(self.word, len(words) - 1)))
        return words[first][0], words[last][1]

    @property
    def text(self) -> str:
        """The marked words."""
        marked = self.marked
        return self.lines[self.line][slice(*marked)] if marked else ""

    def by_word(self, by: int, *, extends: bool = False) -> "WordCursor":
        """So many words on or back in this line; `extends` keeps what is marked and adds to it."""
        words = self.words_in(self.line)
        here = max(0, min(self.word + by, len(words) - 1))
        return replace(self, word=here, anchor=self.anchor if extends else here)

    def by_line(self, by: int) -> "WordCursor":
        """So many lines with words on or back, to their first word."""
        places = [at for at in range(len(self.lines)) if self.words_in(at)]
        if not places:
            return self
        later = [at for at in places if at > self.line] if by > 0 else [at for at in places if at < self.line][::-1]
        return replace(self, line=later[min(abs(by), len(later)) - 1], word=0, anchor=0) if later else self


def cursor_in(text: str) -> WordCursor:
    """A cursor at the first word of a text."""
    cursor = WordCursor(tuple(text.split("\n")))
    return cursor if cursor.words_in(0) else cursor.by_line(1)
