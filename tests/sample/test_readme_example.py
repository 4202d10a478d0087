"""The README's first search finds, on the sample desk, a request that its next steps can be tried on."""

import re
from pathlib import Path

from cs_console.opening import open_desk
from cs_console.sample.accounts import ACCOUNTS
from cs_console.sample.demo import sample_settings
from cs_console.staff.sign_in import sign_in
from cs_console.tickets.filters import parse
from cs_console.tickets.queue import page
from cs_console.tickets.search.index import still_indexing
from cs_console.verification.ways import Act, ways
from models.enums import TicketState
from tests.support.sample_desk import copied

README = Path(__file__).parents[2] / "README.md"


def test_the_readmes_search_finds_a_request_that_a_code_can_verify(sample_desk: Path, tmp_path: Path) -> None:
    typed = re.search(r"filters and searches \(`([^`]+)`\)", README.read_text("utf-8"))
    assert typed is not None
    password = next(one.password for one in ACCOUNTS if one.name == "mei")
    desk = open_desk(sample_settings(copied(sample_desk, tmp_path / "sample")))
    assert still_indexing(desk) == 0
    mei = sign_in(desk, "mei", password).session
    (row,) = page(mei, "all", parse(typed[1])).rows
    assert (row.state, row.assignee) == (TicketState.TO_VERIFY, None)
    assert any(way.act is Act.CODE and way.allowed for way in ways(mei, row.number).ways)
    desk.close()
