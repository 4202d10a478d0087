"""A killed import loses nothing and repeats nothing (DESIGN.md, Intake; ASVS 2.3.3)."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from sqlmodel import Session, col, func, select

from cs_console.access_log.verify import verify_log
from cs_console.desk import operator_desk
from cs_console.tickets.intake import ImportCounts, import_mail
from models.message import Message
from models.requester import Requester
from models.ticket import Ticket
from tests.support.office import TestOffice
from tests.support.stored import opened_ticket, ticket_numbers

MAILS = 60
KILLS = (1, 7, 15)


def write_box(path: Path) -> None:
    with path.open("wb") as box:
        for number in range(MAILS):
            box.write(
                b"From x Sat Nov 21 09:12:00 2026\n"
                b"From: Person %d <person%d@mail.example.org>\nSubject: matter %d\nMessage-ID: <%d@x.example>\n"
                b"In-Reply-To: <%d@x.example>\n\nWords of mail %d.\n\n"
                % (number % 40, number % 40, number, number, number - 40, number)
            )


def start_and_kill(test_office: TestOffice, box: Path, after: int) -> None:
    """Kill the import, without a warning, somewhere in the mail after the first `after`."""
    settings = test_office.office.settings
    environment = {
        **os.environ,
        "CS_CONSOLE_HOME": str(settings.home),
        "CS_CONSOLE_DATABASE_URL": settings.database_url,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.import_in_pieces", str(box)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(after):
            assert process.stdout.readline()
            process.stdin.write(b"\n")
            process.stdin.flush()
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def count(session: Session, table: type) -> int:
    return int(session.exec(select(func.count()).select_from(table)).one())


def test_an_import_that_is_killed_is_completed_by_running_it_again(test_office: TestOffice, tmp_path: Path) -> None:
    office = test_office.office
    box = tmp_path / "box"
    write_box(box)
    for after in KILLS:
        start_and_kill(test_office, box, after)
    so_far = len(ticket_numbers(office))
    assert max(KILLS) <= so_far <= max(KILLS) + 1
    counts = import_mail(operator_desk(office), [box])
    assert counts.read == MAILS == counts.opened + counts.appended + counts.duplicate
    assert counts.duplicate >= max(KILLS)

    with office.database.reading() as session:
        assert count(session, Message) == MAILS
        assert count(session, Ticket) == 40
        assert count(session, Requester) == 40
        assert session.exec(select(func.count(func.distinct(col(Message.reference))))).one() == MAILS
    words = [text for number in ticket_numbers(office) for text in opened_ticket(office, number).texts]
    assert sorted(words) == sorted(f"Words of mail {number}." for number in range(MAILS))
    assert verify_log(office).ok
    assert import_mail(operator_desk(office), [box]) == ImportCounts(read=MAILS, duplicate=MAILS)
