"""The line above the footer that says what happened and what to do next."""

from dataclasses import dataclass
from enum import StrEnum

from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from cs_console.plain_text import one_line
from screens.widgets.signs import Sign

SECONDS_SHOWN = 5.0
PROBLEM_SECONDS = 10.0


class Tone(StrEnum):
    """The tone of a notice; each has a sign, so that colour is never the only difference."""

    INFO = "info"
    DONE = "done"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Said:
    """What a screen reports about an action; it can also hand it to the screen underneath."""

    words: str
    tone: Tone = Tone.DONE


_SIGNS = {Tone.INFO: Sign.EVENT, Tone.DONE: Sign.DONE, Tone.WARNING: Sign.HIGH, Tone.ERROR: Sign.BROKEN}


class NoticeBar(Static):
    """One notice at a time. Reports of success fade after some seconds.

    On lists a warning or an error fades later; where there is input to correct, it stays until the next notice.
    """

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._fading: Timer | None = None
        self.words = ""
        self._tone = Tone.INFO

    def say(self, text: str, tone: Tone = Tone.INFO) -> None:
        """Show the text, literally."""
        self._forget_timer()
        self.words, self._tone = one_line(text, 400), tone
        for one in Tone:
            self.set_class(one is tone, f"-{one.value}")
        self.update(Content(f"{_SIGNS[tone]} {self.words}"))
        self.display = True
        if tone in (Tone.INFO, Tone.DONE):
            self._fading = self.set_timer(SECONDS_SHOWN, self.clear)
        elif getattr(self.screen, "PROBLEMS_FADE", False):
            self._fading = self.set_timer(PROBLEM_SECONDS, self.clear)

    def clear(self) -> None:
        """Clear the notice."""
        self._forget_timer()
        self.words = ""
        self.display = False

    def clear_problem(self) -> None:
        """Clear the problem: the person is correcting it."""
        if self._tone in (Tone.WARNING, Tone.ERROR):
            self.clear()

    def _forget_timer(self) -> None:
        if self._fading is not None:
            self._fading.stop()
            self._fading = None

    def on_mount(self) -> None:
        self.display = bool(self.words)
