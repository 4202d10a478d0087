"""What takes two people becomes nothing else by one: not even what takes two people as well."""

import pytest

from cs_console.casework.workflow import set_kind
from cs_console.errors import SecondPersonNeeded, WrongState
from cs_console.settlements.settling import settle
from models.enums import Action, TicketKind
from models.roles import Role
from tests.decisions.cases import person
from tests.settlements.settlements import settling
from tests.support.consoles import console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import ticket_of
from tests.support.tickets import make_ticket
from tests.support.two_people import by_two

TWO = (TicketKind.RIGHTS, TicketKind.APPEAL, TicketKind.COMPLAINT)


@pytest.mark.parametrize("verified", [False, True], ids=["unverified", "verified"])
@pytest.mark.parametrize("after", list(TicketKind))
@pytest.mark.parametrize("before", TWO)
def test_one_person_never_turns_what_takes_two(
    sqlite_desk: TestDesk, before: TicketKind, after: TicketKind, verified: bool
) -> None:
    if after is before:
        return
    mei = person(sqlite_desk, "mei", Role.AGENT, Role.SUPERVISOR)
    sue = person(sqlite_desk, "sue", Role.SUPERVISOR)
    number = make_ticket(sqlite_desk, kind=before, verified=verified, assignee=mei).number
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            set_kind(mei, number, 1, after)
    assert ticket_of(sqlite_desk, number).kind == before
    assert [one.actor for one in recorded(sqlite_desk.desk, Action.ENDING_ASKED)] == ["mei", "mei"]
    set_kind(sue, number, 1, after)
    assert ticket_of(sqlite_desk, number).kind == after


def test_a_rights_request_is_not_ended_as_an_appeal_by_one_person(sqlite_desk: TestDesk) -> None:
    mei = person(sqlite_desk, "mei", Role.AGENT)
    number = make_ticket(sqlite_desk, kind=TicketKind.RIGHTS, assignee=mei).number
    with pytest.raises(SecondPersonNeeded):
        set_kind(mei, number, 1, TicketKind.APPEAL)
    with pytest.raises(WrongState):
        settle(mei, number, 1, settling(TicketKind.APPEAL))


def test_a_complaint_about_an_agent_is_not_made_their_own_appeal_to_settle(sqlite_desk: TestDesk) -> None:
    mei, sue = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "sue", Role.SUPERVISOR)
    number = make_ticket(sqlite_desk, kind=TicketKind.COMPLAINT, assignee=mei).number
    by_two(
        lambda: set_kind(mei, number, 1, TicketKind.APPEAL),
        lambda: set_kind(sue, number, 1, TicketKind.APPEAL),
    )
    assert ticket_of(sqlite_desk, number).kind == TicketKind.APPEAL


async def test_the_screen_says_that_it_waits_for_a_second_person(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, kind=TicketKind.RIGHTS, assignee=mei)
    async with console(sqlite_desk, mei) as shown:
        await shown.open_ticket(made.number)
        await shown.press("t")
        await shown.until_words("What kind of ticket is #")
        await shown.press("enter")
        await shown.until(lambda: "on record" in shown.notice and "confirm it with t" in shown.notice)
