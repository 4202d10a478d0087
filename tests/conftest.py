"""What every test stands on: no setting of this machine leaks in, and a real desk on both engines."""

import gc
import os
import shutil
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.tally import lines_of
from tests.support.compiled import share_compiled_statements
from tests.support.desk import TestDesk, copied_desk
from tests.support.postgres import no_database_left
from tests.support.sample_desk import make_once

MEMORY = Path("/dev/shm")
ROOM = 3 * 1024**3
"""What homes of tests that run at once, and those of failed ones, need at most."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests' homes in memory where there is room: each record waits for its disk, thousands of times a run.

    What is shown about disks (`tests/faults`) needs a killed process, not a lost machine, and holds there as well.
    """
    del config
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stop-at", type=float, help="skip what has not begun by then (seconds since 1970)")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave the rest out once the time of `make quick` is over."""
    stop_at = item.config.getoption("--stop-at")
    if stop_at is not None and time.time() > stop_at:
        pytest.skip("no time left")


def pytest_collection_finish() -> None:
    """Collect garbage less often, and nothing that was imported: looking through that took a quarter of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test of `test_desk` on the engines that the nearest `engines` mark names, else on both."""
    if "test_desk" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("engines")
        metafunc.parametrize("test_desk", mark.args if mark else ("sqlite", "postgresql"), indirect=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The fault suites' counters, wherever their tests ran."""
    reports = [one for some in terminalreporter.stats.values() for one in some if isinstance(one, pytest.TestReport)]
    lines = lines_of(pair for report in reports if report.when == "call" for pair in report.user_properties)
    if lines:
        terminalreporter.section("faults")
        terminalreporter.write("\n".join(lines) + "\n")


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """A failure whose message UTF-8 cannot hold is told as any other: no worker could send it, and the run ended."""
    data = yield
    return encodable(data)


def encodable(data: Any) -> Any:
    """The same with `?` in place of what UTF-8 cannot hold."""
    if isinstance(data, str):
        return data.encode("utf-8", "replace").decode()
    if isinstance(data, dict):
        return {encodable(key): encodable(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return type(data)(encodable(one) for one in data)
    return data


@pytest.fixture(autouse=True)
def _no_settings_leak(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("TEXTUAL_SNAPSHOT_"):
            continue  # the snapshot plugin's own
        if name.startswith(("CS_CONSOLE_", "TEXTUAL")) or name == "NO_COLOR":
            monkeypatch.delenv(name)
    monkeypatch.setenv("CS_CONSOLE_HOME", str(tmp_path / "home"))


@pytest.fixture(autouse=True)
def _no_database_is_left() -> Iterator[None]:
    with no_database_left():
        yield


@pytest.fixture(autouse=True)
def _statements_are_compiled_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each desk has engines of its own, and each would compile the same statements again: a quarter of a test."""
    if not request.node.get_closest_marker("own_caches"):
        share_compiled_statements(monkeypatch)


@pytest.fixture
def test_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestDesk]:
    """A fresh desk on one engine after the other (see `pytest_generate_tests`)."""
    made = copied_desk(tmp_path / "home", on_server=request.param == "postgresql")
    yield made
    made.desk.close()


@pytest.fixture
def sqlite_desk(tmp_path: Path) -> Iterator[TestDesk]:
    """A fresh desk on SQLite, for what is about screens or files rather than SQL."""
    made = copied_desk(tmp_path / "home")
    yield made
    made.desk.close()


@pytest.fixture(scope="session")
def sample_desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder of the sample desk, which a whole run makes once. Work on a copy (`support/sample_desk.py`)."""
    own = tmp_path_factory.getbasetemp()
    return make_once(own.parent if own.name.startswith("popen-") else own)  # xdist gives each worker a folder


@pytest.fixture
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords at a thousandth of the cost, where a test is not about that cost."""
    from argon2 import PasswordHasher

    from cs_console.staff import passwords

    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
