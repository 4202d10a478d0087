"""An answer of one person on screen between ctrl+s and its going: seen, counted down, taken back into its form."""

import pytest

from cs_console.custody.drafts import find_draft, save_draft
from cs_console.decisions.finalise import draft_place
from cs_console.settlements.settling import settle, settle_place
from cs_console.settlements.settling_rules import settling_to_json
from models.enums import Action, Outcome, TicketKind, TicketState
from models.roles import Role
from screens.decisions.decision import DecisionScreen
from screens.decisions.form import ChecklistForm
from screens.settlements.settle import SettleScreen
from screens.ticket.ticket import TicketScreen
from tests.decisions.cases import person, request
from tests.settlements.settlements import about, refused, settlements, settling
from tests.support.consoles import NARROW, SIZES, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import ticket_of
from tests.support.tickets import make_ticket

HELD = "The notice goes out in a moment. u takes it back until then."


def holding(test_desk: TestDesk, seconds: int = 10) -> None:
    test_desk.desk.settings = test_desk.desk.settings.model_copy(update={"send_delay": seconds})


def mails(test_desk: TestDesk) -> int:
    outbox = test_desk.desk.settings.outbox
    assert outbox is not None
    return len(list(outbox.glob("*.eml")))


@pytest.mark.parametrize("size", SIZES)
async def test_u_brings_a_settlement_back_into_its_steps(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    holding(sqlite_desk)
    ben = person(sqlite_desk, "ben", Role.AGENT, Role.SUPERVISOR)
    number = make_ticket(sqlite_desk, kind=TicketKind.REPORT, assignee=ben).number
    save_draft(ben, settle_place(number), settling_to_json(settling(TicketKind.REPORT)), number)
    async with console(sqlite_desk, ben, size) as shown:
        await shown.open_ticket(number)
        await shown.press("d")
        await shown.until_on(SettleScreen)
        await shown.until_words("Nothing is missing")
        await shown.press("ctrl+s")
        await shown.until_on(TicketScreen)
        await shown.until(
            lambda: "Settled. The notice goes out in a moment. u takes it back until then." in shown.notice
        )
        await shown.until_words("! goes out in 10 s   u takes it back", "closed")
        await shown.press("d")
        await shown.until_on(SettleScreen)
        await shown.until_words("What was found on found")
        await shown.press("escape")  # looked at only: what is kept of it is not saved again
        await shown.until_on(TicketScreen)
        sqlite_desk.clock.forward(seconds=3)
        await shown.until_words("! goes out in 7 s   u takes it back")
        await shown.press("u")
        await shown.until_on(SettleScreen)
        await shown.until_words("Nothing is missing")
        assert ticket_of(sqlite_desk, number).state == TicketState.OPEN
        await shown.press("escape")
        await shown.until_on(TicketScreen)
        await shown.until(lambda: "! goes out" not in shown.words(), "the line to go")
        await shown.press("u")
        await shown.until(lambda: "There is no message of yours" in shown.notice, "the reason")
        await shown.press("d")
        await shown.until_on(SettleScreen)
        await shown.until_words("Nothing is missing")
        holding(sqlite_desk, 1)
        await shown.press("ctrl+s")
        await shown.until_on(TicketScreen)
        await shown.until_words("! goes out in 1 s")
        sqlite_desk.clock.forward(seconds=1)
        await shown.until(lambda: mails(sqlite_desk) == 1, "the mail")
        await shown.until(lambda: "! goes out" not in shown.words(), "the ticket as it is now")
    assert len(settlements(sqlite_desk, number)) == 1
    assert find_draft(ben, settle_place(number), number).text == ""
    assert len(recorded(sqlite_desk.desk, Action.SETTLEMENT_WITHDRAWN)) == 1


async def test_u_brings_a_grant_back_into_its_checklist(sqlite_desk: TestDesk) -> None:
    holding(sqlite_desk)
    mei = person(sqlite_desk, "mei", Role.AGENT)
    number = request(sqlite_desk, mei).number
    form = ChecklistForm(request="delete", asked={"e-mail"}, outcome=Outcome.GRANT, granted={"e-mail"})
    save_draft(mei, draft_place(number), form.to_json(), number)
    async with console(sqlite_desk, mei) as shown:
        await shown.open_ticket(number)
        await shown.press("d")
        await shown.until_on(DecisionScreen)
        await shown.until_words("Nothing is missing")
        await shown.press("ctrl+s")
        await shown.until_on(TicketScreen)
        await shown.until(
            lambda: "Decided. The notice goes out in a moment. u takes it back until then." in shown.notice
        )
        await shown.until_words("! goes out in 10 s   u takes it back")
        await shown.press("u")
        await shown.until_on(DecisionScreen)
        await shown.until_words("Nothing is missing")
        assert ticket_of(sqlite_desk, number).state == TicketState.VERIFIED
        await shown.press("ctrl+s")  # with an act of its own
        await shown.until_on(TicketScreen)
        await shown.until_words("! goes out in 10 s   u takes it back")
    assert mails(sqlite_desk) == 0
    assert len(recorded(sqlite_desk.desk, Action.DECISION_MADE)) == 2


async def test_u_says_what_keeps_an_answer_from_being_taken_back(sqlite_desk: TestDesk) -> None:
    case = refused(sqlite_desk)
    holding(sqlite_desk)
    number = about(sqlite_desk, case, TicketKind.APPEAL, case.ben)
    settle(case.ben, number, ticket_of(sqlite_desk, number).version, settling(TicketKind.APPEAL, "overturn"))
    async with console(sqlite_desk, case.ben, NARROW) as shown:
        await shown.open_ticket(number)
        await shown.until_words("! goes out in 10 s")
        assert "takes it back" not in shown.drawn()
        await shown.press("u")
        await shown.until(lambda: f"reopened #{case.number}" in shown.notice, "the reason")
        assert isinstance(shown.app.screen, TicketScreen)
