"""Keys for requesters to be made, and for mail to be set aside: durable before anything is sealed under them."""

from collections.abc import Callable

from cs_console.custody.keyring import Keyring
from models.columns import new_id

NewKey = Callable[[], tuple[str, bytes]]
"""Gives the id of a requester or of a mail set aside that is to be made, and its key, which is stored by then."""

_MOST = 64


def one_at_a_time(keyring: Keyring) -> NewKey:
    """A key made when it is asked for."""

    def make() -> tuple[str, bytes]:
        owner = new_id()
        return owner, keyring.create(owner)

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
