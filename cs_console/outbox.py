"""The outbox folder: every outgoing message becomes one file, readable by its owner alone."""

import itertools
import os
import secrets
from datetime import datetime
from pathlib import Path

from cs_console.errors import DeliveryFailed

_order = itertools.count()


def put(folder: Path, at: datetime, pseudonym: str, suffix: str, content: bytes, token: str = "") -> Path:
    """Write one file, whole or not at all. Names sort by time, then by the order of writing.

    The name has the `token` by which `holds` finds it, and ends with the requester's pseudonym, by which `remove`
    does. Raises DeliveryFailed.
    """
    name = f"{at:%Y%m%dT%H%M%S.%fZ}-{next(_order):06d}-{token or secrets.token_hex(3)}-{pseudonym}{suffix}"
    target, unfinished = folder / name, folder / f".{name}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(target)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise DeliveryFailed(
            f"The outbox folder cannot be written: {problem.strerror}.", "Check CS_CONSOLE_OUTBOX."
        ) from None
    return target


def holds(folder: Path, token: str) -> bool:
    """Whether the file with this token is there. What reads the folder may have taken it away already."""
    return any(folder.glob(f"[!.]*-{token}-*"))


def remove(folder: Path, pseudonym: str) -> None:
    """Delete every message to that requester. What else reads the folder may have copies. Raises OSError."""
    for file in folder.glob(f"*-{pseudonym}.*"):
        file.unlink(missing_ok=True)
