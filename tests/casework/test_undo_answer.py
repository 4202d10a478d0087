"""An answer of one person waits before its letter goes out: until then it is taken back whole, or it went out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from cs_console.access_log.tickets_on_record import closed_since
from cs_console.access_log.verify import verify_log
from cs_console.act_id import new_act
from cs_console.casework.conversation import open_ticket
from cs_console.casework.undo import TakenBack, take_back
from cs_console.casework.workflow import set_state
from cs_console.custody.drafts import find_draft, save_draft
from cs_console.decisions import approval, checklist
from cs_console.decisions.approvers import final_decision
from cs_console.decisions.decided_on_record import last_decided
from cs_console.decisions.finalise import draft_place
from cs_console.decisions.notice_delivery import NoticeWay
from cs_console.decisions.resend_notice import notice_posted
from cs_console.delivery.outgoing import deliver_queued
from cs_console.desk import DeskSession, operator_session
from cs_console.errors import (
    AlreadyOnItsWay,
    AnswerStays,
    DoneBefore,
    NotAssigned,
    NothingToTakeBack,
    StoreUnavailable,
)
from cs_console.independence.participants import deciders, participants
from cs_console.intake.intake import take_in
from cs_console.intake.mail import read_mail
from cs_console.settlements.settling import Settled, settle, settle_place
from cs_console.settlements.settling_rules import Settling, settling_from_json, settling_to_json
from cs_console.upkeep import keep_up
from models.decision import Decision
from models.enums import (
    Action,
    DecisionState,
    DeliveryState,
    MessageSort,
    RequesterState,
    Result,
    TicketKind,
    TicketState,
)
from models.message import Message
from models.requester import Requester
from models.roles import Role
from models.ticket import Ticket
from tests.decisions.cases import PASSWORD, grant, person, propose, refusal, request
from tests.settlements.settlements import about, refused, settlements, settling
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import ticket_of
from tests.support.tickets import give, make_ticket

DELAY = 10
TYPED = "We called Alice Wonder at +86 138 0013 8000 about it."


@dataclass
class Answered:
    """A ticket that one person ended at a desk that holds what is sent, and its columns before."""

    test_desk: TestDesk
    writer: DeskSession
    number: int
    before: Ticket
    place: str
    taken: TakenBack

    def take_back(self) -> TakenBack:
        return take_back(self.writer, self.number)

    def ticket(self) -> Ticket:
        return ticket_of(self.test_desk, self.number)

    def draft(self) -> str:
        return find_draft(self.writer, self.place, self.number).text

    def notices(self) -> list[Message]:
        with self.test_desk.desk.database.reading() as db:
            wanted = select(Message).where(Message.ticket_number == self.number, Message.sort == MessageSort.NOTICE)
            return list(db.exec(wanted))

    def sent(self) -> int:
        outbox = self.test_desk.desk.settings.outbox
        assert outbox is not None
        return len(list(outbox.glob("*.eml")))

    def wait(self, seconds: float = DELAY) -> None:
        self.test_desk.clock.forward(seconds=seconds)

    def deciders(self) -> set[str]:
        with self.test_desk.desk.database.reading() as db:
            return deciders(db, self.test_desk.desk, [self.number])

    def participants(self) -> set[str]:
        with self.test_desk.desk.database.reading() as db:
            return participants(db, self.test_desk.desk, [self.number])


def holding(test_desk: TestDesk, seconds: int = DELAY) -> None:
    test_desk.desk.settings = test_desk.desk.settings.model_copy(update={"send_delay": seconds})


def report_case(test_desk: TestDesk) -> tuple[DeskSession, int, Settling]:
    """A report in the hands of one person, and a complete answer with typed words."""
    ben = person(test_desk, "ben", Role.AGENT, Role.SUPERVISOR)
    made = make_ticket(test_desk, kind=TicketKind.REPORT, assignee=ben, verified=True)
    what = settling(TicketKind.REPORT)
    typed = next(key for key, text in what.answers.items() if text.startswith("What was found"))
    return ben, made.number, Settling(what.outcome, {**what.answers, typed: TYPED}, what.reason)


def settled(test_desk: TestDesk) -> Answered:
    holding(test_desk)
    ben, number, what = report_case(test_desk)
    save_draft(ben, settle_place(number), settling_to_json(what), number, new_act())
    before = ticket_of(test_desk, number)
    done = settle(ben, number, before.version, what)
    assert done.delivery == NoticeWay.HELD
    return Answered(test_desk, ben, number, before, settle_place(number), TakenBack.SETTLEMENT)


def granted(test_desk: TestDesk) -> Answered:
    holding(test_desk)
    mei = person(test_desk, "mei", Role.AGENT)
    made = request(test_desk, mei)
    save_draft(mei, draft_place(made.number), TYPED, made.number, new_act())
    before = ticket_of(test_desk, made.number)
    done = propose(mei, made.number, 1, grant("e-mail"))
    assert (done.still_needed, done.delivery) == ((), NoticeWay.HELD)
    return Answered(test_desk, mei, made.number, before, draft_place(made.number), TakenBack.DECISION)


def follow_up(test_desk: TestDesk, number: int) -> None:
    """The requester writes again."""
    mail = f"From: alice@example.org\nSubject: Re: [#{number}]\n\nOne more thing."
    assert take_in(operator_session(test_desk.desk), read_mail(mail.encode())).outcome == "appended"


WAYS = [settled, granted]
Way = Callable[[TestDesk], Answered]


@pytest.fixture(params=WAYS, ids=lambda way: str(way.__name__))
def way(request: pytest.FixtureRequest) -> Way:
    found: Way = request.param
    return found


@pytest.fixture
def case(test_desk: TestDesk, way: Way) -> Answered:
    return way(test_desk)


@pytest.fixture
def here(sqlite_desk: TestDesk, way: Way) -> Answered:
    """The same where neither SQL nor locks matter."""
    return way(sqlite_desk)


# --- it waits, and goes


def test_its_letter_goes_out_when_its_time_has_come_and_not_before(case: Answered) -> None:
    case.wait(DELAY - 1)
    assert deliver_queued(case.test_desk.desk).sent == 0
    assert case.ticket().state == TicketState.CLOSED
    [line] = [one for one in open_ticket(case.writer, case.number).lines if one.sort is MessageSort.NOTICE]
    assert (line.delivery, line.can_take_back) == (DeliveryState.HELD, True)
    assert line.goes_out_at == case.test_desk.clock.now() + timedelta(seconds=1)
    case.wait(1)
    keep_up(case.test_desk.desk)
    assert case.sent() == 1
    assert case.draft() == ""
    assert case.ticket().state == TicketState.CLOSED
    assert deliver_queued(case.test_desk.desk).sent == 0
    held, sent = (recorded(case.test_desk.desk, one) for one in (Action.MESSAGE_HELD, Action.MESSAGE_SENT))
    assert [(entry.actor, entry.ticket, entry.reason) for entry in (*held, *sent)] == [
        (case.writer.agent.name, case.number, "notice")
    ] * 2
    with pytest.raises(NothingToTakeBack):
        case.take_back()


def test_a_desk_may_hold_nothing(sqlite_desk: TestDesk) -> None:
    ben, number, what = report_case(sqlite_desk)
    assert settle(ben, number, 1, what).delivery == NoticeWay.SENT
    mei = person(sqlite_desk, "mei", Role.AGENT)
    assert propose(mei, request(sqlite_desk, mei).number, 1, grant("e-mail")).delivery == NoticeWay.SENT
    assert recorded(sqlite_desk.desk, Action.MESSAGE_HELD) == []
    with pytest.raises(NothingToTakeBack):
        take_back(ben, number)


def test_what_was_approved_with_a_password_goes_at_once(sqlite_desk: TestDesk) -> None:
    """DECISIONS.md, 25."""
    holding(sqlite_desk)
    mei, sue = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sue", Role.SUPERVISOR)
    number = request(sqlite_desk, mei).number
    decision_id = propose(mei, number, 1, refusal("D2", sqlite_desk.clock.now())).decision_id
    assert approval.approve(sue, decision_id, PASSWORD).delivery == NoticeWay.SENT
    for one in (mei, sue):
        with pytest.raises(NothingToTakeBack):
            take_back(one, number)


def test_another_console_sees_it_and_only_its_writer_takes_it_back(here: Answered) -> None:
    other = person(here.test_desk, "olga", Role.AGENT, Role.SUPERVISOR)
    [line] = [one for one in open_ticket(other, here.number).lines if one.sort is MessageSort.NOTICE]
    assert (line.delivery, line.can_take_back) == (DeliveryState.HELD, False)
    with pytest.raises(NothingToTakeBack):
        take_back(other, here.number)


def test_it_is_not_posted_or_sent_again_beside_what_is_held(sqlite_desk: TestDesk) -> None:
    case = granted(sqlite_desk)
    with pytest.raises(AlreadyOnItsWay):
        notice_posted(case.writer, case.number)


# --- it is taken back


@pytest.mark.core
def test_the_ticket_is_as_it_was_and_nothing_goes_out(case: Answered) -> None:
    case.wait(DELAY / 2)
    assert case.take_back() is case.taken
    after = case.ticket()
    kept = ("assignee_id", "closed_at", "due_at", "first_response_at", "first_response_due_at", "kind", "verified_at")
    assert [getattr(after, name) for name in kept] == [getattr(case.before, name) for name in kept]
    assert after.state == (case.before.state if case.taken is TakenBack.SETTLEMENT else TicketState.VERIFIED)
    assert after.version > case.before.version
    assert case.notices() == []
    case.wait()
    keep_up(case.test_desk.desk)
    assert case.sent() == 0
    desk, number = case.test_desk.desk, case.number
    assert settlements(case.test_desk, number) == []
    with desk.database.reading() as db:
        assert final_decision(db, desk, number) is None
        assert last_decided(db, desk, number) is None
        assert closed_since(db, desk, [number], []) == {}
    [back] = recorded(desk, Action.MESSAGE_TAKEN_BACK)
    withdrawn = recorded(desk, Action.SETTLEMENT_WITHDRAWN) + recorded(desk, Action.DECISION_WITHDRAWN)
    assert [(one.actor, one.ticket) for one in (back, *withdrawn)] == [(case.writer.agent.name, number)] * 2
    assert verify_log(desk).ok


def test_every_typed_word_comes_back_for_a_new_act(case: Answered) -> None:
    case.take_back()
    kept = find_draft(case.writer, case.place, case.number)
    assert (TYPED in kept.text, kept.act) == (True, None)


def test_without_a_draft_the_stored_answers_come_back(sqlite_desk: TestDesk) -> None:
    holding(sqlite_desk)
    ben, number, what = report_case(sqlite_desk)
    settle(ben, number, 1, what)
    take_back(ben, number)
    again = settling_from_json(find_draft(ben, settle_place(number), number).text)
    assert (again.outcome, again.answers.keys()) == (what.outcome, what.answers.keys())


def test_it_is_answered_again_in_another_way(sqlite_desk: TestDesk) -> None:
    case = settled(sqlite_desk)
    case.take_back()
    done = settle(case.writer, case.number, case.ticket().version, settling(TicketKind.REPORT))
    assert done.delivery == NoticeWay.HELD
    case.wait()
    assert deliver_queued(sqlite_desk.desk).sent == 1
    assert (len(settlements(sqlite_desk, case.number)), case.ticket().state) == (1, TicketState.CLOSED)


def test_of_two_settlements_the_last_is_taken_back_first(sqlite_desk: TestDesk) -> None:
    case = settled(sqlite_desk)
    opened = set_state(case.writer, case.number, case.ticket().version, TicketState.OPEN)
    case.wait(1)
    settle(case.writer, case.number, opened, settling(TicketKind.REPORT))
    assert case.take_back() is TakenBack.SETTLEMENT
    assert [one.outcome for one in settlements(sqlite_desk, case.number)] == ["acted"]
    assert case.take_back() is TakenBack.SETTLEMENT
    assert (settlements(sqlite_desk, case.number), case.ticket().state) == ([], TicketState.OPEN)


def test_a_grant_is_refused_by_two_after_all(sqlite_desk: TestDesk) -> None:
    case = granted(sqlite_desk)
    case.take_back()
    what = refusal("D2", sqlite_desk.clock.now())
    again = propose(case.writer, case.number, case.ticket().version, what)
    assert again.still_needed
    sue = person(sqlite_desk, "sue", Role.SUPERVISOR)
    assert approval.approve(sue, again.decision_id, PASSWORD).final
    assert case.deciders() == {case.writer.agent.id, sue.agent.id}


# --- separation of duties


def test_what_was_taken_back_was_not_decided_but_its_writer_took_part(case: Answered) -> None:
    assert case.deciders() == {case.writer.agent.id}
    case.take_back()
    assert case.deciders() == set()
    give(case.test_desk, case.number, person(case.test_desk, "olga", Role.AGENT))
    assert case.writer.agent.id in case.participants()


# --- once


@pytest.mark.parametrize("round_", range(4))
def test_of_a_taking_back_and_a_delivery_exactly_one_wins(case: Answered, round_: int) -> None:
    """ASVS 2.3.4, 15.4.2."""
    desk = case.test_desk.desk
    case.wait()

    def undo() -> bool:
        try:
            case.take_back()
        except NothingToTakeBack:
            return False
        return True

    work: list[Callable[[], object]] = [undo, partial(deliver_queued, desk), undo, partial(deliver_queued, desk)]
    if round_ % 2:
        work.reverse()
    with ThreadPoolExecutor(len(work)) as pool:
        backs = [answer for answer in pool.map(lambda do: do(), work) if answer is True]
    deliver_queued(desk)
    assert len(backs) + case.sent() == 1
    assert (case.ticket().state == TicketState.CLOSED) == (case.sent() == 1)
    assert (TYPED in case.draft()) == (not case.sent())
    assert verify_log(desk).ok


def test_the_act_that_was_taken_back_does_not_happen_again(sqlite_desk: TestDesk) -> None:
    """Sent again after a lost answer, from here or from a second console."""
    holding(sqlite_desk)
    ben, number, what = report_case(sqlite_desk)
    mei, act, other = person(sqlite_desk, "mei", Role.AGENT), new_act(), new_act()
    settle(ben, number, 1, what, act=act)
    asked = request(sqlite_desk, mei).number
    checklist.record_asked(mei, asked, grant("e-mail").request, {"e-mail"})
    checklist.propose(mei, asked, 1, grant("e-mail"), act=other)
    take_back(ben, number)
    take_back(mei, asked)
    with pytest.raises(DoneBefore):
        settle(ben, number, 1, what, act=act)
    with pytest.raises(DoneBefore):
        checklist.propose(mei, asked, 1, grant("e-mail"), act=other)
    assert settlements(sqlite_desk, number) == []


def test_a_failed_undo_changes_nothing(here: Answered, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_about: object, **_more: object) -> None:
        raise StoreUnavailable("There is no space left.")

    with monkeypatch.context() as patched, pytest.raises(StoreUnavailable):
        patched.setattr("cs_console.casework.undo.record_about", full)
        here.take_back()
    assert here.ticket().state == TicketState.CLOSED
    here.wait()
    assert deliver_queued(here.test_desk.desk).sent == 1


# --- what happened meanwhile


def test_a_requester_who_wrote_meanwhile_has_opened_it_already(case: Answered) -> None:
    """What is undone is the answer: the ticket stays as their words left it."""
    follow_up(case.test_desk, case.number)
    opened = case.ticket()
    assert opened.state == TicketState.VERIFIED
    case.take_back()
    assert (case.ticket().state, case.notices()) == (TicketState.VERIFIED, [])
    assert case.deciders() == set()


def test_it_goes_out_although_its_writer_left(here: Answered) -> None:
    """It tells what was decided, and that stays so."""
    desk = here.test_desk.desk
    with desk.database.transaction() as db:
        db.connection().execute(update(Ticket).where(col(Ticket.number) == here.number).values(assignee_id=None))
    with pytest.raises(NotAssigned):
        here.take_back()
    here.wait()
    assert deliver_queued(desk).sent == 1


def test_it_does_not_go_out_to_someone_who_is_restricted_meanwhile(here: Answered) -> None:
    desk = here.test_desk.desk
    with desk.database.transaction() as db:
        db.connection().execute(update(Requester).values(state=RequesterState.RESTRICTED))
    here.wait()
    assert deliver_queued(desk).sent == here.sent() == 0
    [entry] = recorded(desk, Action.MESSAGE_SENT)
    assert (entry.outcome, entry.reason) == (Result.FAILED, "notice: erased")


def test_a_new_form_on_a_ticket_that_was_opened_meanwhile_outlives_the_letter(here: Answered) -> None:
    follow_up(here.test_desk, here.number)
    here.wait(1)
    save_draft(here.writer, here.place, "Another answer.", here.number)
    here.wait()
    assert deliver_queued(here.test_desk.desk).sent == 1
    assert here.draft() == "Another answer."


# --- what one person does not undo


def test_what_others_may_be_deciding_again_stays_and_its_letter_goes(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    holding(test_desk)
    number = about(test_desk, case, TicketKind.APPEAL, case.ben)
    done = settle(case.ben, number, ticket_of(test_desk, number).version, settling(TicketKind.APPEAL, "overturn"))
    assert (done.reopened, done.delivery) == (case.number, NoticeWay.HELD)
    refuses_to_undo(test_desk, case.ben, number, f"#{case.number}")


def test_what_became_a_request_that_takes_two_stays_and_its_letter_goes(test_desk: TestDesk) -> None:
    holding(test_desk)
    ben = person(test_desk, "ben", Role.AGENT)
    number = make_ticket(test_desk, kind=TicketKind.INQUIRY, assignee=ben, verified=True).number
    done = turned(test_desk, ben, number)
    assert (done.turned, done.delivery) == (TicketKind.RIGHTS, NoticeWay.HELD)
    refuses_to_undo(test_desk, ben, number, f"#{number}")


def turned(test_desk: TestDesk, ben: DeskSession, number: int) -> Settled:
    return settle(ben, number, ticket_of(test_desk, number).version, settling(TicketKind.INQUIRY))


def refuses_to_undo(test_desk: TestDesk, writer: DeskSession, number: int, named: str) -> None:
    before = ticket_of(test_desk, number)
    [line] = [one for one in open_ticket(writer, number).lines if one.delivery is DeliveryState.HELD]
    assert not line.can_take_back
    with pytest.raises(AnswerStays) as stays:
        take_back(writer, number)
    assert named in stays.value.sentence
    assert (ticket_of(test_desk, number).version, ticket_of(test_desk, number).state) == (before.version, before.state)
    test_desk.clock.forward(seconds=DELAY)
    assert deliver_queued(test_desk.desk).sent == 1


def test_a_decision_whose_row_says_final_again_is_none(sqlite_desk: TestDesk) -> None:
    """Invariant 12: the log says that it was taken back."""
    case = granted(sqlite_desk)
    case.take_back()
    desk = sqlite_desk.desk
    with desk.database.transaction() as db:
        final = {"state": DecisionState.FINAL, "decided_at": sqlite_desk.clock.now()}
        db.connection().execute(update(Decision).values(final))
    with desk.database.reading() as db:
        assert final_decision(db, desk, case.number) is None
