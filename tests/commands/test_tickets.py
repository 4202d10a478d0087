"""`cs-console tickets list`: what operators can see of the queue, and what they cannot."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from cs_console.commands.tickets import app
from cs_console.custody.late_redaction import redact_waiting
from cs_console.custody.redaction_queue import redact_ticket_later
from cs_console.custody.search_queue import index_later
from cs_console.tickets.search import index as index_module
from cs_console.tickets.search.index import index_waiting
from models.contact_fields import Field
from models.enums import TicketKind, TicketState
from models.roles import Role
from tests.support.desk import TestDesk
from tests.support.tickets import MadeTicket, make_ticket


@pytest.fixture
def made(sqlite_desk: TestDesk) -> Iterator[list[MadeTicket]]:
    """Three open tickets, the oldest first, and a closed one."""
    now = sqlite_desk.clock.now()
    contacts = {Field.EMAIL: "canary@example.org"}
    yield [
        make_ticket(sqlite_desk, contacts=contacts, subject="canary", received_at=now - timedelta(days=3)),
        make_ticket(sqlite_desk, kind=TicketKind.RIGHTS, received_at=now - timedelta(days=2)),
        make_ticket(sqlite_desk, assignee=sqlite_desk.session("mei", Role.AGENT)),
        make_ticket(sqlite_desk, state=TicketState.CLOSED),
    ]


def listed(desk: TestDesk, *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error."""
    done = CliRunner().invoke(app, ["list", "--home", str(desk.desk.settings.home), *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_json_is_one_object_with_numbers_kinds_states_and_dates(sqlite_desk: TestDesk, made: list[MadeTicket]) -> None:
    status, out, _ = listed(sqlite_desk, "--json")
    answer = json.loads(out)
    assert status == 0
    assert answer["next"] is None
    assert [ticket["number"] for ticket in answer["tickets"]] == [made[2].number, made[1].number, made[0].number]
    assert answer["tickets"][1] == {
        "number": made[1].number,
        "kind": "rights",
        "state": "to verify",
        "priority": "normal",
        "received_at": "2026-11-18T09:00:00+00:00",
        "due_at": None,
    }


def test_no_personal_data_is_listed(sqlite_desk: TestDesk, made: list[MadeTicket]) -> None:
    for arguments in ((), ("--json",), ("--view", "closed")):
        _, out, err = listed(sqlite_desk, *arguments)
        assert "canary" not in out + err
        assert "mei" not in out + err


def test_views_filters_and_limits_narrow_the_list(sqlite_desk: TestDesk, made: list[MadeTicket]) -> None:
    def numbers(*arguments: str) -> list[int]:
        return [ticket["number"] for ticket in json.loads(listed(sqlite_desk, *arguments, "--json")[1])["tickets"]]

    assert numbers("--view", "to_verify") == [made[1].number]
    assert numbers("--view", "closed") == [made[3].number]
    assert numbers("--filter", "kind:rights") == [made[1].number]
    assert numbers("--filter", f"#{made[3].number}") == [made[3].number]
    assert numbers("--filter", "assignee:mei") == [made[2].number]


def test_a_list_goes_on_where_it_stopped(sqlite_desk: TestDesk, made: list[MadeTicket]) -> None:
    _, out, err = listed(sqlite_desk, "--limit", "2")
    assert f"#{made[2].number}" in out
    assert f"#{made[0].number}" not in out
    _, out, _ = listed(sqlite_desk, "--after", err.split()[-1])
    assert f"#{made[0].number}" in out
    assert f"#{made[2].number}" not in out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--filter", "kind:apeal"), "“apeal”"),
        (("--filter", "-refund"), "minus"),
        (("--filter", "assignee:me"), "“me”"),
        (("--view", "theirs"), "theirs"),
        (("--after", "page two"), "--after"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_2(sqlite_desk: TestDesk, arguments: tuple[str, ...], named: str) -> None:
    status, out, err = listed(sqlite_desk, *arguments)
    assert (status, out) == (2, "")
    assert named in err
    assert "Traceback" not in err


def test_a_missing_desk_is_exit_3(sqlite_desk: TestDesk) -> None:
    done = CliRunner().invoke(app, ["list", "--home", str(sqlite_desk.desk.settings.home / "none")])
    assert done.exit_code == 3


def test_a_word_is_searched_for_and_what_waits_is_said(
    sqlite_desk: TestDesk, made: list[MadeTicket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "AT_ONCE", 1)
    with sqlite_desk.desk.database.transaction() as db:
        for one in made:
            index_later(db, one.number)
    status, out, told = listed(sqlite_desk, "--filter", "canary", "--json")
    assert (status, json.loads(out)["tickets"]) == (0, [])
    assert "3 tickets are still being indexed" in told
    index_waiting(sqlite_desk.desk)
    status, out, told = listed(sqlite_desk, "--filter", "Canaries", "--json")
    assert [row["number"] for row in json.loads(out)["tickets"]] == [made[0].number]
    assert (status, told) == (0, "")
    status, _, told = listed(sqlite_desk, "--filter", "the")
    assert status == 2
    assert "too short or too common" in told


def test_what_waits_is_indexed_at_once(sqlite_desk: TestDesk, made: list[MadeTicket]) -> None:
    def indexed(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["index", "--home", str(sqlite_desk.desk.settings.home), *arguments])
        return done.exit_code, done.stdout

    with sqlite_desk.desk.database.transaction() as db:
        for one in made[:2]:
            index_later(db, one.number)
        redact_ticket_later(db, made[1].number)
    assert indexed() == (1, "1 ticket is still being indexed: some may be missing here.\n")
    assert indexed("--json") == (1, '{"ok": false, "still_waiting": 1}\n')
    redact_waiting(sqlite_desk.desk)
    assert indexed("--json") == (0, '{"ok": true, "still_waiting": 0}\n')
    assert indexed() == (0, "All tickets are indexed.\n")
