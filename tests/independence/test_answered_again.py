"""Who settled a ticket does not settle the appeal that its requester writes by answering the letter."""

import pytest
from sqlalchemy import delete, update

from cs_console.casework.conversation import reply
from cs_console.casework.workflow import claim, set_kind
from cs_console.errors import NotAssigned, NotIndependent
from cs_console.independence.separation import kept_out
from cs_console.settlements.settling import settle
from models.enums import Action, Field, Role, TicketKind
from models.settlement import Settlement
from tests.custody.reveals import change
from tests.decisions.cases import person
from tests.decisions.test_checklist import ticket_of
from tests.independence.test_appeal import write
from tests.settlements.settlements import CONTACTS, end, settling
from tests.support.office import TestOffice
from tests.support.recorded import recorded
from tests.support.tickets import make_ticket


def out(test_office: TestOffice, number: int) -> frozenset[str]:
    with test_office.office.database.reading() as session:
        return kept_out(session, test_office.office, number)


def test_who_settled_a_report_loses_it_as_an_appeal(test_office: TestOffice) -> None:
    mei, ben = person(test_office, "mei", Role.AGENT), person(test_office, "ben", Role.AGENT)
    made = make_ticket(test_office, kind=TicketKind.REPORT, assignee=mei, contacts=CONTACTS, verified=True)
    end(test_office, mei, made.number, settling(TicketKind.REPORT, "unconfirmed"))
    write(test_office, made.number, "I appeal: another person, please.")
    row = set_kind(mei, made.number, ticket_of(test_office, made.number).row, TicketKind.APPEAL)
    assert ticket_of(test_office, made.number).assignee_id is None
    assert recorded(test_office.office, Action.TICKET_RELEASED)[-1].ticket == made.number
    with pytest.raises(NotIndependent):
        claim(mei, made.number)
    with pytest.raises(NotAssigned):
        reply(mei, made.number, row, made.contact_ids[Field.EMAIL], "Your appeal is rejected.")
    claim(ben, made.number)
    end(test_office, ben, made.number, settling(TicketKind.APPEAL))


@pytest.mark.parametrize("kind", [TicketKind.APPEAL, TicketKind.COMPLAINT])
def test_who_settled_it_does_not_settle_what_was_written_after(test_office: TestOffice, kind: TicketKind) -> None:
    sue, ann = (person(test_office, name, Role.AGENT, Role.SUPERVISOR) for name in ("sue", "ann"))
    number = make_ticket(test_office, kind=kind, assignee=sue, contacts=CONTACTS, verified=True).number
    end(test_office, sue, number, settling(kind))
    write(test_office, number)
    change(test_office, update(Settlement).values(agent_id=ann.agent.id))
    with pytest.raises((NotIndependent, NotAssigned)):
        settle(sue, number, ticket_of(test_office, number).row, settling(kind))
    change(test_office, delete(Settlement))
    assert sue.agent.id in out(test_office, number), "the log knows who settled it"


def test_a_report_that_goes_on_stays_its_agents(test_office: TestOffice) -> None:
    mei = person(test_office, "mei", Role.AGENT)
    number = make_ticket(test_office, kind=TicketKind.REPORT, assignee=mei, contacts=CONTACTS, verified=True).number
    end(test_office, mei, number, settling(TicketKind.REPORT))
    write(test_office, number, "One more thing: here is the link.")
    assert not out(test_office, number)
    end(test_office, mei, number, settling(TicketKind.REPORT))
