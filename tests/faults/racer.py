"""Run as a program: one of two consoles that race. The first line of input is its case; each further one is a round.

It says "ready" once its desk is open, and for each round "ran" with when it began, when it ended and what came of it.
"""

import json
import sys
from time import monotonic

from tests.faults.act_forever import desk_of
from tests.faults.acts.act import session_of
from tests.faults.processes import say
from tests.faults.races import RACES


def main() -> None:
    case = json.loads(sys.stdin.readline())
    desk, race = desk_of(case), RACES[case["race"]]
    session = session_of(desk, case)
    assert desk.packs.current.meta.name  # what is read once is read before the first round
    assert desk.log_tag_key
    say("ready")
    for line in sys.stdin:
        told = json.loads(line)
        while monotonic() < told["at"]:
            pass  # a wait in the kernel would end too late, and for each at another time
        began = monotonic()
        came = race.run(session, told)
        say("ran", began, monotonic(), came)


if __name__ == "__main__":
    main()
