"""Opening the console on a desk, or on the sample desk. Textual is imported only once there is a desk to show."""

import gc
from pathlib import Path


def open_console(home: Path | None) -> None:
    """Open the console on the desk in `home`, or in the default place. Raises ConsoleError."""
    gc.disable()  # nothing to collect before the first paint; the console turns it on again afterwards
    from cs_console.app import run
    from cs_console.settings import load

    run(load(home))


def open_demo(home: Path | None) -> None:
    """Make the sample desk if there is none in `home`, then open the console on it. Raises ConsoleError."""
    from cs_console.sample.demo import demo_settings  # for the demo alone

    settings = demo_settings(home)
    from cs_console.app import run

    run(settings)
