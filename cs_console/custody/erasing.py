"""The deed: what an approved erasure destroys, in steps that each may be repeated, so that a crash only delays it.

First one transaction makes the requester unfindable, empties what is stored of them and writes the log's entry; then,
in this order, and only if the log proves that entry, the tombstone is stated, copies in the outbox, the key and the
keys of mail of theirs that was set aside are destroyed, the journals are emptied, and it is done. Rows stay, empty:
counts, the existence of notices and the log's proofs hold.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlmodel import Session, SQLModel, col

from cs_console import outbox
from cs_console.access_log.append import append, lock_log
from cs_console.access_log.checkpoint import log_signer
from cs_console.access_log.entry import Actor, Entry
from cs_console.custody.drafts import drop_drafts_about
from cs_console.custody.erasure_authority import require_approved
from cs_console.custody.erasure_proof import about_erasure, erased_with_key, proof_of
from cs_console.custody.holds_on_record import held_until, require_recorded_holds
from cs_console.custody.search_queue import take_out_of
from cs_console.custody.set_aside_ends import destroy_mail_of, finish_destroying, look_for_keys_brought_back
from cs_console.custody.suppression import suppress_account
from cs_console.custody.ticket_keys import contents_owners
from cs_console.custody.tombstones import is_proof, put_tombstone, tombstone_lines
from cs_console.database import empty_journal
from cs_console.desk import Desk
from cs_console.errors import ConsoleError, ErasureNotProven, KeyDestroyed, KeyMissing, NotVouched, StoreUnavailable
from cs_console.settings import Settings
from models.acknowledgement import Acknowledgement
from models.attachment import Attachment, DraftFile
from models.authority import Authority
from models.clock_event import ClockEvent
from models.contact import Contact
from models.decision import Approval, Decision
from models.draft import Draft
from models.enums import (
    WAITING_TO_GO,
    Action,
    DecisionState,
    DeliveryState,
    ErasureCause,
    ErasureState,
    RequesterState,
    TicketState,
)
from models.erasure import Erasure, Hold
from models.linking import Linking
from models.marked_term import MarkedTerm
from models.message import Message
from models.requester import Requester
from models.sealed import Sealed, columns_of
from models.settlement import Settlement
from models.ticket import Ticket
from models.verification import Verification, VerificationCode

BATCH = 500

SEALED = {table: columns for table, columns in columns_of(Sealed).items() if table is not Draft}
"""Every column that holds something under a requester's key or a ticket's; drafts are deleted whole."""


def wipe(db: Session, requester_id: str, now: datetime) -> None:
    """Make the requester unfindable and empty all that is stored of them, in the caller's transaction.

    Their tickets are closed: a backup can bring back open ones, which no one could work any more. What is destroyed
    here is out of the reach of an old key too. Keyed hashes of Message-IDs stay, so that mail that is imported again
    brings nothing back (like a suppression after erasure, policy I.(2)3).
    """
    run = db.connection().execute
    numbers = select(col(Ticket.number)).where(col(Ticket.requester_id) == requester_id)
    lines = select(col(Message.id)).where(col(Message.ticket_number).in_(numbers))
    decisions = select(col(Decision.id)).where(col(Decision.ticket_number).in_(numbers))
    whose: dict[type[SQLModel], ColumnElement[bool]] = {
        Contact: col(Contact.requester_id) == requester_id,
        Ticket: col(Ticket.requester_id) == requester_id,
        Message: col(Message.ticket_number).in_(numbers),
        Attachment: col(Attachment.message_id).in_(lines),
        Decision: col(Decision.ticket_number).in_(numbers),
        Approval: col(Approval.decision_id).in_(decisions),
        Verification: col(Verification.ticket_number).in_(numbers),
        Authority: col(Authority.ticket_number).in_(numbers),
        Requester: col(Requester.id) == requester_id,
        ClockEvent: col(ClockEvent.ticket_number).in_(numbers),
        Settlement: col(Settlement.ticket_number).in_(numbers),
        Hold: col(Hold.ticket_number).in_(numbers),
        Linking: col(Linking.ticket_number).in_(numbers),
        DraftFile: col(DraftFile.ticket_number).in_(numbers),
        MarkedTerm: col(MarkedTerm.ticket_number).in_(numbers),
    }
    state = {"state": RequesterState.ERASED, "tries": 0, "locked_until": None}
    run(update(Requester).where(col(Requester.id) == requester_id).values(state))
    for table, columns in SEALED.items():
        for name in columns:
            column = getattr(table, name)
            run(update(table).where(whose[table], column.is_not(None)).values({name: b""}))
    run(update(Contact).where(whose[Contact]).values(lookup=None))
    drafts = col(Draft.key_owner).in_(contents_owners(numbers))
    run(delete(Draft).where((col(Draft.key_owner) == requester_id) | drafts))
    run(delete(DraftFile).where(whose[DraftFile]))
    run(delete(VerificationCode).where(col(VerificationCode.requester_id) == requester_id))
    run(delete(Acknowledgement).where(col(Acknowledgement.ticket_number).in_(numbers)))
    waiting = col(Message.delivery).in_(WAITING_TO_GO)
    stopped = {"delivery": DeliveryState.FAILED, "next_delivery_at": None, "delivery_problem": KeyDestroyed.code}
    run(update(Message).where(whose[Message], waiting).values(stopped))
    proposed = col(Decision.state) == DecisionState.PROPOSED
    run(update(Decision).where(whose[Decision], proposed).values(state=DecisionState.WITHDRAWN))
    closed = {"state": TicketState.CLOSED, "closed_at": now, "version": col(Ticket.version) + 1}
    run(update(Ticket).where(whose[Ticket], col(Ticket.closed_at).is_(None)).values(closed))
    take_out_of(db, requester_id)  # after the tickets were locked: who indexes one now sees that it is erased


def carry_out(desk: Desk, erasure_id: str) -> None:
    """Do what is left to do of an approved erasure. May be repeated; a second console may do the same.

    Raises ErasureNotProven, with nothing destroyed, where the log holds no entry of it; StoreUnavailable,
    KeyUnavailable: what is left then is done by `finish_all`.
    """
    with desk.database.reading() as db:
        erasure = db.get_one(Erasure, erasure_id)
        if erasure.state != ErasureState.APPROVED:
            return
        owner = erasure.requester_id
        proof = proof_of(db, desk, Action.REQUESTER_ERASED, erasure)
        if proof is not None:
            put_tombstone(db, desk, desk.settings, proof)
        elif not _is_told(db, desk, owner):
            raise ErasureNotProven
    _destroy(desk, owner)
    finish_destroying(desk)
    with desk.database.transaction() as db:
        wipe(db, owner, desk.clock.now())  # what another console was writing meanwhile
        done = {"state": ErasureState.DONE, "ended_at": desk.clock.now()}
        still = (col(Erasure.id) == erasure_id, col(Erasure.state) == ErasureState.APPROVED)
        db.connection().execute(update(Erasure).where(*still).values(done))
    empty_journal(desk.database.engine)


def finish_all(desk: Desk) -> None:
    """Carry out every approved erasure that a crash or a fault left, and those whose hold is over.

    One that cannot be finished does not hold up the others. Raises StoreUnavailable, KeyUnavailable, ErasureNotProven
    for the last such, TimeNotConfirmed before anything is done.
    """
    desk.require_believed_time()
    failed: ConsoleError | None = None
    with desk.database.reading() as db:
        open_ones = select(Erasure).where(col(Erasure.state).in_((ErasureState.APPROVED, ErasureState.HELD)))
        found = list(db.scalars(open_ones))
    for erasure in found:
        try:
            if erasure.state != ErasureState.HELD or _release(desk, erasure):
                carry_out(desk, erasure.id)
        except (StoreUnavailable, ErasureNotProven, NotVouched) as problem:
            failed = problem
    if failed is not None:
        raise failed


@dataclass(frozen=True)
class BroughtBack:
    """The requesters on the list of the erased who are still here.

    `alive`: their erasure is proven, and they are not erased here. `with_key`: they are, but their key is back.
    `unproven`: how many others it names without a proof; they are not erased.
    """

    alive: tuple[str, ...]
    with_key: tuple[str, ...]
    unproven: int


def brought_back(desk: Desk, told_in: Settings | None = None) -> BroughtBack:
    """Hold the list of the erased (of the settings `told_in`, else the desk's) against what is here; change nothing.

    A line counts if it is this desk's own signed statement with the log's entry in it, or if the log itself holds the
    entry under the name that the requester's key gives. Raises StoreUnavailable, KeyUnavailable.
    """
    lines = tombstone_lines(told_in or desk.settings)
    told = list(dict.fromkeys(line.requester_id for line in lines))
    states = _states(desk, told)
    known = [owner for owner in told if owner in states]
    keys: set[str] = set()
    for start in range(0, len(known), BATCH):
        found = desk.keyring.store.find_all(known[start : start + BATCH])
        keys.update(key.owner for key in found if key.is_one)
    here = {owner for owner in known if states[owner] != RequesterState.ERASED or owner in keys}
    if not here:
        return BroughtBack((), (), 0)
    with desk.database.reading() as db:
        signer = log_signer(db, desk)
        proven = {line.requester_id for line in lines if line.requester_id in here and is_proof(desk, signer, line)}
        proven.update(owner for owner in here & keys - proven if erased_with_key(db, desk, owner))
    back = [owner for owner in known if owner in proven]
    return BroughtBack(
        tuple(owner for owner in back if states[owner] != RequesterState.ERASED),
        tuple(owner for owner in back if states[owner] == RequesterState.ERASED),
        len(here - proven),
    )


def apply_again(desk: Desk, *, told_in: Settings | None = None) -> int:
    """Erase again the requesters that a backup brought back; returns how many. Call it before anyone signs in.

    Only those whose erasure is proven (`brought_back`); one with a hold in force is restricted until it ends. A
    requester who merely has no key is not erased: the key is missing. Raises StoreUnavailable, KeyUnavailable.
    """
    back = brought_back(desk, told_in)
    again = [owner for owner in back.alive if _erase_again(desk, owner, told_in or desk.settings)]
    for owner in (*again, *back.with_key):
        _destroy(desk, owner)
    if back.with_key:  # an old keyring was put back
        look_for_keys_brought_back(desk)
    if again:
        finish_destroying(desk)
        empty_journal(desk.database.engine)
    return len(again)


def stated_without_proof(desk: Desk) -> int:
    """How many erasures the data says were approved, or held, without the log's word for it. They are not carried out.

    Raises StoreUnavailable, KeyUnavailable.
    """
    with desk.database.reading() as db:
        waiting = select(Erasure).where(col(Erasure.state).in_((ErasureState.APPROVED, ErasureState.HELD)))
        return sum(
            proof_of(db, desk, Action.ERASURE_APPROVED, erasure) is None
            and not _is_told(db, desk, erasure.requester_id)
            for erasure in db.scalars(waiting)
        )


def _is_told(db: Session, desk: Desk, owner: str, told_in: Settings | None = None) -> bool:
    """Whether a line beside the checkpoints proves the erasure: signed, with the log's genuine entry in it."""
    signer = log_signer(db, desk)
    lines = tombstone_lines(told_in or desk.settings)
    return any(line.requester_id == owner and is_proof(desk, signer, line) for line in lines)


def _destroy(desk: Desk, owner: str) -> None:
    """Outbox copies, then the key: the copies are found by a pseudonym that only the key gives."""
    try:
        name = desk.pseudonym(owner, desk.keyring.key(owner))
    except (KeyDestroyed, KeyMissing):
        name = ""
    if name and desk.settings.outbox is not None:
        try:
            outbox.remove(desk.settings.outbox, name)
        except OSError as problem:
            raise StoreUnavailable(
                f"Messages in the outbox cannot be removed: {problem.strerror}.",
                "The erasure resumes when they can be removed.",
            ) from None
    desk.keyring.destroy(owner)


def _release(desk: Desk, erasure: Erasure) -> bool:
    """Turn a held erasure into an approved one if nothing holds it any more. Raises ErasureNotProven."""
    owner, now = erasure.requester_id, desk.clock.now()
    with desk.database.transaction() as db:
        lock_log(db.connection(), desk)  # no hold is placed meanwhile
        require_recorded_holds(db, desk, owner)
        if held_until(db, desk, [owner], now):
            return False
        if not _is_told(db, desk, owner):
            if proof_of(db, desk, Action.ERASURE_APPROVED, erasure) is None:
                raise ErasureNotProven
            require_approved(db, desk, erasure)
        still = (col(Erasure.id) == erasure.id, col(Erasure.state) == ErasureState.HELD)
        moved = db.connection().execute(
            update(Erasure).where(*still).values(state=ErasureState.APPROVED, approved_at=now)
        )
        if not moved.rowcount:
            return False  # another console was quicker
        say_erased(db, desk, desk.own_actor, erasure, "the hold is over")
        drop_drafts_about(db, desk, owner)
        wipe(db, owner, now)
    return True


def say_erased(db: Session, desk: Desk, actor: Actor, erasure: Erasure, reason: str) -> None:
    """The tombstone entry: the last one that can name the requester's pseudonym, and the proof of the erasure.

    What is set aside of theirs goes in the same transaction, with an entry before this one.
    """
    owner = erasure.requester_id
    suppress_account(db, desk, owner)
    try:
        name = desk.pseudonym(owner, desk.keyring.key(owner))
    except (KeyDestroyed, KeyMissing):
        name = None
    destroy_mail_of(db, desk, actor, erasure, name)
    entry = Entry(
        Action.REQUESTER_ERASED,
        ticket=erasure.ticket_number,
        requester=name,
        reason=reason,
        about=about_erasure(erasure),
    )
    append(db, desk, actor, entry, desk.clock.now())


def _erase_again(desk: Desk, owner: str, settings: Settings) -> bool:
    """Whether this requester is erased again; with a hold in force they are restricted.

    It asks for the proof itself, however it was called. Raises ErasureNotProven.
    """
    now = desk.clock.now()
    with desk.database.transaction() as db:
        lock_log(db.connection(), desk)  # no hold is placed meanwhile
        if not (_is_told(db, desk, owner, settings) or erased_with_key(db, desk, owner)):
            raise ErasureNotProven
        requester = db.get_one(Requester, owner)
        if requester.state == RequesterState.ERASED:
            return False  # another console was quicker
        held = bool(held_until(db, desk, [owner], now))
        kept = db.scalars(
            select(Erasure).where(col(Erasure.requester_id) == owner, col(Erasure.state) != ErasureState.WITHDRAWN)
        ).first()
        if held and kept is not None and kept.state == ErasureState.HELD:
            return False
        require_recorded_holds(db, desk, owner)
        erasure = kept or Erasure(requester_id=owner, cause=ErasureCause.RESTORE, proposed_at=now)
        erasure.state, erasure.ended_at = (ErasureState.HELD, None) if held else (ErasureState.DONE, now)
        db.add(erasure)
        db.flush()
        if held:
            requester.state = RequesterState.RESTRICTED
            db.add(requester)
            db.flush()
            take_out_of(db, owner)
            return False
        say_erased(db, desk, desk.own_actor, erasure, "a backup had brought it back")
        drop_drafts_about(db, desk, owner)
        wipe(db, owner, now)
        db.flush()
        proof = proof_of(db, desk, Action.REQUESTER_ERASED, erasure)
    if proof is not None:
        with desk.database.reading() as db:
            put_tombstone(db, desk, settings, proof)  # where it was told without a signature
    return True


def _states(desk: Desk, told: list[str]) -> dict[str, str]:
    """The states of those of these ids that are requesters' here."""
    found: dict[str, str] = {}
    with desk.database.reading() as db:
        for start in range(0, len(told), BATCH):
            some = col(Requester.id).in_(told[start : start + BATCH])
            found.update(db.connection().execute(select(col(Requester.id), col(Requester.state)).where(some)).all())
    return found
