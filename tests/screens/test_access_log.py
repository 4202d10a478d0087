"""The access log on screen: newest first, filtered, opened and proved, each reading itself recorded."""

import pytest
from sqlalchemy import text
from textual.widgets import DataTable

from cs_console.casework.conversation import open_ticket
from cs_console.custody.disclosure import Target, reveal
from cs_console.desk import DeskSession
from cs_console.errors import NotVerified
from models.contact_fields import Field
from models.enums import Action, Role
from screens.access_log.access_log import AccessLogScreen
from screens.access_log.log_entry import EntryDialog
from screens.access_log.log_proof import ProofDialog
from screens.queue.queue import QueueScreen
from tests.support.consoles import NARROW, SIZES, Console, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket


async def reading(shown: Console) -> AccessLogScreen:
    await shown.press("g", "l")
    await shown.until_on(AccessLogScreen)
    screen = shown.app.screen
    assert isinstance(screen, AccessLogScreen)
    await shown.until(lambda: table(screen).row_count > 0, "entries")
    return screen


def table(screen: AccessLogScreen) -> DataTable[object]:
    return screen.query_one(DataTable)


def some_history(test_desk: TestDesk, mei: DeskSession, opened: int = 3) -> int:
    made = make_ticket(test_desk, assignee=mei, contacts={Field.EMAIL: "alice@example.org"})
    for _ in range(opened):
        open_ticket(mei, made.number)
    with pytest.raises(NotVerified):
        reveal(mei, made.number, Target(Field.EMAIL, made.contact_ids[Field.EMAIL]), "reply")
    return made.number


@pytest.mark.parametrize("size", SIZES)
async def test_entries_stand_newest_first_and_the_reading_is_one_of_them(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    number = some_history(sqlite_desk, mei)
    async with console(sqlite_desk, sara, size) as shown:
        screen = await reading(shown)
        assert [str(cell) for cell in table(screen).get_row_at(0)][2:4] == ["sara", "read the log"]
        second = [str(cell) for cell in table(screen).get_row_at(1)]
        assert "reveal refused" in second and f"#{number}" in second and "! refused" in second
        assert table(screen).max_scroll_x == 0
        assert "entries" in shown.words()


async def test_a_filter_narrows_the_list_and_escape_takes_it_away(sqlite_desk: TestDesk) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    some_history(sqlite_desk, mei)
    async with console(sqlite_desk, sara) as shown:
        screen = await reading(shown)
        before = table(screen).row_count
        await shown.press("slash")
        await shown.type("outcome:refused")
        await shown.press("enter")
        await shown.until(lambda: table(screen).row_count == 1)
        await shown.press("escape")
        await shown.until(lambda: table(screen).row_count > before)
    assert [one.fields for one in recorded(sqlite_desk.desk, Action.LOG_READ)] == ["", "outcome", ""]


async def test_a_filter_that_makes_no_sense_names_the_word(sqlite_desk: TestDesk) -> None:
    sara = sqlite_desk.session("sara", Role.SUPERVISOR)
    async with console(sqlite_desk, sara) as shown:
        await reading(shown)
        await shown.press("slash")
        await shown.type("colour:[/x]")
        await shown.press("enter")
        await shown.until(lambda: "colour:[/x]" in shown.notice)


async def test_an_entry_opens_whole_and_on_record(sqlite_desk: TestDesk) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    number = some_history(sqlite_desk, mei)
    async with console(sqlite_desk, sara) as shown:
        await reading(shown)
        await shown.press("j", "enter")
        await shown.until_on(EntryDialog)
        await shown.until_words(
            "mei (agent)", "reveal refused", "reveal.refused", f"#{number}", "e-mail", "not_verified"
        )
        await shown.press("escape")
        await shown.until_on(AccessLogScreen)
    assert any(one.reason.startswith("entry ") for one in recorded(sqlite_desk.desk, Action.LOG_READ))


async def test_older_entries_come_as_the_cursor_nears_the_end(sqlite_desk: TestDesk) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    some_history(sqlite_desk, mei, opened=128)
    async with console(sqlite_desk, sara) as shown:
        screen = await reading(shown)
        assert table(screen).row_count == 100
        await shown.press("ctrl+end")
        await shown.until(lambda: table(screen).row_count == 135)
        numbers = [int(str(table(screen).get_row_at(row)[0])) for row in range(135)]
        assert numbers == sorted(numbers, reverse=True)


@pytest.mark.parametrize("size", [NARROW])
async def test_the_log_is_proved_from_its_screen(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    some_history(sqlite_desk, mei)
    async with console(sqlite_desk, sara, size) as shown:
        await reading(shown)
        await shown.press("v")
        await shown.until_on(ProofDialog)
        await shown.until_words("Complete:", "none edited, missing or moved")
    assert len(recorded(sqlite_desk.desk, Action.LOG_VERIFIED)) == 1


async def test_an_edited_entry_is_named(sqlite_desk: TestDesk) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    some_history(sqlite_desk, mei)
    async with console(sqlite_desk, sara) as shown:
        await reading(shown)
        with sqlite_desk.desk.database.transaction() as db:
            for trigger in db.execute(text("SELECT name FROM sqlite_master WHERE type='trigger'")).scalars().all():
                db.execute(text(f"DROP TRIGGER {trigger}"))
            db.execute(text("UPDATE log_entry SET actor = 'stranger' WHERE seq = 2"))
        await shown.press("v")
        await shown.until_words("Broken at entry 2: edited")


async def test_the_proof_can_be_stopped(sqlite_desk: TestDesk) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    some_history(sqlite_desk, mei)
    async with console(sqlite_desk, sara) as shown:
        await reading(shown)
        dialog = ProofDialog()
        dialog._stop.set()
        shown.app.push_screen(dialog)
        await shown.until_words("Verification was stopped")
        await shown.press("escape")
        await shown.until_on(AccessLogScreen)
    assert not recorded(sqlite_desk.desk, Action.LOG_VERIFIED)


async def test_an_agent_who_goes_there_reads_nothing_and_is_told_why(sqlite_desk: TestDesk) -> None:
    """Screens decide nothing: the service refuses. ASVS 8.3.1."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    some_history(sqlite_desk, mei)
    async with console(sqlite_desk, mei) as shown:
        screen = AccessLogScreen()
        await shown.open(screen)
        await shown.until(lambda: "Only a supervisor" in shown.notice)
        assert table(screen).row_count == 0
    assert not recorded(sqlite_desk.desk, Action.LOG_READ)


async def test_who_comes_back_reads_what_was_added_meanwhile(sqlite_desk: TestDesk) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    number = some_history(sqlite_desk, mei)
    async with console(sqlite_desk, sara) as shown:
        screen = await reading(shown)
        await shown.press("g", "q")
        await shown.until_on(QueueScreen)
        open_ticket(mei, number)
        await shown.press("g", "l")
        await shown.until_on(AccessLogScreen)
        await shown.until(lambda: str(table(screen).get_row_at(1)[3]) == "opened the ticket", "the new entry")
        assert [str(one) for one in table(screen).get_row_at(0)][2:4] == ["sara", "read the log"]
    assert [one.actor for one in recorded(sqlite_desk.desk, Action.LOG_READ)] == ["sara", "sara"]
