"""The sample desk: made once, by the real services, and never over anything else."""

from pathlib import Path

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from cs_console.access_log.verify import verify_log
from cs_console.desk import open_office
from cs_console.errors import BadSettings
from cs_console.sample import making
from cs_console.sample.accounts import ACCOUNTS
from cs_console.sample.demo import make_sample, open_demo, sample_settings
from cs_console.settings import Settings
from cs_console.staff.passwords import verify
from cs_console.staff.setup import init_desk
from models.agent import Agent
from models.enums import TicketKind, TicketState
from models.log import LogEntry
from models.matter import Matter
from models.settlement import Settlement
from models.ticket import Ticket


@pytest.mark.usefixtures("cheap_passwords")
def test_the_sample_desk_shows_every_state_of_the_work(tmp_path: Path) -> None:
    home = tmp_path / "sample"
    make_sample(sample_settings(home))
    settings = sample_settings(home)
    assert settings.demo and settings.outbox == home / "outbox"
    assert [file.name for file in tmp_path.iterdir()] == ["sample"]
    office = open_office(settings)
    with office.database.reading() as session:
        states = dict(session.exec(select(Ticket.state, func.count()).group_by(col(Ticket.state))).all())
        languages = set(session.exec(select(Ticket.language)).all())
        moments = session.exec(select(LogEntry.at)).all()
        hashes = dict(session.exec(select(Agent.name, Agent.password_hash)).all())
        about = dict(
            session.exec(
                select(Ticket.kind, Agent.name)
                .join(Matter, col(Matter.ticket_number) == col(Ticket.number))
                .join(Agent, col(Agent.id) == col(Ticket.assignee_id))
                .where(col(Ticket.closed_at).is_(None), col(Matter.about_number).is_not(None))
            ).all()
        )
        settled = session.exec(select(Ticket.kind).join(Settlement)).all()
    assert sum(states.values()) >= 60
    assert set(states) >= {TicketState.OPEN, TicketState.TO_VERIFY, TicketState.VERIFIED, TicketState.IN_APPROVAL}
    assert states[TicketState.CLOSED] >= 2
    assert len(languages) >= 5
    assert about == {TicketKind.APPEAL: "ines", TicketKind.COMPLAINT: "omar"}  # neither took part in what it is about
    assert settled == [TicketKind.REPORT]
    assert max(moments) - min(moments) > 3 * 86_400 * 1_000_000  # some days of history
    assert set(hashes) == {account.name for account in ACCOUNTS}
    assert all(verify(hashes[account.name], account.password) for account in ACCOUNTS)
    assert verify_log(office).ok
    office.close()


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "diary.txt"):
        with pytest.raises(BadSettings, match="holds no sample desk"):
            open_demo(place)
    assert [file.name for file in tmp_path.iterdir()] == ["diary.txt"]


@pytest.mark.usefixtures("cheap_passwords")
def test_a_real_desk_is_never_opened_as_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    init_desk(Settings(home=tmp_path / "real"), "ines", "amber kite ninety lakes").close()
    for named in (tmp_path / "real", None):
        monkeypatch.setenv("CS_CONSOLE_HOME", str(tmp_path / "real"))
        with pytest.raises(BadSettings, match="holds no sample desk"):
            open_demo(named)
    (tmp_path / "real" / "console.toml").write_text('desk_name = "The real one"\n')
    with pytest.raises(BadSettings, match="real desk"):
        open_demo(tmp_path / "real")


def test_the_sample_takes_nothing_but_its_place_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable of a real desk must not put the sample's accounts before the real database."""
    monkeypatch.setenv("CS_CONSOLE_DATABASE_URL", "sqlite:////srv/real/console.db")
    (tmp_path / "console.toml").write_text("demo = true\n")
    assert sample_settings(tmp_path).database == f"sqlite:///{tmp_path}/console.db"
    assert sample_settings(tmp_path / "new").database == f"sqlite:///{tmp_path}/new/console.db"


def test_any_folder_name_can_hold_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its settings file is TOML whatever stands in the path."""
    monkeypatch.setattr(making, "tell", lambda settings: None)
    home = tmp_path / 'it\'s "d\u00e9mo" \\x'
    make_sample(sample_settings(home))
    assert sample_settings(home).outbox == home / "outbox"
