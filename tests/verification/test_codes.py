"""Codes (POLICY.md, Verifying identity; ASVS 6.5.1-5, 6.6.2-3)."""

import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlmodel import col

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.delivery.outgoing import deliver_queued
from cs_console.desk import DeskSession
from cs_console.errors import (
    BadInput,
    CodeExpired,
    CodeWrong,
    ConsoleError,
    ContactNotOnFile,
    ContactRecent,
    DeliveryFailed,
    KeyDestroyed,
    LogBroken,
    NotAllowed,
    NothingThere,
    NoUndertaking,
    SealBroken,
    SendLimit,
    StoreBusy,
    StoreFull,
    StoreUnavailable,
    VerificationLocked,
    WrongState,
)
from cs_console.verification import codes, windows
from cs_console.verification.codes import check_code, lift_lock, options, send_code, status
from models.contact_fields import Field
from models.enums import Action, Result, TicketKind, TicketState, VerificationMethod
from models.requester import Requester
from models.roles import Role
from models.ticket import Ticket
from models.verification import Verification, VerificationCode
from tests.support.desk import TestDesk, make_desk
from tests.support.postgres import fresh_database
from tests.support.recorded import recorded
from tests.support.stores import full_disk, locked
from tests.support.tickets import make_requester, make_ticket
from tests.support.verifying import ADDRESS, CONTACTS, NUMBER, Verifying

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


# --- the way through -------------------------------------------------------------------------------------------


@pytest.mark.core
def test_the_right_code_opens_the_window_and_starts_the_clock(v: Verifying) -> None:
    before = v.stored_ticket()
    assert (before.state, before.verified_at, before.due_at) == (TicketState.TO_VERIFY, None, None)
    code = v.send()
    v.clock.forward(minutes=9)
    until = v.check(code)
    assert until == v.clock.now() + timedelta(minutes=30)
    after = v.stored_ticket()
    assert (after.state, after.verified_at) == (TicketState.VERIFIED, v.clock.now())
    assert after.due_at == v.clock.now() + timedelta(days=30)
    assert after.version == before.version + 1
    now = status(v.session, v.ticket.number)
    assert (now.window_until, now.method, now.contact_field) == (until, VerificationMethod.CODE, Field.MOBILE)
    assert (now.by, now.at, now.code_pending, now.tries_left) == ("vera-lin", v.clock.now(), False, 3)


def test_every_step_is_on_record_without_a_value(v: Verifying) -> None:
    v.check(v.send())
    entries = recorded(v.desk, Action.CODE_SENT, Action.CODE_CHECKED, Action.VERIFIED)
    assert [(entry.action, entry.outcome, entry.fields) for entry in entries] == [
        (Action.CODE_SENT, Result.DONE, "mobile"),
        (Action.CODE_CHECKED, Result.DONE, "mobile"),
        (Action.VERIFIED, Result.DONE, "mobile"),
    ]
    assert {entry.ticket for entry in entries} == {v.ticket.number}
    assert len({entry.requester for entry in entries}) == 1
    assert entries[0].requester
    assert entries[-1].verification


def test_the_answer_to_sending_holds_no_code(v: Verifying) -> None:
    before = set(v.outbox())
    sent = send_code(v.session, v.ticket.number, v.ticket.contact_ids[Field.MOBILE])
    (file,) = set(v.outbox()) - before
    found = re.search(r"\b[0-9]{8}\b", file.read_text("utf-8").partition("\n\n")[2])
    assert found
    assert found.group() not in repr(sent)
    assert sent.expires_at == v.clock.now() + timedelta(minutes=10)
    assert sent.sends_left == 2
    assert NUMBER not in sent.mask


def test_the_code_is_nowhere_in_the_home_but_in_the_outbox(sqlite_desk: TestDesk) -> None:
    """ASVS 6.6.2, 11.4.2: only a keyed hash is kept."""
    v = Verifying(sqlite_desk)
    code = v.send()
    v.fail(code)
    v.check(code)
    v.desk.close()
    for file in v.desk.settings.home.rglob("*"):
        if file.is_file() and file.parent != v.desk.settings.outbox:
            content = file.read_bytes()
            assert code.encode() not in content, file
            assert b"canary" not in content, file


def test_the_stored_hash_cannot_be_searched_without_the_desks_key(v: Verifying) -> None:
    import hashlib

    code = v.send()
    with v.desk.database.reading() as db:
        row = db.scalars(select(VerificationCode)).one()
    bound = f"{row.id}|{v.ticket.number}|{row.contact_id}|{code}".encode()
    assert row.code_hash not in {hashlib.sha256(bound).digest(), hashlib.sha256(code.encode()).digest()}
    assert len(row.code_hash) == 32


def test_codes_have_eight_digits_and_do_not_repeat(v: Verifying) -> None:
    """ASVS 6.5.3."""
    seen = set()
    for _ in range(5):
        seen.add(v.send())
        v.clock.forward(hours=12)
        v.session = v.test_desk.session(f"vera-{len(seen)}", Role.VERIFIER)
    assert len(seen) == 5
    assert all(len(code) == 8 for code in seen)


def test_spaces_and_hyphens_read_back_do_not_matter(v: Verifying) -> None:
    code = v.send()
    v.check(f" {code[:4]}-{code[4:6]} {code[6:]} ")


# --- where a code may go ---------------------------------------------------------------------------------------


def test_only_contacts_on_file_are_options_shown_by_their_masks(test_desk: TestDesk) -> None:
    v = Verifying(test_desk)
    claimed = make_requester(test_desk, {Field.EMAIL: "eve@example.net"}, on_file=False)
    claim = make_ticket(test_desk, requester=claimed)
    assert options(v.session, claim.number) == ()
    shown = options(v.session, v.ticket.number)
    assert {one.field for one in shown} == {Field.EMAIL, Field.MOBILE}
    assert all(one.allowed and not one.why_not for one in shown)
    assert not any("canary" in one.mask or "12345678" in one.mask for one in shown)
    with pytest.raises(ContactNotOnFile):
        send_code(v.session, claim.number, claim.contact_ids[Field.EMAIL])
    assert (Action.CODE_SENT, Result.REFUSED, "contact_not_on_file") in v.log(Action.CODE_SENT)
    assert v.outbox() == []


def test_contacts_that_carry_no_code_are_no_options(test_desk: TestDesk) -> None:
    session = test_desk.session("vera-lin", Role.VERIFIER)
    ticket = make_ticket(test_desk, contacts={Field.NAME: "Alice Ng", Field.ADDRESS: "1 Main Street"})
    assert options(session, ticket.number) == ()
    with pytest.raises(ContactNotOnFile):
        send_code(session, ticket.number, ticket.contact_ids[Field.ADDRESS])


def test_another_requesters_contact_is_refused(v: Verifying) -> None:
    _, others = make_requester(v.test_desk, {Field.EMAIL: "bob@example.org"})
    for contact_id in (others[Field.EMAIL], "no-such-contact", ""):
        with pytest.raises(ContactNotOnFile):
            send_code(v.session, v.ticket.number, contact_id)
    assert v.outbox() == []


def test_a_contact_changed_within_30_days_is_shown_with_the_reason_and_not_used(v: Verifying) -> None:
    v.change_contact(Field.MOBILE, changed_at=v.clock.now() - timedelta(days=29))
    shown = {one.field: one for one in options(v.session, v.ticket.number)}
    assert shown[Field.EMAIL].allowed
    assert not shown[Field.MOBILE].allowed
    assert "changed recently" in shown[Field.MOBILE].why_not
    with pytest.raises(ContactRecent):
        v.send(Field.MOBILE)
    assert (Action.CODE_SENT, Result.REFUSED, "contact_recent") in v.log(Action.CODE_SENT)
    v.change_contact(Field.MOBILE, changed_at=v.clock.now() - timedelta(days=30))
    assert v.send(Field.MOBILE)


def test_a_replaced_contact_is_no_option_and_its_code_is_void(v: Verifying) -> None:
    code = v.send(Field.MOBILE)
    v.change_contact(Field.MOBILE, replaced_at=v.clock.now())
    assert {one.field for one in options(v.session, v.ticket.number)} == {Field.EMAIL}
    with pytest.raises(CodeExpired):
        v.check(code)
    with pytest.raises(ContactNotOnFile):
        v.send(Field.MOBILE)


def test_another_contact_on_file_is_told(v: Verifying) -> None:
    v.check(v.send(Field.MOBILE))
    told = v.outbox()[-1]
    assert told.suffix == ".eml"
    words = told.read_text("utf-8")
    assert ADDRESS in words
    assert f"[#{v.ticket.number}]" in words
    assert not re.search(r"\b[0-9]{8}\b", words.partition("\n\n")[2])


def test_a_word_that_cannot_be_delivered_does_not_undo_the_verification(v: Verifying) -> None:
    code = v.send(Field.MOBILE)
    folder = v.desk.settings.outbox
    assert folder is not None
    folder.rename(folder.with_name("away"))
    folder.write_text("in the way")
    assert v.check(code)
    folder.unlink()
    v.clock.forward(minutes=1)
    assert deliver_queued(v.desk).sent == 1


@pytest.mark.parametrize("problem", [StoreUnavailable("away"), LogBroken("broken")])
def test_nor_does_a_store_that_goes_away_just_then(
    v: Verifying, monkeypatch: pytest.MonkeyPatch, problem: ConsoleError
) -> None:
    def fail(*_: object) -> None:
        raise problem

    code = v.send(Field.MOBILE)
    with monkeypatch.context() as patched:
        patched.setattr(windows, "deliver_queued", fail)
        assert v.check(code)
    assert deliver_queued(v.desk).sent == 1


# --- time, single use, binding -----------------------------------------------------------------------------------


def test_a_code_is_valid_for_ten_minutes(v: Verifying) -> None:
    """ASVS 6.5.5."""
    code = v.send()
    v.clock.forward(minutes=10)
    with pytest.raises(CodeExpired):
        v.check(code)
    assert v.stored_requester().tries == 0, "no try is taken where there is nothing to compare"
    assert v.log(Action.CODE_CHECKED) == [(Action.CODE_CHECKED, Result.REFUSED, "code_expired")]


def test_a_code_works_once(v: Verifying) -> None:
    """ASVS 6.5.1."""
    code = v.send()
    v.check(code)
    with pytest.raises(CodeExpired):
        v.check(code)


def test_a_new_code_voids_the_old_one_and_gives_no_tries_back(v: Verifying) -> None:
    first = v.send()
    v.fail(first)
    second = v.send(Field.EMAIL)
    assert status(v.session, v.ticket.number).tries_left == 2
    assert first != second, "one in a hundred million"
    with pytest.raises(CodeWrong, match="1 attempt is left"):
        v.check(first)
    assert isinstance(v.fail(second), VerificationLocked)


def test_a_code_is_bound_to_its_ticket(v: Verifying) -> None:
    other = v.another_ticket()
    code = v.send()
    with pytest.raises(CodeExpired):
        v.check(code, other)
    mine = v.send(Field.EMAIL, other)
    assert mine != code, "one in a hundred million"
    with pytest.raises(CodeWrong):
        v.check(code, other)
    v.check(code)
    assert status(v.session, other.number).window_until is None


def test_the_hash_binds_code_ticket_and_contact(v: Verifying) -> None:
    hashes = {
        codes.code_hash(v.desk, row, number, contact, digits)
        for row in ("a", "b")
        for number in (1, 2)
        for contact in ("x", "y")
        for digits in ("00000000", "00000001")
    }
    assert len(hashes) == 16


@pytest.mark.parametrize(
    "typed", ["", "1234567", "123456789", "abcdefgh", "１２３４５６７８", "12345678\x00", "1234 567"]
)
def test_what_cannot_be_a_code_costs_no_try(v: Verifying, typed: str) -> None:
    v.send()
    with pytest.raises(BadInput, match="8 digits"):
        v.check(typed)
    assert v.stored_requester().tries == 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=12))
def test_anything_typed_is_refused_in_one_sentence(sqlite_desk: TestDesk, typed: str) -> None:
    ticket = make_ticket(sqlite_desk)
    session = sqlite_desk.session(f"vera-{ticket.number}", Role.VERIFIER)
    with pytest.raises((BadInput, CodeExpired)):
        check_code(session, ticket.number, typed)


# --- tries and the lock ----------------------------------------------------------------------------------------


def test_the_third_wrong_try_locks_for_24_hours(v: Verifying) -> None:
    """ASVS 6.6.3."""
    code = v.send()
    assert "2 attempts are left" in str(v.fail(code))
    assert "1 attempt is left" in str(v.fail(code))
    locked = v.fail(code)
    assert isinstance(locked, VerificationLocked)
    assert locked.until == v.clock.now() + timedelta(hours=24)
    with pytest.raises(VerificationLocked):
        v.check(code)
    with pytest.raises(VerificationLocked):
        v.send(Field.EMAIL)
    now = status(v.session, v.ticket.number)
    assert (now.tries_left, now.locked_until, now.code_pending) == (0, locked.until, False)
    wrong = (Action.CODE_CHECKED, Result.REFUSED, "code_wrong")
    assert v.log(Action.CODE_CHECKED, Action.VERIFICATION_LOCKED) == [
        wrong,
        wrong,
        wrong,
        (Action.VERIFICATION_LOCKED, Result.DONE, "24 hours"),
        (Action.CODE_CHECKED, Result.REFUSED, "verification_locked"),
    ]


def test_tries_are_the_requesters_over_all_tickets(v: Verifying) -> None:
    other = v.another_ticket()
    first, second = v.send(), v.send(Field.EMAIL, other)
    v.fail(first, 2)
    with pytest.raises(VerificationLocked):
        v.check(v.wrong(second), other)
    with pytest.raises(VerificationLocked):
        v.check(first)


def test_an_elapsed_lock_gives_a_fresh_budget(v: Verifying) -> None:
    v.fail(v.send(), 3)
    v.clock.forward(hours=24)
    v.session = v.test_desk.session("vera-two", Role.VERIFIER)
    assert status(v.session, v.ticket.number).tries_left == 3
    code = v.send()
    v.fail(code, 2)
    assert v.check(code)


def test_a_budget_used_up_without_a_lock_is_locked_at_the_next_try(v: Verifying) -> None:
    """Another ticket's pack may allow more tries than this one's; the lower number holds here."""
    code = v.send()
    with v.desk.database.transaction() as db:
        db.connection().execute(
            update(Requester).where(col(Requester.id) == v.ticket.requester_id).values(tries=3, locked_until=None)
        )
    with pytest.raises(VerificationLocked) as refused:
        v.check(code)
    assert refused.value.until == v.clock.now() + timedelta(hours=24)


def test_success_gives_the_whole_budget_back(v: Verifying) -> None:
    code = v.send()
    v.fail(code, 2)
    v.check(code)
    assert (v.stored_requester().tries, v.stored_requester().locked_until) == (0, None)


def test_the_last_try_may_be_the_right_one(v: Verifying) -> None:
    code = v.send()
    v.fail(code, 2)
    assert v.check(code)
    assert status(v.session, v.ticket.number).locked_until is None


def test_a_supervisor_lifts_the_lock_on_record(v: Verifying) -> None:
    supervisor = v.test_desk.session("omar", Role.SUPERVISOR)
    with pytest.raises(WrongState):
        lift_lock(supervisor, v.ticket.number)
    v.fail(v.send(), 3)
    with pytest.raises(NotAllowed):
        lift_lock(v.session, v.ticket.number)
    lift_lock(supervisor, v.ticket.number)
    entry = recorded(v.desk, Action.VERIFICATION_UNLOCKED)[-1]
    assert (entry.actor, entry.ticket) == ("omar", v.ticket.number)
    assert v.check(v.send(Field.EMAIL))


def test_a_console_killed_between_counting_and_comparing_wins_no_try(
    v: Verifying, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object) -> bytes:
        raise Killed

    code = v.send()
    for _ in range(3):
        with monkeypatch.context() as patched, pytest.raises(Killed):
            patched.setattr(codes, "code_hash", kill)
            v.check(code)
    with pytest.raises(VerificationLocked):
        v.check(code)


@pytest.mark.parametrize("racers", [8])
@pytest.mark.engines("sqlite", "postgresql")
def test_racing_consoles_win_no_extra_tries(v: Verifying, racers: int) -> None:
    """ASVS 15.4.2: eight consoles guess at once; three comparisons happen in all."""
    code = v.send()
    desks = [v.test_desk.session(f"racer-{n}", Role.VERIFIER) for n in range(racers)]

    def guess(at: int) -> str:
        try:
            check_code(desks[at], v.ticket.number, f"{(int(code) + 1 + at) % 10**8:08d}")
        except ConsoleError as error:
            return error.code
        return "verified"

    with ThreadPoolExecutor(racers) as pool:
        outcomes = list(pool.map(guess, range(racers)))
    compared = [entry for entry in recorded(v.desk, Action.CODE_CHECKED) if entry.reason == "code_wrong"]
    assert len(compared) == 3
    assert "verified" not in outcomes
    assert set(outcomes) <= {"code_wrong", "verification_locked"}
    assert len(recorded(v.desk, Action.VERIFICATION_LOCKED)) == 1
    with pytest.raises(VerificationLocked):
        v.check(code)


@pytest.mark.engines("sqlite", "postgresql")
def test_of_racing_consoles_with_the_right_code_one_uses_it(v: Verifying) -> None:
    code = v.send()
    desks = [v.test_desk.session(f"racer-{n}", Role.VERIFIER) for n in range(3)]

    def use(session: DeskSession) -> str:
        try:
            check_code(session, v.ticket.number, code)
        except ConsoleError as error:
            return error.code
        return "verified"

    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(use, desks))
    assert outcomes.count("verified") == 1
    assert len(recorded(v.desk, Action.VERIFIED)) == 1


def test_a_right_code_and_a_change_of_the_ticket_do_not_stand_in_each_others_way(tmp_path: Path) -> None:
    """PostgreSQL: both lock the ticket first and the log last, or one of them would end in a deadlock."""
    made = make_desk(tmp_path / "home", fresh_database())
    v = Verifying(made)
    code, mei = v.send(), made.session("mei", Role.AGENT)
    with ThreadPoolExecutor(1) as pool:
        with made.desk.database.transaction() as db:
            changed = update(Ticket).where(col(Ticket.number) == v.ticket.number)
            db.connection().execute(changed.values(priority=3, version=col(Ticket.version) + 1))
            checking = pool.submit(v.check, code)
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            while not checking.done() and not db.connection().execute(waiting).scalar():
                pass
            record(db, mei, Entry(Action.TICKET_PRIORITY_SET, ticket=v.ticket.number))
        assert checking.result(30)
    assert (v.stored_ticket().priority, v.stored_ticket().state) == (3, TicketState.VERIFIED)
    made.desk.close()


# --- how often -------------------------------------------------------------------------------------------------


def test_three_codes_an_hour_and_five_a_day_go_to_a_requester_over_all_tickets(v: Verifying) -> None:
    other = v.another_ticket()
    v.send()
    v.send(Field.EMAIL, other)
    v.send(Field.EMAIL)
    with pytest.raises(SendLimit, match="within the hour"):
        v.send(Field.EMAIL, other)
    assert (Action.CODE_SENT, Result.REFUSED, "send_limit") in v.log(Action.CODE_SENT)
    v.clock.forward(minutes=61)
    later = v.test_desk.session("vera-two", Role.VERIFIER)
    assert send_code(later, v.ticket.number, v.ticket.contact_ids[Field.EMAIL]).sends_left == 1
    assert send_code(later, v.ticket.number, v.ticket.contact_ids[Field.EMAIL]).sends_left == 0
    with pytest.raises(SendLimit, match="24 hours"):
        send_code(later, other.number, other.contact_ids[Field.EMAIL])


def test_an_agent_sends_twenty_codes_an_hour(v: Verifying) -> None:
    for n in range(20):
        ticket = make_ticket(v.test_desk, contacts={Field.MOBILE: f"+86137123456{n:02}"})
        send_code(v.session, ticket.number, ticket.contact_ids[Field.MOBILE])
    with pytest.raises(SendLimit, match="You sent 20"):
        v.send()
    v.clock.forward(minutes=61)
    again = v.test_desk.session("vera-two", Role.VERIFIER)
    assert send_code(again, v.ticket.number, v.ticket.contact_ids[Field.MOBILE])


@pytest.mark.engines("sqlite", "postgresql")
def test_racing_sends_do_not_pass_the_limit(v: Verifying) -> None:
    desks = [v.test_desk.session(f"racer-{n}", Role.VERIFIER) for n in range(6)]

    def send(session: DeskSession) -> str:
        try:
            send_code(session, v.ticket.number, v.ticket.contact_ids[Field.MOBILE])
        except ConsoleError as error:
            return error.code
        return "sent"

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(send, desks))
    assert outcomes.count("sent") == 3
    assert outcomes.count("send_limit") == 3
    assert len(v.outbox()) == 3


def test_a_code_that_could_not_be_sent_is_void_counted_and_recorded(v: Verifying) -> None:
    folder = v.desk.settings.outbox
    assert folder is not None
    folder.write_text("in the way")
    for _ in range(3):
        with pytest.raises(DeliveryFailed) as failed:
            send_code(v.session, v.ticket.number, v.ticket.contact_ids[Field.EMAIL])
        assert "canary" not in str(failed.value)
    assert not status(v.session, v.ticket.number).code_pending
    assert (Action.CODE_SENT, Result.FAILED, "delivery_failed") in v.log(Action.CODE_SENT)
    with pytest.raises(SendLimit):
        send_code(v.session, v.ticket.number, v.ticket.contact_ids[Field.EMAIL])


def test_on_a_full_disk_no_code_goes_out(sqlite_desk: TestDesk) -> None:
    """Invariant 1 for sending: nothing leaves that is not on record."""
    v = Verifying(sqlite_desk)
    desks = (v.test_desk.session(f"vera-{n}", Role.VERIFIER) for n in itertools.count())
    with full_disk(v.desk.database, room=60), pytest.raises(StoreFull):
        while True:
            v.clock.forward(hours=12)
            send_code(next(desks), v.ticket.number, v.ticket.contact_ids[Field.EMAIL])
    assert len(v.outbox()) == len(recorded(v.desk, Action.CODE_SENT))
    assert v.stored_requester().tries == 0


def test_a_locked_database_sends_nothing_and_costs_no_try(sqlite_desk: TestDesk) -> None:
    v = Verifying(sqlite_desk)
    code = v.send()
    with locked(v.desk.database):
        with pytest.raises(StoreBusy):
            v.send()
        with pytest.raises(StoreBusy):
            v.check(code)
    assert len(v.outbox()) == 1
    assert status(v.session, v.ticket.number).tries_left == 3
    assert v.check(code)


@pytest.mark.parametrize("refusal", [ContactNotOnFile("x"), KeyDestroyed(), SealBroken()])
def test_whatever_keeps_a_code_from_going_out_is_on_record(
    v: Verifying, monkeypatch: pytest.MonkeyPatch, refusal: ConsoleError
) -> None:
    """Between the send's own transaction and the hand-over a contact may be replaced, or a key destroyed."""

    def fail(*_: object) -> None:
        raise refusal

    monkeypatch.setattr(codes, "send_now", fail)
    with pytest.raises(type(refusal)):
        send_code(v.session, v.ticket.number, v.ticket.contact_ids[Field.EMAIL])
    assert not status(v.session, v.ticket.number).code_pending
    assert v.log(Action.CODE_SENT)[-1] == (Action.CODE_SENT, Result.FAILED, refusal.code)


# --- who, and on what ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.ADMIN])
def test_only_verifiers_send_and_check(v: Verifying, role: Role) -> None:
    """ASVS 8.2.1."""
    session = v.test_desk.session("eve", role)
    for act in (
        lambda: options(session, v.ticket.number),
        lambda: send_code(session, v.ticket.number, v.ticket.contact_ids[Field.MOBILE]),
        lambda: check_code(session, v.ticket.number, "12345678"),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_without_an_undertaking_nothing_is_verified(v: Verifying) -> None:
    session = v.test_desk.session("new-one", Role.VERIFIER, undertaking=False)
    with pytest.raises(NoUndertaking):
        send_code(session, v.ticket.number, v.ticket.contact_ids[Field.MOBILE])
    with pytest.raises(NoUndertaking):
        check_code(session, v.ticket.number, "12345678")


def test_an_unknown_or_erased_or_closed_ticket_sends_nothing(v: Verifying) -> None:
    with pytest.raises(NothingThere):
        options(v.session, 99)
    closed = make_ticket(v.test_desk, state=TicketState.CLOSED, contacts=CONTACTS)
    with pytest.raises(WrongState):
        send_code(v.session, closed.number, closed.contact_ids[Field.EMAIL])
    with pytest.raises(WrongState):
        check_code(v.session, closed.number, "12345678")
    v.desk.keyring.destroy(v.ticket.requester_id)
    with pytest.raises(KeyDestroyed):
        send_code(v.session, v.ticket.number, v.ticket.contact_ids[Field.MOBILE])
    assert v.outbox() == []


def test_the_numbers_come_from_the_pack_of_the_ticket(v: Verifying) -> None:
    """Invariant 7: an older ticket keeps the rules that it was opened under."""
    from cs_console.policy.loader import PackShelf

    home = v.desk.settings.home
    shipped = PackShelf(v.desk.settings).path(v.desk.packs.name).read_text("utf-8")
    changed = re.sub(r"(?m)^digits = 8$", "digits = 6", re.sub(r"(?m)^tries = 3$", "tries = 1", shipped))
    changed = re.sub(r'(?m)^version = "2023-08"$', 'version = "2026-01"', changed, count=1)
    assert changed != shipped
    (home / "packs").mkdir()
    (home / "packs" / "hauthome-2026-01.toml").write_text(changed, "utf-8")
    with v.desk.database.transaction() as db:
        db.connection().execute(
            update(Ticket).where(col(Ticket.number) == v.ticket.number).values(pack="hauthome-2026-01")
        )
    send_code(v.session, v.ticket.number, v.ticket.contact_ids[Field.MOBILE])
    found = re.search(r"\b[0-9]{6}\b", v.outbox()[-1].read_text("utf-8").partition("\n\n")[2])
    assert found
    with pytest.raises(BadInput, match="6 digits"):
        v.check("12345678")
    with pytest.raises(VerificationLocked):
        v.check(f"{(int(found.group()) + 1) % 10**6:06d}")


# --- the window ------------------------------------------------------------------------------------------------


def test_the_window_is_thirty_minutes(v: Verifying) -> None:
    v.check(v.send())
    v.clock.forward(minutes=29, seconds=59)
    assert status(v.test_desk.session("omar", Role.SUPERVISOR), v.ticket.number).window_until
    v.clock.forward(seconds=1)
    now = status(v.test_desk.session("ines", Role.SUPERVISOR), v.ticket.number)
    assert now.window_until is None
    assert now.method is VerificationMethod.CODE, "that it took place is still told"


def test_a_ticket_closed_meanwhile_is_not_verified_and_costs_no_try(v: Verifying) -> None:
    code = v.send()
    with v.desk.database.transaction() as db:
        db.connection().execute(
            update(Ticket)
            .where(col(Ticket.number) == v.ticket.number)
            .values(state=TicketState.CLOSED, closed_at=v.clock.now())
        )
    with pytest.raises(WrongState):
        v.check(code)
    assert (v.stored_ticket().verified_at, v.stored_requester().tries) == (None, 0)


def test_verifying_again_opens_a_new_window_and_keeps_the_clock(v: Verifying) -> None:
    v.check(v.send())
    due = v.stored_ticket().due_at
    v.clock.forward(minutes=10)
    until = v.check(v.send(Field.EMAIL))
    assert v.stored_ticket().due_at == due
    assert status(v.session, v.ticket.number).window_until == until
    with v.desk.database.reading() as db:
        rows = db.scalars(select(Verification).order_by(col(Verification.verified_at))).all()
    assert [row.closed_at is None for row in rows] == [False, True]
    assert v.log(Action.WINDOW_CLOSED) == [(Action.WINDOW_CLOSED, Result.DONE, "verified again")]


def test_a_kind_without_a_decision_gets_no_due_date(v: Verifying) -> None:
    ticket = make_ticket(v.test_desk, kind=TicketKind.INQUIRY, requester=v.requester)
    v.check(v.send(ticket=ticket), ticket)
    with v.desk.database.reading() as db:
        stored = db.get_one(Ticket, ticket.number)
    assert (stored.state, stored.due_at) == (TicketState.VERIFIED, None)


def test_a_ticket_in_approval_stays_there(v: Verifying) -> None:
    ticket = make_ticket(v.test_desk, kind=TicketKind.RIGHTS, state=TicketState.IN_APPROVAL, requester=v.requester)
    v.check(v.send(ticket=ticket), ticket)
    with v.desk.database.reading() as db:
        assert db.get_one(Ticket, ticket.number).state == TicketState.IN_APPROVAL
