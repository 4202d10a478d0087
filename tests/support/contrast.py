"""How well text can be read: WCAG 2.2's contrast, of two colours and of what a console has drawn."""

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from tests.support.consoles import Console

Rgb = tuple[int, int, int]
DIMMED_TO = 0.5
"""How much of its colour a dim letter keeps on a usual terminal; none is known to keep more than two thirds."""


def rgb(colour: str) -> Rgb:
    """`#rrggbb` as numbers."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Rgb, other: Rgb) -> float:
    """WCAG 2.2's contrast ratio."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def hard_to_read(shown: Console, least: float) -> list[tuple[str, float]]:
    """The pieces of text that stand on the screen with less contrast than that; what a dialog covers is not counted."""
    compositor = shown.app.screen._compositor
    lines = compositor.render_strips()
    found: dict[str, float] = {}
    for widget, (place, clip) in compositor.visible_widgets.items():
        region = place.intersection(clip)
        if widget is shown.app.screen:
            continue  # behind its widgets stands what it covers
        for line in lines[region.y : region.bottom]:
            for segment in line.crop(region.x, region.right):
                if any(char.isalnum() for char in segment.text) and _contrast(segment) < least:
                    found[segment.text.strip()] = round(_contrast(segment), 2)
    return list(found.items())


def _contrast(segment: Segment) -> float:
    style = segment.style or Style()
    ink, ground = _triplet(style.color), _triplet(style.bgcolor)
    if style.reverse:
        ink, ground = ground, ink
    if style.dim:
        ink = _mixed(ground, ink)
    return contrast(ink, ground)


def _mixed(ground: Rgb, ink: Rgb) -> Rgb:
    red, green, blue = (round(g + (i - g) * DIMMED_TO) for g, i in zip(ground, ink, strict=True))
    return red, green, blue


def _triplet(colour: Color | None) -> Rgb:
    assert colour is not None and colour.triplet is not None, "a colour that the terminal would choose"
    return colour.triplet.red, colour.triplet.green, colour.triplet.blue
