"""The field for a filter; it stays below the list as long as a filter is set."""

from collections.abc import Callable
from functools import partial
from time import monotonic

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static
from textual.widgets.input import Selection

A_BURST_SECONDS = 1.0
"""A key that comes later than this was typed with what is on the screen in sight."""

Complete = Callable[[str], str | None]
"""The line with its last word completed; None where nothing fits."""


class HeldKeys:
    """Keys typed in one burst behind one that leads away from a widget: they wait until it has led away.

    Textual hands a whole burst (a macro, a slow line) to the widget that had the focus when it began.
    """

    def __init__(self) -> None:
        self._held: list[events.Key] | None = None
        self._since = 0.0

    def take(self, event: events.Key, *, leads_away: bool) -> bool:
        """Whether the key is kept back; the one that leads away itself is not, nor any where it led nowhere."""
        now = monotonic()
        if self._held is None or now - self._since > A_BURST_SECONDS:
            self._held, self._since = [] if leads_away else None, now
            return False
        event.stop()
        event.prevent_default()
        self._held.append(event)
        return True

    def let_go(self, widget: Widget) -> None:
        """Let them act where the focus is, once it is somewhere: what is hidden loses it before another has it."""
        if self._held and widget.screen.focused is None and monotonic() - self._since <= A_BURST_SECONDS:
            widget.set_timer(0.02, partial(self.let_go, widget))
            return
        held, self._held = self._held or [], None
        for event in held:
            (widget.screen.focused or widget)._forward_event(events.Key(event.key, event.character))


class _Field(Input):
    """The field. Enter and Escape lead away from it."""

    def __init__(self, placeholder: str, complete: Callable[[], bool]) -> None:
        super().__init__(placeholder=placeholder, id="filter-text", compact=True, max_length=500)
        self._complete = complete
        self._held = HeldKeys()

    async def _on_key(self, event: events.Key) -> None:
        if self._held.take(event, leads_away=event.key in ("enter", "escape")):
            return
        if event.key == "tab" and self._complete():
            event.stop()
            event.prevent_default()
        else:
            await super()._on_key(event)

    def go_on(self) -> None:
        """Let what was typed meanwhile act."""
        self._held.let_go(self)

    def _on_blur(self, event: events.Blur) -> None:
        super()._on_blur(event)
        self.go_on()


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
        yield _Field(self._placeholder, self._completed)

    def on_mount(self) -> None:
        self.display = False

    @property
    def input(self) -> _Field:
        """The field itself."""
        return self.query_one(_Field)

    def open(self) -> None:
        """Show the field and focus it."""
        self.display = True
        self.input.value = self.applied
        self.input.select_on_focus = True
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
        self.input.select_on_focus = False  # it would select the whole line, later
        self.input.focus()
        if at is not None and wrong:
            self.input.selection = Selection(at, at + len(wrong))
        self.input.go_on()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self.post_message(self.Typed(event.value))

    def _completed(self) -> bool:
        """Complete the last word, if it can be; the focus stays. Not by a Suggester, which keeps what was typed.

        Whether this line is one that completes words.
        """
        if self._complete is None:
            return False
        self.input.value = self._complete(self.input.value) or self.input.value
        self.input.cursor_position = len(self.input.value)
        return True

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Applied(event.value.strip()))

    def key_escape(self) -> None:
        """Close the field without a change."""
        self.accept(self.applied)
        self.post_message(self.Left())
