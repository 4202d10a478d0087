"""Settings: two sources, one object, and a name for everything that is wrong."""

from pathlib import Path

import pytest

from cs_console.errors import BadSettings
from cs_console.settings import Settings, load
from docs import settings as settings_page


def test_the_home_comes_from_the_option_then_the_environment(tmp_path: Path) -> None:
    assert load(tmp_path / "a", {"CS_CONSOLE_HOME": str(tmp_path / "b")}).home == tmp_path / "a"
    assert load(None, {"CS_CONSOLE_HOME": str(tmp_path / "b")}).home == tmp_path / "b"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "console.toml").write_text('theme = "from-file"\nidle_hide = 60\n[keys]\nclaim = "ctrl+k"\n')
    settings = load(tmp_path, {"CS_CONSOLE_THEME": "from-environment"})
    assert (settings.theme, settings.idle_hide, settings.keys) == ("from-environment", 60, {"claim": "ctrl+k"})


def test_an_unknown_key_in_the_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "console.toml").write_text("idle_hyde = 60\n")
    with pytest.raises(BadSettings, match=r"console\.toml: idle_hyde: is not a setting") as refusal:
        load(tmp_path, {})
    assert refusal.value.exit_status == 2


def test_an_unknown_variable_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="CS_CONSOLE_OUTBOKS"):
        load(tmp_path, {"CS_CONSOLE_OUTBOKS": "/tmp/x"})


def test_a_wrong_value_names_where_it_stands(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="CS_CONSOLE_IDLE_HIDE"):
        load(tmp_path, {"CS_CONSOLE_IDLE_HIDE": "soon"})


def test_a_file_that_is_no_toml_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "console.toml").write_text("theme = \n")
    with pytest.raises(BadSettings, match=r"console\.toml cannot be read"):
        load(tmp_path, {})


def test_an_empty_variable_is_as_good_as_none(tmp_path: Path) -> None:
    assert load(tmp_path, {"CS_CONSOLE_SMTP_URL": ""}).smtp_url == ""


def test_a_file_that_may_not_be_read_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", forbidden)  # root, who runs the tests, may read anything
    with pytest.raises(BadSettings, match=r"console\.toml cannot be read: Permission denied"):
        load(tmp_path, {})


@pytest.mark.parametrize("name", ["DATABASE_URL", "KEYRING_URL", "SMTP_URL", "SMS_URL", "KEY_COMMAND", "CHECKPOINTS"])
def test_no_password_shows_in_a_repr(tmp_path: Path, name: str) -> None:
    settings = load(tmp_path, {f"CS_CONSOLE_{name}": "scheme://user:quokka@host"})
    assert "quokka" not in repr(settings) + str(settings)


def test_a_second_place_is_a_folder_or_says_that_it_is_a_command(tmp_path: Path) -> None:
    assert load(tmp_path, {}).checkpoint_folder == tmp_path / "checkpoints"
    folder = load(tmp_path, {"CS_CONSOLE_CHECKPOINTS": "/mnt/apart"})
    assert (folder.checkpoint_folder, folder.checkpoint_command) == (Path("/mnt/apart"), "")
    command = load(tmp_path, {"CS_CONSOLE_CHECKPOINTS": "command: ssh vault 'keep it'"})
    assert (command.checkpoint_folder, command.checkpoint_command) == (tmp_path / "checkpoints", "ssh vault 'keep it'")


@pytest.mark.parametrize("given", ["command:", "command:  ", "command: keep 'it"])
def test_a_command_that_is_none_is_refused_by_name(tmp_path: Path, given: str) -> None:
    with pytest.raises(BadSettings, match="CS_CONSOLE_CHECKPOINTS"):
        load(tmp_path, {"CS_CONSOLE_CHECKPOINTS": given})


@pytest.mark.parametrize("name", ["idle_hide", "idle_sign_out", "session_hours"])
def test_no_time_after_which_a_console_could_not_be_used_is_taken(tmp_path: Path, name: str) -> None:
    (tmp_path / "console.toml").write_text(f"{name} = 0\n")
    with pytest.raises(BadSettings, match=f"{name}: input should be greater than or equal to 1"):
        load(tmp_path, {})


def test_the_page_of_settings_is_up_to_date() -> None:
    assert settings_page.OUT.read_text("utf-8") == settings_page.page(), "run python -m docs.settings"


def test_the_page_says_of_each_setting_what_it_is() -> None:
    page = settings_page.page()
    for name in Settings.model_fields:
        _, _, section = page.partition(f"## `{name}`\n\n`")
        values, says, *_ = section.split("\n\n")
        assert values.endswith("."), name
        assert says.strip(), name
    assert (
        "`attach_mib` or `CS_CONSOLE_ATTACH_MIB`: whole number, in MiB, at least 1, at most 50; `10` unless given."
        in page
    )
    assert "`keys`: a table of names and texts." in page


def test_a_setting_that_nothing_is_said_of_has_no_place_on_the_page() -> None:
    said = 'class Settings:\n    a: int = 1\n    """Says\n    it."""\n    b: int = 2\n    c: int = 3\n    """Too."""\n'
    assert settings_page.descriptions(said) == {"a": "Says it.", "c": "Too."}
