"""Drafts: nothing typed is lost, nothing typed lies about in the open."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from cs_console.custody.drafts import MAX_DRAFT, discard_draft, save_draft
from cs_console.desk import AgentCard, DeskSession
from cs_console.errors import BadInput, KeyDestroyed, NothingThere, SessionEnded
from cs_console.staff.sessions import end_and_record
from models.draft import Draft
from models.roles import Role
from tests.support.desk import TestDesk
from tests.support.drafts import load_draft
from tests.support.tickets import make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

TYPED = "Dear customer, canary-7391 你好 \U0001f642"


def kept(test_desk: TestDesk) -> list[Draft]:
    with test_desk.desk.database.reading() as db:
        return list(db.connection().execute(select(col(Draft.place), col(Draft.text))).all())  # type: ignore[arg-type]  # two columns


@pytest.mark.parametrize("on_ticket", [True, False], ids=["on a ticket", "in a form"])
def test_a_draft_comes_back_as_it_was_typed(test_desk: TestDesk, on_ticket: bool) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    ticket = make_ticket(test_desk).number if on_ticket else None
    save_draft(mei, "reply:1", "first", ticket)
    save_draft(mei, "reply:1", TYPED, ticket)
    assert load_draft(mei, "reply:1", ticket) == TYPED
    assert len(kept(test_desk)) == 1
    discard_draft(mei, "reply:1")
    assert load_draft(mei, "reply:1", ticket) == ""
    assert kept(test_desk) == []


def test_drafts_of_two_agents_and_two_places_are_kept_apart(test_desk: TestDesk) -> None:
    mei, sam = test_desk.session("mei", Role.AGENT), test_desk.session("sam", Role.AGENT)
    number = make_ticket(test_desk).number
    save_draft(mei, "reply:1", "mei's", number)
    save_draft(mei, "note:1", "mei's note", number)
    save_draft(sam, "reply:1", "sam's", number)
    discard_draft(mei, "note:1")
    assert load_draft(mei, "reply:1", number) == "mei's"
    assert load_draft(mei, "note:1", number) == ""
    assert load_draft(sam, "reply:1", number) == "sam's"


def test_an_emptied_draft_is_forgotten(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    save_draft(mei, "form", "something")
    save_draft(mei, "form", "")
    assert kept(test_desk) == []


def test_a_draft_is_sealed_before_it_reaches_the_store(sqlite_desk: TestDesk) -> None:
    """ASVS 14.2.4: no plaintext in the database, its journal or anywhere else in the home."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    save_draft(mei, "reply:1", TYPED, make_ticket(sqlite_desk).number)
    save_draft(mei, "form", TYPED)
    home = sqlite_desk.desk.settings.home
    for file in home.rglob("*"):
        if file.is_file():
            assert b"canary-7391" not in file.read_bytes(), file


def test_an_ended_session_still_saves_but_does_not_load(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    number = make_ticket(test_desk).number
    with test_desk.desk.database.transaction() as db:
        end_and_record(db, test_desk.desk, mei.actor, mei.agent.id, "you signed in elsewhere")
    save_draft(mei, "reply:1", TYPED, number)
    for late in (lambda: load_draft(mei, "reply:1", number), lambda: discard_draft(mei, "reply:1")):
        with pytest.raises(SessionEnded):
            late()
    assert len(kept(test_desk)) == 1


def test_an_idle_session_still_saves(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    test_desk.clock.forward(hours=9)
    save_draft(mei, "form", TYPED)
    assert len(kept(test_desk)) == 1


def test_a_session_that_never_was_saves_nothing(test_desk: TestDesk) -> None:
    mei, sam = test_desk.session("mei", Role.AGENT), test_desk.session("sam", Role.AGENT)
    for forged in (
        DeskSession(mei.desk, mei.agent, "0" * 64),
        DeskSession(mei.desk, AgentCard(sam.agent.id, "sam", sam.agent.roles), mei.session_id),
    ):
        with pytest.raises(SessionEnded):
            save_draft(forged, "form", "text")
    assert kept(test_desk) == []


def test_an_erased_requesters_drafts_are_gone_with_them(test_desk: TestDesk) -> None:
    """Policy I.(4)2: erased means erased."""
    mei, made = test_desk.session("mei", Role.AGENT), make_ticket(test_desk)
    save_draft(mei, "reply:1", TYPED, made.number)
    test_desk.desk.keyring.destroy(made.requester_id)
    assert load_draft(mei, "reply:1", made.number) == ""
    with pytest.raises(KeyDestroyed):
        save_draft(mei, "reply:1", TYPED, made.number)


def test_a_draft_about_one_requester_does_not_show_on_anothers_ticket(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    one, other = make_ticket(test_desk), make_ticket(test_desk)
    save_draft(mei, "reply", TYPED, one.number)
    assert load_draft(mei, "reply", other.number) == ""
    assert load_draft(mei, "reply") == ""


def test_what_is_loaded_cannot_move_the_cursor(test_desk: TestDesk) -> None:
    """ASVS 1.2.4: what was pasted from outside comes back plain."""
    mei = test_desk.session("mei", Role.AGENT)
    save_draft(mei, "form", "pasted \x1b]52;c;aGk=\x07 \u202e and half \ud800")
    loaded = load_draft(mei, "form")
    assert not {"\x1b", "\x07", "\u202e", "\ud800"} & set(loaded)


def test_a_draft_too_long_or_in_no_place_is_refused(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    with pytest.raises(BadInput, match="longer"):
        save_draft(mei, "form", "x" * (MAX_DRAFT + 1))
    for place in ("", "Reply 1", "reply:1|agent", "x" * 80):
        with pytest.raises(BadInput):
            save_draft(mei, place, "text")
    with pytest.raises(NothingThere):
        save_draft(mei, "reply:1", "text", 99_999)


KILLED = """
import os, signal, sys
from pathlib import Path
from cs_console.custody.drafts import save_draft
from cs_console.desk import AgentCard, DeskSession
from cs_console.opening import open_desk
from cs_console.settings import Settings
from models.roles import Role

desk = open_desk(Settings(home=Path(sys.argv[1])))
session = DeskSession(desk, AgentCard(sys.argv[2], "mei", frozenset({Role.AGENT})), sys.argv[3])
save_draft(session, "reply:1", sys.argv[5], int(sys.argv[4]))
print("saved", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_draft_survives_a_killed_process(sqlite_desk: TestDesk) -> None:
    mei, made = sqlite_desk.session("mei", Role.AGENT), make_ticket(sqlite_desk)
    arguments = (str(sqlite_desk.desk.settings.home), mei.agent.id, mei.session_id, str(made.number), TYPED)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUTF8": "1"}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments], capture_output=True, text=True, env=environment, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert killed.stdout == "saved\n"
    assert load_draft(mei, "reply:1", made.number) == TYPED
