"""`cs-console demo`: makes a sample desk once, through the real services, and opens the console on it."""

import os
import shutil
import sys
from pathlib import Path

from cs_console.errors import BadSettings
from cs_console.settings import PREFIX, Settings, default_home, load

SETTINGS_FILE = "console.toml"


def open_demo(home: Path | None) -> None:
    """Make the sample desk if there is none in `home`, then open the console. Raises Refusal."""
    settings = sample_settings(home)
    if not (settings.home / "console.db").is_file():
        make_sample(settings)
    from cs_console.app import run  # the console's face, once there is something to show

    run(settings)


def sample_settings(home: Path | None) -> Settings:
    """The settings of the sample desk in `home`: the one named, else CS_CONSOLE_HOME, else a folder of its own.

    Raises BadSettings when the folder holds a desk that is no sample.
    """
    named = home or (Path(os.environ[PREFIX + "HOME"]) if os.environ.get(PREFIX + "HOME") else None)
    place = (named or default_home().with_name("cs-console-demo")).absolute()
    if (place / SETTINGS_FILE).is_file():
        settings = load(place)
    else:
        settings = Settings(
            home=place, demo=True, outbox=place / "outbox", desk_name="HautHome customer service",
            mail_from="service@hauthome.example",
        )  # fmt: skip
        if place.is_dir() and any(place.iterdir()):
            raise BadSettings(
                f"{place} is not empty and holds no sample desk.", "Name another folder: `cs-console demo --home DIR`."
            )
    if not settings.demo:
        raise BadSettings(
            f"{place} holds a real desk, not a sample.", "Name another folder: `cs-console demo --home DIR`."
        )
    return settings


def make_sample(settings: Settings) -> None:
    """Make the desk beside its place and move it there when it is whole: a killed making leaves nothing to open."""
    from cs_console.sample.making import tell  # the services, needed this once

    print("Making a sample desk (once) ...", file=sys.stderr)  # noqa: T201 - before the console takes the terminal
    making = settings.home.with_name(settings.home.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    tell(settings.model_copy(update={"home": making, "outbox": making / "outbox"}))
    (making / SETTINGS_FILE).write_text(
        "# A sample desk: invented people, passwords on the sign-in screen. Delete the folder to start afresh.\n"
        "demo = true\n"
        f"outbox = {str(settings.home / 'outbox')!r}\n"
        f"desk_name = {settings.desk_name!r}\n"
        f"mail_from = {settings.mail_from!r}\n",
        "utf-8",
    )
    if settings.home.is_dir():
        settings.home.rmdir()
    making.rename(settings.home)
