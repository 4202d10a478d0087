"""The key bar: what can be done here, by the keys as they are bound now; all clickable."""

from typing import TYPE_CHECKING, cast

from rich.cells import cell_len
from textual import events
from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, TextArea

from screens.registry import command, footer_for, key_here, shown_key

if TYPE_CHECKING:
    from screens.frame.console_screen import ConsoleScreen


class KeyBar(Widget):
    """Draws the screen's footer keys from the registry, with the keys as they are bound now.

    One rule for every screen: it shows what the roles allow (`check_action`), what there is something to act on for
    (`applies`), and whose key is not a letter of the field that the person types in; what does not fit is left out.
    What the screen cannot do yet is at the right, where there is room for it, and says what is missing.
    """

    COMPONENT_CLASSES = {"key-bar--key", "key-bar--word", "key-bar--later"}

    _drawn: tuple[list[tuple[str, str, str]], str] | None = None

    def on_mount(self) -> None:
        self.watch(self.screen, "focused", self._focus_moved, init=False)

    def _focus_moved(self) -> None:
        self.refresh()

    def follow(self) -> None:
        """Draw it again if something else can be done here by now; a screen may ask as often as it likes."""
        if (self.shown(), self.later()) != self._drawn:
            self.refresh()

    def render(self) -> RenderResult:
        self._drawn = self.shown(), self.later()
        key_style = self.get_visual_style("key-bar--key")
        word_style = self.get_visual_style("key-bar--word")
        line = Content("")
        shown, later = self._drawn
        for sign, words, _key in shown:
            line = Content.assemble(line, (sign, key_style), " ", (_a_verb(words), word_style), "   ")
        gap = self.content_size.width - line.cell_length - cell_len(later)
        if later and gap >= 0:
            line = Content.assemble(line, " " * gap, (later, self.get_visual_style("key-bar--later")))
        return line

    def later(self) -> str:
        """The key that does nothing yet, and why."""
        screen = cast("ConsoleScreen[object]", self.screen)
        not_yet = screen.not_yet()
        if not_yet is None:
            return ""
        return f"{shown_key(command(not_yet[0]), screen.console.settings.keys)[0]} {not_yet[1]}"

    def shown(self) -> list[tuple[str, str, str]]:
        """Sign, title and key of each command that fits the width."""
        screen = cast("ConsoleScreen[object]", self.screen)
        fitting: list[tuple[str, str, str]] = []
        used = 0
        not_yet = screen.not_yet()
        typing = isinstance(screen.focused, Input | TextArea)
        for one in footer_for(screen.WHERE, screen.roles):
            key_now = key_here(one, screen.console.settings.keys, typing=typing)
            if screen.check_action(one.runs.partition("(")[0], ()) is False or not screen.applies(one):
                continue
            if key_now is None or (not_yet is not None and one.id == not_yet[0]):
                continue
            title = screen.title_of(one)
            sign, key = key_now
            used += cell_len(sign) + cell_len(title) + 4
            if used - 3 > self.content_size.width:
                break
            fitting.append((sign, title, key))
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
