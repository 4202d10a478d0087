"""What the console did, held against the ledger: after each act what is cheap to see, after each round all of it."""

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.custody.disclosure import Target, reveal
from cs_console.custody.late_redaction import redact_waiting
from cs_console.custody.opening import open_text
from cs_console.custody.sealing import Place as SealedAt
from cs_console.errors import ConsoleError
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Action, Channel, Link, MessageSort, Result, TicketState
from models.log import LogEntry
from models.message import Message
from models.requester import Requester
from models.ticket import Ticket
from tests.faults.strangers.canaries import ORDINARY, canaries_in
from tests.faults.strangers.inside import Inside
from tests.faults.strangers.ledger import LONG_AGO, Case, Party, Value
from tests.faults.strangers.place import Astray, Place, Sent
from tests.support.stored import opened_ticket

LOOKED_AT = 5
"""Tickets after a round; what is left is looked at after a later one, or at the desk's end."""
_VIEWS = (Action.TICKET_OPENED, Action.FIELD_REVEALED)
_CODE, _TOLD, _ACKNOWLEDGED = "your code is", "we confirmed that request", "A form on our site named this address"


class Judging:
    """Each check stops the walk at the first thing that is not as the ledger says."""

    def __init__(self, place: Place, inside: Inside) -> None:
        self.place, self.ledger, self.desk, self.inside = place, place.ledger, place.desk, inside
        self._seq = 0
        self._acknowledged: dict[str, datetime] = {}
        self.unrecorded: list[str] = []
        self._unchanged: dict[int, tuple[int, Party, bool, int]] = {}
        """What each ticket was like when it was last looked at, and whose."""

    def after_act(self) -> None:
        """Whose the tickets are, what went out, and what is on record of what was shown."""
        with self.desk.database.reading() as db:
            self._people(db)
            self._tickets(db)
        self.letters()
        self._record()

    # --- whose the tickets are

    def _people(self, db: Session) -> None:
        """An account has one requester, and a requester one account."""
        rows = db.connection().execute(select(col(Requester.id), col(Requester.account_id)))
        for owner, sealed in rows.all():
            if owner in self.place.party_of or not sealed:
                continue
            at = SealedAt(owner, "requester", "account_id", owner)
            account = open_text(self.desk.keyring.key(owner), at, sealed)
            party = self.ledger.account(account)
            assert party is not None, account
            self.place.must(party not in self.place.party_of.values(), f"{account} has two requesters")
            self.place.party_of[owner] = party

    def _tickets(self, db: Session) -> None:
        rows = db.connection().execute(
            select(col(Ticket.number), col(Ticket.requester_id), col(Ticket.link), col(Ticket.state))
        )
        for number, owner, link, state in rows:
            case = self.ledger.cases.get(number)
            if case is None:
                raise Astray(f"#{number} is a ticket that no one opened")
            case.closed = state == TicketState.CLOSED
            known = self.place.party_of.get(owner)
            if known is None:
                self.place.must(case.party not in self.place.party_of.values(), f"#{number}'s sender became two")
                self.place.party_of[owner] = known = case.party
            self.place.must(known is case.party, f"#{number} became another's ticket")
            self.place.must(Link(link) is case.link, f"#{number} is {link}, and it had to be {case.link}")

    # --- what went out

    def letters(self) -> None:
        """Every code and letter went to its ticket's own person, and holds nothing of anyone else."""
        for file, sent in self.place.newly_sent():
            case = self.ledger.cases.get(sent.number)
            if case is None:
                raise Astray(f"a letter about no ticket: {sent}")
                continue
            self.place.sent[file] = case.party
            self._goes_where_it_may(case, sent)
            words = self.place.typed.get(case.number, "") if not self._is_fixed(sent) else ""
            answered = case.subjects.get(sent.address.casefold(), "")  # DECISIONS.md, 19: of the very recipient
            found = canaries_in(sent.words) - canaries_in(words)
            found -= canaries_in(answered) & canaries_in(sent.subject)
            self.place.must(not found, f"#{case.number}: a letter holds {found}")
            if sent.id:
                self.ledger.known_ids[sent.id] = case.number
            self.place.seen["letter"] += 1

    def _is_fixed(self, sent: Sent) -> bool:
        return any(words in sent.words for words in (_CODE, _TOLD, _ACKNOWLEDGED))

    def _goes_where_it_may(self, case: Case, sent: Sent) -> None:
        value, now = (sent.field, sent.address), self.place.now()
        where = f"#{case.number} to {sent.address}"
        if _CODE in sent.words:
            self.place.must(self.ledger.may_carry_code(case.party, value, now), f"a code of {where}")
        elif _TOLD in sent.words:
            self.place.must(self.ledger.is_theirs_alone(case.party, value), f"a word on a verification of {where}")
        elif _ACKNOWLEDGED in sent.words:
            before = self._acknowledged.get(sent.address, LONG_AGO)
            own = case.channel is Channel.FORM and value in case.claims
            self.place.must(own and before + timedelta(days=1) <= case.at, f"an acknowledgement of {where}")
            self._acknowledged[sent.address] = case.at
            case.acknowledged.add(sent.id)
        else:
            self.place.must(self.ledger.may_be_written_to(case, value), f"a letter of {where}")

    # --- what is on record

    def _record(self) -> None:
        """Each opening and each value shown has its entry, and nothing else has one."""
        with self.desk.database.reading() as db:
            rows = (
                db.connection()
                .execute(
                    select(col(LogEntry.seq), col(LogEntry.action), col(LogEntry.ticket))
                    .where(col(LogEntry.seq) > self._seq, col(LogEntry.outcome) == Result.DONE.value)
                    .where(col(LogEntry.action).in_([one.value for one in _VIEWS]))
                    .order_by(col(LogEntry.seq))
                )
                .all()
            )
        if rows:
            self._seq = rows[-1].seq
        on_record = Counter((Action(row.action), int(row.ticket)) for row in rows)
        for (action, number), times in (self.place.shown - on_record).items():
            self.unrecorded.append(f"#{number}: {action} {times} times without an entry")
        self.place.shown.clear()

    # --- after a round

    def after_round(self, *, everyone: bool = False) -> None:
        """What is stored of tickets that something happened to, opened and compared: some of them, or all."""
        redact_waiting(self.desk, seconds=60)  # until then texts are hidden whole
        with self.desk.database.reading() as db:
            self._contacts(db)
        states = {
            case.number: (len(case.texts), case.party, case.party.alive, len(case.party.ever))
            for case in self.ledger.cases.values()
        }
        changed = [number for number, state in states.items() if self._unchanged.get(number) != state]
        if not everyone:
            changed = self.place.chance.sample(changed, min(LOOKED_AT, len(changed)))
        for number in changed:
            case = self.ledger.cases[number]
            self._unchanged[number] = states[number]
            if case.party.alive:
                self._contents(case)
            else:
                self._gone(case)
        self._outbox()
        self.inside.lists()
        self._record()

    def _contacts(self, db: Session) -> None:
        """What stands of each person is what the platform's newest record says, and what was added by hand."""
        keys = self.desk.keyring.keys(self.place.party_of)
        stored: dict[int, Counter[tuple[bool, Value]]] = {id(one): Counter() for one in self.ledger.parties}
        for one in db.scalars(select(Contact).where(col(Contact.replaced_at).is_(None))):
            party = self.place.party_of[one.requester_id]
            if not party.alive:
                self.place.must(not one.value and not one.mask and one.lookup is None, "a contact of an erased person")
            elif one.ticket_number is None:
                at = SealedAt(one.requester_id, "contact", "value", one.id)
                value = open_text(keys[one.requester_id], at, one.value)
                stored[id(party)][one.on_file, (Field(one.field), value)] += 1
            else:
                self.place.must(self.ledger.cases[one.ticket_number].party is party, "a claim of another's ticket")
        for party in self.ledger.living():
            wanted = Counter([(True, one) for one in party.on_file.items()] + [(False, one) for one in party.by_hand])
            self.place.must(stored[id(party)] == wanted, f"on file is {stored[id(party)]}, and it had to be {wanted}")

    def _contents(self, case: Case) -> None:
        """Its words as they were written, and redacted: what is known of its person hidden, ordinary words there."""
        found = opened_ticket(self.desk, case.number)
        said = {text.strip() for text in found.texts}
        lost = {text.strip() for text, _ in case.received} - said
        self.place.must(not lost, f"#{case.number} lost {lost}")
        foreign = canaries_in(" ".join((*found.texts, found.subject))) - case.canaries
        self.place.must(not foreign, f"#{case.number} holds {foreign} of someone else")
        claims = {(kind, value) for kind, value, on_file in found.contacts if not on_file} - set(case.party.by_hand)
        self.place.must(claims <= set(case.claims), f"#{case.number} claims {claims - set(case.claims)}")
        with self.desk.database.reading() as db:
            asked = select(Message).where(col(Message.ticket_number) == case.number)
            received = [one for one in db.scalars(asked) if one.sort == MessageSort.RECEIVED]
        marks = Counter(one.unconfirmed for one in received)
        wanted = Counter(not confirmed for _, confirmed in case.received)
        self.place.must(marks == wanted, f"#{case.number} has {marks} unconfirmed lines, and had to have {wanted}")
        view = self.inside.open(case, self.place.mei)
        for line in view.lines:
            if line.sort is MessageSort.RECEIVED:
                self.place.must(
                    ORDINARY in " ".join(line.text.split()), f"#{case.number}: {line.text!r} lost its words"
                )
        reached = {value for human in self.place.humans for value in (human.email, human.mobile)}
        reached |= {value for kind, value in case.claims if kind in (Field.EMAIL, Field.MOBILE)}
        shown = canaries_in(repr(view)) & canaries_in(" ".join(reached))
        self.place.must(not shown, f"#{case.number} shows {shown} in its text")

    def _gone(self, case: Case) -> None:
        """No service reads anything of an erased person's ticket."""
        self.inside.open(case, self.place.mei)
        for kind in (Field.EMAIL, Field.SUBJECT):
            try:
                shown = reveal(self.place.mei, case.number, Target(kind, str(case.number)), "answer-right")
            except ConsoleError:
                continue
            raise Astray(f"#{case.number} of an erased person: {shown.field} was shown")
        try:
            found = opened_ticket(self.desk, case.number)
        except ConsoleError:
            return
        raise Astray(f"#{case.number} of an erased person opens: {found.subject}")

    def _outbox(self) -> None:
        """Copies of letters to the erased are gone, and no one else's."""
        for file, party in self.place.sent.items():
            whose = "someone" if party.alive else "an erased person"
            self.place.must(file.exists() == party.alive, f"{file.name}: a letter to {whose}")
