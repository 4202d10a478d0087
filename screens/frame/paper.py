"""A letter as it would go out, on paper of its own width."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from screens.widgets.hanging import HangingText


class _Edge(Static):
    """The paper's lower edge."""

    def render(self) -> Content:
        return Content("▔" * self.content_size.width)


class Paper(Vertical):
    """Words on paper."""

    def __init__(self, words: str = "", *, id: str | None = None) -> None:
        super().__init__()
        self.words = HangingText(words, id=id)

    def compose(self) -> ComposeResult:
        yield self.words
        yield _Edge(markup=False)

    def show(self, words: str) -> None:
        """Write this on it instead."""
        self.words.show(words)


class Letter(Vertical):
    """A heading and the paper under it; without a letter, why there is none yet."""

    def __init__(self, *, id: str | None = None, words_id: str | None = None) -> None:
        super().__init__(id=id)
        self._head = HangingText(classes="letter-head")
        self._why = HangingText(classes="quiet")
        self._paper = Paper(id=words_id)

    def compose(self) -> ComposeResult:
        yield self._head
        yield self._why
        yield self._paper

    @property
    def words(self) -> str:
        """What is written, on paper or in its place."""
        return str(self._paper.words.visual) if self._paper.display else str(self._why.visual)

    def on_mount(self) -> None:
        self.show("", "…")

    def show(self, head: str, words: str, *, is_letter: bool = False) -> None:
        """Show the letter under this heading, or in its place why there is none."""
        self._head.show(head)
        self._why.show("" if is_letter else words)
        self._why.display = not is_letter
        self._paper.show(words if is_letter else "")
        self._paper.display = is_letter
