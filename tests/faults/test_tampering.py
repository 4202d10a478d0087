"""Whatever is done to the log by chance, `log verify` finds it and names it; undone, the log is whole again."""

from random import Random

import pytest

from cs_console.access_log.verify import verify_log
from tests.faults.tally import Tally
from tests.faults.tampered_log import SIZE, TamperedLog
from tests.faults.tamperings import TAMPERINGS
from tests.support.office import TestOffice
from tests.support.soak import rounds

SUITE = "tampering"
ROUNDS = rounds(50, 250)
"""On each engine."""


@pytest.mark.timeout(60 + ROUNDS)
def test_every_tampering_is_found_and_named(desk_on: TestOffice, tally: Tally) -> None:
    log = TamperedLog(desk_on, tally.rng)
    with tally:
        for kind in _kinds(tally.rng):
            tally.rounds += 1
            findable = TAMPERINGS[kind](log)
            verdict = verify_log(desk_on.office)
            tally.holds(
                not verdict.ok and verdict.first_bad == findable.first_bad and verdict.kind in findable.kinds,
                f"{kind}: {findable} was to be found, and it was {verdict}",
            )
            tally.faults += 1
            log.undo()
            whole = verify_log(desk_on.office)
            tally.holds((whole.ok, whole.size) == (True, SIZE), f"{kind}, undone: {whole}")


def _kinds(rng: Random) -> list[str]:
    """Chance decides the order, and what each kind does; but none is left out."""
    kinds: list[str] = []
    while len(kinds) < ROUNDS:
        kinds += rng.sample(list(TAMPERINGS), len(TAMPERINGS))
    return kinds[:ROUNDS]
