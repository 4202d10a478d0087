"""An erasure rests on the access log: whose data it is, what granted it, what is closed since when, and what holds it.

Each test changes rows as someone does who reaches the database and has no keys; the log is not touched.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
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
from cs_console.custody.holds_on_record import held_until
from cs_console.decisions import approval
from cs_console.delivery.outgoing import deliver_queued
from cs_console.desk import Desk, Office
from cs_console.erasure import erasure
from cs_console.erasure.erasure import confirm_erasure, open_erasures, propose_erasure, withdraw_erasure
from cs_console.erasure.holds import holds_of, lift_hold, place_hold
from cs_console.errors import ErasureNotProven, KeyDestroyed, NotErasable, NotVouched, OnHold
from cs_console.tickets.queue import page
from cs_console.tickets.ticket_record import ERASED
from cs_console.verification.linking import link_ticket, unlink_ticket
from models.decision import Approval, Decision
from models.enums import Action, Field, Outcome, RequesterState, Result, Role, TicketKind, TicketState
from models.erasure import Erasure, Hold
from models.log import ENDS
from models.requester import Requester
from models.ticket import Ticket
from tests.custody.reveals import change
from tests.custody.test_requester_access import ACTS, everywhere, held_and_erased, nameless, refused, row_of
from tests.decisions.cases import later, pack, person, propose, refusal
from tests.erasure.erasures import EVERYTHING, PASSWORD, People, granted, people, proposed
from tests.support.office import TestOffice
from tests.support.recorded import recorded
from tests.support.tickets import HAND, MadeTicket, close, give, make_requester, make_ticket

pytestmark = pytest.mark.usefixtures("cheap_passwords")


def is_alive(office: Office, requester_id: str) -> bool:
    with office.database.reading() as session:
        state = session.get_one(Requester, requester_id).state
    return state != RequesterState.ERASED and requester_id in office.keyring.keys([requester_id])


def victim_of(test_office: TestOffice, who: People) -> MadeTicket:
    """A requester with an open ticket and no proposed erasure."""
    contacts = {Field.EMAIL: "vera@example.org", Field.MOBILE: "+8613822222222"}
    return make_ticket(test_office, assignee=who.mei, contacts=contacts, verified=True)


def record(test_office: TestOffice, number: int, action: Action, about: Mapping[str, str], **more: Any) -> None:
    with test_office.office.database.transaction() as session:
        entry = Entry(action, ticket=number, about=about, **more)
        append(session, test_office.office, HAND, entry, test_office.clock.now())


def second_ticket(test_office: TestOffice, made: MadeTicket, **more: Any) -> MadeTicket:
    """Another ticket of the same requester, on record as theirs."""
    return make_ticket(test_office, requester=(made.requester_id, {}), kind=TicketKind.INQUIRY, **more)


# --- whose data is erased


@pytest.mark.parametrize("as_well", ["nothing", "the ticket"])
def test_a_proposal_pointed_at_someone_else_erases_no_one(test_office: TestOffice, as_well: str) -> None:
    office, who = test_office.office, people(test_office)
    ticket, erasure_id = proposed(test_office, who)
    victim = victim_of(test_office, who)
    change(test_office, update(Erasure).values(requester_id=victim.requester_id))
    if as_well == "the ticket":
        close(test_office, victim.number)
        of_it = update(Ticket).where(col(Ticket.number) == ticket.number)
        change(test_office, of_it.values(requester_id=victim.requester_id))
    with pytest.raises(NotVouched):
        confirm_erasure(who.omar, erasure_id, PASSWORD)
    [entry] = recorded(office, Action.ERASURE_REFUSED)
    assert (entry.actor, entry.reason, entry.outcome) == ("omar", "not_vouched", Result.REFUSED)
    assert is_alive(office, victim.requester_id) and is_alive(office, ticket.requester_id)


def test_the_ticket_of_an_erasure_made_someone_elses_erases_no_one(sqlite_office: TestOffice) -> None:
    who = people(sqlite_office)
    ticket, erasure_id = proposed(sqlite_office, who)
    other, _ = make_requester(sqlite_office, {Field.EMAIL: "vera@example.org"})
    of_it = update(Ticket).where(col(Ticket.number) == ticket.number)
    change(sqlite_office, of_it.values(requester_id=other))
    with pytest.raises(NotVouched, match="is not the ticket of the requester"):
        confirm_erasure(who.omar, erasure_id, PASSWORD)
    with pytest.raises(NotErasable):  # nor does what was granted to one let the other be erased
        propose_erasure(who.mei, ticket.number)


@pytest.mark.parametrize("what", ["cause", "ticket"])
def test_a_proposal_stands_for_its_own_cause_and_ticket(sqlite_office: TestOffice, what: str) -> None:
    office, who = sqlite_office.office, people(sqlite_office)
    ticket, erasure_id = proposed(sqlite_office, who)
    other = second_ticket(sqlite_office, ticket, state=TicketState.CLOSED)
    close(sqlite_office, other.number)
    forged = {"cause": "term"} if what == "cause" else {"ticket_number": other.number}
    change(sqlite_office, update(Erasure).values(forged))
    with pytest.raises(NotVouched):
        confirm_erasure(who.omar, erasure_id, PASSWORD)
    with pytest.raises(NotVouched):  # else it would count again once the row is put back
        withdraw_erasure(who.mei, erasure_id)
    assert is_alive(office, ticket.requester_id)


@pytest.mark.parametrize("dropped", [{"whose"}, {"whose", "cause"}, {"whose", "cause", "by", "erasure"}])
@pytest.mark.parametrize("forged", [False, True])
def test_what_an_older_desk_proposed_is_its_pseudonyms(
    sqlite_office: TestOffice, monkeypatch: pytest.MonkeyPatch, dropped: set[str], forged: bool
) -> None:
    office, who = sqlite_office.office, people(sqlite_office)

    def older(office: Office, row: Erasure) -> dict[str, str]:
        return {name: value for name, value in about_proposal(office, row).items() if name not in dropped}

    with monkeypatch.context() as before:
        before.setattr(erasure, "about_proposal", older)
        ticket, erasure_id = proposed(sqlite_office, who)
    victim = victim_of(sqlite_office, who)
    if not forged:
        assert confirm_erasure(who.omar, erasure_id, PASSWORD).erased
        return
    of_it = update(Ticket).where(col(Ticket.number) == ticket.number)
    change(
        sqlite_office,
        update(Erasure).values(requester_id=victim.requester_id),
        of_it.values(requester_id=victim.requester_id),
    )
    with pytest.raises(NotVouched):
        confirm_erasure(who.omar, erasure_id, PASSWORD)
    assert is_alive(office, victim.requester_id)


def test_a_held_erasure_that_comes_due_erases_no_one_else(test_office: TestOffice) -> None:
    office, who = test_office.office, people(test_office)
    ticket, erasure_id = proposed(test_office, who)
    place_hold(who.ines, ticket.number, "court", "Order 17", (test_office.clock.now() + timedelta(days=10)).date())
    assert not confirm_erasure(who.omar, erasure_id, PASSWORD).erased
    victim = victim_of(test_office, who)
    test_office.clock.forward(days=11)
    for state in ("held", "approved"):
        change(test_office, update(Erasure).values(requester_id=victim.requester_id, state=state))
        with pytest.raises(ErasureNotProven):
            finish_all(office)
    assert is_alive(office, victim.requester_id) and is_alive(office, ticket.requester_id)


# --- holds


def held(test_office: TestOffice, owner: str) -> bool:
    now = test_office.clock.now()
    with test_office.office.database.reading() as session:
        return owner in held_until(session, test_office.office, [owner], now)


@pytest.mark.parametrize("on", ["the same ticket", "another ticket"])
def test_a_hold_is_not_evaded_by_rows(test_office: TestOffice, on: str) -> None:
    office, who = test_office.office, people(test_office)
    ticket = granted(test_office, who.mei)
    kept = ticket if on == "the same ticket" else second_ticket(test_office, ticket, state=TicketState.CLOSED)
    if kept is not ticket:
        close(test_office, kept.number)
    place_hold(who.ines, kept.number, "court", "Order 17", (test_office.clock.now() + timedelta(days=10)).date())
    propose_erasure(who.mei, ticket.number)
    [row] = open_erasures(who.mei)
    assert row.held_until is not None
    change(test_office, delete(Hold))
    other, _ = make_requester(test_office, {Field.EMAIL: "vera@example.org"})
    if kept is not ticket:
        of_it = update(Ticket).where(col(Ticket.number) == kept.number)
        change(test_office, of_it.values(requester_id=other))
    done = confirm_erasure(who.omar, row.id, PASSWORD)
    assert (done.erased, done.held_until) == (False, row.held_until)
    assert is_alive(office, ticket.requester_id)
    assert verify_log(office).ok


def test_a_ticket_that_is_handed_over_holds_both_and_each_is_lifted_by_itself(test_office: TestOffice) -> None:
    ines, vic = person(test_office, "ines", Role.PRIVACY_OFFICER), person(test_office, "vic", Role.VERIFIER)
    account = {Field.EMAIL: "anna@example.org"}
    ticket = make_ticket(test_office, kind=TicketKind.RIGHTS, contacts=account)
    place_hold(ines, ticket.number, "court", "Order 17", (test_office.clock.now() + timedelta(days=10)).date())
    first = only_hold(test_office, ticket.requester_id)
    unlink_ticket(vic, ticket.number, row_of(vic, ticket), "It was their brother's.")
    with test_office.office.database.reading() as session:
        sender = session.get_one(Ticket, ticket.number).requester_id
    copy = only_hold(test_office, sender)
    assert held(test_office, ticket.requester_id) and held(test_office, sender)
    assert [one.id for one in holds_of(ines, ticket.number)] == [copy]
    lift_hold(ines, copy)
    assert held(test_office, ticket.requester_id) and not held(test_office, sender)
    found = (Field.EMAIL, "anna@example.org")
    link_ticket(vic, ticket.number, row_of(vic, ticket), ticket.requester_id, "They said so.", found)
    lift_hold(ines, first)
    assert not held(test_office, ticket.requester_id)
    unlink_ticket(vic, ticket.number, row_of(vic, ticket), "It was their brother's after all.")
    with test_office.office.database.reading() as session:
        third = session.get_one(Ticket, ticket.number).requester_id
    assert not held(test_office, third), "a hold that is over goes to no one"


def only_hold(test_office: TestOffice, owner: str) -> str:
    with test_office.office.database.reading() as session:
        found = select(col(Hold.id)).where(col(Hold.requester_id) == owner)
        return str(session.connection().execute(found).scalar_one())


@pytest.mark.parametrize("gone", ["holds", "holds and links"])
def test_who_was_given_a_held_ticket_is_held_without_any_row(test_office: TestOffice, gone: str) -> None:
    ines, vic = person(test_office, "ines", Role.PRIVACY_OFFICER), person(test_office, "vic", Role.VERIFIER)
    to = make_requester(test_office, {Field.EMAIL: "anna@example.org"})
    loose = make_ticket(test_office, contacts={Field.EMAIL: "anna@example.net"}, on_file=False)
    place_hold(ines, loose.number, "court", "Order 17", (test_office.clock.now() + timedelta(days=10)).date())
    link_ticket(vic, loose.number, row_of(vic, loose), to[0], "They said so.", (Field.EMAIL, "anna@example.org"))
    assert held(test_office, to[0]) and held(test_office, loose.requester_id)
    change(test_office, delete(Hold))
    if gone == "holds and links":
        other, _ = make_requester(test_office, {Field.EMAIL: "vera@example.org"})
        change(test_office, text("DELETE FROM linking"), update(Ticket).values(requester_id=other))
    assert held(test_office, to[0]) and held(test_office, loose.requester_id)


def test_a_hold_of_an_older_desk_holds_until_it_is_lifted(sqlite_office: TestOffice) -> None:
    """Their entries name no hold: its row says which entry is whose, and the log says the rest."""
    ines = person(sqlite_office, "ines", Role.PRIVACY_OFFICER)
    ticket = make_ticket(sqlite_office)
    now, office = sqlite_office.clock.now(), sqlite_office.office
    name = office.pseudonym(ticket.requester_id, office.keyring.key(ticket.requester_id))
    with office.database.transaction() as session:
        row = Hold(
            requester_id=ticket.requester_id,
            ticket_number=ticket.number,
            note=b"sealed",
            agent_id=ines.agent.id,
            placed_at=now,
            until=now + timedelta(days=10),
        )
        session.add(row)
        until = f"until {(now + timedelta(days=10)).date()}"
        entry = Entry(Action.HOLD_PLACED, ticket=ticket.number, requester=name, reason=until)
        append(session, office, Actor("ines", "", "", "h"), entry, now)
        hold_id = row.id
    assert held(sqlite_office, ticket.requester_id)
    change(sqlite_office, update(Hold).values(lifted_at=now, lifted_by=ines.agent.id))
    assert held(sqlite_office, ticket.requester_id), "no entry says that it was lifted"
    change(sqlite_office, update(Hold).values(lifted_at=None, lifted_by=None))
    lift_hold(ines, hold_id)
    assert not held(sqlite_office, ticket.requester_id)


# --- what was granted, and what is closed since when


def test_a_grant_that_was_superseded_does_not_count_again(test_office: TestOffice) -> None:
    office, who = test_office.office, people(test_office)
    ben = person(test_office, "ben", Role.AGENT)
    ticket = granted(test_office, who.mei)
    later(test_office, minutes=5)
    set_state(who.omar, ticket.number, row_of(who.omar, ticket), TicketState.VERIFIED, "Look again.")
    give(test_office, ticket.number, ben)
    made = propose(
        ben, ticket.number, row_of(ben, ticket), refusal("S3", test_office.clock.now(), *EVERYTHING)
    ).decision_id
    for desk in (who.omar, who.ines):
        approval.approve(desk, made, PASSWORD)
    deliver_queued(office)
    with pytest.raises(NotErasable, match="no request was granted"):
        propose_erasure(who.mei, ticket.number)
    refused_one = select(col(Decision.id)).where(col(Decision.outcome) == Outcome.REFUSE)
    change(
        test_office,
        delete(Approval).where(col(Approval.decision_id).in_(refused_one)),
        delete(Decision).where(col(Decision.outcome) == Outcome.REFUSE),
    )
    with pytest.raises(NotErasable, match="no request was granted"):
        propose_erasure(who.mei, ticket.number)
    assert is_alive(office, ticket.requester_id)


def test_a_term_ends_as_the_log_has_it(test_office: TestOffice) -> None:
    who = people(test_office)
    ticket = make_ticket(test_office, assignee=who.mei)
    set_state(who.mei, ticket.number, 1, TicketState.CLOSED)
    long_ago = test_office.clock.now() - timedelta(days=9000)
    change(test_office, update(Ticket).values(closed_at=long_ago))
    with pytest.raises(NotErasable, match="to be kept until"):
        propose_erasure(who.mei, ticket.number)


def test_a_term_is_that_of_the_kind_that_the_log_has(sqlite_office: TestOffice) -> None:
    ticket = make_ticket(sqlite_office, kind=TicketKind.COMPLAINT)
    close(sqlite_office, ticket.number)
    days = pack().retention.days
    assert days[TicketKind.INQUIRY] < days[TicketKind.COMPLAINT]
    sqlite_office.clock.forward(days=days[TicketKind.INQUIRY] + 1)
    who = people(sqlite_office)
    change(sqlite_office, update(Ticket).values(kind="inquiry"))
    with pytest.raises(NotErasable, match="to be kept until"):
        propose_erasure(who.mei, ticket.number)


@pytest.mark.parametrize("how", ["closed", "another requester's", "gone"])
def test_an_open_ticket_is_not_hidden_by_rows(test_office: TestOffice, how: str) -> None:
    who = people(test_office)
    ticket = granted(test_office, who.mei)
    still_open = second_ticket(test_office, ticket)
    with pytest.raises(NotErasable, match=f"open tickets: #{still_open.number}"):
        propose_erasure(who.mei, ticket.number)
    of_it = update(Ticket).where(col(Ticket.number) == still_open.number)
    if how == "closed":
        change(test_office, of_it.values(state="closed", closed_at=test_office.clock.now()))
    elif how == "gone":
        change(
            test_office,
            text("DELETE FROM message WHERE ticket_number = :it").bindparams(it=still_open.number),
            delete(Ticket).where(col(Ticket.number) == still_open.number),
        )
    else:
        other, _ = make_requester(test_office, {Field.EMAIL: "vera@example.org"})
        change(test_office, of_it.values(requester_id=other))
    with pytest.raises((NotVouched, NotErasable)) as stopped:
        propose_erasure(who.mei, ticket.number)
    assert f"#{still_open.number}" in str(stopped.value)


def test_a_ticket_that_was_handed_on_is_not_the_earlier_requesters(sqlite_office: TestOffice) -> None:
    who, vic = people(sqlite_office), person(sqlite_office, "vic", Role.VERIFIER)
    ticket = granted(sqlite_office, who.mei)
    handed_on = second_ticket(sqlite_office, ticket)
    unlink_ticket(vic, handed_on.number, row_of(vic, handed_on), "It was their brother's.")
    propose_erasure(who.mei, ticket.number)
    assert open_erasures(who.mei)[0].number == ticket.number


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
    "a review of an older desk": (Action.TICKET_CHANGED, {}, "to be decided anew by others after #7"),
    "a notice that came back": (Action.TICKET_STATE_SET, {"state": "open", "delivery": "notice"}, ""),
    "a notice that came back to an older desk": (Action.TICKET_CHANGED, {"delivery": "notice"}, ""),
    "of another kind": (Action.TICKET_KIND_SET, {"from": "inquiry", "kind": "rights"}, ""),
    "of another kind, as an older desk vouches for it": (Action.TICKET_CHANGED, {"kind": "rights"}, ""),
    "a fee to be paid": (Action.DECISION_MADE, {"decision": "d", "made": "fee", "fee": "asked"}, ""),
    "a fee to be paid, as older entries say it": (Action.DECISION_MADE, {"decision": "d", "made": "fee"}, ""),
}


@pytest.mark.parametrize("closes", _CLOSES)
@pytest.mark.parametrize("opens", _OPENS)
def test_whatever_closes_and_opens_a_ticket_counts(sqlite_office: TestOffice, closes: str, opens: str) -> None:
    number, office = make_ticket(sqlite_office).number, sqlite_office.office

    def since() -> int | None:
        with office.database.reading() as session:
            return closed_since(session, office, [number], [number]).get(number)

    def write(action: Action, about: Mapping[str, str], reason: str) -> None:
        sqlite_office.clock.forward(minutes=1)
        record(sqlite_office, number, action, about, reason=reason)

    write(*_CLOSES[closes])
    first = since()
    assert first == int(sqlite_office.clock.now().timestamp() * 1_000_000)
    write(Action.TICKET_PRIORITY_SET, {"from": "normal", "priority": "high"}, "state of things")
    write(Action.TICKET_CHANGED, {"priority": "high"}, "state of things")
    assert since() == first
    write(*_OPENS[opens])
    assert since() is None
    write(*_CLOSES[closes])
    assert since() is not None


# --- who is kept only for a hold


@pytest.mark.parametrize("what", [one for one in ACTS if one not in ("reopen", "reveal")])
def test_no_row_makes_a_held_requester_active_again(test_office: TestOffice, what: str) -> None:
    who = people(test_office)
    held_one, _ = held_and_erased(test_office, who)
    both, officer = everywhere(test_office, who), person(test_office, "oda", Role.PRIVACY_OFFICER, Role.AGENT)
    change(
        test_office,
        update(Requester).where(col(Requester.id) == held_one.requester_id).values(state="active"),
        update(Ticket).values(state="verified", closed_at=None),
    )
    assert isinstance(refused(ACTS[what], both, held_one), KeyDestroyed)
    if what in ("note", "draft"):
        assert isinstance(refused(ACTS[what], officer, held_one), OnHold)


def test_no_row_lets_anything_of_a_held_requester_be_revealed(test_office: TestOffice) -> None:
    """On another ticket of theirs than the one whose erasure was confirmed, its verification window still open."""
    who = people(test_office)
    row = next(one for one in pack().rows_for(TicketKind.RIGHTS) if Field.MESSAGE in one.fields)
    ticket = granted(test_office, who.mei)
    kept = make_ticket(
        test_office, kind=TicketKind.RIGHTS, requester=(ticket.requester_id, {}), assignee=who.mei, verified=True
    )
    message = Target(Field.MESSAGE, kept.message_id)
    reveal(who.mei, kept.number, message, row.purpose)
    close(test_office, kept.number)
    place_hold(who.ines, ticket.number, "court", "Order 17", (test_office.clock.now() + timedelta(days=10)).date())
    propose_erasure(who.mei, ticket.number)
    assert not confirm_erasure(who.omar, open_erasures(who.omar)[0].id, PASSWORD).erased
    change(test_office, update(Requester).where(col(Requester.id) == ticket.requester_id).values(state="active"))
    with pytest.raises(KeyDestroyed):
        reveal(who.mei, kept.number, message, row.purpose)


def test_a_held_ticket_stays_closed_and_hidden_whatever_its_rows_say(test_office: TestOffice) -> None:
    who = people(test_office)
    held_one, gone = held_and_erased(test_office, who)
    change(test_office, update(Requester).where(col(Requester.id) == held_one.requester_id).values(state="active"))
    reopen: Callable[[Desk, MadeTicket], object] = ACTS["reopen"]
    assert isinstance(refused(reopen, everywhere(test_office, who), held_one), KeyDestroyed)
    views = [nameless(open_ticket(who.omar, made.number), made) for made in (held_one, gone)]
    assert views[0] == views[1]
    assert {row.subject for row in page(who.omar, "closed").rows} == {ERASED}
    assert {row.subject for row in page(who.ines, "closed").rows} == {ERASED, "A question"}


def test_what_ended_is_found_by_an_index_of_its_own(test_office: TestOffice) -> None:
    """However many entries a requester has, and however many erasures there ever were."""
    with test_office.office.database.reading() as session:
        connection = session.connection()
        if not test_office.office.database.is_sqlite:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if test_office.office.database.is_sqlite else "EXPLAIN"
        asked = f"SELECT tag FROM log_entry WHERE requester IN ('a', 'b', 'c') AND log_entry.{ENDS} ORDER BY seq"
        plan = connection.execute(text(f"{explain} {asked}"))
        assert "log_entry_ends" in " ".join(str(row) for row in plan)
