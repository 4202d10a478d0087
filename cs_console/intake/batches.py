"""Filing many messages in one transaction: a commit costs more than filing a message, and all others wait for it."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from cs_console.access_log.append import savepoint
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError, KeyDestroyed, KeyMissing, SealBroken, StoreBusy
from cs_console.intake.filing import case_terms, file_message
from cs_console.intake.incoming import IncomingMessage, Taken
from cs_console.intake.key_pool import NewKey
from cs_console.intake.redacted_ahead import OtherTerms, RedactedAhead
from cs_console.store_errors import store_errors
from models.roles import OPENS_TICKETS

MOST = 50
LOCK_WAIT = "50ms"
HELD_SECONDS = 0.1
"""How long a transaction goes on taking messages: agents wait for the locks that it holds."""


@dataclass(frozen=True, slots=True)
class NotFiled:
    """One message alone could not be filed: its requester's data opens no more, or it met a bug."""

    problem: Exception


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that was read, with its texts redacted for some terms, and the key of a requester it may need."""

    message: IncomingMessage
    redacted: RedactedAhead
    new_key: NewKey


def file_batch(session: DeskSession, batch: Sequence[Waiting]) -> Iterator[Taken | NotFiled]:
    """File these messages in order, and say of each what became of it, once that is committed.

    Texts are redacted before a transaction, never in it. One that turns out to need other terms, because of what was
    filed just before it, ends the transaction and is first in the next. Raises what `file_message` raises of the store;
    what was not answered for by then is not filed.
    """
    left = deque(batch)
    _redact_for_their_cases(session, batch)
    while left:
        done: list[Taken | NotFiled] = []
        with session.work(*OPENS_TICKETS) as db:
            until = monotonic() + HELD_SECONDS
            other: OtherTerms | None = None
            while left and not other and (not done or monotonic() < until):
                one = left[0]
                try:
                    with store_errors(), savepoint(db):
                        taken = file_message(db, session, one.message, one.new_key, one.redacted)
                    done.append(taken)
                    left.popleft()
                    if len(done) == 1:
                        _wait_no_longer(db, session)
                except OtherTerms as found:
                    other = found
                except StoreBusy:
                    if not done:
                        raise
                    break  # another act has what this one needs: it may wait for the log, which is held here
                except (KeyDestroyed, KeyMissing, SealBroken) as problem:
                    done.append(NotFiled(problem))
                    left.popleft()
                except (ConsoleError, SQLAlchemyError):
                    raise  # the store, the log, a pack or the session: nothing to do with this message
                except Exception as problem:  # noqa: BLE001 - one odd message must not cost the others
                    done.append(NotFiled(problem))
                    left.popleft()
        yield from done
        if other is not None:
            left[0].redacted.make(other.regions, other.known)


def _wait_no_longer(db: Session, session: DeskSession) -> None:
    """From now on this transaction holds the log, for which acts wait that hold a ticket: it waits for none of theirs,
    or each would wait for the other."""
    if not session.desk.database.is_sqlite:
        db.connection().execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'"))


def _redact_for_their_cases(session: DeskSession, batch: Sequence[Waiting]) -> None:
    """Redact each message for what is known of whose it is, as far as that can be told beforehand."""
    with session.reading(*OPENS_TICKETS) as db:
        found = [case_terms(db, session.desk, one.message) for one in batch]
    for one, (regions, known) in zip(batch, found, strict=True):
        if known is not None and not one.redacted.is_for(regions, known):
            one.redacted.make(regions, known)
