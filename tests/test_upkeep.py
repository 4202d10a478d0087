"""What happens by itself every minute: each step on its own, whatever becomes of the others."""

from datetime import timedelta

import pytest

from cs_console import upkeep
from cs_console.access_log.checkpoint import latest
from cs_console.decisions import approval
from cs_console.errors import StoreBusy
from cs_console.upkeep import keep_up
from models.enums import DeliveryState, Role, TicketState
from tests.decisions.cases import PASSWORD, ground, person, propose, refusal, request
from tests.decisions.test_checklist import notices, ticket_of
from tests.support.office import TestOffice

STEPS = ("write_checkpoint", "reopen_due", "deliver_queued")


def refused(test_office: TestOffice) -> int:
    """A request that was refused until a review, its notice still queued because the outbox was in the way."""
    mei, sue = person(test_office, "mei", Role.AGENT), person(test_office, "sue", Role.SUPERVISOR)
    pia, number = person(test_office, "pia", Role.PRIVACY_OFFICER), request(test_office, mei).number
    decision_id = propose(mei, number, 1, refusal("S4", test_office.clock.now())).decision_id
    outbox = test_office.office.settings.outbox
    assert outbox is not None
    outbox.write_bytes(b"in the way")
    for desk in (sue, pia):
        approval.approve(desk, decision_id, PASSWORD)
    outbox.unlink()
    assert notices(test_office, number)[0].delivery == DeliveryState.FAILED
    return number


def done(test_office: TestOffice, number: int) -> set[str]:
    """The steps whose work is done."""
    checks = {
        "write_checkpoint": latest(test_office.office) is not None,
        "reopen_due": ticket_of(test_office, number).state == TicketState.OPEN,
        "deliver_queued": notices(test_office, number)[0].delivery == DeliveryState.SENT,
    }
    return {step for step, is_done in checks.items() if is_done}


def test_a_minute_later_what_is_queued_goes_out_and_the_log_is_signed(test_office: TestOffice) -> None:
    number = refused(test_office)
    test_office.clock.forward(minutes=1)
    keep_up(test_office.office)
    assert done(test_office, number) == {"write_checkpoint", "deliver_queued"}


def test_on_the_day_of_its_review_a_ticket_opens_again(test_office: TestOffice) -> None:
    number = refused(test_office)
    test_office.clock.at += timedelta(days=ground("S4").review_days)
    keep_up(test_office.office)
    assert done(test_office, number) == set(STEPS)


@pytest.mark.parametrize("broken", STEPS)
@pytest.mark.parametrize("fault", [StoreBusy("The database is busy."), KeyError("a fault of ours")], ids=repr)
def test_one_step_that_fails_stops_no_other(
    sqlite_office: TestOffice, monkeypatch: pytest.MonkeyPatch, broken: str, fault: Exception
) -> None:
    number = refused(sqlite_office)
    sqlite_office.clock.at += timedelta(days=ground("S4").review_days)

    def fail(_office: object) -> None:
        raise fault

    monkeypatch.setattr(upkeep, broken, fail)
    if isinstance(fault, StoreBusy):
        keep_up(sqlite_office.office)
    else:
        with pytest.raises(ExceptionGroup) as raised:
            keep_up(sqlite_office.office)
        assert raised.value.exceptions == (fault,)
    assert done(sqlite_office, number) == set(STEPS) - {broken}


def test_a_delivery_under_way_is_not_joined_by_another(
    sqlite_office: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []

    def slow(office: object) -> None:
        calls.append(office)
        keep_up(sqlite_office.office)  # the next minute has come

    monkeypatch.setattr(upkeep, "deliver_queued", slow)
    keep_up(sqlite_office.office)
    keep_up(sqlite_office.office)
    assert len(calls) == 2
