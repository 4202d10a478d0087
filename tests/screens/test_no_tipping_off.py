"""What everybody but privacy officers sees of a decision under legal review, drawn and compared cell by cell.

Five desks differ in nothing but the ground. Ids come from a counter, so that nothing on a screen is random but the
pseudonyms in the log, which are keyed by the requester's own key.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from cs_console.decisions import approval
from cs_console.desk import DeskSession
from models.enums import Role
from screens.access_log.access_log import AccessLogScreen
from screens.access_log.log_entry import EntryDialog
from screens.decisions.approval import ProposalScreen
from screens.decisions.approvals import ApprovalsScreen
from screens.decisions.decision import DecisionScreen
from screens.ticket.ticket import TicketScreen
from tests.decisions.cases import PASSWORD, answered, ground, person, propose, refusal, request
from tests.support.consoles import SIZES, Console, console
from tests.support.desk import TestDesk, make_desk

CODES = ("S1", "S2", "S3", "S5", "S6")
PSEUDONYM = re.compile(r"\b[0-9a-f]{16}\b")
SIZE = re.compile(r"(?<=log ✓ )\d+ *|\d+(?= entries)")
"""How long the log is depends on which of two readers of it was first; tests/decisions compares the entries."""


@pytest.fixture
def counted_ids(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Ids from a counter; calling the result restarts it, so that each desk gets the same ids in the same order."""
    at = iter(range(1))

    def start() -> None:
        nonlocal at
        at = iter(range(1, 2**30))

    monkeypatch.setattr("models.columns.uuid4", lambda: UUID(int=next(at) << 64))
    start()
    return start


class Review:
    """One desk with one rights request that is refused under legal review."""

    def __init__(self, home: Path, code: str) -> None:
        self.desk: TestDesk = make_desk(home)
        self.code = code
        self.mei = person(self.desk, "mei", Role.AGENT)
        self.ben = person(self.desk, "ben", Role.AGENT, Role.VERIFIER)
        self.sue = person(self.desk, "sue", Role.SUPERVISOR)
        self.sam = person(self.desk, "sam", Role.SUPERVISOR)
        self.root = person(self.desk, "root", Role.ADMIN)
        self.pia = person(self.desk, "pia", Role.PRIVACY_OFFICER)
        self.number = request(self.desk, self.mei).number
        self.decision_id = self._propose()

    def _propose(self) -> str:
        proposal = refusal(self.code, self.desk.clock.now())
        if self.code == "S1":
            proposal = answered(proposal, "authority", "Office for 国家安全, order 44/2026. " * 40)
        proposal = replace(proposal, neutral=self.code in {"S5", "S6"})
        return propose(self.mei, self.number, 1, proposal).decision_id

    def decide(self) -> None:
        for session in (self.sue, self.pia):
            approval.approve(session, self.decision_id, PASSWORD)


@pytest.fixture
def reviews(tmp_path: Path, counted_ids: Callable[[], None]) -> Iterator[Callable[[], Iterator[Review]]]:
    """The five desks, one after the other."""
    made: list[Review] = []

    def each() -> Iterator[Review]:
        for code in CODES:
            counted_ids()
            made.append(Review(tmp_path / code, code))
            yield made[-1]

    yield each
    for one in made:
        one.desk.desk.close()


def drawn(shown: Console) -> list[list[tuple[str, str]]]:
    """Every cell of the screen with its style; pseudonyms and the log's length blotted out, the header unaligned."""
    strips = shown.app.screen._compositor.render_strips()
    lines = [
        [(SIZE.sub("#", PSEUDONYM.sub("0" * 16, part.text)), str(part.style)) for part in strip] for strip in strips
    ]
    return [[(re.sub(" +", " ", text), style) for text, style in lines[0]], *lines[1:]]


async def settled(shown: Console) -> list[list[tuple[str, str]]]:
    """What is drawn once nothing changes any more."""
    last: list[list[tuple[str, str]]] = []
    same = 0
    for _ in range(1500):
        await shown.pilot.pause()
        await asyncio.sleep(0.02)  # workers answer in threads; the condition is that the picture rests
        now = drawn(shown)
        same = same + 1 if now == last else 0
        last = now
        if same >= 5 and not shown.app.workers._workers and words(now).strip():  # a new screen is blank at first
            return now
    raise AssertionError(f"never at rest:\n{shown.words()}")


def words(picture: list[list[tuple[str, str]]]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in picture)


async def walk(review: Review, session: DeskSession, size: tuple[int, int], *, decided: bool) -> dict[str, object]:
    """Every screen on which this person could learn something, in turn."""
    seen: dict[str, object] = {}
    async with console(review.desk, session, size) as shown:
        seen["first"] = await settled(shown)
        if not session.agent.has(Role.ADMIN):
            ticket = TicketScreen(review.number)
            await shown.open(ticket)
            await shown.until(lambda: ticket.view is not None)
            seen["ticket"] = await settled(shown)
            if size[0] < 100:  # one pane at a time
                await shown.press("tab")
                await shown.until_words("Decision")
                seen["about"] = await settled(shown)
            if session.agent.name == "mei":
                await shown.open(DecisionScreen(review.number))
                await shown.until_words("legal review")
                seen["decision"] = await settled(shown)
            await shown.open(ApprovalsScreen())
            await shown.until_words("wait")
            seen["approvals"] = await settled(shown)
        if not decided and session.agent.name in {"mei", "sue", "sam"}:
            await shown.open(ProposalScreen(review.decision_id))
            await shown.until_words("Asked:")
            seen["proposal"] = await settled(shown)
        if session.agent.has(Role.SUPERVISOR):
            await shown.open(AccessLogScreen())
            await shown.until(lambda: "decision.proposed" in shown.drawn())
            seen["log"] = await settled(shown)
            await shown.press("enter")
            await shown.until_on(EntryDialog)
            await shown.until(lambda: "esc back" in shown.drawn())
            seen["entry"] = await settled(shown)
    return seen


@pytest.mark.timeout(400)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("decided", [False, True])
@pytest.mark.parametrize("name", ["mei", "ben", "sue", "sam", "root"])
async def test_every_screen_is_the_same_whichever_ground_it_is(
    reviews: Callable[[], Iterator[Review]], size: tuple[int, int], name: str, decided: bool
) -> None:
    first: dict[str, object] = {}
    for review in reviews():
        if decided:
            review.decide()
        seen = await walk(review, getattr(review, name), size, decided=decided)
        first = first or seen
        assert set(seen) == set(first)
        for place, picture in seen.items():
            assert picture == first[place], f"{place} differs under {review.code}"
        text = "\n".join(words(picture) for picture in seen.values())  # type: ignore[arg-type]  # pictures
        for told in (ground(review.code).title, ground(review.code).plain_words, "order 44"):
            assert told not in text
        if "proposal" in seen or "decision" in seen:
            assert "legal review" in text
