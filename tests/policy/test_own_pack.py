"""A policy of the user's own: one file and one setting, no code."""

import shutil
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import select

from cs_console.adoption.pack_check import check_pack
from cs_console.decisions import approval
from cs_console.decisions.proposal import Answer, Finding, Proposal
from cs_console.errors import ChecklistIncomplete, GroundKind
from cs_console.opening import open_office
from cs_console.settings import load
from cs_console.verification.codes import send_code
from models.enums import Field, Outcome, Role, TicketKind
from models.ticket import Ticket
from tests.decisions.cases import PASSWORD, person, propose
from tests.support.office import TestOffice
from tests.support.tickets import make_ticket

NAME = "tiny-2026-01"
FILE = Path(__file__).parent / f"{NAME}.toml"


@pytest.fixture
def library(test_office: TestOffice) -> Iterator[TestOffice]:
    """The desk with the file in its home and one line in console.toml, opened again."""
    settings = test_office.office.settings
    (settings.home / "packs").mkdir()
    shutil.copy(FILE, settings.home / "packs")
    url = f'database_url = "{settings.database_url}"\n' if settings.database_url else ""
    (settings.home / "console.toml").write_text(f'pack = "{NAME}"\noutbox = "{settings.outbox}"\n{url}', "utf-8")
    office = open_office(load(settings.home), test_office.clock)
    yield TestOffice(office, test_office.clock)
    office.close()


def refused(office: TestOffice, right: str, *, offers: tuple[str, ...] = ("later",)) -> Proposal:
    answers = (Answer("which", "The Hound of the Baskervilles.", office.clock.now()),)
    finding = Finding("B", True, ("loans",), answers, ("slip of 3 May",), offers)
    return Proposal(right, Outcome.REFUSE, (), (finding,))


def test_nothing_is_wrong_with_it() -> None:
    assert check_pack(FILE) == ()


def test_a_request_is_answered_under_its_own_rights_grounds_and_words(library: TestOffice) -> None:
    mei, sue = person(library, "mei", Role.AGENT), person(library, "sue", Role.SUPERVISOR)
    contacts = {Field.EMAIL: "alice@example.org"}
    number = make_ticket(
        library, kind=TicketKind.RIGHTS, assignee=mei, verified=True, contacts=contacts, language="zh"
    ).number
    with library.office.database.reading() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert ticket.pack == NAME
        assert ticket.verified_at is not None
        assert ticket.due_at is not None
        assert (ticket.due_at - ticket.verified_at).days == 7
    with pytest.raises(GroundKind, match="Tear up the card"):
        propose(mei, number, 1, refused(library, "see"))
    with pytest.raises(ChecklistIncomplete, match="to come back when the books are"):
        propose(mei, number, 1, refused(library, "tear", offers=()))
    made = propose(mei, number, 1, refused(library, "tear"))
    assert made.still_needed == ("supervisor",)
    assert approval.approve(sue, made.decision_id, PASSWORD).delivery == "The notice is sent."
    outbox = library.office.settings.outbox
    assert outbox is not None
    [file] = outbox.glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert mail["Subject"] == f"Your card, #{number} [#{number}]"
    assert mail.get_content().splitlines()[:2] == [
        f"20/11/2026: Tear up the card: Loans so far (#{number}). Not done.",
        "Loans so far: You still have books of ours. (3a; Library byelaw 7)",
    ]


def test_its_codes_have_its_own_digits_and_words(library: TestOffice) -> None:
    vera = person(library, "vera", Role.VERIFIER)
    made = make_ticket(library, kind=TicketKind.RIGHTS, contacts={Field.EMAIL: "alice@example.org"})
    send_code(vera, made.number, made.contact_ids[Field.EMAIL])
    outbox = library.office.settings.outbox
    assert outbox is not None
    [file] = outbox.glob("*.eml")
    words = message_from_bytes(file.read_bytes(), policy=policy.default).get_content().strip()
    assert words.startswith("Library: ")
    assert len(words.removeprefix("Library: ")) == 6
