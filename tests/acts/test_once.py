"""An act has an id and happens once: sent twice, from two consoles at once, or after an answer that was lost."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col

from cs_console.act_id import ActId, new_act
from cs_console.acts import KEPT_DAYS, Intent, drop_old_acts, once
from cs_console.casework.conversation import add_note, reply
from cs_console.database import Database
from cs_console.decisions import approval, checklist
from cs_console.errors import (
    ConsoleError,
    ContactNotOnFile,
    DeliveryFailed,
    DoneBefore,
    NotThisAct,
    SendLimit,
    StoreUnavailable,
    StoreUnreachable,
    TimeNotConfirmed,
)
from cs_console.upkeep import keep_up
from cs_console.verification.codes import send_code
from models.act import ActRow
from models.contact_fields import Field
from models.enums import Action, ActKind, DeliveryState
from models.roles import Role
from tests.acts.cases import KINDS, WORDS, Case, entries, letters
from tests.decisions.cases import person, refusal, request
from tests.support.desk import TestDesk
from tests.support.rows import ticket_of
from tests.support.tickets import make_ticket
from tests.support.verifying import Verifying

each_kind = pytest.mark.parametrize("kind", list(ActKind))


def acts(test_desk: TestDesk) -> list[ActRow]:
    with test_desk.desk.database.reading() as db:
        return list(db.scalars(select(ActRow)))


class Before:
    """What was there before an act, and whether it has happened once since."""

    def __init__(self, made: TestDesk, case: Case) -> None:
        self.made, self.case = made, case
        self.entries, self.letters = entries(made, case.action), letters(made)

    def happened_once(self) -> bool:
        found = entries(self.made, self.case.action) - self.entries, letters(self.made) - self.letters
        return found == (1, self.case.letters) and len(acts(self.made)) == 1


@contextmanager
def answer_lost(database: Database, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """The store commits the act, and its answer never comes."""
    wrote = threading.Event()
    commit = Session.commit

    def watched(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO act "):
            wrote.set()

    def lost(db: Session) -> None:
        commit(db)
        if wrote.is_set():
            wrote.clear()
            gone = sqlite3.OperationalError("unable to open database file"), psycopg.OperationalError("gone")
            raise OperationalError("COMMIT", None, gone[not database.is_sqlite])

    event.listen(database.engine, "after_cursor_execute", watched)
    with patch.context() as broken:
        broken.setattr(Session, "commit", lost)
        yield
    event.remove(database.engine, "after_cursor_execute", watched)


def test_there_is_a_case_for_each_kind() -> None:
    assert set(KINDS) == set(ActKind)


@each_kind
def test_sent_again_after_an_answer_that_was_lost_it_happened_once(
    test_desk: TestDesk, kind: ActKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, act = KINDS[kind](test_desk), new_act()
    before = Before(test_desk, case)
    with answer_lost(test_desk.desk.database, monkeypatch), pytest.raises(StoreUnreachable):
        case.do(act)
    if kind is ActKind.CODE_SENT:
        with pytest.raises(DeliveryFailed, match="not known"):  # the digits were lost with the answer
            case.do(act)
    else:
        answer = case.do(act)
        assert before.happened_once()
        assert case.do(act) == answer
    if case.other is not None:
        with pytest.raises(DoneBefore):
            case.other(act)
    assert entries(test_desk, case.action) == before.entries + 1
    zoe, number = test_desk.session("zoe"), acts(test_desk)[0].ticket_number
    with pytest.raises(NotThisAct), zoe.work() as db:
        once(db, zoe, Intent(act, kind, number), dict)


@each_kind
def test_sent_from_two_consoles_at_once_it_happens_once(test_desk: TestDesk, kind: ActKind) -> None:
    case, act = KINDS[kind](test_desk), new_act()
    before, together = Before(test_desk, case), threading.Barrier(3)

    def console() -> ConsoleError | None:
        together.wait()
        try:
            case.do(act)
        except ConsoleError as refused:
            return refused
        return None

    with ThreadPoolExecutor(3) as consoles:
        refused = [one.result() for one in [consoles.submit(console) for _ in range(3)]]
    assert before.happened_once()
    assert None in refused
    case.do(act)
    assert before.happened_once()


def test_what_was_returned_is_proposed_again_by_another_act_only(test_desk: TestDesk) -> None:
    """The draft stays after a proposal, and with it, where a console died just then, the id."""
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    number, act = request(test_desk, mei).number, new_act()
    proposal = refusal("D2", test_desk.clock.now())
    checklist.record_asked(mei, number, "delete", {Field.MOBILE.value})
    proposed = checklist.propose(mei, number, 1, proposal, act=act)
    assert checklist.propose(mei, number, 1, proposal, act=act) == proposed
    approval.return_proposal(sue, proposed.decision_id, "Look again.")
    version = ticket_of(test_desk, number).version
    with pytest.raises(DoneBefore):
        checklist.propose(mei, number, version, proposal, act=act)
    assert checklist.propose(mei, number, version, proposal, act=new_act()).still_needed == proposed.still_needed


def test_an_act_that_was_rolled_back_can_be_tried_again(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made, act = make_ticket(test_desk, assignee=mei), new_act()

    def fails(_session: Session) -> None:
        raise OperationalError("COMMIT", None, psycopg.OperationalError("gone"))

    with monkeypatch.context() as broken, pytest.raises(StoreUnavailable):
        broken.setattr(Session, "commit", fails)
        add_note(mei, made.number, 1, WORDS, act=act)
    with pytest.raises(ContactNotOnFile):
        reply(mei, made.number, 1, "nowhere", WORDS, act=act)
    assert acts(test_desk) == []
    assert reply(mei, made.number, 1, made.contact_ids[Field.EMAIL], WORDS, act=act) is DeliveryState.SENT
    assert letters(test_desk) == 1


def test_without_an_id_each_time_is_another_act(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei)
    for _ in range(2):
        add_note(mei, made.number, 1, WORDS)
    assert entries(test_desk, Action.NOTE_ADDED) == 2
    assert acts(test_desk) == []


def test_a_letter_that_failed_is_handed_over_by_the_same_act_and_no_other_is_made(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made, act = make_ticket(test_desk, assignee=mei), new_act()
    contact = made.contact_ids[Field.EMAIL]

    def unreached(*_: object) -> None:
        raise DeliveryFailed("The mail server does not answer.")

    with monkeypatch.context() as broken:
        broken.setattr("cs_console.delivery.outgoing.hand_over", unreached)
        assert reply(mei, made.number, 1, contact, WORDS, act=act) is DeliveryState.FAILED
    version = ticket_of(test_desk, made.number).version
    assert reply(mei, made.number, version, contact, WORDS, act=act) is DeliveryState.SENT
    assert letters(test_desk) == 1


def test_a_code_that_could_not_be_handed_over_can_be_sent_with_the_same_id(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    v, act = Verifying(test_desk), new_act()

    def send() -> object:
        return send_code(v.session, v.ticket.number, v.ticket.contact_ids[Field.MOBILE], act=act)

    def unreached(*_: object) -> None:
        raise DeliveryFailed("The server does not answer.")

    with monkeypatch.context() as broken, pytest.raises(DeliveryFailed):
        broken.setattr("cs_console.delivery.outgoing.hand_over", unreached)
        send()
    send()
    assert letters(test_desk) == 1


def test_a_refused_code_is_recorded_and_no_act(test_desk: TestDesk) -> None:
    v = Verifying(test_desk)
    contact = v.ticket.contact_ids[Field.MOBILE]
    acts_before = 0
    with suppress(SendLimit):
        while True:
            send_code(v.session, v.ticket.number, contact, act=new_act())
            acts_before += 1
    assert len(acts(test_desk)) == acts_before


def test_the_store_tells_nothing_of_what_was_sent(sqlite_desk: TestDesk) -> None:
    """Not the id of the act, by which its content is keyed, and nothing that could be guessed without it."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    ids = [new_act(), new_act()]
    for act in ids:
        add_note(mei, made.number, 1, WORDS, act=act)
    first, second = acts(sqlite_desk)
    assert first.content != second.content  # the same words
    assert not {first.id, second.id} & set(ids)
    for file in sqlite_desk.desk.settings.home.rglob("*"):
        if file.is_file():
            assert not any(act.encode() in file.read_bytes() for act in ids), file


def test_acts_of_long_ago_are_forgotten_by_the_upkeep(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei)
    add_note(mei, made.number, 1, WORDS, act=new_act())
    test_desk.clock.forward(days=KEPT_DAYS - 1)
    keep_up(test_desk.desk)
    assert len(acts(test_desk)) == 1
    test_desk.clock.forward(days=2)
    keep_up(test_desk.desk)
    assert acts(test_desk) == []


def test_a_clock_that_jumped_ahead_lets_nothing_happen_again(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei)
    add_note(mei, made.number, 1, WORDS, act=new_act())
    sqlite_desk.clock.set_by(days=KEPT_DAYS + 1)
    with pytest.raises(TimeNotConfirmed):
        drop_old_acts(sqlite_desk.desk)
    assert len(acts(sqlite_desk)) == 1


@pytest.mark.core
def test_an_id_holds_for_its_own_ticket_and_kind(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    first, second = make_ticket(test_desk, assignee=mei), make_ticket(test_desk, assignee=mei)
    act: ActId = new_act()
    add_note(mei, first.number, 1, WORDS, act=act)
    with pytest.raises(NotThisAct):
        add_note(mei, second.number, 1, WORDS, act=act)
    with pytest.raises(NotThisAct):
        reply(mei, first.number, 1, first.contact_ids[Field.EMAIL], WORDS, act=act)
    assert letters(test_desk) == 0
    with test_desk.desk.database.reading() as db:
        assert len(db.scalars(select(ActRow).where(col(ActRow.kind) == ActKind.NOTE.value)).all()) == 1
