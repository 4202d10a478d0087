"""Run as a program: import a mailbox into the desk of CS_CONSOLE_HOME, one mail for each line on standard input."""

import sys
from pathlib import Path

from cs_console.desk import open_office, operator_desk
from cs_console.settings import load
from cs_console.tickets.intake import import_mail


def wait(done: int, total: int) -> None:
    print(done, flush=True)
    sys.stdin.readline()


import_mail(operator_desk(open_office(load())), [Path(sys.argv[1])], wait)
