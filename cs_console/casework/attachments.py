"""Attachments on a ticket: opened, saved and passed on by explicit acts, each on record before anything happens."""

from contextlib import suppress
from dataclasses import dataclass, replace

from cs_console.access_log.append import append_alone
from cs_console.access_log.entry import Entry
from cs_console.casework.file_handing import pass_on, save
from cs_console.casework.file_names import safe_name
from cs_console.casework.file_reader import Document, read_document
from cs_console.custody.attachment_labels import AttachmentLabel, attachment_labels
from cs_console.custody.disclosure import (
    ATTACHMENT,
    VERIFICATION,
    RevealedFile,
    Target,
    record_refused,
    reveal_document,
    reveal_file,
)
from cs_console.custody.requester_access import require_in_use
from cs_console.custody.ticket_keys import keys_for_view
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError, FileNotSaved, KeyDestroyed, NothingThere, SwitchedOff
from cs_console.independence.separation import require_not_own
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import facts, pseudonym
from models.contact_fields import Field
from models.enums import Action, Result
from models.roles import SEES_PERSONAL_DATA, VERIFIES, WORKS_ON_TICKETS, Role

__all__ = ["AttachmentLabel", "Document", "OpenedFile"]


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file as it is shown, and the view that has to be ended with `disclosure.end_view`."""

    document: Document
    view: RevealedFile


def attachments_of(session: DeskSession, number: int) -> tuple[AttachmentLabel, ...]:
    """The files of a ticket by their redacted labels, the oldest first; none of an erased requester's.

    Raises NothingThere, NotAllowed, NoUndertaking, SessionEnded.
    """
    with session.reading(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        regions = session.desk.packs.get(facts(db, number).pack).meta.regions
        try:
            keys_for_view(db, session, number)
            return attachment_labels(db, session.desk, number, regions)
        except KeyDestroyed:
            return ()


def open_attachment(session: DeskSession, number: int, file: str, purpose: str) -> OpenedFile:
    """Open a file of the agent's own ticket for one of the purposes that the pack lists for a message's text.

    The entry ATTACHMENT_OPENED is durable before a byte is opened. Raises like `disclosure.reveal`, and
    NotIndependent or OwnDecision for those who must keep away from the ticket; every refusal is recorded.
    """
    label, revealed = _revealed(session, number, file, purpose, Action.ATTACHMENT_OPENED)
    return _read(label, revealed)


def open_document(session: DeskSession, number: int, file: str) -> OpenedFile:
    """Open a file for a verifier, as a document that was sent for verification: on record, with that purpose.

    Raises like `open_attachment`, and WrongState for a closed ticket.
    """
    label, target = _target(session, number, file, VERIFICATION, VERIFIES)
    if label.ours:
        problem = NothingThere("The requester did not send this file.", "Choose one of theirs.")
        record_refused(session, number, target, VERIFICATION, problem)
        raise problem
    return _read(label, reveal_document(session, number, target))


def save_attachment(session: DeskSession, number: int, file: str, purpose: str) -> str:
    """Save a file of the agent's own ticket in the operator's folder, on record, and return the name it got there.

    The name says the ticket and has no personal data that is known. Raises SwitchedOff where there is no such folder,
    FileNotSaved, and like `open_attachment`.
    """
    folder = session.desk.settings.download
    if folder is None:
        raise SwitchedOff("Saving attachments is switched off here.", "The operator can name a folder: `download`.")
    label, revealed = _revealed(session, number, file, purpose, Action.ATTACHMENT_SAVED)
    try:
        return save(folder, f"{number}-{safe_name(label.name)}", revealed.content)
    except FileNotSaved:
        _record_failure(session, number, file, purpose, Action.ATTACHMENT_SAVED)
        raise


def pass_attachment_on(session: DeskSession, number: int, file: str, purpose: str) -> None:
    """Give a file of the agent's own ticket to the operator's command, on record. The command has it until it ends.

    Raises SwitchedOff where there is no command, FileNotSaved, and like `open_attachment`.
    """
    command = session.desk.settings.attachment_command
    if not command:
        raise SwitchedOff(
            "Passing attachments on is switched off here.", "The operator can name a command: `attachment_command`."
        )
    label, revealed = _revealed(session, number, file, purpose, Action.ATTACHMENT_PASSED_ON)
    try:
        pass_on(session.desk.settings, command, f"{number}-{safe_name(label.name)}", revealed.content)
    except FileNotSaved:
        _record_failure(session, number, file, purpose, Action.ATTACHMENT_PASSED_ON)
        raise


def _read(label: AttachmentLabel, revealed: RevealedFile) -> OpenedFile:
    document = read_document(revealed.content, label.name, label.media_type)
    if label.media_type and _differs(label.media_type, document):
        told = f"It came as {label.media_type}, but by its content it is not."
        document = replace(document, remark=f"{told} {document.remark}".strip())
    return OpenedFile(document, replace(revealed, content=b""))


def _differs(claimed: str, document: Document) -> bool:
    """Whether the type that its sender gave a file is another than its content has."""
    if claimed == "application/octet-stream" or document.media_type == "application/octet-stream":
        return False
    general = claimed.partition("/")[0]
    if document.kind in ("text", "table", "mail"):
        return general in ("image", "audio", "video") or claimed == "application/pdf"
    if document.kind in ("image", "pdf"):
        return general != document.media_type.partition("/")[0] or (document.kind == "pdf") != (claimed[-4:] == "/pdf")
    return general in ("image", "text") or claimed == "application/pdf"


def _revealed(
    session: DeskSession, number: int, file: str, purpose: str, act: Action
) -> tuple[AttachmentLabel, RevealedFile]:
    label, target = _target(session, number, file, purpose, SEES_PERSONAL_DATA)
    return label, reveal_file(session, number, target, purpose, act)


def _target(
    session: DeskSession, number: int, file: str, purpose: str, any_of: tuple[Role, ...]
) -> tuple[AttachmentLabel, Target]:
    """The file by its label, for an agent who need not keep away from its ticket; disclosure checks the rest."""
    target = Target(Field.MESSAGE, "", file)
    try:
        with session.reading(*any_of) as db:
            require_current(db, session)
            ticket = facts(db, number)
            require_not_own(db, session, number)
            regions = session.desk.packs.get(ticket.pack).meta.regions
            require_in_use(db, session, ticket.requester_id)
            labels = attachment_labels(db, session.desk, number, regions)
        found = next((label for label in labels if label.id == file), None)
        if found is None:
            raise NothingThere(f"#{number} has no such file.")
    except ConsoleError as problem:
        record_refused(session, number, target, purpose, problem)
        raise
    return found, replace(target, item=found.message_id)


def _record_failure(session: DeskSession, number: int, file: str, purpose: str, act: Action) -> None:
    """Say on record that what was announced did not happen. Failing at that changes nothing."""
    desk = session.desk
    with suppress(ConsoleError):
        with desk.database.reading() as db:
            owner = facts(db, number).requester_id
        entry = Entry(
            act,
            Result.FAILED,
            ticket=number,
            requester=pseudonym(desk, owner),
            fields=(ATTACHMENT,),
            purpose=purpose,
            reason=FileNotSaved.code,
            about={ATTACHMENT: file},
        )
        append_alone(desk, session.actor, entry, desk.clock.now())
