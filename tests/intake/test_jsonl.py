"""JSON Lines: messages from other systems, and what the platform holds on file."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from cs_console.access_log.verify import verify_log
from cs_console.custody.blind_index import lookup_token
from cs_console.custody.contacts import persons_with
from cs_console.desk import operator_session
from cs_console.errors import BadInput
from cs_console.intake.incoming import LIMITS, Limits
from cs_console.intake.intake import ImportCounts, import_jsonl
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Channel, Link, TicketKind
from models.requester import Requester
from models.verification import Verification
from tests.support.desk import TestDesk
from tests.support.stored import entries, opened_ticket, quarantine
from tests.support.tickets import make_requester, make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

MESSAGE = {
    "type": "message",
    "id": "m-1",
    "from": {"e-mail": "Alice@Mail.Example.org"},
    "subject": "Hi",
    "text": "Words.",
}
PERSON = {
    "type": "requester",
    "account": "al77",
    "on_file": {"mobile": "13800138000", "e-mail": "alice@mail.example.org"},
}


def run(test_desk: TestDesk, folder: Path, *lines: object, limits: Limits = LIMITS) -> tuple[ImportCounts, list[str]]:
    file = folder / "lines.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    told: list[str] = []
    return import_jsonl(operator_session(test_desk.desk), file, told=told.append, limits=limits), told


def on_file(test_desk: TestDesk) -> dict[Field, tuple[str, datetime]]:
    """What is on file for the requester with Alice's mobile."""
    desk = test_desk.desk
    with desk.database.reading() as db:
        [requester_id] = persons_with(db, desk, Field.MOBILE, "+8613800138000")
        rows = db.exec(
            select(Contact).where(
                Contact.requester_id == requester_id, col(Contact.on_file), col(Contact.replaced_at).is_(None)
            )
        ).all()
        return {Field(row.field): (row.id, row.changed_at) for row in rows}


# --- messages --------------------------------------------------------------------------------------------------


def test_a_message_becomes_a_ticket_with_its_contacts_in_normal_form(test_desk: TestDesk, tmp_path: Path) -> None:
    line = {
        **MESSAGE,
        "from": {"mobile": "138 0013 8000", "e-mail": "Alice@Mail.Example.org", "nickname": "al\u202eice"},
        "to": "appeals@desk.example",
        "at": "2026-11-19T10:00:00+08:00",
        "channel": "sms",
    }
    counts, _ = run(test_desk, tmp_path, line, "", "  ")
    assert counts == ImportCounts(read=1, opened=1)
    ticket = opened_ticket(test_desk.desk, 10_401)
    assert {(field, value) for field, value, _ in ticket.contacts} == {
        (Field.MOBILE, "+8613800138000"),
        (Field.EMAIL, "Alice@mail.example.org"),
        (Field.NICKNAME, "al⟨202E⟩ice"),
    }
    assert not any(on_file for _, _, on_file in ticket.contacts)
    assert (ticket.row.kind, ticket.row.channel) == (TicketKind.APPEAL, Channel.SMS)
    assert ticket.row.received_at == datetime(2026, 11, 19, 2, tzinfo=UTC)


def test_the_kind_given_stands(test_desk: TestDesk, tmp_path: Path) -> None:
    run(test_desk, tmp_path, {**MESSAGE, "kind": "complaint"})
    assert opened_ticket(test_desk.desk, 10_401).row.kind == TicketKind.COMPLAINT


def test_a_message_without_contact_is_taken_in_and_marked(test_desk: TestDesk, tmp_path: Path) -> None:
    assert run(test_desk, tmp_path, {"type": "message", "id": "1", "text": "Anonymous."})[0].opened == 1
    assert opened_ticket(test_desk.desk, 10_401).row.no_contact


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({**MESSAGE, "search_keywords": ["lamp"]}, "search_keywords: not a known key"),
        ({**MESSAGE, "from": {"e-mail": "a@b.example", "search": "lamp"}}, "from.search: not a known key"),
        ({**MESSAGE, "alice@example.org": 1}, "(no plain word): not a known key"),
        ({**PERSON, "on_file": {"e-mail": "alice@"}}, "on_file.e-mail: not a usable e-mail address"),
        ({"type": "message", "text": "x"}, "id: is missing"),
        ({**MESSAGE, "text": 5}, "text: Input should be a valid string"),
        ({**MESSAGE, "at": "2026-11-19T10:00:00"}, "at: Input should have timezone info"),
        ({**MESSAGE, "kind": "riot"}, "kind: Input should be"),
        ({**MESSAGE, "type": "Alice"}, 'type: must be "requester" or "message"'),
        ({"type": "requester", "on_file": {"mobile": "13800138000"}}, "account: is missing"),
        ({**PERSON, "account": " "}, "account: must not be empty"),
        ({**PERSON, "on_file": {"name": "Alice"}}, "on_file: a mobile or an e-mail is needed"),
        ({**PERSON, "on_file": {"mobile": "0"}}, "on_file.mobile: not a usable phone number"),
        ("{not json", "not valid JSON"),
        ("[]", "must be"),
        ('{"type": "message", "id": "1", "text": "\\ud800"}', "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_a_line_that_breaks_the_schema_is_kept_with_its_number_and_key(
    test_desk: TestDesk, tmp_path: Path, line: object, words: str
) -> None:
    """Search keywords, say, are never imported (policy I.(1)1); and no reason repeats a value (ASVS 16.2.5)."""
    counts, (told,) = run(test_desk, tmp_path, {**MESSAGE, "id": "fine"}, line)
    assert counts == ImportCounts(read=2, opened=1, quarantined=1)
    assert f"lines.jsonl, line 2: quarantined, Line 2: {words}" in told
    ((reason, content, _),) = quarantine(test_desk.desk)
    assert reason.startswith("bad_line: Line 2: ")
    assert not any(word in reason for word in ("alice", "Alice", "lamp", "riot", "search"))
    assert content.decode() == (line if isinstance(line, str) else json.dumps(line))


def test_a_line_that_is_too_long_is_kept_and_the_next_one_read(test_desk: TestDesk, tmp_path: Path) -> None:
    limits = Limits(message_bytes=1000, sealed_bytes=2000)
    lines = [{**MESSAGE, "id": str(n), "text": "x" * size} for n, size in enumerate((1200, 9000, 10))]
    counts, _ = run(test_desk, tmp_path, *lines, limits=limits)
    assert counts == ImportCounts(read=3, opened=1, quarantined=2)
    sizes = sorted((len(content), size) for _, content, size in quarantine(test_desk.desk))
    whole = [len(json.dumps(line)) for line in lines[:2]]
    assert sizes == sorted([(whole[0], whole[0]), (1000, whole[1])])


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_read_is_named(sqlite_desk: TestDesk, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="othing was imported"):
        import_jsonl(operator_session(sqlite_desk.desk), tmp_path / name)


# --- requesters ------------------------------------------------------------------------------------------------


def test_a_requester_is_put_on_file_once(test_desk: TestDesk, tmp_path: Path) -> None:
    person = {**PERSON, "changed_at": "2025-11-19T10:00:00Z", "language": "zh"}
    counts, _ = run(test_desk, tmp_path, person)
    assert counts == ImportCounts(requesters=1)
    first = on_file(test_desk)
    assert set(first) == {Field.MOBILE, Field.EMAIL, Field.OTHER}
    assert first[Field.MOBILE][1] == datetime(2025, 11, 19, 10, tzinfo=UTC)
    run(test_desk, tmp_path, person)
    assert on_file(test_desk) == first
    (entry,) = entries(test_desk.desk, "contact.changed")
    assert (entry.fields, entry.reason) == ("mobile,e-mail,other", "put on file")
    assert entry.requester


def test_a_message_of_somebody_on_file_is_theirs(test_desk: TestDesk, tmp_path: Path) -> None:
    run(test_desk, tmp_path, PERSON, MESSAGE)
    ticket = opened_ticket(test_desk.desk, 10_401)
    assert (Field.MOBILE, "+8613800138000", True) in ticket.contacts


def test_whoever_is_put_on_file_later_gets_no_ticket_of_before(test_desk: TestDesk, tmp_path: Path) -> None:
    """A claim in a message links no one to an account; a person may link it."""
    run(test_desk, tmp_path, MESSAGE, PERSON)
    ticket = opened_ticket(test_desk.desk, 10_401)
    assert ticket.row.link == Link.NONE
    assert set(ticket.contacts) == {(Field.EMAIL, "Alice@mail.example.org", False)}


def test_a_new_value_replaces_the_old_one_and_closes_open_windows(test_desk: TestDesk, tmp_path: Path) -> None:
    desk = test_desk.desk
    contacts = {Field.MOBILE: "+8613800138000", Field.EMAIL: "alice@mail.example.org"}
    requester = make_requester(test_desk, contacts, account="al77")
    made = make_ticket(test_desk, requester=requester, verified=True)
    test_desk.clock.forward(minutes=1)
    run(test_desk, tmp_path, {**PERSON, "on_file": {"mobile": "13800138000", "e-mail": "new@mail.example.org"}})
    now = test_desk.clock.now()
    current = on_file(test_desk)
    assert current[Field.MOBILE][1] == now - timedelta(days=365, minutes=1)
    assert current[Field.EMAIL][1] == now
    with desk.database.reading() as db:
        old = db.get_one(Contact, made.contact_ids[Field.EMAIL])
        assert old.replaced_at == now
        token = lookup_token(desk.keyring, Field.EMAIL, "new@mail.example.org")
        assert db.get_one(Contact, current[Field.EMAIL][0]).lookup == token
        window = db.exec(select(Verification).where(Verification.ticket_number == made.number)).one()
        assert window.closed_at == now
    assert verify_log(desk).ok


def test_two_requesters_are_never_made_one(test_desk: TestDesk, tmp_path: Path) -> None:
    counts, _ = run(
        test_desk,
        tmp_path,
        {**PERSON, "account": "u1", "on_file": {"mobile": "13800138000"}},
        {**PERSON, "account": "u2", "on_file": {"e-mail": "alice@mail.example.org"}},
        {**PERSON, "account": "u3"},
    )
    assert counts == ImportCounts(requesters=3)
    with test_desk.desk.database.reading() as db:
        accounts = db.exec(select(Requester.account)).all()
        assert len(set(accounts)) == 3
        rows = db.exec(select(Contact.requester_id).where(Contact.field == Field.MOBILE)).all()
        assert len(set(rows)) == 2
