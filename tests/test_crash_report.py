"""A crash leaves a report that says where it happened, and nothing of what it was working on."""

import stat
from pathlib import Path

from cs_console.crash_report import write_crash_report
from cs_console.faults import crash_sentence

SECRET = "canary quokka"


def fall() -> Exception:
    """A fault with a value in locals, in its message, and in the one that it came from; within a group."""
    value = SECRET
    caught: list[Exception] = []
    try:
        dict[str, str]()[value]
    except KeyError as cause:
        inner = RuntimeError(f"while holding {value}")
        inner.__cause__ = cause
    try:
        raise ExceptionGroup(value, [inner])
    except ExceptionGroup as group:
        caught.append(group)
    return caught[0]


def test_a_report_says_where_and_never_what(tmp_path: Path) -> None:
    report = write_crash_report(tmp_path, fall(), ["QueueScreen", "TicketScreen"], ["open", "reveal"])
    assert report is not None and report.parent == tmp_path
    said = report.read_text("utf-8")
    assert SECRET not in said
    assert "RuntimeError" in said and "KeyError" in said and "ExceptionGroup" in said
    assert "test_crash_report.py:" in said and str(Path(__file__).parent) not in said
    assert "QueueScreen, TicketScreen" in said and "open, reveal" in said and "textual " in said
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_the_person_is_told_where_it_is(tmp_path: Path) -> None:
    report = write_crash_report(tmp_path, fall())
    again = write_crash_report(tmp_path, fall())
    assert again is not None and report is not None and again != report
    assert str(report) in crash_sentence(fall(), report)
    assert SECRET not in crash_sentence(fall(), report)


def test_where_nothing_can_be_written_the_sentence_is_all(tmp_path: Path) -> None:
    assert write_crash_report(tmp_path / "gone", fall()) is None
    assert "A report" not in crash_sentence(fall(), None)
