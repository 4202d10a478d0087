"""Outside text at a real terminal: no byte of it is obeyed, hidden or run (ASVS 1.2.4, 1.3.3)."""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screens.widgets.safe_text import PlainText, assembled, cell, literal, literal_line
from tests.support.hostile import COMMANDS, HOSTILE, INVISIBLE, MARKUP

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 100

OWN = re.compile(
    r"\x1b\[[0-9;:<=>?]*[ $]?[a-zA-Z~]"  # what Textual itself uses: CSI sequences
    r"|\x1b\]22;[a-z-]*\x07"  # the shape of the mouse pointer
)
"""The control sequences that the driver may write."""

UNSEEN = re.compile("[\u0080-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")


def terminal_output(home: Path, columns: int, lines: int) -> tuple[str, int]:
    """Everything that the console writes to a terminal of its own, and its exit status."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(ROOT)
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        os.execve(sys.executable, [sys.executable, "-m", "tests.support.hostile_console", str(home)], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    written = bytearray()
    while select.select([terminal], [], [], PATIENCE_SECONDS)[0]:
        try:
            written += os.read(terminal, 65536)
        except OSError:  # Linux says so when the other side has gone
            break
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    return written.decode("utf-8"), os.waitstatus_to_exitcode(status)


@pytest.fixture(scope="module", params=[(80, 24), (120, 34)], ids=["80x24", "120x34"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """One walk through the screens, as the terminal received it."""
    output, status = terminal_output(tmp_path_factory.mktemp("hostile") / "home", *request.param)
    assert status == 0, output[-3000:]
    return output


def test_no_command_of_the_text_reaches_the_terminal(written: str) -> None:
    """What is left without the driver's own sequences holds no byte that a terminal obeys."""
    rest = OWN.sub("", written)
    assert set(re.findall(r"[\x00-\x1f\x7f-\x9f]", rest)) <= {"\n", "\r"}


def test_the_drivers_own_sequences_are_not_the_texts(written: str) -> None:
    """The text's clearing, asking and resetting are CSI too: none of them is among what was written."""
    for command in ("\x1b[2J", "\x1b[13;7H", "\x1b[6n", "\x1b[>c"):
        assert any(command in text for text in COMMANDS)
        assert command not in written, repr(command)


def test_nothing_invisible_or_turning_reaches_the_terminal(written: str) -> None:
    assert UNSEEN.findall(written) == []


def test_what_was_written_can_be_read(written: str) -> None:
    text = OWN.sub("", written)
    for shown in ("␛]52;c;", "␛[2J", "⟨202E⟩", "⟨200B⟩", "⟨9B⟩31m", "⟨E0041⟩", *MARKUP):
        assert shown in text, shown


def test_the_hostile_set_has_what_it_should() -> None:
    assert any("\x1b]52" in text for text in HOSTILE)
    assert all(UNSEEN.search(text) for text in INVISIBLE)


@given(st.text())
def test_no_text_is_ever_more_than_letters(text: str) -> None:
    for shown in (literal(text).plain, literal_line(text).plain, assembled([text, (text, "bold")]).plain):
        assert not UNSEEN.search(shown)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", shown)
    assert literal(text).spans == []
    drawn = cell(text)
    assert drawn.spans == []
    assert not re.search(r"[\x00-\x1f\x7f]", drawn.plain)


@given(st.sampled_from(MARKUP))
def test_plain_text_takes_markup_as_letters(text: str) -> None:
    assert str(PlainText(text).content) == text
