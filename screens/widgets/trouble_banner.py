"""The line under every header while something is wrong with the log or the clock. While all is well there is none."""

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from screens.widgets.signs import Sign, before

if TYPE_CHECKING:
    from screens.frame.console import HeaderState


class TroubleBanner(Static):
    """Red for a broken log, amber for a clock that is off. A new screen asks it for the current state."""

    def __init__(self, state: "HeaderState") -> None:
        super().__init__(markup=False)
        self.show(state)

    def show(self, state: "HeaderState") -> None:
        """Say what is wrong, or nothing."""
        self.display = bool(state.trouble)
        self.set_class(state.clock_only, "-clock")
        sign = Sign.STANDS_OUT if state.clock_only else Sign.BROKEN
        self.update(Content(before(sign, state.trouble)))
