"""Sealed at rest (DESIGN.md, invariant 2; ASVS 14.2.4): after intake no byte of a mail stands in the home folder."""

import base64
from pathlib import Path

import pytest

from cs_console.desk import operator_session
from cs_console.intake.intake import import_jsonl, import_mail
from tests.support.canary import ASCII, CANARY, NEEDLES, canary_mail
from tests.support.desk import TestDesk
from tests.support.stored import files_holding


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    (tmp_path / "leak.txt").write_text(f"... {CANARY} ...")
    (tmp_path / "leak.b64").write_bytes(base64.b64encode(f"x{CANARY} Example".encode()))
    assert {found.split(":")[0] for found in files_holding(tmp_path, NEEDLES)} == {"leak.txt", "leak.b64"}


@pytest.mark.core
def test_no_byte_of_a_mail_is_left_in_the_home_folder(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for number in range(3):
        (outside / f"{number}.eml").write_bytes(canary_mail(str(number)))
    (outside / "broken.eml").write_bytes(b"Subject: x\n" + b"Content-Type: message/rfc822\n\n" * 30 + CANARY.encode())
    (outside / "lines.jsonl").write_text(
        f'{{"type": "requester", "account": "{ASCII}", "on_file": {{"e-mail": "{ASCII}@on-file.example",'
        f' "name": "{CANARY}", "address": "{CANARY} 5"}}}}\n'
        f'{{"type": "message", "id": "{ASCII}-1", "from": {{"name": "{CANARY}"}}, "text": "{CANARY}"}}\n'
        f'{{"type": "message", "id": "2", "text": "x", "{ASCII}": "{CANARY}"}}\n'
    )
    session = operator_session(sqlite_desk.desk)
    told: list[str] = []
    counts = import_mail(session, [outside], told=told.append)
    assert (counts.read, counts.opened, counts.appended, counts.quarantined) == (4, 1, 2, 1)
    lines = import_jsonl(session, outside / "lines.jsonl", told=told.append)
    assert (lines.requesters, lines.opened, lines.quarantined) == (1, 1, 1)

    home = sqlite_desk.desk.settings.home
    names = {file.name for file in home.rglob("*")}
    assert "console.db-wal" in names  # the journal is looked through too
    assert files_holding(home, NEEDLES) == []
    assert len(told) == 2
    assert not any(CANARY in sentence for sentence in told)
