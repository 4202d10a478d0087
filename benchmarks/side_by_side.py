"""The console on its queue beside a bare Textual app of the same rows and texts, each in a terminal of its own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.conversations import converse
from benchmarks.many_tickets import fill
from benchmarks.scratch import scratch_desk, scratch_session
from benchmarks.terminals import Terminal, running
from cs_console.casework.conversation import reload
from cs_console.desk import DeskSession
from cs_console.staff.passwords import hash_password
from cs_console.tickets.queue import page
from models.roles import Role

NAME, PASSWORD = "mei", "amber-otter-lantern-river"
MINE, ALL = b"1", b"9"
"""The keys of the views: mine holds the tickets with conversations, all the many."""


@contextmanager
def side_by_side(tickets: int, conversations: int) -> Iterator[tuple[Terminal, Terminal]]:
    """The console, signed in and on its own tickets, and the baseline on its table.

    The desk has so many tickets, and so many more of the agent's own with a conversation.
    """
    with scratch_desk() as desk:
        session = scratch_session(desk, NAME, Role.AGENT, password_hash=hash_password(PASSWORD))
        fill(desk, tickets, [scratch_session(desk, f"agent{at}", Role.AGENT).agent.id for at in range(40)])
        numbers = converse(session, conversations)
        shown = desk.settings.home / "shown.json"
        shown.write_text(json.dumps(_shown(session, numbers[-1])), "utf-8")
        home = {"CS_CONSOLE_HOME": str(desk.settings.home), "TERM": "xterm-256color"}
        with (
            running(("-m", "cs_console"), home) as console,
            running(("-m", "benchmarks.bare_queue", str(shown)), home) as bare,
        ):
            console.until(b"Password")
            bare.until(b"Quit")
            console.press(NAME.encode() + b"\t")
            console.press(PASSWORD.encode())
            console.press(b"\r")
            yield console, bare


def _shown(session: DeskSession, number: int) -> dict[str, object]:
    """What the console shows of its queue and of one ticket, for the baseline."""
    rows = [
        [str(row.number), row.kind.value, row.subject, row.state.value, row.assignee or "-", str(row.due_at)[:10]]
        for row in page(session, "all").rows
    ]
    view = reload(session, number)
    facts = [[one.title, one.mask] for one in view.fields]
    facts += [["Verified", view.verified_words], ["Clock", view.clock_words], ["Decision", view.decision_words]]
    facts += [["State", view.state.value], ["Kind", view.kind_title], ["Policy", view.policy]]
    return {"rows": rows, "texts": [f"{line.who}\n{line.text}" for line in view.lines], "facts": facts}
