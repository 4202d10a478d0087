"""Keys for requesters who are still to be made: durable before anything is sealed under them, a few at a time."""

from collections.abc import Callable

from cs_console.custody.keyring import Keyring
from models.columns import new_id

NewKey = Callable[[], tuple[str, bytes]]
"""Gives the id of a requester to be made, and their key, which is stored by then."""

_MOST = 64


def one_at_a_time(keyring: Keyring) -> NewKey:
    """A key made when it is asked for."""

    def make() -> tuple[str, bytes]:
        requester_id = new_id()
        return requester_id, keyring.create(requester_id)

    return make


class KeyStock:
    """Keys made ahead for a long import, twice as many each time up to 64: storing each alone would double its time.

    A key that is left over when a process is killed has sealed nothing and opens nothing.
    """

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._ready: dict[str, bytes] = {}
        self._next = 1

    def __call__(self) -> tuple[str, bytes]:
        if not self._ready:
            self._ready = self._keyring.create_many([new_id() for _ in range(self._next)])
            self._next = min(self._next * 2, _MOST)
        return self._ready.popitem()

    def put_back(self) -> None:
        """Drop what was not used."""
        if self._ready:
            self._keyring.drop_unused(self._ready)
        self._ready = {}
