"""The index holds what a plain agent may read of each ticket, as it is now, and nothing that can be read from it."""

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from cs_console.casework.conversation import add_note, reply
from cs_console.casework.marking import mark, marks_on, unmark
from cs_console.casework.tagging import add_tag, set_tags
from cs_console.custody.index_rotation import renew
from cs_console.custody.key_store import add_key
from cs_console.custody.redaction_queue import redact_ticket_later
from cs_console.custody.rotation import rotate
from cs_console.custody.search_queue import index_later, unpacked
from cs_console.desk import operator_session
from cs_console.erasure.erasure import confirm_erasure
from cs_console.errors import StoreBusy
from cs_console.intake.intake import from_bytes, take_in
from cs_console.tickets.filters import parse
from cs_console.tickets.queue import listing, page
from cs_console.tickets.search import index as index_module
from cs_console.tickets.search.index import index_all, index_waiting, still_indexing
from cs_console.tickets.search.tokens import search_key
from cs_console.upkeep import keep_up
from models.contact_fields import Field
from models.roles import Role
from models.search import SearchEntry, SearchToken
from models.ticket import Ticket
from tests.erasure.erasures import PASSWORD, people, proposed
from tests.support.desk import TestDesk
from tests.support.rows import ticket_of
from tests.support.stored import files_holding
from tests.support.tickets import attach, make_ticket
from tests.tickets.search.indexed import found, index, indexed_ticket, rows_in_index

MAIL = b"""From: Person <person3@example.org>
To: help@desk.invalid
Subject: Zebrafish parcel
Message-ID: <z@x>
Content-Type: text/plain; charset=utf-8

The quetzal lamp is broken, write to person3@example.org.
"""


def test_mail_notes_and_file_names_are_found_once_they_are_indexed(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    number = take_in(operator_session(test_desk.desk), from_bytes(MAIL)).number
    assert number is not None
    assert still_indexing(test_desk.desk) == 1
    keep_up(test_desk.desk)
    assert still_indexing(test_desk.desk) == 0
    assert found(mei, "quetzal") == found(mei, "ZEBRAFISH lamps") == [number]
    assert found(mei, "quetzal walrus") == []
    made = make_ticket(test_desk, assignee=mei)
    add_note(mei, made.number, ticket_of(test_desk, made.number).version, "The walrus called again.")
    attach(test_desk, made, "ocelot-invoice.pdf")
    index_waiting(test_desk.desk)
    assert found(mei, "walrus") == found(mei, "ocelot") == [made.number]


def test_what_is_hidden_in_a_text_is_not_in_the_index_nor_are_the_labels(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    indexed_ticket(test_desk, "Write to walrus@example.org about my ocelot.")
    assert len(found(mei, "ocelot")) == 1
    assert found(mei, "walrus") == found(mei, "e-mail") == []


@pytest.mark.engines("sqlite")
def test_no_word_is_in_any_file(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    indexed_ticket(test_desk, "The quetzal lamp, 退款 please.", "Zebrafish")
    assert len(found(mei, "quetzal 退款 zebrafish")) == 1
    assert rows_in_index(test_desk.desk)[0] > 3
    needles = [word.encode() for word in ("quetzal", "Quetzal", "zebrafish", "Zebrafish", "退款")]
    assert not files_holding(test_desk.desk.settings.home, needles)


def test_the_tokens_of_a_ticket_are_those_that_its_entry_keeps(test_desk: TestDesk) -> None:
    made = [indexed_ticket(test_desk, text) for text in ("ocelot walrus", "walrus quetzal", "the of and")]
    index(test_desk, *made)
    with test_desk.desk.database.reading() as db:
        rows = db.connection().execute(select(col(SearchToken.ticket_number), col(SearchToken.token))).all()
        entries = db.connection().execute(select(col(SearchEntry.ticket_number), col(SearchEntry.tokens))).all()
    kept = {(number, token) for number, tokens in entries for token in unpacked(bytes(tokens))}
    assert kept == {(number, token) for number, token in rows}


def test_a_marked_word_finds_its_ticket_no_more_and_a_removed_mark_brings_it_back(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei, text="The one who ordered is the bluebird of Hillside.")
    other = make_ticket(test_desk, text="A bluebird pattern, please.")
    index(test_desk, made, other)
    assert found(mei, "bluebird") == [other.number, made.number]
    mark(mei, made.number, made.message_id, "bluebird")
    assert found(mei, "bluebird") == [other.number]
    assert found(mei, "hillside") == [made.number]
    unmark(mei, made.number, marks_on(mei, made.number)[0].id)
    assert found(mei, "bluebird") == [other.number, made.number]


def test_a_ticket_whose_texts_wait_to_be_redacted_is_found_by_no_word(test_desk: TestDesk) -> None:
    mei, made = test_desk.session("mei", Role.AGENT), indexed_ticket(test_desk, "ocelot")
    with test_desk.desk.database.transaction() as db:
        redact_ticket_later(db, made.number)
    assert found(mei, "ocelot") == []
    index_waiting(test_desk.desk)
    assert found(mei, "ocelot") == []
    keep_up(test_desk.desk)
    assert found(mei, "ocelot") == [made.number]


def test_an_erasure_takes_every_token_out(test_desk: TestDesk) -> None:
    desk, who = test_desk.desk, people(test_desk)
    other = indexed_ticket(test_desk, "ocelot")
    index_waiting(desk)
    before = rows_in_index(desk)
    _, erasure_id = proposed(test_desk, who)
    index_waiting(desk)
    assert rows_in_index(desk)[1] == before[1] + 1
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    assert rows_in_index(desk)[:2] == before[:2]
    keep_up(desk)
    assert rows_in_index(desk) == before
    assert found(who.mei, "ocelot") == [other.number]


def test_words_that_were_read_before_an_erasure_are_not_stored_after_it(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, who = test_desk.desk, people(test_desk)
    _, erasure_id = proposed(test_desk, who)
    read = index_module._read

    def read_then_erased(*given: object) -> object:
        result = read(*given)  # type: ignore[arg-type]
        confirm_erasure(who.omar, erasure_id, PASSWORD)
        return result

    with monkeypatch.context() as patch:
        patch.setattr(index_module, "_read", read_then_erased)
        index_module.index_tickets(desk, index_module._due(desk, None, 5))
    assert rows_in_index(desk)[:2] == (0, 0)
    index_waiting(desk)
    assert rows_in_index(desk) == (0, 0, 0)


def test_what_came_while_a_ticket_was_read_is_indexed_next(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, mei = test_desk.desk, test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei, text="ocelot")
    index(test_desk)
    add_note(mei, made.number, ticket_of(test_desk, made.number).version, "walrus")
    read = index_module._read

    def read_then_noted(*given: object) -> object:
        result = read(*given)  # type: ignore[arg-type]
        add_note(mei, made.number, ticket_of(test_desk, made.number).version, "quetzal")
        return result

    with monkeypatch.context() as patch:
        patch.setattr(index_module, "_read", read_then_noted)
        assert index_module.index_tickets(desk, [made.number]) == 0
    assert still_indexing(desk) == 1
    index_waiting(desk)
    assert found(mei, "ocelot walrus quetzal") == [made.number]


def test_tickets_are_found_while_the_key_is_renewed_and_the_old_one_goes_at_the_end(test_desk: TestDesk) -> None:
    desk, mei = test_desk.desk, test_desk.session("mei", Role.AGENT)
    made = [indexed_ticket(test_desk, f"ocelot {word}") for word in ("walrus", "quetzal")]
    numbers = sorted((one.number for one in made), reverse=True)

    def check() -> None:
        assert found(mei, "ocelot") == numbers

    with desk.database.reading() as db:
        before = set(db.connection().execute(select(col(SearchToken.token))).scalars())
    assert renew(desk, lambda _done, _total: check())
    assert found(mei, "ocelot") == numbers
    assert still_indexing(desk) == 2
    assert desk.keyring.store.find("desk:index:search") is not None
    index_module.index_tickets(desk, numbers[:1])
    assert index_module._mark_stale(desk)
    index_module.index_tickets(desk, numbers[:1])
    assert found(mei, "ocelot") == numbers
    index_all(desk)
    assert found(mei, "ocelot") == numbers
    assert still_indexing(desk) == 0
    assert "desk:index:search" not in set(desk.keyring.store.owners("desk:index:search"))
    with desk.database.reading() as db:
        after = set(db.connection().execute(select(col(SearchToken.token))).scalars())
    assert len(before) == len(after)
    assert not before & after


@pytest.mark.engines("sqlite")
def test_a_rotation_makes_the_words_again_and_leaves_no_key_for_old_backups(test_desk: TestDesk) -> None:
    desk, mei = test_desk.desk, test_desk.session("mei", Role.AGENT)
    made = indexed_ticket(test_desk, "ocelot")
    assert rotate(operator_session(desk), None, index_all).finished
    assert still_indexing(desk) == 0
    assert found(mei, "ocelot") == [made.number]
    assert list(desk.keyring.store.owners("desk:index:search")) == ["desk:index:search:2"]


def test_a_ticket_whose_key_is_missing_is_done_with_and_holds_up_no_other(test_desk: TestDesk) -> None:
    desk, mei = test_desk.desk, test_desk.session("mei", Role.AGENT)
    lost, waits, kept = (make_ticket(test_desk, text="walrus") for _ in range(3))
    with desk.database.transaction() as db:
        redact_ticket_later(db, waits.number)
    [key] = desk.keyring.store.find_all([lost.requester_id])
    desk.keyring.store.drop([lost.requester_id, waits.requester_id])
    index(test_desk, lost, waits, kept)
    assert found(mei, "walrus") == [kept.number]
    assert still_indexing(desk) == 0
    with desk.keyring.store.transaction() as connection:
        add_key(connection, key)
    assert renew(desk)
    index_all(desk)
    assert found(mei, "walrus") == [kept.number, lost.number]


def test_a_ticket_whose_pack_is_missing_waits_for_it(test_desk: TestDesk) -> None:
    desk, mei = test_desk.desk, test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, text="walrus")
    attach(test_desk, made, "ocelot.pdf")
    with desk.database.transaction() as db:
        [pack] = db.connection().execute(select(col(Ticket.pack))).scalars()
        db.connection().execute(update(Ticket).values(pack="gone"))
    index(test_desk, made)
    assert (found(mei, "walrus"), still_indexing(desk)) == ([], 1)
    with desk.database.transaction() as db:
        db.connection().execute(update(Ticket).values(pack=pack))
    index_waiting(desk)
    assert found(mei, "walrus ocelot") == [made.number]


def test_a_tag_is_found_like_a_word_for_as_long_as_the_ticket_has_it(test_desk: TestDesk) -> None:
    mei, ines = test_desk.session("mei", Role.AGENT), test_desk.session("ines", Role.SUPERVISOR)
    made = make_ticket(test_desk, assignee=mei, text="ocelot")
    for tag in ("press", "second-level"):
        add_tag(ines, tag)
    set_tags(mei, made.number, ("press", "second-level"))
    assert found(mei, "Press") == found(mei, "second level ocelot") == [made.number]
    set_tags(mei, made.number, ("second-level",))
    assert found(mei, "press") == []
    assert found(mei, "second-level ocelot") == [made.number]


@pytest.mark.engines("sqlite")
def test_of_a_ticket_with_a_million_words_the_first_are_found(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = indexed_ticket(test_desk, " ".join(f"w{at:07}" for at in range(1_000_000)), "Zebrafish")
    assert found(mei, "zebrafish") == [made.number]
    assert rows_in_index(test_desk.desk) == (index_module.MOST_WORDS, 1, 0)


def test_a_search_finds_what_was_stored_just_before_it(test_desk: TestDesk) -> None:
    desk, mei = test_desk.desk, test_desk.session("mei", Role.AGENT)
    number = take_in(operator_session(desk), from_bytes(MAIL)).number
    assert found(mei, "quetzal") == [number]
    made = make_ticket(test_desk, assignee=mei)
    add_note(mei, made.number, ticket_of(test_desk, made.number).version, "A walrus called.")
    assert found(mei, "walrus") == [made.number]
    reply(
        mei,
        made.number,
        ticket_of(test_desk, made.number).version,
        made.contact_ids[Field.EMAIL],
        "Your ocelot is on its way.",
    )
    listed, _ = listing(operator_session(desk), "all", parse("ocelot"), None, 10)
    assert [one.number for one in listed] == [made.number]
    assert still_indexing(desk) == 0


def test_a_search_indexes_a_few_tickets_at_most_and_says_how_many_are_left(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "AT_ONCE", 2)
    mei = test_desk.session("mei", Role.AGENT)
    made = [make_ticket(test_desk, text="walrus") for _ in range(5)]
    with test_desk.desk.database.transaction() as db:
        for one in made:
            index_later(db, one.number)
    shown = page(mei, "all", parse("walrus"))
    assert ({row.number for row in shown.rows}, shown.still_indexing) == ({one.number for one in made[3:]}, 3)
    assert index_waiting(test_desk.desk) == 3
    assert found(mei, "walrus") == [one.number for one in reversed(made)]


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    ("most", "held", "following"), [(25, 0.01, 50), (800, 0.01, 800), (100, 0.15, 100), (100, 0.3, 50), (25, 0.3, 25)]
)
def test_more_tickets_are_stored_in_one_go_while_no_one_is_kept_waiting(most: int, held: float, following: int) -> None:
    assert index_module._next_go(most, held) == following


def test_many_tickets_are_indexed_in_goes_that_grow(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, mei = test_desk.desk, test_desk.session("mei", Role.AGENT)
    monkeypatch.setattr(index_module, "AT_ONCE", 1)
    monkeypatch.setattr(index_module, "HELD_SECONDS", 60)
    made = [make_ticket(test_desk, text=f"walrus number {at}") for at in range(8)]
    with desk.database.transaction() as db:
        for one in made:
            index_later(db, one.number)
    read, sizes = index_module._read, []

    def counted(*given: Any) -> object:
        sizes.append(len(given[1]))
        return read(*given)

    with monkeypatch.context() as patch:
        patch.setattr(index_module, "_read", counted)
        assert index_waiting(desk) == 8
    assert sizes == [1, 2, 4, 1]
    assert found(mei, "walrus") == [one.number for one in reversed(made)]


def test_what_keeps_a_search_from_indexing_does_not_keep_it_from_finding(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mei, made = test_desk.session("mei", Role.AGENT), indexed_ticket(test_desk, "walrus")

    def busy(*_given: object) -> int:
        raise StoreBusy("Another process keeps the store locked.")

    monkeypatch.setattr(index_module, "index_tickets", busy)
    assert found(mei, "walrus") == [made.number]


def test_a_change_is_not_lost_where_two_index_a_ticket_at_once(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One reads what changed twice, while the other, who saw the first change alone, stores and takes its mark away."""
    desk, mei = test_desk.desk, test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei, text="ocelot")
    index(test_desk, made)
    add_note(mei, made.number, ticket_of(test_desk, made.number).version, "walrus")
    [first] = index_module._read(desk, [made.number], search_key(desk, 1))[0].values()
    add_note(mei, made.number, ticket_of(test_desk, made.number).version, "quetzal")
    both = index_module._read(desk, [made.number], search_key(desk, 1))[0]
    for read in ({made.number: first}, both):
        with desk.database.transaction() as db:
            index_module._store(db, read, 1)
    index_waiting(desk)
    assert found(mei, "ocelot walrus quetzal") == [made.number]
    assert still_indexing(desk) == 0
