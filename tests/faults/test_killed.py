"""Killed without a warning at any moment (kill -9): nothing lost, nothing by halves, nothing shown off the record."""

import os
import signal

import pytest
from sqlalchemy import text

from cs_console.desk import Desk
from tests.faults.acts import ACTS
from tests.faults.processes import forked
from tests.faults.tally import Tally
from tests.support.desk import TestDesk
from tests.support.soak import rounds

SUITE = "kill -9"
ORDINARILY = 5
"""Rounds of each act on each engine in `make test`."""
MOST = rounds(ORDINARILY, max(act.SOAKING for act in ACTS.values()))


@pytest.mark.timeout(120 + 6 * MOST)
@pytest.mark.parametrize("name", ACTS)
def test_killed_at_any_moment(desk_on: TestDesk, name: str, tally: Tally) -> None:
    act, wanted = ACTS[name](desk_on, tally), rounds(ORDINARILY, ACTS[name].SOAKING)
    settings = desk_on.desk.settings
    case = {
        "act": name,
        "home": str(settings.home),
        "url": settings.database_url,
        "keyring_url": settings.keyring_url,
    }
    with tally, forked("act_forever") as process:
        # chance may spare the first ones
        while tally.rounds < wanted or (tally.rounds < 10 * wanted and not (tally.faults and act.shows_enough())):
            tally.rounds += 1
            process.tell({**case, **act.next_round()})
            [[_, pid]] = process.until_said("ready")
            said = list(act.until_the_kill(process))
            os.kill(int(pid), signal.SIGKILL)
            said += process.until_said("gone")[:-1]
            until_nobody_works(desk_on.desk)
            tally.faults += act.judge(said)
        act.settle()


def until_nobody_works(desk: Desk) -> None:
    """A server finishes what a dead client has asked for, or drops it; until then nothing can be judged."""
    if desk.database.is_sqlite:
        return
    with desk.database.engine.connect() as connection:
        while connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state <> 'idle'"
                " AND backend_type = 'client backend'"
            )
        ).scalar():
            connection.rollback()
