"""What consoles race for, round after round, and what must have come of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from sqlalchemy import func, select, update
from sqlmodel import col

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.access_log.verify import verify_log
from cs_console.casework.workflow import claim
from cs_console.decisions import approval
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError
from cs_console.verification.codes import check_code, code_hash
from cs_console.verification.codes_on_record import about_sent
from models.columns import new_id
from models.contact_fields import Field
from models.decision import Approval, Decision
from models.enums import Action, DecisionState, MessageSort, TicketKind
from models.log import LogEntry, LogHead
from models.message import Message
from models.requester import Requester
from models.roles import Role
from models.ticket import Ticket
from models.verification import VerificationCode
from tests.custody.reveals import change
from tests.decisions.cases import PASSWORD, person, propose, refusal, request
from tests.faults.tally import Tally
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket

Case = dict[str, Any]


class Race(ABC):
    """Something that several consoles want at the same moment, and that one may get."""

    ROLES: ClassVar[tuple[Role, ...]] = (Role.AGENT,)
    CONSOLES: ClassVar[int] = 2

    def __init__(self, made: TestDesk, tally: Tally) -> None:
        self.made, self.desk, self.tally = made, made.desk, tally
        self.desks = [person(made, f"racer-{number}", *self.ROLES) for number in range(self.CONSOLES)]

    @abstractmethod
    def next_round(self) -> tuple[Case, ...]:
        """Put up what is raced for, and tell each."""

    @staticmethod
    @abstractmethod
    def run(session: DeskSession, case: Case) -> str:
        """In each racer, at the agreed moment: what came of it, in one word."""

    @abstractmethod
    def judge(self, outcomes: list[str]) -> None:
        """Hold the outcomes, and the stores, against what may have come of it."""

    def settle(self) -> None:
        """After the last round."""
        verdict = verify_log(self.desk)
        self.tally.holds(verdict.ok, f"the log is {verdict}")

    def count(self, *conditions: Any) -> int:
        """How many entries of the log fulfil these conditions."""
        with self.desk.database.reading() as db:
            return int(db.execute(select(func.count()).select_from(LogEntry).where(*conditions)).scalar_one())


def outcome(act: Callable[[], object], done: str) -> str:
    """The word for what came of it: `done`, or the refusal's code."""
    try:
        act()
    except ConsoleError as refused:
        return refused.code
    return done


class Claims(Race):
    """Both claim the same ticket: one has it, and only that is on record."""

    def __init__(self, made: TestDesk, tally: Tally) -> None:
        super().__init__(made, tally)
        self.number = make_ticket(made).number

    def next_round(self) -> tuple[Case, ...]:
        change(self.made, update(Ticket).where(col(Ticket.number) == self.number).values(assignee_id=None))
        return {"number": self.number}, {"number": self.number}

    @staticmethod
    def run(session: DeskSession, case: Case) -> str:
        return outcome(lambda: claim(session, case["number"]), "won")

    def judge(self, outcomes: list[str]) -> None:
        self.tally.holds(sorted(outcomes) == ["taken", "won"], f"both claimed: {outcomes}")
        with self.desk.database.reading() as db:
            assignee = db.get_one(Ticket, self.number).assignee_id
        winners = [session.agent.id for session, came in zip(self.desks, outcomes, strict=True) if came == "won"]
        self.tally.holds([assignee] == winners, "the ticket is not the winner's")
        claimed = self.count(col(LogEntry.action) == Action.TICKET_CLAIMED)
        self.tally.holds(claimed == self.tally.rounds, f"{claimed} claims on record")


class Codes(Race):
    """All guess a code three times: three comparisons in all. Or all type the right one: it is used once."""

    ROLES = (Role.VERIFIER,)
    RIGHT = "12345678"

    def __init__(self, made: TestDesk, tally: Tally) -> None:
        super().__init__(made, tally)
        self.ticket = make_ticket(made, kind=TicketKind.RIGHTS, contacts={Field.MOBILE: "+8613800138000"})
        self.guessed = self.verified = 0

    def next_round(self) -> tuple[Case, ...]:
        whose = col(Requester.id) == self.ticket.requester_id
        change(self.made, update(Requester).where(whose).values(tries=0, locked_until=None))
        code_id, contact_id, now = new_id(), self.ticket.contact_ids[Field.MOBILE], datetime.now(UTC)
        code = VerificationCode(
            id=code_id,
            ticket_number=self.ticket.number,
            requester_id=self.ticket.requester_id,
            contact_id=contact_id,
            agent_id=self.desks[0].agent.id,
            code_hash=code_hash(self.desk, code_id, self.ticket.number, contact_id, self.RIGHT),
            sent_at=now,
            expires_at=now + timedelta(minutes=10),
        )
        name = self.desk.pseudonym(self.ticket.requester_id, self.desk.keyring.key(self.ticket.requester_id))
        with self.desk.database.transaction() as db:
            db.add(code)
            db.flush()
            sent, number = about_sent(self.desk, code), self.ticket.number
            record(db, self.desks[0], Entry(Action.CODE_SENT, ticket=number, requester=name, about=sent))
            record(db, self.desks[0], Entry(Action.VERIFICATION_UNLOCKED, ticket=number, requester=name))
        self.right = self.tally.rng.random() < 0.3
        typed = [self.RIGHT] if self.right else ["00000001", "00000002", "00000003"]
        self.guessed, self.verified = self.guessed + (not self.right), self.verified + self.right
        return ({"number": self.ticket.number, "typed": typed},) * self.CONSOLES

    @staticmethod
    def run(session: DeskSession, case: Case) -> str:
        number = case["number"]
        return ",".join(outcome(partial(check_code, session, number, digits), "verified") for digits in case["typed"])

    def judge(self, outcomes: list[str]) -> None:
        verified = sum(came.count("verified") for came in outcomes)
        self.tally.holds(verified == self.right, f"one code, and it was {outcomes}")
        compared = self.count(col(LogEntry.reason) == "code_wrong")
        self.tally.holds(compared == 3 * self.guessed, f"{compared} comparisons in {self.guessed} rounds of guessing")
        locked = self.count(col(LogEntry.action) == Action.VERIFICATION_LOCKED)
        self.tally.holds(locked == self.guessed, f"{locked} locks on record")
        opened = self.count(col(LogEntry.action) == Action.VERIFIED)
        self.tally.holds(opened == self.verified, f"{opened} verifications on record")


class EightCodes(Codes):
    """The same with eight consoles: three tries in all, ever."""

    CONSOLES = 8


class Approvals(Race):
    """Both approve, or one returns what the other approves: it is decided once, with one notice, or returned."""

    ROLES = (Role.SUPERVISOR,)

    def __init__(self, made: TestDesk, tally: Tally) -> None:
        super().__init__(made, tally)
        self.proposer = person(made, "mei", Role.AGENT)

    def next_round(self) -> tuple[Case, ...]:
        self.number = request(self.made, self.proposer).number
        proposal = refusal("D2", self.made.clock.now())
        self.decision = propose(self.proposer, self.number, 1, proposal).decision_id
        case = {"decision": self.decision, "return": False}
        return case, {**case, "return": self.tally.rng.random() < 0.3}

    @staticmethod
    def run(session: DeskSession, case: Case) -> str:
        if case["return"]:
            return outcome(lambda: approval.return_proposal(session, case["decision"], "Not yet."), "returned")
        return outcome(lambda: approval.approve(session, case["decision"], PASSWORD), "decided")

    def judge(self, outcomes: list[str]) -> None:
        won = [came for came in outcomes if came != "wrong_state"]  # the other finds it decided, or returned
        self.tally.holds(won in (["decided"], ["returned"]), f"one proposal, and it was {outcomes}")
        decided = won == ["decided"]
        with self.desk.database.reading() as db:
            state = db.get_one(Decision, self.decision).state
            notices = db.execute(
                select(func.count())
                .select_from(Message)
                .where(col(Message.ticket_number) == self.number, col(Message.sort) == MessageSort.NOTICE)
            ).scalar_one()
            answers = db.execute(
                select(func.count()).select_from(Approval).where(col(Approval.decision_id) == self.decision)
            ).scalar_one()
        made = self.count(col(LogEntry.ticket) == self.number, col(LogEntry.action) == Action.DECISION_MADE)
        wanted = (DecisionState.FINAL, 1, 1, 1) if decided else (DecisionState.RETURNED, 0, 0, 1)
        found = (state, notices, made, answers)
        self.tally.holds(found == wanted, f"state, notices, entries and answers are {found} after {outcomes}")


class Appends(Race):
    """Both append: numbers without a gap, none of them twice."""

    EACH = 4

    def next_round(self) -> tuple[Case, ...]:
        self.before = self._size()
        return {}, {}

    @staticmethod
    def run(session: DeskSession, case: Case) -> str:
        def append() -> int:
            with session.work(Role.AGENT) as db:
                return record(db, session, Entry(Action.TICKET_OPENED, ticket=10_482))

        try:
            return ",".join(str(append()) for _ in range(Appends.EACH))
        except ConsoleError as refused:
            return refused.code

    def judge(self, outcomes: list[str]) -> None:
        given = sorted(",".join(outcomes).split(","))
        wanted = sorted(str(self.before + number) for number in range(1, 2 * self.EACH + 1))
        self.tally.holds(given == wanted, f"{given} were given, not {wanted}")
        self.tally.holds(self._size() == self.before + 2 * self.EACH, "the head states another size")

    def _size(self) -> int:
        with self.desk.database.reading() as db:
            return int(db.execute(select(col(LogHead.size))).scalar_one())


RACES: Mapping[str, type[Race]] = {
    "claim": Claims,
    "code tries": Codes,
    "code tries of eight": EightCodes,
    "approval": Approvals,
    "head": Appends,
}
