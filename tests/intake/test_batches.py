"""Many mails in one transaction: each is filed or undone alone, and told of once it is durable."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from sqlmodel import Session

from cs_console.access_log.append import record
from cs_console.access_log.entry import Entry
from cs_console.access_log.verify import verify_log
from cs_console.custody.known_terms import KnownTerms
from cs_console.desk import OperatorSession, operator_session
from cs_console.errors import KeyDestroyed, StoreUnavailable
from cs_console.intake import batches
from cs_console.intake.filing import file_message
from cs_console.intake.incoming import IncomingMessage, Taken
from cs_console.intake.intake import ImportCounts, import_mail
from cs_console.intake.redacted_ahead import RedactedAhead
from models.enums import Action
from models.roles import Role
from models.ticket import Ticket
from tests.support.desk import TestDesk
from tests.support.stored import entries, opened_ticket, quarantine, ticket_numbers


def mbox(folder: Path, *mails: str) -> Path:
    """One file with these mails in it, each from a sender of its own unless it names one."""
    file = folder / "many.mbox"
    whole = []
    for number, mail in enumerate(mails):
        sender = "" if mail.startswith("From: ") else f"From: p{number}@mail.example\n"
        whole.append(f"From x Sat Nov 21 09:12:00 2026\n{sender}Message-ID: <{number}@mail.example>\n{mail}\n\n")
    file.write_text("".join(whole), "utf-8")
    return file


def test_a_mail_is_told_of_once_it_is_durable(test_desk: TestDesk, tmp_path: Path) -> None:
    told: list[int] = []

    def progress(_done: int, _total: int) -> None:
        told.append(len(ticket_numbers(test_desk.desk)))

    box = mbox(tmp_path, *(f"Subject: {number}\n\nWords." for number in range(120)))
    assert import_mail(operator_session(test_desk.desk), [box], progress).opened == 120
    assert all(stored >= number for number, stored in enumerate(told, start=1))
    assert len(set(told)) < 60  # they were committed together


def test_one_that_cannot_be_filed_is_undone_alone(
    test_desk: TestDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails_late(*given: object, **named: object) -> Taken:
        taken = file_message(*given, **named)  # type: ignore[arg-type]
        message = given[2]
        assert isinstance(message, IncomingMessage)
        if message.subject == "destroyed":
            raise KeyDestroyed
        if message.subject == "a bug":
            raise ZeroDivisionError
        return taken

    monkeypatch.setattr(batches, "file_message", fails_late)
    subjects = ["first", "destroyed", "second", "a bug", "third"]
    box = mbox(tmp_path, *(f"Subject: {subject}\n\nWords." for subject in subjects))
    desk = test_desk.desk
    assert import_mail(operator_session(desk), [box]) == ImportCounts(read=5, opened=3, quarantined=2)
    subjects_filed = [opened_ticket(desk, number).subject for number in ticket_numbers(desk)]
    assert subjects_filed == ["first", "second", "third"]
    assert {reason.partition(":")[0] for reason, _, _ in quarantine(desk)} == {"erased", "unreadable"}
    assert len(entries(desk, "ticket.created")) == 3
    assert verify_log(desk).ok
    monkeypatch.undo()
    again = import_mail(operator_session(desk), [box])
    assert (again.duplicate, again.opened) == (5, 0)


def test_what_was_told_of_stays_when_the_store_is_lost_later(
    test_desk: TestDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost_at_sixty(*given: object, **named: object) -> Taken:
        message = given[2]
        assert isinstance(message, IncomingMessage)
        if message.subject == "60":
            raise StoreUnavailable("The database cannot be reached.")
        return file_message(*given, **named)  # type: ignore[arg-type]

    told: list[int] = []
    monkeypatch.setattr(batches, "file_message", lost_at_sixty)
    box = mbox(tmp_path, *(f"Subject: {number}\n\nWords." for number in range(100)))
    with pytest.raises(StoreUnavailable):
        import_mail(operator_session(test_desk.desk), [box], lambda done, total: told.append(done))
    assert 50 <= len(told) == len(ticket_numbers(test_desk.desk)) <= 60
    monkeypatch.undo()
    again = import_mail(operator_session(test_desk.desk), [box])
    assert (again.opened, again.duplicate) == (100 - len(told), len(told))


def test_an_answer_to_a_mail_of_the_same_batch_joins_it_and_is_redacted_for_its_person(
    test_desk: TestDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    working, redacted_inside = [False], [False]
    real_work, real_make = OperatorSession.work, RedactedAhead.make

    @contextmanager
    def work(self: OperatorSession, *roles: Role, operator: bool = False) -> Iterator[Session]:
        with real_work(self, *roles, operator=operator) as db:
            working[0] = True
            try:
                yield db
            finally:
                working[0] = False

    def make(self: RedactedAhead, regions: tuple[str, ...], known: KnownTerms) -> None:
        redacted_inside[0] |= working[0]
        real_make(self, regions, known)

    monkeypatch.setattr(OperatorSession, "work", work)
    monkeypatch.setattr(RedactedAhead, "make", make)
    box = mbox(
        tmp_path,
        "From: Rosa Lind <rosa@mail.example>\nSubject: one\n\nFirst words.",
        "From: rosa@mail.example\nIn-Reply-To: <0@mail.example>\nSubject: Re: one\n\nIt is Rosa Lind again.",
        "From: rosa@mail.example\nIn-Reply-To: <1@mail.example>\nSubject: Re: one\n\nRosa Lind, a third time.",
    )
    counts = import_mail(operator_session(test_desk.desk), [box])
    assert (counts.opened, counts.appended) == (1, 2)
    [number] = ticket_numbers(test_desk.desk)
    shown = opened_ticket(test_desk.desk, number).texts_redacted
    assert sorted(shown) == ["First words.", "It is [name] again.", "[name], a third time."]
    assert redacted_inside == [False]


@pytest.mark.engines("postgresql")
def test_a_batch_and_an_act_that_need_what_the_other_holds_both_come_to_their_end(
    test_desk: TestDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An act locks its ticket and then the log; a batch holds the log from its first mail on."""
    desk, operator = test_desk.desk, operator_session(test_desk.desk)
    import_mail(operator, [mbox(tmp_path, "From: rosa@mail.example\nSubject: one\n\nFirst.")])
    [number] = ticket_numbers(desk)
    has_ticket, has_log = Event(), Event()

    def act() -> None:
        with desk.database.transaction() as db:
            db.get_one(Ticket, number, with_for_update=True)
            has_ticket.set()
            assert has_log.wait(30)
            record(db, operator, Entry(Action.TICKET_STATE_SET, ticket=number))

    def filed(*given: object, **named: object) -> Taken:
        message = given[2]
        assert isinstance(message, IncomingMessage)
        if message.subject == "Re: one":
            has_log.set()
        return file_message(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "file_message", filed)
    box = mbox(
        tmp_path,
        "Subject: other\n\nWords.",
        "From: rosa@mail.example\nIn-Reply-To: <0@mail.example>\nSubject: Re: one\n\nSecond.",
        "Subject: third\n\nWords.",
    )
    with ThreadPoolExecutor(1) as other:
        acted = other.submit(act)
        assert has_ticket.wait(30)
        counts = import_mail(operator, [box])
        acted.result(timeout=30)
    assert (counts.opened, counts.appended) == (2, 1)
    assert len(entries(desk, "ticket.state_set")) == 1
    assert verify_log(desk).ok
