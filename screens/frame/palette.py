"""The palette's commands: those of the screen that was open when ctrl+p was pressed."""

from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from textual import on
from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.message import Message
from textual.theme import ThemeProvider
from textual.widgets import Input, OptionList
from textual.worker import Worker, WorkType

from screens.frame.console_screen import ConsoleScreen
from screens.frame.service_calls import Asking
from screens.frame.theme import TITLES
from screens.registry import Command, palette_for

Answer = TypeVar("Answer")


class Palette(CommandPalette, Asking):
    """Textual's palette, drawn like the console's dialogs; it closes once, and closes no other screen."""

    CSS_PATH = Path(__file__).with_name("palette.tcss")

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close; see `go_away`."""
        return self.go_away(partial(super().dismiss, result))

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _chosen(self, event: Message) -> None:
        """Ignore keys that arrive while it closes: no command runs twice, or after Escape."""
        if self._going:
            event.stop()
            event.prevent_default()

    def run_worker(self, work: WorkType[Answer], *arguments: Any, **options: Any) -> Worker[Answer]:
        """A search still running when the palette closes ends by itself, and its results are dropped."""
        return super().run_worker(work, *arguments, **dict(options, exit_on_error=False, description="palette"))


class ThemeCommands(ThemeProvider):
    """The console's themes by the names that people see."""

    @property
    def commands(self) -> list[tuple[str, Callable[[], None]]]:
        return [(TITLES.get(name, name), run) for name, run in super().commands]


class ConsoleCommands(Provider):
    """The commands that the registry lists for the screen, and the places of `g`."""

    def _commands(self) -> list[Command]:
        screen = self.screen
        if not isinstance(screen, ConsoleScreen):
            return []
        places = palette_for("go", screen.roles)
        return [one for one in (*palette_for(screen.WHERE, screen.roles), *places) if self._works(one)]

    def _works(self, one: Command) -> bool:
        return self._owner(one).check_action(one.runs.partition("(")[0], ()) is not False

    def _owner(self, one: Command) -> ConsoleScreen[object]:
        app_runs_it = one.app_wide or one.runs.startswith("go_to")
        return cast(ConsoleScreen[object], self.app if app_runs_it else self.screen)

    def _run(self, one: Command) -> partial[Coroutine[Any, Any, bool]]:
        return partial(self.app.run_action, one.runs, self._owner(one))

    async def discover(self) -> Hits:
        """All commands, before anything is typed."""
        for one in self._commands():
            yield DiscoveryHit(one.title, self._run(one), help=one.help)

    async def search(self, query: str) -> Hits:
        """The commands whose title or help contains these letters."""
        matcher = self.matcher(query)
        for one in self._commands():
            score = max(matcher.match(one.title), matcher.match(one.help) * 0.8)
            if score > 0:
                yield Hit(score, matcher.highlight(one.title), self._run(one), help=one.help)
