"""Several processes want the same thing at the same moment: one gets it, once, and the record says so."""

from contextlib import ExitStack
from itertools import pairwise
from time import monotonic

import pytest

from tests.faults.acts.act import card_of
from tests.faults.processes import forked
from tests.faults.races import RACES
from tests.faults.tally import Tally
from tests.support.desk import TestDesk
from tests.support.soak import rounds

SUITE = "races"
ROUNDS = rounds(10, 125)
"""Of each race on each engine."""
SOON = 0.005
"""Seconds until they begin: long enough for each to have heard of it."""
APART = 0.003
"""Seconds by which one begins after the other at most: chance chooses, so that each overtakes the other everywhere."""


@pytest.mark.timeout(120 + 3 * ROUNDS)
@pytest.mark.parametrize("name", RACES)
def test_of_those_that_race_one_wins(desk_on: TestDesk, name: str, tally: Tally) -> None:
    race = RACES[name](desk_on, tally)
    settings = desk_on.desk.settings
    case = {"race": name, "home": str(settings.home), "url": settings.database_url, "keyring_url": settings.keyring_url}
    with tally, ExitStack() as running:
        racers = [running.enter_context(forked("racer")) for _ in race.desks]
        for racer, session in zip(racers, race.desks, strict=True):
            racer.tell({**case, **card_of(session)})
        for racer in racers:
            racer.until_said("ready")
        # on a busy machine one may be over before the other begins, which shows nothing
        while tally.rounds < ROUNDS or (tally.rounds < 10 * ROUNDS and not tally.faults):
            tally.rounds += 1
            told = race.next_round()
            soon = monotonic() + SOON
            for racer, what in zip(racers, told, strict=True):
                racer.tell({**what, "at": soon + tally.rng.uniform(0, APART)})
            ran = [racer.until_said("ran")[-1] for racer in racers]
            race.judge([line[3] for line in ran])
            tally.faults += _overlapped([(float(line[1]), float(line[2])) for line in ran])
        race.settle()


def _overlapped(spans: list[tuple[float, float]]) -> bool:
    """Whether two of them ran at the same moment."""
    spans = sorted(spans)
    return any(later[0] < earlier[1] for earlier, later in pairwise(spans))
