"""The next most urgent ticket that no one has, claimed in one step."""

from contextlib import suppress

from cs_console.casework.workflow import claim
from cs_console.desk import DeskSession
from cs_console.errors import NothingThere, NotIndependent, TakenBy, WrongState
from cs_console.independence.separation import excluded_agents
from cs_console.tickets.filters import Filter
from cs_console.tickets.queue import listing
from models.roles import CLAIMS

LOOKED_AT = 50
"""How many unassigned tickets are looked at: those that the agent must keep away from, or loses to others, are few."""


def take_next(session: DeskSession) -> int:
    """Claim the unassigned ticket that is due first, of those that the agent may take, and return its number.

    Two agents at once get two tickets. For agents. Raises NothingThere where no ticket is left, NotAllowed.
    """
    with session.reading(*CLAIMS):
        pass  # others may see the list, and must not claim from it
    rows, _ = listing(session, "unassigned", Filter(), None, LOOKED_AT)
    for row in rows:
        if not _must_keep_away(session, row.number):
            with suppress(TakenBy, WrongState, NotIndependent):  # taken, closed or contested since the list was read
                claim(session, row.number)
                return row.number
    raise NothingThere("No unassigned ticket is left that you can take.")


def _must_keep_away(session: DeskSession, number: int) -> bool:
    with session.reading(*CLAIMS) as db:
        return session.agent.id in excluded_agents(db, session.desk, number)
