"""`cs-console policy list | show | check | diff | adopt` as operators use it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cs_console.commands.policy import app
from cs_console.policy.loader import SHIPPED
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket

NAME = "hauthome-2023-08"
FILE = SHIPPED / f"{NAME}.toml"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_list_names_the_packs_and_marks_the_current_one() -> None:
    assert run("list").stdout.splitlines() == ["gdpr-2018-05", f"{NAME}  (current)"]
    assert json.loads(run("list", "--json").stdout) == {
        "packs": ["gdpr-2018-05", NAME],
        "current": NAME,
        "adopted": {},
        "open_tickets": {"gdpr-2018-05": 0, NAME: 0},
        "unusable": [],
    }


def test_list_says_since_when_each_is_adopted_and_how_many_tickets_are_under_it(sqlite_desk: TestDesk) -> None:
    make_ticket(sqlite_desk)
    sqlite_desk.desk.close()
    done = run("adopt", "gdpr-2018-05")
    assert (done.exit_code, done.stdout) == (0, "gdpr-2018-05 was adopted.\n")
    first, second = run("list").stdout.splitlines()
    assert first.startswith("gdpr-2018-05  (current, adopted 20")
    assert second == f"{NAME}  (1 open ticket)"
    found = json.loads(run("list", "--json").stdout)
    assert found["current"] == "gdpr-2018-05"
    assert list(found["adopted"]) == ["gdpr-2018-05"]
    assert run("adopt", "gdpr-2018-05").stdout == "gdpr-2018-05 is already adopted. Nothing was changed.\n"


def test_adopt_says_when_the_setting_names_another(sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite_desk.desk.close()
    monkeypatch.setenv("CS_CONSOLE_PACK", NAME)
    result = run("adopt", "gdpr-2018-05", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["overruled_by"] == NAME
    assert f"the setting `pack` names {NAME}" in result.stderr
    assert f"{NAME}  (current)" in run("list").stdout


def test_adopt_tells_each_problem_of_a_broken_pack(sqlite_desk: TestDesk) -> None:
    home = sqlite_desk.desk.settings.home
    sqlite_desk.desk.close()
    (home / "packs").mkdir()
    file = home / "packs" / f"{NAME}.toml"
    file.write_text(FILE.read_text("utf-8").replace("digits = 8", "digits = 99"), "utf-8")
    result = run("adopt", NAME)
    assert result.exit_code == 2
    assert f"{file}:" in result.stderr
    assert "verification.code.digits" in result.stderr
    assert run("adopt", "nothing-2026-01").exit_code == 2


def test_diff_of_a_pack_with_itself_exits_0() -> None:
    result = run("diff", NAME, str(FILE))
    assert (result.exit_code, result.stdout) == (0, "The two packs are the same.\n")
    assert json.loads(run("diff", NAME, NAME, "--json").stdout) == {"same": True, "differences": []}


def test_diff_names_key_old_and_new_value_and_exits_1(tmp_path: Path) -> None:
    file = tmp_path / "newer.toml"
    words = FILE.read_text("utf-8")
    words = words.replace("respond_days = 30", "respond_days = 45")
    words = words.replace('approvers = ["supervisor"]\npartial = "always"', 'approvers = ["admin"]\npartial = "always"')
    words = words.replace('narrower = "A narrower request"', "")
    words = words.replace('"clarification", "narrower"]', '"clarification"]')
    file.write_text(words, "utf-8")
    result = run("diff", NAME, str(file))
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    at = lines.index("clock.respond_days")
    assert lines[at : at + 3] == ["clock.respond_days", "  - 30", "  + 45"]
    at = lines.index("offers.narrower")
    assert lines[at : at + 2] == ["offers.narrower", "  - A narrower request"]
    found = json.loads(run("diff", NAME, str(file), "--json").stdout)
    assert found["same"] is False
    assert {"key": "grounds.D4.approvers", "old": "supervisor", "new": "admin"} in found["differences"]
    assert {one["key"] for one in found["differences"]} == {
        "clock.respond_days",
        "offers.narrower",
        "grounds.D4.approvers",
        *(f"grounds.D{n}.offers" for n in range(1, 5)),
    }


def test_diff_of_two_policies_reads_ground_by_ground() -> None:
    result = run("diff", NAME, "gdpr-2018-05")
    assert result.exit_code == 1
    assert "grounds.D2.title\n  - Needs excessive technical measures\n" in result.stdout
    assert "grounds.E5.title\n  + Legal claims\n" in result.stdout
    assert run("diff", NAME, "nothing-2026-01").exit_code == 2


def test_list_finds_the_packs_of_the_home_folder_too(tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "own-2026-01.toml").write_text("")
    marked = "own-2026-01  (cannot be used: see `cs-console policy check own-2026-01`)"
    assert marked in run("list", "--home", str(tmp_path)).stdout.splitlines()
    assert json.loads(run("list", "--home", str(tmp_path), "--json").stdout)["unusable"] == ["own-2026-01"]


def test_list_refuses_a_setting_that_names_no_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CS_CONSOLE_PACK", "hauthome")
    result = run("list")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"no policy pack named hauthome (did you mean '{NAME}'?)" in result.stderr


def test_a_pack_whose_file_is_gone_says_so(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    file = desk.settings.home / "packs" / "ours-2026-01.toml"
    file.parent.mkdir()
    text = FILE.read_text("utf-8").replace('id = "hauthome"', 'id = "ours"').replace('"2023-08"', '"2026-01"')
    file.write_text(text, "utf-8")
    assert run("adopt", "ours-2026-01").exit_code == 0
    desk.packs.adopted = "ours-2026-01"
    make_ticket(sqlite_desk)
    desk.close()
    file.unlink()
    [line] = [one for one in run("list").stdout.splitlines() if one.startswith("ours-2026-01")]
    assert line.startswith("ours-2026-01  (its file is missing, current, adopted 20")
    assert line.endswith("1 open ticket)")


def test_show_prints_each_list_under_its_own_name() -> None:
    text = run("show").stdout
    places = [
        text.index(word) for word in ("Statutory grounds", "S6 ", "Discretionary", "D4 ", "\nFee\n", "(9) Another")
    ]
    assert places == sorted(places)
    assert "reply: Reply to the requester (I.(1)3)" in text
    assert "Approved by: privacy officer + supervisor" in text
    assert "? What would it cost in time and money?" in text
    assert "Letters in: en, zh" in text
    assert "Can be paid for 30 days; unpaid, the request may be closed then" in text
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
    assert (result.exit_code, result.stdout) == (0, f"{FILE}: no problems found\n")
    assert json.loads(run("check", str(FILE), "--json").stdout) == {"ok": True, "problems": []}


def test_check_takes_a_packs_name_and_a_home_like_its_sisters(tmp_path: Path) -> None:
    assert run("check", NAME).stdout == f"{FILE}: no problems found\n"
    assert "did you mean 'gdpr-2018-05'?" in run("check", "gdpr").stderr
    (tmp_path / "packs").mkdir()
    file = tmp_path / "packs" / "other-2026-01.toml"
    file.write_text(FILE.read_text("utf-8"), "utf-8")
    result = run("check", "other-2026-01", "--home", str(tmp_path))
    assert result.exit_code == 1
    line = next(at for at, words in enumerate(FILE.read_text("utf-8").splitlines(), 1) if words.startswith("id = "))
    words = f"the pack is named {NAME} but its file other-2026-01: use the same name for both"
    assert result.stdout == f"{file}:{line}: meta.id: {words}\n"


def test_check_names_the_file_alone_where_no_line_is_at_fault_and_a_ground_by_its_code(tmp_path: Path) -> None:
    file = tmp_path / f"{NAME}.toml"
    text = FILE.read_text("utf-8")
    file.write_text(text.replace('list = "fee"', 'list = "fees"').replace("[undertaking]", "[undertakings]"), "utf-8")
    lines = run("check", str(file)).stdout.splitlines()
    assert f"{file}: undertaking: is missing" in lines
    assert [line for line in lines if "grounds[10].list" in line and line.endswith("(ground F)")]


def test_check_names_line_key_and_problem_and_exits_1(tmp_path: Path) -> None:
    file = tmp_path / "hauthome-2023-08.toml"
    file.write_text(FILE.read_text("utf-8").replace('purpose = "ship"', 'purpose = "shp"'), "utf-8")
    line = next(at for at, words in enumerate(file.read_text("utf-8").splitlines(), 1) if '"shp"' in words)
    result = run("check", str(file))
    assert result.exit_code == 1
    assert result.stdout == (
        f"{file}:{line}: matrix[2].purpose: 'shp' is not among the purposes (did you mean 'ship'?)\n"
    )
    [problem] = json.loads(run("check", str(file), "--json").stdout)["problems"]
    assert problem["line"] == line


@pytest.mark.parametrize(
    ("typed", "key", "problem"),
    [
        (
            'filter = "kind:rihgts"',
            "filter",
            "Unknown kind “rihgts”. Possible: inquiry, appeal,",
        ),
        ('filter = "kind:rights parcel"', "filter", "'parcel' is not a term of a filter: a view looks for no words"),
        ('filter = "due:<7d"\nsort = "oldest"', "sort", "'oldest' is not one of due, received, updated, priority"),
        ('filter = "due:<7d"\norder = "due"', "order", "is not a known key here"),
    ],
)
def test_check_names_what_is_wrong_with_a_view(tmp_path: Path, typed: str, key: str, problem: str) -> None:
    file = tmp_path / "hauthome-2023-08.toml"
    file.write_text(FILE.read_text("utf-8").replace('filter = "kind:rights due:<7d"', typed), "utf-8")
    line = file.read_text("utf-8").splitlines().index(typed.splitlines()[-1]) + 1
    result = run("check", str(file))
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{file}:{line}: views[0].{key}: {problem}")
    assert result.stdout.count("\n") == 1


@pytest.mark.parametrize("name", [NAME, "gdpr-2018-05"])
def test_show_tells_the_views_that_each_shipped_pack_brings(name: str) -> None:
    lines = run("show", name).stdout.splitlines()
    at = lines.index("Views of the queue")
    assert lines[at + 1] == "  Rights due: kind:rights due:<7d, sorted by due date"


def test_check_names_a_views_name_that_occurs_twice(tmp_path: Path) -> None:
    file = tmp_path / "hauthome-2023-08.toml"
    file.write_text(FILE.read_text("utf-8").replace('"New appeals"', '"rights Due"'), "utf-8")
    assert "views[1].name: 'rights Due' occurs twice" in run("check", str(file)).stdout


@pytest.mark.parametrize("what", ["nothing.toml", "."])
def test_check_of_no_file_exits_2(tmp_path: Path, what: str) -> None:
    result = run("check", str(tmp_path / what))
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr
    assert result.stdout == ""
