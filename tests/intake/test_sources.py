"""What lies in folders and is no mail yet, or none at all."""

import os
import time
from pathlib import Path

import pytest

from cs_console.desk import operator_session
from cs_console.errors import Unreadable
from cs_console.intake.explain import explain
from cs_console.intake.half_written import FRESH_SECONDS, is_half_written
from cs_console.intake.intake import ImportCounts, import_mail, import_one_mail
from cs_console.intake.mail import read_mail
from cs_console.policy.loader import DEFAULT, SHIPPED, load_pack
from tests.support.desk import TestDesk
from tests.support.stored import quarantine, ticket_numbers

pytestmark = pytest.mark.engines("sqlite")  # what is read from files; the statements run on both elsewhere

WHOLE = b"From: jane@mail.example\nSubject: Hello\n\nWords."
PARTS = (
    b'From: jane@mail.example\nSubject: Parts\nContent-Type: multipart/mixed;\n boundary="B 1"\n\n'
    b"--B 1\n\nWords.\n--B 1\nContent-Type: application/pdf\n\n%PDF and more\n--B 1--\n"
).replace(b"B 1", b"B1")
SIZED = b"Content-Length: 40\nFrom: jane@mail.example\nSubject: Sized\n\n" + b"w" * 40
HALVES = [WHOLE[:30], PARTS[: PARTS.index(b"%PDF") + 4], SIZED[:-1], b"From: jane@mail"]


def put(folder: Path, name: str, content: bytes, seconds_ago: float = 0) -> Path:
    file = folder / name
    file.write_bytes(content)
    at = time.time() - seconds_ago
    os.utime(file, (at, at))
    return file


@pytest.mark.parametrize("half", HALVES)
def test_a_half_written_file_in_a_folder_waits(test_desk: TestDesk, tmp_path: Path, half: bytes) -> None:
    session, told = operator_session(test_desk.desk), list[str]()
    file = put(tmp_path, "a.eml", half)
    put(tmp_path, "b.eml", WHOLE.replace(b"Words", b"Others"))
    assert import_mail(session, [tmp_path], told=told.append) == ImportCounts(read=1, opened=1)
    assert told == [f"{file}: still being written, left for the next run"]
    put(tmp_path, "a.eml", PARTS)
    assert import_mail(session, [tmp_path]) == ImportCounts(read=2, opened=1, duplicate=1)


@pytest.mark.parametrize("half", HALVES)
def test_what_has_rested_is_read_as_it_is(test_desk: TestDesk, tmp_path: Path, half: bytes) -> None:
    put(tmp_path, "a.eml", half, FRESH_SECONDS + 1)
    assert import_mail(operator_session(test_desk.desk), [tmp_path]).read == 1


@pytest.mark.parametrize("whole", [WHOLE, PARTS, SIZED, SIZED + b"\n", WHOLE.replace(b"\n", b"\r\n"), b""])
def test_a_whole_file_does_not_wait(tmp_path: Path, whole: bytes) -> None:
    assert not is_half_written(put(tmp_path, "a.eml", whole), is_mbox=False)


def test_a_file_that_is_named_is_read_at_once(test_desk: TestDesk, tmp_path: Path) -> None:
    assert import_mail(operator_session(test_desk.desk), [put(tmp_path, "a.eml", HALVES[1])]).opened == 1


def test_a_box_in_a_folder_waits_for_its_last_line(tmp_path: Path) -> None:
    box = b"From x Fri Nov 20 08:00:00 2026\n" + WHOLE
    assert is_half_written(put(tmp_path, "a.mbox", box), is_mbox=True)
    assert not is_half_written(put(tmp_path, "a.mbox", box + b"\n"), is_mbox=True)
    assert not is_half_written(put(tmp_path, "a.mbox", box, -3600), is_mbox=True)  # a clock that is wrong


@pytest.mark.parametrize(
    "junk",
    [b"", b"\n\n", b"Only words,\nno headers at all.\n", b"%PDF-1.4\n%\xe2\xe3\n", b"\0\1\2", b"name: value\n\nx\n"],
)
def test_what_is_no_mail_goes_to_quarantine(test_desk: TestDesk, tmp_path: Path, junk: bytes) -> None:
    with pytest.raises(Unreadable, match="not a mail"):
        read_mail(junk)
    session = operator_session(test_desk.desk)
    put(tmp_path, "a.eml", junk)
    assert import_mail(session, [tmp_path]) == ImportCounts(read=1, quarantined=1)
    [(reason, content, size)] = quarantine(test_desk.desk)
    assert (content, size) == (junk, len(junk))
    assert reason.startswith("no_mail: ")
    assert import_mail(session, [tmp_path]) == ImportCounts(read=1, duplicate=1)


def test_what_a_maildir_marks_as_thrown_away_or_a_draft_is_skipped(test_desk: TestDesk, tmp_path: Path) -> None:
    for folder in ("cur", "new", "tmp"):
        (tmp_path / folder).mkdir()
    for name in ("1:2,S", "2:2,ST", "3:2,D", "4:2,"):
        put(tmp_path / "cur", name, WHOLE.replace(b"Words", name.encode()))
    put(tmp_path / "tmp", "5", WHOLE)
    assert import_mail(operator_session(test_desk.desk), [tmp_path]) == ImportCounts(read=4, opened=2, skipped=2)
    pack = load_pack(SHIPPED / f"{DEFAULT}.toml")
    assert [one.outcome for one in explain([tmp_path], pack)] == ["open", "skip", "skip", "open"]


def test_one_mail_is_handed_over(test_desk: TestDesk) -> None:
    session = operator_session(test_desk.desk)
    assert import_one_mail(session, WHOLE) == ImportCounts(read=1, opened=1)
    assert import_one_mail(session, WHOLE) == ImportCounts(read=1, duplicate=1)
    assert import_one_mail(session, b"junk") == ImportCounts(read=1, quarantined=1)
    assert ticket_numbers(test_desk.desk) == [10_401]
