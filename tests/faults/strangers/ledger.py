"""Who really is who: what was sent, put on file, linked and erased, kept in plain dictionaries beside the console.

It knows nothing of the console's tables, keys or look-ups: only what DESIGN.md (Who is who) says of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from models.contact_fields import Field
from models.enums import Channel, Link
from tests.faults.strangers.canaries import canaries_in

Value = tuple[Field, str]
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
RECENT = timedelta(days=30)
CODE_LIVES = timedelta(minutes=10)
WINDOW = timedelta(minutes=30)
_FOUND_BY = (Field.EMAIL, Field.MOBILE)
_OWN = {Channel.MAIL: Field.EMAIL, Channel.SMS: Field.MOBILE}


@dataclass(eq=False)
class Party:
    """Someone the desk knows: an account of the platform, or the unverified sender of some tickets."""

    account: str = ""
    on_file: dict[Field, str] = field(default_factory=dict)
    by_hand: list[Value] = field(default_factory=list)
    ever: set[str] = field(default_factory=set)
    """Every value on file or added by hand so far: redaction hides them all."""
    changed: dict[Field, datetime] = field(default_factory=dict)
    taken_at: datetime = LONG_AGO
    erased_at: datetime | None = None

    @property
    def alive(self) -> bool:
        return self.erased_at is None

    def has(self, value: str) -> bool:
        """Whether it is on file, or was added by hand, now."""
        return value in self.on_file.values() or value in {one for _, one in self.by_hand}


@dataclass(frozen=True)
class Letter:
    """One message from outside. `claims` is what it says of its sender, its own address among them."""

    id: str
    channel: Channel
    claims: tuple[Value, ...]
    subject: str
    text: str
    tags: tuple[int, ...] = ()
    answers: tuple[str, ...] = ()
    """Message-IDs, the nearest first."""

    @property
    def own(self) -> Value | None:
        """The address that it came from, where it shows one."""
        return next((one for one in self.claims if one[0] is _OWN.get(self.channel)), None)


@dataclass
class Code:
    """A code as it went out: its digits, where to, and until when they count."""

    digits: str
    value: Value
    until: datetime


@dataclass(eq=False)
class Case:
    """A ticket as it really is."""

    number: int
    party: Party
    link: Link
    channel: Channel
    claims: tuple[Value, ...]
    own: Value | None
    texts: list[str]
    """All that was ever said on it, in and out, subjects too."""
    received: list[tuple[str, bool]]
    """What came in, and whether it is confirmed."""
    at: datetime
    """When it was opened."""
    closed: bool = False
    window_until: datetime = LONG_AGO
    code: Code | None = None
    acknowledged: set[str] = field(default_factory=set)
    """Message-IDs of what only the owner of the form's mailbox has read."""
    answered: bool = False
    subjects: dict[str, str] = field(default_factory=dict)
    """What stood in the subjects of mails from each address: an answer to that very address repeats it."""
    earlier: list[Party] = field(default_factory=list)
    """Accounts whose it was said to be before."""

    @property
    def canaries(self) -> set[str]:
        return canaries_in(" ".join(self.texts))


@dataclass(frozen=True)
class Expected:
    """What has to become of a letter."""

    outcome: str
    case: Case | None = None
    confirmed: bool = True
    party: Party | None = None
    link: Link = Link.NONE


@dataclass
class Ledger:
    """Everyone and everything at one desk."""

    parties: list[Party] = field(default_factory=list)
    cases: dict[int, Case] = field(default_factory=dict)
    known_ids: dict[str, int] = field(default_factory=dict)
    """Message-ID, coming or going, to the ticket that holds it."""
    erased: dict[str, datetime] = field(default_factory=dict)
    """Accounts whose person was erased, and when."""

    # --- the platform

    def account(self, account: str) -> Party | None:
        return next((one for one in self.parties if one.account == account and one.alive), None)

    def record(
        self,
        account: str,
        contacts: dict[Field, str],
        now: datetime,
        changed_at: datetime | None = None,
        registered_at: datetime | None = None,
    ) -> str:
        """Take an account's record and say what has to become of it."""
        said_at = now if changed_at is None else min(changed_at, now)
        party = self.account(account)
        if party is None:
            gone = self.erased.get(account)
            if gone is not None and (registered_at is None or registered_at <= gone):
                return "suppressed"
            party = Party(account, taken_at=said_at)
            party.changed = dict.fromkeys(contacts, changed_at or LONG_AGO)
            self.parties.append(party)
            self._put(party, contacts)
            return "requesters"
        if said_at < party.taken_at:
            return "older"
        before = (dict(party.on_file), list(party.by_hand))
        changed = [one for one, value in contacts.items() if party.on_file.get(one) != value]
        self._put(party, contacts)
        newer = changed_at is not None and said_at > party.taken_at
        if newer and before == (party.on_file, party.by_hand):
            party.changed = {one: max(at, said_at) for one, at in party.changed.items()}
        for one in changed:
            party.changed[one] = now
        party.taken_at = max(party.taken_at, said_at)
        if newer or before != (party.on_file, party.by_hand):
            self.close_windows(party)
        return "requesters"

    def _put(self, party: Party, contacts: dict[Field, str]) -> None:
        for one in party.on_file.keys() | contacts.keys():
            if party.on_file.get(one) != contacts.get(one):
                self._ends_codes(party, one)
        party.on_file = dict(contacts)
        party.by_hand = [one for one in party.by_hand if one not in contacts.items()]
        party.ever |= set(contacts.values())

    def put_by_hand(self, party: Party, value: Value, instead_of: Value | None) -> None:
        """An agent wrote down what the verified requester named."""
        if instead_of in party.by_hand:
            party.by_hand.remove(instead_of)
        elif instead_of is not None:
            del party.on_file[instead_of[0]]
            self._ends_codes(party, instead_of[0])
        party.by_hand.append(value)
        party.ever.add(value[1])
        self.close_windows(party)

    def holders(self, value: Value) -> list[Party]:
        """The living accounts that have it on file; of an e-mail A to Z are a to z."""
        kind, words = value
        if kind is not Field.EMAIL:
            return [one for one in self.parties if one.alive and one.on_file.get(kind) == words]
        return [one for one in self.parties if one.alive and _folded(one.on_file.get(kind, "")) == _folded(words)]

    # --- messages

    def expect(self, letter: Letter) -> Expected:
        """What has to become of a letter that comes in now."""
        if letter.id in self.known_ids:
            return Expected("duplicate", self.cases[self.known_ids[letter.id]])
        joined = self._continued(letter)
        if joined is not None:
            return Expected("appended", joined[0], joined[1])
        names = [letter.own] if letter.own else [one for one in letter.claims if one[0] in _FOUND_BY]
        matching = {id(party): party for name in names if name for party in self.holders(name)}
        if len(matching) == 1:
            return Expected("opened", party=next(iter(matching.values())), link=Link.PRESUMED)
        return Expected("opened", party=self._sender(letter))

    def _sender(self, letter: Letter) -> Party | None:
        """The unverified sender who wrote from this very address before."""
        same = [
            case.party
            for case in self.cases.values()
            if letter.own is not None and case.link is Link.NONE and case.channel is letter.channel
            if letter.own in case.claims and not case.party.account and case.party.alive
        ]
        return same[-1] if same else None

    def _continued(self, letter: Letter) -> tuple[Case, bool] | None:
        numbers = [self.known_ids[one] for one in letter.answers if one in self.known_ids]
        for number in dict.fromkeys([*numbers, *letter.tags]):
            case = self.cases.get(number)
            if case is None or letter.own is None or not case.party.alive:
                continue
            on_file = case.party in self.holders(letter.own)
            by_acknowledgement = case.acknowledged.intersection(letter.answers)
            same_way = case.channel is letter.channel or bool(by_acknowledgement)
            if not on_file and not (same_way and letter.own in case.claims):
                continue
            confirmed = case.link is Link.NONE or self.holders(letter.own) == [case.party]
            if confirmed or not case.closed:
                return case, confirmed
        return None

    def take(self, letter: Letter, expected: Expected, number: int, now: datetime) -> Case:
        """Write down what became of it, as expected."""
        if expected.outcome == "duplicate":
            return self.cases[number]
        case = expected.case
        if case is None:
            party = expected.party
            if party is None:
                party = Party()
                self.parties.append(party)
            case = Case(
                number, party, expected.link, letter.channel, letter.claims, letter.own, [letter.subject], [], now
            )
            self.cases[number] = case
        elif expected.confirmed and case.channel is Channel.FORM and letter.channel is Channel.MAIL:
            case.answered = True
        case.texts += [letter.subject, letter.text]
        case.received.append((letter.text, expected.confirmed))
        if letter.channel is Channel.MAIL and letter.own is not None and expected.confirmed:
            address = letter.own[1].casefold()
            case.subjects[address] = f"{case.subjects.get(address, '')} {letter.subject}"
        self.known_ids[letter.id] = case.number
        return case

    # --- codes, windows, letters

    def may_carry_code(self, party: Party, value: Value, now: datetime) -> bool:
        """Whether a code may go there: on file with that account alone, and not changed recently."""
        return self.is_theirs_alone(party, value) and party.changed.get(value[0], LONG_AGO) + RECENT <= now

    def is_theirs_alone(self, party: Party, value: Value) -> bool:
        return bool(party.account) and party.on_file.get(value[0]) == value[1] and self.holders(value) == [party]

    def counts(self, case: Case, digits: str, now: datetime) -> bool:
        """Whether these digits prove anything about the ticket now."""
        code = case.code
        return (
            code is not None
            and (code.digits, now < code.until) == (digits, True)
            and self.is_theirs_alone(case.party, code.value)
        )

    def may_be_written_to(self, case: Case, value: Value) -> bool:
        """Whether a letter on this ticket may go there: a contact on file of theirs alone (any, where none is), or the
        address that the ticket came from; without an account that address only."""
        if value in case.party.by_hand:
            return True
        came_from = value == case.own or (case.channel is Channel.FORM and case.answered and value in case.claims)
        if not case.party.account:
            return came_from
        alone = [one for one in searchable(case.party.on_file.items()) if self.is_theirs_alone(case.party, one)]
        return case.party in self.holders(value) and (came_from or value in alone or not alone)

    def of(self, party: Party) -> list[Case]:
        return [case for case in self.cases.values() if case.party is party]

    def close_windows(self, party: Party) -> None:
        for case in self.of(party):
            case.window_until = LONG_AGO

    def hand_over(self, case: Case, party: Party, link: Link) -> None:
        """The ticket is said to be another's: nothing that was proved before counts any more."""
        if case.party.account:
            case.earlier.append(case.party)
        case.party, case.link = party, link
        case.window_until, case.code = LONG_AGO, None

    def erase(self, party: Party, now: datetime) -> None:
        party.erased_at = now
        if party.account:
            self.erased[party.account] = now
        for case in self.of(party):
            case.closed = True
            case.window_until, case.code = LONG_AGO, None

    def _ends_codes(self, party: Party, changed: Field) -> None:
        for case in self.of(party):
            if case.code is not None and case.code.value[0] is changed:
                case.code = None

    # --- choosing people

    def living(self) -> list[Party]:
        return [one for one in self.parties if one.alive]

    def live_cases(self, *, is_open: bool = False) -> list[Case]:
        return [one for one in self.cases.values() if one.party.alive and not (is_open and one.closed)]


def _folded(address: str) -> str:
    return "".join(one.lower() if one.isascii() else one for one in address)


def searchable(values: Iterable[Value]) -> list[Value]:
    """Those by which people are found and reached."""
    return [one for one in values if one[0] in _FOUND_BY]
