"""Mail of every class beside replies that go out: none is lost, none goes out twice, and no machine wakes a ticket."""

import random
from collections import Counter
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any

from sqlmodel import col, func, select

from cs_console.access_log.verify import verify_log
from cs_console.act_id import ActId, new_act
from cs_console.casework.conversation import reply
from cs_console.delivery.message_ids import mail_id
from cs_console.delivery.outgoing import LEASE, deliver_queued
from cs_console.desk import Desk, DeskSession, operator_session
from cs_console.errors import ConsoleError
from cs_console.intake.intake import OUTCOMES, import_mail
from models.contact_fields import Field
from models.enums import Action, DeliveryState, MessageSort, TicketState
from models.log import LogEntry
from models.message import Message
from models.quarantined import Quarantined
from models.roles import Role
from models.ticket import Ticket
from tests.faults.acts.act import Act, card_of, session_of, wait_for_the_kill
from tests.faults.processes import Words, say
from tests.faults.tally import Tally
from tests.support.desk import TestDesk
from tests.support.tickets import MadeTicket, close, make_ticket

OPEN, CLOSED = 4, 3
REPLIES = 2
"""In a round."""
_PERSONS = ("", "List-Id: <talk.mail.example>\n")
_MACHINES = ("Auto-Submitted: auto-replied\n", "Precedence: auto_reply\n", "X-Autoreply: yes\n")
_REPORT = (
    "From: mailer-daemon@mx.example\nSubject: Undelivered {mark}\nContent-Type: multipart/report; boundary=B\n\n"
    "--B\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; x@mail.example\nAction: {action}\n"
    "Status: {status}\n--B\nContent-Type: text/rfc822-headers\n\nMessage-ID: {id}\n--B--\n"
)


class Traffic(Act):
    """A box of mails and some replies, at the same time, in the order that chance chooses."""

    STEPS, SECONDS, SOAKING = 11, 0.04, 100

    def __init__(self, made: TestDesk, tally: Tally) -> None:
        super().__init__(made, tally)
        self.mei = made.session("mei", Role.AGENT)
        self.open = [self._ticket(number) for number in range(OPEN)]
        self.closed = [self._ticket(number) for number in range(OPEN, OPEN + CLOSED)]
        close(made, *(case.number for case in self.closed))
        self.asleep = {case.number: self._version(case.number) for case in self.closed}
        self.wanted: Counter[str] = Counter()
        self.replies: list[tuple[int, str, str, ActId]] = []
        self.unsent: list[tuple[int, str, str, ActId]] = []
        self.bounced: set[str] = set()
        self.mails = 0

    def _ticket(self, number: int) -> MadeTicket:
        return make_ticket(self.made, contacts={Field.EMAIL: f"person{number}@mail.example"}, assignee=self.mei)

    def next_round(self) -> dict[str, Any]:
        chance = self.tally.rng
        self.box = self.desk.settings.home.parent / f"traffic-{self.tally.rounds}"
        self.box.mkdir()
        mails = [mail for make in (self._persons, self._machines, self._others, self._reports) for mail in make()]
        chance.shuffle(mails)
        for number, mail in enumerate(mails):
            (self.box / f"{number:03}.eml").write_text(mail, "utf-8")
        self.mails = len(mails)
        for case in chance.sample(self.open, REPLIES):
            words = f"Answer {len(self.replies)} of ours."
            self.replies.append((case.number, case.contact_ids[Field.EMAIL], words, new_act()))
        self.unsent = self.replies[-REPLIES:]
        return {**card_of(self.mei), "box": str(self.box), "replies": self.unsent, "seed": chance.randrange(2**32)}

    # --- what comes in

    def _mark(self, kind: str) -> str:
        self.wanted[kind] += 1
        return f"{kind} {self.wanted[kind]}"

    def _persons(self) -> list[str]:
        """An answer on an open ticket, a new matter, and one through a list that names a ticket."""
        made = []
        for place, case in enumerate(self.open[:2]):
            said = f"From: person{place}@mail.example\nSubject: [#{case.number}]\n"
            made.append(f"{said}\nWords of {self._mark('received')}.")
        for headers in _PERSONS:
            said = f"From: person{OPEN}@mail.example\nSubject: A matter [#0]\n{headers}"
            made.append(f"{said}\nWords of {self._mark('received')}.")
        return made

    def _machines(self) -> list[str]:
        """Answers of programs: on closed tickets and open ones, and on none."""
        made = []
        for place, case in [*enumerate(self.closed, OPEN), (0, self.open[0])]:
            headers = self.tally.rng.choice(_MACHINES)
            said = f"From: person{place}@mail.example\nSubject: Away [#{case.number}]\n{headers}"
            made.append(f"{said}\nWords of {self._mark('automatic')}.")
        return [*made, f"From: x@mail.example\nSubject: Away\n{_MACHINES[0]}\nWords of {self._mark('apart')}."]

    def _others(self) -> list[str]:
        spam = f"From: person{OPEN}@mail.example\nX-Spam-Flag: YES\nSubject: Win\n\nWords of {self._mark('apart')}."
        parts = f"From: x@mail.example\nX: {self._mark('apart')}\nContent-Type: multipart/mixed; boundary=B\n\n"
        unknown = _REPORT.format(mark=self._mark("apart"), action="failed", status="5.1.1", id="<unknown@desk.example>")
        return [spam, parts + "--B\n\nx\n" * 300 + "--B--\n", unknown]

    def _reports(self) -> list[str]:
        """One letter that went out in an earlier round comes back; another is only late."""
        sent = [one for one in self._letters(DeliveryState.SENT) if one not in self.bounced]
        made = []
        for action, status in (("failed", "5.1.1"), ("delayed", "4.4.7"))[: len(sent)]:
            letter = sent.pop()
            self.bounced.add(letter)
            if action == "failed":
                self.wanted["came back"] += 1
            mark = self._mark("automatic")
            made.append(_REPORT.format(mark=mark, action=action, status=status, id=mail_id(self.desk, letter)))
        return made

    # --- in the process that is killed, and here again

    @staticmethod
    def work(desk: Desk, case: dict[str, Any]) -> None:
        chance = random.Random(case["seed"])
        importing = Thread(target=_import_some, args=(desk, Path(case["box"]), chance.random() < 0.5), daemon=True)
        importing.start()
        _answer(desk, session_of(desk, case), case["replies"])
        importing.join()
        say("finished")
        wait_for_the_kill()

    def judge(self, said: list[Words]) -> bool:
        operator = operator_session(self.desk)
        again = import_mail(operator, [self.box])
        self.tally.holds(again.read == self.mails == sum(getattr(again, word) for word in OUTCOMES), f"{again}")
        third = import_mail(operator, [self.box])
        self.tally.holds(third.duplicate == self.mails, f"taken in again, they come to {third}")
        _answer(self.desk, self.mei, self.unsent)
        self._judge_stores()
        return ["finished"] not in said

    def _judge_stores(self) -> None:
        holds, wanted = self.tally.holds, self.wanted
        with self.desk.database.reading() as db:
            lines = dict(db.exec(select(Message.sort, func.count()).group_by(col(Message.sort))).all())
            apart = db.exec(select(func.count()).select_from(Quarantined)).one()
            back = select(func.count()).where(Message.delivery == DeliveryState.CAME_BACK)
            came_back = db.exec(back.select_from(Message)).one()
            woken = [row for number in self.asleep for row in [db.get_one(Ticket, number)]]
            tickets = [case.number for case in self.closed]
            follow_ups = db.exec(
                select(func.count())
                .select_from(LogEntry)
                .where(LogEntry.action == Action.TICKET_FOLLOW_UP, col(LogEntry.ticket).in_(tickets))
            ).one()
        received = wanted["received"] + OPEN + CLOSED
        holds(lines.get(MessageSort.RECEIVED, 0) == received, f"{lines} lines, {received} were received")
        holds(lines.get(MessageSort.AUTOMATIC, 0) == wanted["automatic"], f"{lines} lines, {wanted} were sent")
        holds(apart == wanted["apart"], f"{apart} are set aside, not {wanted['apart']}")
        holds(came_back == wanted["came back"], f"{came_back} came back, not {wanted['came back']}")
        for row in woken:
            asleep = row.state == TicketState.CLOSED and row.version == self.asleep[row.number]
            holds(asleep, f"#{row.number} was woken by a machine")
        holds(follow_ups == 0, "a machine's words are on record as a person's")
        sent = Counter(file.name.rsplit("-", 2)[1] for file in self._outbox())
        holds(set(sent.values()) <= {1}, f"sent more than once: {sent}")

    def shows_enough(self) -> bool:
        return self.wanted["came back"] > 0

    def settle(self) -> None:
        """What a kill left claimed goes out once its lease is over; then each reply went out exactly once."""
        self.made.clock.at = max(datetime.now(self.made.clock.at.tzinfo), self.made.clock.at) + 2 * LEASE
        while deliver_queued(self.desk).sent:
            pass
        self._judge_stores()
        count, words = len(self.replies), [file.read_text("utf-8") for file in self._outbox()]
        for _number, _contact, text, _act in self.replies:
            times = sum(text in one for one in words)
            self.tally.holds(times == 1, f"{text!r} went out {times} times")
        self.tally.holds(len(words) == count, f"{len(words)} letters for {count} replies")
        self.tally.holds(verify_log(self.desk).ok, "the log is broken")

    # --- the stores

    def _outbox(self) -> list[Path]:
        outbox = self.desk.settings.outbox
        return sorted(outbox.glob("[!.]*.eml")) if outbox is not None and outbox.is_dir() else []

    def _letters(self, delivery: DeliveryState) -> list[str]:
        with self.desk.database.reading() as db:
            return list(db.exec(select(Message.id).where(Message.delivery == delivery).order_by(Message.id)))

    def _version(self, number: int) -> int:
        with self.desk.database.reading() as db:
            return db.get_one(Ticket, number).version


def _import_some(desk: Desk, box: Path, one_by_one: bool) -> None:
    """The box at once, or one mail after the other."""
    files = sorted(box.iterdir()) if one_by_one else [box]
    for file in files:
        try:
            import_mail(operator_session(desk), [file], lambda done, total: say("taken", done, total))
        except ConsoleError:  # the store was busy: it is taken in again after the kill
            say("refused")


def _answer(desk: Desk, session: DeskSession, replies: list[tuple[int, str, str, ActId]]) -> None:
    """Send each reply as the act that it is, however often mail that comes in makes it begin again."""
    for number, contact, words, act in replies:
        for _ in range(20):
            with suppress(ConsoleError):
                with desk.database.reading() as db:
                    version = db.get_one(Ticket, number).version
                reply(session, number, version, contact, words, act=act)
                break
    with suppress(ConsoleError):
        deliver_queued(desk)
