"""Sending a notice again, or recording that it was posted, and the report of the outcome."""

from functools import partial

from cs_console.decisions.notice_delivery import NoticeWay
from cs_console.decisions.resend_notice import NoticeRoutes, notice_posted, notice_routes, send_notice_again
from cs_console.delivery.outgoing import held_by_delay
from cs_console.desk import DeskSession
from screens.frame.choice import ChoiceDialog
from screens.frame.console import Console
from screens.ticket.open_ticket import OpenTicket
from screens.widgets.choice_list import Choice
from screens.widgets.notice_bar import Said, Tone

POSTED = "posted"


async def send_notice(ticket: OpenTicket) -> None:
    """Choose where to send the notice again."""
    found = await ticket.call(partial(notice_routes, ticket.session, ticket.number), group="routes")
    key = await ticket.ask(routes_dialog(ticket.number, found))
    if key == POSTED:
        posted = partial(notice_posted, ticket.session, ticket.number, act=ticket.act_for(POSTED))
        await ticket.change(posted, _notice_words)
    elif key is not None:
        act = ticket.act_for("send again", key)
        again = partial(send_notice_again, ticket.session, ticket.number, key, act=act)
        await ticket.change(again, _notice_words)


def _notice_words(words: str) -> Said:
    return Said(words, tone_of_notice(words))


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
    return Tone.DONE if way in ("", NoticeWay.SENT, NoticeWay.HELD) else Tone.WARNING


def is_held(way: str) -> bool:
    """Whether the notice is still held, so that its answer can be taken back."""
    return way == NoticeWay.HELD


def words_of_notice(way: str, *, undo: bool = True) -> str:
    """What became of the notice; of a held one also that `u` takes it back, where it does."""
    return f"{way} u takes it back until then." if is_held(way) and undo else way


def deliver_when_due(console: Console, session: DeskSession, number: int, way: str) -> None:
    """Send a notice that is held once its time has come, while this console runs; else an upkeep does."""
    until = held_by_delay(session.desk) if is_held(way) else None
    if until is not None:
        console.deliver_held(number, until)
