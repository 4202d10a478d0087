"""A verifier at work on a ticket, whose codes a test reads off the requester's phone: the outbox."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from cs_console.errors import (
    CodeWrong,
    ConsoleError,
    VerificationLocked,
)
from cs_console.verification.codes import check_code, send_code
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Action, Result, TicketKind
from models.requester import Requester
from models.roles import Role
from models.ticket import Ticket
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import MadeTicket, make_requester, make_ticket

ADDRESS = "canary.alice@example.org"
NUMBER = "+8613812345678"
CONTACTS = {Field.EMAIL: ADDRESS, Field.MOBILE: NUMBER}


class Verifying:
    """A verifier, a ticket, and the requester's own phone and mailbox: the outbox."""

    def __init__(self, test_desk: TestDesk) -> None:
        self.test_desk = test_desk
        self.desk, self.clock = test_desk.desk, test_desk.clock
        self.session = test_desk.session("vera-lin", Role.VERIFIER)
        self.requester = make_requester(test_desk, CONTACTS)
        self.ticket = self.another_ticket()

    def another_ticket(self) -> MadeTicket:
        return make_ticket(self.test_desk, kind=TicketKind.RIGHTS, requester=self.requester)

    def send(self, field: Field = Field.MOBILE, ticket: MadeTicket | None = None) -> str:
        """Send a code and read it off the requester's phone."""
        to = ticket or self.ticket
        before = set(self.outbox())
        send_code(self.session, to.number, to.contact_ids[field])
        (new,) = set(self.outbox()) - before
        found = re.search(r"\b[0-9]{8}\b", new.read_text("utf-8").partition("\n\n")[2])
        assert found
        return found.group()

    def outbox(self) -> list[Path]:
        folder = self.desk.settings.outbox
        assert folder is not None
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def check(self, digits: str, ticket: MadeTicket | None = None) -> datetime:
        return check_code(self.session, (ticket or self.ticket).number, digits).until

    def wrong(self, right: str) -> str:
        return f"{(int(right) + 1) % 10**8:08d}"

    def fail(self, right: str, times: int = 1) -> ConsoleError:
        for _ in range(times):
            with pytest.raises((CodeWrong, VerificationLocked)) as refused:
                self.check(self.wrong(right))
        return refused.value

    def stored_ticket(self) -> Ticket:
        with self.desk.database.reading() as db:
            return db.get_one(Ticket, self.ticket.number)

    def stored_requester(self) -> Requester:
        with self.desk.database.reading() as db:
            return db.get_one(Requester, self.ticket.requester_id)

    def change_contact(self, field: Field, **values: object) -> None:
        with self.desk.database.transaction() as db:
            db.connection().execute(
                update(Contact).where(col(Contact.id) == self.ticket.contact_ids[field]).values(**values)
            )

    def log(self, *actions: Action) -> list[tuple[Action, Result, str]]:
        return [(entry.action, entry.outcome, entry.reason) for entry in recorded(self.desk, *actions)]
