"""What Textual gives away by default, and the console does not (SECURITY.md, ASVS 14.2, 16.5)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from textual import constants
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input

from models.roles import Role
from screens.frame.console_screen import ConsoleScreen
from screens.frame.palette import Palette
from screens.frame.service_calls import SERVICE_CALL, Answered, Request
from screens.queue.queue import QueueScreen
from tests.support.consoles import console
from tests.support.desk import TestDesk
from tests.support.doors import at_the_door

ROOT = Path(__file__).parents[2]
SECRET = "canary quokka"


class Crashing(ConsoleScreen[None]):
    """Crashes while it holds something that no one may see."""

    def action_move(self, by: int) -> None:
        held = SECRET
        raise RuntimeError(f"while holding {held}")


async def test_a_crash_prints_one_sentence_and_no_locals(
    sqlite_desk: TestDesk, capfd: pytest.CaptureFixture[str]
) -> None:
    """ASVS 16.5.1, 16.5.4."""
    with pytest.raises(RuntimeError):
        async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
            await shown.open(Crashing())
            shown.app.call_later(shown.app.screen.run_action, "move(1)")
            await shown.until(lambda: shown.app._exit or not shown.app.is_running, "the crash")
    said = capfd.readouterr().err
    assert "cs-console stopped because of an error (RuntimeError at test_leaks:" in said
    assert SECRET not in said
    assert "held" not in said
    assert "Traceback" not in said
    [report] = sqlite_desk.desk.settings.home.glob("crash-*.txt")
    told = report.read_text("utf-8")
    assert "A report without personal data is in" in " ".join(said.split())
    assert "Crashing" in told and "RuntimeError" in told and "move" in told
    assert SECRET not in told


async def test_a_fault_in_a_sheet_or_a_widget_says_no_more(
    sqlite_desk: TestDesk, capfd: pytest.CaptureFixture[str]
) -> None:
    """Errors that Textual renders by themselves (`__rich__`) would show what they were about."""

    class Telling(Exception):
        def __rich__(self) -> str:
            return SECRET

    with pytest.raises(Telling):
        async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
            shown.app._handle_exception(Telling(SECRET))
    assert SECRET not in capfd.readouterr().err


async def test_workers_are_described_by_a_constant(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        await shown.until_on(QueueScreen)
        screen = shown.app.screen
        assert isinstance(screen, QueueScreen)
        seen = []
        screen.call(lambda: SECRET).begin(lambda _answer: None, screen.say)
        seen = [(worker.name, worker.description) for worker in shown.app.workers]
        assert ("ask", SERVICE_CALL) in seen
        assert {description for _name, description in seen} <= {SERVICE_CALL, "background", "drafts"}


def test_every_worker_of_the_screens_has_a_constant_description() -> None:
    """`@work` and `run_worker` put the arguments' repr there unless told otherwise."""
    import re

    for file in [*ROOT.glob("screens/**/*.py"), ROOT / "cs_console" / "app.py"]:
        text = file.read_text("utf-8")
        for found in re.finditer(r"@work\b|run_worker\(", text):
            call = text[found.start() : found.start() + 400]
            assert "description=" in call, f"{file.name}: {call[:80]}"


def test_an_answers_representation_is_empty() -> None:
    answer = Answered(Request(1, "", lambda: None, lambda _: None, None, False), SECRET, None)
    assert SECRET not in repr(answer)
    assert SECRET not in str(answer)


async def test_no_screenshot_anywhere(sqlite_desk: TestDesk, tmp_path: Path) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        await shown.until_on(QueueScreen)
        assert list(shown.app.get_system_commands(shown.app.screen)) == []
        await shown.press("ctrl+p")
        await shown.until_on(Palette)
        await shown.type("screensh")
        await shown.pilot.pause()
        assert "Screenshot" not in shown.words()
        assert shown.app.deliver_screenshot(path=str(tmp_path)) is None
        shown.app.save_screenshot(path=str(tmp_path))
        shown.app.action_screenshot(path=str(tmp_path))
    assert list(tmp_path.glob("**/*.svg")) == []


async def test_a_palette_that_closes_while_it_searches_ends_the_search_alone(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        await shown.until_on(QueueScreen)
        palette = await shown.open_palette()
        await shown.press("escape")
        await shown.until_on(QueueScreen)
        palette.run_worker(palette._gather_commands.__wrapped__(palette, "late"))  # type: ignore[attr-defined]
        await shown.pilot.pause()
        assert shown.app.is_running


async def test_cut_and_copied_text_never_reaches_the_terminal(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_the_door(sqlite_desk) as shown:
        written: list[str] = []
        driver = shown.app._driver
        assert driver is not None
        monkeypatch.setattr(driver, "write", written.append)
        await shown.type("mei")
        await shown.press("home", "shift+end", "ctrl+c")
        assert shown.app.clipboard == "mei"
        await shown.press("tab")
        await shown.type("hunter2")
        await shown.press("home", "shift+end", "ctrl+x")
        assert shown.app.clipboard == "mei", "a password was kept"
        assert "\x1b]52" not in "".join(written)


async def test_text_cannot_be_selected_with_the_mouse(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        await shown.until_words("Mine: no tickets.")
        await shown.pilot.mouse_down(offset=(10, 8))
        await shown.pilot.hover(offset=(40, 8))
        await shown.pilot.mouse_up(offset=(40, 8))
        assert shown.app.screen.get_selected_text() is None
        assert not shown.app.ALLOW_SELECT


@pytest.mark.parametrize("size", [(80, 24)])
async def test_no_field_has_a_suggester(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    """A Suggester caches what was typed."""
    from screens.queue.look_up import LookUpScreen
    from screens.queue.new_ticket import NewTicketScreen

    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei, size) as shown:
        for make in (QueueScreen, NewTicketScreen, LookUpScreen):
            await shown.open(make())
            fields: list[Widget] = [*shown.app.screen.query(Input)]
            assert [
                field for field in fields if isinstance(field, Input) and isinstance(field.suggester, Suggester)
            ] == []


@pytest.mark.parametrize(
    "variables",
    [
        {"TEXTUAL_LOG": "textual.log"},
        {"TEXTUAL_DEBUG": "1"},
        {"TEXTUAL_SCREENSHOT": "0", "TEXTUAL_SCREENSHOT_LOCATION": "."},
        {"TEXTUAL": "devtools,debug"},
        {"TEXTUAL_PRESS": "m,e,i"},
    ],
)
def test_textuals_variables_write_nothing(tmp_path: Path, variables: dict[str, str]) -> None:
    """Run in a process of its own: Textual reads them when it is imported."""
    code = (
        "from pathlib import Path\n"
        "from cs_console.app import ConsoleApp\n"
        "from cs_console.settings import Settings\n"
        "app = ConsoleApp(Settings(home=Path('nowhere')))\n"
        "async def look(pilot):\n"
        "    await pilot.press('h', 'u', 'n', 't', 'e', 'r')\n"
        "    await pilot.pause()\n"
        "    print(app.focused.value if hasattr(app.focused, 'value') else '')\n"
        "    app.exit()\n"
        "app.run(headless=True, auto_pilot=look)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == ["hunter"]
    assert list(tmp_path.iterdir()) == []


def test_the_constants_are_harmless_once_the_console_exists(sqlite_desk: TestDesk) -> None:
    from cs_console.app import ConsoleApp

    app = ConsoleApp(sqlite_desk.desk.settings)
    assert app.features == frozenset()
    assert constants.LOG_FILE is None
    assert not constants.DEBUG


async def test_nothing_is_notified_as_markup(sqlite_desk: TestDesk) -> None:
    async with at_the_door(sqlite_desk) as shown:
        shown.app.notify("[@click=app.quit]go[/] [/x]", title="[/b]", markup=True)
        await shown.until(lambda: len(shown.app._notifications) == 1)
        assert all(not one.markup for one in shown.app._notifications)
