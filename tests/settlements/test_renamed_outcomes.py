"""An outcome whose code was renamed keeps its title and effect: in what is stored, and in a desk's own older pack."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from cs_console.casework.conversation import open_ticket
from cs_console.policy.loader import SHIPPED, load_pack
from cs_console.settlements.settled import last_settlement
from cs_console.settlements.settling import preview_letter
from cs_console.settlements.settling_needs import still_needed
from cs_console.settlements.settling_rules import Settling
from models.enums import TicketKind
from tests.decisions.cases import pack
from tests.settlements.settlements import Refused, about, end, refused, settlements, settling
from tests.support.desk import TestDesk

OLDER = json.loads((Path(__file__).parents[1] / "data" / "older_desks.json").read_text(encoding="utf-8"))["outcome"]
"""The code as older desks stored it."""
NOW = "again"
TITLE = "Founded, and decided again"


def use_pack(test_desk: TestDesk, *, older: bool) -> None:
    """Give the desk a pack of its own with the older code, under the name of the shipped one; or take it away."""
    name = pack().meta.name
    own = test_desk.desk.settings.home / "packs" / f"{name}.toml"
    if older:
        text, times = re.subn(rf"\.outcomes\.{NOW}\]", f".outcomes.{OLDER}]", (SHIPPED / own.name).read_text("utf-8"))
        assert times == 2  # in the pack's own language, and in Chinese
        own.parent.mkdir(exist_ok=True)
        own.write_text(text, "utf-8")
    else:
        own.unlink()
    test_desk.desk.packs._read.clear()  # as a console that is started again


def again(code: str) -> Settling:
    """A complete settlement of a complaint with that code for what is decided again."""
    return replace(settling(TicketKind.COMPLAINT, NOW), outcome=code)


def settled(test_desk: TestDesk, code: str) -> tuple[Refused, int]:
    """A complaint about a refused request that was settled under the pack in use, so that it is decided again."""
    case = refused(test_desk)
    number = about(test_desk, case, TicketKind.COMPLAINT, case.pia)
    test_desk.clock.forward(minutes=1)
    done = end(test_desk, case.pia, number, again(code))
    assert done.reopened == case.number
    return case, number


def is_told_as_ever(case: Refused, number: int) -> None:
    assert open_ticket(case.pia, number).settled_words.startswith(f"{TITLE}, ")
    view = last_settlement(case.pia, number)
    assert view is not None
    assert view.title == TITLE
    assert view.lines[0] == "What is the complaint about? How we work in general"
    words = open_ticket(case.pia, case.number).decision_words
    assert words == f"refuse, made; set aside by #{number}, to be decided again by others"


def test_a_settlement_that_an_older_desk_stored_reads_and_counts_as_before(test_desk: TestDesk) -> None:
    use_pack(test_desk, older=True)
    case, number = settled(test_desk, OLDER)
    [stored] = settlements(test_desk, number)
    assert stored.outcome == OLDER
    use_pack(test_desk, older=False)
    is_told_as_ever(case, number)


def test_an_older_pack_of_the_desk_goes_on_with_its_own_code(test_desk: TestDesk) -> None:
    use_pack(test_desk, older=True)
    case = refused(test_desk)
    number = about(test_desk, case, TicketKind.COMPLAINT, case.pia)
    assert OLDER in still_needed(case.pia, number).by_outcome
    assert "is dealt with again by other people" in preview_letter(case.pia, number, again(OLDER))
    test_desk.clock.forward(minutes=1)
    assert end(test_desk, case.pia, number, again(OLDER)).reopened == case.number
    is_told_as_ever(case, number)


def test_a_settlement_of_today_reads_and_counts_under_an_older_pack(test_desk: TestDesk) -> None:
    """A supervisor can move a ticket to another pack after it was settled."""
    case, number = settled(test_desk, NOW)
    use_pack(test_desk, older=True)
    is_told_as_ever(case, number)


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.toml")), ids=lambda file: file.stem)
def test_the_shipped_packs_use_the_code_of_today(file: Path) -> None:
    rules = load_pack(file).kinds[TicketKind.COMPLAINT].workflow
    assert rules is not None
    assert OLDER not in rules.outcomes
    assert rules.outcome_key(OLDER) == NOW
    assert rules.outcome(OLDER) is rules.outcomes[NOW]
    assert rules.outcome_key("partly") == "partly"
    assert rules.outcome_key("no such code") is None
