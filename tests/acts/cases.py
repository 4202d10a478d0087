"""Every kind of act that has an id: what it needs, how it is done, and what must be there once afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlmodel import col

from cs_console.act_id import ActId
from cs_console.casework.contacts import change_contact
from cs_console.casework.conversation import add_note, reply
from cs_console.casework.workflow import set_state
from cs_console.decisions import approval, checklist
from cs_console.decisions.clock_steps import ask_identity, extend
from cs_console.decisions.fee_steps import fee_paid, fee_unpaid
from cs_console.decisions.resend_notice import notice_posted, send_notice_again
from cs_console.erasure.holds import place_hold
from cs_console.intake.form import FormEntry, open_by_form
from cs_console.settlements.settling import settle
from cs_console.verification.authority import see_authority
from cs_console.verification.caller import check_caller
from cs_console.verification.codes import check_code, send_code
from cs_console.verification.methods import verify_by_note
from models.contact_fields import Field
from models.enums import Action, ActKind, AuthoritySort, Channel, Result, TicketKind, TicketState, VerificationMethod
from models.log import LogEntry
from models.roles import Role
from tests.deadlines.clocks import use_month_pack
from tests.decisions.cases import PASSWORD, grant, person, refusal, request
from tests.decisions.test_fee_clock import fee_asked
from tests.decisions.test_resend_notice import decided
from tests.decisions.test_review import back
from tests.settlements.settlements import settling
from tests.support.desk import TestDesk
from tests.support.rows import ticket_of
from tests.support.tickets import make_ticket
from tests.support.verifying import CONTACTS, Verifying

WORDS = "We looked into it, and it is as you say."


@dataclass(frozen=True)
class Case:
    """`do` sends the act with that id; the log then holds one entry of that action, `letters` more letters went out.

    `other` is the same act with another content, where it has one.
    """

    do: Callable[[ActId], object]
    action: Action
    letters: int = 0
    other: Callable[[ActId], object] | None = None


def letters(test_desk: TestDesk) -> int:
    """How many have gone out."""
    folder = test_desk.desk.settings.outbox
    assert folder is not None
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def entries(test_desk: TestDesk, action: Action) -> int:
    """How many entries say that it was done."""
    wanted = (col(LogEntry.action) == action.value, col(LogEntry.outcome) == Result.DONE.value)
    with test_desk.desk.database.reading() as db:
        return int(db.execute(select(func.count()).select_from(LogEntry).where(*wanted)).scalar_one())


def _reply(made: TestDesk) -> Case:
    mei = made.session("mei", Role.AGENT)
    ticket = make_ticket(made, assignee=mei)
    to = ticket.contact_ids[Field.EMAIL]

    def send(act: ActId, words: str = WORDS) -> object:
        return reply(mei, ticket.number, ticket_of(made, ticket.number).version, to, words, act=act)

    return Case(send, Action.MESSAGE_SENT, 1, lambda act: send(act, "Something else."))


def _note(made: TestDesk) -> Case:
    mei = made.session("mei", Role.AGENT)
    ticket = make_ticket(made, assignee=mei)
    return Case(
        lambda act: add_note(mei, ticket.number, 1, WORDS, act=act),
        Action.NOTE_ADDED,
        other=lambda act: add_note(mei, ticket.number, 1, "Something else.", act=act),
    )


def _new_ticket(made: TestDesk) -> Case:
    mei = made.session("mei", Role.AGENT)

    def entry(text: str) -> FormEntry:
        mobile = (Field.MOBILE, "+86 138 0000 0000")
        return FormEntry(TicketKind.INQUIRY, Channel.CALL, "A call", text, (mobile,))

    return Case(
        lambda act: open_by_form(mei, entry(WORDS), act=act),
        Action.TICKET_CREATED,
        other=lambda act: open_by_form(mei, entry("Another call."), act=act),
    )


def _code_sent(made: TestDesk) -> Case:
    v = Verifying(made)

    def send(act: ActId, field: Field = Field.MOBILE) -> object:
        return send_code(v.session, v.ticket.number, v.ticket.contact_ids[field], act=act)

    return Case(send, Action.CODE_SENT, 1, lambda act: send(act, Field.EMAIL))


def _code_checked(made: TestDesk) -> Case:
    v = Verifying(made)
    right = v.send()
    return Case(
        lambda act: check_code(v.session, v.ticket.number, right, act=act),
        Action.VERIFIED,
        1,
        lambda act: check_code(v.session, v.ticket.number, v.wrong(right), act=act),
    )


def _caller(made: TestDesk) -> Case:
    v = Verifying(made)

    def check(act: ActId, said: str = CONTACTS[Field.EMAIL]) -> object:
        return check_caller(v.session, v.ticket.number, Field.EMAIL, said, act=act)

    return Case(check, Action.CALLER_CHECKED, other=lambda act: check(act, "bob@example.org"))


def _verified(made: TestDesk) -> Case:
    v = Verifying(made)

    def verify(act: ActId, note: str = WORDS) -> object:
        return verify_by_note(v.session, v.ticket.number, VerificationMethod.DOCUMENTS, note, act=act)

    return Case(verify, Action.VERIFIED, 1, lambda act: verify(act, "Another document."))


def _authority(made: TestDesk) -> Case:
    v = Verifying(made)

    def see(act: ActId, note: str = WORDS) -> None:
        see_authority(v.session, v.ticket.number, AuthoritySort.REPRESENTATIVE, note, act=act)

    return Case(see, Action.AUTHORITY_SEEN, other=lambda act: see(act, "Another letter."))


def _contact(made: TestDesk) -> Case:
    mei = made.session("mei", Role.AGENT)
    ticket = make_ticket(made, assignee=mei, contacts=CONTACTS, verified=True)

    def change(act: ActId, value: str = "139 0013 9000") -> None:
        change_contact(mei, ticket.number, ticket.contact_ids[Field.MOBILE], Field.MOBILE, value, act=act)

    return Case(change, Action.CONTACT_CHANGED, other=lambda act: change(act, "139 0013 9001"))


def _proposed(made: TestDesk) -> Case:
    """A grant needs no one else: it is decided, and its notice sent, by the same act."""
    mei = person(made, "mei", Role.AGENT)
    number = request(made, mei).number
    checklist.record_asked(mei, number, "delete", {Field.EMAIL.value})

    def propose(act: ActId, *fields: str) -> object:
        return checklist.propose(mei, number, ticket_of(made, number).version, grant(*fields), act=act)

    other = Field.MOBILE.value
    return Case(propose, Action.DECISION_MADE, 1, lambda act: propose(act, other))


def _refusal_proposed(made: TestDesk) -> str:
    mei = person(made, "mei", Role.AGENT)
    number = request(made, mei).number
    proposal = refusal("D2", made.clock.now())
    checklist.record_asked(mei, number, "delete", {Field.MOBILE.value})
    return checklist.propose(mei, number, 1, proposal).decision_id


def _approved(made: TestDesk) -> Case:
    decision_id, sue = _refusal_proposed(made), person(made, "sue", Role.SUPERVISOR)
    return Case(lambda act: approval.approve(sue, decision_id, PASSWORD, act=act), Action.DECISION_MADE, 1)


def _returned(made: TestDesk) -> Case:
    decision_id, sue = _refusal_proposed(made), person(made, "sue", Role.SUPERVISOR)
    return Case(
        lambda act: approval.return_proposal(sue, decision_id, WORDS, act=act),
        Action.DECISION_RETURNED,
        other=lambda act: approval.return_proposal(sue, decision_id, "Something else.", act=act),
    )


def _settled(made: TestDesk) -> Case:
    ben = person(made, "ben", Role.AGENT, Role.SUPERVISOR)
    kind = TicketKind.REPORT
    number = make_ticket(made, kind=kind, assignee=ben, verified=True, contacts=CONTACTS).number

    def end(act: ActId, outcome: str = "") -> object:
        return settle(ben, number, ticket_of(made, number).version, settling(kind, outcome), act=act)

    return Case(end, Action.TICKET_SETTLED, 1)


def _identity_asked(made: TestDesk) -> Case:
    use_month_pack(made)
    mei = person(made, "mei", Role.AGENT)
    number = make_ticket(made, kind=TicketKind.RIGHTS, assignee=mei).number
    return Case(
        lambda act: ask_identity(mei, number, ticket_of(made, number).version, act=act), Action.CLOCK_STOPPED, 1
    )


def _extended(made: TestDesk) -> Case:
    use_month_pack(made)
    mei, sue = person(made, "mei", Role.AGENT), person(made, "sue", Role.SUPERVISOR)
    number = make_ticket(made, kind=TicketKind.RIGHTS, assignee=mei).number

    def longer(act: ActId, why: str = "Two archives have to be searched.") -> object:
        return extend(sue, number, ticket_of(made, number).version, why, act=act)

    return Case(longer, Action.CLOCK_EXTENDED, 1, lambda act: longer(act, "Three archives have to be searched."))


def _fee_paid(made: TestDesk) -> Case:
    mei = person(made, "mei", Role.AGENT)
    number = request(made, mei).number
    fee_asked(made, mei, number, "sue")
    today = made.clock.now().date()

    def paid(act: ActId, day: date = today) -> None:
        fee_paid(mei, number, ticket_of(made, number).version, day, act=act)

    return Case(paid, Action.FEE_PAID, other=lambda act: paid(act, today - timedelta(days=1)))


def _fee_unpaid(made: TestDesk) -> Case:
    mei = person(made, "mei", Role.AGENT)
    number = request(made, mei).number
    fee_asked(made, mei, number, "sue")
    made.clock.forward(days=40)
    mo = back(made, mei, "mo")
    return Case(lambda act: fee_unpaid(mo, number, ticket_of(made, number).version, act=act), Action.FEE_UNPAID, 1)


def _notice_again(made: TestDesk) -> Case:
    _, sue, ticket = decided(made)
    to = ticket.contact_ids[Field.EMAIL]
    return Case(lambda act: send_notice_again(sue, ticket.number, to, act=act), Action.NOTICE_SENT_AGAIN, 1)


def _notice_posted(made: TestDesk) -> Case:
    _, sue, ticket = decided(made)
    return Case(lambda act: notice_posted(sue, ticket.number, act=act), Action.NOTICE_POSTED)


def _state(made: TestDesk) -> Case:
    sue = person(made, "sue", Role.SUPERVISOR)
    number = make_ticket(made, kind=TicketKind.REPORT).number
    return Case(lambda act: set_state(sue, number, 1, TicketState.CLOSED, WORDS, act=act), Action.NOTE_ADDED)


def _hold(made: TestDesk) -> Case:
    ines = person(made, "ines", Role.PRIVACY_OFFICER)
    number = make_ticket(made).number
    until = made.clock.now().date() + timedelta(days=10)
    return Case(
        lambda act: place_hold(ines, number, "law", WORDS, until, act=act),
        Action.HOLD_PLACED,
        other=lambda act: place_hold(ines, number, "law", "Another law.", until, act=act),
    )


KINDS: Mapping[ActKind, Callable[[TestDesk], Case]] = {
    ActKind.REPLY: _reply,
    ActKind.NOTE: _note,
    ActKind.NEW_TICKET: _new_ticket,
    ActKind.CODE_SENT: _code_sent,
    ActKind.CODE_CHECKED: _code_checked,
    ActKind.CALLER_CHECKED: _caller,
    ActKind.VERIFIED: _verified,
    ActKind.AUTHORITY_SEEN: _authority,
    ActKind.CONTACT_CHANGED: _contact,
    ActKind.PROPOSED: _proposed,
    ActKind.APPROVED: _approved,
    ActKind.RETURNED: _returned,
    ActKind.SETTLED: _settled,
    ActKind.IDENTITY_ASKED: _identity_asked,
    ActKind.EXTENDED: _extended,
    ActKind.FEE_PAID: _fee_paid,
    ActKind.FEE_UNPAID: _fee_unpaid,
    ActKind.NOTICE_SENT_AGAIN: _notice_again,
    ActKind.NOTICE_POSTED: _notice_posted,
    ActKind.STATE_SET: _state,
    ActKind.HOLD_PLACED: _hold,
}
