"""A decided ticket: the decision, its agents, and the notice, readable for the agent who has to post it."""

import pytest
from sqlalchemy import update
from sqlmodel import col
from textual.containers import VerticalScroll

from cs_console.casework.conversation import reload
from cs_console.custody.drafts import save_draft
from cs_console.decisions import approval
from cs_console.decisions.finalise import draft_place
from cs_console.desk import DeskSession, operator_session
from cs_console.intake.incoming import IncomingMessage
from cs_console.intake.intake import take_in
from models.contact_fields import Field
from models.enums import Action, Channel, DeliveryState, MessageSort, Outcome, TicketKind
from models.message import Message
from models.roles import Role
from screens.decisions.decision import DecisionScreen
from screens.decisions.form import ChecklistForm
from screens.decisions.sheets import DecidedSheet, RequestSheet
from screens.ticket.ticket import TicketScreen
from screens.widgets.hanging import HangingText
from tests.decisions.cases import PASSWORD, pack, person, propose, refusal
from tests.support.consoles import NARROW, Console, console
from tests.support.desk import TestDesk
from tests.support.drafts import load_draft
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket

EMAIL = {Field.EMAIL: "alice@example.org"}
NOT_DELIVERED = "The notice could not be delivered"
POST_IT = "The notice must be sent by letter."


def refused(
    test_desk: TestDesk, mei: DeskSession, *approvers: DeskSession, code: str = "D2", reachable: bool = True
) -> int:
    """The number of mei's ticket that was refused on that ground."""
    contacts = EMAIL if reachable else {}
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei, verified=True, contacts=contacts)
    decision_id = propose(mei, made.number, 1, refusal(code, test_desk.clock.now())).decision_id
    for session in approvers:
        approval.approve(session, decision_id, PASSWORD)
    return made.number


def answer(test_desk: TestDesk, number: int) -> None:
    test_desk.clock.forward(minutes=1)
    contacts = ((Field.EMAIL, EMAIL[Field.EMAIL]),)
    mail = IncomingMessage("<2@x>", Channel.MAIL, f"[#{number}]", "I do not agree.", contacts)
    assert take_in(operator_session(test_desk.desk), mail).outcome == "appended"


def message(test_desk: TestDesk, number: int, **values: object) -> None:
    """Change how far the notice of that ticket got."""
    whose = (col(Message.ticket_number) == number, col(Message.sort) == MessageSort.NOTICE)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Message).where(*whose).values(**values))


async def decided(shown: Console, number: int) -> DecisionScreen:
    """Press `d` on the ticket."""
    await shown.open_ticket(number)
    await shown.press("d")
    await shown.until_on(DecisionScreen)
    screen = shown.app.screen
    assert isinstance(screen, DecisionScreen)
    return screen


@pytest.mark.parametrize("size", [NARROW])
@pytest.mark.parametrize("reader", ["mei", "sue"])
async def test_the_letter_to_post_is_read_to_its_end_by_keyboard(
    sqlite_desk: TestDesk, size: tuple[int, int], reader: str
) -> None:
    """For the agent whose ticket it is and for an approver; the opening is on record."""
    mei, sue = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sue", Role.SUPERVISOR)
    number = refused(sqlite_desk, mei, sue, reachable=False)
    session = mei if reader == "mei" else sue
    async with console(sqlite_desk, session, size) as shown:
        screen = await decided(shown, number)
        await shown.until(lambda: bool(screen.query(DecidedSheet)), "the decision")
        drawn = shown.drawn()
        assert "refuse: Needs excessive technical measures" in drawn
        assert "proposed by mei, approved by sue, decided 20 Nov" in drawn
        assert POST_IT in drawn
        assert f"#{number}" in drawn
        assert not screen.steps.display and not screen.query_one("#beside").display
        assert "Propose" not in drawn and "missing" not in drawn
        letter = screen.query_one("#page", VerticalScroll)
        await shown.until(lambda: screen.focused is letter)
        last_line = str(screen.query_one("#notice", HangingText).visual).strip().splitlines()[-1][:40]
        await shown.press("end")
        await shown.until(lambda: last_line in shown.drawn(), "the letter's end")
        await shown.press("ctrl+s")
        await shown.press("escape")
        await shown.until_on(TicketScreen)
    assert [one.actor for one in recorded(sqlite_desk.desk, Action.TICKET_OPENED)] == [reader]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "The notice was sent."),
        ({"delivery": DeliveryState.QUEUED}, "The notice is still being sent."),
        ({"delivery": DeliveryState.FAILED, "next_delivery_at": 1}, "The notice is still being sent."),
        ({"delivery": DeliveryState.FAILED, "next_delivery_at": None}, NOT_DELIVERED),
    ],
)
async def test_it_says_what_became_of_the_notice(sqlite_desk: TestDesk, changed: dict[str, object], words: str) -> None:
    mei, sue = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sue", Role.SUPERVISOR)
    number = refused(sqlite_desk, mei, sue)
    if changed:
        if changed.get("next_delivery_at"):
            changed = changed | {"next_delivery_at": sqlite_desk.clock.now()}
        message(sqlite_desk, number, **changed)
    assert ("not delivered" in reload(mei, number).decision_words) is (words == NOT_DELIVERED)
    async with console(sqlite_desk, mei) as shown:
        await decided(shown, number)
        await shown.until_words(words)


async def test_after_an_appeal_the_checklist_is_there_with_the_decision_beside_it(sqlite_desk: TestDesk) -> None:
    mei, sue = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sue", Role.SUPERVISOR)
    number = refused(sqlite_desk, mei, sue)
    answer(sqlite_desk, number)
    async with console(sqlite_desk, mei) as shown:
        screen = await decided(shown, number)
        await shown.until(lambda: bool(screen.query(RequestSheet)), "the checklist")
        assert "no one handles an appeal against their own decision" in shown.notice
        steps = screen.steps
        steps.turn_to("decided")
        await shown.until_words("refuse: Needs excessive technical measures", "approved by sue", "The notice was sent.")
        await shown.press("enter")
        await shown.until(lambda: isinstance(screen.focused, VerticalScroll))
        await shown.press("escape")
        await shown.until(lambda: screen.focused is steps)


@pytest.mark.parametrize("code", ["S1", "S2", "S3"])
async def test_under_legal_review_only_the_neutral_letter_is_shown(sqlite_desk: TestDesk, code: str) -> None:
    mei, sue = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sue", Role.SUPERVISOR)
    pia = person(sqlite_desk, "pia", Role.PRIVACY_OFFICER)
    number = refused(sqlite_desk, mei, sue, pia, code=code, reachable=False)
    async with console(sqlite_desk, mei, (120, 34)) as shown:
        screen = await decided(shown, number)
        await shown.until(lambda: bool(screen.query(DecidedSheet)), "the decision")
        words = "\n".join(str(one.visual) for one in screen.query(DecidedSheet).last().query(HangingText))
    assert words.startswith("legal review\nproposed by mei, decided 20 Nov")
    assert pack().notice.neutral_sentence in words
    for told in ("refuse", "sue", "pia", *("S1", "S2", "S3"), "security", "criminal", "public safety"):
        assert told not in words


async def test_a_privacy_officer_sees_the_ground_of_what_was_decided(sqlite_desk: TestDesk) -> None:
    mei, sue = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sue", Role.SUPERVISOR)
    pia = person(sqlite_desk, "pia", Role.PRIVACY_OFFICER)
    number = refused(sqlite_desk, mei, sue, pia, code="S1")
    async with console(sqlite_desk, pia) as shown:
        await decided(shown, number)
        await shown.until_words("refuse: National or defence security", "approved by pia and sue")


@pytest.mark.parametrize("code", ["D2", "S1", "S3"])
async def test_while_it_waits_there_is_only_that_and_not_the_ground_under_legal_review(
    sqlite_desk: TestDesk, code: str
) -> None:
    mei = person(sqlite_desk, "mei", Role.AGENT)
    number = refused(sqlite_desk, mei, code=code)
    form = ChecklistForm(request="delete", asked={"e-mail"}, outcome=Outcome.REFUSE)
    form.sheet(code).applies = True
    save_draft(mei, draft_place(number), form.to_json(), number)  # as it was proposed
    async with console(sqlite_desk, mei, (120, 34)) as shown:
        screen = await decided(shown, number)
        await shown.until(lambda: bool(screen.query(DecidedSheet)), "the proposal")
        await shown.until(lambda: "is waiting for approval" in shown.notice)
        drawn = shown.drawn()
        assert "legal review" in drawn or code == "D2"
        assert ("Needs excessive technical measures" in drawn) == (code == "D2")
        assert not any(told in drawn for told in ("security", "riminal"))
        assert "Nothing is missing" not in drawn
        await shown.press("ctrl+s")
        await shown.press("escape")
        await shown.until_on(TicketScreen)
    assert recorded(sqlite_desk.desk, Action.DECISION_REFUSED) == []
    assert load_draft(mei, draft_place(number), number)  # it comes back with a proposal that is returned
