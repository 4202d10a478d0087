"""Proposing: whose ticket, in which state, with what kept and what forgotten."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from cs_console.casework import conversation
from cs_console.custody.drafts import save_draft
from cs_console.custody.safe_views import open_typed
from cs_console.decisions import approval, checklist
from cs_console.decisions.approval_queue import last_decision
from cs_console.errors import (
    ChangedElsewhere,
    ChecklistIncomplete,
    FeeUnreasonable,
    GroundKind,
    NotAllowed,
    NotAssigned,
    NoticeIncomplete,
    NotVerified,
    NoUndertaking,
    WrongList,
    WrongState,
)
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Action, Channel, DecisionState, DeliveryState, Outcome, TicketKind, TicketState
from models.roles import Role
from models.verification import Verification
from tests.decisions.cases import (
    PASSWORD,
    answered,
    earlier_request,
    fee,
    finding,
    grant,
    pack,
    partial,
    person,
    propose,
    refusal,
    request,
)
from tests.support.desk import TestDesk
from tests.support.drafts import load_draft
from tests.support.rows import actions, decision_of, notices, ticket_of
from tests.support.stored import keys_of
from tests.support.tickets import make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def test_a_refusal_waits_in_approval_and_is_kept_sealed(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = request(test_desk, mei)
    assert last_decision(mei, made.number) is None
    decision_id = propose(mei, made.number, 1, refusal("D2", test_desk.clock.now())).decision_id
    decision, ticket = decision_of(test_desk, decision_id), ticket_of(test_desk, made.number)
    assert (ticket.state, ticket.version, decision.ticket_version) == (TicketState.IN_APPROVAL, 2, 2)
    assert (decision.state, decision.needs, decision.legal_review) == (DecisionState.PROPOSED, "supervisor", False)
    assert b"considered" not in decision.answers
    assert actions(test_desk)[1:] == [
        (Action.ASKED_RECORDED, "done", "what is asked: delete"),
        (Action.DECISION_PROPOSED, "done", "refuse"),
    ]


def test_a_plain_grant_is_made_and_sent_at_once(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = request(test_desk, mei)
    decision_id = propose(mei, made.number, 1, grant("e-mail", "account")).decision_id
    decision, ticket = decision_of(test_desk, decision_id), ticket_of(test_desk, made.number)
    assert (decision.state, decision.needs, decision.review_at) == (DecisionState.FINAL, "", None)
    assert ticket.state == TicketState.CLOSED
    assert ticket.closed_at == ticket.first_response_at == test_desk.clock.now()
    [message] = notices(test_desk, made.number)
    assert message.delivery == DeliveryState.SENT
    assert message.contact_id == made.contact_ids[Field.EMAIL]
    assert [action for action, _, _ in actions(test_desk)] == [
        Action.ASKED_RECORDED,
        Action.DECISION_PROPOSED,
        Action.WINDOW_CLOSED,
        Action.DECISION_MADE,
        Action.MESSAGE_SENT,
    ]
    [file] = [file for file in (test_desk.desk.settings.home / "outbox").iterdir() if file.suffix == ".eml"]
    assert f"#{made.number}" in file.read_text("utf-8")
    shown = last_decision(mei, made.number)
    assert shown is not None
    assert "We answer your request for: E-mail address, Account name and profile" in shown.notice
    assert "mei" not in shown.notice


def test_a_plain_grant_says_what_became_of_its_notice(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    assert propose(mei, request(test_desk, mei).number, 1, grant()).delivery == "The notice was sent."
    outbox = test_desk.desk.settings.outbox
    assert outbox is not None
    outbox.rename(outbox.with_name("away"))
    outbox.write_text("a file where the folder should be", "utf-8")
    made = request(test_desk, mei)
    assert "not sent yet" in propose(mei, made.number, 1, grant()).delivery
    assert ticket_of(test_desk, made.number).state == TicketState.CLOSED


def test_the_verification_window_ends_with_the_ticket(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = request(test_desk, mei)
    propose(mei, made.number, 1, grant())
    with test_desk.desk.database.reading() as db:
        found = db.execute(select(Verification).where(col(Verification.ticket_number) == made.number))
        assert [one.closed_at for one in found.scalars()] == [test_desk.clock.now()]


def test_without_any_contact_the_notice_is_kept_to_be_sent_by_letter(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei, verified=True, contacts={})
    propose(mei, made.number, 1, grant())
    assert notices(test_desk, made.number) == []
    shown = last_decision(mei, made.number)
    assert shown is not None
    assert "Granted" in shown.notice
    assert conversation.reload(mei, made.number).decision_words == "grant, made, to be sent by letter"


@pytest.mark.parametrize("code_went_to", [Field.EMAIL, Field.MOBILE, None])
def test_the_notice_goes_where_the_code_went_else_to_the_address_on_file(
    test_desk: TestDesk, code_went_to: Field | None
) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = request(test_desk, mei)
    by_code = made.contact_ids[code_went_to] if code_went_to else None
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Verification).values(contact_id=by_code))
    propose(mei, made.number, 1, grant())
    [notice] = notices(test_desk, made.number)
    assert notice.contact_id == (by_code or made.contact_ids[Field.EMAIL])


def test_without_an_address_on_file_the_notice_goes_to_the_mobile(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    mobile = {Field.MOBILE: "+8613800138000"}
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei, verified=True, contacts=mobile)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Verification).values(contact_id=None))
    propose(mei, made.number, 1, grant())
    [notice] = notices(test_desk, made.number)
    assert (notice.channel, notice.contact_id) == (Channel.SMS, made.contact_ids[Field.MOBILE])


def test_without_a_code_the_newest_address_on_file_is_used_never_a_claimed_one(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei, verified=True, on_file=False)
    with test_desk.desk.database.transaction() as db:
        for one in db.execute(select(Verification)).scalars():
            one.contact_id = None
            db.add(one)
        assert all(not contact.on_file for contact in db.execute(select(Contact)).scalars())
    propose(mei, made.number, 1, grant())
    assert notices(test_desk, made.number) == []


def test_only_ones_own_verified_open_rights_request_can_be_decided(test_desk: TestDesk) -> None:
    mei, ben = person(test_desk, "mei", Role.AGENT), person(test_desk, "ben", Role.AGENT)
    number = request(test_desk, mei).number
    with pytest.raises(NotAssigned):
        propose(ben, number, 1, grant())
    inquiry = make_ticket(test_desk, assignee=mei, verified=True).number
    with pytest.raises(WrongState):
        propose(mei, inquiry, 1, grant())
    unverified = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei).number
    with pytest.raises(NotVerified):
        propose(mei, unverified, 1, grant())
    with pytest.raises(ChangedElsewhere):
        propose(mei, number, 7, grant())
    propose(mei, number, 1, grant())
    with pytest.raises(WrongState):
        propose(mei, number, 3, grant())


def test_one_proposal_at_a_time(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    propose(mei, number, 1, refusal("D2", test_desk.clock.now()))
    with pytest.raises(WrongState):
        propose(mei, number, 2, grant())


def test_an_admin_or_verifier_alone_proposes_nothing(test_desk: TestDesk) -> None:
    """ASVS 8.2.1: deny by default."""
    admin = person(test_desk, "root", Role.ADMIN, Role.VERIFIER)
    number = request(test_desk, admin).number
    with pytest.raises(NotAllowed):
        propose(admin, number, 1, grant())


def test_without_an_undertaking_nothing_is_proposed_or_previewed(test_desk: TestDesk) -> None:
    """Policy IV.(1)2."""
    mei = test_desk.session("mei", Role.AGENT, undertaking=False)
    number = request(test_desk, mei).number
    with pytest.raises(NoUndertaking):
        propose(mei, number, 1, grant())
    with pytest.raises(NoUndertaking):
        checklist.preview_notice(mei, number, grant())
    with pytest.raises(NoUndertaking):
        last_decision(mei, number)


def test_what_blocks_is_raised_as_its_own_refusal_and_changes_nothing(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number, now = request(test_desk, mei).number, test_desk.clock.now()
    exception = replace(refusal("S1", now), findings=(replace(finding("S1", now, "mobile"), ground="(9)"),))
    kind = replace(refusal("S4", now), findings=(replace(finding("S4", now, "mobile"), used_as="discretionary"),))
    for proposal, error in (
        (exception, WrongList),
        (kind, GroundKind),
        (fee(now, "20.01"), FeeUnreasonable),
        (answered(refusal("S1", now), "authority", ""), ChecklistIncomplete),
    ):
        with pytest.raises(error):
            propose(mei, number, 1, proposal)
        assert checklist.check(pack(), proposal, now, None)
    assert ticket_of(test_desk, number).version == 1
    refused = [(outcome, reason) for action, outcome, reason in actions(test_desk) if action == Action.DECISION_REFUSED]
    assert refused == [
        ("refused", code) for code in ("wrong_list", "ground_kind", "fee_unreasonable", "checklist_incomplete")
    ]


def test_repeated_means_earlier_tickets_of_the_same_requester(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    earlier, again = earlier_request(test_desk, mei)
    other = request(test_desk, mei).number
    now = test_desk.clock.now()

    def repeated(*numbers: str) -> checklist.Proposal:
        return checklist.Proposal("access", Outcome.REFUSE, (), (finding("D1", now, "e-mail", evidence=numbers),))

    for wrong in (str(other), f"#{again.number}", "999999999"):
        with pytest.raises(ChecklistIncomplete, match="not an earlier ticket from this requester"):
            propose(mei, again.number, 1, repeated(f"#{earlier}", wrong))
        with pytest.raises(ChecklistIncomplete, match="not an earlier ticket from this requester"):
            checklist.preview_notice(mei, again.number, repeated(f"#{earlier}", wrong))  # said while it is typed
    propose(mei, again.number, 1, repeated(f"#{earlier}"))


def test_personal_data_in_answers_is_redacted_before_it_is_kept(test_desk: TestDesk) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    made, now = request(test_desk, mei), test_desk.clock.now()
    typed = "Alice Wonder wrote from alice@example.org and 13800138000\x1b[2J"
    proposal = answered(refusal("D2", now), "build", typed)
    shown = approval.open_proposal(sue, propose(mei, made.number, 1, proposal).decision_id)
    text = "\n".join(shown.findings)
    for secret in ("Alice", "Wonder", "alice@example.org", "13800138000", "\x1b"):
        assert secret not in text
    assert "[e-mail]" in text


def test_a_fees_items_are_redacted_too(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    proposal = fee(test_desk.clock.now())
    assert proposal.fee is not None
    cost = replace(proposal.fee, items=(("copies for Alice Wonder", "20.00"),))
    made = request(test_desk, mei)
    decision_id = propose(mei, made.number, 1, replace(proposal, fee=cost)).decision_id
    shown = approval.open_proposal(mei, decision_id)
    assert "(copies for [name] 20.00)" in shown.notice
    assert shown.findings[-1] == "Fee: CNY 20.00 (copies for [name] 20.00); requester informed before"


def test_what_was_typed_for_a_ground_that_does_not_apply_is_not_kept(test_desk: TestDesk) -> None:
    mei, now = person(test_desk, "mei", Role.AGENT), test_desk.clock.now()
    made, proposal = request(test_desk, mei), refusal("D2", now)
    dropped = replace(finding("S5", now), applies=False)
    decision_id = propose(mei, made.number, 1, replace(proposal, findings=(*proposal.findings, dropped))).decision_id
    keys, decision = keys_of(test_desk.desk, made.number), decision_of(test_desk, decision_id)
    place = keys.place("decision", "answers", decision_id)
    kept = checklist.proposal_from_json(open_typed(keys.key, place, decision.answers))
    assert kept.findings[1] == checklist.Finding("S5", applies=False)
    assert approval.open_proposal(mei, decision_id).findings[-1].endswith("does not apply")


def test_a_returned_proposal_finds_what_was_written(test_desk: TestDesk) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    made = request(test_desk, mei)
    place = checklist.draft_place(made.number)
    save_draft(mei, place, "a whole checklist", made.number)
    proposed = propose(mei, made.number, 1, refusal("D2", test_desk.clock.now()))
    approval.return_proposal(sue, proposed.decision_id, "Offer a narrower request first.")
    assert load_draft(mei, place, made.number) == "a whole checklist"


def test_a_final_decision_forgets_every_draft_of_it(test_desk: TestDesk) -> None:
    mei, omar = person(test_desk, "mei", Role.AGENT), person(test_desk, "omar", Role.SUPERVISOR)
    made = request(test_desk, mei)
    place = checklist.draft_place(made.number)
    for session, other in ((mei, "reply:1"), (omar, place)):
        save_draft(session, place, "a whole checklist", made.number)
        save_draft(session, other, "something", made.number)
    propose(mei, made.number, 1, grant())
    assert (load_draft(mei, place, made.number), load_draft(omar, place, made.number)) == ("", "")
    assert load_draft(mei, "reply:1", made.number) == "something"


def test_the_preview_is_the_letter_that_goes_out(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = request(test_desk, mei)
    preview = checklist.preview_notice(mei, made.number, grant())
    decision = decision_of(test_desk, propose(mei, made.number, 1, grant()).decision_id)
    assert decision.notice is not None
    keys = keys_of(test_desk.desk, made.number)
    assert open_typed(keys.key, keys.place("decision", "notice", decision.id), decision.notice) == preview


def test_a_preview_is_of_ones_own_ticket_and_of_what_the_pack_knows(test_desk: TestDesk) -> None:
    mei, ben = person(test_desk, "mei", Role.AGENT), person(test_desk, "ben", Role.AGENT)
    number = request(test_desk, mei).number
    with pytest.raises(NotAssigned):
        checklist.preview_notice(ben, number, grant())
    with pytest.raises(ChecklistIncomplete, match="did you mean"):
        checklist.preview_notice(mei, number, grant("emial"))


def test_a_pack_whose_notice_lacks_a_part_blocks_the_decision(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = request(test_desk, mei)
    rules = test_desk.desk.packs.current
    poorer = rules.notice.model_copy(update={"template": rules.notice.template.replace("{{ complain_court }}", "")})
    monkeypatch.setattr(test_desk.desk.packs, "get", lambda _: rules.model_copy(update={"notice": poorer}))
    with pytest.raises(NoticeIncomplete):
        propose(mei, made.number, 1, grant())
    assert ticket_of(test_desk, made.number).state == TicketState.VERIFIED


def test_screens_get_the_packs_grounds_fields_and_rights(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = request(test_desk, mei).number
    views = checklist.grounds_for(mei, number)
    assert [view.code for view in views] == [ground.code for ground in pack().grounds]
    assert views[0].approvers == ("privacy officer", "supervisor")
    assert views[6].offers[0] == ("fee", pack().offers["fee"])
    assert {"mobile", "orders"} <= {choice.key for choice in checklist.fields_for(mei, number)}
    assert {"access", "delete"} <= {choice.key for choice in checklist.rights_for(mei, number)}


@pytest.mark.parametrize("outcome", [Outcome.FEE, Outcome.PARTIAL])
def test_a_fee_leaves_the_ticket_waiting_for_it(test_desk: TestDesk, outcome: Outcome) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    made, now = request(test_desk, mei), test_desk.clock.now()
    proposal = replace(fee(now), outcome=outcome)
    if outcome is Outcome.PARTIAL:
        proposal = replace(proposal, findings=(*proposal.findings, finding("D2", now, "browsing")))
    decision_id = propose(mei, made.number, 1, proposal).decision_id
    assert approval.approve(sue, decision_id, PASSWORD).final
    ticket = ticket_of(test_desk, made.number)
    assert (ticket.state, ticket.due_at) == (TicketState.WAITING, None)
    assert "fee" in conversation.reload(mei, made.number).clock_words


def test_a_partial_answer_grants_the_rest(test_desk: TestDesk) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    made = request(test_desk, mei)
    decision_id = propose(mei, made.number, 1, partial("D3", test_desk.clock.now(), "published")).decision_id
    view = approval.open_proposal(sue, decision_id)
    assert "Granted: E-mail address" in view.findings
    assert any("applies to Posts, comments and ratings" in line for line in view.findings)


def test_data_that_nobody_gave_is_told_apart(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = request(test_desk, mei)
    with test_desk.desk.database.reading() as db:
        owner = col(Contact.requester_id) == made.requester_id
        given = set(db.connection().execute(select(col(Contact.field)).where(owner)).scalars())
    held = {one.key: one.held for one in checklist.fields_for(mei, made.number)}
    contacts = set(test_desk.desk.packs.current.fields) - {Field.SUBJECT, Field.MESSAGE}
    assert given and {key for key in contacts if held[key]} == given
    assert all(held[key] for key in set(held) - contacts)
