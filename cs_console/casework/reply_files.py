"""Attaching files to a reply: read from the operator's folder alone, typed by content, sealed with the draft."""

import errno
import os
import stat
from pathlib import Path

from sqlmodel import Session

from cs_console.casework.file_names import safe_name
from cs_console.casework.file_reader import media_type_of
from cs_console.custody import reply_files
from cs_console.custody.attachment_labels import AttachmentLabel
from cs_console.custody.reply_files import NewFile, keep_file, kept_bytes
from cs_console.custody.requester_access import require_in_use
from cs_console.desk import DeskSession
from cs_console.errors import BadSettings, FileRefused, SwitchedOff
from cs_console.settings import Settings
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import TicketFacts, facts, record_about, require_open, require_own
from models.enums import Action, MessageSort
from models.roles import WORKS_ON_TICKETS

MEBIBYTE = 1024 * 1024
MOST_FILES = 20
_TYPED = "Nothing was attached; your text is kept."
_REASONS = {
    errno.ENOENT: "There is no file of that name.",
    errno.ENOTDIR: "There is no file of that name.",
    errno.ELOOP: "That is a link, and links are not followed.",
    errno.EACCES: "The console is not allowed to read that file.",
    errno.EPERM: "The console is not allowed to read that file.",
    errno.ENAMETOOLONG: "There is no file of that name.",
}


def attach_folder(settings: Settings) -> Path:
    """The operator's folder, from which files are attached. Raises SwitchedOff where there is none."""
    if settings.attach_from is None:
        raise SwitchedOff(
            "Attaching files is switched off here.", "The operator can name the folder they come from: `attach_from`."
        )
    return settings.attach_from


def attach_file(session: DeskSession, number: int, path: str) -> None:
    """Attach a file to the agent's reply on a ticket of their own: sealed under the ticket's key, on record.

    `path` is within the operator's folder, or begins with it. Raises SwitchedOff where there is no such folder;
    FileRefused for a file that is missing, too large, no file, unreadable, a link or elsewhere; and what a reply
    raises. Nothing of the file is kept then.
    """
    folder = session.desk.settings.attach_from
    if folder is None:
        raise SwitchedOff(
            "Attaching files is switched off here.",
            "The operator can name the folder to take them from: `attach_from`.",
        )
    with session.reading(*WORKS_ON_TICKETS) as db:
        _own(db, session, number)
        left = _room(db, session, number)
    content = _read(session.desk.settings, folder, path, left)
    name = safe_name(path)
    file = NewFile(name, media_type_of(content, name), content)
    with session.work(*WORKS_ON_TICKETS) as db:
        ticket = _own(db, session, number)
        if len(content) > _room(db, session, number):
            raise _too_large(session.desk.settings)
        kept = keep_file(db, session, _place(number), number, file)
        record_about(db, session, ticket, Action.FILE_ATTACHED, file.media_type, about={"file": kept})


def attached_files(session: DeskSession, number: int) -> tuple[AttachmentLabel, ...]:
    """The files of the agent's reply on this ticket that is not sent yet. Raises SessionEnded, NoUndertaking."""
    with session.reading(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        return reply_files.kept_files(db, session, _place(number), number)


def take_off(session: DeskSession, number: int, file: str) -> None:
    """Take a file off the agent's reply again; what was sealed of it is deleted."""
    with session.work(*WORKS_ON_TICKETS) as db:
        reply_files.remove_file(db, session, _place(number), number, file)


def _place(number: int) -> str:
    """Where the draft of the reply is kept."""
    return f"{MessageSort.REPLY.value}:{number}"


def _own(db: Session, session: DeskSession, number: int) -> TicketFacts:
    require_current(db, session)
    ticket = facts(db, number)
    require_own(ticket, session)
    require_in_use(db, session, ticket.requester_id)
    require_open(ticket)
    return ticket


def _room(db: Session, session: DeskSession, number: int) -> int:
    """How many bytes may still be attached."""
    place = _place(number)
    if len(reply_files.kept_files(db, session, place, number)) >= MOST_FILES:
        raise FileRefused(f"A reply takes at most {MOST_FILES} files.", _TYPED)
    return session.desk.settings.attach_mib * MEBIBYTE - kept_bytes(db, session, place)


def _too_large(settings: Settings) -> FileRefused:
    return FileRefused(f"The files of a reply may have at most {settings.attach_mib} MB together.", _TYPED)


def _read(settings: Settings, folder: Path, typed: str, most: int) -> bytes:
    """The content of a file within the folder. No link is followed on the way, and nothing but a file is opened."""
    if settings.home.resolve().is_relative_to(folder.resolve()):
        raise BadSettings("attach_from contains the desk's own files and keys.", "Name another folder in console.toml.")
    parts = _parts(folder, typed)
    try:
        handle = _open(folder, parts)
        try:
            content = _content(handle, most)
        finally:
            os.close(handle)
    except OSError as problem:
        raise FileRefused(_REASONS.get(problem.errno or 0, "The file cannot be read."), _TYPED) from None
    if content is None or len(content) > most:
        raise _too_large(settings)
    if not content:
        raise FileRefused("That file is empty.", _TYPED)
    return content


def _content(handle: int, most: int) -> bytes | None:
    """What is in it, None where that is more than so many bytes."""
    kind = os.fstat(handle)
    if stat.S_ISDIR(kind.st_mode):
        raise FileRefused("That is a folder, not a file.", _TYPED)
    if not stat.S_ISREG(kind.st_mode):
        raise FileRefused("That is not a file.", _TYPED)
    if kind.st_size > most:
        return None
    with os.fdopen(handle, "rb", closefd=False) as file:
        return file.read(most + 1)


def _parts(folder: Path, typed: str) -> tuple[str, ...]:
    words = typed.strip().strip("\"'")
    if not words or "\0" in words:
        raise FileRefused("Enter the name of a file.", _TYPED)
    given = Path(os.path.normpath(folder / words))
    for place in (folder, folder.resolve()):
        if given.is_relative_to(os.path.normpath(place)):
            parts = given.relative_to(os.path.normpath(place)).parts
            if not parts:
                raise FileRefused("That is a folder, not a file.", _TYPED)
            return parts
    raise FileRefused(f"Files are attached from one folder alone: {folder}.", _TYPED)


def _open(folder: Path, parts: tuple[str, ...]) -> int:
    """Open step by step below the folder, so that no link put there meanwhile leads out of it."""
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = below
        return os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
    finally:
        os.close(here)
