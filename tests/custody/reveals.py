"""What the tests of disclosure share: a verified ticket of one's own, and a refusal that is on record."""

import pytest

from cs_console.custody.disclosure import Target, reveal
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError
from models.contact_fields import Field
from models.enums import Action, Result, TicketKind
from models.roles import Role
from tests.support.desk import TestDesk
from tests.support.recorded import Recorded, recorded
from tests.support.tickets import MadeTicket, make_ticket

PHONE = "+8613800138000"
SPOKEN = "+86 138 0013 8000"
"""As it is shown: in groups, for reading aloud."""
CONTACTS = {Field.MOBILE: PHONE, Field.EMAIL: "alice@example.org", Field.NAME: "Alice Example"}
TEXT = "Call me at 13800138000.\x1b[2J"


def own_ticket(
    test_desk: TestDesk, kind: TicketKind = TicketKind.INQUIRY, *, verified: bool = True
) -> tuple[DeskSession, MadeTicket]:
    session = test_desk.session("mei", Role.AGENT)
    ticket = make_ticket(
        test_desk, kind=kind, assignee=session, contacts=CONTACTS, text=TEXT, subject="Locked\x07", verified=verified
    )
    return session, ticket


def mobile_of(ticket: MadeTicket) -> Target:
    return Target(Field.MOBILE, ticket.contact_ids[Field.MOBILE])


def views(test_desk: TestDesk) -> list[Recorded]:
    return recorded(test_desk.desk, Action.FIELD_REVEALED)


def change(test_desk: TestDesk, *statements: object) -> None:
    """Change the store behind the console's back, as its owner could."""
    with test_desk.desk.database.transaction() as db:
        for statement in statements:
            db.connection().execute(statement)  # type: ignore[call-overload]  # any statement at all


def is_refused(
    test_desk: TestDesk, session: DeskSession, number: int, target: Target, purpose: str, refusal: type[ConsoleError]
) -> None:
    """Nothing is shown and the attempt is on record with its code."""
    before = len(views(test_desk))
    with pytest.raises(refusal) as raised:
        reveal(session, number, target, purpose)
    assert type(raised.value) is refusal
    assert raised.value.sentence
    assert len(views(test_desk)) == before
    last = recorded(test_desk.desk)[-1]
    assert (last.action, last.reason, last.ticket) == (Action.REVEAL_REFUSED, refusal.code, number)
    assert last.fields == target.field.value
    assert last.outcome is Result.REFUSED
