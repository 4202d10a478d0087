"""No one who had a part in a decision ends, turns or takes what is about it, and two people close what two decide."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete

from cs_console.casework.conversation import open_ticket
from cs_console.casework.workflow import assign, assignable, claim, name_reviewer, set_kind, set_state
from cs_console.decisions import approval
from cs_console.desk import DeskSession
from cs_console.errors import BadInput, NoOneIndependent, NotAllowed, NotIndependent, OwnDecision, SecondPersonNeeded
from cs_console.independence.matters import name_matter
from cs_console.independence.separation import excluded_agents
from cs_console.verification.linking import link_ticket, unlink_ticket
from models.contact_fields import Field
from models.enums import AccountState, Action, Result, TicketKind, TicketState
from models.linking import Linking
from models.roles import Role
from tests.decisions.cases import PASSWORD, person, propose, refusal
from tests.settlements.settlements import CONTACTS, Refused, about, end, refused, settling
from tests.support.accounts import put_on_record
from tests.support.answers import write
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import row_of, ticket_of
from tests.support.tickets import make_requester, make_ticket
from tests.support.two_people import by_two

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def appeal_of(test_desk: TestDesk, case: Refused, holder: DeskSession | None = None) -> int:
    """An appeal of the same requester; what it is about was not named yet."""
    return make_ticket(test_desk, kind=TicketKind.APPEAL, assignee=holder, requester=case.requester).number


@pytest.mark.parametrize("named", [False, True], ids=["nothing named", "named"])
def test_the_person_who_refused_neither_claims_nor_turns_nor_closes_the_appeal(
    test_desk: TestDesk, named: bool
) -> None:
    case = refused(test_desk)
    number = about(test_desk, case, TicketKind.APPEAL) if named else appeal_of(test_desk, case)
    steps: list[Callable[[], object]] = [
        lambda: claim(case.mei, number),
        lambda: set_kind(case.mei, number, row_of(test_desk, number), TicketKind.INQUIRY),
        lambda: assign(case.sam, number, row_of(test_desk, number), "mei"),
    ]
    for step in steps:
        with pytest.raises(NotIndependent):
            step()
    assert ticket_of(test_desk, number).kind == TicketKind.APPEAL
    assert "mei" not in assignable(case.sam, number)


def test_one_who_had_it_before_ends_it_in_no_way(test_desk: TestDesk) -> None:
    """It was theirs already: neither as "platform", nor by another kind, nor with `s`, nor by naming something else."""
    case = refused(test_desk)
    number = appeal_of(test_desk, case, case.mei)
    harmless = make_ticket(test_desk, kind=TicketKind.INQUIRY, requester=case.requester).number
    steps: list[Callable[[], object]] = [
        lambda: end(test_desk, case.mei, number, settling(TicketKind.APPEAL)),
        lambda: set_kind(case.mei, number, row_of(test_desk, number), TicketKind.INQUIRY),
        lambda: set_state(case.mei, number, row_of(test_desk, number), TicketState.CLOSED, "Done."),
        lambda: name_matter(case.mei, number, about_number=harmless),
    ]
    for step in steps:
        with pytest.raises(NotIndependent):
            step()
    errors_end_command = [
        one for one in recorded(test_desk.desk) if one.ticket == number and one.outcome == Result.REFUSED
    ]
    assert [one.reason for one in errors_end_command] == ["not_independent"] * 4


def test_an_approver_does_not_close_the_appeal(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    for number in (appeal_of(test_desk, case), about(test_desk, case, TicketKind.COMPLAINT)):
        with pytest.raises(NotIndependent):
            set_state(case.sue, number, row_of(test_desk, number), TicketState.CLOSED, "Nothing to it.")
        assert ticket_of(test_desk, number).state != TicketState.CLOSED


def test_who_refused_does_not_close_what_the_requester_wrote_against_it(sqlite_desk: TestDesk) -> None:
    case = refused(sqlite_desk)
    sqlite_desk.clock.forward(minutes=1)
    write(sqlite_desk, case.number)
    for session in (case.mei, case.sue):
        with pytest.raises(OwnDecision):
            set_state(session, case.number, row_of(sqlite_desk, case.number), TicketState.CLOSED, "As before.")
        with pytest.raises(OwnDecision):
            set_kind(session, case.number, row_of(sqlite_desk, case.number), TicketKind.INQUIRY)


@pytest.mark.parametrize("kind", [TicketKind.RIGHTS, TicketKind.APPEAL, TicketKind.COMPLAINT])
def test_closing_around_the_steps_takes_two_uninvolved_people(test_desk: TestDesk, kind: TicketKind) -> None:
    sue, sam = (person(test_desk, name, Role.SUPERVISOR) for name in ("sue", "sam"))
    number = make_ticket(test_desk, kind=kind).number

    def close(session: DeskSession) -> int:
        return set_state(
            session, number, row_of(test_desk, number), TicketState.CLOSED, f"{session.agent.name}: twice."
        )

    for _ in range(2):  # asking again is not a second person
        with pytest.raises(SecondPersonNeeded):
            close(sue)
    assert ticket_of(test_desk, number).state != TicketState.CLOSED
    asked = recorded(test_desk.desk, Action.ENDING_ASKED)
    assert [(one.actor, one.ticket) for one in asked] == [("sue", number)] * 2
    close(sam)
    assert ticket_of(test_desk, number).state == TicketState.CLOSED
    assert {"sue: twice.", "sam: twice."} <= {line.text for line in open_ticket(sam, number).lines}


def test_what_was_asked_before_something_happened_does_not_count(sqlite_desk: TestDesk) -> None:
    sue, sam = (person(sqlite_desk, name, Role.SUPERVISOR) for name in ("sue", "sam"))
    number = make_ticket(sqlite_desk, kind=TicketKind.COMPLAINT).number

    def turn(session: DeskSession) -> int:
        return set_kind(session, number, row_of(sqlite_desk, number), TicketKind.INQUIRY)

    with pytest.raises(SecondPersonNeeded):
        turn(sue)
    write(sqlite_desk, number)
    with pytest.raises(SecondPersonNeeded):
        turn(sam)
    turn(sue)
    assert ticket_of(sqlite_desk, number).kind == TicketKind.INQUIRY


def test_an_agent_asks_for_another_kind_and_a_supervisor_confirms_it(sqlite_desk: TestDesk) -> None:
    mei, ben = person(sqlite_desk, "mei", Role.AGENT), person(sqlite_desk, "ben", Role.AGENT)
    sue = person(sqlite_desk, "sue", Role.SUPERVISOR)
    number = make_ticket(sqlite_desk, kind=TicketKind.APPEAL).number
    for session in (mei, ben):  # two agents are not enough
        with pytest.raises(SecondPersonNeeded):
            set_kind(session, number, 1, TicketKind.REPORT)
    by_two(lambda: set_kind(mei, number, 1, TicketKind.REPORT), lambda: set_kind(sue, number, 1, TicketKind.REPORT))


def test_where_no_one_is_left_the_privacy_officer_names_a_person(test_desk: TestDesk) -> None:
    """DECISIONS.md, 10: with a reason, on record, for this ticket alone."""
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.AGENT, Role.SUPERVISOR)
    pia, requester = person(test_desk, "pia", Role.PRIVACY_OFFICER), make_requester(test_desk, CONTACTS)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, assignee=mei, verified=True, requester=requester)
    decision_id = propose(mei, made.number, 1, refusal("S3", test_desk.clock.now())).decision_id
    for session in (sue, pia):
        approval.approve(session, decision_id, PASSWORD)
    appeal = make_ticket(test_desk, kind=TicketKind.APPEAL, verified=True, requester=requester).number
    other = make_ticket(test_desk, kind=TicketKind.APPEAL, requester=requester).number
    name_matter(pia, appeal, about_number=made.number)
    with pytest.raises(NoOneIndependent):
        assign(sue, appeal, row_of(test_desk, appeal), "mei")
    assert set(assignable(sue, appeal)) <= {"vera"}
    assert set(assignable(pia, appeal)) >= {"mei", "sue"}
    with pytest.raises(NotAllowed):
        name_reviewer(sue, appeal, row_of(test_desk, appeal), "sue", "I know it.")
    with pytest.raises(NotAllowed, match="yourself"):
        name_reviewer(pia, appeal, row_of(test_desk, appeal), "pia", "I know it.")
    with pytest.raises(BadInput):
        name_reviewer(pia, appeal, row_of(test_desk, appeal), "sue", " ")
    name_reviewer(pia, appeal, row_of(test_desk, appeal), "sue", "She only approved it, and no one else is here.")
    [named] = recorded(test_desk.desk, Action.REVIEWER_NAMED)
    assert (named.actor, named.ticket) == ("pia", appeal)
    with test_desk.desk.database.reading() as db:
        out = excluded_agents(db, test_desk.desk, appeal)
        assert {mei.agent.id, pia.agent.id} <= out and sue.agent.id not in out
        assert sue.agent.id in excluded_agents(db, test_desk.desk, other)
    end(test_desk, sue, appeal, settling(TicketKind.APPEAL))


def test_no_one_is_named_while_someone_uninvolved_is_there(sqlite_desk: TestDesk) -> None:
    case = refused(sqlite_desk)
    number = about(sqlite_desk, case, TicketKind.APPEAL)
    with pytest.raises(NotAllowed, match="uninvolved"):
        name_reviewer(case.pia, number, row_of(sqlite_desk, number), "mei", "She knows it.")


def second_account(test_desk: TestDesk, first: DeskSession, name: str, *roles: Role) -> DeskSession:
    """Another account of the same person, whose first one is suspended: a person has one that is active."""
    second = person(test_desk, name, *roles)
    with test_desk.desk.database.transaction() as db:
        put_on_record(db, test_desk.desk, first.agent.id, state=AccountState.SUSPENDED)
        put_on_record(db, test_desk.desk, second.agent.id, identity=first.agent.name.encode())
    return second


@pytest.mark.parametrize("holds", [False, True], ids=["in the queue", "theirs already"])
def test_who_refused_keeps_away_under_another_account_too(test_desk: TestDesk, holds: bool) -> None:
    case = refused(test_desk)
    second = second_account(test_desk, case.mei, "mei2", Role.AGENT, Role.SUPERVISOR)
    number = about(test_desk, case, TicketKind.APPEAL, second if holds else None)
    decided_on = case.number
    test_desk.clock.forward(minutes=1)
    write(test_desk, decided_on)
    steps: list[Callable[[], object]] = [
        lambda: set_kind(second, number, row_of(test_desk, number), TicketKind.INQUIRY),
        lambda: set_state(second, number, row_of(test_desk, number), TicketState.CLOSED, "Done."),
        lambda: claim(second, decided_on),
        lambda: assign(case.sam, decided_on, row_of(test_desk, decided_on), "mei2"),
    ]
    if holds:
        steps.append(lambda: end(test_desk, second, number, settling(TicketKind.APPEAL)))
    else:
        steps += [lambda: claim(second, number), lambda: assign(case.sam, number, row_of(test_desk, number), "mei2")]
    for step in steps:
        with pytest.raises(OwnDecision):
            step()
    assert "mei2" not in assignable(case.sam, number)
    assert "sam" in assignable(case.sam, number)


def test_who_refused_says_of_no_ticket_whose_it_is(test_desk: TestDesk) -> None:
    """Taken off the requester, nothing would tell any more what the appeal is about."""
    case = refused(test_desk)
    vic = second_account(test_desk, case.mei, "vic", Role.VERIFIER)
    number = appeal_of(test_desk, case)
    with pytest.raises(NotIndependent):
        unlink_ticket(vic, number, row_of(test_desk, number), "It was their brother's.")
    refused_entries = recorded(test_desk.desk, Action.TICKET_UNLINKED)
    assert [(one.outcome, one.reason, one.ticket) for one in refused_entries] == [
        (Result.REFUSED, "not_independent", number)
    ]
    uninvolved = person(test_desk, "wim", Role.VERIFIER)
    unlink_ticket(uninvolved, number, row_of(test_desk, number), "It was their brother's.")


@pytest.mark.parametrize("kind", list(TicketKind))
def test_nor_whatever_the_kind_of_the_ticket_is_just_now(sqlite_desk: TestDesk, kind: TicketKind) -> None:
    """An inquiry today may be an appeal tomorrow, and by then the link to the refused request would be hidden."""
    case = refused(sqlite_desk)
    vic = second_account(sqlite_desk, case.mei, "vic", Role.VERIFIER)
    number = make_ticket(sqlite_desk, kind=kind, requester=case.requester).number
    with pytest.raises(NotIndependent):
        unlink_ticket(vic, number, row_of(sqlite_desk, number), "It was their brother's.")
    said = {Field.EMAIL: "alice.private@example.net"}
    strangers = make_ticket(sqlite_desk, kind=kind, contacts=said, on_file=False).number
    by = (Field.EMAIL, CONTACTS[Field.EMAIL])
    with pytest.raises(NotIndependent):
        link_ticket(vic, strangers, row_of(sqlite_desk, strangers), case.requester[0], "She called.", by)
    wim = person(sqlite_desk, "wim", Role.VERIFIER)
    link_ticket(wim, strangers, row_of(sqlite_desk, strangers), case.requester[0], "She called.", by)


@pytest.mark.parametrize("rows", ["kept", "removed"])
@pytest.mark.parametrize("before", [TicketKind.INQUIRY, TicketKind.APPEAL])
def test_who_refused_keeps_away_from_what_was_that_requesters_before(
    sqlite_desk: TestDesk, before: TicketKind, rows: str
) -> None:
    """An uninvolved verifier takes the link back, honestly or not: that frees no one."""
    case = refused(sqlite_desk)
    number = make_ticket(sqlite_desk, kind=before, requester=case.requester).number
    wim = person(sqlite_desk, "wim", Role.VERIFIER)
    unlink_ticket(wim, number, row_of(sqlite_desk, number), "It was their brother's.")
    if before is not TicketKind.APPEAL:
        set_kind(case.ben, number, row_of(sqlite_desk, number), TicketKind.APPEAL)
    if rows == "removed":
        with sqlite_desk.desk.database.transaction() as db:
            db.execute(delete(Linking))
    with pytest.raises(NotIndependent):
        claim(case.mei, number)
    claim(case.ben, number)
