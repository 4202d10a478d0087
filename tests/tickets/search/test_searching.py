"""A search finds what has every word, in the view's own order, is on record, and tells nothing of what is hidden."""

from dataclasses import asdict
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlmodel import col

from cs_console.custody.search_queue import index_later
from cs_console.desk import operator_session
from cs_console.erasure.erasure import confirm_erasure, open_erasures, propose_erasure
from cs_console.erasure.holds import place_hold
from cs_console.errors import BadFilter, ConsoleError
from cs_console.tickets.filters import parse
from cs_console.tickets.queue import QueuePage, listing, page
from cs_console.tickets.queue_query import Cursor
from cs_console.tickets.search import index as index_module
from cs_console.tickets.search import searching
from models.enums import Action, TicketKind, TicketState
from models.requester import Requester
from models.roles import Role
from models.search import SearchToken
from tests.erasure.erasures import PASSWORD, granted, people, proposed
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import close, make_ticket
from tests.tickets.search.indexed import found, index, indexed_ticket

CHINESE = "请问我上个月退回的商品什么时候可以收到退款因为客服一直没有回复"[:30]


@pytest.mark.parametrize("few", [searching.FEW, 0], ids=["few", "many"])
def test_every_word_and_every_other_term_counts(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(searching, "FEW", few)
    mei, now = test_desk.session("mei", Role.AGENT), test_desk.clock.now()
    old = make_ticket(test_desk, text="ocelot walrus", received_at=now - timedelta(days=90), kind=TicketKind.REPORT)
    new = make_ticket(test_desk, text="walrus ocelot", assignee=mei)
    one = make_ticket(test_desk, text="walrus")
    closed = make_ticket(test_desk, text="walrus", state=TicketState.CLOSED)
    index(test_desk, old, new, one, closed)
    assert found(mei, "walrus") == [one.number, new.number, old.number]
    assert found(mei, "walrus ocelot") == [new.number, old.number]
    assert found(mei, '"walrus ocelot" kind:report') == [old.number]
    assert found(mei, "walrus", "mine") == [new.number]
    assert found(mei, "walrus", "closed") == [closed.number]
    assert found(mei, "walrus", "overdue") == [old.number]
    assert found(mei, f"#{closed.number} walrus") == [closed.number]
    assert found(mei, "walrus quetzal") == []


@pytest.mark.parametrize("few", [searching.FEW, 0], ids=["few", "many"])
def test_pages_follow_each_other_in_the_views_order(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(searching, "FEW", few)
    mei, now = test_desk.session("mei", Role.AGENT), test_desk.clock.now()
    made = [make_ticket(test_desk, text="walrus", received_at=now - timedelta(days=90 - 7 * at % 5)) for at in range(7)]
    index(test_desk, *made, make_ticket(test_desk, text="ocelot"))
    for view in ("all", "overdue"):
        every = [row.number for row in page(mei, view).rows if row.number in {one.number for one in made}]
        seen: list[int] = []
        after: Cursor | None = None
        while True:
            shown = page(mei, view, parse("walrus"), after, 3)
            seen += [row.number for row in shown.rows]
            after = shown.next
            if after is None:
                break
        assert seen == every, view


def test_a_search_is_on_record_once_without_its_words(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = [indexed_ticket(test_desk, "walrus ocelot") for _ in range(3)]
    found(mei, "walrus")
    found(mei, "walrus")
    [entry] = recorded(test_desk.desk, Action.TICKETS_SEARCHED)
    assert entry.actor == "mei"
    assert entry.reason == f"tickets found: {len(made)}"
    found(mei, "ocelot")
    found(mei, "walrus")
    found(mei, "quetzal")
    test_desk.clock.forward(minutes=2)
    found(mei, "quetzal")
    listing(operator_session(test_desk.desk), "all", parse("walrus"), None, 2)
    entries = recorded(test_desk.desk, Action.TICKETS_SEARCHED)
    assert [one.reason.removeprefix("tickets found: ") for one in entries] == ["3", "3", "3", "0", "0", "2 or more"]
    assert "walrus" not in repr(entries)


def test_a_next_page_is_the_same_search_and_what_comes_meanwhile_another(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    for _ in range(3):
        indexed_ticket(test_desk, "walrus")
    first = page(mei, "all", parse("walrus"), size=2)
    page(mei, "all", parse("walrus"), first.next, 2)
    page(mei, "all", parse("walrus"), size=2)
    assert [one.reason for one in recorded(test_desk.desk, Action.TICKETS_SEARCHED)] == ["tickets found: 2 or more"]
    assert len(found(mei, "walrus")) == 3
    indexed_ticket(test_desk, "walrus")
    assert len(found(mei, "walrus")) == 4
    reasons = [one.reason for one in recorded(test_desk.desk, Action.TICKETS_SEARCHED)]
    assert reasons[1:] == ["tickets found: 3", "tickets found: 4"]


def test_what_cannot_be_recorded_is_not_shown(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    indexed_ticket(test_desk, "walrus")

    def full(*_given: object) -> None:
        raise ConsoleError("The disk is full.")

    monkeypatch.setattr(searching, "record", full)
    with pytest.raises(ConsoleError, match="full"):
        found(mei, "walrus")
    with pytest.raises(ConsoleError, match="full"):
        found(mei, "walrus")


def test_words_that_find_nothing_are_refused(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    for typed in ("the", "退", "!!", "a b c"):
        with pytest.raises(BadFilter, match="too short or too common"):
            found(mei, typed)
    assert recorded(test_desk.desk, Action.TICKETS_SEARCHED) == []


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("refu*", "“refu\\*” is too short"),
        ("*fund", "only at the end of a word"),
        ("re*nd", "only at the end of a word"),
        ("*", "too short or too common"),
        ('""', "too short or too common"),
        ('"  "', "too short or too common"),
        ("\u200d\u0301", "too short or too common"),
        ("walrus " * 30, "more than 20 terms"),
        ('"' + " ".join(f"w{at}" for at in range(60)) + '"', "more than 20 words"),
        (" ".join(f"walrus{at}" for at in range(200)), "longer than 300 characters"),
        ("walrus:ocelot", "not a filter term"),
        ('walrus "ocelot', "not closed"),
        ("-walrus", "minus"),
    ],
)
def test_what_cannot_be_searched_for_is_said_in_a_sentence(test_desk: TestDesk, typed: str, said: str) -> None:
    with pytest.raises(BadFilter, match=said):
        found(test_desk.session("mei", Role.AGENT), typed)
    assert recorded(test_desk.desk, Action.TICKETS_SEARCHED) == []


def test_a_beginning_and_a_quoted_number_find_tickets(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = indexed_ticket(
        test_desk, "Two refunds for order 286543, " + "a" * 10_000 + ", and walrus" + "\u0301" * 10_000
    )
    other = indexed_ticket(test_desk, "It is refused for 286544.")
    assert found(mei, "refun*") == found(mei, "REFUNDS* two") == found(mei, '"286543"') == [made.number]
    assert found(mei, "refus*") == [other.number]
    assert found(mei, "286543") == []
    assert found(mei, f"{made.number}") == [made.number]
    assert found(mei, "a" * 290) == found(mei, "walrus\u0301\u0301") == [made.number]
    assert [one.reason for one in recorded(test_desk.desk, Action.TICKETS_SEARCHED)] == ["tickets found: 1"] * 6


def test_no_search_is_for_more_words_than_a_store_plans_for(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = indexed_ticket(test_desk, CHINESE)
    assert found(mei, CHINESE[:21]) == [made.number]
    with pytest.raises(BadFilter, match="more than 20 words"):
        page(mei, "all", parse(CHINESE))


def test_the_next_page_of_another_search_is_recorded_with_what_it_found_itself(test_desk: TestDesk) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    index(test_desk, *(make_ticket(test_desk, text="walrus") for _ in range(3)), make_ticket(test_desk, text="ocelot"))
    page(mei, "all", parse("ocelot"))
    first = page(mei, "all", parse("walrus"), size=1)
    page(mei, "all", parse("ocelot"))
    page(mei, "all", parse("walrus"), first.next, size=2)
    hits = [entry.reason for entry in recorded(test_desk.desk, Action.TICKETS_SEARCHED)]
    assert hits == [f"tickets found: {found}" for found in ("1", "1 or more", "1", "2")]


def test_a_search_says_what_is_still_to_be_indexed(test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, text="walrus")
    newer = make_ticket(test_desk)
    with test_desk.desk.database.transaction() as db:
        index_later(db, made.number)
        index_later(db, made.number)
        index_later(db, newer.number)
    with monkeypatch.context() as patch:
        patch.setattr(index_module, "AT_ONCE", 1)
        assert page(mei, "all", parse("walrus")).still_indexing == 1
    assert page(mei, "all").still_indexing == 0
    index(test_desk)
    shown = page(mei, "all", parse("walrus"))
    assert shown.still_indexing == 0
    [row] = shown.rows
    assert asdict(row)["subject"] == "A question"


def test_a_held_requester_is_found_as_little_as_an_erased_one_whoever_asks(test_desk: TestDesk) -> None:
    who, now = people(test_desk), test_desk.clock.now()
    officer = test_desk.session("oda", Role.PRIVACY_OFFICER, Role.AGENT)
    gone = {}
    for word in ("walrus", "ocelot"):
        ticket = granted(test_desk, who.mei)
        other = make_ticket(test_desk, requester=(ticket.requester_id, {}), text=f"{word} quetzal")
        close(test_desk, other.number)
        index(test_desk, ticket, other)
        assert found(who.mei, word, "closed") == found(officer, f"quetzal {word}", "closed") == [other.number]
        propose_erasure(who.mei, ticket.number)
        if word == "walrus":
            place_hold(who.ines, ticket.number, "court", "Order 17", (now + timedelta(days=10)).date())
        [erasure_id] = [one.id for one in open_erasures(who.omar) if one.number == ticket.number]
        assert confirm_erasure(who.omar, erasure_id, PASSWORD).erased is (word == "ocelot")
        gone[word] = ticket.requester_id
    index(test_desk)
    forged = update(Requester).where(col(Requester.id).in_(gone.values())).values(state="active")
    for state in ("as it is", "made active again by hand"):
        if state != "as it is":
            with test_desk.desk.database.transaction() as db:
                db.connection().execute(forged)
        for session in (who.mei, who.omar, officer):
            for view in ("all", "closed"):
                told = {word: repr(page(session, view, parse(word))) for word in ("walrus", "ocelot", "nothinglikeit")}
                assert set(told.values()) == {repr(QueuePage((), None))}, (state, session.agent.name, view)
    assert {one.reason for one in recorded(test_desk.desk, Action.TICKETS_SEARCHED)[4:]} == {"tickets found: 0"}


def test_a_token_that_was_left_finds_no_ticket_of_a_held_requester(test_desk: TestDesk) -> None:
    """Whatever the index says, the log and the rows of requesters decide."""
    who = people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    other = make_ticket(test_desk, requester=(ticket.requester_id, {}), text="walrus")
    close(test_desk, other.number)
    index(test_desk, other)
    with test_desk.desk.database.reading() as db:
        left = [row._asdict() for row in db.connection().execute(select(SearchToken))]
    until = (test_desk.clock.now() + timedelta(days=10)).date()
    place_hold(who.ines, ticket.number, "court", "Order 17", until)
    assert found(who.mei, "walrus", "closed") == [other.number]
    confirm_erasure(who.omar, erasure_id, PASSWORD)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(insert(SearchToken), left)
    assert found(who.mei, "walrus", "closed") == found(who.ines, "walrus", "closed") == []
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Requester).values(state="active"))
    assert found(who.mei, "walrus", "closed") == found(who.ines, "walrus", "closed") == []
