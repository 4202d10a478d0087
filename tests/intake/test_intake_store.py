"""Intake while the store refuses: what was taken in stays whole, the rest is taken in by running it again."""

from pathlib import Path

import pytest

from cs_console.desk import operator_session
from cs_console.errors import StoreBusy, StoreFull
from cs_console.intake.intake import ImportCounts, import_mail
from tests.support.desk import TestDesk
from tests.support.stored import entries, opened_ticket, quarantine, ticket_numbers
from tests.support.stores import full_disk, locked

MAILS = 160


def _box(folder: Path) -> Path:
    """Mails of different people, each a page or two of the store."""
    box = folder / "box"
    with box.open("w") as file:
        for number in range(MAILS):
            file.write(
                f"From x Sat Nov 21 09:12:00 2026\nFrom: p{number}@mail.example.org\nMessage-ID: <{number}@x>\n"
                f"Subject: number {number}\n\n{'words ' * 300}\n\n"
            )
    return box


def test_a_full_disk_ends_the_import_with_no_mail_in_part(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    desk, box = sqlite_desk.desk, _box(tmp_path)
    with full_disk(desk.database, room=130), pytest.raises(StoreFull, match="disk is full"):
        import_mail(operator_session(desk), [box])
    taken = ticket_numbers(desk)
    assert 0 < len(taken) < MAILS
    assert len(entries(desk, "ticket.created")) == len(taken)
    assert all(opened_ticket(desk, number).texts for number in taken)
    assert quarantine(desk) == []
    counts = import_mail(operator_session(desk), [box])
    assert counts == ImportCounts(read=MAILS, opened=MAILS - len(taken), duplicate=len(taken))


def test_a_locked_database_ends_the_import_and_loses_nothing(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    desk, box = sqlite_desk.desk, _box(tmp_path)
    with locked(desk.database), pytest.raises(StoreBusy, match="busy"):
        import_mail(operator_session(desk), [box])
    assert ticket_numbers(desk) == []
    assert quarantine(desk) == []
    assert import_mail(operator_session(desk), [box]).opened == MAILS
