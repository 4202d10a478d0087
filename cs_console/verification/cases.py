"""One ticket as verification sees it, and what the access log says about it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from cs_console.access_log.entry import Entry
from cs_console.access_log.standing import require_owner
from cs_console.custody.requester_access import require_in_use
from cs_console.desk import DeskSession
from cs_console.errors import NothingThere, WrongState
from cs_console.policy.languages import in_language
from cs_console.policy.schema import Pack
from cs_console.policy.verification_rules import CodeRules
from models.enums import Action, Result, TicketState
from models.requester import Requester
from models.ticket import Ticket


@dataclass(frozen=True)
class Case:
    """A ticket, its requester and the pack that it was opened under."""

    number: int
    requester_id: str
    pseudonym: str
    pack: Pack
    ticket: Ticket
    requester: Requester

    @property
    def codes(self) -> CodeRules:
        return self.pack.verification.code

    @property
    def said(self) -> CodeRules:
        """The same with its texts in the requester's language."""
        return in_language(self.pack, self.ticket.language).verification.code

    def require_open(self) -> None:
        """Refuse to verify for a closed ticket. Raises WrongState."""
        if self.ticket.state == TicketState.CLOSED:
            raise WrongState(f"#{self.number} is closed.", "Reopen it first.")

    def entry(
        self,
        action: Action,
        outcome: Result = Result.DONE,
        *,
        field: str = "",
        verification: str = "",
        reason: str = "",
        about: Mapping[str, str] | None = None,
    ) -> Entry:
        """An entry about this ticket and requester."""
        return Entry(
            action,
            outcome=outcome,
            ticket=self.number,
            requester=self.pseudonym,
            fields=(field,) if field else (),
            verification=verification,
            reason=reason,
            about=about or {},
        )


def case_of(db: Session, session: DeskSession, number: int, *, locked: bool = False) -> Case:
    """The case of a ticket; with `locked` no one else changes ticket or requester until the transaction ends.

    Raises NothingThere for an unknown number, KeyDestroyed or OnHold for an erased or restricted
    requester, OwnerNotVouched.
    """
    ticket = db.get(Ticket, number, with_for_update=locked)
    if ticket is None:
        raise NothingThere(f"There is no ticket #{number}.")
    requester = db.get_one(Requester, ticket.requester_id, with_for_update=locked)
    require_in_use(db, session, requester.id)
    desk = session.desk
    pseudonym = desk.pseudonym(requester.id, desk.keyring.key(requester.id))
    require_owner(db, desk, number, pseudonym)
    return Case(number, requester.id, pseudonym, desk.packs.get(ticket.pack), ticket, requester)
