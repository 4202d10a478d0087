"""What a benchmark reports: the console's time beside its baseline's, both from the same run."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter_ns


@dataclass(frozen=True)
class Result:
    """One line of a report. Times are milliseconds: medians, and the console's 95th percentile."""

    name: str
    size: int
    console_ms: float
    baseline_ms: float
    ratio: float
    p95_ms: float
    extra: dict[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The line's JSON object; `extra` stands beside the fixed keys."""
        return {
            "name": self.name,
            "size": self.size,
            "console_ms": round(self.console_ms, 4),
            "baseline_ms": round(self.baseline_ms, 4),
            "ratio": round(self.ratio, 3),
            "p95_ms": round(self.p95_ms, 4),
            **self.extra,
        }


def timed(act: Callable[[], object]) -> float:
    """How many milliseconds one call took."""
    began = perf_counter_ns()
    act()
    return (perf_counter_ns() - began) / 1e6


def percentile(times: Sequence[float], part: float) -> float:
    """The time that this part (0 to 1) of the calls stayed within."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def compare(name: str, size: int, console: Sequence[float], baseline: Sequence[float], **extra: object) -> Result:
    """A Result from the single times (milliseconds) of both sides."""
    ours, theirs = statistics.median(console), statistics.median(baseline)
    return Result(name, size, ours, theirs, ours / theirs, percentile(console, 0.95), extra)


def interleaved(
    console: Callable[[], object], baseline: Callable[[], object], rounds: int, warm_up: int = 20
) -> tuple[list[float], list[float]]:
    """Time both sides turn by turn, so that what the machine does meanwhile meets both alike."""
    for _ in range(warm_up):
        console()
        baseline()
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(timed(console))
        theirs.append(timed(baseline))
    return ours, theirs
