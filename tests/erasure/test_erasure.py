"""Erased means erased: two people, nothing left, no backup that brings it back; counts and proofs hold (I.(4)2)."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update
from sqlmodel import Session, col

from cs_console.access_log.checkpoint import write_checkpoint
from cs_console.access_log.verify import verify_log
from cs_console.backups.making import Store, back_up
from cs_console.backups.restoring import Consent, finish, restore
from cs_console.casework.conversation import open_ticket, reply
from cs_console.custody import erasing
from cs_console.custody.disclosure import Target, reveal
from cs_console.custody.drafts import save_draft
from cs_console.custody.erasing import apply_again, finish_all
from cs_console.custody.holds_on_record import held_until
from cs_console.custody.tombstones import tombstones
from cs_console.decisions.approval import approve
from cs_console.desk import Desk, DeskSession, operator_session
from cs_console.erasure import erasure
from cs_console.erasure.erasure import Confirmed, confirm_erasure, open_erasures, propose_erasure, withdraw_erasure
from cs_console.erasure.holds import hold_reasons, holds_of, lift_hold, place_hold
from cs_console.errors import (
    BadInput,
    ConsoleError,
    KeyDestroyed,
    NotAllowed,
    NotErasable,
    OwnErasure,
    StoreUnavailable,
    WrongPassword,
    WrongState,
)
from cs_console.intake.intake import from_bytes, take_in
from cs_console.staff import accounts
from cs_console.staff.sign_in import sign_in
from cs_console.tickets.look_up import look_up
from models.columns import new_id
from models.contact import Contact
from models.contact_fields import Field
from models.decision import Decision
from models.enums import (
    Action,
    DecisionState,
    DeliveryState,
    ErasureState,
    Outcome,
    RequesterState,
    Result,
    TicketKind,
    TicketState,
)
from models.message import Message
from models.requester import Requester
from models.roles import Role
from models.ticket import Ticket
from tests.decisions.cases import grant, pack, partial, person, propose, request
from tests.erasure.erasures import PASSWORD, People, granted, people, proposed, state_of
from tests.support.desk import TestDesk
from tests.support.drafts import load_draft
from tests.support.recorded import recorded
from tests.support.tickets import close, make_ticket

MAIL = b"From: Alice <alice@example.org>\nTo: help@desk.invalid\nSubject: Me\nMessage-ID: <a1@example.org>\n\nHello\n"

pytestmark = pytest.mark.usefixtures("cheap_passwords")


def everything_of(desk: Desk) -> bytes:
    """Every byte of both stores' files and journals (SQLite), and of the outbox."""
    files = [path for path in desk.settings.home.rglob("*") if path.is_file()]
    return b"".join(path.read_bytes() for path in files)


def has_key(desk: Desk, requester_id: str) -> bool:
    return requester_id in desk.keyring.keys([requester_id])


def counts(desk: Desk) -> tuple[int, ...]:
    with desk.database.reading() as db:
        return tuple(
            int(db.connection().execute(select(func.count()).select_from(table)).scalar_one())
            for table in (Requester, Ticket, Message, Contact, Decision)
        )


# --- the whole way


@pytest.mark.core
def test_two_people_erase_and_nothing_of_the_requester_is_left(test_desk: TestDesk) -> None:
    desk, who = test_desk.desk, people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    before = counts(desk)
    assert len(list(desk.settings.outbox.iterdir())) == 1 if desk.settings.outbox else False
    assert confirm_erasure(who.omar, erasure_id, PASSWORD) == Confirmed(True)
    assert state_of(desk, erasure_id) == ErasureState.DONE
    assert not has_key(desk, ticket.requester_id)
    assert desk.settings.outbox is not None
    assert list(desk.settings.outbox.iterdir()) == []
    assert tombstones(desk.settings) == [ticket.requester_id]
    assert counts(desk) == before
    view = open_ticket(who.mei, ticket.number)
    assert view.erased
    assert not view.contacts
    with desk.database.reading() as db:
        stored = db.connection().execute(
            text("SELECT value, mask, lookup FROM contact UNION ALL SELECT text, text_redacted, NULL FROM message")
        )
        assert {bytes(cell) for row in stored for cell in row if cell is not None} == {b""}
        notice = db.scalars(select(Decision)).one()
        assert (notice.notice, notice.answers, notice.outcome) == (b"", b"", Outcome.GRANT)
    write_checkpoint(desk, force=True)
    assert verify_log(desk).ok
    steps = [Action.ERASURE_PROPOSED, Action.ERASURE_APPROVED, Action.REQUESTER_ERASED]
    assert [entry.action for entry in recorded(desk, *steps)] == steps
    assert len({entry.requester for entry in recorded(desk, *steps)}) == 1


def test_a_look_up_answers_as_for_someone_who_never_existed(test_desk: TestDesk) -> None:
    desk, who = test_desk.desk, people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    assert look_up(who.mei, Field.EMAIL, "alice@example.org", "reply") == (ticket.number,)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    first = len(recorded(desk))
    assert look_up(who.mei, Field.EMAIL, "alice@example.org", "reply") == ()
    assert look_up(who.mei, Field.EMAIL, "unknown@example.org", "reply") == ()
    erased, never = recorded(desk)[first:]
    assert (erased.action, erased.requester, erased.ticket, erased.fields, erased.outcome, erased.reason) == (
        never.action,
        never.requester,
        never.ticket,
        never.fields,
        never.outcome,
        never.reason,
    )


def test_somebody_who_writes_again_is_somebody_new(test_desk: TestDesk) -> None:
    desk, who = test_desk.desk, people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    new_key = _new_key(desk)
    taken = take_in(operator_session(desk), from_bytes(MAIL), new_key)
    assert taken.outcome == "opened"
    with desk.database.reading() as db:
        owner = db.get_one(Ticket, taken.number).requester_id
    assert owner != ticket.requester_id


def test_mail_of_an_erased_requester_that_is_imported_again_brings_nothing_back(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    taken = take_in(operator_session(desk), from_bytes(MAIL), _new_key(desk))
    assert taken.number is not None
    close(test_desk, taken.number)
    test_desk.clock.forward(days=4000)
    who = people(test_desk)
    propose_erasure(who.mei, taken.number)
    confirm_erasure(who.omar, open_erasures(who.omar)[0].id, PASSWORD)
    assert take_in(operator_session(desk), from_bytes(MAIL), _new_key(desk)).outcome == "duplicate"


def _new_key(desk: Desk) -> Callable[[], tuple[str, bytes]]:
    def make() -> tuple[str, bytes]:
        owner = new_id()
        return owner, desk.keyring.create(owner)

    return make


def test_drafts_about_the_requester_go_too(test_desk: TestDesk) -> None:
    who = people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    save_draft(who.mei, f"reply:{ticket.number}", "Dear Alice Wonder", ticket.number)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    assert load_draft(who.mei, f"reply:{ticket.number}", ticket.number) == ""
    with test_desk.desk.database.reading() as db:
        assert db.connection().execute(text("SELECT count(*) FROM draft")).scalar_one() == 0


def test_no_sealed_value_of_before_is_left_in_the_files_or_their_journals(sqlite_desk: TestDesk) -> None:
    desk, who = sqlite_desk.desk, people(sqlite_desk)
    _ticket, erasure_id = proposed(sqlite_desk, who)
    with closing(sqlite3.connect(desk.settings.home / "console.db")) as raw:
        values = [row[0] for row in raw.execute("SELECT value FROM contact UNION SELECT text FROM message")]
        tokens = [row[0] for row in raw.execute("SELECT lookup FROM contact WHERE lookup IS NOT NULL")]
    assert all(value in everything_of(desk) for value in (*values, *tokens))
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    left = everything_of(desk)
    assert [value for value in (*values, *tokens) if value in left] == []


# --- who, and when not


def test_nobody_confirms_their_own_proposal(test_desk: TestDesk) -> None:
    who = people(test_desk)
    ticket = granted(test_desk, who.mei)
    propose_erasure(who.omar, ticket.number)
    erasure_id = open_erasures(who.omar)[0].id
    with pytest.raises(OwnErasure):
        confirm_erasure(who.omar, erasure_id, PASSWORD)
    assert has_key(test_desk.desk, ticket.requester_id)
    [entry] = recorded(test_desk.desk, Action.ERASURE_REFUSED)
    assert (entry.actor, entry.reason, entry.outcome) == ("omar", "own_erasure", Result.REFUSED)


def test_an_agent_does_not_confirm(test_desk: TestDesk) -> None:
    who, ben = people(test_desk), person(test_desk, "ben", Role.AGENT)
    _, erasure_id = proposed(test_desk, who)
    with pytest.raises(NotAllowed):
        confirm_erasure(ben, erasure_id, PASSWORD)
    assert recorded(test_desk.desk, Action.ERASURE_REFUSED)[0].actor == "ben"


def test_the_password_is_asked_again(test_desk: TestDesk) -> None:
    who = people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    with pytest.raises(WrongPassword, match="Nothing was erased"):
        confirm_erasure(who.omar, erasure_id, "not my password at all")
    assert has_key(test_desk.desk, ticket.requester_id)
    assert state_of(test_desk.desk, erasure_id) == ErasureState.PROPOSED


def test_without_a_granted_request_it_waits_for_the_end_of_the_term(test_desk: TestDesk) -> None:
    who = people(test_desk)
    ticket = make_ticket(test_desk, kind=TicketKind.INQUIRY, assignee=who.mei)
    close(test_desk, ticket.number)
    with pytest.raises(NotErasable, match="to be kept until"):
        propose_erasure(who.mei, ticket.number)
    test_desk.clock.forward(days=test_desk.desk.packs.current.retention.days[TicketKind.INQUIRY])
    who = People(
        *(
            test_desk.session(f"{session.agent.name}2", *session.agent.roles)
            for session in (who.mei, who.omar, who.ines)
        )
    )
    propose_erasure(who.mei, ticket.number)
    assert open_erasures(who.mei)[0].cause == "kept long enough"


def granted_but(test_desk: TestDesk, code: str, kept: str, *, neutral: bool = False) -> tuple[DeskSession, int]:
    """A deletion of all that the console holds, and of what is kept under that ground; who has the ticket, and it."""
    who = people(test_desk)
    ticket = request(test_desk, who.mei)
    held = tuple(field.value for field in pack().fields if field.value != kept)
    answer = replace(partial(code, test_desk.clock.now(), kept), granted=held, neutral=neutral)
    made = propose(who.mei, ticket.number, 1, answer)
    for session in (who.omar, who.ines):
        with suppress(NotAllowed, WrongState):
            approve(session, made.decision_id, PASSWORD)
    return who.mei, ticket.number


def test_where_all_that_is_held_here_was_granted_the_rest_keeps_nothing(test_desk: TestDesk) -> None:
    mei, number = granted_but(test_desk, "D4", "backups")
    propose_erasure(mei, number)
    [row] = open_erasures(mei)
    assert (row.number, row.cause) == (number, "the request was granted")


def test_who_asked_for_less_keeps_the_rest(test_desk: TestDesk) -> None:
    who = people(test_desk)
    ticket = request(test_desk, who.mei)
    propose(who.mei, ticket.number, 1, grant("e-mail", "orders"))
    assert decision_state(test_desk, ticket.number) == DecisionState.FINAL
    with pytest.raises(NotErasable, match="for all of it"):
        propose_erasure(who.mei, ticket.number)


def test_giving_up_the_account_erases_whichever_data_was_marked(test_desk: TestDesk) -> None:
    who = people(test_desk)
    ticket = request(test_desk, who.mei)
    propose(who.mei, ticket.number, 1, replace(grant("account"), request="deactivate"))
    propose_erasure(who.mei, ticket.number)
    assert [row.number for row in open_erasures(who.mei)] == [ticket.number]


@pytest.mark.parametrize(
    "code, kept, neutral", [("D2", "mobile", False), ("S5", "message", False), ("S5", "backups", True)]
)
def test_a_part_that_stays_here_keeps_all(test_desk: TestDesk, code: str, kept: str, neutral: bool) -> None:
    mei, number = granted_but(test_desk, code, kept, neutral=neutral)
    assert decision_state(test_desk, number) == DecisionState.FINAL
    with pytest.raises(NotErasable, match="for all of it"):
        propose_erasure(mei, number)


def decision_state(test_desk: TestDesk, number: int) -> str:
    with test_desk.desk.database.reading() as db:
        found = db.scalars(select(Decision).where(col(Decision.ticket_number) == number)).one()
        return str(found.state)


def test_an_open_ticket_keeps_its_requester(test_desk: TestDesk) -> None:
    who = people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    other = make_ticket(test_desk, requester=(ticket.requester_id, ticket.contact_ids))
    with pytest.raises(NotErasable, match=f"open tickets: #{other.number}"):
        confirm_erasure(who.omar, erasure_id, PASSWORD)
    assert has_key(test_desk.desk, ticket.requester_id)


def test_a_message_on_its_way_goes_out_first(test_desk: TestDesk) -> None:
    who = people(test_desk)
    _ticket, erasure_id = proposed(test_desk, who)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(
            update(Message).where(col(Message.delivery) == DeliveryState.SENT).values(delivery=DeliveryState.QUEUED)
        )
    with pytest.raises(NotErasable, match="not been sent"):
        confirm_erasure(who.omar, erasure_id, PASSWORD)


def test_a_withdrawn_proposal_erases_nothing(test_desk: TestDesk) -> None:
    who, ben = people(test_desk), person(test_desk, "ben", Role.AGENT)
    ticket, erasure_id = proposed(test_desk, who)
    with pytest.raises(NotAllowed):
        withdraw_erasure(ben, erasure_id)
    withdraw_erasure(who.mei, erasure_id)
    with pytest.raises(WrongState):
        confirm_erasure(who.omar, erasure_id, PASSWORD)
    with pytest.raises(WrongState):
        withdraw_erasure(who.omar, erasure_id)
    propose_erasure(who.mei, ticket.number)  # a new one can be made
    with pytest.raises(NotErasable, match="already proposed"):
        propose_erasure(who.ines, ticket.number)


def test_two_at_once_propose_and_confirm_once(test_desk: TestDesk) -> None:
    desk, who = test_desk.desk, people(test_desk)
    ticket = granted(test_desk, who.mei)

    def tried(act: Callable[[], object]) -> bool:
        with suppress(NotErasable, WrongState):
            act()
            return True
        return False

    with ThreadPoolExecutor(2) as pool:
        tries = [lambda: propose_erasure(who.mei, ticket.number), lambda: propose_erasure(who.ines, ticket.number)]
        assert sorted(pool.map(tried, tries)) == [False, True]
        [row] = open_erasures(who.omar)
        by = [who.omar, person(test_desk, "olga", Role.SUPERVISOR)]
        assert sorted(pool.map(tried, [lambda d=d: confirm_erasure(d, row.id, PASSWORD) for d in by])) == [False, True]
    assert len(recorded(desk, Action.REQUESTER_ERASED)) == 1


# --- holds


def test_a_hold_restricts_and_its_end_erases(test_desk: TestDesk) -> None:
    desk, who = test_desk.desk, people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    until = (test_desk.clock.now() + timedelta(days=10)).date()
    place_hold(who.ines, ticket.number, "court", "Order 17/2026 about alice@example.org", until)
    done = confirm_erasure(who.omar, erasure_id, PASSWORD)
    assert not done.erased
    assert done.held_until is not None
    assert done.held_until.date() == until
    with desk.database.reading() as db:
        assert db.get_one(Requester, ticket.requester_id).state == RequesterState.RESTRICTED
    assert look_up(who.mei, Field.EMAIL, "alice@example.org", "reply") == ()
    with pytest.raises(KeyDestroyed):  # no word of a hold
        reveal(who.mei, ticket.number, Target(Field.EMAIL, ticket.contact_ids[Field.EMAIL]), "reply")
    finish_all(desk)
    assert has_key(desk, ticket.requester_id)
    test_desk.clock.forward(days=11)
    finish_all(desk)
    assert not has_key(desk, ticket.requester_id)
    assert state_of(desk, erasure_id) == ErasureState.DONE
    assert [entry.actor for entry in recorded(desk, Action.REQUESTER_ERASED)] == ["console"]


def test_a_lifted_hold_lets_the_erasure_go_on(test_desk: TestDesk) -> None:
    desk, who = test_desk.desk, people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    until = (test_desk.clock.now() + timedelta(days=10)).date()
    place_hold(who.ines, ticket.number, "law", "Tax law, section 4", until)
    place_hold(who.ines, ticket.number, "court", "Order 17", until)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    first, second = holds_of(who.ines, ticket.number)
    lift_hold(who.ines, first.id)
    finish_all(desk)
    assert has_key(desk, ticket.requester_id)
    lift_hold(who.ines, second.id)
    finish_all(desk)
    assert not has_key(desk, ticket.requester_id)
    assert holds_of(who.ines, ticket.number) == ()


def test_why_there_is_a_hold_is_for_privacy_officers(test_desk: TestDesk) -> None:
    desk, who = test_desk.desk, people(test_desk)
    ticket = granted(test_desk, who.mei)
    until = (test_desk.clock.now() + timedelta(days=10)).date()
    place_hold(who.ines, ticket.number, "authority", "Letter of the police about alice@example.org", until)
    [seen] = holds_of(who.ines, ticket.number)
    assert seen.title == desk.packs.current.retention.holds["authority"].title
    assert "Letter of the police" in seen.note
    assert "alice@example.org" not in seen.note
    for session in (who.mei, who.omar):
        [dim] = holds_of(session, ticket.number)
        assert (dim.title, dim.note) == ("", "")
    [entry] = recorded(desk, Action.HOLD_PLACED)
    assert entry.reason == f"until {until}"


@pytest.mark.parametrize(("reason", "days"), [("whim", 5), ("public", 366), ("court", -1)])
def test_a_hold_needs_a_listed_reason_and_an_end(test_desk: TestDesk, reason: str, days: int) -> None:
    who = people(test_desk)
    ticket = granted(test_desk, who.mei)
    with pytest.raises(BadInput):
        place_hold(who.ines, ticket.number, reason, "why", (test_desk.clock.now() + timedelta(days=days)).date())
    assert holds_of(who.ines, ticket.number) == ()


def test_only_a_privacy_officer_places_and_lifts(test_desk: TestDesk) -> None:
    who = people(test_desk)
    ticket = granted(test_desk, who.mei)
    until = (test_desk.clock.now() + timedelta(days=10)).date()
    place_hold(who.ines, ticket.number, "law", "Tax law", until)
    for session in (who.mei, who.omar):
        with pytest.raises(NotAllowed):
            place_hold(session, ticket.number, "law", "Tax law", until)
        with pytest.raises(NotAllowed):
            lift_hold(session, holds_of(session, ticket.number)[0].id)
    assert len(holds_of(who.ines, ticket.number)) == 1
    assert [one.key for one in hold_reasons(who.ines, ticket.number)] == ["law", "court", "authority", "public"]


def test_a_hold_that_comes_while_the_erasure_is_confirmed_waits_for_it(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either the erasure sees the hold, or the hold is refused: never a hold that holds nothing."""
    desk, who = test_desk.desk, people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    until = (test_desk.clock.now() + timedelta(days=10)).date()
    looked = held_until

    with ThreadPoolExecutor(1) as pool:
        placing: list[Future[None]] = []

        def look(db: Session, desk: Desk, owners: Iterable[str], now: datetime) -> dict[str, datetime]:
            found = looked(db, desk, owners, now)
            placing.append(pool.submit(place_hold, who.ines, ticket.number, "court", "Order 17", until))
            assert not wait(placing, timeout=0.5).done, "the hold was placed behind the erasure's back"
            return found

        monkeypatch.setattr(erasure, "held_until", look)
        assert confirm_erasure(who.omar, erasure_id, PASSWORD).erased
        with pytest.raises(KeyDestroyed):
            placing[0].result()
    assert recorded(desk, Action.HOLD_PLACED) == []


# --- crashes and faults


@pytest.mark.parametrize("step", ["put_tombstone", "_destroy", "wipe", "empty_journal"])
def test_after_a_fault_at_any_step_it_is_unseen_at_once_and_goes_on(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    desk, who = test_desk.desk, people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)

    def fail(*_given: object) -> None:
        raise StoreUnavailable("The disk went away.")

    with monkeypatch.context() as broken:
        broken.setattr(erasing, step, fail)
        done = confirm_erasure(who.omar, erasure_id, PASSWORD)
    assert not done.erased
    assert "disk went away" in done.problem
    with pytest.raises(KeyDestroyed):
        reveal(who.mei, ticket.number, Target(Field.EMAIL, ticket.contact_ids[Field.EMAIL]), "reply")
    assert look_up(who.mei, Field.EMAIL, "alice@example.org", "reply") == ()
    finish_all(desk)
    assert state_of(desk, erasure_id) == ErasureState.DONE
    assert not has_key(desk, ticket.requester_id)
    assert tombstones(desk.settings) == [ticket.requester_id]


def test_one_that_cannot_be_finished_holds_up_no_other(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, who = test_desk.desk, people(test_desk)
    stuck, first = proposed(test_desk, who)
    _, second = proposed(test_desk, who)
    destroy = erasing._destroy

    def away(*_given: object) -> None:
        raise StoreUnavailable("The disk went away.")

    def stuck_for_one(desk: Desk, owner: str) -> None:
        if owner == stuck.requester_id:
            away()
        destroy(desk, owner)

    monkeypatch.setattr(erasing, "_destroy", away)
    for one in (first, second):
        assert not confirm_erasure(who.omar, one, PASSWORD).erased
    monkeypatch.setattr(erasing, "_destroy", stuck_for_one)
    with pytest.raises(StoreUnavailable):
        finish_all(desk)
    assert (state_of(desk, first), state_of(desk, second)) == (ErasureState.APPROVED, ErasureState.DONE)


def test_what_cannot_be_recorded_is_not_erased(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    who = people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)

    def fail(*_given: object) -> None:
        raise StoreUnavailable("The log cannot be written.")

    monkeypatch.setattr(erasure, "say_erased", fail)
    with pytest.raises(StoreUnavailable):
        confirm_erasure(who.omar, erasure_id, PASSWORD)
    assert has_key(test_desk.desk, ticket.requester_id)
    assert state_of(test_desk.desk, erasure_id) == ErasureState.PROPOSED
    assert not open_ticket(who.mei, ticket.number).erased


# --- backups


def test_yesterdays_database_brings_nothing_back(sqlite_desk: TestDesk) -> None:
    desk, who = sqlite_desk.desk, people(sqlite_desk)
    ticket, erasure_id = proposed(sqlite_desk, who)
    kept = back_up(operator_session(desk), desk.settings.home.parent / "day.backup", Store.DATABASE).file
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    desk.close()
    done = restore(desk.settings, kept, "the disk broke", sqlite_desk.clock)
    assert done.erased_again == 1
    with desk.database.reading() as db:
        assert db.get_one(Requester, ticket.requester_id).state == RequesterState.ERASED
        assert db.connection().execute(select(col(Contact.lookup))).scalars().all() == [None] * 3
        assert set(db.connection().execute(select(col(Message.text))).scalars()) == {b""}
    assert verify_log(desk).ok
    assert recorded(desk, Action.REQUESTER_ERASED)[-1].reason == "a backup had brought it back"


def test_an_old_database_and_an_old_keyring_bring_nothing_back_once_somebody_signs_in(
    sqlite_desk: TestDesk,
) -> None:
    desk, who = sqlite_desk.desk, people(sqlite_desk)
    accounts.add_agent(operator_session(desk), "nina", (Role.AGENT,), PASSWORD)
    ticket, erasure_id = proposed(sqlite_desk, who)
    home = desk.settings.home
    desk.close()
    for name in ("console.db", "keyring.db"):
        shutil.copy(home / name, home.parent / name)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    desk.close()
    for name in ("console.db", "keyring.db"):
        for end in ("-wal", "-shm"):
            Path(home / (name + end)).unlink(missing_ok=True)
        os.replace(home.parent / name, home / name)
    assert has_key(desk, ticket.requester_id)
    sign_in(desk, "nina", PASSWORD)
    assert not has_key(desk, ticket.requester_id)
    assert open_ticket(who.mei, ticket.number).erased
    assert apply_again(desk) == 0


def test_open_tickets_that_a_backup_brought_back_are_closed(test_desk: TestDesk) -> None:
    desk, who = test_desk.desk, people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    with desk.database.transaction() as db:  # as the data stood before: worked on, a proposal in approval
        run = db.connection().execute
        run(update(Requester).values(state=RequesterState.ACTIVE))
        run(update(Ticket).values(state=TicketState.IN_APPROVAL, closed_at=None))
        run(update(Decision).values(state=DecisionState.PROPOSED, decided_at=None))
    consent = Consent(1, "omar", PASSWORD)
    assert finish(desk.settings, "pg_restore", test_desk.clock, consent).erased_again == 1
    with desk.database.reading() as db:
        kept = db.get_one(Ticket, ticket.number)
        assert (kept.state, kept.closed_at) == (TicketState.CLOSED, test_desk.clock.now())
        assert db.scalars(select(col(Decision.state))).all() == [DecisionState.WITHDRAWN]
    assert verify_log(desk).ok


def test_after_pg_restore_finish_erases_again(test_desk: TestDesk) -> None:
    desk, who = test_desk.desk, people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    with desk.database.transaction() as db:  # as the data stood before
        db.connection().execute(update(Requester).values(state=RequesterState.ACTIVE))
        db.connection().execute(text("DELETE FROM erasure"))
    consent = Consent(1, "omar", PASSWORD)
    assert finish(desk.settings, "pg_restore", test_desk.clock, consent).erased_again == 1
    with desk.database.reading() as db:
        assert db.get_one(Requester, ticket.requester_id).state == RequesterState.ERASED


def test_nobody_signs_in_while_the_list_of_the_erased_cannot_be_read(sqlite_desk: TestDesk) -> None:
    desk, who = sqlite_desk.desk, people(sqlite_desk)
    accounts.add_agent(operator_session(desk), "nina", (Role.AGENT,), PASSWORD)
    _, erasure_id = proposed(sqlite_desk, who)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    (desk.settings.checkpoint_folder / "erased.txt").write_bytes(b"\xff\xfe broken")
    with pytest.raises(StoreUnavailable, match="erased requesters"):
        sign_in(desk, "nina", PASSWORD)


def test_a_reply_to_an_erased_requester_is_refused(test_desk: TestDesk) -> None:
    who = people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    with pytest.raises(ConsoleError):
        reply(who.mei, ticket.number, 2, ticket.contact_ids[Field.EMAIL], "Hello again")


def test_a_plain_grant_of_another_right_is_no_reason(test_desk: TestDesk) -> None:
    who = people(test_desk)
    ticket = request(test_desk, who.mei)
    propose(who.mei, ticket.number, 1, replace(grant(), request="access"))
    with pytest.raises(NotErasable, match="for all of it"):
        propose_erasure(who.mei, ticket.number)
