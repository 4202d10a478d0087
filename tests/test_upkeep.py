"""What happens by itself every minute: each step on its own, whatever becomes of the others."""

from datetime import timedelta

import pytest

from cs_console import upkeep
from cs_console.access_log.checkpoint import latest
from cs_console.decisions import approval
from cs_console.errors import StoreBusy
from cs_console.upkeep import keep_up
from models.enums import DeliveryState, TicketState
from models.roles import Role
from tests.decisions.cases import PASSWORD, ground, person, propose, refusal, request
from tests.support.desk import TestDesk
from tests.support.rows import notices, ticket_of

STEPS = ("write_checkpoint", "reopen_due", "deliver_queued")


def refused(test_desk: TestDesk) -> int:
    """A request that was refused until a review, its notice still queued because the outbox was in the way."""
    mei, sue = person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)
    pia, number = person(test_desk, "pia", Role.PRIVACY_OFFICER), request(test_desk, mei).number
    decision_id = propose(mei, number, 1, refusal("S4", test_desk.clock.now())).decision_id
    outbox = test_desk.desk.settings.outbox
    assert outbox is not None
    outbox.write_bytes(b"in the way")
    for session in (sue, pia):
        approval.approve(session, decision_id, PASSWORD)
    outbox.unlink()
    assert notices(test_desk, number)[0].delivery == DeliveryState.FAILED
    return number


def done(test_desk: TestDesk, number: int) -> set[str]:
    """The steps whose work is done."""
    checks = {
        "write_checkpoint": latest(test_desk.desk) is not None,
        "reopen_due": ticket_of(test_desk, number).state == TicketState.OPEN,
        "deliver_queued": notices(test_desk, number)[0].delivery == DeliveryState.SENT,
    }
    return {step for step, is_done in checks.items() if is_done}


def test_a_minute_later_what_is_queued_goes_out_and_the_log_is_signed(test_desk: TestDesk) -> None:
    number = refused(test_desk)
    test_desk.clock.forward(minutes=1)
    keep_up(test_desk.desk)
    assert done(test_desk, number) == {"write_checkpoint", "deliver_queued"}


def test_on_the_day_of_its_review_a_ticket_opens_again(test_desk: TestDesk) -> None:
    number = refused(test_desk)
    test_desk.clock.at += timedelta(days=ground("S4").review_days)
    keep_up(test_desk.desk)
    assert done(test_desk, number) == set(STEPS)


@pytest.mark.parametrize("broken", STEPS)
@pytest.mark.parametrize("fault", [StoreBusy("The database is busy."), KeyError("a fault of ours")], ids=repr)
def test_one_step_that_fails_stops_no_other(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch, broken: str, fault: Exception
) -> None:
    number = refused(sqlite_desk)
    sqlite_desk.clock.at += timedelta(days=ground("S4").review_days)

    def fail(_desk: object) -> None:
        raise fault

    monkeypatch.setattr(upkeep, broken, fail)
    if isinstance(fault, StoreBusy):
        keep_up(sqlite_desk.desk)
    else:
        with pytest.raises(ExceptionGroup) as raised:
            keep_up(sqlite_desk.desk)
        assert raised.value.exceptions == (fault,)
    assert done(sqlite_desk, number) == set(STEPS) - {broken}


def test_a_delivery_under_way_is_not_joined_by_another(sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def slow(desk: object) -> None:
        calls.append(desk)
        keep_up(sqlite_desk.desk)  # the next minute has come

    monkeypatch.setattr(upkeep, "deliver_queued", slow)
    keep_up(sqlite_desk.desk)
    keep_up(sqlite_desk.desk)
    assert len(calls) == 2
