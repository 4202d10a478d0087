"""`python -m benchmarks NAME [--json] [--size N ...]`: one line a measurement."""

import argparse
import importlib
import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.result import Result

NAMES = ("start", "queue", "search", "reveal", "log", "intake", "team", "redaction", "keys", "memory")
HEADINGS = ("name", "size", "console ms", "baseline ms", "ratio", "p95 ms", "more")


def main() -> None:
    """Run one benchmark, or all of them, each in its own module's `run(*sizes)`."""
    options = argparse.ArgumentParser(prog="python -m benchmarks", description="The console beside its baselines.")
    options.add_argument("name", choices=(*NAMES, "all"))
    options.add_argument("--json", action="store_true", help="one JSON object a line")
    options.add_argument("--size", type=int, action="append", default=[], help="only at this size; may be repeated")
    options.add_argument("--set", type=Path, metavar="FILE", help="redaction: the labelled texts of this file")
    chosen = options.parse_args()
    if chosen.set is not None and (chosen.name != "redaction" or not chosen.set.is_file()):
        options.error("--set is a file of labelled texts, and for redaction alone")
    if not chosen.json:
        print(_row(HEADINGS), flush=True)
    for name in NAMES if chosen.name == "all" else (chosen.name,):
        for result in measurements(name, chosen.size, chosen.set):
            print(json.dumps(result.as_json()) if chosen.json else _readable(result), flush=True)


def measurements(name: str, sizes: list[int], cases: Path | None = None) -> Iterator[Result]:
    """What the benchmark of that name yields, at its own sizes when none are given, of a file of cases."""
    more = {} if cases is None else {"cases": cases}
    found: Iterator[Result] = importlib.import_module(f"benchmarks.{name}").run(*sizes, **more)
    return found


def _readable(result: Result) -> str:
    more = " ".join(f"{key}={value}" for key, value in result.extra.items())
    return _row(
        (
            result.name,
            f"{result.size:,}",
            f"{result.console_ms:.3f}",
            f"{result.baseline_ms:.3f}",
            f"{result.ratio:.2f}",
            f"{result.p95_ms:.3f}",
            more,
        )
    )


def _row(cells: tuple[str, ...]) -> str:
    name, *numbers, more = cells
    return f"{name:<24}" + "".join(f"{cell:>13}" for cell in numbers) + f"  {more}".rstrip()


if __name__ == "__main__":
    main()
