"""One Settings object from console.toml and CS_CONSOLE_* variables; unknown keys are refused."""

import os
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cs_console.errors import BadSettings
from models.enums import Role

PREFIX = "CS_CONSOLE_"
UNSET_MAIL_FROM = "service@desk.invalid"
COMMAND = "command:"
"""Begins a second place that is a command; anything else is a folder."""


class Settings(BaseModel):
    """Where things are and how the console looks. Environment variables win over console.toml.

    `checkpoints`: a folder, or `command:` and a command line, run without a shell, that is given each signed
    checkpoint and each incident on its standard input (`command: ssh vault append-checkpoint`).

    Times are seconds. `key_days`: how long old backups of the keyring may be able to open an erased key.
    `second_factor`: the roles whose accounts need one to sign in (`second_factor = ["supervisor", "admin"]`).
    `confirm_roles`: the roles supervisor, privacy officer and admin take effect once a second person has confirmed
    them, where there are two others: one to give the roles and one to confirm.
    `mail_checked_by`: the name under which your mail server writes Authentication-Results (RFC 8601). A follow-up that
    failed there is shown apart as unconfirmed; without the name nothing in a mail says who sent it.
    `mail_own`: your other addresses. `mail_from`, these, and the policy's mailboxes at their domains are your own: mail
    from them is not a requester's. `form_senders`: addresses or domains whose mail is what people wrote into a form;
    there Reply-To names the requester (`form_senders = ["forms.example.org"]`).
    `mail_verp`: whether your mail server delivers `bounces+TOKEN@` of `mail_from`'s domain to the mailbox that intake
    reads: each mail is then sent with such an envelope sender, and its bounce names it.
    `download`: a folder of the operator's in which agents may save attachments; `attachment_command`: a command line,
    run without a shell, that is given the path of an attachment as its last argument, and has the file until it ends
    (`attachment_command = "/usr/local/bin/show-on-safe-host"`). Without them no attachment leaves the stores.
    `attach_from`: the only folder from which files are attached to replies, since the console may read more on its
    host than its agents may; without it none are. `attach_mib`: how large the files of one reply may be together.
    `send_delay`: how long a reply waits before it goes out; until then its writer can take it back (`u`).
    `pack`: the policy for new tickets; without it the one that was adopted last (`cs-console policy adopt`).
    `keys` rebinds commands: `[keys] claim = "ctrl+k"`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    home: Path
    database_url: str = Field("", repr=False)  # addresses and commands may hold passwords
    keyring_url: str = Field("", repr=False)
    key_file: Path | None = None
    key_command: str = Field("", repr=False)
    next_key_command: str = Field("", repr=False)
    key_days: int = Field(30, ge=1)
    smtp_url: str = Field("", repr=False)
    sms_url: str = Field("", repr=False)
    outbox: Path | None = None
    checkpoints: str = Field("", repr=False)
    memory: Path | None = None
    pack: str = ""
    desk_name: str = "Customer service"
    mail_from: str = UNSET_MAIL_FROM
    mail_own: tuple[str, ...] = ()
    form_senders: tuple[str, ...] = ()
    mail_checked_by: str = ""
    mail_verp: bool = False
    download: Path | None = None
    attachment_command: str = Field("", repr=False)
    attach_from: Path | None = None
    attach_mib: int = Field(10, ge=1, le=50)
    send_delay: int = Field(10, ge=0, le=3600)
    theme: str = "cs-dark"
    idle_hide: int = 300
    idle_sign_out: int = 900
    session_hours: int = 8
    second_factor: tuple[Role, ...] = ()
    confirm_roles: bool = True
    keys: dict[str, str] = {}

    @property
    def database(self) -> str:
        """The database's URL: the one given, else SQLite in the home folder."""
        return self.database_url or f"sqlite:///{self.home / 'console.db'}"

    @property
    def keyring(self) -> str:
        """The keyring's URL: a store apart from the database."""
        return self.keyring_url or f"sqlite:///{self.home / 'keyring.db'}"

    @property
    def key_path(self) -> Path:
        """The file with the key-encryption key."""
        return self.key_file or self.home / "keys" / "key-encryption.key"

    @property
    def next_key_path(self) -> Path:
        """The file of the key that takes over, while a rotation is on: beside the real file, whatever links to it."""
        real = self.key_path.resolve()
        return real.with_name(real.name + ".next")

    @property
    def log_key_path(self) -> Path:
        """The file with the key that signs checkpoints."""
        return self.home / "keys" / "log-signing.key"

    @property
    def checkpoint_folder(self) -> Path:
        """The second place that checkpoints are written to; with a command, where it is noted what that accepted."""
        given = self.checkpoints and not self.checkpoint_command
        return Path(self.checkpoints) if given else self.home / "checkpoints"

    @property
    def checkpoint_command(self) -> str:
        """The command that is given each checkpoint, "" where the second place is a folder."""
        return self.checkpoints.removeprefix(COMMAND).strip() if self.checkpoints.startswith(COMMAND) else ""

    @field_validator("checkpoints")
    @classmethod
    def _has_a_command(cls, given: str) -> str:
        if given.startswith(COMMAND):
            try:
                words = shlex.split(given.removeprefix(COMMAND))
            except ValueError:
                raise ValueError("the command's quotes do not match") from None
            if not words:
                raise ValueError(f"there is no command after {COMMAND}")
        return given

    @field_validator("mail_own", "form_senders", mode="before")
    @classmethod
    def _addresses(cls, given: object) -> object:
        """Several with commas between them, as an environment variable has them."""
        return tuple(part.strip() for part in given.split(",") if part.strip()) if isinstance(given, str) else given

    @field_validator("attachment_command")
    @classmethod
    def _is_a_command(cls, given: str) -> str:
        try:
            shlex.split(given)
        except ValueError:
            raise ValueError("the command's quotes do not match") from None
        return given

    @field_validator("second_factor", mode="before")
    @classmethod
    def _roles(cls, given: object) -> object:
        """Roles as the command line spells them too ("privacy-officer"); several with commas between them."""
        words = given.split(",") if isinstance(given, str) else given
        if not isinstance(words, list | tuple):
            return words
        return tuple(one.strip().casefold().replace("-", " ") if isinstance(one, str) else one for one in words)

    @property
    def memory_folder(self) -> Path:
        """Where reviewers' consoles remember the log they saw: best out of reach of those who restore the database."""
        return self.memory or self.home / "remembered"


def load(home: Path | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read `console.toml` in the home folder, then the environment.

    Raises BadSettings naming the file or variable and the key.
    """
    place = home or (Path(environment[PREFIX + "HOME"]) if environment.get(PREFIX + "HOME") else default_home())
    values: dict[str, object] = {}
    source = place / "console.toml"
    try:
        if source.is_file():
            values.update(tomllib.loads(source.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadSettings(f"{source} cannot be read: {problem}.", "Fix the file or move it away.") from None
    except OSError as problem:
        raise BadSettings(f"{source} cannot be read: {problem.strerror}.", "Check its permissions.") from None
    known = set(Settings.model_fields) - {"keys", "home"}
    for name, value in environment.items():
        key = name.removeprefix(PREFIX).lower()
        if not name.startswith(PREFIX) or key == "home" or not value:
            continue
        if key not in known:
            raise BadSettings(f"{name} is not a setting of cs-console.", "Remove the variable or fix its name.")
        values[key] = value
    values["home"] = place
    try:
        return Settings.model_validate(values)
    except ValidationError as problem:
        first = problem.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        where = PREFIX + key.upper() if PREFIX + key.upper() in environment else str(source)
        what = "is not a setting" if first["type"] == "extra_forbidden" else first["msg"].lower()
        raise BadSettings(f"{where}: {key}: {what}.", "Fix that setting.") from None


def default_home() -> Path:
    """The platform's data folder for cs-console."""
    from platformdirs import user_data_path  # only when no home is named

    return user_data_path("cs-console", appauthor=False)
