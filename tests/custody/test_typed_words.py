"""What people typed about a ticket hides what comes on file later too, at once, and is stored as it was."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from cs_console.custody.attachment_labels import attachment_labels
from cs_console.custody.contacts import NewContact, add_contact
from cs_console.custody.known_terms import KnownTerms
from cs_console.custody.redaction import redact_known
from cs_console.custody.reply_files import NewFile, keep_file, kept_files
from cs_console.custody.safe_views import SAFE_COLUMNS, TYPED_COLUMNS, open_safe, open_typed
from cs_console.custody.sealing import Place, seal
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.custody.typed_words import typed_words
from cs_console.decisions import approval
from cs_console.decisions.approval_queue import DecisionView, last_decision
from cs_console.decisions.clock_steps import extend
from cs_console.decisions.clock_view import clock_view
from cs_console.decisions.proposal import Fee
from cs_console.decisions.resend_notice import send_notice_again
from cs_console.desk import DeskSession
from cs_console.erasure.holds import holds_of, place_hold
from cs_console.errors import SealBroken
from cs_console.settlements.settled import last_settlement
from cs_console.verification.authority import see_authority
from cs_console.verification.linking import link_ticket, whose
from cs_console.verification.methods import verify_by_note
from models.authority import Authority
from models.contact_fields import Field
from models.decision import Decision
from models.enums import AuthoritySort, Outcome, TicketKind, VerificationMethod
from models.roles import Role
from models.sealed import Sealed, SealedApart, SealedByDesk, columns_of
from models.settlement import Settlement
from models.verification import Verification
from tests.deadlines.clocks import use_month_pack
from tests.decisions.cases import (
    PASSWORD,
    answered,
    earlier_request,
    fee,
    finding,
    ground,
    pack,
    person,
    propose,
    refusal,
    request,
)
from tests.settlements.settlements import end, settling, workflow
from tests.support.desk import TestDesk
from tests.support.statements import statements
from tests.support.stored import keys_of, opened_ticket
from tests.support.tickets import MadeTicket, attach, make_requester, make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

NAME, STREET, PHONE = "Xiomara Quimby", "7 Gladstone Rookery", "+8613800138999"
WORDS = f"{NAME} of {STREET}"
HIDDEN = "[name] of [address]"

Column = tuple[str, str]
Reader = Callable[[], str]
"""What a person reads, as one text."""


def put_on_file(test_desk: TestDesk, requester_id: str) -> None:
    """What WORDS say becomes known of this requester; nothing is redacted again."""
    desk = test_desk.desk
    key = desk.keyring.key(requester_id)
    with desk.database.transaction() as db:
        for field, value in ((Field.NAME, NAME), (Field.ADDRESS, f"{STREET}, Lowton"), (Field.MOBILE, PHONE)):
            add_contact(db, desk, requester_id, key, NewContact(field, value, True, desk.clock.now()))


def people(test_desk: TestDesk) -> tuple[DeskSession, DeskSession]:
    return person(test_desk, "mei", Role.AGENT), person(test_desk, "sue", Role.SUPERVISOR)


def decision_read(session: DeskSession, number: int) -> DecisionView:
    found = last_decision(session, number)
    assert found is not None
    return found


def refused(test_desk: TestDesk) -> tuple[str, Reader]:
    """The answers to a ground, as its approver and then every agent of the ticket reads them."""
    (mei, sue), now = people(test_desk), test_desk.clock.now()
    made = request(test_desk, mei)
    question = next(one.id for one in ground("D2").questions if one.kind == "text")
    decision_id = propose(mei, made.number, 1, answered(refusal("D2", now), question, WORDS)).decision_id

    def read() -> str:
        opened = approval.open_proposal(sue, decision_id).findings
        assert opened[1:] == decision_read(mei, made.number).findings  # the first says what was asked
        return "\n".join(opened)

    return made.requester_id, read


def evidence_named(test_desk: TestDesk) -> tuple[str, Reader]:
    (mei, _), now = people(test_desk), test_desk.clock.now()
    made = request(test_desk, mei)
    items = (WORDS, *(f"item {n}" for n in range(1, ground("D2").evidence.items)))
    proposal = replace(refusal("D2", now), findings=(finding("D2", now, Field.MOBILE.value, evidence=items),))
    propose(mei, made.number, 1, proposal)
    return made.requester_id, lambda: "\n".join(decision_read(mei, made.number).findings)


def charged(test_desk: TestDesk) -> tuple[DeskSession, DeskSession, MadeTicket, str]:
    """A fee is proposed, one item of which names the person; the letter says what it is for."""
    mei, sue = people(test_desk)
    made = request(test_desk, mei)
    cost = Fee("20.00", pack().fee.currency, ((f"copies for {WORDS}", "12.00"), ("postage", "8.00")), True)
    proposal = replace(fee(test_desk.clock.now()), fee=cost)
    return mei, sue, made, propose(mei, made.number, 1, proposal).decision_id


def letter_ahead(test_desk: TestDesk) -> tuple[str, Reader]:
    _, sue, made, decision_id = charged(test_desk)
    return made.requester_id, lambda: approval.open_proposal(sue, decision_id).notice


def letter_sent(test_desk: TestDesk) -> tuple[str, Reader]:
    mei, sue, made, decision_id = charged(test_desk)
    assert approval.approve(sue, decision_id, PASSWORD).final
    return made.requester_id, lambda: decision_read(mei, made.number).notice


def returned(test_desk: TestDesk) -> tuple[str, Reader]:
    mei, sue = people(test_desk)
    made = request(test_desk, mei)
    approval.return_proposal(sue, propose(mei, made.number, 1, refusal("D2", test_desk.clock.now())).decision_id, WORDS)
    return made.requester_id, lambda: decision_read(mei, made.number).reason


def returned_under_legal_review(test_desk: TestDesk) -> tuple[str, Reader]:
    (mei, _), pia = people(test_desk), person(test_desk, "pia", Role.PRIVACY_OFFICER)
    made = request(test_desk, mei)
    approval.return_proposal(pia, propose(mei, made.number, 1, refusal("S1", test_desk.clock.now())).decision_id, WORDS)
    return made.requester_id, lambda: decision_read(pia, made.number).reason


def extended(test_desk: TestDesk) -> tuple[str, Reader]:
    use_month_pack(test_desk)
    mei, sue = people(test_desk)
    made = request(test_desk, mei)
    extend(sue, made.number, 1, WORDS)
    return made.requester_id, lambda: "\n".join(line.reason for line in clock_view(mei, made.number).lines)


def held(test_desk: TestDesk) -> tuple[str, Reader]:
    pia = person(test_desk, "pia", Role.PRIVACY_OFFICER)
    made = make_ticket(test_desk)
    until = (test_desk.clock.now() + timedelta(days=5)).date()
    place_hold(pia, made.number, "law", WORDS, until)
    return made.requester_id, lambda: holds_of(pia, made.number)[0].note


def linked(test_desk: TestDesk) -> tuple[str, Reader]:
    owner, _ = make_requester(test_desk, {Field.EMAIL: "anna@mail.example.org"})
    made = make_ticket(test_desk, contacts={Field.EMAIL: "anna@mail.example.org"}, on_file=False)
    vera = person(test_desk, "vera", Role.VERIFIER)
    link_ticket(vera, made.number, 1, owner, WORDS)
    return owner, lambda: whose(vera, made.number).history[0]


def settled(test_desk: TestDesk) -> tuple[str, Reader]:
    ben = person(test_desk, "ben", Role.AGENT)
    made = make_ticket(test_desk, kind=TicketKind.REPORT, assignee=ben)
    question = next(one.id for one in workflow(TicketKind.REPORT).questions if one.kind == "text")
    end(test_desk, ben, made.number, settling(TicketKind.REPORT, answers={question: WORDS}))

    def read() -> str:
        found = last_settlement(ben, made.number)
        assert found is not None
        return "\n".join(found.lines)

    return made.requester_id, read


def settling_letter(test_desk: TestDesk) -> tuple[str, Reader]:
    """A pack's own words alone are in this letter today; it is put there by hand."""
    ben, desk = person(test_desk, "ben", Role.AGENT), test_desk.desk
    made = make_ticket(test_desk, kind=TicketKind.REPORT, assignee=ben)
    end(test_desk, ben, made.number, settling(TicketKind.REPORT))
    with desk.database.transaction() as db:
        row = db.scalars(select(Settlement)).one()
        row.notice = ticket_keys(db, desk, made.number).seal("settlement", "notice", row.id, WORDS)
        db.add(row)

    def read() -> str:
        found = last_settlement(ben, made.number)
        assert found is not None
        return found.letter

    return made.requester_id, read


def seen_by_a_verifier(test_desk: TestDesk) -> tuple[str, Reader]:
    """No screen shows these notes yet: what one would open them with."""
    made = make_ticket(test_desk)
    verify_by_note(person(test_desk, "vera", Role.VERIFIER), made.number, VerificationMethod.WRITTEN, WORDS)
    return made.requester_id, lambda: opened(test_desk, made.number, Verification)


def seen_authority(test_desk: TestDesk) -> tuple[str, Reader]:
    made = make_ticket(test_desk)
    see_authority(person(test_desk, "vera", Role.VERIFIER), made.number, AuthoritySort.REPRESENTATIVE, WORDS)
    return made.requester_id, lambda: opened(test_desk, made.number, Authority)


def opened(test_desk: TestDesk, number: int, table: type[Verification] | type[Authority]) -> str:
    desk = test_desk.desk
    with desk.database.reading() as db:
        row: Verification | Authority = db.execute(select(table)).scalar_one()
        assert row.note is not None
        typed = typed_words(db, desk, ticket_keys(db, desk, number))
        return typed.open(str(table.__tablename__), "note", row.id, row.note)


def attached(test_desk: TestDesk) -> tuple[str, Reader]:
    made = make_ticket(test_desk)
    attach(test_desk, made, f"{WORDS}.pdf")

    def read() -> str:
        with test_desk.desk.database.reading() as db:
            return attachment_labels(db, test_desk.desk, made.number, ())[0].words

    return made.requester_id, read


def attached_to_a_reply(test_desk: TestDesk) -> tuple[str, Reader]:
    mei = test_desk.session("mei", Role.AGENT)
    made = make_ticket(test_desk, assignee=mei)
    place = f"reply:{made.number}"
    with mei.work() as db:
        keep_file(db, mei, place, made.number, NewFile(f"{WORDS}.pdf", "application/pdf", b"x"))

    def read() -> str:
        with mei.reading() as db:
            return kept_files(db, mei, place, made.number)[0].words

    return made.requester_id, read


CASES: list[tuple[Column, Callable[[TestDesk], tuple[str, Reader]]]] = [
    (("decision", "answers"), refused),
    (("decision", "answers"), evidence_named),
    (("decision", "answers"), letter_ahead),
    (("decision", "notice"), letter_sent),
    (("approval", "reason"), returned),
    (("approval", "reason"), returned_under_legal_review),
    (("clock_event", "reason"), extended),
    (("hold", "note"), held),
    (("linking", "reason"), linked),
    (("settlement", "answers"), settled),
    (("settlement", "notice"), settling_letter),
    (("verification", "note"), seen_by_a_verifier),
    (("authority", "note"), seen_authority),
    (("attachment", "label"), attached),
    (("draft_file", "label"), attached_to_a_reply),
]


@pytest.mark.parametrize("make", [make for _, make in CASES], ids=lambda make: make.__name__)
def test_what_comes_on_file_later_is_hidden_in_typed_words_at_once(
    test_desk: TestDesk, make: Callable[[TestDesk], tuple[str, Reader]]
) -> None:
    requester_id, read = make(test_desk)
    before = read()
    assert WORDS in before
    put_on_file(test_desk, requester_id)
    assert read() == before.replace(WORDS, HIDDEN)


# --- no column is forgotten

REDACTED_AGAIN = {("ticket", "subject_redacted"), ("message", "text_redacted")}
"""The conversation: `late_redaction` redacts it again, and it is hidden until then (test_late_redaction.py)."""
NO_ONES_SENTENCES = {("contact", "mask"), ("requester", "age_band")}
READ_BY_ITS_TYPIST = {("draft", "text")}
"""An agent's own unsent words, for that agent alone: what they send may not change while they type."""
ON_RECORD_ONLY = {
    ("contact", "value"), ("ticket", "subject"), ("message", "text"), ("message", "headers"), ("attachment", "content"),
    ("quarantined", "content"), ("quarantined", "subject"), ("requester", "account_id"), ("draft_file", "content"),
    ("marked_term", "words"), ("set_aside_contact", "value"),
}  # fmt: skip
"""Originals: for a person only through a reveal, or for a machine."""
NO_WORDS = {("ticket", "sealed_key"), ("second_factor", "pending"), ("second_factor", "secret")}
"""Keys."""
OF_NO_REQUESTER = {("blocked_sender", "mask"), ("blocked_sender", "reason")}
"""Redacted when it was written, and kept without saying whose it is."""


def test_every_column_that_holds_words_is_redacted_late() -> None:
    """A new sealed column is typed words with a case above, or belongs to one of the sets that say why it is not."""
    sealed = {
        (str(table.__tablename__), name)
        for kind in (Sealed, SealedByDesk, SealedApart)
        for table, names in columns_of(kind).items()
        for name in names
    }
    covered = {column for column, _ in CASES}
    assert covered == TYPED_COLUMNS | {("attachment", "label"), ("draft_file", "label")}
    assert SAFE_COLUMNS == REDACTED_AGAIN | NO_ONES_SENTENCES | READ_BY_ITS_TYPIST
    assert sealed == covered | SAFE_COLUMNS | ON_RECORD_ONLY | NO_WORDS | OF_NO_REQUESTER


@pytest.mark.parametrize(("table", "column"), sorted(TYPED_COLUMNS))
def test_typed_words_do_not_open_as_words_with_nothing_left_to_hide(table: str, column: str) -> None:
    key, place = bytes(32), Place("owner", table, column, "row")
    sealed = seal(key, place, WORDS)
    assert open_typed(key, place, sealed) == WORDS
    with pytest.raises(SealBroken):
        open_safe(key, place, sealed)
    subject = Place("owner", "ticket", "subject_redacted", "row")
    with pytest.raises(SealBroken):
        open_typed(key, subject, seal(key, subject, WORDS))


# --- what was decided and sent stays


def test_a_letter_goes_out_again_word_for_word(test_desk: TestDesk) -> None:
    mei, sue, made, decision_id = charged(test_desk)
    assert approval.approve(sue, decision_id, PASSWORD).final
    put_on_file(test_desk, made.requester_id)
    assert send_notice_again(mei, made.number, made.contact_ids[Field.MOBILE]) == "The notice was sent."
    first, again = (text for text in opened_ticket(test_desk.desk, made.number).texts if WORDS in text)
    assert first == again
    keys = keys_of(test_desk.desk, made.number)
    with test_desk.desk.database.reading() as db:
        row = db.get_one(Decision, decision_id)
    assert row.notice is not None
    assert open_typed(keys.key, keys.place("decision", "notice", decision_id), row.notice) == first


def test_a_letter_keeps_the_desks_own_addresses_readable() -> None:
    """A pack may name them; what only looks like a contact was redacted when the words were written."""
    known = KnownTerms([(Field.NAME, NAME), (Field.MOBILE, PHONE)])
    letter = "{who}: write to privacy@desk.example or call +49 30 901820. [phone] [name]"
    assert redact_known(letter.format(who=f"{NAME}, 138 0013 8999"), known) == letter.format(who="[name], [mobile]")


def test_a_proposal_means_what_it_meant(test_desk: TestDesk) -> None:
    """Keys, days and numbers are no one's words, whatever comes on file: not even what looks like them."""
    mei, sue = people(test_desk)
    first, made = earlier_request(test_desk, mei)
    now, desk = test_desk.clock.now(), test_desk.desk
    code = next(one.code for one in pack().grounds if one.evidence.kind == "tickets")
    proposal = refusal(code, now)
    numbered = replace(proposal.findings[0], evidence=tuple(f"#{first}" for _ in proposal.findings[0].evidence))
    decision_id = propose(mei, made.number, 1, replace(proposal, findings=(numbered,))).decision_id
    before = approval.open_proposal(sue, decision_id)
    with desk.database.transaction() as db:
        key = desk.keyring.key(made.requester_id)
        for value in ("Mobile Delete", str(first), code):
            add_contact(db, desk, made.requester_id, key, NewContact(Field.NICKNAME, value, True, now))
    after = approval.open_proposal(sue, decision_id)
    assert (after.findings, after.ground_words, after.outcome) == (before.findings, before.ground_words, Outcome.REFUSE)
    if not approval.approve(sue, decision_id, PASSWORD).final:
        pia = person(test_desk, "pia", Role.PRIVACY_OFFICER)
        assert approval.approve(pia, decision_id, PASSWORD).final


def test_one_more_statement_reads_any_number_of_typed_words(test_desk: TestDesk) -> None:
    """Many holds or steps of one ticket are opened with what is known of its requester once."""
    pia = person(test_desk, "pia", Role.PRIVACY_OFFICER)
    made = make_ticket(test_desk)
    until = (test_desk.clock.now() + timedelta(days=5)).date()
    counts = []
    for _ in range(2):
        place_hold(pia, made.number, "law", WORDS, until)
        with statements(test_desk) as given:
            holds_of(pia, made.number)
        counts.append(len(given))
    assert counts[0] == counts[1]
