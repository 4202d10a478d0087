"""What the people at the desk do, by the services that their screens call."""

import io
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Row, Select, select
from sqlmodel import col

from cs_console.access_log.export import Form, export_log
from cs_console.casework import workflow
from cs_console.casework.contacts import change_contact
from cs_console.casework.conversation import open_ticket, reload, reply
from cs_console.casework.ticket_view import TicketView
from cs_console.custody.disclosure import Revealed, Target, reveal
from cs_console.custody.drafts import save_draft
from cs_console.desk import DeskSession
from cs_console.errors import ConsoleError
from cs_console.tickets.look_up import look_up
from cs_console.tickets.queue import page
from cs_console.upkeep import keep_up
from cs_console.verification.caller import check_caller
from cs_console.verification.codes import check_code, options, send_code
from cs_console.verification.methods import verify_by_note
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Action, Channel, Link, VerificationMethod
from models.ticket import Ticket
from tests.faults.strangers.canaries import canaries_in
from tests.faults.strangers.ledger import CODE_LIVES, WINDOW, Case, Code, Value, searchable
from tests.faults.strangers.place import Place
from tests.support.drafts import load_draft

NOTE = "A letter with the number of the account, signed."


class Inside:
    """One act a method; where the console refuses, the act ends there and the ledger stays as it is."""

    def __init__(self, place: Place) -> None:
        self.place, self.ledger, self.chance = place, place.ledger, place.chance
        self.desk, self.mei, self.vera = place.desk, place.mei, place.vera

    # --- looking

    def opens(self) -> None:
        case = self._any(self.ledger.cases.values())
        if case is not None:
            self.open(case, self.chance.choice([self.mei, self.vera, self.place.omar]))

    def open(self, case: Case, session: DeskSession) -> TicketView:
        """Open a ticket on record: it shows nothing of anyone else, and nothing that is known of its own person."""
        view = open_ticket(session, case.number)
        self.place.shown[Action.TICKET_OPENED, case.number] += 1
        found = self.place.canaries_of(view)
        self.place.must(found <= case.canaries, f"#{case.number} shows {found - case.canaries} of someone else")
        hidden = canaries_in(" ".join(case.party.ever))
        self.place.must(not found & hidden, f"#{case.number} shows {found & hidden}, known of its requester")
        if not case.party.alive:
            self.place.must(view.erased and not found, f"#{case.number} of an erased person is shown: {view}")
        return view

    def lists(self) -> None:
        for view in ("all", "open"):
            with suppress(ConsoleError):
                for row in page(self.mei, view).rows:
                    case = self.ledger.cases[row.number]
                    hidden = canaries_in(" ".join(case.party.ever)) if case.party.alive else case.canaries
                    found = canaries_in(row.subject)
                    self.place.must(found <= case.canaries - hidden, f"the queue shows {found} on #{row.number}")

    def looks_up(self) -> None:
        """Look a contact up: the tickets of those who have or claim it, never one of the erased."""
        human = self.place.someone()
        value = self.chance.choice([(Field.EMAIL, human.email), (Field.MOBILE, human.mobile)])
        for number in look_up(self.mei, *value, "reply"):
            case = self.ledger.cases[number]
            named = case.party.has(value[1]) or case.party in self.ledger.holders(value)
            self.place.must(
                case.party.alive and (named or value in case.claims), f"a look-up of {value[1]} found #{number}"
            )

    def reveals(self) -> None:
        """Try to see things on one's own ticket, or on another's: only what is the ticket's own is ever shown."""
        case = self._any(self._in_window()) if self.chance.random() < 0.7 else None
        case = case or self._any(self.ledger.live_cases(is_open=True))
        if case is None:
            return
        with suppress(ConsoleError):
            self.claim(case)
        view = self.open(case, self.mei)
        own = [(one.field, one.item) for one in (*view.fields, *view.text_fields)]
        foreign = self._contact_ids_of_others(case)
        for kind, item in self.chance.sample(own, min(3, len(own))):
            self.reveal(case, kind, item)
        for kind, item in self.chance.sample(foreign, min(2, len(foreign))):
            self.place.hostile += 1
            self.reveal(case, kind, item)

    def reveal(self, case: Case, kind: Field, item: str) -> None:
        purposes = {
            Field.ADDRESS: ("ship", "letter"),
            Field.SUBJECT: ("read-original",),
            Field.MESSAGE: ("read-original",),
        }
        with suppress(ConsoleError):
            shown = reveal(
                self.mei, case.number, Target(kind, item), self.chance.choice(purposes.get(kind, ("reply",)))
            )
            self.place.shown[Action.FIELD_REVEALED, case.number] += 1
            self.place.seen["revealed"] += 1
            self._is_theirs(case, shown)

    def _is_theirs(self, case: Case, shown: Revealed) -> None:
        value, kind = shown.value, shown.field
        self.place.must(self.place.now() < case.window_until, f"#{case.number}: {kind} shown without a window")
        if kind in (Field.SUBJECT, Field.MESSAGE):
            written = {one.strip() for one in case.texts}
            self.place.must(value.strip() in written, f"#{case.number}: a {kind} of another ticket was shown")
            return
        if kind is Field.MOBILE:
            value = value.replace(" ", "")
        theirs = {*case.party.on_file.items(), *case.party.by_hand, *case.claims}
        self.place.must((kind, value) in theirs, f"#{case.number}: {kind} {value} of someone else was shown")

    def draft(self) -> None:
        """What is typed on one ticket comes back there alone."""
        case = self._any(self.ledger.live_cases())
        if case is not None:
            words = f"Dear {case.party.on_file.get(Field.NAME, 'you')}, about {self.place.mint.word()}"
            save_draft(self.mei, f"reply:{case.number}", words, case.number)
            case.texts.append(words)
        for other in self.chance.sample(list(self.ledger.cases.values()), min(4, len(self.ledger.cases))):
            found = load_draft(self.mei, f"reply:{other.number}", other.number)
            mine = {*other.texts, ""} if other.party.alive else {""}
            self.place.must(found in mine, f"#{other.number}: a draft about someone else")

    def exports_log(self) -> None:
        out = io.StringIO()
        export_log(self.place.omar, out, None, self.chance.choice(list(Form)))
        found = canaries_in(out.getvalue())
        self.place.must(not found, f"an export of the log holds {found}")

    def asks_about_a_caller(self) -> None:
        """What a caller says matches what is on file with the ticket's own requester, or nothing."""
        case, human = self._any(self.ledger.live_cases(is_open=True)), self.place.someone()
        if case is None:
            return
        said = self.chance.choice([(Field.EMAIL, human.email), (Field.MOBILE, human.mobile), (Field.NAME, human.name)])
        answer = check_caller(self.vera, case.number, *said)
        on_file = case.party.on_file.get(said[0], "")
        self.place.must(
            answer.match == (on_file.casefold() == said[1].casefold()), f"#{case.number}: a caller's {said[0]}"
        )

    # --- verifying

    def sends_code(self) -> None:
        """A code to those that must not have one, then to a contact that can carry it."""
        case = self._any(self._of_shared_contacts()) if self.chance.random() < 0.4 else None
        case = case or self._one_with_account()
        if case is None:
            return
        offered = sorted(options(self.vera, case.number), key=lambda one: one.mask)
        refused = [one.contact_id for one in offered if not one.allowed]
        others = [self.chance.choice(some) for some in self._not_on_file(case) if some]
        for contact_id in (*refused, *others):
            self.place.hostile += 1
            with suppress(ConsoleError):
                self._send(case, contact_id)
        allowed = [one.contact_id for one in offered if one.allowed]
        if allowed:
            self._send(case, self.chance.choice(allowed))
            if self.chance.random() < 0.5:
                self.reads_code_back()

    def _of_shared_contacts(self) -> list[Case]:
        """Open tickets of accounts of which another account has a phone or an address."""
        return [
            case
            for case in self.ledger.live_cases(is_open=True)
            if any(len(self.ledger.holders(one)) > 1 for one in searchable(case.party.on_file.items()))
        ]

    def _send(self, case: Case, contact_id: str) -> None:
        case.code = None  # a new one voids the one before
        send_code(self.vera, case.number, contact_id)
        self._note_code(case)

    def _not_on_file(self, case: Case) -> tuple[list[str], list[str], list[str]]:
        """Phones and addresses that the ticket claims, that were added by hand, and that are someone else's."""
        rows = [one for one in self._contacts() if one.field in (Field.EMAIL, Field.MOBILE)]
        mine = self._requester_of(case)
        claims = [one.id for one in rows if one.ticket_number == case.number]
        by_hand = [one.id for one in rows if (one.requester_id, one.ticket_number, one.on_file) == (mine, None, False)]
        return claims, by_hand, [one.id for one in rows if one.requester_id != mine]

    def _note_code(self, case: Case) -> None:
        for _, sent in self.place.newly_sent():
            digits = re.findall(r"\b[0-9]{8}\b", sent.words)
            if digits:
                value = (sent.field, sent.address)
                case.code = Code(digits[-1], value, self.place.now() + CODE_LIVES)
                self.place.seen["code sent"] += 1

    def reads_code_back(self) -> None:
        """Digits are typed: the right ones, those of another ticket, or any."""
        waiting = [one for one in self.ledger.cases.values() if one.code is not None]
        case = self._any(waiting)
        if case is None or case.code is None:
            return
        digits = case.code.digits
        if self.chance.random() < 0.3:
            self.place.hostile += 1
            case = self._any(self.ledger.live_cases(is_open=True)) or case
            digits = self.chance.choice([digits, f"{self.chance.randrange(10**8):08d}"])
        counts = self.ledger.counts(case, digits, self.place.now())
        check_code(self.vera, case.number, digits)
        self.place.must(counts, f"#{case.number}: digits that prove nothing opened its window")
        case.code = None
        self._verified(case)
        self.place.seen["code right"] += 1

    def believes_a_letter(self) -> None:
        case = self._one_with_account()
        if case is not None:
            self.verify(case)

    def verify(self, case: Case) -> None:
        verify_by_note(self.vera, case.number, VerificationMethod.WRITTEN, NOTE)
        self._verified(case)

    def _verified(self, case: Case) -> None:
        case.window_until = self.place.now() + WINDOW
        if case.link is Link.PRESUMED:
            case.link = Link.PROVEN

    def adds_contact(self) -> None:
        """An agent writes down a contact that the requester names: in a window, or tries it without one."""
        case = self._any(self._in_window()) or self._any(self.ledger.live_cases(is_open=True))
        if case is None:
            return
        with suppress(ConsoleError):
            self.claim(case)
        kind = self.chance.choice([Field.EMAIL, Field.MOBILE])
        human = self.place.someone()
        new = self.place.mint.mailbox() if kind is Field.EMAIL else self.place.mint.phone()
        value = self.chance.choice([new, human.email if kind is Field.EMAIL else human.mobile])
        instead, old = self._one_to_replace(case, kind) if self.chance.random() < 0.4 else (None, None)
        open_now = self.place.now() < case.window_until
        self.place.hostile += not open_now
        change_contact(self.mei, case.number, instead, kind, value)
        self.place.must(open_now, f"#{case.number}: a contact was added without a window")
        self.ledger.put_by_hand(case.party, (kind, value), old)
        self.place.seen["added by hand"] += 1

    def _one_to_replace(self, case: Case, kind: Field) -> tuple[str | None, Value | None]:
        """A contact of this kind that stands on the ticket's requester, and what it is."""
        view = reload(self.mei, case.number)
        for one in view.contacts:
            if one.field is kind and one.on_file and kind in case.party.on_file:
                return one.id, (kind, case.party.on_file[kind])
        return None, None

    # --- writing

    def replies(self) -> None:
        """Try to write where no letter may go, then write where one may: on a form's ticket and on an account's."""
        forms = [one for one in self.ledger.live_cases(is_open=True) if one.channel is Channel.FORM]
        shared = self._any(self._of_shared_contacts()) if self.chance.random() < 0.5 else None
        for case in (self._any(forms), shared or self._one_with_account()):
            if case is not None:
                with suppress(ConsoleError):
                    self._write_to_some(case)

    def _write_to_some(self, case: Case) -> None:
        self.claim(case)
        view = self.open(case, self.mei)
        sendable = [one.id for one in view.contacts if one.field in (Field.EMAIL, Field.MOBILE)]
        may = [one for one in sendable if one in view.may_write_to]
        others = [self.chance.choice(some) for some in self._not_on_file(case) if some]
        for contact_id in self.chance.sample(others, min(2, len(others))):
            if contact_id not in may:
                self.place.hostile += 1
                with suppress(ConsoleError):
                    self._write(case, view.version, contact_id)
        if may:
            self._write(case, reload(self.mei, case.number).version, self.chance.choice(may))

    def _write(self, case: Case, version: int, contact_id: str) -> None:
        words = f"Dear {case.party.on_file.get(Field.NAME, 'you')}, about #{case.number}: {self.place.mint.word()}."
        self.place.typed[case.number] = self.place.typed.get(case.number, "") + words
        reply(self.mei, case.number, version, contact_id, words)
        case.texts.append(words)
        self.place.seen["reply"] += 1

    def upkeep(self) -> None:
        keep_up(self.desk)

    # --- what each act needs

    def claim(self, case: Case) -> None:
        """Make it mei's ticket."""
        workflow.claim(self.mei, case.number)

    def _any(self, cases: Iterable[Case]) -> Case | None:
        found = sorted(cases, key=lambda one: one.number)
        return self.chance.choice(found) if found else None

    def _one_with_account(self) -> Case | None:
        """An open ticket, mostly one of an account's."""
        cases = self.ledger.live_cases(is_open=True)
        return self._any([one for one in cases if one.party.account] if self.chance.random() < 0.8 else cases)

    def _in_window(self) -> list[Case]:
        return [one for one in self.ledger.live_cases(is_open=True) if self.place.now() < one.window_until]

    def _contact_ids_of_others(self, case: Case) -> list[tuple[Field, str]]:
        """Contacts that are neither this ticket's nor its requester's."""
        mine = self._requester_of(case)
        return [
            (Field(one.field), one.id)
            for one in self._contacts()
            if one.requester_id != mine or one.ticket_number not in (None, case.number)
        ]

    def _requester_of(self, case: Case) -> str:
        with self.desk.database.reading() as db:
            return db.get_one(Ticket, case.number).requester_id

    def _contacts(self) -> Sequence[Row[Any]]:
        """Every contact that is not emptied, with none of its values."""
        asked: Select[*tuple[Any, ...]] = select(
            col(Contact.id),
            col(Contact.requester_id),
            col(Contact.ticket_number),
            col(Contact.field),
            col(Contact.on_file),
        ).where(col(Contact.value) != b"")
        with self.desk.database.reading() as db:
            found = db.connection().execute(asked.order_by(col(Contact.changed_at), col(Contact.field)))
            return list(found)
