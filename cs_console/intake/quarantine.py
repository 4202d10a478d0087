"""Mail that could not be read: kept whole and sealed, with the reason, and never imported twice."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from cs_console.custody.blind_index import reference_token
from cs_console.custody.sealing import Place, seal
from cs_console.desk import Desk, DeskSession
from cs_console.prepared import Prepared
from models.columns import new_id
from models.quarantined import Quarantined
from models.roles import SEES_QUARANTINE

OWNER = "desk:quarantine"
_BY_DIGEST = Prepared(select(col(Quarantined.id)).where(col(Quarantined.digest) == bindparam("token")))


@dataclass(frozen=True, slots=True)
class KeptMail:
    """One thing in quarantine, without its content: when it came (UTC), its size in bytes, and why it is here."""

    at: datetime
    size: int
    reason: str


def listing(session: DeskSession, limit: int) -> tuple[KeptMail, ...]:
    """What is in quarantine, newest first, at most `limit`: for operators, and for admins, who see no personal data.

    Nothing that was sealed is opened. Raises NotAllowed, SessionEnded.
    """
    columns = select(col(Quarantined.at), col(Quarantined.size), col(Quarantined.reason))
    newest = columns.order_by(col(Quarantined.at).desc(), col(Quarantined.id).desc()).limit(limit)
    with session.reading(*SEES_QUARANTINE) as db:
        return tuple(KeptMail(*row) for row in db.connection().execute(newest))


def is_kept(db: Session, desk: Desk, digest: str) -> bool:
    """Whether exactly this content is in quarantine already. `digest` names the content (mail.content_name)."""
    token = reference_token(desk.keyring, digest)
    return _BY_DIGEST.first(db.connection(), {"token": token}) is not None


def keep(db: Session, desk: Desk, digest: str, content: bytes, size: int, reason: str) -> None:
    """Seal what could not be read under the desk's quarantine key, inside the caller's transaction.

    `size` is the size of the whole in bytes, also where only the beginning could be kept; `reason` holds nothing
    of the content.
    """
    quarantined_id = new_id()
    place = Place(OWNER, "quarantined", "content", quarantined_id)
    db.add(
        Quarantined(
            id=quarantined_id,
            digest=reference_token(desk.keyring, digest),
            reason=reason,
            content=seal(desk.keyring.desk_key(OWNER.removeprefix("desk:")), place, content),
            size=size,
            at=desk.clock.now(),
        )
    )
    db.flush()
