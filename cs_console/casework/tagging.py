"""Tags on tickets, out of the desk's list: words of the desk's, which filters and views ask for."""

import re

from sqlalchemy import delete, func, insert, select
from sqlmodel import col

from cs_console.access_log.append import lock_log, record
from cs_console.access_log.entry import Entry
from cs_console.custody.search_queue import index_later
from cs_console.decisions.request_scope import locked_facts
from cs_console.desk import DeskSession
from cs_console.errors import BadInput
from cs_console.tickets.tags import desk_tags, tags_of
from cs_console.tickets.ticket_record import record_about, require_open, require_own
from models.enums import Action
from models.roles import KEEPS_TAGS, WORKS_ON_TICKETS, Role
from models.ticket_tag import DeskTag, TicketTag

MOST_TAGS, MOST_ON_A_TICKET = 60, 6
_TAG = re.compile(r"[^\W\d_][\w-]{0,19}")


def tags(session: DeskSession) -> tuple[str, ...]:
    """The desk's list, sorted."""
    with session.reading(*WORKS_ON_TICKETS) as db:
        return desk_tags(db)


def add_tag(session: DeskSession, name: str) -> str:
    """Add a word to the desk's list, on record, and return it as it is kept; one that is there already changes nothing.

    A supervisor can. A tag is a single word that begins with a letter, in small letters, without numbers long enough
    to be someone's. Raises BadInput, NotAllowed.
    """
    tag = name.strip().casefold()
    if not _TAG.fullmatch(tag) or re.search(r"\d{5}", tag):
        raise BadInput(
            "A tag is one word of up to 20 letters, like press or second-level.", "It holds nothing about a person."
        )
    with session.work(*KEEPS_TAGS) as db:
        lock_log(db.connection(), session.desk)  # two people may add the same one at once
        if tag in desk_tags(db):
            return tag
        if db.connection().execute(select(func.count()).select_from(DeskTag)).scalar_one() >= MOST_TAGS:
            raise BadInput(f"This desk has {MOST_TAGS} tags already.", "Use one of them.")
        db.connection().execute(insert(DeskTag).values(name=tag, added_at=session.desk.clock.now()))
        record(db, session, Entry(Action.TAG_ADDED, reason=tag, about={"tag": tag, "by": session.agent.id}))
    return tag


def set_tags(session: DeskSession, number: int, wanted: tuple[str, ...]) -> None:
    """Give the ticket exactly these tags, on record; its assignee can, anyone for an unassigned one, a supervisor for
    any. Raises BadInput for a tag that is not in the desk's list, NotAssigned, WrongState.
    """
    with session.work(*WORKS_ON_TICKETS) as db:
        ticket = locked_facts(db, session.desk, number)  # two people may tag the same ticket at once
        require_open(ticket)
        if ticket.assignee_id is not None and not session.agent.has(Role.SUPERVISOR):
            require_own(ticket, session)
        chosen = tuple(sorted(set(wanted)))
        unknown = set(chosen).difference(desk_tags(db))
        if unknown:
            raise BadInput(f"“{min(unknown)[:20]}” is not one of the desk's tags.", "A supervisor can add it.")
        if len(chosen) > MOST_ON_A_TICKET:
            raise BadInput(f"A ticket has at most {MOST_ON_A_TICKET} tags.", "Take one off first.")
        if chosen == tags_of(db, (number,)).get(number, ()):
            return
        db.connection().execute(delete(TicketTag).where(col(TicketTag.ticket_number) == number))
        if chosen:
            rows = [{"ticket_number": number, "tag": tag} for tag in chosen]
            db.connection().execute(insert(TicketTag), rows)
        index_later(db, number)
        said = ", ".join(chosen) or "none"
        about = {"tags": " ".join(chosen), "by": session.agent.id}
        record_about(db, session, ticket, Action.TICKET_TAGGED, said, about=about)
