"""The resident memory of a console at its queue and after so many tickets, beside a bare app of the same table."""

from collections.abc import Iterator
from statistics import median

from benchmarks.keys import DOWN, ENTER, ESCAPE, IN_A_TICKET
from benchmarks.result import Result, percentile
from benchmarks.side_by_side import side_by_side
from benchmarks.terminals import Terminal

TICKETS = 10_000
OPENED = (20, 100, 500)
IN_THE_QUEUE = b"All open"
"""A view's title, which is painted on the way back from a ticket."""
CONVERSATIONS = 30


def run(*sizes: int) -> Iterator[Result]:
    """A line at the queue and one after each number of tickets opened; `size` is the number of tickets of the desk.

    `ratio` is that of the memories, `rss_mib` and `baseline_rss_mib`. The baseline stays at its table, as a desk that
    works on tickets would not: it never opened one. The times are those of opening a ticket since the line before; of
    the first 20 until all is painted, of the others, which are opened without a pause, until the newest message is.
    `growth_mib`: since the line before.
    """
    for size in sizes or (TICKETS,):
        with side_by_side(size, CONVERSATIONS) as (console, bare):
            before = console.rss_mib()
            baseline = bare.rss_mib()
            switch = median([_opened(bare) for _ in range(5)])
            yield _line("memory at the queue", size, before, baseline, [console.press(DOWN)], switch, 0.0)
            done = 0
            for upto in OPENED:
                open_one = _opened if upto == OPENED[0] else _opened_at_once
                times = [open_one(console) for _ in range(upto - done)]
                console.press(DOWN)  # and wait until all is painted
                done, now = upto, console.rss_mib()
                yield _line(f"memory after {upto}", size, now, baseline, times, switch, now - before)
                before = now


def _opened(one: Terminal) -> float:
    took = one.press(ENTER, IN_A_TICKET)
    one.press(ESCAPE)
    one.press(DOWN)
    return took


def _opened_at_once(one: Terminal) -> float:
    took = one.press_until(DOWN + ENTER, IN_A_TICKET)
    one.press_until(ESCAPE, IN_THE_QUEUE)
    return took


def _line(
    name: str, size: int, rss: float, baseline: float, times: list[float], switch: float, growth: float
) -> Result:
    more = {"rss_mib": round(rss, 1), "baseline_rss_mib": round(baseline, 1), "growth_mib": round(growth, 1)}
    return Result(name, size, median(times), switch, rss / baseline, percentile(times, 0.95), dict(more))
