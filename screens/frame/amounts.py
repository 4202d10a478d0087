"""Amounts as screens show them: time left, age, bytes."""

from datetime import datetime, timedelta

from cs_console.local_time import length


def countdown(left: timedelta) -> str:
    """`9:41`; never below zero."""
    seconds = max(int(left.total_seconds()), 0)
    return f"{seconds // 60}:{seconds % 60:02d}"


def size_words(size: int) -> str:
    """A number of bytes: `812 B`, `14 KB`, `2.5 MB`."""
    if size < 1024:
        return f"{size} B"
    return f"{size // 1024} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"


def age(since: datetime, now: datetime) -> str:
    """How long ago: `now`, `12 min`, `3 h`, `2 d`."""
    return length(now - since) if now - since >= timedelta(minutes=1) else "now"


def time_bar(received: datetime, due: datetime, now: datetime, width: int) -> str:
    """How much of a ticket's time is used, as a bar of so many cells."""
    whole = due - received
    used = min(max((now - received) / whole, 0.0), 1.0) if whole > timedelta() else 1.0
    full = round(width * used)
    return "━" * full + "─" * (width - full)
