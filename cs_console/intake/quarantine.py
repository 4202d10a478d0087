"""Mail that became no ticket, kept whole and sealed with the reason, and never imported twice."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlmodel import Session, col

from cs_console.bulk_insert import insert_into
from cs_console.custody.blind_index import reference_token
from cs_console.custody.set_aside import add_contacts, open_subjects, seal_apart
from cs_console.desk import Desk, DeskSession
from cs_console.intake.key_pool import NewKey
from cs_console.plain_text import plain
from cs_console.prepared import Prepared
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import UNREADABLE
from models.contact_fields import Field
from models.enums import SetAside, SetAsideKey, SetAsideState, TicketKind
from models.quarantined import Quarantined
from models.roles import HANDLES_SET_ASIDE, SEES_QUARANTINE

_BY_DIGEST = Prepared(
    select(col(Quarantined.id)).where(col(Quarantined.digest).in_((bindparam("token"), bindparam("other"))))
)
_LAST_NUMBER = Prepared(select(func.coalesce(func.max(col(Quarantined.number)), 0)))
_add = insert_into(Quarantined)


_CODE = re.compile(r"[a-z_]+: ")


def why(reason: str) -> str:
    """A reason as people read it: without the code that it begins with for programs."""
    code = _CODE.match(reason)
    return reason[code.end() :] if code else reason


@dataclass(frozen=True, slots=True)
class KeptMail:
    """One thing that is kept apart, without its content: when it came (UTC), its size in bytes, and why it is here.

    `kind`: what its words ask for, as far as a guess can tell, None where they cannot be read. `subject`: redacted, for
    those who see it.
    """

    at: datetime
    size: int
    reason: str
    number: int = 0
    sort: SetAside = SetAside.UNREADABLE
    kind: TicketKind | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """Something to keep apart. `size` is that of the whole in bytes, also where only the beginning could be kept;
    `reason` holds nothing of the content, `subject` is redacted. `contacts`: those of its sender, or of the people
    that it is about, by which their erasure finds it."""

    sort: SetAside
    token: bytes
    content: bytes = field(repr=False)
    size: int
    reason: str
    subject: str | None = field(default=None, repr=False)
    kind: TicketKind | None = None
    is_mail: bool = True
    tried_with: str = ""
    contacts: tuple[tuple[Field, str], ...] = field(default=(), repr=False)


def listing(session: DeskSession, limit: int, sort: SetAside | None = None) -> tuple[KeptMail, ...]:
    """What is kept apart, newest first, at most `limit`, without its subjects: for operators, and for admins.

    Nothing that was sealed is opened. Raises NotAllowed, SessionEnded.
    """
    with session.reading(*SEES_QUARANTINE) as db:
        return tuple(kept for kept, *_ in _newest(db, limit, sort))


def listing_with_subjects(session: DeskSession, limit: int, sort: SetAside | None = None) -> tuple[KeptMail, ...]:
    """The same with the redacted subjects. Raises NotAllowed, NoUndertaking, SessionEnded."""
    with session.reading(*HANDLES_SET_ASIDE) as db:
        require_current(db, session)
        found = list(_newest(db, limit, sort))
    subjects = open_subjects(session.desk, ((row, under, sealed) for _, row, under, sealed in found if sealed))
    return tuple(
        kept if sealed is None else replace(kept, subject=plain(subjects.get(row, UNREADABLE)))
        for kept, row, _, sealed in found
    )


def counts(session: DeskSession) -> dict[SetAside, int]:
    """How many of each sort are kept. Raises NotAllowed, SessionEnded."""
    counted = (
        select(col(Quarantined.sort), func.count())
        .where(col(Quarantined.state) == SetAsideState.KEPT)
        .group_by(col(Quarantined.sort))
    )
    with session.reading(*SEES_QUARANTINE) as db:
        found = {SetAside(sort): int(count) for sort, count in db.connection().execute(counted)}
    return {sort: found.get(sort, 0) for sort in SetAside}


def _newest(
    db: Session, limit: int, sort: SetAside | None
) -> Iterator[tuple[KeptMail, str, SetAsideKey, bytes | None]]:
    """Each with its row's id, what it is sealed under, and its sealed subject."""
    table = Quarantined
    shown = (table.at, table.size, table.reason, table.number, table.sort, table.kind)
    columns = (*shown, table.id, table.key, table.subject)
    newest: Select[*tuple[Any, ...]] = select(*map(col, columns)).where(col(table.state) == SetAsideState.KEPT)
    if sort is not None:
        newest = newest.where(col(table.sort) == sort)
    newest = newest.order_by(col(table.at).desc(), col(table.number).desc()).limit(limit)
    for at, size, reason, number, of, kind, row, under, subject in db.connection().execute(newest):
        kept = KeptMail(at, size, reason, number, SetAside(of), TicketKind(kind) if kind else None)
        yield kept, row, SetAsideKey(under), subject


def is_kept(db: Session, desk: Desk, digest: str) -> bool:
    """Whether exactly this content is kept apart, or was once. `digest` names the content (mail.content_name)."""
    return holds(db, digest_token(desk, digest))


def holds(db: Session, token: bytes, other: bytes = b"") -> bool:
    """The same by its keyed hash, or by either of two."""
    return _BY_DIGEST.first(db.connection(), {"token": token, "other": other or token}) is not None


def digest_token(desk: Desk, digest: str) -> bytes:
    """The keyed hash of such a name."""
    return reference_token(desk.keyring, digest)


def keep(db: Session, desk: Desk, kept: Kept, new_key: NewKey) -> int:
    """Seal it under a key of its own, inside the caller's transaction; the number that it is called by.

    An import holds the ticket counter, so that numbers do not collide.
    """
    row, key = new_key()
    found = _LAST_NUMBER.first(db.connection(), {})
    number = (0 if found is None else int(found[0])) + 1
    _add(
        db,
        {
            "id": row,
            "number": number,
            "sort": kept.sort,
            "state": SetAsideState.KEPT,
            "digest": kept.token,
            "reason": kept.reason,
            "is_mail": kept.is_mail,
            "kind": kept.kind,
            "subject": None if kept.subject is None else seal_apart(row, key, "subject", kept.subject),
            "content": seal_apart(row, key, "content", kept.content),
            "size": kept.size,
            "at": desk.clock.now(),
            "tried_with": kept.tried_with,
            "key": SetAsideKey.OWN,
            "ticket_number": None,
        },
    )
    add_contacts(db, desk, row, key, kept.contacts)
    return number
