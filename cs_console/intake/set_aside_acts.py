"""What people do with mail that is set aside: read it, file it as a person's, have it read again, drop it."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlalchemy import select, update
from sqlmodel import Session, col

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.redaction import redact
from cs_console.custody.set_aside import (
    PURPOSES,
    SetAsideContent,
    destroy_content,
    reveal_set_aside,
    set_aside_for_filing,
)
from cs_console.custody.set_aside_ends import SET_ASIDE, finish_destroying
from cs_console.database import empty_journal
from cs_console.desk import Desk, DeskSession, OperatorSession, operator_session
from cs_console.errors import BadInput, ConsoleError, KeyUnavailable, StoreUnavailable
from cs_console.intake.filing import file_alone, file_message
from cs_console.intake.incoming import IncomingFile, IncomingMessage, Taken
from cs_console.intake.jsonl import RequesterRecord
from cs_console.intake.key_pool import NewKey
from cs_console.intake.mail import content_name
from cs_console.intake.quarantine import why
from cs_console.intake.redacted_ahead import RedactedAhead
from cs_console.intake.set_aside_due import IS_UNREADABLE, not_tried_with
from cs_console.intake.unread import headers_alone, read_again
from cs_console.plain_text import one_line, plain
from cs_console.staff.undertakings import require_current
from cs_console.version import program_version
from models.enums import Action, Channel, MailClass, SetAside, SetAsideState
from models.quarantined import Quarantined
from models.roles import HANDLES_SET_ASIDE, READS_SET_ASIDE

__all__ = ("PURPOSES", "ShownMail", "drop", "release", "retry", "retry_after_update", "show")

MOST_SHOWN = 64 * 1024
LONGEST_REASON = 500
_AT_ONCE = 20
"""So many are tried again in a minute after an update."""


@dataclass(frozen=True, slots=True)
class ShownMail:
    """A mail as a privacy officer reads it: plain text, at most MOST_SHOWN signs of it."""

    number: int
    sort: SetAside
    reason: str
    sender: str
    subject: str
    text: str
    files: tuple[str, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Retried:
    """How many were tried again, and what became of them by the outcomes of an import; the others stay."""

    tried: int
    outcomes: dict[str, int]


def show(session: DeskSession, number: int, purpose: str) -> ShownMail:
    """One of them as it came, for a privacy officer, on record first. Raises like `reveal_set_aside`; NoUndertaking."""
    with session.reading(*READS_SET_ASIDE) as db:
        require_current(db, session)
    found = reveal_set_aside(session, number, purpose)
    try:
        read = read_again(session.desk, found)
    except Exception:  # noqa: BLE001 - parsers' own errors on hostile input are of every kind
        read = None
    if not isinstance(read, IncomingMessage):
        raw = plain(found.content[:MOST_SHOWN].decode("utf-8", "replace"))
        return ShownMail(number, found.sort, found.reason, "", "", raw, (), len(found.content) > MOST_SHOWN)
    sender = ", ".join(value for _, value in read.contacts)
    files = tuple(one_line(file.name) for file in read.files)
    more = len(read.text) > MOST_SHOWN
    return ShownMail(number, found.sort, found.reason, sender, read.subject, read.text[:MOST_SHOWN], files, more)


def release(session: DeskSession, number: int) -> Taken:
    """File one of them as a person's, whatever it seemed to be. What cannot be read is a ticket with a sealed file.

    Recorded; of two who do it at once one is told that it is gone. Raises NotAllowed, NoUndertaking, NothingThere.
    """
    desk = session.desk
    with session.reading(*HANDLES_SET_ASIDE) as db:
        _require_undertaking(db, session)
        found = set_aside_for_filing(db, desk, number)
    message = _as_a_persons(desk, found)
    return _file(session, found, message, Action.SET_ASIDE_RELEASED)


def retry(session: DeskSession, *, all_of_them: bool = True, limit: int | None = None) -> Retried:
    """Read again what could not be read, and file what can be now as an import would. Raises NotAllowed, NoUndertaking.

    Not `all_of_them`: what this version of the program has not tried yet.
    """
    wanted = IS_UNREADABLE if all_of_them else not_tried_with(program_version())
    unreadable = select(col(Quarantined.number)).where(wanted)
    with session.reading(*HANDLES_SET_ASIDE) as db:
        _require_undertaking(db, session)
        numbers = list(db.connection().execute(unreadable.order_by(col(Quarantined.number)).limit(limit)).scalars())
    outcomes: Counter[str] = Counter()
    for number in numbers:
        try:
            outcome = _try_again(session, number)
        except StoreUnavailable:
            raise  # the rest could not be read either
        except ConsoleError:  # its requester's data opens no more, or another console was quicker
            _mark_tried(session, number)
            outcome = ""
        if outcome:
            outcomes[outcome] += 1
    return Retried(len(numbers), dict(outcomes))


def retry_after_update(desk: Desk) -> None:
    """Read again what an earlier version of the program could not read, some of it each time; for the upkeep."""
    retry(operator_session(desk), all_of_them=False, limit=_AT_ONCE)


def drop(session: DeskSession, number: int, reason: str) -> None:
    """Destroy the content of one of them, with a reason, on record; the same mail is not taken in again.

    Raises BadInput without a reason, NotAllowed, NoUndertaking, NothingThere.
    """
    desk = session.desk
    words = one_line(reason, LONGEST_REASON + 1)
    if not words or len(words) > LONGEST_REASON:
        raise BadInput(f"A reason of 1 to {LONGEST_REASON} characters is needed.", "Say why no one has to read it.")
    said = redact(words, desk.packs.current.meta.regions, KnownTerms((), ()))
    with session.work(*HANDLES_SET_ASIDE) as db:
        _require_undertaking(db, session)
        about = _about(number)
        record(db, session, Entry(Action.SET_ASIDE_DROPPED, reason=f"set aside {number}: {said}", about=about))
        destroy_content(db, number, SetAsideState.DROPPED)
    _end_keys(desk)


def _require_undertaking(db: Session, session: DeskSession) -> None:
    """Of an agent: a command on the host shows nothing. Raises NoUndertaking."""
    if not isinstance(session, OperatorSession):
        require_current(db, session)


def _try_again(session: DeskSession, number: int) -> str:
    """What became of it, "" where it cannot be read, or filed, now either."""
    desk = session.desk
    with session.reading(*HANDLES_SET_ASIDE) as db:
        found = set_aside_for_filing(db, desk, number)
    message: IncomingMessage | RequesterRecord | None = None
    try:
        message = read_again(desk, found)
    except Exception:  # noqa: BLE001 - parsers' own errors on hostile input are of every kind
        message = None
    if not isinstance(message, IncomingMessage):  # a record of an account may be outdated: the platform sends it again
        _mark_tried(session, number)
        return ""
    return _file(session, found, message, Action.SET_ASIDE_RETRIED).outcome


def _mark_tried(session: DeskSession, number: int) -> None:
    tried = update(Quarantined).where(col(Quarantined.number) == number).values(tried_with=program_version())
    with session.work(*HANDLES_SET_ASIDE) as db:
        db.connection().execute(tried)


def _file(session: DeskSession, found: SetAsideContent, message: IncomingMessage, action: Action) -> Taken:
    """File it and empty what was kept, in one transaction."""
    released = action is Action.SET_ASIDE_RELEASED

    def filed(redacted: RedactedAhead, key: NewKey) -> Taken:
        with session.work(*HANDLES_SET_ASIDE) as db:
            taken = file_message(db, session, message, key, redacted, was_apart=True, released=released)
            entry = Entry(
                action,
                ticket=taken.number,
                reason=f"set aside {found.number}: {taken.outcome}",
                about={**_about(found.number), "outcome": taken.outcome},
            )
            record(db, session, entry)
            destroy_content(db, found.number, SetAsideState.RELEASED, taken.number)
            return taken

    taken = file_alone(session, message, HANDLES_SET_ASIDE, filed)
    if taken.number is None:  # set aside again, as what it is
        _end_keys(session.desk)
    return taken


def _end_keys(desk: Desk) -> None:
    """Destroy the keys of what was just emptied; where a store is away, the upkeep does."""
    with suppress(StoreUnavailable, KeyUnavailable):
        finish_destroying(desk)
    empty_journal(desk.database.engine)


def _about(number: int) -> dict[str, str]:
    return {SET_ASIDE: str(number)}


def _as_a_persons(desk: Desk, found: SetAsideContent) -> IncomingMessage:
    """The message as one of a person's; where it cannot be read, what its headers say, with the whole as a file."""
    try:
        read = read_again(desk, found)
        if isinstance(read, IncomingMessage):
            return replace(read, mail_class=MailClass.PERSON)
    except Exception:  # noqa: BLE001, S110 - parsers' own errors on hostile input are of every kind
        pass
    name = "message.eml" if found.is_mail else "line.json"
    whole = IncomingFile(name, "message/rfc822" if found.is_mail else "application/json", found.content)
    text = f"[This message could not be read. {why(found.reason)} It is kept here as a sealed file.]"
    if b"\0" not in found.content and (words := _as_text(found.content)):
        text = f"{text}\n\n{words}"
    content = content_name(found.content)
    headers = headers_alone(desk, found.content) if found.is_mail else None
    if headers is None:
        unread = IncomingMessage(content, Channel.MAIL, "", text, files=(whole,), content=content, sender_sure=False)
        return unread if found.is_mail else replace(unread, channel=Channel.FORM)
    return replace(headers, text=text, files=(whole,), content=content, mail_class=MailClass.PERSON)


def _as_text(content: bytes) -> str:
    """The beginning of what is text; "" for anything else."""
    try:
        return plain(content.decode("utf-8"))[:MOST_SHOWN].strip()
    except UnicodeDecodeError:
        return ""
