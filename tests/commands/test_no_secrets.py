"""`doctor` shows no secret of the settings or the environment, however it was written down (ASVS 13.3.1, 16.2.5)."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cs_console.commands import app
from cs_console.settings import load

PARTS = ("s3cret", "quokka")
"""Every secret below is made of these two, so that half of one is found too."""
DATABASE_URLS = (
    "postgresql+psycopg://desk:s3cret-quokka@127.0.0.1:1/desk",
    "postgresql+psycopg://desk:s3cret@quokka@127.0.0.1:1/desk",
    "postgresql+psycopg://desk:s3cret/quokka@127.0.0.1:1/desk",
    "postgresql+psycopg://desk@127.0.0.1:1/desk?password=s3cret&passfile=quokka",
    "postgresql+psycopg://desk:s3cret-quokka",
    "postgresql+psycopg://desk:s3cret-quokka@[::1/desk",
    "mysql://desk:s3cret-quokka@127.0.0.1:1/desk",
    "desk:s3cret-quokka@127.0.0.1/desk",
)
COMMANDS = (
    "false --token s3cret-quokka",
    "'false --token s3cret-quokka",
    "/nowhere/s3cret/quokka",
    "echo s3cret-quokka",
    "sh -c 'echo s3cret; echo quokka >&2; exit 3'",
)
SECRETS = {
    "database_url": DATABASE_URLS,
    "keyring_url": DATABASE_URLS,
    "key_command": COMMANDS,
    "next_key_command": COMMANDS,
    "smtp_url": (
        "smtp://postman:s3cret-quokka@mail.example.org:25",
        "smtp://s3cret:25/quokka@mail.example.org",
        "smtps://s3cret#quokka@mail.example.org",
        "smtp://s3cret?quokka@mail.example.org",
        "smtp://postman:s3cret-quokka@[::1",
        "postman:s3cret-quokka@mail.example.org",
    ),
    "sms_url": (
        "twilio://ACs3cret:quokka@15551234567",
        "json://s3cret:quokka@localhost/?token=s3cret",
        "s3cret quokka://localhost",
        "s3cret-quokka",
    ),
    "checkpoints": tuple(f"command: {command}" for command in COMMANDS),
}

pytestmark = [
    pytest.mark.usefixtures("cheap_passwords"),
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),  # Apprise's import
]


@pytest.fixture
def desk_home() -> Path:
    made = CliRunner().invoke(app, ["init", "--admin", "ines", "--password-stdin"], input="amber kite ninety lakes\n")
    assert made.exit_code == 0, made.output
    return load().home


def found_in_doctor() -> list[str]:
    """The parts of secrets that `doctor` says, in words or as JSON."""
    said = CliRunner().invoke(app, ["doctor"]), CliRunner().invoke(app, ["doctor", "--json"])
    for one in said:
        assert one.output, one.exception
    return [part for one in said for part in PARTS if part in one.output]


@pytest.mark.parametrize("key", SECRETS)
def test_doctor_shows_no_secret_of_the_environment(desk_home: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    for value in SECRETS[key]:
        monkeypatch.setenv(f"CS_CONSOLE_{key.upper()}", value)
        assert (value, found_in_doctor()) == (value, [])


@pytest.mark.parametrize("key", SECRETS)
def test_doctor_shows_no_secret_of_the_settings_file(desk_home: Path, key: str) -> None:
    for value in SECRETS[key]:
        for line in (f"{key} = {json.dumps(value)}", f"{key} = {value}", f"{key} = [{json.dumps(value)}]"):
            (desk_home / "console.toml").write_text(line + "\n", "utf-8")
            assert (line, found_in_doctor()) == (line, [])


def test_doctor_shows_nothing_else_of_the_environment(desk_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "s3cret")
    monkeypatch.setenv("VAULT_TOKEN", "quokka")
    assert found_in_doctor() == []
    monkeypatch.setenv("CS_CONSOLE_DATABASE_URL", "postgresql+psycopg://desk@127.0.0.1:1/desk")
    assert found_in_doctor() == []
    monkeypatch.setenv("CS_CONSOLE_PASSWORD", "s3cret")  # not a setting, but a person may think so
    assert found_in_doctor() == []


@pytest.mark.parametrize("key", SECRETS)
def test_no_representation_of_the_settings_holds_one(
    desk_home: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv(f"CS_CONSOLE_{key.upper()}", SECRETS[key][0])
    settings = load()
    assert SECRETS[key][0] in str(settings.model_dump())
    assert [part for part in PARTS if part in repr(settings) + str(settings)] == []
