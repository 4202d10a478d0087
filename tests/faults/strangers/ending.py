"""What changes whose a ticket is, and what ends with it: linking, erasing, rotating keys, and what old copies hold."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

import pytest

from cs_console.casework.workflow import claim, set_kind, set_state
from cs_console.custody import index_rotation
from cs_console.custody.index_state import IndexStateReader
from cs_console.custody.rotation import rotate
from cs_console.decisions.checklist import fields_for
from cs_console.delivery.outgoing import deliver_queued
from cs_console.desk import operator_session
from cs_console.erasure.erasure import confirm_erasure, open_erasures, propose_erasure
from cs_console.errors import ConsoleError, SecondPersonNeeded
from cs_console.verification.linking import link_ticket, look_for_person, unlink_ticket, whose
from models.contact_fields import Field
from models.enums import Link, TicketKind, TicketState
from models.ticket import Ticket
from tests.decisions.cases import PASSWORD, grant, later, propose
from tests.faults.strangers.copies import Copy
from tests.faults.strangers.inside import Inside
from tests.faults.strangers.judging import Judging
from tests.faults.strangers.ledger import Case, Party, Value, searchable
from tests.faults.strangers.place import Astray, Place

WHY = "They read out the number of an order."
MOST_COPIES = 2


class Ending:
    """One act a method, like `Inside`."""

    def __init__(self, place: Place, inside: Inside, judging: Judging) -> None:
        self.place, self.ledger, self.chance, self.inside = place, place.ledger, place.chance, inside
        self.judging = judging
        self.desk, self.mei, self.vera = place.desk, place.mei, place.vera
        self.copies: list[Copy] = []

    # --- whose it is

    def unlinks(self) -> None:
        """An account's ticket becomes an unverified sender's of its own."""
        case = self._any(one for one in self.ledger.live_cases(is_open=True) if one.link is not Link.NONE)
        if case is None:
            return
        unlink_ticket(self.vera, case.number, self._row(case), WHY)
        party = Party()
        self.ledger.parties.append(party)
        self.ledger.hand_over(case, party, Link.NONE)
        self.place.seen["unlinked"] += 1

    def links(self) -> None:
        """A stranger's ticket becomes that of a person who matches it; or someone tries one who does not."""
        case = self._any(one for one in self.ledger.live_cases(is_open=True) if one.link is Link.NONE)
        if case is None:
            return
        now = whose(self.vera, case.number)
        found_by: Value | None = None
        candidates = list(now.candidates)
        if not candidates or self.chance.random() < 0.3:
            human = self.place.someone()
            found_by = self.chance.choice([(Field.EMAIL, human.email), (Field.MOBILE, human.mobile)])
            candidates = list(look_for_person(self.vera, case.number, *found_by))
        shown = self.place.canaries_of((now.candidates, now.history, candidates))
        self.place.must(not shown, f"#{case.number}: the people it may be of are shown with {shown}")
        named = [*searchable(case.claims), *([found_by] if found_by else [])]
        matching = [one for value in named for one in self.ledger.holders(value)] + case.earlier
        others = [owner for owner, party in self.place.party_of.items() if party is not case.party]
        strangers = [owner for owner in others if self.place.party_of[owner] not in matching]
        if strangers:
            self.place.hostile += 1
            wanted = self.chance.choice(strangers)
            with suppress(ConsoleError):
                link_ticket(self.vera, case.number, now.version, wanted, WHY, found_by)
                raise Astray(f"#{case.number} was linked to a person who does not match it")
        if candidates:
            chosen = min(candidates, key=lambda one: one.masks).id
            self.place.must(chosen not in strangers, f"#{case.number} is offered to a person who does not match it")
            link_ticket(self.vera, case.number, now.version, chosen, WHY, found_by)
            self.ledger.hand_over(case, self.place.party_of[chosen], Link.PROVEN)
            self.place.seen["linked"] += 1

    # --- erasing

    def erases(self) -> None:
        """Someone's deletion request is granted whole, and another person confirms the erasure."""
        party = self._someone_to_erase()
        if party is None:
            return
        mine = self.ledger.of(party)
        for case in mine:
            if not case.closed:
                self._end(case)
        deliver_queued(self.desk)
        self.judging.letters()
        number = max(case.number for case in mine)
        before = Copy.keys_now(self.place)
        propose_erasure(self.mei, number)
        (proposed,) = [one.id for one in open_erasures(self.mei) if one.number == number]
        with suppress(ConsoleError):
            confirm_erasure(self.mei, proposed, PASSWORD)
            self.place.must(False, f"#{number}: one person alone erased someone")
        done = confirm_erasure(self.place.omar, proposed, PASSWORD)
        self.place.must(done.erased, f"#{number}: {done.problem}")
        self.ledger.erase(party, self.place.now())
        self.place.seen["erased"] += 1
        if party.account:
            self.place.seen["account erased"] += 1
        self.place.must(
            not Copy(self.place).opened_of([party], before), f"#{number}: what is stored opens with the keys of before"
        )

    def _someone_to_erase(self) -> Party | None:
        """Someone whose tickets can all be brought to an end."""
        with_tickets = [one for one in self.ledger.living() if any(not case.closed for case in self.ledger.of(one))]
        accounts = [one for one in with_tickets if one.account]
        choice = accounts if accounts and self.chance.random() < 0.8 else with_tickets
        return self.chance.choice(choice) if choice else None

    def _end(self, case: Case) -> None:
        """Verify its requester and grant that all be deleted."""
        claim(self.mei, case.number)
        with self.desk.database.reading() as db:
            kind = db.get_one(Ticket, case.number).kind
        if kind != TicketKind.RIGHTS:
            set_kind(self.mei, case.number, self._row(case), TicketKind.RIGHTS)
        self.inside.verify(case)
        held = [one.key for one in fields_for(self.mei, case.number) if one.held and one.key in set(Field)]
        propose(self.mei, case.number, self._row(case), grant(*held))

    def closes(self) -> None:
        """An agent closes an inquiry; two supervisors close a request that no one was verified for."""
        case = self._any(self.ledger.live_cases(is_open=True))
        if case is None:
            return
        for supervisor in (self.place.omar, self.place.sue):
            with suppress(SecondPersonNeeded):
                set_state(supervisor, case.number, self._row(case), TicketState.CLOSED, "They have an answer.")
                return

    # --- keys and copies

    def rotates_keys(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(index_rotation, "SETTLE_SECONDS", 0)
            rotate(operator_session(self.desk))
        self.desk.keyring.index_state = IndexStateReader(self.desk.database)  # as if it had waited for that
        self.place.seen["keys rotated"] += 1

    def copies_database(self) -> None:
        """Someone takes a copy of the database, to open it one day with the keyring of that day."""
        if len(self.copies) < MOST_COPIES:
            self.copies.append(Copy(self.place))

    def opens_copies(self) -> None:
        """Nothing of those who were erased since opens out of a copy, whatever key of today is tried."""
        for copy in self.copies:
            gone = [one for one in copy.parties if not one.alive and one in copy.were_alive]
            if not gone:
                continue
            self.place.hostile += 1
            found = copy.opened_of(gone, Copy.keys_now(self.place))
            self.place.must(not found, f"a copy of before the erasure opens: {found[:3]}")
            self.place.seen["old copy tried"] += 1

    def time_passes(self) -> None:
        span = self.chance.choice([timedelta(minutes=3), timedelta(minutes=12), timedelta(hours=2), timedelta(days=35)])
        later(self.place.test_desk, seconds=span.total_seconds())

    def _any(self, cases: Iterable[Case]) -> Case | None:
        found = sorted(cases, key=lambda one: one.number)
        return self.chance.choice(found) if found else None

    def _row(self, case: Case) -> int:
        with self.desk.database.reading() as db:
            return db.get_one(Ticket, case.number).version
