"""The line under a dialog that says which keys work there."""

from screens.widgets.safe_text import PlainText

_BETWEEN = "   "


class KeyHint(PlainText):
    """Written as `↵ choose   esc back`: each part begins with its key, which takes the colour of keys."""

    def __init__(self, text: str, *, id: str | None = None) -> None:
        super().__init__(id=id, classes="hint")
        parts: list[str | tuple[str, str]] = []
        for part in text.split(_BETWEEN):
            key, space, what = part.partition(" ")
            parts += [_BETWEEN if parts else "", (key, "bold $text-accent"), f"{space}{what}"]
        self.show_parts(*parts)
