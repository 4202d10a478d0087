"""Places to write in. What is pasted passes the same door as all text from outside."""

from typing import Any

from textual import events
from textual.widgets import Input, TextArea

from cs_console.plain_text import plain


class WritingArea(TextArea):
    """Several lines of plain text."""

    def __init__(self, text: str = "", *, id: str | None = None, placeholder: str = "") -> None:
        super().__init__(plain(text), id=id, soft_wrap=True, placeholder=placeholder)

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        await super()._on_paste(events.Paste(plain(event.text)))

    def load_text(self, text: str) -> None:
        super().load_text(plain(text))


class WritingLine(Input):
    """One line of plain text."""

    def __init__(self, value: str = "", **how: Any) -> None:
        super().__init__(plain(value), **how)

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        super()._on_paste(events.Paste(plain(event.text).replace("\n", " ")))
        event.stop()
