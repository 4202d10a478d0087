"""`cs-console --version`, and completion in a shell: the whole program in a process of its own."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

PROGRAM = """
import sys
from cs_console.__main__ import main
sys.argv = ["cs-console", *sys.argv[1:]]
try:
    main()
finally:
    print("typer" in sys.modules, "textual" in sys.modules, file=sys.stderr)
"""
"""Runs the program, and says which of the slow libraries it imported."""


def run(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=os.environ | {"HOME": str(home), "CS_CONSOLE_HOME": str(home / "desk")} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_version_is_printed_without_the_slow_libraries(tmp_path: Path) -> None:
    done = run(tmp_path, "--version")
    assert (done.returncode, done.stdout) == (0, f"cs-console {version('cs-console')}\n")
    assert done.stderr == "False False\n"


def test_the_version_wins_over_what_stands_beside_it(tmp_path: Path) -> None:
    done = run(tmp_path, "--home", str(tmp_path / "desk"), "--version")
    assert (done.returncode, done.stdout) == (0, f"cs-console {version('cs-console')}\n")
    assert not (tmp_path / "desk").exists()


def test_completion_is_installed_for_the_shell_that_asks(tmp_path: Path) -> None:
    program = [sys.executable, "-c", PROGRAM, "--install-completion"]
    done = subprocess.run(
        ["bash", "-c", '"$@"; exit $?', "bash", *program],  # the shell is told by the parent process
        env=os.environ | {"HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    script = tmp_path / ".bash_completions" / "cs-console.sh"
    assert str(script) in done.stdout
    assert str(script) in (tmp_path / ".bashrc").read_text("utf-8")
    assert "_CS_CONSOLE_COMPLETE=complete_bash" in script.read_text("utf-8")


@pytest.mark.parametrize(
    ("line", "word", "found"),
    [("cs-console in", 1, ["init", "intake"]), ("cs-console intake qua", 2, ["quarantine"]), ("cs-console x", 1, [])],
)
def test_a_line_is_completed_and_no_console_opens(tmp_path: Path, line: str, word: int, found: list[str]) -> None:
    done = run(tmp_path, _CS_CONSOLE_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(word))
    assert done.stdout.split() == found
    assert done.stderr == "True False\n"
    assert not (tmp_path / "desk").exists()


def test_the_help_is_plain_lines_and_names_both(tmp_path: Path) -> None:
    done = run(tmp_path, "--help")
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert all(option in done.stdout for option in ("--version", "--install-completion"))
