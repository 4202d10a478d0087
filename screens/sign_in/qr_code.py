"""QR codes as text: two modules per character, dark on light, with a quiet zone, so that phones can read them."""

QUIET_ZONE = 2
_HALVES = " ▄▀█"


def half_blocks(link: str) -> list[str]:
    """The lines of the picture; draw them dark on a light ground."""
    import segno  # imported here: only setting up a second factor needs it

    rows = [list(row) for row in segno.make(link, error="l", micro=False).matrix_iter(border=QUIET_ZONE)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    return [
        "".join(_HALVES[2 * bool(upper) + bool(lower)] for upper, lower in zip(above, below, strict=True))
        for above, below in zip(rows[::2], rows[1::2], strict=True)
    ]
