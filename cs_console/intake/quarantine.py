"""Mail that became no ticket, kept whole and sealed with the reason, and never imported twice."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlmodel import Session, col

from cs_console.bulk_insert import insert_into
from cs_console.custody.blind_index import reference_token
from cs_console.custody.sealing import Place, seal
from cs_console.desk import Desk, DeskSession
from cs_console.prepared import Prepared
from models.columns import new_id
from models.enums import SetAside, SetAsideState, TicketKind
from models.quarantined import Quarantined
from models.roles import SEES_QUARANTINE

OWNER = "desk:quarantine"
_BY_DIGEST = Prepared(select(col(Quarantined.id)).where(col(Quarantined.digest) == bindparam("token")))
_LAST_NUMBER = Prepared(select(func.coalesce(func.max(col(Quarantined.number)), 0)))
_add = insert_into(Quarantined)


@dataclass(frozen=True, slots=True)
class KeptMail:
    """One thing that is kept apart, without its content: when it came (UTC), its size in bytes, and why it is here.

    `kind`: what its words ask for, as far as a guess can tell, None where they cannot be read.
    """

    at: datetime
    size: int
    reason: str
    number: int = 0
    sort: SetAside = SetAside.UNREADABLE
    kind: TicketKind | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """Something to keep apart. `size` is that of the whole in bytes, also where only the beginning could be kept;
    `reason` holds nothing of the content, `subject` is redacted."""

    sort: SetAside
    token: bytes
    content: bytes = field(repr=False)
    size: int
    reason: str
    subject: str | None = field(default=None, repr=False)
    kind: TicketKind | None = None
    is_mail: bool = True
    tried_with: str = ""


def listing(session: DeskSession, limit: int, sort: SetAside | None = None) -> tuple[KeptMail, ...]:
    """What is kept apart, newest first, at most `limit`: for operators, and for admins, who see no personal data.

    Nothing that was sealed is opened. Raises NotAllowed, SessionEnded.
    """
    table = Quarantined
    columns = (table.at, table.size, table.reason, table.number, table.sort, table.kind)
    newest: Select[*tuple[Any, ...]] = select(*map(col, columns)).where(col(table.state) == SetAsideState.KEPT)
    if sort is not None:
        newest = newest.where(col(table.sort) == sort)
    newest = newest.order_by(col(table.at).desc(), col(table.number).desc()).limit(limit)
    with session.reading(*SEES_QUARANTINE) as db:
        return tuple(
            KeptMail(at, size, reason, number, SetAside(of), TicketKind(kind) if kind else None)
            for at, size, reason, number, of, kind in db.connection().execute(newest)
        )


def is_kept(db: Session, desk: Desk, digest: str) -> bool:
    """Whether exactly this content is kept apart, or was once. `digest` names the content (mail.content_name)."""
    return holds(db, reference_token(desk.keyring, digest))


def holds(db: Session, token: bytes) -> bool:
    """The same by its keyed hash."""
    return _BY_DIGEST.first(db.connection(), {"token": token}) is not None


def program_version() -> str:
    """What another version of the program may read that this one could not."""
    from importlib.metadata import version  # slow to import, and few imports have a use for it

    return version("cs-console")


def keep(db: Session, desk: Desk, kept: Kept) -> int:
    """Seal it under the desk's quarantine key, inside the caller's transaction; the number that it is called by.

    An import holds the ticket counter, so that numbers do not collide.
    """
    row, key = new_id(), desk.keyring.desk_key(OWNER.removeprefix("desk:"))

    def sealed(column: str, value: str | bytes) -> bytes:
        return seal(key, Place(OWNER, "quarantined", column, row), value)

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
            "subject": None if kept.subject is None else sealed("subject", kept.subject),
            "content": sealed("content", kept.content),
            "size": kept.size,
            "at": desk.clock.now(),
            "tried_with": kept.tried_with,
        },
    )
    return number
