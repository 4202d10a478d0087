"""Quoted history and signatures on the ticket's screen: one line each, shown and folded again by one key."""

import pytest

from models.enums import TicketKind
from models.roles import Role
from screens.ticket.conversation import Conversation
from tests.support.consoles import SIZES, Console, console, words_of
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket

QUOTED = "\n".join(f"> line {number} of the letter before" for number in range(1, 12))
LETTER = (
    f"The lamp came broken.\n\nKind regards,\nOla Berg\nHead of Lamps\nLamps Ltd\nTel. 5\n\n"
    f"On 3 May 2026, HautHome wrote:\n{QUOTED}\n"
)


def shown(screen: Console) -> str:
    """The words of the conversation as they are shown."""
    return words_of(screen.app.screen.query_one(Conversation))


@pytest.mark.parametrize("size", [*SIZES, (60, 16)])
async def test_one_key_shows_what_a_letter_repeats_and_folds_it_again(
    sqlite_desk: TestDesk, size: tuple[int, int]
) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, kind=TicketKind.APPEAL, assignee=mei, text=LETTER)
    async with console(sqlite_desk, mei, size) as screen:
        await screen.open_ticket(made.number)
        await screen.until(lambda: "The lamp came broken." in shown(screen), "the letter")
        assert "▸ 12 earlier lines   q shows them" in shown(screen)
        assert "▸ 3 lines of signature   q shows them" in shown(screen)
        assert "line 7 of" not in shown(screen)
        assert "Head of Lamps" not in shown(screen)
        assert "Ola Berg" in shown(screen)

        await screen.press("q")
        await screen.until(lambda: "line 7 of the letter before" in shown(screen), "the earlier lines")
        assert "▾ 12 earlier lines   q hides them" in shown(screen)
        assert "Head of Lamps" in shown(screen)
        assert "q shows them" not in shown(screen)

        await screen.press("q")
        await screen.until(lambda: "line 7 of" not in shown(screen), "the lines folded again")
        await screen.press("q")
        every = [line for line in shown(screen).split("\n")[1:] if line and not line.startswith("▾")]
        assert every == [line for line in LETTER.split("\n") if line]


async def test_where_nothing_is_folded_the_key_says_so(sqlite_desk: TestDesk) -> None:
    mei = sqlite_desk.session("mei", Role.AGENT)
    made = make_ticket(sqlite_desk, kind=TicketKind.APPEAL, assignee=mei, text="Only new words.")
    async with console(sqlite_desk, mei) as screen:
        await screen.open_ticket(made.number)
        await screen.press("q")
        await screen.until_words("Nothing is folded here")
