"""A command of the operator's own: no shell, a time limit, and nothing of it in what is said."""

import sys
import time
from pathlib import Path

import pytest

from cs_console.operator_command import CommandFailed, run_command


def test_it_is_given_its_input_and_prints(tmp_path: Path) -> None:
    assert run_command("cat", 10, b"a note\n") == b"a note\n"
    assert run_command(f"tee '{tmp_path / 'a b'}'", 10, b"x") == (tmp_path / "a b").read_bytes() == b"x"
    assert run_command("true", 10, b"x" * 1_000_000) == b""  # it need not read


def test_no_shell_reads_it(tmp_path: Path) -> None:
    assert run_command(f"echo $HOME `id` ; touch {tmp_path / 'made'}", 10).startswith(b"$HOME `id` ; touch")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("false", "it ended with status 1"),
        ("/no/such/quokka", "it cannot be run: No such file or directory"),
        ("quokka 'x", "its quotes do not match"),
        ("  ", "it is empty"),
        ("sh -c 'echo quokka; echo quokka >&2; kill -9 $$'", "it ended with status -9"),
    ],
)
def test_what_went_wrong_is_said_without_its_words(command: str, why: str) -> None:
    with pytest.raises(CommandFailed) as raised:
        run_command(command, 10)
    assert raised.value.why == why


@pytest.mark.parametrize("program", ["import time; time.sleep(60)", "import os, time; os.fork() or time.sleep(20)"])
def test_one_that_takes_too_long_is_killed(program: str) -> None:
    """The second one leaves its output open in a child of its own."""
    began = time.monotonic()
    with pytest.raises(CommandFailed, match=r"took more than 0\.5 s"):
        run_command(f"{sys.executable} -c '{program}; time.sleep(3)'", 0.5)
    assert time.monotonic() - began < 15
