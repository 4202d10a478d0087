"""`cs-console policy list | show | check` as operators use it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cs_console.commands.policy import app
from cs_console.policy.loader import SHIPPED

NAME = "hauthome-2023-08"
FILE = SHIPPED / f"{NAME}.toml"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_list_names_the_packs_and_marks_the_current_one() -> None:
    assert f"{NAME}  (current)" in run("list").stdout.splitlines()
    assert json.loads(run("list", "--json").stdout) == {"packs": [NAME], "current": NAME}


def test_list_finds_the_packs_of_the_home_folder_too(tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "own-2026-01.toml").write_text("")
    assert "own-2026-01" in run("list", "--home", str(tmp_path)).stdout


def test_show_prints_each_list_under_its_own_name() -> None:
    text = run("show").stdout
    places = [text.index(word) for word in ("Statutory grounds", "S6 ", "Discretionary", "D4 ", "Fee", "(9) Another")]
    assert places == sorted(places)
    assert "reply: Reply to the requester (I.(1)3)" in text
    assert json.loads(run("show", NAME, "--json").stdout)["clock"]["respond_days"] == 30


def test_show_of_an_unknown_pack_says_where_to_look() -> None:
    result = run("show", "nothing-2026-01")
    assert result.exit_code == 2
    assert "cs-console policy list" in result.stderr
    assert run("show", "../../etc/passwd").exit_code == 2


def test_show_refuses_a_pack_under_another_name(tmp_path: Path) -> None:
    """A ticket pins the name: it must find the same policy again."""
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "other-2026-01.toml").write_text(FILE.read_text("utf-8"), "utf-8")
    assert run("show", "other-2026-01", "--home", str(tmp_path)).exit_code == 2


def test_check_of_a_good_file_exits_0() -> None:
    result = run("check", str(FILE))
    assert (result.exit_code, result.stdout) == (0, f"{FILE}: nothing is wrong\n")
    assert json.loads(run("check", str(FILE), "--json").stdout) == {"ok": True, "problems": []}


def test_check_names_line_key_and_problem_and_exits_1(tmp_path: Path) -> None:
    file = tmp_path / "pack.toml"
    file.write_text(FILE.read_text("utf-8").replace('purpose = "ship"', 'purpose = "shp"'), "utf-8")
    line = next(at for at, words in enumerate(file.read_text("utf-8").splitlines(), 1) if '"shp"' in words)
    result = run("check", str(file))
    assert result.exit_code == 1
    assert result.stdout == (
        f"{file}:{line}: matrix[2].purpose: 'shp' is not among the purposes (did you mean 'ship'?)\n"
    )
    [problem] = json.loads(run("check", str(file), "--json").stdout)["problems"]
    assert problem["line"] == line


@pytest.mark.parametrize("what", ["nothing.toml", "."])
def test_check_of_no_file_exits_2(tmp_path: Path, what: str) -> None:
    result = run("check", str(tmp_path / what))
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr
    assert result.stdout == ""
