"""Invariant 11: with every human sentence of the log replaced under the desk's own keys, no rule's outcome changes.

The log is that of a desk where all was done that rules read of it. What is replaced is the free text of its entries:
the tags, the tree and the head are made again, so that the entries are as genuine as before.
"""

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from cs_console.access_log.accounts_on_record import accounts_on_record
from cs_console.access_log.canonical import COLUMNS, entry_bytes
from cs_console.access_log.head import entry_tag, head_tag
from cs_console.access_log.merkle import Frontier, leaf_hash
from cs_console.access_log.pinned_log import forget_what_was_stated
from cs_console.access_log.standing import (
    channel_on_record,
    kind_on_record,
    link_of,
    require_holder,
    require_open,
    require_owner,
)
from cs_console.access_log.tickets_on_record import closed_since, tickets_of
from cs_console.access_log.verify import verify_log
from cs_console.access_log.vouched import verified_numbers
from cs_console.casework import conversation, workflow
from cs_console.casework.contacts import change_contact
from cs_console.custody.disclosure import end_view, purposes_for, reveal
from cs_console.custody.erasure_authority import require_approved, require_proposed
from cs_console.custody.holds_on_record import held_until
from cs_console.custody.requester_access import ended_on_record
from cs_console.deadlines.clock_events import clock_now
from cs_console.decisions import approval
from cs_console.decisions.approvers import approvals_given, final_decision, require_vouched
from cs_console.decisions.changes_since_proposal import changed_since
from cs_console.decisions.decided_on_record import (
    fee_asked,
    last_decided,
    proposal_on_record,
    review_has_begun,
)
from cs_console.decisions.fee_steps import fee_paid
from cs_console.decisions.request_scope import asked_of
from cs_console.decisions.review import stands
from cs_console.desk import Desk, DeskSession
from cs_console.erasure.erasable import require_erasable
from cs_console.erasure.erasure import confirm_erasure, open_erasures, propose_erasure, withdraw_erasure
from cs_console.erasure.holds import holds_of, lift_hold, place_hold
from cs_console.errors import CodeWrong, ConsoleError, NotIndependent, SecondPersonNeeded
from cs_console.independence.participants import decided_for, deciders, participants
from cs_console.independence.separation import excluded_agents, last_heard, reviewers_named
from cs_console.policy.adopted import adopted_names, newest_adopted
from cs_console.staff import accounts, undertakings
from cs_console.staff.confirming_roles import confirm_roles
from cs_console.staff.staff_changes import staff_changes
from cs_console.tickets.look_up import look_up
from cs_console.tickets.ticket_record import facts, facts_on_record, is_on_record, pseudonym, record_about
from cs_console.verification.askers import asker_of, require_answerable
from cs_console.verification.authority import record_age_band, see_authority
from cs_console.verification.closure import _step
from cs_console.verification.codes import check_code, send_code
from cs_console.verification.codes_on_record import counts_still, tried
from cs_console.verification.linking import unlink_ticket
from cs_console.verification.methods import verify_by_note
from models.agent import Agent
from models.contact_fields import Field
from models.decision import Decision
from models.enums import Action, AuthoritySort, Priority, TicketKind, TicketState, VerificationMethod
from models.erasure import Erasure, Hold
from models.requester import Requester
from models.roles import Role
from models.ticket import Ticket
from models.verification import Verification, VerificationCode
from tests.access_log.tampering import hand
from tests.custody.reveals import mobile_of
from tests.decisions.cases import PASSWORD, fee, grant, later, pack, person, propose, refusal, request
from tests.erasure.erasures import EVERYTHING
from tests.settlements.settlements import CONTACTS, Refused, about, end, refused, settling
from tests.support.answers import write
from tests.support.desk import TestDesk
from tests.support.tickets import make_ticket

FREE_TEXT = ("fields", "purpose", "verification", "reason")
"""The columns of an entry that are for people."""
OTHER_WORDS = (
    "follow-up received",
    "assignee ben -> mei",
    "released by mei, was ben's",
    "until 2020-01-01",
    "state open -> closed",
    "kind rights -> inquiry",
    "the decision's review date has come",
    "refuse",
    "supervisor",
    "code, for a guardian",
    "request",
    "mei: roles agent -> admin",
    "mei: suspended",
    "version 9",
    "guardian",
    "",
)
"""Sentences that older desks wrote, of other acts than the entries that get them here."""


class History:
    """A desk where everything happened that a rule reads of the log."""

    def __init__(self, test_desk: TestDesk) -> None:
        self.made = test_desk
        self.case: Refused = refused(test_desk)
        self.vic = person(test_desk, "vic", Role.VERIFIER)
        self.ada = person(test_desk, "ada", Role.ADMIN)
        self.desks = (self.case.mei, self.case.sue, self.case.ben, self.case.sam, self.case.pia, self.vic, self.ada)
        for act in (
            self._an_appeal,
            self._hands,
            self._a_proposal_and_what_changed,
            self._a_fee,
            self._verifying,
            self._who_asks,
            self._holds_and_erasures,
            self._accounts,
        ):
            act()
            later(test_desk, minutes=1)

    def version(self, number: int) -> int:
        with self.made.desk.database.reading() as db:
            return db.get_one(Ticket, number).version

    def _an_appeal(self) -> None:
        case = self.case
        write(self.made, case.number)
        self.appeal = about(self.made, case, TicketKind.APPEAL)
        with pytest.raises(NotIndependent):
            workflow.claim(case.mei, self.appeal)
        workflow.claim(case.ben, self.appeal)
        assert end(self.made, case.ben, self.appeal, settling(TicketKind.APPEAL, "overturn")).reopened == case.number
        self.second_appeal = about(self.made, case, TicketKind.APPEAL)

    def _hands(self) -> None:
        case, number = self.case, make_ticket(self.made, contacts=CONTACTS).number
        self.handed = number
        workflow.claim(case.ben, number)
        workflow.set_priority(case.ben, number, self.version(number), Priority.HIGH)
        workflow.assign(case.ben, number, self.version(number), "mei")
        workflow.release(case.mei, number, self.version(number))
        workflow.assign(case.sue, number, self.version(number), "sam")
        workflow.set_kind(case.sam, number, self.version(number), TicketKind.REPORT)
        workflow.set_state(case.sam, number, self.version(number), TicketState.WAITING)
        write(self.made, number)
        conversation.open_ticket(case.sam, number)
        conversation.add_note(case.sam, number, self.version(number), "A note.")
        conversation.reply(case.sam, number, self.version(number), self._email_of(number), "An answer.")
        over = make_ticket(self.made, contacts=CONTACTS).number
        workflow.set_state(case.sam, over, self.version(over), TicketState.CLOSED, "It was sent twice.")
        self.two = make_ticket(self.made, kind=TicketKind.APPEAL, contacts=CONTACTS).number
        with pytest.raises(SecondPersonNeeded):
            workflow.set_kind(case.sue, self.two, self.version(self.two), TicketKind.INQUIRY)

    def _email_of(self, number: int) -> str:
        view = conversation.reload(self.case.sam, number)
        return next(one.id for one in view.contacts if one.field is Field.EMAIL)

    def _a_proposal_and_what_changed(self) -> None:
        case = self.case
        made = request(self.made, case.mei)
        first = propose(case.mei, made.number, 1, refusal("S4", self.made.clock.now())).decision_id
        approval.return_proposal(case.sue, first, "Say more.")
        proposal = refusal("S4", self.made.clock.now())
        second = propose(case.mei, made.number, self.version(made.number), proposal).decision_id
        approval.approve(case.sue, second, PASSWORD)
        later(self.made, minutes=1)
        with case.mei.work() as db:
            record_about(db, case.mei, facts(db, made.number), Action.TICKET_FOLLOW_UP)
        change_contact(case.mei, made.number, made.contact_ids[Field.MOBILE], Field.MOBILE, "+8613800138001")
        conversation.add_note(case.mei, made.number, self.version(made.number), "A note.")
        workflow.assign(case.sue, made.number, self.version(made.number), "ben")
        workflow.set_priority(case.sue, made.number, self.version(made.number), Priority.HIGH)
        self.in_approval = made.number

    def _a_fee(self) -> None:
        self.fees = []
        for paid in (True, False):
            number = request(self.made, self.case.mei).number
            decision_id = propose(self.case.mei, number, 1, fee(self.made.clock.now())).decision_id
            approval.approve(self.case.sue, decision_id, PASSWORD)
            if paid:
                fee_paid(self.case.mei, number, self.version(number), self.made.clock.now().date())
            self.fees.append(number)

    def _verifying(self) -> None:
        made = make_ticket(self.made, kind=TicketKind.RIGHTS, assignee=self.case.mei, contacts=CONTACTS)
        verify_by_note(self.vic, made.number, VerificationMethod.WRITTEN, "A letter of the third of May, signed.")
        self.verified = made
        purpose = purposes_for(self.case.mei, made.number, Field.MOBILE)[0].key
        end_view(self.case.mei, reveal(self.case.mei, made.number, mobile_of(made), purpose), 3)
        look_up(self.case.mei, Field.EMAIL, "alice@example.org", "reply")
        own = {Field.EMAIL: "bea@example.org", Field.MOBILE: "+8613900139000"}
        sent = make_ticket(self.made, kind=TicketKind.RIGHTS, assignee=self.case.mei, contacts=own)
        send_code(self.vic, sent.number, sent.contact_ids[Field.EMAIL])
        with pytest.raises(CodeWrong):
            check_code(self.vic, sent.number, "00000000")
        self.coded = sent.number
        claimed = make_ticket(self.made, contacts=CONTACTS)
        unlink_ticket(self.vic, claimed.number, self.version(claimed.number), "It was their brother's.")

    def _who_asks(self) -> None:
        made = make_ticket(self.made, kind=TicketKind.RIGHTS, contacts=CONTACTS)
        record_age_band(self.vic, made.number, pack().minors.bands[0].key)  # type: ignore[union-attr]  # shipped
        see_authority(self.vic, made.number, AuthoritySort.GUARDIAN, "The family register, seen on the third of May.")
        verify_by_note(self.vic, made.number, VerificationMethod.DOCUMENTS, "The passport, seen on the third of May.")
        other = make_ticket(self.made, kind=TicketKind.RIGHTS, contacts=CONTACTS)
        see_authority(self.vic, other.number, AuthoritySort.REPRESENTATIVE, "A written authority of the third of May.")

    def _holds_and_erasures(self) -> None:
        mei, sue, pia = self.case.mei, self.case.sue, self.case.pia
        until = (self.made.clock.now()).date().replace(year=2027)
        self.erasures = []
        for hold, lifts, ends in ((True, False, ""), (True, True, "done"), (False, False, ""), (False, False, "not")):
            number = request(self.made, mei).number
            propose(mei, number, 1, grant(*EVERYTHING))
            if hold:
                place_hold(pia, number, "court", "Order 17", until)
            if lifts:
                lift_hold(pia, holds_of(pia, number)[0].id)
            propose_erasure(mei, number)
            [row] = [one for one in open_erasures(mei) if one.number == number]
            if ends == "not":
                withdraw_erasure(mei, row.id)
            elif ends or hold:
                confirm_erasure(sue, row.id, PASSWORD)
            self.erasures.append(row.id)

    def _accounts(self) -> None:
        for name in ("kim", "lou", "fay"):
            person(self.made, name, Role.AGENT)
        accounts.set_roles(self.ada, "kim", {Role.AGENT, Role.SUPERVISOR})
        confirm_roles(self.case.sue, "kim")
        accounts.set_roles(self.ada, "lou", {Role.AGENT, Role.SUPERVISOR})
        accounts.suspend(self.ada, "kim")

        accounts.suspend(self.ada, "fay")
        accounts.unlock(self.ada, "fay")
        self.signed = self.made.session("new", Role.AGENT, undertaking=False)
        undertakings.accept(self.signed)


def told(ask: Callable[..., object], *of: object) -> object:
    """What a rule answers, or the refusal that it gives instead."""
    try:
        return ask(*of)
    except ConsoleError as error:
        return f"{error.code}: {error}"


def outcomes(history: History) -> list[str]:
    """What every rule says of every ticket, requester, account and proposal of the desk."""
    desk = history.made.desk
    with desk.database.reading() as db:
        return [f"{name}: {answer!r}" for name, answer in _answers(db, desk, history)]


def _answers(db: Session, desk: Desk, history: History) -> Iterator[tuple[str, object]]:
    now, desks = history.made.clock.now(), (*history.desks, history.signed)
    for number in db.scalars(select(col(Ticket.number)).order_by(col(Ticket.number))).all():
        for name, answer in _of_ticket(db, desk, history, number, desks):
            yield f"#{number} {name}", answer
    for owner in db.scalars(select(col(Requester.id)).order_by(col(Requester.id))).all():
        alias = pseudonym(desk, owner)
        yield f"{owner} held", held_until(db, desk, [owner] if alias else [], now)
        yield f"{owner} ended", ended_on_record(db, desk, [owner]) if alias else None
        if alias is not None:
            theirs = sorted(tickets_of(db, desk, alias))
            yield f"{owner} tickets", theirs
            if theirs:
                yield f"{owner} erasable", told(require_erasable, db, desk, owner)
            yield f"{owner} verified", sorted(verified_numbers(db, desk, alias))
            yield f"{owner} tries", tried(db, desk, alias, pack().verification.code, now)
    for decision in db.scalars(select(Decision).order_by(col(Decision.id))):
        yield f"{decision.id} vouched", told(require_vouched, db, desk, decision)
        yield f"{decision.id} approved", approvals_given(db, desk, [decision.id])
    for erasure in db.scalars(select(Erasure).order_by(col(Erasure.id))):
        yield f"{erasure.id} proposed", told(require_proposed, db, desk, erasure)
        yield f"{erasure.id} approved", told(require_approved, db, desk, erasure)
    for code in db.scalars(select(VerificationCode).order_by(col(VerificationCode.id))):
        yield f"{code.id} counts", counts_still(db, desk, code, now)
    known = accounts_on_record(db.connection(), desk)
    for agent in db.scalars(select(Agent).order_by(col(Agent.id))):
        yield f"{agent.name} account", known.of(agent.id, agent.name)
    for session in desks:
        yield f"{session.agent.name} undertaking", undertakings.is_current(db, session)
    yield "staff changes", told(staff_changes, history.case.sam, None)
    yield "adopted", (sorted(adopted_names(db, desk)), newest_adopted(db, desk))


def _of_ticket(
    db: Session, desk: Desk, history: History, number: int, desks: tuple[DeskSession, ...]
) -> Iterator[tuple[str, object]]:
    ticket = facts_on_record(db, desk, number)
    rules = desk.packs.get(ticket.pack)
    minutes, whose = rules.verification.window_minutes, pseudonym(desk, ticket.requester_id)
    last = last_decided(db, desk, number)
    yield "kept away", sorted(excluded_agents(db, desk, number))
    yield "took part", sorted(participants(db, desk, [number]))
    yield "decided", sorted(deciders(db, desk, [number]))
    yield "decided for them", sorted(decided_for(db, desk, number))
    yield "reviewers", sorted(reviewers_named(db, desk, number))
    yield "heard", getattr(last_heard(db, desk, number), "seq", None)
    yield "kind", kind_on_record(db, desk, number, ticket.kind)
    yield "channel", channel_on_record(db, desk, number, ticket.channel)
    yield "link", link_of(db, desk, number, ticket.link)
    yield "last decision", None if last is None else (last.said.seq, last.outcome, last.roles)
    yield "review", None if last is None else review_has_begun(db, desk, number, last.said)
    yield "stands", stands(db, desk, number)
    yield "final", getattr(final_decision(db, desk, number), "id", None)
    yield "fee", getattr(fee_asked(db, desk, number), "seq", None)
    yield "proposal", proposal_on_record(db, desk, number)
    yield "since", changed_since(db, desk, ticket, rules, history.made.clock.now())
    yield "asked", asked_of(db, desk, number)
    yield "closed", closed_since(db, desk, [number], [number])
    yield "due", clock_now(db, rules, ticket)
    yield "lapses", told(_step, db, desk, ticket)
    for session in desks:
        yield f"{session.agent.name}'s", told(require_holder, db, session, number)
        yield f"opened by {session.agent.name}", is_on_record(db, session, number)
    if whose is None:
        return
    yield "owner", told(require_owner, db, desk, number, whose)
    yield "asker", asker_of(db, desk, rules, number, ticket.requester_id)
    yield "answerable", told(require_answerable, db, desk, ticket)
    mine = select(col(Verification.id)).where(col(Verification.ticket_number) == number).order_by(col(Verification.id))
    for window in db.scalars(mine).all():
        yield f"window {window}", told(require_open, db, desk, number, window, minutes, whose)


def reword(made: TestDesk) -> int:
    """Put other words in the place of every sentence of the log; how many entries say something else now."""
    desk, words, tree, changed = made.desk, cycle(OTHER_WORDS), Frontier(), 0
    with hand(made) as store:
        for row in store.rows(f"SELECT {', '.join(COLUMNS)} FROM log_entry ORDER BY seq"):
            entry: dict[str, Any] = dict(zip(COLUMNS, row, strict=True))
            said = {name: entry[name] for name in FREE_TEXT}
            entry |= {name: next(words) for name in FREE_TEXT}
            next(words)  # or each column would get the same few
            leaf = leaf_hash(entry_bytes(tuple(entry.values())))
            tree.append(leaf)
            entry["tag"] = entry_tag(desk.log_tag_key, leaf)
            sets = ", ".join(f"{name} = :{name}" for name in (*FREE_TEXT, "tag"))
            store.run(f"UPDATE log_entry SET {sets} WHERE seq = :seq", **entry)
            changed += any(entry[name] != said[name] for name in FREE_TEXT)
        head = head_tag(desk.log_tag_key, tree)
        store.run("UPDATE log_head SET frontier = :frontier, tag = :tag", frontier=tree.packed, tag=head)
        store.run("DELETE FROM checkpoint")
    forget_what_was_stated(desk.settings, made.clock.now())
    return changed


def test_no_sentence_of_the_log_decides_anything(sqlite_desk: TestDesk) -> None:
    history = History(sqlite_desk)
    before = outcomes(history)
    size = 0
    with hand(sqlite_desk) as store:
        size = store.ask("SELECT size FROM log_head")
    assert reword(sqlite_desk) == size
    verdict = verify_log(sqlite_desk.desk)
    assert (verdict.ok, verdict.size) == (True, size), verdict  # the entries are genuine
    after = outcomes(history)
    assert after == before
    assert "\n".join(after).encode() == "\n".join(before).encode()


def test_nor_what_is_done_next(sqlite_desk: TestDesk) -> None:
    """A second person, a claim and a hold: acts that ask the log, on the log with other words."""
    history = History(sqlite_desk)
    reword(sqlite_desk)
    case = history.case
    assert workflow.set_kind(case.sam, history.two, history.version(history.two), TicketKind.INQUIRY) > 1
    with pytest.raises(NotIndependent):
        workflow.claim(case.mei, history.second_appeal)
    workflow.claim(case.ben, history.second_appeal)
    with sqlite_desk.desk.database.reading() as db:
        assert sum(1 for _ in db.scalars(select(Hold))) == 2
