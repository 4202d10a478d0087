"""Whatever breaks - seal, keyring, log, store, disk - nothing is shown, and nothing is opened before the commit."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, text, update
from sqlmodel import col

from cs_console.custody import disclosure, opening
from cs_console.custody.disclosure import Target, record_waiting_attempts, reveal
from cs_console.custody.keyring import Keyring
from cs_console.custody.sealing import Place
from cs_console.errors import (
    ConsoleError,
    LogBroken,
    SealBroken,
    StoreBusy,
    StoreFull,
    StoreUnavailable,
)
from cs_console.upkeep import keep_up
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Action, Result
from models.log import LogHead
from models.message import Message
from models.ticket import Ticket
from tests.custody.reveals import SPOKEN, change, mobile_of, own_ticket, views
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.stores import locked


@pytest.mark.parametrize("case", ["from another row", "edited", "cut"])
def test_a_seal_that_does_not_fit_its_place_is_refused_after_its_entry(test_desk: TestDesk, case: str) -> None:
    """SECURITY.md, Keys; ASVS 11.3.3. The opening failed, and its entry was committed before: the order of both."""
    session, ticket = own_ticket(test_desk)
    with test_desk.desk.database.reading() as db:
        mobile = db.get_one(Contact, ticket.contact_ids[Field.MOBILE]).value
        email = db.get_one(Contact, ticket.contact_ids[Field.EMAIL]).value
    put = {"from another row": email, "edited": mobile[:-1] + bytes([mobile[-1] ^ 1]), "cut": mobile[:8]}[case]
    change(test_desk, update(Contact).where(col(Contact.id) == ticket.contact_ids[Field.MOBILE]).values(value=put))
    with pytest.raises(SealBroken):
        reveal(session, ticket.number, mobile_of(ticket), "reply")
    viewed, failed = recorded(test_desk.desk)[-2:]
    assert (viewed.action, viewed.outcome) == (Action.FIELD_REVEALED, Result.DONE)
    assert (failed.action, failed.outcome, failed.reason) == (Action.REVEAL_REFUSED, Result.FAILED, "seal_broken")


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch, test_desk: TestDesk) -> list[int]:
    """How many entries a second connection could see at the moment of each opening."""
    real, seen = opening.open_text, list[int]()

    def watched(key: bytes, place: Place, sealed: bytes) -> str:
        with test_desk.desk.database.engine.connect() as other:
            seen.append(int(other.execute(text("SELECT count(*) FROM log_entry")).scalar_one()))
            other.rollback()
        return real(key, place, sealed)

    monkeypatch.setattr(disclosure, "open_text", watched)
    return seen


@pytest.mark.core
def test_the_entry_is_committed_before_the_value_is_opened(test_desk: TestDesk, openings: list[int]) -> None:
    session, ticket = own_ticket(test_desk)
    before = recorded(test_desk.desk)[-1].seq
    shown = [reveal(session, ticket.number, mobile_of(ticket), "reply").entry for _ in range(3)]
    assert openings == shown == [before + 1, before + 2, before + 3]


def test_a_commit_that_fails_opens_nothing(test_desk: TestDesk, openings: list[int]) -> None:
    session, ticket = own_ticket(test_desk)
    before = recorded(test_desk.desk)
    if test_desk.desk.database.is_sqlite:
        change(
            test_desk,
            text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"),
            text("CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"),
            text("CREATE TRIGGER late AFTER INSERT ON log_entry BEGIN INSERT INTO child VALUES (1); END"),
        )
    else:
        change(
            test_desk,
            text(
                "CREATE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'too late'; END $$"
            ),
            text(
                "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON log_entry DEFERRABLE INITIALLY DEFERRED"
                " FOR EACH ROW EXECUTE FUNCTION refuse_late()"
            ),
        )
    with pytest.raises(StoreUnavailable):
        reveal(session, ticket.number, mobile_of(ticket), "reply")
    assert openings == []
    assert recorded(test_desk.desk) == before


def _break_head(test_desk: TestDesk) -> None:
    change(test_desk, delete(LogHead))


def _move_head(test_desk: TestDesk) -> None:
    change(test_desk, update(LogHead).values(size=5))


def _drop_table(test_desk: TestDesk) -> None:
    change(test_desk, text("DROP TABLE log_entry"))


@pytest.mark.parametrize(
    ("breaking", "refusal"),
    [(_break_head, LogBroken), (_move_head, LogBroken), (_drop_table, StoreUnavailable)],
    ids=["head missing", "head moved", "table gone"],
)
def test_a_log_that_cannot_take_the_entry_shows_nothing(
    test_desk: TestDesk, openings: list[int], breaking: Callable[[TestDesk], None], refusal: type[ConsoleError]
) -> None:
    """ASVS 16.5.3: fail closed."""
    session, ticket = own_ticket(test_desk)
    breaking(test_desk)
    with pytest.raises(refusal) as raised:
        reveal(session, ticket.number, mobile_of(ticket), "reply")
    assert raised.value.sentence.endswith(".")
    assert openings == []


def test_a_store_that_somebody_holds_shows_nothing(test_desk: TestDesk, openings: list[int]) -> None:
    session, ticket = own_ticket(test_desk)
    engine = test_desk.desk.database.engine
    with engine.connect() as holder:
        if test_desk.desk.database.is_sqlite:
            with engine.connect() as mine:
                mine.exec_driver_sql("COMMIT")
                mine.exec_driver_sql("PRAGMA busy_timeout=50")
                mine.exec_driver_sql("BEGIN")
            holder.execute(text("UPDATE counter SET value = value + 1"))
        else:
            with engine.connect() as mine:
                mine.exec_driver_sql("SET lock_timeout = '50ms'")
                mine.commit()
            holder.execute(text("LOCK TABLE log_head IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(StoreBusy) as raised:
            reveal(session, ticket.number, mobile_of(ticket), "reply")
        holder.rollback()
    assert "Try again" in raised.value.next_step
    assert openings == []
    assert reveal(session, ticket.number, mobile_of(ticket), "reply").value == SPOKEN
    assert len(views(test_desk)) == 1
    assert recorded(test_desk.desk, Action.REVEAL_REFUSED) == []
    keep_up(test_desk.desk)  # the attempt comes on record once the store is free, and once only
    keep_up(test_desk.desk)
    [refused] = recorded(test_desk.desk, Action.REVEAL_REFUSED)
    assert (refused.outcome, refused.reason, refused.ticket) == (Result.FAILED, "store_busy", ticket.number)
    assert refused.fields == Field.MOBILE.value


def test_refusals_that_wait_are_bounded_and_keep_their_order(sqlite_desk: TestDesk) -> None:
    session, ticket = own_ticket(sqlite_desk)
    with locked(sqlite_desk.desk.database):
        for target in (mobile_of(ticket), Target(Field.EMAIL, ticket.contact_ids[Field.EMAIL])):
            with pytest.raises(StoreBusy):
                reveal(session, ticket.number, target, "reply")
        with pytest.raises(StoreBusy):
            record_waiting_attempts(sqlite_desk.desk)
        assert len(sqlite_desk.desk.unrecorded) == 2
    record_waiting_attempts(sqlite_desk.desk)
    fields = [entry.fields for entry in recorded(sqlite_desk.desk, Action.REVEAL_REFUSED)]
    assert fields == [Field.MOBILE.value, Field.EMAIL.value]
    assert sqlite_desk.desk.unrecorded.maxlen == 1_000


def test_a_full_disk_shows_nothing(sqlite_desk: TestDesk) -> None:
    session, ticket = own_ticket(sqlite_desk)
    shown = []
    with sqlite_desk.desk.database.engine.connect() as mine:
        pages = int(mine.exec_driver_sql("PRAGMA page_count").scalar_one())
        mine.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StoreFull) as raised:
        while True:
            shown.append(reveal(session, ticket.number, mobile_of(ticket), "reply").entry)
    assert raised.value.sentence == "The disk is full."
    assert [entry.seq for entry in views(sqlite_desk)] == shown


def test_a_database_that_was_deleted_or_put_in_another_place_shows_nothing(
    test_desk: TestDesk, openings: list[int]
) -> None:
    """A view recorded in a file that no one can find again would be a view without a record."""
    file = test_desk.desk.database.file
    if file is None:
        pytest.skip("a server keeps its own files")
    session, ticket = own_ticket(test_desk)
    first = reveal(session, ticket.number, mobile_of(ticket), "reply").entry
    away = file.rename(file.with_name("away.db"))
    with pytest.raises(StoreUnavailable, match="cannot be found"):
        reveal(session, ticket.number, mobile_of(ticket), "reply")
    assert len(openings) == 1
    away.rename(file)
    assert reveal(session, ticket.number, mobile_of(ticket), "reply").entry == first + 1


def test_a_keyring_that_is_away_shows_nothing_and_the_attempt_is_on_record(test_desk: TestDesk) -> None:
    session, ticket = own_ticket(test_desk)
    before = recorded(test_desk.desk)
    away = Keyring(f"sqlite:///{test_desk.desk.settings.home / 'empty.db'}", bytes(32))
    real, test_desk.desk.keyring = test_desk.desk.keyring, away
    assert test_desk.desk.log_tag_key  # the log's own key is in memory, as in a console that has worked before
    with pytest.raises(StoreUnavailable):
        reveal(session, ticket.number, mobile_of(ticket), "reply")
    *earlier, entry = recorded(test_desk.desk)
    assert earlier == before
    assert (entry.action, entry.outcome, entry.reason) == (
        Action.REVEAL_REFUSED,
        Result.FAILED,
        StoreUnavailable.code,
    )
    test_desk.desk.keyring = real
    away.close()


def test_messages_and_tickets_carry_seals_of_their_own(test_desk: TestDesk) -> None:
    """The original of one column does not open in another: a subject put in place of a message is refused."""
    session, ticket = own_ticket(test_desk)
    with test_desk.desk.database.reading() as db:
        subject = db.get_one(Ticket, ticket.number).subject
    change(test_desk, update(Message).values(text=subject))
    with pytest.raises(SealBroken):
        reveal(session, ticket.number, Target(Field.MESSAGE, ticket.message_id), "read-original")
