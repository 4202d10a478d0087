"""Settling by keyboard: what it is about, its steps walked, resumed, previewed, ended, and shown afterwards."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import TextArea

from cs_console.custody.drafts import save_draft
from cs_console.errors import NotIndependent
from cs_console.settlements.settling import settle_place
from models.enums import Action, TicketKind, TicketState
from models.roles import Role
from screens.frame.choice import ChoiceDialog
from screens.settlements.form import SettleForm, form_from_json
from screens.settlements.settle import SettleScreen
from screens.ticket.ticket import TicketScreen
from screens.widgets.choice_list import ChoiceList
from tests.decisions.cases import person
from tests.settlements.settlements import about, end, refused, settling
from tests.support.consoles import NARROW, SIZES, Console, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket


async def walking(shown: Console) -> SettleScreen:
    await shown.press("d")
    await shown.until_on(SettleScreen)
    screen = shown.app.screen
    assert isinstance(screen, SettleScreen)
    await shown.until(lambda: screen._read is not None and bool(screen.typed()), "the steps")
    return screen


async def go_to(shown: Console, screen: SettleScreen, step: str) -> None:
    screen.steps.focus()
    screen.steps.turn_to(step)
    await shown.until(lambda: screen._shown == step and screen.focused is screen.steps, step)
    await shown.press("enter")
    await shown.until(lambda: screen.focused is not screen.steps, f"the sheet of {step}")


async def choose(shown: Console, screen: SettleScreen, step: str, key: str) -> None:
    await go_to(shown, screen, step)
    choices = screen.query_one("#sheet ChoiceList", ChoiceList)
    choices.highlighted = choices.get_option_index(key)
    await shown.press("enter")
    await shown.until(lambda: screen.focused is screen.query_one("#steps"), f"the cursor to go on after {step}")


async def write(shown: Console, screen: SettleScreen, step: str, words: str) -> None:
    await go_to(shown, screen, step)
    assert isinstance(screen.focused, TextArea)
    await shown.type(words)
    await shown.press("escape")


async def walk_an_appeal(shown: Console, screen: SettleScreen, outcome: str) -> None:
    await choose(shown, screen, "question-decided", "ticket")
    await write(shown, screen, "question-evidence", "two old tickets")
    await write(shown, screen, "question-new", "a receipt")
    await write(shown, screen, "question-found", "the receipt is genuine")
    await choose(shown, screen, "outcome", outcome)
    await choose(shown, screen, "reason", "facts")


@pytest.mark.parametrize("size", [NARROW])
async def test_an_appeal_is_overturned_by_keyboard(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    case = refused(sqlite_desk)
    number = about(sqlite_desk, case, TicketKind.APPEAL, case.ben)
    async with console(sqlite_desk, case.ben, size) as shown:
        ticket = await shown.open_ticket(number)
        screen = await walking(shown)
        await shown.until_words(f"#{case.number}: refuse: Needs excessive technical measures", "Proposed by mei")
        await walk_an_appeal(shown, screen, "overturn")
        await shown.until_words("Nothing is missing")
        assert screen.steps.current == "letter" and "^s settle" in shown.drawn()
        await shown.until_words("It is set aside", "rested on facts that have turned out otherwise", "In court:")
        await shown.press("ctrl+s")
        await shown.until_on(TicketScreen)
        await shown.until(lambda: "Settled. The notice was sent." in shown.notice)
        assert f"#{case.number} was reopened." in shown.notice
        await shown.until(lambda: ticket.view is not None and ticket.view.state is TicketState.CLOSED)
    assert len(recorded(sqlite_desk.desk, Action.TICKET_SETTLED)) == 1


async def test_the_steps_are_resumed_where_they_were_left(sqlite_desk: TestDesk) -> None:
    """Invariant 9."""
    case = refused(sqlite_desk)
    number = about(sqlite_desk, case, TicketKind.APPEAL, case.ben)
    async with console(sqlite_desk, case.ben) as shown:
        await shown.open_ticket(number)
        screen = await walking(shown)
        await walk_an_appeal(shown, screen, "partly")
        left = screen.form
        await shown.press("escape")
        await shown.until_on(TicketScreen)
        again = await walking(shown)
        await shown.until(lambda: again.form == left, "what was written")
        await shown.until_words("Nothing is missing")
        assert "Your draft was restored." in shown.notice


async def test_a_draft_keeps_its_outcome_when_the_code_was_renamed(sqlite_desk: TestDesk) -> None:
    case = refused(sqlite_desk)
    number = about(sqlite_desk, case, TicketKind.COMPLAINT, case.pia)
    older = json.loads((Path(__file__).parents[1] / "data" / "older_desks.json").read_text(encoding="utf-8"))
    save_draft(case.pia, settle_place(number), SettleForm(outcome=older["outcome"]).to_json(), number)
    async with console(sqlite_desk, case.pia) as shown:
        await shown.open_ticket(number)
        screen = await walking(shown)
        await shown.until(lambda: "Founded, and decided again" in [one.note for one in screen.steps.steps])
        assert screen.form.outcome == "again"


async def test_what_is_asked_follows_the_answers(sqlite_desk: TestDesk) -> None:
    """Policy I.(3): data about another person needs basis, citation, evidence and a supervisor."""
    ben = person(sqlite_desk, "ben", Role.AGENT)
    number = make_ticket(sqlite_desk, kind=TicketKind.REPORT, assignee=ben).number
    async with console(sqlite_desk, ben, SIZES[1]) as shown:
        await shown.open_ticket(number)
        screen = await walking(shown)
        steps = screen.steps
        keys = [step.key for step in steps.steps]
        assert keys == ["question-what", "question-third", "question-found", "outcome", "letter"]
        await choose(shown, screen, "question-third", "yes")
        await shown.until_words("A supervisor must settle")
        assert screen.problems()[0] == "A supervisor must settle this. Reassign it (a)."
        await choose(shown, screen, "question-basis", "9")
        keys = [step.key for step in steps.steps]
        assert keys[1:5] == ["question-third", "question-basis", "question-citation", "question-proof"]
        await choose(shown, screen, "question-third", "no")
        assert len(steps.steps) == 5
        assert "A supervisor must settle" not in shown.words()


async def test_a_refusal_is_said_in_the_services_words_and_loses_nothing(sqlite_desk: TestDesk) -> None:
    case = refused(sqlite_desk)
    number = about(sqlite_desk, case, TicketKind.APPEAL, case.mei)
    async with console(sqlite_desk, case.mei) as shown:
        await shown.open_ticket(number)
        screen = await walking(shown)
        await walk_an_appeal(shown, screen, "overturn")
        await shown.press("ctrl+s")
        await shown.until(lambda: f"You were involved in what #{number} is about" in shown.notice)
        assert shown.app.screen is screen and screen.form.reason == "facts"


async def test_after_it_ended_the_screen_shows_how(sqlite_desk: TestDesk) -> None:
    case = refused(sqlite_desk)
    number = about(sqlite_desk, case, TicketKind.COMPLAINT, case.pia)
    end(sqlite_desk, case.pia, number, settling(TicketKind.COMPLAINT))
    async with console(sqlite_desk, case.sam, SIZES[1]) as shown:
        ticket = await shown.open_ticket(number)
        await shown.until_words("Settled", "Founded, 20 Nov 2026 by pia", f"#{case.number}")
        assert ticket.view is not None
        await shown.press("d")
        await shown.until_on(SettleScreen)
        await shown.until_words("Founded", "by pia", "The notice was sent.", "How we work in general")
        assert "Settle" not in [
            one.binding.description for one in shown.app.screen.active_bindings.values() if one.enabled
        ]
        await shown.press("escape")
        await shown.until_on(TicketScreen)


async def test_what_it_is_about_is_named_by_keyboard(sqlite_desk: TestDesk) -> None:
    case = refused(sqlite_desk)
    number = make_ticket(sqlite_desk, kind=TicketKind.APPEAL, assignee=case.mei, requester=case.requester).number
    async with console(sqlite_desk, case.mei) as shown:
        ticket = await shown.open_ticket(number)
        await shown.press("b")
        await shown.until_on(ChoiceDialog)
        await shown.until_words(f"#{case.number} Rights request", "decided")
        await shown.press("enter")
        await shown.until_on(TicketScreen)
        await shown.until(lambda: f"is about #{case.number}. The assignee was involved" in shown.notice)
        await shown.until(lambda: ticket.view is not None and ticket.view.about_words == f"#{case.number}")
        await shown.press("a")
        await shown.until_on(ChoiceDialog)
        await shown.until_words("ben", "pia", "sam")
        assert "sue" not in shown.words()


async def test_whose_decision_is_named_by_keyboard(sqlite_desk: TestDesk) -> None:
    case = refused(sqlite_desk)
    number = make_ticket(sqlite_desk, kind=TicketKind.COMPLAINT, assignee=case.ben).number
    async with console(sqlite_desk, case.ben) as shown:
        await shown.open_ticket(number)
        await shown.press("b")
        await shown.until_on(ChoiceDialog)
        await shown.press("enter")
        await shown.until_words("Whose decision, or conduct", "sue")
        dialog = shown.app.screen.query_one(ChoiceList)
        dialog.highlighted = dialog.get_option_index("sue")
        await shown.press("enter")
        await shown.until(lambda: "is about what sue decided." in shown.notice)


async def test_a_supervisor_closes_around_the_steps_with_a_reason(sqlite_desk: TestDesk) -> None:
    sam = person(sqlite_desk, "sam", Role.SUPERVISOR)
    number = make_ticket(sqlite_desk, kind=TicketKind.REPORT).number
    async with console(sqlite_desk, sam) as shown:
        ticket = await shown.open_ticket(number)
        await shown.press("s")
        await shown.until_on(ChoiceDialog)
        states = shown.app.screen.query_one(ChoiceList)
        states.highlighted = states.get_option_index("closed")
        await shown.press("enter")
        await shown.until_words("Why do you close it without that?")
        await shown.type("sent twice")
        await shown.press("ctrl+s")
        await shown.until(lambda: ticket.view is not None and ticket.view.state is TicketState.CLOSED)
        assert ticket.view is not None and ticket.view.lines[-1].text == "sent twice"


async def test_hostile_answers_are_only_letters(sqlite_desk: TestDesk) -> None:
    """ASVS 1.2.4, 1.3.3."""
    ben = person(sqlite_desk, "ben", Role.AGENT)
    hostile = "[/x][@click=app.quit]go[/]\x1b[2J\u202e"
    number = make_ticket(sqlite_desk, kind=TicketKind.REPORT, assignee=ben, subject=hostile).number
    end(sqlite_desk, ben, number, settling(TicketKind.REPORT, answers={"what": hostile}))
    async with console(sqlite_desk, ben) as shown:
        await shown.open_ticket(number)
        await shown.press("d")
        await shown.until_on(SettleScreen)
        await shown.until_words("[/x][@click=app.quit]go[/]", "for what?")
        assert not {"\x1b", "\u202e"} & set(shown.drawn())


def test_what_is_not_asked_any_more_is_not_sent(sqlite_desk: TestDesk) -> None:
    pack = sqlite_desk.desk.packs.current
    rules = pack.kinds[TicketKind.REPORT].workflow
    assert rules is not None
    form = SettleForm("acted", "", {"third": "yes", "basis": "9", "citation": "a law", "proof": "a page"})
    assert set(form.settling(pack, rules).answers) == {"third", "basis", "citation", "proof"}
    form.answer("basis", "5")
    assert set(form.settling(pack, rules).answers) == {"third", "basis", "proof"}
    form.answer("third", "no")
    assert set(form.settling(pack, rules).answers) == {"third"}
    form.answer("third", " ")
    assert form.settling(pack, rules).answers == {}


@given(st.builds(SettleForm, st.text(max_size=9), st.text(max_size=9), st.dictionaries(st.text(), st.text(min_size=1))))
def test_a_form_comes_back_from_its_draft(form: SettleForm) -> None:
    kept = form.to_json()
    assert (form_from_json(kept) if kept else SettleForm("", form.reason)) == form


@pytest.mark.parametrize("draft", ["", "{}", "[]", "null", '{"outcome": "x", "answers": 3, "reason": ""}', "{"])
def test_a_draft_that_is_none_is_left_out(draft: str) -> None:
    with pytest.raises(ValueError):
        form_from_json(draft)


async def test_who_cannot_settle_it_reads_that_alone(sqlite_desk: TestDesk) -> None:
    case = refused(sqlite_desk)
    number = about(sqlite_desk, case, TicketKind.APPEAL)
    async with console(sqlite_desk, case.mei) as shown:
        await shown.open_ticket(number)
        screen = await walking(shown)
        assert screen.problems() == (str(NotIndependent(number)),)
        await shown.until_words("1 thing is missing", "You were involved in what")
