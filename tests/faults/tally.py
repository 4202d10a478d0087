"""What a fault suite did and found: counted, printed at the end of a run, and judged."""

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

COUNTERS = ("rounds", "faults", "losses", "unrecorded views", "seconds")
"""The last one is told only where time decides how long a suite goes on."""


@dataclass
class Tally:
    """One test's counters. Leaving it (`with tally:`) fails the test unless faults happened and nothing else did.

    `losses` are sentences on what was promised and not kept: data gone or there twice, a change that was not noticed,
    an act done by halves. `unrecorded` are sentences on values that were shown without an entry.
    """

    suite: str
    seed: int
    properties: list[tuple[str, Any]] = field(repr=False)
    """Of the test's report: the one way by which a count leaves a worker process."""
    rounds: int = 0
    faults: int = 0
    losses: list[str] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)
    seconds: float = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    def holds(self, promise: bool, what: str) -> None:
        """Count a loss unless the promise holds."""
        if not promise:
            self.losses.append(f"round {self.rounds}: {what}")

    def on_record(self, promise: bool, what: str) -> None:
        """Count an unrecorded view unless the promise holds."""
        if not promise:
            self.unrecorded.append(f"round {self.rounds}: {what}")

    def __enter__(self) -> "Tally":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        counts = (self.rounds, self.faults, len(self.losses), len(self.unrecorded), round(self.seconds))
        self.properties.append((f"faults of {self.suite}", counts))
        if error is not None:
            return
        problems = self.losses + self.unrecorded
        assert not problems, f"seed {self.seed}, {len(problems)} in all: " + "; ".join(problems[:5])
        assert self.faults, "nothing was made to fail, so nothing was shown"


def lines_of(properties: Iterable[tuple[str, Any]]) -> list[str]:
    """One line of counters for each suite, over all of its tests and engines."""
    suites: dict[str, list[int]] = defaultdict(lambda: [0] * len(COUNTERS))
    for name, counts in properties:
        if name.startswith("faults of "):
            suite = suites[name.removeprefix("faults of ")]
            suite[:] = [before + more for before, more in zip(suite, counts, strict=True)]
    return [
        f"{suite}: "
        + ", ".join(
            f"{name} {count:,}" for name, count in zip(COUNTERS, counts, strict=True) if name != "seconds" or count
        )
        for suite, counts in sorted(suites.items())
    ]
