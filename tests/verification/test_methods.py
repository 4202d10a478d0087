"""The other routes to a verified identity, and how a window closes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from cs_console.casework.contacts import change_contact
from cs_console.casework.workflow import assign, claim, release
from cs_console.custody.disclosure import Target, reveal
from cs_console.custody.safe_views import open_typed
from cs_console.desk import DeskSession, operator_session
from cs_console.errors import BadInput, NotAllowed, NotVerified, NoUndertaking, WrongState
from cs_console.intake.jsonl import RequesterRecord
from cs_console.intake.key_pool import one_at_a_time
from cs_console.intake.on_file import put_on_file
from cs_console.verification.codes import status
from cs_console.verification.methods import verify_by_note
from cs_console.verification.windows import close_window
from models.contact_fields import Field
from models.enums import Action, Result, TicketKind, TicketState, VerificationMethod
from models.roles import Role
from models.ticket import Ticket
from models.verification import Verification
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.stored import keys_of
from tests.support.tickets import MadeTicket, make_requester, make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

NOTE = "Letter of 12 November, signed; canary.alice@example.org and 13812345678 named in it."
CONTACTS = {Field.EMAIL: "canary.alice@example.org", Field.MOBILE: "+8613812345678"}


@pytest.mark.parametrize("method", [VerificationMethod.WRITTEN, VerificationMethod.DOCUMENTS])
def test_a_note_opens_the_window_starts_the_clock_and_is_recorded(
    test_desk: TestDesk, method: VerificationMethod
) -> None:
    session = test_desk.session("vera-lin", Role.VERIFIER)
    ticket = make_ticket(test_desk, kind=TicketKind.RIGHTS, contacts=CONTACTS)
    until = verify_by_note(session, ticket.number, method, NOTE).until
    assert until == test_desk.clock.now() + timedelta(minutes=30)
    now = status(session, ticket.number)
    assert (now.window_until, now.method, now.contact_field) == (until, method, None)
    with test_desk.desk.database.reading() as db:
        stored = db.get_one(Ticket, ticket.number)
    assert (stored.state, stored.verified_at) == (TicketState.VERIFIED, test_desk.clock.now())
    assert stored.due_at == test_desk.clock.now() + timedelta(days=30)
    entry = recorded(test_desk.desk, Action.VERIFIED)[-1]
    assert (entry.actor, entry.outcome, entry.reason) == ("vera-lin", Result.DONE, method.value)


def test_the_note_is_kept_sealed_with_personal_data_redacted(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    session = test_desk.session("vera-lin", Role.VERIFIER)
    ticket = make_ticket(test_desk, contacts=CONTACTS)
    verify_by_note(session, ticket.number, VerificationMethod.WRITTEN, NOTE + "\x1b]52;c;x\x07")
    with desk.database.reading() as db:
        row = db.scalars(select(Verification)).one()
    assert row.note is not None
    assert b"Letter" not in row.note
    keys = keys_of(desk, ticket.number)
    shown = open_typed(keys.key, keys.place("verification", "note", row.id), row.note)
    assert "Letter of 12 November" in shown
    assert "canary" not in shown
    assert "13812345678" not in shown
    assert "\x1b" not in shown


def test_a_contact_on_file_is_told_of_a_letter_too(test_desk: TestDesk) -> None:
    session = test_desk.session("vera-lin", Role.VERIFIER)
    ticket = make_ticket(test_desk, contacts=CONTACTS)
    verify_by_note(session, ticket.number, VerificationMethod.WRITTEN, NOTE)
    folder = test_desk.desk.settings.outbox
    assert folder is not None
    assert len(list(folder.iterdir())) == 1


def test_an_empty_or_endless_note_and_a_code_are_refused(test_desk: TestDesk) -> None:
    session = test_desk.session("vera-lin", Role.VERIFIER)
    ticket = make_ticket(test_desk)
    for note in ("", "  \n ", "x" * 5000):
        with pytest.raises(BadInput):
            verify_by_note(session, ticket.number, VerificationMethod.WRITTEN, note)
    with pytest.raises(BadInput):
        verify_by_note(session, ticket.number, VerificationMethod.CODE, NOTE)
    assert status(session, ticket.number).window_until is None


def test_a_closed_ticket_is_not_verified(test_desk: TestDesk) -> None:
    session = test_desk.session("vera-lin", Role.VERIFIER)
    ticket = make_ticket(test_desk, state=TicketState.CLOSED)
    with pytest.raises(WrongState):
        verify_by_note(session, ticket.number, VerificationMethod.WRITTEN, NOTE)


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.ADMIN])
def test_only_verifiers_with_an_undertaking_believe_a_note(test_desk: TestDesk, role: Role) -> None:
    ticket = make_ticket(test_desk)
    with pytest.raises(NotAllowed):
        verify_by_note(test_desk.session("eve", role), ticket.number, VerificationMethod.WRITTEN, NOTE)
    new = test_desk.session("new-one", Role.VERIFIER, undertaking=False)
    with pytest.raises(NoUndertaking):
        verify_by_note(new, ticket.number, VerificationMethod.WRITTEN, NOTE)


def test_closing_a_window_is_recorded_once(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    session = test_desk.session("vera-lin", Role.VERIFIER)
    ticket = make_ticket(test_desk)
    verify_by_note(session, ticket.number, VerificationMethod.WRITTEN, NOTE)
    with desk.database.transaction() as db:
        assert close_window(db, desk, ticket.number)
        assert not close_window(db, desk, ticket.number)
    assert status(session, ticket.number).window_until is None
    (entry,) = recorded(desk, Action.WINDOW_CLOSED)
    assert (entry.ticket, entry.reason) == (ticket.number, "contact changed")


def test_an_elapsed_window_is_not_closed_again(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    ticket = make_ticket(test_desk)
    verify_by_note(test_desk.session("vera-lin", Role.VERIFIER), ticket.number, VerificationMethod.WRITTEN, NOTE)
    test_desk.clock.forward(minutes=30)
    with desk.database.transaction() as db:
        assert not close_window(db, desk, ticket.number)


def test_changing_a_contact_closes_the_window(test_desk: TestDesk) -> None:
    """POLICY.md: changing any contact closes it, on the requester's other tickets too."""
    mei = test_desk.session("mei", Role.AGENT)
    vera = test_desk.session("vera-lin", Role.VERIFIER)
    ticket = make_ticket(test_desk, contacts=CONTACTS, assignee=mei)
    verify_by_note(vera, ticket.number, VerificationMethod.WRITTEN, NOTE)
    change_contact(mei, ticket.number, None, Field.EMAIL, "new.one@example.org")
    assert status(vera, ticket.number).window_until is None


def on_another_ticket(test_desk: TestDesk, mei: DeskSession, made: MadeTicket) -> None:
    other = make_ticket(test_desk, requester=(made.requester_id, made.contact_ids), assignee=mei)
    verify_by_note(test_desk.session("vera-two", Role.VERIFIER), other.number, VerificationMethod.WRITTEN, NOTE)
    change_contact(mei, other.number, None, Field.EMAIL, "new.one@example.org")


def by_the_platform(test_desk: TestDesk, _mei: DeskSession, _made: MadeTicket) -> None:
    record = RequesterRecord(
        ((Field.MOBILE, CONTACTS[Field.MOBILE]), (Field.EMAIL, "new.one@example.org")),
        "en",
        test_desk.clock.now(),
        "al77",
    )
    put_on_file(operator_session(test_desk.desk), record, one_at_a_time(test_desk.desk.keyring))


def given_back(_test_desk: TestDesk, mei: DeskSession, made: MadeTicket) -> None:
    release(mei, made.number, 2)


def claimed_by_another(test_desk: TestDesk, mei: DeskSession, made: MadeTicket) -> None:
    release(mei, made.number, 2)
    claim(test_desk.session("li", Role.AGENT), made.number)


def handed_on(test_desk: TestDesk, mei: DeskSession, made: MadeTicket) -> None:
    test_desk.session("li", Role.AGENT)
    assign(mei, made.number, 2, "li")


def taken_by_a_supervisor(test_desk: TestDesk, _mei: DeskSession, made: MadeTicket) -> None:
    assign(test_desk.session("sue", Role.SUPERVISOR), made.number, 2, "sue")


def by_time(test_desk: TestDesk, _mei: DeskSession, _made: MadeTicket) -> None:
    test_desk.clock.forward(minutes=30)


@pytest.mark.parametrize(
    "event",
    [on_another_ticket, by_the_platform, given_back, claimed_by_another, handed_on, taken_by_a_supervisor, by_time],
)
def test_a_window_ends_with_any_contact_hand_over_or_time(
    test_desk: TestDesk, event: Callable[[TestDesk, DeskSession, MadeTicket], None]
) -> None:
    """And nothing is revealed under it any more to anyone."""
    mei, vera = test_desk.session("mei", Role.AGENT), test_desk.session("vera-lin", Role.VERIFIER)
    requester = make_requester(test_desk, CONTACTS, account="al77")
    made = make_ticket(test_desk, requester=requester, assignee=mei)
    verify_by_note(vera, made.number, VerificationMethod.WRITTEN, NOTE)
    assert status(vera, made.number).window_until is not None
    event(test_desk, mei, made)
    later = test_desk.session("omar", Role.SUPERVISOR)  # whose session is not over
    assert status(later, made.number).window_until is None
    owner = next((session for session in (mei,) if event in (on_another_ticket, by_the_platform)), None)
    if owner is not None:
        with pytest.raises(NotVerified):
            reveal(owner, made.number, Target(Field.MOBILE, made.contact_ids[Field.MOBILE]), "reply")
