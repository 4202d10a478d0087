"""Files of a reply: from the operator's folder alone, typed by content, sealed with the draft, sent in the mail."""

import os
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from cs_console.act_id import new_act
from cs_console.casework import reply_files
from cs_console.casework.attachments import open_attachment
from cs_console.casework.conversation import open_ticket, reply
from cs_console.casework.reply_files import MOST_FILES, attach_file, attached_files, take_off
from cs_console.custody.erasing import wipe
from cs_console.custody.ticket_key_upgrade import give_keys
from cs_console.delivery.outgoing import deliver_queued
from cs_console.desk import DeskSession
from cs_console.errors import (
    BadSettings,
    ConsoleError,
    DoneBefore,
    FileRefused,
    NotAssigned,
    NothingThere,
    SwitchedOff,
    WrongState,
)
from models.attachment import Attachment, DraftFile
from models.contact_fields import Field
from models.enums import Action, DeliveryState
from models.roles import Role
from models.ticket import Ticket
from tests.support.desk import TestDesk
from tests.support.files import pdf_of
from tests.support.recorded import recorded
from tests.support.rows import row_of
from tests.support.stored import files_holding
from tests.support.tickets import MadeTicket, close, make_ticket

CONTACTS = {Field.EMAIL: "alice.archer@example.org", Field.MOBILE: "+8613812345678"}
PRICES = b"Lampe;Preis\nStehlampe;49,00\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the operator lets agents attach."""
    made = tmp_path / "to attach"
    made.mkdir()
    return made


def own(test_desk: TestDesk, folder: Path | None) -> tuple[DeskSession, MadeTicket]:
    desk = test_desk.desk
    desk.settings = desk.settings.model_copy(update={"attach_from": folder})
    mei = test_desk.session("mei", Role.AGENT)
    return mei, make_ticket(test_desk, assignee=mei, contacts=CONTACTS, verified=True)


def send(
    test_desk: TestDesk, mei: DeskSession, made: MadeTicket, files: tuple[str, ...], field: Field = Field.EMAIL
) -> DeliveryState:
    contact = made.contact_ids[field]
    sent = reply(mei, made.number, row_of(test_desk, made.number), contact, "Here it is.", files=files)
    deliver_queued(test_desk.desk)
    return sent


def mail(test_desk: TestDesk) -> EmailMessage:
    outbox = test_desk.desk.settings.outbox
    assert outbox is not None
    [file] = outbox.glob("*.eml")
    return BytesParser(policy=policy.default).parsebytes(file.read_bytes())


def test_files_go_out_with_the_mail_and_are_listed_on_our_message(test_desk: TestDesk, folder: Path) -> None:
    mei, made = own(test_desk, folder)
    (folder / "prices.txt").write_bytes(PRICES)
    (folder / "sub").mkdir()
    (folder / "sub" / "Gebrauchsanweisung für Alice.dat").write_bytes(pdf_of("Manual"))
    attach_file(mei, made.number, "prices.txt")
    test_desk.clock.forward(seconds=1)
    attach_file(mei, made.number, str(folder / "sub" / "Gebrauchsanweisung für Alice.dat"))
    labels = attached_files(mei, made.number)
    assert [(label.media_type, label.size) for label in labels] == [
        ("text/plain", len(PRICES)),
        ("application/pdf", len(pdf_of("Manual"))),
    ]
    send(test_desk, mei, made, tuple(label.id for label in labels))
    parts = list(mail(test_desk).iter_attachments())
    assert [part.get_content_type() for part in parts] == ["text/plain", "application/pdf"]
    assert [part.get_filename() for part in parts] == ["prices.txt", "Gebrauchsanweisung für Alice.dat"]
    assert [part.get_payload(decode=True) for part in parts] == [PRICES, pdf_of("Manual")]
    ours = open_ticket(mei, made.number).lines[-1]
    assert {label.id for label in ours.attachments} == {label.id for label in labels}
    assert attached_files(mei, made.number) == ()
    pdf = open_attachment(mei, made.number, labels[1].id, "read-original")
    assert "Manual" in pdf.document.text
    entries = recorded(test_desk.desk, Action.FILE_ATTACHED)
    assert [entry.reason for entry in entries] == ["text/plain", "application/pdf"]


def test_a_file_is_sealed_where_it_waits(sqlite_desk: TestDesk, folder: Path) -> None:
    mei, made = own(sqlite_desk, folder)
    (folder / "canary.txt").write_bytes(b"canary words of a file")
    attach_file(mei, made.number, "canary.txt")
    home = sqlite_desk.desk.settings.home
    assert files_holding(home, [b"canary words", b"canary.txt"]) == []


def test_attaching_is_off_until_the_operator_names_a_folder(sqlite_desk: TestDesk, folder: Path) -> None:
    mei, made = own(sqlite_desk, None)
    with pytest.raises(SwitchedOff, match="attach_from"):
        attach_file(mei, made.number, "/etc/hostname")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("not there.pdf", "no file of that name"),
        ("plain.txt/x", "no file of that name"),
        ("sub", "a folder"),
        (".", "a folder"),
        ("", "name of a file"),
        ("   ", "name of a file"),
        ("a\0b", "name of a file"),
        ("empty.txt", "empty"),
        ("../secret.key", "one folder"),
        ("sub/../../secret.key", "one folder"),
        ("/etc/passwd", "one folder"),
        ("/proc/self/environ", "one folder"),
        ("link", "a link"),
        ("linked/secret.key", "no file of that name|a link"),
        ("pipe", "not a file"),
        ("x" * 300, "no file of that name"),
        ("large.bin", "at most 1 MB"),
    ],
)
def test_what_cannot_be_attached_is_said_and_nothing_is_kept(
    sqlite_desk: TestDesk, folder: Path, typed: str, words: str
) -> None:
    mei, made = own(sqlite_desk, folder)
    sqlite_desk.desk.settings = sqlite_desk.desk.settings.model_copy(update={"attach_mib": 1})
    secret = folder.parent / "secret.key"
    secret.write_text("key")
    (folder / "plain.txt").write_text("x")
    (folder / "empty.txt").touch()
    (folder / "sub").mkdir()
    (folder / "link").symlink_to(secret)
    (folder / "linked").symlink_to(folder.parent)
    os.mkfifo(folder / "pipe")
    (folder / "large.bin").write_bytes(b"x" * (1024 * 1024 + 1))
    with pytest.raises(FileRefused, match=words) as raised:
        attach_file(mei, made.number, typed)
    assert "your text is kept" in str(raised.value)
    assert attached_files(mei, made.number) == ()
    assert recorded(sqlite_desk.desk, Action.FILE_ATTACHED) == []


def test_a_folder_with_the_desks_own_files_in_it_is_refused(sqlite_desk: TestDesk) -> None:
    mei, made = own(sqlite_desk, sqlite_desk.desk.settings.home.parent)
    with pytest.raises(BadSettings, match="attach_from"):
        attach_file(mei, made.number, "home/keys/key-encryption.key")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_said(sqlite_desk: TestDesk, folder: Path) -> None:
    mei, made = own(sqlite_desk, folder)
    (folder / "closed.txt").write_text("x")
    (folder / "closed.txt").chmod(0)
    with pytest.raises(FileRefused, match="not allowed"):
        attach_file(mei, made.number, "closed.txt")


def test_the_limit_is_for_all_files_together(sqlite_desk: TestDesk, folder: Path) -> None:
    mei, made = own(sqlite_desk, folder)
    sqlite_desk.desk.settings = sqlite_desk.desk.settings.model_copy(update={"attach_mib": 1})
    (folder / "half.bin").write_bytes(bytes(600_000))
    attach_file(mei, made.number, "half.bin")
    with pytest.raises(FileRefused, match="together"):
        attach_file(mei, made.number, "half.bin")
    [label] = attached_files(mei, made.number)
    take_off(mei, made.number, label.id)
    attach_file(mei, made.number, "half.bin")
    assert len(attached_files(mei, made.number)) == 1


def test_what_is_attached_meanwhile_counts_too(
    sqlite_desk: TestDesk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei, made = own(sqlite_desk, folder)
    sqlite_desk.desk.settings = sqlite_desk.desk.settings.model_copy(update={"attach_mib": 1})
    (folder / "half.bin").write_bytes(bytes(600_000))
    looked: list[str] = []

    def twice(_content: bytes, name: str) -> str:
        looked.append(name)
        if len(looked) == 1:
            attach_file(mei, made.number, "half.bin")  # from the agent's other window
        return "application/octet-stream"

    monkeypatch.setattr(reply_files, "media_type_of", twice)
    with pytest.raises(FileRefused, match="together"):
        attach_file(mei, made.number, "half.bin")
    assert len(attached_files(mei, made.number)) == 1


def test_a_reply_takes_only_so_many_files(sqlite_desk: TestDesk, folder: Path) -> None:
    mei, made = own(sqlite_desk, folder)
    (folder / "a.txt").write_text("a")
    attach_file(mei, made.number, "a.txt")
    with sqlite_desk.desk.database.transaction() as db:
        one = db.execute(select(DraftFile)).scalar_one()
        db.add_all(DraftFile(**one.model_dump(exclude={"id"})) for _ in range(MOST_FILES - 1))
    with pytest.raises(FileRefused, match="at most 20"):
        attach_file(mei, made.number, "a.txt")


def test_only_the_assignee_attaches_and_only_to_an_open_ticket(sqlite_desk: TestDesk, folder: Path) -> None:
    mei, made = own(sqlite_desk, folder)
    (folder / "a.txt").write_text("a")
    with pytest.raises(NotAssigned):
        attach_file(sqlite_desk.session("lea", Role.AGENT), made.number, "a.txt")
    close(sqlite_desk, made.number)
    with pytest.raises(WrongState):
        attach_file(mei, made.number, "a.txt")


def test_a_text_message_takes_no_file_and_nothing_is_lost(test_desk: TestDesk, folder: Path) -> None:
    mei, made = own(test_desk, folder)
    (folder / "a.txt").write_text("a")
    attach_file(mei, made.number, "a.txt")
    files = tuple(label.id for label in attached_files(mei, made.number))
    with pytest.raises(FileRefused, match="by mail"):
        send(test_desk, mei, made, files, Field.MOBILE)
    assert len(attached_files(mei, made.number)) == 1


def test_another_agents_file_or_another_tickets_is_not_sent(test_desk: TestDesk, folder: Path) -> None:
    mei, made = own(test_desk, folder)
    (folder / "a.txt").write_text("a")
    other = make_ticket(test_desk, assignee=mei, contacts=CONTACTS, verified=True)
    attach_file(mei, other.number, "a.txt")
    [label] = attached_files(mei, other.number)
    lines = len(open_ticket(mei, made.number).lines)
    with pytest.raises(NothingThere):
        send(test_desk, mei, made, (label.id,))
    assert len(open_ticket(mei, made.number).lines) == lines
    lea = test_desk.session("lea", Role.AGENT)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(DraftFile).values(agent_id=lea.agent.id, ticket_number=made.number))
    with pytest.raises(NothingThere):
        send(test_desk, mei, made, (label.id,))


def test_a_file_put_beside_our_message_by_hand_does_not_go_out(sqlite_desk: TestDesk, folder: Path) -> None:
    """The sealed headers say which files are the message's."""
    mei, made = own(sqlite_desk, folder)
    (folder / "a.txt").write_text("a")
    attach_file(mei, made.number, "a.txt")
    files = tuple(label.id for label in attached_files(mei, made.number))
    outbox = sqlite_desk.desk.settings.outbox
    assert outbox is not None
    outbox.write_text("in the way")
    send(sqlite_desk, mei, made, files)
    with sqlite_desk.desk.database.transaction() as db:
        ours = db.execute(select(Attachment)).scalar_one()
        db.add(Attachment(**ours.model_dump(exclude={"id"})))
    outbox.unlink()
    sqlite_desk.clock.forward(minutes=10)
    deliver_queued(sqlite_desk.desk)
    assert [part.get_filename() for part in mail(sqlite_desk).iter_attachments()] == ["a.txt"]


def test_the_same_act_with_other_files_is_another_reply(sqlite_desk: TestDesk, folder: Path) -> None:
    mei, made = own(sqlite_desk, folder)
    (folder / "a.txt").write_text("a")
    attach_file(mei, made.number, "a.txt")
    files = tuple(label.id for label in attached_files(mei, made.number))
    act, version, contact = new_act(), row_of(sqlite_desk, made.number), made.contact_ids[Field.EMAIL]
    reply(mei, made.number, version, contact, "Here.", files=files, act=act)
    reply(mei, made.number, version, contact, "Here.", files=files, act=act)
    with pytest.raises(DoneBefore):
        reply(mei, made.number, version, contact, "Here.", act=act)


def test_files_of_a_draft_are_erased_with_the_requester(test_desk: TestDesk, folder: Path) -> None:
    mei, made = own(test_desk, folder)
    (folder / "a.txt").write_text("a")
    attach_file(mei, made.number, "a.txt")
    with test_desk.desk.database.transaction() as db:
        wipe(db, made.requester_id, test_desk.clock.now())
    with test_desk.desk.database.reading() as db:
        assert db.execute(select(DraftFile)).first() is None
    with pytest.raises(ConsoleError):
        attach_file(mei, made.number, "a.txt")


def test_a_draft_of_a_ticket_from_before_keys_keeps_its_files(test_desk: TestDesk, folder: Path) -> None:
    mei, made = own(test_desk, folder)
    (folder / "a.txt").write_text("words")
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Ticket).where(col(Ticket.number) == made.number).values(sealed_key=None))
    attach_file(mei, made.number, "a.txt")
    [label] = attached_files(mei, made.number)
    give_keys(test_desk.desk)
    assert attached_files(mei, made.number) == (label,)
