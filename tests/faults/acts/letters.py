"""Letters that are held, replies and answers of one person: each goes out once or is a draft again, and never both.

The ticket of an answer is closed with the one and open with the other.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import col, select

from cs_console.access_log.verify import verify_log
from cs_console.casework.conversation import reply
from cs_console.casework.undo import draft_place, take_back
from cs_console.custody.drafts import find_draft
from cs_console.delivery.outgoing import LEASE, deliver_queued
from cs_console.desk import Desk
from cs_console.errors import NothingToTakeBack
from cs_console.settlements.settling import settle, settle_place
from models.contact_fields import Field
from models.enums import DeliveryState, TicketKind, TicketState
from models.message import Message
from models.roles import Role
from models.settlement import Settlement
from models.ticket import Ticket
from tests.faults.acts.act import Act, card_of, session_of, wait_for_the_kill
from tests.faults.processes import Words, say
from tests.faults.tally import Tally
from tests.settlements.settlements import settling
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket

WAITING = 6
WORDS = "Your parcel is on its way."


class Letters(Act):
    """One letter after another is sent or taken back, as chance says; every other one tells a settlement."""

    STEPS, SECONDS = WAITING - 1, 0.04

    def __init__(self, made: TestDesk, tally: Tally) -> None:
        super().__init__(made, tally)
        made.desk.settings = made.desk.settings.model_copy(update={"send_delay": 1})
        self.writer = made.session("mei", Role.AGENT)
        self.waiting: dict[int, str] = {}
        self.cut_short: dict[int, str] = {}
        """Claimed by a process that was killed: no one else's until its lease is over."""
        self.done: dict[int, str] = {}
        self.settled: set[int] = set()

    def next_round(self) -> dict[str, Any]:
        while len(self.waiting) < WAITING:
            self._write()
        claimed = list(self.cut_short.items())[-1:]
        letters = [
            [number, message_id, self.tally.rng.choice(("send", "back"))]
            for number, message_id in [*claimed, *self.waiting.items()]
        ]
        return {**card_of(self.writer), "letters": letters}

    def _write(self) -> None:
        settles = len(self.waiting) % 2 == 1
        kind = TicketKind.REPORT if settles else TicketKind.INQUIRY
        ticket = make_ticket(self.made, kind=kind, assignee=self.writer)
        if settles:
            what = settling(kind, answers={"found": WORDS})
            settle(self.writer, ticket.number, 1, what)
            self.settled.add(ticket.number)
        else:
            reply(self.writer, ticket.number, 1, ticket.contact_ids[Field.EMAIL], WORDS)
        with self.desk.database.transaction() as db:
            due = (
                update(Message)
                .where(col(Message.ticket_number) == ticket.number, col(Message.delivery) == DeliveryState.HELD)
                .values(next_delivery_at=self.made.clock.now() - timedelta(hours=1))
                .returning(col(Message.id))
            )
            self.waiting[ticket.number] = str(db.connection().execute(due).scalar_one())

    @staticmethod
    def work(desk: Desk, case: dict[str, Any]) -> None:
        session = session_of(desk, case)
        for number, message_id, how in case["letters"]:
            if how == "send":
                if deliver_queued(desk, message_id).sent:
                    say("sent", number)
            else:
                try:
                    take_back(session, number)
                    say("back", number)
                except NothingToTakeBack:  # one of before the last kill, which has it no more
                    say("gone before", number)
        say("finished")
        wait_for_the_kill()

    def judge(self, said: list[Words]) -> bool:
        told = {(words[0], int(words[1])) for words in said if words[0] in ("sent", "back")}
        for how, number in told:
            self.tally.holds(self._ends(number) == ([how] if how == "back" else ["sent"]), f"#{number} was not {how}")
        for number in [*self.cut_short, *self.waiting]:
            ends = self._ends(number)
            self.tally.holds(len(ends) <= 1, f"#{number} went out and is a draft: {ends}")
            if number in self.settled:
                kept = self._is_settled(number)
                self.tally.holds(kept == (ends != ["back"],) * 2, f"#{number}, {ends}: closed and settled are {kept}")
        for number in list(self.waiting):
            state = self._state(number)
            if state is not DeliveryState.HELD:
                over = self.done if state in (None, DeliveryState.SENT) else self.cut_short
                over[number] = self.waiting.pop(number)
        return ["finished"] not in said

    def _letters(self) -> dict[int, str]:
        return self.waiting | self.cut_short | self.done

    def _state(self, number: int) -> DeliveryState | None:
        with self.desk.database.reading() as db:
            found = db.get(Message, self._letters()[number])
            return None if found is None else DeliveryState(found.delivery)

    def _ends(self, number: int) -> list[str]:
        """Every way in which this letter has ended so far: one entry for each time."""
        outbox = self.desk.settings.outbox
        assert outbox is not None
        files = list(outbox.glob(f"[!.]*-{self._letters()[number]}-*"))
        place = settle_place(number) if number in self.settled else draft_place(number)
        draft = find_draft(self.writer, place, number).text
        return ["sent"] * len(files) + ["back"] * (WORDS in draft)

    def _is_settled(self, number: int) -> tuple[bool, bool]:
        """Whether the ticket is closed, and whether there is a settlement: each, or neither."""
        with self.desk.database.reading() as db:
            closed = db.get_one(Ticket, number).state == TicketState.CLOSED
            found = db.exec(select(Settlement.id).where(Settlement.ticket_number == number)).first()
        return closed, found is not None

    def shows_enough(self) -> bool:
        return len(self.done) > self.tally.rounds

    def settle(self) -> None:
        """What was cut short goes out; each letter has ended exactly once."""
        self.made.clock.at = max(datetime.now(self.made.clock.at.tzinfo), self.made.clock.at) + 2 * LEASE
        while deliver_queued(self.desk).sent:
            pass
        for number in self._letters():
            ends = self._ends(number)
            self.tally.holds(len(ends) == 1, f"#{number} ended {len(ends)} times: {ends}")
        self.tally.holds(verify_log(self.desk).ok, "the log is broken")
        assert self.shows_enough(), "the kills came too early to prove anything"
