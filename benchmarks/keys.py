"""From a key's byte to the last byte of its repaint, over a real terminal, beside a bare Textual app, turn by turn."""

from collections.abc import Callable, Iterator
from statistics import median

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
REST_SECONDS = 0.7
"""How long the cursor rests after a move: longer than it takes the console to begin reading what is under it."""
REPAINT_PAUSE_SECONDS = 0.2
"""Longer than any gap in the repaint of a list, and shorter than a cursor rests before the message under it is read."""

Act = Callable[[Terminal], float]
"""Does what is measured once, and what has to come before or after it unmeasured; milliseconds."""


def run(*sizes: int) -> Iterator[Result]:
    """A line each for cursor, view, filter, open and back: `size` is the number of tickets of the desk.

    The cursor is held against the baseline's cursor, everything else against its switch to another screen. The
    times of cursor, view and filter end with the repaint that the key causes by itself; the cursor's `followed_ms` with
    what is then drawn of the ticket under it, once it has rested.
    """
    for size in sizes or SIZES:
        with side_by_side(size, CONVERSATIONS) as (console, bare):
            console.press(ALL)
            yield _cursor(size, console, bare)
            for name, console_act, bare_act in _MEASURED:
                console.press(MINE if name in ("open", "back") else ALL)
                ours, theirs = [], []
                for at in range(WARM_UP + ROUNDS):
                    times = console_act(console), bare_act(bare)
                    if at >= WARM_UP:
                        ours.append(times[0])
                        theirs.append(times[1])
                yield compare(f"key {name}", size, ours, theirs)


def _cursor(size: int, console: Terminal, bare: Terminal) -> Result:
    moves = [
        (console.press_and_rest(DOWN, REST_SECONDS), bare.press_and_rest(DOWN, REST_SECONDS))
        for _ in range(WARM_UP + ROUNDS)
    ][WARM_UP:]
    followed = median(ours[1] for ours, _ in moves)
    return compare(
        "key cursor",
        size,
        [ours[0] for ours, _ in moves],
        [theirs[0] for _, theirs in moves],
        followed_ms=round(followed, 1),
    )


def _view(one: Terminal) -> float:
    took, _ = one.press_and_rest(MINE, REST_SECONDS, REPAINT_PAUSE_SECONDS)
    one.press(ALL)
    return took


def _filter(one: Terminal) -> float:
    one.press(b"/")
    one.press(b"kind:appeal")
    took, _ = one.press_and_rest(ENTER, REST_SECONDS, REPAINT_PAUSE_SECONDS)
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
    ("view", _view, _switch),
    ("filter", _filter, _switch),
    ("open", _open, _switch),
    ("back", _back, _switch),
)
