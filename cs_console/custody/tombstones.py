"""Whose data was erased, told outside the stores: so that no backup put back brings it to life again.

One line each, a requester's random id and the time, in a file that only grows beside the second place's checkpoints.
It names nobody: an id says nothing once what it stood for is gone.
"""

from datetime import datetime

from cs_console.access_log.second_place import append_line
from cs_console.errors import StoreUnavailable
from cs_console.settings import Settings

FILE_NAME = "erased.txt"


def tombstones(settings: Settings) -> list[str]:
    """The ids of every requester who was erased, oldest first. Raises StoreUnavailable."""
    file = settings.checkpoint_folder / FILE_NAME
    try:
        lines = file.read_text("ascii").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError):
        raise StoreUnavailable(
            f"The list of erased requesters, {file}, cannot be read.", "Mend it: without it nobody may sign in."
        ) from None
    return [line.split()[0] for line in lines if line.strip()]


def put_tombstone(settings: Settings, requester_id: str, at: datetime) -> None:
    """Tell it durably, once; `at` is in UTC. Raises StoreUnavailable."""
    if requester_id in tombstones(settings):
        return
    file = settings.checkpoint_folder / FILE_NAME
    try:
        append_line(file, f"{requester_id} {at:%Y-%m-%dT%H:%M:%SZ}")
    except OSError as problem:
        raise StoreUnavailable(
            f"The erasure cannot be noted in {file}: {problem.strerror}.", "It goes on once that works again."
        ) from None
