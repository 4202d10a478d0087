"""No byte of the terminal ends the console, and nothing that is pasted acts as a key, a size or a click."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from screens.frame.quiet_app import QuietApp
from screens.frame.terminal_input import PasteGuard, SteadyDriver, TerminalReader
from tests.support.hostile import HOSTILE

START, END = "\x1b[200~", "\x1b[201~"


def read(*chunks: bytes) -> list[Message]:
    reader = TerminalReader()
    return [message for chunk in chunks for message in reader.feed(chunk)]


def keys(*chunks: bytes) -> list[str]:
    return [message.key for message in read(*chunks) if isinstance(message, events.Key)]


def pastes(*chunks: bytes) -> list[str]:
    return [message.text for message in read(*chunks) if isinstance(message, events.Paste)]


@pytest.mark.parametrize(
    "odd",
    [
        b"\xff\xfe\xe9",  # no UTF-8
        b"\xed\xa0\x80",  # half of a surrogate pair
        b"\x1b[1114112;1u",  # past the end of Unicode
        b"\x1b[55555555555;1u",
        b"\x1b[97;1;55555555555u",
        b"\x1b[48;30;100;0;0t\x1b[<0;5;5M",  # a cell of no size, and a click in it
    ],
)
def test_what_means_nothing_takes_nothing_else_with_it(odd: bytes) -> None:
    assert keys(odd + b"ab")[-2:] == ["a", "b"]
    assert keys(b"a" + odd, b"b")[-1] == "b"


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"\x1b[", b"\x1b[<0;", b"\x1b[48;1;1;0;0t", b"9u", b"200~"])))
def test_no_bytes_end_the_reading(chunks: list[bytes]) -> None:
    reader = TerminalReader()
    for chunk in chunks:
        list(reader.feed(chunk))
        list(reader.tick())


@pytest.mark.parametrize("text", [*HOSTILE, "\x1b" + "c" * 60, "\x1b[48;5;5;0;0t", "\x1b[<0;5;5M", "\x1b[I\x1b[O"])
def test_a_paste_is_one_paste_and_nothing_else(text: str) -> None:
    messages = read(f"{START}{text}\rnext{END}x".encode())
    assert [type(message) for message in messages] == [events.Paste, events.Key]
    [paste] = (message.text for message in messages if isinstance(message, events.Paste))
    assert paste.endswith("\rnext") and "\x1b" not in paste


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1), st.data())
def test_a_paste_comes_whole_however_it_is_cut(text: str, data: st.DataObject) -> None:
    sent = f"{START}{text}\r\t{text}{END}{START}again{END}z".encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=8)))
    chunks = [sent[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    assert pastes(*chunks) == [f"{text}\r\t{text}", "again"]
    assert keys(*chunks) == ["z"]


@given(st.text(st.sampled_from("ab\x1b[20~1"), max_size=30))
def test_outside_a_paste_nothing_is_held_back(text: str) -> None:
    guard = PasteGuard()
    if START not in text:
        assert "".join(guard.feed(character) for character in text) == text


def test_a_size_is_believed_only_where_the_kernel_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = object.__new__(SteadyDriver)
    told: list[Message] = []
    monkeypatch.setattr(SteadyDriver, "_get_terminal_size", lambda _driver: (80, 24))
    monkeypatch.setattr("textual.driver.Driver.send_message", lambda _driver, message: told.append(message))
    monkeypatch.setattr("textual.driver.Driver.process_message", lambda _driver, message: told.append(message))
    for sequence in (b"\x1b[48;0;0;0;0t", b"\x1b[48;24;80;480;800t"):
        for message in read(sequence):
            driver.process_message(message)
    assert [message.size for message in told if isinstance(message, events.Resize)] == [(80, 24)]


def test_a_fault_in_the_thread_that_reads_is_handled_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    class App:
        """Takes what the driver hands over."""

        def __init__(self) -> None:
            self.handled: list[Exception] = []

        def call_later(self, callback: Callable[[Exception], None], fault: Exception) -> None:
            callback(fault)

        def _handle_exception(self, fault: Exception) -> None:
            self.handled.append(fault)

    def fall(_driver: SteadyDriver) -> None:
        raise OSError("gone")

    driver, app = object.__new__(SteadyDriver), App()
    driver._app = app  # type: ignore[assignment]
    monkeypatch.setattr(SteadyDriver, "run_input_thread", fall)
    driver._run_input_thread()
    assert [str(fault) for fault in app.handled] == ["gone"]


def test_the_console_reads_its_terminal_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert QuietApp().get_driver_class() is SteadyDriver
    monkeypatch.setattr("textual.constants.DRIVER", "textual.drivers.headless_driver:HeadlessDriver")
    assert QuietApp().get_driver_class() is not SteadyDriver
