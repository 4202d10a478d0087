"""How mail that is set aside ends: with the person it came from, after its term, or by hand; its key ends with it.

One transaction empties it and writes the log's entry; then its key is destroyed, and with it what old backups hold. A
crash in between only delays that. As for erasures, only the log's own entry destroys a key.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlmodel import Session, col

from cs_console.access_log.append import append, lock_log
from cs_console.access_log.entry import Actor, Entry
from cs_console.access_log.vouched import COLUMNS_OF_ENTRY, Word, genuine
from cs_console.custody.contacts import OWN_ADDRESS, SENDER_IS_SURE
from cs_console.custody.holds_on_record import held_until
from cs_console.custody.keyring import Keyring
from cs_console.database import Database, empty_journal
from cs_console.desk import Desk
from cs_console.errors import LogBroken
from models.contact import Contact
from models.enums import Action, RequesterState, Result, SetAside, SetAsideKey, SetAsideState
from models.erasure import Erasure
from models.log import LogEntry
from models.quarantined import Quarantined, SetAsideContact
from models.requester import Requester
from models.ticket import Ticket

BATCH = 200
MOST = 1_000
"""How many are destroyed in one minute; one entry names them."""
SET_ASIDE = "set aside"
"""What entries call the numbers of those that they are about."""
_BY_HAND = (Action.SET_ASIDE_DROPPED, Action.SET_ASIDE_RELEASED, Action.SET_ASIDE_RETRIED)
_ENDING = (*_BY_HAND, Action.SET_ASIDE_DESTROYED)
_KEPT = col(Quarantined.state) == SetAsideState.KEPT
_LEFT = and_(
    col(Quarantined.key) == SetAsideKey.OWN,
    or_(
        col(Quarantined.state).in_((SetAsideState.DROPPED, SetAsideState.DESTROYED)),
        and_(col(Quarantined.state) == SetAsideState.RELEASED, col(Quarantined.ticket_number).is_(None)),
    ),
)
"""Nothing is kept of it any more but its key."""


def destroy_mail_of(db: Session, desk: Desk, actor: Actor, erasure: Erasure, pseudonym: str | None) -> None:
    """Empty what is set aside of a requester who is being erased, on record, in the transaction of their erasure.

    That is mail from an address of theirs and of no one else's, and what was released to a ticket of theirs. The caller
    holds the log, and calls this while their contacts can still be found.
    """
    owner = erasure.requester_id
    named = _named_by(db, col(Contact.requester_id) == owner)
    others = _named_by(db, col(Contact.requester_id) != owner, named)
    found = _rows(db, _KEPT, named.keys() - others.keys())
    theirs = select(col(Ticket.number)).where(col(Ticket.requester_id) == owner)
    released = (col(Quarantined.state) == SetAsideState.RELEASED, col(Quarantined.ticket_number).in_(theirs))
    filed = db.connection().execute(select(col(Quarantined.id), col(Quarantined.number)).where(*released)).all()
    if not found and not filed:
        return
    _empty(db, [*(row for row, _, _ in found), *(row for row, _ in filed)])
    entry = Entry(
        Action.SET_ASIDE_DESTROYED,
        ticket=erasure.ticket_number,
        requester=pseudonym,
        reason=f"with its sender: {len(found)}",
        about=_about([*(number for _, number, _ in found), *(number for _, number in filed)], found)
        | {"erasure": erasure.id},
    )
    append(db, desk, actor, entry, desk.clock.now())


def destroy_expired(desk: Desk) -> int:
    """Destroy what has been set aside for `set_aside_days`, on record in one entry; returns how many.

    What cannot be read has no term, nor has what is still sealed under the desk's key. Mail from an address of someone
    whose data is held is kept until no hold is left. Raises StoreUnavailable, TimeNotConfirmed.
    """
    desk.require_believed_time()
    now = desk.clock.now()
    due = and_(
        _KEPT,
        col(Quarantined.at) <= now - timedelta(days=desk.settings.set_aside_days),
        col(Quarantined.sort) != SetAside.UNREADABLE,
        col(Quarantined.key) == SetAsideKey.OWN,
    )
    with desk.database.reading() as db:
        if db.connection().execute(select(col(Quarantined.id)).where(due).limit(1)).first() is None:
            return 0
    with desk.database.transaction() as db:
        lock_log(db.connection(), desk)  # no hold is placed meanwhile
        found = _not_held(db, desk, due, now)
        if found:
            _empty(db, [row for row, _, _ in found])
            about = _about([number for _, number, _ in found], found)
            entry = Entry(Action.SET_ASIDE_DESTROYED, reason=f"kept long enough: {len(found)}", about=about)
            append(db, desk, desk.own_actor, entry, now)
    if found:
        finish_destroying(desk)
        empty_journal(desk.database.engine)
    return len(found)


def finish_destroying(desk: Desk) -> int:
    """Destroy the keys of what is set aside no more, where the log has an entry of that; returns how many.

    May be repeated. Raises StoreUnavailable, KeyUnavailable: the rest waits for the next minute.
    """
    done, after = 0, 0
    while True:
        with desk.database.reading() as db:
            left = select(col(Quarantined.number), col(Quarantined.id)).where(_LEFT, col(Quarantined.number) > after)
            rows = dict(db.connection().execute(left.order_by(col(Quarantined.number)).limit(BATCH)).all())
            proven = _proven(db, desk, rows.keys())
        if not rows:
            return done
        after = max(rows)
        if proven:
            gone = [rows[number] for number in sorted(proven)]
            desk.keyring.destroy(*gone)
            with desk.database.transaction() as db:
                db.connection().execute(
                    update(Quarantined).where(col(Quarantined.id).in_(gone), _LEFT).values(key=SetAsideKey.DESTROYED)
                )
            done += len(gone)


def look_for_keys_brought_back(desk: Desk) -> None:
    """Have destroyed again what a backup of the keyring brought back. Raises StoreUnavailable."""
    after = 0
    while True:
        with desk.database.transaction() as db:
            gone = (col(Quarantined.key) == SetAsideKey.DESTROYED, col(Quarantined.number) > after)
            wanted = select(col(Quarantined.number), col(Quarantined.id)).where(*gone)
            rows = dict(db.connection().execute(wanted.order_by(col(Quarantined.number)).limit(BATCH)).all())
            if not rows:
                break
            after = max(rows)
            back = [key.owner for key in desk.keyring.store.find_all(rows.values()) if key.is_one]
            db.connection().execute(
                update(Quarantined).where(col(Quarantined.id).in_(back)).values(key=SetAsideKey.OWN)
            )
    finish_destroying(desk)


def mail_without_key(database: Database, keyring: Keyring) -> int:
    """How many mails set aside have lost their key. Raises StoreUnavailable."""
    found, after = 0, 0
    while True:
        with database.reading() as db:
            kept = (_KEPT, col(Quarantined.key) == SetAsideKey.OWN, col(Quarantined.number) > after)
            wanted = select(col(Quarantined.number), col(Quarantined.id)).where(*kept)
            rows = dict(db.connection().execute(wanted.order_by(col(Quarantined.number)).limit(BATCH)).all())
        if not rows:
            return found
        after = max(rows)
        found += len(rows) - len(keyring.store.find_all(rows.values()))


def _named_by(db: Session, who: ColumnElement[bool], among: Collection[str] | None = None) -> dict[str, set[str]]:
    """The mails set aside, by id, that came from an address of these requesters, and whose it is.

    An address is theirs if it is, or was, on file with them or added by hand, or if mail of a ticket of theirs came
    from it. What a form says is anyone's word, and so is a sender that only another header than From names.
    """
    mine = Contact
    came_from_it = or_(
        *(and_(col(mine.field) == field, col(Ticket.channel) == channel) for channel, field in OWN_ADDRESS.items())
    )
    found = (
        select(col(SetAsideContact.quarantined_id), col(mine.requester_id))
        .distinct()
        .join(
            mine,
            and_(
                col(mine.field) == col(SetAsideContact.field),
                col(mine.lookup) == col(SetAsideContact.lookup),
                col(mine.on_file) == col(SetAsideContact.on_file),
            ),
        )
        .join(Requester, col(Requester.id) == col(mine.requester_id))
        .outerjoin(Ticket, col(Ticket.number) == col(mine.ticket_number))
        .where(
            who,
            col(Requester.state) != RequesterState.ERASED,
            or_(col(mine.ticket_number).is_(None), and_(came_from_it, SENDER_IS_SURE)),
        )
    )
    named: dict[str, set[str]] = {}
    for some in [None] if among is None else _in_batches(sorted(among)):
        asked = found if some is None else found.where(col(SetAsideContact.quarantined_id).in_(some))
        for row, requester in db.connection().execute(asked):
            named.setdefault(row, set()).add(requester)
    return named


def _not_held(db: Session, desk: Desk, due: ColumnElement[bool], now: datetime) -> list[tuple[str, int, str]]:
    """What is due and of no one whose data is held, oldest first, at most MOST."""
    found: list[tuple[str, int, str]] = []
    after = 0
    while len(found) < MOST:
        some = _rows(db, and_(due, col(Quarantined.number) > after), None)
        if not some:
            break
        after = some[-1][1]
        named = _named_by(db, col(Contact.requester_id).is_not(None), {row for row, _, _ in some})
        held = held_until(db, desk, set().union(*named.values()), now)
        found += [one for one in some if held.keys().isdisjoint(named.get(one[0], ()))]
    return found[:MOST]


def _rows(db: Session, which: ColumnElement[bool], among: Collection[str] | None) -> list[tuple[str, int, str]]:
    """Id, number and sort of these, by their numbers; at most BATCH where they are not given, and held until the end of
    the transaction."""
    wanted = select(col(Quarantined.id), col(Quarantined.number), col(Quarantined.sort)).where(which)
    wanted = wanted.order_by(col(Quarantined.number)).with_for_update()
    run = db.connection().execute
    if among is None:
        return [(row, number, sort) for row, number, sort in run(wanted.limit(BATCH))]
    return [
        (row, number, sort)
        for some in _in_batches(sorted(among))
        for row, number, sort in run(wanted.where(col(Quarantined.id).in_(some)))
    ]


def _empty(db: Session, rows: Sequence[str]) -> None:
    for some in _in_batches(rows):
        db.connection().execute(delete(SetAsideContact).where(col(SetAsideContact.quarantined_id).in_(some)))
        emptied = {"state": SetAsideState.DESTROYED, "content": b"", "subject": None}
        db.connection().execute(update(Quarantined).where(col(Quarantined.id).in_(some)).values(emptied))


def _about(numbers: Iterable[int], counted: Iterable[tuple[str, int, str]]) -> dict[str, str]:
    """What the entry vouches for: which ones, and how many of each sort were still kept."""
    sorts = Counter(sort for _, _, sort in counted)
    return {SET_ASIDE: " ".join(map(str, sorted(numbers)))} | {sort: str(count) for sort, count in sorts.items()}


def _proven(db: Session, desk: Desk, numbers: Collection[int]) -> set[int]:
    """Those of these numbers of which the log says that nothing is to be kept."""
    found: set[int] = set()
    wanted = set(numbers)
    for word in _newest_first(db, desk) if wanted else ():
        if word.about is None or (word.action in _BY_HAND and word.ticket is not None):
            continue  # filed on a ticket, its key ends with that
        named = word.about.get(SET_ASIDE, "").split()
        found |= wanted & {int(number) for number in named if number.isdecimal()}
        if found == wanted:
            break
    return found


def _newest_first(db: Session, desk: Desk) -> Iterator[Word]:
    entries = select(*COLUMNS_OF_ENTRY).where(
        col(LogEntry.action).in_([one.value for one in _ENDING]), col(LogEntry.outcome) == Result.DONE.value
    )
    before: int | None = None
    while True:
        asked = entries if before is None else entries.where(col(LogEntry.seq) < before)
        rows = db.connection().execute(asked.order_by(col(LogEntry.seq).desc()).limit(BATCH)).all()
        if not rows:
            return
        before = rows[-1].seq
        for row in rows:
            try:
                yield genuine(desk, tuple(row))
            except LogBroken:  # an entry that the console did not write proves nothing
                continue


def _in_batches(rows: Sequence[str]) -> Iterator[Sequence[str]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
