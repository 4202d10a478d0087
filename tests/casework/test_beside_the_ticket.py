"""What is read beside a ticket: the requester's other tickets, what was done on it, and when an agent looked."""

import pytest

from cs_console.casework.conversation import add_note, open_ticket, reload
from cs_console.casework.history import MOST, history
from cs_console.casework.other_tickets import other_tickets
from cs_console.casework.workflow import assign, claim, set_priority, set_state
from cs_console.custody.disclosure import Target, reveal
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError
from models.contact_fields import Field
from models.enums import Priority, TicketKind, TicketState
from models.roles import Role
from tests.custody.test_requester_access import everywhere, held_and_erased
from tests.erasure.erasures import people
from tests.support.answers import write
from tests.support.desk import TestDesk
from tests.support.tickets import make_requester, make_ticket


def told(session: DeskSession, number: int) -> list[str]:
    return [one.words for one in history(session, number)]


def test_the_history_names_people_and_what_they_did_newest_first(test_desk: TestDesk) -> None:
    mei, ben = test_desk.session("mei", Role.AGENT), test_desk.session("ben", Role.AGENT)
    number = make_ticket(test_desk).number
    open_ticket(mei, number)
    version = claim(mei, number)
    version = set_priority(mei, number, version, Priority.HIGH)
    version = set_state(mei, number, version, TicketState.WAITING)
    add_note(mei, number, version, "A note")
    assign(mei, number, version, "ben")
    write(test_desk, number)
    assert told(mei, number) == [
        "the requester wrote",
        "you assigned it to ben",
        "you added a note",
        "you changed the state to waiting",
        "you changed the priority to high",
        "you claimed it",
        "came in by mail",
    ]
    open_ticket(ben, number)
    assert told(ben, number)[1:3] == ["mei assigned it to you", "mei added a note"]


def test_only_who_has_opened_the_ticket_on_record_is_told(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    requester = make_requester(test_desk)
    number, other = (make_ticket(test_desk, requester=requester).number for _ in range(2))
    assert history(mei, number) == ()
    assert other_tickets(mei, number) == ()
    open_ticket(mei, number)
    assert told(mei, number) == ["came in by mail"]
    assert [one.number for one in other_tickets(mei, number)] == [other]


def test_a_view_says_of_what_and_why_and_a_refused_one_that_it_was(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    contacts = {Field.EMAIL: "alice@example.org", Field.MOBILE: "+8613800138000"}
    made = make_ticket(test_desk, kind=TicketKind.APPEAL, assignee=mei, contacts=contacts)
    open_ticket(mei, made.number)
    mobile = Target(Field.MOBILE, made.contact_ids[Field.MOBILE])
    with pytest.raises(ConsoleError):
        reveal(mei, made.number, mobile, "restore")
    newest = history(mei, made.number)[0]
    assert (newest.words, newest.refused) == ("you were refused the mobile", True)
    verified = make_ticket(test_desk, kind=TicketKind.APPEAL, assignee=mei, contacts=contacts, verified=True)
    open_ticket(mei, verified.number)
    reveal(mei, verified.number, Target(Field.MOBILE, verified.contact_ids[Field.MOBILE]), "restore")
    ben = test_desk.session("ben", Role.AGENT)
    open_ticket(ben, verified.number)
    assert told(ben, verified.number)[0] == "mei saw the mobile: restore access to the account"


def test_what_a_privacy_officer_saw_is_told_to_them_alone(test_desk: TestDesk) -> None:
    ines = test_desk.session("ines", Role.AGENT, Role.PRIVACY_OFFICER)
    mei = test_desk.session("mei", Role.AGENT)
    contacts = {Field.EMAIL: "alice@example.org", Field.MOBILE: "+8613800138000"}
    made = make_ticket(test_desk, kind=TicketKind.APPEAL, assignee=ines, contacts=contacts, verified=True)
    open_ticket(ines, made.number)
    reveal(ines, made.number, Target(Field.MOBILE, made.contact_ids[Field.MOBILE]), "restore")
    open_ticket(mei, made.number)
    assert any("you saw the mobile" in words for words in told(ines, made.number))
    assert not any("saw" in words for words in told(mei, made.number))


def test_only_the_newest_acts_are_told(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    number = make_ticket(test_desk).number
    version = open_ticket(mei, number).version
    for at in range(MOST + 3):
        add_note(mei, number, version, f"Note {at}")
    assert told(mei, number) == ["you added a note"] * MOST


def test_the_other_tickets_are_listed_newest_first_with_redacted_subjects(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    requester = make_requester(test_desk, {Field.EMAIL: "alice@example.org"})
    first = make_ticket(test_desk, requester=requester, subject="Write to alice@example.org")
    second = make_ticket(test_desk, requester=requester, kind=TicketKind.RIGHTS, subject="Copy of my data")
    make_ticket(test_desk, subject="Someone else's")
    number = make_ticket(test_desk, requester=requester).number
    open_ticket(mei, number)
    others = other_tickets(mei, number)
    assert [(one.number, one.kind, one.subject) for one in others] == [
        (second.number, TicketKind.RIGHTS, "Copy of my data"),
        (first.number, TicketKind.INQUIRY, "Write to [e-mail]"),
    ]
    assert all(one.closed_at is None for one in others)
    set_state(mei, number, claim(mei, number), TicketState.CLOSED)
    open_ticket(mei, first.number)
    assert next(one for one in other_tickets(mei, first.number) if one.number == number).closed_at is not None


@pytest.mark.usefixtures("cheap_passwords")
def test_nothing_beside_a_ticket_tells_a_held_requester_from_an_erased_one(test_desk: TestDesk) -> None:
    who = people(test_desk)
    held, gone = held_and_erased(test_desk, who)
    both = everywhere(test_desk, who)
    for made in (held, gone):
        open_ticket(both, made.number)
        assert history(both, made.number) == ()
        assert other_tickets(both, made.number) == ()
    open_ticket(who.ines, held.number)
    assert told(who.ines, held.number)  # who may know of the hold is told as ever


def test_an_agent_looked_when_they_last_opened_the_ticket_before(test_desk: TestDesk) -> None:
    mei, ben = test_desk.session("mei", Role.AGENT), test_desk.session("ben", Role.AGENT)
    number = make_ticket(test_desk).number
    first = test_desk.clock.now()
    assert open_ticket(mei, number).looked_at == first  # never before: from now on
    test_desk.clock.forward(seconds=60)
    assert reload(mei, number).looked_at == first
    open_ticket(ben, number)
    test_desk.clock.forward(seconds=60)
    assert open_ticket(mei, number).looked_at == first
    assert open_ticket(mei, number).looked_at == test_desk.clock.now()
