"""Lines that a pack's letters share: the subject of a notice, and how a date is written."""

from datetime import datetime

from cs_console.policy.languages import in_language
from cs_console.policy.schema import Pack
from cs_console.policy.templates import render


def notice_subject(pack: Pack, number: int, language: str) -> str:
    """The subject line of the letter, in the pack's language nearest to that one."""
    return render(in_language(pack, language).notice.subject, {"ticket": str(number)}).strip()


def written_date(pack: Pack, moment: datetime) -> str:
    """A date in the pack's time zone as its letters write it: "3 December 2026"."""
    day = moment.astimezone(pack.clock.zone)
    parts = {"day": str(day.day), "month": str(day.month), "month_name": f"{day:%B}", "year": str(day.year)}
    return render(pack.notice.date, parts).strip()
