"""Run as a program that races: the first line names its agent; for each further one it makes a desk where that says.

It says "ready" before the first, and for each "made", or the code and the words of why it was not.
"""

import json
import sys
from pathlib import Path

import alembic.command  # noqa: F401  # what making a desk imports must not make one of them late
from argon2 import PasswordHasher

from cs_console.errors import ConsoleError
from cs_console.settings import Settings
from cs_console.staff import passwords
from cs_console.staff.setup import init_desk
from tests.faults.processes import say


def main() -> None:
    passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    agent = json.loads(sys.stdin.readline())
    say("ready")
    for line in sys.stdin:
        home, database, keyring = json.loads(line)
        settings = Settings(home=Path(home), database_url=database, keyring_url=keyring)
        try:
            init_desk(settings, agent, "amber kite ninety lakes").close()
            say("made")
        except ConsoleError as error:
            say(error.code, *str(error).split())
