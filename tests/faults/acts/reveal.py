"""Reveals: a value that a process has shown implies its entry."""

from typing import Any

from sqlalchemy import select
from sqlmodel import col

from cs_console.access_log.verify import verify_log
from cs_console.custody.disclosure import Target, reveal
from cs_console.desk import Desk
from models.contact_fields import Field
from models.enums import Action
from models.log import LogEntry
from tests.custody.reveals import SPOKEN, mobile_of, own_ticket
from tests.faults.acts.act import Act, card_of, session_of
from tests.faults.processes import Words, say
from tests.faults.tally import Tally
from tests.support.desk import TestDesk


class Reveals(Act):
    """One agent reveals the same mobile over and over."""

    STEPS, SECONDS = 8, 0.02

    def __init__(self, made: TestDesk, tally: Tally) -> None:
        super().__init__(made, tally)
        session, ticket = own_ticket(made)
        self.case = {**card_of(session), "number": ticket.number, "item": mobile_of(ticket).item}
        self.shown = 0

    def next_round(self) -> dict[str, Any]:
        return self.case

    @staticmethod
    def work(desk: Desk, case: dict[str, Any]) -> None:
        session = session_of(desk, case)
        while True:
            shown = reveal(session, case["number"], Target(Field.MOBILE, case["item"]), "reply")
            say("shown", shown.entry, shown.value)

    def judge(self, said: list[Words]) -> bool:
        entries = {int(line[1]) for line in said}
        self.shown += len(entries)
        self.tally.on_record(len(entries) == len(said), "two views share an entry")
        self.tally.holds(all(line[2:] == SPOKEN.split() for line in said), "another value was shown")
        with self.desk.database.reading() as db:
            recorded = db.execute(
                select(col(LogEntry.seq)).where(
                    col(LogEntry.seq).in_(entries), col(LogEntry.action) == Action.FIELD_REVEALED
                )
            )
            missing = entries - set(recorded.scalars())
        self.tally.on_record(not missing, f"shown without the entries {sorted(missing)}")
        return True

    def shows_enough(self) -> bool:
        return self.shown > self.tally.rounds

    def settle(self) -> None:
        self.tally.holds(verify_log(self.desk).ok, "the log is broken")
        assert self.shows_enough(), "the kills came too early to prove anything"
