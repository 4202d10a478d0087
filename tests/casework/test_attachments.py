"""Attachments leave their seals by explicit acts alone: each is checked and on record before a byte is opened."""

import dataclasses
import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from cs_console.casework import attachments
from cs_console.casework.attachments import (
    attachments_of,
    open_attachment,
    open_document,
    pass_attachment_on,
    save_attachment,
)
from cs_console.casework.conversation import open_ticket
from cs_console.casework.file_names import LONGEST, safe_name
from cs_console.custody.contacts import NewContact, add_contact
from cs_console.custody.disclosure import end_view
from cs_console.custody.erasing import wipe
from cs_console.desk import Desk, DeskSession, operator_session
from cs_console.errors import (
    ConsoleError,
    FileNotSaved,
    HeadNotStated,
    KeyDestroyed,
    LogBroken,
    NotAllowed,
    NotAssigned,
    NothingThere,
    NotIndependent,
    NotVerified,
    NotVouched,
    NoUndertaking,
    PurposeNotAllowed,
    SealBroken,
    SessionEnded,
    SwitchedOff,
    WrongState,
)
from cs_console.upkeep import keep_up
from models.agent_session import AgentSession
from models.attachment import Attachment
from models.contact_fields import Field
from models.enums import Action, MessageSort, RequesterState, Result, TicketKind
from models.log import LogEntry, LogHead
from models.message import Message
from models.requester import Requester
from models.roles import Role
from models.ticket import Ticket
from tests.support.desk import TestDesk
from tests.support.recorded import Recorded, recorded
from tests.support.tickets import MadeTicket, attach, close, make_ticket

TEXT = b"My card is 4111 1111 1111 1111.\nAlice\n"
CONTACTS = {Field.EMAIL: "alice.archer@example.org", Field.NAME: "Alice Archer"}


def own(test_desk: TestDesk, *, verified: bool = True) -> tuple[DeskSession, MadeTicket, str]:
    """An agent with a ticket of their own, and a file on it."""
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei, verified=verified, contacts=CONTACTS)
    return mei, made, attach(test_desk, made, "card of Alice Archer.txt", "text/plain", TEXT, len(TEXT))


def with_settings(test_desk: TestDesk, **values: object) -> None:
    desk = test_desk.desk
    desk.settings = desk.settings.model_copy(update=values)


def row(desk: Desk, seq: int) -> LogEntry:
    with desk.database.reading() as db:
        return db.get_one(LogEntry, seq)


def last(test_desk: TestDesk) -> Recorded:
    return recorded(test_desk.desk)[-1]


def refused(test_desk: TestDesk, session: DeskSession, number: int, file: str, kind: type[ConsoleError]) -> None:
    """Nothing is opened, and the attempt is on record with its code."""
    before = len(recorded(test_desk.desk, Action.ATTACHMENT_OPENED))
    with pytest.raises(kind) as raised:
        open_attachment(session, number, file, "read-original")
    assert type(raised.value) is kind
    assert len(recorded(test_desk.desk, Action.ATTACHMENT_OPENED)) == before
    entry = last(test_desk)
    assert (entry.action, entry.reason, entry.fields) == (Action.REVEAL_REFUSED, kind.code, "attachment")


# --- listed


def test_files_are_listed_by_redacted_name_type_and_size(test_desk: TestDesk) -> None:
    mei, made, file = own(test_desk)
    [label] = open_ticket(mei, made.number).lines[0].attachments
    assert (label.id, label.media_type, label.size) == (file, "text/plain", len(TEXT))
    assert "Archer" not in label.words
    assert label.words.startswith("card of ")
    assert attachments_of(mei, made.number) == (label,)


def test_a_name_that_comes_on_file_later_is_hidden_in_labels(sqlite_desk: TestDesk) -> None:
    mei, made, _ = own(sqlite_desk)
    attach(sqlite_desk, made, "for Zebedee Quill.pdf")
    assert any("Quill" in label.words for label in attachments_of(mei, made.number))
    desk = sqlite_desk.desk
    with desk.database.transaction() as db:
        contact = NewContact(Field.NICKNAME, "Zebedee Quill", True, sqlite_desk.clock.now())
        add_contact(db, desk, made.requester_id, desk.keyring.key(made.requester_id), contact)
    assert not any("Quill" in label.words for label in attachments_of(mei, made.number))


@pytest.mark.parametrize("media_type", ["not a type", "text/alice.archer@example.org", "text/\x1b[2J", "x" * 300])
def test_a_type_that_is_none_is_not_shown(sqlite_desk: TestDesk, media_type: str) -> None:
    mei, made, _ = own(sqlite_desk)
    attach(sqlite_desk, made, "a.bin", media_type)
    assert {label.media_type for label in attachments_of(mei, made.number)} == {"", "text/plain"}


# --- opened


def test_opening_is_on_record_before_the_content_and_ends_with_its_seconds(test_desk: TestDesk) -> None:
    mei, made, file = own(test_desk)
    opened = open_attachment(mei, made.number, file, "read-original")
    assert opened.document.text == TEXT.decode()
    assert "4111" not in repr(opened)
    entry = row(test_desk.desk, opened.view.entry)
    assert (entry.action, entry.purpose, entry.ticket) == ("attachment.opened", "read-original", made.number)
    assert (entry.fields, entry.about, entry.actor) == ("attachment", f'{{"attachment":"{file}"}}', "mei")
    assert entry.verification
    end_view(mei, opened.view, 75)
    end_view(mei, opened.view, 80)
    [ended] = recorded(test_desk.desk, Action.VIEW_ENDED)
    assert row(test_desk.desk, ended.seq).seconds == 75
    assert ended.fields == "attachment"


def test_only_the_assignee_opens_a_file(test_desk: TestDesk) -> None:
    _, made, file = own(test_desk)
    for role in (Role.AGENT, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.VERIFIER):
        refused(test_desk, test_desk.session(f"other {role}", role), made.number, file, NotAssigned)


def test_an_admin_opens_no_file(sqlite_desk: TestDesk) -> None:
    _, made, file = own(sqlite_desk)
    refused(sqlite_desk, sqlite_desk.session("ada", Role.ADMIN), made.number, file, NotAllowed)


def test_a_file_needs_the_verification_that_the_message_needs(test_desk: TestDesk) -> None:
    mei, made, file = own(test_desk, verified=False)
    refused(test_desk, mei, made.number, file, NotVerified)
    report = make_ticket(test_desk, assignee=mei, kind=TicketKind.REPORT)
    shown = attach(test_desk, report, "page.txt", "text/plain", b"http://example.org/fake")
    assert open_attachment(mei, report.number, shown, "investigate").document.text == "http://example.org/fake"


def test_a_purpose_that_is_not_listed_opens_nothing(sqlite_desk: TestDesk) -> None:
    mei, made, file = own(sqlite_desk)
    with pytest.raises(PurposeNotAllowed):
        open_attachment(mei, made.number, file, "curiosity of Alice")
    assert row(sqlite_desk.desk, last(sqlite_desk).seq).purpose == "unlisted"


def test_a_window_that_is_over_opens_nothing(sqlite_desk: TestDesk) -> None:
    mei, made, file = own(sqlite_desk)
    sqlite_desk.clock.forward(minutes=31)
    with sqlite_desk.desk.database.transaction() as db:
        db.connection().execute(update(AgentSession).values(last_active_at=sqlite_desk.clock.now()))
    refused(sqlite_desk, mei, made.number, file, NotVerified)


def test_without_an_undertaking_or_a_session_nothing_opens(sqlite_desk: TestDesk) -> None:
    _, made, file = own(sqlite_desk)
    refused(sqlite_desk, sqlite_desk.session("noa", Role.AGENT, undertaking=False), made.number, file, NoUndertaking)
    with pytest.raises(SessionEnded):
        open_attachment(
            dataclasses.replace(sqlite_desk.session("lea", Role.AGENT), session_id="no such"),
            made.number,
            file,
            "read-original",
        )


def test_who_must_keep_away_from_a_ticket_opens_none_of_its_files(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei, made, file = own(sqlite_desk)

    def kept_away(_db: object, _session: object, number: int) -> None:
        raise NotIndependent(number)

    monkeypatch.setattr(attachments, "require_not_own", kept_away)
    refused(sqlite_desk, mei, made.number, file, NotIndependent)


@pytest.mark.parametrize("state", [RequesterState.RESTRICTED, RequesterState.ERASED])
def test_held_and_erased_files_are_refused_in_the_same_words(test_desk: TestDesk, state: RequesterState) -> None:
    mei, made, file = own(test_desk)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Requester).values(state=state))
    refused(test_desk, mei, made.number, file, KeyDestroyed)
    assert attachments_of(mei, made.number) == ()
    assert open_ticket(mei, made.number).lines[0].attachments == ()


def test_erasing_the_requester_empties_files_and_labels(test_desk: TestDesk) -> None:
    mei, made, file = own(test_desk)
    with test_desk.desk.database.transaction() as db:
        wipe(db, made.requester_id, test_desk.clock.now())
    with test_desk.desk.database.reading() as db:
        kept = db.get_one(Attachment, file)
        assert (kept.label, kept.content) == (b"", b"")
    assert attachments_of(mei, made.number) == ()


def test_where_the_record_cannot_be_made_nothing_opens(sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    mei, made, file = own(sqlite_desk)
    read: list[bytes] = []
    monkeypatch.setattr(attachments, "read_document", lambda content, *_: read.append(content))
    folder = sqlite_desk.desk.settings.checkpoint_folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way")
    with pytest.raises(HeadNotStated):
        open_attachment(mei, made.number, file, "read-original")
    folder.unlink()
    with sqlite_desk.desk.database.transaction() as db:
        db.connection().execute(update(LogHead).values(tag=b"forged"))
    with pytest.raises(LogBroken):
        open_attachment(mei, made.number, file, "read-original")
    assert read == []


# --- attacks on the store


def test_a_row_moved_to_another_ticket_does_not_open_there(test_desk: TestDesk) -> None:
    """An attacker who can write into the database gives an agent another requester's file: it stays sealed."""
    mei, made, _ = own(test_desk)
    theirs = make_ticket(test_desk)
    file = attach(test_desk, theirs, "payslip.txt", "text/plain", b"secret")
    with pytest.raises(NothingThere):
        open_attachment(mei, made.number, file, "read-original")
    with test_desk.desk.database.transaction() as db:
        moved = update(Attachment).where(col(Attachment.id) == file).values(message_id=made.message_id)
        db.connection().execute(moved)
    with pytest.raises(SealBroken):
        open_attachment(mei, made.number, file, "read-original")
    assert (last(test_desk).action, last(test_desk).outcome) == (Action.REVEAL_REFUSED, Result.FAILED)


def test_content_put_under_another_files_row_does_not_open(test_desk: TestDesk) -> None:
    mei, made, file = own(test_desk)
    other = attach(test_desk, made, "other.txt", "text/plain", b"other")
    with test_desk.desk.database.transaction() as db:
        content = db.get_one(Attachment, other).content
        db.connection().execute(update(Attachment).where(col(Attachment.id) == file).values(content=content))
    with pytest.raises(SealBroken):
        open_attachment(mei, made.number, file, "read-original")


def test_an_assignment_that_only_the_row_holds_opens_nothing(test_desk: TestDesk) -> None:
    _, made, file = own(test_desk)
    eve = test_desk.session("eve", Role.AGENT)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Ticket).values(assignee_id=eve.agent.id))
    refused(test_desk, eve, made.number, file, NotVouched)


# --- documents for a verification


def test_a_verifier_looks_at_a_document_before_anything_is_verified(test_desk: TestDesk) -> None:
    vera = test_desk.session("vera-lin", Role.VERIFIER)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS)
    file = attach(test_desk, made, "passport.txt", "text/plain", b"Passport of A.")
    opened = open_document(vera, made.number, file)
    assert opened.document.text == "Passport of A."
    entry = row(test_desk.desk, opened.view.entry)
    assert (entry.action, entry.purpose, entry.about) == (
        "attachment.opened",
        "verification",
        f'{{"document":"{file}"}}',
    )
    with test_desk.desk.database.reading() as db:
        assert db.get_one(Attachment, file).seen_at == test_desk.clock.now()
    end_view(vera, opened.view, 9)
    assert recorded(test_desk.desk, Action.VIEW_ENDED)


def test_documents_are_for_verifiers_and_open_tickets(test_desk: TestDesk) -> None:
    mei, made, file = own(test_desk)
    with pytest.raises(NotAllowed):
        open_document(mei, made.number, file)
    entry = last(test_desk)
    assert (entry.reason, row(test_desk.desk, entry.seq).purpose) == (NotAllowed.code, "verification")
    close(test_desk, made.number)
    with pytest.raises(WrongState):
        open_document(test_desk.session("vera-lin", Role.VERIFIER), made.number, file)
    with test_desk.desk.database.reading() as db:
        assert db.get_one(Attachment, file).seen_at is None


def test_what_we_sent_is_no_document_of_the_requesters(sqlite_desk: TestDesk) -> None:
    _, made, file = own(sqlite_desk)
    with sqlite_desk.desk.database.transaction() as db:
        db.connection().execute(update(Message).values(sort=MessageSort.REPLY))
    with pytest.raises(NothingThere, match="did not send"):
        open_document(sqlite_desk.session("vera-lin", Role.VERIFIER), made.number, file)
    with sqlite_desk.desk.database.reading() as db:
        assert db.get_one(Attachment, file).seen_at is None


# --- saved and passed on


def test_saving_is_off_until_the_operator_names_a_folder(sqlite_desk: TestDesk) -> None:
    mei, made, file = own(sqlite_desk)
    with pytest.raises(SwitchedOff, match="download"):
        save_attachment(mei, made.number, file, "read-original")
    with pytest.raises(SwitchedOff, match="attachment_command"):
        pass_attachment_on(mei, made.number, file, "read-original")
    assert recorded(sqlite_desk.desk, Action.ATTACHMENT_SAVED, Action.ATTACHMENT_PASSED_ON) == []


def test_a_file_is_saved_for_its_owner_alone_and_overwrites_nothing(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    mei, made, file = own(sqlite_desk)
    folder = tmp_path / "download"
    folder.mkdir()
    with_settings(sqlite_desk, download=folder)
    os.umask(0)
    first = save_attachment(mei, made.number, file, "read-original")
    assert first.startswith(f"{made.number}-card of ")
    assert "Archer" not in first
    assert (folder / first).read_bytes() == TEXT
    assert stat.S_IMODE((folder / first).stat().st_mode) == 0o600
    (folder / first).write_bytes(b"kept")
    second = save_attachment(mei, made.number, file, "read-original")
    third = save_attachment(mei, made.number, file, "read-original")
    assert (folder / first).read_bytes() == b"kept"
    assert [(folder / one).read_bytes() for one in (second, third)] == [TEXT, TEXT]
    assert len({first, second, third}) == 3
    entries = recorded(sqlite_desk.desk, Action.ATTACHMENT_SAVED)
    assert [entry.outcome for entry in entries] == [Result.DONE] * 3


def test_a_link_that_waits_in_the_folder_is_not_followed(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    mei, made, file = own(sqlite_desk)
    folder = tmp_path / "download"
    folder.mkdir()
    with_settings(sqlite_desk, download=folder)
    name = save_attachment(mei, made.number, file, "read-original")
    (folder / name).unlink()
    victim = tmp_path / "victim"
    (folder / name).symlink_to(victim)
    other = save_attachment(mei, made.number, file, "read-original")
    assert other != name
    assert not victim.exists()


def test_a_folder_that_cannot_be_written_is_a_sentence_and_a_record(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    mei, made, file = own(sqlite_desk)
    with_settings(sqlite_desk, download=tmp_path / "not there")
    with pytest.raises(FileNotSaved, match="No such file"):
        save_attachment(mei, made.number, file, "read-original")
    assert [one.outcome for one in recorded(sqlite_desk.desk, Action.ATTACHMENT_SAVED)] == [Result.DONE, Result.FAILED]


def test_saving_asks_all_that_opening_asks(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    _, made, file = own(sqlite_desk)
    with_settings(sqlite_desk, download=tmp_path, attachment_command="true")
    other = sqlite_desk.session("lea", Role.AGENT)
    for act in (save_attachment, pass_attachment_on):
        with pytest.raises(NotAssigned):
            act(other, made.number, file, "read-original")
    assert [one for one in tmp_path.iterdir() if one.is_file()] == []


def test_the_command_gets_the_path_without_a_shell_and_without_the_environment(
    sqlite_desk: TestDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei, made, _ = own(sqlite_desk)
    file = attach(sqlite_desk, made, "$(touch pwned); --help 'x.txt", "text/plain", TEXT)
    monkeypatch.setenv("CS_CONSOLE_SMTP_URL", "smtp://user:canary@host")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    told = tmp_path / "told"
    script = tmp_path / "show file"
    script.write_text(f'#!/bin/sh\n(cat "$2"; echo "$1|$2"; ls -l "$2"; env) > {told}.part\nmv {told}.part {told}\n')
    script.chmod(0o700)
    with_settings(sqlite_desk, attachment_command=f"'{script}' --view")
    pass_attachment_on(mei, made.number, file, "read-original")
    said = told.read_text()
    assert said.startswith(TEXT.decode())
    assert f"--view|{tmp_path}/cs-console-passed-on-" in said
    assert "-rw-------" in said
    assert "canary" not in said
    assert not list(tmp_path.rglob("pwned"))
    assert not list(tmp_path.glob("cs-console-passed-on-*"))
    [entry] = recorded(sqlite_desk.desk, Action.ATTACHMENT_PASSED_ON)
    assert entry.outcome is Result.DONE


def test_what_a_killed_console_left_with_the_command_goes_with_the_upkeep(
    sqlite_desk: TestDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with_settings(sqlite_desk, attachment_command="true")
    old, new = (tmp_path / f"cs-console-passed-on-{name}" for name in ("old", "new"))
    for folder in (old, new):
        folder.mkdir()
        (folder / "letter.txt").write_bytes(TEXT)
    os.utime(old, (0, 0))
    keep_up(sqlite_desk.desk)
    assert (old.exists(), new.exists()) == (False, True)


@pytest.mark.parametrize(("command", "words"), [("/no/such/command", "could not be started"), ("false", "exit status")])
def test_a_command_that_fails_is_a_sentence_and_a_record(sqlite_desk: TestDesk, command: str, words: str) -> None:
    mei, made, file = own(sqlite_desk)
    with_settings(sqlite_desk, attachment_command=command)
    with pytest.raises(FileNotSaved, match=words):
        pass_attachment_on(mei, made.number, file, "read-original")
    outcomes = [one.outcome for one in recorded(sqlite_desk.desk, Action.ATTACHMENT_PASSED_ON)]
    assert outcomes == [Result.DONE, Result.FAILED]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system.ini", "system.ini"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("a\x00b\n.txt", "a_b.txt"),
        ("Rechnung Müller 王.pdf", "Rechnung Müller 王.pdf"),
        ("x" * 300 + ".pdf", "x" * (LONGEST - 4) + ".pdf"),
        ("", "file"),
        ("...", "file"),
        ("evil\u202efdp.exe", "evil_202E_fdp.exe"),
        ("a;b|c&d$(e)`f`*?.csv", "a_b_c_d_(e)_f_.csv"),
    ],
)
def test_a_name_is_safe_in_a_folder(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_the_operator_of_commands_opens_no_file(sqlite_desk: TestDesk) -> None:
    _, made, file = own(sqlite_desk)
    with pytest.raises(ConsoleError):
        open_attachment(operator_session(sqlite_desk.desk), made.number, file, "read-original")
    assert recorded(sqlite_desk.desk, Action.ATTACHMENT_OPENED) == []
