"""An erasure rests on the access log: whose data it is, what granted it, what is closed since when, and what holds it.

Each test changes rows as someone does who reaches the database and has no keys; the log is not touched.
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlmodel import col

from cs_console.access_log.append import append
from cs_console.access_log.entry import Actor, Entry
from cs_console.access_log.tickets_on_record import closed_since
from cs_console.access_log.verify import verify_log
from cs_console.casework.conversation import open_ticket
from cs_console.casework.workflow import set_state
from cs_console.custody.disclosure import Target, reveal
from cs_console.custody.erasing import finish_all
from cs_console.custody.erasure_authority import about_proposal
from cs_console.decisions import approval
from cs_console.delivery.outgoing import deliver_queued
from cs_console.desk import Desk, DeskSession
from cs_console.erasure import erasure
from cs_console.erasure.erasure import confirm_erasure, open_erasures, propose_erasure, withdraw_erasure
from cs_console.erasure.holds import holds_of, lift_hold, place_hold
from cs_console.errors import ErasureNotProven, KeyDestroyed, NotErasable, NotVouched, OnHold
from cs_console.tickets.queue import page
from cs_console.tickets.ticket_record import ERASED
from cs_console.verification.linking import link_ticket, unlink_ticket
from models.contact_fields import Field
from models.decision import Approval, Decision
from models.enums import Action, Outcome, RequesterState, Result, TicketKind, TicketState
from models.erasure import Erasure, Hold
from models.log import ENDS
from models.requester import Requester
from models.roles import Role
from models.ticket import Ticket
from tests.custody.reveals import change
from tests.custody.test_requester_access import ACTS, everywhere, held_and_erased, nameless, refused, row_of
from tests.decisions.cases import later, pack, person, propose, refusal
from tests.erasure.erasures import EVERYTHING, PASSWORD, People, granted, people, proposed
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import held
from tests.support.tickets import HAND, MadeTicket, close, give, make_requester, make_ticket

pytestmark = pytest.mark.usefixtures("cheap_passwords")


def is_alive(desk: Desk, requester_id: str) -> bool:
    with desk.database.reading() as db:
        state = db.get_one(Requester, requester_id).state
    return state != RequesterState.ERASED and requester_id in desk.keyring.keys([requester_id])


def victim_of(test_desk: TestDesk, who: People) -> MadeTicket:
    """A requester with an open ticket and no proposed erasure."""
    contacts = {Field.EMAIL: "vera@example.org", Field.MOBILE: "+8613822222222"}
    return make_ticket(test_desk, assignee=who.mei, contacts=contacts, verified=True)


def record(test_desk: TestDesk, number: int, action: Action, about: Mapping[str, str], **more: Any) -> None:
    with test_desk.desk.database.transaction() as db:
        entry = Entry(action, ticket=number, about=about, **more)
        append(db, test_desk.desk, HAND, entry, test_desk.clock.now())


def second_ticket(test_desk: TestDesk, made: MadeTicket, **more: Any) -> MadeTicket:
    """Another ticket of the same requester, on record as theirs."""
    return make_ticket(test_desk, requester=(made.requester_id, {}), kind=TicketKind.INQUIRY, **more)


# --- whose data is erased


@pytest.mark.parametrize("as_well", ["nothing", "the ticket"])
def test_a_proposal_pointed_at_someone_else_erases_no_one(test_desk: TestDesk, as_well: str) -> None:
    desk, who = test_desk.desk, people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    victim = victim_of(test_desk, who)
    change(test_desk, update(Erasure).values(requester_id=victim.requester_id))
    if as_well == "the ticket":
        close(test_desk, victim.number)
        of_it = update(Ticket).where(col(Ticket.number) == ticket.number)
        change(test_desk, of_it.values(requester_id=victim.requester_id))
    with pytest.raises(NotVouched):
        confirm_erasure(who.omar, erasure_id, PASSWORD)
    [entry] = recorded(desk, Action.ERASURE_REFUSED)
    assert (entry.actor, entry.reason, entry.outcome) == ("omar", "not_vouched", Result.REFUSED)
    assert is_alive(desk, victim.requester_id) and is_alive(desk, ticket.requester_id)


def test_the_ticket_of_an_erasure_made_someone_elses_erases_no_one(sqlite_desk: TestDesk) -> None:
    who = people(sqlite_desk)
    ticket, erasure_id = proposed(sqlite_desk, who)
    other, _ = make_requester(sqlite_desk, {Field.EMAIL: "vera@example.org"})
    of_it = update(Ticket).where(col(Ticket.number) == ticket.number)
    change(sqlite_desk, of_it.values(requester_id=other))
    with pytest.raises(NotVouched, match="does not belong to the requester"):
        confirm_erasure(who.omar, erasure_id, PASSWORD)
    with pytest.raises(NotErasable):  # nor does what was granted to one let the other be erased
        propose_erasure(who.mei, ticket.number)


@pytest.mark.parametrize("what", ["cause", "ticket"])
def test_a_proposal_stands_for_its_own_cause_and_ticket(sqlite_desk: TestDesk, what: str) -> None:
    desk, who = sqlite_desk.desk, people(sqlite_desk)
    ticket, erasure_id = proposed(sqlite_desk, who)
    other = second_ticket(sqlite_desk, ticket, state=TicketState.CLOSED)
    close(sqlite_desk, other.number)
    forged = {"cause": "term"} if what == "cause" else {"ticket_number": other.number}
    change(sqlite_desk, update(Erasure).values(forged))
    with pytest.raises(NotVouched):
        confirm_erasure(who.omar, erasure_id, PASSWORD)
    with pytest.raises(NotVouched):  # else it would count again once the row is put back
        withdraw_erasure(who.mei, erasure_id)
    assert is_alive(desk, ticket.requester_id)


@pytest.mark.parametrize("dropped", [{"whose"}, {"whose", "cause"}, {"whose", "cause", "by", "erasure"}])
@pytest.mark.parametrize("forged", [False, True])
def test_what_an_older_desk_proposed_is_its_pseudonyms(
    sqlite_desk: TestDesk, monkeypatch: pytest.MonkeyPatch, dropped: set[str], forged: bool
) -> None:
    desk, who = sqlite_desk.desk, people(sqlite_desk)

    def older(desk: Desk, row: Erasure) -> dict[str, str]:
        return {name: value for name, value in about_proposal(desk, row).items() if name not in dropped}

    with monkeypatch.context() as before:
        before.setattr(erasure, "about_proposal", older)
        ticket, erasure_id = proposed(sqlite_desk, who)
    victim = victim_of(sqlite_desk, who)
    if not forged:
        assert confirm_erasure(who.omar, erasure_id, PASSWORD).erased
        return
    of_it = update(Ticket).where(col(Ticket.number) == ticket.number)
    change(
        sqlite_desk,
        update(Erasure).values(requester_id=victim.requester_id),
        of_it.values(requester_id=victim.requester_id),
    )
    with pytest.raises(NotVouched):
        confirm_erasure(who.omar, erasure_id, PASSWORD)
    assert is_alive(desk, victim.requester_id)


def test_a_held_erasure_that_comes_due_erases_no_one_else(test_desk: TestDesk) -> None:
    desk, who = test_desk.desk, people(test_desk)
    ticket, erasure_id = proposed(test_desk, who)
    place_hold(who.ines, ticket.number, "court", "Order 17", (test_desk.clock.now() + timedelta(days=10)).date())
    assert not confirm_erasure(who.omar, erasure_id, PASSWORD).erased
    victim = victim_of(test_desk, who)
    test_desk.clock.forward(days=11)
    for state in ("held", "approved"):
        change(test_desk, update(Erasure).values(requester_id=victim.requester_id, state=state))
        with pytest.raises(ErasureNotProven):
            finish_all(desk)
    assert is_alive(desk, victim.requester_id) and is_alive(desk, ticket.requester_id)


# --- holds


@pytest.mark.parametrize("on", ["the same ticket", "another ticket"])
def test_a_hold_is_not_evaded_by_rows(test_desk: TestDesk, on: str) -> None:
    desk, who = test_desk.desk, people(test_desk)
    ticket = granted(test_desk, who.mei)
    kept = ticket if on == "the same ticket" else second_ticket(test_desk, ticket, state=TicketState.CLOSED)
    if kept is not ticket:
        close(test_desk, kept.number)
    place_hold(who.ines, kept.number, "court", "Order 17", (test_desk.clock.now() + timedelta(days=10)).date())
    propose_erasure(who.mei, ticket.number)
    [row] = open_erasures(who.mei)
    assert row.held_until is not None
    change(test_desk, delete(Hold))
    other, _ = make_requester(test_desk, {Field.EMAIL: "vera@example.org"})
    if kept is not ticket:
        of_it = update(Ticket).where(col(Ticket.number) == kept.number)
        change(test_desk, of_it.values(requester_id=other))
    done = confirm_erasure(who.omar, row.id, PASSWORD)
    assert (done.erased, done.held_until) == (False, row.held_until)
    assert is_alive(desk, ticket.requester_id)
    assert verify_log(desk).ok


def test_a_ticket_that_is_handed_over_holds_both_and_each_is_lifted_by_itself(test_desk: TestDesk) -> None:
    ines, vic = person(test_desk, "ines", Role.PRIVACY_OFFICER), person(test_desk, "vic", Role.VERIFIER)
    account = {Field.EMAIL: "anna@example.org"}
    ticket = make_ticket(test_desk, kind=TicketKind.RIGHTS, contacts=account)
    place_hold(ines, ticket.number, "court", "Order 17", (test_desk.clock.now() + timedelta(days=10)).date())
    first = only_hold(test_desk, ticket.requester_id)
    unlink_ticket(vic, ticket.number, row_of(vic, ticket), "It was their brother's.")
    with test_desk.desk.database.reading() as db:
        sender = db.get_one(Ticket, ticket.number).requester_id
    copy = only_hold(test_desk, sender)
    assert held(test_desk, ticket.requester_id) and held(test_desk, sender)
    assert [one.id for one in holds_of(ines, ticket.number)] == [copy]
    lift_hold(ines, copy)
    assert held(test_desk, ticket.requester_id) and not held(test_desk, sender)
    found = (Field.EMAIL, "anna@example.org")
    link_ticket(vic, ticket.number, row_of(vic, ticket), ticket.requester_id, "They said so.", found)
    lift_hold(ines, first)
    assert not held(test_desk, ticket.requester_id)
    unlink_ticket(vic, ticket.number, row_of(vic, ticket), "It was their brother's after all.")
    with test_desk.desk.database.reading() as db:
        third = db.get_one(Ticket, ticket.number).requester_id
    assert not held(test_desk, third), "a hold that is over goes to no one"


def only_hold(test_desk: TestDesk, owner: str) -> str:
    with test_desk.desk.database.reading() as db:
        found = select(col(Hold.id)).where(col(Hold.requester_id) == owner)
        return str(db.connection().execute(found).scalar_one())


@pytest.mark.parametrize("gone", ["holds", "holds and links"])
def test_who_was_given_a_held_ticket_is_held_without_any_row(test_desk: TestDesk, gone: str) -> None:
    ines, vic = person(test_desk, "ines", Role.PRIVACY_OFFICER), person(test_desk, "vic", Role.VERIFIER)
    to = make_requester(test_desk, {Field.EMAIL: "anna@example.org"})
    loose = make_ticket(test_desk, contacts={Field.EMAIL: "anna@example.net"}, on_file=False)
    place_hold(ines, loose.number, "court", "Order 17", (test_desk.clock.now() + timedelta(days=10)).date())
    link_ticket(vic, loose.number, row_of(vic, loose), to[0], "They said so.", (Field.EMAIL, "anna@example.org"))
    assert held(test_desk, to[0]) and held(test_desk, loose.requester_id)
    change(test_desk, delete(Hold))
    if gone == "holds and links":
        other, _ = make_requester(test_desk, {Field.EMAIL: "vera@example.org"})
        change(test_desk, text("DELETE FROM linking"), update(Ticket).values(requester_id=other))
    assert held(test_desk, to[0]) and held(test_desk, loose.requester_id)


def test_a_hold_of_an_older_desk_holds_until_it_is_lifted(sqlite_desk: TestDesk) -> None:
    """Their entries name no hold: its row says which entry is whose, and the log says the rest."""
    ines = person(sqlite_desk, "ines", Role.PRIVACY_OFFICER)
    ticket = make_ticket(sqlite_desk)
    now, desk = sqlite_desk.clock.now(), sqlite_desk.desk
    name = desk.pseudonym(ticket.requester_id, desk.keyring.key(ticket.requester_id))
    with desk.database.transaction() as db:
        row = Hold(
            requester_id=ticket.requester_id,
            ticket_number=ticket.number,
            note=b"sealed",
            agent_id=ines.agent.id,
            placed_at=now,
            until=now + timedelta(days=10),
        )
        db.add(row)
        until = f"until {(now + timedelta(days=10)).date()}"
        entry = Entry(Action.HOLD_PLACED, ticket=ticket.number, requester=name, reason=until)
        append(db, desk, Actor("ines", "", "", "h"), entry, now)
        hold_id = row.id
    assert held(sqlite_desk, ticket.requester_id)
    change(sqlite_desk, update(Hold).values(lifted_at=now, lifted_by=ines.agent.id))
    assert held(sqlite_desk, ticket.requester_id), "no entry says that it was lifted"
    change(sqlite_desk, update(Hold).values(lifted_at=None, lifted_by=None))
    lift_hold(ines, hold_id)
    assert not held(sqlite_desk, ticket.requester_id)


# --- what was granted, and what is closed since when


def test_a_grant_that_was_superseded_does_not_count_again(test_desk: TestDesk) -> None:
    desk, who = test_desk.desk, people(test_desk)
    ben = person(test_desk, "ben", Role.AGENT)
    ticket = granted(test_desk, who.mei)
    later(test_desk, minutes=5)
    set_state(who.omar, ticket.number, row_of(who.omar, ticket), TicketState.VERIFIED, "Look again.")
    give(test_desk, ticket.number, ben)
    made = propose(
        ben, ticket.number, row_of(ben, ticket), refusal("S3", test_desk.clock.now(), *EVERYTHING)
    ).decision_id
    for session in (who.omar, who.ines):
        approval.approve(session, made, PASSWORD)
    deliver_queued(desk)
    with pytest.raises(NotErasable, match="not due for erasure"):
        propose_erasure(who.mei, ticket.number)
    refused_one = select(col(Decision.id)).where(col(Decision.outcome) == Outcome.REFUSE)
    change(
        test_desk,
        delete(Approval).where(col(Approval.decision_id).in_(refused_one)),
        delete(Decision).where(col(Decision.outcome) == Outcome.REFUSE),
    )
    with pytest.raises(NotErasable, match="not due for erasure"):
        propose_erasure(who.mei, ticket.number)
    assert is_alive(desk, ticket.requester_id)


def test_a_term_ends_as_the_log_has_it(test_desk: TestDesk) -> None:
    who = people(test_desk)
    ticket = make_ticket(test_desk, assignee=who.mei)
    set_state(who.mei, ticket.number, 1, TicketState.CLOSED)
    long_ago = test_desk.clock.now() - timedelta(days=9000)
    change(test_desk, update(Ticket).values(closed_at=long_ago))
    with pytest.raises(NotErasable, match="to be kept until"):
        propose_erasure(who.mei, ticket.number)


def test_a_term_is_that_of_the_kind_that_the_log_has(sqlite_desk: TestDesk) -> None:
    ticket = make_ticket(sqlite_desk, kind=TicketKind.COMPLAINT)
    close(sqlite_desk, ticket.number)
    days = pack().retention.days
    assert days[TicketKind.INQUIRY] < days[TicketKind.COMPLAINT]
    sqlite_desk.clock.forward(days=days[TicketKind.INQUIRY] + 1)
    who = people(sqlite_desk)
    change(sqlite_desk, update(Ticket).values(kind="inquiry"))
    with pytest.raises(NotErasable, match="to be kept until"):
        propose_erasure(who.mei, ticket.number)


@pytest.mark.parametrize("how", ["closed", "another requester's", "gone"])
def test_an_open_ticket_is_not_hidden_by_rows(test_desk: TestDesk, how: str) -> None:
    who = people(test_desk)
    ticket = granted(test_desk, who.mei)
    still_open = second_ticket(test_desk, ticket)
    with pytest.raises(NotErasable, match=f"open tickets: #{still_open.number}"):
        propose_erasure(who.mei, ticket.number)
    of_it = update(Ticket).where(col(Ticket.number) == still_open.number)
    if how == "closed":
        change(test_desk, of_it.values(state="closed", closed_at=test_desk.clock.now()))
    elif how == "gone":
        change(
            test_desk,
            text("DELETE FROM message WHERE ticket_number = :it").bindparams(it=still_open.number),
            delete(Ticket).where(col(Ticket.number) == still_open.number),
        )
    else:
        other, _ = make_requester(test_desk, {Field.EMAIL: "vera@example.org"})
        change(test_desk, of_it.values(requester_id=other))
    with pytest.raises((NotVouched, NotErasable)) as stopped:
        propose_erasure(who.mei, ticket.number)
    assert f"#{still_open.number}" in str(stopped.value)


def test_a_ticket_that_was_handed_on_is_not_the_earlier_requesters(sqlite_desk: TestDesk) -> None:
    who, vic = people(sqlite_desk), person(sqlite_desk, "vic", Role.VERIFIER)
    ticket = granted(sqlite_desk, who.mei)
    handed_on = second_ticket(sqlite_desk, ticket)
    unlink_ticket(vic, handed_on.number, row_of(vic, handed_on), "It was their brother's.")
    propose_erasure(who.mei, ticket.number)
    assert open_erasures(who.mei)[0].number == ticket.number


OLDER = json.loads((Path(__file__).parents[1] / "data" / "older_desks.json").read_text(encoding="utf-8"))
"""Words as older desks wrote them."""
_CLOSES: dict[str, tuple[Action, dict[str, str], str]] = {
    "by hand": (Action.TICKET_STATE_SET, {"from": "verified", "state": "closed"}, ""),
    "by hand, as an older desk vouches for it": (Action.TICKET_CHANGED, {"state": "closed"}, ""),
    "by an older desk": (Action.TICKET_CHANGED, {}, "state verified -> closed"),
    "decided": (Action.DECISION_MADE, {"decision": "d", "made": "grant"}, ""),
    "decided for a fee, paid before": (Action.DECISION_MADE, {"decision": "d", "made": "fee", "fee": ""}, ""),
    "decided by an older desk": (Action.DECISION_MADE, {}, "refuse"),
    "settled": (Action.TICKET_SETTLED, {"settlement": "s"}, ""),
    "unpaid": (Action.FEE_UNPAID, {}, ""),
    "lapsed": (Action.TICKET_LAPSED, {}, ""),
}
_OPENS: dict[str, tuple[Action, dict[str, str], str]] = {
    "by hand": (Action.TICKET_STATE_SET, {"from": "closed", "state": "verified"}, ""),
    "by hand, as an older desk vouches for it": (Action.TICKET_CHANGED, {"state": "verified"}, ""),
    "by an older desk": (Action.TICKET_CHANGED, {}, "state closed -> open: the notice could not be delivered"),
    "a follow-up": (Action.TICKET_FOLLOW_UP, {}, ""),
    "a follow-up of an older desk": (Action.TICKET_CHANGED, {}, "follow-up received"),
    "a review": (Action.REVIEW_BEGAN, {"after": ""}, "the decision's review date has come"),
    "a review, as an older desk vouches for it": (Action.TICKET_CHANGED, {"review": "began"}, ""),
    "a review of an older desk": (Action.TICKET_CHANGED, {}, OLDER["review"]),
    "a notice that came back": (Action.TICKET_STATE_SET, {"state": "open", "delivery": "notice"}, ""),
    "a notice that came back to an older desk": (Action.TICKET_CHANGED, {"delivery": "notice"}, ""),
    "of another kind": (Action.TICKET_KIND_SET, {"from": "inquiry", "kind": "rights"}, ""),
    "of another kind, as an older desk vouches for it": (Action.TICKET_CHANGED, {"kind": "rights"}, ""),
    "a fee to be paid": (Action.DECISION_MADE, {"decision": "d", "made": "fee", "fee": "asked"}, ""),
    "a fee to be paid, as older entries say it": (Action.DECISION_MADE, {"decision": "d", "made": "fee"}, ""),
}


@pytest.mark.parametrize("closes", _CLOSES)
@pytest.mark.parametrize("opens", _OPENS)
def test_whatever_closes_and_opens_a_ticket_counts(sqlite_desk: TestDesk, closes: str, opens: str) -> None:
    number, desk = make_ticket(sqlite_desk).number, sqlite_desk.desk

    def since() -> int | None:
        with desk.database.reading() as db:
            return closed_since(db, desk, [number], [number]).get(number)

    def write(action: Action, about: Mapping[str, str], reason: str) -> None:
        sqlite_desk.clock.forward(minutes=1)
        record(sqlite_desk, number, action, about, reason=reason)

    write(*_CLOSES[closes])
    first = since()
    assert first == int(sqlite_desk.clock.now().timestamp() * 1_000_000)
    write(Action.TICKET_PRIORITY_SET, {"from": "normal", "priority": "high"}, "state of things")
    write(Action.TICKET_CHANGED, {"priority": "high"}, "state of things")
    assert since() == first
    write(*_OPENS[opens])
    assert since() is None
    write(*_CLOSES[closes])
    assert since() is not None


# --- who is kept only for a hold


@pytest.mark.parametrize("what", [one for one in ACTS if one not in ("reopen", "reveal")])
def test_no_row_makes_a_held_requester_active_again(test_desk: TestDesk, what: str) -> None:
    who = people(test_desk)
    held_one, _ = held_and_erased(test_desk, who)
    both, officer = everywhere(test_desk, who), person(test_desk, "oda", Role.PRIVACY_OFFICER, Role.AGENT)
    change(
        test_desk,
        update(Requester).where(col(Requester.id) == held_one.requester_id).values(state="active"),
        update(Ticket).values(state="verified", closed_at=None),
    )
    assert isinstance(refused(ACTS[what], both, held_one), KeyDestroyed)
    if what in ("note", "draft"):
        assert isinstance(refused(ACTS[what], officer, held_one), OnHold)


def test_no_row_lets_anything_of_a_held_requester_be_revealed(test_desk: TestDesk) -> None:
    """On another ticket of theirs than the one whose erasure was confirmed, its verification window still open."""
    who = people(test_desk)
    row = next(one for one in pack().rows_for(TicketKind.RIGHTS) if Field.MESSAGE in one.fields)
    ticket = granted(test_desk, who.mei)
    kept = make_ticket(
        test_desk, kind=TicketKind.RIGHTS, requester=(ticket.requester_id, {}), assignee=who.mei, verified=True
    )
    message = Target(Field.MESSAGE, kept.message_id)
    reveal(who.mei, kept.number, message, row.purpose)
    close(test_desk, kept.number)
    place_hold(who.ines, ticket.number, "court", "Order 17", (test_desk.clock.now() + timedelta(days=10)).date())
    propose_erasure(who.mei, ticket.number)
    assert not confirm_erasure(who.omar, open_erasures(who.omar)[0].id, PASSWORD).erased
    change(test_desk, update(Requester).where(col(Requester.id) == ticket.requester_id).values(state="active"))
    with pytest.raises(KeyDestroyed):
        reveal(who.mei, kept.number, message, row.purpose)


def test_a_held_ticket_stays_closed_and_hidden_whatever_its_rows_say(test_desk: TestDesk) -> None:
    who = people(test_desk)
    held_one, gone = held_and_erased(test_desk, who)
    change(test_desk, update(Requester).where(col(Requester.id) == held_one.requester_id).values(state="active"))
    reopen: Callable[[DeskSession, MadeTicket], object] = ACTS["reopen"]
    assert isinstance(refused(reopen, everywhere(test_desk, who), held_one), KeyDestroyed)
    views = [nameless(open_ticket(who.omar, made.number), made) for made in (held_one, gone)]
    assert views[0] == views[1]
    assert {row.subject for row in page(who.omar, "closed").rows} == {ERASED}
    assert {row.subject for row in page(who.ines, "closed").rows} == {ERASED, "A question"}


def test_what_ended_is_found_by_an_index_of_its_own(test_desk: TestDesk) -> None:
    """However many entries a requester has, and however many erasures there ever were."""
    with test_desk.desk.database.reading() as db:
        connection = db.connection()
        if not test_desk.desk.database.is_sqlite:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if test_desk.desk.database.is_sqlite else "EXPLAIN"
        asked = f"SELECT tag FROM log_entry WHERE requester IN ('a', 'b', 'c') AND log_entry.{ENDS} ORDER BY seq"
        plan = connection.execute(text(f"{explain} {asked}"))
        assert "log_entry_ends" in " ".join(str(row) for row in plan)
