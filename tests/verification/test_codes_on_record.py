"""A code counts only as the log has it: who can write the database, and has no keys, opens nothing with its rows."""

from datetime import timedelta

import pytest
from sqlalchemy import ColumnElement, delete, select, update
from sqlmodel import col

from cs_console.errors import CodeExpired, CodeWrong, ConsoleError, VerificationLocked
from cs_console.verification.codes import check_code, lift_lock, status
from models.columns import new_id
from models.contact_fields import Field
from models.enums import TicketKind
from models.requester import Requester
from models.roles import Role
from models.verification import VerificationCode
from tests.custody.reveals import change
from tests.support.tickets import make_requester, make_ticket
from tests.support.verifying import Verifying

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts


def newest_code(v: Verifying) -> VerificationCode:
    with v.desk.database.reading() as db:
        found = db.scalars(select(VerificationCode).order_by(col(VerificationCode.sent_at).desc())).first()
    assert found is not None
    return found


def opens(v: Verifying, digits: str, number: int | None = None) -> bool:
    try:
        check_code(v.session, number or v.ticket.number, digits)
    except (CodeExpired, CodeWrong, VerificationLocked):
        return False
    return True


def the_row(code: VerificationCode) -> ColumnElement[bool]:
    return col(VerificationCode.id) == code.id


def test_a_genuine_code_opens(v: Verifying) -> None:
    assert opens(v, v.send())


@pytest.mark.parametrize("what", ["ended", "expired", "contact", "copied"])
def test_a_changed_or_copied_row_opens_nothing(v: Verifying, what: str) -> None:
    digits = v.send()
    code, now = newest_code(v), v.clock.now()
    match what:
        case "ended":  # a newer one was sent, so this one is over
            v.clock.forward(minutes=1)
            v.send(Field.EMAIL)
            change(
                v.test_desk,
                update(VerificationCode).values(ended_at=now),
                update(VerificationCode).where(the_row(code)).values(ended_at=None, sent_at=v.clock.now()),
            )
        case "expired":
            v.clock.forward(minutes=10)
            change(v.test_desk, update(VerificationCode).values(expires_at=now + timedelta(days=1)))
        case "contact":
            change(v.test_desk, update(VerificationCode).values(contact_id=v.ticket.contact_ids[Field.EMAIL]))
        case _:
            copied = code.model_dump() | {"id": new_id(), "sent_at": now + timedelta(seconds=1)}
            with v.desk.database.transaction() as db:
                db.add(VerificationCode(**copied))
    assert not opens(v, digits)
    assert not status(v.session, v.ticket.number).code_pending or what == "ended"


def test_a_code_that_was_used_is_not_used_again(v: Verifying) -> None:
    digits = v.send()
    assert opens(v, digits)
    change(v.test_desk, update(VerificationCode).values(ended_at=None))
    assert not opens(v, digits)


def test_a_code_moved_to_a_victims_ticket_opens_nothing(v: Verifying) -> None:
    """The attacker's own code, read from the attacker's own phone."""
    digits = v.send()
    victim = make_ticket(
        v.test_desk,
        kind=TicketKind.RIGHTS,
        requester=make_requester(v.test_desk, {Field.MOBILE: "+8613911112222"}),
    )
    moved = {
        "ticket_number": victim.number,
        "requester_id": victim.requester_id,
        "contact_id": victim.contact_ids[Field.MOBILE],
    }
    change(v.test_desk, update(VerificationCode).values(**moved))
    assert not opens(v, digits, victim.number)


def test_tries_put_back_are_not_won(v: Verifying) -> None:
    digits = v.send()

    def put_back() -> None:
        change(v.test_desk, update(Requester).values(tries=0, locked_until=None))

    outcomes: list[type[ConsoleError]] = []
    for _ in range(5):
        with pytest.raises((CodeWrong, VerificationLocked)) as refused:
            v.check(v.wrong(digits))
        outcomes.append(refused.type)
        put_back()
    assert outcomes == [CodeWrong, CodeWrong, VerificationLocked, VerificationLocked, VerificationLocked]
    change(v.test_desk, update(VerificationCode).values(ended_at=None))
    assert not opens(v, digits)
    now = status(v.session, v.ticket.number)
    assert now.tries_left == 0 and now.locked_until is not None
    lift_lock(v.test_desk.session("sue", Role.SUPERVISOR), v.ticket.number)
    assert status(v.session, v.ticket.number).tries_left == 3
    assert opens(v, v.send())


def test_a_lock_ends_when_the_log_says_so(v: Verifying) -> None:
    digits = v.send()
    v.fail(digits, 3)
    change(v.test_desk, update(Requester).values(tries=0, locked_until=None))
    until = status(v.session, v.ticket.number).locked_until
    assert until is not None
    v.clock.forward(hours=24)
    signed_in_now = v.test_desk.session("vic", Role.VERIFIER)
    assert status(signed_in_now, v.ticket.number).tries_left == 3


def test_a_row_takes_a_code_away(v: Verifying) -> None:
    digits = v.send()
    change(v.test_desk, delete(VerificationCode))
    assert not opens(v, digits)
