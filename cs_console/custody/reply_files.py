"""Files attached to a reply that is not sent yet: sealed as they are read, and moved to its message when it is."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, delete, func, select
from sqlmodel import Session, col

from cs_console.custody.attachment_labels import AttachmentLabel, names_of
from cs_console.custody.opening import open_sealed
from cs_console.custody.ticket_keys import TicketKeys, keys_for_view, ticket_keys
from cs_console.desk import Desk, DeskSession
from cs_console.errors import KeyDestroyed, NothingThere
from models.attachment import Attachment, DraftFile
from models.columns import new_id
from models.ticket import Ticket

_TABLE, _SENT = "draft_file", "attachment"


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file as it was read on the host. Neither name nor content shows in a repr."""

    name: str = field(repr=False)
    media_type: str
    content: bytes = field(repr=False)


def keep_file(db: Session, session: DeskSession, place: str, number: int, file: NewFile) -> str:
    """Seal a file for this agent's draft at `place` under the ticket's key; its id. Raises KeyDestroyed."""
    keys, row = ticket_keys(db, session.desk, number), new_id()
    label = json.dumps({"name": file.name, "type": file.media_type}, ensure_ascii=False)
    db.add(
        DraftFile(
            id=row,
            agent_id=session.agent.id,
            place=place,
            ticket_number=number,
            label=keys.seal(_TABLE, "label", row, label),
            content=keys.seal(_TABLE, "content", row, file.content),
            size=len(file.content),
            added_at=session.desk.clock.now(),
        )
    )
    db.flush()
    return row


def kept_bytes(db: Session, session: DeskSession, place: str) -> int:
    """How large the files of this agent's draft at `place` are together."""
    mine = (col(DraftFile.agent_id) == session.agent.id, col(DraftFile.place) == place)
    return int(
        db.connection().execute(select(func.coalesce(func.sum(col(DraftFile.size)), 0)).where(*mine)).scalar_one()
    )


def kept_files(db: Session, session: DeskSession, place: str, number: int) -> tuple[AttachmentLabel, ...]:
    """The files of this agent's draft at `place`, by their redacted labels, in the order they were attached."""
    found = db.connection().execute(
        select(col(DraftFile.id), col(DraftFile.label), col(DraftFile.size))
        .where(*_mine(session, place, number))
        .order_by(col(DraftFile.added_at), col(DraftFile.id))
    )
    rows = found.all()
    if not rows:
        return ()
    try:
        keys = keys_for_view(db, session, number)
    except KeyDestroyed:
        return ()
    pack = db.connection().execute(select(col(Ticket.pack)).where(col(Ticket.number) == number)).scalar_one()
    regions = session.desk.packs.get(pack).meta.regions
    names = names_of(db, session.desk, keys, _TABLE, ((row.id, row.label) for row in rows), regions)
    return tuple(AttachmentLabel(row.id, "", *names[row.id], row.size) for row in rows)


def remove_file(db: Session, session: DeskSession, place: str, number: int, file: str) -> None:
    """Take a file off this agent's draft. One that is gone already changes nothing."""
    db.connection().execute(delete(DraftFile).where(*_mine(session, place, number), col(DraftFile.id) == file))


def move_files(db: Session, desk: Desk, keys: TicketKeys, agent_id: str, message_id: str, files: Iterable[str]) -> None:
    """Make an agent's files of a draft on this ticket a message's, in the caller's transaction, under the same ids.

    Raises NothingThere, with nothing moved, for a file that is not there any more; SealBroken.
    """
    for file in files:
        kept = db.get(DraftFile, file, with_for_update=True)
        if kept is None or kept.agent_id != agent_id or kept.ticket_number != keys.number:
            raise NothingThere("A file of this reply is not there any more.", "Attach it again; your text is kept.")

        def again(name: str, sealed: bytes, file: str = file) -> bytes:
            return keys.seal(_SENT, name, file, open_sealed(keys.key, keys.place(_TABLE, name, file), sealed))

        label, content = again("label", kept.label), again("content", kept.content)
        db.add(Attachment(id=file, message_id=message_id, label=label, content=content, size=kept.size))
        db.delete(kept)
    db.flush()


def take_files_back(db: Session, session: DeskSession, keys: TicketKeys, message_id: str, place: str) -> None:
    """Make the files of the agent's own message, which does not go out, those of their draft at `place` again.

    In the caller's transaction, under the same ids. Raises SealBroken.
    """
    for file in db.scalars(select(Attachment).where(col(Attachment.message_id) == message_id)).all():

        def again(name: str, sealed: bytes, row: str = file.id) -> bytes:
            return keys.seal(_TABLE, name, row, open_sealed(keys.key, keys.place(_SENT, name, row), sealed))

        db.add(
            DraftFile(
                id=file.id,
                agent_id=session.agent.id,
                place=place,
                ticket_number=keys.number,
                label=again("label", file.label),
                content=again("content", file.content),
                size=file.size,
                added_at=session.desk.clock.now(),
            )
        )
        db.delete(file)
    db.flush()


def _mine(session: DeskSession, place: str, number: int) -> tuple[ColumnElement[bool], ...]:
    return (
        col(DraftFile.agent_id) == session.agent.id,
        col(DraftFile.place) == place,
        col(DraftFile.ticket_number) == number,
    )
