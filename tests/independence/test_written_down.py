"""A person who has to keep away from a ticket does not get it by writing it down themselves."""

import json

import pytest

from cs_console.intake.form import FormEntry, open_by_form
from models.enums import Channel, TicketKind
from screens.queue.new_ticket import opened_words
from tests.settlements.settlements import CONTACTS, refused
from tests.support.desk import TestDesk
from tests.support.rows import ticket_of
from tests.support.stored import entries

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def written(kind: TicketKind) -> FormEntry:
    return FormEntry(kind, Channel.CALL, "", "I object.", tuple(CONTACTS.items()))


@pytest.mark.parametrize("kind", [TicketKind.APPEAL, TicketKind.COMPLAINT])
def test_who_refused_writes_the_appeal_down_and_does_not_get_it(test_desk: TestDesk, kind: TicketKind) -> None:
    case = refused(test_desk)
    opened = open_by_form(case.mei, written(kind))
    assert opened.kept_away
    assert ticket_of(test_desk, opened.number).assignee_id is None
    assert "unassigned: you were involved" in opened_words(opened).words
    created = [one for one in entries(test_desk.desk, "ticket.created") if one.ticket == opened.number]
    assert [json.loads(one.about or "{}")["to"] for one in created] == [""]


def test_an_uninvolved_agent_gets_what_they_write_down(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    opened = open_by_form(case.ben, written(TicketKind.APPEAL))
    assert not opened.kept_away
    assert ticket_of(test_desk, opened.number).assignee_id == case.ben.agent.id
    mine = open_by_form(case.mei, written(TicketKind.INQUIRY))
    assert ticket_of(test_desk, mine.number).assignee_id == case.mei.agent.id
