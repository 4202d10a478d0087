"""An agent's own letter that did not go out yet, or the form that made it, becomes their draft again; what was typed is
opened and sealed in here.
"""

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.custody.drafts import keep_draft, own_draft_in
from cs_console.custody.opening import open_text
from cs_console.custody.reply_files import take_files_back
from cs_console.custody.ticket_keys import TicketKeys, ticket_keys
from cs_console.desk import DeskSession
from models.message import Message


def put_back(db: Session, session: DeskSession, message_id: str, place: str) -> None:
    """Keep the words and files of the agent's own message as their draft at `place`, inside the caller's transaction.

    The words come before what the agent has typed there since, and are for a new act: the one before has happened.
    Raises KeyDestroyed, SealBroken.
    """
    wanted = select(col(Message.ticket_number), col(Message.text)).where(
        col(Message.id) == message_id, col(Message.agent_id) == session.agent.id
    )
    number, sealed = db.connection().execute(wanted).one()
    keys = ticket_keys(db, session.desk, number)
    words = open_text(keys.key, keys.place("message", "text", message_id), sealed)
    take_files_back(db, session, keys, message_id, place)
    since = own_draft_in(db, session, place, keys)
    keep_draft(db, session, place, f"{words}\n\n{since}" if since.strip() else words, keys)


def renew_draft(db: Session, session: DeskSession, place: str, keys: TicketKeys, stored: str = "") -> None:
    """Keep the agent's own draft at `place` for a new act, since the one that it was for has happened; where there is
    none, what is `stored` of it. Inside the caller's transaction.
    """
    words = own_draft_in(db, session, place, keys) or stored
    if words:
        keep_draft(db, session, place, words, keys)
