"""Asking for proof of identity and extending the term: who may, when, what the requester reads, what is on record."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from cs_console.casework import conversation
from cs_console.casework.workflow import set_state
from cs_console.custody.safe_views import open_typed
from cs_console.decisions import approval
from cs_console.decisions.clock_steps import ask_identity, extend
from cs_console.decisions.clock_view import ClockView, clock_view
from cs_console.desk import DeskSession
from cs_console.errors import (
    BadInput,
    ChangedElsewhere,
    ConsoleError,
    ContactNotOnFile,
    NoExtension,
    NotAllowed,
    NotAssigned,
    WrongState,
)
from cs_console.tickets.queue import page
from cs_console.tickets.queue_words import due_words
from cs_console.verification.methods import verify_by_note
from models.contact_fields import Field
from models.enums import (
    Action,
    ClockMove,
    DeliveryState,
    MessageSort,
    Result,
    TicketKind,
    TicketState,
    VerificationMethod,
)
from models.roles import Role
from tests.deadlines.clocks import clock_events, use_month_pack, utc
from tests.deadlines.test_clock import end_of
from tests.decisions.cases import PASSWORD, fee, grant, person, propose, refusal, request
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import ticket_of
from tests.support.stored import keys_of, opened_ticket
from tests.support.tickets import MadeTicket, make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

REASON = "Your records lie in two archives; Bob Stone (bob@example.net) searches the second one."


def unverified(test_desk: TestDesk, assignee: DeskSession, **more: object) -> MadeTicket:
    contacts = {Field.EMAIL: "alice@example.org", Field.MOBILE: "+8613800138000"}
    return make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=assignee, contacts=contacts, **more)  # type: ignore[arg-type]


def outcomes(test_desk: TestDesk, action: Action) -> list[tuple[Result, str]]:
    return [(entry.outcome, entry.reason) for entry in recorded(test_desk.desk, action)]


# --- asking for proof of identity


def test_asking_stops_the_clock_from_then_until_the_requester_is_verified(test_desk: TestDesk) -> None:
    use_month_pack(test_desk)
    mei, vera = person(test_desk, "mei", Role.AGENT), person(test_desk, "vera-lin", Role.VERIFIER)
    number = unverified(test_desk, mei).number
    assert ticket_of(test_desk, number).due_at == end_of(2026, 12, 21)  # 20 December is a Sunday
    test_desk.clock.forward(minutes=10)
    assert ask_identity(mei, number, 1) is DeliveryState.SENT
    ticket = ticket_of(test_desk, number)
    assert (ticket.due_at, ticket.next_due_at, ticket.state) == (None, None, TicketState.TO_VERIFY)
    assert ticket.first_response_at == test_desk.clock.now()
    (event,) = clock_events(test_desk, number)
    assert (event.move, event.agent_id, event.reason) == (ClockMove.IDENTITY_ASKED, mei.agent.id, None)
    assert outcomes(test_desk, Action.CLOCK_STOPPED) == [(Result.DONE, "identity asked for")]
    test_desk.clock.forward(minutes=5)
    verify_by_note(vera, number, VerificationMethod.WRITTEN, "A signed letter.")
    assert ticket_of(test_desk, number).due_at == end_of(2026, 12, 21)  # the same day: nothing was waited for
    assert clock_view(mei, number).words == (
        "1 month from receipt on 20 Nov, stopped less than a day for identity, then the next working day: 21 Dec, Mon"
    )


def test_a_stopped_clock_says_so_in_the_queue(test_desk: TestDesk) -> None:
    use_month_pack(test_desk)
    mei, now = person(test_desk, "mei", Role.AGENT), test_desk.clock.now()
    number = unverified(test_desk, mei).number
    assert due_words(page(mei, "all").rows[0], now) == "21 Dec"
    ask_identity(mei, number, 1)
    assert due_words(page(mei, "all").rows[0], now) == "stopped"
    verify_by_note(person(test_desk, "vera-lin", Role.VERIFIER), number, VerificationMethod.WRITTEN, "A letter.")
    assert due_words(page(mei, "all").rows[0], now) == "21 Dec"


def test_a_wait_of_days_moves_the_date_by_days(test_desk: TestDesk) -> None:
    use_month_pack(test_desk)
    mei = person(test_desk, "mei", Role.AGENT)
    number = unverified(test_desk, mei, received_at=utc(2026, 11, 20, 8)).number
    ask_identity(mei, number, 1)
    test_desk.clock.forward(days=4)
    vera = person(test_desk, "vera-lin", Role.VERIFIER)
    verify_by_note(vera, number, VerificationMethod.WRITTEN, "A signed letter.")
    assert ticket_of(test_desk, number).due_at == end_of(2026, 12, 24)


@pytest.mark.parametrize(
    ("language", "says"), [("en", "it comes from you"), ("zh", "需要确认该请求由您本人提出"), ("fr", "from you")]
)
def test_the_requester_reads_the_packs_words_in_their_language(test_desk: TestDesk, language: str, says: str) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = unverified(test_desk, mei, language=language)
    ask_identity(mei, made.number, 1)
    sent = conversation.open_ticket(mei, made.number).lines[-1]
    assert (sent.sort, sent.who, sent.delivery) == (MessageSort.REPLY, "mei", DeliveryState.SENT)
    assert says in sent.text
    assert f"#{made.number}" in sent.text


def test_where_verification_starts_the_clock_asking_does_nothing_to_it(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = unverified(test_desk, mei).number
    ask_identity(mei, number, 1)
    test_desk.clock.forward(days=4)
    vera = person(test_desk, "vera-lin", Role.VERIFIER)
    verify_by_note(vera, number, VerificationMethod.WRITTEN, "A signed letter.")
    assert ticket_of(test_desk, number).due_at == test_desk.clock.now() + timedelta(days=30)
    assert outcomes(test_desk, Action.CLOCK_STOPPED) == [
        (Result.DONE, "identity asked for, which does not stop this clock")
    ]


def test_a_term_that_is_over_cannot_be_stopped(test_desk: TestDesk) -> None:
    use_month_pack(test_desk)
    mei = person(test_desk, "mei", Role.AGENT)
    made = unverified(test_desk, mei, received_at=utc(2026, 10, 12, 8))
    due = ticket_of(test_desk, made.number).due_at
    assert due == end_of(2026, 11, 12)
    with pytest.raises(WrongState, match="The term has ended"):
        ask_identity(mei, made.number, 1)
    assert "The term has ended" in clock_view(mei, made.number).why_not_ask
    assert (ticket_of(test_desk, made.number).due_at, clock_events(test_desk, made.number)) == (due, [])


def test_where_asking_stops_nothing_it_may_come_late(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = unverified(test_desk, mei, received_at=utc(2026, 10, 12, 8))
    assert ask_identity(mei, made.number, 1) is DeliveryState.SENT


def test_a_verifier_may_ask_on_any_ticket_an_agent_on_their_own(test_desk: TestDesk) -> None:
    mei, ben = person(test_desk, "mei", Role.AGENT), person(test_desk, "ben", Role.AGENT)
    sue, vera = person(test_desk, "sue", Role.SUPERVISOR), person(test_desk, "vera-lin", Role.VERIFIER)
    number = unverified(test_desk, mei).number
    with pytest.raises(NotAssigned):
        ask_identity(ben, number, 1)
    with pytest.raises(NotAllowed):
        ask_identity(sue, number, 1)
    assert clock_events(test_desk, number) == []
    ask_identity(vera, number, 1)
    assert [event.move for event in clock_events(test_desk, number)] == [ClockMove.IDENTITY_ASKED]


def test_it_is_asked_once_and_of_nobody_who_was_verified(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = unverified(test_desk, mei).number
    ask_identity(mei, number, 1)
    with pytest.raises(WrongState, match="already been asked"):
        ask_identity(mei, number, 2)
    with pytest.raises(WrongState, match="was verified"):
        ask_identity(mei, request(test_desk, mei).number, 1)
    other = unverified(test_desk, mei).number
    with pytest.raises(ChangedElsewhere):
        ask_identity(mei, other, 7)


def test_without_a_contact_nothing_is_asked_and_nothing_stopped(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei, contacts={})
    with pytest.raises(ContactNotOnFile):
        ask_identity(mei, made.number, 1)
    assert clock_events(test_desk, made.number) == []
    claimed = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei, on_file=False)
    assert ask_identity(mei, claimed.number, 1) is DeliveryState.SENT


# --- extending


def extendable(test_desk: TestDesk, approver: Role = Role.SUPERVISOR) -> tuple[DeskSession, DeskSession, MadeTicket]:
    """An agent with a verified request under a pack that knows an extension, and a supervisor."""
    use_month_pack(test_desk, approver)
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    return mei, sue, request(test_desk, mei)


def test_an_extension_moves_the_date_and_tells_the_requester_why(test_desk: TestDesk) -> None:
    mei, sue, made = extendable(test_desk)
    number = made.number
    test_desk.clock.forward(minutes=1)
    assert extend(sue, number, 1, REASON) is DeliveryState.SENT
    ticket = ticket_of(test_desk, number)
    assert (ticket.due_at, ticket.version) == (end_of(2027, 2, 22), 1)  # 20 February is a Saturday
    (event,) = clock_events(test_desk, number)
    assert (event.move, event.agent_id) == (ClockMove.EXTENDED, sue.agent.id)
    keys = keys_of(test_desk.desk, number)
    assert event.reason is not None
    kept = open_typed(keys.key, keys.place("clock_event", "reason", event.id), event.reason)
    assert kept.startswith("Your records lie in two archives")
    assert "bob@example.net" not in kept
    sent = opened_ticket(test_desk.desk, number).texts[-1]
    assert sent == f"Your request #{number} of 20 November 2026 takes us until 22 February 2027. The reason: {kept}"
    assert outcomes(test_desk, Action.CLOCK_EXTENDED) == [(Result.DONE, "")]
    assert clock_view(mei, number).words == (
        "1 month from receipt on 20 Nov, extended by 2 months (told 20 Nov), then the next working day: 22 Feb, Mon"
    )


def test_the_pack_says_who_extends(test_desk: TestDesk) -> None:
    mei, sue, made = extendable(test_desk)
    with pytest.raises(NotAllowed, match="Only a supervisor"):
        extend(mei, made.number, 1, REASON)
    assert extend(sue, made.number, 1, REASON) is DeliveryState.SENT


def test_where_agents_extend_they_do_on_their_own_tickets(test_desk: TestDesk) -> None:
    mei, _, made = extendable(test_desk, Role.AGENT)
    with pytest.raises(NotAssigned):
        extend(person(test_desk, "ben", Role.AGENT), made.number, 1, REASON)
    assert extend(mei, made.number, 1, REASON) is DeliveryState.SENT


def test_the_shipped_pack_knows_no_extension_and_the_attempt_is_on_record(test_desk: TestDesk) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    number = request(test_desk, mei).number
    due = ticket_of(test_desk, number).due_at
    with pytest.raises(NoExtension) as refused:
        extend(sue, number, 1, REASON)
    assert refused.value.code == "no_extension"
    assert outcomes(test_desk, Action.CLOCK_EXTENDED) == [(Result.REFUSED, "no_extension")]
    assert (ticket_of(test_desk, number).due_at, clock_events(test_desk, number)) == (due, [])


def forward(test_desk: TestDesk, _sue: DeskSession, _mei: DeskSession, _number: int) -> None:
    test_desk.clock.at = utc(2026, 12, 21, 23, 0)  # midnight in Berlin


def twice(_test_desk: TestDesk, sue: DeskSession, _mei: DeskSession, number: int) -> None:
    extend(sue, number, 1, REASON)


def answered(test_desk: TestDesk, _sue: DeskSession, mei: DeskSession, number: int) -> None:
    propose(mei, number, ticket_of(test_desk, number).version, grant())


@pytest.mark.parametrize(
    ("first", "says"), [(forward, "The term has ended"), (twice, "already extended"), (answered, "was answered")]
)
def test_it_is_refused_late_twice_or_after_the_answer(
    test_desk: TestDesk, first: Callable[[TestDesk, DeskSession, DeskSession, int], None], says: str
) -> None:
    mei, sue, made = extendable(test_desk)
    first(test_desk, sue, mei, made.number)
    sue = person(test_desk, "sam", Role.SUPERVISOR)
    version, events = ticket_of(test_desk, made.number).version, len(clock_events(test_desk, made.number))
    with pytest.raises(NoExtension, match=says):
        extend(sue, made.number, version, REASON)
    assert len(clock_events(test_desk, made.number)) == events


def test_in_the_last_minute_of_the_term_it_is_not_too_late(test_desk: TestDesk) -> None:
    _, _, made = extendable(test_desk)
    test_desk.clock.at = utc(2026, 12, 21, 22, 59)
    assert extend(person(test_desk, "sam", Role.SUPERVISOR), made.number, 1, REASON) is DeliveryState.SENT


@pytest.mark.parametrize("reason", ["", "  \n", "x", "n/a", "…", "x" * 2001])
def test_an_extension_needs_its_reason(test_desk: TestDesk, reason: str) -> None:
    _, sue, made = extendable(test_desk)
    with pytest.raises(BadInput):
        extend(sue, made.number, 1, reason)
    assert clock_events(test_desk, made.number) == []


def test_nothing_is_extended_that_the_requester_cannot_be_told(test_desk: TestDesk) -> None:
    use_month_pack(test_desk)
    sue = person(test_desk, "sue", Role.SUPERVISOR)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=sue, contacts={})
    with pytest.raises(ContactNotOnFile):
        extend(sue, made.number, 1, REASON)
    assert clock_events(test_desk, made.number) == []


def test_a_proposal_in_approval_does_not_go_stale_by_an_extension(test_desk: TestDesk) -> None:
    mei, sue, made = extendable(test_desk)
    propose(mei, made.number, 1, refusal("D2", test_desk.clock.now()))
    version = ticket_of(test_desk, made.number).version
    extend(sue, made.number, version, REASON)
    assert ticket_of(test_desk, made.number).version == version


@pytest.mark.engines("sqlite", "postgresql")
def test_two_at_once_extend_once(test_desk: TestDesk) -> None:
    _, sue, made = extendable(test_desk)
    sam = person(test_desk, "sam", Role.SUPERVISOR)
    together = Barrier(2)

    def try_it(session: DeskSession) -> str:
        together.wait()
        try:
            return extend(session, made.number, 1, REASON).value
        except ConsoleError as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(try_it, (sue, sam))) == ["no_extension", "sent"]
    assert len(clock_events(test_desk, made.number)) == 1


# --- what the dialog shows


def whens(view: ClockView) -> list[tuple[str, str, str]]:
    return [(line.when, line.what, line.by) for line in view.lines]


def test_the_clock_lists_what_happened_by_whom_in_the_packs_time(test_desk: TestDesk) -> None:
    mei, sue, made = extendable(test_desk)
    number = made.number
    test_desk.clock.forward(minutes=10)
    extend(sue, number, 1, REASON)
    view = clock_view(mei, number)
    assert whens(view) == [
        ("20 Nov 10:00", "received", ""),
        ("20 Nov 10:00", "requester verified", "vera"),
        ("20 Nov 10:10", "first response given", ""),
        ("20 Nov 10:10", "extended", "sue"),
    ]
    assert view.lines[-1].reason.startswith("Your records lie in two archives")
    assert (view.zone, view.extension) == ("Europe/Berlin", "2 months")
    assert view.why_not_extend == "Only a supervisor can extend the term. Ask a supervisor."
    assert view.why_not_ask.startswith(f"The requester of #{number} was verified.")
    assert clock_view(sue, number).why_not_extend == "The term was already extended. It can be extended once."


def test_reading_the_clock_of_an_unopened_ticket_opens_it_on_record(test_desk: TestDesk) -> None:
    mei, _, made = extendable(test_desk)
    clock_view(mei, made.number)
    clock_view(mei, made.number)
    assert [entry.ticket for entry in recorded(test_desk.desk, Action.TICKET_OPENED)] == [made.number]


def test_a_fee_names_nobody_and_says_that_the_clock_stands_still(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    sue, number = person(test_desk, "sue", Role.SUPERVISOR), request(test_desk, mei).number
    decision = propose(mei, number, 1, fee(test_desk.clock.now())).decision_id
    approval.approve(sue, decision, PASSWORD)
    view = clock_view(mei, number)
    assert [(what, by) for _, what, by in whens(view)][-1] == ("fee asked for", "")
    assert view.words == "30 days from verification on 20 Nov, stopped since 20 Nov for a fee"
    test_desk.clock.forward(minutes=9)
    set_state(mei, number, ticket_of(test_desk, number).version, TicketState.VERIFIED)
    assert whens(clock_view(mei, number))[-1] == ("20 Nov 09:09", "went on", "mei")


@pytest.mark.parametrize("role", list(Role)[:4])
def test_under_legal_review_the_clock_is_the_same_whichever_ground(test_desk: TestDesk, role: Role) -> None:
    """No tipping off: neither the line nor the steps differ between S1, S2, S3, nor S5 and S6 where chosen."""
    mei = person(test_desk, "mei", Role.AGENT)
    approvers = [person(test_desk, "sue", Role.SUPERVISOR), person(test_desk, "pia", Role.PRIVACY_OFFICER)]
    reader = person(test_desk, "rio", role)
    seen = set()
    for code in ("S1", "S2", "S3", "S5", "S6"):
        number = request(test_desk, mei).number
        proposal = replace(refusal(code, test_desk.clock.now()), neutral=True)
        decision = propose(mei, number, 1, proposal).decision_id
        for session in approvers:
            approval.approve(session, decision, PASSWORD)
        seen.add(repr(replace(clock_view(reader, number), number=0)).replace(f"#{number}", "#"))
    assert len(seen) == 1
