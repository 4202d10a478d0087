"""Codes: sent to a contact on file, read back by the requester, typed by a verifier who never sees them."""

import hashlib
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import partial

from sqlalchemy import select, update
from sqlmodel import Session, col

from cs_console.access_log.append import record
from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, done_before, keep_outcome, once, undone
from cs_console.custody.contacts import MaskedContact, is_shared, masked_contacts
from cs_console.delivery.outgoing import send_now, tagged
from cs_console.desk import Desk, DeskSession
from cs_console.errors import (
    BadInput,
    CodeExpired,
    CodeWrong,
    ConsoleError,
    ContactNotOnFile,
    ContactRecent,
    ContactShared,
    DeliveryFailed,
    StoreUnavailable,
    VerificationLocked,
    WrongState,
)
from cs_console.local_time import moment
from cs_console.policy.templates import render
from cs_console.policy.verification_rules import CodeRules
from cs_console.staff.undertakings import require_current
from cs_console.verification.askers import asker_of
from cs_console.verification.cases import Case, case_of
from cs_console.verification.codes_on_record import about_lock, about_sent, about_wrong, counts_still, tried
from cs_console.verification.limits import (
    Try,
    left_of,
    lock_refusal,
    locked,
    restore_tries,
    sends_left,
    take_try,
)
from cs_console.verification.windows import Opened, Verified, deliver, open_window, opened_by
from models.agent import Agent
from models.columns import from_microseconds, microseconds, new_id
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Action, ActKind, Result, VerificationMethod
from models.roles import LIFTS_LOCKS, VERIFIES, WORKS_ON_TICKETS
from models.ticket import Ticket
from models.verification import Verification, VerificationCode


class Bar(Enum):
    """Why no code is sent to a contact."""

    NO_CHANNEL = "cannot receive one"
    CLAIMED = "claimed in the ticket only"
    NOT_ON_FILE = "not confirmed by the platform"
    SHARED = "on file with several accounts"
    RECENT = "changed recently"


@dataclass(frozen=True, slots=True)
class NoCode:
    """Why no code is sent to a contact: the value that rules read, and the words that people read."""

    bar: Bar
    words: str


@dataclass(frozen=True)
class CodeOption:
    """A contact on file that a code could go to; `why_not` says why it may not."""

    contact_id: str
    field: Field
    mask: str
    allowed: bool
    why_not: str


@dataclass(frozen=True)
class SentCode:
    """A code is on its way. The code itself is nowhere but in the message."""

    expires_at: datetime
    mask: str
    sends_left: int


@dataclass(frozen=True)
class VerificationStatus:
    """The state of the ticket's verification. `by` and `at` are those of the newest one, even if it has ended."""

    window_until: datetime | None
    method: VerificationMethod | None
    contact_field: Field | None
    by: str
    at: datetime | None
    code_pending: bool
    code_expires_at: datetime | None
    tries_left: int
    locked_until: datetime | None


def options(session: DeskSession, number: int) -> tuple[CodeOption, ...]:
    """The contacts on file that can carry a code, by their masks; what a ticket merely claims is never among them."""
    with session.reading(*VERIFIES) as db:
        case = case_of(db, session, number)
        now = session.desk.clock.now()
        return tuple(
            CodeOption(contact.id, contact.field, contact.mask, why is None, "" if why is None else why.words)
            for contact in masked_contacts(db, session.desk, case.requester_id)
            if contact.on_file and contact.field in case.codes.fields
            for why in [why_no_code(db, case, contact, now)]
        )


def send_code(session: DeskSession, number: int, contact_id: str, *, act: ActId | None = None) -> SentCode:
    """Send a new code to a contact on file; it voids the one before, and gives no tries back.

    The send is counted and recorded before anything is sent; a failed hand-over is recorded too and counts as a
    send. One act sends one code: sent again, it says what it said first, or that the code may not have gone out: the
    digits are kept nowhere, so that only a new one could. For verifiers with a current undertaking.
    Raises ContactNotOnFile, ContactRecent, SendLimit, VerificationLocked, GuardianRequired, WrongState, DeliveryFailed,
    BadSettings, and what `acts.once` raises.
    """
    desk, made = session.desk, _NewCode()
    with session.work(*VERIFIES) as db:
        intent = Intent(act, ActKind.CODE_SENT, number, (contact_id,))
        done = once(db, session, intent, partial(_make_code, db, session, number, contact_id, made))
        mask = "" if isinstance(done, ConsoleError) else _mask_of(db, session, contact_id)
    if isinstance(done, ConsoleError):
        raise done
    if made.case is not None:  # else it went out before; the code itself is kept nowhere
        case = made.case
        values = {"code": made.digits, "minutes": str(case.codes.minutes), "ticket": str(number)}
        words = render(case.said.text, values).strip()
        try:
            send_now(desk, contact_id, tagged(desk.settings.desk_name, number), words)
        except ConsoleError as problem:
            _record_unsent(session, case, intent, done, problem)
            raise
        if act is not None:
            with suppress(StoreUnavailable), desk.database.transaction() as db:
                keep_outcome(db, intent, {**done, "sent": "yes"})
    elif "sent" not in done:
        raise DeliveryFailed("A code was created, but it is not known whether it was sent.", "Send a new one.")
    return SentCode(from_microseconds(int(done["until"])), mask, int(done["left"]))


@dataclass
class _NewCode:
    """A code that was made just now, on its way out of the transaction."""

    case: Case | None = None
    digits: str = field(default="", repr=False)


def _make_code(
    db: Session, session: DeskSession, number: int, contact_id: str, made: _NewCode
) -> ActOutcome | ConsoleError:
    """Count, record and store a new code, or record why there is none."""
    require_current(db, session)
    case = case_of(db, session, number, locked=True)
    case.require_open()
    contact = _on_file(db, session.desk, case, contact_id)
    field = contact.field.value if contact else ""
    allowed = _sends_allowed(db, session, case, contact)
    if isinstance(allowed, ConsoleError):
        record(db, session, case.entry(Action.CODE_SENT, Result.REFUSED, field=field, reason=allowed.code))
        return allowed
    code, digits = _store_new(db, session, case, contact_id)
    record(db, session, case.entry(Action.CODE_SENT, field=field, about=about_sent(session.desk, code)))
    made.case, made.digits = case, digits
    return {"code": code.id, "field": field, "until": str(microseconds(code.expires_at)), "left": str(allowed - 1)}


def _mask_of(db: Session, session: DeskSession, contact_id: str) -> str:
    contact = db.get(Contact, contact_id)
    masks = () if contact is None else masked_contacts(db, session.desk, contact.requester_id)
    return next((one.mask for one in masks if one.id == contact_id), "")


def check_code(session: DeskSession, number: int, digits: str, *, act: ActId | None = None) -> Verified:
    """Compare the digits that the requester read back; the right ones open the window and start the clock.

    An attempt is taken and committed before the comparison. Repeating an act that verified them takes no further one.
    Raises BadInput (not counted) for what cannot be a code, WrongState, GuardianRequired and CodeExpired (not counted),
    CodeWrong, VerificationLocked, and what `acts.once` raises.
    """
    typed = digits.replace(" ", "").replace("-", "")
    intent = Intent(act, ActKind.CODE_CHECKED, number, (typed,))
    done = done_before(session, intent, *VERIFIES)
    if done is not None:
        return deliver(session.desk, opened_by(done))
    taken = _take(session, number, typed)
    if isinstance(taken, ConsoleError):
        raise taken
    case, code, attempt = taken
    expected = code_hash(session.desk, code.id, number, code.contact_id, typed)
    right = hmac.compare_digest(expected, code.code_hash)

    def compare() -> ActOutcome | ConsoleError:
        found = _right(db, session, number, code) if right else _wrong(db, session, case, code, attempt)
        return found if isinstance(found, ConsoleError) else found.outcome()

    with session.work(*VERIFIES) as db:
        result = once(db, session, intent, compare)
    if isinstance(result, ConsoleError):
        raise result
    return deliver(session.desk, opened_by(result))


def status(session: DeskSession, number: int) -> VerificationStatus:
    """The current state of the ticket's verification."""
    with session.reading(*WORKS_ON_TICKETS) as db:
        case = case_of(db, session, number)
        now = session.desk.clock.now()
        newest = db.scalars(
            select(Verification)
            .where(col(Verification.ticket_number) == number, col(Verification.withdrawn_at).is_(None))
            .order_by(col(Verification.verified_at).desc(), col(Verification.id))
            .limit(1)
        ).first()
        code = _pending(db, session.desk, number, now)
        by = db.get_one(Agent, newest.agent_id).name if newest else ""
        window_open = newest is not None and newest.closed_at is None and newest.window_until > now
        return VerificationStatus(
            newest.window_until if newest and window_open else None,
            VerificationMethod(newest.method) if newest else None,
            Field(newest.contact_field) if newest and newest.contact_field else None,
            by,
            newest.verified_at if newest else None,
            code is not None,
            code.expires_at if code else None,
            left_of(db, session.desk, case, now),
            locked(db, session.desk, case, now),
        )


def lift_lock(session: DeskSession, number: int) -> None:
    """Give the requester a fresh budget of tries before the lock's time is over. For supervisors; recorded."""
    with session.work(*LIFTS_LOCKS) as db:
        case = case_of(db, session, number, locked=True)
        if locked(db, session.desk, case, session.desk.clock.now()) is None:
            raise WrongState("Verification of this requester is not locked.", "There is no lock to lift.")
        restore_tries(db, case.requester_id)
        record(db, session, case.entry(Action.VERIFICATION_UNLOCKED))


def code_hash(desk: Desk, code_id: str, number: int, contact_id: str, digits: str) -> bytes:
    """The keyed hash of a code, bound to its row, ticket and contact: all that is stored of it (ASVS 6.6.2)."""
    bound = f"{code_id}|{number}|{contact_id}|{digits}".encode()
    return hmac.digest(desk.keyring.desk_key("codes"), bound, hashlib.sha256)


def too_recent(changed_at: datetime, rules: CodeRules, now: datetime) -> NoCode | None:
    """From when a recently changed contact can receive codes; None where it can."""
    usable = changed_at + timedelta(days=rules.contact_recent_days)
    return None if usable <= now else NoCode(Bar.RECENT, f"{Bar.RECENT.value}, usable from {moment(usable)}")


def why_no_code(db: Session, case: Case, contact: MaskedContact, now: datetime) -> NoCode | None:
    """Why no code goes to this contact; None where one may (POLICY.md: on file, not changed recently)."""
    barred = None
    if contact.field not in case.codes.fields:
        barred = Bar.NO_CHANNEL
    elif contact.claimed:
        barred = Bar.CLAIMED
    elif not contact.on_file:
        barred = Bar.NOT_ON_FILE
    elif case.requester.unclear or is_shared(db, contact.id):
        barred = Bar.SHARED
    if barred is not None:
        return NoCode(barred, barred.value)
    return too_recent(contact.changed_at, case.codes, now)


def _on_file(db: Session, desk: Desk, case: Case, contact_id: str) -> MaskedContact | None:
    contacts = masked_contacts(db, desk, case.requester_id)
    return next(
        (c for c in contacts if c.id == contact_id and c.on_file and c.field in case.codes.fields),
        None,
    )


def _sends_allowed(db: Session, session: DeskSession, case: Case, contact: MaskedContact | None) -> int | ConsoleError:
    """How many codes may be sent now, including this one, or why none may."""
    now = session.desk.clock.now()
    asker = asker_of(db, session.desk, case.pack, case.number, case.requester_id)
    if contact is None:
        return ContactNotOnFile("This contact is not on file.", "Codes are only sent to contacts on file.")
    if case.requester.unclear or is_shared(db, contact.id):
        return ContactShared()
    if too_recent(contact.changed_at, case.codes, now) is not None:
        return ContactRecent(
            f"This contact was changed in the last {case.codes.contact_recent_days} days.",
            "Use an older contact, or verify by a written request.",
        )
    refusal = asker.refusal(VerificationMethod.CODE)
    if refusal is not None:
        return refusal
    until = locked(db, session.desk, case, now)
    if until is not None:
        return lock_refusal(until)
    return sends_left(db, case.requester_id, session.agent.id, case.codes, now)


def _store_new(db: Session, session: DeskSession, case: Case, contact_id: str) -> tuple[VerificationCode, str]:
    """Void the ticket's older codes and store the hash of a new one: its row, and its digits."""
    now, rules = session.desk.clock.now(), case.codes
    _end_codes(db, case.number, now)
    code_id, digits = new_id(), f"{secrets.randbelow(10**rules.digits):0{rules.digits}d}"
    expires_at = now + timedelta(minutes=rules.minutes)
    code = VerificationCode(
        id=code_id,
        ticket_number=case.number,
        requester_id=case.requester_id,
        contact_id=contact_id,
        agent_id=session.agent.id,
        code_hash=code_hash(session.desk, code_id, case.number, contact_id, digits),
        sent_at=now,
        expires_at=expires_at,
    )
    db.add(code)
    db.flush()
    return code, digits


def _end_codes(db: Session, number: int, now: datetime) -> None:
    db.connection().execute(
        update(VerificationCode)
        .where(col(VerificationCode.ticket_number) == number, col(VerificationCode.ended_at).is_(None))
        .values(ended_at=now)
    )


def _record_unsent(session: DeskSession, case: Case, intent: Intent, done: ActOutcome, problem: ConsoleError) -> None:
    code_id, field = done["code"], done["field"]
    with session.desk.database.transaction() as db:
        db.connection().execute(
            update(VerificationCode)
            .where(col(VerificationCode.id) == code_id)
            .values(ended_at=session.desk.clock.now())
        )
        undone(db, intent)
        entry = case.entry(Action.CODE_SENT, Result.FAILED, field=field, reason=problem.code, about={"code": code_id})
        record(db, session, entry)


def _pending(db: Session, desk: Desk, number: int, now: datetime) -> VerificationCode | None:
    """The ticket's code that still counts: not ended, not expired, its contact still the one on file.

    The ticket must be the same requester's still, the contact theirs alone, and the log must say of this very code that
    it was sent, and of none since. Raises LogBroken.
    """
    code = db.scalars(
        select(VerificationCode)
        .join(Contact, col(Contact.id) == col(VerificationCode.contact_id))
        .join(Ticket, col(Ticket.number) == col(VerificationCode.ticket_number))
        .where(
            col(Ticket.requester_id) == col(VerificationCode.requester_id),
            col(Contact.requester_id) == col(VerificationCode.requester_id),
            col(VerificationCode.ticket_number) == number,
            col(VerificationCode.ended_at).is_(None),
            col(VerificationCode.expires_at) > now,
            col(Contact.replaced_at).is_(None),
            col(Contact.on_file).is_(True),
        )
        .order_by(col(VerificationCode.sent_at).desc())
        .limit(1)
    ).first()
    if code is None or is_shared(db, code.contact_id) or not counts_still(db, desk, code, now):
        return None
    return code


def _take(session: DeskSession, number: int, typed: str) -> tuple[Case, VerificationCode, Try] | ConsoleError:
    """Take one try in a committed step of its own, before anything is compared; refusals are recorded with it."""
    with session.work(*VERIFIES) as db:
        require_current(db, session)
        case = case_of(db, session, number)
        case.require_open()
        if len(typed) != case.codes.digits or not typed.isascii() or not typed.isdigit():
            raise BadInput(f"A code has {case.codes.digits} digits.", "Ask the requester to read the code again.")
        refusal = asker_of(db, session.desk, case.pack, number, case.requester_id).refusal(VerificationMethod.CODE)
        if refusal is not None:
            record(db, session, case.entry(Action.CODE_CHECKED, Result.REFUSED, reason=refusal.code))
            return refusal
        now = session.desk.clock.now()
        until = locked(db, session.desk, case, now)
        code = _pending(db, session.desk, number, now) if until is None else None
        attempt = take_try(db, case.requester_id, case.codes, now) if code else None
        if code is not None and attempt is not None:
            return case, code, attempt
        until = locked(db, session.desk, case, now)
        refusal = (
            CodeExpired("No code is valid for this ticket.", "Send a new one.")
            if until is None
            else lock_refusal(until)
        )
        record(db, session, case.entry(Action.CODE_CHECKED, Result.REFUSED, reason=refusal.code))
        return refusal


def _right(db: Session, session: DeskSession, number: int, code: VerificationCode) -> Opened | ConsoleError:
    """The digits match: use the code up, once, and open the window."""
    case, now = case_of(db, session, number, locked=True), session.desk.clock.now()
    pending = _pending(db, session.desk, number, now)
    if pending is None or pending.id != code.id:  # its contact was replaced meanwhile, or the ticket linked elsewhere
        return _used_up(db, session, case)
    until = tried(db, session.desk, case.pseudonym, case.codes, now).locked_until
    if until is not None:  # more were compared than there are tries
        record(db, session, case.entry(Action.CODE_CHECKED, Result.REFUSED, reason=VerificationLocked.code))
        return lock_refusal(until)
    used = db.connection().execute(
        update(VerificationCode)
        .where(
            col(VerificationCode.id) == code.id,
            col(VerificationCode.ended_at).is_(None),
            col(VerificationCode.expires_at) > now,
        )
        .values(ended_at=now)
    )
    if not used.rowcount:
        return _used_up(db, session, case)
    restore_tries(db, case.requester_id)
    field = Field(db.get_one(Contact, code.contact_id).field).value
    record(db, session, case.entry(Action.CODE_CHECKED, field=field, about={"code": code.id}))
    return open_window(db, session, case, VerificationMethod.CODE, contact_id=code.contact_id, contact_field=field)


def _used_up(db: Session, session: DeskSession, case: Case) -> ConsoleError:
    record(db, session, case.entry(Action.CODE_CHECKED, Result.REFUSED, reason=CodeExpired.code))
    return CodeExpired("This code was just used or replaced.", "Send a new one.")


def _wrong(db: Session, session: DeskSession, case: Case, code: VerificationCode, attempt: Try) -> ConsoleError:
    """The digits do not match; the last try locks the requester and voids the code."""
    desk, now = session.desk, session.desk.clock.now()
    before = tried(db, desk, case.pseudonym, case.codes, now)
    entry = case.entry(Action.CODE_CHECKED, Result.REFUSED, reason=CodeWrong.code, about=about_wrong(code.id))
    record(db, session, entry)
    left = min(attempt.left, case.codes.tries - before.wrong - 1)
    if left > 0:
        tries = "1 attempt is left" if left == 1 else f"{left} attempts are left"
        return CodeWrong(f"The code is wrong; {tries}.", "Ask the requester to read the code again.")
    until = locked(db, desk, case, now)
    if until is None:  # meanwhile the right digits came from another console
        return CodeExpired("This code was just used or replaced.", "Send a new one.")
    _end_codes(db, case.number, now)
    if before.locked_until is None:
        lock = case.entry(Action.VERIFICATION_LOCKED, reason=f"{case.codes.lock_hours} hours", about=about_lock(until))
        record(db, session, lock)
    return lock_refusal(until)
