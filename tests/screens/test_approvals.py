"""Approvals: read first, decided by another person with their password, nothing told that must not be known."""

import pytest
from textual.widgets import DataTable

from cs_console.casework.conversation import add_note, reload
from cs_console.decisions.approval import approve, waiting
from cs_console.desk import DeskSession
from models.enums import Action, TicketState
from models.roles import Role
from screens.decisions.approval import BESIDE, ProposalScreen
from screens.decisions.approvals import ApprovalsScreen
from screens.frame.choice import ChoiceDialog
from screens.frame.text_dialog import PasswordDialog, WordsDialog
from screens.queue.queue import QueueScreen
from screens.ticket.ticket import TicketScreen
from tests.decisions.cases import PASSWORD, person, propose, refusal, request
from tests.support.consoles import NARROW, SIZES, WIDE, Console, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket


def proposed(test_desk: TestDesk, mei: DeskSession, code: str = "D2") -> int:
    """A refusal that one supervisor can approve."""
    made = request(test_desk, mei)
    propose(mei, made.number, reload(mei, made.number).version, refusal(code, test_desk.clock.now()))
    return made.number


async def listed(shown: Console) -> ApprovalsScreen:
    await shown.press("g", "a")
    await shown.until_on(ApprovalsScreen)
    screen = shown.app.screen
    assert isinstance(screen, ApprovalsScreen)
    await shown.until(lambda: screen.query_one(DataTable).row_count > 0, "what is waiting")
    return screen


async def opened(shown: Console) -> ProposalScreen:
    await listed(shown)
    await shown.press("enter")
    await shown.until_on(ProposalScreen)
    screen = shown.app.screen
    assert isinstance(screen, ProposalScreen)
    await shown.until_words("Asked:")
    return screen


@pytest.mark.parametrize("size", [NARROW])
async def test_a_supervisor_reads_it_and_approves_with_their_password(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    mei, sara = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sara", Role.SUPERVISOR)
    number = proposed(sqlite_desk, mei)
    async with console(sqlite_desk, sara, size) as shown:
        await opened(shown)
        await shown.until_words(
            "Needs excessive technical measures",
            "proposed by mei",
            "needs supervisor",
            "Nothing has changed",
            "Answer to your request",
        )
        await shown.press("y")
        await shown.until_on(PasswordDialog)
        await shown.type(PASSWORD)
        assert PASSWORD not in shown.drawn()
        await shown.press("enter")
        await shown.until_on(ApprovalsScreen)
        await shown.until(lambda: f"#{number} was decided." in shown.notice)
        await shown.until_words("No proposals are waiting for approval.")
    assert reload(mei, number).state is TicketState.CLOSED
    assert len(recorded(sqlite_desk.desk, Action.DECISION_MADE)) == 1


async def test_a_wrong_password_approves_nothing_and_is_asked_again(sqlite_desk: TestDesk) -> None:
    mei, sara = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sara", Role.SUPERVISOR)
    number = proposed(sqlite_desk, mei)
    async with console(sqlite_desk, sara) as shown:
        await opened(shown)
        await shown.press("y")
        await shown.until_on(PasswordDialog)
        await shown.type("not my password")
        await shown.press("enter")
        await shown.until(lambda: bool(recorded(sqlite_desk.desk, Action.DECISION_REFUSED)), "the refusal")
        await shown.until_words("Wrong password.")
        # asked again at once: what is typed next must not run as commands of the screen behind
        await shown.until_on(PasswordDialog)
        await shown.press("escape")
        await shown.until_on(ProposalScreen)
        assert "password" in shown.notice.lower()
    assert reload(mei, number).state is TicketState.IN_APPROVAL


async def test_one_s_own_proposal_is_refused_without_asking_for_the_password(sqlite_desk: TestDesk) -> None:
    """ASVS 2.3.5."""
    mei = person(sqlite_desk, "mei", Role.AGENT, Role.SUPERVISOR)
    proposed(sqlite_desk, mei)
    async with console(sqlite_desk, mei) as shown:
        await opened(shown)
        await shown.until_words("proposed by you")
        await shown.press("y")
        await shown.until(lambda: "You made this proposal" in shown.notice)
    assert [one.reason for one in recorded(sqlite_desk.desk, Action.DECISION_REFUSED)] == ["own_proposal"]


async def test_it_goes_back_with_a_reason(sqlite_desk: TestDesk) -> None:
    mei, sara = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sara", Role.SUPERVISOR)
    number = proposed(sqlite_desk, mei)
    async with console(sqlite_desk, sara) as shown:
        await opened(shown)
        await shown.press("r")
        await shown.until_on(WordsDialog)
        await shown.type("name the estimate")
        await shown.press("ctrl+s")
        await shown.until_on(ApprovalsScreen)
        await shown.until(lambda: "was returned" in shown.notice)
    assert reload(mei, number).state is TicketState.VERIFIED


async def test_the_proposer_learns_why_it_came_back(sqlite_desk: TestDesk) -> None:
    from cs_console.decisions.approval import return_proposal
    from cs_console.decisions.approval import waiting as waiting_now
    from screens.decisions.decision import DecisionScreen

    mei, sara = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sara", Role.SUPERVISOR)
    number = proposed(sqlite_desk, mei)
    return_proposal(sara, waiting_now(sara).rows[0].decision_id, "name the estimate")
    async with console(sqlite_desk, mei) as shown:
        await shown.open(DecisionScreen(number))
        await shown.until(lambda: "Returned: name the estimate" in shown.notice)


async def test_the_proposer_withdraws_it_after_being_asked_once(sqlite_desk: TestDesk) -> None:
    mei = person(sqlite_desk, "mei", Role.AGENT)
    number = proposed(sqlite_desk, mei)
    async with console(sqlite_desk, mei) as shown:
        await opened(shown)
        await shown.press("w")
        await shown.until_on(ChoiceDialog)
        await shown.press("escape")
        await shown.until_on(ProposalScreen)
        assert reload(mei, number).state is TicketState.IN_APPROVAL
        await shown.press("w")
        await shown.until_on(ChoiceDialog)
        await shown.press("down", "enter")
        await shown.until_on(ApprovalsScreen)
        await shown.until(lambda: "withdrawn" in shown.notice)
    assert reload(mei, number).state is TicketState.VERIFIED


@pytest.mark.parametrize("code", ["S1", "S2", "S3"])
async def test_under_legal_review_a_supervisor_sees_the_same_whichever_ground_it_is(
    sqlite_desk: TestDesk, code: str
) -> None:
    mei, sara = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sara", Role.SUPERVISOR)
    proposed(sqlite_desk, mei, code)
    async with console(sqlite_desk, sara, (120, 34)) as shown:
        await listed(shown)
        listed_words = shown.drawn()
        await shown.press("enter")
        await shown.until_words("legal review")
        for ground in ("S1", "S2", "S3", "security", "criminal", "public safety"):
            assert ground not in listed_words + shown.words()


async def test_the_sign_that_somebody_is_needed_counts_only_others(sqlite_desk: TestDesk) -> None:
    mei = person(sqlite_desk, "mei", Role.AGENT, Role.SUPERVISOR)
    proposed(sqlite_desk, mei)
    async with console(sqlite_desk, mei) as shown:
        await listed(shown)
        await shown.until_words("1 proposal is waiting; 0 for you.")


async def test_a_list_that_is_longer_says_that_the_oldest_are_shown(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei, sara = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sara", Role.SUPERVISOR)
    numbers = []
    for _ in range(3):
        numbers.append(f"#{proposed(sqlite_desk, mei)}")
        sqlite_desk.clock.forward(minutes=1)
    monkeypatch.setattr("cs_console.decisions.approval_queue.MOST", 2)
    async with console(sqlite_desk, sara) as shown:
        screen = ApprovalsScreen()
        await shown.open(screen)
        await shown.until_words("Over 2 proposals are waiting; 2 for you. The 2 oldest are shown.")
        assert [number in shown.drawn() for number in numbers] == [True, True, False]
        monkeypatch.setattr("cs_console.decisions.approval_queue.MOST", 3)
        screen.action_reload()
        await shown.until_words("3 proposals are waiting; 3 for you.")
        assert "oldest" not in shown.words()


async def test_both_places_of_a_two_person_ground_and_what_changed_since_are_told(sqlite_desk: TestDesk) -> None:
    mei, sara = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sara", Role.SUPERVISOR)
    omar = person(sqlite_desk, "omar", Role.SUPERVISOR)
    number = proposed(sqlite_desk, mei, "S4")
    [waits] = waiting(sara).rows
    approve(omar, waits.decision_id, PASSWORD)
    sqlite_desk.clock.forward(minutes=12)
    add_note(mei, number, reload(mei, number).version, "They called again.")
    pia = person(sqlite_desk, "pia", Role.PRIVACY_OFFICER)
    for size in SIZES:
        async with console(sqlite_desk, pia, size) as shown:
            await listed(shown)
            await shown.until(lambda shown=shown: "12 min" in shown.drawn())  # type: ignore[misc]  # mypy sees no default
            assert shown.app.screen.query_one(DataTable).max_scroll_x == 0  # what is cut off says so
            await shown.press("enter")
            await shown.until_on(ProposalScreen)
            await shown.until_words("needs supervisor and privacy officer; approved by omar, still privacy officer")
            await shown.until_words("12 min ago", "Since the proposal:", "1 note written")


async def test_withdrawing_is_offered_on_one_s_own_proposals_only(sqlite_desk: TestDesk) -> None:
    mei, sara = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sara", Role.SUPERVISOR)
    proposed(sqlite_desk, mei)
    async with console(sqlite_desk, sara) as shown:
        await opened(shown)
        assert "Withdraw" not in shown.offered()
        await shown.press("w")
        assert isinstance(shown.app.screen, ProposalScreen)
    async with console(sqlite_desk, mei) as shown:
        await opened(shown)
        assert "Withdraw" in shown.offered()


async def test_whose_yes_is_not_asked_for_is_told_so_before_any_password(sqlite_desk: TestDesk) -> None:
    mei, pia = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "pia", Role.PRIVACY_OFFICER)
    proposed(sqlite_desk, mei)
    async with console(sqlite_desk, pia) as shown:
        screen = await opened(shown)
        await shown.press("y")
        await shown.until(lambda: "This still needs approval by a supervisor." in shown.notice)
        assert shown.app.screen is screen
    [entry] = recorded(sqlite_desk.desk, Action.DECISION_REFUSED)
    assert (entry.actor, entry.reason) == ("pia", "role_required")


async def test_the_queue_is_reached_whatever_was_open_there_and_by_escape(sqlite_desk: TestDesk) -> None:
    mei = person(sqlite_desk, "mei", Role.AGENT)
    number = make_ticket(sqlite_desk, assignee=mei).number
    async with console(sqlite_desk, mei) as shown:
        await shown.open(TicketScreen(number))
        for keys in (("g", "q"), ("escape",)):
            await shown.press("g", "a")
            await shown.until_on(ApprovalsScreen)
            await shown.press(*keys)
            await shown.until_on(QueueScreen)


@pytest.mark.parametrize("size", [WIDE, (200, 50)])
async def test_the_notice_is_beside_the_findings_where_there_is_room(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    proposed(sqlite_desk, mei)
    async with console(sqlite_desk, sqlite_desk.session("sara", Role.SUPERVISOR), size) as shown:
        await listed(shown)
        await shown.press("enter")
        await shown.until_words("Asked:", "Answer to your request")
        facts, letter = (shown.app.screen.query_one(part).region for part in ("#facts", "#letter"))
        assert (letter.y == facts.y and letter.x > facts.right) is (size[0] >= BESIDE)
        assert facts.width <= 88


@pytest.mark.parametrize("size", [(60, 16), NARROW])
async def test_the_proposal_under_the_cursor_is_told_whole_where_its_columns_are_cut(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    proposed(sqlite_desk, mei)
    for session, follows in (
        (sqlite_desk.session("sara", Role.SUPERVISOR), "You may read and approve it"),
        (mei, "You can withdraw it."),
    ):
        async with console(sqlite_desk, session, size) as shown:
            await listed(shown)
            await shown.until(lambda follows=follows: follows in shown.drawn())  # type: ignore[misc]
            table, below = shown.drawn().split("Because", 1)
            assert "Needs excessive technical measures" not in table
            assert "Needs excessive technical measures" in below
