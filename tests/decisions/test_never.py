"""Whatever several people do in whatever order: what must never be is never stored (the promises of issue 4).

Each step is one act of one person; most are refused. After every step the stored rows and the log are read, not
what the act returned.
"""

import os
import random
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.casework import conversation, workflow
from cs_console.casework.contacts import change_contact
from cs_console.custody import disclosure
from cs_console.custody.disclosure import Target
from cs_console.custody.safe_views import open_typed
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.decisions import approval, checklist, request_scope
from cs_console.decisions.proposal import open_answers
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError
from cs_console.policy.ground_rules import Ground
from cs_console.verification.codes import check_code, send_code
from models.agent import Agent
from models.columns import from_microseconds
from models.contact_fields import Field
from models.decision import Approval, Decision
from models.enums import Action, DecisionState, MessageSort, Outcome, Result, TicketKind, TicketState
from models.log import LogEntry
from models.message import Message
from models.roles import Role
from models.ticket import Ticket
from models.verification import Verification
from tests.decisions.cases import PASSWORD, fee, grant, later, pack, partial, person, propose, refusal
from tests.support.desk import TestDesk
from tests.support.soak import rounds
from tests.support.tickets import MadeTicket, make_requester, make_ticket

PEOPLE = {
    "mei": (Role.AGENT, Role.VERIFIER, Role.SUPERVISOR, Role.PRIVACY_OFFICER),
    "ben": (Role.AGENT, Role.VERIFIER),
    "sue": (Role.SUPERVISOR, Role.VERIFIER),
    "sam": (Role.SUPERVISOR, Role.PRIVACY_OFFICER),
    "pia": (Role.PRIVACY_OFFICER, Role.AGENT),
}
STEPS = 45
"""Acts in one walk."""


class Walk:
    """Several people at three tickets of one requester, each doing what chance tells them."""

    def __init__(self, test_desk: TestDesk, seed: int) -> None:
        self.desk, self.test_desk = test_desk.desk, test_desk
        self.chance = random.Random(seed)
        self.people = [person(test_desk, f"{name}-{seed}", *roles) for name, roles in PEOPLE.items()]
        contacts = {Field.EMAIL: "alice@example.org", Field.MOBILE: "+8613800138000", Field.NAME: "Alice Wonder"}
        requester = make_requester(test_desk, contacts)
        self.tickets = [
            make_ticket(
                test_desk,
                kind=TicketKind.RIGHTS,
                requester=requester,
                assignee=self.people[0],
                verified=self.chance.random() < 0.7,
            )
            for _ in range(3)
        ]
        self.decisions = ["none yet"]
        self.acts: list[Callable[[DeskSession, MadeTicket], object]] = [
            *[self.propose] * 8,
            *[self.approve] * 6,
            *[self.type_wrong_digits] * 4,
            *[self.reveal] * 4,
            self.ask,
            self.give_back,
            self.withdraw,
            *[self.send] * 4,
            self.type_right_digits,
            *[self.change_contact] * 2,
            self.hand_over,
            self.change_state,
            self.note,
            self.wait,
        ]

    def step(self) -> str:
        """One act of one agent; what it was."""
        act, ticket = self.chance.choice(self.acts), self.chance.choice(self.tickets)
        session = self.chance.choice([*[self.assignee(ticket)] * 6, *self.people])
        with suppress(ConsoleError):
            act(session, ticket)
        return f"{session.agent.name} {act.__name__} #{ticket.number}"

    # --- what people do

    def propose(self, session: DeskSession, ticket: MadeTicket) -> None:
        now, code = self.test_desk.clock.now(), self.chance.choice(["S1", "S3", "S4", "S4", "S5", "D2", "D4"])
        kinds = [refusal(code, now), refusal(code, now), partial(code, now), grant(), grant("orders"), fee(now)]
        made, how = self.chance.choice(kinds), self.chance.choice([propose, propose, propose, checklist.propose])
        self.decisions.append(how(session, ticket.number, self.version(ticket), made).decision_id)

    def ask(self, session: DeskSession, ticket: MadeTicket) -> None:
        request_scope.record_asked(
            session, ticket.number, "delete", self.chance.sample(["e-mail", "mobile", "orders"], 2)
        )

    def approve(self, session: DeskSession, _: MadeTicket) -> None:
        """One after the other tries it, the first one twice."""
        for one in (session, *self.chance.sample(self.people, 2)):
            password = PASSWORD if self.chance.random() < 0.9 else "a wrong one"
            with suppress(ConsoleError):
                approval.approve(one, self.decisions[-1], password)

    def give_back(self, session: DeskSession, _: MadeTicket) -> None:
        approval.return_proposal(session, self.chance.choice(self.decisions), "Look again.")

    def withdraw(self, session: DeskSession, _: MadeTicket) -> None:
        approval.withdraw(session, self.chance.choice(self.decisions))

    def send(self, session: DeskSession, ticket: MadeTicket) -> None:
        send_code(session, ticket.number, ticket.contact_ids[self.chance.choice([Field.EMAIL, Field.MOBILE])])

    def type_wrong_digits(self, session: DeskSession, ticket: MadeTicket) -> None:
        for _ in range(self.chance.randrange(1, 5)):
            with suppress(ConsoleError):
                check_code(session, ticket.number, f"{self.chance.randrange(10**8):08d}")

    def type_right_digits(self, session: DeskSession, ticket: MadeTicket) -> None:
        folder = self.desk.settings.outbox
        assert folder is not None
        found = [re.findall(r"\b[0-9]{8}\b", file.read_text("utf-8")) for file in sorted(folder.glob("*"))]
        digits = [one for some in found for one in some]
        check_code(session, ticket.number, digits[-1] if digits else "00000000")

    def reveal(self, session: DeskSession, ticket: MadeTicket) -> None:
        field = self.chance.choice([Field.EMAIL, Field.MOBILE, Field.NAME])
        disclosure.reveal(session, ticket.number, Target(field, ticket.contact_ids[field]), "answer-right")

    def change_contact(self, session: DeskSession, ticket: MadeTicket) -> None:
        digits = f"+86138{self.chance.randrange(10**8):08d}"
        change_contact(session, ticket.number, ticket.contact_ids[Field.MOBILE], Field.MOBILE, digits)

    def hand_over(self, session: DeskSession, ticket: MadeTicket) -> None:
        to = self.chance.choice(self.people[:2]).agent.name
        workflow.assign(session, ticket.number, self.version(ticket), to)

    def change_state(self, session: DeskSession, ticket: MadeTicket) -> None:
        state = self.chance.choice([TicketState.CLOSED, TicketState.OPEN, TicketState.WAITING, TicketState.VERIFIED])
        workflow.set_state(session, ticket.number, self.version(ticket), state)

    def note(self, session: DeskSession, ticket: MadeTicket) -> None:
        conversation.add_note(session, ticket.number, self.version(ticket), "A word among ourselves.")

    def wait(self, _session: DeskSession, _ticket: MadeTicket) -> None:
        later(self.test_desk, minutes=self.chance.choice([1, 11, 31]))

    def assignee(self, ticket: MadeTicket) -> DeskSession:
        with self.desk.database.reading() as db:
            whose = db.get_one(Ticket, ticket.number).assignee_id
        return next((session for session in self.people if session.agent.id == whose), self.people[0])

    def version(self, ticket: MadeTicket) -> int:
        with self.desk.database.reading() as db:
            return db.get_one(Ticket, ticket.number).version

    # --- what must never be

    def look(self) -> Counter[str]:
        """Read what is stored and hold it against each promise; what there was to look at."""
        numbers = [ticket.number for ticket in self.tickets]
        with self.desk.database.reading() as db:
            made = db.execute(select(Decision).where(col(Decision.ticket_number).in_(numbers))).scalars().all()
            for decision in made:
                self.look_at_decision(db, decision)
            entries = db.execute(select(LogEntry).where(col(LogEntry.ticket).in_(numbers)).order_by(col(LogEntry.seq)))
            log = list(entries.scalars())
            windows = list(
                db.execute(select(Verification).where(col(Verification.ticket_number).in_(numbers))).scalars()
            )
            for number in numbers:
                self.look_at_letters(db, number, [one for one in made if one.ticket_number == number])
        self.look_at_reveals(log, windows)
        self.look_at_tries(log)
        seen = Counter(f"{one.action} {one.outcome}" for one in log)
        seen.update(f"final {one.outcome}" for one in made if one.state == DecisionState.FINAL)
        return seen

    def needed_by_what_it_undoes(self, db: Session, decision: Decision) -> Counter[str]:
        """The roles that the ticket's last final decision before this one needed, if it refused something.

        No review begins in a walk: it takes months, or an appeal.
        """
        before = (
            select(Decision)
            .where(
                col(Decision.ticket_number) == decision.ticket_number,
                col(Decision.state) == DecisionState.FINAL,
                col(Decision.ticket_version) < decision.ticket_version,
            )
            .order_by(col(Decision.ticket_version).desc())
        )
        last = db.execute(before).scalars().first()
        undoes = last is not None and last.outcome in (Outcome.REFUSE, Outcome.PARTIAL)
        return Counter(last.needs.split(",")) if last is not None and undoes else Counter()

    def look_at_decision(self, db: Session, decision: Decision) -> None:
        """A decision is final if and only if other people approved it in every role that its grounds ask for, and in
        every role that asked for the refusal it undoes: what two people refused, one alone does not give after all."""
        rows = db.execute(
            select(Approval).where(col(Approval.decision_id) == decision.id, col(Approval.approved).is_(True))
        )
        yes = rows.scalars().all()
        people = [one.agent_id for one in yes]
        assert decision.proposer_id not in people, "a decision approved by its proposer"
        assert len(set(people)) == len(people), "one person in two places"
        for one in yes:
            assert one.role in db.get_one(Agent, one.agent_id).roles.split(","), "a role that no one gave them"
        ticket = db.get_one(Ticket, decision.ticket_number)
        keys = ticket_keys(db, self.desk, ticket.number)
        proposal = open_answers(self.desk.keyring, keys, decision.id, decision.answers, decision.legal_review)
        wanted: Counter[str] = Counter()
        grounds: list[Ground | None] = [pack().ground(finding.ground) for finding in proposal.applying]
        for ground in grounds:
            assert ground is not None
            wanted |= Counter(role.value for role in ground.approvers)
        if decision.legal_review:
            wanted |= Counter(role.value for role in pack().legal_review.approvers)
        wanted |= self.needed_by_what_it_undoes(db, decision)
        final = decision.state == DecisionState.FINAL
        assert final == (Counter(one.role for one in yes) == wanted), "a refusal without its approvals"
        if proposal.outcome != "grant":
            assert grounds, "a refusal without a ground"
        assert (decision.notice is not None) == final
        if decision.notice is not None:
            letter = open_typed(keys.key, keys.place("decision", "notice", decision.id), decision.notice)
            rules = pack().notice
            for part in (f"#{ticket.number}", rules.complain_inside, rules.complain_regulator, rules.complain_court):
                assert part in letter, "a notice without a required part"
            said = [rules.neutral_sentence] if decision.legal_review else [one.plain_words for one in grounds if one]
            assert all(words in letter for words in said), "a notice without its ground"

    def look_at_letters(self, db: Session, number: int, made: list[Decision]) -> None:
        """No letter goes out that was not decided, and a decided ticket was answered in all that was asked."""
        letters = db.execute(
            select(col(Message.id)).where(col(Message.ticket_number) == number, col(Message.sort) == MessageSort.NOTICE)
        )
        final = [one for one in made if one.state == DecisionState.FINAL]
        assert len(letters.all()) == len(final), "a notice that was not decided"
        ticket = db.get_one(Ticket, number)
        waiting = [one for one in made if one.state == DecisionState.PROPOSED]
        assert (len(waiting) == 1) == (ticket.state == TicketState.IN_APPROVAL), "a proposal that no one waits for"
        if ticket.state == TicketState.CLOSED:
            assert final or ticket.verified_at is None, "a verified request closed without a decision"

    def look_at_reveals(self, log: list[LogEntry], windows: list[Verification]) -> None:
        """Each value shown was shown inside a window of its own ticket that nothing had closed."""
        closed: set[int | None] = set()
        for entry in log:
            match Action(entry.action):
                case Action.VERIFIED:
                    closed.discard(entry.ticket)
                case Action.CONTACT_CHANGED:  # closes the windows of all tickets: they are one requester's
                    closed |= {ticket.number for ticket in self.tickets}
                case Action.WINDOW_CLOSED | Action.DECISION_MADE:
                    closed.add(entry.ticket)
                case Action.FIELD_REVEALED if entry.outcome == Result.DONE:
                    at = from_microseconds(entry.at)
                    own = (one for one in windows if one.ticket_number == entry.ticket)
                    assert any(one.verified_at <= at <= one.window_until for one in own), "a reveal without a window"
                    assert entry.ticket not in closed, "a reveal after its window was closed"

    def look_at_tries(self, log: list[LogEntry]) -> None:
        """In any span of a lock's length no more digits are compared than the pack allows, over all tickets."""
        rules = pack().verification.code
        compared = [
            from_microseconds(one.at)
            for one in log
            if one.action == Action.CODE_CHECKED and one.reason in {"", "code_wrong"}
        ]
        for first in compared:
            within = [at for at in compared if first <= at < first + timedelta(hours=rules.lock_hours)]
            right = sum(1 for one in log if one.action == Action.VERIFIED)
            assert len(within) <= rules.tries * (1 + right), "a ninth try"


CHANCES = 40
"""So many walks more, where chance keeps the first ones from something."""


@pytest.mark.timeout(1200)
def test_no_order_of_acts_reaches_what_must_never_be(
    test_desk: TestDesk, record_property: Callable[[str, object], None]
) -> None:
    seed = int(os.environ.get("CS_SOAK_SEED") or random.randrange(2**32))
    record_property("seed", seed)
    seen: Counter[str] = Counter()
    for at in range(rounds(4, 400) + CHANCES):
        if at >= rounds(4, 400) and not missing(seen):
            break
        walk, acts = Walk(test_desk, seed + at), []
        try:
            for _ in range(STEPS):
                acts.append(walk.step())
                found = walk.look()
        except AssertionError as problem:
            problem.add_note(f"CS_SOAK_SEED={seed + at}: " + ", ".join(acts))
            raise
        seen += found
    assert not missing(seen), sorted(seen)  # walks that never get anywhere would prove nothing


def missing(seen: Counter[str]) -> list[str]:
    """What the walks have not met yet of all that they have to."""
    wanted = ("decision.proposed done", "decision.refused refused", "field.revealed done", "code.checked refused")
    final = [] if any(one.startswith("final") for one in seen) else ["final"]
    return [what for what in wanted if not seen[what]] + final
