"""What came in since an agent looked is set apart by a rule, also where the ticket was left open."""

from cs_console.casework.conversation import add_note, open_ticket
from models.roles import Role
from tests.support.answers import write
from tests.support.consoles import NARROW, WIDE, Console, console
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket

RULE = "new since you looked"


def below_the_rule(shown: Console) -> str:
    return shown.words().partition(RULE)[2]


async def test_the_rule_is_above_what_came_in_since_the_agent_looked(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    number = make_ticket(sqlite_desk, assignee=mei, text="My first letter.").number
    async with console(sqlite_desk, mei, NARROW) as shown:
        await shown.open_ticket(number)
        await shown.until_words("My first letter.")
        assert RULE not in shown.words()  # all of it is new
        await shown.press("escape")
        sqlite_desk.clock.forward(seconds=60)
        write(sqlite_desk, number, "My second letter.")
        sqlite_desk.clock.forward(seconds=60)
        await shown.open_ticket(number)
        await shown.until_words(RULE, "My second letter.")
        assert "My second letter." in below_the_rule(shown)
        assert "My first letter." not in below_the_rule(shown)
        assert any(RULE in line and line.rstrip().endswith("─") for line in shown.drawn().splitlines())
        await shown.press("f5")
        await shown.pilot.pause()
        assert RULE in shown.words()  # it is still the same looking
        await shown.press("escape")
        sqlite_desk.clock.forward(seconds=60)
        await shown.open_ticket(number)
        await shown.until_words("My second letter.")
        assert RULE not in shown.words()


async def test_a_message_that_comes_in_while_the_ticket_is_open_is_new(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    number = make_ticket(sqlite_desk, assignee=mei).number
    async with console(sqlite_desk, mei, WIDE) as shown:
        await shown.open_ticket(number)
        sqlite_desk.clock.forward(seconds=60)
        write(sqlite_desk, number, "One thing more.")
        await shown.press("f5")
        await shown.until_words(RULE)
        assert "One thing more." in below_the_rule(shown)


async def test_what_the_agent_wrote_is_not_new_and_what_colleagues_write_is(sqlite_desk: TestDesk) -> None:
    mei, ben = sqlite_desk.session("mei", Role.AGENT), sqlite_desk.session("ben", Role.AGENT)
    number = make_ticket(sqlite_desk, assignee=mei).number
    version = open_ticket(mei, number).version
    sqlite_desk.clock.forward(seconds=60)
    add_note(mei, number, version, "A note of my own.")
    async with console(sqlite_desk, mei, WIDE) as shown:
        await shown.open_ticket(number)
        await shown.until_words("A note of my own.")
        assert RULE not in shown.words()
        open_ticket(ben, number)  # that a colleague looked changes nothing
        sqlite_desk.clock.forward(seconds=60)
        add_note(ben, number, version, "A note of ben's.")
        await shown.press("f5")
        await shown.until_words(RULE, "A note of ben's.")
        assert "A note of ben's." in below_the_rule(shown)
        assert "A note of my own." not in below_the_rule(shown)
