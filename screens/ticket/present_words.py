"""Who else is on a ticket, in signs and words."""

from datetime import datetime

from cs_console.local_time import hour_or_moment
from cs_console.tickets.present import Present
from models.enums import Doing
from screens.widgets.signs import Sign

_DOES = {Doing.READS: "reads", Doing.ANSWERS: "writes an answer", Doing.NOTES: "writes a note"}
_HAS_BEEN = {Doing.READS: "reading this", Doing.ANSWERS: "writing an answer", Doing.NOTES: "writing a note"}


def sign_of(one: Present) -> Sign:
    """The sign of reading or writing."""
    return Sign.TYPES if one.writes else Sign.READS


def mark(one: Present) -> str:
    """The sign and the name: `◉ ines`, in plain writing `r:ines`."""
    sign = str(sign_of(one))
    return f"{sign}{one.name}" if sign.endswith(":") else f"{sign} {one.name}"


def marked_words(one: Present) -> str:
    """The same, and what they do: `◉ ines reads`."""
    return f"{mark(one)} {'writes' if one.writes else 'reads'}"


def at_work(one: Present, now: datetime) -> str:
    """Name, act and time: "ines writes an answer since 14:02"."""
    return f"{one.name} {_DOES[one.doing]} since {hour_or_moment(one.since, now)}"


def sentence(one: Present, now: datetime) -> str:
    """The same as a sentence: "Ines has been writing an answer since 14:02."."""
    name = f"{one.name[:1].upper()}{one.name[1:]}"
    return f"{name} has been {_HAS_BEEN[one.doing]} since {hour_or_moment(one.since, now)}."
