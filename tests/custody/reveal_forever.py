"""A console that reveals without end, for the test that kills it.

For each line on standard input a child is forked; it opens the desk afresh and writes "pid entry value" to standard
output each time a reveal has returned.
"""

import json
import os
import sys
from pathlib import Path

from cs_console.custody.disclosure import Target, reveal
from cs_console.desk import AgentCard, Desk, open_office
from cs_console.settings import Settings
from models.enums import Field, Role


def main() -> None:
    case = json.loads(sys.stdin.readline())
    for _ in sys.stdin:
        if os.fork() == 0:
            reveal_forever(case)


def reveal_forever(case: dict[str, str]) -> None:
    office = open_office(Settings(home=Path(case["home"]), database_url=case["url"]))
    desk = Desk(office, AgentCard(case["agent"], "mei", frozenset({Role.AGENT})), case["session"])
    while True:
        shown = reveal(desk, int(case["number"]), Target(Field.MOBILE, case["item"]), "reply")
        os.write(1, f"{os.getpid()} {shown.entry} {shown.value}\n".encode())


main()
