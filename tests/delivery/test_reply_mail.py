"""What a letter carries beside its words: its thread, a subject, a quotation, and who may read any of that."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlmodel import col

from cs_console.casework.conversation import reply
from cs_console.custody.contacts import NewContact, add_contact
from cs_console.delivery.acknowledging import acknowledge_form
from cs_console.delivery.channels import Outgoing, mail_of
from cs_console.delivery.flowed import unflowed
from cs_console.delivery.message_ids import envelope_sender, message_of_mail_id, message_of_token, token_of
from cs_console.delivery.outgoing import deliver_queued, queue_message, send_now
from cs_console.delivery.reply_text import LONGEST_SUBJECT, answering_subject
from cs_console.desk import operator_session
from cs_console.intake.intake import import_jsonl, import_mail
from cs_console.policy.reply_rules import ReplyRules
from models.contact import Contact
from models.contact_fields import Field
from models.enums import DeliveryState, MessageSort
from models.message import Message
from models.roles import Role
from models.ticket import Ticket
from tests.support.desk import TestDesk
from tests.support.tickets import give, make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

ANNA, OTHER = "anna.lind@example.org", "a.lind@work.example"
WORDS = "We have looked into it, and the parcel is on its way."


@dataclass
class Correspondence:
    """One desk, what is written to it by mail, and what it writes back."""

    test_desk: TestDesk
    folder: Path
    written: int = 0
    read: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.mei = self.test_desk.session("mei", Role.AGENT)

    def receive(self, subject: str, text: str = "Where is my order?", sender: str = ANNA, **headers: str) -> Ticket:
        """Take a mail in; its ticket."""
        self.written += 1
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"], mail["To"], mail["Subject"] = sender, "service@desk.invalid", subject
        mail["Message-ID"] = f"<{self.written}@example.org>"
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        file = self.folder / f"{self.written}.eml"
        file.write_bytes(mail.as_bytes())
        counts = import_mail(operator_session(self.test_desk.desk), [file])
        assert counts.opened + counts.appended == 1
        self.test_desk.clock.forward(minutes=1)
        with self.test_desk.desk.database.reading() as db:
            newest = select(col(Message.ticket_number)).order_by(col(Message.at).desc()).limit(1)
            return db.get_one(Ticket, db.connection().execute(newest).scalar_one())

    def answer(self, ticket: Ticket, words: str = WORDS, contact_id: str = "") -> EmailMessage:
        """Write a reply to where the ticket's own message came from, or to that contact; the mail that went out."""
        give(self.test_desk, ticket.number, self.mei)
        with self.test_desk.desk.database.reading() as db:
            ticket = db.get_one(Ticket, ticket.number)
            own = select(col(Contact.id)).where(col(Contact.ticket_number) == ticket.number)
            contact_id = contact_id or str(db.connection().execute(own).scalar_one())
        assert reply(self.mei, ticket.number, ticket.version, contact_id, words) is DeliveryState.SENT
        (mail,) = self.sent()
        self.test_desk.clock.forward(minutes=1)
        return mail

    def sent(self) -> list[EmailMessage]:
        """What went out since this was asked last."""
        outbox = self.test_desk.desk.settings.outbox
        assert outbox is not None
        new = sorted(set(outbox.glob("*.eml")) - self.read)
        self.read.update(new)
        return [BytesParser(EmailMessage, policy=policy.default).parsebytes(file.read_bytes()) for file in new]

    def use(self, **rules: object) -> None:
        """Let the pack in force say this of replies."""
        shelf = self.test_desk.desk.packs
        pack = shelf.current.model_copy(update={"replies": ReplyRules.model_validate(rules)})
        vars(shelf)["get"] = lambda _name: pack  # the shelf reads files, and this is none


@pytest.fixture
def letters(test_desk: TestDesk, tmp_path: Path) -> Correspondence:
    return Correspondence(test_desk, tmp_path)


def text_of(mail: EmailMessage) -> str:
    assert mail.get_content_type() == "text/plain"
    assert (mail.get_param("format"), mail.get_content_charset()) == ("flowed", "utf-8")
    return unflowed(str(mail.get_content())).strip()


# --- the thread


def test_an_answer_stands_in_the_requesters_thread(letters: Correspondence) -> None:
    ticket = letters.receive("My order 4711")
    first = letters.answer(ticket)
    assert (first["in-reply-to"], first["references"]) == ("<1@example.org>", "<1@example.org>")
    assert first["subject"] == f"Re: My order 4711 [#{ticket.number}]"
    again = letters.receive(f"AW: {first['subject']}", In_Reply_To=str(first["message-id"]))
    assert again.number == ticket.number
    second = letters.answer(ticket)
    assert second["in-reply-to"] == "<2@example.org>"
    assert str(second["references"]).split() == ["<1@example.org>", str(first["message-id"]), "<2@example.org>"]
    assert second["subject"] == first["subject"]


def test_long_ids_leave_whole(letters: Correspondence) -> None:
    """Folded as encoded words they would name no message."""
    long = f"<{'A1' * 45}@EURPRD05.PROD.OUTLOOK.COM>"
    ticket = letters.receive("x")
    made = queue_to_first(letters, ticket, MessageSort.REPLY)
    mail = Outgoing(Field.EMAIL, ANNA, "s", "t", "<a@b>", made.at, in_reply_to=long, references=(long, "<b@c>", long))
    raw = outgoing_bytes(letters, mail)
    assert b"=?" not in raw
    assert raw.count(long.encode()) == 3


def outgoing_bytes(letters: Correspondence, mail: Outgoing) -> bytes:
    return mail_of(letters.test_desk.desk.settings, mail).as_bytes()


def queue_to_first(letters: Correspondence, ticket: Ticket, sort: MessageSort, agent_id: str | None = None) -> Message:
    desk = letters.test_desk.desk
    with desk.database.transaction() as db:
        contact = db.scalars(select(Contact).where(col(Contact.requester_id) == ticket.requester_id)).first()
        assert contact is not None
        message_id = queue_message(
            db,
            desk,
            ticket_number=ticket.number,
            requester_id=ticket.requester_id,
            contact_id=contact.id,
            sort=sort,
            text=WORDS,
            agent_id=agent_id,
        )
        return db.get_one(Message, message_id)


@pytest.mark.parametrize(
    "hidden",
    [
        {"From": f"{ANNA}, mallory@evil.example"},
        {"From": f'"{ANNA}" <mallory@evil.example>'},
        {"From": f"mallory@evil.example <{ANNA}>"},
        {"From": ANNA, "Message-ID": "<a b>"},
        {"From": ANNA, "Message-ID": "<a\u2028Bcc: x@y>"},
    ],
)
def test_what_is_no_plain_sender_or_id_is_not_answered_to(
    letters: Correspondence, hidden: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cs_console.custody import answered_mail

    ticket = letters.receive("My order")
    monkeypatch.setattr(answered_mail, "_headers", lambda *_: hidden)
    mail = letters.answer(ticket)
    assert mail["in-reply-to"] is None
    assert mail["references"] is None


# --- the subject


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("My order", "Re: My order"),
        ("Re: My order", "Re: My order"),
        ("RE: AW: Re[3]: My order", "Re: My order"),
        ("Antw.: SV: Mijn bestelling [#10482]", "Re: Mijn bestelling"),
        ("回复：回覆: 订单", "Re: 订单"),
        ("Re : Ma commande", "Re: Ma commande"),
        ("R: Il mio ordine", "Re: Il mio ordine"),
        ("답장: 주문", "Re: 주문"),
        ("Reference: 4711", "Re: Reference: 4711"),
        ("Report", "Re: Report"),
        ("[#10482] [#7] Help", "Re: Help"),
        ("Fwd: Re: An offer", "Re: Fwd: Re: An offer"),
        ("Help\r\nBcc: eve@example.net", "Re: Help Bcc: eve@example.net"),
        ("", ""),
        ("Re: [#10482]", ""),
    ],
)
def test_their_subject_is_answered_once(theirs: str, ours: str) -> None:
    assert answering_subject(theirs) == ours


@given(st.text())
@example("Re:" * 5000)
@example("\x1b]52;c;x\x07\u202e")
def test_any_subject_becomes_one_short_plain_line(theirs: str) -> None:
    ours = answering_subject(theirs)
    assert len(ours) <= LONGEST_SUBJECT + 4
    assert not any(ord(sign) < 32 or sign in "\x7f\x85\u2028\u2029\u202e" for sign in ours)
    assert not ours or answering_subject(ours) == ours


def test_their_subject_goes_to_the_address_that_wrote_it_alone(letters: Correspondence) -> None:
    """DECISIONS.md, 19: someone else may read the other mailbox."""
    ticket = letters.receive("About my illness")
    desk = letters.test_desk.desk
    with desk.database.transaction() as db:
        key = desk.keyring.key(ticket.requester_id)
        new = NewContact(Field.EMAIL, OTHER, False, desk.clock.now())
        elsewhere = add_contact(db, desk, ticket.requester_id, key, new)
    mail = letters.answer(ticket, contact_id=elsewhere)
    assert mail["to"] == OTHER
    assert mail["subject"] == f"Customer service [#{ticket.number}]"
    assert (mail["in-reply-to"], mail["references"]) == (None, None)


def test_an_unconfirmed_mail_is_not_answered_to(letters: Correspondence) -> None:
    """DECISIONS.md, 3."""
    ticket = letters.receive("My order")
    letters.receive("A trap", In_Reply_To="<1@example.org>")
    with letters.test_desk.desk.database.transaction() as db:
        db.connection().execute(
            update(Message).where(col(Message.ticket_number) == ticket.number).values(unconfirmed=True)
        )
    mail = letters.answer(ticket)
    assert mail["subject"] == f"Customer service [#{ticket.number}]"
    assert mail["in-reply-to"] is None


def test_a_mail_that_came_without_headers_is_answered_to_the_address_that_its_ticket_has(
    letters: Correspondence,
) -> None:
    line = {
        "type": "message", "id": "m-1", "channel": "mail", "from": {"e-mail": ANNA}, "subject": "My order", "text": "?",
    }  # fmt: skip
    file = letters.folder / "lines.jsonl"
    file.write_text(json.dumps(line), "utf-8")
    import_jsonl(operator_session(letters.test_desk.desk), file)
    desk = letters.test_desk.desk
    with desk.database.transaction() as db:
        ticket = db.scalars(select(Ticket)).one()
        new = NewContact(Field.EMAIL, OTHER, False, desk.clock.now())
        elsewhere = add_contact(db, desk, ticket.requester_id, desk.keyring.key(ticket.requester_id), new)
    assert letters.answer(ticket, contact_id=elsewhere)["subject"] == f"Customer service [#{ticket.number}]"
    assert letters.answer(ticket)["subject"] == f"Re: My order [#{ticket.number}]"


# --- what surrounds the words


def test_a_reply_ends_with_the_desks_name(letters: Correspondence) -> None:
    assert text_of(letters.answer(letters.receive("x"))) == f"{WORDS}\n\n-- \nCustomer service"


def test_the_pack_says_what_is_quoted_and_how_a_reply_is_signed(letters: Correspondence) -> None:
    letters.use(quote=True, quoted="On {{ date }} you wrote:", signature="Your service team\nhauthome.example")
    ticket = letters.receive("x", "Where is it?\n> older words of ours\n\nFrom Anna" + " with many greetings" * 10)
    said = text_of(letters.answer(ticket))
    quoted = "> Where is it?\n> \n> From Anna" + " with many greetings" * 10
    expected = f"{WORDS}\n\nOn 20 November 2026 you wrote:\n{quoted}\n\n-- \nYour service team\nhauthome.example"
    assert said == expected


def test_nothing_is_quoted_to_another_address(letters: Correspondence) -> None:
    letters.use(quote=True, quoted="You wrote:")
    ticket = letters.receive("x", "my secret words")
    desk = letters.test_desk.desk
    with desk.database.transaction() as db:
        key = desk.keyring.key(ticket.requester_id)
        new = NewContact(Field.EMAIL, OTHER, False, desk.clock.now())
        elsewhere = add_contact(db, desk, ticket.requester_id, key, new)
    assert "secret" not in text_of(letters.answer(ticket, contact_id=elsewhere))
    assert "secret" in text_of(letters.answer(ticket))


def test_a_long_mail_is_quoted_in_part(letters: Correspondence) -> None:
    letters.use(quote=True)
    ticket = letters.receive("x", "\n".join(f"line {number}" for number in range(1000)))
    said = text_of(letters.answer(ticket))
    assert "> line 199" in said
    assert "line 200" not in said
    assert "> […]" in said


def test_only_what_an_agent_typed_is_signed(letters: Correspondence) -> None:
    """A pack's letter says itself how it ends."""
    queue_to_first(letters, letters.receive("x"), MessageSort.REPLY)
    deliver_queued(letters.test_desk.desk)
    (mail,) = letters.sent()
    assert text_of(mail) == WORDS
    assert str(mail["subject"]).startswith("Re: x")


# --- machines


@pytest.mark.parametrize(
    ("sort", "by_agent", "says"),
    [
        (MessageSort.REPLY, True, None),
        (MessageSort.NOTICE, True, None),
        (MessageSort.NOTICE, False, "auto-generated"),
        (MessageSort.REMINDER, False, "auto-generated"),
        (MessageSort.CODE, True, "auto-generated"),
        (MessageSort.ACKNOWLEDGEMENT, False, "auto-replied"),
    ],
)
def test_a_letter_says_whether_a_person_wrote_it(
    letters: Correspondence, sort: MessageSort, by_agent: bool, says: str | None
) -> None:
    """RFC 3834: programs answer no mail that says it is automatic."""
    mei = letters.mei
    queue_to_first(letters, letters.receive("x"), sort, mei.agent.id if by_agent else None)
    deliver_queued(letters.test_desk.desk)
    (mail,) = letters.sent()
    assert mail["auto-submitted"] == says
    assert mail["x-auto-response-suppress"] == ("All" if says else None)


def test_a_code_says_that_it_is_automatic(letters: Correspondence) -> None:
    made = make_ticket(letters.test_desk, contacts={Field.EMAIL: ANNA})
    send_now(letters.test_desk.desk, made.contact_ids[Field.EMAIL], "s", "12345678")
    (mail,) = letters.sent()
    assert mail["auto-submitted"] == "auto-generated"


@pytest.mark.parametrize(
    "address",
    [
        "service@desk.invalid",
        "Service@DESK.invalid",
        "service+x@desk.invalid",
        "bounces+0123@desk.invalid",
        "mailer-daemon@example.org",
        "Postmaster@example.org",
        "no-reply@shop.example",
        "noreply+7@shop.example",
    ],
)
def test_no_acknowledgement_goes_to_ourselves_or_to_machines(letters: Correspondence, address: str) -> None:
    made = make_ticket(letters.test_desk, contacts={Field.EMAIL: address}, on_file=False)
    with letters.test_desk.desk.database.transaction() as db:
        assert not acknowledge_form(db, letters.test_desk.desk, made.number, address)
        assert acknowledge_form(db, letters.test_desk.desk, made.number, ANNA)


# --- what a bounce names


def test_a_bounce_names_the_message_by_its_id_or_its_envelope_sender(letters: Correspondence) -> None:
    desk = letters.test_desk.desk
    ticket = letters.receive("x")
    mail = letters.answer(ticket)
    verp = desk.settings.model_copy(update={"mail_verp": True})
    with desk.database.reading() as db:
        ours = message_of_mail_id(db, desk, str(mail["message-id"]))
        assert ours is not None
        assert db.get_one(Message, ours).sort == MessageSort.REPLY
        assert message_of_mail_id(db, desk, "<1@example.org>") is None, "theirs"
        sender = envelope_sender(verp, ours)
        for written in (sender, f"<{sender}>", sender.upper()):
            token = token_of(verp, written)
            assert token is not None
            assert message_of_token(db, token) == ours
        received = db.scalars(select(Message).where(col(Message.sort) == MessageSort.RECEIVED)).one()
        assert message_of_token(db, received.id) is None, "theirs"
    assert envelope_sender(desk.settings, ours) == "service@desk.invalid"
    for other in ("service@desk.invalid", f"bounces+{ours}@elsewhere.example", "bounces+1@desk.invalid", ""):
        assert token_of(verp, other) is None


@pytest.mark.parametrize("verp", [False, True])
def test_the_envelope_has_the_sender_that_the_settings_say(
    letters: Correspondence, monkeypatch: pytest.MonkeyPatch, verp: bool
) -> None:
    handed: list[str] = []
    refuse: Callable[..., None] = lambda _url, sender, *_rest: handed.append(sender)  # noqa: E731 - the server, once
    monkeypatch.setattr("cs_console.delivery.smtp.send", refuse)
    desk = letters.test_desk.desk
    changed = {"mail_verp": verp, "outbox": None, "smtp_url": "smtp://localhost"}
    desk.settings = desk.settings.model_copy(update=changed)
    made = queue_to_first(letters, letters.receive("x"), MessageSort.REPLY)
    deliver_queued(desk)
    assert handed == [f"bounces+{made.id}@desk.invalid" if verp else "service@desk.invalid"]
