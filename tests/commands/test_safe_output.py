"""No command hands a terminal anything that it obeys, whatever is written in files, packs, settings or arguments.

ASVS 1.2.4, 1.3.3; SECURITY.md, "Text from outside". The commands are walked, so that a new one is tried too.
"""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest
from typer.core import TyperArgument, TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from cs_console.__main__ import main
from cs_console.commands import app
from cs_console.desk import operator_session
from cs_console.policy.loader import SHIPPED
from cs_console.safe_output import SafeOutput, drawing_stream
from cs_console.staff import accounts
from models.roles import Role
from tests.support.desk import make_desk
from tests.support.hostile import COMMANDS, HOSTILE, INVISIBLE

ROOT = Path(__file__).parents[2]
HARMFUL = "".join((*COMMANDS, *INVISIBLE)).replace("\x00", "").replace("/", "")
"""As much as a file's name and a variable can hold."""
OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
PASSWORD = "amber kite ninety lakes"

Said = tuple[int, str]


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words, groups too: they have help of their own."""
    yield path, command
    if isinstance(command, TyperGroup):
        for name, child in command.commands.items():
            yield from leaves(child, (*path, name))


EVERY = [pytest.param(words, command, id=" ".join(words) or "-") for words, command in leaves(get_command(app))]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Said]:
    """The whole program: its exit status, and all that it printed to either stream."""
    monkeypatch.chdir(tmp_path)  # some commands write the files that they are given

    def running(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)
        monkeypatch.setattr(sys, "argv", [f"cs-console{HARMFUL}", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD))
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code, said.out + said.err  # type: ignore[return-value]  # all commands end with a number

    return running


def toml(text: str) -> str:
    """A TOML string, every character by its number."""
    return '"' + "".join(f"\\U{ord(char):08X}" for char in text) + '"'


@pytest.fixture
def home(tmp_path: Path, cheap_passwords: None) -> Path:
    """A desk whose folder, settings, packs and neighbours all have hostile names and words."""
    folder = tmp_path / HARMFUL[:60]
    made = make_desk(folder)
    accounts.add_agent(operator_session(made.desk), "mei", {Role.AGENT}, PASSWORD)
    made.desk.close()
    shipped = next(file for file in SHIPPED.glob("hauthome-*.toml"))
    words = re.sub(
        r'(?m)^(title|name|label) = ".*"', lambda line: f"{line[1]} = {toml(HOSTILE[2])}", shipped.read_text()
    )
    (folder / "packs").mkdir()
    (folder / "packs" / f"own-{HARMFUL[:30]}.toml").write_text(words.replace('id = "hauthome"', 'id = "own"'), "utf-8")
    (folder / "packs" / "a\nforged line.toml").write_text("[[")
    (folder / "console.toml").write_text(f"desk_name = {toml(HARMFUL)}\n")
    return folder


@pytest.mark.parametrize(("words", "command"), EVERY)
def test_help_and_hostile_arguments_reach_the_terminal_as_pictures(
    run: Callable[..., Said], home: Path, words: tuple[str, ...], command: Any
) -> None:
    hostile_file = home / f"{HARMFUL[:50]}.eml"
    hostile_file.write_bytes("\n".join(f"X-{at}: {text}" for at, text in enumerate(HOSTILE)).encode() + b"\0\0")
    values = (HARMFUL, str(hostile_file))
    positional = [one for one in command.params if isinstance(one, TyperArgument)]
    options = [one for one in command.params if not (isinstance(one, TyperArgument) or getattr(one, "is_flag", False))]
    asked: list[tuple[str, ...]] = [("--help",), (f"--{HARMFUL}",)]
    if words not in ((), ("demo",)):  # which open the console, that draws for itself (test_hostile_text.py)
        filled = [(value, tuple(value for _ in positional)) for value in values]
        asked += [(*given, "--home", str(home)) for _, given in filled]
        asked += [
            (*given, option.opts[0], value, "--home", str(home))
            for value, given in filled
            for option in options
            if option.name != "home"
        ]
    for arguments in asked:
        _, said = run(*words, *arguments)
        assert OBEYED.search(said) is None, (words, arguments, said)


READING = (
    "doctor", "doctor --json", "policy list", "policy list --json", "policy show", "policy check own", "agents list",
    "tickets list", "keys status", "log verify", "log checkpoint", "log key", "log export", "intake quarantine",
)  # fmt: skip


@pytest.mark.parametrize("variable", ["", "PACK", "SMTP_URL", f"X{HARMFUL}"])
def test_settings_packs_and_the_environment_reach_the_terminal_as_pictures(
    run: Callable[..., Said], home: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    if variable:
        monkeypatch.setenv(f"CS_CONSOLE_{variable}", HARMFUL)
    for words in READING if not variable else ("doctor", "policy show", "log verify"):
        _, said = run(*words.split(), "--home", str(home))
        assert said
        assert OBEYED.search(said) is None, said
        assert "\nforged line" not in said


def test_json_keeps_every_character_of_a_value(run: Callable[..., Said], home: Path) -> None:
    _, said = run("doctor", "--json", "--home", str(home))
    shown = json.loads(said.splitlines()[0])
    assert shown["settings"]["desk name"] == HARMFUL
    assert shown["settings"]["home"] == str(home)


@pytest.mark.usefixtures("home")
def test_no_way_of_calling_the_commands_forgets_it() -> None:
    for arguments in ([HARMFUL], ["agents", HARMFUL], ["agents", "add", f"--{HARMFUL}"], ["policy", "show", HARMFUL]):
        said = CliRunner().invoke(app, arguments)
        assert said.exit_code == 2
        assert OBEYED.search(said.output) is None


class Kept(io.StringIO):
    encoding = "ascii"  # a stream that cannot encode what it is given
    errors = "strict"


def test_a_stream_gives_nobody_its_bytes_and_takes_what_it_cannot_encode() -> None:
    kept = Kept()
    safe = SafeOutput(kept)
    print("a\x1bé", file=safe)
    safe.writelines(["b\x9b\r\n", "c\r"])
    assert kept.getvalue() == "a\\u241b\\xe9\nb\\u27e89B\\u27e9\r\nc\\u240d"
    assert getattr(safe, "buffer", None) is None


def test_what_draws_a_bar_gets_the_stream_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: TextIO = Kept()
    monkeypatch.setattr(sys, "stderr", SafeOutput(kept))
    assert drawing_stream() is kept


def test_a_real_process_writes_no_byte_that_a_terminal_obeys(tmp_path: Path) -> None:
    """The bytes themselves, warnings of Python and refusals included."""
    name = os.fsencode(HARMFUL[:60]) + b"\xff\x9b2J"
    done = subprocess.run(
        [sys.executable, "-m", "cs_console", "policy", "check", os.fsdecode(name) + ".toml", "--home", str(tmp_path)],
        capture_output=True, cwd=ROOT, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert OBEYED.search((done.stdout + done.stderr).decode("utf-8")) is None
    assert done.stderr.count(b"\n") == 1
