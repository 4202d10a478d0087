"""What redaction missed can be marked: it is hidden on the whole ticket, later too, and the log names no words."""

import pytest
from sqlalchemy import select

from cs_console.casework.conversation import add_note, open_ticket
from cs_console.casework.marking import MOST, SUBJECT, mark, marks_on, unmark
from cs_console.custody import marked_terms
from cs_console.custody.contacts import NewContact, add_contact
from cs_console.custody.erasing import wipe
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.desk import DeskSession
from cs_console.errors import BadInput, ChangedElsewhere, KeyDestroyed, NotAllowed, NothingThere, NoUndertaking
from cs_console.tickets.queue import page
from models.contact_fields import Field
from models.enums import Action
from models.marked_term import MarkedTerm
from models.message import Message
from models.roles import Role
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import ticket_of
from tests.support.stored import files_holding
from tests.support.tickets import MadeTicket, make_ticket

MISSED = "bluebird"
TEXT = "The one who ordered is the bluebird of Hillside, and Bluebird will not pay.\nPlease do not delete it."


def with_ticket(test_desk: TestDesk) -> tuple[DeskSession, MadeTicket]:
    mei = test_desk.session("mei", Role.AGENT)
    return mei, make_ticket(test_desk, assignee=mei, subject="About Bluebird", text=TEXT)


def shown(session: DeskSession, number: int) -> str:
    view = open_ticket(session, number)
    listed = next(row.subject for row in page(session, "all").rows if row.number == number)
    return "\n".join((view.subject, listed, *(line.text for line in view.lines)))


def test_marked_words_are_hidden_everywhere_on_the_ticket_and_later_too(test_desk: TestDesk) -> None:
    mei, made = with_ticket(test_desk)
    other = make_ticket(test_desk, text=TEXT)
    note = "I asked the BLUEBIRD again."
    add_note(mei, made.number, ticket_of(test_desk, made.number).version, note)
    assert shown(mei, made.number).casefold().count(MISSED) == 5
    mark(mei, made.number, made.message_id, MISSED)
    out = shown(mei, made.number)
    assert MISSED not in out.casefold()
    assert out.count("[hidden]") == 5
    assert "Please do not delete it." in out
    add_note(mei, made.number, ticket_of(test_desk, made.number).version, "Bluebird called.")
    assert "[hidden] called." in shown(mei, made.number)
    assert MISSED in open_ticket(mei, other.number).lines[0].text  # it says nothing about other people's tickets


def test_it_is_on_record_without_its_words_and_stored_sealed(test_desk: TestDesk) -> None:
    mei, made = with_ticket(test_desk)
    mark(mei, made.number, SUBJECT, "Bluebird")
    [entry] = recorded(test_desk.desk, Action.WORDS_MARKED)
    assert (entry.ticket, entry.reason, entry.fields) == (made.number, "", "")
    assert not files_holding(test_desk.desk.settings.home, [b"Bluebird", b"bluebird"])
    [one] = marks_on(mei, made.number)
    assert (one.agent, one.words, one.at) == ("mei", 1, test_desk.clock.now())


def test_a_wrong_mark_can_be_removed_and_shows_the_words_again(test_desk: TestDesk) -> None:
    mei, made = with_ticket(test_desk)
    before = shown(mei, made.number)
    mark(mei, made.number, made.message_id, "Hillside")
    test_desk.clock.forward(seconds=1)
    mark(mei, made.number, made.message_id, MISSED)
    hillside = marks_on(mei, made.number)[-1]
    unmark(mei, made.number, hillside.id)
    out = shown(mei, made.number)
    assert "Hillside" in out and MISSED not in out.casefold()
    unmark(mei, made.number, marks_on(mei, made.number)[0].id)
    assert shown(mei, made.number) == before
    assert len(recorded(test_desk.desk, Action.MARK_REMOVED)) == 2
    assert marks_on(mei, made.number) == ()
    with pytest.raises(NothingThere):
        unmark(mei, made.number, hillside.id)


def test_removing_a_mark_shows_nothing_that_is_hidden_for_another_reason(test_desk: TestDesk) -> None:
    mei, made = with_ticket(test_desk)
    mark(mei, made.number, made.message_id, MISSED)
    desk = test_desk.desk
    with desk.database.transaction() as db:
        new = NewContact(Field.NICKNAME, "bluebird", True, desk.clock.now())
        add_contact(db, desk, made.requester_id, desk.keyring.key(made.requester_id), new)
    unmark(mei, made.number, marks_on(mei, made.number)[0].id)
    assert MISSED not in shown(mei, made.number).casefold()


def test_a_text_that_hides_more_than_redaction_would_stays_as_it_is(sqlite_desk: TestDesk) -> None:
    """A code that was mailed back, say: it is in no list of what is known."""
    mei, made = with_ticket(sqlite_desk)
    desk = sqlite_desk.desk
    with desk.database.transaction() as db:
        keys = ticket_keys(db, desk, made.number)
        sealed = keys.seal("message", "text_redacted", made.message_id, "The bluebird of a place that is hidden.")
        db.get_one(Message, made.message_id).text_redacted = sealed
    mark(mei, made.number, made.message_id, MISSED)
    unmark(mei, made.number, marks_on(mei, made.number)[0].id)
    assert "Hillside" not in shown(mei, made.number)
    assert "The [hidden] of a place" in shown(mei, made.number)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "  ",
        "not",
        "do not delete",
        "please",
        "the one who",
        "the [mobile]",
        "不要",
        "12",
        "bluebird " * 30,
    ],
)
def test_words_that_carry_the_meaning_or_are_hidden_already_cannot_be_marked(sqlite_desk: TestDesk, words: str) -> None:
    mei, made = with_ticket(sqlite_desk)
    with pytest.raises(BadInput):
        mark(mei, made.number, made.message_id, words)
    assert marks_on(mei, made.number) == ()


def test_only_words_that_are_shown_there_can_be_marked(sqlite_desk: TestDesk) -> None:
    """Else an agent could ask the desk what is written where they may not look."""
    mei, made = with_ticket(sqlite_desk)
    with pytest.raises(ChangedElsewhere):
        mark(mei, made.number, made.message_id, "Quimby")
    with pytest.raises(NothingThere):
        mark(mei, made.number, make_ticket(sqlite_desk, text=TEXT).message_id, MISSED)
    assert marks_on(mei, made.number) == ()


def test_who_may_not_read_the_ticket_may_not_mark_on_it(sqlite_desk: TestDesk) -> None:
    _, made = with_ticket(sqlite_desk)
    ada = sqlite_desk.session("ada", Role.ADMIN)
    for act in (
        lambda: mark(ada, made.number, made.message_id, MISSED),
        lambda: marks_on(ada, made.number),
        lambda: unmark(ada, made.number, "x"),
    ):
        with pytest.raises((NotAllowed, NoUndertaking)):
            act()


def test_there_is_an_end_to_marks(sqlite_desk: TestDesk) -> None:
    mei, made = with_ticket(sqlite_desk)
    desk = sqlite_desk.desk
    with desk.database.transaction() as db:
        keys = ticket_keys(db, desk, made.number)
        for at in range(MOST):
            marked_terms.add_mark(db, keys, mei.agent.id, f"Quimby{at}", desk.clock.now())
    with pytest.raises(BadInput, match="marks already"):
        mark(mei, made.number, made.message_id, MISSED)


def test_an_erasure_takes_the_marks_with_it(test_desk: TestDesk) -> None:
    mei, made = with_ticket(test_desk)
    mark(mei, made.number, made.message_id, MISSED)
    desk = test_desk.desk
    with desk.database.transaction() as db:
        wipe(db, made.requester_id, desk.clock.now())
    with desk.database.reading() as db:
        assert [one.words for one in db.scalars(select(MarkedTerm))] == [b""]
    with pytest.raises(KeyDestroyed):
        marks_on(mei, made.number)
