"""Evidence: words, earlier tickets, and sealed files of the ticket itself, named by a label that is redacted."""

from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlmodel import col

from cs_console.decisions import approval, checklist
from cs_console.decisions.evidence import ATTACHMENT
from cs_console.errors import ChecklistIncomplete, NotAssigned, NoUndertaking
from models.attachment import Attachment
from models.enums import Action
from models.roles import Role
from tests.decisions.cases import finding, person, propose, refusal, request
from tests.support.desk import TestDesk
from tests.support.rows import actions, decision_of
from tests.support.tickets import attach

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def resting_on(test_desk: TestDesk, *items: str) -> checklist.Proposal:
    now = test_desk.clock.now()
    return replace(refusal("D2", now), findings=(finding("D2", now, "mobile", evidence=items),))


def test_files_are_offered_by_redacted_labels(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = request(test_desk, mei)
    plain = attach(test_desk, made, "scan.pdf")
    named = attach(test_desk, made, "Alice Wonder alice@example.org \x1b[2J.pdf")
    found = {one.id: one for one in checklist.attachments_for(mei, made.number)}
    assert set(found) == {plain, named}
    assert (found[plain].words, found[plain].size) == ("scan.pdf (application/pdf)", 2048)
    for secret in ("Alice", "Wonder", "alice@example.org", "\x1b"):
        assert secret not in found[named].words
    assert "[name]" in found[named].words


def test_only_whose_ticket_it_is_is_offered_its_files(test_desk: TestDesk) -> None:
    mei, ben = person(test_desk, "mei", Role.AGENT), person(test_desk, "ben", Role.AGENT)
    made = request(test_desk, mei)
    with pytest.raises(NotAssigned):
        checklist.attachments_for(ben, made.number)
    new = test_desk.session("new", Role.AGENT, undertaking=False)
    with pytest.raises(NoUndertaking):
        checklist.attachments_for(new, request(test_desk, new).number)


def test_an_approver_reads_the_label_of_the_file(test_desk: TestDesk) -> None:
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    made = request(test_desk, mei)
    file = attach(test_desk, made, "estimate of Alice Wonder.pdf")
    proposal = resting_on(test_desk, f"{ATTACHMENT}{file}", "The engineer's note")
    decision_id = propose(mei, made.number, 1, proposal).decision_id
    lines = approval.open_proposal(sue, decision_id).findings
    assert "  Evidence: attached: estimate of [name].pdf (application/pdf)" in lines
    assert "  Evidence: The engineer's note" in lines
    assert file.encode() not in decision_of(test_desk, decision_id).answers


def test_a_file_of_another_ticket_is_no_evidence(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made, other = request(test_desk, mei), request(test_desk, mei)
    elsewhere = attach(test_desk, other, "estimate.pdf")
    for item in (f"{ATTACHMENT}{elsewhere}", f"{ATTACHMENT}alice@example.org", ATTACHMENT + "0" * 32):
        with pytest.raises(ChecklistIncomplete, match="does not belong to this ticket"):
            propose(mei, made.number, 1, resting_on(test_desk, item))
    assert actions(test_desk)[-1] == (Action.DECISION_REFUSED, "refused", "checklist_incomplete")


def test_a_label_that_does_not_open_is_said_and_stops_nothing(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = request(test_desk, mei)
    file = attach(test_desk, made, "estimate.pdf")
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Attachment).where(col(Attachment.id) == file).values(label=b"broken"))
    [shown] = checklist.attachments_for(mei, made.number)
    assert shown.words == "a file whose label does not open"
