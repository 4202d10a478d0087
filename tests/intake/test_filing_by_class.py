"""What becomes of a mail by what it is: a machine wakes, stops and opens nothing, and nothing is lost."""

from collections.abc import Callable

import pytest
from sqlmodel import select

from cs_console.access_log.verify import verify_log
from cs_console.casework.conversation import open_ticket, reply
from cs_console.custody.opening import open_sealed
from cs_console.custody.sealing import Place
from cs_console.deadlines.clock_events import add_event
from cs_console.decisions.notice_delivery import NoticeWay, notice_way
from cs_console.delivery.message_ids import mail_id
from cs_console.delivery.outgoing import deliver_queued, queue_message
from cs_console.desk import Desk, DeskSession, operator_session
from cs_console.intake.intake import take_in
from cs_console.intake.mail import read_mail
from cs_console.intake.our_mail import OurMail
from cs_console.intake.quarantine import listing
from cs_console.tickets.queue import page
from models.contact_fields import Field
from models.enums import (
    Action,
    Channel,
    ClockMove,
    DeliveryState,
    Link,
    MailClass,
    MessageSort,
    SenderCheck,
    SetAside,
    TicketKind,
    TicketState,
)
from models.message import Message
from models.quarantined import Quarantined
from models.roles import Role
from models.ticket import Ticket
from tests.support.desk import TestDesk
from tests.support.stored import entries, opened_ticket, ticket_numbers
from tests.support.tickets import MadeTicket, close, make_requester, make_ticket

ALICE = "alice@mail.example.org"
OURS = OurMail(frozenset({"service@desk.example"}), frozenset({"desk.example"}), frozenset({"service"}))


def mail(*headers: str, sender: str = ALICE, subject: str = "A question", text: str = "Words.") -> bytes:
    lines = [f"From: {sender}", "To: service@desk.example", f"Subject: {subject}", *headers, "", text]
    return "\n".join(lines).encode()


def taken(test_desk: TestDesk, data: bytes) -> tuple[str, int | None]:
    done = take_in(operator_session(test_desk.desk), read_mail(data, ours=OURS))
    return done.outcome, done.number


def report(*about: str, to: str = ALICE, action: str = "failed", headers: tuple[str, ...] = ()) -> bytes:
    """A mail server's report about a mail of ours, with that mail's header lines below it."""
    lines = [
        "From: Mail Delivery System <mailer-daemon@mx.example.org>",
        "To: service@desk.example",
        "Subject: Undelivered",
        *headers,
        "Content-Type: multipart/report; report-type=delivery-status; boundary=B",
        "",
        "--B",
        "",
        "This is what became of your mail.",
        "--B",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example.org",
        "",
        f"Final-Recipient: rfc822; {to}",
        f"Action: {action}",
        f"Status: {'5.1.1' if action == 'failed' else '4.4.7'}",
        "--B",
        "Content-Type: text/rfc822-headers",
        "",
        *about,
        "--B--",
    ]
    return "\n".join(lines).encode()


def line(test_desk: TestDesk, message_id: str) -> Message:
    with test_desk.desk.database.reading() as db:
        return db.get_one(Message, message_id)


def lines(test_desk: TestDesk, number: int, sort: MessageSort) -> list[Message]:
    with test_desk.desk.database.reading() as db:
        return list(db.exec(select(Message).where(Message.ticket_number == number, Message.sort == sort)))


def columns(row: Ticket) -> dict[str, object]:
    """All that is stored of a ticket."""
    return {name: getattr(row, name) for name in Ticket.model_fields}


def ticket(test_desk: TestDesk, number: int) -> Ticket:
    with test_desk.desk.database.reading() as db:
        return db.get_one(Ticket, number)


def apart(test_desk: TestDesk) -> list[Quarantined]:
    with test_desk.desk.database.reading() as db:
        return list(db.exec(select(Quarantined).order_by(Quarantined.number)))  # type: ignore[arg-type]  # a column


@pytest.fixture
def mei(test_desk: TestDesk) -> DeskSession:
    return test_desk.session("mei", Role.AGENT)


def answered(test_desk: TestDesk, mei: DeskSession, **made: object) -> tuple[MadeTicket, str]:
    """A ticket that its agent answered, and the id of the answer, which went out."""
    case = make_ticket(test_desk, contacts={Field.EMAIL: ALICE}, assignee=mei, **made)  # type: ignore[arg-type]  # a test's shorthand
    reply(mei, case.number, ticket(test_desk, case.number).version, case.contact_ids[Field.EMAIL], "An answer.")
    deliver_queued(test_desk.desk)
    [sent] = lines(test_desk, case.number, MessageSort.REPLY)
    assert sent.delivery == DeliveryState.SENT
    return case, sent.id


# --- a program's answer


@pytest.mark.parametrize("state", [TicketState.OPEN, TicketState.WAITING, TicketState.CLOSED, TicketState.IN_APPROVAL])
def test_a_holiday_reply_is_a_note_that_changes_nothing(test_desk: TestDesk, state: TicketState) -> None:
    case = make_ticket(test_desk, contacts={Field.EMAIL: ALICE}, state=state)
    before = ticket(test_desk, case.number)
    test_desk.clock.forward(hours=1)
    away = mail("Auto-Submitted: auto-replied", subject=f"Away [#{case.number}]", text=f"I am away. Ask {ALICE}.")
    assert taken(test_desk, away) == ("automatic", case.number)
    after = ticket(test_desk, case.number)
    assert columns(after) == columns(before)
    [note] = lines(test_desk, case.number, MessageSort.AUTOMATIC)
    assert note.mail_class == MailClass.AUTOMATIC
    assert "I am away." in opened_ticket(test_desk.desk, case.number).texts[1]
    assert ALICE not in opened_ticket(test_desk.desk, case.number).texts_redacted[1]
    assert ticket_numbers(test_desk.desk) == [case.number]
    [entry] = entries(test_desk.desk, Action.AUTOMATIC_RECEIVED.value)
    assert entry.ticket == case.number
    assert entries(test_desk.desk, "ticket.follow_up") == []
    assert verify_log(test_desk.desk).ok


def test_a_holiday_reply_from_elsewhere_is_known_by_the_letter_that_it_names(
    test_desk: TestDesk, mei: DeskSession
) -> None:
    case, sent = answered(test_desk, mei)
    ours = mail_id(test_desk.desk, sent)
    away = mail("Auto-Submitted: auto-replied", f"In-Reply-To: {ours}", sender="team@work.example")
    assert taken(test_desk, away) == ("automatic", case.number)
    [note] = lines(test_desk, case.number, MessageSort.AUTOMATIC)
    assert note.unconfirmed


def test_a_program_that_names_no_ticket_of_its_own_is_kept_apart(test_desk: TestDesk) -> None:
    case = make_ticket(test_desk, contacts={Field.EMAIL: ALICE})
    stranger = mail(
        "Auto-Submitted: auto-replied", sender="eve@evil.example", subject=f"[#{case.number}] call +86 138 0013 8000"
    )
    assert taken(test_desk, stranger) == ("automatic", None)
    assert ticket_numbers(test_desk.desk) == [case.number]
    [kept] = apart(test_desk)
    assert (kept.sort, kept.number) == (SetAside.AUTOMATIC, 1)
    assert opened(test_desk.desk, kept, "content") == stranger.decode()
    assert opened(test_desk.desk, kept, "subject") == f"[#{case.number}] call [mobile]"
    assert taken(test_desk, stranger) == ("duplicate", None)


def opened(desk: Desk, kept: Quarantined, column: str) -> str:
    key, place = desk.keyring.key(kept.id), Place(kept.id, "quarantined", column, kept.id)
    return open_sealed(key, place, getattr(kept, column)).decode()


def test_an_automatic_answer_to_an_acknowledged_form_opens_no_way(test_desk: TestDesk) -> None:
    """It is no acknowledgement's proof: its owner has read nothing."""
    from cs_console.delivery.where_to_write import where_to_write
    from cs_console.tickets.ticket_record import facts

    desk = test_desk.desk
    case = make_ticket(test_desk, contacts={Field.EMAIL: ALICE}, on_file=False, channel=Channel.FORM)
    assert taken(test_desk, mail("Auto-Submitted: auto-replied", subject=f"[#{case.number}]"))[0] == "automatic"
    with desk.database.reading() as db:
        assert where_to_write(db, desk, facts(db, case.number), claimed=True) is None


# --- lists, our own, spam


def test_a_lists_mail_opens_a_ticket_even_where_it_names_one(test_desk: TestDesk) -> None:
    case = make_ticket(test_desk, contacts={Field.EMAIL: ALICE})
    outcome, number = taken(test_desk, mail("List-Id: <talk.example.org>", subject=f"Re: [#{case.number}]"))
    assert (outcome, number) == ("opened", case.number + 1)
    [message] = lines(test_desk, case.number + 1, MessageSort.RECEIVED)
    assert message.mail_class == MailClass.LIST


def test_our_own_mail_is_skipped_and_kept_where_it_is_not_known(test_desk: TestDesk, mei: DeskSession) -> None:
    case, sent = answered(test_desk, mei)
    ours = f"Message-ID: {mail_id(test_desk.desk, sent)}"
    assert taken(test_desk, mail(ours, sender="service@desk.example")) == ("skipped", None)
    assert apart(test_desk) == []
    forged = mail("Message-ID: <other@desk.example>", sender="service@desk.example")
    assert taken(test_desk, forged) == ("skipped", None)
    assert [kept.sort for kept in apart(test_desk)] == [SetAside.OWN]
    assert ticket_numbers(test_desk.desk) == [case.number]


def test_spam_is_kept_apart_with_what_it_asks_for(test_desk: TestDesk) -> None:
    wanted = mail("X-Spam-Flag: YES", subject="Delete my account", text="Please delete all my personal data.")
    assert taken(test_desk, wanted) == ("spam", None)
    assert ticket_numbers(test_desk.desk) == []
    [kept] = listing(operator_session(test_desk.desk), 10, SetAside.SPAM)
    assert kept.kind is TicketKind.RIGHTS
    assert kept.reason == "The mail server marked it as spam (X-Spam-Flag)."
    assert listing(operator_session(test_desk.desk), 10, SetAside.BOUNCE) == ()
    assert taken(test_desk, wanted) == ("duplicate", None)


# --- reports on our own mail


@pytest.mark.parametrize("way", ["id", "token"])
def test_a_bounce_marks_the_very_message(test_desk: TestDesk, mei: DeskSession, way: str) -> None:
    case, sent = answered(test_desk, mei)
    version = ticket(test_desk, case.number).version
    if way == "id":
        came = report(f"Message-ID: {mail_id(test_desk.desk, sent)}")
    else:
        domain = test_desk.desk.settings.mail_from.rpartition("@")[2]
        came = report(
            "Subject: x", to="elsewhere@mail.example.org", headers=(f"Delivered-To: bounces+{sent}@{domain}",)
        )
    assert taken(test_desk, came) == ("bounced", case.number)
    assert line(test_desk, sent).delivery == DeliveryState.CAME_BACK
    [note] = lines(test_desk, case.number, MessageSort.AUTOMATIC)
    assert note.mail_class == MailClass.BOUNCE
    after = ticket(test_desk, case.number)
    assert (after.state, after.version, after.assignee_id) == (TicketState.OPEN, version + 1, mei.agent.id)
    assert [(row.number, row.state) for row in page(mei, "mine").rows] == [(case.number, TicketState.OPEN)]
    [*_, moved] = entries(test_desk.desk, "ticket.state_set")
    assert moved.reason == "state waiting -> open: the reply came back"
    [entry] = entries(test_desk.desk, Action.MAIL_CAME_BACK.value)
    assert entry.ticket == case.number
    deliver_queued(test_desk.desk, sent)
    assert line(test_desk, sent).delivery == DeliveryState.CAME_BACK  # never sent a second time
    assert len(list(test_desk.desk.settings.home.joinpath("outbox").iterdir())) == 1
    assert verify_log(test_desk.desk).ok


def test_a_ticket_that_was_closed_with_the_reply_that_came_back_is_work_again(
    test_desk: TestDesk, mei: DeskSession
) -> None:
    case, sent = answered(test_desk, mei)
    close(test_desk, case.number)
    with test_desk.desk.database.transaction() as db:
        db.get_one(Ticket, case.number).verified_at = test_desk.clock.now()
    assert taken(test_desk, report(f"Message-ID: {mail_id(test_desk.desk, sent)}")) == ("bounced", case.number)
    after = ticket(test_desk, case.number)
    assert (after.state, after.closed_at, after.assignee_id) == (TicketState.VERIFIED, None, mei.agent.id)


def written_again(test_desk: TestDesk, mei: DeskSession, case: MadeTicket) -> None:
    version = ticket(test_desk, case.number).version
    assert reply(mei, case.number, version, case.contact_ids[Field.EMAIL], "Another letter.") is DeliveryState.SENT


def heard_since(test_desk: TestDesk, _mei: DeskSession, case: MadeTicket) -> None:
    assert taken(test_desk, mail(subject=f"Re: [#{case.number}]", text="Thank you.")) == ("appended", case.number)
    close(test_desk, case.number)


def fee_asked(test_desk: TestDesk, mei: DeskSession, case: MadeTicket) -> None:
    with test_desk.desk.database.transaction() as db:
        row = db.get_one(Ticket, case.number)
        row.kind, row.verified_at = TicketKind.RIGHTS, test_desk.clock.now()
        add_event(db, case.number, ClockMove.FEE_ASKED, test_desk.clock.now(), agent_id=mei.agent.id)


@pytest.mark.parametrize("since", [written_again, heard_since, fee_asked])
def test_a_reply_that_came_back_wakes_nothing_that_went_on_without_it(
    test_desk: TestDesk, mei: DeskSession, since: Callable[[TestDesk, DeskSession, MadeTicket], None]
) -> None:
    case, sent = answered(test_desk, mei)
    test_desk.clock.forward(minutes=1)
    since(test_desk, mei, case)
    before = ticket(test_desk, case.number)
    assert taken(test_desk, report(f"Message-ID: {mail_id(test_desk.desk, sent)}")) == ("bounced", case.number)
    after = ticket(test_desk, case.number)
    assert (after.state, after.version) == (before.state, before.version)
    assert line(test_desk, sent).delivery == DeliveryState.CAME_BACK


def test_a_second_bounce_of_the_same_mail_is_kept_apart(test_desk: TestDesk, mei: DeskSession) -> None:
    case, sent = answered(test_desk, mei)
    about = f"Message-ID: {mail_id(test_desk.desk, sent)}"
    assert taken(test_desk, report(about)) == ("bounced", case.number)
    assert taken(test_desk, report(about, headers=("Date: Fri, 20 Nov 2026 09:00:00 +0000",))) == ("bounced", None)
    assert len(lines(test_desk, case.number, MessageSort.AUTOMATIC)) == 1
    assert [kept.sort for kept in apart(test_desk)] == [SetAside.BOUNCE]
    assert len(entries(test_desk.desk, Action.MAIL_CAME_BACK.value)) == 1


def test_a_delay_and_a_complaint_mark_nothing(test_desk: TestDesk, mei: DeskSession) -> None:
    case, sent = answered(test_desk, mei)
    about = f"Message-ID: {mail_id(test_desk.desk, sent)}"
    assert taken(test_desk, report(about, action="delayed")) == ("bounced", case.number)
    complaint = report(about).replace(b"message/delivery-status", b"message/feedback-report")
    assert taken(test_desk, complaint) == ("bounced", case.number)
    assert line(test_desk, sent).delivery == DeliveryState.SENT
    classes = {note.mail_class for note in lines(test_desk, case.number, MessageSort.AUTOMATIC)}
    assert classes == {MailClass.BOUNCE, MailClass.FEEDBACK}
    assert taken(test_desk, report(about))[1] == case.number  # and then it did come back
    assert line(test_desk, sent).delivery == DeliveryState.CAME_BACK


def test_a_bounce_that_names_an_address_alone_is_only_noted(test_desk: TestDesk, mei: DeskSession) -> None:
    """Anyone can send one: it marks nothing."""
    case, sent = answered(test_desk, mei)
    assert taken(test_desk, report("Message-ID: <guessed@desk.example>")) == ("bounced", case.number)
    assert line(test_desk, sent).delivery == DeliveryState.SENT
    assert taken(test_desk, report("Subject: x", to="stranger@mail.example.org")) == ("bounced", None)
    test_desk.clock.forward(days=6)
    assert taken(test_desk, report("Subject: y")) == ("bounced", None)
    assert [kept.sort for kept in apart(test_desk)] == [SetAside.BOUNCE] * 2


def test_a_forged_bounce_cannot_name_what_a_requester_wrote(test_desk: TestDesk) -> None:
    assert taken(test_desk, mail("Message-ID: <1@mail.example.org>")) == ("opened", 10_401)
    assert taken(test_desk, report("Message-ID: <1@mail.example.org>", to="x@y.example")) == ("bounced", None)
    assert lines(test_desk, 10_401, MessageSort.AUTOMATIC) == []


def test_what_did_not_go_out_cannot_come_back(test_desk: TestDesk, mei: DeskSession) -> None:
    case, sent = answered(test_desk, mei)
    with test_desk.desk.database.transaction() as db:
        row = db.get_one(Message, sent)
        row.delivery = DeliveryState.QUEUED
        db.add(row)
    assert taken(test_desk, report(f"Message-ID: {mail_id(test_desk.desk, sent)}")) == ("bounced", case.number)
    assert line(test_desk, sent).delivery == DeliveryState.QUEUED


def test_a_notice_that_came_back_returns_to_its_agent_with_another_contact(
    test_desk: TestDesk, mei: DeskSession
) -> None:
    contacts = {Field.EMAIL: ALICE, Field.MOBILE: "+8613800138000"}
    case = make_ticket(test_desk, contacts=contacts, assignee=mei)
    sent = notice(test_desk, case)
    close(test_desk, case.number)
    assert taken(test_desk, report(f"Message-ID: {mail_id(test_desk.desk, sent)}")) == ("bounced", case.number)
    after = ticket(test_desk, case.number)
    assert (after.state, after.closed_at, after.assignee_id) == (TicketState.OPEN, None, mei.agent.id)
    [moved] = [one for one in entries(test_desk.desk, "ticket.state_set") if one.reason]
    assert moved.reason == "state closed -> open: the notice could not be delivered"
    with test_desk.desk.database.reading() as db:
        assert notice_way(db, case.number, after.received_at) is NoticeWay.NOT_DELIVERED
    shown = {one.id: one for one in open_ticket(mei, case.number).lines}[sent]
    assert shown.advice == "Send it again to another contact on file: +86 ••• •••• ••00."
    assert verify_log(test_desk.desk).ok


def test_a_notice_that_was_sent_again_elsewhere_does_not_come_back(test_desk: TestDesk, mei: DeskSession) -> None:
    case = make_ticket(test_desk, contacts={Field.EMAIL: ALICE}, assignee=mei)
    first = notice(test_desk, case)
    test_desk.clock.forward(minutes=1)
    notice(test_desk, case)
    close(test_desk, case.number)
    assert taken(test_desk, report(f"Message-ID: {mail_id(test_desk.desk, first)}")) == ("bounced", case.number)
    assert ticket(test_desk, case.number).state == TicketState.CLOSED


def notice(test_desk: TestDesk, case: MadeTicket) -> str:
    """A notice to the ticket's e-mail, which went out."""
    desk = test_desk.desk
    with desk.database.transaction() as db:
        sent = queue_message(
            db,
            desk,
            ticket_number=case.number,
            requester_id=case.requester_id,
            contact_id=case.contact_ids[Field.EMAIL],
            sort=MessageSort.NOTICE,
            text="Your request was decided.",
            agent_id=None,
        )
    assert deliver_queued(desk).sent == 1
    return sent


# --- senders who are only said


def test_a_sender_whom_another_header_names_is_no_one_on_file_and_no_one_before(test_desk: TestDesk) -> None:
    requester, _ = make_requester(test_desk, {Field.EMAIL: ALICE})
    data = mail("Reply-To: " + ALICE, sender="noreply@forms.example")
    outcome, number = taken(test_desk, data)
    assert (outcome, ticket(test_desk, number or 0).link) == ("opened", Link.NONE)
    assert ticket(test_desk, number or 0).requester_id != requester
    _, another = taken(test_desk, data.replace(b"Words.", b"Others."))
    assert ticket(test_desk, another or 0).requester_id != ticket(test_desk, number or 0).requester_id


def test_the_owner_of_an_address_joins_nothing_that_another_header_said(test_desk: TestDesk) -> None:
    said = mail("Reply-To: bob@mail.example.org", sender="noreply@forms.example")
    _, first = taken(test_desk, said)
    _, own = taken(test_desk, mail(sender="bob@mail.example.org", text="I am Bob."))
    assert ticket(test_desk, own or 0).requester_id != ticket(test_desk, first or 0).requester_id
    _, again = taken(test_desk, mail(sender="bob@mail.example.org", text="Bob again."))
    assert ticket(test_desk, again or 0).requester_id == ticket(test_desk, own or 0).requester_id


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("mx.desk.example; dmarc=pass", SenderCheck.CONFIRMED),
        ("mx.desk.example; dmarc=fail", SenderCheck.FAILED),
        ("elsewhere.example; dmarc=pass", SenderCheck.NOT_CHECKED),
    ],
)
def test_what_our_mail_server_says_of_a_sender_is_a_label_and_no_verification(
    sqlite_desk: TestDesk, header: str, found: SenderCheck
) -> None:
    desk = sqlite_desk.desk
    desk.settings = desk.settings.model_copy(update={"mail_checked_by": "mx.desk.example"})
    content = f"From: rosa@mail.example\nAuthentication-Results: {header}\nMessage-ID: <1@x>\nSubject: x\n\nWords."
    taken = take_in(operator_session(desk), read_mail(content.encode()))
    with desk.database.reading() as db:
        [message] = db.exec(select(Message).where(Message.ticket_number == taken.number)).all()
        ticket = db.get_one(Ticket, taken.number)
    assert (message.sender_check, message.unconfirmed, ticket.verified_at) == (found, False, None)


def test_a_form_that_our_server_confirms_confirms_no_one_behind_it(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    desk.settings = desk.settings.model_copy(update={"mail_checked_by": "mx.desk.example"})
    content = (
        "From: noreply@forms.example\nReply-To: rosa@mail.example\nSubject: x\nMessage-ID: <1@x>\n"
        "Authentication-Results: mx.desk.example; dmarc=pass\n\nWords."
    )
    taken = take_in(operator_session(desk), read_mail(content.encode()))
    with desk.database.reading() as db:
        [message] = db.exec(select(Message).where(Message.ticket_number == taken.number)).all()
    assert message.sender_check == SenderCheck.NOT_CHECKED
