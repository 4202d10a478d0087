"""`log prove`, `log key` and `log check` as operators and auditors meet them."""

import json
import os
import stat
from pathlib import Path
from typing import NoReturn

import pytest
from typer.testing import CliRunner, Result

from cs_console import opening
from cs_console.access_log.proof_check import ProofVerdict
from cs_console.access_log.proof_file import ENTRY_COLUMNS
from cs_console.access_log.signed_note import read_note
from cs_console.commands.log import app
from cs_console.commands.log_proofs import sentence
from cs_console.custody.keyring import Keyring
from cs_console.database import Database
from models.enums import Action
from tests.access_log.tampering import as_older_desks_wrote, fill, fill_and_sign, hand
from tests.commands.test_log import log
from tests.support.desk import TestDesk
from tests.support.recorded import recorded


def check(file: Path, key: str, *words: str) -> Result:
    """As an auditor does it: there is no desk here."""
    return CliRunner().invoke(app, ["check", str(file), "--key", key, *words])


@pytest.fixture
def key(sqlite_desk: TestDesk) -> str:
    return log(sqlite_desk, "key").stdout


@pytest.fixture
def proof(sqlite_desk: TestDesk, tmp_path: Path) -> Path:
    """A proof of a ticket's entries."""
    file = tmp_path / "proof.json"
    fill(sqlite_desk, 20)
    assert log(sqlite_desk, "prove", "--ticket", "10482", "--out", str(file)).exit_code == 0
    return file


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--entry", "12"), "The proof is valid: 1 entry is in the log cs-console/"),
        (("--ticket", "10482"), "The proof is valid: 9 entries are in the log cs-console/"),
        (("--requester", "ab99cd34ef56ab78"), "The proof is valid: 5 entries are in the log cs-console/"),
    ],
)
def test_entries_are_proven_and_checked(test_desk: TestDesk, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    fill_and_sign(test_desk, 20)
    file = tmp_path / "proof.json"
    made = log(test_desk, "prove", *words, "--out", str(file))
    assert (made.exit_code, made.stdout, made.stderr) == (0, "", "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    line = log(test_desk, "key").stdout
    checked = check(file, line.strip())
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert checked.stdout.startswith(said)
    assert ", signed at 21 entries, root " in checked.stdout
    assert log(test_desk, "verify").exit_code == 0


def test_a_proof_for_a_requester_withholds_staff_and_reason(test_desk: TestDesk, tmp_path: Path) -> None:
    fill_and_sign(test_desk, 20)
    file = tmp_path / "proof.json"
    made = log(test_desk, "prove", "--requester", "ab99cd34ef56ab78", "--withhold", "--out", str(file))
    assert (made.exit_code, made.stdout, made.stderr) == (0, "", "")
    text = file.read_text("ascii")
    names = {"mei", "omar", "Zoë", "supervisor", "desk-1", "desk-2", Path.home().name}
    assert not [name for name in names if json.dumps(name)[:-1] in text]
    checked = check(file, log(test_desk, "key").stdout.strip())
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert checked.stdout.endswith(" In 5 of them staff and reason are withheld.\n")


@pytest.mark.parametrize("words", [("--entry", "2"), ("--ticket", "10482")])
def test_an_older_desks_entry_cannot_withhold_and_says_so(test_desk: TestDesk, words: tuple[str, ...]) -> None:
    """Nothing was shown, so no export is recorded either."""
    fill(test_desk, 2)
    as_older_desks_wrote(test_desk)
    said = log(test_desk, "prove", *words, "--withhold")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "cannot be proven without names: an older version wrote it. Prove later entries" in said.stderr
    assert recorded(test_desk.desk, Action.LOG_EXPORTED) == []
    assert log(test_desk, "prove", *words).exit_code == 0
    assert len(recorded(test_desk.desk, Action.LOG_EXPORTED)) == 1


def test_growth_is_proven_and_checked(test_desk: TestDesk, tmp_path: Path) -> None:
    fill(test_desk, 1283)
    older, file = tmp_path / "older.txt", tmp_path / "proof.json"
    assert log(test_desk, "checkpoint", "--out", str(older)).exit_code == 0
    fill(test_desk, 7)
    assert log(test_desk, "prove", "--since", str(older), "--out", str(file)).exit_code == 0
    key_file = tmp_path / "desk.key"
    key_file.write_text(log(test_desk, "key").stdout)
    checked = check(file, str(key_file))
    assert checked.exit_code == 0
    assert checked.stdout.endswith(", signed at 1 290 entries, begins with the log signed at 1 283.\n")
    checked = check(file, str(key_file), "--json")
    verdict = json.loads(checked.stdout)
    assert list(verdict) == ["ok", "log", "size", "root", "entries", "since", "first_bad", "kind", "withheld"]
    assert (verdict["ok"], verdict["size"], verdict["since"], verdict["entries"]) == (True, 1290, 1283, None)


def test_without_out_the_proof_is_one_json_object_on_standard_output(sqlite_desk: TestDesk) -> None:
    fill(sqlite_desk, 5)
    shape = json.loads(log(sqlite_desk, "prove", "--entry", "3").stdout)
    assert list(shape) == ["version", "log", "checkpoint", "entries"]
    assert read_note(shape["checkpoint"]).size == 6
    assert list(shape["entries"][0]["entry"]) == [name for name in ENTRY_COLUMNS if name != "about"]  # it has none


def test_the_check_opens_no_desk(proof: Path, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: object, **__: object) -> NoReturn:
        raise AssertionError

    for owner, name in ((opening, "open_desk"), (Database, "__init__"), (Keyring, "__init__")):
        monkeypatch.setattr(owner, name, opened)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("HOME", str(elsewhere))
    monkeypatch.setenv("CS_CONSOLE_HOME", str(elsewhere / "home"))
    monkeypatch.setenv("CS_CONSOLE_NO_SUCH_SETTING", "wrong")  # settings are not read either
    assert check(proof, key).exit_code == 0
    assert os.listdir(elsewhere) == []


def test_a_changed_proof_is_a_finding(proof: Path, key: str) -> None:
    text = proof.read_text()
    proof.write_text(text.replace('"actor": "omar"', '"actor": "mei"', 1))
    checked = check(proof, key)
    assert checked.exit_code == 1
    assert checked.stdout.startswith("THE PROOF IS NOT VALID. Entry 2 is not in the signed log")
    verdict = json.loads(check(proof, key, "--json").stdout)
    assert (verdict["ok"], verdict["first_bad"], verdict["kind"]) == (False, 2, "edited")


def test_another_desks_key_is_a_finding(proof: Path) -> None:
    go = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    checked = check(proof, go)
    assert checked.exit_code == 1
    assert "signed with another key" in checked.stdout


@pytest.mark.parametrize("content", [None, b"", b"hello\n", b"\xff\xfe", b"{}", b'{"version": 2}'])
def test_a_file_that_is_no_proof_is_one_sentence(key: str, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "proof.json"
    if content is not None:
        file.write_bytes(content)
    for words in ((), ("--json",)):
        checked = check(file, key, *words)
        assert (checked.exit_code, checked.stdout) == (2, "")
        assert checked.stderr.startswith(f"cs-console: {file} ")
        assert checked.stderr.count("\n") == 1


def test_a_file_that_is_too_large_is_not_read(proof: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    size = proof.stat().st_size
    monkeypatch.setattr("cs_console.commands.log_proofs.MOST_BYTES", size)
    assert check(proof, key).exit_code == 0
    monkeypatch.setattr("cs_console.commands.log_proofs.MOST_BYTES", size - 1)
    checked = check(proof, key)
    assert checked.exit_code == 2
    assert "too large" in checked.stderr


@pytest.mark.parametrize(
    "given", ["", "x", "nowhere.key", pytest.param("a" * 5000, id="long"), "a\x00b", "name+00000000+" + "A" * 44]
)
def test_what_is_no_key_is_wrong_use(proof: Path, given: str) -> None:
    checked = check(proof, given)
    assert (checked.exit_code, checked.stdout) == (2, "")
    assert "not the public key" in checked.stderr


def test_a_key_file_must_hold_a_key(proof: Path, tmp_path: Path) -> None:
    file = tmp_path / "some.key"
    file.write_bytes(b"\xff")
    assert "it is not text" in check(proof, str(file)).stderr
    file.write_text("secret\n")
    checked = check(proof, str(file))
    assert checked.exit_code == 2
    assert "secret" not in checked.stderr


@pytest.mark.parametrize(
    "words",
    [(), ("--entry", "1", "--ticket", "10482"), ("--requester", "ab12", "--since", "older.txt"), ("--entry", "0"),
     ("--entry", "99999999999999999999"), ("--entry", "99"), ("--ticket", "99999999999"), ("--ticket", "7"),
     ("--requester", "mei"), ("--since", "nowhere.txt"), ("--entry", "1", "--out", "/nowhere/proof.json")],
)  # fmt: skip
def test_wrong_use_of_prove(sqlite_desk: TestDesk, words: tuple[str, ...]) -> None:
    fill(sqlite_desk, 5)
    said = log(sqlite_desk, "prove", *words)
    assert (said.exit_code, said.stdout) == (2, "")
    assert said.stderr


def test_a_log_that_was_rewritten_gives_no_proof_and_exits_with_1(test_desk: TestDesk, tmp_path: Path) -> None:
    fill_and_sign(test_desk, 20)
    with hand(test_desk) as store:
        store.run("UPDATE log_entry SET ticket = 7 WHERE seq = 12")
    file = tmp_path / "proof.json"
    said = log(test_desk, "prove", "--entry", "2", "--out", str(file))
    assert (said.exit_code, said.stdout) == (1, "")
    assert "log verify" in said.stderr
    assert not file.exists()


def test_a_second_place_that_fails_is_told(sqlite_desk: TestDesk) -> None:
    fill(sqlite_desk, 3)
    folder = sqlite_desk.desk.settings.checkpoint_folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way")
    said = log(sqlite_desk, "prove", "--entry", "1")
    assert said.exit_code == 0
    assert "could not be copied" in said.stderr


@pytest.mark.parametrize("kind", ["foreign signature", "checkpoint", "edited", "rewritten"])
def test_every_kind_has_its_sentence(kind: str) -> None:
    assert "7" in sentence(ProofVerdict(False, "log", 9, "", 1, None, 7, kind, 0))


def test_a_logs_name_from_outside_moves_no_cursor() -> None:
    hostile = ProofVerdict(True, "a\x1b[2J\u202eb", 9, "", 1, None, None, "", 0)
    assert "\x1b" not in sentence(hostile)
    assert "\u202e" not in sentence(hostile)
