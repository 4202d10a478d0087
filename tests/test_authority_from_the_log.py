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
from cs_console.custody.holds_on_record import held_until
from cs_console.decisions import approval
from cs_console.decisions.approvers import final_decision
from cs_console.desk import Desk
from cs_console.erasure.erasure import confirm_erasure
from cs_console.erasure.holds import lift_hold, place_hold
from cs_console.errors import (
    ErasureNotProven,
    GuardianRequired,
    LogBroken,
    NotVouched,
    OwnErasure,
    OwnProposal,
    Refusal,
)
from cs_console.independence.separation import kept_out
from cs_console.verification.askers import asker_of
from cs_console.verification.authority import end_authority, record_age_band, see_authority
from cs_console.verification.linking import unlink_ticket, whose
from cs_console.verification.methods import verify_by_note
from cs_console.verification.windows import close_window
from models.columns import new_id
from models.decision import Approval, Decision
from models.enums import (
    Action,
    AuthoritySort,
    DecisionState,
    Field,
    Link,
    Result,
    Role,
    TicketKind,
    VerificationMethod,
)
from models.erasure import Erasure, Hold
from models.requester import Requester
from models.ticket import Ticket
from models.verification import Verification
from tests.access_log.tampering import hand
from tests.custody.reveals import CONTACTS, change, is_refused, mobile_of, own_ticket
from tests.decisions.cases import later, pack, person, propose, refusal, request
from tests.decisions.test_checklist import ticket_of
from tests.erasure.erasures import PASSWORD, people, proposed
from tests.settlements.settlements import about, refused
from tests.support.office import TestOffice
from tests.support.recorded import recorded
from tests.support.tickets import MadeTicket, make_ticket

PURPOSE = "reply"
NOTE = "A letter of the third of May, signed."


def may_reveal(desk: Desk, ticket: MadeTicket) -> bool:
    try:
        reveal(desk, ticket.number, mobile_of(ticket), PURPOSE)
    except NotVouched:
        return False
    return True


def now_row(test_office: TestOffice, number: int) -> int:
    return ticket_of(test_office, number).row


# --- reveals: whose ticket, and whether its requester is verified


def test_a_forged_assignment_and_window_reveal_nothing(test_office: TestOffice) -> None:
    desk = test_office.desk("mei", Role.AGENT)
    ticket = make_ticket(test_office, contacts=CONTACTS)
    now = test_office.clock.now()
    mine = update(Ticket).where(col(Ticket.number) == ticket.number).values(assignee_id=desk.agent.id, verified_at=now)
    window = Verification(
        ticket_number=ticket.number,
        requester_id=ticket.requester_id,
        method=VerificationMethod.CODE,
        agent_id=desk.agent.id,
        verified_at=now,
        window_until=now + timedelta(minutes=30),
    )
    change(test_office, mine)
    with test_office.office.database.transaction() as session:
        session.add(window)
    is_refused(test_office, desk, ticket.number, mobile_of(ticket), PURPOSE, NotVouched)


def test_a_forged_window_on_ones_own_ticket_reveals_nothing(sqlite_office: TestOffice) -> None:
    desk, ticket = own_ticket(sqlite_office, verified=False)
    now = sqlite_office.clock.now()
    with sqlite_office.office.database.transaction() as session:
        session.add(
            Verification(
                ticket_number=ticket.number,
                requester_id=ticket.requester_id,
                method=VerificationMethod.CODE,
                agent_id=desk.agent.id,
                verified_at=now,
                window_until=now + timedelta(minutes=30),
            )
        )
    is_refused(sqlite_office, desk, ticket.number, mobile_of(ticket), PURPOSE, NotVouched)


@pytest.mark.parametrize("how", ["reopened", "extended"])
def test_an_older_window_put_back_reveals_nothing(test_office: TestOffice, how: str) -> None:
    desk, ticket = own_ticket(test_office)
    assert may_reveal(desk, ticket)
    if how == "reopened":
        with test_office.office.database.transaction() as session:
            close_window(session, test_office.office, ticket.number)
        change(test_office, update(Verification).values(closed_at=None))
    else:
        until = test_office.clock.now() + timedelta(days=1)
        change(test_office, update(Verification).values(window_until=until))
        later(test_office, minutes=pack().verification.window_minutes + 1)
    is_refused(test_office, desk, ticket.number, mobile_of(ticket), PURPOSE, NotVouched)


def test_an_older_assignment_put_back_reveals_nothing(test_office: TestOffice) -> None:
    desk, ticket = own_ticket(test_office)
    test_office.desk("ben", Role.AGENT)
    verifier = test_office.desk("vic", Role.VERIFIER)
    assign(desk, ticket.number, now_row(test_office, ticket.number), "ben")
    verify_by_note(verifier, ticket.number, VerificationMethod.WRITTEN, NOTE)
    change(test_office, update(Ticket).values(assignee_id=desk.agent.id))
    is_refused(test_office, desk, ticket.number, mobile_of(ticket), PURPOSE, NotVouched)


def test_a_released_ticket_put_back_reveals_nothing(sqlite_office: TestOffice) -> None:
    desk, ticket = own_ticket(sqlite_office)
    verifier = sqlite_office.desk("vic", Role.VERIFIER)
    release(desk, ticket.number, now_row(sqlite_office, ticket.number))
    verify_by_note(verifier, ticket.number, VerificationMethod.WRITTEN, NOTE)
    change(sqlite_office, update(Ticket).values(assignee_id=desk.agent.id))
    is_refused(sqlite_office, desk, ticket.number, mobile_of(ticket), PURPOSE, NotVouched)
    change(sqlite_office, update(Ticket).values(assignee_id=None))
    claim(desk, ticket.number)
    assert may_reveal(desk, ticket)


@pytest.mark.parametrize(
    "forged",
    ["about = :about", "tag = :nothing", "seq = seq + 1000"],
)
def test_a_forged_entry_reveals_nothing(sqlite_office: TestOffice, forged: str) -> None:
    """An entry changed or moved to the end: the log is broken, and nothing is shown."""
    desk, ben = sqlite_office.desk("mei", Role.AGENT), sqlite_office.desk("ben", Role.AGENT)
    ticket = make_ticket(sqlite_office, assignee=ben, contacts=CONTACTS, verified=True)
    with hand(sqlite_office) as store:
        about = about_text(assigned(None, desk.agent.id))
        given = {"about": about, "nothing": bytes(16)}
        named = {name: value for name, value in given.items() if f":{name}" in forged}
        store.run(f"UPDATE log_entry SET {forged} WHERE action = 'ticket.created'", **named)
    change(sqlite_office, update(Ticket).values(assignee_id=desk.agent.id))
    with pytest.raises(LogBroken):
        reveal(desk, ticket.number, mobile_of(ticket), PURPOSE)


# --- decisions


def forge_approval(test_office: TestOffice, decision_id: str, by: Desk, role: Role) -> None:
    with test_office.office.database.transaction() as session:
        session.add(
            Approval(
                decision_id=decision_id,
                agent_id=by.agent.id,
                role=role,
                approved=True,
                at=test_office.clock.now(),
            )
        )


def test_a_forged_approval_makes_no_refusal_final(test_office: TestOffice) -> None:
    mei = person(test_office, "mei", Role.AGENT)
    sue, sam = (person(test_office, name, Role.SUPERVISOR) for name in ("sue", "sam"))
    pia = person(test_office, "pia", Role.PRIVACY_OFFICER)
    made = request(test_office, mei)
    proposal = refusal("S3", test_office.clock.now())  # a supervisor and a privacy officer
    decision_id = propose(mei, made.number, now_row(test_office, made.number), proposal).decision_id
    forge_approval(test_office, decision_id, pia, Role.PRIVACY_OFFICER)
    row = next(one for one in approval.waiting(sue).rows if one.decision_id == decision_id)
    assert row.said_yes == ()
    assert not approval.approve(sue, decision_id, PASSWORD).final
    forge_approval(test_office, decision_id, sam, Role.PRIVACY_OFFICER)
    assert approval.approve(pia, decision_id, PASSWORD).final, "what the log holds still counts"


@pytest.mark.parametrize("what", ["needs", "proposer", "returned"])
def test_a_proposal_that_is_not_as_the_log_holds_it_is_not_approved(sqlite_office: TestOffice, what: str) -> None:
    mei, sue = person(sqlite_office, "mei", Role.AGENT, Role.SUPERVISOR), person(sqlite_office, "sue", Role.SUPERVISOR)
    made = request(sqlite_office, mei)
    proposal = refusal("D2", sqlite_office.clock.now())
    decision_id = propose(mei, made.number, now_row(sqlite_office, made.number), proposal).decision_id
    approver = sue
    if what == "needs":
        change(sqlite_office, update(Decision).values(needs="supervisor,supervisor"))
    elif what == "proposer":
        change(sqlite_office, update(Decision).values(proposer_id=sue.agent.id))
        approver = mei
    else:
        approval.return_proposal(sue, decision_id, "Look again.")
        change(
            sqlite_office,
            update(Decision).values(state=DecisionState.PROPOSED),
            update(Ticket).where(col(Ticket.number) == made.number).values(state="in approval", row=2),
        )
    with pytest.raises((NotVouched, OwnProposal)) as refused_with:
        approval.approve(approver, decision_id, PASSWORD)
    assert refused_with.type is NotVouched
    assert recorded(sqlite_office.office, Action.DECISION_REFUSED)[-1].reason == "not_vouched"


def test_a_decision_that_no_one_made_is_not_final(sqlite_office: TestOffice) -> None:
    mei = person(sqlite_office, "mei", Role.AGENT)
    made = request(sqlite_office, mei)
    propose(mei, made.number, now_row(sqlite_office, made.number), refusal("D2", sqlite_office.clock.now()))
    now = sqlite_office.clock.now()
    change(sqlite_office, update(Decision).values(state=DecisionState.FINAL, decided_at=now))
    with sqlite_office.office.database.reading() as session:
        assert final_decision(session, sqlite_office.office, made.number) is None


def test_a_removed_row_frees_no_one_from_keeping_away(sqlite_office: TestOffice) -> None:
    case = refused(sqlite_office)
    number = about(sqlite_office, case, TicketKind.APPEAL)

    def out() -> frozenset[str]:
        with sqlite_office.office.database.reading() as session:
            return kept_out(session, sqlite_office.office, number)

    assert {case.mei.agent.id, case.sue.agent.id} <= out()
    change(sqlite_office, text("DELETE FROM approval"), text("DELETE FROM matter"), text("DELETE FROM decision"))
    assert {case.mei.agent.id, case.sue.agent.id} <= out()


# --- holds and erasures


def held(test_office: TestOffice, owner: str) -> bool:
    now = test_office.clock.now()
    with test_office.office.database.reading() as session:
        return owner in held_until(session, test_office.office, [owner], now)


@pytest.mark.parametrize("forged", ["lifted", "earlier", "gone"])
def test_a_hold_is_lifted_only_as_the_log_says(test_office: TestOffice, forged: str) -> None:
    pia = person(test_office, "pia", Role.PRIVACY_OFFICER)
    ticket = make_ticket(test_office)
    place_hold(pia, ticket.number, "court", "Order 17", (test_office.clock.now() + timedelta(days=10)).date())
    match forged:
        case "lifted":
            now = test_office.clock.now()
            change(test_office, update(Hold).values(lifted_at=now, lifted_by=pia.agent.id))
        case "earlier":
            change(test_office, update(Hold).values(until=test_office.clock.now() - timedelta(days=1)))
        case _:
            change(test_office, delete(Hold))
    assert held(test_office, ticket.requester_id)


def test_a_hold_that_was_lifted_or_never_placed_holds_nothing(sqlite_office: TestOffice) -> None:
    pia = person(sqlite_office, "pia", Role.PRIVACY_OFFICER)
    ticket = make_ticket(sqlite_office)
    until = sqlite_office.clock.now() + timedelta(days=10)
    place_hold(pia, ticket.number, "court", "Order 17", until.date())
    with sqlite_office.office.database.reading() as session:
        hold_id = session.connection().execute(select(col(Hold.id))).scalar_one()
    lift_hold(pia, hold_id)
    assert not held(sqlite_office, ticket.requester_id)
    change(sqlite_office, update(Hold).values(lifted_at=None, lifted_by=None))
    assert not held(sqlite_office, ticket.requester_id), "a lifted hold put back"
    with sqlite_office.office.database.transaction() as session:
        kept = session.get_one(Hold, hold_id)
        forged = kept.model_dump() | {"id": new_id()}
        session.add(Hold(**forged))
    assert not held(sqlite_office, ticket.requester_id)


def test_an_erasure_rests_on_two_people_that_the_log_names(sqlite_office: TestOffice) -> None:
    who = people(sqlite_office)
    _, erasure_id = proposed(sqlite_office, who)
    change(sqlite_office, update(Erasure).values(proposer_id=who.mei.agent.id))
    change(sqlite_office, update(Erasure).values(proposer_id=who.ines.agent.id))
    with pytest.raises((NotVouched, OwnErasure)) as not_his:
        confirm_erasure(who.omar, erasure_id, PASSWORD)
    assert not_his.type is NotVouched
    now = sqlite_office.clock.now()
    change(
        sqlite_office,
        update(Erasure).values(
            proposer_id=who.mei.agent.id, approver_id=who.omar.agent.id, approved_at=now, state="approved"
        ),
    )
    with sqlite_office.office.database.reading() as session, pytest.raises(NotVouched):
        require_approved(session, sqlite_office.office, session.get_one(Erasure, erasure_id))
    change(sqlite_office, update(Erasure).values(approver_id=None, approved_at=None, state="proposed"))
    assert confirm_erasure(who.omar, erasure_id, PASSWORD).erased
    with sqlite_office.office.database.reading() as session:
        require_approved(session, sqlite_office.office, session.get_one(Erasure, erasure_id))


def test_a_forged_confirmation_erases_no_one(sqlite_office: TestOffice) -> None:
    """Not when a hold ends either: only the row says that anyone confirmed it."""
    who = people(sqlite_office)
    ticket, _ = proposed(sqlite_office, who)
    now = sqlite_office.clock.now()
    change(sqlite_office, update(Erasure).values(approver_id=who.omar.agent.id, approved_at=now, state="held"))
    with pytest.raises(ErasureNotProven):
        finish_all(sqlite_office.office)
    assert sqlite_office.office.keyring.key(ticket.requester_id)
    assert Action.REQUESTER_ERASED not in {one.action for one in recorded(sqlite_office.office)}


# --- who asks


def asks(test_office: TestOffice, ticket: MadeTicket) -> Refusal | None:
    office = test_office.office
    with office.database.reading() as session:
        asker = asker_of(session, office, office.packs.current, ticket.number, ticket.requester_id)
    return asker.refusal(VerificationMethod.CODE)


def test_an_age_band_put_back_removes_no_guardian(test_office: TestOffice) -> None:
    verifier = test_office.desk("vic", Role.VERIFIER)
    ticket = make_ticket(test_office)
    with test_office.office.database.reading() as session:
        unknown = session.get_one(Requester, ticket.requester_id).age_band
    record_age_band(verifier, ticket.number, "adult")
    with test_office.office.database.reading() as session:
        adult = session.get_one(Requester, ticket.requester_id).age_band
    record_age_band(verifier, ticket.number, "under-14")
    assert isinstance(asks(test_office, ticket), GuardianRequired)
    for put_back in (adult, unknown):
        change(test_office, update(Requester).values(age_band=put_back))
        assert isinstance(asks(test_office, ticket), NotVouched)
        with pytest.raises(NotVouched):
            verify_by_note(verifier, ticket.number, VerificationMethod.WRITTEN, NOTE)
    record_age_band(verifier, ticket.number, "under-14")
    assert isinstance(asks(test_office, ticket), GuardianRequired)


def test_a_representative_is_not_ended_by_a_row(sqlite_office: TestOffice) -> None:
    verifier = sqlite_office.desk("vic", Role.VERIFIER)
    ticket = make_ticket(sqlite_office)
    see_authority(verifier, ticket.number, AuthoritySort.REPRESENTATIVE, "A power of attorney.")
    change(sqlite_office, text("UPDATE authority SET ended_at = at"))

    def by_note() -> Refusal | None:
        office = sqlite_office.office
        with office.database.reading() as session:
            asker = asker_of(session, office, office.packs.current, ticket.number, ticket.requester_id)
        return asker.refusal(VerificationMethod.WRITTEN)

    assert by_note() is not None
    end_authority(verifier, ticket.number)
    change(sqlite_office, text("UPDATE authority SET ended_at = NULL"))
    assert by_note() is None


# --- whose a ticket is, and what becomes of its contacts


def link_of_view(desk: Desk, number: int) -> Link:
    return open_ticket(desk, number).link


def test_only_the_row_says_that_a_ticket_is_proven(test_office: TestOffice) -> None:
    desk, verifier = test_office.desk("mei", Role.AGENT), test_office.desk("vic", Role.VERIFIER)
    ticket = make_ticket(test_office, assignee=desk, contacts=CONTACTS)
    assert link_of_view(desk, ticket.number) is Link.PRESUMED
    change(test_office, update(Ticket).values(link=Link.PROVEN))
    assert link_of_view(desk, ticket.number) is Link.PRESUMED
    assert whose(verifier, ticket.number).link is Link.PRESUMED
    verify_by_note(verifier, ticket.number, VerificationMethod.WRITTEN, NOTE)
    assert link_of_view(desk, ticket.number) is Link.PROVEN


def test_a_link_that_was_taken_back_is_not_put_back_by_a_row(test_office: TestOffice) -> None:
    desk, verifier = test_office.desk("mei", Role.AGENT), test_office.desk("vic", Role.VERIFIER)
    ticket = make_ticket(test_office, assignee=desk, contacts=CONTACTS, verified=True)
    assert link_of_view(desk, ticket.number) is Link.PROVEN
    unlink_ticket(verifier, ticket.number, now_row(test_office, ticket.number), "It was their brother's.")
    change(test_office, update(Ticket).values(link=Link.PROVEN))
    assert link_of_view(desk, ticket.number) is Link.NONE
    verify_by_note(verifier, ticket.number, VerificationMethod.WRITTEN, NOTE)
    assert link_of_view(desk, ticket.number) is Link.NONE, "to verify someone makes no account theirs"


@pytest.mark.parametrize("forged", ["assignment", "window"])
def test_no_forged_row_changes_a_contact(test_office: TestOffice, forged: str) -> None:
    desk, ben = test_office.desk("mei", Role.AGENT), test_office.desk("ben", Role.AGENT)
    owner = ben if forged == "assignment" else desk
    ticket = make_ticket(test_office, assignee=owner, contacts=CONTACTS, verified=True)
    if forged == "assignment":
        change(test_office, update(Ticket).values(assignee_id=desk.agent.id))
    else:
        with test_office.office.database.transaction() as session:
            close_window(session, test_office.office, ticket.number)
        change(test_office, update(Verification).values(closed_at=None))
    with pytest.raises(NotVouched):
        change_contact(desk, ticket.number, None, Field.EMAIL, "mallory@example.org")
    [refused] = recorded(test_office.office, Action.CONTACT_CHANGED)
    assert (refused.outcome, refused.reason, refused.ticket) == (Result.REFUSED, "not_vouched", ticket.number)


# --- what older desks wrote


def as_older_desks_wrote(test_office: TestOffice, action: Action, actor: str, reason: str, **more: Any) -> None:
    """Append an entry as it was before entries had `about`."""
    with test_office.office.database.transaction() as session:
        entry = Entry(action, reason=reason, **more)
        appending.append(session, test_office.office, Actor(actor, "", "", "h"), entry, test_office.clock.now())


def test_what_an_older_desk_recorded_still_counts_and_cannot_be_forged(test_office: TestOffice) -> None:
    mei, ben = test_office.desk("mei", Role.AGENT), test_office.desk("ben", Role.AGENT)
    ticket = make_ticket(test_office, contacts=CONTACTS, on_record=False)
    now, number = test_office.clock.now(), ticket.number
    window = Verification(
        ticket_number=number,
        requester_id=ticket.requester_id,
        method=VerificationMethod.WRITTEN,
        agent_id=mei.agent.id,
        verified_at=now,
        window_until=now + timedelta(minutes=pack().verification.window_minutes),
    )
    with test_office.office.database.transaction() as session:
        session.add(window)
        session.flush()
        window_id = window.id
    as_older_desks_wrote(test_office, Action.TICKET_CLAIMED, "mei", "claimed", ticket=number)
    as_older_desks_wrote(test_office, Action.VERIFIED, "vera", "code", ticket=number, verification=window_id[:16])
    mine = update(Ticket).where(col(Ticket.number) == number)
    change(test_office, mine.values(assignee_id=mei.agent.id))
    assert may_reveal(mei, ticket)
    as_older_desks_wrote(test_office, Action.TICKET_CHANGED, "sue", "assignee mei -> ben", ticket=number)
    assert not may_reveal(mei, ticket)
    change(test_office, mine.values(assignee_id=ben.agent.id))
    assert may_reveal(ben, ticket)
    change(test_office, update(Verification).values(window_until=now + timedelta(days=1)))
    as_older_desks_wrote(test_office, Action.WINDOW_CLOSED, "sue", "x", ticket=number, verification=window_id[:16])
    assert not may_reveal(ben, ticket)


# --- sentences


def test_no_rule_reads_a_sentence(sqlite_office: TestOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sentence says something else, even what older desks said of other acts: nothing turns out differently."""
    written = appending.WrittenDown.__init__
    said = iter(["follow-up received", "assignee ben -> mei", "released by mei, was ben's", "until 2020-01-01"] * 500)

    def other_words(self: Any, office: Any, actor: Any, entry: Entry, at: Any) -> None:
        done = entry.outcome is Result.DONE
        written(self, office, actor, replace(entry, reason=next(said)) if done else entry, at)

    monkeypatch.setattr(appending.WrittenDown, "__init__", other_words)
    case = refused(sqlite_office)
    number = about(sqlite_office, case, TicketKind.APPEAL)
    with sqlite_office.office.database.reading() as session:
        out = kept_out(session, sqlite_office.office, number)
        assert final_decision(session, sqlite_office.office, case.number) is not None
    assert out == {case.mei.agent.id, case.sue.agent.id}
    claim(case.ben, number)
    ticket = make_ticket(sqlite_office, assignee=case.ben, contacts=CONTACTS, verified=True)
    assert may_reveal(case.ben, ticket)
    place_hold(case.pia, ticket.number, "court", "Order 17", (sqlite_office.clock.now() + timedelta(days=10)).date())
    assert held(sqlite_office, ticket.requester_id)
