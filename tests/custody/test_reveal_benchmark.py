"""The benchmark runs and says what it promises; how fast it is, it says itself."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.result import compare, interleaved, percentile


def test_the_reveal_benchmark_prints_one_json_object_a_line() -> None:
    command = [sys.executable, "-m", "benchmarks", "reveal", "--json", "--size", "5"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["engine"] for line in lines] == ["sqlite", "postgresql"]
    for line in lines:
        assert line["name"] == "reveal"
        assert line["size"] == 5
        assert min(line["console_ms"], line["baseline_ms"], line["ratio"], line["p95_ms"]) > 0


def test_medians_and_percentiles() -> None:
    result = compare("x", 3, [4.0, 2.0, 9.0], [1.0, 2.0, 3.0], more="y")
    assert (result.console_ms, result.baseline_ms, result.ratio, result.p95_ms) == (4.0, 2.0, 2.0, 9.0)
    assert result.as_json()["more"] == "y"
    assert percentile(list(range(100)), 0.95) == 95


def test_both_sides_are_warmed_and_take_turns() -> None:
    calls: list[str] = []
    ours, theirs = interleaved(lambda: calls.append("a"), lambda: calls.append("b"), rounds=3, warm_up=2)
    assert calls == ["a", "b"] * 5
    assert len(ours) == len(theirs) == 3
