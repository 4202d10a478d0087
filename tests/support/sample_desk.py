"""The sample desk, made once for a whole run by the demo's own code, and copies of it to work on."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from cs_console.file_lock import file_lock
from cs_console.sample.demo import SETTINGS_FILE, make_sample, sample_settings
from cs_console.staff import passwords

MAKING_SECONDS = 300


@contextmanager
def cheaply_hashed() -> Iterator[None]:
    """Passwords are hashed at a thousandth of the cost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


def make_once(folder: Path) -> Path:
    """The sample desk below a folder that several processes share; one of them makes it. It is only copied."""
    home = folder / "sample desk" / "sample"
    with file_lock(folder / "sample desk.lock", MAKING_SECONDS), cheaply_hashed():
        if not home.exists():
            make_sample(sample_settings(home))
    return home


def copied(sample: Path, home: Path) -> Path:
    """A sample desk of its own in `home`, in place of what is there."""
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(sample, home)
    settings = home / SETTINGS_FILE
    text = settings.read_text("utf-8")
    settings.write_text(text.replace(json.dumps(str(sample / "outbox")), json.dumps(str(home / "outbox"))), "utf-8")
    return home
