"""`keys rotate` killed at any moment: every key opens, for consoles old and new, and running it again finishes."""

import json
import os
import random
import select
import signal
import subprocess
import sys
from time import monotonic

import pytest

from cs_console.access_log.verify import verify_log
from cs_console.custody.key_files import read_key_file, wrapping_keys
from cs_console.custody.keyring import Keyring
from cs_console.custody.rotation import key_status
from cs_console.errors import KeysRotating, KeyUnavailable
from tests.custody.rotations import fresh_keyring, rotated
from tests.support.office import TestOffice

ROUNDS = int(os.environ.get("CS_SOAK_ROUNDS", "20"))
OWNERS = [f"requester-{number:02}" for number in range(30)]
PATIENCE = 60.0
LONGEST = 0.15
"""Seconds until the kill at most: several rotations."""


@pytest.mark.timeout(120 + 2 * ROUNDS)
def test_kill_9_at_any_moment_of_a_rotation_loses_no_key(keyring_office: TestOffice) -> None:
    """`CS_SOAK_ROUNDS` says how often."""
    office = keyring_office.office
    keys = office.keyring.create_many(OWNERS)
    case = {"home": str(office.settings.home), "url": office.settings.keyring_url}
    given_up = [read_key_file(office.settings.key_path)]
    cut_short = 0
    command = [sys.executable, "-m", "tests.custody.rotate_forever"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(case).encode() + b"\n")
        for number in range(ROUNDS):
            process.stdin.write(b"go\n")
            process.stdin.flush()
            assert select.select([process.stdout], [], [], PATIENCE)[0]
            pid = int(os.read(process.stdout.fileno(), 100))
            _working_meanwhile(office.keyring, keys, f"made-{number}", random.uniform(0, LONGEST))
            os.kill(pid, signal.SIGKILL)
            cut_short += key_status(office).unfinished
            with fresh_keyring(office) as fresh:
                assert fresh.keys(keys) == office.keyring.keys(keys) == keys
            if number % 3 == 0:
                _finish(keyring_office)
                given_up.append(read_key_file(office.settings.key_path))
        process.stdin.close()
        process.kill()
    _finish(keyring_office)
    print(f"kill -9 in a rotation: {ROUNDS} rounds, {cut_short} cut short, {len(keys)} keys, 0 lost")
    assert cut_short
    assert not set(given_up) & set(wrapping_keys(office.settings))
    for old in given_up:
        with_old = Keyring(office.settings.keyring, old)
        for owner in OWNERS:
            with pytest.raises(KeyUnavailable):
                with_old.key(owner)
        with_old.close()
    assert verify_log(office).ok


def _working_meanwhile(console: Keyring, keys: dict[str, bytes], name: str, seconds: float) -> None:
    """A console that was open all the time makes a key and reads until the time is over."""
    until = monotonic() + seconds
    keys[name] = console.create(name)
    while monotonic() < until:
        assert console.keys(keys) == keys


def _finish(keyring_office: TestOffice) -> None:
    """Run it again, until the killed process's lock is gone from the server too."""
    until = monotonic() + PATIENCE
    while True:
        try:
            assert rotated(keyring_office.office).finished
            return
        except KeysRotating:
            assert monotonic() < until
