"""Textual's App without its leaks (local variables in a crash, screenshots, clipboard escapes, debug files) and its
animations.
"""

import os
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.text import Text
from textual import constants
from textual._context import active_message_pump
from textual.actions import ActionParseResult
from textual.app import App, ScreenStackError, SystemCommand
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.driver import Driver
from textual.screen import Screen
from textual.widget import MountError
from textual.widgets import Input
from textual.worker import WorkerFailed

from cs_console.crash_report import NEWEST_COMMANDS, write_crash_report
from cs_console.faults import crash_sentence
from cs_console.plain_text import plain
from screens.frame.steady_lists import steady_lists


def forget_textual_settings() -> None:
    """Make Textual ignore the variables that write keys, logs or pictures of the screen (SECURITY.md).

    TEXTUAL_DEBUG writes every key to `keys.log`, TEXTUAL_LOG every message to a file, TEXTUAL=devtools sends them to
    a port, TEXTUAL_SCREENSHOT saves the screen, TEXTUAL_PRESS types for the agent.
    """
    os.environ.pop("TEXTUAL", None)
    for name, harmless in {
        "DEBUG": False,
        "LOG_FILE": None,
        "SCREENSHOT_DELAY": -1,
        "SCREENSHOT_LOCATION": None,
        "SCREENSHOT_FILENAME": None,
        "PRESS": "",
        "SHOW_RETURN": False,
    }.items():
        setattr(constants, name, harmless)


def _is_leaving(node: object) -> bool:
    """Whether a widget, or one that holds it, is being taken off the screen, or is off it."""
    return isinstance(node, DOMNode) and any(
        each._closing or each._closed or each._pruning for each in node.ancestors_with_self if not isinstance(each, App)
    )


def _asked(error: NoMatches) -> object:
    """Whose widgets were looked for in vain."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return None if trace is None else trace.tb_frame.f_locals.get("self")


class QuietApp(App[None], inherit_bindings=False):
    """An App that lets nothing on its screen leave the console."""

    ALLOW_SELECT = False  # text selected with the mouse would be copied by OSC 52

    crash_folder: Path | None = None
    """Where a crash report is written."""

    def __init__(self) -> None:
        forget_textual_settings()
        steady_lists()
        super().__init__()
        self.animation_level = "none"  # nothing slides: a list stands where it goes at once, drawn one time
        self._newest_commands: deque[str] = deque(maxlen=NEWEST_COMMANDS)

    def get_driver_class(self) -> type[Driver]:
        """Textual's driver, but one that reads the terminal so that no input ends the console."""
        chosen = super().get_driver_class()
        if chosen.__name__ != "LinuxDriver":  # a browser's, or Windows'
            return chosen
        from screens.frame.terminal_input import SteadyDriver

        return SteadyDriver

    async def run_action(self, action: "str | ActionParseResult", *args: Any, **options: Any) -> bool:
        """As in Textual; the names of the newest actions, without their arguments, are kept for a crash report."""
        name = action.partition("(")[0] if isinstance(action, str) else action[1]
        self._newest_commands.append(name)
        return await super().run_action(action, *args, **options)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """None of Textual's commands: above all no Screenshot, which would write the screen to a file."""
        yield from ()

    def notify(self, message: str, *, title: str = "", markup: bool = False, **options: Any) -> None:
        """As in Textual, but literally and never as markup: a message may contain text from outside."""
        super().notify(plain(message), title=plain(title), markup=False, **options)

    def copy_to_clipboard(self, text: str) -> None:
        """Keep cut and copied text inside the console; it never reaches the terminal. Passwords are not kept."""
        if not (isinstance(self.focused, Input) and self.focused.password):
            self._clipboard = text

    def forget_clipboard(self) -> None:
        """Clear what was cut or copied."""
        self._clipboard = ""

    def deliver_screenshot(self, *args: Any, **kwargs: Any) -> str | None:
        """No pictures of the screen leave the console."""
        return None

    def save_screenshot(self, *args: Any, **kwargs: Any) -> str:
        """No pictures of the screen leave the console."""
        return ""

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """No pictures of the screen leave the console."""

    def _handle_exception(self, error: Exception) -> None:
        """Print one sentence that is enough to find the fault; Textual would print every local variable."""
        if self._exit and isinstance(error, MountError | ScreenStackError):
            return  # something was still under way when the person left; from then on there are no screens
        cause = error.error if isinstance(error, WorkerFailed) else error
        if isinstance(cause, NoMatches) and (_is_leaving(_asked(cause)) or _is_leaving(active_message_pump.get(None))):
            return  # a screen was left while a step of its own was under way, and Textual has taken its widgets
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
            self.panic(Text(crash_sentence(error, self._report(error))))

    def _report(self, error: Exception) -> Path | None:
        if self.crash_folder is None:
            return None
        open_screens = [type(screen).__name__ for stack in self._screen_stacks.values() for screen in stack]
        return write_crash_report(self.crash_folder, error, open_screens, self._newest_commands)

    def _fatal_error(self) -> None:
        self.panic(Text("cs-console stopped because of an error. What you typed is saved up to the last second."))
