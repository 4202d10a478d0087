"""The application around the screens: what it imports, how it answers, what it keeps, how it ends."""

import asyncio
import json
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy import text as sql
from sqlmodel import col
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import TextArea

from cs_console.app import ConsoleApp
from cs_console.casework.conversation import open_ticket
from cs_console.custody import drafts
from cs_console.custody.drafts import save_draft
from cs_console.errors import BadSettings, NothingThere, SessionEnded, StoreUnavailable
from models.log import Checkpoint
from models.roles import Role
from screens.frame.console import Typed
from screens.frame.console_screen import ConsoleScreen
from screens.frame.go_dialog import GoTo
from screens.frame.help import HelpScreen
from screens.frame.theme import PALETTES
from screens.queue.queue import QueueScreen
from screens.registry import bindings_for
from screens.sign_in.sign_in import SignInScreen
from screens.widgets.header_bar import HeaderBar
from tests.support.consoles import SIZES, Console, console
from tests.support.contrast import contrast, rgb
from tests.support.desk import TestDesk
from tests.support.doors import PASSWORD, at_the_door, make_account, sign_in_as
from tests.support.drafts import load_draft
from tests.support.tickets import make_ticket

ROOT = Path(__file__).parents[2]


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after this statement."""
    code = f"{statement}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(json.loads(ran.stdout.splitlines()[-1]))


# --- imports


def test_nothing_of_the_console_but_app_imports_textual() -> None:
    names = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for folder in ("cs_console", "models")
        for file in sorted((ROOT / folder).rglob("*.py"))
    ]
    others = [name for name in names if name != "cs_console.app" and "migrations" not in name]
    assert "textual" not in loaded_by(f"import {', '.join(others)}")
    assert "textual" in loaded_by("import cs_console.app")


def test_the_way_to_the_first_paint_loads_no_store_and_no_command_line() -> None:
    loaded = loaded_by("import cs_console.__main__, cs_console.app, cs_console.settings, cs_console.sample.accounts")
    heavy = {
        "sqlalchemy",
        "sqlmodel",
        "cryptography",
        "typer",
        "alembic",
        "apprise",
        "phonenumbers",
        "argon2",
        "jinja2",
    }
    assert loaded & heavy == set()
    assert not {name for name in loaded if name.startswith(("cs_console.desk", "cs_console.database"))}


OTHER_ENGINE = {"sqlalchemy.dialects.postgresql", "psycopg"}
NOT_AT_THE_QUEUE = OTHER_ENGINE | {
    "alembic",
    "apprise",
    "chardet",
    "email_validator",
    "icalendar",
    "inscriptis",
    "jinja2",
    "lxml",
    "phonenumbers.geocoder",
    "pyotp",
    "pypdf",
    "requests",
    "segno",
    "stdnum",
    "typer",
    "zxcvbn",
}
"""Libraries that a console holds only once something needs them."""
AT_THE_QUEUE = """
from pathlib import Path
from cs_console.access_log.state import log_state
from cs_console.settings import load
from cs_console.staff.sign_in import sign_in
from cs_console.tickets.queue import page
from screens.frame.desk_loader import DeskLoader
from screens.frame.session_calls import warm_up
from screens.queue.queue import QueueScreen
loader = DeskLoader(load(Path({home!r})), None)
loader.open_in_background(lambda: None, warm_up)
desk = loader.desk()
page(sign_in(desk, "mei", {password!r}).session, "all")
"""
"""What a console does until an agent sees the queue, without its screens."""


def test_the_queue_loads_no_other_engine_and_nothing_that_reads_mail_or_writes_letters(sqlite_desk: TestDesk) -> None:
    make_account(sqlite_desk, "mei", Role.AGENT)
    signed_in = AT_THE_QUEUE.format(home=str(sqlite_desk.desk.settings.home), password=PASSWORD)
    loaded = loaded_by(signed_in)
    assert {"sqlalchemy.dialects.sqlite", "cs_console.tickets.queue", "screens.queue.queue"} <= loaded
    assert loaded & NOT_AT_THE_QUEUE == set()
    assert not {name for name in loaded if name.startswith("cs_console.intake")}
    a_minute_later = loaded_by(f"{signed_in}\nfrom cs_console.upkeep import keep_up\nkeep_up(desk)")
    assert a_minute_later & {"cs_console.intake.mail", "cs_console.intake.filing"} == set()
    assert a_minute_later & OTHER_ENGINE == set()


# --- starting and ending


def run_without_terminal(home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cs_console", "--home", str(home)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), **environment},
        timeout=60,
    )


def test_without_a_desk_and_without_a_terminal_it_says_so_and_exits_with_3(tmp_path: Path) -> None:
    ran = run_without_terminal(tmp_path / "nowhere")
    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr.startswith("cs-console: There is no desk here yet.")
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "console.db").write_text("this is a letter, not a database\n" * 100)
    before = (tmp_path / "console.db").read_bytes()
    ran = run_without_terminal(tmp_path)
    assert ran.returncode == 3
    assert "not a database" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert (tmp_path / "console.db").read_bytes() == before


def test_a_wrong_setting_is_one_sentence_and_exit_2(tmp_path: Path) -> None:
    (tmp_path / "console.toml").write_text('colour = "red"\n')
    ran = run_without_terminal(tmp_path)
    assert ran.returncode == 2
    assert "colour" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_desk_without_a_terminal_says_what_is_missing(sqlite_desk: TestDesk) -> None:
    ran = run_without_terminal(sqlite_desk.desk.settings.home)
    assert ran.returncode == 2
    assert "terminal" in ran.stderr


@pytest.mark.parametrize("name", ["mauve", "nord"])
def test_a_theme_that_is_not_the_console_s_is_named_with_those_that_are(sqlite_desk: TestDesk, name: str) -> None:
    with pytest.raises(BadSettings, match=rf"{name}.*one of cs-contrast, cs-dark, cs-light\."):
        ConsoleApp(sqlite_desk.desk.settings.model_copy(update={"theme": name}))


@pytest.mark.usefixtures("cheap_passwords")
async def test_the_desk_opens_behind_the_first_screen(sqlite_desk: TestDesk) -> None:
    make_account(sqlite_desk, "mei", Role.AGENT)
    app = ConsoleApp(sqlite_desk.desk.settings)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = Console(app, pilot)
        await sign_in_as(shown, "mei")
        await shown.until_on(QueueScreen)
    app.door.close()


@pytest.mark.usefixtures("cheap_passwords")
async def test_nothing_slides(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        await shown.press("question_mark")
        await shown.until_on(HelpScreen)
        page = shown.app.screen.query_one(VerticalScroll)
        page.scroll_to(y=5, duration=60)
        await shown.until(lambda: page.scroll_y == 5)


async def test_quitting_asks_nothing_and_ends_the_session(sqlite_desk: TestDesk) -> None:
    make_account(sqlite_desk, "mei", Role.AGENT)
    async with at_the_door(sqlite_desk) as shown:
        await sign_in_as(shown, "mei")
        await shown.until_on(QueueScreen)
        await shown.press("ctrl+q")
        await shown.until(lambda: shown.app._exit, "the end")
    with sqlite_desk.desk.database.reading() as db:
        assert db.connection().execute(sql("SELECT count(*) FROM agent_session WHERE ended_at IS NULL")).scalar() == 0
    assert shown.app.return_code == 0


# --- the header


@pytest.mark.parametrize("size", SIZES)
async def test_the_header_says_where_and_who_and_when_and_nothing_of_a_log_that_holds(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei, size) as shown:
        hour = sqlite_desk.clock.now().astimezone().strftime("%H:%M")
        await shown.until(lambda: shown.app.header.log_ok is True, "the state of the log")
        top, below = shown.drawn().splitlines()[:2]
        assert top.split() == ["Customer", "service", "Queue", "mei", hour]
        assert "log" not in below


@pytest.mark.parametrize("size", SIZES)
async def test_the_header_says_what_waits(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    make_ticket(sqlite_desk, assignee=mei, received_at=sqlite_desk.clock.now() - timedelta(days=90))
    async with console(sqlite_desk, mei, size) as shown:
        await shown.until(lambda: "1 overdue " in shown.drawn().splitlines()[0], "what waits")
        number = make_ticket(sqlite_desk, assignee=mei).number
        await shown.open_ticket(number)
        await shown.until(lambda: f"Queue › #{number}" in shown.drawn().splitlines()[0], "the place")
        assert "1 overdue " in shown.drawn().splitlines()[0]


async def test_the_clock_and_the_logs_sign_go_on_behind_a_dialog(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        await shown.until(lambda: shown.app.header.log_ok is True, "the state of the log")
        await shown.press("g")
        await shown.until_on(GoTo)
        sqlite_desk.clock.forward(minutes=7)
        hour = sqlite_desk.clock.now().astimezone().strftime("%H:%M")
        await shown.until(lambda: shown.drawn().splitlines()[0].rstrip().endswith(hour), "the clock")
        with sqlite_desk.desk.database.transaction() as db:
            db.connection().execute(sql("UPDATE log_head SET size = size + 7"))
        shown.app._refresh()
        broken = "✗ The access log is broken. Tell a privacy officer before you go on."
        await shown.until(lambda: broken in shown.drawn().splitlines()[1], "the red line")
        assert isinstance(shown.app.screen, GoTo)


async def test_a_broken_log_is_said_on_screens_that_open_later(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        await shown.until_on(QueueScreen)
        with sqlite_desk.desk.database.transaction() as db:
            db.connection().execute(sql("UPDATE log_head SET size = size + 7"))
        shown.app._refresh()
        broken = "✗ The access log is broken. Tell a privacy officer before you go on."
        await shown.until(lambda: broken in shown.drawn().splitlines()[1], "the red line")
        await shown.press("escape")
        await shown.open(HelpScreen(QueueScreen))
        assert broken in shown.drawn().splitlines()[1]


async def test_the_log_is_signed_again_and_again_while_somebody_works(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        await shown.until_on(QueueScreen)
        made = make_ticket(sqlite_desk)
        open_ticket(mei, made.number)
        sqlite_desk.clock.forward(seconds=61)
        shown.app._keep_up()
        await shown.until(lambda: _checkpoints(sqlite_desk) == 1, "a checkpoint")
        shown.app._keep_up()
        await shown.app.workers.wait_for_complete()
        assert _checkpoints(sqlite_desk) == 1, "nothing new was signed"


def _checkpoints(test_desk: TestDesk) -> int:
    with test_desk.desk.database.reading() as db:
        return len(db.scalars(select(col(Checkpoint.size))).all())


# --- asking services


class Trial(ConsoleScreen[None]):
    """A screen on which tests ask for work."""

    BINDINGS = bindings_for("form")

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[object] = []

    def body(self) -> ComposeResult:
        yield TextArea(id="words")

    def typed(self) -> tuple[Typed, ...]:
        return (Typed("note:trial", self.query_one(TextArea).text),)


async def on_trial(shown: Console) -> Trial:
    trial = Trial()
    await shown.open(trial)
    return trial


async def test_answers_come_back_on_the_ui_thread(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        trial = await on_trial(shown)
        here = threading.current_thread()

        def then(worker: threading.Thread) -> None:
            assert threading.current_thread() is here
            trial.answers.append(worker is not here)

        trial.call(threading.current_thread).begin(then, trial.say)
        await shown.until(lambda: trial.answers == [True])


async def test_only_the_newest_answer_of_a_group_counts(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        trial = await on_trial(shown)
        gate = threading.Event()
        finished = threading.Event()

        def slow() -> str:
            gate.wait(10)
            finished.set()
            return "old"

        trial.call(slow, group="page").begin(trial.answers.append, trial.say)
        trial.call(lambda: "new", group="page").begin(trial.answers.append, trial.say)
        await shown.until(lambda: trial.answers == ["new"])
        gate.set()
        await shown.until(finished.is_set)
        await shown.app.workers.wait_for_complete()
        await shown.pilot.pause()
        assert trial.answers == ["new"]


async def test_an_answer_after_the_screen_is_gone_is_dropped(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        trial = await on_trial(shown)
        gate = threading.Event()
        trial.call(lambda: gate.wait(10)).begin(trial.answers.append, trial.say)
        await shown.press("escape")
        await shown.until_on(QueueScreen)
        gate.set()
        await shown.app.workers.wait_for_complete()
        await shown.pilot.pause()
        assert trial.answers == []


async def test_a_change_runs_once_however_often_its_key_is_pressed(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        trial = await on_trial(shown)
        gate = threading.Event()
        assert trial.change_then(lambda: gate.wait(10), trial.answers.append)
        assert not trial.change_then(lambda: True, trial.answers.append)
        gate.set()
        await shown.until(lambda: trial.answers == [True])
        assert trial.change_then(lambda: "again", trial.answers.append)
        await shown.until(lambda: trial.answers == [True, "again"])


async def test_a_refusal_is_shown_with_what_to_do_next_and_the_screen_goes_on(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        trial = await on_trial(shown)

        def refused() -> None:
            raise NothingThere("There is no such thing.", "Look [@click=app.quit]elsewhere[/].")

        trial.call(refused).begin(trial.answers.append, trial.say)
        await shown.until(lambda: shown.notice.startswith("There is no such thing. Look [@click=app.quit]else"))
        assert "!" in shown.drawn()
        trial.call(lambda: "fine").begin(trial.answers.append, trial.say)
        await shown.until(lambda: trial.answers == ["fine"])


async def test_an_unexpected_fault_is_one_sentence_without_what_it_was_about(sqlite_desk: TestDesk) -> None:
    """ASVS 16.5.1."""
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        trial = await on_trial(shown)

        def broken() -> None:
            secret = "+86 138 0013 8000"
            raise ValueError(secret)

        trial.call(broken).begin(trial.answers.append, trial.say)
        await shown.until(lambda: "ValueError" in shown.notice)
        assert "138" not in shown.notice
        assert shown.app.is_running


async def test_a_store_that_goes_away_keeps_what_is_typed(sqlite_desk: TestDesk) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        trial = await on_trial(shown)
        trial.query_one(TextArea).text = "half a sentence"

        def away() -> None:
            raise StoreUnavailable("The database cannot be reached.", "Try again.")

        trial.call(away).begin(trial.answers.append, trial.say)
        await shown.until(lambda: "cannot be reached" in shown.notice)
        assert shown.app.screen is trial
        assert trial.query_one(TextArea).text == "half a sentence"


# --- drafts


def full_disk(*_: object) -> None:
    raise StoreUnavailable("The disk is full.")


async def test_what_is_typed_is_saved_within_two_seconds(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        trial = await on_trial(shown)
        trial.query_one(TextArea).text = "half a sentence"
        await asyncio.wait_for(shown.until(lambda: load_draft(mei, "note:trial") == "half a sentence"), 2)


async def test_the_end_of_the_session_keeps_what_is_typed(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        trial = await on_trial(shown)
        trial.query_one(TextArea).text = "typed just now"

        def ended() -> None:
            raise SessionEnded("you signed in elsewhere")

        trial.call(ended).begin(trial.answers.append, trial.say)
        await shown.until_on(SignInScreen)
        await shown.until_words("you signed in elsewhere")
        await shown.until(lambda: load_draft(mei, "note:trial") == "typed just now")
        assert "typed just now" not in shown.drawn()


async def test_drafts_that_the_store_refuses_at_the_end_are_saved_when_it_is_back(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        trial = await on_trial(shown)
        trial.query_one(TextArea).text = "typed just now"
        monkeypatch.setattr(drafts, "save_draft", full_disk)
        shown.app.session_over(SessionEnded("an end"))
        await shown.until(lambda: bool(shown.app.kept_drafts.waiting), "the draft in waiting")
        monkeypatch.setattr(drafts, "save_draft", save_draft)
        shown.app._refresh()
        await shown.until(lambda: load_draft(mei, "note:trial") == "typed just now")
        assert shown.app.kept_drafts.waiting == []


async def test_drafts_in_waiting_are_saved_before_the_console_ends(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        trial = await on_trial(shown)
        trial.query_one(TextArea).text = "typed just now"
        monkeypatch.setattr(drafts, "save_draft", full_disk)
        shown.app.session_over(SessionEnded("an end"))
        await shown.until(lambda: bool(shown.app.kept_drafts.waiting), "the draft in waiting")
        await shown.press("ctrl+q")
        await shown.until(lambda: "Press ctrl+q again" in shown.notice)
        monkeypatch.setattr(drafts, "save_draft", save_draft)
        shown.app._leaving.without_saving = False
        await shown.press("ctrl+q")
        await shown.until(lambda: shown.app._exit)
    assert load_draft(mei, "note:trial") == "typed just now"


async def test_quitting_while_drafts_cannot_be_saved_says_so_first(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        trial = await on_trial(shown)
        monkeypatch.setattr(drafts, "save_draft", full_disk)
        trial.query_one(TextArea).text = "typed just now"
        await shown.press("ctrl+q")
        await shown.until(lambda: "Press ctrl+q again" in shown.notice)
        assert shown.app.is_running
        await shown.press("ctrl+q")
        await shown.until(lambda: shown.app._exit)


async def test_words_that_were_sent_leave_no_draft(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    async with console(sqlite_desk, mei) as shown:
        trial = await on_trial(shown)
        trial.query_one(TextArea).text = "a whole sentence"
        await shown.until(lambda: load_draft(mei, "note:trial") == "a whole sentence")
        trial.sent()
        await shown.until(lambda: load_draft(mei, "note:trial") == "")
        assert trial.unsaved() == ()


# --- themes


@pytest.mark.parametrize(("name", "least"), [("cs-contrast", 7.0), ("cs-dark", 4.5), ("cs-light", 4.5)])
def test_every_ink_can_be_read_on_every_ground(name: str, least: float) -> None:
    """WCAG 2.2: 1.4.3 for dark and light, 1.4.6 for high contrast."""
    of = PALETTES[name]
    inks = {ink: getattr(of, ink) for ink in ("ink", "quiet", "faint", "blue", "sand", "green", "amber", "red")}
    grounds = {ground: getattr(of, ground) for ground in ("ground", "sheet", "band")}
    pairs = [(f"{i} on {g}", contrast(rgb(inks[i]), rgb(grounds[g]))) for i in inks for g in grounds]
    pairs.append(("cursor", contrast(rgb(of.cursor_ink), rgb(of.cursor))))
    pairs.append(("idle cursor", contrast(rgb(of.ink), rgb(of.idle))))
    assert [pair for pair in pairs if pair[1] < least] == []


@pytest.mark.parametrize("name", sorted(PALETTES))
async def test_every_theme_draws_every_frame(sqlite_desk: TestDesk, name: str) -> None:
    desk = sqlite_desk.desk
    desk.settings = desk.settings.model_copy(update={"theme": name})
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        await shown.until_words("Mine: no tickets.")
        assert shown.app.theme == name
        assert shown.app.screen.query_one(HeaderBar).styles.background.hex.lower() == PALETTES[name].band


async def test_no_color_is_respected(sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        await shown.until_words("Mine: no tickets.")
        assert shown.app.no_color
        assert "▸1 Mine" in shown.drawn()


def test_no_colour_stands_in_the_screens_code_or_sheets() -> None:
    """Colours are theme variables; only theme.py names any."""
    import re

    colour = re.compile(r"#[0-9a-fA-F]{6}\b|\brgb\(")
    files = [*ROOT.glob("screens/**/*.py"), *ROOT.glob("screens/**/*.tcss"), ROOT / "cs_console" / "app.py"]
    assert [file.name for file in files if file.name != "theme.py" and colour.search(file.read_text("utf-8"))] == []


def test_passwords_in_these_tests_are_long_enough() -> None:
    assert len(PASSWORD) >= 15
