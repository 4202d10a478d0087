"""Intake: an import that was killed is completed by running it again, with no message lost and none there twice."""

from pathlib import Path
from typing import Any

from sqlmodel import col, func, select

from cs_console.access_log.verify import verify_log
from cs_console.desk import Desk, operator_session
from cs_console.intake.intake import import_mail
from models.message import Message
from models.quarantined import Quarantined
from tests.faults.acts.act import Act, wait_for_the_kill
from tests.faults.processes import Words, say
from tests.support.stored import opened_ticket, ticket_numbers

MAILS = 24
EVERY_UNREADABLE = 8
FOLLOWS = 3
"""A mail answers the one so many before it, where that was one of the same person's."""


class Intake(Act):
    """A new mailbox each round: new tickets, follow-ups, and mails that go to quarantine."""

    STEPS, SECONDS = MAILS - 1, 0.02

    def next_round(self) -> dict[str, Any]:
        self.box = self.desk.settings.home.parent / f"box-{self.tally.rounds}"
        write_box(self.box, self.tally.rounds)
        return {"box": str(self.box)}

    @staticmethod
    def work(desk: Desk, case: dict[str, Any]) -> None:
        import_mail(operator_session(desk), [Path(case["box"])], lambda done, total: say("taken", done, total))
        say("finished")
        wait_for_the_kill()

    def judge(self, said: list[Words]) -> bool:
        taken = sum(line[0] == "taken" for line in said)
        again = import_mail(operator_session(self.desk), [self.box])
        self.tally.holds(
            again.read == MAILS == again.opened + again.appended + again.duplicate + again.quarantined,
            f"run again it comes to {again}",
        )
        self.tally.holds(again.duplicate >= taken, f"{taken} mails were taken in, and {again.duplicate} are there")
        rounds, unreadable = self.tally.rounds, MAILS // EVERY_UNREADABLE
        with self.desk.database.reading() as db:
            kept = db.exec(
                select(func.count(), func.count(func.distinct(col(Message.reference)))).select_from(Message)
            ).one()
            apart = db.exec(select(func.count()).select_from(Quarantined)).one()
        readable = (MAILS - unreadable) * rounds
        self.tally.holds(tuple(kept) == (readable, readable), f"{kept} messages and references, not {readable}")
        self.tally.holds(apart == unreadable * rounds, f"{apart} in quarantine, not {unreadable * rounds}")
        return ["finished"] not in said

    def settle(self) -> None:
        words = [text for number in ticket_numbers(self.desk) for text in opened_ticket(self.desk, number).texts]
        wanted = [
            f"Words of mail {number} of {box}."
            for box in range(1, self.tally.rounds + 1)
            for number in range(MAILS)
            if number % EVERY_UNREADABLE
        ]
        self.tally.holds(sorted(words) == sorted(wanted), "what was written is not what is kept")
        self.tally.holds(verify_log(self.desk).ok, "the log is broken")


def write_box(path: Path, box: int) -> None:
    with path.open("wb") as file:
        for number in range(MAILS):
            file.write(b"From x Sat Nov 21 09:12:00 2026\n")
            if number % EVERY_UNREADABLE == 0:
                file.write(b"Subject: too many headers\nX: %d.%d\n" % (box, number) + b"X: y\n" * 3000 + b"\nx\n\n")
                continue
            file.write(
                b"From: Person %d <person%d@mail.example.org>\nSubject: matter %d\nMessage-ID: <%d.%d@x.example>\n"
                b"In-Reply-To: <%d.%d@x.example>\n\nWords of mail %d of %d.\n\n"
                % (number % FOLLOWS, number % FOLLOWS, number, box, number, box, number - FOLLOWS, number, box)
            )
