"""Who settled a ticket does not settle the appeal that its requester writes by answering the letter."""

import pytest
from sqlalchemy import delete, update

from cs_console.casework.conversation import reply
from cs_console.casework.workflow import claim, set_kind
from cs_console.errors import NotAssigned, NotIndependent
from cs_console.independence.separation import excluded_agents
from cs_console.settlements.settling import settle
from models.contact_fields import Field
from models.enums import Action, TicketKind
from models.roles import Role
from models.settlement import Settlement
from tests.custody.reveals import change
from tests.decisions.cases import person
from tests.settlements.settlements import CONTACTS, end, settling
from tests.support.answers import write
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import ticket_of
from tests.support.tickets import make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def out(test_desk: TestDesk, number: int) -> frozenset[str]:
    with test_desk.desk.database.reading() as db:
        return excluded_agents(db, test_desk.desk, number)


def test_who_settled_a_report_loses_it_as_an_appeal(test_desk: TestDesk) -> None:
    mei, ben = person(test_desk, "mei", Role.AGENT), person(test_desk, "ben", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.REPORT, assignee=mei, contacts=CONTACTS, verified=True)
    end(test_desk, mei, made.number, settling(TicketKind.REPORT, "unconfirmed"))
    write(test_desk, made.number, "I appeal: another person, please.")
    version = set_kind(mei, made.number, ticket_of(test_desk, made.number).version, TicketKind.APPEAL)
    assert ticket_of(test_desk, made.number).assignee_id is None
    assert recorded(test_desk.desk, Action.TICKET_RELEASED)[-1].ticket == made.number
    with pytest.raises(NotIndependent):
        claim(mei, made.number)
    with pytest.raises(NotAssigned):
        reply(mei, made.number, version, made.contact_ids[Field.EMAIL], "Your appeal is rejected.")
    claim(ben, made.number)
    end(test_desk, ben, made.number, settling(TicketKind.APPEAL))


@pytest.mark.parametrize("kind", [TicketKind.APPEAL, TicketKind.COMPLAINT])
def test_who_settled_it_does_not_settle_what_was_written_after(test_desk: TestDesk, kind: TicketKind) -> None:
    sue, ann = (person(test_desk, name, Role.AGENT, Role.SUPERVISOR) for name in ("sue", "ann"))
    number = make_ticket(test_desk, kind=kind, assignee=sue, contacts=CONTACTS, verified=True).number
    end(test_desk, sue, number, settling(kind))
    write(test_desk, number)
    change(test_desk, update(Settlement).values(agent_id=ann.agent.id))
    with pytest.raises((NotIndependent, NotAssigned)):
        settle(sue, number, ticket_of(test_desk, number).version, settling(kind))
    change(test_desk, delete(Settlement))
    assert sue.agent.id in out(test_desk, number), "the log knows who settled it"


def test_a_report_that_goes_on_stays_its_agents(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    number = make_ticket(test_desk, kind=TicketKind.REPORT, assignee=mei, contacts=CONTACTS, verified=True).number
    end(test_desk, mei, number, settling(TicketKind.REPORT))
    write(test_desk, number, "One more thing: here is the link.")
    assert not out(test_desk, number)
    end(test_desk, mei, number, settling(TicketKind.REPORT))
