"""Where a notice goes that is sent again, in the dialog of the key N, and how it is said what became of it."""

from cs_console.decisions.notice_way import NoticeWay
from cs_console.decisions.sending_again import NoticeRoutes
from screens.choice import ChoiceDialog
from screens.widgets.choice_list import Choice
from screens.widgets.notice_bar import Tone

POSTED = "posted"


def routes_dialog(number: int, found: NoticeRoutes) -> ChoiceDialog:
    """A contact on file by its mask, or the word that the letter was posted."""
    lines = [
        Choice(one.contact_id, f"Send it to {one.title.lower()}  {one.mask}", one.why_not, can_choose=not one.why_not)
        for one in found.routes
    ]
    lines.append(Choice(POSTED, "It was posted as a letter", "its text stands under d; the ticket notes it as sent"))
    return ChoiceDialog(f"#{number}: {found.way}", lines)


def tone_of_notice(way: str) -> Tone:
    """Only a notice that is out, or one that there need not be, is good news."""
    if way == NoticeWay.NOT_DELIVERED:
        return Tone.ERROR
    return Tone.DONE if way in ("", NoticeWay.SENT) else Tone.WARNING
