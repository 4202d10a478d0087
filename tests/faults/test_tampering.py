"""Whatever is done to the log by chance, `log verify` finds it and names it; no row forged by chance opens anything."""

from collections.abc import Collection
from random import Random

import pytest

from cs_console.access_log.verify import verify_log
from tests.faults.forged_rows import FORGERIES, ForgedDesk, stay_awake
from tests.faults.tally import Tally
from tests.faults.tampered_log import SIZE, TamperedLog
from tests.faults.tamperings import TAMPERINGS
from tests.support.desk import TestDesk
from tests.support.soak import rounds

SUITE = "tampering"
ROUNDS = rounds(50, 250)
"""On each engine."""
FORGED = rounds(16, 250)
"""The same, for forged rows."""


@pytest.mark.timeout(60 + ROUNDS)
def test_every_tampering_is_found_and_named(desk_on: TestDesk, tally: Tally) -> None:
    log = TamperedLog(desk_on, tally.rng)
    with tally:
        for kind in _kinds(tally.rng, TAMPERINGS, ROUNDS):
            tally.rounds += 1
            findable = TAMPERINGS[kind](log)
            verdict = verify_log(desk_on.desk)
            tally.holds(
                not verdict.ok and verdict.first_bad == findable.first_bad and verdict.kind in findable.kinds,
                f"{kind}: {findable} was to be found, and it was {verdict}",
            )
            tally.faults += 1
            log.undo()
            whole = verify_log(desk_on.desk)
            tally.holds((whole.ok, whole.size) == (True, SIZE), f"{kind}, undone: {whole}")


@pytest.mark.timeout(120 + FORGED)
@pytest.mark.usefixtures("cheap_passwords")
def test_no_forged_row_opens_anything(desk_on: TestDesk, tally: Tally) -> None:
    forged = ForgedDesk(desk_on, tally.rng)
    with tally:
        for kind in _kinds(tally.rng, FORGERIES, FORGED):
            tally.rounds += 1
            stay_awake(forged)
            tally.holds(not FORGERIES[kind](forged), f"{kind}: something opened")
            tally.faults += 1
        tally.holds(verify_log(desk_on.desk).ok, "the log is not whole")


def _kinds(rng: Random, of: Collection[str], rounds: int) -> list[str]:
    """Chance decides the order, and what each kind does; but none is left out."""
    kinds: list[str] = []
    while len(kinds) < rounds:
        kinds += rng.sample(list(of), len(of))
    return kinds[:rounds]
