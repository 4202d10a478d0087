"""A key as one async function: it awaits what services and dialogs answer, and is read from top to bottom.

It is no asyncio task. Its first step happens while the key is handled, and the next one the moment that an answer is
acted on, so nothing comes in between. A function whose answer is dropped is never resumed, and nothing else holds it.
"""

from collections.abc import Callable, Coroutine, Generator
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

from cs_console.errors import ConsoleError

Answer = TypeVar("Answer")
Given = ParamSpec("Given")


class Waiting(Generic[Answer]):
    """What such a function awaits. `begin` is given what to call with the answer, and with an error in its place."""

    def __init__(self, begin: Callable[[Callable[[Answer], None], Callable[[ConsoleError], None]], object]) -> None:
        self.begin = begin

    def __await__(self) -> Generator["Waiting[Answer]", Answer, Answer]:
        return (yield self)


class Says(Protocol):
    """A screen, which shows errors in its notice bar."""

    def say(self, what: ConsoleError, /) -> None:
        """Show an error."""


Screen = TypeVar("Screen", bound=Says)


def in_steps(
    function: Callable[Concatenate[Screen, Given], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[Screen, Given], None]:
    """Make a screen's async method one that can be called: by a key, an event, or another method.

    It awaits `call`, `change` and `ask` of its screen, nothing else. An error that it does not catch is shown.
    """

    @wraps(function)
    def begin(screen: Screen, /, *args: Given.args, **options: Given.kwargs) -> None:
        _Steps(function(screen, *args, **options), screen.say).answered(None)

    return begin


class _Steps:
    """Goes on with the function at each answer."""

    __slots__ = ("_function", "_say")

    def __init__(self, function: Coroutine[Any, Any, None], say: Callable[[ConsoleError], None]) -> None:
        self._function = function
        self._say = say

    def answered(self, answer: object) -> None:
        """Go on with this answer."""
        self._next(self._function.send, answer)

    def refused(self, problem: ConsoleError) -> None:
        """Raise this error where the function waits."""
        self._next(self._function.throw, problem)

    def _next(self, step: Callable[[Any], Any], given: object) -> None:
        try:
            waiting = step(given)
        except StopIteration:
            return
        except ConsoleError as problem:
            self._say(problem)
            return
        if not isinstance(waiting, Waiting):
            raise TypeError(f"a key can await a service or a dialog of its screen, not {type(waiting).__name__}")
        waiting.begin(self.answered, self.refused)
