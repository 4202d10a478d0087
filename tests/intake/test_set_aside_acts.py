"""Mail that was set aside: read on record, released, tried again, dropped; and senders that are blocked."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text, update
from sqlmodel import select

from cs_console.access_log.stated_heads import newest_stated
from cs_console.access_log.verify import verify_log
from cs_console.desk import DeskSession, operator_session
from cs_console.errors import (
    BadInput,
    ConsoleError,
    NotAllowed,
    NotAssigned,
    NothingThere,
    NoUndertaking,
    SenderBlocked,
)
from cs_console.intake import set_aside_acts, unread
from cs_console.intake.blocked_senders import block_sender, blocked_senders, unblock_sender
from cs_console.intake.incoming import Limits
from cs_console.intake.intake import import_mail, take_in
from cs_console.intake.mail import read_mail
from cs_console.intake.quarantine import counts, listing, listing_with_subjects
from cs_console.intake.set_aside_acts import drop, release, retry, retry_after_update, show
from cs_console.upkeep import keep_up
from cs_console.version import program_version
from models.contact_fields import Field
from models.enums import Action, SetAside, TicketKind
from models.quarantined import Quarantined
from models.roles import Role
from tests.support.desk import TestDesk
from tests.support.stored import entries, keep_apart, opened_ticket, ticket_numbers, unreadable
from tests.support.tickets import make_ticket

SPAM = (
    b"From: jane@mail.example\nSubject: Delete my data\nX-Spam-Flag: YES\nDate: Fri, 20 Nov 2026 08:00:00 +0000\n"
    b"\nErase me."
)
DEEP = b"From: jane@mail.example\nSubject: Deep\nContent-Type: multipart/mixed; boundary=B\n\n" + b"--B\n\nx\n" * 300


def take(test_desk: TestDesk, data: bytes) -> str:
    return take_in(operator_session(test_desk.desk), read_mail(data)).outcome


def import_one(test_desk: TestDesk, folder: Path, data: bytes) -> None:
    file = folder / f"{len(list(folder.iterdir()))}.eml"
    file.write_bytes(data)
    import_mail(operator_session(test_desk.desk), [file])


def rows(test_desk: TestDesk) -> list[Quarantined]:
    with test_desk.desk.database.reading() as db:
        return list(db.exec(select(Quarantined).order_by(Quarantined.number)))  # type: ignore[arg-type]  # a column


# --- reading


@pytest.mark.engines("sqlite")
def test_a_privacy_officer_reads_one_on_record(test_desk: TestDesk) -> None:
    """Invariant 1: the entry is durable, and stated outside the database, before anything is opened."""
    take(test_desk, SPAM)
    officer = test_desk.session("olga", Role.PRIVACY_OFFICER)
    shown = show(officer, 1, "sort")
    assert (shown.sender, shown.subject, shown.text) == ("jane@mail.example", "Delete my data", "Erase me.")
    [entry] = entries(test_desk.desk, Action.SET_ASIDE_READ.value)
    assert (entry.actor, entry.purpose, entry.reason) == ("olga", "sort", "set aside 1")
    newest = newest_stated(test_desk.desk.head_file.path.parent, test_desk.desk.log_tag_key)
    assert newest is not None
    assert newest.size == entry.seq
    assert verify_log(test_desk.desk).ok


@pytest.mark.engines("sqlite")
def test_what_cannot_be_put_on_record_is_not_opened(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    take(test_desk, SPAM)
    officer = test_desk.session("olga", Role.PRIVACY_OFFICER)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(text("UPDATE log_head SET size = size + 1"))

    def no_opening(*_: object) -> bytes:
        raise AssertionError("something was opened")

    monkeypatch.setattr("cs_console.custody.set_aside.open_sealed", no_opening)
    with pytest.raises(ConsoleError):
        show(officer, 1, "sort")


@pytest.mark.engines("sqlite")
def test_what_cannot_be_read_is_shown_as_its_plain_text(test_desk: TestDesk, tmp_path: Path) -> None:
    import_one(test_desk, tmp_path, DEEP.replace(b"Deep", b"Deep \x1b]52;c;x\x07"))
    shown = show(test_desk.session("olga", Role.PRIVACY_OFFICER), 1, "incident")
    assert "Subject: Deep" in shown.text
    assert "\x1b" not in shown.text


@pytest.mark.engines("sqlite")
def test_who_may_read_release_and_drop(test_desk: TestDesk) -> None:
    """Policy IV.(1)2: deny by default; a command on the host reads nothing."""
    take(test_desk, SPAM)
    agent, admin = test_desk.session("mei", Role.AGENT), test_desk.session("ada", Role.ADMIN)
    lead = test_desk.session("omar", Role.SUPERVISOR)
    for session in (agent, admin, lead):
        with pytest.raises(NotAllowed):
            show(session, 1, "sort")
    with pytest.raises((NotAllowed, NoUndertaking)):
        show(operator_session(test_desk.desk), 1, "sort")
    acts: tuple[Callable[[DeskSession], object], ...] = (
        lambda one: release(one, 1),
        lambda one: drop(one, 1, "spam"),
        retry,
    )
    for session in (agent, admin):
        for act in acts:
            with pytest.raises(NotAllowed):
                act(session)
    unsigned = test_desk.session("sue", Role.SUPERVISOR, Role.PRIVACY_OFFICER, undertaking=False)
    for act in (lambda one: show(one, 1, "sort"), *acts):
        with pytest.raises(NoUndertaking):
            act(unsigned)
    with pytest.raises(BadInput):
        show(test_desk.session("olga", Role.PRIVACY_OFFICER), 1, "curious")
    assert entries(test_desk.desk, Action.SET_ASIDE_READ.value) == []
    assert len(rows(test_desk)[0].content) > 0


# --- releasing


def test_a_released_mail_is_a_persons(test_desk: TestDesk) -> None:
    take(test_desk, SPAM)
    taken = release(test_desk.session("omar", Role.SUPERVISOR), 1)
    assert (taken.outcome, taken.number) == ("opened", 10_401)
    ticket = opened_ticket(test_desk.desk, 10_401)
    assert (ticket.row.kind, ticket.texts) == (TicketKind.RIGHTS, ("Erase me.",))
    [row] = rows(test_desk)
    assert (row.state, row.content, row.subject) == ("released", b"", None)
    [entry] = entries(test_desk.desk, Action.SET_ASIDE_RELEASED.value)
    assert (entry.actor, entry.ticket, entry.reason) == ("omar", 10_401, "set aside 1: opened")
    assert take(test_desk, SPAM) == "duplicate"
    assert listing(operator_session(test_desk.desk), 10) == ()
    assert verify_log(test_desk.desk).ok


def test_of_two_who_release_at_once_one_does(test_desk: TestDesk) -> None:
    """ASVS 2.3.4, 15.4.2."""
    take(test_desk, SPAM)

    def one(_: int) -> str:
        try:
            return release(operator_session(test_desk.desk), 1).outcome
        except NothingThere:
            return "gone"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one, range(2))) == ["gone", "opened"]
    assert ticket_numbers(test_desk.desk) == [10_401]


@pytest.mark.engines("sqlite")
def test_what_cannot_be_read_is_released_whole_with_what_its_headers_say(test_desk: TestDesk, tmp_path: Path) -> None:
    import_one(test_desk, tmp_path, DEEP)
    release(operator_session(test_desk.desk), 1)
    ticket = opened_ticket(test_desk.desk, 10_401)
    assert ticket.subject == "Deep"
    assert ("e-mail", "jane@mail.example", False) in ticket.contacts
    assert ticket.files == (("message.eml", DEEP),)
    assert ticket.texts[0].startswith("[This message could not be read. The message has more than ")
    import_one(test_desk, tmp_path, DEEP)
    assert ticket_numbers(test_desk.desk) == [10_401]


@pytest.mark.engines("sqlite")
def test_what_has_no_headers_is_released_as_no_ones(test_desk: TestDesk) -> None:
    with test_desk.desk.database.transaction() as db:
        keep_apart(db, test_desk.desk, unreadable(test_desk.desk, "x", 6, content=b"\0\0canary"))
    release(operator_session(test_desk.desk), 1)
    ticket = opened_ticket(test_desk.desk, 10_401)
    assert ticket.row.no_contact
    assert [content for _, content in ticket.files] == [b"\0\0canary"]


@pytest.mark.engines("sqlite")
def test_words_without_headers_are_released_as_words(test_desk: TestDesk, tmp_path: Path) -> None:
    import_one(test_desk, tmp_path, b"Please call me on +86 138 0013 8000.\n")
    release(operator_session(test_desk.desk), 1)
    ticket = opened_ticket(test_desk.desk, 10_401)
    assert "Please call me on +86" in ticket.texts[0]
    assert "Please call me on [mobile]" in ticket.texts_redacted[0]


# --- trying again


@pytest.mark.engines("sqlite")
def test_what_can_be_read_now_is_filed_by_what_it_is(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    session = operator_session(test_desk.desk)
    mails = [SPAM.replace(b"X-Spam-Flag: YES\n", b"").replace(b"Erase", b"Forget"), SPAM, b"\0", DEEP]
    with test_desk.desk.database.transaction() as db:
        for number, mail in enumerate(mails):
            keep_apart(db, test_desk.desk, unreadable(test_desk.desk, f"{number}", len(mail), content=mail))
    done = retry(session)
    assert (done.tried, done.outcomes) == (4, {"opened": 1, "spam": 1})
    assert [row.state for row in rows(test_desk)] == ["released", "released", "kept", "kept", "kept"]
    assert len(entries(test_desk.desk, Action.SET_ASIDE_RETRIED.value)) == 2
    assert retry(session).tried == 2  # asked for, they are tried each time
    retry_after_update(test_desk.desk)
    monkeypatch.setattr(set_aside_acts, "program_version", lambda: "9.9")
    tried: list[int] = []
    again = set_aside_acts._try_again

    def watched(by: DeskSession, number: int) -> str:
        tried.append(number)
        return again(by, number)

    monkeypatch.setattr(set_aside_acts, "_try_again", watched)
    retry_after_update(test_desk.desk)
    retry_after_update(test_desk.desk)
    assert tried == [3, 4]  # once for each version of the program


@pytest.mark.engines("sqlite")
def test_the_upkeep_reads_again_what_an_older_version_could_not_read(test_desk: TestDesk) -> None:
    with test_desk.desk.database.transaction() as db:
        keep_apart(db, test_desk.desk, unreadable(test_desk.desk, "1", len(SPAM), content=SPAM))
    found: dict[str, list[str]] = {}
    for version in (program_version(), "0.0"):
        with test_desk.desk.database.transaction() as db:
            db.connection().execute(update(Quarantined).values(tried_with=version))
        keep_up(test_desk.desk)
        found[version] = [row.state for row in rows(test_desk)]
    assert found == {program_version(): ["kept"], "0.0": ["released", "kept"]}  # it is spam, and set aside as that


# --- dropping


@pytest.mark.engines("sqlite")
def test_a_dropped_mail_is_gone_for_good(test_desk: TestDesk) -> None:
    take(test_desk, SPAM)
    drop(test_desk.session("omar", Role.SUPERVISOR), 1, "Advertising, from ads@shop.example.")
    [row] = rows(test_desk)
    assert (row.state, row.content, row.subject) == ("dropped", b"", None)
    [entry] = entries(test_desk.desk, Action.SET_ASIDE_DROPPED.value)
    assert (entry.actor, entry.reason) == ("omar", "set aside 1: Advertising, from [e-mail].")
    assert take(test_desk, SPAM) == "duplicate"
    for act in (
        lambda: drop(operator_session(test_desk.desk), 1, "again"),
        lambda: release(operator_session(test_desk.desk), 1),
    ):
        with pytest.raises(NothingThere):
            act()
    assert ticket_numbers(test_desk.desk) == []


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("reason", ["", "  \n", "x" * 501])
def test_dropping_takes_a_reason(test_desk: TestDesk, reason: str) -> None:
    take(test_desk, SPAM)
    with pytest.raises(BadInput):
        drop(operator_session(test_desk.desk), 1, reason)
    assert [row.state for row in rows(test_desk)] == ["kept"]


@pytest.mark.engines("sqlite")
def test_subjects_are_listed_redacted_and_counted_by_class(test_desk: TestDesk) -> None:
    take(test_desk, SPAM.replace(b"Delete my data", b"Call +86 138 0013 8000"))
    take(test_desk, b"From: mailer-daemon@mx.example\nX-Failed-Recipients: a@b.example\nSubject: failed\n\nx")
    lead = test_desk.session("omar", Role.SUPERVISOR)
    assert [one.subject for one in listing_with_subjects(lead, 10)] == ["failed", "Call [mobile]"]
    assert [one.subject for one in listing(lead, 10)] == ["", ""]
    found = counts(lead)
    assert (found[SetAside.SPAM], found[SetAside.BOUNCE], found[SetAside.OWN]) == (1, 1, 0)


# --- blocked senders

JANE = "jane@mail.example.org"
LETTER = b"From: Jane@mail.example.org\nSubject: Hello\nDate: Fri, 20 Nov 2026 08:00:00 +0000\n\nWords."


def test_mail_of_a_blocked_sender_is_set_aside_until_it_is_unblocked(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    case = make_ticket(test_desk, contacts={Field.EMAIL: JANE}, on_file=False, assignee=mei)
    made = block_sender(mei, case.number, f"Threats from {JANE}, daily.")
    assert (made.mask, made.reason) == ("j•••@m•••.org", "Threats from [e-mail], daily.")
    assert blocked_senders(mei) == (made,)
    assert take(test_desk, LETTER) == "spam"  # capitals make no other sender
    assert listing(operator_session(test_desk.desk), 5)[0].reason == "Its sender is blocked."
    assert take(test_desk, LETTER.replace(b"Jane@", b"john@")) == "opened"
    with pytest.raises(SenderBlocked):
        block_sender(mei, case.number, "again")
    unblock_sender(mei, made.id[:8])
    assert blocked_senders(mei) == ()
    assert take(test_desk, LETTER.replace(b"Words", b"More")) != "spam"
    said = [entries(test_desk.desk, action.value) for action in (Action.SENDER_BLOCKED, Action.SENDER_UNBLOCKED)]
    assert [[(one.ticket, one.actor) for one in some] for some in said] == [[(case.number, "mei")]] * 2
    assert JANE not in repr(said)
    assert block_sender(mei, case.number, "once more").id != made.id


@pytest.mark.engines("sqlite")
def test_a_block_that_no_one_is_on_record_for_counts_for_nothing(test_desk: TestDesk) -> None:
    """Invariant 12: a row alone keeps no one's mail away."""
    mei = test_desk.session("mei", Role.AGENT)
    case = make_ticket(test_desk, contacts={Field.EMAIL: JANE}, on_file=False, assignee=mei)
    block_sender(mei, case.number, "spam")
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(text("UPDATE blocked_sender SET id = 'another'"))
    assert take(test_desk, LETTER) == "opened"


@pytest.mark.engines("sqlite")
def test_whose_sender_may_be_blocked(test_desk: TestDesk) -> None:
    mei, amir = test_desk.session("mei", Role.AGENT), test_desk.session("amir", Role.AGENT)
    case = make_ticket(test_desk, contacts={Field.EMAIL: JANE}, on_file=False, assignee=mei)
    with pytest.raises(NotAssigned):
        block_sender(amir, case.number, "spam")
    with pytest.raises(NotAllowed):
        block_sender(test_desk.session("ada", Role.ADMIN), case.number, "spam")
    with pytest.raises(BadInput):
        block_sender(mei, case.number, " ")
    no_one = make_ticket(test_desk, contacts={}, assignee=mei)
    with pytest.raises(NothingThere):
        block_sender(mei, no_one.number, "spam")
    with pytest.raises(NothingThere):
        unblock_sender(mei, "")
    block_sender(test_desk.session("omar", Role.SUPERVISOR), case.number, "spam")
    assert len(blocked_senders(mei)) == 1


@pytest.mark.engines("sqlite")
def test_a_mail_that_was_kept_for_its_size_is_tried_again_as_an_import_takes_it(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its beginning is readable: what is large is a file."""
    monkeypatch.setattr(unread, "LIMITS", Limits(message_bytes=64 * 1024))
    large = (
        b"From: jane@mail.example\nSubject: My photo\nContent-Type: multipart/mixed; boundary=B\n\n"
        b"--B\nContent-Type: text/plain\n\nPlease look at it.\n--B\nContent-Type: image/png; name=a.png\n\n"
        + b"x" * 99 * 1024
        + b"\n--B--\n"
    )
    with test_desk.desk.database.transaction() as db:
        keep_apart(
            db, test_desk.desk, unreadable(test_desk.desk, "large", len(large), "too_large: It is large.", large)
        )
    assert retry(operator_session(test_desk.desk)).outcomes == {"opened": 1}
    [number] = ticket_numbers(test_desk.desk)
    assert opened_ticket(test_desk.desk, number).texts[0].endswith("Please look at it.")
