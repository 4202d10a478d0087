"""The console's three themes. Colour is always a second sign: a word or a mark says the same."""

from dataclasses import dataclass
from typing import Any

from textual.app import App
from textual.theme import Theme

from cs_console.errors import BadSettings


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme, by their use.

    The grounds are nearly grey, so that a terminal of 256 colours shows them as greys too.
    """

    ground: str
    sheet: str
    band: str
    line: str
    ink: str
    quiet: str
    faint: str
    blue: str
    sand: str
    green: str
    amber: str
    red: str
    cursor: str
    cursor_ink: str
    cursor_idle: str


DARK = Palette(
    ground="#121417",
    sheet="#1a1d21",
    band="#24282e",
    line="#3f464f",
    ink="#d9e0e8",
    quiet="#9aa4b0",
    faint="#8b95a1",
    blue="#8cc0e8",
    sand="#e4c38a",
    green="#9ccf9a",
    amber="#efc069",
    red="#f09595",
    cursor="#2b4a66",
    cursor_ink="#ffffff",
    cursor_idle="#31373f",
)

LIGHT = Palette(
    ground="#f7f5f0",
    sheet="#fffdf8",
    band="#ebe7dd",
    line="#cbc4b4",
    ink="#20262c",
    quiet="#4e5862",
    faint="#5f6871",
    blue="#1c5583",
    sand="#7d5200",
    green="#2a6231",
    amber="#815300",
    red="#9f2424",
    cursor="#cfe2f3",
    cursor_ink="#0c1d2b",
    cursor_idle="#e3e8ea",
)

CONTRAST = Palette(
    ground="#000000",
    sheet="#000000",
    band="#141414",
    line="#ffffff",
    ink="#ffffff",
    quiet="#e6e6e6",
    faint="#cfcfcf",
    blue="#a6dcff",
    sand="#ffe27a",
    green="#a8ffa8",
    amber="#ffd75e",
    red="#ffb3b3",
    cursor="#ffe27a",
    cursor_ink="#000000",
    cursor_idle="#3d3d3d",
)


def _theme(name: str, of: Palette, dark: bool) -> Theme:
    return Theme(
        name=name,
        dark=dark,
        primary=of.blue,
        secondary=of.blue,
        accent=of.sand,
        success=of.green,
        warning=of.amber,
        error=of.red,
        foreground=of.ink,
        background=of.ground,
        surface=of.sheet,
        panel=of.band,
        variables={
            "line": of.line,
            "text": of.ink,
            "text-muted": of.quiet,
            "text-disabled": of.faint,
            "foreground-muted": of.quiet,
            "foreground-disabled": of.faint,
            "text-primary": of.blue,
            "text-secondary": of.blue,
            "text-accent": of.sand,
            "text-success": of.green,
            "text-warning": of.amber,
            "text-error": of.red,
            "border": of.blue,
            "border-blurred": of.line,
            "block-cursor-background": of.cursor,
            "block-cursor-foreground": of.cursor_ink,
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-background": of.cursor_idle,
            "block-cursor-blurred-foreground": of.ink,
            "block-hover-background": of.cursor_idle,
            "input-cursor-background": of.ink,
            "input-cursor-foreground": of.ground,
            "input-selection-background": of.cursor,
            "input-selection-foreground": of.cursor_ink,
            "footer-foreground": of.quiet,
            "footer-background": of.band,
            "footer-key-foreground": of.sand,
            "footer-description-foreground": of.quiet,
            "button-foreground": of.ink,
            "button-color-foreground": of.ground,
            "scrollbar": of.line,
            "scrollbar-hover": of.faint,
            "scrollbar-active": of.blue,
            "scrollbar-background": of.ground,
            "scrollbar-background-hover": of.ground,
            "scrollbar-background-active": of.ground,
            "scrollbar-corner-color": of.ground,
        },
    )


PALETTES = {"cs-dark": DARK, "cs-light": LIGHT, "cs-contrast": CONTRAST}

TITLES = {"cs-dark": "Dark", "cs-light": "Light", "cs-contrast": "High contrast"}
"""The themes' names as people see them; console.toml has the keys."""

THEMES = tuple(_theme(name, palette, name != "cs-light") for name, palette in PALETTES.items())


def use_theme(app: App[Any], name: str) -> None:
    """Register the console's themes in place of Textual's and show the named one. Raises BadSettings."""
    for other in list(app.available_themes):
        app.unregister_theme(other)  # the screens are not designed for Textual's own themes
    for theme in THEMES:
        app.register_theme(theme)
    if name not in app.available_themes:
        names = ", ".join(sorted(app.available_themes))
        raise BadSettings(f"theme: unknown theme {name!r}.", f"Choose one of {names}.")
    app.theme = name
