"""Intake: a message becomes one ticket, one follow-up, or nothing, however often it is taken in."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from cs_console.access_log.verify import verify_log
from cs_console.database import engine_for
from cs_console.desk import operator_session
from cs_console.errors import BadInput
from cs_console.intake.intake import ImportCounts, IncomingMessage, from_bytes, import_mail, take_in
from models.contact_fields import Field
from models.enums import Channel, Link, TicketKind, TicketState
from models.roles import Role
from models.ticket import Ticket
from tests.support.desk import TestDesk
from tests.support.stored import OpenedTicket, entries, opened_ticket, quarantine, ticket_numbers
from tests.support.tickets import make_requester

MAILS = Path(__file__).parent.parent / "data" / "mail"
ALICE = (Field.EMAIL, "alice@mail.example.org")


def message(reference: str, **changes: object) -> IncomingMessage:
    values: dict[str, object] = {
        "reference": reference,
        "channel": Channel.MAIL,
        "subject": "A question",
        "text": "Words.",
        "contacts": (ALICE,),
    }
    return IncomingMessage(**{**values, **changes})  # type: ignore[arg-type]  # a test's shorthand


def taken(test_desk: TestDesk, one: IncomingMessage) -> tuple[str, int | None]:
    result = take_in(operator_session(test_desk.desk), one)
    return result.outcome, result.number


def change(test_desk: TestDesk, number: int, **values: object) -> None:
    with test_desk.desk.database.transaction() as db:
        ticket = db.get_one(Ticket, number)
        for name, value in values.items():
            setattr(ticket, name, value)


def opened(test_desk: TestDesk, one: IncomingMessage) -> OpenedTicket:
    outcome, number = taken(test_desk, one)
    assert outcome == "opened"
    assert number is not None
    return opened_ticket(test_desk.desk, number)


# --- a new matter ----------------------------------------------------------------------------------------------


def test_a_mail_becomes_a_ticket_with_everything_sealed_and_redacted(test_desk: TestDesk) -> None:
    ticket = opened(
        test_desk,
        message(
            "<1@x>",
            subject="Alice Example cannot sign in",
            text="I am Alice Example, call +86 138 0013 8000 or write to alice@mail.example.org.",
            contacts=(ALICE, (Field.NAME, "Alice Example")),
            mailboxes=("appeals",),
        ),
    )
    assert ticket.subject == "Alice Example cannot sign in"
    assert ticket.subject_redacted == "[name] cannot sign in"
    assert "Alice" not in ticket.texts_redacted[0]
    assert "138" not in ticket.texts_redacted[0]
    assert "alice@" not in ticket.texts_redacted[0]
    assert ticket.texts[0].startswith("I am Alice Example, call +86")
    assert set(ticket.contacts) == {(*ALICE, False), (Field.NAME, "Alice Example", False)}
    assert (ticket.row.kind, ticket.row.state) == (TicketKind.APPEAL, TicketState.OPEN)
    assert ticket.row.pack == test_desk.desk.packs.current.meta.name
    assert not ticket.row.no_contact
    assert ticket.row.first_response_due_at is not None


def test_a_rights_request_waits_for_verification_without_a_due_date(test_desk: TestDesk) -> None:
    ticket = opened(test_desk, message("<1@x>", text="Please delete my account and all my personal data."))
    assert (ticket.row.kind, ticket.row.state, ticket.row.due_at) == (TicketKind.RIGHTS, TicketState.TO_VERIFY, None)


def test_a_sender_who_cannot_be_read_gets_a_ticket_without_contact(test_desk: TestDesk) -> None:
    ticket = opened(test_desk, from_bytes((MAILS / "lying-from.eml").read_bytes()))
    assert ticket.row.no_contact
    assert ticket.contacts == ()
    assert ticket.headers[0]["From"] == "alice@example.org)bob@evil.example"


def test_the_same_sender_is_the_same_requester_and_another_is_not(test_desk: TestDesk) -> None:
    first = opened(test_desk, message("<1@x>"))
    again = opened(test_desk, message("<2@x>", subject="Another matter"))
    other = opened(test_desk, message("<3@x>", contacts=((Field.EMAIL, "bob@mail.example.org"),)))
    assert first.row.requester_id == again.row.requester_id != other.row.requester_id


def test_what_a_message_claims_is_never_added_to_what_the_platform_knows(test_desk: TestDesk) -> None:
    requester_id, _ = make_requester(test_desk, {Field.EMAIL: ALICE[1], Field.MOBILE: "+8613800138000"})
    claimed = (ALICE, (Field.MOBILE, "+8613900139000"), (Field.NAME, "Mallory Stranger"))
    ticket = opened(test_desk, message("<1@x>", contacts=claimed, text="Mallory Stranger, +86 139 0013 9000"))
    assert (ticket.row.requester_id, ticket.row.link) == (requester_id, Link.PRESUMED)
    assert {value for _, value, on_file in ticket.contacts if on_file} == {ALICE[1], "+8613800138000"}
    assert "Mallory" not in ticket.texts_redacted[0]
    assert "139" not in ticket.texts_redacted[0]
    another = opened(test_desk, message("<2@x>"))
    assert {value for _, value, _ in another.contacts} == {ALICE[1], "+8613800138000"}


def test_each_ticket_is_on_record_by_pseudonym_and_holds_no_value(test_desk: TestDesk) -> None:
    opened(test_desk, message("<1@x>", subject="canary-subject"))
    (entry,) = entries(test_desk.desk, "ticket.created")
    assert entry.requester
    assert "alice" not in repr(entry)
    assert "canary" not in repr(entry)
    assert verify_log(test_desk.desk).ok


@pytest.mark.parametrize("days", [-1, 400])
def test_a_date_that_would_bend_the_clocks_is_not_believed(test_desk: TestDesk, days: int) -> None:
    now = test_desk.clock.now()
    ticket = opened(test_desk, message("<1@x>", at=now - timedelta(days=days)))
    assert ticket.row.received_at == now
    ticket = opened(test_desk, message("<2@x>", at=now - timedelta(days=3)))
    assert ticket.row.received_at == now - timedelta(days=3)


# --- follow-ups ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [{"references": ("<0@x>", "<1@x>")}, {"subject": "Re: [#10401] A question"}])
def test_an_answer_joins_its_ticket_by_thread_or_tag(test_desk: TestDesk, way: dict[str, object]) -> None:
    assert taken(test_desk, message("<1@x>")) == ("opened", 10_401)
    row = opened_ticket(test_desk.desk, 10_401).row.version
    test_desk.clock.forward(hours=1)
    assert taken(test_desk, message("<2@x>", text="And another thing.", **way)) == ("appended", 10_401)
    ticket = opened_ticket(test_desk.desk, 10_401)
    assert ticket.texts == ("Words.", "And another thing.")
    assert ticket.row.version == row + 1
    assert ticket.row.last_message_at == test_desk.clock.now()
    (entry,) = entries(test_desk.desk, "ticket.follow_up")
    assert entry.ticket == 10_401


@pytest.mark.parametrize("way", [{"references": ("<1@x>",)}, {"subject": "Re: [#10401] A question"}])
@pytest.mark.parametrize("contacts", [(), ((Field.EMAIL, "mallory@evil.example"),)])
def test_a_stranger_who_quotes_a_thread_or_tag_gets_a_ticket_of_their_own(
    test_desk: TestDesk, way: dict[str, object], contacts: tuple[tuple[Field, str], ...]
) -> None:
    """No one can write into another person's ticket, or seal under their key, by naming it (ASVS 8.2.2)."""
    first = opened(test_desk, message("<1@x>"))
    outcome, number = taken(test_desk, message("<2@x>", contacts=contacts, **way))
    assert (outcome, number) == ("opened", 10_402)
    assert opened_ticket(test_desk.desk, 10_402).row.requester_id != first.row.requester_id
    assert opened_ticket(test_desk.desk, 10_401).texts == ("Words.",)


def test_a_tag_of_a_ticket_that_does_not_exist_opens_one(test_desk: TestDesk) -> None:
    assert taken(test_desk, message("<1@x>", subject="[#999999999] [#1] [#99999999999999999999]")) == (
        "opened",
        10_401,
    )


@pytest.mark.parametrize(
    ("before", "verified", "kind", "after"),
    [
        (TicketState.CLOSED, False, TicketKind.INQUIRY, TicketState.OPEN),
        (TicketState.CLOSED, False, TicketKind.RIGHTS, TicketState.TO_VERIFY),
        (TicketState.CLOSED, True, TicketKind.RIGHTS, TicketState.VERIFIED),
        (TicketState.WAITING, False, TicketKind.INQUIRY, TicketState.OPEN),
        (TicketState.WAITING, True, TicketKind.RIGHTS, TicketState.VERIFIED),
        (TicketState.VERIFIED, True, TicketKind.RIGHTS, TicketState.VERIFIED),
        (TicketState.IN_APPROVAL, True, TicketKind.RIGHTS, TicketState.IN_APPROVAL),
    ],
)
def test_an_answer_puts_the_ticket_back_to_work(
    test_desk: TestDesk, before: TicketState, verified: bool, kind: TicketKind, after: TicketState
) -> None:
    now = test_desk.clock.now()
    taken(test_desk, message("<1@x>"))
    closed = now if before is TicketState.CLOSED else None
    change(test_desk, 10_401, state=before, kind=kind, closed_at=closed, verified_at=now if verified else None)
    assert taken(test_desk, message("<2@x>", references=("<1@x>",))) == ("appended", 10_401)
    ticket = opened_ticket(test_desk.desk, 10_401).row
    assert (ticket.state, ticket.closed_at) == (after, None)


# --- once ------------------------------------------------------------------------------------------------------


def test_the_same_message_is_taken_in_once(test_desk: TestDesk) -> None:
    assert taken(test_desk, message("<1@x>")) == ("opened", 10_401)
    assert taken(test_desk, message("<1@x>")) == ("duplicate", 10_401)
    assert ticket_numbers(test_desk.desk) == [10_401]


def test_an_equal_id_makes_no_duplicate(test_desk: TestDesk) -> None:
    """ASVS 2.3.4: anyone can write the id of another message, and a corrected mail may keep its own."""
    assert taken(test_desk, message("<1@x>")) == ("opened", 10_401)
    assert taken(test_desk, message("<1@x>", text="Corrected words.")) == ("opened", 10_402)
    assert taken(test_desk, message("<1@x>", contacts=((Field.EMAIL, "bob@mail.example.org"),))) == ("opened", 10_403)
    assert taken(test_desk, message("<1@x>", channel=Channel.CALL)) == ("opened", 10_404)


def test_an_answer_to_an_id_of_two_messages_joins_the_one_of_its_sender(test_desk: TestDesk) -> None:
    bob = ((Field.EMAIL, "bob@mail.example.org"),)
    assert taken(test_desk, message("<1@x>")) == ("opened", 10_401)
    assert taken(test_desk, message("<1@x>", contacts=bob)) == ("opened", 10_402)
    assert taken(test_desk, message("<2@x>", contacts=bob, references=("<1@x>",))) == ("appended", 10_402)
    assert taken(test_desk, message("<3@x>", references=("<1@x>",))) == ("appended", 10_401)


def test_an_id_of_another_channel_names_nothing(test_desk: TestDesk) -> None:
    taken(test_desk, message("<1@x>", channel=Channel.SMS, contacts=((Field.MOBILE, "+8613800138000"),)))
    assert taken(test_desk, message("<2@x>", references=("<1@x>",)))[0] == "opened"


def test_the_projects_odd_mails_are_all_accounted_for_and_never_taken_in_twice(test_desk: TestDesk) -> None:
    session = operator_session(test_desk.desk)
    told: list[str] = []
    done: list[tuple[int, int]] = []
    first = import_mail(session, [MAILS], lambda *bar: done.append(bar), told.append)
    count = len(list(MAILS.glob("*.eml")))
    assert (first.read, first.opened, first.quarantined) == (count, count - 2, 2)
    assert first.read == first.opened + first.appended + first.duplicate + first.quarantined
    assert done[-1][0] == done[-1][1] == sum(file.stat().st_size for file in MAILS.glob("*.eml"))
    assert len(told) == 2
    assert "too-deep.eml: quarantined, too_deep" in told[1]
    reason, content, size = quarantine(test_desk.desk)[1]
    assert reason.startswith("too_deep: ")
    assert content == (MAILS / "too-deep.eml").read_bytes()
    assert size == len(content)

    assert import_mail(session, [MAILS]) == ImportCounts(read=count, duplicate=count)
    assert len(ticket_numbers(test_desk.desk)) == count - 2
    assert len(quarantine(test_desk.desk)) == 2
    runs = entries(test_desk.desk, "mail.imported")
    assert [run.reason for run in runs] == [
        f"mail: read {count}, opened {count - 2}, appended 0, duplicate 0, quarantined 2, requesters 0",
        f"mail: read {count}, opened 0, appended 0, duplicate {count}, quarantined 0, requesters 0",
    ]
    assert verify_log(test_desk.desk).ok


def test_no_key_is_left_that_belongs_to_nobody(test_desk: TestDesk) -> None:
    desk = test_desk.desk
    import_mail(operator_session(desk), [MAILS / "gb18030.eml", MAILS / "8859-15.eml"])  # of three keys made ahead
    requesters = {opened_ticket(desk, number).row.requester_id for number in ticket_numbers(desk)}
    keyring = engine_for(desk.settings.keyring)
    with keyring.connect() as connection:
        owners = set(connection.execute(text("SELECT owner FROM wrapped_key WHERE owner NOT LIKE 'desk:%'")).scalars())
    keyring.dispose()
    assert owners == requesters


def test_nothing_is_imported_when_one_path_is_wrong(test_desk: TestDesk) -> None:
    with pytest.raises(BadInput, match="missing"):
        import_mail(operator_session(test_desk.desk), [MAILS, MAILS / "missing.eml"])
    assert ticket_numbers(test_desk.desk) == []
    assert entries(test_desk.desk, "mail.imported") == []


def test_an_agent_takes_in_messages_too_and_an_admin_does_not(test_desk: TestDesk) -> None:
    from cs_console.errors import NotAllowed

    assert take_in(test_desk.session("mei", Role.AGENT), message("<1@x>")).outcome == "opened"
    with pytest.raises(NotAllowed):
        take_in(test_desk.session("ada", Role.ADMIN), message("<2@x>"))


def test_two_imports_at_once_take_each_mail_in_once(test_desk: TestDesk) -> None:
    """ASVS 2.3.4, 15.4.2: of two equal messages one is the duplicate, in either order."""
    session = operator_session(test_desk.desk)
    count = len(list(MAILS.glob("*.eml")))
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda _: import_mail(session, [MAILS]), range(2))
    assert one.read == two.read == count
    assert one.opened + two.opened == count - 2
    assert one.quarantined + two.quarantined == 2
    assert len(ticket_numbers(test_desk.desk)) == count - 2
    assert verify_log(test_desk.desk).ok


def test_trashed_mails_are_counted_and_left_alone(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    for name in ("cur", "new"):
        (tmp_path / name).mkdir()
    for name in ("1.host:2,S", "2.host:2,ST", "3.host:2,D"):
        (tmp_path / "cur" / name).write_bytes(f"From: a{name[0]}@mail.example.org\nSubject: {name[0]}\n\nx".encode())
    counts = import_mail(operator_session(sqlite_desk.desk), [tmp_path])
    assert (counts.read, counts.opened, counts.skipped) == (3, 1, 2)
    assert len(ticket_numbers(sqlite_desk.desk)) == 1


def test_what_is_said_above_a_text_is_stored_with_it_and_is_none_of_the_message(
    sqlite_desk: TestDesk, tmp_path: Path
) -> None:
    words = "Верните деньги за заказ"
    mail = b"From: a@mail.example.org\nSubject: x\n\n" + words.encode("koi8-r")
    (tmp_path / "1.eml").write_bytes(mail)
    import_mail(operator_session(sqlite_desk.desk), [tmp_path])
    (number,) = ticket_numbers(sqlite_desk.desk)
    opened = opened_ticket(sqlite_desk.desk, number)
    assert opened.texts == opened.texts_redacted == (f"[The character set is a guess: KOI8-R.]\n\n{words}",)
    assert from_bytes(mail).text == words
