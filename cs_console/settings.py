"""One Settings object from console.toml and CS_CONSOLE_* variables; unknown keys are refused."""

import os
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cs_console.errors import BadSettings
from models.roles import Role

PREFIX = "CS_CONSOLE_"
UNSET_MAIL_FROM = "service@desk.invalid"
COMMAND = "command:"
"""Begins a second place that is a command; anything else is a folder."""
IN_FILE_ALONE = frozenset({"keys"})
"""What no variable can say."""


Seconds = Annotated[int, "seconds"]
Hours = Annotated[int, "hours"]
Days = Annotated[int, "days"]
Mebibytes = Annotated[int, "MiB"]


class Settings(BaseModel):
    """Where things are and how the console looks. Environment variables win over console.toml.

    What each setting says is under its name; `python -m docs.settings` writes docs/settings.md from that.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    home: Path
    """The folder with `console.toml`, the keys, and everything that no other setting puts elsewhere. `console.toml`
    cannot name it. Without it, the platform's data folder."""
    database_url: str = Field("", repr=False)  # addresses and commands may hold passwords
    """The database: `postgresql+psycopg://...` for a team. Without it, SQLite in the home folder."""
    keyring_url: str = Field("", repr=False)
    """The keyring's database, apart from the other, so that a backup of that one opens nothing. Without it, SQLite in
    the home folder."""
    key_file: Path | None = None
    """The file with the key-encryption key. Without it, `keys/key-encryption.key` in the home folder."""
    key_command: str = Field("", repr=False)
    """A command line, run without a shell, that prints the key-encryption key: 32 random bytes in base64. It wins over
    `key_file`."""
    next_key_command: str = Field("", repr=False)
    """The same for the key that takes over in a rotation. A rotation needs it where `key_command` is set."""
    key_days: Days = Field(30, ge=1)
    """How long old backups of the keyring may be able to open an erased key: so long after an erasure the
    key-encryption key has to be rotated."""
    smtp_url: str = Field("", repr=False)
    """The server that mail goes out through: `smtp://user:password@host:port` or `smtps://...`, encrypted unless it
    ends with `?insecure`."""
    sms_url: str = Field("", repr=False)
    """The service that text messages go out through, as Apprise writes it."""
    outbox: Path | None = None
    """A folder into which all outgoing messages are written, instead of sending them."""
    checkpoints: str = Field("", repr=False)
    """Where signed checkpoints of the access log are kept: a folder, best on another disk, or `command:` and a command
    line, run without a shell, that is given each signed checkpoint and each incident on its standard input (`command:
    ssh vault append-checkpoint`). Without it, `checkpoints` in the home folder."""
    memory: Path | None = None
    """The folder in which reviewers' consoles remember the log that they saw, best out of reach of those who restore
    the database. Without it, `remembered` in the home folder."""
    pack: str = ""
    """The policy for new tickets. Without it, the one that was adopted last (`cs-console policy adopt`)."""
    desk_name: str = "Customer service"
    """The name that your mail is from."""
    mail_from: str = UNSET_MAIL_FROM
    """The address that your mail is from."""
    mail_own: tuple[str, ...] = ()
    """Your other addresses. `mail_from`, these, and the policy's mailboxes at their domains are your own: mail from
    them is not a requester's."""
    form_senders: tuple[str, ...] = ()
    """Addresses or domains whose mail is what people wrote into a form; there Reply-To names the requester
    (`form_senders = ["forms.example.org"]`)."""
    mail_checked_by: str = ""
    """The name under which your mail server writes Authentication-Results (RFC 8601). A follow-up that failed there is
    shown apart as unconfirmed; without the name nothing in a mail says who sent it."""
    mail_verp: bool = False
    """Whether your mail server delivers `bounces+TOKEN@` of `mail_from`'s domain to the mailbox that intake reads: each
    mail is then sent with such an envelope sender, and its bounce names it."""
    download: Path | None = None
    """A folder of the operator's in which agents may save attachments. Without it and `attachment_command` no
    attachment leaves the stores."""
    attachment_command: str = Field("", repr=False)
    """A command line, run without a shell, that is given the path of an attachment as its last argument, and has the
    file until it ends (`attachment_command = "/usr/local/bin/show-on-safe-host"`)."""
    attach_from: Path | None = None
    """The only folder from which files are attached to replies, since the console may read more on its host than its
    agents may. Without it none are."""
    attach_mib: Mebibytes = Field(10, ge=1, le=50)
    """How large the files of one reply may be together."""
    send_delay: Seconds = Field(10, ge=0, le=3600)
    """How long a reply, or the letter of an answer that one person gives alone, waits before it goes out; until then
    its writer can take it back (`u`).
    """
    set_aside_days: Days = Field(90, ge=1)
    """How long mail that is set aside is kept: spam, automatic mail, bounces, our own. What cannot be read is kept
    until it is dropped, or its sender is erased."""
    theme: str = "cs-dark"
    """The colours: `cs-dark`, `cs-light` or `cs-contrast`."""
    signs: Literal["drawn", "plain"] = "drawn"
    """How signs are drawn: "plain" writes short words for them (`view` for `◆`), for screen readers and for terminals
    that draw some signs two cells wide."""
    idle_hide: Seconds = Field(300, ge=1)
    """How long after the last key a console locks and hides what it shows."""
    idle_sign_out: Seconds = Field(900, ge=1)
    """How long after the last key an agent is signed out."""
    session_hours: Hours = Field(8, ge=1)
    """How long after signing in an agent is signed out in any case."""
    second_factor: tuple[Role, ...] = ()
    """The roles whose accounts need a second factor to sign in (`second_factor = ["supervisor", "admin"]`)."""
    confirm_roles: bool = True
    """Whether the roles supervisor, privacy officer and admin take effect only once a second person has confirmed them,
    where there are two others: one to give the roles and one to confirm."""
    keys: dict[str, str] = {}
    """Other keys for commands, by the names that `cs-console keymap` shows (`[keys]`, then `claim = "ctrl+k"`)."""

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
    for name, value in environment.items():
        key = name.removeprefix(PREFIX).lower()
        if not name.startswith(PREFIX) or key == "home" or not value:
            continue
        if key not in Settings.model_fields or key in IN_FILE_ALONE:
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
