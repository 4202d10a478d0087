"""What everybody but privacy officers sees of a decision under legal review, drawn and compared cell by cell.

Five desks differ in nothing but the ground. Ids come from a counter, so that nothing on a screen is random but the
pseudonyms in the log, which are keyed by the requester's own key.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from textual.screen import Screen
from textual.strip import Strip

from cs_console.decisions import approval
from cs_console.desk import DeskSession
from models.roles import Role
from screens.access_log.access_log import AccessLogScreen
from screens.access_log.log_entry import EntryDialog
from screens.decisions.approval import ProposalScreen
from screens.decisions.approvals import ApprovalsScreen
from screens.decisions.decision import DecisionScreen
from screens.queue import reading
from screens.queue.queue import QueueScreen
from screens.queue.reading_pane import ReadingPane
from screens.queue.ticket_table import TicketTable
from screens.ticket.ticket import TicketScreen
from tests.decisions.cases import PASSWORD, answered, ground, person, propose, refusal, request
from tests.support.consoles import NARROW, PATIENCE_SECONDS, WIDE, Console, console
from tests.support.desk import TestDesk, make_desk

CODES = ("S1", "S2", "S3", "S5", "S6")
PSEUDONYM = re.compile(r"\b[0-9a-f]{16}\b")
Picture = list[list[tuple[str, str]]]
"""Every cell, by lines of words of one style."""
Place = tuple[str, str, tuple[int, int]]
"""Who looks, at which screen, at which size."""
SIZE = re.compile(r"\d+(?= entries)")
"""How long the log is depends on which of two readers of it was first; tests/decisions compares the entries."""


@pytest.fixture(autouse=True)
def _one_alias(monkeypatch: pytest.MonkeyPatch) -> None:
    """An alias comes from a random key, and lines wrap by its length."""
    for module in ("access_log.review", "casework.preview", "casework.ticket_view"):
        monkeypatch.setattr(f"cs_console.{module}.alias_of", lambda _pseudonym: "quiet otter 417")


@pytest.fixture(autouse=True)
def _nothing_counts_as_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long each picture takes is no part of what is compared."""
    monkeypatch.setattr(reading, "READ_SECONDS", 1e9)


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


def pictured(strips: list[Strip]) -> Picture:
    """Every cell of the screen with its style; pseudonyms and the log's length blotted out."""
    return [
        [(SIZE.sub("#", PSEUDONYM.sub("0" * 16, part.text)), str(part.style)) for part in strip] for strip in strips
    ]


async def settled(shown: Console) -> Picture:
    """What is drawn once nothing changes any more."""
    last: list[Strip] = []
    give_up = monotonic() + PATIENCE_SECONDS
    while monotonic() < give_up:
        await shown.pilot.pause()
        if shown.app.workers._workers or is_reading(shown):
            continue
        now = shown.app.screen._compositor.render_strips()
        if now == last and any(line.text.strip() for line in now):  # a new screen is blank at first
            return pictured(now)
        last = now
    raise AssertionError(f"never at rest:\n{shown.words()}")


def is_reading(shown: Console) -> bool:
    """Whether the queue's reading pane still waits for what it shows of the ticket under the cursor."""
    screen = shown.app.screen
    if not isinstance(screen, QueueScreen):
        return False
    pane, row = screen.query_one(ReadingPane), screen.query_one(TicketTable).current
    return pane.ticket != row or (row is not None and pane.seen is None and not pane.remark)


def words(picture: Picture) -> str:
    return "\n".join("".join(text for text, _ in line) for line in picture)


async def walk(review: Review, session: DeskSession, *, decided: bool) -> dict[Place, Picture]:
    """Every screen on which this person could learn something, in turn and at both sizes."""
    seen: dict[Place, Picture] = {}
    name = session.agent.name
    async with console(review.desk, session, NARROW) as shown:

        async def see(place: str) -> None:
            """Picture it at this size, and at the other, which stays."""
            here = NARROW if shown.app.size == NARROW else WIDE
            there = WIDE if here is NARROW else NARROW
            seen[name, place, here] = await settled(shown)
            await shown.pilot.resize_terminal(*there)
            seen[name, place, there] = await settled(shown)

        async def go_on(screen: Screen[Any]) -> None:
            """In place of the screen before, which would be laid out at each size as well."""
            shown.app.switch_screen(screen)
            await shown.until_on(type(screen))

        await see("first")
        if not session.agent.has(Role.ADMIN):
            ticket = TicketScreen(review.number)
            await shown.open(ticket)
            await shown.until(lambda: ticket.view is not None)
            await see("ticket")
            await shown.press("tab")  # it is narrow again: one pane at a time
            await shown.until_words("Decision")
            seen[name, "about", NARROW] = await settled(shown)
            if name == "mei":
                await go_on(DecisionScreen(review.number))
                await shown.until_words("legal review")
                await see("decision")
            await go_on(ApprovalsScreen())
            await shown.until_words("wait")
            await see("approvals")
        if not decided and name in {"mei", "sue"}:
            await go_on(ProposalScreen(review.decision_id))
            await shown.until_words("Asked:")
            await see("proposal")
        if session.agent.has(Role.SUPERVISOR):
            await go_on(AccessLogScreen())
            await shown.until(lambda: "proposed a decision" in shown.drawn())
            await see("log")
            await shown.press("enter")
            await shown.until_on(EntryDialog)
            await shown.until(lambda: "esc back" in shown.drawn())
            await see("entry")
    return seen


@pytest.mark.timeout(400)
@pytest.mark.parametrize("decided", [False, True])
async def test_every_screen_is_the_same_whichever_ground_it_is(
    tmp_path: Path, counted_ids: Callable[[], None], decided: bool
) -> None:
    first: dict[Place, Picture] = {}
    for code in CODES:
        counted_ids()
        review = Review(tmp_path / code, code)
        if decided:
            review.decide()
        seen: dict[Place, Picture] = {}
        # until one of the two supervisors approves, nothing tells them apart
        for session in (review.mei, review.ben, review.sue, *([review.sam] if decided else []), review.root):
            seen |= await walk(review, session, decided=decided)
        review.desk.desk.close()
        first = first or seen
        assert set(seen) == set(first)
        for place, picture in seen.items():
            assert picture == first[place], f"{place} differs under {code}"
            for told in (ground(code).title, ground(code).plain_words, "order 44"):
                assert told not in words(picture)
        for name in {name for name, place, _ in seen if place in {"proposal", "decision"}}:
            assert any("legal review" in words(picture) for (who, *_), picture in seen.items() if who == name)
