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
from cs_console.desk import Desk
from cs_console.errors import StoreUnavailable
from cs_console.tickets.queue import page
from models.enums import Action, Field, Link, Role
from models.message import Message
from models.ticket import Ticket
from tests.support.office import TestOffice
from tests.support.recorded import recorded
from tests.support.tickets import HAND, MadeTicket, make_requester, make_ticket

SUBJECT = "Xiomara Quimby at 7 Gladstone Court"
TEXT = "Ask for Xiomara Quimby, 7 Gladstone Court. Thanks"
BARE = ("[name] at [address]", "Ask for [name], [address]. Thanks")


def _ticket(test_office: TestOffice, lines: int = 1) -> MadeTicket:
    made = make_ticket(test_office, subject=SUBJECT, text=TEXT)
    office = test_office.office
    if lines > 1:
        with office.database.transaction() as session:
            first = session.get_one(Message, made.message_id)
            keys = opened_keys(
                made.requester_id,
                office.keyring.key(made.requester_id),
                made.number,
                session.get_one(Ticket, made.number).sealed_key,
            )
            for at in range(1, lines):
                message_id = f"{at:032x}"
                session.add(
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


def _put_on_file(test_office: TestOffice, made: MadeTicket) -> None:
    office = test_office.office
    key = office.keyring.key(made.requester_id)
    with office.database.transaction() as session:
        for field, value in ((Field.NAME, "Xiomara Quimby"), (Field.ADDRESS, "7 Gladstone Court, Lowton")):
            add_contact(session, office, made.requester_id, key, NewContact(field, value, True, office.clock.now()))


def _shown(desk: Desk, number: int) -> tuple[str, str, set[str]]:
    """The subject in the queue and on the ticket, and its lines."""
    queued = next(row.subject for row in page(desk, "all").rows if row.number == number)
    with desk.office.database.reading() as session:
        view = view_of(session, desk, number)
    assert [shown.mask for shown in view.text_fields] == [view.subject, *(line.text for line in view.lines)]
    return queued, view.subject, {line.text for line in view.lines}


def test_earlier_texts_are_hidden_at_once_and_then_redacted(test_office: TestOffice) -> None:
    desk = test_office.desk("mei", Role.AGENT)
    made, other = _ticket(test_office, lines=90), _ticket(test_office)
    _put_on_file(test_office, made)
    assert _shown(desk, made.number) == (WAITING, WAITING, {WAITING})
    assert redact_waiting(test_office.office) == 1
    assert _shown(desk, made.number) == (BARE[0], BARE[0], {BARE[1]})
    assert _shown(desk, other.number) == (SUBJECT, SUBJECT, {TEXT})
    done = recorded(test_office.office, Action.REDACTED_AGAIN)
    assert [entry.ticket for entry in done] == [made.number]
    assert redact_waiting(test_office.office) == 0


def test_a_ticket_that_is_handed_over_is_redacted_for_whom_it_belongs_to_now(sqlite_office: TestOffice) -> None:
    desk, office = sqlite_office.desk("mei", Role.AGENT), sqlite_office.office
    made = _ticket(sqlite_office)
    person, _ = make_requester(sqlite_office, {Field.NAME: "Xiomara Quimby", Field.ADDRESS: "7 Gladstone Court"})
    with office.database.transaction() as session:
        keys = hand_over(session, office, made.number, person, Link.PROVEN)
        name = office.pseudonym(person, keys.requester_key)
        entry = Entry(Action.TICKET_LINKED, ticket=made.number, requester=name, about={"after": Link.PROVEN.value})
        append(session, office, HAND, entry, office.clock.now())
    assert _shown(desk, made.number) == (WAITING, WAITING, {WAITING})
    assert redact_waiting(office) == 1
    assert _shown(desk, made.number) == (BARE[0], BARE[0], {BARE[1]})


def test_a_crash_in_between_leaves_the_texts_hidden_and_the_rest_to_do(
    sqlite_office: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = sqlite_office.desk("mei", Role.AGENT)
    made = _ticket(sqlite_office, lines=90)
    _put_on_file(sqlite_office, made)
    replace, calls = late_redaction._replace, []

    def broken(*args: object) -> bool:
        calls.append(1)
        if len(calls) == 3:
            raise StoreUnavailable("gone")
        return replace(*args)  # type: ignore[arg-type]  # passed on as it came

    with monkeypatch.context() as patched:
        patched.setattr(late_redaction, "_replace", broken)
        with pytest.raises(StoreUnavailable):
            redact_waiting(sqlite_office.office)
    assert _shown(desk, made.number) == (WAITING, WAITING, {WAITING})
    assert redact_waiting(sqlite_office.office) == 1
    assert _shown(desk, made.number) == (BARE[0], BARE[0], {BARE[1]})


def test_what_becomes_known_meanwhile_is_redacted_before_anything_is_shown(
    sqlite_office: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = sqlite_office.desk("mei", Role.AGENT)
    made = _ticket(sqlite_office)
    with sqlite_office.office.database.transaction() as session:
        redact_ticket_later(session, made.number)
    texts = late_redaction._texts

    def and_then(office: object, number: int) -> object:
        _put_on_file(sqlite_office, made)
        return texts(sqlite_office.office, number)

    with monkeypatch.context() as patched:
        patched.setattr(late_redaction, "_texts", and_then)
        assert redact_waiting(sqlite_office.office) == 0
    assert _shown(desk, made.number) == (WAITING, WAITING, {WAITING})
    assert redact_waiting(sqlite_office.office) == 1
    assert _shown(desk, made.number) == (BARE[0], BARE[0], {BARE[1]})


def test_a_text_that_was_sealed_again_meanwhile_is_not_overwritten(
    sqlite_office: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _ticket(sqlite_office)
    _put_on_file(sqlite_office, made)

    def erased(text: str, *rest: object) -> str:
        if text == TEXT:
            with sqlite_office.office.database.transaction() as session:
                session.connection().execute(update(Message).values(text_redacted=b""))
        return redact(text, *rest)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr("cs_console.custody.late_redaction.redact", erased)
    assert redact_waiting(sqlite_office.office) == 0
    with sqlite_office.office.database.reading() as session:
        assert session.scalars(select(col(Message.text_redacted))).all() == [b""]


def test_a_ticket_that_was_erased_waits_no_longer(sqlite_office: TestOffice) -> None:
    made = _ticket(sqlite_office)
    _put_on_file(sqlite_office, made)
    with sqlite_office.office.database.transaction() as session:
        session.connection().execute(update(Ticket).values(sealed_key=b"", subject_redacted=b""))
    assert redact_waiting(sqlite_office.office) == 0
    with sqlite_office.office.database.reading() as session:
        assert session.get_one(Ticket, made.number).redaction_due is None
