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
from cs_console.desk import Desk
from cs_console.errors import LogBroken, NotVerified, NotVouched, OwnerNotVouched, Refusal
from cs_console.verification.authority import record_age_band
from cs_console.verification.codes import send_code
from cs_console.verification.windows import close_window
from models.counter import Counter
from models.enums import Action, Field, Role, TicketKind
from models.log import LogEntry
from models.ticket import Ticket
from models.verification import Verification
from tests.custody.reveals import change, is_refused, mobile_of, own_ticket
from tests.decisions.cases import person, propose, refusal, request
from tests.decisions.test_checklist import ticket_of
from tests.support.office import TestOffice
from tests.support.recorded import recorded
from tests.support.tickets import MadeTicket, give, make_ticket

PURPOSE = "reply"
OTHERS = {Field.MOBILE: "+8613911112222", Field.EMAIL: "boris@example.org", Field.NAME: "Boris Other"}


def pointed_at(ticket: MadeTicket, victim: MadeTicket, *, without_key: bool = True) -> object:
    values = {"requester_id": victim.requester_id} | ({"sealed_key": None} if without_key else {})
    return update(Ticket).where(col(Ticket.number) == ticket.number).values(**values)


@pytest.mark.parametrize("without_key", [True, False])
def test_a_ticket_pointed_at_somebody_else_shows_nothing_of_them(test_office: TestOffice, without_key: bool) -> None:
    mei, mine = own_ticket(test_office)
    victim = make_ticket(test_office, contacts=OTHERS)
    change(test_office, pointed_at(mine, victim, without_key=without_key))
    is_refused(test_office, mei, mine.number, mobile_of(victim), PURPOSE, OwnerNotVouched)
    with pytest.raises(OwnerNotVouched):
        open_ticket(mei, mine.number)


def test_nothing_is_sent_recorded_or_proposed_on_it(sqlite_office: TestOffice) -> None:
    mei, mine = own_ticket(sqlite_office, TicketKind.RIGHTS)
    vic = sqlite_office.desk("vic", Role.VERIFIER)
    victim = make_ticket(sqlite_office, contacts=OTHERS)
    change(sqlite_office, pointed_at(mine, victim))
    mobile, row = victim.contact_ids[Field.MOBILE], ticket_of(sqlite_office, mine.number).row
    sent = len(recorded(sqlite_office.office, Action.CODE_SENT))
    for act in (
        lambda: send_code(vic, mine.number, mobile),
        lambda: record_age_band(vic, mine.number, "adult"),
        lambda: change_contact(mei, mine.number, mobile, Field.MOBILE, "+8613822223333"),
        lambda: reply(mei, mine.number, row, mobile, "Hello, it is all in hand."),
    ):
        with pytest.raises((OwnerNotVouched, NotVerified)):
            act()
    assert len(recorded(sqlite_office.office, Action.CODE_SENT)) == sent


def test_no_answer_goes_to_whom_it_was_pointed_at(test_office: TestOffice) -> None:
    mei = person(test_office, "mei", Role.AGENT)
    ticket = request(test_office, mei)
    other = make_ticket(test_office, contacts=OTHERS)
    change(test_office, pointed_at(ticket, other))
    with pytest.raises(OwnerNotVouched):
        propose(mei, ticket.number, ticket_of(test_office, ticket.number).row, refusal("S5", test_office.clock.now()))


def test_two_tickets_whose_numbers_were_swapped_open_neither(test_office: TestOffice) -> None:
    mei, mine = own_ticket(test_office)
    victim = make_ticket(test_office, contacts=OTHERS, assignee=mei, verified=True)
    whose = {one.number: one.requester_id for one in (mine, victim)}
    change(test_office, pointed_at(mine, victim), pointed_at(victim, mine))
    for one, other in ((mine, victim), (victim, mine)):
        window = update(Verification).where(col(Verification.ticket_number) == one.number)
        change(test_office, window.values(requester_id=other.requester_id))
    for number, target in ((mine.number, victim), (victim.number, mine)):
        assert ticket_of(test_office, number).requester_id != whose[number]
        is_refused(test_office, mei, number, mobile_of(target), PURPOSE, OwnerNotVouched)


def test_a_number_that_is_given_out_twice_inherits_no_window(sqlite_office: TestOffice) -> None:
    mei, mine = own_ticket(sqlite_office)
    with sqlite_office.office.database.reading() as session:
        row = select(*inspect(Verification).columns).where(col(Verification.ticket_number) == mine.number)
        kept = dict(session.connection().execute(row).mappings().one())
    rid_of_it = [
        text("PRAGMA defer_foreign_keys = ON"),
        delete(Verification).where(col(Verification.ticket_number) == mine.number),
        text(f"DELETE FROM message WHERE ticket_number = {mine.number}"),
        delete(Ticket).where(col(Ticket.number) == mine.number),
        update(Counter).where(col(Counter.name) == "ticket").values(value=mine.number - 1),
    ]
    change(sqlite_office, *rid_of_it)
    other = make_ticket(sqlite_office, contacts=OTHERS, assignee=mei)
    assert other.number == mine.number
    change(sqlite_office, insert(Verification).values(**kept | {"requester_id": other.requester_id}))
    is_refused(sqlite_office, mei, other.number, mobile_of(other), PURPOSE, NotVouched)


def shows(desk: Desk, ticket: MadeTicket) -> bool:
    try:
        reveal(desk, ticket.number, mobile_of(ticket), PURPOSE)
    except Refusal:
        return False
    return True


@pytest.mark.parametrize("hidden", ["closed", "another's"])
@pytest.mark.parametrize("ended", ["by hand", "a new assignee", "another asker", "another contact"])
def test_a_window_that_its_row_hid_is_closed_on_record_all_the_same(
    sqlite_office: TestOffice, hidden: str, ended: str
) -> None:
    mei, mine = own_ticket(sqlite_office, TicketKind.RIGHTS)
    second = make_ticket(
        sqlite_office,
        kind=TicketKind.RIGHTS,
        assignee=mei,
        verified=True,
        requester=(mine.requester_id, mine.contact_ids),
    )
    sqlite_office.desk("ben", Role.AGENT)
    vic = sqlite_office.desk("vic", Role.VERIFIER)
    other = make_ticket(sqlite_office, contacts=OTHERS)
    assert shows(mei, mine)
    of_it = update(Verification).where(col(Verification.ticket_number) == mine.number)
    with sqlite_office.office.database.reading() as session:
        window = session.scalars(select(Verification).where(col(Verification.ticket_number) == mine.number)).one()
    hides: dict[str, dict[str, Any]] = {
        "closed": {"closed_at": sqlite_office.clock.now()},
        "another's": {"requester_id": other.requester_id},
    }
    change(sqlite_office, of_it.values(**hides[hidden]))
    if ended == "by hand":
        with sqlite_office.office.database.transaction() as session:
            close_window(session, sqlite_office.office, mine.number)
    elif ended == "a new assignee":
        assign(mei, mine.number, ticket_of(sqlite_office, mine.number).row, "ben")
    elif ended == "another asker":
        record_age_band(vic, mine.number, "under-14")
    else:
        change_contact(mei, second.number, mine.contact_ids[Field.EMAIL], Field.EMAIL, "new@example.org")
    change(sqlite_office, of_it.values(closed_at=None, requester_id=window.requester_id))
    give(sqlite_office, mine.number, mei)
    assert not shows(mei, mine)
    assert mine.number in {one.ticket for one in recorded(sqlite_office.office, Action.WINDOW_CLOSED)}


def test_an_entry_that_the_console_did_not_write_opens_no_ticket(sqlite_office: TestOffice) -> None:
    mei, mine = own_ticket(sqlite_office)
    with sqlite_office.office.database.reading() as session:
        row = select(*inspect(LogEntry).columns).order_by(col(LogEntry.seq).desc()).limit(1)
        newest = dict(session.connection().execute(row).mappings().one())
    forged = newest | {
        "seq": -1,
        "action": Action.TICKET_OPENED.value,
        "ticket": mine.number,
        "session": mei.actor.session,
    }
    change(sqlite_office, insert(LogEntry).values(**forged))
    with pytest.raises(LogBroken):
        reload(mei, mine.number)
