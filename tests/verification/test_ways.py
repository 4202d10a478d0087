"""What the verify screen offers: what pack and facts allow, each with its reason, and what to do next."""

from datetime import timedelta

import pytest

from cs_console.errors import NotAllowed, NoUndertaking
from cs_console.verification.authority import record_age_band, see_authority
from cs_console.verification.codes import send_code
from cs_console.verification.ways import Act, Way, Ways, ways
from models.contact_fields import Field
from models.enums import AuthoritySort, TicketKind, TicketState
from models.roles import Role
from tests.support.desk import TestDesk
from tests.support.tickets import make_requester, make_ticket
from tests.support.verifying import CONTACTS, Verifying

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def codes(found: Ways) -> dict[str, bool]:
    return {
        f"{' '.join(filter(None, (way.title, way.mask)))}: {way.note}": way.allowed
        for way in found.ways
        if way.act is Act.CODE
    }


def of(found: Ways, act: Act, item: str | None = None) -> Way:
    return next(way for way in found.ways if way.act is act and item in (None, way.item))


def test_every_contact_stands_there_by_its_mask_with_why_it_may_not_be_used(test_desk: TestDesk) -> None:
    vera = test_desk.session("vera-lin", Role.VERIFIER)
    everything = CONTACTS | {Field.NAME: "Canary Alice", Field.ADDRESS: "1 Canary Wharf"}
    made = make_ticket(test_desk, contacts=everything)
    claimed = make_ticket(test_desk, contacts={Field.EMAIL: "eve@example.net"}, on_file=False)
    now = test_desk.clock.now()
    recent = make_ticket(
        test_desk, requester=make_requester(test_desk, {Field.EMAIL: "bob@example.org"}, changed_at=now)
    )
    assert list(codes(ways(vera, made.number)).items()) == [
        ("Send a code to the mobile number +86 ••• •••• ••78: on file", True),
        ("Send a code to the e-mail address c•••@e•••.org: on file", True),
        ("No code to the name, postal address: cannot receive one", False),
    ]
    (only,) = codes(ways(vera, claimed.number)).items()
    assert only[0].endswith("claimed in the ticket only")
    assert not only[1]
    (only,) = codes(ways(vera, recent.number)).items()
    assert "changed recently, usable from 20 Dec" in only[0]
    assert not only[1]
    assert "a written request or documents" in ways(vera, claimed.number).next_step
    assert ways(vera, recent.number).next_step.startswith("The contacts on file were changed recently.")
    assert "anary" not in repr(ways(vera, made.number))


def test_the_budgets_are_told_and_the_next_step_once_one_is_spent(v: Verifying) -> None:
    assert ways(v.session, v.ticket.number).budget == (
        "3 attempts left · codes left: 3 within the hour, 5 within the day"
    )
    for _ in range(3):
        code = v.send()
        v.clock.forward(minutes=2)
    found = ways(v.session, v.ticket.number)
    assert found.budget.endswith("0 within the hour, 2 within the day")
    assert not any(codes(found).values())
    again = (v.clock.now() - timedelta(minutes=6) + timedelta(hours=1)).astimezone()
    assert f"Wait until 20 Nov {again:%H:%M}" in found.next_step
    v.fail(code, 3)
    locked = ways(v.session, v.ticket.number)
    assert locked.budget.startswith("no attempt left until 21 Nov")
    assert "a supervisor can lift the lock" in locked.next_step
    assert not of(locked, Act.LIFT).allowed
    assert of(locked, Act.NOTE).allowed
    sue = v.test_desk.session("sue", Role.SUPERVISOR)
    assert of(ways(sue, v.ticket.number), Act.LIFT).allowed


def test_for_a_child_a_guardian_comes_first(v: Verifying) -> None:
    number = v.ticket.number
    assert not of(ways(v.session, number), Act.SEE, "guardian").allowed
    record_age_band(v.session, number, "under-14")
    found = ways(v.session, number)
    assert found.about == "minor, under 14: needs a guardian's consent"
    assert found.ways[0].act is Act.AGE
    assert of(found, Act.SEE, "guardian").allowed
    assert not any(way.allowed for way in found.ways if way.act in (Act.CODE, Act.NOTE))
    assert "no guardian's authority is recorded" in found.next_step
    see_authority(v.session, number, AuthoritySort.GUARDIAN, "A birth certificate, seen.")
    found = ways(v.session, number)
    assert found.about == "minor, under 14 · asked by a guardian"
    assert all(way.allowed for way in found.ways if way.act in (Act.CODE, Act.NOTE))
    assert of(found, Act.END).allowed


def test_for_a_representative_only_codes_are_left(v: Verifying) -> None:
    see_authority(v.session, v.ticket.number, AuthoritySort.REPRESENTATIVE, "A letter.")
    found = ways(v.session, v.ticket.number)
    assert all(codes(found).values())
    assert not any(way.allowed for way in found.ways if way.act is Act.NOTE)


def test_a_capable_minor_is_flagged_and_a_guardian_encouraged(v: Verifying) -> None:
    record_age_band(v.session, v.ticket.number, "under-18")
    found = ways(v.session, v.ticket.number)
    assert found.about.startswith("minor, 14 to 17. May act alone; suggest that a guardian")
    assert all(codes(found).values())
    record_age_band(v.session, v.ticket.number, "adult")
    assert ways(v.session, v.ticket.number).about == "18 or over"


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.PRIVACY_OFFICER])
def test_who_is_no_verifier_is_offered_nothing_but_reasons(v: Verifying, role: Role) -> None:
    found = ways(v.test_desk.session("eve", role), v.ticket.number)
    assert not any(way.allowed for way in found.ways)


def test_on_a_closed_ticket_nothing_is_offered(test_desk: TestDesk) -> None:
    vera = test_desk.session("vera-lin", Role.VERIFIER)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS, state=TicketState.CLOSED, contacts=CONTACTS)
    found = ways(vera, made.number)
    assert not any(way.allowed for way in found.ways)
    assert found.next_step == f"#{made.number} is closed. Reopen it first."


def test_what_is_offered_is_what_the_service_does(v: Verifying) -> None:
    """The screen's list and the service's refusal never differ: each contact that is offered takes a code."""
    offered = [way for way in ways(v.session, v.ticket.number).ways if way.act is Act.CODE and way.allowed]
    assert len(offered) == 2
    for way in offered:
        assert send_code(v.session, v.ticket.number, way.item)


def test_admins_and_who_signed_nothing_see_none_of_it(v: Verifying) -> None:
    with pytest.raises(NotAllowed):
        ways(v.test_desk.session("ada", Role.ADMIN), v.ticket.number)
    with pytest.raises(NoUndertaking):
        ways(v.test_desk.session("new-one", Role.VERIFIER, undertaking=False), v.ticket.number)
