"""A team at human pace on PostgreSQL beside one agent alone: how long a claim and a reveal take.

Each agent takes a ticket, opens it, reveals the mobile, ends the view and takes the next, an act every two seconds.
"""

import heapq
import json
import random
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any

from benchmarks.result import Result, percentile
from benchmarks.reveal import verified_ticket
from benchmarks.scratch import scratch_desk, scratch_postgres, scratch_session
from cs_console.access_log.verify import verify_log
from cs_console.casework.conversation import open_ticket
from cs_console.casework.workflow import claim
from cs_console.custody.disclosure import Revealed, Target, end_view, reveal
from cs_console.desk import AgentCard, Desk, DeskSession
from cs_console.errors import ConsoleError
from cs_console.opening import open_desk
from cs_console.settings import Settings
from models.contact_fields import Field
from models.roles import Role

AGENTS = 200
PROCESSES = 4
THREADS = 5
"""In each process; together a pool of 20 connections for the whole team."""
PACE = 2.0
"""Seconds from one act of an agent to the next, a little more or less each time."""
ROUNDS = 5
"""How many tickets each agent of the team works; the first is not measured: what is slow once (connections, statements,
imports) is not what a day is made of.
"""
ALONE = 100
"""How many the agent alone works, without a pause worth mentioning, so that there are enough times."""
FIRST_TICKET = 20_000
ACTS = ("claim", "open", "reveal", "end")


@dataclass
class Script:
    """What one agent does: the next act, on the next ticket."""

    session: DeskSession
    tickets: list[tuple[int, str]]
    at: int = 0
    shown: Revealed | None = None

    @property
    def done(self) -> bool:
        return self.at == len(ACTS) * len(self.tickets)

    def step(self) -> str:
        """Do it; its name. Raises ConsoleError where the console refuses."""
        act = ACTS[self.at % len(ACTS)]
        number, contact = self.tickets[self.at // len(ACTS)]
        self.at += 1
        match act:
            case "claim":
                claim(self.session, number)
            case "open":
                open_ticket(self.session, number)
            case "reveal":
                self.shown = reveal(self.session, number, Target(Field.MOBILE, contact), "reply")
            case _:
                assert self.shown is not None
                end_view(self.session, self.shown, 2)
        return act


@dataclass
class Times:
    """Milliseconds by act, from when an act was due until it was done, and what was refused."""

    by_act: dict[str, list[float]] = field(default_factory=lambda: {act: [] for act in ACTS})
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, other: dict[str, Any]) -> None:
        for act, times in other["by_act"].items():
            self.by_act[act] += times
        self.refused.update(other["refused"])


def run(agents: int = AGENTS) -> Iterator[Result]:
    """`size` is the number of agents, `ratio` that of the two 95th percentiles; a line for claims, one for reveals."""
    with scratch_postgres() as url, scratch_desk(url) as desk:
        everyone = [_agent(desk, place, ROUNDS) for place in range(agents)]
        single = _agent(desk, agents, ALONE)
        home = str(desk.settings.home)
        alone = _together([[single]], home, url, pace=0.02)
        before = verify_log(desk).size
        team = _together([everyone[place::PROCESSES] for place in range(PROCESSES)], home, url, PACE)
        verdict = verify_log(desk)
    for act in ("claim", "reveal"):
        ours, theirs = team.by_act[act], alone.by_act[act]
        p95, p95_alone = percentile(ours, 0.95), percentile(theirs, 0.95)
        yield Result(
            "team",
            agents,
            statistics.median(ours),
            statistics.median(theirs),
            p95 / p95_alone,
            p95,
            {
                "act": act,
                "baseline_p95_ms": round(p95_alone, 4),
                "acts": sum(len(times) for times in team.by_act.values()),
                "refused": sum(team.refused.values()) + sum(alone.refused.values()),
                "entries": verdict.size - before,
                "log": "whole" if verdict.ok else verdict.kind,
                "engine": "postgresql",
            },
        )


def _agent(desk: Desk, place: int, tickets: int) -> dict[str, Any]:
    """An agent who is signed in, and their tickets, as JSON has them for a process of the team."""
    session = scratch_session(desk, f"agent-{place}", Role.AGENT)
    first = FIRST_TICKET + place * ROUNDS
    numbers = range(first, first + tickets)
    with desk.database.transaction() as db:
        made = [(number, verified_ticket(db, desk, number, session.agent.id, taken=False)) for number in numbers]
    return {"id": session.agent.id, "name": session.agent.name, "session": session.session_id, "tickets": made}


def _together(groups: list[list[dict[str, Any]]], home: str, url: str, pace: float) -> Times:
    """Each group of agents in a process of its own, all beginning at once."""
    command = [sys.executable, "-m", "benchmarks.team", home, url, str(pace)]
    running = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in groups]
    for one, group in zip(running, groups, strict=True):
        assert one.stdin is not None
        assert one.stdout is not None
        one.stdin.write(json.dumps(group) + "\n")
        one.stdin.flush()
        assert one.stdout.readline() == "ready\n"
    times = Times()
    for one in running:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in running:
        times.add(json.loads(one.communicate()[0]))
    return times


def process(home: str, url: str, pace: float) -> None:
    """One process: read who works here, wait for the word, work, print the times."""
    with _desk(Path(home), url) as desk:
        scripts = [_script(desk, one) for one in json.loads(sys.stdin.readline())]
        sys.setswitchinterval(0.0005)  # consoles are processes of their own: none waits for another's computing
        print("ready", flush=True)
        sys.stdin.readline()
        times = work(scripts, pace)
    print(json.dumps({"by_act": times.by_act, "refused": times.refused}))


def _script(desk: Desk, agent: dict[str, Any]) -> Script:
    card = AgentCard(agent["id"], agent["name"], frozenset({Role.AGENT}))
    return Script(
        DeskSession(desk, card, agent["session"]), [(number, contact) for number, contact in agent["tickets"]]
    )


@contextmanager
def _desk(home: Path, url: str) -> Iterator[Desk]:
    desk = open_desk(Settings(home=home, database_url=url, outbox=home / "outbox"))
    try:
        yield desk
    finally:
        desk.close()


def work(scripts: list[Script], pace: float) -> Times:
    """Every script to its end, each act when it is due."""
    chance, began, times, lock = random.Random(), monotonic(), Times(), Lock()
    # no two are in step: at any moment some claim, some read and some reveal
    due = [(began + chance.uniform(0, pace * len(ACTS)), place) for place in range(len(scripts))]
    heapq.heapify(due)

    def act() -> None:
        while True:
            with lock:
                if not due:
                    return
                when, place = heapq.heappop(due)
            sleep(max(0.0, when - monotonic()))
            name, refused = "", ""
            try:
                name = scripts[place].step()
            except ConsoleError as error:
                refused = error.code
            now = monotonic()
            with lock:
                if refused:
                    times.refused[refused] += 1
                elif scripts[place].at > len(ACTS):
                    times.by_act[name].append((now - when) * 1000)
                if not scripts[place].done:
                    heapq.heappush(due, (max(now, when + pace * chance.uniform(0.8, 1.2)), place))

    with ThreadPoolExecutor(THREADS) as pool:
        for running in [pool.submit(act) for _ in range(THREADS)]:
            running.result()
    return times


if __name__ == "__main__":
    process(sys.argv[1], sys.argv[2], float(sys.argv[3]))
