"""The real console in a real terminal, showing the worst that a requester can write: `python -m ... HOME`.

A wide one opens the ticket of each text, a narrow one every seventh: the letters are the same, the layout is not.
The parent reads what reaches the terminal. Exit status 0 when every stop was reached.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from cs_console.app import ConsoleApp
from models.contact_fields import Field
from models.roles import Role
from screens.frame.choice import ChoiceDialog
from screens.queue.queue import QueueScreen
from screens.ticket.ticket import TicketScreen
from screens.widgets.choice_list import Choice
from tests.support.consoles import WIDE, Console
from tests.support.desk import make_desk
from tests.support.hostile import HOSTILE
from tests.support.tickets import make_ticket


def main(home: Path) -> int:
    """Walk through the screens that show outside text."""
    desk = make_desk(home)
    mei = desk.session("mei", Role.AGENT, Role.VERIFIER)
    for text in HOSTILE:
        contacts = {Field.EMAIL: "alice@example.org", Field.NICKNAME: text[:60], Field.NAME: text[:60]}
        make_ticket(desk, assignee=mei, subject=text, text=f"{text}\n{text}", contacts=contacts)
    settings = desk.desk.settings.model_copy(update={"desk_name": HOSTILE[0]})
    app = ConsoleApp(settings, session=mei, desk=desk.desk)
    reached: list[str] = []

    async def walk(pilot: Pilot[Any]) -> None:
        shown = Console(app, pilot)
        await shown.until_on(QueueScreen)
        await shown.until(lambda: len(app.screen.query_one("#tickets").tickets) == len(HOSTILE))  # type: ignore[attr-defined]  # TicketTable
        for _ in HOSTILE:
            await shown.press("j")
            await _painted()
        reached.append("queue")
        for text in HOSTILE:
            screen = app.screen
            assert isinstance(screen, QueueScreen)
            screen.say(text)
            await _painted()
        await shown.press("slash")
        for text in HOSTILE:
            app.post_message(events.Paste(text))
            await pilot.pause()
            await _painted()
            app.screen.query_one(Input).clear()
        await shown.press("escape")
        reached.append("fields and notices")
        choices = [Choice(str(at), text, text) for at, text in enumerate(HOSTILE)]
        app.push_screen(ChoiceDialog(HOSTILE[0], choices))
        await shown.until_on(ChoiceDialog)
        await _painted()
        await shown.press("escape")
        app.notify(HOSTILE[0], title=HOSTILE[0])
        await _painted()
        reached.append("dialogs")
        step = 1 if app.size == WIDE else 7
        for row in list(app.screen.query_one("#tickets").tickets)[::step]:  # type: ignore[attr-defined]  # TicketTable
            screen_of = TicketScreen(row.number)
            await shown.open(screen_of)
            await shown.until(lambda opened=screen_of: opened.view is not None)  # type: ignore[misc]  # bound now
            await _painted()
            await shown.press("tab")
            await _painted()
            await shown.press("escape")
            await shown.until_on(QueueScreen)
        reached.append("tickets")
        app.exit()

    app.run(auto_pilot=walk)
    desk.desk.close()
    return 0 if reached == ["queue", "fields and notices", "dialogs", "tickets"] and not app.return_code else 1


async def _painted() -> None:
    await asyncio.sleep(0.05)  # at most 60 frames a second reach the terminal


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
