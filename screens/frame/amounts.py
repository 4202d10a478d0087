"""Amounts as screens show them: time left, age, bytes."""

from datetime import datetime, timedelta


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
    minutes = max(int((now - since).total_seconds()), 0) // 60
    if minutes < 60:
        return f"{minutes} min" if minutes else "now"
    return f"{minutes // 60} h" if minutes < 24 * 60 else f"{minutes // (24 * 60)} d"
