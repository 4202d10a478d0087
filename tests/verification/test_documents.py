"""Documents that were sent for a verification are deleted as the pack says, and only those."""

from datetime import timedelta

import pytest
from sqlalchemy import event, update
from sqlmodel import col

from cs_console.casework.attachments import attachments_of, open_document
from cs_console.desk import DeskSession
from cs_console.erasure.holds import place_hold
from cs_console.errors import NothingThere, TimeNotConfirmed
from cs_console.policy.schema import Pack
from cs_console.policy.verification_rules import DocumentRules
from cs_console.upkeep import keep_up
from cs_console.verification.documents import delete_documents
from models.attachment import Attachment
from models.enums import Action, TicketKind, TicketState
from models.roles import Role
from models.ticket import Ticket
from tests.erasure.erasures import people
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.stored import files_holding
from tests.support.tickets import MadeTicket, attach, close, make_ticket

CONTENT = b"canary passport of Alice"


def seen(test_desk: TestDesk, name: str = "vera-lin") -> tuple[DeskSession, MadeTicket, str]:
    """A verifier, and a ticket whose document they have looked at."""
    vera = test_desk.session(name, Role.VERIFIER)
    made = make_ticket(test_desk, kind=TicketKind.RIGHTS)
    file = attach(test_desk, made, "passport.txt", "text/plain", CONTENT)
    open_document(vera, made.number, file)
    return vera, made, file


def kept(test_desk: TestDesk, file: str) -> Attachment:
    with test_desk.desk.database.reading() as db:
        return db.get_one(Attachment, file)


def keep_for(test_desk: TestDesk, days: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the pack keep documents for so many days."""
    pack = test_desk.desk.packs.current
    rules = pack.verification.model_copy(update={"documents": DocumentRules(delete_after_days=days)})
    changed = pack.model_copy(update={"verification": rules})

    def get(_name: str) -> Pack:
        return changed

    monkeypatch.setattr(test_desk.desk.packs, "get", get)


def test_a_document_goes_when_its_ticket_is_closed_and_leaves_its_label(test_desk: TestDesk) -> None:
    vera, made, file = seen(test_desk)
    other = attach(test_desk, made, "photo.txt", "text/plain", b"not looked at")
    assert delete_documents(test_desk.desk) == 0
    close(test_desk, made.number)
    assert delete_documents(test_desk.desk) == 1
    assert kept(test_desk, file).content == b""
    assert kept(test_desk, other).content != b""
    labels = {label.id: label for label in attachments_of(vera, made.number)}
    assert labels[file].deleted_at == test_desk.clock.now()
    assert labels[file].name == "passport.txt"
    [entry] = recorded(test_desk.desk, Action.DOCUMENT_DELETED)
    assert (entry.ticket, entry.actor) == (made.number, "console")
    assert entry.requester
    assert delete_documents(test_desk.desk) == 0


def test_what_was_deleted_does_not_open_any_more(test_desk: TestDesk) -> None:
    vera, made, file = seen(test_desk)
    close(test_desk, made.number)
    delete_documents(test_desk.desk)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Ticket).values(state=TicketState.OPEN, closed_at=None))
    with pytest.raises(NothingThere, match="deleted"):
        open_document(vera, made.number, file)


def test_the_pack_says_how_long_documents_are_kept(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    _, made, file = seen(test_desk)
    keep_for(test_desk, 14, monkeypatch)
    close(test_desk, made.number)
    test_desk.clock.forward(days=13, hours=23)
    assert delete_documents(test_desk.desk) == 0
    test_desk.clock.forward(hours=2)
    assert delete_documents(test_desk.desk) == 1
    assert kept(test_desk, file).deleted_at == test_desk.clock.now()


def test_the_upkeep_deletes_and_the_bytes_leave_the_stores_files(sqlite_desk: TestDesk) -> None:
    _, made, file = seen(sqlite_desk)
    sealed = kept(sqlite_desk, file).content
    home = sqlite_desk.desk.settings.home
    assert files_holding(home, [sealed])
    close(sqlite_desk, made.number)
    keep_up(sqlite_desk.desk)
    assert files_holding(home, [sealed]) == []


@pytest.mark.engines("sqlite")
def test_looking_for_documents_does_not_walk_the_closed_tickets(test_desk: TestDesk) -> None:
    """Every minute, also at a million tickets."""
    seen(test_desk)
    asked: list[str] = []
    engine = test_desk.desk.database.engine
    with engine.connect() as connection:
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        delete_documents(test_desk.desk)
        [statement] = [one for one in asked if "seen_at IS NOT NULL" in one]
        plan = " ".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}"))
    assert "attachment_document" in plan
    assert "SCAN message" not in plan


def test_a_mark_that_the_log_does_not_hold_deletes_nothing(test_desk: TestDesk) -> None:
    """Evidence is not destroyed by a date that someone wrote into a row."""
    made = make_ticket(test_desk)
    file = attach(test_desk, made, "evidence.txt", "text/plain", b"proof")
    with test_desk.desk.database.transaction() as db:
        marked = update(Attachment).where(col(Attachment.id) == file).values(seen_at=test_desk.clock.now())
        db.connection().execute(marked)
    close(test_desk, made.number)
    assert delete_documents(test_desk.desk) == 0
    assert kept(test_desk, file).content != b""


def test_what_is_held_is_kept_until_the_hold_is_over(test_desk: TestDesk) -> None:
    who = people(test_desk)
    _, made, file = seen(test_desk)
    until = test_desk.clock.now() + timedelta(days=20)
    place_hold(who.ines, made.number, "court", "Order 17", until.date())
    close(test_desk, made.number)
    assert delete_documents(test_desk.desk) == 0
    test_desk.clock.forward(days=22)
    assert delete_documents(test_desk.desk) == 1
    assert kept(test_desk, file).content == b""


def test_one_ticket_that_cannot_be_worked_with_holds_up_no_other(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, first, _ = seen(test_desk)
    _, second, file = seen(test_desk, "vic")
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Ticket).where(col(Ticket.number) == first.number).values(pack="lost-2020-01"))
    close(test_desk, first.number, second.number)
    assert delete_documents(test_desk.desk) == 1
    assert kept(test_desk, file).content == b""


def test_a_clock_that_is_not_believed_deletes_nothing(sqlite_desk: TestDesk) -> None:
    _, made, file = seen(sqlite_desk)
    close(sqlite_desk, made.number)
    sqlite_desk.clock.set_by(days=400)
    sqlite_desk.desk.clock.now()
    if not sqlite_desk.desk.clock.parted:
        pytest.skip("the clock is believed here")
    with pytest.raises(TimeNotConfirmed):
        delete_documents(sqlite_desk.desk)
    assert kept(sqlite_desk, file).content != b""
