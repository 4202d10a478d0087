"""A reply waits before it goes out: until then it can be taken back; then it goes to the right person or nowhere."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from cs_console.act_id import new_act
from cs_console.casework import workflow
from cs_console.casework.conversation import add_note, open_ticket, reply
from cs_console.casework.reply_files import attach_file, attached_files
from cs_console.casework.undo import draft_place, take_back
from cs_console.custody.contacts import NewContact, add_contact
from cs_console.custody.drafts import find_draft, save_draft
from cs_console.delivery import outgoing
from cs_console.delivery.outgoing import deliver_held, deliver_queued, stored_delivery
from cs_console.errors import BadInput, DoneBefore, NothingToTakeBack, StoreUnavailable
from cs_console.settings import Settings
from cs_console.upkeep import keep_up
from cs_console.verification.linking import link_ticket
from models.agent import Agent
from models.contact import Contact
from models.contact_fields import Field
from models.enums import AccountState, Action, DeliveryState, RequesterState, Result, TicketState
from models.message import Message
from models.requester import Requester
from models.roles import Role
from models.ticket import Ticket
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import give, make_requester, make_ticket

WORDS = "Your parcel is on its way."
DELAY = 10


class Writing:
    """An agent with a ticket of theirs at a desk that holds what is written."""

    def __init__(self, test_desk: TestDesk) -> None:
        self.test_desk, self.desk, self.clock = test_desk, test_desk.desk, test_desk.clock
        self.desk.settings = self.desk.settings.model_copy(update={"send_delay": DELAY})
        self.mei = test_desk.session("mei", Role.AGENT)
        self.made = make_ticket(test_desk, assignee=self.mei)
        self.number = self.made.number

    def write(self, words: str = WORDS, **more: object) -> DeliveryState:
        to = self.made.contact_ids[Field.EMAIL]
        return reply(self.mei, self.number, self.ticket().version, to, words, **more)  # type: ignore[arg-type]

    def ticket(self) -> Ticket:
        with self.desk.database.reading() as db:
            return db.get_one(Ticket, self.number)

    def messages(self) -> list[Message]:
        with self.desk.database.reading() as db:
            written = select(Message).where(col(Message.agent_id) == self.mei.agent.id).order_by(col(Message.at))
            return list(db.scalars(written).all())

    def sent(self) -> int:
        outbox = self.desk.settings.outbox
        assert outbox is not None
        return len(list(outbox.glob("*.eml")))

    def draft(self) -> str:
        return find_draft(self.mei, draft_place(self.number), self.number).text

    def wait(self, seconds: float = DELAY) -> None:
        self.clock.forward(seconds=seconds)


@pytest.fixture
def writing(test_desk: TestDesk) -> Writing:
    return Writing(test_desk)


@pytest.fixture
def here(sqlite_desk: TestDesk) -> Writing:
    """The same where neither SQL nor locks matter."""
    return Writing(sqlite_desk)


# --- it waits, and goes


def test_a_desk_holds_replies_for_ten_seconds(sqlite_desk: TestDesk) -> None:
    assert Settings(home=sqlite_desk.desk.settings.home).send_delay == DELAY


def test_a_reply_goes_out_when_its_time_has_come_and_not_before(writing: Writing) -> None:
    assert writing.write() is DeliveryState.HELD
    writing.wait(DELAY - 1)
    assert deliver_queued(writing.desk).sent == 0
    deliver_held(writing.desk, writing.number)
    assert (writing.sent(), writing.ticket().state) == (0, TicketState.OPEN)
    (line,) = [line for line in open_ticket(writing.mei, writing.number).lines if line.delivery is DeliveryState.HELD]
    assert line.goes_out_at == writing.clock.now() + timedelta(seconds=1)
    writing.wait(1)
    keep_up(writing.desk)
    assert (writing.sent(), writing.ticket().state) == (1, TicketState.WAITING)
    (message,) = writing.messages()
    assert (message.delivery, message.at) == (DeliveryState.SENT, writing.clock.now())
    assert deliver_queued(writing.desk).sent == 0
    held, sent = recorded(writing.desk, Action.MESSAGE_HELD), recorded(writing.desk, Action.MESSAGE_SENT)
    assert [(entry.actor, entry.ticket) for entry in (*held, *sent)] == [("mei", writing.number)] * 2


def test_a_desk_may_hold_nothing(here: Writing) -> None:
    here.desk.settings = here.desk.settings.model_copy(update={"send_delay": 0})
    assert here.write() is DeliveryState.SENT
    assert recorded(here.desk, Action.MESSAGE_HELD) == []


def test_one_that_is_held_stands_below_what_comes_meanwhile(here: Writing) -> None:
    here.write(at=here.clock.now() + timedelta(days=1))
    here.wait(60)
    other = here.test_desk.session("ravi", Role.AGENT)
    add_note(other, here.number, here.ticket().version, "A note.")
    mine, theirs = open_ticket(here.mei, here.number).lines[-1], open_ticket(other, here.number).lines[-1]
    assert mine.delivery is theirs.delivery is DeliveryState.HELD
    assert (mine.can_take_back, theirs.can_take_back) == (True, False)


# --- it is taken back


@pytest.mark.core
def test_a_reply_that_is_taken_back_is_a_draft_again_and_never_goes_out(writing: Writing) -> None:
    writing.write()
    take_back(writing.mei, writing.number)
    assert writing.draft() == WORDS
    assert writing.messages() == []
    writing.wait()
    keep_up(writing.desk)
    assert (writing.sent(), writing.ticket().state) == (0, TicketState.OPEN)
    (entry,) = recorded(writing.desk, Action.MESSAGE_TAKEN_BACK)
    assert (entry.actor, entry.ticket, entry.reason) == ("mei", writing.number, "reply")
    assert recorded(writing.desk, Action.MESSAGE_SENT) == []


def test_the_draft_is_another_act(here: Writing) -> None:
    """The first one happened; sent with its id again, it is not written a second time."""
    act = new_act()
    here.write(act=act)
    version = here.ticket().version
    take_back(here.mei, here.number)
    assert find_draft(here.mei, draft_place(here.number), here.number).act is None
    to = here.made.contact_ids[Field.EMAIL]
    assert reply(here.mei, here.number, version, to, WORDS, act=act) is DeliveryState.TAKEN_BACK
    with pytest.raises(DoneBefore):
        reply(here.mei, here.number, version, to, f"{WORDS} Really.", act=act)
    assert here.write(f"{WORDS} Really.", act=new_act()) is DeliveryState.HELD


def test_what_was_typed_since_is_kept_below(here: Writing) -> None:
    here.write()
    save_draft(here.mei, draft_place(here.number), "One more thing", here.number)
    take_back(here.mei, here.number)
    assert here.draft() == f"{WORDS}\n\nOne more thing"


def test_the_last_one_is_taken_back_first(here: Writing) -> None:
    here.write("First")
    here.wait(1)
    here.write("Second")
    take_back(here.mei, here.number)
    assert here.draft() == "Second"
    take_back(here.mei, here.number)
    assert here.draft() == "First\n\nSecond"
    with pytest.raises(NothingToTakeBack):
        take_back(here.mei, here.number)


def test_what_has_gone_out_and_what_others_wrote_is_not_taken_back(here: Writing) -> None:
    here.write()
    ravi = here.test_desk.session("ravi", Role.AGENT, Role.SUPERVISOR)
    with pytest.raises(NothingToTakeBack):
        take_back(ravi, here.number)
    here.wait()
    keep_up(here.desk)
    with pytest.raises(NothingToTakeBack):
        take_back(here.mei, here.number)
    assert here.sent() == 1
    assert here.draft() == ""


def test_a_failed_undo_changes_nothing(here: Writing, monkeypatch: pytest.MonkeyPatch) -> None:
    here.write()

    def full(*_about: object, **_more: object) -> None:
        raise StoreUnavailable("There is no space left.")

    with monkeypatch.context() as patched, pytest.raises(StoreUnavailable):
        patched.setattr("cs_console.casework.undo.record_about", full)
        take_back(here.mei, here.number)
    assert here.draft() == ""
    here.wait()
    assert deliver_queued(here.desk).sent == 1


@pytest.mark.parametrize("round_", range(4))
def test_of_a_taking_back_and_a_delivery_exactly_one_wins(writing: Writing, round_: int) -> None:
    """ASVS 2.3.4, 15.4.2."""
    writing.write()
    writing.wait()
    deliver = partial(deliver_queued, writing.desk)

    def undo() -> bool:
        try:
            take_back(writing.mei, writing.number)
        except NothingToTakeBack:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        work: list[Callable[[], object]] = [undo, deliver, deliver]
        if round_ % 2:
            work.reverse()
        back = True in list(pool.map(lambda do: do(), work))
    deliver_queued(writing.desk)
    assert (writing.sent(), writing.draft()) == ((0, WORDS) if back else (1, ""))
    assert (
        len(recorded(writing.desk, Action.MESSAGE_SENT)) + len(recorded(writing.desk, Action.MESSAGE_TAKEN_BACK)) == 1
    )


# --- send later


def test_a_reply_goes_out_at_the_chosen_time(here: Writing) -> None:
    at = here.clock.now() + timedelta(hours=15)
    assert here.write(at=at) is DeliveryState.HELD
    here.wait(DELAY)
    keep_up(here.desk)
    assert here.sent() == 0
    (line,) = [line for line in open_ticket(here.mei, here.number).lines if line.goes_out_at]
    assert line.goes_out_at == at
    here.clock.at = at
    keep_up(here.desk)
    assert here.sent() == 1


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(seconds=-1), timedelta(days=91)])
def test_a_time_that_makes_no_sense_is_refused(here: Writing, ahead: timedelta) -> None:
    with pytest.raises(BadInput):
        here.write(at=here.clock.now() + ahead)
    assert here.messages() == []


# --- what changed meanwhile


def released(writing: Writing) -> str:
    workflow.release(writing.mei, writing.number, writing.ticket().version)
    return "ticket_handed_on"


def given_to_another(writing: Writing) -> str:
    give(writing.test_desk, writing.number, writing.test_desk.session("ravi", Role.AGENT))
    return "ticket_handed_on"


def given_by_the_row_alone(writing: Writing) -> str:
    """Invariant 12: the log says that it is someone else's."""
    given_to_another(writing)
    _store(writing, update(Ticket).values(assignee_id=writing.mei.agent.id))
    return "ticket_handed_on"


def suspended(writing: Writing) -> str:
    _store(writing, update(Agent).where(col(Agent.name) == "mei").values(state=AccountState.SUSPENDED))
    return "writer_suspended"


def without_the_role(writing: Writing) -> str:
    _store(writing, update(Agent).where(col(Agent.name) == "mei").values(roles="admin"))
    return "writer_suspended"


def replaced(writing: Writing) -> str:
    _store(writing, update(Contact).values(replaced_at=writing.clock.now()))
    return "contact_not_on_file"


def shared_with_another_account(writing: Writing) -> str:
    """A number or address that was given to someone else, while the requester has one that is theirs alone."""
    desk, requester = writing.desk, writing.made.requester_id
    with desk.database.transaction() as db:
        new = NewContact(Field.MOBILE, "+8613800138000", True, desk.clock.now())
        add_contact(db, desk, requester, desk.keyring.key(requester), new)
    make_requester(writing.test_desk, {Field.EMAIL: "alice@example.org"})
    return "contact_not_on_file"


def restricted(writing: Writing) -> str:
    _store(writing, update(Requester).values(state=RequesterState.RESTRICTED))
    return "erased"


def erased(writing: Writing) -> str:
    writing.desk.keyring.destroy(writing.made.requester_id)
    return "erased"


def _store(writing: Writing, statement: object) -> None:
    with writing.desk.database.transaction() as db:
        db.connection().execute(statement)  # type: ignore[call-overload]  # any update


CHANGES = [
    released,
    given_to_another,
    given_by_the_row_alone,
    suspended,
    without_the_role,
    replaced,
    shared_with_another_account,
    restricted,
    erased,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: str(change.__name__))
def test_what_may_not_go_out_any_more_stays_and_says_why(here: Writing, change: Callable[[Writing], str]) -> None:
    here.write()
    why = change(here)
    here.wait()
    report = deliver_queued(here.desk)
    assert (report.sent, report.failed, report.refused, here.sent()) == (0, 1, 1, 0)
    (message,) = here.messages()
    assert (message.delivery, message.delivery_problem) == (DeliveryState.FAILED, why)
    assert stored_delivery(here.desk, message.id) is DeliveryState.REFUSED
    (entry,) = recorded(here.desk, Action.MESSAGE_SENT)
    assert (entry.outcome, entry.reason) == (Result.FAILED, f"reply: {why}")
    here.clock.forward(days=2)
    assert deliver_queued(here.desk).failed == 0, "nothing tries it again"


def test_the_ticket_says_why_to_who_reads_it(here: Writing) -> None:
    here.write()
    given_to_another(here)
    here.wait()
    keep_up(here.desk)
    (line,) = [line for line in open_ticket(here.mei, here.number).lines if line.problem]
    assert (line.delivery, line.problem, line.text) == (DeliveryState.FAILED, "ticket_handed_on", WORDS)


def test_a_ticket_that_was_linked_meanwhile_has_its_recipient_chosen_again(here: Writing) -> None:
    """DECISIONS.md, 19: though the address may be on file with both."""
    here.made = make_ticket(here.test_desk, assignee=here.mei, on_file=False)
    here.number = here.made.number
    here.write()
    anna, _ = make_requester(here.test_desk, {Field.EMAIL: "alice@example.org"})
    vera = here.test_desk.session("vera", Role.VERIFIER)
    link_ticket(vera, here.number, here.ticket().version, anna, "She read out her order number.")
    here.wait()
    assert deliver_queued(here.desk).sent == 0
    (message,) = here.messages()
    assert (message.delivery, message.delivery_problem) == (DeliveryState.FAILED, "ticket_linked")
    with here.desk.database.transaction() as db:  # as if it had been put back to wait
        held = {"delivery": DeliveryState.HELD, "next_delivery_at": here.clock.now()}
        db.connection().execute(update(Message).where(col(Message.id) == message.id).values(held))
    assert deliver_queued(here.desk).sent == 0
    assert here.messages()[0].delivery_problem == "ticket_linked"
    assert here.sent() == 0


def test_closing_the_ticket_oneself_keeps_no_letter(here: Writing) -> None:
    here.write()
    workflow.set_state(here.mei, here.number, here.ticket().version, TicketState.CLOSED)
    here.wait()
    assert deliver_queued(here.desk).sent == 1
    assert here.ticket().state == TicketState.CLOSED


# --- whatever dies


def test_a_held_letter_survives_its_console(writing: Writing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the claim and the mail server: another console sends it once the lease is over, once."""

    class Killed(BaseException):
        pass

    def kill(*_about: object) -> None:
        raise Killed

    writing.write()
    writing.wait()
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(outgoing, "hand_over", kill)
        deliver_queued(writing.desk)
    with pytest.raises(NothingToTakeBack):
        take_back(writing.mei, writing.number)
    assert deliver_queued(writing.desk).sent == 0, "still claimed"
    writing.clock.forward(minutes=5)
    assert deliver_queued(writing.desk).sent == 1
    assert writing.sent() == 1


def test_two_consoles_send_it_once(writing: Writing) -> None:
    for number in range(3):
        writing.write(f"Letter {number}")
    writing.wait()
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: deliver_queued(writing.desk), range(4)))
    assert sum(report.sent for report in reports) == writing.sent() == 3


def test_files_come_back_with_the_words(here: Writing, tmp_path: Path) -> None:
    """And go out with the next letter, under the same ids."""
    folder = tmp_path / "to attach"
    folder.mkdir()
    (folder / "prices.txt").write_text("A chair: 40")
    here.desk.settings = here.desk.settings.model_copy(update={"attach_from": folder})
    attach_file(here.mei, here.number, "prices.txt")
    (file,) = attached_files(here.mei, here.number)
    here.write(files=(file.id,))
    assert attached_files(here.mei, here.number) == ()
    take_back(here.mei, here.number)
    (again,) = attached_files(here.mei, here.number)
    assert (again.id, again.name, again.size) == (file.id, file.name, file.size)
    here.write(files=(file.id,))
    here.wait()
    assert deliver_queued(here.desk).sent == 1
    outbox = here.desk.settings.outbox
    assert outbox is not None
    (mail,) = outbox.glob("*.eml")
    assert b"prices.txt" in mail.read_bytes()
