"""Erasures: unseen from the commit on, whatever dies then, and finished by the next console's upkeep."""

from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from cs_console.access_log.verify import verify_log
from cs_console.custody.contacts import NewContact, add_contact
from cs_console.custody.erasing import finish_all
from cs_console.custody.tombstones import tombstones
from cs_console.desk import Desk
from cs_console.erasure.erasure import confirm_erasure
from cs_console.intake.quarantine import Kept
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Action, ErasureState, RequesterState, SetAside, SetAsideKey, SetAsideState
from models.erasure import Erasure
from models.log import LogEntry
from models.message import Message
from models.quarantined import Quarantined
from models.requester import Requester
from tests.custody.rotations import fresh_keyring
from tests.erasure.erasures import PASSWORD, people, proposed
from tests.faults.acts.act import Act, card_of, session_of, wait_for_the_kill
from tests.faults.processes import Words, say
from tests.faults.tally import Tally
from tests.support.desk import TestDesk
from tests.support.stored import keep_apart
from tests.support.tickets import MadeTicket

WAITING = 4


class Erasures(Act):
    """A supervisor confirms one erasure after another."""

    STEPS, SECONDS = WAITING - 1, 0.15

    def __init__(self, made: TestDesk, tally: Tally) -> None:
        super().__init__(made, tally)
        self.who = people(made)
        self.waiting: dict[str, tuple[int, str]] = {}
        self.erased: list[tuple[int, str]] = []
        self.mail: dict[int, int] = {}

    def next_round(self) -> dict[str, Any]:
        for _ in range(WAITING - len(self.waiting)):
            ticket, erasure_id = proposed(self.made, self.who)
            self.waiting[erasure_id] = (ticket.number, ticket.requester_id)
            self._set_mail_aside(ticket)
        return {**card_of(self.who.omar), "erasures": list(self.waiting)}

    @staticmethod
    def work(desk: Desk, case: dict[str, Any]) -> None:
        session = session_of(desk, case)
        for erasure_id in case["erasures"]:
            confirm_erasure(session, erasure_id, PASSWORD)
            say("erased", erasure_id)
        say("finished")
        wait_for_the_kill()

    def judge(self, said: list[Words]) -> bool:
        told = {line[1] for line in said if line[0] == "erased"}
        states = self._states()
        self.tally.holds(all(states[one] == ErasureState.DONE for one in told), "one that was told of is not done")
        for one, (number, owner) in self.waiting.items():
            if states[one] == ErasureState.PROPOSED:
                with fresh_keyring(self.desk) as fresh:
                    self.tally.holds(owner in fresh.keys([owner]), f"#{number} lost its key before it was decided")
            else:
                self._is_unseen(number, owner)
        finish_all(self.desk)
        states = self._states()
        for one, (number, owner) in list(self.waiting.items()):
            if states[one] == ErasureState.DONE:
                self._is_gone(number, owner)
                self.erased.append(self.waiting.pop(one))
            else:
                self.tally.holds(states[one] == ErasureState.PROPOSED, f"#{number} stays {states[one]}")
        return ["finished"] not in said

    def _set_mail_aside(self, ticket: MadeTicket) -> None:
        """A mail from an address that is on file with them alone, kept apart."""
        address, owner = f"{ticket.number}@example.org", ticket.requester_id
        kept = Kept(SetAside.SPAM, str(ticket.number).encode(), b"x", 1, "Spam.", contacts=((Field.EMAIL, address),))
        with self.desk.database.transaction() as db:
            new = NewContact(Field.EMAIL, address, True, self.desk.clock.now())
            add_contact(db, self.desk, owner, self.desk.keyring.key(owner), new)
            self.mail[ticket.number] = keep_apart(db, self.desk, kept)

    def _states(self) -> dict[str, str]:
        with self.desk.database.reading() as db:
            rows = db.execute(select(col(Erasure.id), col(Erasure.state)).where(col(Erasure.id).in_(self.waiting)))
            return {row[0]: row[1] for row in rows}

    def _is_unseen(self, number: int, owner: str) -> None:
        with self.desk.database.reading() as db:
            state = db.get_one(Requester, owner).state
            full = db.scalar(
                select(func.count()).where(
                    col(Contact.requester_id) == owner, (col(Contact.value) != b"") | col(Contact.lookup).is_not(None)
                )
            )
            words = db.scalar(
                select(func.count()).where(col(Message.ticket_number) == number, col(Message.text) != b"")
            )
            entries = db.scalar(
                select(func.count()).where(
                    col(LogEntry.ticket) == number, col(LogEntry.action) == Action.REQUESTER_ERASED.value
                )
            )
        found = (state, full, words, entries)
        self.tally.holds(found == (RequesterState.ERASED, 0, 0, 1), f"#{number} was erased by halves: {found}")

    def _is_gone(self, number: int, owner: str) -> None:
        with self.desk.database.reading() as db:
            mail = db.scalars(select(Quarantined).where(col(Quarantined.number) == self.mail[number])).one()
        with fresh_keyring(self.desk) as fresh:
            self.tally.holds(not fresh.keys([owner]), f"the key of #{number} is there")
            self.tally.holds(not fresh.keys([mail.id]), f"the key of mail from the requester of #{number} is there")
        self.tally.holds(
            (mail.state, mail.key, mail.content) == (SetAsideState.DESTROYED, SetAsideKey.DESTROYED, b""),
            f"mail from the requester of #{number} is there",
        )
        self.tally.holds(tombstones(self.desk.settings).count(owner) == 1, f"#{number} has no tombstone, or two")
        outbox = self.desk.settings.outbox
        assert outbox is not None
        left = [one.name for one in outbox.glob("[!.]*") if f"[#{number}]" in one.read_text("utf-8", "replace")]
        self.tally.holds(not left, f"the outbox still holds {left}")

    def shows_enough(self) -> bool:
        return len(self.erased) > self.tally.rounds / 2

    def settle(self) -> None:
        for erasure_id, (number, owner) in self.waiting.items():
            self.tally.holds(confirm_erasure(self.who.omar, erasure_id, PASSWORD).erased, f"#{number} cannot be erased")
            self._is_gone(number, owner)
        self.tally.holds(verify_log(self.desk).ok, "the log is broken")
        assert self.shows_enough(), "the kills came too early to prove anything"
