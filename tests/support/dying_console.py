"""A console that has just shown what a requester wrote, and dies: the case and the manner of its death as JSON.

It writes how many letters it had in hand to standard output, so that the test knows that there was something to leak.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path

from cs_console.custody.disclosure import Revealed, Target, reveal
from cs_console.desk import AgentCard, DeskSession
from cs_console.faults import say_one_sentence
from cs_console.opening import open_desk
from cs_console.settings import Settings
from models.contact_fields import Field
from models.roles import Role


def main(case: dict[str, str], targets: list[list[str]], death: str) -> None:
    say_one_sentence()  # as the console does before its first screen
    desk = open_desk(Settings(home=Path(case["home"]), database_url=case["url"]))
    session = DeskSession(desk, AgentCard(case["agent"], "mei", frozenset({Role.AGENT})), case["session"])
    shown = [
        reveal(session, int(case["number"]), Target(Field(field), item), purpose) for field, item, purpose in targets
    ]
    print(sum(len(one.value) for one in shown), flush=True)
    if death == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if death == "fault in a thread":
        falling = threading.Thread(target=fall, args=(shown,))
        falling.start()
        falling.join()
    else:
        fall(shown)


def fall(shown: list[Revealed]) -> None:
    """An unhandled exception with the values in locals, in its message and in the one that it came from."""
    value = "".join(one.value for one in shown)
    try:
        dict[str, str]()[value]
    except KeyError as cause:
        raise RuntimeError(f"while holding {value}") from cause


if __name__ == "__main__":
    main(*json.loads(sys.argv[1]))
