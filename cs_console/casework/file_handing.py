"""The two ways in which plaintext leaves the stores: a file in the operator's folder, or given to their command."""

import os
import shlex
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread

from cs_console.desk import Desk
from cs_console.errors import FileNotSaved
from cs_console.settings import Settings

MOST_OF_A_NAME = 1000
"""How many files of one name a folder takes."""
COMMAND_SECONDS = 600.0
"""How long a command may take with a file."""
FIRST_SECONDS = 2.0
"""A command that fails within this time is reported to the agent."""
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
"""All that a command gets of the console's environment, which may hold passwords."""
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in there, which no one else can enter
_FOLDER = "cs-console-passed-on-"


def save(folder: Path, name: str, content: bytes) -> str:
    """Write a new file, readable by its owner alone, and return the name that it got.

    Nothing is overwritten and no link is followed: a name that is taken gets a number. A file that could not be
    written whole is removed. Raises FileNotSaved.
    """
    try:
        return _write(folder, name, content)
    except OSError as problem:
        raise FileNotSaved(
            f"The file could not be saved: {problem.strerror}.",
            "Tell the operator, who named the folder (`download`).",
        ) from None


def _write(folder: Path, name: str, content: bytes) -> str:
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        free, handle = _new_file(place, name)
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(handle, 0o600)
                file.write(content)
                file.flush()
                os.fsync(handle)
        except OSError:
            os.unlink(free, dir_fd=place)
            raise
    finally:
        os.close(place)
    return free


def _new_file(place: int, name: str) -> tuple[str, int]:
    path = Path(name)
    for count in range(1, MOST_OF_A_NAME + 1):
        free = name if count == 1 else f"{path.stem} ({count}){path.suffix}"
        with suppress(FileExistsError):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            return free, os.open(free, flags, 0o600, dir_fd=place)
    raise FileExistsError(0, "too many files of that name")


def pass_on(settings: Settings, command: str, name: str, content: bytes) -> None:
    """Run the command, without a shell, with the path of a file of its own as last argument.

    The file, readable by its owner alone, is deleted when the command ends, after ten minutes at most. Raises
    FileNotSaved where the command cannot be started or fails at once.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=_FOLDER, dir=_rooms(settings)[0]))
        try:
            path = folder / _write(folder, name, content)
            started = subprocess.Popen(  # noqa: S603 - the operator's own command, with one path of our making
                [*shlex.split(command), str(path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={key: os.environ[key] for key in _KEPT if key in os.environ},
                cwd=folder,
                start_new_session=True,
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    except OSError as problem:
        raise _not_run(f"could not be started: {problem.strerror}") from None
    ending = Thread(target=_wait, args=(started, folder), daemon=True)
    ending.start()
    ending.join(FIRST_SECONDS)
    if started.returncode:
        raise _not_run(f"failed with exit status {started.returncode}")


def _wait(started: "subprocess.Popen[bytes]", folder: Path) -> None:
    try:
        started.wait(COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_left_over(desk: Desk) -> None:
    """Delete what a console left that was killed while a command had its file; for the upkeep."""
    if desk.settings.attachment_command:
        for room in _rooms(desk.settings):
            for folder in room.glob(f"{_FOLDER}*"):
                with suppress(OSError):
                    left = folder.lstat()
                    if left.st_uid == os.geteuid() and time.time() - left.st_mtime > 2 * COMMAND_SECONDS:
                        shutil.rmtree(folder, ignore_errors=True)


def _rooms(settings: Settings) -> list[Path]:
    """Where such a file can lie meanwhile, the best first: in memory where the system has that, else in the home."""
    own = os.environ.get("XDG_RUNTIME_DIR")
    places = [*([Path(own)] if own else []), MEMORY, settings.home]
    return [place for place in places if place.is_dir() and os.access(place, os.W_OK | os.X_OK)]


def _not_run(what: str) -> FileNotSaved:
    return FileNotSaved(f"The command for attachments {what}.", "Tell the operator, who named it.")
