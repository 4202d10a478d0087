"""From a key's byte to the last byte of its repaint, over a real terminal, beside a bare Textual app, turn by turn."""

from collections.abc import Callable, Iterator

from benchmarks.result import Result, compare
from benchmarks.side_by_side import ALL, MINE, side_by_side
from benchmarks.terminals import Terminal

SIZES = (100_000,)
ROUNDS = 25
WARM_UP = 3
CONVERSATIONS = 30

DOWN, ENTER, ESCAPE = b"j", b"\r", b"\x1b"
IN_A_TICKET = b"laptop"
"""A word of every conversation's last message."""

Act = Callable[[Terminal], float]
"""Does what is measured once, and what has to come before or after it unmeasured; milliseconds."""


def run(*sizes: int) -> Iterator[Result]:
    """A line each for cursor, view, filter, open and back: `size` is the number of tickets of the desk.

    The cursor is held against the baseline's cursor, everything else against its switch to another screen.
    """
    for size in sizes or SIZES:
        with side_by_side(size, CONVERSATIONS) as (console, bare):
            for name, console_act, bare_act in _MEASURED:
                console.press(MINE if name in ("open", "back") else ALL)
                ours, theirs = [], []
                for at in range(WARM_UP + ROUNDS):
                    times = console_act(console), bare_act(bare)
                    if at >= WARM_UP:
                        ours.append(times[0])
                        theirs.append(times[1])
                yield compare(f"key {name}", size, ours, theirs)


def _cursor(one: Terminal) -> float:
    return one.press(DOWN)


def _view(one: Terminal) -> float:
    took = one.press(MINE)
    one.press(ALL)
    return took


def _filter(one: Terminal) -> float:
    one.press(b"/")
    one.press(b"kind:appeal")
    took = one.press(ENTER)
    one.press(ESCAPE)
    return took


def _open(one: Terminal) -> float:
    took = one.press(ENTER, IN_A_TICKET)
    one.press(ESCAPE)
    one.press(DOWN)
    return took


def _back(one: Terminal) -> float:
    one.press(ENTER, IN_A_TICKET)
    took = one.press(ESCAPE)
    one.press(DOWN)
    return took


def _switch(one: Terminal) -> float:
    took = one.press(ENTER, IN_A_TICKET)
    one.press(ESCAPE)
    return took


_MEASURED: tuple[tuple[str, Act, Act], ...] = (
    ("cursor", _cursor, _cursor),
    ("view", _view, _switch),
    ("filter", _filter, _switch),
    ("open", _open, _switch),
    ("back", _back, _switch),
)
