"""The checklist by keyboard: walked, resumed, previewed, proposed; and the form behind it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlmodel import col
from textual.widgets import Input, TextArea

from cs_console.casework import workflow
from cs_console.casework.conversation import reload
from cs_console.desk import DeskSession
from models.decision import Decision
from models.draft import Draft
from models.enums import Action, DecisionState, Outcome, Priority, TicketKind, TicketState
from models.roles import Role
from models.ticket import Ticket
from screens.decisions.decision import DecisionScreen
from screens.decisions.form import ChecklistForm, GroundSheet, form_from_json
from screens.decisions.grounds import GroundLine, GroundPane
from screens.decisions.mark_list import MarkList
from screens.frame.paper import Letter
from screens.frame.walk_screen import BESIDE
from screens.ticket.ticket import TicketScreen
from screens.widgets.choice_list import ChoiceList
from screens.widgets.hanging import HangingText
from tests.support.consoles import NARROW, WIDE, Console, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import MadeTicket, attach, make_ticket

pytestmark = pytest.mark.engines("sqlite")  # about screens


def rights_request(test_desk: TestDesk, mei: DeskSession, subject: str = "Please delete my account") -> MadeTicket:
    return make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei, verified=True, subject=subject)


async def walking(shown: Console, number: int) -> DecisionScreen:
    if isinstance(shown.app.screen, TicketScreen):
        await shown.press("d")
        await shown.until_on(DecisionScreen)
    else:
        await shown.open(DecisionScreen(number))
    screen = shown.app.screen
    assert isinstance(screen, DecisionScreen)
    await shown.until(lambda: screen._matter is not None and bool(screen.typed()), "the checklist")
    await shown.until_words("Asked for", "Grounds", "Answer", "Letter")
    return screen


async def go_to(shown: Console, screen: DecisionScreen, step: str) -> None:
    screen.steps.focus()
    screen.steps.turn_to(step)
    await shown.until(lambda: screen._shown == step and screen.focused is screen.steps, step)
    await shown.press("enter")
    await shown.until(lambda: screen.focused is not screen.steps, "the sheet")


async def choose(shown: Console, screen: DecisionScreen, list_id: str, key: str) -> None:
    choices = screen.query_one(list_id, ChoiceList)
    choices.focus()
    choices.highlighted = choices.get_option_index(key)
    await shown.press("enter")


async def ask_for(shown: Console, screen: DecisionScreen, right: str, *fields: str) -> None:
    """Say what is asked: of these data, or of all."""
    await go_to(shown, screen, "request")
    await choose(shown, screen, "#rights", right)
    await mark(shown, screen, "#asked", *fields)
    await shown.press("escape")
    await shown.until(lambda: screen._is_recorded(), "what is asked on record")


async def on_ground(shown: Console, screen: DecisionScreen, code: str) -> GroundLine:
    """Put the cursor on a ground, which opens it."""
    line = screen.query_one(f"#ground-{code}", GroundLine)
    line.focus()
    await shown.until(lambda: any(pane.ground.code == code for pane in screen.query(GroundPane)), code)
    return line


async def applies(shown: Console, screen: DecisionScreen, code: str) -> None:
    """Say that a ground applies, and be in its questions."""
    if screen._step != "grounds" or not screen.query(GroundLine):
        await go_to(shown, screen, "grounds")
    await on_ground(shown, screen, code)
    await shown.press("enter")
    await shown.until(lambda: screen.form.applies(code) and not isinstance(screen.focused, GroundLine), "its questions")


async def mark(shown: Console, screen: DecisionScreen, list_id: str, *keys: str) -> None:
    marks = screen.query_one(list_id, MarkList)
    marks.focus()
    if not keys:
        await shown.press("a")
        await shown.until(lambda: len(marks.marked) == len(marks.options))
    for key in keys:
        marks.highlighted = marks.get_option_index(key)
        await shown.press("space")
        await shown.until(lambda key=key: key in marks.marked)  # type: ignore[misc]  # mypy sees no default


async def walk_a_refusal(shown: Console, screen: DecisionScreen) -> None:
    """Everything that a refusal on S4 asks for, by keys."""
    await ask_for(shown, screen, "delete")
    await applies(shown, screen, "S4")
    await mark(shown, screen, "#covers")
    for line in screen.query(Input):
        line.focus()
        await shown.pilot.pause()
        yes_no = (line.placeholder or "").startswith("yes")
        await shown.type("yes" if yes_no else "seven mails in an hour")
    screen.query_one("#evidence", TextArea).focus()
    await shown.type("the mails")
    await shown.press("enter")
    await shown.type("the call note")
    await go_to(shown, screen, "answer")
    await choose(shown, screen, "#outcomes", Outcome.REFUSE.value)


@pytest.mark.parametrize("size", [NARROW])
async def test_a_refusal_is_walked_and_proposed_by_keyboard(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = rights_request(sqlite_desk, mei)
    async with console(sqlite_desk, mei, size) as shown:
        ticket = TicketScreen(made.number)
        await shown.open(ticket)
        await shown.until(lambda: ticket.view is not None)
        screen = await walking(shown, made.number)
        await shown.until_words("2 things are missing", "Record what the requester asks")
        await walk_a_refusal(shown, screen)
        await shown.until_words("Nothing is missing")
        assert "^s propose to a second person" in shown.drawn()
        await shown.press("escape")
        await go_to_letter(shown, screen)
        await shown.press("ctrl+s")
        await shown.until_on(TicketScreen)
        await shown.until(lambda: "Proposed; it needs" in shown.notice)
        await shown.until(lambda: ticket.view is not None and ticket.view.state is TicketState.IN_APPROVAL)
    assert len(recorded(sqlite_desk.desk, Action.DECISION_PROPOSED)) == 1


async def go_to_letter(shown: Console, screen: DecisionScreen) -> None:
    await shown.until(lambda: screen.focused is screen.steps)
    screen.steps.turn_to("letter")
    await shown.until_words("The letter, in English", "Answer to your request")


async def test_a_plain_grant_is_decided_at_once(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = rights_request(sqlite_desk, mei)
    async with console(sqlite_desk, mei) as shown:
        screen = await walking(shown, made.number)
        await ask_for(shown, screen, "access", "orders", "account")
        await go_to(shown, screen, "answer")
        await choose(shown, screen, "#outcomes", Outcome.GRANT.value)
        await shown.until_words("Nothing is missing")
        assert "^s send answer" in shown.drawn()
        granted = screen.query_one("#granted", MarkList)
        assert granted.marked == {"orders", "account"} == {option.id for option in granted.options}
        granted.focus()
        await shown.press("space")
        await shown.until_words("Asked for, but neither granted nor under a ground:")
        assert "^s propose: 1 thing missing" in shown.drawn() and "send answer" not in shown.drawn()
        await shown.press("space")
        await shown.until_words("Nothing is missing")
        await shown.press("ctrl+s")
        await shown.until(lambda: bool(recorded(sqlite_desk.desk, Action.DECISION_MADE)), "the decision")
    with sqlite_desk.desk.database.reading() as db:
        assert db.scalars(select(Decision)).one().state == DecisionState.FINAL


async def test_an_incomplete_proposal_is_refused_in_the_services_words(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = rights_request(sqlite_desk, mei)
    async with console(sqlite_desk, mei) as shown:
        screen = await walking(shown, made.number)
        await go_to(shown, screen, "answer")
        await choose(shown, screen, "#outcomes", Outcome.REFUSE.value)
        await shown.press("ctrl+s")
        await shown.until(lambda: "Say what was asked for." in shown.notice)
        assert isinstance(shown.app.screen, DecisionScreen)
        await go_to(shown, screen, "request")
        assert "Say what was asked for." in shown.notice
        await choose(shown, screen, "#rights", "delete")
        await shown.until(lambda: not shown.notice, "the refusal to go when the answer is another one")


async def test_the_way_to_the_marks_is_said_where_enter_does_not_lead_there(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = rights_request(sqlite_desk, mei)
    async with console(sqlite_desk, mei) as shown:
        screen = await walking(shown, made.number)
        await ask_for(shown, screen, "access", "orders")
        await go_to(shown, screen, "answer")
        await shown.until_words("Press tab, change it with space.")
        await shown.press("tab", "space")
        await shown.until(lambda: len(screen.form.granted) == 1, "a mark")


async def test_the_nine_exceptions_stand_apart_and_cannot_be_chosen(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = rights_request(sqlite_desk, mei)
    async with console(sqlite_desk, mei) as shown:
        screen = await walking(shown, made.number)
        await go_to(shown, screen, "grounds")
        apart = screen.query_one("#exceptions", HangingText)
        assert len(str(apart.visual).splitlines()) == 9 and not apart.focusable
        assert "Not grounds" in shown.words()
        assert [line.ground.code for line in screen.query(GroundLine)] == [
            *("S1", "S2", "S3", "S4", "S5", "S6"),
            *("D1", "D2", "D3", "D4"),
            "F",
        ]


async def test_the_checklist_is_resumed_where_it_was_left(sqlite_desk: TestDesk) -> None:
    """Invariant 9."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = rights_request(sqlite_desk, mei)
    async with console(sqlite_desk, mei) as shown:
        ticket = TicketScreen(made.number)
        await shown.open(ticket)
        await shown.until(lambda: ticket.view is not None)
        screen = await walking(shown, made.number)
        await walk_a_refusal(shown, screen)
        left = screen.form
        await shown.press("escape", "escape")
        await shown.until_on(TicketScreen)
        again = await walking(shown, made.number)
        await shown.until_words("Nothing is missing")
        assert again.form == left
        assert "✓ Asked for" in shown.words()


async def test_a_change_elsewhere_keeps_the_form(sqlite_desk: TestDesk) -> None:
    mei, sara = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("sara", Role.SUPERVISOR)
    made = rights_request(sqlite_desk, mei)
    async with console(sqlite_desk, mei) as shown:
        screen = await walking(shown, made.number)
        await walk_a_refusal(shown, screen)
        workflow.set_priority(sara, made.number, reload(sara, made.number).version, Priority.HIGH)
        await shown.press("ctrl+s")
        await shown.until(lambda: "Someone else changed" in shown.notice)
        await shown.until(lambda: screen._view is not None and screen._view.priority is Priority.HIGH)
        await shown.press("ctrl+s")
        await shown.until(lambda: bool(recorded(sqlite_desk.desk, Action.DECISION_PROPOSED)))


async def test_hostile_answers_and_subjects_are_only_letters(sqlite_desk: TestDesk) -> None:
    """ASVS 1.2.4, 1.3.3."""
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = rights_request(sqlite_desk, mei, "[/x][@click=app.quit]go[/]\x1b[2J\u202e")
    async with console(sqlite_desk, mei) as shown:
        await walking(shown, made.number)
        await shown.until_words("[/x][@click=app.quit]go[/]")
        assert not {"\x1b", "\u202e"} & set(shown.drawn())
        await shown.pilot.click(offset=(8, 2))
        assert shown.app.is_running


# --- the form

_WORDS = st.text(max_size=30)
_CODES = st.sampled_from(["S1", "S4", "D1", "F"])
_SHEETS = st.builds(
    GroundSheet,
    applies=st.none() | st.booleans(),
    fields=st.sets(_WORDS, max_size=3),
    answers=st.dictionaries(_WORDS, st.tuples(_WORDS, st.just(datetime(2026, 11, 20, 9, tzinfo=UTC))), max_size=3),
    evidence=_WORDS,
    attachments=st.sets(_WORDS, max_size=2),
    offers=st.sets(_WORDS, max_size=2),
)


@given(
    st.builds(
        ChecklistForm,
        request=_WORDS,
        asked=st.sets(_WORDS, max_size=3),
        outcome=st.none() | st.sampled_from(Outcome),
        granted=st.sets(_WORDS, max_size=3),
        neutral=st.booleans(),
        amount=_WORDS,
        items=_WORDS,
        told_before=st.booleans(),
        sheets=st.dictionaries(_CODES, _SHEETS, max_size=3),
    )
)
def test_a_form_comes_back_from_its_draft_as_it_was(form: ChecklistForm) -> None:
    assert form_from_json(form.to_json()) == form


@given(st.text() | st.sampled_from(["null", "[]", "{}", '{"fee": 1}', '{"fee": [1,2,3,4], "sheets": []}']))
def test_a_draft_that_is_no_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        form_from_json(text)


def test_the_same_words_keep_their_date_and_enter_renews_it() -> None:
    sheet, monday, friday = GroundSheet(), datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
    sheet.answer("what", "words", monday)
    sheet.answer("what", "words", friday)
    assert sheet.answers["what"] == ("words", monday)
    sheet.again("what", friday)
    assert sheet.answers["what"] == ("words", friday)


def test_the_fee_belongs_to_the_proposal_only_where_its_ground_applies() -> None:
    form = ChecklistForm(outcome=Outcome.FEE, amount="12.50", currency="CNY", items="copies: 300 pages: 12.50")
    form.fee_ground = "F"
    proposal = form.proposal()
    assert proposal is not None and proposal.fee is None
    form.sheet("F").applies = True
    proposal = form.proposal()
    assert proposal is not None and proposal.fee is not None
    assert proposal.fee.items == (("copies: 300 pages", "12.50"),)


def test_amounts_may_be_typed_with_a_decimal_comma_and_a_chinese_colon() -> None:
    form = ChecklistForm(amount=" 12,50 ", currency="CNY", items="复印：12,5\npostage: 1,000\nWork 30.00")
    made = form.fee()
    assert made.amount == "12.50"
    assert made.items == (("复印", "12.5"), ("postage", "1,000"), ("Work 30.00", ""))


async def test_an_empty_amount_is_told_as_such(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = rights_request(sqlite_desk, mei)
    async with console(sqlite_desk, mei, (80, 24)) as shown:
        screen = await walking(shown, made.number)
        assert "due 20 Dec, Sun: 30 days from verification on 20 Nov" in shown.drawn()
        await ask_for(shown, screen, "access", "e-mail")
        await go_to(shown, screen, "answer")
        await choose(shown, screen, "#outcomes", Outcome.FEE.value)
        assert 'Record the fee and its cost: under Grounds, "Fee for repeated or excessive requests" must apply.' in (
            screen.problems()
        )
        await applies(shown, screen, "F")
        assert "The fee needs an amount like 12.50." in screen.problems()
        assert not [one for one in screen.problems() if "has to be in" in one]


# --- what is asked, the letter beside it, files as evidence


@pytest.mark.parametrize("size", [WIDE, (200, 50)])
async def test_the_letter_follows_each_change(sqlite_desk: TestDesk, size: tuple[int, int]) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = rights_request(sqlite_desk, mei)
    async with console(sqlite_desk, mei, size) as shown:
        screen = await walking(shown, made.number)
        letter = screen.query_one("#beside", Letter)
        await shown.until(lambda: "once you choose a decision" in letter.words)
        await ask_for(shown, screen, "access", "orders", "account")
        await go_to(shown, screen, "answer")
        await choose(shown, screen, "#outcomes", Outcome.GRANT.value)
        await shown.until(lambda: "You asked for: Access" in letter.words, "the letter")
        assert "Transaction records" in letter.words
        screen.query_one("#granted").focus()
        await shown.press("a")  # all was granted; now nothing is
        await shown.until(lambda: "Transaction records" not in letter.words, "the letter to follow")
        assert ("Answer to your request" in shown.drawn()) is (size[0] >= BESIDE)
        await shown.press("f4")
        await shown.until(lambda: screen.focused is screen.query_one("#page"))
        await shown.until(lambda: shown.drawn().count("Answer to your request") == 1)
        head = next(line for line in shown.drawn().splitlines() if "Before it goes out" in line)
        assert ("The letter, in English" in head) is (size[0] >= BESIDE)  # in its own place, not under what is missing
        await shown.press("f4")
        await shown.until(lambda: screen._shown == "answer", "the step before")
        await shown.press("escape")
        await shown.until(lambda: screen.focused is screen.steps)
        assert isinstance(shown.app.screen, DecisionScreen)


async def test_what_is_asked_is_recorded_when_its_sheet_is_left_and_is_there_again(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = rights_request(sqlite_desk, mei)
    async with console(sqlite_desk, mei) as shown:
        screen = await walking(shown, made.number)
        await shown.until_words("◐ Asked for")
        await ask_for(shown, screen, "delete", "orders")
        await shown.until_words("✓ Asked for")
        assert "1 of the data, Deletion" in [one.note[:23] for one in screen.steps.steps]
        await ask_for(shown, screen, "access", "account")
    assert [one.reason for one in recorded(sqlite_desk.desk, Action.ASKED_RECORDED)] == [
        "what is asked: delete",
        "what is asked, corrected: access",
    ]
    with sqlite_desk.desk.database.transaction() as db:
        db.connection().execute(delete(Draft))
    async with console(sqlite_desk, mei) as shown:
        screen = await walking(shown, made.number)
        await shown.until_words("✓ Asked for")
        assert (screen.form.request, screen.form.asked) == ("access", {"account", "orders"})
        await go_to(shown, screen, "answer")
        assert [option.id for option in screen.query_one("#granted", MarkList).options] == ["account", "orders"]
        assert not screen.draft()


async def test_a_file_of_the_ticket_is_evidence(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = rights_request(sqlite_desk, mei)
    file = attach(sqlite_desk, made, "letter of alice@example.org.pdf")
    async with console(sqlite_desk, mei) as shown:
        screen = await walking(shown, made.number)
        await ask_for(shown, screen, "delete", "orders")
        await applies(shown, screen, "S5")
        await mark(shown, screen, "#attachments", file)
        assert "letter of [e-mail]" in "".join(
            str(one.prompt) for one in screen.query_one("#attachments", MarkList).options
        )
        await shown.until(lambda: screen.form.sheet("S5").finding("S5").evidence == (f"attachment:{file}",))


def test_what_no_ground_covers_is_left_to_be_granted() -> None:
    form = ChecklistForm(request="delete", asked={"orders", "account", "backups"}, fee_ground="F")
    form.sheet("S5").applies, form.sheet("S5").fields = True, {"orders"}
    form.sheet("D4").applies, form.sheet("D4").fields = False, {"account"}
    form.sheet("F").applies, form.sheet("F").fields = True, {"backups"}
    assert form.left_over() == {"account", "backups"}


async def test_only_grounds_that_can_stand_against_what_is_asked_are_offered(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    ticket = rights_request(test_desk, mei)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Ticket).where(col(Ticket.number) == ticket.number).values(pack="gdpr-2018-05"))
    rules = test_desk.desk.packs.get("gdpr-2018-05").grounds
    fitting = [one.code for one in rules if not one.rights or "access" in one.rights]
    assert 0 < len(fitting) < len(rules)
    async with console(test_desk, mei) as shown:
        screen = await walking(shown, ticket.number)
        assert f"0 of {len(rules)} looked at" in [one.note for one in screen.steps.steps]
        await ask_for(shown, screen, "access")
        await shown.until(lambda: f"0 of {len(fitting)} looked at" in [one.note for one in screen.steps.steps])
        await go_to(shown, screen, "grounds")
        assert [line.ground.code for line in screen.query(GroundLine)] == fitting
        others = next(one.code for one in rules if "access" in one.rights)
        await applies(shown, screen, others)
        await go_to(shown, screen, "request")
        await choose(shown, screen, "#rights", "erasure")
        assert screen.form.applies(others)
        await go_to(shown, screen, "grounds")  # what was said to apply stays, to be taken back
        assert others in [line.ground.code for line in screen.query(GroundLine)]


async def test_on_a_narrow_screen_all_that_is_missing_is_read_above_the_letter(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    ticket = rights_request(sqlite_desk, mei)
    async with console(sqlite_desk, mei, (80, 24)) as shown:
        screen = await walking(shown, ticket.number)
        await ask_for(shown, screen, "delete")
        screen.form.outcome = Outcome.REFUSE
        for code in ("S1", "S4", "D2"):
            screen.form.sheet(code).applies = True
        screen.show_problems()
        missing = screen.problems()
        assert len(missing) > 12
        await shown.press("f4")
        await shown.until(lambda: missing[0][:30] in shown.drawn(), "the first")
        assert missing[-1][:30] not in shown.drawn()
        for _ in range(4):
            await shown.press("pagedown")
        assert screen.query_one("#problems").region.bottom < screen.query_one("#page").region.bottom, "the last"
        await shown.press("f4")
        await shown.until(lambda: screen._shown == "request", "the step before")
