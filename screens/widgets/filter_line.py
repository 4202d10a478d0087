"""The field for a filter; it stays below the list as long as a filter is set."""

from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static
from textual.widgets.input import Selection

Complete = Callable[[str], str | None]
"""The line with its last word completed; None where nothing fits."""


class FilterLine(Horizontal):
    """`filter ▸ kind:appeal due:<3d`. Enter applies it, Escape leaves the filter unchanged."""

    class Applied(Message):
        """A filter was entered; an empty one removes the filter."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Escape: nothing changes."""

    class Typed(Message):
        """The line was edited and is not applied yet."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, placeholder: str, *, id: str | None = None, complete: Complete | None = None) -> None:
        super().__init__(id=id)
        self._placeholder = placeholder
        self._complete = complete
        self.applied = ""

    def compose(self) -> ComposeResult:
        yield Static(Content("filter ▸ "), id="filter-word", markup=False)
        yield Input(placeholder=self._placeholder, id="filter-text", compact=True, max_length=500)

    def on_mount(self) -> None:
        self.display = False

    @property
    def input(self) -> Input:
        """The field itself."""
        return self.query_one(Input)

    def open(self) -> None:
        """Show the field and focus it."""
        self.display = True
        self.input.value = self.applied
        self.screen.set_focus(self.input)  # at once: letters still arriving must not act as keys

    def accept(self, text: str) -> None:
        """The filter is set (or removed, when empty)."""
        self.applied = text
        self.input.value = text
        self.set_class(False, "-wrong")
        self.display = bool(text)

    def reject(self, at: int | None = None, wrong: str = "") -> None:
        """The filter cannot be understood: keep the field open to correct it, the wrong piece selected."""
        self.display = True
        self.set_class(True, "-wrong")
        self.input.focus()
        if at is not None and wrong:
            self.input.selection = Selection(at, at + len(wrong))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self.post_message(self.Typed(event.value))

    def key_tab(self, event: events.Key) -> None:
        """Complete the last word, if it can be; the focus stays. Not by a Suggester, which keeps what was typed."""
        if self._complete is not None:
            event.prevent_default()
            event.stop()
            self.input.value = self._complete(self.input.value) or self.input.value
            self.input.cursor_position = len(self.input.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Applied(event.value.strip()))

    def key_escape(self) -> None:
        """Close the field without a change."""
        self.accept(self.applied)
        self.post_message(self.Left())
