"""One account is one person: no shared phone, no form, no old export and no forged mail makes two people one."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from cs_console.casework.contacts import change_contact
from cs_console.casework.conversation import open_ticket, reply
from cs_console.custody import suppression
from cs_console.custody.blind_index import account_token
from cs_console.custody.contacts import NewContact, add_claim, masked_contacts
from cs_console.custody.erasing import carry_out, say_erased, wipe
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.delivery import acknowledging
from cs_console.delivery.outgoing import deliver_queued
from cs_console.delivery.where_to_write import may_write_to, where_to_write
from cs_console.desk import Desk, DeskSession, operator_session
from cs_console.errors import CodeExpired, ContactNotOnFile, ContactRecent, ContactShared, NotVerified, OwnerNotVouched
from cs_console.intake import on_file
from cs_console.intake.intake import ImportCounts, from_bytes, import_jsonl, take_in
from cs_console.tickets.look_up import look_up
from cs_console.tickets.ticket_record import facts
from cs_console.upkeep import keep_up
from cs_console.verification.codes import check_code, options, send_code, status
from cs_console.verification.linking import unlink_ticket
from cs_console.verification.methods import verify_by_note
from models.acknowledgement import Acknowledgement
from models.columns import EPOCH, new_id
from models.contact import Contact
from models.contact_fields import Field
from models.enums import (
    Action,
    ErasureCause,
    ErasureState,
    Link,
    MessageSort,
    RequesterState,
    TicketKind,
    TicketState,
    VerificationMethod,
)
from models.erasure import Erasure
from models.message import Message
from models.requester import Requester
from models.roles import Role
from models.ticket import Ticket
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.stored import opened_ticket
from tests.support.tickets import give, make_requester, make_ticket

MOBILE, HIS_MOBILE = "+8613800138000", "+8613900139000"
ANNA, BORIS, STRANGER = "anna@mail.example.org", "boris@mail.example.org", "mallory@mail.example.org"
NOTE = "A letter with the account's number, signed."


class Platform:
    """What the platform, its web form and people's mailboxes send, and what goes out to them."""

    def __init__(self, test_desk: TestDesk, folder: Path) -> None:
        self.test_desk, self.desk, self.clock = test_desk, test_desk.desk, test_desk.clock
        self.mei = test_desk.session("mei", Role.AGENT)
        self._file = folder / "lines.jsonl"
        self._sent = 0

    @property
    def vera(self) -> DeskSession:
        """A verifier who has just signed in."""
        self._sent += 1
        return self.test_desk.session(f"vera-{self._sent}", Role.VERIFIER)

    def lines(self, *lines: Mapping[str, object]) -> ImportCounts:
        self._file.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
        return import_jsonl(operator_session(self.desk), self._file)

    def record(self, account: str, changed_at: datetime | None = None, **on_file: str) -> ImportCounts:
        """An account's record; `email` and `mobile` are on file."""
        line = {"type": "requester", "account": account, "on_file": _named(on_file)}
        return self.lines(line if changed_at is None else {**line, "changed_at": changed_at.isoformat()})

    def says(self, channel: str = "form", subject: str = "A report", **sender: str) -> int:
        """A message with these fields of its sender; the number of the ticket that it opened or joined."""
        self._sent += 1
        before = self._messages()
        self.lines(
            {
                "type": "message",
                "id": f"m-{self._sent}",
                "from": _named(sender),
                "subject": subject,
                "text": "Words of mine.",
                "channel": channel,
                "kind": "rights",
            }
        )
        (new,) = set(self._messages()) - set(before)
        return self._messages()[new]

    def _messages(self) -> dict[str, int]:
        with self.desk.database.reading() as db:
            received = select(Message).where(col(Message.sort) == MessageSort.RECEIVED)
            return {message.id: message.ticket_number for message in db.scalars(received)}

    def code(self, number: int, mask: str = "") -> str:
        """Send a code to the first contact on file whose mask begins so, and read it where it came."""
        before = set(self.outbox())
        wanted = next(one for one in options(self.vera, number) if one.mask.startswith(mask))
        send_code(self.vera, number, wanted.contact_id)
        (new,) = set(self.outbox()) - before
        found = re.search(r"\b[0-9]{8}\b", new.read_text("utf-8").partition("\n\n")[2])
        assert found
        return found.group()

    def outbox(self) -> list[Path]:
        assert self.desk.settings.outbox is not None
        return sorted(self.desk.settings.outbox.rglob("*.*"))

    def ticket(self, number: int) -> Ticket:
        with self.desk.database.reading() as db:
            return db.get_one(Ticket, number)

    def person(self, address: str) -> str | None:
        """Whose ticket a mail from this address becomes, and opens."""
        return self.ticket(self.says("mail", email=address)).requester_id


def _named(fields: dict[str, str]) -> dict[str, str]:
    return {name.replace("email", "e-mail"): value for name, value in fields.items()}


@pytest.fixture
def platform(test_desk: TestDesk, tmp_path: Path) -> Platform:
    return Platform(test_desk, tmp_path)


@pytest.fixture
def here(sqlite_desk: TestDesk, tmp_path: Path) -> Platform:
    """The same where neither SQL nor locks matter."""
    return Platform(sqlite_desk, tmp_path)


# --- accounts --------------------------------------------------------------------------------------------------


@pytest.mark.core
def test_two_accounts_with_one_phone_stay_two_people(platform: Platform) -> None:
    platform.record("u1", mobile=MOBILE, email=ANNA)
    number = platform.says("mail", email=ANNA)
    platform.record("u2", mobile=MOBILE, email=BORIS)
    anna = platform.ticket(number)
    assert platform.person(BORIS) != anna.requester_id == platform.person(ANNA)
    assert {one.mask for one in options(platform.vera, number)} == {"a•••@m•••.org", "+86 ••• •••• ••00"}
    shared = next(one for one in options(platform.vera, number) if one.field is Field.MOBILE)
    assert (shared.allowed, shared.why_not) == (False, "on file with several accounts")
    with pytest.raises(ContactShared):
        send_code(platform.vera, number, shared.contact_id)
    check_code(platform.vera, number, platform.code(number, "a"))
    assert platform.ticket(number).link == Link.PROVEN


def test_a_shared_address_is_no_ones_until_a_person_decides(here: Platform) -> None:
    here.record("u1", email=ANNA)
    here.record("u2", email=ANNA)
    ticket = here.ticket(here.says("mail", email=ANNA))
    assert ticket.link == Link.NONE
    assert options(here.vera, ticket.number) == ()


def test_a_code_is_worth_nothing_once_its_contact_is_shared(here: Platform) -> None:
    here.record("u1", email=ANNA)
    number = here.says("mail", email=ANNA)
    digits = here.code(number)
    here.record("u2", email=ANNA)
    with pytest.raises(CodeExpired):
        check_code(here.vera, number, digits)


def test_an_old_export_changes_nothing_and_is_counted(platform: Platform) -> None:
    then, now = platform.clock.now() - timedelta(days=300), platform.clock.now() - timedelta(days=200)
    platform.record("u1", then, mobile=MOBILE)
    platform.record("u1", now, mobile=HIS_MOBILE)
    number = platform.says("call", mobile=HIS_MOBILE)
    counts = platform.record("u1", then, mobile=MOBILE)
    assert (counts.requesters, counts.older) == (0, 1)
    (contact,) = options(platform.vera, number)
    assert contact.mask.endswith("••00")
    with platform.desk.database.reading() as db:
        rows = db.scalars(select(Contact).where(col(Contact.field) == Field.MOBILE, col(Contact.on_file))).all()
        assert [row.replaced_at is None for row in sorted(rows, key=lambda row: row.changed_at)] == [False, True]


def test_what_we_saw_change_is_recent_whatever_the_platform_says(here: Platform) -> None:
    long_ago = here.clock.now() - timedelta(days=400)
    here.record("u1", long_ago, mobile=MOBILE, email=ANNA)
    number = here.says("mail", email=ANNA)
    assert all(one.allowed for one in options(here.vera, number))
    here.record("u1", long_ago + timedelta(days=1), mobile=HIS_MOBILE, email=ANNA)
    fresh = next(one for one in options(here.vera, number) if one.field is Field.MOBILE)
    with pytest.raises(ContactRecent):
        send_code(here.vera, number, fresh.contact_id)
    assert next(one for one in options(here.vera, number) if one.field is Field.EMAIL).allowed


def test_a_first_record_is_no_change_and_one_that_changes_nothing_visible_is(here: Platform) -> None:
    here.record("u1", email=ANNA)
    number = here.says("mail", email=ANNA)
    (first,) = options(here.vera, number)
    assert first.allowed
    here.clock.forward(days=1)
    here.record("u1", here.clock.now(), email=ANNA)
    (again,) = options(here.vera, number)
    assert (again.contact_id, again.allowed) == (first.contact_id, False)


def test_what_the_newest_record_has_no_more_is_used_no_more(platform: Platform) -> None:
    """A number that was taken off the account may belong to someone else by now who is not on file."""
    platform.record("u1", mobile=MOBILE, email=ANNA)
    number = platform.says("mail", email=ANNA)
    given_up = next(one for one in options(platform.vera, number) if one.field is Field.MOBILE)
    digits = platform.code(number, "+86")
    platform.record("u1", email=ANNA)
    assert [one.field for one in options(platform.vera, number)] == [Field.EMAIL]
    with pytest.raises(ContactNotOnFile):
        send_code(platform.vera, number, given_up.contact_id)
    with pytest.raises(CodeExpired):
        check_code(platform.vera, number, digits)
    assert platform.ticket(platform.says("form", mobile=MOBILE)).link == Link.NONE
    platform.record("u1", mobile=MOBILE, email=ANNA)
    again = next(one for one in options(platform.vera, number) if one.field is Field.MOBILE)
    assert not again.allowed  # it was put on file a moment ago


def test_an_account_has_at_most_one_person(platform: Platform) -> None:
    """The store itself refuses a second row."""
    from sqlalchemy.exc import IntegrityError

    platform.record("u1", email=ANNA)
    with platform.desk.database.reading() as db:
        token = db.scalars(select(col(Requester.account))).one()
    with pytest.raises((IntegrityError, Exception)), platform.desk.database.transaction() as db:
        db.add(Requester(created_at=EPOCH, account=token))
        db.flush()
    with platform.desk.database.reading() as db:
        assert len(db.scalars(select(Requester)).all()) == 1


def test_two_accounts_whose_look_up_values_were_exchanged_take_no_record(platform: Platform) -> None:
    """What the database's owner exchanges does not make the platform's next export put a stranger's number on file."""
    platform.record("u1", email=ANNA)
    platform.record("u2", email=BORIS)
    number = platform.says("mail", email=ANNA)
    anna = platform.ticket(number).requester_id
    with platform.desk.database.transaction() as db:
        first, second = db.scalars(select(Requester).order_by(col(Requester.created_at))).all()
        tokens = first.account, second.account
        for values in ((None, None), tokens[::-1]):
            for one, token in zip((first, second), values, strict=True):
                db.connection().execute(update(Requester).where(col(Requester.id) == one.id).values(account=token))
    counts = platform.record("u2", email=BORIS, mobile="+8613811111111")
    assert (counts.requesters, counts.quarantined) == (0, 1)
    with platform.desk.database.reading() as db:
        assert Field.MOBILE not in {one.field for one in masked_contacts(db, platform.desk, anna)}


# --- claims ----------------------------------------------------------------------------------------------------


def test_a_form_that_names_a_victim_puts_nothing_on_the_victims_record(platform: Platform) -> None:
    report = platform.says("mail", email=ANNA)
    form = platform.says("form", mobile=HIS_MOBILE, email=ANNA)
    platform.record("u9", mobile=HIS_MOBILE, email=STRANGER)
    assert platform.ticket(report).requester_id != platform.ticket(form).requester_id
    for number in (report, form):
        assert platform.ticket(number).link == Link.NONE
        assert options(platform.vera, number) == ()
    mine = platform.says("mail", email=STRANGER)
    assert platform.ticket(mine).requester_id not in {platform.ticket(report).requester_id}
    with platform.desk.database.reading() as db:
        victim = platform.ticket(report).requester_id
        shown = masked_contacts(db, platform.desk, victim, ticket_keys(db, platform.desk, report))
        assert {(one.mask, one.claimed) for one in shown} == {("a•••@m•••.org", True)}
        claimed = db.scalars(select(col(Contact.id)).where(col(Contact.requester_id) == victim)).all()
    with pytest.raises(ContactNotOnFile):
        send_code(platform.vera, report, claimed[0])


def test_a_form_whose_fields_match_two_accounts_is_no_ones(here: Platform) -> None:
    here.record("u1", email=ANNA)
    here.record("u9", mobile=HIS_MOBILE)
    assert here.ticket(here.says("form", mobile=HIS_MOBILE, email=ANNA)).link == Link.NONE
    assert here.ticket(here.says("form", mobile="+8613700137000", email=ANNA)).link == Link.PRESUMED


def test_two_forms_with_one_address_are_two_unverified_senders(here: Platform) -> None:
    """A form shows no address of its own, so nothing says that the same person filled both in."""
    one, other = here.says("form", email=ANNA), here.says("form", email=ANNA)
    assert here.ticket(one).requester_id != here.ticket(other).requester_id


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("strasse@example.org", "straße@example.org", False),
        ("Anna@example.org", "anna@example.org", False),
        ("anna@EXAMPLE.org", "anna@example.org", True),
        ("anna@bücher.example", "anna@xn--bcher-kva.example", True),
    ],
)
def test_two_unverified_senders_are_one_only_as_written(here: Platform, one: str, other: str, same: bool) -> None:
    assert (here.person(one) == here.person(other)) is same


def test_an_unconfirmed_mail_in_the_moment_of_the_first_one_makes_no_other_sender_of_its_address(
    here: Platform,
) -> None:
    here.record("u1", email=ANNA)
    opened = here.says("mail", email=ANNA)
    here.record("u1", email=BORIS)
    assert here.says("mail", f"And this [#{opened}]", email=ANNA) == opened
    unlink_ticket(here.vera, opened, here.ticket(opened).version, NOTE)
    assert here.person(ANNA) == here.ticket(opened).requester_id


def test_a_claim_hides_no_words_on_other_tickets(here: Platform) -> None:
    here.says("mail", email=ANNA, name="Words")
    again = here.says("mail", email=ANNA)
    assert opened_ticket(here.desk, again).texts_redacted == ("Words of mine.",)


def test_a_contact_added_by_hand_needs_a_window_and_captures_nothing(platform: Platform) -> None:
    platform.record("u1", email=ANNA)
    number = platform.says("mail", email=ANNA)
    give(platform.test_desk, number, platform.mei)
    with pytest.raises(NotVerified):
        change_contact(platform.mei, number, None, Field.EMAIL, STRANGER)
    verify_by_note(platform.vera, number, VerificationMethod.WRITTEN, NOTE)
    change_contact(platform.mei, number, None, Field.EMAIL, STRANGER)
    assert platform.person(STRANGER) != platform.ticket(number).requester_id
    assert [one.mask[0] for one in options(platform.vera, number)] == ["a"]
    with platform.desk.database.reading() as db:
        added = db.scalars(select(Contact).where(col(Contact.on_file).is_(False))).all()
    for contact in added:
        with pytest.raises(ContactNotOnFile):
            send_code(platform.vera, number, contact.id)


def test_a_look_up_finds_the_tickets_of_all_who_have_or_claim_it(here: Platform) -> None:
    here.record("u1", email=ANNA)
    here.record("u2", email=ANNA)
    claimed = here.says("form", email=ANNA)
    assert look_up(here.mei, Field.EMAIL, ANNA, "reply") == (claimed,)


# --- codes -----------------------------------------------------------------------------------------------------


def replaced(here: Platform, number: int) -> None:
    here.record("u1", email=BORIS)


def replaced_and_put_back(here: Platform, number: int) -> None:
    here.record("u1", email=BORIS)
    here.record("u1", email=ANNA)


def linked_elsewhere(here: Platform, number: int) -> None:
    other, _ = make_requester(here.test_desk, {Field.EMAIL: "other@mail.example.org"})
    with here.desk.database.transaction() as db:
        db.connection().execute(update(Ticket).where(col(Ticket.number) == number).values(requester_id=other))


@pytest.mark.parametrize("event", [replaced, replaced_and_put_back, linked_elsewhere])
def test_a_code_of_a_contact_that_was_replaced_opens_nothing(
    here: Platform, event: Callable[[Platform, int], None]
) -> None:
    here.record("u1", email=ANNA)
    number = here.says("mail", email=ANNA)
    digits = here.code(number)
    event(here, number)
    with pytest.raises(CodeExpired if event is not linked_elsewhere else OwnerNotVouched):
        check_code(here.vera, number, digits)
    if event is not linked_elsewhere:
        assert status(here.vera, number).window_until is None


def test_a_contact_replaced_while_a_code_is_checked_opens_nothing(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cs_console.verification import codes

    here.record("u1", email=ANNA)
    number = here.says("mail", email=ANNA)
    digits = here.code(number)
    taken = codes._take

    def take(session: DeskSession, wanted: int, typed: str) -> object:
        found = taken(session, wanted, typed)
        here.record("u1", email=BORIS)
        return found

    monkeypatch.setattr(codes, "_take", take)
    with pytest.raises(CodeExpired):
        check_code(here.vera, number, digits)


# --- follow-ups ------------------------------------------------------------------------------------------------


def test_a_strangers_withdrawal_opens_a_ticket_of_the_strangers_own(here: Platform) -> None:
    here.record("u1", email=ANNA)
    number = here.says("mail", email=ANNA)
    check_code(here.vera, number, here.code(number))
    for channel, sender in (("mail", {"email": STRANGER}), ("form", {"email": ANNA})):
        assert here.says(channel, f"[#{number}] I withdraw", **sender) != number
    assert status(here.vera, number).window_until is not None


def linked(here: Platform) -> int:
    """A ticket that a stranger's mail opened and that a person linked to Anna's account."""
    person = make_requester(here.test_desk, {Field.EMAIL: ANNA})
    number = make_ticket(here.test_desk, requester=person, kind=TicketKind.RIGHTS).number
    with here.desk.database.transaction() as db:
        keys = ticket_keys(db, here.desk, number)
        add_claim(db, here.desk, keys, NewContact(Field.EMAIL, STRANGER, False, here.clock.now()))
    return number


def test_an_unconfirmed_follow_up_is_marked_and_changes_nothing(platform: Platform) -> None:
    """The ticket came from an address that is not on file; a person linked it to the account that proved itself."""
    number = linked(platform)
    before = platform.ticket(number)
    platform.clock.forward(minutes=5)
    assert platform.says("mail", f"Re: [#{number}] I withdraw", email=STRANGER) == number
    after = platform.ticket(number)
    assert (after.version, after.state, after.last_message_at, after.due_at) == (
        before.version,
        before.state,
        before.last_message_at,
        before.due_at,
    )
    lines = open_ticket(platform.mei, number).lines
    assert [line.unconfirmed for line in lines] == [False, True]
    (entry,) = recorded(platform.desk, Action.UNCONFIRMED_RECEIVED)
    assert entry.ticket == number
    assert recorded(platform.desk, Action.TICKET_STATE_SET) == []
    platform.clock.forward(minutes=1)
    assert platform.says("mail", f"Re: [#{number}] I go on", email=ANNA) == number
    assert [line.unconfirmed for line in open_ticket(platform.mei, number).lines] == [False, True, False]


def test_an_unconfirmed_follow_up_wakes_no_closed_ticket(here: Platform) -> None:
    number = linked(here)
    with here.desk.database.transaction() as db:
        closed = {"state": TicketState.CLOSED, "closed_at": here.clock.now()}
        db.connection().execute(update(Ticket).where(col(Ticket.number) == number).values(closed))
    assert here.says("mail", f"Re: [#{number}] I go on", email=STRANGER) != number
    assert here.ticket(number).state == TicketState.CLOSED
    assert here.says("mail", f"Re: [#{number}] I go on", email=ANNA) == number
    assert here.ticket(number).state != TicketState.CLOSED


@pytest.mark.parametrize(
    ("checks", "unconfirmed"),
    [
        (("mx.desk.example; dmarc=fail header.from=mail.example",), True),
        (("mx.desk.example; dmarc=pass", "mx.desk.example; dmarc=fail"), False),
        (("mx.elsewhere.example; dmarc=fail",), False),
        ((), False),
    ],
)
def test_a_follow_up_that_our_mail_server_calls_forged_is_unconfirmed(
    here: Platform, checks: tuple[str, ...], unconfirmed: bool
) -> None:
    """DECISIONS 3: one that names an address on file withdraws nothing, and leaves the window open."""
    here.desk.settings = here.desk.settings.model_copy(update={"mail_checked_by": "mx.desk.example"})
    here.record("u1", email=ANNA)
    number = here.says("mail", email=ANNA)
    check_code(here.vera, number, here.code(number))
    before = here.ticket(number)
    here.clock.forward(minutes=1)
    mail = "".join(
        (
            *(f"Authentication-Results: {one}\r\n" for one in checks),
            f"From: {ANNA}\r\nTo: help@desk.example\r\nSubject: [#{number}] I withdraw\r\n",
            "Message-ID: <w@mail>\r\n\r\nI withdraw.\r\n",
        )
    )
    assert take_in(operator_session(here.desk), from_bytes(mail.encode())).number == number
    assert [line.unconfirmed for line in open_ticket(here.mei, number).lines if "withdraw" in line.text] == [
        unconfirmed
    ]
    assert (here.ticket(number).version == before.version) is unconfirmed
    assert status(here.vera, number).window_until is not None


# --- letters ---------------------------------------------------------------------------------------------------


def letter_goes_to(here: Platform, number: int) -> str:
    """The masked contact that a letter on this ticket goes to, "" where it goes nowhere."""
    with here.desk.database.reading() as db:
        ticket = facts(db, number)
        found = where_to_write(db, here.desk, ticket, claimed=True)
        shown = masked_contacts(db, here.desk, ticket.requester_id, ticket_keys(db, here.desk, number))
        assert {one.id for one in shown if one.id == found} <= may_write_to(db, here.desk, ticket)
        return next((one.mask for one in shown if one.id == found), "")


def test_a_letter_goes_to_what_is_on_file_or_the_ticket_came_from_never_to_a_form(platform: Platform) -> None:
    unknown = platform.says("mail", email=ANNA)
    forms = [platform.says("form", email=ANNA), platform.says("form", email=STRANGER, mobile=MOBILE)]
    assert letter_goes_to(platform, unknown) == "a•••@m•••.org"
    assert [letter_goes_to(platform, form) for form in forms] == ["", ""]
    platform.record("u1", email=BORIS, mobile=HIS_MOBILE)
    named = platform.says("form", mobile=HIS_MOBILE, email=STRANGER)
    assert letter_goes_to(platform, named) == "b•••@m•••.org"


def test_a_letter_does_not_go_where_another_account_has_the_same_contact(platform: Platform) -> None:
    """A number or a mailbox that changed hands is on file with both until the platform says otherwise."""
    platform.record("u1", mobile=MOBILE, email=ANNA)
    form, mail = platform.says("form", mobile=MOBILE, email=ANNA), platform.says("mail", email=ANNA)
    assert letter_goes_to(platform, form) == letter_goes_to(platform, mail) == "a•••@m•••.org"
    platform.record("u2", mobile=HIS_MOBILE, email=ANNA)
    assert letter_goes_to(platform, form).endswith("••00")
    assert letter_goes_to(platform, mail) == "a•••@m•••.org"  # the very address that the ticket came from
    view = open_ticket(platform.mei, form)
    reached = {one.field for one in view.contacts if one.on_file and one.id in view.may_write_to}
    assert Field.MOBILE in reached and Field.EMAIL not in reached
    platform.record("u3", mobile=MOBILE, email=BORIS)
    assert letter_goes_to(platform, form) == "a•••@m•••.org"  # nothing on file is theirs alone


def test_a_reply_goes_to_no_address_that_a_form_names(here: Platform) -> None:
    form = here.says("form", email=STRANGER)
    with here.desk.database.transaction() as db:
        db.connection().execute(update(Ticket).values(assignee_id=here.mei.agent.id))
        claim = db.scalars(select(col(Contact.id))).one()
    assert open_ticket(here.mei, form).may_write_to == frozenset()
    before = here.outbox()
    with pytest.raises(ContactNotOnFile):
        reply(here.mei, form, 1, claim, "What we found out about Anna.")
    assert here.outbox() == before


def answer(here: Platform, subject: str, reference: str, sender: str, header: str = "") -> int | None:
    """A mail that answers another; the ticket that it opened or joined."""
    more = f"{header}\r\n" if header else ""
    mail = (
        f"{more}From: {sender}\r\nTo: help@desk.example\r\nSubject: {subject}\r\nMessage-ID: <{new_id()}@mail>\r\n"
        f"In-Reply-To: {reference}\r\n\r\nYes, that was me.\r\n"
    )
    return take_in(operator_session(here.desk), from_bytes(mail.encode())).number


def test_a_form_is_acknowledged_without_content_and_answered_only_once_its_owner_answers(here: Platform) -> None:
    form = here.says("form", subject="Secret matter", email=ANNA)
    deliver_queued(here.desk)
    (sent,) = here.outbox()
    words = sent.read_text("utf-8")
    assert "matter" not in words
    assert "Words of mine" not in words
    found = re.search(r"^Message-ID: (<.*>)\r?$", words, re.MULTILINE)
    assert found
    here.says("form", email=ANNA)
    deliver_queued(here.desk)
    assert here.outbox() == [sent]  # one a day to one address
    assert letter_goes_to(here, form) == ""
    tag = f"Re: [#{form}]"
    assert answer(here, tag, "<guessed@desk.invalid>", ANNA) != form
    assert answer(here, tag, found[1], STRANGER) != form
    assert letter_goes_to(here, form) == ""
    assert answer(here, tag, found[1], ANNA) == form
    assert letter_goes_to(here, form) == "a•••@m•••.org"


def acknowledged(here: Platform, form: int) -> str:
    """The Message-ID of the acknowledgement that a form's address got."""
    deliver_queued(here.desk)
    words = here.outbox()[-1].read_text("utf-8")
    assert f"[#{form}]" in words
    found = re.search(r"^Message-ID: (<.*>)\r?$", words, re.MULTILINE)
    assert found
    return found[1]


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: (away) Auto-Replied; owner-email=x@y.example",
        "Precedence: bulk",
        "Precedence: Auto_Reply",
        "Precedence: junk",
        "X-Autoreply: yes",
        "X-Autorespond: Away",
        "Return-Path: <>",
        "Precedence: auto-reply",
        "X-Autoresponder: on",
        "X-Autogenerated: Reply",
        "X-POST-MessageClass: 9; Autoresponder",
    ],
)
def test_an_automatic_answer_proves_no_ones_address(here: Platform, header: str) -> None:
    """Its owner is away and has read nothing: anyone's form would be answered to them."""
    form = here.says("form", email=ANNA)
    reference, tag = acknowledged(here, form), f"Re: [#{form}]"
    assert answer(here, tag, reference, ANNA, header) == form
    assert letter_goes_to(here, form) == ""
    assert answer(here, tag, reference, ANNA, "Auto-Submitted: no (I wrote it)") == form
    assert letter_goes_to(here, form) == "a•••@m•••.org"


@pytest.mark.parametrize(
    "other",
    ["ANNA@mail.example.org", "Anna+1@mail.example.org", "anna+x+y@MAIL.example.org", "an.na@mail.example.org"],
)
def test_one_mailbox_gets_one_acknowledgement_a_day_however_it_is_written(here: Platform, other: str) -> None:
    here.says("form", email=ANNA)
    deliver_queued(here.desk)
    assert len(here.outbox()) == 1
    again = here.says("form", email=other)
    keep_up(here.desk)
    assert len(here.outbox()) == 1
    assert letter_goes_to(here, again) == ""
    here.clock.forward(days=1, minutes=1)
    here.says("form", email=other)
    deliver_queued(here.desk)
    assert len(here.outbox()) == 2


def test_an_acknowledgement_that_too_many_others_held_back_goes_out_later(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of forms must not leave the others' tickets without an answer for ever."""
    here = platform
    monkeypatch.setattr(acknowledging, "MOST_AN_HOUR", 1)
    here.says("form", email=STRANGER)
    form, later, closed = (here.says("form", email=one) for one in (ANNA, BORIS, "carla@mail.example.org"))
    closing = {"state": TicketState.CLOSED, "closed_at": here.clock.now()}
    with here.desk.database.transaction() as db:
        db.connection().execute(update(Ticket).where(col(Ticket.number) == closed).values(closing))
    keep_up(here.desk)
    assert len(here.outbox()) == 1
    here.clock.forward(hours=1, minutes=1)
    for _ in range(2):
        keep_up(here.desk)
        assert len(here.outbox()) == 2
    reference = acknowledged(here, form)
    assert answer(here, f"Re: [#{form}]", reference, ANNA) == form
    assert letter_goes_to(here, form) == "a•••@m•••.org"
    for sent in (3, 3, 3):
        here.clock.forward(hours=1, minutes=1)
        keep_up(here.desk)
        assert len(here.outbox()) == sent
    acknowledged(here, later)


def test_who_writes_later_waits_behind_those_who_wait(here: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a hundred forms at the beginning of each hour would keep everybody else waiting."""
    monkeypatch.setattr(acknowledging, "MOST_AN_HOUR", 1)
    here.says("form", email=STRANGER)
    form = here.says("form", email=ANNA)
    keep_up(here.desk)
    here.clock.forward(hours=1, minutes=1)
    here.says("form", email="mallory2@mail.example.org")
    keep_up(here.desk)
    assert acknowledged(here, form)
    assert len(here.outbox()) == 2


def test_what_waits_for_its_acknowledgement_too_long_is_forgotten(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acknowledging, "MOST_AN_HOUR", 0)
    here.says("form", email=ANNA)
    here.clock.forward(days=7, minutes=1)
    monkeypatch.setattr(acknowledging, "MOST_AN_HOUR", 1)
    keep_up(here.desk)
    assert here.outbox() == []
    with here.desk.database.reading() as db:
        assert db.scalars(select(Acknowledgement)).all() == []


@pytest.mark.parametrize(
    "authors", [f"Anna <{ANNA}>, Boris <{BORIS}>", f"{ANNA}, {ANNA}", f"Us: {ANNA};", f"Us: {ANNA}, {BORIS};"]
)
def test_a_mail_of_several_authors_is_no_ones(here: Platform, authors: str) -> None:
    here.record("u1", email=ANNA)
    here.record("u2", email=BORIS)
    first = here.says("mail", email=ANNA)
    assert here.ticket(first).link == Link.PRESUMED
    number = answer(here, f"Re: [#{first}]", "<x@desk.invalid>", authors)
    assert number not in (None, first)
    assert here.ticket(int(number or 0)).link == Link.NONE


# --- erased accounts -------------------------------------------------------------------------------------------


def erase(here: Platform, account: str) -> str:
    """Erase the person of this account, as an approved erasure does."""
    token = account_token(here.desk.keyring, account)
    with here.desk.database.transaction() as db:
        person = db.scalars(select(Requester).where(col(Requester.account) == token)).one()
        erasure = Erasure(
            requester_id=person.id, cause=ErasureCause.TERM, state=ErasureState.APPROVED, proposed_at=here.clock.now(),
            approved_at=here.clock.now(),
        )  # fmt: skip
        db.add(erasure)
        db.flush()
        say_erased(db, here.desk, here.mei.actor, erasure, "the term is over")
        wipe(db, person.id, here.clock.now())
        done, owner = erasure.id, person.id
    carry_out(here.desk, done)
    return owner


def test_an_export_makes_no_erased_person_again(platform: Platform) -> None:
    platform.record("u1", email=ANNA)
    platform.record("u2", email=BORIS)
    owner = erase(platform, "u1")
    platform.clock.forward(days=1)
    counts = platform.lines(
        *({"type": "requester", "account": account, "on_file": {"e-mail": address}}
          for account, address in (("u1", ANNA), ("u2", BORIS), ("u3", "carla@mail.example.org")))
    )  # fmt: skip
    assert (counts.requesters, counts.suppressed) == (2, 1)
    assert platform.ticket(platform.says("mail", email=ANNA)).link == Link.NONE
    with platform.desk.database.reading() as db:
        row = db.get_one(Requester, owner)
        assert (row.account, row.account_id, row.state) == (None, b"", RequesterState.ERASED)


def test_an_account_registered_again_after_the_erasure_is_a_new_person(here: Platform) -> None:
    here.record("u1", email=ANNA)
    owner = erase(here, "u1")
    before, after = here.clock.now() - timedelta(days=1), here.clock.now() + timedelta(days=1)
    line = {"type": "requester", "account": "u1", "on_file": {"e-mail": ANNA}}
    here.clock.forward(days=2)
    assert here.lines({**line, "registered_at": before.isoformat()}).suppressed == 1
    assert here.lines({**line, "registered_at": after.isoformat()}).requesters == 1
    ticket = here.ticket(here.says("mail", email=ANNA))
    assert ticket.link == Link.PRESUMED
    assert ticket.requester_id != owner
    assert here.lines(line).requesters == 1  # known again: nothing to suppress


def test_known_accounts_cost_no_slow_hash(here: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    here.record("u1", email=ANNA)
    here.record("u2", email=BORIS)
    erase(here, "u1")
    asked: list[str] = []
    slow = suppression.suppression_digest

    def counting(desk: Desk, account: str) -> bytes:
        asked.append(account)
        return slow(desk, account)

    monkeypatch.setattr(on_file, "suppression_digest", counting)
    here.record("u2", email=BORIS)
    assert asked == []
    later = (here.clock.now() + timedelta(seconds=1)).isoformat()
    here.lines({"type": "requester", "account": "u3", "on_file": {"e-mail": STRANGER}, "registered_at": later})
    assert asked == []
    here.record("u4", email="dora@mail.example.org")
    assert asked == ["u4"]


def test_a_person_kept_for_a_hold_is_reported_like_one_erased(here: Platform) -> None:
    here.record("u1", email=ANNA)
    with here.desk.database.transaction() as db:
        db.connection().execute(update(Requester).values(state=RequesterState.RESTRICTED))
    counts = here.record("u1", email=BORIS)
    assert (counts.requesters, counts.suppressed) == (0, 1)
