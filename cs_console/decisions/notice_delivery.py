"""The delivery of a notice: sent, being sent, or to be posted by an agent."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlmodel import Session, col

from models.enums import DeliveryState, MessageSort
from models.message import Message


class NoticeWay(StrEnum):
    """Where a notice is, as a sentence."""

    SENT = "The notice was sent."
    HELD = "The notice goes out in a moment."
    ON_ITS_WAY = "The notice is still being sent."
    BY_LETTER = "The notice must be sent by letter."
    NOT_DELIVERED = "The notice could not be delivered. Send it to another contact (N), or by letter."


def notice_way(db: Session, number: int, decided_at: datetime) -> NoticeWay:
    """Where the notice is of the ticket's newest final decision, made at `decided_at`.

    Where nothing can be sent to there is no message; one that failed for good is not tried again by itself.
    """
    found = db.connection().execute(
        select(col(Message.delivery), col(Message.next_delivery_at))
        .where(
            col(Message.ticket_number) == number,
            col(Message.sort) == MessageSort.NOTICE,
            col(Message.at) >= decided_at,
        )
        .order_by(col(Message.at).desc())
        .limit(1)
    )
    message = found.first()
    if message is None:
        return NoticeWay.BY_LETTER
    delivery, again_at = message
    if delivery == DeliveryState.SENT:
        return NoticeWay.SENT
    if delivery == DeliveryState.HELD:
        return NoticeWay.HELD
    failed = delivery == DeliveryState.CAME_BACK or (delivery == DeliveryState.FAILED and again_at is None)
    return NoticeWay.NOT_DELIVERED if failed else NoticeWay.ON_ITS_WAY
