"""S1, S2 and S3 look the same to everybody but privacy officers, byte for byte (POLICY.md, No tipping off)."""

import base64
import io
import json
import math
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col
from typer.testing import CliRunner

from cs_console.access_log import review
from cs_console.access_log.aliases import FIRST, SECOND
from cs_console.access_log.export import Form, export_log
from cs_console.casework import conversation
from cs_console.casework.history import history
from cs_console.casework.other_tickets import other_tickets
from cs_console.casework.preview import preview
from cs_console.commands.tickets import app as tickets_command
from cs_console.custody import index_state
from cs_console.custody.opening import open_sealed
from cs_console.custody.safe_views import open_typed
from cs_console.custody.search_queue import index_later
from cs_console.decisions import approval
from cs_console.decisions.approval_queue import last_decision
from cs_console.decisions.proposal import Proposal
from cs_console.desk import DeskSession
from cs_console.errors import SealBroken, StaleProposal
from cs_console.tickets import queue
from cs_console.tickets.filters import parse
from cs_console.tickets.search.index import index_waiting
from models.decision import Approval, Decision
from models.enums import TicketKind
from models.log import LogEntry
from models.message import Message
from models.roles import Role
from models.ticket import Ticket
from tests.decisions.cases import PASSWORD, answered, ground, pack, person, propose, refusal, request
from tests.support.desk import TestDesk, make_desk
from tests.support.postgres import fresh_database
from tests.support.rows import decision_of
from tests.support.statements import statements
from tests.support.stored import keys_of
from tests.support.tickets import make_ticket

HIDDEN = ("S1", "S2", "S3")
ALIAS = rf"\b(?:{'|'.join(FIRST)}) (?:{'|'.join(SECOND)}) [0-9]+\b"


@pytest.fixture(params=["sqlite", "postgresql"])
def desks(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Five desks that differ in nothing but the ground that will be proposed."""
    made = {
        code: make_desk(tmp_path / code, "" if request.param == "sqlite" else fresh_database())
        for code in (*HIDDEN, "S5", "S6")
    }
    yield made
    for desk in made.values():
        desk.desk.close()


def hidden_proposal(test_desk: TestDesk, code: str) -> Proposal:
    """A refusal under legal review; the answers of S1 are long, the others short."""
    proposal = refusal(code, test_desk.clock.now())
    if code == "S1":
        proposal = answered(proposal, "authority", "Office for 国家安全, order 44/2026. " * 50)
    return replace(proposal, neutral=code in {"S5", "S6"})


def stored(test_desk: TestDesk) -> dict[str, object]:
    """What a person with the database but without keys sees, and what the log says."""
    with test_desk.desk.database.reading() as db:
        decision = db.execute(select(Decision)).scalar_one()
        ticket = db.execute(select(Ticket)).scalar_one()
        messages = db.execute(select(Message).order_by(col(Message.at), col(Message.sort))).scalars().all()
        entries = db.execute(select(LogEntry).order_by(col(LogEntry.seq))).scalars().all()
        approvals = db.execute(select(Approval).order_by(col(Approval.at), col(Approval.role))).scalars().all()
        return {
            "decision": (
                decision.outcome,
                decision.legal_review,
                decision.state,
                decision.needs,
                decision.proposed_at,
                decision.decided_at,
                decision.review_at,
                len(decision.answers),
                len(decision.notice or b""),
            ),
            "ticket": (ticket.state, ticket.version, ticket.due_at, ticket.closed_at, ticket.next_due_at),
            "messages": [(one.sort, len(one.text), len(one.text_redacted), one.at) for one in messages],
            "log": [
                (e.seq, e.at, e.actor, e.action, e.ticket, e.fields, e.purpose, e.verification, e.outcome, e.reason)
                for e in entries
            ],
            "approvals": [(one.role, one.approved, one.at, len(one.reason or b"")) for one in approvals],
        }


def seen(session: DeskSession, number: int, decision_id: str) -> dict[str, object]:
    """Everything that a service shows this person about the decision."""
    rows = [asdict(row) for row in approval.waiting(session).rows]
    views: dict[str, object] = {"rows": rows, "last": last_decision(session, number)}
    views["ticket"] = asdict(conversation.open_ticket(session, number))
    pane = preview(session, number)
    views["beside"] = (history(session, number), other_tickets(session, number))
    views["pane"] = None if pane is None else (asdict(pane), preview(session, number) == pane)
    views["queue"] = [asdict(queue.page(session, view)) for view, _ in queue.VIEWS]
    index_waiting(session.desk)
    views["search"] = [
        asdict(queue.page(session, view, parse(words)))
        for view in ("all", "closed")
        for words in ("order", "request", "office security", "reason", "review")
    ]
    if session.agent.has(Role.SUPERVISOR):
        shown = review.entries(session, review.LogFilter()).entries
        views["log"] = [replace(entry, session="", requester="") for entry in shown]
        for form in Form:
            out = io.StringIO()
            export_log(session, out, None, form)
            views[form] = out.getvalue()
    if session.agent.has(Role.SUPERVISOR) or session.agent.name == "mei":
        views["opened"] = asdict(approval.open_proposal(session, decision_id))
    return views


def story(test_desk: TestDesk, code: str) -> list[object]:
    """A whole decision on that ground, and all that others could see of it on the way."""
    mei = person(test_desk, "mei", Role.AGENT)
    others = [mei, person(test_desk, "ben", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)]
    pia = person(test_desk, "pia", Role.PRIVACY_OFFICER)
    number = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei, verified=True).number
    with test_desk.desk.database.transaction() as db:
        index_later(db, number)
    decision_id = propose(mei, number, 1, hidden_proposal(test_desk, code)).decision_id
    seen_so_far: list[object] = [[seen(session, number, decision_id) for session in others], stored(test_desk)]
    approval.return_proposal(pia, decision_id, f"{ground(code).title}: name the order.")
    seen_so_far += [[seen(session, number, decision_id) for session in others], stored(test_desk)]
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(Approval.__table__.delete())  # type: ignore[attr-defined]  # SQLModel's table
        db.connection().execute(Decision.__table__.delete())  # type: ignore[attr-defined]  # SQLModel's table
    decision_id = propose(mei, number, 3, hidden_proposal(test_desk, code)).decision_id
    for session in (others[2], pia):
        approval.approve(session, decision_id, PASSWORD)
        seen_so_far += [[seen(one, number, decision_id) for one in others], stored(test_desk)]
    return seen_so_far


def without_ids(value: object) -> str:
    """The same, with what is random by nature left out."""
    return re.sub(rf"\b[0-9a-f]{{16}}(?:[0-9a-f]{{16}})?\b|{ALIAS}", "ID", repr(value))


@pytest.mark.core
def test_nobody_but_privacy_officers_can_tell_which_ground_it_is(desks: dict[str, TestDesk]) -> None:
    told = {code: without_ids(story(desk, code)) for code, desk in desks.items()}
    for code in desks:
        assert told[code] == told["S1"], code
        assert ground(code).title not in told[code]
        assert ground(code).plain_words not in told[code]
    assert "legal review" in told["S1"]
    assert "order 44" not in told["S1"]


def test_the_stores_are_asked_the_same_whichever_ground_it_is(
    desks: dict[str, TestDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Response times differ only as far as work does."""
    monkeypatch.setattr(index_state, "FRESH_SECONDS", math.inf)  # it is asked for again by the clock alone
    asked: dict[str, list[str]] = {}
    for code, test_desk in desks.items():
        mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
        number = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei, verified=True).number
        decision_id = propose(mei, number, 1, hidden_proposal(test_desk, code)).decision_id
        with statements(test_desk) as given:
            for session in (mei, sue):
                seen(session, number, decision_id)
            approval.approve(sue, decision_id, PASSWORD)
        asked[code] = given
    assert len(asked["S1"]) > 20
    for code in desks:
        assert asked[code] == asked["S1"], code


def test_operators_list_the_same_tickets_whichever_ground_it_is(tmp_path: Path) -> None:
    told = {}
    for code in (*HIDDEN, "S5", "S6"):
        test_desk = make_desk(tmp_path / code)
        mei = person(test_desk, "mei", Role.AGENT)
        numbers = [request(test_desk, mei).number for _ in range(3)]
        propose(mei, numbers[1], 1, hidden_proposal(test_desk, code))
        home = str(test_desk.desk.settings.home)
        told[code] = CliRunner().invoke(tickets_command, ["list", "--json", "--home", home]).stdout
        test_desk.desk.close()
    assert set(told.values()) == {told["S1"]}
    assert len(json.loads(told["S1"])["tickets"]) == 3


@pytest.mark.parametrize("code", [*HIDDEN, "S5", "S6"])
def test_a_privacy_officer_sees_the_ground_and_the_answers(test_desk: TestDesk, code: str) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    pia = person(test_desk, "pia", Role.PRIVACY_OFFICER)
    decision_id = propose(mei, request(test_desk, mei).number, 1, hidden_proposal(test_desk, code)).decision_id
    view = approval.open_proposal(pia, decision_id)
    assert view.legal_review
    assert view.ground_words == ground(code).title
    assert any(ground(code).questions[0].text in line for line in view.findings)
    assert pack().notice.neutral_sentence in view.notice
    approval.return_proposal(pia, decision_id, "Name the order.")
    last = last_decision(pia, view.number)
    assert last is not None
    assert last.reason == "Name the order."
    told = last_decision(mei, view.number)
    assert told is not None
    assert told.reason == "legal review; ask a privacy officer for the reason"


def test_the_tickets_key_alone_does_not_open_the_answers(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = request(test_desk, mei)
    decision = decision_of(test_desk, propose(mei, made.number, 1, hidden_proposal(test_desk, "S1")).decision_id)
    keyring = test_desk.desk.keyring
    keys = keys_of(test_desk.desk, made.number)
    inner = keys.place("decision", "answers", decision.id)
    outer = replace(inner, owner="desk:privacy-office")
    for place, key in (
        (inner, keys.key),
        (outer, keys.key),
        (inner, keyring.desk_key("privacy-office")),
    ):
        with pytest.raises(SealBroken):
            open_typed(key, place, decision.answers)
    opened = base64.b64decode(open_typed(keyring.desk_key("privacy-office"), outer, decision.answers))
    assert b"44/2026" not in opened
    assert b"44/2026" in open_sealed(keys.key, inner, opened)


def test_a_proposal_under_review_goes_stale_on_the_same_day_whatever_the_ground(desks: dict[str, TestDesk]) -> None:
    for code, test_desk in desks.items():
        mei = person(test_desk, "mei", Role.AGENT)
        decision_id = propose(mei, request(test_desk, mei).number, 1, hidden_proposal(test_desk, code)).decision_id
        test_desk.clock.forward(days=pack().legal_review.waits_days, seconds=1)
        sue = person(test_desk, "sue", Role.SUPERVISOR)
        with pytest.raises(StaleProposal, match="waited too long"):
            approval.approve(sue, decision_id, PASSWORD)
