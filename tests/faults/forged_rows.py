"""Rows forged by chance, as someone writes them who reaches the database and has no keys; each is to open nothing.

Each kind says whether something opened all the same. The log is not touched: it stays whole.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

from sqlalchemy import delete, insert, select, text, update
from sqlmodel import col

from cs_console.custody.disclosure import reveal
from cs_console.custody.holds_on_record import held_until
from cs_console.decisions import approval
from cs_console.desk import DeskSession, operator_session
from cs_console.erasure.holds import place_hold
from cs_console.errors import ConsoleError, GuardianRequired, NotVouched
from cs_console.staff import accounts, passwords
from cs_console.staff.second_factor import begin_enrolment, confirm_enrolment
from cs_console.staff.sign_in import sign_in
from cs_console.tickets.queue import counts
from cs_console.verification.askers import asker_of
from cs_console.verification.authority import record_age_band
from cs_console.verification.codes import check_code, send_code
from cs_console.verification.windows import close_window
from models.agent import Agent
from models.contact_fields import Field
from models.decision import Approval
from models.enums import AccountState, TicketKind, VerificationMethod
from models.erasure import Hold
from models.requester import Requester
from models.roles import Role
from models.second_factor import SecondFactor
from models.ticket import Ticket
from models.verification import Verification, VerificationCode
from tests.custody.reveals import change, mobile_of
from tests.decisions.cases import PASSWORD, person, propose, refusal, request
from tests.support.desk import TestDesk
from tests.support.rows import ticket_of
from tests.support.tickets import MadeTicket, make_ticket


@dataclass
class ForgedDesk:
    """The desk, chance, and the people who work at it."""

    made: TestDesk
    rng: Random
    names: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        made = self.made
        self.mei, self.ben = person(made, "mei", Role.AGENT), person(made, "ben", Role.AGENT)
        self.vic = person(made, "vic", Role.VERIFIER)
        self.sue, self.pia = person(made, "sue", Role.SUPERVISOR), person(made, "pia", Role.PRIVACY_OFFICER)
        genuine = self.ticket(self.mei, verified=True)
        assert _shows(self, self.mei, genuine), "nothing opens at all: what is forged shows nothing then"

    def ticket(self, holder: DeskSession | None = None, *, verified: bool = False) -> MadeTicket:
        contacts = {Field.MOBILE: f"+86138{next(self.names):08d}", Field.EMAIL: f"alice{next(self.names)}@example.org"}
        return make_ticket(
            self.made, kind=TicketKind.RIGHTS, assignee=holder, contacts=contacts, verified=verified, text="Hello."
        )

    def write(self, *statements: object) -> None:
        change(self.made, *statements)

    def a_while(self) -> timedelta:
        return timedelta(minutes=self.rng.randint(1, 60 * 24 * 365))


def opened(act: Callable[[], object]) -> bool:
    """Whether the act went through."""
    try:
        act()
    except ConsoleError:
        return False
    return True


def _shows(forged: ForgedDesk, who: DeskSession, ticket: MadeTicket) -> bool:
    return opened(lambda: reveal(who, ticket.number, mobile_of(ticket), "reply"))


def forge_assignment(forged: ForgedDesk) -> bool:
    ticket = forged.ticket(forged.rng.choice([forged.ben, None]), verified=True)
    row = update(Ticket).where(col(Ticket.number) == ticket.number)
    forged.write(row.values(assignee_id=forged.mei.agent.id))
    return _shows(forged, forged.mei, ticket)


def forge_window(forged: ForgedDesk) -> bool:
    """Opened again, or a new one."""
    closed_again = forged.rng.random() < 0.5
    ticket, now = forged.ticket(forged.mei, verified=closed_again), forged.made.clock.now()
    if closed_again:
        with forged.made.desk.database.transaction() as db:
            close_window(db, forged.made.desk, ticket.number)
        of_it = col(Verification.ticket_number) == ticket.number
        forged.write(update(Verification).where(of_it).values(closed_at=None, window_until=now + forged.a_while()))
    else:
        row = Verification(
            ticket_number=ticket.number,
            requester_id=ticket.requester_id,
            method=forged.rng.choice(list(VerificationMethod)),
            agent_id=forged.vic.agent.id,
            verified_at=now,
            window_until=now + forged.a_while(),
        )
        forged.write(insert(Verification).values(row.model_dump()))
    return _shows(forged, forged.mei, ticket)


def forge_approval(forged: ForgedDesk) -> bool:
    """A refusal that a supervisor and a privacy officer have to approve."""
    made = request(forged.made, forged.mei)
    proposal, version = refusal("S3", forged.made.clock.now()), ticket_of(forged.made, made.number).version
    decision_id = propose(forged.mei, made.number, version, proposal).decision_id
    by = forged.rng.choice([forged.pia, forged.ben, forged.vic])
    approved_row = Approval(
        decision_id=decision_id,
        agent_id=by.agent.id,
        role=Role.PRIVACY_OFFICER,
        approved=True,
        at=forged.made.clock.now(),
    )
    forged.write(insert(Approval).values(approved_row.model_dump()))
    return approval.approve(forged.sue, decision_id, PASSWORD).final


def forge_code(forged: ForgedDesk) -> bool:
    """A code that was sent: to another contact, without end, sent again, or on another ticket; tries put back."""
    ticket, other, clock = forged.ticket(), forged.ticket(), forged.made.clock
    clock.forward(hours=1)  # within one, only so many are sent
    stay_awake(forged)
    digits = _sent(forged, ticket)
    row, number = update(VerificationCode).where(col(VerificationCode.ticket_number) == ticket.number), ticket.number
    match forged.rng.choice(["contact", "end", "used", "moved", "tries"]):
        case "contact":
            forged.write(row.values(contact_id=ticket.contact_ids[Field.EMAIL]))
        case "end":
            clock.forward(minutes=11)
            forged.write(row.values(expires_at=clock.now() + forged.a_while()))
        case "used":
            check_code(forged.vic, number, digits)
            forged.write(row.values(ended_at=None))
        case "moved":
            moved = {"requester_id": other.requester_id, "contact_id": other.contact_ids[Field.MOBILE]}
            forged.write(row.values(ticket_number=other.number, **moved))
            number = other.number
        case _:
            for _ in range(3):
                opened(lambda: check_code(forged.vic, number, f"{(int(digits) + 1) % 10**8:08d}"))
                forged.write(update(Requester).values(tries=0, locked_until=None))
            forged.write(row.values(ended_at=None))
    return opened(lambda: check_code(forged.vic, number, digits))


def _sent(forged: ForgedDesk, ticket: MadeTicket) -> str:
    folder = forged.made.desk.settings.outbox
    assert folder is not None
    before = set(folder.iterdir()) if folder.is_dir() else set()
    send_code(forged.vic, ticket.number, ticket.contact_ids[Field.MOBILE])
    [letter] = set(folder.iterdir()) - before
    found = re.search(r"\b[0-9]{8}\b", letter.read_text("utf-8").partition("\n\n")[2])
    assert found is not None
    return found.group()


def forge_hold(forged: ForgedDesk) -> bool:
    """Lifted, at its end, or gone."""
    ticket, now, desk = forged.ticket(), forged.made.clock.now(), forged.made.desk
    place_hold(forged.pia, ticket.number, "court", "Order 17", (now + timedelta(days=10)).date())
    of_it = col(Hold.ticket_number) == ticket.number
    ended = {"lifted_at": now, "lifted_by": forged.pia.agent.id}
    statements: list[Any] = [
        update(Hold).where(of_it).values(**ended),
        update(Hold).where(of_it).values(until=now - forged.a_while()),
        delete(Hold).where(of_it),
    ]
    forged.write(forged.rng.choice(statements))
    with desk.database.reading() as db:
        return ticket.requester_id not in held_until(db, desk, [ticket.requester_id], now)


def forge_age_band(forged: ForgedDesk) -> bool:
    """A child's guardian is asked for, whatever older value is put back."""
    ticket, desk = forged.ticket(), forged.made.desk
    older: list[bytes | None] = []
    for band in ("adult", "under-14"):
        with desk.database.reading() as db:
            older.append(db.get_one(Requester, ticket.requester_id).age_band)
        record_age_band(forged.vic, ticket.number, band)
    of_it = col(Requester.id) == ticket.requester_id
    forged.write(update(Requester).where(of_it).values(age_band=forged.rng.choice(older)))
    with desk.database.reading() as db:
        asker = asker_of(db, desk, desk.packs.current, ticket.number, ticket.requester_id)
    return not isinstance(asker.refusal(VerificationMethod.CODE), NotVouched | GuardianRequired)


def forge_role(forged: ForgedDesk) -> bool:
    """Roles written into the row, or a suspended account made active."""
    desk, name = forged.made.desk, f"clerk{next(forged.names)}"
    accounts.add_agent(operator_session(desk), name, (Role.AGENT,), PASSWORD)
    of_it = update(Agent).where(col(Agent.name) == name)
    if forged.rng.random() < 0.5:
        clerk = sign_in(desk, name, PASSWORD).session
        roles = {"agent", *forged.rng.sample(["admin", "supervisor"], forged.rng.randint(1, 2))}
        forged.write(of_it.values(roles=",".join(sorted(roles))))
        return opened(lambda: accounts.list_agents(clerk)) or sign_in(desk, name, PASSWORD).session.agent.roles != {
            Role.AGENT
        }
    accounts.suspend(operator_session(desk), name)
    forged.write(of_it.values(state=AccountState.ACTIVE))
    return opened(lambda: sign_in(desk, name, PASSWORD))


def forge_password(forged: ForgedDesk) -> bool:
    """A hash of a known password, the writer's own hash, or the one that was given up; or no change is due any more."""
    desk, name, known = forged.made.desk, f"clerk{next(forged.names)}", "a pass phrase of the forger's"
    accounts.add_agent(operator_session(desk), name, (Role.AGENT,), PASSWORD)
    accounts.add_agent(operator_session(desk), f"{name}x", (Role.AGENT,), known)
    of_it = update(Agent).where(col(Agent.name) == name)
    with desk.database.reading() as db:
        hashes = {agent.name: agent.password_hash for agent in db.scalars(select(Agent))}
    way = forged.rng.choice(["made", "copied", "old", "due"])
    if way == "due":
        accounts.reset(operator_session(desk), name, known)
        forged.write(of_it.values(must_change_password=False))
        return opened(lambda: counts(sign_in(desk, name, known).session))
    if way == "old":
        accounts.change_own_password(sign_in(desk, name, PASSWORD).session, PASSWORD, "and yet another pass phrase")
    put_there = {"made": passwords.hash_password(known), "copied": hashes[f"{name}x"], "old": hashes[name]}
    forged.write(of_it.values(password_hash=put_there[way]))
    return opened(lambda: sign_in(desk, name, PASSWORD if way == "old" else known))


def forge_second_factor(forged: ForgedDesk) -> bool:
    """Its row removed, or an older secret put back."""
    import pyotp

    desk, name, clock = forged.made.desk, f"clerk{next(forged.names)}", forged.made.clock
    agent_id = accounts.add_agent(operator_session(desk), name, (Role.AGENT,), PASSWORD)
    clerk, of_it = sign_in(desk, name, PASSWORD).session, col(SecondFactor.agent_id) == agent_id

    def enrol() -> tuple[str, bytes | None]:
        secret = begin_enrolment(clerk, PASSWORD).secret
        confirm_enrolment(clerk, pyotp.TOTP(secret).at(clock.now()))
        clock.forward(seconds=30)
        with desk.database.reading() as db:
            return secret, db.execute(select(col(SecondFactor.secret)).where(of_it)).scalar_one()

    lost, sealed = enrol()
    if forged.rng.random() < 0.5:
        forged.write(delete(SecondFactor).where(of_it))
        typed = forged.rng.choice(["", pyotp.TOTP(lost).at(clock.now())])
    else:
        enrol()
        forged.write(update(SecondFactor).where(of_it).values(secret=sealed, last_step=0))
        typed = pyotp.TOTP(lost).at(clock.now())
    return opened(lambda: sign_in(desk, name, PASSWORD, typed))


FORGERIES: Mapping[str, Callable[[ForgedDesk], bool]] = {
    kind.__name__.replace("_", " "): kind
    for kind in (
        forge_assignment,
        forge_window,
        forge_approval,
        forge_code,
        forge_hold,
        forge_age_band,
        forge_role,
        forge_password,
        forge_second_factor,
    )
}


def stay_awake(forged: ForgedDesk) -> None:
    """No one is signed out for being idle while the rounds go on."""
    now = forged.made.clock.now()
    with forged.made.desk.database.transaction() as db:
        awake = text("UPDATE agent_session SET started_at = :now, last_active_at = :now")
        db.connection().execute(awake, {"now": int(now.timestamp() * 1_000_000)})
