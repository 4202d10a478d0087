"""`cs-console demo`: makes a sample desk once, through the real services."""

import json
import os
import sys
import tempfile
from pathlib import Path

from cs_console.custody.sample_mark import holds_sample
from cs_console.errors import BadSettings, ConsoleError
from cs_console.progress import Progress
from cs_console.settings import PREFIX, Settings, default_home, load

SETTINGS_FILE = "console.toml"
ANOTHER = "Name another folder: `cs-console demo --home DIR`."


def demo_settings(home: Path | None) -> Settings:
    """The settings of the sample desk in `home`, which is made if there is none. Raises ConsoleError."""
    settings = sample_settings(home)
    if not (settings.home / SETTINGS_FILE).is_file():
        make_sample(settings)
    return settings


def add_tickets(settings: Settings, tickets: int, progress: Progress | None) -> None:
    """Build what is missing of so many tickets beside the story's. A killed build goes on from there the next time.

    Raises ConsoleError.
    """
    from cs_console.opening import open_desk  # these too are needed only here
    from cs_console.sample.making import STORY
    from cs_console.sample.many_tickets import build

    desk = open_desk(settings)
    try:
        build(desk, tickets, STORY, progress)
    finally:
        desk.close()


def sample_settings(home: Path | None) -> Settings:
    """The settings of the sample desk in `home`: the one named, else CS_CONSOLE_HOME, else a folder of its own.

    Nothing else is taken from the environment: it may name a real desk's database. A folder whose desk does not carry
    the mark of a sample, keyed by that desk's own key, was not made here: BadSettings is raised, nothing is touched.
    """
    named = home or (Path(os.environ[PREFIX + "HOME"]) if os.environ.get(PREFIX + "HOME") else None)
    place = (named or default_home().with_name("cs-console-demo")).absolute()
    if not (place / SETTINGS_FILE).is_file():
        return Settings(
            home=place, outbox=place / "outbox", desk_name="HautHome customer service",
            mail_from="service@hauthome.example",
        )  # fmt: skip
    settings = load(place, {})
    try:
        made_here = holds_sample(settings)
    except ConsoleError:
        made_here = False  # stores that cannot be asked are not known to be a sample's
    if not made_here:
        raise BadSettings(f"{place} was not created by `cs-console demo`; it may be a real desk.", ANOTHER)
    return settings


def make_sample(settings: Settings) -> None:
    """Make the desk beside its place and move it there when it is whole: a killed making leaves nothing to open.

    Raises BadSettings when there is anything in its place already.
    """
    if settings.home.exists():
        try:
            settings.home.rmdir()  # only an empty folder gives way
        except OSError:
            raise BadSettings(f"{settings.home} is not empty and is not a sample desk.", ANOTHER) from None
    # the services and the sample's files, needed this once
    from cs_console.sample.letters import sample_file
    from cs_console.sample.making import tell

    print("Creating a sample desk (once) ...", file=sys.stderr)  # noqa: T201 - before the console takes the terminal
    settings.home.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f".{settings.home.name}-making-", dir=settings.home.parent))
    at_once = {"home": making, "outbox": making / "outbox", "send_delay": 0}  # weeks pass while it is made
    tell(settings.model_copy(update=at_once))
    for folder in ("to-attach", "saved"):
        (making / folder).mkdir(mode=0o700)
    to_attach = making / "to-attach" / "opening-hours.pdf"
    to_attach.touch(mode=0o600)
    to_attach.write_bytes(sample_file("opening-hours.pdf"))
    words = {
        "outbox": str(settings.home / "outbox"),
        "attach_from": str(settings.home / "to-attach"),
        "download": str(settings.home / "saved"),
        "desk_name": settings.desk_name,
        "mail_from": settings.mail_from,
    }
    (making / SETTINGS_FILE).touch(mode=0o600)
    (making / SETTINGS_FILE).write_text(
        "# A sample desk: invented people, passwords on the sign-in screen. Delete the folder to start afresh.\n"
        + "".join(f"{key} = {json.dumps(value)}\n" for key, value in words.items()),  # such strings are TOML too
        "utf-8",
    )
    making.rename(settings.home)
