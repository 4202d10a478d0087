"""A random walk through the console: keys of the registry, words, pastes, clicks and resizes, at any speed.

Everything is drawn from one seed; nothing that the console answers changes what is typed next, except that the
walk signs in or unlocks where it is asked to. After a burst the console lives, has left no report of a crash, and
often has to lead back to the queue by Escape.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from cs_console.sample.accounts import SampleAccount
from screens.registry import COMMANDS, commands_for
from tests.faults.pty_console import SEQUENCES, Left, PtyConsole, clicked, pasted
from tests.support.hostile import HOSTILE

SIGN_IN = "What you look at here is on record"
LOCKED = "enter your password to continue"
UNDERTAKING = "Confidentiality undertaking"
HELP = "Keys and help"
QUEUE = "The queue"
"""What the help is titled that `f1` shows on the queue."""

SMALLEST, LARGEST = (60, 16), (200, 50)
SIZES = (SMALLEST, (80, 24), (120, 34), LARGEST)
TRIES = 20
GOES_HOME = 0.35
ESCAPES = 25
"""After so many the queue has to be reached, wherever one was; the deepest way is seven screens and dialogs."""
ALONE_SECONDS = 0.15
"""Textual tells Escape from the beginning of another key by the time that passes after it (0.1 s)."""
A_MOMENT = 0.05
ANSWER_SECONDS = 0.5
"""A dialog does not show help. This is the first wait for it; on a slow machine later ones are long enough."""
DOOR_SECONDS = 3.0

PATHS: dict[str, tuple[str, ...]] = {
    "ticket": ("enter",),
    "form": ("enter", "m"),
    "verify": ("enter", "v"),
    "decision": ("enter", "d"),
    "settle": ("enter", "d"),
    "words": ("enter", "U"),
    "new": ("n",),
    "go": ("g",),
    "log": ("g", "l"),
    "approvals": ("g", "a"),
    "proposal": ("g", "a", "enter"),
    "erasures": ("g", "e"),
    "phone": ("f9",),
    "help": ("f1",),
    "password": ("f7",),
    "second_factor": ("f7", "down"),
}
"""How places are reached from the queue. One that is not here has its keys pressed on a ticket."""

OFTEN = ("queue", "queue", "ticket", "ticket", "ticket", "form", "form", "decision", "new")

RARE = {"ctrl+q", "ctrl+o", "ctrl+l"}
"""Each ends what the walk is at, and takes a second or more to come back from."""

MOVING = (
    *("enter",) * 6,
    *("escape",) * 3,
    *("down", "up", "tab", "space") * 2,
    *("shift+tab", "left", "right", "pageup", "pagedown", "home", "end", "backspace", "delete"),
    *("ctrl+a", "ctrl+c", "ctrl+x", "ctrl+v", "ctrl+z", "ctrl+z", "ctrl+y", "ctrl+k", "ctrl+u", "ctrl+w"),
)

WORDS = (
    "kind:rights",
    "due:<3d",
    "10012",
    "amber",
    "a",
    "Dear all,",
    "申诉",
    "état",
    "👩‍👩‍👧",
    "\u202eabc",
    "-1",
    "0",
    'state:"',
)

RAW = (
    b"\xff\xfe\xe9",  # a terminal that is not set to UTF-8
    b"\xed\xa0\x80",
    b"\x1b[1114112;1u",  # a key that there is not
    b"\x1b[I\x1b[O\x1b[I",  # the focus comes and goes
    b"\x1b[999;999R",
    b"\x1b[?2026;2$y",
    b"\x1b[<64;1;1M" * 20,
    b"\x1b\x1b\x1b",
    b"\x1b[<0;500;500M\x1b[<0;500;500m",
    b"\x00\x1c\x1d\x1e\x1f",
)

LEAVING = {"ctrl+q", "ctrl+p"}
"""The keys after which the console may be left: its own, and the palette, which finds everything."""


@dataclass(frozen=True)
class Stroke:
    """One thing that a person does: bytes from the terminal, or another `size` of it."""

    told: str
    data: bytes = b""
    size: tuple[int, int] | None = None
    rough: bool = False


def _key(name: str) -> Stroke:
    return Stroke(name, SEQUENCES[name])


@dataclass
class Counts:
    """What a walk did."""

    bursts: int = 0
    rough: int = 0
    """Bursts in one write, and those with a paste, a resize, or what no keyboard sends."""
    homecomings: int = 0
    sign_ins: int = 0
    restarts: int = 0


class Walk:
    """One person at one console."""

    def __init__(self, console: PtyConsole, account: SampleAccount, seed: int) -> None:
        self.console = console
        self.counts = Counts()
        self._account = account
        self._chance = random.Random(seed)
        self._asked = 0
        self._places = (*OFTEN, *sorted({place for one in COMMANDS for place in one.where}))

    # --- the door

    def come_in(self) -> None:
        """From the start of the console to the queue."""
        self.console.wait_for(SIGN_IN)
        self.home()

    def _through_the_door(self) -> None:
        """Sign in, unlock or promise, where that is what is asked for."""
        for _try in range(TRIES):
            if SIGN_IN in self.console.shown:
                self._sign_in()
            elif LOCKED in self.console.shown:
                self._unlock()
            elif UNDERTAKING in self.console.shown:
                self.console.press("ctrl+y")
                self.console.wait(lambda: UNDERTAKING not in self.console.shown, "the end of the undertaking")
            else:
                return
        raise self.console.trouble(f"{TRIES} tries did not open the door")

    def _sign_in(self) -> None:
        """One try; what was typed here before, and keys that are still under way, may spoil it."""
        console = self.console
        for _field in range(2):
            for key in ("end", "ctrl+u", "tab"):
                console.press(key)
                console.pause(A_MOMENT)
        if not console.comes(lambda: self._is_empty("Name") and self._is_empty("Password"), DOOR_SECONDS):
            return
        console.type(self._account.name)
        console.comes(lambda: not (self._is_empty("Name") and self._is_empty("Password")), DOOR_SECONDS)
        if not self._is_empty("Password"):  # the cursor was in the second field
            console.press("ctrl+u")
            console.pause(A_MOMENT)
            console.press("tab")
            console.type(self._account.name)
        console.press("tab")
        console.type(self._account.password)
        console.press("enter")
        self.counts.sign_ins += 1
        self._wait_for_answer(SIGN_IN)

    def _is_empty(self, field: str) -> bool:
        """Whether the field of this title is there, and nothing stands in it."""
        return re.search(rf"─ {field} ─.*\n *│ *│", self.console.shown) is not None

    def _unlock(self) -> None:
        console = self.console
        console.press("end", "ctrl+u")
        console.pause(A_MOMENT)
        console.type(self._account.password)
        console.press("enter")
        self._wait_for_answer(LOCKED)
        if LOCKED in console.shown:  # wrong ones before make the next one wait
            self.restart()

    def _wait_for_answer(self, door: str) -> None:
        """A second has to do where the password was wrong, or others before it make it wait; what was said stays."""
        self.console.comes(lambda: door not in self.console.shown or "Signing in" in self.console.shown, DOOR_SECONDS)
        self.console.wait(lambda: "Signing in" not in self.console.shown, "the answer to a password")

    def restart(self) -> None:
        """Leave by `ctrl+q`, start again and wait for the first screen."""
        self.console.leave()
        self.begin_again()

    def begin_again(self) -> None:
        """Once the console has ended: start it again and wait for the first screen."""
        self.counts.restarts += 1
        self.console.begin_again()
        self.console.wait_for(SIGN_IN)

    # --- the way back

    def home(self) -> None:
        """Press Escape until the queue is on top, which its help proves: nothing is left in between."""
        console = self.console
        for attempt in range(ESCAPES):
            self._through_the_door()
            if HELP in console.shown:
                self._leave_help()
                self._through_the_door()
            console.press("escape")
            console.pause(ALONE_SECONDS)
            console.press("f1")
            console.comes(self._answered, ANSWER_SECONDS * (1 + attempt / 2))
            if HELP in console.shown and QUEUE in console.shown and self._leave_help() and self._hears():
                self.counts.homecomings += 1
                return
        raise console.trouble(f"the queue was not reached by {ESCAPES} escapes")

    def _leave_help(self) -> bool:
        """Whether one Escape did it; a late key may have put something on top of it."""
        self.console.press("escape")
        return self.console.comes(lambda: HELP not in self.console.shown, DOOR_SECONDS)

    def _hears(self) -> bool:
        """Whether the queue takes a filter: then all that was typed before has been dealt with, a late `f1` too."""
        self._asked += 1
        number, console = str(7000 + self._asked), self.console
        console.press("slash")
        console.comes(lambda: "filter ▸" in console.shown, DOOR_SECONDS)
        console.pause(A_MOMENT)
        console.type(number)
        if not console.comes(lambda: re.search(f"filter ▸ .*{number}", console.shown) is not None, DOOR_SECONDS):
            return False
        console.press("escape")
        return console.comes(lambda: number not in console.shown, DOOR_SECONDS)

    def _answered(self) -> bool:
        return any(words in self.console.shown for words in (HELP, SIGN_IN, LOCKED))

    # --- walking

    def burst(self) -> None:
        """One burst of strokes, in one write or with pauses between them; then the console still lives."""
        self.counts.bursts += 1
        strokes = [*self._path(), *(self._stroke() for _ in range(self._chance.randint(1, 12)))]
        shortest, longest = self._chance.choice([(0.0, 0.0), (0.0, 0.0), (0.0, 0.03), (0.02, 0.3)])
        self.counts.rough += not longest or any(one.rough for one in strokes)
        going_home = self._chance.random() < GOES_HOME
        try:
            if longest:
                for stroke in strokes:
                    self._do(stroke)
                    self.console.pause(self._chance.uniform(shortest, longest))
            else:
                for stroke in _in_one_write(strokes):
                    self._do(stroke)
            self.console.check()
            if going_home:
                self.home()
        except Left:
            self._come_back()

    def end(self) -> None:
        """Go home for the last time; a `ctrl+q` may still be under way."""
        try:
            self.home()
        except Left:
            self._come_back()

    def _come_back(self) -> None:
        """The console was left: by a key that may, and it opens again."""
        if not LEAVING & {word for _at, told in self.console.typed for word in told.split()}:
            raise self.console.trouble("it ended by itself")
        self.begin_again()
        self.home()

    def _do(self, stroke: Stroke) -> None:
        if stroke.size is not None:
            self.console.resize(*stroke.size)
        else:
            self.console.send(stroke.data, stroke.told)

    def _path(self) -> Iterator[Stroke]:
        """To somewhere; the keys that follow are mostly of that place, which the walk may not have reached."""
        self._place = self._chance.choice(self._places)
        if self._chance.random() < 0.7:
            yield from map(_key, PATHS.get(self._place, ("enter",)))

    def _stroke(self) -> Stroke:
        chance = self._chance
        kind = chance.random()
        if kind < 0.45:
            keys = [key for one in commands_for(self._place) for key in one.keys.split(",")]
            key = chance.choice([one for one in keys if one in SEQUENCES] or ["enter"])
            return _key(key if key not in RARE or chance.random() < 0.1 else "escape")
        if kind < 0.75:
            return _key(chance.choice(MOVING))
        if kind < 0.83:
            word = chance.choice((*WORDS, self._account.password))
            return Stroke(repr(word), word.encode())
        if kind < 0.88:
            return self._paste()
        if kind < 0.95:
            place = (chance.randint(1, LARGEST[0]), chance.randint(1, LARGEST[1]))
            button = chance.choice([0, 0, 0, 0, 2, 35, 64, 65])
            return Stroke(f"click {button} {place[0]},{place[1]}", clicked(*place, button))
        if kind < 0.98:
            size = chance.choice(SIZES)
            if chance.random() < 0.5:
                size = (chance.randint(SMALLEST[0], LARGEST[0]), chance.randint(SMALLEST[1], LARGEST[1]))
            return Stroke(f"resize {size[0]}x{size[1]}", size=size, rough=True)
        raw = chance.choice(RAW)
        return Stroke(repr(raw), raw, rough=True)

    def _paste(self) -> Stroke:
        lines = self._chance.choice([1, 1, 3, 40, 40, 400, 3000])
        words = self._chance.choice((*HOSTILE, "one line of a long letter", ""))
        return Stroke(f"paste of {lines} lines {words!r}", pasted("\n".join([words] * lines)), rough=True)


def _in_one_write(strokes: list[Stroke]) -> Iterator[Stroke]:
    """Neighbours become one, so that the console reads them at once; a resize stands alone."""
    for resize, some in groupby(strokes, key=lambda one: one.size is not None):
        if resize:
            yield from some
        else:
            together = list(some)
            yield Stroke(" ".join(one.told for one in together), b"".join(one.data for one in together))
