"""The dialog of the key N: where to send a notice again, and the report of the outcome."""

from cs_console.decisions.notice_delivery import NoticeWay
from cs_console.decisions.resend_notice import NoticeRoutes
from screens.frame.choice import ChoiceDialog
from screens.widgets.choice_list import Choice
from screens.widgets.notice_bar import Tone

POSTED = "posted"


def routes_dialog(number: int, found: NoticeRoutes) -> ChoiceDialog:
    """Offer the contacts on file by their masks, or recording that the letter was posted."""
    lines = [
        Choice(
            one.contact_id, f"Send it to the {one.title.lower()}  {one.mask}", one.why_not, can_choose=not one.why_not
        )
        for one in found.routes
    ]
    lines.append(Choice(POSTED, "It was posted as a letter", "d shows its text; the ticket records it as sent"))
    return ChoiceDialog(f"#{number}: {found.way}", lines)


def tone_of_notice(way: str) -> Tone:
    """Report success only for a notice that was sent or is not needed."""
    if way == NoticeWay.NOT_DELIVERED:
        return Tone.ERROR
    return Tone.DONE if way in ("", NoticeWay.SENT) else Tone.WARNING
