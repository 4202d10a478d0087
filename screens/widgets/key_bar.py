"""The key bar: what can be done here, by the keys as they are bound now; all clickable."""

from typing import TYPE_CHECKING, cast

from rich.cells import cell_len
from textual import events
from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from screens.registry import footer_for, shown_key

if TYPE_CHECKING:
    from screens.frame.console_screen import ConsoleScreen


class KeyBar(Widget):
    """Draws the screen's footer keys from the registry, with the keys as they are bound now."""

    COMPONENT_CLASSES = {"key-bar--key", "key-bar--word"}

    def render(self) -> RenderResult:
        key_style = self.get_visual_style("key-bar--key")
        word_style = self.get_visual_style("key-bar--word")
        line = Content("")
        for sign, words, _key in self.shown():
            line = Content.assemble(line, (sign, key_style), " ", (_a_verb(words), word_style), "   ")
        return line

    def shown(self) -> list[tuple[str, str, str]]:
        """Sign, title and key of each command that fits the width."""
        screen = cast("ConsoleScreen[object]", self.screen)
        fitting: list[tuple[str, str, str]] = []
        used = 0
        for one in footer_for(screen.WHERE, screen.roles):
            if screen.check_action(one.runs.partition("(")[0], ()) is False:
                continue
            sign, key = shown_key(one, screen.console.settings.keys)
            used += cell_len(sign) + cell_len(one.title) + 4
            if used - 3 > self.content_size.width:
                break
            fitting.append((sign, one.title, key))
        return fitting

    def on_click(self, event: events.Click) -> None:
        """Run the clicked key's command."""
        x = event.get_content_offset(self)
        if x is None:
            return
        at = 0
        for sign, words, key in self.shown():
            at += cell_len(sign) + 1 + cell_len(words)
            if x.x < at:
                self.app.simulate_key(key)
                return
            at += 3


def _a_verb(title: str) -> str:
    """A command's title as it is written after its key: `m reply`."""
    return title[:1].lower() + title[1:]
