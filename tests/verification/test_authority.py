"""Guardians, representatives and minors (policy V.4, VII)."""

import pytest
from sqlalchemy import select

from cs_console.custody.safe_views import open_safe, open_typed
from cs_console.decisions import approval, checklist
from cs_console.errors import (
    AgeUnknown,
    BadInput,
    GuardianRequired,
    NotAllowed,
    NoUndertaking,
    PrincipalOnly,
    StaleProposal,
    WrongState,
)
from cs_console.verification import askers
from cs_console.verification.askers import asker_of
from cs_console.verification.authority import end_authority, record_age_band, see_authority
from cs_console.verification.codes import status
from cs_console.verification.methods import verify_by_note
from models.authority import Authority
from models.contact_fields import Field
from models.enums import Action, AuthoritySort, Result, TicketKind, TicketState, VerificationMethod
from models.requester import Requester
from models.roles import Role
from models.verification import Verification
from tests.decisions.cases import PASSWORD, grant, pack, person, propose, refusal, request
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import notices, ticket_of
from tests.support.stored import keys_of
from tests.support.tickets import make_requester, make_ticket
from tests.support.verifying import Verifying

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

GUARDIAN, REPRESENTATIVE = AuthoritySort.GUARDIAN, AuthoritySort.REPRESENTATIVE
NOTE = "A letter of 12 November, signed; canary.alice@example.org and 13812345678 named in it."
CHILD, TEEN, ADULT = "under-14", "under-18", "adult"


# --- what is recorded


def test_an_authority_is_sealed_redacted_and_on_record(v: Verifying) -> None:
    see_authority(v.session, v.ticket.number, REPRESENTATIVE, NOTE)
    with v.desk.database.reading() as db:
        row = db.scalars(select(Authority)).one()
    assert (row.sort, row.agent_id, row.ended_at) == (REPRESENTATIVE, v.session.agent.id, None)
    keys = keys_of(v.desk, v.ticket.number)
    shown = open_typed(keys.key, keys.place("authority", "note", row.id), row.note)
    assert shown.startswith("A letter of 12 November")
    assert "canary" not in shown
    assert "13812345678" not in shown
    (entry,) = recorded(v.desk, Action.AUTHORITY_SEEN)
    assert (entry.actor, entry.ticket, entry.reason) == ("vera-lin", v.ticket.number, "representative")


def test_a_newer_authority_ends_the_one_before_and_ending_it_is_on_record(v: Verifying) -> None:
    record_age_band(v.session, v.ticket.number, TEEN)
    see_authority(v.session, v.ticket.number, REPRESENTATIVE, NOTE)
    see_authority(v.session, v.ticket.number, GUARDIAN, NOTE)
    with v.desk.database.reading() as db:
        asker = asker_of(db, v.desk, pack(), v.ticket.number, v.ticket.requester_id)
        ended = [row.ended_at for row in db.scalars(select(Authority).order_by(Authority.sort))]
    assert asker.authority is GUARDIAN
    assert ended == [None, v.clock.now()]
    end_authority(v.session, v.ticket.number)
    assert v.log(Action.AUTHORITY_ENDED) == [(Action.AUTHORITY_ENDED, Result.DONE, "guardian")]
    with pytest.raises(WrongState):
        end_authority(v.session, v.ticket.number)


def test_an_age_band_is_sealed_and_nowhere_in_the_log(v: Verifying) -> None:
    record_age_band(v.session, v.ticket.number, TEEN)
    record_age_band(v.session, v.ticket.number, TEEN)
    sealed = v.stored_requester().age_band
    assert sealed is not None
    assert TEEN.encode() not in sealed
    (entry,) = recorded(v.desk, Action.AGE_RECORDED)
    assert (entry.fields, entry.reason) == ("", "")
    with v.desk.database.reading() as db:
        assert askers.is_recorded(db, v.desk, v.ticket.requester_id, TEEN)
        assert db.get_one(Requester, v.ticket.requester_id).age_band == sealed


def test_what_cannot_be_is_refused(v: Verifying) -> None:
    with pytest.raises(BadInput):
        record_age_band(v.session, v.ticket.number, "fifteen")
    for note in ("", " \n", "x" * 5000):
        with pytest.raises(BadInput):
            see_authority(v.session, v.ticket.number, REPRESENTATIVE, note)
    closed = make_ticket(v.test_desk, state=TicketState.CLOSED)
    with pytest.raises(WrongState):
        see_authority(v.session, closed.number, REPRESENTATIVE, NOTE)
    with pytest.raises(WrongState):
        record_age_band(v.session, closed.number, TEEN)


@pytest.mark.parametrize("band", [None, ADULT])
def test_a_guardian_is_of_a_minor_whose_age_is_known(v: Verifying, band: str | None) -> None:
    if band:
        record_age_band(v.session, v.ticket.number, band)
    with pytest.raises(AgeUnknown):
        see_authority(v.session, v.ticket.number, GUARDIAN, NOTE)


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.ADMIN])
def test_only_verifiers_with_an_undertaking_record_it(v: Verifying, role: Role) -> None:
    for session, refused in (
        (v.test_desk.session("eve", role), NotAllowed),
        (v.test_desk.session("new-one", Role.VERIFIER, undertaking=False), NoUndertaking),
    ):
        with pytest.raises(refused):
            see_authority(session, v.ticket.number, REPRESENTATIVE, NOTE)
        with pytest.raises(refused):
            end_authority(session, v.ticket.number)
        with pytest.raises(refused):
            record_age_band(session, v.ticket.number, TEEN)


# --- a representative


def test_for_a_representative_only_a_code_to_the_principal_verifies(v: Verifying) -> None:
    see_authority(v.session, v.ticket.number, REPRESENTATIVE, NOTE)
    for method in (VerificationMethod.WRITTEN, VerificationMethod.DOCUMENTS):
        with pytest.raises(PrincipalOnly):
            verify_by_note(v.session, v.ticket.number, method, NOTE)
    assert v.log(Action.VERIFIED) == [(Action.VERIFIED, Result.REFUSED, "principal_only")] * 2
    assert status(v.session, v.ticket.number).window_until is None
    v.check(v.send())
    assert v.log(Action.VERIFIED)[-1] == (Action.VERIFIED, Result.DONE, "code, for a representative")


def test_who_asks_changes_and_the_window_closes(v: Verifying) -> None:
    def is_open() -> bool:
        return status(v.session, v.ticket.number).window_until is not None

    v.check(v.send())
    assert is_open()
    see_authority(v.session, v.ticket.number, REPRESENTATIVE, NOTE)
    assert not is_open()
    v.check(v.send())
    end_authority(v.session, v.ticket.number)
    assert not is_open()
    assert [reason for *_, reason in v.log(Action.WINDOW_CLOSED)] == ["who asks has changed"] * 2


def test_a_representatives_request_is_answered_once_the_principal_confirmed_it(v: Verifying) -> None:
    mei = person(v.test_desk, "mei", Role.AGENT)
    made = make_ticket(v.test_desk, kind=TicketKind.RIGHTS, requester=v.requester, assignee=mei)
    verify_by_note(v.session, made.number, VerificationMethod.WRITTEN, NOTE)
    see_authority(v.session, made.number, REPRESENTATIVE, NOTE)
    with pytest.raises(PrincipalOnly):
        propose(mei, made.number, ticket_of(v.test_desk, made.number).version, grant())
    assert v.log(Action.DECISION_REFUSED) == [(Action.DECISION_REFUSED, Result.REFUSED, "principal_only")]
    v.check(v.send(ticket=made), made)
    propose(mei, made.number, ticket_of(v.test_desk, made.number).version, grant())
    assert ticket_of(v.test_desk, made.number).state == TicketState.CLOSED


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Asked by: a representative with written authority"), ("zh", "提出人：持书面授权的代理人")],
)
def test_the_notice_says_that_a_representative_asked_and_names_nobody(v: Verifying, language: str, words: str) -> None:
    mei = person(v.test_desk, "mei", Role.AGENT)
    made = make_ticket(
        v.test_desk, kind=TicketKind.RIGHTS, requester=v.requester, assignee=mei, language=language, verified=True
    )
    assert words not in checklist.preview_notice(mei, made.number, grant())
    see_authority(v.session, made.number, REPRESENTATIVE, "Bob Marlow showed it.")
    letter = checklist.preview_notice(mei, made.number, grant())
    assert words in letter
    assert "Marlow" not in letter
    v.check(v.send(ticket=made), made)
    propose(mei, made.number, ticket_of(v.test_desk, made.number).version, grant())
    (sent,) = notices(v.test_desk, made.number)
    keys = keys_of(v.desk, made.number)
    assert words in open_safe(keys.key, keys.place("message", "text_redacted", sent.id), sent.text_redacted)


def test_an_authority_that_comes_while_a_proposal_waits_makes_it_stale(test_desk: TestDesk) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    made = request(test_desk, mei)
    decision = propose(mei, made.number, 1, refusal("D2", test_desk.clock.now())).decision_id
    see_authority(test_desk.session("vera-lin", Role.VERIFIER), made.number, REPRESENTATIVE, NOTE)
    with pytest.raises(StaleProposal):
        approval.approve(sue, decision, PASSWORD)


# --- minors


def test_nothing_verifies_a_child_without_a_guardian(v: Verifying) -> None:
    code = v.send()
    record_age_band(v.session, v.ticket.number, CHILD)
    with pytest.raises(GuardianRequired):
        v.check(code)
    with pytest.raises(GuardianRequired):
        v.send()
    with pytest.raises(GuardianRequired):
        verify_by_note(v.session, v.ticket.number, VerificationMethod.DOCUMENTS, NOTE)
    refused = v.log(Action.CODE_CHECKED, Action.CODE_SENT, Action.VERIFIED)[1:]
    assert [(outcome, reason) for _, outcome, reason in refused] == [(Result.REFUSED, "guardian_required")] * 3
    assert status(v.session, v.ticket.number).tries_left == 3
    see_authority(v.session, v.ticket.number, GUARDIAN, NOTE)
    v.check(code)
    verify_by_note(v.session, v.ticket.number, VerificationMethod.DOCUMENTS, NOTE)
    done = [reason for _, outcome, reason in v.log(Action.VERIFIED) if outcome is Result.DONE]
    assert done == ["code, for a guardian", "documents seen, for a guardian"]


def test_a_representative_is_no_guardian(v: Verifying) -> None:
    record_age_band(v.session, v.ticket.number, CHILD)
    see_authority(v.session, v.ticket.number, REPRESENTATIVE, NOTE)
    with pytest.raises(GuardianRequired):
        v.send()


@pytest.mark.parametrize("band", [TEEN, ADULT])
def test_a_capable_minor_acts_alone(v: Verifying, band: str) -> None:
    record_age_band(v.session, v.ticket.number, band)
    v.check(v.send())
    assert status(v.session, v.ticket.number).window_until is not None


def test_no_answer_is_proposed_for_a_child_without_a_guardian(v: Verifying) -> None:
    mei = person(v.test_desk, "mei", Role.AGENT)
    made = make_ticket(v.test_desk, kind=TicketKind.RIGHTS, requester=v.requester, assignee=mei, verified=True)
    record_age_band(v.session, v.ticket.number, CHILD)  # on another ticket: the age is the requester's
    with pytest.raises(GuardianRequired):
        propose(mei, made.number, 1, grant())
    assert v.log(Action.DECISION_REFUSED) == [(Action.DECISION_REFUSED, Result.REFUSED, "guardian_required")]
    see_authority(v.session, made.number, GUARDIAN, NOTE)
    propose(mei, made.number, ticket_of(v.test_desk, made.number).version, grant())
    assert ticket_of(v.test_desk, made.number).state == TicketState.CLOSED


def test_nor_is_one_made_that_was_proposed_before_the_age_was_known(v: Verifying) -> None:
    mei, sue = person(v.test_desk, "mei", Role.AGENT), person(v.test_desk, "sue", Role.SUPERVISOR)
    made = make_ticket(v.test_desk, kind=TicketKind.RIGHTS, requester=v.requester, assignee=mei, verified=True)
    decision = propose(mei, made.number, 1, refusal("D2", v.clock.now())).decision_id
    record_age_band(v.session, v.ticket.number, CHILD)
    with pytest.raises(GuardianRequired):
        approval.approve(sue, decision, PASSWORD)
    assert ticket_of(v.test_desk, made.number).state == TicketState.IN_APPROVAL


def test_a_child_found_out_closes_the_windows_of_all_their_tickets(test_desk: TestDesk) -> None:
    vera = test_desk.session("vera-lin", Role.VERIFIER)
    requester = make_requester(test_desk, {Field.EMAIL: "alice@example.org"})
    tickets = [make_ticket(test_desk, requester=requester, verified=True) for _ in range(2)]
    record_age_band(vera, tickets[0].number, TEEN)
    assert all(status(vera, one.number).window_until for one in tickets)
    record_age_band(vera, tickets[0].number, CHILD)
    assert not any(status(vera, one.number).window_until for one in tickets)
    with test_desk.desk.database.reading() as db:
        assert all(row.closed_at == test_desk.clock.now() for row in db.scalars(select(Verification)))
