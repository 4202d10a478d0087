"""Sealed at rest (DESIGN.md, invariant 2; ASVS 14.2.4, 16.5.1): a console that dies leaves no word behind."""

import json
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cs_console.access_log.verify import verify_log
from cs_console.casework import conversation, workflow
from cs_console.casework.attachments import open_attachment
from cs_console.casework.reply_files import attach_file
from cs_console.casework.ticket_view import TicketView
from cs_console.custody.disclosure import Target, end_view, reveal
from cs_console.custody.drafts import save_draft
from cs_console.desk import DeskSession, operator_session
from cs_console.intake import intake
from cs_console.verification import codes
from models.contact_fields import Field
from models.counter import Counter
from models.enums import Action
from models.roles import Role
from tests.support.canary import ASCII, CANARY, NEEDLES, canary_mail
from tests.support.desk import TestDesk
from tests.support.postgres import data_folder
from tests.support.recorded import recorded
from tests.support.stored import files_holding

ROOT = Path(__file__).parents[1]
PLAIN = "Rotkehlchen51c8"
"""A word that is not sealed: the search has to find it."""


def _taken_in(test_desk: TestDesk, outside: Path) -> int:
    """A requester on file, their mail, and the same once more; the ticket's number."""
    outside.mkdir()
    (outside / f"{CANARY}.txt").write_text(f"{CANARY} in a file of ours", "utf-8")
    test_desk.desk.settings = test_desk.desk.settings.model_copy(update={"attach_from": outside})
    (outside / "accounts.jsonl").write_text(
        f'{{"type": "requester", "account": "{ASCII}", "changed_at": "2024-01-01T00:00:00Z", "on_file": {{'
        f'"e-mail": "{ASCII}@{ASCII}.example", "mobile": "+44 7700 900123", "name": "{CANARY} Example", '
        f'"address": "14 {CANARY} Close, Leeds"}}}}\n',
        "utf-8",
    )
    (outside / "one.eml").write_bytes(canary_mail("1"))
    operator = operator_session(test_desk.desk)
    intake.import_jsonl(operator, outside / "accounts.jsonl")
    counts = intake.import_mail(operator, [outside / "one.eml"])
    assert (counts.opened, intake.import_mail(operator, [outside / "one.eml"]).duplicate) == (1, 1)
    return int(recorded(test_desk.desk, Action.TICKET_CREATED)[0].ticket or 0)


def _worked_on(test_desk: TestDesk, session: DeskSession, number: int) -> list[list[str]]:
    """Read, verified, revealed, answered and half answered again; what can be revealed of it and for what."""
    view = conversation.open_ticket(session, number)
    assert CANARY not in repr(view)
    workflow.claim(session, number)
    mobile = next(option for option in codes.options(session, number) if option.field is Field.MOBILE)
    codes.send_code(session, number, mobile.contact_id)
    outbox = test_desk.desk.settings.outbox
    assert outbox is not None
    sent = [re.findall(r"\b[0-9]{8}\b", file.read_text("utf-8")) for file in sorted(outbox.iterdir())]
    codes.check_code(session, number, next(found[0] for found in sent if found))
    targets = _targets(view, number)
    for field, item, purpose in targets:
        shown = reveal(session, number, Target(Field(field), item), purpose)
        assert CANARY.lower() in shown.value.lower() or ASCII in shown.value
        end_view(session, shown, 9)
    for label in view.lines[0].attachments:
        opened = open_attachment(session, number, label.id, "read-original")
        assert CANARY in f"{opened.document.text} {opened.document.rows}"
        end_view(session, opened.view, 9)
    email = next(item for field, item, _ in targets if field == Field.EMAIL)
    version = conversation.reload(session, number).version
    conversation.reply(session, number, version, email, f"Dear {CANARY}, your street is {CANARY} Close.")
    save_draft(session, f"reply:{number}", f"And besides, {CANARY}", number)
    attach_file(session, number, f"{CANARY}.txt")
    return targets


def _targets(view: TicketView, number: int) -> list[list[str]]:
    on_file = {contact.field: contact.id for contact in view.contacts if contact.on_file}
    return [
        [Field.EMAIL, on_file[Field.EMAIL], "reply"],
        [Field.NAME, on_file[Field.NAME], "reply"],
        [Field.ADDRESS, on_file[Field.ADDRESS], "correct"],
        [Field.SUBJECT, str(number), "read-original"],
        [Field.MESSAGE, view.lines[0].id, "read-original"],
    ]


def _leaks(test_desk: TestDesk, needles: list[bytes]) -> list[str]:
    """Where one of them stands: in the home folder but the outbox, and among all that PostgreSQL writes."""
    desk = test_desk.desk
    found = [where for where in files_holding(desk.settings.home, needles) if not where.startswith("outbox")]
    if desk.database.is_sqlite:
        return found
    with desk.database.transaction() as db:
        connection = db.connection()
        oid = connection.exec_driver_sql("SELECT oid FROM pg_database WHERE datname = current_database()").scalar_one()
        connection.exec_driver_sql("CHECKPOINT")
    for part in (f"base/{oid}", "pg_wal", "log", "global"):
        found += files_holding(data_folder() / part, needles)
    return found


@pytest.mark.parametrize("death", ["killed", "fault", "fault in a thread"])
def test_a_console_that_dies_with_a_value_in_hand_leaves_nothing(
    test_desk: TestDesk, tmp_path: Path, death: str
) -> None:
    desk = test_desk.desk
    test_desk.clock.at = datetime.now(UTC)  # the other process has the machine's clock
    number = _taken_in(test_desk, tmp_path / "outside")
    mei = test_desk.session("mei", Role.AGENT, Role.VERIFIER)
    targets = _worked_on(test_desk, mei, number)
    case = {
        "home": str(desk.settings.home),
        "url": desk.settings.database_url,
        "agent": mei.agent.id,
        "session": mei.session_id,
        "number": str(number),
    }
    before = len(recorded(desk, Action.FIELD_REVEALED))
    command = [sys.executable, "-m", "tests.support.dying_console", json.dumps([case, targets, death])]
    died = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=60)
    assert died.returncode == {"killed": -signal.SIGKILL, "fault": 1, "fault in a thread": 0}[death], died.stderr
    assert int(died.stdout) > 5 * len(CANARY)  # it had them all in hand
    assert [needle for needle in NEEDLES if needle in died.stderr] == []
    assert (b"stopped because of an error (RuntimeError at dying_console:" in died.stderr) == (death != "killed")

    assert len(recorded(desk, Action.FIELD_REVEALED)) == before + len(targets)
    assert _leaks(test_desk, NEEDLES) == []
    assert verify_log(desk).ok


def test_the_search_finds_what_is_not_sealed(test_desk: TestDesk) -> None:
    """The proof that the test above can fail: a word written past the seals, and one in the outbox alone."""
    desk = test_desk.desk
    with desk.database.transaction() as db:
        db.add(Counter(name=PLAIN, value=1))
    found = {where.partition(":")[0] for where in _leaks(test_desk, [PLAIN.encode()])}
    assert found
    if not desk.database.is_sqlite:
        assert len(found) >= 2  # the table and the journal
    assert desk.settings.outbox is not None
    desk.settings.outbox.mkdir()
    (desk.settings.outbox / "sent").write_text(CANARY)
    assert _leaks(test_desk, NEEDLES) == []
    (desk.settings.home / "crash.log").write_text(f"ValueError: {CANARY}")
    assert len(_leaks(test_desk, NEEDLES)) >= 1
