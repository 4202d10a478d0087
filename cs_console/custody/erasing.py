"""The deed: what an approved erasure destroys, in steps that each may be repeated, so that a crash only delays it.

First one transaction makes the requester unfindable and empties what is stored of them; then, in this order, the
tombstone is told, copies in the outbox and the key are destroyed, the journals are emptied, and it is done. Rows stay,
empty: counts, the existence of notices and the log's proofs hold.
"""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlmodel import Session, SQLModel, col

from cs_console.access_log.append import Actor, Entry, append, lock_log
from cs_console.custody.holds import held_until
from cs_console.custody.suppression import suppress_account
from cs_console.custody.ticket_keys import contents_owners
from cs_console.custody.tombstones import put_tombstone, tombstones
from cs_console.database import empty_journal
from cs_console.delivery import outbox
from cs_console.desk import Office
from cs_console.errors import KeyDestroyed, StoreUnavailable
from cs_console.settings import Settings
from models.attachment import Attachment
from models.authority import Authority
from models.clock_event import ClockEvent
from models.contact import Contact
from models.decision import Approval, Decision
from models.draft import Draft
from models.enums import (
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
from models.message import Message
from models.requester import Requester
from models.settlement import Settlement
from models.ticket import Ticket
from models.verification import Verification, VerificationCode

BATCH = 500

SEALED: dict[type[SQLModel], tuple[str, ...]] = {
    Contact: ("value", "mask"),
    Ticket: ("sealed_key", "subject", "subject_redacted"),
    Message: ("headers", "text", "text_redacted"),
    Attachment: ("label", "content"),
    Decision: ("answers", "notice"),
    Approval: ("reason",),
    Verification: ("note",),
    Authority: ("note",),
    Requester: ("age_band", "account_id"),
    ClockEvent: ("reason",),
    Settlement: ("answers", "notice"),
    Hold: ("note",),
    Linking: ("reason",),
}
"""Every column that holds something under a requester's key or a ticket's; drafts are deleted whole."""


def wipe(session: Session, requester_id: str, now: datetime) -> None:
    """Make the requester unfindable and empty all that is stored of them, in the caller's transaction.

    Their tickets are closed: a backup can bring back open ones, which nobody could work any more. What is destroyed
    here is out of the reach of an old key too. Keyed hashes of Message-IDs stay, so that mail that is imported again
    brings nothing back (like a suppression after erasure, policy I.(2)3).
    """
    run = session.connection().execute
    numbers = select(col(Ticket.number)).where(col(Ticket.requester_id) == requester_id)
    lines = select(col(Message.id)).where(col(Message.ticket_number).in_(numbers))
    decisions = select(col(Decision.id)).where(col(Decision.ticket_number).in_(numbers))
    whose = {
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
    run(delete(VerificationCode).where(col(VerificationCode.requester_id) == requester_id))
    waiting = col(Message.delivery).in_((DeliveryState.QUEUED, DeliveryState.FAILED))
    stopped = {"delivery": DeliveryState.FAILED, "next_delivery_at": None}
    run(update(Message).where(whose[Message], waiting).values(stopped))
    proposed = col(Decision.state) == DecisionState.PROPOSED
    run(update(Decision).where(whose[Decision], proposed).values(state=DecisionState.WITHDRAWN))
    closed = {"state": TicketState.CLOSED, "closed_at": now, "row": col(Ticket.row) + 1}
    run(update(Ticket).where(whose[Ticket], col(Ticket.closed_at).is_(None)).values(closed))


def carry_out(office: Office, erasure_id: str) -> None:
    """Do what is left to do of an approved erasure. May be repeated; a second console may do the same.

    Raises StoreUnavailable, KeyUnavailable: what is left then is done by `finish_all`.
    """
    with office.database.reading() as session:
        erasure = session.get_one(Erasure, erasure_id)
    if erasure.state != ErasureState.APPROVED:
        return
    owner = erasure.requester_id
    put_tombstone(office.settings, owner, erasure.approved_at or office.clock.now())
    _destroy(office, owner)
    with office.database.transaction() as session:
        wipe(session, owner, office.clock.now())  # what another console was writing meanwhile
        done = {"state": ErasureState.DONE, "ended_at": office.clock.now()}
        still = (col(Erasure.id) == erasure_id, col(Erasure.state) == ErasureState.APPROVED)
        session.connection().execute(update(Erasure).where(*still).values(done))
    empty_journal(office.database.engine)


def finish_all(office: Office) -> None:
    """Carry out every approved erasure that a crash or a fault left, and those whose hold is over.

    One that cannot be finished does not hold up the others. Raises StoreUnavailable, KeyUnavailable for the last such,
    TimeNotConfirmed before anything is done.
    """
    office.require_believed_time()
    failed: StoreUnavailable | None = None
    with office.database.reading() as session:
        open_ones = select(Erasure).where(col(Erasure.state).in_((ErasureState.APPROVED, ErasureState.HELD)))
        found = list(session.scalars(open_ones))
    for erasure in found:
        try:
            if erasure.state != ErasureState.HELD or _release(office, erasure):
                carry_out(office, erasure.id)
        except StoreUnavailable as problem:
            failed = problem
    if failed is not None:
        raise failed


def apply_again(office: Office, *, every_requester: bool = False, told_in: Settings | None = None) -> int:
    """Erase again whoever a backup brought back; returns how many. To be done before anybody signs in.

    They are told by the tombstones (those of the settings `told_in`, else the office's); with `every_requester` also by
    having no key in the keyring, which was not put back with the data. Raises StoreUnavailable, KeyUnavailable.
    """
    settings = told_in or office.settings
    told = tombstones(settings)
    for start in range(0, len(told), BATCH):
        for owner in office.keyring.keys(told[start : start + BATCH]):
            _destroy(office, owner)  # an old keyring was put back
    back = _come_back(office, told) | (_without_key(office) if every_requester else set())
    for owner in sorted(back):
        put_tombstone(settings, owner, office.clock.now())
        with office.database.transaction() as session:
            wipe(session, owner, office.clock.now())
            _say_erased_again(session, office, owner)
    if back:
        empty_journal(office.database.engine)
    return len(back)


def _destroy(office: Office, owner: str) -> None:
    """Outbox copies, then the key: the copies are found by a pseudonym that only the key gives."""
    try:
        name = office.pseudonym(owner, office.keyring.key(owner))
    except KeyDestroyed:
        name = ""
    if name and office.settings.outbox is not None:
        try:
            outbox.remove(office.settings.outbox, name)
        except OSError as problem:
            raise StoreUnavailable(
                f"Messages in the outbox cannot be removed: {problem.strerror}.", "The erasure goes on once they can."
            ) from None
    office.keyring.destroy(owner)


def _release(office: Office, erasure: Erasure) -> bool:
    """Turn a held erasure into an approved one if nothing holds it any more."""
    owner, now = erasure.requester_id, office.clock.now()
    with office.database.transaction() as session:
        lock_log(session.connection(), office)  # no hold is placed meanwhile
        if held_until(session, [owner], now):
            return False
        still = (col(Erasure.id) == erasure.id, col(Erasure.state) == ErasureState.HELD)
        moved = session.connection().execute(
            update(Erasure).where(*still).values(state=ErasureState.APPROVED, approved_at=now)
        )
        if not moved.rowcount:
            return False  # another console was quicker
        say_erased(session, office, Actor("console", "", "", office.host), erasure, "the hold is over")
        wipe(session, owner, now)
    return True


def say_erased(session: Session, office: Office, actor: Actor, erasure: Erasure, reason: str) -> None:
    """The tombstone entry: the last one that can name the requester's pseudonym."""
    owner = erasure.requester_id
    suppress_account(session, office, owner)
    try:
        name = office.pseudonym(owner, office.keyring.key(owner))
    except KeyDestroyed:
        name = None
    entry = Entry(Action.REQUESTER_ERASED, ticket=erasure.ticket_number, requester=name, reason=reason)
    append(session, office, actor, entry, office.clock.now())


def _say_erased_again(session: Session, office: Office, owner: str) -> None:
    now = office.clock.now()
    kept = session.scalars(select(Erasure).where(col(Erasure.requester_id) == owner)).first()
    erasure = kept or Erasure(requester_id=owner, cause=ErasureCause.RESTORE, proposed_at=now)
    erasure.state, erasure.ended_at = ErasureState.DONE, now
    session.add(erasure)
    session.flush()
    say_erased(session, office, Actor("console", "", "", office.host), erasure, "a backup had brought it back")


def _come_back(office: Office, told: list[str]) -> set[str]:
    back: set[str] = set()
    with office.database.reading() as session:
        for start in range(0, len(told), BATCH):
            some = col(Requester.id).in_(told[start : start + BATCH])
            alive = select(col(Requester.id)).where(some, col(Requester.state) != RequesterState.ERASED)
            back.update(session.connection().execute(alive).scalars())
    return back


def _without_key(office: Office) -> set[str]:
    lost: set[str] = set()
    after = ""
    while True:
        with office.database.reading() as session:
            some = (
                select(col(Requester.id))
                .where(col(Requester.id) > after, col(Requester.state) != RequesterState.ERASED)
                .order_by(col(Requester.id))
                .limit(BATCH)
            )
            owners = list(session.connection().execute(some).scalars())
        if not owners:
            return lost
        lost.update(set(owners) - set(office.keyring.keys(owners)))
        after = owners[-1]
