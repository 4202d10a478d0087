"""A console that rotates without end, for the test that kills it.

For each line on standard input a child is forked; it writes its process id to standard output once it has opened the
desk, and then rotates.
"""

import json
import os
import sys
from pathlib import Path

from cs_console.custody import rotation
from cs_console.desk import open_office, operator_desk
from cs_console.settings import Settings

SMALL = 3


def main() -> None:
    case = json.loads(sys.stdin.readline())
    for _ in sys.stdin:
        if os.fork() == 0:
            rotate_forever(case)


def rotate_forever(case: dict[str, str]) -> None:
    rotation.BATCH = SMALL
    office = open_office(Settings(home=Path(case["home"]), keyring_url=case["url"]))
    os.write(1, f"{os.getpid()}\n".encode())
    while True:
        rotation.rotate(operator_desk(office))


main()
