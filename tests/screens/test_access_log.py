"""The access log on screen: newest first, filtered, opened and proved, each reading itself recorded."""

import pytest
from sqlalchemy import text

from cs_console.access_log.aliases import alias_of
from cs_console.casework.conversation import open_ticket
from cs_console.custody.disclosure import Target, reveal
from cs_console.desk import DeskSession
from cs_console.errors import NotVerified
from models.contact_fields import Field
from models.enums import Action
from models.roles import Role
from screens.access_log.access_log import PAGE, AccessLogScreen
from screens.access_log.log_entry import EntryDialog
from screens.access_log.log_proof import ProofDialog
from screens.access_log.rows import Day, Single
from screens.queue import reading as queue_reading
from screens.queue.queue import QueueScreen
from tests.support.consoles import NARROW, SIZES, WIDE, Console, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket

FOR_EVER = 120.0


@pytest.fixture(autouse=True)
def nothing_is_read_in_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the cursor rests there until a message is shown, which is one more entry."""
    monkeypatch.setattr(queue_reading, "RESTS_SECONDS", FOR_EVER)


async def reading(shown: Console) -> AccessLogScreen:
    await shown.press("g", "l")
    await shown.until_on(AccessLogScreen)
    screen = shown.app.screen
    assert isinstance(screen, AccessLogScreen)
    await shown.until(lambda: bool(screen.list.entries), "entries")
    return screen


def lines(shown: Console) -> list[str]:
    """The drawn lines of the list, those with words."""
    return [line for line in shown.drawn().splitlines()[2:-1] if line.strip(" ▏▎▍▌▋▊▉█▁▂▃▄▅▆▇")]


def line_with(shown: Console, words: str) -> str:
    return next((line for line in lines(shown) if words in line), "")


def some_history(test_desk: TestDesk, mei: DeskSession, opened: int = 3) -> int:
    made = make_ticket(test_desk, assignee=mei, contacts={Field.EMAIL: "alice@example.org"})
    for _ in range(opened):
        open_ticket(mei, made.number)
    with pytest.raises(NotVerified):
        reveal(mei, made.number, Target(Field.EMAIL, made.contact_ids[Field.EMAIL]), "reply")
    return made.number


def requester_of(test_desk: TestDesk, number: int) -> str:
    with test_desk.desk.database.reading() as db:
        asked = text("SELECT requester FROM log_entry WHERE ticket = :number AND requester IS NOT NULL LIMIT 1")
        return str(db.connection().execute(asked.bindparams(number=number)).scalar_one())


def contact_of(test_desk: TestDesk, number: int) -> str:
    with test_desk.desk.database.reading() as db:
        asked = text(
            "SELECT contact.id FROM contact JOIN ticket ON ticket.requester_id = contact.requester_id "
            "WHERE ticket.number = :number AND contact.field = 'e-mail'"
        )
        return str(db.connection().execute(asked.bindparams(number=number)).scalar_one())


@pytest.mark.parametrize("size", [(60, 16), *SIZES, (220, 60)])
async def test_a_day_begins_with_its_numbers_and_the_reading_is_its_newest_entry(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    number = some_history(sqlite_desk, mei)
    alias = alias_of(requester_of(sqlite_desk, number))
    async with console(sqlite_desk, sara, size) as shown:
        screen = await reading(shown)
        await shown.until(lambda: "1 refused" in line_with(shown, ", today"), "the numbers")
        at = sqlite_desk.clock.now().astimezone()
        day, newest, refused, after, *_rest = lines(shown)
        count = len(screen.list.entries)
        title = f"{at:%a} {at.day} {at:%b}, today"
        assert " ".join(day.partition("─")[0].split()) == f"{title} {count} entries no views 1 refused"
        assert newest.split() == ["▌", *f"{at:%H:%M} sara read the log".split()]
        assert refused.startswith(f"  {at:%H:%M}  × mei       was refused the e-mail of ")
        assert alias.split()[-1] in f"{refused} {after}"
        assert (f" {number} " in refused) is (size[0] >= 100)
        assert ("refused: not verified" in refused) is (size[0] >= 100)


async def test_routine_work_of_one_person_is_folded_and_no_view_or_refusal_is(sqlite_desk: TestDesk) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    some_history(sqlite_desk, mei)
    async with console(sqlite_desk, sara) as shown:
        screen = await reading(shown)
        folded = line_with(shown, "▸ mei")
        assert "opened the ticket 3 times" in folded
        assert "opened the ticket" not in " ".join(line for line in lines(shown) if line != folded)
        before = len(screen.list.rows)
        assert "space unfold" not in shown.drawn()
        await shown.press("j", "j")
        await shown.until(lambda: "space unfold" in shown.drawn(), "the key")
        await shown.press("space")
        await shown.until(lambda: "▾ mei" in shown.drawn(), "the fold")
        assert len(screen.list.rows) == before + 3
        assert len([line for line in lines(shown) if line.split()[-3:] == ["opened", "the", "ticket"]]) == 3
        await shown.press("j", "space")
        await shown.until(lambda: "▸ mei" in shown.drawn(), "folded again")
        assert len(screen.list.rows) == before
        await shown.press("enter")
        await shown.until(lambda: "▾ mei" in shown.drawn(), "the fold by enter")


async def test_a_filter_is_a_chip_and_escape_takes_it_away(sqlite_desk: TestDesk) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    some_history(sqlite_desk, mei)
    async with console(sqlite_desk, sara) as shown:
        screen = await reading(shown)
        before = len(screen.list.entries)
        await shown.press("slash")
        await shown.type("outcome:refused")
        await shown.press("enter")
        await shown.until(lambda: len(screen.list.entries) == 1)
        assert "/  outcome:refused × " in shown.drawn().splitlines()[1]
        assert "entries" not in line_with(shown, ", today"), "a day's numbers are not those of a filter"
        await shown.press("escape")
        await shown.until(lambda: len(screen.list.entries) > before)
    assert [one.fields for one in recorded(sqlite_desk.desk, Action.LOG_READ)] == ["", "outcome", ""]


async def test_keys_and_clicks_put_terms_in_and_take_them_out(sqlite_desk: TestDesk) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    made = make_ticket(sqlite_desk, assignee=mei, verified=True, contacts={Field.EMAIL: "alice@example.org"})
    reveal(mei, made.number, Target(Field.EMAIL, made.contact_ids[Field.EMAIL]), "reply")
    async with console(sqlite_desk, sara) as shown:
        screen = await reading(shown)
        await shown.press("v")
        await shown.until(lambda: [one.action for one in screen.list.entries] == ["field.revealed"], "the view")
        assert "◆ mei       saw the e-mail of " in lines(shown)[1]
        assert "reply to the req…" in lines(shown)[1]
        await shown.press("x")
        await shown.until(lambda: screen.list.entries == [], "no refusal is a view")
        await shown.pilot.click("#chips", offset=(6, 0))
        await shown.until(lambda: "/  outcome:refused × " in shown.drawn().splitlines()[1], "the other chip")
        await shown.press("x")
        await shown.until(lambda: len(screen.list.entries) > 3, "all")


async def test_a_filter_that_makes_no_sense_names_the_word(sqlite_desk: TestDesk) -> None:
    sara = sqlite_desk.session("sara", Role.SUPERVISOR)
    async with console(sqlite_desk, sara) as shown:
        await reading(shown)
        await shown.press("slash")
        await shown.type("colour:[/x]")
        await shown.press("enter")
        await shown.until(lambda: "colour:[/x]" in shown.notice)
        await shown.press("ctrl+u")
        await shown.type("who:sara")
        await shown.press("enter")
        await shown.until(lambda: "/  who:sara × " in shown.drawn().splitlines()[1], "the chip")
        assert shown.notice == ""


async def test_an_entry_opens_whole_and_on_record(sqlite_desk: TestDesk) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    number = some_history(sqlite_desk, mei)
    async with console(sqlite_desk, sara) as shown:
        await reading(shown)
        await shown.press("j", "enter")
        await shown.until_on(EntryDialog)
        await shown.until_words(
            "mei (agent)", "was refused the e-mail of", "reveal.refused", f"#{number}", "e-mail", "not_verified"
        )
        await shown.press("escape")
        await shown.until_on(AccessLogScreen)
    assert any(one.reason.startswith("entry ") for one in recorded(sqlite_desk.desk, Action.LOG_READ))


async def test_older_entries_come_as_the_cursor_nears_the_end(sqlite_desk: TestDesk) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    number = make_ticket(sqlite_desk, assignee=mei, contacts={Field.EMAIL: "alice@example.org"}).number
    for _ in range(PAGE + 28):
        with pytest.raises(NotVerified):
            reveal(mei, number, Target(Field.EMAIL, contact_of(sqlite_desk, number)), "reply")
    async with console(sqlite_desk, sara) as shown:
        screen = await reading(shown)
        assert len(screen.list.entries) == PAGE
        await shown.press("ctrl+end")
        await shown.until(lambda: len(screen.list.entries) > PAGE + 28)
        numbers = [one.seq for one in screen.list.entries]
        assert numbers == list(range(numbers[0], 0, -1))
        assert isinstance(row := screen.list.current, Single) and row.entry.seq == numbers[PAGE - 1]


async def test_the_cursor_moves_over_entries_alone_and_stays_in_sight(sqlite_desk: TestDesk) -> None:
    for name in ("mei", "ben", "yuki"):
        some_history(sqlite_desk, sqlite_desk.session(name, Role.AGENT))
        sqlite_desk.clock.forward(days=1)
    sara = sqlite_desk.session("sara", Role.SUPERVISOR)
    async with console(sqlite_desk, sara) as shown:
        screen = await reading(shown)
        seen = []
        for _ in range(len(screen.list.rows)):
            seen.append(screen.list.cursor)
            assert not isinstance(screen.list.current, Day)
            assert sum(line.startswith("▌") for line in lines(shown)) in (1, 2)
            await shown.press("j")
        assert sorted(set(seen)) == [at for at, row in enumerate(screen.list.rows) if not isinstance(row, Day)]
        await shown.press("home")
        assert screen.list.cursor == 1 and ", today" in lines(shown)[0]
        await shown.pilot.click("#entries", offset=(30, 2))
        assert screen.list.cursor == 2
        await shown.press("pagedown", "pageup", "pageup")
        assert screen.list.cursor == 1


@pytest.mark.parametrize("size", [NARROW])
async def test_the_log_is_proved_from_its_screen(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    some_history(sqlite_desk, mei)
    async with console(sqlite_desk, sara, size) as shown:
        await reading(shown)
        await shown.press("c")
        await shown.until_on(ProofDialog)
        await shown.until_words("Complete:", "none edited, missing or moved")
        await shown.press("escape")
        hour = sqlite_desk.clock.now().astimezone().strftime("%H:%M")
        await shown.until(lambda: f"✓ nothing removed, checked {hour}" in shown.drawn(), "the check")
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
        await shown.press("c")
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
        assert not screen.list.entries
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
        await shown.until(lambda: screen.list.entries[1].action == Action.TICKET_OPENED, "the new entry")
        assert (screen.list.entries[0].actor, screen.list.entries[0].action) == ("sara", Action.LOG_READ)
    assert [one.actor for one in recorded(sqlite_desk.desk, Action.LOG_READ)] == ["sara", "sara"]


async def test_a_refusal_without_a_purpose_says_so_in_words(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, assignee=mei, contacts={Field.EMAIL: "alice@example.org"})
    with pytest.raises(NotVerified):
        reveal(mei, made.number, Target(Field.EMAIL, made.contact_ids[Field.EMAIL]), "")
    async with console(sqlite_desk, sqlite_desk.session("sara", Role.SUPERVISOR), WIDE) as shown:
        await reading(shown)
        assert "no listed purpose" in shown.drawn() and "unlisted" not in shown.drawn()
