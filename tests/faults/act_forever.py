"""Run as a program: for each case on standard input a child is forked, which opens the desk and does the case's act.

It says "ready" and its process id before, whatever the act says meanwhile, and "gone" once the child is dead.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from cs_console.desk import Desk
from cs_console.opening import open_desk
from cs_console.settings import Settings
from tests.faults.acts import ACTS
from tests.faults.processes import say


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            begin(json.loads(line))
            os._exit(0)
        os.waitpid(child, 0)
        say("gone")


def begin(case: dict[str, Any]) -> None:
    desk = desk_of(case)
    assert desk.packs.current.meta.name  # read before, so that the kill comes amid the act
    say("ready", os.getpid())
    ACTS[case["act"]].work(desk, case)


def desk_of(case: dict[str, Any]) -> Desk:
    home = Path(case["home"])
    return open_desk(
        Settings(
            home=home, database_url=case["url"], keyring_url=case["keyring_url"], outbox=home / "outbox", send_delay=0
        )
    )


if __name__ == "__main__":
    main()
