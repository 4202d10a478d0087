"""The desk that strangers are let loose on: its staff, its doors, its outbox, and the ledger beside it."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_string
from email.policy import default
from pathlib import Path
from random import Random

from sqlalchemy import select
from sqlmodel import col

from cs_console.delivery.flowed import unflowed
from cs_console.desk import DeskSession, operator_session
from cs_console.intake.intake import ImportCounts, from_bytes, import_jsonl, take_in
from models.contact_fields import Field
from models.enums import Action
from models.message import Message
from models.roles import Role
from tests.decisions.cases import person
from tests.faults.strangers.canaries import Human, Mint, canaries_in
from tests.faults.strangers.ledger import Case, Ledger, Letter, Party
from tests.support.desk import TestDesk

_NUMBER = re.compile(r"#(\d{5,})")


class Astray(Exception):
    """The console did what the ledger says it must not: what comes after would only follow from that."""


@dataclass(frozen=True)
class Sent:
    """One message that went out, as its recipient has it."""

    field: Field
    address: str
    number: int
    id: str
    words: str
    subject: str = ""


class Place:
    """One desk with its people, inside and outside."""

    def __init__(self, test_desk: TestDesk, chance: Random, folder: Path) -> None:
        self.test_desk, self.desk, self.clock = test_desk, test_desk.desk, test_desk.clock
        self.chance, self.mint, self.ledger = chance, Mint(chance), Ledger()
        self.mei = person(test_desk, "mei", Role.AGENT)
        self.vera = person(test_desk, "vera", Role.VERIFIER)
        self.omar = person(test_desk, "omar", Role.SUPERVISOR)
        self.sue = person(test_desk, "sue", Role.SUPERVISOR)
        self.operator: DeskSession = operator_session(self.desk)
        self.humans: list[Human] = []
        self.seen: Counter[str] = Counter()
        """What came to pass, so that a walk that gets nowhere is noticed."""
        self.hostile = 0
        self.shown: Counter[tuple[Action, int]] = Counter()
        """What was shown to someone since the log was last read."""
        self.typed: dict[int, str] = {}
        """The replies that an agent typed, by ticket."""
        self.sent: dict[Path, Party] = {}
        """What went out, and whose its ticket was then."""
        self.party_of: dict[str, Party] = {}
        """The console's requesters, by its own ids."""
        self.newest_mail: tuple[Letter, str, str]
        """As `mail` takes it."""
        self._file = folder / "lines.jsonl"
        self._numbers = 0

    def must(self, promise: bool, what: str) -> None:
        """Stop the walk unless the promise holds."""
        if not promise:
            raise Astray(what)

    def canaries_of(self, shown: object) -> set[str]:
        """The canaries in all that a view holds. Its ids are random, and look like a phone's digits by chance."""
        return canaries_in(repr(shown)) & self.mint.made

    def now(self) -> datetime:
        return self.clock.now()

    def new_human(self) -> Human:
        human = self.mint.human()
        self.humans.append(human)
        return human

    def someone(self, *others: Human) -> Human:
        return self.chance.choice([one for one in self.humans if one not in others])

    def new_id(self) -> str:
        self._numbers += 1
        return f"<{self._numbers}.{self.chance.randrange(10**9)}@mail.example.org>"

    # --- doors

    def lines(self, *lines: Mapping[str, object]) -> ImportCounts:
        """JSON Lines as the platform and its form write them."""
        self._file.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
        return import_jsonl(self.operator, self._file)

    def record(
        self,
        account: str,
        contacts: Mapping[Field, str],
        changed_at: datetime | None = None,
        registered_at: datetime | None = None,
    ) -> str:
        """The platform's record of an account; what became of it."""
        line = _record_line(account, contacts, changed_at, registered_at)
        wanted = self.ledger.record(account, dict(contacts), self.now(), changed_at, registered_at)
        counts = self.lines(line)
        got = next(name for name in ("requesters", "older", "suppressed") if getattr(counts, name))
        self.must(got == wanted, f"a record of {account} was counted as {got}, not {wanted}")
        self.seen[f"record {got}"] += 1
        return got

    def export(self, records: Mapping[str, Mapping[Field, str]]) -> None:
        """Every account's record in one file."""
        wanted = Counter(self.ledger.record(one, dict(values), self.now()) for one, values in records.items())
        counts = self.lines(*(_record_line(one, values, None, None) for one, values in records.items()))
        got = {name: getattr(counts, name) for name in ("requesters", "older", "suppressed")}
        self.must(got == {name: wanted[name] for name in got}, f"an export was counted as {got}, not {dict(wanted)}")
        self.seen["record suppressed"] += counts.suppressed

    def mail(self, letter: Letter, from_header: str, more: str = "") -> Case:
        """A mail with this From; `more` are whole header lines."""
        answers = "".join(f"In-Reply-To: {one}\r\n" for one in letter.answers[:1])
        raw = (
            f"From: {from_header}\r\nTo: service@desk.example\r\nSubject: {letter.subject}\r\n"
            f"Message-ID: {letter.id}\r\n{answers}{more}Content-Type: text/plain; charset=utf-8\r\n\r\n{letter.text}"
        )
        self.newest_mail = (letter, from_header, more)
        expected = self.ledger.expect(letter)
        taken = take_in(self.operator, from_bytes(raw.encode()))
        self._came_to(letter, taken.outcome, taken.number)
        return self.ledger.take(letter, expected, int(taken.number or 0), self.now())

    def form(self, letter: Letter, kind: str = "inquiry") -> Case:
        """A web form, or another channel that the platform hands on."""
        line = {
            "type": "message",
            "id": letter.id,
            "from": {one.value: value for one, value in letter.claims},
            "subject": letter.subject,
            "text": letter.text,
            "channel": letter.channel.value,
            "kind": kind,
        }
        before = self._received()
        expected = self.ledger.expect(letter)
        counts = self.lines(line)
        new = self._received() - before
        outcome = next(name for name in ("opened", "appended", "duplicate", "quarantined") if getattr(counts, name))
        number = max((number for _, number in new), default=None)
        known = expected.case.number if expected.case else None
        self._came_to(letter, outcome, number or known)
        return self.ledger.take(letter, expected, int(number or 0), self.now())

    def _came_to(self, letter: Letter, outcome: str, number: int | None) -> None:
        wanted = self.ledger.expect(letter)
        where = wanted.case.number if wanted.case else None
        same = outcome == wanted.outcome and (where is None or where == number)
        self.must(same, f"{letter.channel} {letter.id} {outcome} #{number}; it had to be {wanted.outcome} #{where}")
        self.seen[outcome if wanted.confirmed else "unconfirmed"] += 1

    def _received(self) -> set[tuple[str, int]]:
        with self.desk.database.reading() as db:
            rows = db.connection().execute(select(col(Message.id), col(Message.ticket_number)))
            return {(str(row), int(number)) for row, number in rows}

    # --- what goes out

    def newly_sent(self) -> list[tuple[Path, Sent]]:
        """What went out since this was last asked, oldest first."""
        folder = self.desk.settings.outbox
        assert folder is not None
        files = [file for file in sorted(folder.glob("*.*")) if file not in self.sent] if folder.is_dir() else []
        return [(file, _sent(file)) for file in files]


def _record_line(
    account: str, contacts: Mapping[Field, str], changed_at: datetime | None, registered_at: datetime | None
) -> dict[str, object]:
    line: dict[str, object] = {
        "type": "requester",
        "account": account,
        "on_file": {one.value: value for one, value in contacts.items()},
    }
    if changed_at is not None:
        line["changed_at"] = changed_at.isoformat()
    if registered_at is not None:
        line["registered_at"] = registered_at.isoformat()
    return line


def _sent(file: Path) -> Sent:
    """Read a message of the outbox as its recipient would."""
    if file.suffix == ".txt":
        head, _, words = file.read_text("utf-8").partition("\n\n")
        found = _NUMBER.search(words)
        address = head.partition("\n")[0].removeprefix("To: ")
        return Sent(Field.MOBILE, address, int(found[1]) if found else 0, "", words)
    mail = message_from_string(file.read_bytes().decode(), policy=default)  # of bytes it would not read UTF-8 headers
    body = mail.get_body(("plain",))
    words = f"{mail['Subject']}\n{unflowed(str(body.get_content())) if body else ''}"
    found = _NUMBER.search(words)
    (recipient,) = mail["To"].addresses
    number = int(found[1]) if found else 0
    return Sent(Field.EMAIL, recipient.addr_spec, number, mail["Message-ID"], words, str(mail["Subject"]))
