"""Rotation: every key opens at once, for consoles old and new, and running it again finishes."""

from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest

from cs_console.access_log.verify import verify_log
from cs_console.custody import rotation
from cs_console.custody.keyring import Keyring
from cs_console.custody.rotation import key_status
from cs_console.desk import Desk, operator_session
from cs_console.errors import KeysRotating, KeyUnavailable
from cs_console.key_files import read_key_file, wrapping_keys
from tests.custody.rotations import fresh_keyring, rotated
from tests.faults.acts.act import Act
from tests.faults.processes import PATIENCE, Process, Words, say
from tests.faults.tally import Tally
from tests.support.desk import TestDesk

OWNERS = [f"requester-{number:02}" for number in range(30)]
SMALL = 3
"""Keys in a batch: many steps to be killed between."""


class Rotations(Act):
    """A process rotates over and over while a console of before goes on reading and making keys."""

    STEPS, SECONDS = 30, 0.02

    def __init__(self, made: TestDesk, tally: Tally) -> None:
        super().__init__(made, tally)
        self.keys = self.desk.keyring.create_many(OWNERS)
        self.given_up = [read_key_file(self.desk.settings.key_path)]

    @staticmethod
    def work(desk: Desk, case: dict[str, Any]) -> None:
        rotation.BATCH = SMALL
        while True:
            rotation.rotate(operator_session(desk), lambda done, total: say("rewrapped", done, total))

    def until_the_kill(self, process: Process) -> Iterator[Words]:
        made = f"made-{self.tally.rounds}"
        self.keys[made] = self.desk.keyring.create(made)
        for words in super().until_the_kill(process):
            self.tally.holds(self.desk.keyring.keys(self.keys) == self.keys, "a console of before lost a key")
            yield words

    def judge(self, said: list[Words]) -> bool:
        cut_short = key_status(self.desk).unfinished
        with fresh_keyring(self.desk) as fresh:
            self.tally.holds(fresh.keys(self.keys) == self.keys, "a console that starts now lacks a key")
        self.tally.holds(self.desk.keyring.keys(self.keys) == self.keys, "a console of before lacks a key")
        if self.tally.rounds % 3 == 0:
            self._finish()
        return cut_short

    def settle(self) -> None:
        self._finish()
        self.tally.holds(not set(self.given_up[:-1]) & set(wrapping_keys(self.desk.settings)), "an old key is back")
        for old in self.given_up[:-1]:
            with_old = Keyring(self.desk.settings.keyring, old)
            for owner in OWNERS:
                with pytest.raises(KeyUnavailable):
                    with_old.key(owner)
            with_old.close()
        self.tally.holds(verify_log(self.desk).ok, "the log is broken")

    def _finish(self) -> None:
        """Run it again, until the killed process's lock is gone from the server too."""
        until = monotonic() + PATIENCE
        while True:
            try:
                self.tally.holds(rotated(self.desk).finished, "running it again does not finish")
                break
            except KeysRotating:
                assert monotonic() < until
        self.given_up.append(read_key_file(self.desk.settings.key_path))
