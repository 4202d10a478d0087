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
    ContactNotOnFile,
    DeliveryFailed,
    DoneBefore,
    NotThisAct,
    Refusal,
    SendLimit,
    StoreUnavailable,
    StoreUnreachable,
    TimeNotConfirmed,
)
from cs_console.upkeep import keep_up
from cs_console.verification.codes import send_code
from models.act import ActRow
from models.enums import Action, ActKind, DeliveryState, Field, Role
from tests.acts.cases import KINDS, WORDS, Case, entries, letters
from tests.decisions.cases import person, refusal, request
from tests.decisions.test_checklist import ticket_of
from tests.support.office import TestOffice
from tests.support.tickets import make_ticket
from tests.verification.test_codes import Verifying

each_kind = pytest.mark.parametrize("kind", list(ActKind))


def acts(test_office: TestOffice) -> list[ActRow]:
    with test_office.office.database.reading() as session:
        return list(session.scalars(select(ActRow)))


class Before:
    """What was there before an act, and whether it has happened once since."""

    def __init__(self, made: TestOffice, case: Case) -> None:
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

    def lost(session: Session) -> None:
        commit(session)
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
    test_office: TestOffice, kind: ActKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, act = KINDS[kind](test_office), new_act()
    before = Before(test_office, case)
    with answer_lost(test_office.office.database, monkeypatch), pytest.raises(StoreUnreachable):
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
    assert entries(test_office, case.action) == before.entries + 1
    zoe, number = test_office.desk("zoe"), acts(test_office)[0].ticket_number
    with pytest.raises(NotThisAct), zoe.work() as session:
        once(session, zoe, Intent(act, kind, number), dict)


@each_kind
def test_sent_from_two_consoles_at_once_it_happens_once(test_office: TestOffice, kind: ActKind) -> None:
    case, act = KINDS[kind](test_office), new_act()
    before, together = Before(test_office, case), threading.Barrier(3)

    def console() -> Refusal | None:
        together.wait()
        try:
            case.do(act)
        except Refusal as refused:
            return refused
        return None

    with ThreadPoolExecutor(3) as consoles:
        refused = [one.result() for one in [consoles.submit(console) for _ in range(3)]]
    assert before.happened_once()
    assert None in refused
    case.do(act)
    assert before.happened_once()


def test_what_was_returned_is_proposed_again_by_another_act_only(test_office: TestOffice) -> None:
    """The draft stays after a proposal, and with it, where a console died just then, the id."""
    mei, sue = person(test_office, "mei", Role.AGENT), person(test_office, "sue", Role.SUPERVISOR)
    number, act = request(test_office, mei).number, new_act()
    proposal = refusal("D2", test_office.clock.now())
    checklist.record_asked(mei, number, "delete", {Field.MOBILE.value})
    proposed = checklist.propose(mei, number, 1, proposal, act=act)
    assert checklist.propose(mei, number, 1, proposal, act=act) == proposed
    approval.return_proposal(sue, proposed.decision_id, "Look again.")
    row = ticket_of(test_office, number).row
    with pytest.raises(DoneBefore):
        checklist.propose(mei, number, row, proposal, act=act)
    assert checklist.propose(mei, number, row, proposal, act=new_act()).still_needed == proposed.still_needed


def test_an_act_that_was_rolled_back_can_be_tried_again(
    test_office: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei = test_office.desk("mei", Role.AGENT)
    made, act = make_ticket(test_office, assignee=mei), new_act()

    def fails(_session: Session) -> None:
        raise OperationalError("COMMIT", None, psycopg.OperationalError("gone"))

    with monkeypatch.context() as broken, pytest.raises(StoreUnavailable):
        broken.setattr(Session, "commit", fails)
        add_note(mei, made.number, 1, WORDS, act=act)
    with pytest.raises(ContactNotOnFile):
        reply(mei, made.number, 1, "nowhere", WORDS, act=act)
    assert acts(test_office) == []
    assert reply(mei, made.number, 1, made.contact_ids[Field.EMAIL], WORDS, act=act) is DeliveryState.SENT
    assert letters(test_office) == 1


def test_without_an_id_each_time_is_another_act(test_office: TestOffice) -> None:
    mei = test_office.desk("mei", Role.AGENT)
    made = make_ticket(test_office, assignee=mei)
    for _ in range(2):
        add_note(mei, made.number, 1, WORDS)
    assert entries(test_office, Action.NOTE_ADDED) == 2
    assert acts(test_office) == []


def test_a_letter_that_failed_is_handed_over_by_the_same_act_and_no_other_is_made(
    test_office: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei = test_office.desk("mei", Role.AGENT)
    made, act = make_ticket(test_office, assignee=mei), new_act()
    contact = made.contact_ids[Field.EMAIL]

    def unreached(*_: object) -> None:
        raise DeliveryFailed("The mail server does not answer.")

    with monkeypatch.context() as broken:
        broken.setattr("cs_console.delivery.outgoing.hand_over", unreached)
        assert reply(mei, made.number, 1, contact, WORDS, act=act) is DeliveryState.FAILED
    row = ticket_of(test_office, made.number).row
    assert reply(mei, made.number, row, contact, WORDS, act=act) is DeliveryState.SENT
    assert letters(test_office) == 1


def test_a_code_that_could_not_be_handed_over_can_be_sent_with_the_same_id(
    test_office: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    v, act = Verifying(test_office), new_act()

    def send() -> object:
        return send_code(v.desk, v.ticket.number, v.ticket.contact_ids[Field.MOBILE], act=act)

    def unreached(*_: object) -> None:
        raise DeliveryFailed("The server does not answer.")

    with monkeypatch.context() as broken, pytest.raises(DeliveryFailed):
        broken.setattr("cs_console.delivery.outgoing.hand_over", unreached)
        send()
    send()
    assert letters(test_office) == 1


def test_a_refused_code_is_recorded_and_no_act(test_office: TestOffice) -> None:
    v = Verifying(test_office)
    contact = v.ticket.contact_ids[Field.MOBILE]
    acts_before = 0
    with suppress(SendLimit):
        while True:
            send_code(v.desk, v.ticket.number, contact, act=new_act())
            acts_before += 1
    assert len(acts(test_office)) == acts_before


def test_the_store_tells_nothing_of_what_was_sent(sqlite_office: TestOffice) -> None:
    """Not the id of the act, by which its content is keyed, and nothing that could be guessed without it."""
    mei = sqlite_office.desk("mei", Role.AGENT)
    made = make_ticket(sqlite_office, assignee=mei)
    ids = [new_act(), new_act()]
    for act in ids:
        add_note(mei, made.number, 1, WORDS, act=act)
    first, second = acts(sqlite_office)
    assert first.content != second.content  # the same words
    assert not {first.id, second.id} & set(ids)
    for file in sqlite_office.office.settings.home.rglob("*"):
        if file.is_file():
            assert not any(act.encode() in file.read_bytes() for act in ids), file


def test_acts_of_long_ago_are_forgotten_by_the_upkeep(test_office: TestOffice) -> None:
    mei = test_office.desk("mei", Role.AGENT)
    made = make_ticket(test_office, assignee=mei)
    add_note(mei, made.number, 1, WORDS, act=new_act())
    test_office.clock.forward(days=KEPT_DAYS - 1)
    keep_up(test_office.office)
    assert len(acts(test_office)) == 1
    test_office.clock.forward(days=2)
    keep_up(test_office.office)
    assert acts(test_office) == []


def test_a_clock_that_jumped_ahead_lets_nothing_happen_again(sqlite_office: TestOffice) -> None:
    mei = sqlite_office.desk("mei", Role.AGENT)
    made = make_ticket(sqlite_office, assignee=mei)
    add_note(mei, made.number, 1, WORDS, act=new_act())
    sqlite_office.clock.set_by(days=KEPT_DAYS + 1)
    with pytest.raises(TimeNotConfirmed):
        drop_old_acts(sqlite_office.office)
    assert len(acts(sqlite_office)) == 1


def test_an_id_holds_for_its_own_ticket_and_kind(test_office: TestOffice) -> None:
    mei = test_office.desk("mei", Role.AGENT)
    first, second = make_ticket(test_office, assignee=mei), make_ticket(test_office, assignee=mei)
    act: ActId = new_act()
    add_note(mei, first.number, 1, WORDS, act=act)
    with pytest.raises(NotThisAct):
        add_note(mei, second.number, 1, WORDS, act=act)
    with pytest.raises(NotThisAct):
        reply(mei, first.number, 1, first.contact_ids[Field.EMAIL], WORDS, act=act)
    assert letters(test_office) == 0
    with test_office.office.database.reading() as session:
        assert len(session.scalars(select(ActRow).where(col(ActRow.kind) == ActKind.NOTE.value)).all()) == 1
