"""How the requests of a library ended that keeps it to itself: whether a server may have done what was asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, wraps
from http import HTTPStatus
from typing import Any

_UNSURE = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})
"""A proxy's word that it does not know what became of the request."""


@dataclass
class Answers:
    """How each request ended: refused for certain, or not."""

    refused: list[bool] = field(default_factory=list)

    @property
    def certainly_refused(self) -> bool:
        """Whether there were requests, and no server can have done what one of them asked."""
        return bool(self.refused) and all(self.refused)


_WATCHED: ContextVar[Answers | None] = ContextVar("answers", default=None)


@contextmanager
def watched() -> Iterator[Answers]:
    """Note how the requests end that `requests` makes in here, in this thread."""
    _watch_requests()
    answers = Answers()
    before = _WATCHED.set(answers)
    try:
        yield answers
    finally:
        _WATCHED.reset(before)


@cache
def _watch_requests() -> None:
    """Have the adapter that carries every request of `requests` say how it ended, once for this process.

    The library makes a session of its own for each request, so there is no other place to ask.
    """
    from requests.adapters import HTTPAdapter  # comes with Apprise: slow, and only where something is sent

    carry = HTTPAdapter.send

    @wraps(carry)
    def carry_and_note(self: HTTPAdapter, *args: Any, **more: Any) -> Any:
        answers = _WATCHED.get()
        if answers is None:
            return carry(self, *args, **more)
        try:
            response = carry(self, *args, **more)
        except Exception as problem:
            answers.refused.append(_never_asked(problem))
            raise
        answers.refused.append(not response.ok and response.status_code not in _UNSURE)
        return response

    HTTPAdapter.send = carry_and_note  # type: ignore[method-assign]


def _never_asked(problem: Exception) -> bool:
    """Whether the request did not leave: no connection, or no certificate to trust. All else may have arrived."""
    # slow to import, and here only once a request has failed
    from ssl import SSLCertVerificationError

    from requests.exceptions import ConnectionError as NoConnection
    from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError, ProxyError

    if not isinstance(problem, NoConnection):
        return False
    cause: object = problem.args[0] if problem.args else None
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    if isinstance(cause, ProxyError):
        cause = cause.original_error
    if isinstance(cause, NewConnectionError | ConnectTimeoutError):
        return True
    return isinstance(cause, HTTPError) and bool(cause.args) and isinstance(cause.args[0], SSLCertVerificationError)
