"""Run as a program: for each case on standard input a child is forked, whose writes fail, and which reveals once.

It says "shown" with entry and value, or "refused" with the refusal's code, and "gone" once the child has ended.
"""

import json
import os
import socket
import sys
from typing import Any

from sqlalchemy import event

from cs_console.custody.disclosure import Target, reveal
from cs_console.errors import ConsoleError
from models.contact_fields import Field
from tests.faults.act_forever import desk_of
from tests.faults.acts.act import session_of
from tests.faults.processes import say
from tests.faults.system_calls import give_up_privileges, hand_over


def main() -> None:
    channel = socket.socket(fileno=int(sys.argv[1]))
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            reveal_once(json.loads(line), channel)
            os._exit(0)
        os.waitpid(child, 0)
        say("gone")


def reveal_once(case: dict[str, Any], channel: socket.socket) -> None:
    desk = desk_of(case)
    if case["read_only"]:
        desk.close()  # what was opened before could still be written to
        give_up_privileges()
    event.listen(desk.database.engine, "connect", _write_into_the_file_at_once)
    session = session_of(desk, case)
    if not case["read_only"]:
        assert desk.log_tag_key
        with desk.database.reading():
            pass
        hand_over(channel)
    try:
        shown = reveal(session, case["number"], Target(Field.MOBILE, case["item"]), "reply")
        say("shown", shown.entry, shown.value)
    except ConsoleError as error:
        say("refused", error.code)


def _write_into_the_file_at_once(connection: Any, _record: object) -> None:
    """Each commit goes through the journal into the file, so that there are more writes to fail."""
    connection.execute("PRAGMA wal_autocheckpoint = 1")


if __name__ == "__main__":
    main()
