"""The queue's reading pane: nothing is read without an entry, and some tickets are read on their own screen alone."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from cs_console.access_log.aliases import alias_of
from cs_console.casework import preview as previews
from cs_console.casework.conversation import add_note
from cs_console.casework.preview import Preview, mark_previewed, preview
from cs_console.desk import DeskSession
from cs_console.erasure.erasure import confirm_erasure
from cs_console.erasure.holds import place_hold
from cs_console.errors import LogBroken, NotAllowed, NothingThere, NoUndertaking
from cs_console.tickets.queue import page
from cs_console.verification.authority import record_age_band
from models.columns import new_id
from models.contact_fields import Field
from models.enums import Action, MessageSort, TicketKind
from models.log import LogEntry, LogHead
from models.roles import Role
from models.ticket import Ticket
from tests.erasure.erasures import PASSWORD, people, proposed
from tests.settlements.settlements import about, refused
from tests.support.answers import write
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import ticket_of
from tests.support.tickets import MadeTicket, make_ticket

ALICE = {Field.EMAIL: "alice@example.org"}


@pytest.fixture
def mei(test_desk: TestDesk) -> DeskSession:
    return test_desk.session("mei", Role.AGENT)


def entries(test_desk: TestDesk) -> list[tuple[str, int | None]]:
    return [(one.actor, one.ticket) for one in recorded(test_desk.desk, Action.TICKET_PREVIEWED)]


def shown(session: DeskSession, made: MadeTicket) -> Preview:
    found = preview(session, made.number)
    assert found is not None
    return found


@pytest.mark.core
def test_the_newest_message_is_read_redacted_and_on_record(test_desk: TestDesk, mei: DeskSession) -> None:
    made = make_ticket(test_desk, contacts=ALICE, text="Write to alice@example.org.\nThanks")
    seen = shown(mei, made)
    assert "alice@example.org" not in seen.text
    assert seen.text.endswith("\nThanks")
    assert (seen.sort, seen.agent) == (MessageSort.RECEIVED, None)
    (entry,) = recorded(test_desk.desk, Action.TICKET_PREVIEWED)
    assert entry.requester is not None
    assert (entry.actor, entry.ticket, alias_of(entry.requester)) == ("mei", made.number, seen.alias)


def test_each_newest_message_is_one_entry_for_each_session(test_desk: TestDesk, mei: DeskSession) -> None:
    made, other = make_ticket(test_desk, contacts=ALICE), make_ticket(test_desk)
    for _ in range(3):
        shown(mei, made)
    assert entries(test_desk) == [("mei", made.number)]
    shown(mei, other)
    write(test_desk, made.number, "Hello again.")
    assert "Hello again." in shown(mei, made).text
    shown(mei, made)
    sam = test_desk.session("sam", Role.AGENT)
    shown(sam, made)
    numbers = (made.number, other.number, made.number)
    assert entries(test_desk) == [*(("mei", number) for number in numbers), ("sam", made.number)]


@pytest.mark.core
def test_nothing_is_read_when_the_entry_cannot_be_kept(
    test_desk: TestDesk, mei: DeskSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 1, ASVS 16.5.3: fail closed."""
    made = make_ticket(test_desk)
    opened: list[object] = []
    monkeypatch.setattr(previews, "open_safe", lambda *sealed: opened.append(sealed))
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(LogHead).values(size=7))
    with pytest.raises(LogBroken):
        preview(mei, made.number)
    assert opened == []


def test_an_entry_that_was_changed_counts_for_nothing(test_desk: TestDesk, mei: DeskSession) -> None:
    made, other = make_ticket(test_desk), make_ticket(test_desk)
    shown(mei, other)
    on_sqlite = test_desk.desk.database.is_sqlite
    trigger = "log_entry_no_update" if on_sqlite else "log_entry_append_only ON log_entry"
    with test_desk.desk.database.transaction() as db:
        db.connection().exec_driver_sql(f"DROP TRIGGER {trigger}")
        db.connection().execute(
            update(LogEntry)
            .where(col(LogEntry.action) == Action.TICKET_PREVIEWED.value)
            .values(ticket=made.number, about=f'{{"message":"{made.message_id}"}}')
        )
    with pytest.raises(LogBroken):
        preview(mei, made.number)


def test_who_may_not_read_a_ticket(test_desk: TestDesk) -> None:
    made = make_ticket(test_desk)
    with pytest.raises(NotAllowed):
        preview(test_desk.session(new_id(), Role.ADMIN), made.number)
    with pytest.raises(NoUndertaking):
        preview(test_desk.session(new_id(), Role.AGENT, undertaking=False), made.number)
    with pytest.raises(NothingThere):
        preview(test_desk.session(new_id(), Role.AGENT), 99_999)
    assert entries(test_desk) == []


def test_words_that_are_still_to_be_hidden_are_not_shown(test_desk: TestDesk, mei: DeskSession) -> None:
    made = make_ticket(test_desk)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Ticket).values(redaction_due=1))
    assert preview(mei, made.number) is None
    assert entries(test_desk) == []


def test_a_minors_ticket_is_facts_alone(test_desk: TestDesk, mei: DeskSession) -> None:
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS)
    assert preview(mei, made.number) is not None
    record_age_band(test_desk.session("vera", Role.VERIFIER), made.number, "under-14")
    assert preview(mei, made.number) is None
    assert len(entries(test_desk)) == 1


@pytest.mark.usefixtures("cheap_passwords")
def test_who_keeps_away_from_a_ticket_reads_facts_alone(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    appeal = about(test_desk, case, TicketKind.APPEAL)
    assert preview(case.mei, appeal) is None
    assert preview(case.ben, appeal) is not None
    assert entries(test_desk) == [("ben", appeal)]


@pytest.mark.usefixtures("cheap_passwords")
@pytest.mark.core
def test_a_held_ticket_looks_like_an_erased_one(test_desk: TestDesk) -> None:
    """No tipping off (policy I.(4)2): not even a privacy officer reads it in a list."""
    who = people(test_desk)
    (held, first), (gone, second) = proposed(test_desk, who), proposed(test_desk, who)
    until = (test_desk.clock.now() + timedelta(days=10)).date()
    place_hold(who.ines, held.number, "court", "Order 17", until)
    assert preview(who.mei, held.number) is not None, "a hold alone changes nothing that others see"
    assert not confirm_erasure(who.omar, first, PASSWORD).erased
    assert confirm_erasure(who.omar, second, PASSWORD).erased
    before = entries(test_desk)
    for session in (who.mei, who.omar, who.ines):
        assert [preview(session, made.number) for made in (held, gone)] == [None, None]
    assert entries(test_desk) == before


def test_it_counts_as_read_for_who_it_is_with_while_it_is_as_they_saw_it(test_desk: TestDesk, mei: DeskSession) -> None:
    made = make_ticket(test_desk, assignee=mei, contacts=ALICE)

    def unread() -> bool:
        return bool(ticket_of(test_desk, made.number).unread)

    sam = test_desk.session("sam", Role.AGENT)
    assert not mark_previewed(sam, shown(sam, made)), "it is with mei"
    seen = shown(mei, made)
    write(test_desk, made.number)
    assert not mark_previewed(mei, seen), "a newer message came in"
    assert unread()
    seen = shown(mei, made)
    assert mark_previewed(mei, seen)
    assert not unread()
    assert not mark_previewed(mei, seen)


def test_what_was_not_shown_is_not_marked_as_read(test_desk: TestDesk, mei: DeskSession) -> None:
    made = make_ticket(test_desk)
    seen = shown(mei, made)
    assert not mark_previewed(test_desk.session("sam", Role.AGENT), seen)
    assert mark_previewed(mei, seen)


def test_a_note_is_the_newest_message_too(test_desk: TestDesk, mei: DeskSession) -> None:
    made = make_ticket(test_desk, assignee=mei)
    test_desk.clock.forward(minutes=1)
    add_note(mei, made.number, ticket_of(test_desk, made.number).version, "Asked the archive.")
    seen = shown(mei, made)
    assert (seen.sort, seen.agent, seen.text) == (MessageSort.NOTE, "mei", "Asked the archive.")
    assert page(mei, "mine").rows[0].number == made.number
