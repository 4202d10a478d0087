"""Whatever people, strangers, platform and staff do in whatever order, no value of one person ever reaches another.

A round is a random sequence of imports, mails, forms, codes, links, letters, exports and erasures through the services,
held against a ledger of who really is who (`strangers/ledger.py`). A desk carries on for some rounds; then its log is
verified and its files are searched. CS_SOAK_SEED with a desk's seed begins with that desk again.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import pytest

from cs_console.access_log.verify import verify_log
from cs_console.errors import ConsoleError
from tests.faults.strangers.canaries import canaries_in
from tests.faults.strangers.ending import Ending
from tests.faults.strangers.inside import Inside
from tests.faults.strangers.judging import Judging
from tests.faults.strangers.outside import Outside
from tests.faults.strangers.place import Astray, Place
from tests.faults.tally import Tally
from tests.support.desk import TestDesk, make_desk
from tests.support.postgres import empty_database, fresh_database, no_database_left
from tests.support.soak import rounds

SUITE = "strangers"
ROUNDS = {"sqlite": rounds(8, 1000), "postgresql": rounds(8, 250)}
OF_A_DESK = 8
"""Rounds that one desk sees."""
OTHER_ACTS = 5
"""In a round, beside those that each round has."""
CHANCES = 30
"""So many rounds more, where chance keeps the first ones from something."""
PEOPLE = 5
"""The people a desk begins with; others come."""
WANTED = (
    "revealed",
    "code right",
    "letter",
    "appended",
    "unconfirmed",
    "record older",
    "account erased",
    "record suppressed",
    "old copy tried",
    "linked",
    "unlinked",
)
"""What has to come to pass in a run: walks that get nowhere prove nothing."""


class Walk:
    """One desk, and what chance does there."""

    def __init__(self, test_desk: TestDesk, seed: int, folder: Path) -> None:
        self.place = Place(test_desk, Random(seed), folder)
        self.inside = Inside(self.place)
        self.judging = Judging(self.place, self.inside)
        self.outside, self.ending = Outside(self.place), Ending(self.place, self.inside, self.judging)
        self.acts: list[str] = []
        self.rounds = 0

    def begin(self) -> None:
        for _ in range(PEOPLE):
            self.outside.new_person()
            self.judging.after_act()

    def round(self) -> None:
        """One round. Raises Astray at the first thing that must not be."""
        out, inside, end, chance = self.outside, self.inside, self.ending, self.place.chance
        each: list[Callable[[], None]] = [
            out.writes,
            out.writes,
            out.form_with_a_victims_address,
            out.withdraws_for_a_person,
            chance.choice([out.spoofs_a_person, out.names_a_person]),
            chance.choice([out.shared_value, out.shared_value, out.recycled_number]),
            inside.sends_code,
            inside.sends_code,
            inside.replies,
            inside.reveals,
            inside.believes_a_letter,
            end.links,
            (end.unlinks, out.older_export)[self.rounds % 2],
            end.time_passes,
        ]
        some: list[Callable[[], None]] = [
            out.new_person,
            out.honest_record,
            out.changed_record,
            out.registered_again,
            out.fills_in_a_form,
            out.texts,
            out.answers_acknowledgement,
            out.guesses_an_acknowledgement,
            out.writes_the_address_otherwise,
            out.sends_it_again,
            inside.adds_contact,
            inside.reads_code_back,
            inside.opens,
            inside.lists,
            inside.looks_up,
            inside.draft,
            inside.exports_log,
            inside.asks_about_a_caller,
            end.closes,
            end.copies_database,
        ]
        acts = [*each, *chance.sample(some, OTHER_ACTS)]
        chance.shuffle(acts)
        for act in acts:
            self.act(act)
        self.rounds += 1
        self.act((end.erases, out.whole_export, end.rotates_keys, inside.upkeep)[self.rounds % 4])
        self.act(end.opens_copies)
        self.judging.after_round()

    def act(self, act: Callable[[], None]) -> None:
        """One act; what the console refuses ends it."""
        self.acts.append(act.__name__)
        with suppress(ConsoleError):
            act()
        self.judging.after_act()

    def end(self) -> None:
        """The desk closes: its log is whole, and no file of its stores holds anything in plain."""
        self.judging.after_round(everyone=True)
        verdict = verify_log(self.place.desk)
        self.place.must(verdict.ok, f"the log: {verdict}")
        home = self.place.desk.settings.home
        plain = [file for file in home.rglob("*") if file.is_file() and "outbox" not in file.parts]
        # signatures are base64, in which letters like a canary's come by chance: what was never made is no one's
        in_plain = {
            file.name: canaries_in(file.read_bytes().decode("latin-1")) & self.place.mint.made for file in plain
        }
        found = {name: values for name, values in in_plain.items() if values}
        self.place.must(not found, f"in plain in its files: {found}")


@contextmanager
def new_desk(engine: str, home: Path) -> Iterator[TestDesk]:
    """A fresh desk with both of its stores on one engine, which leaves no database behind."""
    on_server = engine == "postgresql"
    with no_database_left():
        made = make_desk(home, fresh_database() if on_server else "", keyring_url=empty_database() if on_server else "")
        try:
            yield made
        finally:
            made.desk.close()


def missing(seen: Counter[str]) -> list[str]:
    """What the walks have not met yet of all that they have to."""
    return [what for what in WANTED if not seen[what]]


@pytest.mark.timeout(240 + 10 * max(ROUNDS.values()))
@pytest.mark.parametrize("engine", list(ROUNDS))
def test_no_value_of_one_person_ever_reaches_another(engine: str, tmp_path: Path, tally: Tally) -> None:
    seen: Counter[str] = Counter()
    wanted = ROUNDS[engine]
    with tally:
        for at in range(0, wanted + CHANCES, OF_A_DESK):
            if at >= wanted and (tally.losses or not missing(seen)):
                break
            seed = tally.seed + at // OF_A_DESK
            with new_desk(engine, tmp_path / f"desk-{at}") as made:
                walk = Walk(made, seed, tmp_path)
                try:
                    walk.begin()
                    for _ in range(min(OF_A_DESK, wanted - at) if at < wanted else OF_A_DESK):
                        tally.rounds += 1
                        walk.round()
                    walk.end()
                except Astray as problem:
                    tally.holds(False, f"{problem} (CS_SOAK_SEED={seed}, after {', '.join(walk.acts[-8:])})")
                except Exception as problem:
                    problem.add_note(f"CS_SOAK_SEED={seed}, after {', '.join(walk.acts[-8:])}")
                    raise
            tally.faults += walk.place.hostile
            tally.unrecorded += [f"round {tally.rounds}: {one}" for one in walk.judging.unrecorded]
            seen += walk.place.seen
        assert tally.losses or not missing(seen), f"seed {tally.seed}: never {missing(seen)} in {dict(seen)}"
