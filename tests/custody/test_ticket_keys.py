"""A ticket's contents are sealed under its own key; tickets from before get theirs without a word being lost."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import Session, SQLModel, col

from cs_console.casework.conversation import add_note, open_ticket
from cs_console.casework.marking import marks_on
from cs_console.custody import ticket_key_upgrade
from cs_console.custody.disclosure import Target, reveal
from cs_console.custody.drafts import save_draft
from cs_console.custody.erasing import SEALED, wipe
from cs_console.custody.marked_terms import add_mark
from cs_console.custody.opening import open_sealed
from cs_console.custody.sealing import Place, seal
from cs_console.custody.ticket_key_upgrade import give_keys, seal_again
from cs_console.custody.ticket_keys import TicketKeys, opened_keys, ticket_keys
from cs_console.decisions import approval
from cs_console.decisions.approval_queue import last_decision
from cs_console.desk import Desk, DeskSession
from cs_console.erasure.holds import holds_of, place_hold
from cs_console.errors import KeyDestroyed, SealBroken
from cs_console.tickets.queue import page
from cs_console.tickets.ticket_record import facts
from models.columns import new_id
from models.contact_fields import Field
from models.decision import Decision
from models.draft import Draft
from models.enums import Channel, MessageSort, RequesterState
from models.message import Message
from models.requester import Requester
from models.roles import Role
from models.ticket import Ticket
from tests.decisions.cases import person, propose, request
from tests.decisions.test_no_tipping_off import hidden_proposal
from tests.support.desk import TestDesk
from tests.support.drafts import load_draft
from tests.support.stored import keys_of
from tests.support.tickets import MadeTicket, attach, make_ticket

OF_THE_REQUESTER = {
    ("contact", "value"),
    ("contact", "mask"),
    ("requester", "account_id"),
    ("requester", "age_band"),
    ("ticket", "sealed_key"),
}


def full_ticket(test_desk: TestDesk) -> tuple[DeskSession, DeskSession, MadeTicket]:
    """A ticket on which something of nearly every kind hangs; who works it, and a privacy officer."""
    mei, pia = person(test_desk, "mei", Role.AGENT), person(test_desk, "pia", Role.PRIVACY_OFFICER)
    made = request(test_desk, mei)
    attach(test_desk, made, "letter.pdf")
    decision = propose(mei, made.number, 1, hidden_proposal(test_desk, "S1")).decision_id
    save_draft(pia, f"return:{decision}", "Which order?", made.number)
    approval.return_proposal(pia, decision, "Name the order.")
    add_note(mei, made.number, row_of(test_desk, made.number), "A note between us.")
    until = (test_desk.clock.now() + timedelta(days=5)).date()
    place_hold(pia, made.number, next(iter(test_desk.desk.packs.current.retention.holds)), "The order.", until)
    save_draft(mei, f"reply:{made.number}", "Dear Alice", made.number)
    with test_desk.desk.database.transaction() as db:
        keys = ticket_keys(db, test_desk.desk, made.number)
        add_mark(db, keys, mei.agent.id, "Zanzibarina", test_desk.clock.now())
    return mei, pia, made


def row_of(test_desk: TestDesk, number: int) -> int:
    with test_desk.desk.database.reading() as db:
        return facts(db, number).version


def as_before(desk: Desk, number: int) -> None:
    """Make it a ticket from before tickets had keys."""
    with desk.database.transaction() as db:
        keys = ticket_keys(db, desk, number)
        seal_again(db, desk, number, keys, opened_keys(keys.requester_id, keys.requester_key, number, None))
        db.connection().execute(update(Ticket).where(col(Ticket.number) == number).values(sealed_key=None))


def read(test_desk: TestDesk, mei: DeskSession, pia: DeskSession, number: int) -> tuple[object, ...]:
    """What people read of the ticket."""
    decision = last_decision(pia, number)
    assert decision is not None
    view, label = open_ticket(mei, number), page(mei, "all").rows[0].subject
    drafts = load_draft(mei, f"reply:{number}", number)
    typed = decision.reason, decision.findings, holds_of(pia, number), marks_on(mei, number)
    return view.lines, view.subject, label, drafts, *typed


def opens(key: bytes, owner: str, table: str, column: str, row: object, sealed: bytes) -> bool:
    with suppress(SealBroken):
        return bool(open_sealed(key, Place(owner, table, column, str(row)), sealed))
    return False


def sealed_values(db: Session) -> list[tuple[str, str, object, bytes]]:
    """Every sealed value of the store but drafts: table, column, row, value."""
    found = []
    tables: dict[type[SQLModel], tuple[str, ...]] = SEALED
    for table, columns in tables.items():
        for one in db.scalars(select(table)).all():
            row = getattr(one, "number" if table is Ticket else "id")
            values = ((name, getattr(one, name)) for name in columns)
            found += [(str(table.__tablename__), name, row, value) for name, value in values if value]
    return found


@pytest.mark.core
def test_nothing_of_a_ticket_is_sealed_under_its_requesters_own_key(sqlite_desk: TestDesk) -> None:
    _, _, made = full_ticket(sqlite_desk)
    desk, keys = sqlite_desk.desk, keys_of(sqlite_desk.desk, made.number)
    privacy = desk.keyring.desk_key("privacy-office")
    with desk.database.reading() as db:
        for table, column, row, value in sealed_values(db):
            own = opens(keys.requester_key, made.requester_id, table, column, row, value)
            assert own == ((table, column) in OF_THE_REQUESTER), (table, column)
            twice = opens(privacy, "desk:privacy-office", table, column, row, value)
            assert own or twice or opens(keys.key, f"ticket:{made.number}", table, column, row, value), (table, column)
        assert {draft.key_owner for draft in db.scalars(select(Draft))} == {f"ticket:{made.number}"}


def test_a_ticket_from_before_reads_the_same_before_and_after_it_gets_its_key(test_desk: TestDesk) -> None:
    mei, pia, made = full_ticket(test_desk)
    desk, number = test_desk.desk, made.number
    before = read(test_desk, mei, pia, number)
    as_before(desk, number)
    assert keys_of(desk, number).owner == made.requester_id
    assert read(test_desk, mei, pia, number) == before
    assert give_keys(desk) == 1
    assert keys_of(desk, number).owner == f"ticket:{number}"
    assert read(test_desk, mei, pia, number) == before
    assert load_draft(pia, f"return:{decision_of(pia, number)}", number) == "Which order?"
    own = keys_of(desk, number).requester_key
    with desk.database.reading() as db:
        found = [
            (table, column)
            for table, column, row, value in sealed_values(db)
            if opens(own, made.requester_id, table, column, row, value)
        ]
    assert set(found) <= OF_THE_REQUESTER
    assert give_keys(desk) == 0


def decision_of(pia: DeskSession, number: int) -> str:
    with pia.desk.database.reading() as db:
        return str(db.scalars(select(col(Decision.id)).where(col(Decision.ticket_number) == number)).one())


def test_what_is_revealed_of_a_ticket_from_before_is_the_same(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei, verified=True, text="The words as written.")
    target = Target(Field.MESSAGE, made.message_id)
    for _ in range(2):
        assert reveal(mei, made.number, target, "read-original").value == "The words as written."
        as_before(test_desk.desk, made.number)
    give_keys(test_desk.desk)
    assert reveal(mei, made.number, target, "read-original").value == "The words as written."


@pytest.mark.parametrize("at", [1, 4, 9])
def test_one_that_is_cut_short_leaves_the_ticket_as_it_was(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    mei, pia, made = full_ticket(sqlite_desk)
    desk, done = sqlite_desk.desk, 0
    before = read(sqlite_desk, mei, pia, made.number)
    as_before(desk, made.number)

    def broken(key: bytes, place: Place, value: bytes) -> bytes:
        nonlocal done
        done += 1
        if done == at:
            raise MemoryError
        return seal(key, place, value)

    monkeypatch.setattr(ticket_key_upgrade, "seal", broken)
    with pytest.raises(MemoryError):
        give_keys(desk)
    assert keys_of(desk, made.number).owner == made.requester_id
    assert read(sqlite_desk, mei, pia, made.number) == before
    monkeypatch.undo()
    desk.keyed_up_to = 0
    give_keys(desk)
    assert read(sqlite_desk, mei, pia, made.number) == before


def test_a_requester_whose_key_is_gone_holds_up_nobody_else(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    lost, erased, other = (make_ticket(sqlite_desk) for _ in range(3))
    for made in (lost, erased, other):
        as_before(desk, made.number)
    desk.keyring.destroy(lost.requester_id)
    with desk.database.transaction() as db:
        wipe(db, erased.requester_id, sqlite_desk.clock.now())
        assert db.get_one(Requester, erased.requester_id).state == RequesterState.ERASED
    give_keys(desk)
    assert keys_of(desk, other.number).owner == f"ticket:{other.number}"
    with desk.database.reading() as db:
        assert db.get_one(Ticket, erased.number).sealed_key == b""
        assert db.get_one(Ticket, lost.number).sealed_key is None


def test_erasing_a_requester_empties_the_keys_of_exactly_their_tickets(sqlite_desk: TestDesk) -> None:
    desk, mei = sqlite_desk.desk, sqlite_desk.session("mei", Role.AGENT)
    gone, stays = make_ticket(sqlite_desk), make_ticket(sqlite_desk)
    for made in (gone, stays):
        save_draft(mei, f"reply:{made.number}", "Dear Alice", made.number)
    kept = keys_of(desk, gone.number)
    with desk.database.transaction() as db:
        sealed_key = db.get_one(Ticket, gone.number).sealed_key
        wipe(db, gone.requester_id, sqlite_desk.clock.now())
    with desk.database.reading() as db:
        assert db.get_one(Ticket, gone.number).sealed_key == b""
        assert [draft.key_owner for draft in db.scalars(select(Draft))] == [f"ticket:{stays.number}"]
    with pytest.raises(KeyDestroyed):
        keys_of(desk, gone.number)
    assert load_draft(mei, f"reply:{stays.number}", stays.number) == "Dear Alice"
    # what an old backup of the database holds opens under the requester's key alone
    assert sealed_key
    with pytest.raises(SealBroken):
        opened_keys(gone.requester_id, keys_of(desk, stays.number).requester_key, gone.number, sealed_key)
    assert opened_keys(gone.requester_id, kept.requester_key, gone.number, sealed_key) == kept


def test_a_ticket_that_someone_is_writing_on_waits_for_its_key(test_desk: TestDesk) -> None:
    """A note that is sealed while another console gives the ticket its key must still open afterwards."""
    desk, mei = test_desk.desk, test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk)
    as_before(desk, made.number)
    sealed, go_on = threading.Event(), threading.Event()

    def write() -> None:
        with mei.work(Role.AGENT) as db:
            keys, row = ticket_keys(db, desk, made.number), new_id()
            sealed.set()
            go_on.wait(10)
            words = keys.seal("message", "text_redacted", row, "Still to be read.")
            now = test_desk.clock.now()
            db.add(
                Message(
                    id=row,
                    ticket_number=made.number,
                    sort=MessageSort.NOTE,
                    channel=Channel.MAIL,
                    text=words,
                    text_redacted=words,
                    at=now,
                )
            )

    writer = threading.Thread(target=write)
    if not desk.database.is_sqlite:  # there, one writer waits for the other
        writer.start()
        sealed.wait(10)
        give_keys(desk)
        assert keys_of(desk, made.number).owner == made.requester_id
        go_on.set()
        writer.join(10)
        desk.keyed_up_to = 0
    give_keys(desk)
    assert keys_of(desk, made.number).owner == f"ticket:{made.number}"
    lines = open_ticket(mei, made.number).lines
    assert [line.text for line in lines][1:] == ([] if desk.database.is_sqlite else ["Still to be read."])


def test_the_words_of_a_key_do_not_show_in_a_repr() -> None:
    keys = TicketKeys("someone", b"secret-one", "ticket:1", b"secret-two", 1)
    assert "secret" not in repr(keys)
