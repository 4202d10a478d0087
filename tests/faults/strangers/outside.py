"""What people, strangers and the platform send."""

from datetime import datetime, timedelta

from models.contact_fields import Field
from models.enums import Channel
from tests.faults.strangers.canaries import Human
from tests.faults.strangers.ledger import Case, Letter, Value
from tests.faults.strangers.place import Place

WORDS_AS_NAMES = ("Please Keep", "Delete Monday", "Blue Parcel", "not", "Never Asked", "Do Not Delete", "Until Monday")
"""Display names that would take the meaning away, if they were taken for terms to hide."""


class Outside:
    """One act a method; the hostile ones count themselves."""

    def __init__(self, place: Place) -> None:
        self.place, self.ledger, self.chance = place, place.ledger, place.chance
        self.platform: dict[str, dict[Field, str]] = {}
        """What the platform has of each account today, whether or not it has said so."""
        self._numbered = 0

    # --- the platform

    def new_person(self) -> None:
        """A person comes to the platform, whose record is taken in sooner or later."""
        human = self._comes()
        if self.chance.random() < 0.8:
            self.place.record(human.account, self.platform[human.account], self._months_ago())

    def honest_record(self) -> None:
        human = self.place.someone()
        self.place.record(human.account, self.platform[human.account])

    def changed_record(self) -> None:
        """Someone has a new phone or address, or takes it off their account."""
        human = self.place.someone()
        contacts = self.platform[human.account]
        kind = self.chance.choice([Field.MOBILE, Field.EMAIL, Field.ADDRESS])
        if kind is not Field.EMAIL and self.chance.random() < 0.3:
            contacts.pop(kind, None)
        else:
            new = self.place.mint.phone() if kind is Field.MOBILE else self.place.mint.mailbox()
            contacts[kind] = f"2 {self.place.mint.word().capitalize()} Lane, York" if kind is Field.ADDRESS else new
        self.place.record(human.account, contacts, self.chance.choice([None, self.place.now()]))

    def older_export(self) -> None:
        """What was on file years ago, once more."""
        human = self.place.someone()
        self._tried()
        old = human.record() | {Field.MOBILE: self.place.mint.phone(), Field.EMAIL: self.place.mint.mailbox()}
        self.place.record(human.account, old, self.place.now() - timedelta(days=self.chance.randrange(900, 2000)))

    def shared_value(self) -> None:
        """Another account has the same phone or address: a family, or a number given to someone else."""
        waiting = [case.party for case in self.ledger.live_cases(is_open=True) if case.party.account]
        parties = waiting or [one for one in self.ledger.living() if one.account]
        if not parties:
            return
        victim, stranger = self.chance.choice(parties), self._comes()
        self._tried()
        kind = self.chance.choice([Field.MOBILE, Field.EMAIL])
        if kind in victim.on_file:
            self.platform[stranger.account][kind] = victim.on_file[kind]
        self.place.record(stranger.account, self.platform[stranger.account], self._months_ago())

    def recycled_number(self) -> None:
        """Someone gives a number up, and the next one to have it is an account too."""
        parties = [one for one in self.ledger.living() if Field.MOBILE in one.on_file]
        if len(parties) < 2:
            return
        before, after = self.chance.sample(parties, 2)
        self._tried()
        number = before.on_file[Field.MOBILE]
        self.platform[before.account][Field.MOBILE] = self.place.mint.phone()
        self.platform[after.account][Field.MOBILE] = number
        for party in self.chance.sample([before, after], 2):
            self.place.record(party.account, self.platform[party.account], self.place.now())

    def whole_export(self) -> None:
        """Every account that the platform ever knew, the erased among them."""
        order = self.chance.sample(list(self.platform), len(self.platform))
        self._tried()
        self.place.export({one: self.platform[one] for one in order})

    def registered_again(self) -> None:
        """An erased account is registered again, or only said to be from before."""
        gone = [one for one in self.place.humans if one.account in self.ledger.erased]
        if not gone:
            return
        human = self.chance.choice(gone)
        erased = self.ledger.erased[human.account]
        since = self.chance.choice([erased - timedelta(days=1), erased, erased + timedelta(seconds=1)])
        self._tried()
        self.place.record(human.account, self.platform[human.account], None, min(since, self.place.now()))

    # --- honest people

    def writes(self) -> None:
        """A mail from someone's own mailbox, about a new matter or one of theirs."""
        human = self.place.someone()
        address = self._mailbox_of(human)
        mine = [one for one in self.ledger.live_cases() if one.party in self.ledger.holders((Field.EMAIL, address))]
        tags = (self.chance.choice(mine).number,) if mine and self.chance.random() < 0.5 else ()
        self.mail(human, address, tags=tags)

    def fills_in_a_form(self) -> None:
        human = self.place.someone()
        claims = [(Field.EMAIL, self._mailbox_of(human)), (Field.MOBILE, human.mobile), (Field.NAME, human.name)]
        wanted = self.chance.sample(claims, self.chance.randrange(1, 4))
        if any(kind is not Field.NAME for kind, _ in wanted):
            self.form(human, tuple(wanted))

    def texts(self) -> None:
        """A text message, which shows its number."""
        human = self.place.someone()
        self.form(human, ((Field.MOBILE, human.mobile),), channel=Channel.SMS)

    def answers_acknowledgement(self) -> None:
        """The owner of a form's mailbox answers what only they have read."""
        waiting = [one for one in self.ledger.live_cases() if one.acknowledged and not one.answered]
        if waiting:
            case = self.chance.choice(waiting)
            address = next(value for kind, value in case.claims if kind is Field.EMAIL)
            self.mail(self.place.someone(), address, (case.number,), (min(case.acknowledged),))
            self.place.seen["acknowledgement answered"] += 1

    # --- strangers

    def spoofs_a_person(self) -> None:
        """From a victim's address, with a Reply-To of the stranger's own."""
        victim, stranger = self._two()
        self._tried()
        more = f"Reply-To: {stranger.email}\r\nSender: {stranger.email}\r\n"
        self.mail(stranger, self._mailbox_of(victim), more=more, tags=self._tags(0.3))

    def names_a_person(self) -> None:
        """A display name that holds a victim's address or name, or words that everyone uses."""
        victim, stranger = self._two()
        self._tried()
        written = self.chance.choice([f'"{victim.email}"', f'"{victim.name}"', *map(str, WORDS_AS_NAMES)])
        self.mail(stranger, stranger.email, name=written)

    def withdraws_for_a_person(self) -> None:
        """A stranger says on a victim's ticket that they withdraw."""
        cases = self.ledger.live_cases()
        if not cases:
            return
        case, stranger = self.chance.choice(cases), self.place.someone()
        self._tried()
        before = case.window_until
        ids = [one for one, number in self.ledger.known_ids.items() if number == case.number]
        answers = (self.chance.choice(ids),) if ids and self.chance.random() < 0.6 else ()
        address = stranger.email if self.chance.random() < 0.7 else self._mailbox_of(stranger).upper()
        self.mail(stranger, address, (case.number,), answers, subject="I withdraw")
        self.place.must(case.window_until == before, f"#{case.number}: a stranger closed its window")

    def guesses_an_acknowledgement(self) -> None:
        """A stranger answers a form's acknowledgement without having read it, or from elsewhere."""
        forms = [one for one in self.ledger.live_cases() if one.channel is Channel.FORM and one.acknowledged]
        if not forms:
            return
        case, stranger = self.chance.choice(forms), self.place.someone()
        address = next(value for kind, value in case.claims if kind is Field.EMAIL)
        self._tried()
        if self.chance.random() < 0.5:
            self.mail(stranger, address, (case.number,), (self.place.new_id(),))
        elif stranger.email != address:
            self.mail(stranger, stranger.email, (case.number,), (min(case.acknowledged),))

    def writes_the_address_otherwise(self) -> None:
        """The same address in other letters, which may be another mailbox."""
        victim, stranger = self._two()
        self._tried()
        local, _, domain = self._mailbox_of(victim).partition("@")
        written = self.chance.choice([f"{local.upper()}@{domain}", f"{local}@{domain.upper()}", f"{local}ß@{domain}"])
        self.mail(stranger, written, tags=self._tags(0.5))

    def form_with_a_victims_address(self) -> None:
        """The stranger's own phone beside a victim's mailbox; the fields of two victims; a victim's alone."""
        victim, stranger = self._two()
        other = self.place.someone(victim)
        self._tried()
        address, number = (Field.EMAIL, self._mailbox_of(victim)), (Field.MOBILE, victim.mobile)
        self.form(
            stranger,
            self.chance.choice(
                [
                    ((Field.MOBILE, stranger.mobile), address),
                    ((Field.EMAIL, stranger.email), number),
                    ((Field.MOBILE, other.mobile), address),
                    (address,),
                    (address, (Field.NAME, stranger.name)),
                ]
            ),
            tags=self._tags(0.3),
        )

    def sends_it_again(self) -> None:
        """The very mail of before."""
        self.mail(human := self.place.someone(), self._mailbox_of(human))
        self.place.mail(*self.place.newest_mail)

    # --- how it is written

    def mail(
        self,
        human: Human,
        address: str,
        tags: tuple[int, ...] = (),
        answers: tuple[str, ...] = (),
        *,
        subject: str = "",
        name: str | None = None,
        more: str = "",
    ) -> Case:
        """A mail that this human writes, from whatever address it claims."""
        name = f'"{human.name}"' if name is None else name
        claims: tuple[Value, ...] = ((Field.EMAIL, _as_stored(address)),)
        if "@" not in name:
            claims = (*claims, (Field.NAME, name.strip('"')))
        subject = " ".join([*(f"[#{tag}]" for tag in tags), subject or self._subject(human)])
        letter = Letter(
            self.place.new_id(), Channel.MAIL, claims, subject, human.letter(self.place.mint.word()), tags, answers
        )
        return self.place.mail(letter, f"{name} <{address}>", more)

    def form(
        self,
        human: Human,
        claims: tuple[Value, ...],
        tags: tuple[int, ...] = (),
        channel: Channel = Channel.FORM,
    ) -> Case:
        subject = " ".join([*(f"[#{tag}]" for tag in tags), self._subject(human)])
        self._numbered += 1
        letter = Letter(f"line-{self._numbered}", channel, claims, subject, human.letter(self.place.mint.word()), tags)
        return self.place.form(letter, self.chance.choice(["inquiry", "rights"]))

    def _subject(self, human: Human) -> str:
        words = self.chance.choice(["Please delete my account", "A question", "My order", "Delete my personal data"])
        return self.chance.choice([words, f"{words}, {human.name}", f"{words} of {self.place.mint.word()}"])

    def _tags(self, odds: float) -> tuple[int, ...]:
        cases = self.ledger.live_cases()
        return (self.chance.choice(cases).number,) if cases and self.chance.random() < odds else ()

    def _two(self) -> tuple[Human, Human]:
        victim, stranger = self.chance.sample(self.place.humans, 2)
        return victim, stranger

    def _comes(self) -> Human:
        human = self.place.new_human()
        self.platform[human.account] = human.record()
        return human

    def _mailbox_of(self, human: Human) -> str:
        return self.platform[human.account].get(Field.EMAIL, human.email)

    def _months_ago(self) -> datetime | None:
        days = self.chance.choice([None, 10, 40, 400, 800])
        return None if days is None else self.place.now() - timedelta(days=days)

    def _tried(self) -> None:
        self.place.hostile += 1


def _as_stored(address: str) -> str:
    """An address as DESIGN.md compares it: the local part as written, the domain in small letters."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"
