"""Acts with an id: what is sent twice happens once (invariant 9).

A screen makes the id when its form opens and sends it with the act; a draft keeps it. The row that says that the act
happened is written in the act's own transaction, so the act and the row are there together or not at all.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import overload

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from cs_console.act_id import ActId
from cs_console.desk import Desk, DeskSession
from cs_console.engine_insert import own_insert
from cs_console.errors import ConsoleError, DoneBefore, NotThisAct
from models.act import ActRow
from models.enums import ActKind
from models.roles import Role

ActOutcome = Mapping[str, str]
"""What an act made: ids and words of the program's own, never anything that a person typed."""
KEPT_DAYS = 30
"""How long it is known that an act happened."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What is to happen once: its id (None for a caller that cannot send it twice), its kind, its ticket and content.

    `content` is all that a person typed or chose for it: the same act with another content is not the same.
    """

    act: ActId | None
    kind: ActKind
    number: int | None = None
    content: tuple[str, ...] = ()


@overload
def once(db: Session, session: DeskSession, intent: Intent, do: Callable[[], ActOutcome]) -> ActOutcome: ...
@overload
def once(
    db: Session, session: DeskSession, intent: Intent, do: Callable[[], ActOutcome | ConsoleError]
) -> ActOutcome | ConsoleError: ...
def once(
    db: Session, session: DeskSession, intent: Intent, do: Callable[[], ActOutcome | ConsoleError]
) -> ActOutcome | ConsoleError:
    """Do it inside the caller's transaction and return its outcome; the first outcome if it has happened before.

    It comes first in the transaction, before any lock: a second console waits here until the first one has committed
    or given up. A refusal returned by `do` is not an act: it can be retried. Raises DoneBefore where it happened with
    another content, NotThisAct for an id of another kind of act, ticket or account.
    """
    if intent.act is None:
        return do()
    if not _begins(db, session, intent):
        first = earlier(db, session, intent)
        assert first is not None  # the row that was in the way
        return first
    done = do()
    if isinstance(done, ConsoleError):
        undone(db, intent)
    else:
        keep_outcome(db, intent, done)
    return done


def keep_outcome(db: Session, intent: Intent, outcome: ActOutcome) -> None:
    """Keep what became of the act, inside the caller's transaction, in place of what was known so far."""
    if intent.act is not None:
        mine = col(ActRow.id) == _hash(intent.act)
        db.connection().execute(update(ActRow).where(mine).values(outcome=json.dumps(dict(outcome))))


def undone(db: Session, intent: Intent) -> None:
    """It came to nothing after all: the same act may be tried again."""
    if intent.act is not None:
        db.connection().execute(delete(ActRow).where(col(ActRow.id) == _hash(intent.act)))


def done_before(session: DeskSession, intent: Intent, *roles: Role) -> ActOutcome | None:
    """The outcome of this very act if it has happened, for what has steps before its transaction. Raises as `once`."""
    if intent.act is None:
        return None
    with session.reading(*roles) as db:
        return earlier(db, session, intent)


def earlier(db: Session, session: DeskSession, intent: Intent) -> ActOutcome | None:
    """The outcome of this very act if it has happened, None if not. Raises as `once` does."""
    if intent.act is None:
        return None
    row = db.get(ActRow, _hash(intent.act))
    if row is None:
        return None
    if (row.kind, row.agent_id, row.ticket_number) != (intent.kind.value, session.agent.id, intent.number):
        raise NotThisAct
    if not hmac.compare_digest(row.content, _content(intent.act, intent)):
        raise DoneBefore
    return {str(name): str(value) for name, value in json.loads(row.outcome).items()}


def drop_old_acts(desk: Desk) -> None:
    """Forget what happened KEPT_DAYS ago. Raises StoreUnavailable, and TimeNotConfirmed: a clock that jumped ahead
    must not let anything happen again.
    """
    desk.require_believed_time()
    old = col(ActRow.at) < desk.clock.now() - timedelta(days=KEPT_DAYS)
    with desk.database.reading() as db:
        if db.connection().execute(select(col(ActRow.id)).where(old).limit(1)).first() is None:
            return
    with desk.database.transaction() as db:
        db.connection().execute(delete(ActRow).where(old))


def _begins(db: Session, session: DeskSession, intent: Intent) -> bool:
    """Write the act's row, if there is none yet; False if there is. PostgreSQL waits for one that writes the same."""
    assert intent.act is not None  # `once` has looked
    connection = db.connection()
    row = own_insert(connection)(ActRow).values(
        id=_hash(intent.act),
        kind=intent.kind.value,
        agent_id=session.agent.id,
        ticket_number=intent.number,
        content=_content(intent.act, intent),
        outcome="{}",
        at=session.desk.clock.now(),
    )
    written = connection.execute(row.on_conflict_do_nothing().returning(col(ActRow.id)))
    return written.first() is not None


def _hash(act: ActId) -> str:
    return hashlib.sha256(f"act|{act}".encode()).hexdigest()


def _content(act: ActId, intent: Intent) -> bytes:
    """Keyed by the act's own id: who has the store alone cannot guess a letter, or a number, from it."""
    return hmac.digest(act.encode(), json.dumps(intent.content).encode(), hashlib.sha256)
