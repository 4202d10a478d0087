"""`cs-console demo`: makes a sample desk once, through the real services, and opens the console on it."""

import json
import os
import sys
import tempfile
from pathlib import Path

from cs_console.errors import BadSettings
from cs_console.settings import PREFIX, Settings, default_home, load

SETTINGS_FILE = "console.toml"
ANOTHER = "Name another folder: `cs-console demo --home DIR`."


def open_demo(home: Path | None) -> None:
    """Make the sample desk if there is none in `home`, then open the console. Raises Refusal."""
    settings = sample_settings(home)
    if not (settings.home / SETTINGS_FILE).is_file():
        make_sample(settings)
    from cs_console.app import run  # the console's face, once there is something to show

    run(settings)


def sample_settings(home: Path | None) -> Settings:
    """The settings of the sample desk in `home`: the one named, else CS_CONSOLE_HOME, else a folder of its own.

    Nothing else is taken from the environment: it may name a real desk's database. Raises BadSettings when the
    folder holds a desk that is no sample.
    """
    named = home or (Path(os.environ[PREFIX + "HOME"]) if os.environ.get(PREFIX + "HOME") else None)
    place = (named or default_home().with_name("cs-console-demo")).absolute()
    if not (place / SETTINGS_FILE).is_file():
        return Settings(
            home=place, demo=True, outbox=place / "outbox", desk_name="HautHome customer service",
            mail_from="service@hauthome.example",
        )  # fmt: skip
    settings = load(place, {})
    if not settings.demo:
        raise BadSettings(f"{place} holds a real desk, not a sample.", ANOTHER)
    return settings


def make_sample(settings: Settings) -> None:
    """Make the desk beside its place and move it there when it is whole: a killed making leaves nothing to open.

    Raises BadSettings when there is anything in its place already.
    """
    if settings.home.exists():
        try:
            settings.home.rmdir()  # only an empty folder gives way
        except OSError:
            raise BadSettings(f"{settings.home} is not empty and holds no sample desk.", ANOTHER) from None
    from cs_console.sample.making import tell  # the services, needed this once

    print("Making a sample desk (once) ...", file=sys.stderr)  # noqa: T201 - before the console takes the terminal
    settings.home.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f".{settings.home.name}-making-", dir=settings.home.parent))
    tell(settings.model_copy(update={"home": making, "outbox": making / "outbox"}))
    words = {"outbox": str(settings.home / "outbox"), "desk_name": settings.desk_name, "mail_from": settings.mail_from}
    (making / SETTINGS_FILE).touch(mode=0o600)
    (making / SETTINGS_FILE).write_text(
        "# A sample desk: invented people, passwords on the sign-in screen. Delete the folder to start afresh.\n"
        "demo = true\n"
        + "".join(f"{key} = {json.dumps(value)}\n" for key, value in words.items()),  # such strings are TOML too
        "utf-8",
    )
    making.rename(settings.home)
