"""If no server answers, one message waits for the time-out; the others wait for the next minute."""

import pytest
from sqlalchemy import select
from sqlmodel import col

from cs_console.delivery import smtp
from cs_console.delivery.outgoing import deliver_queued, queue_message
from models.contact_fields import Field
from models.enums import DeliveryState, MessageSort
from models.message import Message
from tests.support.desk import TestDesk
from tests.support.peers import http_peer, refusing_place, silent_peer
from tests.support.tickets import make_ticket

pytestmark = [
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),  # Apprise's import
    pytest.mark.engines("sqlite"),  # rules; their statements run on both in tests/acts
]

MAILS, TEXTS = 4, 3


@pytest.fixture
def queued(test_desk: TestDesk) -> TestDesk:
    """Mails and text messages by turns, the mails first."""
    made = make_ticket(test_desk, contacts={Field.EMAIL: "alice@example.org", Field.MOBILE: "+8613812345678"})
    for field in (Field.EMAIL,) * MAILS + (Field.MOBILE,) * TEXTS:
        with test_desk.desk.database.transaction() as db:
            queue_message(
                db,
                test_desk.desk,
                ticket_number=made.number,
                requester_id=made.requester_id,
                contact_id=made.contact_ids[field],
                sort=MessageSort.NOTICE,
                text="words",
                agent_id=None,
            )
        test_desk.clock.forward(seconds=1)
    return test_desk


def ways_out(test_desk: TestDesk, mail: str, texts: str) -> None:
    desk = test_desk.desk
    urls = {"outbox": None, "smtp_url": f"smtp://{mail}?insecure", "sms_url": f"json://{texts}/sms"}
    desk.settings = desk.settings.model_copy(update=urls)


def standing(test_desk: TestDesk, channel: str) -> list[tuple[DeliveryState, int, bool]]:
    """Of each outgoing message of that channel, oldest first: state, tries, and whether it waits for a time."""
    with test_desk.desk.database.reading() as db:
        found = db.scalars(
            select(Message)
            .where(col(Message.channel) == channel, col(Message.sort) == MessageSort.NOTICE)
            .order_by(col(Message.at))
        )
        return [(one.delivery, one.delivery_tries, one.next_delivery_at is not None) for one in found]


UNTOUCHED = (DeliveryState.QUEUED, 0, False)
TRIED = (DeliveryState.FAILED, 1, True)
SENT = (DeliveryState.SENT, 1, False)


def test_a_server_that_keeps_silent_is_waited_for_once(queued: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT_SECONDS", 0.3)
    with silent_peer() as (mail, listening), http_peer() as (texts, seen):
        ways_out(queued, mail, texts)
        report = deliver_queued(queued.desk)
        listening.setblocking(False)
        caller, _ = listening.accept()
        caller.close()
        with pytest.raises(BlockingIOError):
            listening.accept()  # there was no second call
    assert (report.sent, report.failed) == (TEXTS, 1)
    assert standing(queued, "mail") == [TRIED] + [UNTOUCHED] * (MAILS - 1)
    assert standing(queued, "sms") == [SENT] * TEXTS
    assert len(seen) == TEXTS


def test_a_port_that_refuses_stops_that_channel_alone(queued: TestDesk) -> None:
    with http_peer() as (texts, _):
        ways_out(queued, refusing_place(), texts)
        report = deliver_queued(queued.desk)
    assert (report.sent, report.failed, report.problems) == (TEXTS, 1, ("The mail server cannot be reached.",))
    assert standing(queued, "mail") == [TRIED] + [UNTOUCHED] * (MAILS - 1)


def test_text_messages_stop_alike(queued: TestDesk) -> None:
    ways_out(queued, refusing_place(), refusing_place())
    assert deliver_queued(queued.desk).failed == 2
    assert standing(queued, "sms") == [TRIED] + [UNTOUCHED] * (TEXTS - 1)


def test_the_next_call_begins_with_the_next_message(queued: TestDesk) -> None:
    """No message that cannot go out holds up the ones behind it."""
    ways_out(queued, refusing_place(), refusing_place())
    deliver_queued(queued.desk)
    assert deliver_queued(queued.desk).failed == 2
    assert standing(queued, "mail") == [TRIED, TRIED] + [UNTOUCHED] * (MAILS - 2)


def test_what_is_wrong_with_one_message_stops_no_other(test_desk: TestDesk) -> None:
    """The outbox takes them all but the one whose number is none."""
    for value in ("ask my brother", "+8613812345678", "+8613812345679"):
        made = make_ticket(test_desk, contacts={Field.MOBILE: value})
        with test_desk.desk.database.transaction() as db:
            queue_message(
                db,
                test_desk.desk,
                ticket_number=made.number,
                requester_id=made.requester_id,
                contact_id=made.contact_ids[Field.MOBILE],
                sort=MessageSort.NOTICE,
                text="words",
                agent_id=None,
            )
        test_desk.clock.forward(seconds=1)
    report = deliver_queued(test_desk.desk)
    assert (report.sent, report.failed) == (2, 1)
