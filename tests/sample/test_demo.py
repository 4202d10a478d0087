"""The sample desk: made once, by the real services, and never over anything else."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from cs_console.access_log.verify import verify_log
from cs_console.custody.sample_mark import holds_sample
from cs_console.errors import BadSettings
from cs_console.launch import open_demo
from cs_console.opening import open_desk
from cs_console.sample import making
from cs_console.sample.accounts import ACCOUNTS
from cs_console.sample.demo import make_sample, sample_settings
from cs_console.settings import Settings, load
from cs_console.staff.passwords import verify
from cs_console.staff.setup import init_desk
from models.agent import Agent
from models.enums import TicketKind, TicketState
from models.log import LogEntry
from models.matter import Matter
from models.settlement import Settlement
from models.ticket import Ticket
from tests.support.sample_desk import copied


def test_the_sample_desk_shows_every_state_of_the_work(sample_desk: Path, tmp_path: Path) -> None:
    assert sample_settings(sample_desk).outbox == sample_desk / "outbox"
    assert [file.name for file in sample_desk.parent.iterdir()] == ["sample"]
    desk = open_desk(sample_settings(copied(sample_desk, tmp_path / "sample")))
    assert desk.sample
    with desk.database.reading() as db:
        states = dict(db.exec(select(Ticket.state, func.count()).group_by(col(Ticket.state))).all())
        languages = set(db.exec(select(Ticket.language)).all())
        moments = db.exec(select(LogEntry.at)).all()
        hashes = dict(db.exec(select(Agent.name, Agent.password_hash)).all())
        about = dict(
            db.exec(
                select(Ticket.kind, Agent.name)
                .join(Matter, col(Matter.ticket_number) == col(Ticket.number))
                .join(Agent, col(Agent.id) == col(Ticket.assignee_id))
                .where(col(Ticket.closed_at).is_(None), col(Matter.about_number).is_not(None))
            ).all()
        )
        settled = db.exec(select(Ticket.kind).join(Settlement)).all()
    assert sum(states.values()) >= 60
    assert set(states) >= {TicketState.OPEN, TicketState.TO_VERIFY, TicketState.VERIFIED, TicketState.IN_APPROVAL}
    assert states[TicketState.CLOSED] >= 2
    assert len(languages) >= 5
    assert about == {TicketKind.APPEAL: "ines", TicketKind.COMPLAINT: "omar"}  # neither took part in what it is about
    assert settled == [TicketKind.REPORT]
    assert max(moments) - min(moments) > 3 * 86_400 * 1_000_000  # some days of history
    assert set(hashes) == {account.name for account in ACCOUNTS}
    assert all(verify(hashes[account.name], account.password) for account in ACCOUNTS)
    assert verify_log(desk).ok
    desk.close()


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "diary.txt"):
        with pytest.raises(BadSettings, match="is not a sample desk"):
            open_demo(place)
    assert [file.name for file in tmp_path.iterdir()] == ["diary.txt"]


def small_sample(settings: Settings) -> None:
    """Stands in for the story: a desk with the mark and nothing in it."""
    init_desk(settings, "ines", "amber kite ninety lakes", sample=True).close()


def everything_in(folder: Path) -> dict[Path, tuple[bytes, float]]:
    return {one: (one.read_bytes(), one.stat().st_mtime) for one in folder.rglob("*") if one.is_file()}


@pytest.mark.usefixtures("cheap_passwords")
def test_a_real_desk_is_never_opened_as_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = tmp_path / "real"
    init_desk(Settings(home=real), "ines", "amber kite ninety lakes").close()
    before = everything_in(real)
    for named in (real, None):
        monkeypatch.setenv("CS_CONSOLE_HOME", str(real))
        with pytest.raises(BadSettings, match="is not a sample desk"):
            open_demo(named)
    (tmp_path / "link").symlink_to(real)
    for words in ('desk_name = "The real one"\n', "demo = true\n", ""):
        (real / "console.toml").write_text(words)
        for named in (real, tmp_path / "link"):
            with pytest.raises(BadSettings):
                open_demo(named)
        (real / "console.toml").unlink()
    assert everything_in(real) == before


@pytest.mark.usefixtures("cheap_passwords")
def test_a_folder_that_only_names_a_desk_is_no_sample(tmp_path: Path) -> None:
    """Settings can be written by hand: what counts is what the desk's own data says, keyed by its own key."""
    real, other = tmp_path / "real", tmp_path / "other"
    init_desk(Settings(home=real), "ines", "amber kite ninety lakes").close()
    other.mkdir()
    for words in ("", f'database_url = "sqlite:///{real}/console.db"\n'):
        (other / "console.toml").write_text(words)
        with pytest.raises(BadSettings, match="may be a real desk"):
            open_demo(other)
        assert [one.name for one in other.iterdir()] == ["console.toml"]


@pytest.mark.usefixtures("cheap_passwords")
def test_the_mark_cannot_be_set_with_write_access_to_the_database(tmp_path: Path) -> None:
    for name, sample in (("real", False), ("sample", True)):
        init_desk(Settings(home=tmp_path / name), "ines", "amber kite ninety lakes", sample=sample).close()
    assert open_and_ask(tmp_path / "sample")
    with sqlite3.connect(tmp_path / "sample" / "console.db") as store:
        ((desk_id, tag),) = store.execute("SELECT id, sample_tag FROM desk_identity")
    store.close()
    for forged in (
        {"sample_tag": tag},
        {"sample_tag": b"\1" * 32},
        {"sample_tag": b""},
        {"sample_tag": tag, "id": desk_id},
    ):
        with sqlite3.connect(tmp_path / "real" / "console.db") as store:
            for column, value in forged.items():
                store.execute(f"UPDATE desk_identity SET {column} = ?", (value,))
        store.close()
        assert not open_and_ask(tmp_path / "real"), forged


def open_and_ask(home: Path) -> bool:
    """Whether the opened desk, and the demo that only looks at it, take it for a sample."""
    desk = open_desk(Settings(home=home))
    desk.close()
    assert holds_sample(Settings(home=home)) == desk.sample
    return desk.sample


@pytest.mark.parametrize("value", ["1", "true", "yes"])
def test_no_setting_makes_a_desk_a_sample(tmp_path: Path, value: str) -> None:
    with pytest.raises(BadSettings, match="CS_CONSOLE_DEMO"):
        load(tmp_path, {"CS_CONSOLE_DEMO": value})
    (tmp_path / "console.toml").write_text("demo = true\n")
    with pytest.raises(BadSettings, match="demo"):
        load(tmp_path, {})


@pytest.mark.usefixtures("cheap_passwords")
def test_the_sample_takes_nothing_but_its_place_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable of a real desk must not put the sample's accounts before the real database."""
    monkeypatch.setenv("CS_CONSOLE_DATABASE_URL", "sqlite:////srv/real/console.db")
    monkeypatch.setattr(making, "tell", small_sample)
    make_sample(sample_settings(tmp_path / "sample"))
    assert sample_settings(tmp_path / "sample").database == f"sqlite:///{tmp_path}/sample/console.db"
    assert sample_settings(tmp_path / "new").database == f"sqlite:///{tmp_path}/new/console.db"


@pytest.mark.usefixtures("cheap_passwords")
def test_any_folder_name_can_hold_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its settings file is TOML whatever stands in the path."""
    monkeypatch.setattr(making, "tell", small_sample)
    home = tmp_path / 'it\'s "d\u00e9mo" \\x'
    make_sample(sample_settings(home))
    assert sample_settings(home).outbox == home / "outbox"
