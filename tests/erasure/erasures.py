"""Requesters whose erasure was decided, for tests of what erasure does."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from cs_console.delivery.outgoing import deliver_queued
from cs_console.desk import Desk, DeskSession
from cs_console.erasure.erasure import open_erasures, propose_erasure
from models.contact_fields import Field
from models.erasure import Erasure
from models.roles import Role
from tests.decisions.cases import PASSWORD, grant, person, propose, request
from tests.support.desk import TestDesk
from tests.support.tickets import MadeTicket

__all__ = ["PASSWORD", "People", "granted", "people", "proposed", "state_of"]

EVERYTHING = tuple(one.value for one in (Field.EMAIL, Field.MOBILE, Field.NAME, Field.SUBJECT, Field.MESSAGE))
"""All that is held of who asks in `request`."""


@dataclass(frozen=True)
class People:
    """Who works here."""

    mei: DeskSession
    omar: DeskSession
    ines: DeskSession


def people(test_desk: TestDesk) -> People:
    """An agent, a supervisor and a privacy officer, all with PASSWORD."""
    return People(
        person(test_desk, "mei", Role.AGENT),
        person(test_desk, "omar", Role.SUPERVISOR),
        person(test_desk, "ines", Role.PRIVACY_OFFICER),
    )


def granted(test_desk: TestDesk, mei: DeskSession) -> MadeTicket:
    """A deletion request that was granted whole; its notice went out, the ticket is closed."""
    ticket = request(test_desk, mei)
    propose(mei, ticket.number, 1, grant(*EVERYTHING))
    deliver_queued(test_desk.desk)
    return ticket


def proposed(test_desk: TestDesk, who: People) -> tuple[MadeTicket, str]:
    """A granted request and the id of the erasure that mei proposed for it."""
    ticket = granted(test_desk, who.mei)
    propose_erasure(who.mei, ticket.number)
    [row] = [one for one in open_erasures(who.mei) if one.number == ticket.number]
    return ticket, row.id


def state_of(desk: Desk, erasure_id: str) -> str:
    """An erasure's state as it is stored."""
    with desk.database.reading() as db:
        found = db.connection().execute(select(col(Erasure.state)).where(col(Erasure.id) == erasure_id))
        return str(found.scalar_one())
