"""The words to a requester that go with a step of their ticket's clock: filled in, and queued as a reply."""

from sqlmodel import Session

from cs_console.delivery.outgoing import queue_message
from cs_console.delivery.where_to_write import where_to_write
from cs_console.desk import DeskSession
from cs_console.errors import ContactNotOnFile
from cs_console.policy.languages import in_language
from cs_console.policy.letter_lines import written_date
from cs_console.policy.schema import Pack
from cs_console.policy.templates import render
from cs_console.tickets.ticket_record import TicketFacts
from models.enums import MessageSort


def filled(said: Pack, template: str, ticket: TicketFacts, **more: str) -> str:
    """A text of the pack in that language, with the ticket's number and day of receipt. Raises NoticeIncomplete."""
    parts = {
        "ticket": str(ticket.number),
        "received": written_date(said, ticket.received_at),
        "contact": said.meta.contact,
    }
    return render(template, parts | more).strip()


def identity_letter(pack: Pack, ticket: TicketFacts) -> str:
    """What asks for proof of identity, in the requester's language; empty where the pack has no words for it."""
    said = in_language(pack, ticket.language)
    return filled(said, said.clock.identity_text, ticket) if said.clock.identity_text else ""


def unpaid_letter(pack: Pack, ticket: TicketFacts) -> tuple[str, str]:
    """Subject and text of what closes a request whose fee was not paid; empty where the pack has no such letter."""
    said = in_language(pack, ticket.language)
    letter = said.fee.unpaid
    if letter is None:
        return "", ""
    more = {
        "days": str(said.fee.wait_days),
        "complain_inside": said.notice.complain_inside,
        "complain_regulator": said.notice.complain_regulator,
        "complain_court": said.notice.complain_court,
    }
    return filled(said, letter.subject, ticket, **more), filled(said, letter.text, ticket, **more)


def queue_letter(
    db: Session, session: DeskSession, ticket: TicketFacts, text: str, *, subject: str = "", version: int | None = None
) -> str:
    """Queue it to the requester: where the notice would go, else to what they gave with their request.

    Raises ContactNotOnFile, KeyDestroyed.
    """
    contact_id = where_to_write(db, session.desk, ticket, claimed=True)
    if contact_id is None:
        raise ContactNotOnFile("There is no contact to which this could be sent.", "Add one first (e).")
    return queue_message(
        db,
        session.desk,
        ticket_number=ticket.number,
        requester_id=ticket.requester_id,
        contact_id=contact_id,
        sort=MessageSort.REPLY,
        text=text,
        agent_id=session.agent.id,
        subject=subject,
        ticket_version=version,
    )
