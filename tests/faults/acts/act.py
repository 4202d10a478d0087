"""What an act has to say about itself so that it can be killed at any moment, over and over."""

import itertools
import signal
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from cs_console.desk import AgentCard, Desk, DeskSession
from models.roles import Role
from tests.faults.processes import Process, Words
from tests.faults.tally import Tally
from tests.support.desk import TestDesk


class Act(ABC):
    """One act on one desk: prepared and judged here, done by `work` in a process that is killed."""

    STEPS: ClassVar[int] = 1
    """Of what is done in a round: the kill waits until it has heard of fewer than this, chance says of how many."""
    SOAKING: ClassVar[int] = 50
    """Its rounds on each engine in `make soak`."""
    SECONDS: ClassVar[float] = 0.05
    """And then so long at most: chance chooses. It is about as long as one step takes."""

    def __init__(self, made: TestDesk, tally: Tally) -> None:
        self.made, self.desk, self.tally = made, made.desk, tally

    def next_round(self) -> dict[str, Any]:
        """Make ready what the next process will work on, and tell it by JSON."""
        return {}

    @staticmethod
    @abstractmethod
    def work(desk: Desk, case: dict[str, Any]) -> None:
        """In the process that is killed: act, and say what was done as soon as it was done."""

    def until_the_kill(self, process: Process) -> Iterator[Words]:
        """Let the process work until a moment that chance chooses, and pass on what it says."""
        steps = itertools.islice(process.says(), self.tally.rng.randrange(self.STEPS))
        moment = process.says(self.tally.rng.uniform(0, self.SECONDS))
        for words in itertools.chain(steps, moment):
            assert words != ["gone"], "it ended by itself; its last words are on standard error"
            yield words

    @abstractmethod
    def judge(self, said: list[Words]) -> bool:
        """Hold the stores against what the dead process said. True if it was cut short, so that it proves something."""

    def shows_enough(self) -> bool:
        """Whether enough was done before the kills; chance may let them come early for some rounds."""
        return True

    @abstractmethod
    def settle(self) -> None:
        """After the last round: what holds for all of them together."""


def card_of(session: DeskSession) -> dict[str, Any]:
    """A desk's agent and session, to be told to another process."""
    return {
        "agent": session.agent.id,
        "name": session.agent.name,
        "roles": [role.value for role in session.agent.roles],
        "session": session.session_id,
    }


def session_of(desk: Desk, card: dict[str, Any]) -> DeskSession:
    """The same desk in the other process."""
    return DeskSession(
        desk, AgentCard(card["agent"], card["name"], frozenset(map(Role, card["roles"]))), card["session"]
    )


def wait_for_the_kill() -> None:
    """A process that finishes early waits, so that all rounds end in the same way."""
    signal.pause()
