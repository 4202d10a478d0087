"""Settling: the pack's steps, what is refused, what is kept, sent and forgotten (policy I.(1)2, I.(1)3, I.(3))."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from cs_console.casework.conversation import open_ticket, reply
from cs_console.casework.workflow import assign, set_state
from cs_console.custody.drafts import load_draft, save_draft
from cs_console.custody.safe_views import open_safe
from cs_console.desk import Desk
from cs_console.errors import (
    BasisRequired,
    ChangedElsewhere,
    MatterRequired,
    NotAllowed,
    NotAssigned,
    NotIndependent,
    NotVerified,
    NoUndertaking,
    Refusal,
    SettlementIncomplete,
    WrongList,
    WrongState,
)
from cs_console.independence.matters import name_matter
from cs_console.settlements.settled import last_settlement
from cs_console.settlements.settling import preview_letter, settle, settle_place
from cs_console.settlements.settling_letter import make_letter
from cs_console.settlements.settling_needs import still_needed
from cs_console.settlements.settling_rules import Settling, settling_problems
from models.agent import Agent
from models.enums import Action, Channel, DeliveryState, Field, Result, Role, TicketKind, TicketState
from tests.decisions.cases import pack, person
from tests.decisions.test_checklist import notices, ticket_of
from tests.independence.test_appeal import write
from tests.settlements.settlements import CONTACTS, about, end, refused, settlements, settling, workflow
from tests.support.office import TestOffice
from tests.support.recorded import recorded
from tests.support.stored import keys_of
from tests.support.tickets import make_ticket

SOMEBODY_ELSE = "Bob Bystander, bob@elsewhere.example, +8613912345678"


def own(
    test_office: TestOffice, kind: TicketKind, *roles: Role, verified: bool = True, language: str = "en"
) -> tuple[Desk, int]:
    """A ticket of that kind and the agent whose it is."""
    desk = person(test_office, "ben", *(roles or (Role.AGENT, Role.SUPERVISOR)))
    ticket = make_ticket(
        test_office,
        kind=kind,
        assignee=desk,
        verified=verified,
        contacts=CONTACTS,
        text="Alice Wonder writes.",
        language=language,
    )
    return desk, ticket.number


@pytest.mark.parametrize("kind", [TicketKind.APPEAL, TicketKind.REPORT, TicketKind.COMPLAINT])
def test_a_settlement_closes_the_ticket_tells_the_requester_and_is_on_record(
    test_office: TestOffice, kind: TicketKind
) -> None:
    ben, number = own(test_office, kind)
    what = settling(kind)
    settled = end(test_office, ben, number, what)
    assert (settled.delivery, settled.turned, settled.reopened) == ("The notice is sent.", None, None)
    ticket = ticket_of(test_office, number)
    assert (ticket.state, ticket.closed_at) == (TicketState.CLOSED, test_office.clock.now())
    assert ticket.first_response_at == test_office.clock.now()
    [stored] = settlements(test_office, number)
    assert (stored.outcome, stored.agent_id) == (what.outcome, ben.agent.id)
    [sent] = notices(test_office, number)
    assert sent.delivery == DeliveryState.SENT
    [entry] = recorded(test_office.office, Action.TICKET_SETTLED)
    assert (entry.actor, entry.ticket, entry.reason, entry.outcome) == ("ben", number, what.outcome, Result.DONE)
    assert [one.reason for one in recorded(test_office.office, Action.WINDOW_CLOSED)] == ["the ticket was settled"]
    assert open_ticket(ben, number).settled_words.startswith(workflow(kind).outcomes[what.outcome].title)


def test_answers_are_redacted_before_they_are_sealed_and_read_again(test_office: TestOffice) -> None:
    ben, number = own(test_office, TicketKind.COMPLAINT)
    words = "Alice Wonder was called at +86 138 0013 8000 by night"
    end(test_office, ben, number, settling(TicketKind.COMPLAINT, answers={"what": words}))
    [stored] = settlements(test_office, number)
    keys = keys_of(test_office.office, number)
    kept = open_safe(keys.key, keys.place("settlement", "answers", stored.id), stored.answers)
    assert "Alice" not in kept and "138" not in kept and "by night" in kept
    view = last_settlement(ben, number)
    assert view is not None
    assert any("by night" in line for line in view.lines)
    assert any(line.endswith("How we work in general") for line in view.lines)
    assert "Reason given: What went wrong has been put right." in view.lines
    assert (view.agent, view.title, view.delivery) == ("ben", "Founded", "The notice is sent.")


def test_nothing_that_was_typed_reaches_the_letter(test_office: TestOffice) -> None:
    """Policy I.(3): the reporter learns the outcome, never the other person's data."""
    ben, number = own(test_office, TicketKind.REPORT)
    answers = {"what": SOMEBODY_ELSE, "third": "yes", "proof": SOMEBODY_ELSE, "found": SOMEBODY_ELSE}
    what = settling(TicketKind.REPORT, answers=answers)
    letter = preview_letter(ben, number, what)
    end(test_office, ben, number, what)
    view = last_settlement(ben, number)
    assert view is not None and view.letter == letter
    assert letter == preview_letter_of(test_office, settling(TicketKind.REPORT), number)
    for word in ("Bob", "Bystander", "elsewhere", "139", "ben"):
        assert word not in letter
    assert "Confirmed, and acted on" in letter and "In court:" in letter


def test_a_requester_reads_how_it_ended_in_their_own_language(test_office: TestOffice) -> None:
    ben, number = own(test_office, TicketKind.REPORT, language="zh-Hans")
    what = settling(TicketKind.REPORT)
    before = preview_letter(ben, number, what)
    end(test_office, ben, number, what)
    view = last_settlement(ben, number)
    assert view is not None and view.letter == before
    assert f"您的举报（编号 {number}）" in before and "情况属实，已采取措施" in before
    assert "Your" not in before
    assert view.title == "Confirmed, and acted on"  # who works here reads the pack's own language


def preview_letter_of(test_office: TestOffice, what: Settling, number: int) -> str:
    """The letter of another settlement of the same ticket."""
    ticket = ticket_of(test_office, number)
    return make_letter(pack(), TicketKind.REPORT, what, number, ticket.received_at, test_office.clock.now())


# --- what is refused


def kept_as_it_was(test_office: TestOffice, desk: Desk, number: int, what: Settling, error: type[Refusal]) -> str:
    """The settlement is refused, nothing of it has happened; the reason that is on record, if any is."""
    before = ticket_of(test_office, number)
    with pytest.raises(error) as refusal:
        end(test_office, desk, number, what)
    assert ticket_of(test_office, number) == before
    assert settlements(test_office, number) == [] and notices(test_office, number) == []
    found = recorded(test_office.office, Action.SETTLEMENT_REFUSED)
    if not found:
        return ""
    assert (found[-1].ticket, found[-1].outcome, found[-1].actor) == (number, Result.REFUSED, desk.agent.name)
    assert found[-1].reason == refusal.value.code
    return found[-1].reason


@pytest.mark.parametrize(
    "basis, citation, error",
    [
        ("", "", BasisRequired),
        ("10", "", BasisRequired),
        ("nine", "", BasisRequired),
        ("S3", "", WrongList),
        ("d1", "", WrongList),
        ("9", "", BasisRequired),
        ("9", "n/a", BasisRequired),
    ],
)
def test_data_of_somebody_else_needs_one_of_the_nine_bases(
    test_office: TestOffice, basis: str, citation: str, error: type[Refusal]
) -> None:
    """Policy I.(3): a ground is no basis, and the ninth needs a citation."""
    ben, number = own(test_office, TicketKind.REPORT)
    answers = settling(TicketKind.REPORT, answers={"third": "yes"}).answers | {"basis": basis, "citation": citation}
    what = replace(settling(TicketKind.REPORT), answers=answers)
    assert kept_as_it_was(test_office, ben, number, what, error) == error.code


@pytest.mark.parametrize("basis, citation", [("5", ""), ("(9)", "Cybersecurity Law, Article 47")])
def test_with_a_basis_evidence_and_a_supervisor_it_is_settled(
    test_office: TestOffice, basis: str, citation: str
) -> None:
    ben, number = own(test_office, TicketKind.REPORT)
    given = {"third": "是", "basis": basis, "citation": citation, "proof": "Their public page of 3 May"}
    end(test_office, ben, number, settling(TicketKind.REPORT, answers=given))
    view = last_settlement(ben, number)
    assert view is not None
    assert any(f"({basis.strip('()')}) " in line for line in view.lines)
    assert any("Article 47" in line for line in view.lines) == bool(citation)


def test_without_a_supervisor_data_of_somebody_else_is_not_kept(test_office: TestOffice) -> None:
    ben, number = own(test_office, TicketKind.REPORT, Role.AGENT)
    what = settling(TicketKind.REPORT, answers={"third": "yes"})
    assert kept_as_it_was(test_office, ben, number, what, NotAllowed) == "role_required"
    end(test_office, ben, number, settling(TicketKind.REPORT))


def test_without_evidence_data_of_somebody_else_is_not_kept(test_office: TestOffice) -> None:
    ben, number = own(test_office, TicketKind.REPORT)
    what = settling(TicketKind.REPORT, answers={"third": "yes", "proof": "-"})
    kept_as_it_was(test_office, ben, number, what, SettlementIncomplete)


def test_a_complaint_is_not_settled_by_an_agent(test_office: TestOffice) -> None:
    ben, number = own(test_office, TicketKind.COMPLAINT, Role.AGENT)
    assert kept_as_it_was(test_office, ben, number, settling(TicketKind.COMPLAINT), NotAllowed) == "role_required"


def test_roles_are_those_of_this_moment(test_office: TestOffice) -> None:
    """ASVS 8.3.2."""
    ben, number = own(test_office, TicketKind.COMPLAINT)
    with test_office.office.database.transaction() as session:
        session.connection().execute(update(Agent).where(col(Agent.id) == ben.agent.id).values(roles="agent"))
    kept_as_it_was(test_office, ben, number, settling(TicketKind.COMPLAINT), NotAllowed)


@pytest.mark.parametrize("about_what", ["ticket", "decision", "conduct"])
def test_what_it_is_about_has_to_be_named(test_office: TestOffice, about_what: str) -> None:
    ben, number = own(test_office, TicketKind.COMPLAINT)
    what = settling(TicketKind.COMPLAINT, answers={"about": about_what})
    assert kept_as_it_was(test_office, ben, number, what, MatterRequired) == "matter_required"


def test_nothing_is_decided_anew_where_nothing_is_named(test_office: TestOffice) -> None:
    ben, number = own(test_office, TicketKind.APPEAL)
    kept_as_it_was(test_office, ben, number, settling(TicketKind.APPEAL, "overturn"), MatterRequired)


def test_an_account_is_not_given_back_to_whoever_was_never_verified(test_office: TestOffice) -> None:
    ben, number = own(test_office, TicketKind.APPEAL, verified=False)
    person(test_office, "omar", Role.SUPERVISOR)
    name_matter(ben, number, decider="omar")
    what = settling(TicketKind.APPEAL, "overturn", {"decided": "person"})
    assert kept_as_it_was(test_office, ben, number, what, NotVerified) == "not_verified"
    end(test_office, ben, number, settling(TicketKind.APPEAL, "uphold", {"decided": "person"}))


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda what: replace(what, outcome=""), "Choose how it ends."),
        (lambda what: replace(what, outcome="acted"), "Choose how it ends."),
        (lambda what: replace(what, reason=""), "choose the reason"),
        (lambda what: replace(what, reason="mine"), "choose the reason"),
        (lambda what: replace(what, answers=what.answers | {"found": " … "}), "has no answer"),
        (lambda what: replace(what, answers=what.answers | {"found": "x y" * 700}), "too great length"),
        (lambda what: replace(what, answers=what.answers | {"about": "servce"}), "did you mean 'service'?"),
        (lambda what: replace(what, answers=what.answers | {"fond": "yes"}), "did you mean 'found'?"),
    ],
)
def test_what_is_missing_or_cannot_be_used_is_named(
    test_office: TestOffice, change: Callable[[Settling], Settling], says: str
) -> None:
    ben, number = own(test_office, TicketKind.COMPLAINT)
    what = change(settling(TicketKind.COMPLAINT))
    assert kept_as_it_was(test_office, ben, number, what, SettlementIncomplete) == ""
    assert says in next(settling_problems(pack(), workflow(TicketKind.COMPLAINT), what)).text


def test_yes_or_no_is_wanted_where_it_is_asked() -> None:
    what = settling(TicketKind.REPORT, answers={"third": "perhaps"})
    [problem] = settling_problems(pack(), workflow(TicketKind.REPORT), what)
    assert "wants yes or no" in problem.text


def test_a_reason_that_no_letter_gives_is_refused() -> None:
    what = replace(settling(TicketKind.REPORT), reason="rule")
    [problem] = settling_problems(pack(), workflow(TicketKind.REPORT), what)
    assert "no reason to choose" in problem.text


def test_only_on_ones_own_open_ticket_of_such_a_kind(test_office: TestOffice) -> None:
    ben, number = own(test_office, TicketKind.REPORT)
    omar = person(test_office, "omar", Role.SUPERVISOR)
    what = settling(TicketKind.REPORT)
    kept_as_it_was(test_office, omar, number, what, NotAssigned)
    with pytest.raises(ChangedElsewhere):
        settle(ben, number, 99, what)
    rights = make_ticket(test_office, kind=TicketKind.RIGHTS, assignee=ben, verified=True).number
    kept_as_it_was(test_office, ben, rights, what, WrongState)
    end(test_office, ben, number, what)
    with pytest.raises(WrongState):
        end(test_office, ben, number, what)
    late = test_office.desk("late", Role.AGENT, undertaking=False)
    third = make_ticket(test_office, kind=TicketKind.REPORT, assignee=late).number
    kept_as_it_was(test_office, late, third, what, NoUndertaking)


# --- where the letter goes


def test_a_reporter_is_told_where_they_wrote_from(test_office: TestOffice) -> None:
    ben = person(test_office, "ben", Role.AGENT)
    number = make_ticket(test_office, kind=TicketKind.REPORT, assignee=ben, on_file=False).number
    assert end(test_office, ben, number, settling(TicketKind.REPORT)).delivery == "The notice is sent."


def test_an_appeal_is_answered_to_what_is_on_file_only(test_office: TestOffice) -> None:
    """A person who claims to be the requester does not learn what happened to the account."""
    ben = person(test_office, "ben", Role.AGENT)
    number = make_ticket(test_office, kind=TicketKind.APPEAL, assignee=ben, on_file=False).number
    settled = end(test_office, ben, number, settling(TicketKind.APPEAL))
    assert settled.delivery == "The notice has to be sent by letter."
    assert notices(test_office, number) == []
    assert open_ticket(ben, number).settled_words.endswith("to be sent by letter")


# --- inquiries


def test_an_inquiry_is_answered_with_a_reply(test_office: TestOffice) -> None:
    ben = person(test_office, "ben", Role.AGENT)
    made = make_ticket(test_office, assignee=ben, contacts=CONTACTS)
    what = settling(TicketKind.INQUIRY, "answered")
    kept_as_it_was(test_office, ben, made.number, what, SettlementIncomplete)
    reply(ben, made.number, 1, made.contact_ids[Field.EMAIL], "Here is how it works.")
    assert end(test_office, ben, made.number, what).delivery == ""
    assert ticket_of(test_office, made.number).state == TicketState.CLOSED
    assert notices(test_office, made.number) == []
    view = last_settlement(ben, made.number)
    assert view is not None and (view.letter, view.delivery) == ("", "")


def test_a_reply_of_before_the_requester_wrote_again_answers_nothing(test_office: TestOffice) -> None:
    ben = person(test_office, "ben", Role.AGENT)
    made = make_ticket(test_office, assignee=ben, contacts=CONTACTS)
    reply(ben, made.number, 1, made.contact_ids[Field.EMAIL], "Here is how it works.")
    long_ago = test_office.clock.now() - timedelta(days=9)
    write(test_office, made.number, "One more thing.", at=long_ago)  # the date in a mail is its sender's claim
    what = settling(TicketKind.INQUIRY, "answered")
    [needed] = still_needed(ben, made.number).by_outcome["answered"]
    assert needed.startswith("No reply has gone out since the requester wrote last.")
    kept_as_it_was(test_office, ben, made.number, what, SettlementIncomplete)
    test_office.clock.forward(minutes=1)
    reply(ben, made.number, ticket_of(test_office, made.number).row, made.contact_ids[Field.EMAIL], "And that.")
    assert still_needed(ben, made.number).by_outcome["answered"] == ()
    end(test_office, ben, made.number, what)


@pytest.mark.parametrize("verified", [True, False])
def test_an_inquiry_turned_into_a_rights_request_keeps_its_dates(test_office: TestOffice, verified: bool) -> None:
    """Policy V.4: the time runs from when it was received, and from the verification."""
    received = test_office.clock.now()
    test_office.clock.forward(days=9)
    ben = person(test_office, "ben", Role.AGENT)
    number = make_ticket(
        test_office, assignee=ben, contacts=CONTACTS, verified=verified, received_at=received, channel=Channel.MAIL
    ).number
    settled = end(test_office, ben, number, settling(TicketKind.INQUIRY, "turned"))
    assert settled.turned is TicketKind.RIGHTS
    ticket = ticket_of(test_office, number)
    assert (ticket.kind, ticket.received_at, ticket.closed_at) == (TicketKind.RIGHTS, received, None)
    assert ticket.state == (TicketState.VERIFIED if verified else TicketState.TO_VERIFY)
    assert ticket.due_at == (test_office.clock.now() + timedelta(days=30) if verified else None)
    moved = "" if verified else ", state open -> to verify"
    changed = [one.reason for one in recorded(test_office.office, Action.TICKET_KIND_SET)]
    assert changed == [f"kind inquiry -> rights{moved}"]
    assert open_ticket(ben, number).settled_words.startswith("Dealt with as a request")


# --- drafts and what follows


def test_the_draft_goes_with_the_settlement(test_office: TestOffice) -> None:
    ben, number = own(test_office, TicketKind.REPORT)
    save_draft(ben, settle_place(number), "half a settlement", number)
    end(test_office, ben, number, settling(TicketKind.REPORT))
    assert load_draft(ben, settle_place(number), number) == ""


def test_what_others_shall_decide_anew_was_decided_before(test_office: TestOffice) -> None:
    """The letter promises it; a ticket on which nothing was decided yet cannot keep the promise."""
    case = refused(test_office)
    open_one = make_ticket(test_office, assignee=case.mei, requester=case.requester).number
    number = about(test_office, case, TicketKind.COMPLAINT, case.pia, number=open_one)
    again = settling(TicketKind.COMPLAINT, "anew")
    needs = still_needed(case.pia, number)
    assert needs.always == "" and needs.by_outcome["founded"] == ()
    assert needs.by_outcome["anew"][0].startswith(f"#{open_one} is still open and has no decision")
    kept_as_it_was(test_office, case.pia, number, again, SettlementIncomplete)
    assert ticket_of(test_office, open_one).assignee_id == case.mei.agent.id
    end(test_office, case.pia, number, settling(TicketKind.COMPLAINT, "founded"))


def test_a_decided_ticket_that_was_opened_again_is_taken_from_who_has_it(test_office: TestOffice) -> None:
    case = refused(test_office)
    set_state(case.mei, case.number, ticket_of(test_office, case.number).row, TicketState.OPEN)
    number = about(test_office, case, TicketKind.COMPLAINT, case.pia)
    assert end(test_office, case.pia, number, settling(TicketKind.COMPLAINT, "anew")).reopened == case.number
    assert ticket_of(test_office, case.number).assignee_id is None


def test_what_was_set_aside_ends_with_a_decision_not_by_hand(test_office: TestOffice) -> None:
    case = refused(test_office)
    end(
        test_office,
        case.ben,
        about(test_office, case, TicketKind.APPEAL, case.ben),
        settling(TicketKind.APPEAL, "overturn"),
    )
    row = ticket_of(test_office, case.number).row
    with pytest.raises(WrongState, match="ends with a decision"):
        set_state(case.sam, case.number, row, TicketState.CLOSED, "It was decided.")


def test_who_has_no_business_with_it_is_told_so_before_any_step(test_office: TestOffice) -> None:
    case = refused(test_office)
    number = about(test_office, case, TicketKind.APPEAL)
    assert still_needed(case.mei, number).always == str(NotIndependent(number))
    assert still_needed(case.ben, number).always == str(NotAssigned())
    assign(case.sam, number, ticket_of(test_office, number).row, "ben")
    assert still_needed(case.ben, number).always == ""
    unnamed = make_ticket(test_office, kind=TicketKind.APPEAL, assignee=case.ben, requester=case.requester).number
    assert "has to be named" in still_needed(case.ben, unnamed).without_matter
    assert "has to be named" in still_needed(case.ben, unnamed).by_outcome["overturn"][0]


@pytest.mark.parametrize("outcome, again", [("overturn", True), ("partly", True), ("uphold", False)])
def test_what_falls_is_opened_again_to_be_decided_anew(test_office: TestOffice, outcome: str, again: bool) -> None:
    case = refused(test_office)
    number = about(test_office, case, TicketKind.APPEAL, case.ben)
    before = ticket_of(test_office, case.number)
    test_office.clock.forward(minutes=3)
    settled = end(test_office, case.ben, number, settling(TicketKind.APPEAL, outcome))
    after = ticket_of(test_office, case.number)
    if not again:
        assert settled.reopened is None and after == before
        return
    assert settled.reopened == case.number
    words = open_ticket(case.pia, case.number).decision_words
    assert words == f"refuse, made; set aside by #{number}, to be decided again by others"
    assert (after.state, after.closed_at, after.verified_at) == (TicketState.OPEN, None, before.verified_at)
    assert after.due_at == test_office.clock.now() + timedelta(days=30)
    last = recorded(test_office.office, Action.REVIEW_BEGAN)[-1]
    assert (last.ticket, last.actor, last.reason) == (
        case.number,
        "ben",
        f"to be decided again by others after #{number}",
    )
