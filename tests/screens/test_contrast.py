"""What was really drawn can be read in every theme: blends, highlighted rows and quiet second lines included."""

import pytest

from cs_console.casework.conversation import add_note
from cs_console.desk import DeskSession
from models.enums import Priority, TicketKind
from models.roles import Role
from screens.access_log.access_log import AccessLogScreen
from screens.access_log.log_entry import EntryDialog
from screens.decisions.approval import ProposalScreen
from screens.decisions.approvals import ApprovalsScreen
from screens.decisions.decision import DecisionScreen
from screens.frame.choice import ChoiceDialog
from screens.frame.help import HelpScreen
from screens.frame.palette import Palette
from screens.frame.text_dialog import PasswordDialog, WordsDialog
from screens.queue.new_ticket import NewTicketScreen
from screens.sign_in.sign_in import SignInScreen
from screens.ticket.compose import ComposeScreen
from screens.ticket.facts import Facts
from screens.ticket.reveal_dialog import RevealDialog
from screens.ticket.ticket import TicketScreen
from screens.verification.verify import VerifyScreen
from screens.widgets.choice_list import ChoiceList
from tests.screens.test_access_log import reading, some_history
from tests.screens.test_approvals import proposed
from tests.support.consoles import Console, console
from tests.support.contrast import hard_to_read
from tests.support.desk import TestDesk
from tests.support.doors import at_the_door
from tests.support.tickets import make_ticket

THEMES = pytest.mark.parametrize(("theme", "least"), [("cs-contrast", 7.0), ("cs-dark", 4.5), ("cs-light", 4.5)])
"""WCAG 2.2: 1.4.6 for high contrast, 1.4.3 for the others."""
WIDE = (120, 34)


class Looker:
    """Looks at one place after another and remembers what could not be read."""

    def __init__(self, shown: Console, least: float) -> None:
        self.shown, self.least = shown, least
        self.found: dict[str, list[tuple[str, float]]] = {}

    async def look(self, place: str, *words: str) -> None:
        """Look, once these words are drawn."""
        drawn = self.shown.drawn
        await self.shown.until(lambda: all(word in drawn() for word in words), f"{place}: {words}")
        if bad := hard_to_read(self.shown, self.least):
            self.found[place] = bad


def themed(test_desk: TestDesk, theme: str) -> TestDesk:
    desk = test_desk.desk
    desk.settings = desk.settings.model_copy(update={"theme": theme, "desk_name": "HautHome"})
    desk.sample = True
    return test_desk


def queue_of(test_desk: TestDesk, mei: DeskSession) -> int:
    """A queue with every kind of mark, and a ticket to work on, the last one."""
    late = test_desk.clock.now().replace(year=2025)
    make_ticket(test_desk, kind=TicketKind.COMPLAINT, assignee=mei, priority=Priority.URGENT, received_at=late)
    make_ticket(test_desk, kind=TicketKind.REPORT, assignee=mei, priority=Priority.LOW)
    made = make_ticket(test_desk, kind=TicketKind.APPEAL, assignee=mei, verified=True, subject="Account locked")
    add_note(mei, made.number, 1, "Asked for verification.")
    return made.number


@THEMES
async def test_signing_in_can_be_read(sqlite_desk: TestDesk, theme: str, least: float) -> None:
    async with at_the_door(themed(sqlite_desk, theme), WIDE, theme=theme) as shown:
        looker = Looker(shown, least)
        await shown.until_on(SignInScreen)
        await looker.look("empty", "Name", "Password", "HautHome")
        await shown.type("mei")
        await shown.press("enter")
        shown.app.screen.refuse("Wait 8 s, then try again.")  # type: ignore[attr-defined]  # it is the sign-in screen
        await looker.look("refused", "mei", "try again")
    assert looker.found == {}


@THEMES
async def test_an_agents_work_can_be_read(sqlite_desk: TestDesk, theme: str, least: float) -> None:
    mei = themed(sqlite_desk, theme).session("mei", Role.AGENT, Role.VERIFIER)
    number = queue_of(sqlite_desk, mei)
    async with console(sqlite_desk, mei, WIDE) as shown:
        looker = Looker(shown, least)
        await shown.press("x", "down")
        await looker.look("queue", "Account locked", "complaint", "late")
        await shown.press("slash")
        await shown.type("kind:apeal")
        await shown.press("enter")
        await looker.look("queue, a wrong filter", "apeal")
        await shown.press("escape", "escape")
        await shown.press("ctrl+p")
        await shown.until_on(Palette)
        await shown.press("down", "down")
        await looker.look("palette", "Claim")
        await shown.type("verif")
        await shown.until(lambda: "Theme" not in shown.drawn(), "the search")
        await looker.look("palette, searched", "Verify the requester's")
        await shown.press("escape")

        await shown.open(TicketScreen(number))
        await looker.look("ticket", "Asked for verification", "e-mail")
        shown.app.screen.query_one(Facts).focus()
        await shown.press("down")
        await looker.look("ticket, the facts")
        await shown.press("r")
        await shown.until_on(RevealDialog)
        await looker.look("choice", "Why do you need it?", "can be shown")
        await shown.press("2")
        await looker.look("choice, moved", "can be shown")
        await shown.pilot.hover(ChoiceList, offset=(3, 0))
        await looker.look("choice, under the mouse", "can be shown")
        shown.app.screen.set_focus(None)
        await looker.look("choice, elsewhere", "can be shown")
        shown.app.screen.query_one(ChoiceList).focus()
        await shown.press("enter")
        await looker.look("a value", "hidden in")
        await shown.press("escape", "s")
        await shown.until_on(ChoiceDialog)
        await looker.look("states")
        await shown.press("escape", "i")
        await shown.until_on(ComposeScreen)
        await looker.look("compose", "The note stays with the ticket")
        await shown.type("typed")
        await shown.press("home")
        await looker.look("compose, written", "typed")
        await shown.press("escape")
        await shown.until_on(TicketScreen)
        await shown.press("v")
        await shown.until_on(VerifyScreen)
        await looker.look("verify", "@")
        await shown.press("escape")
        await shown.press("f1")
        await shown.until_on(HelpScreen)
        await looker.look("help", "Reveal")
    assert looker.found == {}


@THEMES
async def test_writing_down_and_deciding_can_be_read(sqlite_desk: TestDesk, theme: str, least: float) -> None:
    mei = themed(sqlite_desk, theme).session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, kind=TicketKind.RIGHTS, assignee=mei, verified=True)
    async with console(sqlite_desk, mei, WIDE) as shown:
        looker = Looker(shown, least)
        await shown.press("n")
        await shown.until_on(NewTicketScreen)
        await looker.look("new ticket")
        await shown.press("ctrl+s")
        await looker.look("new ticket, refused")
        await shown.press("escape")
        await shown.open(DecisionScreen(made.number))
        await shown.until_words("Asked for", "Grounds", "Answer", "Letter")
        screen = shown.app.screen
        assert isinstance(screen, DecisionScreen)
        for step in [one.key for one in screen.steps.steps]:
            screen.steps.focus()
            screen.steps.turn_to(step)
            await shown.until(lambda step=step: screen._shown == step)  # type: ignore[misc]  # mypy sees no default
            await looker.look(f"decision, {step}")
            await shown.press("enter")
            await looker.look(f"decision, in {step}")
            if step == "grounds":
                await shown.press("enter")
                await looker.look("decision, in a ground")
    assert looker.found == {}


@THEMES
async def test_reviewing_can_be_read(sqlite_desk: TestDesk, theme: str, least: float) -> None:
    mei = themed(sqlite_desk, theme).session("mei", Role.AGENT)
    sara = sqlite_desk.session("sara", Role.SUPERVISOR)
    proposed(sqlite_desk, mei)
    proposed(sqlite_desk, mei)
    some_history(sqlite_desk, mei)
    async with console(sqlite_desk, sara, WIDE) as shown:
        looker = Looker(shown, least)
        await shown.press("g", "a")
        await shown.until_on(ApprovalsScreen)
        await looker.look("approvals", "2 proposals are waiting", "Needs excessive")
        await shown.press("enter")
        await shown.until_on(ProposalScreen)
        await shown.until_words("Asked:")
        await looker.look("proposal")
        await shown.press("y")
        await shown.until_on(PasswordDialog)
        await looker.look("password")
        await shown.press("escape", "r")
        await shown.until_on(WordsDialog)
        await looker.look("words")
        await shown.press("escape", "escape")
        await reading(shown)
        await shown.until_on(AccessLogScreen)
        await looker.look("access log", "was refused the e-mail of")
        await shown.press("enter")
        await shown.until_on(EntryDialog)
        await looker.look("entry", "outcome")
    assert looker.found == {}
