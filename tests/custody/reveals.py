"""What the tests of disclosure share: a verified ticket of one's own, and a refusal that is on record."""

import pytest

from cs_console.custody.disclosure import Target, reveal
from cs_console.desk import Desk
from cs_console.errors import Refusal
from models.enums import Action, Field, Result, Role, TicketKind
from tests.support.office import TestOffice
from tests.support.recorded import Recorded, recorded
from tests.support.tickets import MadeTicket, make_ticket

PHONE = "+8613800138000"
SPOKEN = "+86 138 0013 8000"
"""As it is shown: in groups, for reading aloud."""
CONTACTS = {Field.MOBILE: PHONE, Field.EMAIL: "alice@example.org", Field.NAME: "Alice Example"}
TEXT = "Call me at 13800138000.\x1b[2J"


def own_ticket(
    test_office: TestOffice, kind: TicketKind = TicketKind.INQUIRY, *, verified: bool = True
) -> tuple[Desk, MadeTicket]:
    desk = test_office.desk("mei", Role.AGENT)
    ticket = make_ticket(
        test_office, kind=kind, assignee=desk, contacts=CONTACTS, text=TEXT, subject="Locked\x07", verified=verified
    )
    return desk, ticket


def mobile_of(ticket: MadeTicket) -> Target:
    return Target(Field.MOBILE, ticket.contact_ids[Field.MOBILE])


def views(test_office: TestOffice) -> list[Recorded]:
    return recorded(test_office.office, Action.FIELD_REVEALED)


def change(test_office: TestOffice, *statements: object) -> None:
    """Change the store behind the console's back, as its owner could."""
    with test_office.office.database.transaction() as session:
        for statement in statements:
            session.connection().execute(statement)  # type: ignore[call-overload]  # any statement at all


def is_refused(
    test_office: TestOffice, desk: Desk, number: int, target: Target, purpose: str, refusal: type[Refusal]
) -> None:
    """Nothing is shown and the attempt is on record with its code."""
    before = len(views(test_office))
    with pytest.raises(refusal) as raised:
        reveal(desk, number, target, purpose)
    assert type(raised.value) is refusal
    assert raised.value.sentence
    assert len(views(test_office)) == before
    last = recorded(test_office.office)[-1]
    assert (last.action, last.reason, last.ticket) == (Action.REVEAL_REFUSED, refusal.code, number)
    assert last.fields == target.field.value
    assert last.outcome is Result.REFUSED
