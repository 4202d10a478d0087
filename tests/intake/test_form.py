"""The form for calls and letters: both contacts optional, a bad one named, nothing lost."""

from datetime import UTC, date, datetime, timedelta

import pytest

from cs_console.desk import DeskSession
from cs_console.errors import BadInput, NotAllowed
from cs_console.intake.form import FormEntry, open_by_form
from models.contact_fields import Field
from models.enums import Channel, TicketKind, TicketState
from models.roles import Role
from tests.support.desk import TestDesk
from tests.support.stored import entries, opened_ticket, ticket_numbers
from tests.support.tickets import make_requester

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

CALL = FormEntry(
    kind=TicketKind.COMPLAINT,
    channel=Channel.CALL,
    subject="Lamp\x1b[2J broken",
    text="She called about the lamp, 138 0013 8000.",
    contacts=((Field.MOBILE, "138 0013 8000"), (Field.EMAIL, " Alice@Mail.Example.org "), (Field.NAME, "")),
)


def test_a_call_becomes_the_agents_own_ticket(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    number = open_by_form(mei, CALL).number
    ticket = opened_ticket(test_desk.desk, number)
    assert ticket.subject == "Lamp␛[2J broken"
    assert ticket.texts_redacted == ("She called about the lamp, [mobile].",)
    assert set(ticket.contacts) == {
        (Field.MOBILE, "+8613800138000", False),
        (Field.EMAIL, "Alice@mail.example.org", False),
    }
    assert (ticket.row.kind, ticket.row.channel) == (TicketKind.COMPLAINT, Channel.CALL)
    assert (ticket.row.state, ticket.row.assignee_id) == (TicketState.OPEN, mei.agent.id)
    assert not ticket.row.no_contact
    (entry,) = entries(test_desk.desk, "ticket.created")
    assert (entry.actor, entry.ticket) == ("mei", number)


def test_the_same_call_twice_is_two_tickets_of_one_requester(test_desk: TestDesk) -> None:
    requester_id, _ = make_requester(test_desk, {Field.EMAIL: "alice@mail.example.org"})
    mei = test_desk.session("mei", Role.AGENT)
    first, second = open_by_form(mei, CALL).number, open_by_form(mei, CALL).number
    assert first != second
    assert opened_ticket(test_desk.desk, first).row.requester_id == requester_id
    assert opened_ticket(test_desk.desk, second).row.requester_id == requester_id


def test_a_letter_without_contact_is_accepted_and_marked(test_desk: TestDesk) -> None:
    entry = FormEntry(TicketKind.RIGHTS, Channel.LETTER, "", "Delete what you hold about me.")
    ticket = opened_ticket(test_desk.desk, open_by_form(test_desk.session("mei", Role.AGENT), entry).number)
    assert ticket.row.no_contact
    assert ticket.row.state == TicketState.TO_VERIFY
    assert ticket.subject == "(no subject)"


@pytest.mark.parametrize(
    ("contacts", "subject", "text", "words"),
    [
        (((Field.MOBILE, "call me"),), "x", "y", "Mobile: that is not a usable phone number."),
        (((Field.EMAIL, "alice(at)example.org"),), "x", "y", "E-mail: that is not a usable address."),
        (((Field.EMAIL, "a@b.example\nBcc: x@y.example"),), "x", "y", "E-mail: that is not a usable address."),
        (((Field.SUBJECT, "x"),), "x", "y", "Subject: that is not a valid contact."),
        (((Field.NAME, "x" * 501),), "x", "y", "Name: that is not a valid contact."),
        ((), "x" * 301, "y", "Subject: more than 300 characters."),
        ((), "x", "y" * (1024 * 1024 + 1), "Text: more than 1 MiB."),
        ((), " ", "\n", "Subject and text are both empty."),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_is_stored(
    test_desk: TestDesk, contacts: tuple[tuple[Field, str], ...], subject: str, text: str, words: str
) -> None:
    """The sentence never repeats what was typed: it may reach a crash report (ASVS 2.2.1, 16.2.5)."""
    mei = test_desk.session("mei", Role.AGENT)
    with pytest.raises(BadInput) as refusal:
        open_by_form(mei, FormEntry(TicketKind.INQUIRY, Channel.CALL, subject, text, contacts))
    assert refusal.value.sentence == words
    assert refusal.value.next_step
    assert ticket_numbers(test_desk.desk) == []


@pytest.mark.parametrize("role", [Role.VERIFIER, Role.ADMIN, Role.SUPERVISOR])
def test_only_agents_fill_in_the_form(test_desk: TestDesk, role: Role) -> None:
    with pytest.raises(NotAllowed):
        open_by_form(test_desk.session("vera", role), CALL)
    assert ticket_numbers(test_desk.desk) == []


def _by_letter(mei: DeskSession, received: str) -> datetime:
    entry = FormEntry(TicketKind.RIGHTS, Channel.LETTER, "A letter", "Delete it.", received=received)
    return opened_ticket(mei.desk, open_by_form(mei, entry).number).row.received_at


def test_a_letter_has_come_on_the_day_it_came(test_desk: TestDesk) -> None:
    """Clocks and the notice name that day, not the day of typing."""
    mei, now = test_desk.session("mei", Role.AGENT), test_desk.desk.clock.now()
    came = now.astimezone().date() - timedelta(days=3)
    assert _by_letter(mei, f" {came.isoformat()} ") == datetime(came.year, came.month, came.day).astimezone()
    assert _by_letter(mei, "") == now.astimezone(UTC)
    assert _by_letter(mei, now.astimezone().date().isoformat()) == now.astimezone(UTC)


@pytest.mark.parametrize("days", [1, -366, -4000])
def test_a_day_to_come_or_long_past_is_refused(test_desk: TestDesk, days: int) -> None:
    day = test_desk.desk.clock.now().astimezone().date() + timedelta(days=days)
    with pytest.raises(BadInput, match=r"^Received: that day"):
        _by_letter(test_desk.session("mei", Role.AGENT), day.isoformat())
    assert ticket_numbers(test_desk.desk) == []


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "1.2.2026", str(date.min.year)])
def test_what_is_no_day_is_named(test_desk: TestDesk, day: str) -> None:
    with pytest.raises(BadInput, match=r"^Received: that is not a day"):
        _by_letter(test_desk.session("mei", Role.AGENT), day)


@pytest.mark.parametrize("channel", [Channel.MAIL, Channel.SMS])
def test_what_comes_in_by_itself_is_not_written_down(sqlite_desk: TestDesk, channel: Channel) -> None:
    """A mail's address is where it came from; of what an agent typed that is not known."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    with pytest.raises(BadInput, match=r"^Channel:"):
        open_by_form(mei, FormEntry(TicketKind.INQUIRY, channel, "x", "y", ((Field.EMAIL, "a@b.example"),)))
    assert ticket_numbers(sqlite_desk.desk) == []
