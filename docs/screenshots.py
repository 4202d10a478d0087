"""Draw the pictures in docs/screens from the running program, on a sample desk made for it: `python -m docs.screenshots`."""

import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from cs_console.app import ConsoleApp
from cs_console.sample.accounts import ACCOUNTS
from cs_console.sample.demo import make_sample, sample_settings
from cs_console.settings import Settings, load
from docs.svg_picture import picture_of
from screens.access_log.access_log import AccessLogScreen
from screens.decisions.approvals import ApprovalsScreen
from screens.decisions.decision import DecisionScreen
from screens.frame.help import HelpScreen
from screens.queue.queue import QueueScreen
from screens.ticket.reveal_dialog import RevealDialog
from screens.ticket.ticket import TicketScreen
from screens.verification.verify import VerifyScreen
from tests.support.consoles import SIZES, Console

LARGE = (200, 50)
OUT = Path(__file__).parent / "screens"
PASSWORDS = {one.name: one.password for one in ACCOUNTS}

Tour = Callable[[Console, Callable[[str], None]], Awaitable[None]]


def main() -> None:
    """Every screen at both sizes; a picture is only written when it has changed."""
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cs-console-screens-") as folder:
        home = Path(folder) / "desk"
        make_sample(sample_settings(home))
        settings = load(home)
        for size in SIZES:
            asyncio.run(walk(settings, size, agents_tour))
            asyncio.run(walk(settings, size, supervisors_tour))
        asyncio.run(walk(settings, LARGE, queue_tour()))
        asyncio.run(walk(settings.model_copy(update={"theme": "cs-light"}), SIZES[1], queue_tour("light")))
        contrast = settings.model_copy(update={"theme": "cs-contrast"})
        asyncio.run(walk(contrast, SIZES[1], queue_tour("contrast")))
        asyncio.run(walk(contrast, SIZES[1], log_tour("contrast")))
        for size in SIZES:  # last: it verifies a requester
            asyncio.run(walk(settings, size, reveal_tour))


async def walk(settings: Settings, size: tuple[int, int], tour: Tour) -> None:
    """Open the console at this size and take the tour."""
    app = ConsoleApp(settings)
    async with app.run_test(size=size) as pilot:
        shown = Console(app, pilot)

        def picture(name: str) -> None:
            file = OUT / f"{name}-{size[0]}x{size[1]}.svg"
            file.write_text(picture_of(app), "utf-8")
            print(file.relative_to(OUT.parent.parent), file=sys.stderr)

        await tour(shown, picture)
        app.session = None  # the desk folder goes away with its sessions
    app.door.close()


async def agents_tour(shown: Console, picture: Callable[[str], None]) -> None:
    """What mei sees: the queue, a ticket, a verification, a decision, help."""
    await shown.until_words("A sample desk")
    picture("sign-in")
    await _sign_in(shown, "mei")
    await _rests_on_an_answer(shown)
    picture("queue")
    await shown.press("f1")
    await shown.until_on(HelpScreen)
    picture("help")
    await shown.press("escape")
    await _open(shown, "kind:appeal state:verified")
    picture("ticket")
    await shown.press("v")
    await shown.until_on(VerifyScreen)
    await _settled(shown)
    picture("verify")
    await shown.press("escape", "escape")
    await shown.until_on(QueueScreen)
    await _open(shown, "kind:rights state:verified")
    await shown.press("d")
    await shown.until_on(DecisionScreen)
    await _settled(shown)
    picture("decision")


async def supervisors_tour(shown: Console, picture: Callable[[str], None]) -> None:
    """What omar sees: approvals and the access log, and one view in it."""
    await _sign_in(shown, "omar")
    await shown.press("g", "a")
    await shown.until_on(ApprovalsScreen)
    await _settled(shown)
    picture("approvals")
    await shown.press("g", "l")
    await shown.until_on(AccessLogScreen)
    await _settled(shown)
    picture("access-log")


def queue_tour(theme: str = "") -> Tour:
    """The queue alone, in that theme."""

    async def tour(shown: Console, picture: Callable[[str], None]) -> None:
        await _sign_in(shown, "mei")
        await _rests_on_an_answer(shown)
        picture(f"queue-{theme}" if theme else "queue")

    return tour


def log_tour(theme: str) -> Tour:
    """The access log alone, in that theme."""

    async def tour(shown: Console, picture: Callable[[str], None]) -> None:
        await _sign_in(shown, "omar")
        await shown.press("g", "l")
        await shown.until_on(AccessLogScreen)
        await _settled(shown)
        picture(f"access-log-{theme}")

    return tour


async def reveal_tour(shown: Console, picture: Callable[[str], None]) -> None:
    """What can be shown of a verified requester, and why it would be."""
    await _sign_in(shown, "mei")
    await _open(shown, "kind:appeal state:verified")
    ticket = shown.app.screen
    assert isinstance(ticket, TicketScreen) and ticket.view is not None
    if ticket.view.window_until is None:
        await _verify(shown)
    await shown.press("r")
    await shown.until_on(RevealDialog)
    await shown.press("home", "down", "down", "down", "2")
    await _settled(shown)
    picture("reveal-picker")


async def _verify(shown: Console) -> None:
    """By a code, read off the requester's phone: the outbox of the sample desk."""
    assert shown.app.session is not None
    outbox = shown.app.session.desk.settings.outbox
    assert outbox is not None
    before = set(outbox.iterdir()) if outbox.is_dir() else set()
    await shown.press("v")
    await shown.until_on(VerifyScreen)
    await shown.until_words("Send a code to")
    await shown.press("enter")
    await shown.until_words("A code was sent to")
    [sent] = set(outbox.iterdir()) - before
    [code] = re.findall(r"\b[0-9]{8}\b", sent.read_text("utf-8").partition("\n\n")[2])
    await shown.type(code)
    await shown.press("enter")
    await shown.until_on(TicketScreen)
    await shown.until_words("verified until")


async def _sign_in(shown: Console, name: str) -> None:
    await shown.type(name)
    await shown.press("tab")
    await shown.type(PASSWORDS[name])
    await shown.press("enter")
    await shown.until_on(QueueScreen)


async def _rests_on_an_answer(shown: Console) -> None:
    """The cursor on the second ticket, whose newest message the reading pane shows then."""
    await _settled(shown)
    await shown.press("j")
    await shown.until(lambda: "I forgot to say" in shown.drawn(), "the newest message")


async def _open(shown: Console, words: str) -> None:
    await shown.press("1", "slash", "ctrl+u")
    await shown.type(words)
    await shown.press("enter")
    await _settled(shown)
    await shown.press("enter")
    await shown.until_on(TicketScreen)
    await _settled(shown)


async def _settled(shown: Console) -> None:
    for _ in range(3):
        await shown.app.workers.wait_for_complete()
        await shown.pilot.pause()
    await shown.until(lambda: shown.app.header.log_ok is True, "the header")


if __name__ == "__main__":
    main()
