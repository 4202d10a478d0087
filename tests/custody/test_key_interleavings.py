"""Keys made, destroyed and read by several consoles, rotations cut short at any step: nothing lost, nothing back."""

import contextlib
import dataclasses

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cs_console.custody import rotation
from cs_console.custody.keyring import Keyring, open_keyring
from cs_console.custody.rotation import key_status
from cs_console.custody.wrapping import is_key_of
from cs_console.desk import Desk
from cs_console.key_files import wrapping_keys
from tests.custody.rotations import Crash, crash_at, rotated
from tests.support.desk import TestDesk
from tests.support.soak import rounds

EXAMPLES = rounds(15, 200)
CONSOLES = 2
OWNERS = 6

owner = st.integers(0, OWNERS - 1)
console = st.integers(0, CONSOLES - 1)
act = st.one_of(
    st.tuples(st.just("make"), console, owner),
    st.tuples(st.just("destroy"), console, owner),
    st.tuples(st.just("read"), console, owner),
    st.tuples(st.just("open again"), console, owner),
    # a rotation has about a dozen steps here: beyond them it is a whole one
    st.tuples(st.just("rotate"), console, st.integers(1, 16)),
)


class _Desk:
    """Some consoles on one keyring, and what each owner's key has to be."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.consoles = [self._open() for _ in range(CONSOLES)]
        self.expected: dict[str, bytes] = {}
        self.destroyed: list[bytes] = []

    def _open(self) -> Keyring:
        return open_keyring(self.desk.settings, self.desk.clock)

    def act(self, what: str, console: int, number: int) -> None:
        keyring, owner = self.consoles[console], f"owner-{number}"
        match what:
            case "make":
                made = keyring.create(owner)
                assert made not in self.destroyed
                assert self.expected.setdefault(owner, made) == made
            case "destroy":
                keyring.destroy(owner)
                if owner in self.expected:
                    self.destroyed.append(self.expected.pop(owner))
            case "read":
                assert keyring.keys([owner]).get(owner) == self.expected.get(owner)
            case "open again":
                keyring.close()
                self.consoles[console] = self._open()
            case "rotate":
                desk = dataclasses.replace(self.desk, keyring=keyring)
                with contextlib.suppress(Crash), crash_at(desk, number):
                    rotated(desk)
        owners = [f"owner-{each}" for each in range(OWNERS)]
        for each in self.consoles:
            assert each.keys(owners) == self.expected

    def close(self) -> None:
        for keyring in self.consoles:
            keyring.close()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(act, min_size=3, max_size=12))
def test_whatever_happens_in_whatever_order(keyring_desk: TestDesk, acts: list[tuple[str, int, int]]) -> None:
    desk = keyring_desk.desk
    rotation.BATCH, before = 2, rotation.BATCH
    pair = _Desk(desk)
    try:
        for what, which, number in acts:
            pair.act(what, which, number)
        rotated(desk)  # finishes one that was cut short; only the next gives up what was begun then
        rotated(desk)
        status = key_status(desk)
        assert (status.unfinished, status.to_rewrap, status.erased) == (False, 0, 0)
        present = wrapping_keys(desk.settings)
        *older, newest = desk.keyring.store.epochs()
        assert any(is_key_of(key, newest) for key in present)
        assert not any(is_key_of(key, epoch) for key in present for epoch in older)
    finally:
        rotation.BATCH = before
        for number in range(OWNERS):
            pair.consoles[0].destroy(f"owner-{number}")
        pair.close()
