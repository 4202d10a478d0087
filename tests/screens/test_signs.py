"""The table of signs: what stands in a cell is a cell wide, and plain writing can be read by any terminal."""

from collections.abc import Iterator

import pytest
from rich.cells import cell_len

from cs_console.errors import BadSettings
from cs_console.settings import load
from models.enums import TicketKind, TicketState
from models.roles import Role
from screens.widgets.signs import OF_KIND, OF_STATE, Sign, before, room_for, use_signs
from tests.support.consoles import console
from tests.support.desk import TestDesk


@pytest.fixture(autouse=True)
def _drawn_again() -> Iterator[None]:
    yield
    use_signs("drawn")


@pytest.mark.parametrize("sign", Sign)
def test_a_sign_is_one_cell_wide_and_its_plain_word_is_ascii(sign: Sign) -> None:
    assert cell_len(str(sign)) == (2 if sign is Sign.URGENT else 1)
    use_signs("plain")
    assert str(sign).isascii()


def test_every_kind_and_state_has_a_sign_of_its_own() -> None:
    assert OF_KIND.keys() == set(TicketKind) and OF_STATE.keys() == set(TicketState)
    for table in (OF_KIND, OF_STATE):
        assert len({str(sign) for sign in table.values()}) == len(table)
    use_signs("plain")
    assert len({str(sign) for sign in OF_KIND.values()}) == len(OF_KIND)


def test_a_state_in_plain_writing_is_its_word_alone() -> None:
    assert before(Sign.WAITING, "waiting") == "… waiting"
    assert room_for(Sign.VIEW, Sign.REFUSED) == 1
    use_signs("plain")
    assert before(Sign.WAITING, "waiting") == "waiting"
    assert room_for(Sign.VIEW, Sign.REFUSED) == 4


async def test_the_setting_chooses_for_the_console(sqlite_desk: TestDesk) -> None:
    desk = sqlite_desk.desk
    desk.settings = desk.settings.model_copy(update={"signs": "plain"})
    async with console(sqlite_desk, sqlite_desk.session("mei", Role.AGENT)) as shown:
        await shown.until_words("Mine: no tickets.")
        shown.app.screen.say("Saved.")  # type: ignore[attr-defined]  # it is the queue
        await shown.until(lambda: "- Saved." in shown.drawn(), "a notice")


def test_an_unknown_way_to_draw_is_refused(sqlite_desk: TestDesk) -> None:
    with pytest.raises(BadSettings, match="CS_CONSOLE_SIGNS"):
        load(sqlite_desk.desk.settings.home, {"CS_CONSOLE_SIGNS": "pretty"})
