"""What comes on file later is redacted in the earlier texts too, and until then they are hidden."""

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from cs_console.access_log.append import append
from cs_console.access_log.entry import Entry
from cs_console.casework.ticket_view import view_of
from cs_console.custody import late_redaction
from cs_console.custody.contacts import NewContact, add_contact
from cs_console.custody.handing_over import hand_over
from cs_console.custody.late_redaction import redact_waiting
from cs_console.custody.redaction import redact
from cs_console.custody.redaction_queue import WAITING, redact_ticket_later
from cs_console.custody.ticket_keys import opened_keys
from cs_console.desk import DeskSession
from cs_console.errors import StoreUnavailable
from cs_console.tickets.queue import page
from models.contact_fields import Field
from models.enums import Action, Link
from models.message import Message
from models.roles import Role
from models.ticket import Ticket
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import HAND, MadeTicket, make_requester, make_ticket

SUBJECT = "Xiomara Quimby at 7 Gladstone Rookery"
TEXT = "It was Xiomara Quimby, 7 Gladstone Rookery. Thanks"
BARE = ("[name] at [address]", "It was [name], [address]. Thanks")


def _ticket(test_desk: TestDesk, lines: int = 1) -> MadeTicket:
    made = make_ticket(test_desk, subject=SUBJECT, text=TEXT)
    desk = test_desk.desk
    if lines > 1:
        with desk.database.transaction() as db:
            first = db.get_one(Message, made.message_id)
            keys = opened_keys(
                made.requester_id,
                desk.keyring.key(made.requester_id),
                made.number,
                db.get_one(Ticket, made.number).sealed_key,
            )
            for at in range(1, lines):
                message_id = f"{at:032x}"
                db.add(
                    Message(
                        id=message_id,
                        ticket_number=made.number,
                        sort=first.sort,
                        channel=first.channel,
                        text=keys.seal("message", "text", message_id, TEXT),
                        text_redacted=keys.seal("message", "text_redacted", message_id, TEXT),
                        at=first.at,
                    )
                )
    return made


def _put_on_file(test_desk: TestDesk, made: MadeTicket) -> None:
    desk = test_desk.desk
    key = desk.keyring.key(made.requester_id)
    with desk.database.transaction() as db:
        for field, value in ((Field.NAME, "Xiomara Quimby"), (Field.ADDRESS, "7 Gladstone Rookery, Lowton")):
            add_contact(db, desk, made.requester_id, key, NewContact(field, value, True, desk.clock.now()))


def _shown(session: DeskSession, number: int) -> tuple[str, str, set[str]]:
    """The subject in the queue and on the ticket, and its lines."""
    queued = next(row.subject for row in page(session, "all").rows if row.number == number)
    with session.desk.database.reading() as db:
        view = view_of(db, session, number)
    assert [shown.mask for shown in view.text_fields] == [view.subject, *(line.text for line in view.lines)]
    return queued, view.subject, {line.text for line in view.lines}


def test_earlier_texts_are_hidden_at_once_and_then_redacted(test_desk: TestDesk) -> None:
    session = test_desk.session("mei", Role.AGENT)
    made, other = _ticket(test_desk, lines=90), _ticket(test_desk)
    _put_on_file(test_desk, made)
    assert _shown(session, made.number) == (WAITING, WAITING, {WAITING})
    assert redact_waiting(test_desk.desk) == 1
    assert _shown(session, made.number) == (BARE[0], BARE[0], {BARE[1]})
    assert _shown(session, other.number) == (SUBJECT, SUBJECT, {TEXT})
    done = recorded(test_desk.desk, Action.REDACTED_AGAIN)
    assert [entry.ticket for entry in done] == [made.number]
    assert redact_waiting(test_desk.desk) == 0


def test_a_ticket_that_is_handed_over_is_redacted_for_whom_it_belongs_to_now(sqlite_desk: TestDesk) -> None:
    session, desk = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.desk
    made = _ticket(sqlite_desk)
    person, _ = make_requester(sqlite_desk, {Field.NAME: "Xiomara Quimby", Field.ADDRESS: "7 Gladstone Rookery"})
    with desk.database.transaction() as db:
        keys = hand_over(db, desk, made.number, person, Link.PROVEN)
        name = desk.pseudonym(person, keys.requester_key)
        entry = Entry(Action.TICKET_LINKED, ticket=made.number, requester=name, about={"after": Link.PROVEN.value})
        append(db, desk, HAND, entry, desk.clock.now())
    assert _shown(session, made.number) == (WAITING, WAITING, {WAITING})
    assert redact_waiting(desk) == 1
    assert _shown(session, made.number) == (BARE[0], BARE[0], {BARE[1]})


def test_a_crash_in_between_leaves_the_texts_hidden_and_the_rest_to_do(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = sqlite_desk.session("mei", Role.AGENT)
    made = _ticket(sqlite_desk, lines=90)
    _put_on_file(sqlite_desk, made)
    replace, calls = late_redaction._replace, []

    def broken(*args: object) -> bool:
        calls.append(1)
        if len(calls) == 3:
            raise StoreUnavailable("gone")
        return replace(*args)  # type: ignore[arg-type]  # passed on as it came

    with monkeypatch.context() as patched:
        patched.setattr(late_redaction, "_replace", broken)
        with pytest.raises(StoreUnavailable):
            redact_waiting(sqlite_desk.desk)
    assert _shown(session, made.number) == (WAITING, WAITING, {WAITING})
    assert redact_waiting(sqlite_desk.desk) == 1
    assert _shown(session, made.number) == (BARE[0], BARE[0], {BARE[1]})


def test_what_becomes_known_meanwhile_is_redacted_before_anything_is_shown(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = sqlite_desk.session("mei", Role.AGENT)
    made = _ticket(sqlite_desk)
    with sqlite_desk.desk.database.transaction() as db:
        redact_ticket_later(db, made.number)
    texts = late_redaction._texts

    def and_then(desk: object, number: int) -> object:
        _put_on_file(sqlite_desk, made)
        return texts(sqlite_desk.desk, number)

    with monkeypatch.context() as patched:
        patched.setattr(late_redaction, "_texts", and_then)
        assert redact_waiting(sqlite_desk.desk) == 0
    assert _shown(session, made.number) == (WAITING, WAITING, {WAITING})
    assert redact_waiting(sqlite_desk.desk) == 1
    assert _shown(session, made.number) == (BARE[0], BARE[0], {BARE[1]})


def test_a_text_that_was_sealed_again_meanwhile_is_not_overwritten(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _ticket(sqlite_desk)
    _put_on_file(sqlite_desk, made)

    def erased(text: str, *rest: object) -> str:
        if text == TEXT:
            with sqlite_desk.desk.database.transaction() as db:
                db.connection().execute(update(Message).values(text_redacted=b""))
        return redact(text, *rest)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr("cs_console.custody.late_redaction.redact", erased)
    assert redact_waiting(sqlite_desk.desk) == 0
    with sqlite_desk.desk.database.reading() as db:
        assert db.scalars(select(col(Message.text_redacted))).all() == [b""]


def test_a_ticket_that_was_erased_waits_no_longer(sqlite_desk: TestDesk) -> None:
    made = _ticket(sqlite_desk)
    _put_on_file(sqlite_desk, made)
    with sqlite_desk.desk.database.transaction() as db:
        db.connection().execute(update(Ticket).values(sealed_key=b"", subject_redacted=b""))
    assert redact_waiting(sqlite_desk.desk) == 0
    with sqlite_desk.desk.database.reading() as db:
        assert db.get_one(Ticket, made.number).redaction_due is None
