"""Which messages are one, and that none is swallowed because it looks like another."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cs_console.desk import operator_session
from cs_console.intake.intake import ImportCounts, import_jsonl, import_mail, take_in
from cs_console.intake.mail import read_mail
from tests.support.desk import TestDesk
from tests.support.stored import ticket_numbers

HEAD = "From: jane@mail.example\nTo: help@desk.example\nSubject: A question\nDate: Fri, 20 Nov 2026 08:00:00 +0000\n"
LETTER = f"{HEAD}Message-ID: <1@mail.example>\n\nFrom what I know, this is due.\n>From here on it is quoted.\n"


def outcomes(test_desk: TestDesk, *mails: str | bytes) -> list[str]:
    """What becomes of these mails, one after the other."""
    raw = [mail.encode() if isinstance(mail, str) else mail for mail in mails]
    return [take_in(operator_session(test_desk.desk), read_mail(one)).outcome for one in raw]


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    "again",
    [
        LETTER,
        LETTER.replace("\n", "\r\n"),
        LETTER.replace("\n", "\r"),
        f"Received: from a by b; Fri, 20 Nov 2026 08:00:05 +0000\nX-Spam-Score: 1\n{LETTER}",
        LETTER.replace("\nFrom what", "\n>From what").replace("\n>From here", "\n>>From here"),
        f"{LETTER}\n\n",
        LETTER.replace("Subject: A question", "Subject: A\n question"),
        LETTER.replace("<1@mail.example>", "<rewritten@gateway.example>"),
        LETTER.replace("Message-ID: <1@mail.example>\n", ""),
    ],
    ids=["same", "crlf", "cr", "other way", "escaped", "ends", "folded", "other id", "no id"],
)
def test_the_same_mail_is_one_however_it_came(test_desk: TestDesk, again: str) -> None:
    assert outcomes(test_desk, LETTER, again) == ["opened", "duplicate"]


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    "other",
    [
        LETTER.replace("this is due", "that is due"),
        LETTER.replace("A question", "Another question"),
        LETTER.replace("jane@", "john@"),
        LETTER.replace("From: jane@mail.example", "From: Jane <jane@mail.example>"),
        LETTER.replace("08:00:00", "09:00:00"),
        LETTER.replace("it is quoted.", "it is quoted"),
    ],
    ids=["text", "subject", "sender", "name", "date", "last sign"],
)
def test_an_equal_id_swallows_nothing(test_desk: TestDesk, other: str) -> None:
    assert outcomes(test_desk, LETTER, other) == ["opened", "opened"]


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("none", ["<>", "", " ", "< >"])
def test_an_empty_id_is_none(test_desk: TestDesk, none: str) -> None:
    empty = [LETTER.replace("<1@mail.example>", none).replace("this is", word) for word in ("one is", "two are")]
    assert outcomes(test_desk, *empty, *empty) == ["opened", "opened", "duplicate", "duplicate"]


@pytest.mark.engines("sqlite")
def test_two_equal_mails_that_no_date_sets_apart_are_told_by_their_ids(test_desk: TestDesk) -> None:
    undated = LETTER.replace("Date:", "X-Date:")
    assert outcomes(test_desk, undated, undated.replace("<1@", "<2@"), undated) == ["opened", "opened", "duplicate"]


@pytest.mark.engines("sqlite")
def test_a_file_makes_another_mail(test_desk: TestDesk) -> None:
    def with_file(content: str) -> str:
        parts = f"--B\n\nSee the file.\n--B\nContent-Type: application/pdf; name=a.pdf\n\n{content}\n--B--\n"
        return f"{HEAD}Message-ID: <1@mail.example>\nContent-Type: multipart/mixed; boundary=B\n\n{parts}"

    assert outcomes(test_desk, *map(with_file, ("%PDF one", "%PDF two", "%PDF one"))) == [
        *("opened", "opened", "duplicate")
    ]


def write_box(file: Path, *, received: str = "", escaped: bool = False) -> None:
    mails = []
    for number in range(6):
        words = "From now on" if not escaped else ">From now on"
        head = HEAD.replace("question", f"question {number % 3}")
        head = f"From x Fri Nov 20 08:00:00 2026\n{received}{head}Message-ID: <{number}@m>\n"
        mails.append(f"{head}\n{words} {number}\n\n")
    file.write_text("".join(mails), "utf-8")


@pytest.mark.engines("sqlite")
def test_a_box_that_was_moved_changes_nothing(test_desk: TestDesk, tmp_path: Path) -> None:
    session, box = operator_session(test_desk.desk), tmp_path / "box.mbox"
    write_box(box, escaped=True)
    assert import_mail(session, [box]) == ImportCounts(read=6, opened=6)
    write_box(box, received="Received: by mx.example; Fri, 20 Nov 2026 08:00:05 +0000\n", escaped=True)
    test_desk.clock.forward(days=400)
    assert import_mail(session, [box]) == ImportCounts(read=6, duplicate=6)


def test_of_imports_at_once_exactly_one_takes_each_mail(test_desk: TestDesk, tmp_path: Path) -> None:
    box = tmp_path / "box.mbox"
    write_box(box)
    with ThreadPoolExecutor(3) as pool:
        counts = list(pool.map(lambda _: import_mail(operator_session(test_desk.desk), [box]), range(3)))
    assert [one.read for one in counts] == [6, 6, 6]
    assert (sum(one.opened for one in counts), sum(one.duplicate for one in counts)) == (6, 12)
    assert len(ticket_numbers(test_desk.desk)) == 6


# --- JSON Lines

LINE: dict[str, object] = {
    "type": "message",
    "id": "m-1",
    "from": {"e-mail": "jane@mail.example"},
    "subject": "Hi",
    "text": "Words.",
    "at": "2026-11-20T08:00:00+00:00",
}


def counts_of(test_desk: TestDesk, folder: Path, *lines: dict[str, object]) -> ImportCounts:
    file = folder / "lines.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    return import_jsonl(operator_session(test_desk.desk), file)


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    "other",
    [{"text": "Other words."}, {"from": {"e-mail": "john@mail.example"}}, {"channel": "call"}, {"subject": "Ho"}],
)
def test_an_equal_id_of_a_line_swallows_nothing(test_desk: TestDesk, tmp_path: Path, other: dict[str, object]) -> None:
    assert counts_of(test_desk, tmp_path, LINE, {**LINE, **other}) == ImportCounts(read=2, opened=2)
    assert counts_of(test_desk, tmp_path, LINE, {**LINE, **other}) == ImportCounts(read=2, duplicate=2)


@pytest.mark.engines("sqlite")
def test_the_same_line_is_one_whatever_its_id_or_order(test_desk: TestDesk, tmp_path: Path) -> None:
    turned = dict(reversed(list({**LINE, "id": "m-2"}.items())))
    assert counts_of(test_desk, tmp_path, LINE, turned) == ImportCounts(read=2, opened=1, duplicate=1)


@pytest.mark.engines("sqlite")
def test_lines_that_no_time_sets_apart_are_told_by_their_ids(test_desk: TestDesk, tmp_path: Path) -> None:
    undated = {name: value for name, value in LINE.items() if name != "at"}
    lines = (undated, {**undated, "id": "m-2"}, undated)
    assert counts_of(test_desk, tmp_path, *lines) == ImportCounts(read=3, opened=2, duplicate=1)
