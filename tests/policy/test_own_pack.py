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
from cs_console.opening import open_desk
from cs_console.settings import load
from cs_console.verification.codes import send_code
from models.contact_fields import Field
from models.enums import Outcome, TicketKind
from models.roles import Role
from models.ticket import Ticket
from tests.decisions.cases import PASSWORD, person, propose
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

NAME = "tiny-2026-01"
FILE = Path(__file__).parent / f"{NAME}.toml"


@pytest.fixture
def library(test_desk: TestDesk) -> Iterator[TestDesk]:
    """The desk with the file in its home and one line in console.toml, opened again."""
    settings = test_desk.desk.settings
    (settings.home / "packs").mkdir()
    shutil.copy(FILE, settings.home / "packs")
    url = f'database_url = "{settings.database_url}"\n' if settings.database_url else ""
    (settings.home / "console.toml").write_text(f'pack = "{NAME}"\noutbox = "{settings.outbox}"\n{url}', "utf-8")
    desk = open_desk(load(settings.home), test_desk.clock)
    yield TestDesk(desk, test_desk.clock)
    desk.close()


def refused(desk: TestDesk, right: str, *, offers: tuple[str, ...] = ("later",)) -> Proposal:
    answers = (Answer("which", "The Hound of the Baskervilles.", desk.clock.now()),)
    finding = Finding("B", True, ("loans",), answers, ("slip of 3 May",), offers)
    return Proposal(right, Outcome.REFUSE, (), (finding,))


def test_nothing_is_wrong_with_it() -> None:
    assert check_pack(FILE) == ()


def test_a_request_is_answered_under_its_own_rights_grounds_and_words(library: TestDesk) -> None:
    mei, sue = person(library, "mei", Role.AGENT), person(library, "sue", Role.SUPERVISOR)
    contacts = {Field.EMAIL: "alice@example.org"}
    number = make_ticket(
        library, kind=TicketKind.RIGHTS, assignee=mei, verified=True, contacts=contacts, language="zh"
    ).number
    with library.desk.database.reading() as db:
        ticket = db.scalars(select(Ticket)).one()
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
    assert approval.approve(sue, made.decision_id, PASSWORD).delivery == "The notice was sent."
    outbox = library.desk.settings.outbox
    assert outbox is not None
    [file] = outbox.glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert mail["Subject"] == f"Your card, #{number} [#{number}]"
    assert mail.get_content().splitlines()[:2] == [
        f"20/11/2026: Tear up the card: Loans so far (#{number}). Not done.",
        "Loans so far: You still have books of ours. (3a; Library byelaw 7)",
    ]


def test_its_codes_have_its_own_digits_and_words(library: TestDesk) -> None:
    vera = person(library, "vera", Role.VERIFIER)
    made = make_ticket(library, kind=TicketKind.RIGHTS, contacts={Field.EMAIL: "alice@example.org"})
    send_code(vera, made.number, made.contact_ids[Field.EMAIL])
    outbox = library.desk.settings.outbox
    assert outbox is not None
    [file] = outbox.glob("*.eml")
    words = message_from_bytes(file.read_bytes(), policy=policy.default).get_content().strip()
    assert words.startswith("Library: ")
    assert len(words.removeprefix("Library: ")) == 6
