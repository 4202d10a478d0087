"""Settling: the pack's steps, what is refused, what is kept, sent and forgotten (policy I.(1)2, I.(1)3, I.(3))."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from cs_console.casework.conversation import open_ticket, reply
from cs_console.casework.workflow import assign, set_state
from cs_console.custody.drafts import save_draft
from cs_console.custody.safe_views import open_typed
from cs_console.desk import DeskSession
from cs_console.errors import (
    BasisRequired,
    ChangedElsewhere,
    ConsoleError,
    MatterRequired,
    NotAllowed,
    NotAssigned,
    NotIndependent,
    NotVerified,
    NoUndertaking,
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
from models.contact_fields import Field
from models.enums import Action, Channel, DeliveryState, Result, TicketKind, TicketState
from models.roles import Role
from tests.decisions.cases import pack, person
from tests.settlements.settlements import CONTACTS, about, end, refused, settlements, settling, workflow
from tests.support.answers import write
from tests.support.desk import TestDesk
from tests.support.drafts import load_draft
from tests.support.recorded import recorded
from tests.support.rows import notices, ticket_of
from tests.support.stored import keys_of
from tests.support.tickets import make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

SOMEBODY_ELSE = "Bob Bystander, bob@elsewhere.example, +8613912345678"


def own(
    test_desk: TestDesk, kind: TicketKind, *roles: Role, verified: bool = True, language: str = "en"
) -> tuple[DeskSession, int]:
    """A ticket of that kind and the agent whose it is."""
    session = person(test_desk, "ben", *(roles or (Role.AGENT, Role.SUPERVISOR)))
    ticket = make_ticket(
        test_desk,
        kind=kind,
        assignee=session,
        verified=verified,
        contacts=CONTACTS,
        text="Alice Wonder writes.",
        language=language,
    )
    return session, ticket.number


@pytest.mark.parametrize("kind", [TicketKind.APPEAL, TicketKind.REPORT, TicketKind.COMPLAINT])
def test_a_settlement_closes_the_ticket_tells_the_requester_and_is_on_record(
    test_desk: TestDesk, kind: TicketKind
) -> None:
    ben, number = own(test_desk, kind)
    what = settling(kind)
    settled = end(test_desk, ben, number, what)
    assert (settled.delivery, settled.turned, settled.reopened) == ("The notice was sent.", None, None)
    ticket = ticket_of(test_desk, number)
    assert (ticket.state, ticket.closed_at) == (TicketState.CLOSED, test_desk.clock.now())
    assert ticket.first_response_at == test_desk.clock.now()
    [stored] = settlements(test_desk, number)
    assert (stored.outcome, stored.agent_id) == (what.outcome, ben.agent.id)
    [sent] = notices(test_desk, number)
    assert sent.delivery == DeliveryState.SENT
    [entry] = recorded(test_desk.desk, Action.TICKET_SETTLED)
    assert (entry.actor, entry.ticket, entry.reason, entry.outcome) == ("ben", number, what.outcome, Result.DONE)
    assert [one.reason for one in recorded(test_desk.desk, Action.WINDOW_CLOSED)] == ["the ticket was settled"]
    assert open_ticket(ben, number).settled_words.startswith(workflow(kind).outcomes[what.outcome].title)


def test_answers_are_redacted_before_they_are_sealed_and_read_again(test_desk: TestDesk) -> None:
    ben, number = own(test_desk, TicketKind.COMPLAINT)
    words = "Alice Wonder was called at +86 138 0013 8000 by night"
    end(test_desk, ben, number, settling(TicketKind.COMPLAINT, answers={"what": words}))
    [stored] = settlements(test_desk, number)
    keys = keys_of(test_desk.desk, number)
    kept = open_typed(keys.key, keys.place("settlement", "answers", stored.id), stored.answers)
    assert "Alice" not in kept and "138" not in kept and "by night" in kept
    view = last_settlement(ben, number)
    assert view is not None
    assert any("by night" in line for line in view.lines)
    assert any(line.endswith("How we work in general") for line in view.lines)
    assert "Reason given: What went wrong has been put right." in view.lines
    assert (view.agent, view.title, view.delivery) == ("ben", "Founded", "The notice was sent.")


def test_nothing_that_was_typed_reaches_the_letter(test_desk: TestDesk) -> None:
    """Policy I.(3): the reporter learns the outcome, never the other person's data."""
    ben, number = own(test_desk, TicketKind.REPORT)
    answers = {"what": SOMEBODY_ELSE, "third": "yes", "proof": SOMEBODY_ELSE, "found": SOMEBODY_ELSE}
    what = settling(TicketKind.REPORT, answers=answers)
    letter = preview_letter(ben, number, what)
    end(test_desk, ben, number, what)
    view = last_settlement(ben, number)
    assert view is not None and view.letter == letter
    assert letter == preview_letter_of(test_desk, settling(TicketKind.REPORT), number)
    for word in ("Bob", "Bystander", "elsewhere", "139", "ben"):
        assert word not in letter
    assert "Confirmed, and acted on" in letter and "In court:" in letter


def test_a_requester_reads_how_it_ended_in_their_own_language(test_desk: TestDesk) -> None:
    ben, number = own(test_desk, TicketKind.REPORT, language="zh-Hans")
    what = settling(TicketKind.REPORT)
    before = preview_letter(ben, number, what)
    end(test_desk, ben, number, what)
    view = last_settlement(ben, number)
    assert view is not None and view.letter == before
    assert f"您的举报（编号 {number}）" in before and "情况属实，已采取措施" in before
    assert "Your" not in before
    assert view.title == "Confirmed, and acted on"  # who works here reads the pack's own language


def preview_letter_of(test_desk: TestDesk, what: Settling, number: int) -> str:
    """The letter of another settlement of the same ticket."""
    ticket = ticket_of(test_desk, number)
    return make_letter(pack(), TicketKind.REPORT, what, number, ticket.received_at, test_desk.clock.now())


# --- what is refused


def kept_as_it_was(
    test_desk: TestDesk, session: DeskSession, number: int, what: Settling, error: type[ConsoleError]
) -> str:
    """The settlement is refused, nothing of it has happened; the reason that is on record, if any is."""
    before = ticket_of(test_desk, number)
    with pytest.raises(error) as refusal:
        end(test_desk, session, number, what)
    assert ticket_of(test_desk, number) == before
    assert settlements(test_desk, number) == [] and notices(test_desk, number) == []
    found = recorded(test_desk.desk, Action.SETTLEMENT_REFUSED)
    if not found:
        return ""
    assert (found[-1].ticket, found[-1].outcome, found[-1].actor) == (number, Result.REFUSED, session.agent.name)
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
    test_desk: TestDesk, basis: str, citation: str, error: type[ConsoleError]
) -> None:
    """Policy I.(3): a ground is no basis, and the ninth needs a citation."""
    ben, number = own(test_desk, TicketKind.REPORT)
    answers = settling(TicketKind.REPORT, answers={"third": "yes"}).answers | {"basis": basis, "citation": citation}
    what = replace(settling(TicketKind.REPORT), answers=answers)
    assert kept_as_it_was(test_desk, ben, number, what, error) == error.code


@pytest.mark.parametrize("basis, citation", [("5", ""), ("(9)", "Cybersecurity Law, Article 47")])
def test_with_a_basis_evidence_and_a_supervisor_it_is_settled(test_desk: TestDesk, basis: str, citation: str) -> None:
    ben, number = own(test_desk, TicketKind.REPORT)
    given = {"third": "是", "basis": basis, "citation": citation, "proof": "Their public page of 3 May"}
    end(test_desk, ben, number, settling(TicketKind.REPORT, answers=given))
    view = last_settlement(ben, number)
    assert view is not None
    assert any(f"({basis.strip('()')}) " in line for line in view.lines)
    assert any("Article 47" in line for line in view.lines) == bool(citation)


def test_without_a_supervisor_data_of_somebody_else_is_not_kept(test_desk: TestDesk) -> None:
    ben, number = own(test_desk, TicketKind.REPORT, Role.AGENT)
    what = settling(TicketKind.REPORT, answers={"third": "yes"})
    assert kept_as_it_was(test_desk, ben, number, what, NotAllowed) == "role_required"
    end(test_desk, ben, number, settling(TicketKind.REPORT))


def test_without_evidence_data_of_somebody_else_is_not_kept(test_desk: TestDesk) -> None:
    ben, number = own(test_desk, TicketKind.REPORT)
    what = settling(TicketKind.REPORT, answers={"third": "yes", "proof": "-"})
    kept_as_it_was(test_desk, ben, number, what, SettlementIncomplete)


def test_a_complaint_is_not_settled_by_an_agent(test_desk: TestDesk) -> None:
    ben, number = own(test_desk, TicketKind.COMPLAINT, Role.AGENT)
    assert kept_as_it_was(test_desk, ben, number, settling(TicketKind.COMPLAINT), NotAllowed) == "role_required"


def test_roles_are_those_of_this_moment(test_desk: TestDesk) -> None:
    """ASVS 8.3.2."""
    ben, number = own(test_desk, TicketKind.COMPLAINT)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Agent).where(col(Agent.id) == ben.agent.id).values(roles="agent"))
    kept_as_it_was(test_desk, ben, number, settling(TicketKind.COMPLAINT), NotAllowed)


@pytest.mark.parametrize("about_what", ["ticket", "decision", "conduct"])
def test_what_it_is_about_has_to_be_named(test_desk: TestDesk, about_what: str) -> None:
    ben, number = own(test_desk, TicketKind.COMPLAINT)
    what = settling(TicketKind.COMPLAINT, answers={"about": about_what})
    assert kept_as_it_was(test_desk, ben, number, what, MatterRequired) == "matter_required"


def test_nothing_is_decided_anew_where_nothing_is_named(test_desk: TestDesk) -> None:
    ben, number = own(test_desk, TicketKind.APPEAL)
    kept_as_it_was(test_desk, ben, number, settling(TicketKind.APPEAL, "overturn"), MatterRequired)


def test_an_account_is_not_given_back_to_whoever_was_never_verified(test_desk: TestDesk) -> None:
    ben, number = own(test_desk, TicketKind.APPEAL, verified=False)
    person(test_desk, "omar", Role.SUPERVISOR)
    name_matter(ben, number, decider="omar")
    what = settling(TicketKind.APPEAL, "overturn", {"decided": "person"})
    assert kept_as_it_was(test_desk, ben, number, what, NotVerified) == "not_verified"
    end(test_desk, ben, number, settling(TicketKind.APPEAL, "uphold", {"decided": "person"}))


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda what: replace(what, outcome=""), "Choose an outcome."),
        (lambda what: replace(what, outcome="acted"), "Choose an outcome."),
        (lambda what: replace(what, reason=""), "choose the reason"),
        (lambda what: replace(what, reason="mine"), "choose the reason"),
        (lambda what: replace(what, answers=what.answers | {"found": " … "}), "has no answer"),
        (lambda what: replace(what, answers=what.answers | {"found": "x y" * 700}), "is too long"),
        (lambda what: replace(what, answers=what.answers | {"about": "servce"}), "did you mean 'service'?"),
        (lambda what: replace(what, answers=what.answers | {"fond": "yes"}), "did you mean 'found'?"),
    ],
)
def test_what_is_missing_or_cannot_be_used_is_named(
    test_desk: TestDesk, change: Callable[[Settling], Settling], says: str
) -> None:
    ben, number = own(test_desk, TicketKind.COMPLAINT)
    what = change(settling(TicketKind.COMPLAINT))
    assert kept_as_it_was(test_desk, ben, number, what, SettlementIncomplete) == ""
    assert says in next(settling_problems(pack(), workflow(TicketKind.COMPLAINT), what)).text


def test_yes_or_no_is_wanted_where_it_is_asked() -> None:
    what = settling(TicketKind.REPORT, answers={"third": "perhaps"})
    [problem] = settling_problems(pack(), workflow(TicketKind.REPORT), what)
    assert "needs yes or no" in problem.text


def test_a_reason_that_no_letter_gives_is_refused() -> None:
    what = replace(settling(TicketKind.REPORT), reason="rule")
    [problem] = settling_problems(pack(), workflow(TicketKind.REPORT), what)
    assert "no reason to choose" in problem.text


def test_only_on_ones_own_open_ticket_of_such_a_kind(test_desk: TestDesk) -> None:
    ben, number = own(test_desk, TicketKind.REPORT)
    omar = person(test_desk, "omar", Role.SUPERVISOR)
    what = settling(TicketKind.REPORT)
    kept_as_it_was(test_desk, omar, number, what, NotAssigned)
    with pytest.raises(ChangedElsewhere):
        settle(ben, number, 99, what)
    rights = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=ben, verified=True).number
    kept_as_it_was(test_desk, ben, rights, what, WrongState)
    end(test_desk, ben, number, what)
    with pytest.raises(WrongState):
        end(test_desk, ben, number, what)
    late = test_desk.session("late", Role.AGENT, undertaking=False)
    third = make_ticket(test_desk, kind=TicketKind.REPORT, assignee=late).number
    kept_as_it_was(test_desk, late, third, what, NoUndertaking)


# --- where the letter goes


def test_a_reporter_is_told_where_they_wrote_from(test_desk: TestDesk) -> None:
    ben = person(test_desk, "ben", Role.AGENT)
    number = make_ticket(test_desk, kind=TicketKind.REPORT, assignee=ben, on_file=False).number
    assert end(test_desk, ben, number, settling(TicketKind.REPORT)).delivery == "The notice was sent."


def test_an_appeal_is_answered_to_what_is_on_file_only(test_desk: TestDesk) -> None:
    """A person who claims to be the requester does not learn what happened to the account."""
    ben = person(test_desk, "ben", Role.AGENT)
    number = make_ticket(test_desk, kind=TicketKind.APPEAL, assignee=ben, on_file=False).number
    settled = end(test_desk, ben, number, settling(TicketKind.APPEAL))
    assert settled.delivery == "The notice must be sent by letter."
    assert notices(test_desk, number) == []
    assert open_ticket(ben, number).settled_words.endswith("to be sent by letter")


# --- inquiries


def test_an_inquiry_is_answered_with_a_reply(test_desk: TestDesk) -> None:
    ben = person(test_desk, "ben", Role.AGENT)
    made = make_ticket(test_desk, assignee=ben, contacts=CONTACTS)
    what = settling(TicketKind.INQUIRY, "answered")
    kept_as_it_was(test_desk, ben, made.number, what, SettlementIncomplete)
    reply(ben, made.number, 1, made.contact_ids[Field.EMAIL], "Here is how it works.")
    assert end(test_desk, ben, made.number, what).delivery == ""
    assert ticket_of(test_desk, made.number).state == TicketState.CLOSED
    assert notices(test_desk, made.number) == []
    view = last_settlement(ben, made.number)
    assert view is not None and (view.letter, view.delivery) == ("", "")


def test_a_reply_of_before_the_requester_wrote_again_answers_nothing(test_desk: TestDesk) -> None:
    ben = person(test_desk, "ben", Role.AGENT)
    made = make_ticket(test_desk, assignee=ben, contacts=CONTACTS)
    reply(ben, made.number, 1, made.contact_ids[Field.EMAIL], "Here is how it works.")
    long_ago = test_desk.clock.now() - timedelta(days=9)
    write(test_desk, made.number, "One more thing.", at=long_ago)  # the date in a mail is its sender's claim
    what = settling(TicketKind.INQUIRY, "answered")
    [needed] = still_needed(ben, made.number).by_outcome["answered"]
    assert needed.startswith("No reply was sent since the requester's last message.")
    kept_as_it_was(test_desk, ben, made.number, what, SettlementIncomplete)
    test_desk.clock.forward(minutes=1)
    reply(ben, made.number, ticket_of(test_desk, made.number).version, made.contact_ids[Field.EMAIL], "And that.")
    assert still_needed(ben, made.number).by_outcome["answered"] == ()
    end(test_desk, ben, made.number, what)


@pytest.mark.parametrize("verified", [True, False])
def test_an_inquiry_turned_into_a_rights_request_keeps_its_dates(test_desk: TestDesk, verified: bool) -> None:
    """Policy V.4: the time runs from when it was received, and from the verification."""
    received = test_desk.clock.now()
    test_desk.clock.forward(days=9)
    ben = person(test_desk, "ben", Role.AGENT)
    number = make_ticket(
        test_desk, assignee=ben, contacts=CONTACTS, verified=verified, received_at=received, channel=Channel.MAIL
    ).number
    settled = end(test_desk, ben, number, settling(TicketKind.INQUIRY, "turned"))
    assert settled.turned is TicketKind.RIGHTS
    ticket = ticket_of(test_desk, number)
    assert (ticket.kind, ticket.received_at, ticket.closed_at) == (TicketKind.RIGHTS, received, None)
    assert ticket.state == (TicketState.VERIFIED if verified else TicketState.TO_VERIFY)
    assert ticket.due_at == (test_desk.clock.now() + timedelta(days=30) if verified else None)
    moved = "" if verified else ", state open -> to verify"
    changed = [one.reason for one in recorded(test_desk.desk, Action.TICKET_KIND_SET)]
    assert changed == [f"kind inquiry -> rights{moved}"]
    assert open_ticket(ben, number).settled_words.startswith("Dealt with as a request")


# --- drafts and what follows


def test_the_draft_goes_with_the_settlement(test_desk: TestDesk) -> None:
    ben, number = own(test_desk, TicketKind.REPORT)
    save_draft(ben, settle_place(number), "half a settlement", number)
    end(test_desk, ben, number, settling(TicketKind.REPORT))
    assert load_draft(ben, settle_place(number), number) == ""


def test_what_others_shall_decide_anew_was_decided_before(test_desk: TestDesk) -> None:
    """The letter promises it; a ticket on which nothing was decided yet cannot keep the promise."""
    case = refused(test_desk)
    open_one = make_ticket(test_desk, assignee=case.mei, requester=case.requester).number
    number = about(test_desk, case, TicketKind.COMPLAINT, case.pia, number=open_one)
    again = settling(TicketKind.COMPLAINT, "again")
    needs = still_needed(case.pia, number)
    assert needs.always == "" and needs.by_outcome["founded"] == ()
    assert needs.by_outcome["again"][0].startswith(f"#{open_one} is still open and has no decision")
    kept_as_it_was(test_desk, case.pia, number, again, SettlementIncomplete)
    assert ticket_of(test_desk, open_one).assignee_id == case.mei.agent.id
    end(test_desk, case.pia, number, settling(TicketKind.COMPLAINT, "founded"))


def test_a_decided_ticket_that_was_opened_again_is_taken_from_who_has_it(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    set_state(case.mei, case.number, ticket_of(test_desk, case.number).version, TicketState.OPEN)
    number = about(test_desk, case, TicketKind.COMPLAINT, case.pia)
    assert end(test_desk, case.pia, number, settling(TicketKind.COMPLAINT, "again")).reopened == case.number
    assert ticket_of(test_desk, case.number).assignee_id is None


def test_what_was_set_aside_ends_with_a_decision_not_by_hand(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    end(
        test_desk,
        case.ben,
        about(test_desk, case, TicketKind.APPEAL, case.ben),
        settling(TicketKind.APPEAL, "overturn"),
    )
    version = ticket_of(test_desk, case.number).version
    with pytest.raises(WrongState, match="ends with a decision"):
        set_state(case.sam, case.number, version, TicketState.CLOSED, "It was decided.")


def test_who_has_no_business_with_it_is_told_so_before_any_step(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    number = about(test_desk, case, TicketKind.APPEAL)
    assert still_needed(case.mei, number).always == str(NotIndependent(number))
    assert still_needed(case.ben, number).always == str(NotAssigned())
    assign(case.sam, number, ticket_of(test_desk, number).version, "ben")
    assert still_needed(case.ben, number).always == ""
    unnamed = make_ticket(test_desk, kind=TicketKind.APPEAL, assignee=case.ben, requester=case.requester).number
    assert "does not say yet" in still_needed(case.ben, unnamed).without_matter
    assert "does not say yet" in still_needed(case.ben, unnamed).by_outcome["overturn"][0]


@pytest.mark.parametrize("outcome, again", [("overturn", True), ("partly", True), ("uphold", False)])
def test_what_falls_is_opened_again_to_be_decided_anew(test_desk: TestDesk, outcome: str, again: bool) -> None:
    case = refused(test_desk)
    number = about(test_desk, case, TicketKind.APPEAL, case.ben)
    before = ticket_of(test_desk, case.number)
    test_desk.clock.forward(minutes=3)
    settled = end(test_desk, case.ben, number, settling(TicketKind.APPEAL, outcome))
    after = ticket_of(test_desk, case.number)
    if not again:
        assert settled.reopened is None and after == before
        return
    assert settled.reopened == case.number
    words = open_ticket(case.pia, case.number).decision_words
    assert words == f"refuse, made; set aside by #{number}, to be decided again by others"
    assert (after.state, after.closed_at, after.verified_at) == (TicketState.OPEN, None, before.verified_at)
    assert after.due_at == test_desk.clock.now() + timedelta(days=30)
    last = recorded(test_desk.desk, Action.REVIEW_BEGAN)[-1]
    assert (last.ticket, last.actor, last.reason) == (
        case.number,
        "ben",
        f"to be decided again by others after #{number}",
    )
