"""Whatever breaks - seal, keyring, log, store, disk - nothing is shown, and nothing is opened before the commit."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, text, update
from sqlmodel import col

from cs_console.custody import disclosure, opening
from cs_console.custody.disclosure import Target, record_waiting_refusals, reveal
from cs_console.custody.keyring import Keyring
from cs_console.custody.sealing import Place
from cs_console.errors import (
    LogBroken,
    Refusal,
    SealBroken,
    StoreBusy,
    StoreFull,
    StoreUnavailable,
)
from cs_console.upkeep import keep_up
from models.contact import Contact
from models.enums import Action, Field, Result
from models.log import LogHead
from models.message import Message
from models.ticket import Ticket
from tests.custody.reveals import SPOKEN, change, mobile_of, own_ticket, views
from tests.support.office import TestOffice
from tests.support.recorded import recorded
from tests.support.stores import locked


@pytest.mark.parametrize("case", ["from another row", "edited", "cut"])
def test_a_seal_that_does_not_fit_its_place_is_refused_after_its_entry(test_office: TestOffice, case: str) -> None:
    """SECURITY.md, Keys; ASVS 11.3.3. The opening failed, and its entry was committed before: the order of both."""
    desk, ticket = own_ticket(test_office)
    with test_office.office.database.reading() as session:
        mobile = session.get_one(Contact, ticket.contact_ids[Field.MOBILE]).value
        email = session.get_one(Contact, ticket.contact_ids[Field.EMAIL]).value
    put = {"from another row": email, "edited": mobile[:-1] + bytes([mobile[-1] ^ 1]), "cut": mobile[:8]}[case]
    change(test_office, update(Contact).where(col(Contact.id) == ticket.contact_ids[Field.MOBILE]).values(value=put))
    with pytest.raises(SealBroken):
        reveal(desk, ticket.number, mobile_of(ticket), "reply")
    viewed, failed = recorded(test_office.office)[-2:]
    assert (viewed.action, viewed.outcome) == (Action.FIELD_REVEALED, Result.DONE)
    assert (failed.action, failed.outcome, failed.reason) == (Action.REVEAL_REFUSED, Result.FAILED, "seal_broken")


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch, test_office: TestOffice) -> list[int]:
    """How many entries a second connection could see at the moment of each opening."""
    real, seen = opening.open_text, list[int]()

    def watched(key: bytes, place: Place, sealed: bytes) -> str:
        with test_office.office.database.engine.connect() as other:
            seen.append(int(other.execute(text("SELECT count(*) FROM log_entry")).scalar_one()))
            other.rollback()
        return real(key, place, sealed)

    monkeypatch.setattr(disclosure, "open_text", watched)
    return seen


def test_the_entry_is_committed_before_the_value_is_opened(test_office: TestOffice, openings: list[int]) -> None:
    desk, ticket = own_ticket(test_office)
    before = recorded(test_office.office)[-1].seq
    shown = [reveal(desk, ticket.number, mobile_of(ticket), "reply").entry for _ in range(3)]
    assert openings == shown == [before + 1, before + 2, before + 3]


def test_a_commit_that_fails_opens_nothing(test_office: TestOffice, openings: list[int]) -> None:
    desk, ticket = own_ticket(test_office)
    before = recorded(test_office.office)
    if test_office.office.database.is_sqlite:
        change(
            test_office,
            text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"),
            text("CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"),
            text("CREATE TRIGGER late AFTER INSERT ON log_entry BEGIN INSERT INTO child VALUES (1); END"),
        )
    else:
        change(
            test_office,
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
        reveal(desk, ticket.number, mobile_of(ticket), "reply")
    assert openings == []
    assert recorded(test_office.office) == before


def _break_head(test_office: TestOffice) -> None:
    change(test_office, delete(LogHead))


def _move_head(test_office: TestOffice) -> None:
    change(test_office, update(LogHead).values(size=5))


def _drop_table(test_office: TestOffice) -> None:
    change(test_office, text("DROP TABLE log_entry"))


@pytest.mark.parametrize(
    ("breaking", "refusal"),
    [(_break_head, LogBroken), (_move_head, LogBroken), (_drop_table, StoreUnavailable)],
    ids=["head missing", "head moved", "table gone"],
)
def test_a_log_that_cannot_take_the_entry_shows_nothing(
    test_office: TestOffice, openings: list[int], breaking: Callable[[TestOffice], None], refusal: type[Refusal]
) -> None:
    """ASVS 16.5.3: fail closed."""
    desk, ticket = own_ticket(test_office)
    breaking(test_office)
    with pytest.raises(refusal) as raised:
        reveal(desk, ticket.number, mobile_of(ticket), "reply")
    assert raised.value.sentence.endswith(".")
    assert openings == []


def test_a_store_that_somebody_holds_shows_nothing(test_office: TestOffice, openings: list[int]) -> None:
    desk, ticket = own_ticket(test_office)
    engine = test_office.office.database.engine
    with engine.connect() as holder:
        if test_office.office.database.is_sqlite:
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
            reveal(desk, ticket.number, mobile_of(ticket), "reply")
        holder.rollback()
    assert "try again" in raised.value.next_step
    assert openings == []
    assert reveal(desk, ticket.number, mobile_of(ticket), "reply").value == SPOKEN
    assert len(views(test_office)) == 1
    assert recorded(test_office.office, Action.REVEAL_REFUSED) == []
    keep_up(test_office.office)  # the attempt comes on record once the store is free, and once only
    keep_up(test_office.office)
    [refused] = recorded(test_office.office, Action.REVEAL_REFUSED)
    assert (refused.outcome, refused.reason, refused.ticket) == (Result.FAILED, "store_busy", ticket.number)
    assert refused.fields == Field.MOBILE.value


def test_refusals_that_wait_are_bounded_and_keep_their_order(sqlite_office: TestOffice) -> None:
    desk, ticket = own_ticket(sqlite_office)
    with locked(sqlite_office.office.database):
        for target in (mobile_of(ticket), Target(Field.EMAIL, ticket.contact_ids[Field.EMAIL])):
            with pytest.raises(StoreBusy):
                reveal(desk, ticket.number, target, "reply")
        with pytest.raises(StoreBusy):
            record_waiting_refusals(sqlite_office.office)
        assert len(sqlite_office.office.unrecorded) == 2
    record_waiting_refusals(sqlite_office.office)
    fields = [entry.fields for entry in recorded(sqlite_office.office, Action.REVEAL_REFUSED)]
    assert fields == [Field.MOBILE.value, Field.EMAIL.value]
    assert sqlite_office.office.unrecorded.maxlen == 1_000


def test_a_full_disk_shows_nothing(sqlite_office: TestOffice) -> None:
    desk, ticket = own_ticket(sqlite_office)
    shown = []
    with sqlite_office.office.database.engine.connect() as mine:
        pages = int(mine.exec_driver_sql("PRAGMA page_count").scalar_one())
        mine.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StoreFull) as raised:
        while True:
            shown.append(reveal(desk, ticket.number, mobile_of(ticket), "reply").entry)
    assert raised.value.sentence == "The disk is full."
    assert [entry.seq for entry in views(sqlite_office)] == shown


def test_a_database_that_was_deleted_or_put_in_another_place_shows_nothing(
    test_office: TestOffice, openings: list[int]
) -> None:
    """A view recorded in a file that no one can find again would be a view without a record."""
    file = test_office.office.database.file
    if file is None:
        pytest.skip("a server keeps its own files")
    desk, ticket = own_ticket(test_office)
    first = reveal(desk, ticket.number, mobile_of(ticket), "reply").entry
    away = file.rename(file.with_name("away.db"))
    with pytest.raises(StoreUnavailable, match="cannot be found"):
        reveal(desk, ticket.number, mobile_of(ticket), "reply")
    assert len(openings) == 1
    away.rename(file)
    assert reveal(desk, ticket.number, mobile_of(ticket), "reply").entry == first + 1


def test_a_keyring_that_is_away_shows_nothing_and_the_attempt_is_on_record(test_office: TestOffice) -> None:
    desk, ticket = own_ticket(test_office)
    before = recorded(test_office.office)
    away = Keyring(f"sqlite:///{test_office.office.settings.home / 'empty.db'}", bytes(32))
    real, test_office.office.keyring = test_office.office.keyring, away
    assert test_office.office.log_tag_key  # the log's own key is in memory, as in a console that has worked before
    with pytest.raises(StoreUnavailable):
        reveal(desk, ticket.number, mobile_of(ticket), "reply")
    *earlier, entry = recorded(test_office.office)
    assert earlier == before
    assert (entry.action, entry.outcome, entry.reason) == (
        Action.REVEAL_REFUSED,
        Result.FAILED,
        StoreUnavailable.code,
    )
    test_office.office.keyring = real
    away.close()


def test_messages_and_tickets_carry_seals_of_their_own(test_office: TestOffice) -> None:
    """The original of one column does not open in another: a subject put in place of a message is refused."""
    desk, ticket = own_ticket(test_office)
    with test_office.office.database.reading() as session:
        subject = session.get_one(Ticket, ticket.number).subject
    change(test_office, update(Message).values(text=subject))
    with pytest.raises(SealBroken):
        reveal(desk, ticket.number, Target(Field.MESSAGE, ticket.message_id), "read-original")
