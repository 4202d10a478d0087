"""The lines of a conversation: what came in, what went out, notes between agents."""

from datetime import datetime

from sqlalchemy import String
from sqlmodel import Field

from models.columns import UtcMoment, new_id
from models.enums import Channel, DeliveryState, MailClass, MessageSort, SenderCheck
from models.sealed import Digest, Original, Safe
from models.table import Table


class Message(Table, table=True):
    """`text` and `text_redacted` are sealed under the ticket's key, like `headers` (JSON: from, to, subject).

    `reference` keeps a message from being stored twice: of one that came in a keyed hash of its sender and content, of
    one of ours the blind index of its Message-ID. `anchor` is the blind index of the Message-ID of one that came in,
    which several may carry: answers name it. Rows of older desks have that in `reference`. Nothing is handed over
    before `next_delivery_at`: it keeps two consoles from sending the same line twice, and says until when one is held.
    `delivery_problem`: the code of the error that kept it from going out last. `unconfirmed`: nothing says that it is
    from an address on file; it changes nothing and is quoted nowhere. `mail_class`: what a mail said it is.
    """

    __tablename__ = "message"

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_number: int = Field(foreign_key="ticket.number", index=True)
    sort: MessageSort = Field(sa_type=String)
    channel: Channel = Field(sa_type=String)
    agent_id: str | None = Field(default=None, foreign_key="agent.id")
    reference: bytes | None = Field(default=None, unique=True, sa_type=Digest)
    anchor: bytes | None = Field(default=None, index=True, sa_type=Digest)
    sender_check: SenderCheck = Field(default=SenderCheck.NOT_CHECKED, sa_type=String)
    mail_class: MailClass = Field(default=MailClass.PERSON, sa_type=String)
    headers: bytes | None = Field(default=None, sa_type=Original)
    text: bytes = Field(sa_type=Original)
    text_redacted: bytes = Field(sa_type=Safe)
    at: datetime = Field(sa_type=UtcMoment)
    unconfirmed: bool = False
    contact_id: str | None = Field(default=None, foreign_key="contact.id")
    delivery: DeliveryState = Field(default=DeliveryState.NONE, sa_type=String)
    delivery_tries: int = 0
    next_delivery_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    delivery_problem: str | None = None
