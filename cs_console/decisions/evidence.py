"""What a finding rests on: references in words, earlier tickets of the requester, sealed attachments of the ticket."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.custody.attachment_labels import AttachmentLabel, attachment_labels
from cs_console.decisions.proposal import Proposal
from cs_console.desk import Desk, DeskSession
from cs_console.errors import ChecklistIncomplete
from cs_console.policy.schema import Pack
from cs_console.staff.undertakings import require_current
from cs_console.tickets.ticket_record import TicketFacts, facts, require_own
from models.attachment import Attachment
from models.message import Message
from models.roles import WORKS_ON_TICKETS
from models.ticket import Ticket

ATTACHMENT = "attachment:"
"""How an item of evidence begins that names an attachment; its id follows."""


def attachments_for(session: DeskSession, number: int) -> tuple[AttachmentLabel, ...]:
    """The files of the agent's own ticket that can be named as evidence. Raises NotAssigned, NoUndertaking."""
    with session.reading(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        ticket = facts(db, number)
        require_own(ticket, session)
        regions = session.desk.packs.get(ticket.pack).meta.regions
        return attachment_labels(db, session.desk, number, regions)


def is_attachment(item: str) -> bool:
    """Whether this item of evidence names an attachment."""
    return item.startswith(ATTACHMENT)


def require_evidence_is_theirs(db: Session, pack: Pack, ticket: TicketFacts, proposal: Proposal) -> None:
    """Earlier tickets have to be the same requester's and earlier, attachments this ticket's.

    Raises ChecklistIncomplete.
    """
    for finding in proposal.applying:
        ground = pack.ground(finding.ground)
        if ground is None:
            continue
        if ground.evidence.kind == "tickets":
            _require_earlier_tickets(db, ground.code, ticket, finding.evidence)
        else:
            _require_own_attachments(db, ground.code, ticket, finding.evidence)


def evidence_words(labels: Mapping[str, str], item: str) -> str:
    """An item as an approver reads it: an attachment by its label."""
    if not is_attachment(item):
        return item
    return f"attached: {labels.get(item.removeprefix(ATTACHMENT), 'a file that is gone')}"


def labels_by_id(db: Session, desk: Desk, pack: Pack, ticket: TicketFacts) -> dict[str, str]:
    """The labels of a ticket's attachments by their ids."""
    found = attachment_labels(db, desk, ticket.number, pack.meta.regions)
    return {label.id: label.words for label in found}


def _require_earlier_tickets(db: Session, code: str, ticket: TicketFacts, evidence: Iterable[str]) -> None:
    numbers = {int(item.strip().removeprefix("#")) for item in evidence}
    found = db.connection().execute(
        select(col(Ticket.number))
        .where(col(Ticket.number).in_(numbers), col(Ticket.requester_id) == ticket.requester_id)
        .where(col(Ticket.number) != ticket.number, col(Ticket.received_at) <= ticket.received_at)
    )
    for number in sorted(numbers - set(found.scalars())):
        raise ChecklistIncomplete(
            f"{code}: #{number} is not an earlier ticket from this requester.", "Correct the evidence."
        )


def _require_own_attachments(db: Session, code: str, ticket: TicketFacts, evidence: Iterable[str]) -> None:
    named = {item.removeprefix(ATTACHMENT) for item in evidence if is_attachment(item)}
    if not named:
        return
    found = db.connection().execute(
        select(col(Attachment.id))
        .join(Message, col(Message.id) == col(Attachment.message_id))
        .where(col(Message.ticket_number) == ticket.number, col(Attachment.id).in_(named))
    )
    if named - set(found.scalars()):
        raise ChecklistIncomplete(
            f"{code}: the evidence names a file that does not belong to this ticket.", "Correct the evidence."
        )
