"""What each role is offered: footer, palette, help and keys name what this account can use, and nothing else."""

from collections.abc import Callable

import pytest

from cs_console.access_log import review
from cs_console.casework import contacts, workflow
from cs_console.decisions import checklist
from cs_console.desk import DeskSession
from cs_console.errors import NotAllowed
from cs_console.intake.form import FormEntry, open_by_form
from cs_console.verification.codes import send_code
from models.contact_fields import Field
from models.enums import Action, Channel, TicketKind, TicketState
from models.roles import Role
from screens import registry
from screens.frame.go_dialog import GoTo
from screens.frame.help import HelpScreen
from screens.frame.palette import Palette
from screens.queue.queue import QueueScreen
from screens.queue.ticket_table import TicketTable
from screens.ticket.facts import Facts
from screens.ticket.ticket import TicketScreen
from screens.widgets.key_bar import KeyBar
from tests.decisions.cases import grant
from tests.support.consoles import Console, console
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket

pytestmark = pytest.mark.engines("sqlite")  # about screens

AGENT, VERIFIER, SUPERVISOR, OFFICER, ADMIN = Role
QUEUE_FOOTER = {
    AGENT: ["open", "claim", "verify", "filter", "new", "help", "command_palette"],
    VERIFIER: ["open", "verify", "filter", "help", "command_palette"],
    SUPERVISOR: ["open", "verify", "filter", "help", "command_palette"],
    OFFICER: ["open", "filter", "help", "command_palette"],
    ADMIN: ["help", "command_palette"],
}
NOT_IN_THE_TICKET = {
    AGENT: {"hold", "move_policy", "whose"},
    VERIFIER: {"block_sender", "claim", "decide", "contact", "erase", "hold", "move_policy", "send_notice"},
    SUPERVISOR: {"claim", "contact", "hold", "whose"},
    OFFICER: {"claim", "contact", "verify", "move_policy", "whose"},
}
PLACES = {
    AGENT: ["go_queue", "go_approvals", "go_erasures"],
    VERIFIER: ["go_queue"],
    SUPERVISOR: ["go_queue", "go_approvals", "go_erasures", "go_set_aside", "go_log"],
    OFFICER: ["go_queue", "go_approvals", "go_erasures", "go_set_aside", "go_log"],
    ADMIN: ["go_queue"],
}
TICKET_COMMANDS = {
    one.id for one in registry.commands_for("ticket") if "ticket" in one.where and one.id not in {"help", "other_side"}
}


def current(shown: Console) -> int | None:
    row = shown.app.screen.query_one(TicketTable).current
    return None if row is None else row.number


def titles(*ids: str) -> list[str]:
    return [registry.command(one).title for one in ids]


async def in_the_palette(shown: Console) -> set[str]:
    """The titles that the palette lists before a letter is typed."""
    await shown.press("ctrl+p")
    await shown.until_on(Palette)
    await shown.until_words("Lock\n")
    listed = {line for line in shown.words().splitlines() if line.strip()}
    await shown.press("escape")
    return listed


@pytest.mark.parametrize("role", Role)
async def test_on_the_queue_a_role_is_offered_what_it_can_use(sqlite_desk: TestDesk, role: Role) -> None:
    make_ticket(sqlite_desk, state=TicketState.TO_VERIFY)
    here = [one for one in QUEUE_FOOTER[role] if (role, one) != (AGENT, "verify")]  # that is for their own tickets
    async with console(sqlite_desk, sqlite_desk.session("who", role), (120, 34)) as shown:
        await shown.until_on(QueueScreen)
        await shown.press("8")
        await shown.until(lambda: shown.offered() == titles(*here), "the footer")
        listed = await in_the_palette(shown)
        for one in ("claim", "verify", "new", "look_up", "bulk", "filter", *PLACES[SUPERVISOR]):
            offered = one in {*QUEUE_FOOTER[role], *PLACES[role]} or (one in {"look_up", "bulk"} and role is not ADMIN)
            assert (registry.command(one).title in listed) is offered, one
        await shown.until_on(QueueScreen)
        await shown.press("f1")
        await shown.until_on(HelpScreen)
        help_words = shown.words()
        for one in ("claim", "verify", "open", "filter", "new"):
            assert (registry.command(one).help in help_words) is (one in QUEUE_FOOTER[role]), one
        places = ", ".join(f"{place.keys} {place.title.lower()}" for place in map(registry.command, PLACES[role]))
        assert f"Then {places}." in help_words


async def test_the_footer_of_the_queue_is_about_the_ticket_under_the_cursor(sqlite_desk: TestDesk) -> None:
    mei, omar = sqlite_desk.session("mei", AGENT), sqlite_desk.session("omar", AGENT)
    always = ["filter", "new", "help", "command_palette"]
    async with console(sqlite_desk, mei, (120, 34)) as shown:
        await shown.until_words("Mine: no tickets.")
        assert shown.offered() == titles(*always)
        for assignee, state, works in (
            (None, TicketState.OPEN, ["open", "claim"]),
            (mei, TicketState.OPEN, ["open", "verify"]),
            (omar, TicketState.OPEN, ["open"]),
        ):
            number = make_ticket(sqlite_desk, assignee=assignee, state=state).number
            await shown.press("9", "f5", "end")
            await shown.until(lambda at=number: current(shown) == at, "the ticket")  # type: ignore[misc]
            await shown.until(lambda of=works: shown.offered() == titles(*of, *always), "its keys")  # type: ignore[misc]
        await shown.press("slash")
        await shown.until(lambda: shown.offered() == titles("help", "command_palette"), "no letter that would be typed")
        bar = shown.app.screen.query_one(KeyBar)
        assert [sign for sign, _words, _key in bar.shown()] == ["f1", "^p"]
        await shown.press("escape")
        await shown.until(lambda: shown.offered() == titles("open", *always), "the keys again")
        assert "↵ open   / filter" in shown.drawn()


@pytest.mark.parametrize("role", NOT_IN_THE_TICKET)
async def test_on_a_ticket_a_role_is_offered_what_it_can_use(sqlite_desk: TestDesk, role: Role) -> None:
    made, hidden = make_ticket(sqlite_desk), NOT_IN_THE_TICKET[role]
    async with console(sqlite_desk, sqlite_desk.session("who", role), (120, 34)) as shown:
        await shown.open(TicketScreen(made.number))
        await shown.until(lambda: bool(shown.app.screen.query_one(Facts).facts), "the ticket")
        for one in shown.offered():
            assert one not in titles(*hidden)
        lines = {fact.command: fact.remark for fact in shown.app.screen.query_one(Facts).facts}
        for one in lines.keys() & (hidden - {""}):
            assert lines[one] == ""
        listed = await in_the_palette(shown)
        await shown.press("f1")
        await shown.until_on(HelpScreen)
        help_words = shown.words()
        for one in TICKET_COMMANDS:
            command = registry.command(one)
            assert (command.help in help_words) is (one not in hidden), one
            if command.palette:
                assert (command.title in listed) is (one not in hidden), one


@pytest.mark.parametrize("role", Role)
async def test_g_leads_only_to_places_of_the_role(sqlite_desk: TestDesk, role: Role) -> None:
    async with console(sqlite_desk, sqlite_desk.session("who", role)) as shown:
        await shown.until_on(QueueScreen)
        for key, place, mode in (("a", "go_approvals", "approvals"), ("l", "go_log", "log")):
            await shown.press("g")
            await shown.until_on(GoTo)
            assert (registry.command(place).title in shown.words()) is (place in PLACES[role])
            await shown.press(key)
            await shown.until(lambda: not isinstance(shown.app.screen, GoTo), "the reminder to go")
            assert shown.app.current_mode == (mode if place in PLACES[role] else "queue")
            shown.app.go_to("queue")
            await shown.until_on(QueueScreen)


async def test_a_hidden_key_does_nothing(sqlite_desk: TestDesk) -> None:
    made = make_ticket(sqlite_desk)
    async with console(sqlite_desk, sqlite_desk.session("sue", SUPERVISOR)) as shown:
        await shown.open(TicketScreen(made.number))
        await shown.until_words("unassigned")
        await shown.press("c", "e", "s")  # the last one is a supervisor's too
        await shown.until_words(f"Move #{made.number} to which state?")
        assert len(shown.app.screen_stack) == 3
        assert recorded(sqlite_desk.desk, Action.TICKET_CLAIMED) == []


async def test_only_agents_claim_in_bulk(sqlite_desk: TestDesk) -> None:
    make_ticket(sqlite_desk)
    for role, offered in ((AGENT, True), (SUPERVISOR, False)):
        async with console(sqlite_desk, sqlite_desk.session(f"who-{role}", role), (120, 34)) as shown:
            await shown.press("9")
            await shown.until(lambda: shown.app.screen.query_one(TicketTable).row_count == 1, "the ticket")
            await shown.press("x", "X")
            await shown.until_words("Assign to who-agent")
            assert ("Claim 1 ticket" in shown.words()) is offered


@pytest.mark.parametrize("role", Role)
def test_what_is_hidden_is_refused_as_well(test_desk: TestDesk, role: Role) -> None:
    """Screens decide nothing: behind each command stands a service that refuses the roles it is not offered to."""
    session, number = test_desk.session("who", role), make_ticket(test_desk).number
    form = FormEntry(TicketKind.INQUIRY, Channel.CALL, "A call", "About a coupon.")
    behind: dict[str, Callable[[DeskSession], object]] = {
        "claim": lambda session: workflow.claim(session, number),
        "new": lambda session: open_by_form(session, form),
        "contact": lambda session: contacts.change_contact(session, number, None, Field.MOBILE, "+86 138 0013 8000"),
        "propose": lambda session: checklist.preview_notice(session, number, grant("mobile")),
        "verify": lambda session: send_code(session, number, "unknown"),
        "go_log": lambda session: review.entries(session, review.LogFilter(), None, 10),
    }
    for one, act in behind.items():
        if not registry.command(one).open_to(frozenset({role})):
            with pytest.raises(NotAllowed, match=r"Only an? "):
                act(session)
