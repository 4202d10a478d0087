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
from cs_console.custody.drafts import save_draft
from cs_console.decisions.approval_queue import last_decision
from cs_console.desk import DeskSession
from cs_console.erasure.erasure import confirm_erasure
from cs_console.erasure.holds import place_hold
from cs_console.errors import ConsoleError, KeyDestroyed, OnHold
from cs_console.tickets.queue import page
from cs_console.tickets.ticket_record import ERASED
from cs_console.verification.codes import check_code, options, send_code, status
from cs_console.verification.methods import verify_by_note
from models.contact_fields import Field
from models.enums import Action, TicketState, VerificationMethod
from models.roles import Role
from models.ticket import Ticket
from tests.decisions.cases import person
from tests.erasure.erasures import PASSWORD, People, people, proposed
from tests.support.desk import TestDesk
from tests.support.drafts import load_draft
from tests.support.recorded import recorded
from tests.support.tickets import MadeTicket, take_over

pytestmark = [
    pytest.mark.usefixtures("cheap_passwords"),
    pytest.mark.engines("sqlite"),  # rules; their statements run on both in tests/acts
]

DRAFT = "reply:1"

Act = Callable[[DeskSession, MadeTicket], object]
ACTS: dict[str, Act] = {
    "reply": lambda session, made: reply(
        session, made.number, row_of(session, made), made.contact_ids[Field.EMAIL], "Hello"
    ),
    "note": lambda session, made: add_note(session, made.number, row_of(session, made), "A word"),
    "reveal": lambda session, made: reveal(
        session, made.number, Target(Field.EMAIL, made.contact_ids[Field.EMAIL]), "confirm_delivery"
    ),
    "another contact": lambda session, made: change_contact(session, made.number, None, Field.EMAIL, "bob@example.org"),
    "documents": lambda session, made: verify_by_note(session, made.number, VerificationMethod.DOCUMENTS, "A passport"),
    "send": lambda session, made: send_code(session, made.number, made.contact_ids[Field.EMAIL]),
    "check": lambda session, made: check_code(session, made.number, "12345678"),
    "where to": lambda session, made: options(session, made.number),
    "status": lambda session, made: status(session, made.number),
    "reopen": lambda session, made: set_state(session, made.number, row_of(session, made), TicketState.OPEN),
    "draft": lambda session, made: save_draft(session, DRAFT, "Dear", made.number),
}


def row_of(session: DeskSession, made: MadeTicket) -> int:
    with session.desk.database.reading() as db:
        return db.get_one(Ticket, made.number).version


def held_and_erased(test_desk: TestDesk, who: People) -> tuple[MadeTicket, MadeTicket]:
    """Two requesters whose erasure was confirmed: one is kept because of a hold, one is gone."""
    (held, first), (gone, second) = proposed(test_desk, who), proposed(test_desk, who)
    save_draft(who.mei, DRAFT, "Dear Alice", held.number)
    until = (test_desk.clock.now() + timedelta(days=10)).date()
    place_hold(who.ines, held.number, "court", "Order 17", until)
    assert not confirm_erasure(who.omar, first, PASSWORD).erased
    assert confirm_erasure(who.omar, second, PASSWORD).erased
    return held, gone


def everywhere(test_desk: TestDesk, who: People, *more: Role) -> DeskSession:
    """mei's tickets, worked by an agent who is also a verifier, and whatever else is named."""
    both = person(test_desk, "both", Role.AGENT, Role.VERIFIER, *more)
    take_over(test_desk, who.mei, both)
    return both


def refused(act: Act, session: DeskSession, made: MadeTicket) -> ConsoleError:
    with pytest.raises(ConsoleError) as refusal:
        act(session, made)
    return refusal.value


def nameless(thing: object, made: MadeTicket) -> str:
    """Without the number and the ids, which tell two tickets apart and nothing else."""
    return re.sub(r"[0-9a-f]{32}", "id", repr(thing).replace(str(made.number), "number"))


def test_a_held_ticket_looks_like_an_erased_one(test_desk: TestDesk) -> None:
    who = people(test_desk)
    held, gone = held_and_erased(test_desk, who)
    for session in (who.mei, who.omar):
        views = [nameless(open_ticket(session, made.number), made) for made in (held, gone)]
        assert views[0] == views[1]
        assert "•" not in views[0]
        assert "delete my account" not in views[0]
        rows = {row.number: row for row in page(session, "closed").rows}
        assert nameless(rows[held.number], held) == nameless(rows[gone.number], gone)
        letters = [refused(lambda at, made: last_decision(at, made.number), session, made) for made in (held, gone)]
        assert [(type(one), str(one)) for one in letters] == [(KeyDestroyed, "This data has been erased.")] * 2
    assert load_draft(who.mei, DRAFT, held.number) == ""


@pytest.mark.parametrize("what", ACTS)
@pytest.mark.parametrize("state", [TicketState.CLOSED, TicketState.OPEN])
def test_nothing_is_done_with_a_held_requester_and_the_words_are_the_same(
    test_desk: TestDesk, what: str, state: TicketState
) -> None:
    who = people(test_desk)
    held, gone = held_and_erased(test_desk, who)
    both = everywhere(test_desk, who)
    if state is TicketState.OPEN and what != "reopen":  # even if it was opened, it cannot be used
        with test_desk.desk.database.transaction() as db:
            db.connection().execute(update(Ticket).values(state=state, closed_at=None))
    before = len(recorded(test_desk.desk, Action.MESSAGE_SENT, Action.VERIFIED, Action.CONTACT_CHANGED))
    errors_end_command = [refused(ACTS[what], both, made) for made in (held, gone)]
    assert [(type(one), str(one)) for one in errors_end_command] == [(KeyDestroyed, "This data has been erased.")] * 2
    assert len(recorded(test_desk.desk, Action.MESSAGE_SENT, Action.VERIFIED, Action.CONTACT_CHANGED)) == before


@pytest.mark.parametrize("what", ACTS)
def test_a_privacy_officer_is_told_of_the_hold(test_desk: TestDesk, what: str) -> None:
    who = people(test_desk)
    held, _ = held_and_erased(test_desk, who)
    both = everywhere(test_desk, who, Role.PRIVACY_OFFICER)
    refusal = refused(ACTS[what], both, held)
    assert (type(refusal), refusal.code) == (OnHold, "on_hold")


def test_a_privacy_officer_sees_what_is_kept(test_desk: TestDesk) -> None:
    who = people(test_desk)
    held, gone = held_and_erased(test_desk, who)
    view = open_ticket(who.ines, held.number)
    assert not view.erased
    assert len(view.contacts) == 3
    assert "delete my account" in view.lines[0].text
    subjects = {row.number: row.subject for row in page(who.ines, "closed").rows}
    assert (subjects[held.number], subjects[gone.number]) == ("A question", ERASED)
    assert last_decision(who.ines, held.number) is not None
