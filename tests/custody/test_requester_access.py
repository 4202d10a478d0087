"""To everyone but a privacy officer, a held requester looks like an erased one (policy I.(4)2)."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from cs_console.casework.contacts import change_contact
from cs_console.casework.conversation import add_note, open_ticket, reply
from cs_console.casework.workflow import set_state
from cs_console.custody.disclosure import Target, reveal
from cs_console.custody.drafts import load_draft, save_draft
from cs_console.decisions.approval_queue import last_decision
from cs_console.desk import Desk
from cs_console.erasure.erasure import confirm_erasure
from cs_console.erasure.holds import place_hold
from cs_console.errors import KeyDestroyed, OnHold, Refusal
from cs_console.tickets.queue import page
from cs_console.tickets.ticket_record import ERASED
from cs_console.verification.codes import check_code, options, send_code, status
from cs_console.verification.methods import verify_by_note
from models.enums import Action, Field, Role, TicketState, VerificationMethod
from models.ticket import Ticket
from tests.decisions.cases import person
from tests.erasure.erasures import PASSWORD, People, people, proposed
from tests.support.office import TestOffice
from tests.support.recorded import recorded
from tests.support.tickets import MadeTicket, take_over

pytestmark = pytest.mark.usefixtures("cheap_passwords")

DRAFT = "reply:1"

Act = Callable[[Desk, MadeTicket], object]
ACTS: dict[str, Act] = {
    "reply": lambda desk, made: reply(desk, made.number, row_of(desk, made), made.contact_ids[Field.EMAIL], "Hello"),
    "note": lambda desk, made: add_note(desk, made.number, row_of(desk, made), "A word"),
    "reveal": lambda desk, made: reveal(
        desk, made.number, Target(Field.EMAIL, made.contact_ids[Field.EMAIL]), "confirm_delivery"
    ),
    "another contact": lambda desk, made: change_contact(desk, made.number, None, Field.EMAIL, "bob@example.org"),
    "documents": lambda desk, made: verify_by_note(desk, made.number, VerificationMethod.DOCUMENTS, "A passport"),
    "send": lambda desk, made: send_code(desk, made.number, made.contact_ids[Field.EMAIL]),
    "check": lambda desk, made: check_code(desk, made.number, "12345678"),
    "where to": lambda desk, made: options(desk, made.number),
    "status": lambda desk, made: status(desk, made.number),
    "reopen": lambda desk, made: set_state(desk, made.number, row_of(desk, made), TicketState.OPEN),
    "draft": lambda desk, made: save_draft(desk, DRAFT, "Dear", made.number),
}


def row_of(desk: Desk, made: MadeTicket) -> int:
    with desk.office.database.reading() as session:
        return session.get_one(Ticket, made.number).row


def held_and_erased(test_office: TestOffice, who: People) -> tuple[MadeTicket, MadeTicket]:
    """Two requesters whose erasure was confirmed: one is kept because of a hold, one is gone."""
    (held, first), (gone, second) = proposed(test_office, who), proposed(test_office, who)
    save_draft(who.mei, DRAFT, "Dear Alice", held.number)
    until = (test_office.clock.now() + timedelta(days=10)).date()
    place_hold(who.ines, held.number, "court", "Order 17", until)
    assert not confirm_erasure(who.omar, first, PASSWORD).erased
    assert confirm_erasure(who.omar, second, PASSWORD).erased
    return held, gone


def everywhere(test_office: TestOffice, who: People, *more: Role) -> Desk:
    """mei's tickets, worked by an agent who is also a verifier, and whatever else is named."""
    both = person(test_office, "both", Role.AGENT, Role.VERIFIER, *more)
    take_over(test_office, who.mei, both)
    return both


def refused(act: Act, desk: Desk, made: MadeTicket) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        act(desk, made)
    return refusal.value


def nameless(thing: object, made: MadeTicket) -> str:
    """Without the number and the ids, which tell two tickets apart and nothing else."""
    return re.sub(r"[0-9a-f]{32}", "id", repr(thing).replace(str(made.number), "number"))


def test_a_held_ticket_looks_like_an_erased_one(test_office: TestOffice) -> None:
    who = people(test_office)
    held, gone = held_and_erased(test_office, who)
    for desk in (who.mei, who.omar):
        views = [nameless(open_ticket(desk, made.number), made) for made in (held, gone)]
        assert views[0] == views[1]
        assert "•" not in views[0]
        assert "delete my account" not in views[0]
        rows = {row.number: row for row in page(desk, "closed").rows}
        assert nameless(rows[held.number], held) == nameless(rows[gone.number], gone)
        letters = [refused(lambda at, made: last_decision(at, made.number), desk, made) for made in (held, gone)]
        assert [(type(one), str(one)) for one in letters] == [(KeyDestroyed, "This data has been erased.")] * 2
    assert load_draft(who.mei, DRAFT, held.number) == ""


@pytest.mark.parametrize("what", ACTS)
@pytest.mark.parametrize("state", [TicketState.CLOSED, TicketState.OPEN])
def test_nothing_is_done_with_a_held_requester_and_the_words_are_the_same(
    test_office: TestOffice, what: str, state: TicketState
) -> None:
    who = people(test_office)
    held, gone = held_and_erased(test_office, who)
    both = everywhere(test_office, who)
    if state is TicketState.OPEN and what != "reopen":  # even if it was opened, it cannot be used
        with test_office.office.database.transaction() as session:
            session.connection().execute(update(Ticket).values(state=state, closed_at=None))
    before = len(recorded(test_office.office, Action.MESSAGE_SENT, Action.VERIFIED, Action.CONTACT_CHANGED))
    refusals = [refused(ACTS[what], both, made) for made in (held, gone)]
    assert [(type(one), str(one)) for one in refusals] == [(KeyDestroyed, "This data has been erased.")] * 2
    assert len(recorded(test_office.office, Action.MESSAGE_SENT, Action.VERIFIED, Action.CONTACT_CHANGED)) == before


@pytest.mark.parametrize("what", ACTS)
def test_a_privacy_officer_is_told_of_the_hold(test_office: TestOffice, what: str) -> None:
    who = people(test_office)
    held, _ = held_and_erased(test_office, who)
    both = everywhere(test_office, who, Role.PRIVACY_OFFICER)
    refusal = refused(ACTS[what], both, held)
    assert (type(refusal), refusal.code) == (OnHold, "on_hold")


def test_a_privacy_officer_sees_what_is_kept(test_office: TestOffice) -> None:
    who = people(test_office)
    held, gone = held_and_erased(test_office, who)
    view = open_ticket(who.ines, held.number)
    assert not view.erased
    assert len(view.contacts) == 3
    assert "delete my account" in view.lines[0].text
    subjects = {row.number: row.subject for row in page(who.ines, "closed").rows}
    assert (subjects[held.number], subjects[gone.number]) == ("A question", ERASED)
    assert last_decision(who.ines, held.number) is not None
