"""Which desk a command works on."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cs_console.commands import app

runner = CliRunner()


@pytest.mark.parametrize("before", [True, False], ids=["before the command", "after it"])
def test_the_home_may_stand_before_or_after_the_command(before: bool, tmp_path: Path) -> None:
    (tmp_path / "console.toml").write_text("idle_hyde = 1\n")
    option = ["--home", str(tmp_path)]
    done = runner.invoke(app, [*option, "agents", "list"] if before else ["agents", "list", *option])
    assert done.exit_code == 2
    assert f"{tmp_path}/console.toml" in done.stderr


def test_a_home_without_a_desk_is_status_3_and_one_sentence(tmp_path: Path) -> None:
    done = runner.invoke(app, ["tickets", "list", "--home", str(tmp_path / "nowhere")])
    assert done.exit_code == 3
    assert done.stderr.startswith("cs-console: There is no desk here yet.")
    assert not (tmp_path / "nowhere").exists()


def test_the_demo_refuses_a_real_desks_folder_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "console.toml").write_text('desk_name = "The real one"\n')
    done = runner.invoke(app, ["demo", "--home", str(tmp_path)])
    assert done.exit_code == 2
    assert "may be a real desk" in done.stderr
