"""A list in which any number of lines can be marked; a mark is a sign, not only a colour."""

from collections.abc import Iterable

from textual import on
from textual.binding import Binding
from textual.message import Message

from screens.widgets.choice_list import Choice, ChoiceList


class MarkList(ChoiceList):
    """Space or Enter marks or unmarks the selected line; `a` marks all, or none."""

    BINDINGS = [Binding("space", "select", "Mark", show=False), Binding("a", "mark_all", "All", show=False)]

    class Changed(Message):
        """The marks have changed."""

        def __init__(self, marks: "MarkList") -> None:
            super().__init__()
            self.marks = marks

        @property
        def control(self) -> "MarkList":
            return self.marks

    def __init__(self, lines: Iterable[tuple[str, str]], marked: Iterable[str], *, id: str | None = None) -> None:
        self._offered = tuple(lines)
        self.marked = set(marked)
        super().__init__(self._choices(), id=id)

    def _choices(self) -> list[Choice]:
        return [Choice(key, title, mark="[x]" if key in self.marked else "[ ]") for key, title in self._offered]

    def mark(self, keys: Iterable[str]) -> None:
        """Mark exactly these lines without posting a message."""
        self.marked = set(keys)
        self.show(self._choices())

    def action_mark_all(self) -> None:
        """Mark every line, or unmark all if all are marked."""
        every = {key for key, _ in self._offered}
        self.mark(set() if self.marked >= every else every)
        self.post_message(self.Changed(self))

    @on(ChoiceList.OptionSelected)
    def turn(self, event: ChoiceList.OptionSelected) -> None:
        """Mark or unmark the line."""
        event.stop()
        self.marked ^= {event.option_id or ""}
        self.show(self._choices())
        self.post_message(self.Changed(self))
