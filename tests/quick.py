"""`make quick`: what a change most likely broke, in under 90 seconds; `make test` decides.

First the tests marked `core`, one for each promise that all else rests on. Then, as many as the time allows, the tests
that were changed themselves, those named like a changed module, and those that import one, most imports first.
A change is what differs from main, or on main from the commit before.
"""

import re
import subprocess
import sys
from pathlib import Path
from time import time

ROOT = Path(__file__).parents[1]
SECONDS = 65
"""A test that has begun by then is finished."""


def main() -> int:
    """Run them; the exit status is pytest's."""
    stop_at = time() + SECONDS
    sources = {file: file.read_text("utf-8") for file in sorted(ROOT.glob("tests/**/test_*.py"))}
    core = [file for file, text in sources.items() if "pytest.mark.core" in text]
    failed = _pytest(["-m", "core"], core, stop_at)
    near = _near(_changed(), sources)
    return failed or (_pytest([], near, stop_at) if near and time() < stop_at else 0)


def _pytest(more: list[str], files: list[Path], stop_at: float) -> int:
    fixed = ["-n", "2", "-k", "not postgresql", "--stop-at", str(stop_at)]
    names = [str(file.relative_to(ROOT)) for file in files]
    status = subprocess.run([sys.executable, "-m", "pytest", *fixed, *more, *names], cwd=ROOT, check=False).returncode
    return 0 if status == 5 else status  # 5: all of them were on PostgreSQL


def _changed() -> list[Path]:
    base = _git("merge-base", "HEAD", "main")
    if base == _git("rev-parse", "HEAD"):
        base = ["HEAD~1"]
    names = {*_git("diff", "--name-only", *base), *_git("ls-files", "--others", "--exclude-standard")}
    return [ROOT / name for name in sorted(names) if name.endswith((".py", ".tcss", ".toml"))]


def _git(*words: str) -> list[str]:
    done = subprocess.run(["git", *words], cwd=ROOT, check=False, capture_output=True, text=True)
    return done.stdout.split("\n")[:-1]


def _near(changed: list[Path], sources: dict[Path, str]) -> list[Path]:
    imports = [_import_of(file) for file in changed]
    stems = {file.stem for file in changed}

    def distance(file: Path) -> tuple[bool, bool, int]:
        hits = sum(bool(one.search(sources[file])) for one in imports)
        return file not in changed, file.stem.removeprefix("test_") not in stems, -hits

    return sorted((file for file in sources if distance(file) < (True, True, 0)), key=distance)


def _import_of(file: Path) -> re.Pattern[str]:
    """What an import of this module looks like."""
    *folders, name = file.relative_to(ROOT).with_suffix("").parts
    package = re.escape(".".join(folders))
    return re.compile(rf"\b{package}\.{name}\b|from {package} import (?:\([^)]*|[^(\n]*)\b{name}\b")


if __name__ == "__main__":
    sys.exit(main())
