"""When a console in a test has nothing left to do, asked of its event loop.

Textual guesses it from the processor's time: it sleeps until 20 ms went by with next to nothing done, and does so twice
for each key. That was a third of the time of the screens' tests.
"""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from time import process_time
from typing import Any

import pytest

WINDOW_SECONDS = 0.02
"""What is to happen within this time is waited for, as Textual does: the next frame, a step of an animation."""
QUIET_SECONDS = 0.004
"""A thread that used less of the processor within the window waits for something: a lock, or the test itself."""
STEP_SECONDS = 0.001

_in_threads: set[Future[Any]] = set()


def wait_by_the_event_loop(patch: pytest.MonkeyPatch) -> None:
    """Let Textual's pilot wait in this way, and know what is being done in threads."""
    submit = ThreadPoolExecutor.submit

    def known(self: ThreadPoolExecutor, *given: Any, **named: Any) -> Future[Any]:
        future = submit(self, *given, **named)
        _in_threads.add(future)
        future.add_done_callback(_in_threads.discard)
        return future

    patch.setattr(ThreadPoolExecutor, "submit", known)
    for module in ("textual.app", "textual.pilot"):
        patch.setattr(f"{module}.wait_for_idle", until_at_rest)


async def until_at_rest(min_sleep: float = WINDOW_SECONDS, max_sleep: float = 1.0) -> None:
    """Return once no callback is ready, none is due within the window, and no thread is at work."""
    loop: Any = asyncio.get_running_loop()  # which says what it holds in private alone
    give_up = loop.time() + max_sleep
    await asyncio.sleep(min_sleep)
    while loop.time() < give_up:
        await asyncio.sleep(0)
        if loop._ready:
            continue
        if _in_threads:
            if await _threads_wait(loop):
                return
            continue
        now = loop.time()
        due = min((one.when() for one in loop._scheduled if not one.cancelled()), default=now + max_sleep)
        if due > now + WINDOW_SECONDS:
            return
        await asyncio.sleep(due - now)


async def _threads_wait(loop: Any) -> bool:
    """Whether threads are only waiting. Otherwise one has ended, answers, or works on."""
    used, over = process_time(), loop.time() + WINDOW_SECONDS
    while loop.time() < over:
        await asyncio.sleep(STEP_SECONDS)
        if not _in_threads or loop._ready:
            return False
    return process_time() - used < QUIET_SECONDS
