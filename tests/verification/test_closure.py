"""Unverified requests: one reminder, then a closure with a letter, only by the pack's rule."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from cs_console.casework.workflow import set_state
from cs_console.custody.safe_views import open_safe
from cs_console.policy.templates import render
from cs_console.policy.verification_rules import ClosureRules
from cs_console.upkeep import keep_up
from cs_console.verification import closure
from cs_console.verification.closure import close_unverified
from cs_console.verification.codes import send_code
from models.contact_fields import Field
from models.enums import Action, DeliveryState, MessageSort, TicketKind, TicketState
from models.message import Message
from models.roles import Role
from models.ticket import Ticket
from tests.custody.reveals import change
from tests.decisions.cases import pack
from tests.support.answers import write
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import ticket_of
from tests.support.stored import keys_of
from tests.support.tickets import MadeTicket, make_requester, make_ticket
from tests.support.two_people import by_two

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

MAIL = {Field.EMAIL: "alice@example.org"}
FIRST_NUMBER = 10_401


def rules() -> ClosureRules:
    found = pack().verification.closure
    assert found is not None
    return found


def waiting(
    test_desk: TestDesk, contacts: Mapping[Field, str] | None = None, *, on_file: bool = True, language: str = "en"
) -> MadeTicket:
    return make_ticket(
        test_desk,
        kind=TicketKind.RIGHTS,
        contacts=MAIL if contacts is None else contacts,
        on_file=on_file,
        language=language,
    )


def letters(test_desk: TestDesk, made: MadeTicket) -> list[str]:
    """What went to the requester about the ticket, oldest first."""
    desk = test_desk.desk
    keys = keys_of(desk, made.number)
    with desk.database.reading() as db:
        found = db.scalars(
            select(Message)
            .where(col(Message.ticket_number) == made.number, col(Message.sort) == MessageSort.REMINDER)
            .order_by(col(Message.at))
        )
        return [open_safe(keys.key, keys.place("message", "text_redacted", one.id), one.text_redacted) for one in found]


def after_days(test_desk: TestDesk, days: float) -> tuple[int, ...]:
    test_desk.clock.forward(days=days)
    return close_unverified(test_desk.desk)


def test_a_reminder_goes_out_once_then_the_ticket_is_closed_with_a_letter(test_desk: TestDesk) -> None:
    made = waiting(test_desk)
    assert after_days(test_desk, rules().remind_after_days - 1) == ()
    assert after_days(test_desk, 1) == (made.number,)
    assert after_days(test_desk, 1) == ()
    assert ticket_of(test_desk, made.number).state == TicketState.TO_VERIFY
    (reminder,) = letters(test_desk, made)
    left = rules().close_after_days - rules().remind_after_days
    assert f"#{made.number}" in reminder
    assert f"{left} more days" in reminder
    assert after_days(test_desk, left - 1) == (made.number,)
    closed = ticket_of(test_desk, made.number)
    assert (closed.state, closed.closed_at) == (TicketState.CLOSED, test_desk.clock.now())
    assert "closed it without an answer" in letters(test_desk, made)[1]
    assert after_days(test_desk, 365) == ()
    entries = recorded(test_desk.desk, Action.REQUESTER_REMINDED, Action.TICKET_LAPSED)
    assert [(entry.action, entry.actor, entry.ticket) for entry in entries] == [
        (Action.REQUESTER_REMINDED, "console", made.number),
        (Action.TICKET_LAPSED, "console", made.number),
    ]
    assert entries[1].reason == f"not verified, nothing heard for {rules().close_after_days} days"


def test_the_minutes_upkeep_does_it_and_sends_the_letter(test_desk: TestDesk) -> None:
    waiting(test_desk)
    test_desk.clock.forward(days=rules().remind_after_days)
    keep_up(test_desk.desk)
    folder = test_desk.desk.settings.outbox
    assert folder is not None
    (mail,) = folder.iterdir()
    assert b"alice@example.org" in mail.read_bytes()
    with test_desk.desk.database.reading() as db:
        sent = db.scalars(select(Message).where(col(Message.sort) == MessageSort.REMINDER)).one()
    assert sent.delivery == DeliveryState.SENT


@pytest.mark.parametrize("on_file", [True, False])
def test_the_letters_tell_nothing_of_an_account(test_desk: TestDesk, on_file: bool) -> None:
    """A requester without data reads exactly the same text."""
    made = waiting(test_desk, on_file=on_file)
    assert made.number == FIRST_NUMBER
    after_days(test_desk, rules().remind_after_days)
    after_days(test_desk, rules().close_after_days - rules().remind_after_days)
    told = letters(test_desk, made)
    assert len(told) == 2
    known = {"ticket": str(FIRST_NUMBER)}
    days = [rules().close_after_days - rules().remind_after_days, rules().close_after_days]
    templates = [rules().reminder.text, rules().closed.text]
    for words, template, count in zip(told, templates, days, strict=True):
        assert words == render(template, known | {"days": str(count)}).strip()


def test_a_requester_who_writes_in_chinese_reads_chinese(test_desk: TestDesk) -> None:
    made = waiting(test_desk, language="zh")
    after_days(test_desk, rules().remind_after_days)
    assert "请回复本邮件" in letters(test_desk, made)[0]


def test_who_writes_again_opens_the_ticket_again_and_has_all_the_time_anew(test_desk: TestDesk) -> None:
    made = waiting(test_desk)
    after_days(test_desk, rules().remind_after_days)
    after_days(test_desk, rules().close_after_days)
    test_desk.clock.forward(days=1)
    write(test_desk, made.number, "I was away. Here I am.")
    again = ticket_of(test_desk, made.number)
    assert (again.state, again.closed_at) == (TicketState.TO_VERIFY, None)
    assert after_days(test_desk, rules().remind_after_days - 1) == ()
    assert after_days(test_desk, 1) == (made.number,)
    assert len(letters(test_desk, made)) == 3


@pytest.mark.parametrize("what", ["a code", "a change by hand"])
def test_whatever_somebody_does_on_the_ticket_begins_the_days_anew(test_desk: TestDesk, what: str) -> None:
    made = waiting(test_desk)
    test_desk.clock.forward(days=rules().close_after_days - 1)
    if what == "a code":
        send_code(test_desk.session("vera-lin", Role.VERIFIER), made.number, made.contact_ids[Field.EMAIL])
    else:
        sue = test_desk.session("sue", Role.SUPERVISOR)
        sol = test_desk.session("sol", Role.SUPERVISOR)
        row = by_two(
            lambda: set_state(sue, made.number, 1, TicketState.CLOSED, "Sent twice."),
            lambda: set_state(sol, made.number, 1, TicketState.CLOSED, "Sent twice."),
        )
        set_state(sue, made.number, row, TicketState.TO_VERIFY)
    assert after_days(test_desk, rules().remind_after_days - 1) == ()
    assert ticket_of(test_desk, made.number).state == TicketState.TO_VERIFY


def test_an_old_letter_that_was_brought_in_today_has_its_time_from_today(test_desk: TestDesk) -> None:
    old = test_desk.clock.now() - timedelta(days=300)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, contacts=MAIL, received_at=old)
    assert close_unverified(test_desk.desk) == ()
    assert after_days(test_desk, rules().remind_after_days) == (made.number,)


def test_who_was_verified_once_is_answered_not_closed(test_desk: TestDesk) -> None:
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, verified=True, state=TicketState.TO_VERIFY)
    assert after_days(test_desk, 365) == ()
    assert ticket_of(test_desk, made.number).state == TicketState.TO_VERIFY


def test_a_row_that_calls_them_never_verified_writes_them_no_letter(test_desk: TestDesk) -> None:
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, verified=True, contacts=MAIL)
    never = {"state": TicketState.TO_VERIFY, "verified_at": None}
    change(test_desk, update(Ticket).where(col(Ticket.number) == made.number).values(**never))
    assert after_days(test_desk, 365) == ()
    assert not letters(test_desk, made)


def test_where_nothing_can_be_sent_the_ticket_is_closed_without_a_letter(test_desk: TestDesk) -> None:
    made = waiting(test_desk, {Field.NAME: "Alice"})
    assert after_days(test_desk, rules().remind_after_days) == ()
    assert after_days(test_desk, rules().close_after_days) == (made.number,)
    assert letters(test_desk, made) == []


def test_one_that_cannot_be_worked_with_does_not_hold_up_the_others(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closure, "PAGE", 1)
    first, second = waiting(test_desk), waiting(test_desk, {Field.EMAIL: "bob@example.org"})
    test_desk.desk.keyring.destroy(first.requester_id)
    assert after_days(test_desk, rules().remind_after_days) == (second.number,)


def test_a_call_acts_on_so_many_and_no_more(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closure, "MOST", 2)
    requester = make_requester(test_desk, MAIL)
    made = [make_ticket(test_desk, kind=TicketKind.RIGHTS, requester=requester).number for _ in range(3)]
    assert after_days(test_desk, rules().remind_after_days) == tuple(made[:2])
    assert after_days(test_desk, 0) == tuple(made[2:])


@pytest.mark.engines("sqlite", "postgresql")
def test_two_consoles_at_once_write_each_letter_once(test_desk: TestDesk) -> None:
    made = [waiting(test_desk) for _ in range(4)]
    for days in (rules().remind_after_days, rules().close_after_days):
        test_desk.clock.forward(days=days)
        with ThreadPoolExecutor(2) as pool:
            acted = list(pool.map(lambda _n: close_unverified(test_desk.desk), range(2)))
        assert sorted(acted[0] + acted[1]) == [one.number for one in made]
    assert [len(letters(test_desk, one)) for one in made] == [2, 2, 2, 2]


def test_nothing_of_the_ticket_changes_but_its_state(test_desk: TestDesk) -> None:
    made = waiting(test_desk)
    before = ticket_of(test_desk, made.number)
    after_days(test_desk, rules().close_after_days)
    after = ticket_of(test_desk, made.number)
    derived = {"is_open", "queue_order", "urgency_order"}
    changed = {
        name for name in Ticket.model_fields if name not in derived and getattr(before, name) != getattr(after, name)
    }
    assert changed == {"state", "closed_at", "version", "next_due_at"} or changed == {"state", "closed_at", "row"}
