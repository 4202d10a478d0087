"""Invariant 12: a ticket belongs to the requester in the access log, whatever requester its row names.

The attacker writes to the database as its owner could, and has no keys.
"""

from typing import Any

import pytest
from sqlalchemy import delete, insert, inspect, select, text, update
from sqlmodel import col

from cs_console.casework.contacts import change_contact
from cs_console.casework.conversation import open_ticket, reload, reply
from cs_console.casework.workflow import assign
from cs_console.custody.disclosure import reveal
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError, LogBroken, NotVerified, NotVouched, OwnerNotVouched
from cs_console.verification.authority import record_age_band
from cs_console.verification.codes import send_code
from cs_console.verification.windows import close_window
from models.contact_fields import Field
from models.counter import Counter
from models.enums import Action, TicketKind
from models.log import LogEntry
from models.roles import Role
from models.ticket import Ticket
from models.verification import Verification
from tests.custody.reveals import change, is_refused, mobile_of, own_ticket
from tests.decisions.cases import person, propose, refusal, request
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import ticket_of
from tests.support.tickets import MadeTicket, give, make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

PURPOSE = "reply"
OTHERS = {Field.MOBILE: "+8613911112222", Field.EMAIL: "boris@example.org", Field.NAME: "Boris Other"}


def pointed_at(ticket: MadeTicket, victim: MadeTicket, *, without_key: bool = True) -> object:
    values = {"requester_id": victim.requester_id} | ({"sealed_key": None} if without_key else {})
    return update(Ticket).where(col(Ticket.number) == ticket.number).values(**values)


@pytest.mark.parametrize("without_key", [True, False])
def test_a_ticket_pointed_at_somebody_else_shows_nothing_of_them(test_desk: TestDesk, without_key: bool) -> None:
    mei, mine = own_ticket(test_desk)
    victim = make_ticket(test_desk, contacts=OTHERS)
    change(test_desk, pointed_at(mine, victim, without_key=without_key))
    is_refused(test_desk, mei, mine.number, mobile_of(victim), PURPOSE, OwnerNotVouched)
    with pytest.raises(OwnerNotVouched):
        open_ticket(mei, mine.number)


def test_nothing_is_sent_recorded_or_proposed_on_it(sqlite_desk: TestDesk) -> None:
    mei, mine = own_ticket(sqlite_desk, TicketKind.RIGHTS)
    vic = sqlite_desk.session("vic", Role.VERIFIER)
    victim = make_ticket(sqlite_desk, contacts=OTHERS)
    change(sqlite_desk, pointed_at(mine, victim))
    mobile, version = victim.contact_ids[Field.MOBILE], ticket_of(sqlite_desk, mine.number).version
    sent = len(recorded(sqlite_desk.desk, Action.CODE_SENT))
    for act in (
        lambda: send_code(vic, mine.number, mobile),
        lambda: record_age_band(vic, mine.number, "adult"),
        lambda: change_contact(mei, mine.number, mobile, Field.MOBILE, "+8613822223333"),
        lambda: reply(mei, mine.number, version, mobile, "Hello, it is all in hand."),
    ):
        with pytest.raises((OwnerNotVouched, NotVerified)):
            act()
    assert len(recorded(sqlite_desk.desk, Action.CODE_SENT)) == sent


def test_no_answer_goes_to_whom_it_was_pointed_at(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    ticket = request(test_desk, mei)
    other = make_ticket(test_desk, contacts=OTHERS)
    change(test_desk, pointed_at(ticket, other))
    with pytest.raises(OwnerNotVouched):
        propose(mei, ticket.number, ticket_of(test_desk, ticket.number).version, refusal("S5", test_desk.clock.now()))


def test_two_tickets_whose_numbers_were_swapped_open_neither(test_desk: TestDesk) -> None:
    mei, mine = own_ticket(test_desk)
    victim = make_ticket(test_desk, contacts=OTHERS, assignee=mei, verified=True)
    whose = {one.number: one.requester_id for one in (mine, victim)}
    change(test_desk, pointed_at(mine, victim), pointed_at(victim, mine))
    for one, other in ((mine, victim), (victim, mine)):
        window = update(Verification).where(col(Verification.ticket_number) == one.number)
        change(test_desk, window.values(requester_id=other.requester_id))
    for number, target in ((mine.number, victim), (victim.number, mine)):
        assert ticket_of(test_desk, number).requester_id != whose[number]
        is_refused(test_desk, mei, number, mobile_of(target), PURPOSE, OwnerNotVouched)


def test_a_number_that_is_given_out_twice_inherits_no_window(sqlite_desk: TestDesk) -> None:
    mei, mine = own_ticket(sqlite_desk)
    with sqlite_desk.desk.database.reading() as db:
        row = select(*inspect(Verification).columns).where(col(Verification.ticket_number) == mine.number)
        kept = dict(db.connection().execute(row).mappings().one())
    rid_of_it = [
        text("PRAGMA defer_foreign_keys = ON"),
        delete(Verification).where(col(Verification.ticket_number) == mine.number),
        text(f"DELETE FROM message WHERE ticket_number = {mine.number}"),
        delete(Ticket).where(col(Ticket.number) == mine.number),
        update(Counter).where(col(Counter.name) == "ticket").values(value=mine.number - 1),
    ]
    change(sqlite_desk, *rid_of_it)
    other = make_ticket(sqlite_desk, contacts=OTHERS, assignee=mei)
    assert other.number == mine.number
    change(sqlite_desk, insert(Verification).values(**kept | {"requester_id": other.requester_id}))
    is_refused(sqlite_desk, mei, other.number, mobile_of(other), PURPOSE, NotVouched)


def shows(session: DeskSession, ticket: MadeTicket) -> bool:
    try:
        reveal(session, ticket.number, mobile_of(ticket), PURPOSE)
    except ConsoleError:
        return False
    return True


@pytest.mark.parametrize("hidden", ["closed", "another's"])
@pytest.mark.parametrize("ended", ["by hand", "a new assignee", "another asker", "another contact"])
def test_a_window_that_its_row_hid_is_closed_on_record_all_the_same(
    sqlite_desk: TestDesk, hidden: str, ended: str
) -> None:
    mei, mine = own_ticket(sqlite_desk, TicketKind.RIGHTS)
    second = make_ticket(
        sqlite_desk,
        kind=TicketKind.RIGHTS,
        assignee=mei,
        verified=True,
        requester=(mine.requester_id, mine.contact_ids),
    )
    sqlite_desk.session("ben", Role.AGENT)
    vic = sqlite_desk.session("vic", Role.VERIFIER)
    other = make_ticket(sqlite_desk, contacts=OTHERS)
    assert shows(mei, mine)
    of_it = update(Verification).where(col(Verification.ticket_number) == mine.number)
    with sqlite_desk.desk.database.reading() as db:
        window = db.scalars(select(Verification).where(col(Verification.ticket_number) == mine.number)).one()
    hides: dict[str, dict[str, Any]] = {
        "closed": {"closed_at": sqlite_desk.clock.now()},
        "another's": {"requester_id": other.requester_id},
    }
    change(sqlite_desk, of_it.values(**hides[hidden]))
    if ended == "by hand":
        with sqlite_desk.desk.database.transaction() as db:
            close_window(db, sqlite_desk.desk, mine.number)
    elif ended == "a new assignee":
        assign(mei, mine.number, ticket_of(sqlite_desk, mine.number).version, "ben")
    elif ended == "another asker":
        record_age_band(vic, mine.number, "under-14")
    else:
        change_contact(mei, second.number, mine.contact_ids[Field.EMAIL], Field.EMAIL, "new@example.org")
    change(sqlite_desk, of_it.values(closed_at=None, requester_id=window.requester_id))
    give(sqlite_desk, mine.number, mei)
    assert not shows(mei, mine)
    assert mine.number in {one.ticket for one in recorded(sqlite_desk.desk, Action.WINDOW_CLOSED)}


def test_an_entry_that_the_console_did_not_write_opens_no_ticket(sqlite_desk: TestDesk) -> None:
    mei, mine = own_ticket(sqlite_desk)
    with sqlite_desk.desk.database.reading() as db:
        row = select(*inspect(LogEntry).columns).order_by(col(LogEntry.seq).desc()).limit(1)
        newest = dict(db.connection().execute(row).mappings().one())
    forged = newest | {
        "seq": -1,
        "action": Action.TICKET_OPENED.value,
        "ticket": mine.number,
        "session": mei.actor.session,
    }
    change(sqlite_desk, insert(LogEntry).values(**forged))
    with pytest.raises(LogBroken):
        reload(mei, mine.number)
