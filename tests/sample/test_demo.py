"""The sample desk: made once, by the real services, and never over anything else."""

from pathlib import Path

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from cs_console.access_log.verify import verify_log
from cs_console.desk import open_office
from cs_console.errors import BadSettings
from cs_console.sample.accounts import ACCOUNTS
from cs_console.sample.demo import make_sample, sample_settings
from cs_console.staff.passwords import verify
from models.agent import Agent
from models.enums import TicketState
from models.log import LogEntry
from models.ticket import Ticket


@pytest.mark.usefixtures("cheap_passwords")
def test_the_sample_desk_shows_every_state_of_the_work(tmp_path: Path) -> None:
    home = tmp_path / "sample"
    make_sample(sample_settings(home))
    settings = sample_settings(home)
    assert settings.demo and settings.outbox == home / "outbox"
    assert not list(tmp_path.glob("*.making"))
    office = open_office(settings)
    with office.database.reading() as session:
        states = dict(session.exec(select(Ticket.state, func.count()).group_by(col(Ticket.state))).all())
        languages = set(session.exec(select(Ticket.language)).all())
        moments = session.exec(select(LogEntry.at)).all()
        hashes = dict(session.exec(select(Agent.name, Agent.password_hash)).all())
    assert sum(states.values()) >= 60
    assert set(states) >= {TicketState.OPEN, TicketState.TO_VERIFY, TicketState.VERIFIED, TicketState.IN_APPROVAL}
    assert states[TicketState.CLOSED] >= 2
    assert len(languages) >= 5
    assert max(moments) - min(moments) > 3 * 86_400 * 1_000_000  # some days of history
    assert set(hashes) == {account.name for account in ACCOUNTS}
    assert all(verify(hashes[account.name], account.password) for account in ACCOUNTS)
    assert verify_log(office).ok
    office.close()


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(BadSettings, match="holds no sample desk"):
        sample_settings(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["diary.txt"]


def test_a_real_desk_is_never_opened_as_a_sample(tmp_path: Path) -> None:
    (tmp_path / "console.toml").write_text('desk_name = "The real one"\n')
    with pytest.raises(BadSettings, match="real desk"):
        sample_settings(tmp_path)
