"""Whatever comes in is accounted for: read, kept sealed with its reason, and never lost (ASVS 5.2.1, 16.5.3)."""

from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cs_console.desk import operator_session
from cs_console.errors import StoreUnavailable
from cs_console.intake import batches, filing
from cs_console.intake.incoming import Limits
from cs_console.intake.intake import ImportCounts, import_jsonl, import_mail
from tests.support.desk import TestDesk
from tests.support.stored import entries, opened_ticket, quarantine, ticket_numbers

HEADER_NAMES = ("From", "To", "Cc", "Subject", "Date", "Message-ID", "References", "Content-Type", "Received", "X")
PIECES = (
    b"multipart/mixed; boundary=b", b"message/rfc822", b"text/html; charset=gb18030", b"text/plain; format=flowed",
    b"=?utf-8?Q?=C3?=", b"=?gb2312?B?!!!?=", b"=?x?y?z?=", b"<a@b.example>", b'"', b"(((", b"\\", b"a@b@c", b"@", b",",
    b"\xff\xfe", b"\x00", b"\r", b"\x1b[2J", b"charset*0*=utf-8''%FF", b"filename*=", b"; ;;", b"[#10401]", b"1 Jan",
    b"<div>", b"--b", b"--b--", b"begin 644 x", b"From ", b"=\n", b"\t", b" ", b"text", b"99999999999999999999",
)  # fmt: skip

header = st.tuples(st.sampled_from(HEADER_NAMES), st.lists(st.sampled_from(PIECES), max_size=5)).map(
    lambda made: made[0].encode() + b": " + b"".join(made[1]) + b"\n"
)
mail = st.tuples(
    st.lists(header, max_size=8),
    st.lists(st.sampled_from([*PIECES, b"\n"]) | st.binary(max_size=20), max_size=20),
).map(lambda made: b"".join(made[0]) + b"\n" + b"".join(made[1]))


def total(counts: ImportCounts) -> int:
    return counts.opened + counts.appended + counts.duplicate + counts.quarantined


@given(mails=st.lists(mail | st.binary(max_size=300), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_as_mail_are_accounted_for_and_known_again(
    sqlite_desk: TestDesk, tmp_path: Path, mails: list[bytes]
) -> None:
    paths = []
    for number, data in enumerate(mails):
        paths.append(tmp_path / f"{number}.eml")
        paths[-1].write_bytes(data.removeprefix(b"From "))
    session = operator_session(sqlite_desk.desk)
    first = import_mail(session, paths)
    assert first.read == len(mails) == total(first)
    again = import_mail(session, paths)
    assert again == ImportCounts(read=len(mails), duplicate=len(mails))


@given(data=st.binary(max_size=400) | st.lists(mail, max_size=4).map(b"\nFrom x Sat Nov 21 09:12:00 2026\n".join))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_as_mbox_are_accounted_for(sqlite_desk: TestDesk, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "box"
    path.write_bytes(b"From x Sat Nov 21 09:12:00 2026\n" + data)
    counts = import_mail(operator_session(sqlite_desk.desk), [path])
    assert counts.read == total(counts) >= 1


@given(lines=st.lists(st.binary(max_size=80).map(lambda line: line.replace(b"\n", b" ")), max_size=5))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_as_json_lines_are_accounted_for(sqlite_desk: TestDesk, tmp_path: Path, lines: list[bytes]) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b"\n".join(lines))
    counts = import_jsonl(operator_session(sqlite_desk.desk), path)
    assert counts.read == total(counts) <= len(lines)


def test_a_parser_that_stumbles_costs_nothing_but_that_mail(
    test_desk: TestDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason names the error and never what it says: that may quote the mail."""
    get_payload: Any = Message.get_payload

    def stumble(part: Message, *arguments: Any, **options: Any) -> Any:
        if part["Subject"] == "stumble":
            raise KeyError("canary")
        return get_payload(part, *arguments, **options)

    for name, subject in (("1.eml", "stumble"), ("2.eml", "fine")):
        (tmp_path / name).write_text(f"Subject: {subject}\n\nwords of {subject}\n")
    session, paths = operator_session(test_desk.desk), [tmp_path / "1.eml", tmp_path / "2.eml"]
    with monkeypatch.context() as broken:
        broken.setattr(Message, "get_payload", stumble)
        assert import_mail(session, paths) == ImportCounts(read=2, opened=1, quarantined=1)
    # what is in quarantine is not taken in beside it when it happens to be read another time
    assert import_mail(session, paths) == ImportCounts(read=2, duplicate=2)
    ((reason, content, _),) = quarantine(test_desk.desk)
    assert reason == "unreadable: The message could not be read (KeyError)."
    assert content == (tmp_path / "1.eml").read_bytes()


def test_a_message_that_cannot_be_filed_leaves_no_half_of_itself(
    test_desk: TestDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ASVS 2.3.3: one transaction a message. The entry comes last, so a failure there has to undo everything."""

    def fail(*_: object) -> int:
        raise ValueError("after everything else")

    (tmp_path / "1.eml").write_text("From: a@mail.example.org\nSubject: one\n\nwords\n")
    with monkeypatch.context() as broken:
        broken.setattr(filing, "record", fail)
        counts = import_mail(operator_session(test_desk.desk), [tmp_path / "1.eml"])
    assert counts == ImportCounts(read=1, quarantined=1)
    assert ticket_numbers(test_desk.desk) == []
    assert entries(test_desk.desk, "ticket.created") == []


def test_a_store_that_is_gone_ends_the_import_and_quarantines_nothing(
    sqlite_desk: TestDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> object:
        raise StoreUnavailable("The database cannot be reached.")

    (tmp_path / "1.eml").write_text("Subject: one\n\nwords\n")
    with monkeypatch.context() as broken:
        broken.setattr(batches, "file_message", gone)
        with pytest.raises(StoreUnavailable):
            import_mail(operator_session(sqlite_desk.desk), [tmp_path / "1.eml"])
    assert quarantine(sqlite_desk.desk) == []
    assert import_mail(operator_session(sqlite_desk.desk), [tmp_path / "1.eml"]).opened == 1


SMALL = Limits(message_bytes=1024 * 1024, sealed_bytes=2 * 1024 * 1024)


@pytest.mark.parametrize("box", [False, True])
def test_a_mail_that_is_too_large_is_kept_whole_up_to_a_bound_and_then_its_beginning(
    test_desk: TestDesk, tmp_path: Path, box: bool
) -> None:
    """The same sizes scaled down: 25 MiB a message, 64 MiB kept sealed. What is kept whole is a ticket."""
    begins = b"From x Sat Nov 21 09:12:00 2026\n" if box else b""
    line = b"Subject: large\n\n" + (b"x" * 99 + b"\n") * 100
    large = line + b"y" * (SMALL.message_bytes + 5 - len(line))
    huge = line + b"z" * (SMALL.sealed_bytes + 5 - len(line))
    paths = []
    for name, content in (("large", large), ("huge", huge), ("fine", b"Subject: fine\n\nwords\n")):
        paths.append(tmp_path / name)
        paths[-1].write_bytes(begins + content)
    counts = import_mail(operator_session(test_desk.desk), paths, limits=SMALL)
    assert counts == ImportCounts(read=3, opened=2, quarantined=1)
    assert opened_ticket(test_desk.desk, 10_401).files == (("whole-message.eml", large),)
    ((reason, content, size),) = quarantine(test_desk.desk)
    assert reason == "too_large: The message is larger than 1 MiB. Only the first 1 MiB are kept."
    assert (content, size) == (huge[: SMALL.message_bytes], len(huge))
    assert import_mail(operator_session(test_desk.desk), paths, limits=SMALL).duplicate == 3


def test_a_forty_megabyte_mail_is_a_ticket_with_the_whole_of_it(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    (tmp_path / "40.eml").write_bytes(b"Subject: large\n\n" + b"x" * 40 * 1024 * 1024)
    (tmp_path / "small.eml").write_bytes(b"Subject: small\n\nwords\n")
    counts = import_mail(operator_session(sqlite_desk.desk), [tmp_path / "40.eml", tmp_path / "small.eml"])
    assert counts == ImportCounts(read=2, opened=2)
    ((name, content),) = opened_ticket(sqlite_desk.desk, 10_401).files
    assert (name, len(content)) == ("whole-message.eml", 40 * 1024 * 1024 + 16)


def test_a_mail_bomb_is_kept_and_costs_no_other_mail(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    parts = (b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(3000))
    box = [b"Subject: bomb\n" + b"".join(parts) + b"\nx\n", b"Subject: fine\n\nwords\n"]
    (tmp_path / "box").write_bytes(b"".join(b"From x Sat Nov 21 09:12:00 2026\n" + one + b"\n" for one in box))
    counts = import_mail(operator_session(sqlite_desk.desk), [tmp_path / "box"])
    assert counts == ImportCounts(read=2, opened=1, quarantined=1)
    assert quarantine(sqlite_desk.desk)[0][0].startswith("too_deep")
