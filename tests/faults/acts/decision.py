"""Decisions: the last approval happens with all that belongs to it, or not at all."""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.access_log.verify import verify_log
from cs_console.decisions.approval import approve
from cs_console.delivery.outgoing import LEASE, deliver_queued
from cs_console.desk import Desk
from models.decision import Approval, Decision
from models.enums import Action, DecisionState, DeliveryState, MessageSort, TicketState
from models.log import LogEntry
from models.message import Message
from models.roles import Role
from models.ticket import Ticket
from tests.decisions.cases import PASSWORD, person, propose, refusal, request
from tests.faults.acts.act import Act, card_of, session_of, wait_for_the_kill
from tests.faults.processes import Words, say
from tests.faults.tally import Tally
from tests.support.desk import TestDesk

WAITING = 5


class Decisions(Act):
    """A supervisor approves one proposal after another; each notice goes to the outbox."""

    STEPS, SECONDS = WAITING - 1, 0.08

    def __init__(self, made: TestDesk, tally: Tally) -> None:
        super().__init__(made, tally)
        self.proposer = person(made, "mei", Role.AGENT)
        self.approver = person(made, "sue", Role.SUPERVISOR)
        self.waiting: dict[str, int] = {}
        self.decided: dict[str, int] = {}

    def next_round(self) -> dict[str, Any]:
        while len(self.waiting) < WAITING:
            number = request(self.made, self.proposer).number
            proposal = refusal("D2", self.made.clock.now())
            self.waiting[propose(self.proposer, number, 1, proposal).decision_id] = number
        return {**card_of(self.approver), "decisions": list(self.waiting)}

    @staticmethod
    def work(desk: Desk, case: dict[str, Any]) -> None:
        session = session_of(desk, case)
        for decision_id in case["decisions"]:
            approve(session, decision_id, PASSWORD)
            say("decided", decision_id)
        say("finished")
        wait_for_the_kill()

    def judge(self, said: list[Words]) -> bool:
        told = {line[1] for line in said if line[0] == "decided"}
        with self.desk.database.reading() as db:
            done = {one: self._is_done(db, one, number) for one, number in self.waiting.items()}
        undecided = [number for one, number in self.waiting.items() if not done[one]]
        self.tally.holds(all(done[one] for one in told), "a decision that was told of is not there")
        self.tally.holds(not self._sent(undecided), "a notice went out that was not decided")
        self.decided |= {one: self.waiting.pop(one) for one, final in done.items() if final}
        return ["finished"] not in said

    def _is_done(self, db: Session, decision_id: str, number: int) -> bool:
        decision, ticket = db.get_one(Decision, decision_id), db.get_one(Ticket, number)
        yes = db.execute(select(col(Approval.id)).where(col(Approval.decision_id) == decision_id)).all()
        notices = db.execute(
            select(col(Message.id)).where(col(Message.ticket_number) == number, col(Message.sort) == MessageSort.NOTICE)
        ).all()
        entries = Counter(db.execute(select(col(LogEntry.action)).where(col(LogEntry.ticket) == number)).scalars())
        parts = (
            decision.state == DecisionState.FINAL,
            decision.notice is not None,
            ticket.state == TicketState.CLOSED,
            *(count == 1 for count in (len(yes), len(notices))),
            *(entries[action] == 1 for action in (Action.DECISION_APPROVED, Action.DECISION_MADE)),
        )
        begun = (len(yes), len(notices), entries[Action.DECISION_APPROVED], entries[Action.DECISION_MADE])
        self.tally.holds(all(parts) or not (any(parts) or any(begun)), f"#{number} was decided by halves: {parts}")
        return all(parts)

    def _sent(self, numbers: list[int]) -> list[int]:
        outbox = self.desk.settings.outbox
        assert outbox is not None
        letters = [letter.read_text("utf-8", "replace") for letter in outbox.glob("[!.]*")]
        return [number for number in numbers if any(f"[#{number}]" in letter for letter in letters)]

    def shows_enough(self) -> bool:
        return len(self.decided) > self.tally.rounds / 2

    def settle(self) -> None:
        """What was waiting can be decided still, and every notice goes out."""
        for decision_id, number in self.waiting.items():
            self.tally.holds(approve(self.approver, decision_id, PASSWORD).final, f"#{number} cannot be decided")
        numbers = [*self.waiting.values(), *self.decided.values()]
        self.made.clock.at = max(datetime.now(self.made.clock.at.tzinfo), self.made.clock.at) + 2 * LEASE
        while deliver_queued(self.desk).sent:
            pass
        with self.desk.database.reading() as db:
            unsent = db.execute(
                select(col(Message.ticket_number)).where(
                    col(Message.sort) == MessageSort.NOTICE, col(Message.delivery) != DeliveryState.SENT
                )
            ).all()
        self.tally.holds(not unsent, f"notices that never went out: {unsent}")
        self.tally.holds(len(self._sent(numbers)) == len(numbers), "a notice is not in the outbox")
        self.tally.holds(verify_log(self.desk).ok, "the log is broken")
        assert self.shows_enough(), "the kills came too early to prove anything"
