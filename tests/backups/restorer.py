"""Run as a program that is killed: put a backup back, saying "begun" before it and "restored" after it."""

import json
import sys
from pathlib import Path

from cs_console.backups.restoring import restore
from cs_console.settings import Settings
from tests.faults.processes import say


def main() -> None:
    home, file = (Path(path) for path in json.loads(sys.stdin.readline()))
    say("begun")
    restore(Settings(home=home, outbox=home / "outbox"), file, "a test")
    say("restored")
