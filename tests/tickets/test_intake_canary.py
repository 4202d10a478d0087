"""Sealed at rest (DESIGN.md, invariant 2; ASVS 14.2.4): after intake no byte of a mail stands in the home folder."""

import base64
from email.message import EmailMessage
from pathlib import Path

from cs_console.desk import operator_desk
from cs_console.tickets.intake import import_jsonl, import_mail
from tests.support.office import TestOffice
from tests.support.stored import files_holding

CANARY = "Zaunkönig7f3b"
ASCII = "zaunkonig7f3b"


def traces(word: str) -> list[bytes]:
    """The word as it could stand in a file: UTF-8, UTF-16, escaped, and base64 at any of its three offsets."""
    plain = word.encode()
    found = [
        plain,
        word.encode("utf-16-le"),
        word.encode("utf-16-be"),
        ascii(word)[1:-1].encode(),
        plain.hex().encode(),
    ]
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + plain + b"\0" * 3)
        found.append(encoded[4 : 4 * ((offset + len(plain)) // 3)])
    return [one for one in found if len(one) > 8]


NEEDLES = [trace for word in (CANARY, CANARY.lower(), ASCII, ASCII.upper()) for trace in traces(word)]


def canary_mail(reference: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = f'"{CANARY} Example" <{ASCII}@{ASCII}.example>'
    mail["To"] = f"{ASCII}+tag@desk.example, appeals@desk.example"
    mail["Reply-To"] = f"{ASCII}@reply.example"
    mail["Subject"] = f"About {CANARY}"
    mail["Message-ID"] = f"<{reference}.{ASCII}@x.example>"
    mail["In-Reply-To"] = f"<0.{ASCII}@x.example>"
    mail.set_content(f"My name is {CANARY}, write to {ASCII}@{ASCII}.example.")
    mail.add_alternative(f"<p>{CANARY}</p>", subtype="html")
    mail.add_attachment(f"{CANARY} in a file".encode(), maintype="text", subtype="csv", filename=f"{CANARY}.csv")
    return mail.as_bytes()


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    (tmp_path / "leak.txt").write_text(f"... {CANARY} ...")
    (tmp_path / "leak.b64").write_bytes(base64.b64encode(f"x{CANARY} Example".encode()))
    assert {found.split(":")[0] for found in files_holding(tmp_path, NEEDLES)} == {"leak.txt", "leak.b64"}


def test_no_byte_of_a_mail_is_left_in_the_home_folder(sqlite_office: TestOffice, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for number in range(3):
        (outside / f"{number}.eml").write_bytes(canary_mail(str(number)))
    (outside / "broken.eml").write_bytes(b"Subject: =?utf-8?q?a=0Ab?=\n\n" + CANARY.encode())
    (outside / "lines.jsonl").write_text(
        f'{{"type": "requester", "account": "{ASCII}", "on_file": {{"e-mail": "{ASCII}@on-file.example",'
        f' "name": "{CANARY}", "address": "{CANARY} 5"}}}}\n'
        f'{{"type": "message", "id": "{ASCII}-1", "from": {{"name": "{CANARY}"}}, "text": "{CANARY}"}}\n'
        f'{{"type": "message", "id": "2", "text": "x", "{ASCII}": "{CANARY}"}}\n'
    )
    desk = operator_desk(sqlite_office.office)
    told: list[str] = []
    counts = import_mail(desk, [outside], told=told.append)
    assert (counts.read, counts.opened, counts.appended, counts.quarantined) == (4, 1, 2, 1)
    lines = import_jsonl(desk, outside / "lines.jsonl", told=told.append)
    assert (lines.requesters, lines.opened, lines.quarantined) == (1, 1, 1)

    home = sqlite_office.office.settings.home
    names = {file.name for file in home.rglob("*")}
    assert "console.db-wal" in names  # the journal is looked through too
    assert files_holding(home, NEEDLES) == []
    assert len(told) == 2
    assert not any(CANARY in sentence for sentence in told)
