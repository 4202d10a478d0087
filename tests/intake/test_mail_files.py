"""Where mail lies: single files, mbox, Maildir, folders of .eml; each read one mail at a time."""

import os
import time
from pathlib import Path

import pytest

from cs_console.errors import BadInput
from cs_console.intake.incoming import LIMITS, Limits
from cs_console.intake.mail_files import RawMail, find_sources, mails_in

FROM = b"From alice@mail.example.org Sat Nov 21 09:12:00 2026\n"


def read(*paths: Path, limits: Limits = LIMITS) -> list[RawMail]:
    return [raw for source in find_sources(paths) for raw in mails_in(source, limits)]


def contents(*paths: Path) -> list[bytes]:
    return [raw.content for raw in read(*paths)]


def test_an_mbox_is_read_mail_by_mail_and_unescaped(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(
        FROM
        + b"Subject: one\n\nFrom here on it is text, since no date follows.\n>From the start\n>>From twice\n\n"
        + FROM
        + b"Subject: two\n\nwords\n"
    )
    one, two = read(box)
    assert one.content == (
        b"Subject: one\n\nFrom here on it is text, since no date follows.\nFrom the start\n>From twice\n\n"
    )
    assert two.content == b"Subject: two\n\nwords\n"
    assert (one.place, two.place) == (f"{box}, mail 1", f"{box}, mail 2")
    assert two.done == box.stat().st_size


@pytest.mark.parametrize(
    "separator",
    [
        b"From - Sat Nov 21 09:12:00 2026\r\n",
        b"From a@b.example Sat Nov  1 09:12 2026\n",
        b"From a@b.example Sat, 21 Nov 2026 09:12:00 +0100\n",
        b"From MAILER-DAEMON Sat Nov 21 09:12:00 CET 2026\n",
        b"From a@b.example Sat Nov 21 09:12:00 2026 +0100\n",
        b"From 1783@xxx Sat Nov 21 09:12:00 +0000 2026\n",
        b"From a@b.example 21 Nov 2026 09:12:00\n",
        b"From a@b.example 21-Nov-2026 09:12:00 +0100\n",
        b"From a@b.example Nov 21 09:12:00 2026\n",
        b"From a@b.example 2026-11-21 09:12:00\n",
        b"From a@b.example 2026-11-21T09:12:00Z\n",
        b"From a@b.example 2026-11-21 09:12:00.250 +01:00\n",
        b"From alice at b.example  Sat Nov 21 09:12:00 2026\n",
        b'From "A B"@b.example Sat Nov 21 09:12:00 2026\n',
        b"From a@b.example Sat Nov 21 09:12:00 2026 remote from mx\n",
        b"From - \n",
        b"From -\r\n",
        b"From - 2026-11-21 09:12:00\n",
        b"From a@b.example Sa Nov 21 09:12:00 2026\n",
        b"From a@b.example sam. 21 nov. 2026 09:12:00\n",
        b"From a@b.example Sat Nov 21 2026 09:12:00 GMT+0100 (CET)\n",
        b"From a@b.example 11/21/2026 09:12:00 AM\n",
    ],
)
def test_separators_of_many_programs_are_known(tmp_path: Path, separator: bytes) -> None:
    box = tmp_path / "box"
    box.write_bytes(separator + b"Subject: 1\n\nx\n\n" + separator + b"Subject: 2\n\ny\n")
    assert contents(box) == [b"Subject: 1\n\nx\n\n", b"Subject: 2\n\ny\n"]


def test_a_separator_needs_no_empty_line_before_it(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(FROM + b"Subject: 1\n\nx\n" + FROM + b"Subject: 2\n\ny\n")
    assert contents(box) == [b"Subject: 1\n\nx\n", b"Subject: 2\n\ny\n"]


@pytest.mark.parametrize(
    "line",
    [
        b"From Mon 30 Nov 10:30 to noon I am at home.\n",
        b"From Sat Nov 21 09:12 on, call me.\n",
        b"From here to Monday 21 Nov 2026 09:12:00 it is late:\n",
        b"From me: Sat Nov 21 09:12:00 2026\n",
        b"From 2026-11-21 09:12:00\n",
        b"From - to\n",
        b"From a@b.example came on Sat Nov 21 09:12:00 2026 an unbelievable letter\n",
        b"From a@b.example nothing has come since 09:12\n",
        b"From a@b.example nothing has come since 2026\n",
    ],
)
@pytest.mark.parametrize("following", [b"Subject: of what I asked\n", b"After that, not.\n", b"\n", b""])
def test_a_line_that_only_looks_like_a_separator_is_text(tmp_path: Path, line: bytes, following: bytes) -> None:
    box = tmp_path / "box"
    box.write_bytes(FROM + b"Subject: 1\n\nx\n\n" + line + following)
    assert contents(box) == [b"Subject: 1\n\nx\n\n" + line + following]


def test_a_separator_is_matched_in_linear_time(tmp_path: Path) -> None:
    box = tmp_path / "box"
    line = b"From a@b.example " + b"a" * 9 + b" a1 2026 09:12 (" * 8 + b"@\nSubject: x\n\n"
    box.write_bytes(FROM + b"Subject: 1\n\n" + line * 5_000)
    began = time.thread_time()
    assert len(contents(box)) == 1
    assert time.thread_time() - began < 3


def test_a_mail_whose_first_header_is_spelled_with_a_space_is_no_mbox(tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(b"From : a@b.example\nSubject : x\n\nWords\n")
    assert contents(file) == [file.read_bytes()]


def test_a_note_below_a_dated_line_is_no_header(tmp_path: Path) -> None:
    box = tmp_path / "box"
    mail = FROM + b"Subject: 1\n\nI wrote to you\nFrom work Sat Nov 21 09:12:00 2026\nNote: no answer came.\n"
    box.write_bytes(mail)
    assert contents(box) == [mail.removeprefix(FROM)]


def test_a_whole_separator_that_no_header_follows_is_text(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(FROM + b"Subject: 1\n\n" + FROM + b"was the line in question.\n")
    assert len(contents(box)) == 1


@pytest.mark.parametrize(
    ("before", "end"),
    [
        (b"\xef\xbb\xbf", b"\n"),
        (b"\xef\xbb\xbf", b"\r"),
        (b"\n\r\n", b"\n"),
        (b"\r\n", b"\r\n"),
        (b"\r\r", b"\r"),
        (b"", b"\r"),
    ],
)
def test_a_box_may_begin_with_a_mark_or_end_its_lines_in_any_way(tmp_path: Path, before: bytes, end: bytes) -> None:
    box = tmp_path / "box"
    mail = FROM + b"Subject: 1\n\nx\n\n"
    box.write_bytes(before + (mail * 3).replace(b"\n", end))
    assert [content.replace(b"\r\n", b"\n") for content in contents(box)] == [b"Subject: 1\n\nx\n\n"] * 3


def test_what_mozilla_threw_away_is_passed_over(tmp_path: Path) -> None:
    box = tmp_path / "box"
    kept, gone = b"X-Mozilla-Status: 0001\n", b"X-Mozilla-Status: 0009\nX-Mozilla-Status2: 00000000\n"
    sent = b"Subject: 3\nX-Mozilla-Status: 0008\n"
    box.write_bytes(b"".join(b"From - \n" + head + b"From: a@b.example\n\nx\n" for head in (kept, gone, sent)))
    assert [raw.skipped for raw in read(box)] == [False, True, False]


@pytest.mark.parametrize(
    ("name", "skipped"),
    [
        ("1.host:2,S", False),
        ("1.host:2,ST", True),
        ("1.host:2,DS", True),
        ("1.host;2,T", True),
        ("1.host!2,D", True),
        ("1.host:2,", False),
        ("1.TD", False),
    ],
)
def test_trashed_mails_and_drafts_of_a_maildir_are_passed_over(tmp_path: Path, name: str, skipped: bool) -> None:
    (tmp_path / "cur").mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "cur" / name).write_bytes(b"Subject: x\n\ny")
    assert [raw.skipped for raw in read(tmp_path)] == [skipped]


def test_a_maildir_is_read_from_new_and_cur_only(tmp_path: Path) -> None:
    for name in ("cur", "new", "tmp"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.host").write_bytes(name.encode())
    (tmp_path / "new" / ".hidden").write_bytes(b"hidden")
    assert contents(tmp_path) == [b"cur", b"new"]


def test_a_folder_gives_its_mail_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.eml", "a.EML", "c.txt", "d.mbox"):
        (tmp_path / name).write_bytes(name.encode())
    assert contents(tmp_path) == [b"a.EML", b"b.eml", b"d.mbox"]


def test_a_single_file_of_any_name_is_a_mail(tmp_path: Path) -> None:
    (tmp_path / "msg_01.txt").write_bytes(b"Subject: x\n\ny")
    (tmp_path / "empty").write_bytes(b"")
    assert contents(tmp_path / "msg_01.txt", tmp_path / "empty") == [b"Subject: x\n\ny", b""]


@pytest.mark.parametrize("name", ["missing.eml", "nothing-in-it", "pipe"])
def test_a_path_that_cannot_be_used_is_named_before_anything_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "good.eml").write_bytes(b"x")
    (tmp_path / "nothing-in-it").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match=name):
        find_sources([tmp_path / "good.eml", tmp_path / name])


def test_a_mail_that_was_moved_meanwhile_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(b"one")
    (tmp_path / "2.eml").write_bytes(b"two")
    sources = find_sources([tmp_path])
    (tmp_path / "1.eml").unlink()
    assert [raw.content for source in sources for raw in mails_in(source)] == [b"two"]


def test_no_more_than_the_bound_is_ever_held(tmp_path: Path) -> None:
    """A 40 MB mail is not read into memory to find out that it is too large (ASVS 5.2.1)."""
    limits = Limits(message_bytes=1000, sealed_bytes=2000)
    (tmp_path / "large.eml").write_bytes(b"x" * 1500)
    (tmp_path / "huge.eml").write_bytes(b"x" * 9000)
    (tmp_path / "box.mbox").write_bytes(FROM + b"y\n" * 5000 + FROM + b"Subject: next\n\nz\n")
    box, next_one, huge, large = read(tmp_path, limits=limits)
    assert (len(large.content), large.size) == (1500, 1500)
    assert (len(huge.content), huge.size) == (1000, 9000)
    assert (len(box.content), box.size) == (1000, 10_000)
    assert next_one.content == b"Subject: next\n\nz\n"


def test_one_line_without_an_end_is_no_way_around_the_bound(tmp_path: Path) -> None:
    limits = Limits(message_bytes=1000, sealed_bytes=3 * 1024 * 1024)
    (tmp_path / "box").write_bytes(FROM + b"x" * (5 * 1024 * 1024))
    (raw,) = read(tmp_path / "box", limits=limits)
    assert (len(raw.content), raw.size) == (1000, 5 * 1024 * 1024)


def test_an_mbox_whose_line_ends_are_the_wrong_way_round_is_read(tmp_path: Path) -> None:
    box = tmp_path / "box"
    one = FROM + b"Subject: 1\nTo: a@b.example\n\nx\n>From y\n\n"
    box.write_bytes((one * 2).replace(b"\n", b"\n\r"))
    assert contents(box) == [b"Subject: 1\r\nTo: a@b.example\r\n\r\nx\r\nFrom y\r\n\r\n"] * 2
    assert read(box)[-1].done == box.stat().st_size
