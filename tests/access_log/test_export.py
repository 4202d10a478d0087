"""Exports hold what was recorded, are recorded themselves, and start no formula."""

import csv
import io
import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cs_console.access_log.append import append
from cs_console.access_log.entry import Actor
from cs_console.access_log.export import Form, _tame, export_log
from cs_console.errors import NotAllowed
from models.roles import Role
from tests.access_log.tampering import ENTRIES, fill
from tests.support.desk import TestDesk

pytestmark = pytest.mark.engines("sqlite")  # files and signatures; verifying runs on both


def exported(made: TestDesk, form: Form, since: datetime | None = None) -> tuple[int, str]:
    """By an account whose making and undertaking are the last entries but one."""
    out = io.StringIO(newline="")
    return export_log(made.session("ines", Role.SUPERVISOR), out, since, form), out.getvalue()


def test_json_lines_hold_every_entry_and_the_export_itself(test_desk: TestDesk) -> None:
    fill(test_desk, 1203)
    count, text = exported(test_desk, Form.JSONL)
    lines = [json.loads(line) for line in text.splitlines()]
    assert count == len(lines) == 1206
    assert [line["seq"] for line in lines] == list(range(1, 1207))
    assert lines[0] == {
        "seq": 1,
        "at": "2026-11-20T09:01:00.000000Z",
        "actor": "mei",
        "roles": "agent",
        "session": "0123456789abcdef",
        "host": "desk-1",
        "action": "field.revealed",
        "ticket": 10_482,
        "requester": "ab12cd34ef56ab78",
        "fields": "mobile",
        "purpose": "call-back",
        "verification": "",
        "outcome": "done",
        "seconds": None,
        "reason": "",
        "about": None,
    }
    assert (lines[-1]["action"], lines[-1]["actor"], lines[-1]["reason"]) == ("log.exported", "ines", "jsonl")


def test_csv_has_a_heading_and_the_same_entries(test_desk: TestDesk) -> None:
    fill(test_desk, 5)
    count, text = exported(test_desk, Form.CSV)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert count == len(rows) == 8
    assert (rows[2]["seq"], rows[2]["actor"], rows[2]["seconds"]) == ("3", 'Zoë "Z"\n', "")
    assert rows[7]["reason"] == "csv"
    assert [(row["action"], row["what"]) for row in (rows[0], rows[7])] == [
        ("field.revealed", "revealed a field"),
        ("log.exported", "exported the log"),
    ]


def test_only_from_a_moment_on(test_desk: TestDesk) -> None:
    began = test_desk.clock.now()
    fill(test_desk, 10)
    _count, text = exported(test_desk, Form.JSONL, began + timedelta(minutes=8))
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["seq"] for line in lines] == [8, 9, 10, 11, 12, 13]
    assert lines[-1]["fields"] == "since"


@pytest.mark.parametrize("start", ["=1+1", "+1+cmd", "-1+1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_starts_a_formula(sqlite_desk: TestDesk, start: str) -> None:
    """ASVS 1.2.10."""
    with sqlite_desk.desk.database.transaction() as db:
        actor = Actor(start, start, "", start)
        append(db, sqlite_desk.desk, actor, ENTRIES[0], sqlite_desk.clock.now())
    rows = list(csv.reader(io.StringIO(exported(sqlite_desk, Form.CSV)[1], newline="")))
    assert rows[1][2] == f"'{start}"
    assert all(cell[:1] not in set("=+-@\t\r\0") or not cell for row in rows for cell in row)


@given(some.text())
def test_no_text_begins_with_a_hidden_start(text: str) -> None:
    tamed = str(_tame(text))
    assert tamed[:1] not in {"\t", "\r", "\0"} or not tamed
    assert tamed.endswith(text)


def test_others_may_not_export(test_desk: TestDesk) -> None:
    fill(test_desk, 3)
    out = io.StringIO()
    with pytest.raises(NotAllowed):
        export_log(test_desk.session("mei", Role.AGENT, Role.ADMIN), out, None, Form.JSONL)
    assert out.getvalue() == ""
