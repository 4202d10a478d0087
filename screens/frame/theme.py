"""The console's three themes. Colour is always a second sign: a word or a mark says the same."""

from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

from rich.style import Style
from textual.app import App
from textual.theme import Theme

from cs_console.errors import BadSettings


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme, by what they are used for.

    `sand` is for keys and the cursor bar, `blue` for focus, requesters and what is new, `green` for verified and done,
    `amber` for due soon and to review, `red` for late, refused and broken. The tints stand behind chips in their own
    colour, the fills draw bars. The grounds are nearly grey, so that a terminal of 256 colours shows them as greys too.
    """

    ground: str
    sheet: str
    band: str
    line: str
    bright: str
    ink: str
    quiet: str
    faint: str
    sand: str
    blue: str
    green: str
    amber: str
    red: str
    cursor: str
    cursor_ink: str
    idle: str
    red_tint: str
    amber_tint: str
    green_tint: str
    blue_tint: str
    fill: str
    fill_2: str
    paper: str
    paper_ink: str
    paper_quiet: str


DARK = Palette(
    ground="#121417",
    sheet="#191c20",
    band="#24282e",
    line="#3f464f",
    bright="#f4f7fa",
    ink="#d9e0e8",
    quiet="#9aa4b0",
    faint="#8a94a0",
    sand="#e4c38a",
    blue="#8cc0e8",
    green="#9ccf9a",
    amber="#f2a65a",
    red="#f28b8b",
    cursor="#21394f",
    cursor_ink="#ffffff",
    idle="#262b31",
    red_tint="#3a2023",
    amber_tint="#38291a",
    green_tint="#1d3022",
    blue_tint="#1c2e3f",
    fill="#5585ad",
    fill_2="#6a9a69",
    paper="#ece7da",
    paper_ink="#26221b",
    paper_quiet="#5d574a",
)

LIGHT = Palette(
    ground="#f7f5f0",
    sheet="#fffdf8",
    band="#ebe7dd",
    line="#cbc4b4",
    bright="#0f1419",
    ink="#20262c",
    quiet="#4e5862",
    faint="#5f6871",
    sand="#7d5200",
    blue="#1c5583",
    green="#2a6231",
    amber="#944300",
    red="#9f2424",
    cursor="#cfe2f3",
    cursor_ink="#0c1d2b",
    idle="#e3e8ea",
    red_tint="#f6dedb",
    amber_tint="#f7e5cf",
    green_tint="#deecd9",
    blue_tint="#dceaf6",
    fill="#5b8fbd",
    fill_2="#5c8c5e",
    paper="#ffffff",
    paper_ink="#20262c",
    paper_quiet="#5f6871",
)

CONTRAST = Palette(
    ground="#000000",
    sheet="#000000",
    band="#1c1c1c",
    line="#ffffff",
    bright="#ffffff",
    ink="#ffffff",
    quiet="#e6e6e6",
    faint="#cfcfcf",
    sand="#ffe27a",
    blue="#a6dcff",
    green="#a8ffa8",
    amber="#ffb45c",
    red="#ffb3b3",
    cursor="#ffe27a",
    cursor_ink="#000000",
    idle="#3d3d3d",
    red_tint="#4a0000",
    amber_tint="#4a2a00",
    green_tint="#003a00",
    blue_tint="#002b4a",
    fill="#a6dcff",
    fill_2="#a8ffa8",
    paper="#ffffff",
    paper_ink="#000000",
    paper_quiet="#333333",
)


def _cursor_row(of: Palette, greys: str) -> Palette:
    """The colours on the row under the cursor: greys as given, those with a meaning stay."""
    return replace(of, ground=of.cursor, bright=of.cursor_ink, ink=of.cursor_ink, quiet=greys, faint=greys, line=greys)


def _one_ink(of: Palette) -> Palette:
    """The whole row under the cursor in one ink on one ground, chips included."""
    inks = ("line", "bright", "ink", "quiet", "faint", "sand", "blue", "green", "amber", "red")
    grounds = ("ground", "sheet", "band", "red_tint", "amber_tint", "green_tint", "blue_tint")
    return replace(of, **dict.fromkeys(inks, of.cursor_ink), **dict.fromkeys(grounds, of.cursor))


def _by_role(of: Palette) -> dict[str, str]:
    """Every colour as a variable for style sheets: `$bright`, `$red-tint`."""
    return {field.name.replace("_", "-"): getattr(of, field.name) for field in fields(of)}


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
            **_by_role(of),
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
            "block-cursor-blurred-background": of.idle,
            "block-cursor-blurred-foreground": of.ink,
            "block-hover-background": of.idle,
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

UNDER_CURSOR = {
    "cs-dark": _cursor_row(DARK, greys=DARK.ink),
    "cs-light": _cursor_row(LIGHT, greys=LIGHT.cursor_ink),
    "cs-contrast": _one_ink(CONTRAST),
}
"""The same on the row under the cursor, for widgets that draw their own lines."""

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


def palette_of(app: App[Any], *, under_cursor: bool = False) -> Palette:
    """The colours of the theme that is shown now, for a widget that draws its own lines."""
    return (UNDER_CURSOR if under_cursor else PALETTES).get(app.theme, DARK)


@cache  # a screen asks for the same few dozen on every line
def ink(colour: str, ground: str, *, bold: bool = False, italic: bool = False) -> Style:
    """Letters of that colour on that ground."""
    return Style(color=colour, bgcolor=ground, bold=bold, italic=italic)
