"""No one who had a part in a decision ends, turns or takes what is about it, and two people close what two decide."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete

from cs_console.casework.conversation import open_ticket
from cs_console.casework.workflow import assign, assignable, claim, name_reviewer, set_kind, set_state
from cs_console.decisions import approval
from cs_console.desk import Desk
from cs_console.errors import BadInput, NoOneIndependent, NotAllowed, NotIndependent, OwnDecision, SecondPersonNeeded
from cs_console.independence.matters import name_matter
from cs_console.independence.separation import kept_out
from cs_console.verification.linking import link_ticket, unlink_ticket
from models.enums import AccountState, Action, Field, Result, Role, TicketKind, TicketState
from models.linking import Linking
from tests.decisions.cases import PASSWORD, person, propose, refusal
from tests.decisions.test_checklist import ticket_of
from tests.independence.test_appeal import write
from tests.settlements.settlements import CONTACTS, Refused, about, end, refused, settling
from tests.support.accounts import put_on_record
from tests.support.office import TestOffice
from tests.support.recorded import recorded
from tests.support.tickets import make_requester, make_ticket
from tests.support.two_people import by_two


def row_of(test_office: TestOffice, number: int) -> int:
    return ticket_of(test_office, number).row


def appeal_of(test_office: TestOffice, case: Refused, holder: Desk | None = None) -> int:
    """An appeal of the same requester; what it is about was not named yet."""
    return make_ticket(test_office, kind=TicketKind.APPEAL, assignee=holder, requester=case.requester).number


@pytest.mark.parametrize("named", [False, True], ids=["nothing named", "named"])
def test_the_person_who_refused_neither_claims_nor_turns_nor_closes_the_appeal(
    test_office: TestOffice, named: bool
) -> None:
    case = refused(test_office)
    number = about(test_office, case, TicketKind.APPEAL) if named else appeal_of(test_office, case)
    steps: list[Callable[[], object]] = [
        lambda: claim(case.mei, number),
        lambda: set_kind(case.mei, number, row_of(test_office, number), TicketKind.INQUIRY),
        lambda: assign(case.sam, number, row_of(test_office, number), "mei"),
    ]
    for step in steps:
        with pytest.raises(NotIndependent):
            step()
    assert ticket_of(test_office, number).kind == TicketKind.APPEAL
    assert "mei" not in assignable(case.sam, number)


def test_one_who_had_it_before_ends_it_in_no_way(test_office: TestOffice) -> None:
    """It was theirs already: neither as "platform", nor by another kind, nor with `s`, nor by naming something else."""
    case = refused(test_office)
    number = appeal_of(test_office, case, case.mei)
    harmless = make_ticket(test_office, kind=TicketKind.INQUIRY, requester=case.requester).number
    steps: list[Callable[[], object]] = [
        lambda: end(test_office, case.mei, number, settling(TicketKind.APPEAL)),
        lambda: set_kind(case.mei, number, row_of(test_office, number), TicketKind.INQUIRY),
        lambda: set_state(case.mei, number, row_of(test_office, number), TicketState.CLOSED, "Done."),
        lambda: name_matter(case.mei, number, about_number=harmless),
    ]
    for step in steps:
        with pytest.raises(NotIndependent):
            step()
    refusals = [one for one in recorded(test_office.office) if one.ticket == number and one.outcome == Result.REFUSED]
    assert [one.reason for one in refusals] == ["not_independent"] * 4


def test_an_approver_does_not_close_the_appeal(test_office: TestOffice) -> None:
    case = refused(test_office)
    for number in (appeal_of(test_office, case), about(test_office, case, TicketKind.COMPLAINT)):
        with pytest.raises(NotIndependent):
            set_state(case.sue, number, row_of(test_office, number), TicketState.CLOSED, "Nothing to it.")
        assert ticket_of(test_office, number).state != TicketState.CLOSED


def test_who_refused_does_not_close_what_the_requester_wrote_against_it(sqlite_office: TestOffice) -> None:
    case = refused(sqlite_office)
    sqlite_office.clock.forward(minutes=1)
    write(sqlite_office, case.number)
    for desk in (case.mei, case.sue):
        with pytest.raises(OwnDecision):
            set_state(desk, case.number, row_of(sqlite_office, case.number), TicketState.CLOSED, "As before.")
        with pytest.raises(OwnDecision):
            set_kind(desk, case.number, row_of(sqlite_office, case.number), TicketKind.INQUIRY)


@pytest.mark.parametrize("kind", [TicketKind.RIGHTS, TicketKind.APPEAL, TicketKind.COMPLAINT])
def test_closing_around_the_steps_takes_two_uninvolved_people(test_office: TestOffice, kind: TicketKind) -> None:
    sue, sam = (person(test_office, name, Role.SUPERVISOR) for name in ("sue", "sam"))
    number = make_ticket(test_office, kind=kind).number

    def close(desk: Desk) -> int:
        return set_state(desk, number, row_of(test_office, number), TicketState.CLOSED, f"{desk.agent.name}: twice.")

    for _ in range(2):  # asking again is not a second person
        with pytest.raises(SecondPersonNeeded):
            close(sue)
    assert ticket_of(test_office, number).state != TicketState.CLOSED
    asked = recorded(test_office.office, Action.ENDING_ASKED)
    assert [(one.actor, one.ticket) for one in asked] == [("sue", number)] * 2
    close(sam)
    assert ticket_of(test_office, number).state == TicketState.CLOSED
    assert {"sue: twice.", "sam: twice."} <= {line.text for line in open_ticket(sam, number).lines}


def test_what_was_asked_before_something_happened_does_not_count(sqlite_office: TestOffice) -> None:
    sue, sam = (person(sqlite_office, name, Role.SUPERVISOR) for name in ("sue", "sam"))
    number = make_ticket(sqlite_office, kind=TicketKind.COMPLAINT).number

    def turn(desk: Desk) -> int:
        return set_kind(desk, number, row_of(sqlite_office, number), TicketKind.INQUIRY)

    with pytest.raises(SecondPersonNeeded):
        turn(sue)
    write(sqlite_office, number)
    with pytest.raises(SecondPersonNeeded):
        turn(sam)
    turn(sue)
    assert ticket_of(sqlite_office, number).kind == TicketKind.INQUIRY


def test_an_agent_asks_for_another_kind_and_a_supervisor_confirms_it(sqlite_office: TestOffice) -> None:
    mei, ben = person(sqlite_office, "mei", Role.AGENT), person(sqlite_office, "ben", Role.AGENT)
    sue = person(sqlite_office, "sue", Role.SUPERVISOR)
    number = make_ticket(sqlite_office, kind=TicketKind.APPEAL).number
    for desk in (mei, ben):  # two agents are not enough
        with pytest.raises(SecondPersonNeeded):
            set_kind(desk, number, 1, TicketKind.REPORT)
    by_two(lambda: set_kind(mei, number, 1, TicketKind.REPORT), lambda: set_kind(sue, number, 1, TicketKind.REPORT))


def test_where_no_one_is_left_the_privacy_officer_names_a_person(test_office: TestOffice) -> None:
    """DECISIONS.md, 10: with a reason, on record, for this ticket alone."""
    mei, sue = person(test_office, "mei", Role.AGENT), person(test_office, "sue", Role.AGENT, Role.SUPERVISOR)
    pia, requester = person(test_office, "pia", Role.PRIVACY_OFFICER), make_requester(test_office, CONTACTS)
    made = make_ticket(test_office, kind=TicketKind.RIGHTS, assignee=mei, verified=True, requester=requester)
    decision_id = propose(mei, made.number, 1, refusal("S3", test_office.clock.now())).decision_id
    for desk in (sue, pia):
        approval.approve(desk, decision_id, PASSWORD)
    appeal = make_ticket(test_office, kind=TicketKind.APPEAL, verified=True, requester=requester).number
    other = make_ticket(test_office, kind=TicketKind.APPEAL, requester=requester).number
    name_matter(pia, appeal, about_number=made.number)
    with pytest.raises(NoOneIndependent):
        assign(sue, appeal, row_of(test_office, appeal), "mei")
    assert set(assignable(sue, appeal)) <= {"vera"}
    assert set(assignable(pia, appeal)) >= {"mei", "sue"}
    with pytest.raises(NotAllowed):
        name_reviewer(sue, appeal, row_of(test_office, appeal), "sue", "I know it.")
    with pytest.raises(NotAllowed, match="yourself"):
        name_reviewer(pia, appeal, row_of(test_office, appeal), "pia", "I know it.")
    with pytest.raises(BadInput):
        name_reviewer(pia, appeal, row_of(test_office, appeal), "sue", " ")
    name_reviewer(pia, appeal, row_of(test_office, appeal), "sue", "She only approved it, and no one else is here.")
    [named] = recorded(test_office.office, Action.REVIEWER_NAMED)
    assert (named.actor, named.ticket) == ("pia", appeal)
    with test_office.office.database.reading() as session:
        out = kept_out(session, test_office.office, appeal)
        assert {mei.agent.id, pia.agent.id} <= out and sue.agent.id not in out
        assert sue.agent.id in kept_out(session, test_office.office, other)
    end(test_office, sue, appeal, settling(TicketKind.APPEAL))


def test_no_one_is_named_while_someone_uninvolved_is_there(sqlite_office: TestOffice) -> None:
    case = refused(sqlite_office)
    number = about(sqlite_office, case, TicketKind.APPEAL)
    with pytest.raises(NotAllowed, match="uninvolved"):
        name_reviewer(case.pia, number, row_of(sqlite_office, number), "mei", "She knows it.")


def second_account(test_office: TestOffice, first: Desk, name: str, *roles: Role) -> Desk:
    """Another account of the same person, whose first one is suspended: a person has one that is active."""
    second = person(test_office, name, *roles)
    with test_office.office.database.transaction() as session:
        put_on_record(session, test_office.office, first.agent.id, state=AccountState.SUSPENDED)
        put_on_record(session, test_office.office, second.agent.id, identity=first.agent.name.encode())
    return second


@pytest.mark.parametrize("holds", [False, True], ids=["in the queue", "theirs already"])
def test_who_refused_keeps_away_under_another_account_too(test_office: TestOffice, holds: bool) -> None:
    case = refused(test_office)
    second = second_account(test_office, case.mei, "mei2", Role.AGENT, Role.SUPERVISOR)
    number = about(test_office, case, TicketKind.APPEAL, second if holds else None)
    decided_on = case.number
    test_office.clock.forward(minutes=1)
    write(test_office, decided_on)
    steps: list[Callable[[], object]] = [
        lambda: set_kind(second, number, row_of(test_office, number), TicketKind.INQUIRY),
        lambda: set_state(second, number, row_of(test_office, number), TicketState.CLOSED, "Done."),
        lambda: claim(second, decided_on),
        lambda: assign(case.sam, decided_on, row_of(test_office, decided_on), "mei2"),
    ]
    if holds:
        steps.append(lambda: end(test_office, second, number, settling(TicketKind.APPEAL)))
    else:
        steps += [lambda: claim(second, number), lambda: assign(case.sam, number, row_of(test_office, number), "mei2")]
    for step in steps:
        with pytest.raises(OwnDecision):
            step()
    assert "mei2" not in assignable(case.sam, number)
    assert "sam" in assignable(case.sam, number)


def test_who_refused_says_of_no_ticket_whose_it_is(test_office: TestOffice) -> None:
    """Taken off the requester, nothing would tell any more what the appeal is about."""
    case = refused(test_office)
    vic = second_account(test_office, case.mei, "vic", Role.VERIFIER)
    number = appeal_of(test_office, case)
    with pytest.raises(NotIndependent):
        unlink_ticket(vic, number, row_of(test_office, number), "It was their brother's.")
    refused_entries = recorded(test_office.office, Action.TICKET_UNLINKED)
    assert [(one.outcome, one.reason, one.ticket) for one in refused_entries] == [
        (Result.REFUSED, "not_independent", number)
    ]
    uninvolved = person(test_office, "wim", Role.VERIFIER)
    unlink_ticket(uninvolved, number, row_of(test_office, number), "It was their brother's.")


@pytest.mark.parametrize("kind", list(TicketKind))
def test_nor_whatever_the_kind_of_the_ticket_is_just_now(sqlite_office: TestOffice, kind: TicketKind) -> None:
    """An inquiry today may be an appeal tomorrow, and by then the link to the refused request would be hidden."""
    case = refused(sqlite_office)
    vic = second_account(sqlite_office, case.mei, "vic", Role.VERIFIER)
    number = make_ticket(sqlite_office, kind=kind, requester=case.requester).number
    with pytest.raises(NotIndependent):
        unlink_ticket(vic, number, row_of(sqlite_office, number), "It was their brother's.")
    said = {Field.EMAIL: "alice.private@example.net"}
    strangers = make_ticket(sqlite_office, kind=kind, contacts=said, on_file=False).number
    by = (Field.EMAIL, CONTACTS[Field.EMAIL])
    with pytest.raises(NotIndependent):
        link_ticket(vic, strangers, row_of(sqlite_office, strangers), case.requester[0], "She called.", by)
    wim = person(sqlite_office, "wim", Role.VERIFIER)
    link_ticket(wim, strangers, row_of(sqlite_office, strangers), case.requester[0], "She called.", by)


@pytest.mark.parametrize("rows", ["kept", "removed"])
@pytest.mark.parametrize("before", [TicketKind.INQUIRY, TicketKind.APPEAL])
def test_who_refused_keeps_away_from_what_was_that_requesters_before(
    sqlite_office: TestOffice, before: TicketKind, rows: str
) -> None:
    """An uninvolved verifier takes the link back, honestly or not: that frees no one."""
    case = refused(sqlite_office)
    number = make_ticket(sqlite_office, kind=before, requester=case.requester).number
    wim = person(sqlite_office, "wim", Role.VERIFIER)
    unlink_ticket(wim, number, row_of(sqlite_office, number), "It was their brother's.")
    if before is not TicketKind.APPEAL:
        set_kind(case.ben, number, row_of(sqlite_office, number), TicketKind.APPEAL)
    if rows == "removed":
        with sqlite_office.office.database.transaction() as session:
            session.execute(delete(Linking))
    with pytest.raises(NotIndependent):
        claim(case.mei, number)
    claim(case.ben, number)
