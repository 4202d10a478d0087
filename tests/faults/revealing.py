"""A desk with something to reveal, and the one judgement on every reveal that met a fault."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import NullPool, create_engine, text

from cs_console.access_log.verify import verify_log
from cs_console.custody.disclosure import Revealed, reveal
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError
from tests.custody.reveals import SPOKEN, mobile_of, own_ticket
from tests.faults.driver_calls import Strike, Trap, trapped
from tests.faults.tally import Tally
from tests.support.desk import TestDesk
from tests.support.tickets import MadeTicket


@dataclass
class Revealing:
    """An agent who reveals the mobile of their own ticket, whatever happens to the store meanwhile."""

    made: TestDesk
    tally: Tally
    session: DeskSession
    ticket: MadeTicket
    entries: int = 0
    """How many views are on record, and have to stay there."""

    def reveal(self) -> Revealed | None:
        """One reveal; None where it was refused."""
        try:
            return reveal(self.session, self.ticket.number, mobile_of(self.ticket), "reply")
        except ConsoleError:
            return None

    def judge(self, what: str, entry: int | None, value: str = "") -> None:
        """What was shown has its entry, as a connection finds it that is opened now; no older one is gone."""
        views = self.views()
        if entry is not None:
            self.tally.on_record(
                views is not None and entry in views, f"{what}: shown with entry {entry}, which is not there"
            )
            self.tally.holds(value == SPOKEN, f"{what}: another value was shown")
        if views is not None:
            self.tally.holds(
                len(views) >= self.entries, f"{what}: {self.entries} views were on record, and now {len(views)}"
            )
            self.entries = len(views)

    def judge_shown(self, what: str, shown: Revealed | None) -> None:
        self.judge(what, None if shown is None else shown.entry, "" if shown is None else shown.value)

    def views(self) -> set[int] | None:
        """The numbers of the views on record, read past the console through a new connection; None without a file."""
        file = self.made.desk.database.file
        if file is not None and not file.is_file():
            return None
        engine = create_engine(self.made.desk.settings.database, poolclass=NullPool)
        with engine.connect() as connection:
            found = connection.execute(text("SELECT seq FROM log_entry WHERE action = 'field.revealed'"))
            return set(found.scalars())

    def works_again(self, what: str) -> None:
        """After the fault: a reveal shows its value, and the log is whole."""
        shown = self.reveal()
        self.tally.holds(shown is not None, f"{what}: no reveal works afterwards")
        self.judge_shown(f"after {what}", shown)
        verdict = verify_log(self.made.desk)
        self.tally.holds(verdict.ok, f"{what}: afterwards the log is {verdict}")


def revealing(made: TestDesk, tally: Tally) -> Revealing:
    return Revealing(made, tally, *own_ticket(made))


def at_each(struck_at: Callable[[int], bool]) -> int:
    """Let the fault strike at the first call, the second, and so on, until none is left; how many there were."""
    at = 1
    while struck_at(at):
        at += 1
    return at - 1


def each_call(one: Revealing, what: str, strike: Strike, undo: Callable[[], None] = lambda: None) -> None:
    """Strike before and after each of the driver's calls in a reveal."""
    for after in (False, True):

        def struck_at(at: int, after: bool = after) -> bool:
            one.tally.rounds += 1
            trap = Trap(at, after, strike)
            with trapped(trap):
                shown = one.reveal()
            one.tally.faults += trap.struck
            named = f"{what} {'after' if after else 'before'} call {at}"
            one.judge_shown(named, shown)
            undo()
            one.works_again(named)
            return trap.struck

        calls = at_each(struck_at)
        least = 5 if one.made.desk.database.is_sqlite else 2  # lock, look, entry, head, commit; a server's two trips
        assert calls >= least, f"a reveal asks its driver for more than {calls} things"
