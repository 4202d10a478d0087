"""Invariant 12: an approval, a verification, an assignment, a hold or an age counts only if the log holds its entry.

The attacker writes to the database as its owner could, and has no keys. Invariant 11: no rule reads a sentence.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlmodel import col

from cs_console.access_log import append as appending
from cs_console.access_log.append import about_text
from cs_console.access_log.entry import Actor, Entry
from cs_console.access_log.vouched import assigned
from cs_console.casework.contacts import change_contact
from cs_console.casework.conversation import open_ticket
from cs_console.casework.workflow import assign, claim, release
from cs_console.custody.disclosure import reveal
from cs_console.custody.erasing import finish_all
from cs_console.custody.erasure_authority import require_approved
from cs_console.decisions import approval
from cs_console.decisions.approvers import final_decision
from cs_console.desk import DeskSession
from cs_console.erasure.erasure import confirm_erasure
from cs_console.erasure.holds import lift_hold, place_hold
from cs_console.errors import (
    ConsoleError,
    ErasureNotProven,
    GuardianRequired,
    LogBroken,
    NotVouched,
    OwnErasure,
    OwnProposal,
)
from cs_console.independence.separation import excluded_agents
from cs_console.verification.askers import asker_of
from cs_console.verification.authority import end_authority, record_age_band, see_authority
from cs_console.verification.linking import unlink_ticket, whose
from cs_console.verification.methods import verify_by_note
from cs_console.verification.windows import close_window
from models.columns import new_id
from models.contact_fields import Field
from models.decision import Approval, Decision
from models.enums import Action, AuthoritySort, DecisionState, Link, Result, TicketKind, VerificationMethod
from models.erasure import Erasure, Hold
from models.requester import Requester
from models.roles import Role
from models.ticket import Ticket
from models.verification import Verification
from tests.access_log.tampering import hand
from tests.custody.reveals import CONTACTS, change, is_refused, mobile_of, own_ticket
from tests.decisions.cases import later, pack, person, propose, refusal, request
from tests.erasure.erasures import PASSWORD, people, proposed
from tests.settlements.settlements import about, refused
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import held, row_of
from tests.support.tickets import MadeTicket, make_ticket

PURPOSE = "reply"
NOTE = "A letter of the third of May, signed."


def may_reveal(session: DeskSession, ticket: MadeTicket) -> bool:
    try:
        reveal(session, ticket.number, mobile_of(ticket), PURPOSE)
    except NotVouched:
        return False
    return True


# --- reveals: whose ticket, and whether its requester is verified


@pytest.mark.core
def test_a_forged_assignment_and_window_reveal_nothing(test_desk: TestDesk) -> None:
    session = test_desk.session("mei", Role.AGENT)
    ticket = make_ticket(test_desk, contacts=CONTACTS)
    now = test_desk.clock.now()
    mine = (
        update(Ticket).where(col(Ticket.number) == ticket.number).values(assignee_id=session.agent.id, verified_at=now)
    )
    window = Verification(
        ticket_number=ticket.number,
        requester_id=ticket.requester_id,
        method=VerificationMethod.CODE,
        agent_id=session.agent.id,
        verified_at=now,
        window_until=now + timedelta(minutes=30),
    )
    change(test_desk, mine)
    with test_desk.desk.database.transaction() as db:
        db.add(window)
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), PURPOSE, NotVouched)


def test_a_forged_window_on_ones_own_ticket_reveals_nothing(sqlite_desk: TestDesk) -> None:
    session, ticket = own_ticket(sqlite_desk, verified=False)
    now = sqlite_desk.clock.now()
    with sqlite_desk.desk.database.transaction() as db:
        db.add(
            Verification(
                ticket_number=ticket.number,
                requester_id=ticket.requester_id,
                method=VerificationMethod.CODE,
                agent_id=session.agent.id,
                verified_at=now,
                window_until=now + timedelta(minutes=30),
            )
        )
    is_refused(sqlite_desk, session, ticket.number, mobile_of(ticket), PURPOSE, NotVouched)


@pytest.mark.parametrize("how", ["reopened", "extended"])
def test_an_older_window_put_back_reveals_nothing(test_desk: TestDesk, how: str) -> None:
    session, ticket = own_ticket(test_desk)
    assert may_reveal(session, ticket)
    if how == "reopened":
        with test_desk.desk.database.transaction() as db:
            close_window(db, test_desk.desk, ticket.number)
        change(test_desk, update(Verification).values(closed_at=None))
    else:
        until = test_desk.clock.now() + timedelta(days=1)
        change(test_desk, update(Verification).values(window_until=until))
        later(test_desk, minutes=pack().verification.window_minutes + 1)
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), PURPOSE, NotVouched)


def test_an_older_assignment_put_back_reveals_nothing(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk)
    test_desk.session("ben", Role.AGENT)
    verifier = test_desk.session("vic", Role.VERIFIER)
    assign(session, ticket.number, row_of(test_desk, ticket.number), "ben")
    verify_by_note(verifier, ticket.number, VerificationMethod.WRITTEN, NOTE)
    change(test_desk, update(Ticket).values(assignee_id=session.agent.id))
    is_refused(test_desk, session, ticket.number, mobile_of(ticket), PURPOSE, NotVouched)


def test_a_released_ticket_put_back_reveals_nothing(sqlite_desk: TestDesk) -> None:
    session, ticket = own_ticket(sqlite_desk)
    verifier = sqlite_desk.session("vic", Role.VERIFIER)
    release(session, ticket.number, row_of(sqlite_desk, ticket.number))
    verify_by_note(verifier, ticket.number, VerificationMethod.WRITTEN, NOTE)
    change(sqlite_desk, update(Ticket).values(assignee_id=session.agent.id))
    is_refused(sqlite_desk, session, ticket.number, mobile_of(ticket), PURPOSE, NotVouched)
    change(sqlite_desk, update(Ticket).values(assignee_id=None))
    claim(session, ticket.number)
    assert may_reveal(session, ticket)


@pytest.mark.parametrize(
    "forged",
    ["about = :about", "tag = :nothing", "seq = seq + 1000"],
)
def test_a_forged_entry_reveals_nothing(sqlite_desk: TestDesk, forged: str) -> None:
    """An entry changed or moved to the end: the log is broken, and nothing is shown."""
    session, ben = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("ben", Role.AGENT)
    ticket = make_ticket(sqlite_desk, assignee=ben, contacts=CONTACTS, verified=True)
    with hand(sqlite_desk) as store:
        about = about_text(assigned(None, session.agent.id))
        given = {"about": about, "nothing": bytes(16)}
        named = {name: value for name, value in given.items() if f":{name}" in forged}
        store.run(f"UPDATE log_entry SET {forged} WHERE action = 'ticket.created'", **named)
    change(sqlite_desk, update(Ticket).values(assignee_id=session.agent.id))
    with pytest.raises(LogBroken):
        reveal(session, ticket.number, mobile_of(ticket), PURPOSE)


# --- decisions


def forge_approval(test_desk: TestDesk, decision_id: str, by: DeskSession, role: Role) -> None:
    with test_desk.desk.database.transaction() as db:
        db.add(
            Approval(
                decision_id=decision_id,
                agent_id=by.agent.id,
                role=role,
                approved=True,
                at=test_desk.clock.now(),
            )
        )


def test_a_forged_approval_makes_no_refusal_final(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    sue, sam = (person(test_desk, name, Role.SUPERVISOR) for name in ("sue", "sam"))
    pia = person(test_desk, "pia", Role.PRIVACY_OFFICER)
    made = request(test_desk, mei)
    proposal = refusal("S3", test_desk.clock.now())  # a supervisor and a privacy officer
    decision_id = propose(mei, made.number, row_of(test_desk, made.number), proposal).decision_id
    forge_approval(test_desk, decision_id, pia, Role.PRIVACY_OFFICER)
    row = next(one for one in approval.waiting(sue).rows if one.decision_id == decision_id)
    assert row.approvals_given == ()
    assert not approval.approve(sue, decision_id, PASSWORD).final
    forge_approval(test_desk, decision_id, sam, Role.PRIVACY_OFFICER)
    assert approval.approve(pia, decision_id, PASSWORD).final, "what the log holds still counts"


@pytest.mark.parametrize("what", ["needs", "proposer", "returned"])
def test_a_proposal_that_is_not_as_the_log_holds_it_is_not_approved(sqlite_desk: TestDesk, what: str) -> None:
    mei, sue = person(sqlite_desk, "mei", Role.AGENT, Role.SUPERVISOR), person(sqlite_desk, "sue", Role.SUPERVISOR)
    made = request(sqlite_desk, mei)
    proposal = refusal("D2", sqlite_desk.clock.now())
    decision_id = propose(mei, made.number, row_of(sqlite_desk, made.number), proposal).decision_id
    approver = sue
    if what == "needs":
        change(sqlite_desk, update(Decision).values(needs="supervisor,supervisor"))
    elif what == "proposer":
        change(sqlite_desk, update(Decision).values(proposer_id=sue.agent.id))
        approver = mei
    else:
        approval.return_proposal(sue, decision_id, "Look again.")
        change(
            sqlite_desk,
            update(Decision).values(state=DecisionState.PROPOSED),
            update(Ticket).where(col(Ticket.number) == made.number).values(state="in approval", version=2),
        )
    with pytest.raises((NotVouched, OwnProposal)) as refused_with:
        approval.approve(approver, decision_id, PASSWORD)
    assert refused_with.type is NotVouched
    assert recorded(sqlite_desk.desk, Action.DECISION_REFUSED)[-1].reason == "not_vouched"


def test_a_decision_that_no_one_made_is_not_final(sqlite_desk: TestDesk) -> None:
    mei = person(sqlite_desk, "mei", Role.AGENT)
    made = request(sqlite_desk, mei)
    propose(mei, made.number, row_of(sqlite_desk, made.number), refusal("D2", sqlite_desk.clock.now()))
    now = sqlite_desk.clock.now()
    change(sqlite_desk, update(Decision).values(state=DecisionState.FINAL, decided_at=now))
    with sqlite_desk.desk.database.reading() as db:
        assert final_decision(db, sqlite_desk.desk, made.number) is None


def test_a_removed_row_frees_no_one_from_keeping_away(sqlite_desk: TestDesk) -> None:
    case = refused(sqlite_desk)
    number = about(sqlite_desk, case, TicketKind.APPEAL)

    def out() -> frozenset[str]:
        with sqlite_desk.desk.database.reading() as db:
            return excluded_agents(db, sqlite_desk.desk, number)

    assert {case.mei.agent.id, case.sue.agent.id} <= out()
    change(sqlite_desk, text("DELETE FROM approval"), text("DELETE FROM matter"), text("DELETE FROM decision"))
    assert {case.mei.agent.id, case.sue.agent.id} <= out()


# --- holds and erasures


@pytest.mark.parametrize("forged", ["lifted", "earlier", "gone"])
def test_a_hold_is_lifted_only_as_the_log_says(test_desk: TestDesk, forged: str) -> None:
    pia = person(test_desk, "pia", Role.PRIVACY_OFFICER)
    ticket = make_ticket(test_desk)
    place_hold(pia, ticket.number, "court", "Order 17", (test_desk.clock.now() + timedelta(days=10)).date())
    match forged:
        case "lifted":
            now = test_desk.clock.now()
            change(test_desk, update(Hold).values(lifted_at=now, lifted_by=pia.agent.id))
        case "earlier":
            change(test_desk, update(Hold).values(until=test_desk.clock.now() - timedelta(days=1)))
        case _:
            change(test_desk, delete(Hold))
    assert held(test_desk, ticket.requester_id)


def test_a_hold_that_was_lifted_or_never_placed_holds_nothing(sqlite_desk: TestDesk) -> None:
    pia = person(sqlite_desk, "pia", Role.PRIVACY_OFFICER)
    ticket = make_ticket(sqlite_desk)
    until = sqlite_desk.clock.now() + timedelta(days=10)
    place_hold(pia, ticket.number, "court", "Order 17", until.date())
    with sqlite_desk.desk.database.reading() as db:
        hold_id = db.connection().execute(select(col(Hold.id))).scalar_one()
    lift_hold(pia, hold_id)
    assert not held(sqlite_desk, ticket.requester_id)
    change(sqlite_desk, update(Hold).values(lifted_at=None, lifted_by=None))
    assert not held(sqlite_desk, ticket.requester_id), "a lifted hold put back"
    with sqlite_desk.desk.database.transaction() as db:
        kept = db.get_one(Hold, hold_id)
        forged = kept.model_dump() | {"id": new_id()}
        db.add(Hold(**forged))
    assert not held(sqlite_desk, ticket.requester_id)


def test_an_erasure_rests_on_two_people_that_the_log_names(sqlite_desk: TestDesk) -> None:
    who = people(sqlite_desk)
    _, erasure_id = proposed(sqlite_desk, who)
    change(sqlite_desk, update(Erasure).values(proposer_id=who.mei.agent.id))
    change(sqlite_desk, update(Erasure).values(proposer_id=who.ines.agent.id))
    with pytest.raises((NotVouched, OwnErasure)) as not_his:
        confirm_erasure(who.omar, erasure_id, PASSWORD)
    assert not_his.type is NotVouched
    now = sqlite_desk.clock.now()
    change(
        sqlite_desk,
        update(Erasure).values(
            proposer_id=who.mei.agent.id, approver_id=who.omar.agent.id, approved_at=now, state="approved"
        ),
    )
    with sqlite_desk.desk.database.reading() as db, pytest.raises(NotVouched):
        require_approved(db, sqlite_desk.desk, db.get_one(Erasure, erasure_id))
    change(sqlite_desk, update(Erasure).values(approver_id=None, approved_at=None, state="proposed"))
    assert confirm_erasure(who.omar, erasure_id, PASSWORD).erased
    with sqlite_desk.desk.database.reading() as db:
        require_approved(db, sqlite_desk.desk, db.get_one(Erasure, erasure_id))


def test_a_forged_confirmation_erases_no_one(sqlite_desk: TestDesk) -> None:
    """Not when a hold ends either: only the row says that anyone confirmed it."""
    who = people(sqlite_desk)
    ticket, _ = proposed(sqlite_desk, who)
    now = sqlite_desk.clock.now()
    change(sqlite_desk, update(Erasure).values(approver_id=who.omar.agent.id, approved_at=now, state="held"))
    with pytest.raises(ErasureNotProven):
        finish_all(sqlite_desk.desk)
    assert sqlite_desk.desk.keyring.key(ticket.requester_id)
    assert Action.REQUESTER_ERASED not in {one.action for one in recorded(sqlite_desk.desk)}


# --- who asks


def asks(test_desk: TestDesk, ticket: MadeTicket) -> ConsoleError | None:
    desk = test_desk.desk
    with desk.database.reading() as db:
        asker = asker_of(db, desk, desk.packs.current, ticket.number, ticket.requester_id)
    return asker.refusal(VerificationMethod.CODE)


def test_an_age_band_put_back_removes_no_guardian(test_desk: TestDesk) -> None:
    verifier = test_desk.session("vic", Role.VERIFIER)
    ticket = make_ticket(test_desk)
    with test_desk.desk.database.reading() as db:
        unknown = db.get_one(Requester, ticket.requester_id).age_band
    record_age_band(verifier, ticket.number, "adult")
    with test_desk.desk.database.reading() as db:
        adult = db.get_one(Requester, ticket.requester_id).age_band
    record_age_band(verifier, ticket.number, "under-14")
    assert isinstance(asks(test_desk, ticket), GuardianRequired)
    for put_back in (adult, unknown):
        change(test_desk, update(Requester).values(age_band=put_back))
        assert isinstance(asks(test_desk, ticket), NotVouched)
        with pytest.raises(NotVouched):
            verify_by_note(verifier, ticket.number, VerificationMethod.WRITTEN, NOTE)
    record_age_band(verifier, ticket.number, "under-14")
    assert isinstance(asks(test_desk, ticket), GuardianRequired)


def test_a_representative_is_not_ended_by_a_row(sqlite_desk: TestDesk) -> None:
    verifier = sqlite_desk.session("vic", Role.VERIFIER)
    ticket = make_ticket(sqlite_desk)
    see_authority(verifier, ticket.number, AuthoritySort.REPRESENTATIVE, "A power of attorney.")
    change(sqlite_desk, text("UPDATE authority SET ended_at = at"))

    def by_note() -> ConsoleError | None:
        desk = sqlite_desk.desk
        with desk.database.reading() as db:
            asker = asker_of(db, desk, desk.packs.current, ticket.number, ticket.requester_id)
        return asker.refusal(VerificationMethod.WRITTEN)

    assert by_note() is not None
    end_authority(verifier, ticket.number)
    change(sqlite_desk, text("UPDATE authority SET ended_at = NULL"))
    assert by_note() is None


# --- whose a ticket is, and what becomes of its contacts


def link_of_view(session: DeskSession, number: int) -> Link:
    return open_ticket(session, number).link


def test_only_the_row_says_that_a_ticket_is_proven(test_desk: TestDesk) -> None:
    session, verifier = test_desk.session("mei", Role.AGENT), test_desk.session("vic", Role.VERIFIER)
    ticket = make_ticket(test_desk, assignee=session, contacts=CONTACTS)
    assert link_of_view(session, ticket.number) is Link.PRESUMED
    change(test_desk, update(Ticket).values(link=Link.PROVEN))
    assert link_of_view(session, ticket.number) is Link.PRESUMED
    assert whose(verifier, ticket.number).link is Link.PRESUMED
    verify_by_note(verifier, ticket.number, VerificationMethod.WRITTEN, NOTE)
    assert link_of_view(session, ticket.number) is Link.PROVEN


def test_a_link_that_was_taken_back_is_not_put_back_by_a_row(test_desk: TestDesk) -> None:
    session, verifier = test_desk.session("mei", Role.AGENT), test_desk.session("vic", Role.VERIFIER)
    ticket = make_ticket(test_desk, assignee=session, contacts=CONTACTS, verified=True)
    assert link_of_view(session, ticket.number) is Link.PROVEN
    unlink_ticket(verifier, ticket.number, row_of(test_desk, ticket.number), "It was their brother's.")
    change(test_desk, update(Ticket).values(link=Link.PROVEN))
    assert link_of_view(session, ticket.number) is Link.NONE
    verify_by_note(verifier, ticket.number, VerificationMethod.WRITTEN, NOTE)
    assert link_of_view(session, ticket.number) is Link.NONE, "to verify someone makes no account theirs"


@pytest.mark.parametrize("forged", ["assignment", "window"])
def test_no_forged_row_changes_a_contact(test_desk: TestDesk, forged: str) -> None:
    session, ben = test_desk.session("mei", Role.AGENT), test_desk.session("ben", Role.AGENT)
    owner = ben if forged == "assignment" else session
    ticket = make_ticket(test_desk, assignee=owner, contacts=CONTACTS, verified=True)
    if forged == "assignment":
        change(test_desk, update(Ticket).values(assignee_id=session.agent.id))
    else:
        with test_desk.desk.database.transaction() as db:
            close_window(db, test_desk.desk, ticket.number)
        change(test_desk, update(Verification).values(closed_at=None))
    with pytest.raises(NotVouched):
        change_contact(session, ticket.number, None, Field.EMAIL, "mallory@example.org")
    [refused] = recorded(test_desk.desk, Action.CONTACT_CHANGED)
    assert (refused.outcome, refused.reason, refused.ticket) == (Result.REFUSED, "not_vouched", ticket.number)


# --- what older desks wrote


def as_older_desks_wrote(test_desk: TestDesk, action: Action, actor: str, reason: str, **more: Any) -> None:
    """Append an entry as it was before entries had `about`."""
    with test_desk.desk.database.transaction() as db:
        entry = Entry(action, reason=reason, **more)
        appending.append(db, test_desk.desk, Actor(actor, "", "", "h"), entry, test_desk.clock.now())


def test_what_an_older_desk_recorded_still_counts_and_cannot_be_forged(test_desk: TestDesk) -> None:
    mei, ben = test_desk.session("mei", Role.AGENT), test_desk.session("ben", Role.AGENT)
    ticket = make_ticket(test_desk, contacts=CONTACTS, on_record=False)
    now, number = test_desk.clock.now(), ticket.number
    window = Verification(
        ticket_number=number,
        requester_id=ticket.requester_id,
        method=VerificationMethod.WRITTEN,
        agent_id=mei.agent.id,
        verified_at=now,
        window_until=now + timedelta(minutes=pack().verification.window_minutes),
    )
    with test_desk.desk.database.transaction() as db:
        db.add(window)
        db.flush()
        window_id = window.id
    as_older_desks_wrote(test_desk, Action.TICKET_CLAIMED, "mei", "claimed", ticket=number)
    as_older_desks_wrote(test_desk, Action.VERIFIED, "vera", "code", ticket=number, verification=window_id[:16])
    mine = update(Ticket).where(col(Ticket.number) == number)
    change(test_desk, mine.values(assignee_id=mei.agent.id))
    assert may_reveal(mei, ticket)
    as_older_desks_wrote(test_desk, Action.TICKET_CHANGED, "sue", "assignee mei -> ben", ticket=number)
    assert not may_reveal(mei, ticket)
    change(test_desk, mine.values(assignee_id=ben.agent.id))
    assert may_reveal(ben, ticket)
    change(test_desk, update(Verification).values(window_until=now + timedelta(days=1)))
    as_older_desks_wrote(test_desk, Action.WINDOW_CLOSED, "sue", "x", ticket=number, verification=window_id[:16])
    assert not may_reveal(ben, ticket)


# --- sentences


def test_no_rule_reads_a_sentence(sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sentence says something else, even what older desks said of other acts: nothing turns out differently."""
    written = appending.PreparedEntry.__init__
    said = iter(["follow-up received", "assignee ben -> mei", "released by mei, was ben's", "until 2020-01-01"] * 500)

    def other_words(self: Any, desk: Any, actor: Any, entry: Entry, at: Any) -> None:
        done = entry.outcome is Result.DONE
        written(self, desk, actor, replace(entry, reason=next(said)) if done else entry, at)

    monkeypatch.setattr(appending.PreparedEntry, "__init__", other_words)
    case = refused(sqlite_desk)
    number = about(sqlite_desk, case, TicketKind.APPEAL)
    with sqlite_desk.desk.database.reading() as db:
        out = excluded_agents(db, sqlite_desk.desk, number)
        assert final_decision(db, sqlite_desk.desk, case.number) is not None
    assert out == {case.mei.agent.id, case.sue.agent.id}
    claim(case.ben, number)
    ticket = make_ticket(sqlite_desk, assignee=case.ben, contacts=CONTACTS, verified=True)
    assert may_reveal(case.ben, ticket)
    place_hold(case.pia, ticket.number, "court", "Order 17", (sqlite_desk.clock.now() + timedelta(days=10)).date())
    assert held(sqlite_desk, ticket.requester_id)
