"""Destroying keys: a key is there whole or gone for good, and running it again leaves none of them anywhere."""

from pathlib import Path
from typing import Any

from cs_console.desk import Desk
from tests.custody.rotations import fresh_keyring
from tests.faults.acts.act import Act, wait_for_the_kill
from tests.faults.processes import Words, say

OWNERS = 30


class Destruction(Act):
    """The keys of thirty requesters are destroyed, one after the other."""

    STEPS, SECONDS = OWNERS - 2, 0.02

    def next_round(self) -> dict[str, Any]:
        self.keys = self.desk.keyring.create_many(f"requester-{self.tally.rounds}-{n}" for n in range(OWNERS))
        found = [self.desk.keyring.store.find(owner) for owner in self.keys]
        self.wrapped = [one[1] for one in found if one is not None]
        return {"owners": list(self.keys)}

    @staticmethod
    def work(desk: Desk, case: dict[str, Any]) -> None:
        for owner in case["owners"]:
            desk.keyring.destroy(owner)
            say("destroyed", owner)
        say("finished")
        wait_for_the_kill()

    def judge(self, said: list[Words]) -> bool:
        told = {line[1] for line in said if line[0] == "destroyed"}
        with fresh_keyring(self.desk) as fresh:
            left = fresh.keys(self.keys)
            self.tally.holds(not told & set(left), "a key that was told destroyed is there")
            self.tally.holds(all(self.keys[owner] == key for owner, key in left.items()), "a key was changed")
            for owner in self.keys:
                fresh.destroy(owner)
            self.tally.holds(not fresh.keys(self.keys), "running it again leaves keys")
        files = self._files()
        self.tally.holds(
            len(self.wrapped) == OWNERS and not any(key in file for key in self.wrapped for file in files),
            "the keyring's file or journal still holds a destroyed key",
        )
        return ["finished"] not in said

    def settle(self) -> None:
        with fresh_keyring(self.desk) as fresh:
            owners = [f"requester-{number}-{n}" for number in range(1, self.tally.rounds + 1) for n in range(OWNERS)]
            self.tally.holds(not fresh.keys(owners), "a destroyed key is back")

    def _files(self) -> list[bytes]:
        url = self.desk.keyring.store.engine.url
        if url.get_backend_name() != "sqlite":
            return []  # a server's own files are its own: docs/assurance.md, Keys
        kept = Path(str(url.database))
        return [file.read_bytes() for file in kept.parent.glob(f"{kept.name}*")]
