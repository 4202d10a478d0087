"""The one fixed letter to an address that a web form names: anyone may have typed it, so it says nothing of the matter.

Only once its owner has answered it does anything else go there. It is limited, so that no form floods a mailbox.
"""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from cs_console.delivery.outgoing import queue_message
from cs_console.desk import Office
from models.contact import Contact
from models.enums import MessageSort
from models.message import Message

APART = timedelta(days=1)
"""Between two of them to one address."""
MOST_AN_HOUR = 100
"""Of them all: a flood of forms with ever other addresses gets no further."""
_TEXTS = {
    "en": "A form on our site named this address, and we have received it. If it was you, answer this mail without "
    "changing its subject; then we can write to you here. If it was not, do nothing: we send nothing more.",
    "zh": "我们网站上的一份表单填写了此邮箱地址，我们已经收到。如果是您本人填写，请直接回复本邮件并保留主题，"
    "之后我们才能通过此地址与您联系。如果不是您，请不必理会：我们不会再发送任何内容。",
}


def acknowledge_form(
    session: Session, office: Office, number: int, requester_id: str, contact_id: str, language: str
) -> bool:
    """Queue the acknowledgement to a form's address inside the caller's transaction, unless the limit says no.

    Returns whether it was queued. Its Message-ID, which only the mailbox's owner can read, is what an answer proves.
    """
    now = office.clock.now()
    sent = col(Message.sort) == MessageSort.ACKNOWLEDGEMENT
    this, other = aliased(Contact), aliased(Contact)
    to_it = (
        select(func.count())
        .select_from(Message)
        .join(other, col(other.id) == col(Message.contact_id))
        .join(this, (col(this.field) == col(other.field)) & (col(this.lookup) == col(other.lookup)))
        .where(sent, col(this.id) == contact_id, col(Message.at) > now - APART)
    )
    of_all = select(func.count()).select_from(Message).where(sent, col(Message.at) > now - timedelta(hours=1))
    run = session.connection().execute
    if run(to_it).scalar_one() or run(of_all).scalar_one() >= MOST_AN_HOUR:
        return False
    queue_message(
        session,
        office,
        ticket_number=number,
        requester_id=requester_id,
        contact_id=contact_id,
        sort=MessageSort.ACKNOWLEDGEMENT,
        text=_TEXTS.get(language.partition("-")[0], _TEXTS["en"]),
        agent_id=None,
    )
    return True
