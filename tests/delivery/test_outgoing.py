"""Outgoing messages: sealed until they leave, sent once, every hand-over on record."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlmodel import Session

from cs_console.custody.blind_index import reference_token
from cs_console.custody.sending import line_for_sending
from cs_console.delivery import outgoing
from cs_console.delivery.outgoing import deliver_queued, queue_message, send_now, stored_delivery
from cs_console.desk import Desk
from cs_console.errors import ContactNotOnFile, DeliveryFailed, KeyDestroyed, LogBroken, NothingThere
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Action, DeliveryState, MessageSort, Result
from models.log import LogHead
from models.message import Message
from models.roles import Role
from tests.support.desk import TestDesk
from tests.support.peers import http_peer
from tests.support.recorded import recorded
from tests.support.stored import keys_of
from tests.support.tickets import MadeTicket, make_requester, make_ticket

pytestmark = [
    pytest.mark.engines("sqlite"),  # rules; their statements run on both in tests/acts
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),  # Apprise's import
]

ADDRESS = "canary.alice@example.org"
NUMBER = "+8613812345678"
TEXT = "canary: we looked into it. Call 13812345678."


@pytest.fixture
def ticket(test_desk: TestDesk) -> MadeTicket:
    return make_ticket(test_desk, contacts={Field.EMAIL: ADDRESS, Field.MOBILE: NUMBER})


def queue(
    test_desk: TestDesk,
    ticket: MadeTicket,
    field: Field = Field.EMAIL,
    sort: MessageSort = MessageSort.REPLY,
    agent_id: str | None = None,
) -> str:
    with test_desk.desk.database.transaction() as db:
        return queue_message(
            db,
            test_desk.desk,
            ticket_number=ticket.number,
            requester_id=ticket.requester_id,
            contact_id=ticket.contact_ids[field],
            sort=sort,
            text=TEXT,
            agent_id=agent_id,
        )


def message(desk: Desk, message_id: str) -> Message:
    with desk.database.reading() as db:
        return db.get_one(Message, message_id)


def outbox(test_desk: TestDesk) -> list[Path]:
    folder = test_desk.desk.settings.outbox
    assert folder is not None
    return sorted(folder.iterdir()) if folder.is_dir() else []


def break_outbox(test_desk: TestDesk) -> Path:
    folder = test_desk.desk.settings.outbox
    assert folder is not None
    folder.write_text("in the way")
    return folder


def test_a_reply_leaves_with_the_tickets_tag_and_a_reference_of_ours(test_desk: TestDesk, ticket: MadeTicket) -> None:
    desk, mei = test_desk.desk, test_desk.session("mei", Role.AGENT)
    message_id = queue(test_desk, ticket, agent_id=mei.agent.id)
    assert message(desk, message_id).delivery == DeliveryState.QUEUED
    assert deliver_queued(desk, message_id).sent == 1
    (file,) = outbox(test_desk)
    mail = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
    assert mail["to"] == ADDRESS
    assert mail["subject"].endswith(f"[#{ticket.number}]")
    stored = message(desk, message_id)
    assert stored.delivery == DeliveryState.SENT
    assert stored.reference == reference_token(desk.keyring, str(mail["message-id"]))
    body = mail.get_body()
    assert body is not None
    assert body.get_content().strip() == TEXT
    entry = recorded(desk, Action.MESSAGE_SENT)[-1]
    assert (entry.actor, entry.ticket, entry.fields, entry.reason) == ("mei", ticket.number, "e-mail", "reply")
    assert entry.requester


def test_a_text_message_goes_to_the_number(test_desk: TestDesk, ticket: MadeTicket) -> None:
    deliver_queued(test_desk.desk, queue(test_desk, ticket, Field.MOBILE))
    (file,) = outbox(test_desk)
    assert file.suffix == ".txt"
    assert f"To: {NUMBER}" in file.read_text("utf-8")


def test_a_notice_carries_the_packs_subject(test_desk: TestDesk, ticket: MadeTicket) -> None:
    deliver_queued(test_desk.desk, queue(test_desk, ticket, sort=MessageSort.NOTICE))
    mail = BytesParser(policy=policy.default).parsebytes(outbox(test_desk)[0].read_bytes())
    assert mail["subject"] == f"Answer to your request #{ticket.number} [#{ticket.number}]"


def test_nothing_of_it_lies_open_in_the_stores(sqlite_desk: TestDesk) -> None:
    ticket = make_ticket(sqlite_desk, contacts={Field.EMAIL: ADDRESS, Field.MOBILE: NUMBER})
    queue(sqlite_desk, ticket)
    deliver_queued(sqlite_desk.desk)
    sqlite_desk.desk.close()
    for file in sqlite_desk.desk.settings.home.rglob("*"):
        if file.is_file() and file.parent != sqlite_desk.desk.settings.outbox:
            assert b"canary" not in file.read_bytes(), file


def test_the_conversation_keeps_it_redacted(test_desk: TestDesk, ticket: MadeTicket) -> None:
    from cs_console.custody.safe_views import open_safe

    message_id = queue(test_desk, ticket)
    keys = keys_of(test_desk.desk, ticket.number)
    place = keys.place("message", "text_redacted", message_id)
    shown = open_safe(keys.key, place, message(test_desk.desk, message_id).text_redacted)
    assert "13812345678" not in shown
    assert "we looked into it" in shown


def test_a_failure_is_kept_recorded_and_tried_again_later(test_desk: TestDesk, ticket: MadeTicket) -> None:
    desk = test_desk.desk
    in_the_way = break_outbox(test_desk)
    message_id = queue(test_desk, ticket)
    report = deliver_queued(desk, message_id)
    assert (report.sent, report.failed) == (0, 1)
    assert "canary" not in " ".join(report.problems)
    stored = message(desk, message_id)
    assert (stored.delivery, stored.delivery_tries) == (DeliveryState.FAILED, 1)
    entry = recorded(desk, Action.MESSAGE_SENT)[-1]
    assert (entry.outcome, entry.reason) == (Result.FAILED, "reply: delivery_failed")
    in_the_way.unlink()
    assert deliver_queued(desk).sent == 0, "not before its time"
    test_desk.clock.forward(minutes=1)
    assert deliver_queued(desk).sent == 1
    assert message(desk, message_id).delivery == DeliveryState.SENT
    assert deliver_queued(desk).sent == 0, "never twice"
    assert len(outbox(test_desk)) == 1


def test_the_time_between_tries_doubles_up_to_six_hours(test_desk: TestDesk, ticket: MadeTicket) -> None:
    break_outbox(test_desk)
    message_id = queue(test_desk, ticket)
    waits = []
    for _ in range(11):
        deliver_queued(test_desk.desk, message_id)
        due = message(test_desk.desk, message_id).next_delivery_at
        assert due is not None
        waits.append(due - test_desk.clock.now())
    assert waits[:4] == [timedelta(minutes=m) for m in (1, 2, 4, 8)]
    assert waits[-1] == timedelta(hours=6)


def test_what_can_never_go_out_is_not_tried_again(test_desk: TestDesk) -> None:
    ticket = make_ticket(test_desk, contacts={Field.MOBILE: "ask my brother"})
    message_id = queue(test_desk, ticket, Field.MOBILE)
    assert deliver_queued(test_desk.desk).failed == 1
    test_desk.clock.forward(days=30)
    assert deliver_queued(test_desk.desk).failed == 0
    assert message(test_desk.desk, message_id).delivery == DeliveryState.FAILED


@pytest.mark.engines("sqlite", "postgresql")
def test_two_consoles_hand_a_message_over_once(test_desk: TestDesk, ticket: MadeTicket) -> None:
    """ASVS 2.3.4, 15.4.2."""
    ids = [queue(test_desk, ticket) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: deliver_queued(test_desk.desk), range(4)))
    assert sum(report.sent for report in reports) == len(ids)
    assert len(outbox(test_desk)) == len(ids)
    assert len(recorded(test_desk.desk, Action.MESSAGE_SENT)) == len(ids)


@pytest.mark.engines("sqlite", "postgresql")
def test_a_console_killed_while_sending_leaves_it_to_the_next_one(
    test_desk: TestDesk, ticket: MadeTicket, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    message_id = queue(test_desk, ticket)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(outgoing, "hand_over", kill)
        deliver_queued(test_desk.desk, message_id)
    assert deliver_queued(test_desk.desk, message_id).sent == 0, "still claimed"
    test_desk.clock.forward(minutes=5)
    assert deliver_queued(test_desk.desk).sent == 1


@pytest.mark.engines("sqlite", "postgresql")
def test_a_console_killed_after_the_outbox_has_it_sends_it_once(
    test_desk: TestDesk, ticket: MadeTicket, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    message_id = queue(test_desk, ticket)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(outgoing, "_settle", kill)
        deliver_queued(test_desk.desk, message_id)
    assert len(outbox(test_desk)) == 1
    assert message(test_desk.desk, message_id).delivery == DeliveryState.SENDING
    test_desk.clock.forward(minutes=5)
    assert deliver_queued(test_desk.desk).sent == 1
    assert message(test_desk.desk, message_id).delivery == DeliveryState.SENT
    assert len(outbox(test_desk)) == 1


def test_what_may_be_with_a_server_is_not_sent_again_by_itself(
    test_desk: TestDesk, ticket: MadeTicket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A console that dies over it leaves no word of what the server did: a person decides."""

    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    desk = test_desk.desk
    desk.settings = desk.settings.model_copy(update={"outbox": None, "smtp_url": "smtp://127.0.0.1:1?insecure"})
    message_id = queue(test_desk, ticket)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(outgoing, "hand_over", kill)
        deliver_queued(desk, message_id)
    test_desk.clock.forward(minutes=5)
    handed: list[object] = []
    monkeypatch.setattr(outgoing, "hand_over", lambda *about: handed.append(about))
    assert (deliver_queued(desk).sent, deliver_queued(desk, message_id).sent) == (0, 0)
    stored = message(desk, message_id)
    assert (stored.delivery, stored.delivery_problem) == (DeliveryState.FAILED, "delivery_unknown")
    assert handed == []
    entry = recorded(desk, Action.MESSAGE_SENT)[-1]
    assert (entry.outcome, entry.reason) == (Result.FAILED, "reply: delivery_unknown")


@pytest.mark.engines("sqlite", "postgresql")
def test_a_text_that_a_silent_provider_may_have_taken_is_never_sent_again_by_itself(
    test_desk: TestDesk, ticket: MadeTicket
) -> None:
    """A person decides; the others of that channel wait for the next call instead of the same silence."""
    desk = test_desk.desk
    first = queue(test_desk, ticket, Field.MOBILE)
    test_desk.clock.forward(seconds=1)
    second = queue(test_desk, ticket, Field.MOBILE)
    with http_peer(stalls=True) as (place, seen):
        ways = {"outbox": None, "sms_url": f"json://{place}/sms?cto=2&rto=0.3"}
        desk.settings = desk.settings.model_copy(update=ways)
        report = deliver_queued(desk)
        assert (report.sent, report.failed, report.refused, len(seen)) == (0, 1, 1, 1)
        assert "may or may not have gone out" in report.problems[0]
    stored = message(desk, first)
    assert (stored.delivery, stored.delivery_problem) == (DeliveryState.FAILED, "delivery_unknown")
    assert stored_delivery(desk, first) is DeliveryState.REFUSED
    test_desk.clock.forward(days=2)
    with http_peer() as (place, seen):
        desk.settings = desk.settings.model_copy(update={"sms_url": f"json://{place}/sms"})
        assert deliver_queued(desk, first).sent == 0
        assert deliver_queued(desk).sent == 1
        assert len(seen) == 1
    assert message(desk, second).delivery == DeliveryState.SENT
    outcomes = [(entry.outcome, entry.reason) for entry in recorded(desk, Action.MESSAGE_SENT)]
    assert outcomes == [(Result.FAILED, "reply: delivery_unknown"), (Result.DONE, "reply")]


def test_what_was_stopped_after_it_was_claimed_does_not_go_out(
    test_desk: TestDesk, ticket: MadeTicket, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = queue(test_desk, ticket)
    opened = line_for_sending

    def stopped_meanwhile(*about: object) -> object:
        with test_desk.desk.database.transaction() as db:
            db.connection().execute(update(Message).values(delivery=DeliveryState.FAILED, next_delivery_at=None))
        return opened(*about)  # type: ignore[arg-type]

    monkeypatch.setattr(outgoing, "line_for_sending", stopped_meanwhile)
    assert deliver_queued(test_desk.desk, message_id).sent == 0
    assert message(test_desk.desk, message_id).delivery == DeliveryState.FAILED
    assert outbox(test_desk) == []


def test_sent_is_written_with_its_entry_or_not_at_all(
    test_desk: TestDesk, ticket: MadeTicket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Peers' failure to avoid: a status committed before its log row."""

    class Full(Exception):
        pass

    def fail(*_: object, **__: object) -> int:
        raise Full

    message_id = queue(test_desk, ticket)
    monkeypatch.setattr(outgoing, "append", fail)
    with pytest.raises(Full):
        deliver_queued(test_desk.desk, message_id)
    assert message(test_desk.desk, message_id).delivery == DeliveryState.SENDING


def test_with_a_broken_log_nothing_goes_out(test_desk: TestDesk, ticket: MadeTicket) -> None:
    """Else the line would leave unrecorded, and once more after every lease."""
    message_id = queue(test_desk, ticket)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(LogHead).values(size=5))
    for _ in range(2):
        with pytest.raises(LogBroken):
            deliver_queued(test_desk.desk)
        test_desk.clock.forward(minutes=5)
    assert outbox(test_desk) == []
    assert message(test_desk.desk, message_id).delivery_tries == 0


def test_a_contact_changed_meanwhile_is_not_written_to(test_desk: TestDesk, ticket: MadeTicket) -> None:
    message_id = queue(test_desk, ticket)
    replace(test_desk, ticket.contact_ids[Field.EMAIL])
    report = deliver_queued(test_desk.desk, message_id)
    assert (report.sent, report.failed) == (0, 1)
    assert outbox(test_desk) == []
    with pytest.raises(ContactNotOnFile):
        queue(test_desk, ticket)
    with pytest.raises(ContactNotOnFile):
        send_now(test_desk.desk, ticket.contact_ids[Field.EMAIL], "s", "t")


def test_an_erased_requester_gets_nothing_and_the_failure_is_recorded(test_desk: TestDesk, ticket: MadeTicket) -> None:
    message_id = queue(test_desk, ticket)
    test_desk.desk.keyring.destroy(ticket.requester_id)
    assert deliver_queued(test_desk.desk, message_id).failed == 1
    entry = recorded(test_desk.desk, Action.MESSAGE_SENT)[-1]
    assert (entry.outcome, entry.requester) == (Result.FAILED, None)
    with pytest.raises(KeyDestroyed):
        queue(test_desk, ticket)


def test_a_contact_of_another_requester_is_refused(test_desk: TestDesk, ticket: MadeTicket) -> None:
    _, others = make_requester(test_desk, {Field.EMAIL: "bob@example.org", Field.ADDRESS: "1 Main Street"})
    for contact_id in (others[Field.EMAIL], "no-such-contact"):
        with test_desk.desk.database.transaction() as db, pytest.raises(ContactNotOnFile):
            _queue_to(db, test_desk.desk, ticket, contact_id)


def test_nothing_is_sent_to_a_postal_address(test_desk: TestDesk) -> None:
    ticket = make_ticket(test_desk, contacts={Field.ADDRESS: "1 Main Street"})
    with test_desk.desk.database.transaction() as db, pytest.raises(ContactNotOnFile, match="address"):
        _queue_to(db, test_desk.desk, ticket, ticket.contact_ids[Field.ADDRESS])


def _queue_to(db: Session, desk: Desk, ticket: MadeTicket, contact_id: str) -> None:
    queue_message(
        db,
        desk,
        ticket_number=ticket.number,
        requester_id=ticket.requester_id,
        contact_id=contact_id,
        sort=MessageSort.REPLY,
        text=TEXT,
        agent_id=None,
    )


def replace(test_desk: TestDesk, contact_id: str) -> None:
    with test_desk.desk.database.transaction() as db:
        contact = db.get_one(Contact, contact_id)
        contact.replaced_at = test_desk.clock.now()
        db.add(contact)


def test_send_now_stores_nothing(test_desk: TestDesk, ticket: MadeTicket) -> None:
    desk = test_desk.desk
    send_now(desk, ticket.contact_ids[Field.MOBILE], "s", "code 12345678")
    assert "12345678" in outbox(test_desk)[0].read_text("utf-8")
    with desk.database.reading() as db:
        assert len(db.scalars(select(Message)).all()) == 1, "only the ticket's own first message"


def test_send_now_says_when_it_failed(test_desk: TestDesk, ticket: MadeTicket) -> None:
    break_outbox(test_desk)
    with pytest.raises(DeliveryFailed) as failed:
        send_now(test_desk.desk, ticket.contact_ids[Field.EMAIL], "s", "t")
    assert "canary" not in str(failed.value)


def test_what_requesters_wrote_is_never_opened_for_sending(test_desk: TestDesk, ticket: MadeTicket) -> None:
    """Invariant 1: this door opens our own outgoing lines alone."""
    with test_desk.desk.database.reading() as db, pytest.raises(NothingThere):
        line_for_sending(db, test_desk.desk, ticket.message_id)


def test_an_answer_to_our_mail_finds_its_ticket_without_the_tag(
    test_desk: TestDesk, ticket: MadeTicket, tmp_path: Path
) -> None:
    from cs_console.desk import operator_session
    from cs_console.intake.intake import import_mail

    deliver_queued(test_desk.desk, queue(test_desk, ticket))
    ours = BytesParser(policy=policy.default).parsebytes(outbox(test_desk)[0].read_bytes())
    answer = tmp_path / "answer.eml"
    answer.write_text(
        f"From: {ADDRESS}\nTo: service@desk.invalid\nSubject: thanks\nMessage-ID: <1@example.org>\n"
        f"In-Reply-To: {ours['message-id']}\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n\nThank you.\n"
    )
    counts = import_mail(operator_session(test_desk.desk), [answer])
    assert (counts.opened, counts.appended) == (0, 1)
