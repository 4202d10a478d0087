"""A crash report for the person who fixes the bug: where it happened, without any data it was working on."""

import os
import platform
import traceback
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePath

NEWEST_COMMANDS = 20
_DISTRIBUTIONS = ("cs-console", "textual", "rich", "sqlalchemy")


def write_crash_report(
    home: Path, fault: BaseException, screens: Iterable[str] = (), commands: Iterable[str] = ()
) -> Path | None:
    """Write a new file `crash-....txt` in the home folder, for its owner's eyes only (0600); None where it cannot be.

    It contains exception types, files and lines of code, versions, names of screens and commands: never a message,
    a local variable, an argument or a line of what was typed (ASVS 16.5.1-3, invariant 2).
    """
    now = datetime.now(UTC)
    lines = [
        f"cs-console crash report, {now:%Y-%m-%d %H:%M:%S} UTC",
        "It contains no personal data: only code locations, versions and names of screens and commands.",
        "",
        *_versions(),
        "",
        f"screens, the newest last: {', '.join(screens) or 'none'}",
        f"commands, the newest last: {', '.join(commands) or 'none'}",
        *_told(fault),
        "",
    ]
    for attempt in range(100):
        file = home / f"crash-{now:%Y%m%d-%H%M%S}{f'-{attempt}' if attempt else ''}.txt"
        with suppress(FileExistsError):
            try:
                descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            except FileExistsError:
                raise
            except OSError:
                return None
            with suppress(OSError), os.fdopen(descriptor, "w", encoding="utf-8") as report:
                report.write("\n".join(lines))
            return file
    return None


def _versions() -> Iterator[str]:
    from importlib.metadata import PackageNotFoundError, version  # slow to import, and a start has no use for it

    yield f"python {platform.python_version()} on {platform.system()}"
    for name in _DISTRIBUTIONS:
        with suppress(PackageNotFoundError):
            yield f"{name} {version(name)}"


def _told(fault: BaseException) -> Iterator[str]:
    """The exception, its causes, and the members of a group; each once."""
    seen: set[int] = set()
    left = [fault]
    while left:
        one = left.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield ""
        yield type(one).__name__
        yield from (f"  {_place(frame)}" for frame in traceback.walk_tb(one.__traceback__))
        left += [other for other in (one.__cause__, one.__context__) if other is not None]
        if isinstance(one, BaseExceptionGroup):
            left += one.exceptions


def _place(found: tuple[object, int]) -> str:
    """`screens/queue/queue.py:120`: a file relative to its package, never the folder where it is installed."""
    frame, line = found
    file = PurePath(getattr(getattr(frame, "f_code", None), "co_filename", ""))
    parts = file.parts
    for root in ("site-packages", f"python{'.'.join(platform.python_version_tuple()[:2])}"):
        if root in parts:
            return f"{'/'.join(parts[parts.index(root) + 1 :])}:{line}"
    for root in ("cs_console", "screens", "models"):
        if root in parts:
            at = len(parts) - 1 - parts[::-1].index(root)
            return f"{'/'.join(parts[at:])}:{line}"
    return f"{file.name}:{line}"
