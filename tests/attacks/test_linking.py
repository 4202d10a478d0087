"""Whose a ticket is can be said by a person, and taken back: nothing of one person reaches another by it."""

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from cs_console.casework.conversation import open_ticket
from cs_console.custody.contacts import masked_contacts
from cs_console.custody.disclosure import Target, reveal
from cs_console.custody.erasing import wipe
from cs_console.custody.ticket_keys import opened_keys, ticket_keys
from cs_console.delivery.outgoing import deliver_queued, queue_message
from cs_console.delivery.where_to_write import where_to_write
from cs_console.desk import DeskSession, operator_session
from cs_console.erasure.holds import place_hold
from cs_console.errors import (
    BadInput,
    ChangedElsewhere,
    CodeExpired,
    KeyDestroyed,
    NotAllowed,
    NothingThere,
    NotVerified,
    SealBroken,
    TooManyLookUps,
    WrongState,
)
from cs_console.intake.intake import import_jsonl
from cs_console.tickets.ticket_record import facts
from cs_console.verification.codes import check_code, options, send_code, status
from cs_console.verification.linking import Whose, link_ticket, look_for_person, unlink_ticket, whose
from cs_console.verification.methods import verify_by_note
from models.contact_fields import Field
from models.enums import (
    Action,
    DeliveryState,
    Link,
    MessageSort,
    RequesterState,
    TicketKind,
    TicketState,
    VerificationMethod,
)
from models.erasure import Hold
from models.linking import Linking
from models.log import LogEntry
from models.message import Message
from models.requester import Requester
from models.roles import Role
from models.ticket import Ticket
from tests.decisions.cases import grant, person, propose, request
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.rows import ticket_of
from tests.support.tickets import MadeTicket, make_requester, make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

ANNA, BORIS, LOOSE = "anna@mail.example.org", "boris@mail.example.org", "anna.private@mail.example.net"
SHARED = "+8613800138000"
WHY = "She read out the order number that only her account has."
_numbers = count()
NOTE = "A letter with the account's number, signed."


def vera(test_desk: TestDesk) -> DeskSession:
    """A verifier who has just signed in."""
    return test_desk.session(f"vera-{next(_numbers)}", Role.VERIFIER)


def anna(test_desk: TestDesk) -> tuple[str, dict[Field, str]]:
    return make_requester(test_desk, {Field.EMAIL: ANNA, Field.MOBILE: SHARED})


def loose(test_desk: TestDesk, kind: TicketKind = TicketKind.RIGHTS, **contacts: str) -> MadeTicket:
    """A ticket of a sender who is on file with no one."""
    said = {Field(name): value for name, value in contacts.items()} or {Field.EMAIL: LOOSE}
    return make_ticket(test_desk, kind=kind, contacts=said, on_file=False, text="Words of mine.")


def linked(test_desk: TestDesk, to: tuple[str, dict[Field, str]], made: MadeTicket) -> Whose:
    """Link a ticket to a person who was found by their e-mail."""
    session = vera(test_desk)
    link_ticket(session, made.number, ticket_of(test_desk, made.number).version, to[0], WHY, (Field.EMAIL, ANNA))
    return whose(session, made.number)


def test_a_ticket_of_no_account_is_linked_by_a_look_up_that_is_on_record(test_desk: TestDesk) -> None:
    session, to, made = vera(test_desk), anna(test_desk), loose(test_desk)
    assert whose(session, made.number).candidates == ()
    (found,) = look_for_person(session, made.number, Field.EMAIL, ANNA)
    assert (found.id, len(found.masks)) == (to[0], 2)
    assert not any(value in repr(found) for value in (ANNA, SHARED))
    [entry] = recorded(test_desk.desk, Action.CONTACT_LOOKED_UP)
    assert (entry.fields, entry.purpose) == ("e-mail", "verification")
    link_ticket(session, made.number, 1, found.id, WHY, (Field.EMAIL, ANNA))
    ticket = ticket_of(test_desk, made.number)
    assert (ticket.requester_id, ticket.link, ticket.verified_at) == (to[0], Link.PROVEN, None)
    assert ticket.state == TicketState.TO_VERIFY
    (entry,) = recorded(test_desk.desk, Action.TICKET_LINKED)
    with test_desk.desk.database.reading() as db:
        kept = db.scalars(select(Linking)).one()
    assert (kept.from_id, kept.to_id, kept.before, kept.after) == (made.requester_id, to[0], Link.NONE, Link.PROVEN)
    key = test_desk.desk.keyring.key
    with test_desk.desk.database.reading() as db:
        about = json.loads(db.get_one(LogEntry, entry.seq).about or "{}")
    assert about["from"] == test_desk.desk.pseudonym(made.requester_id, key(made.requester_id))
    assert about["to"] == entry.requester == test_desk.desk.pseudonym(to[0], key(to[0]))
    assert about["linking"] == kept.id
    assert "order" not in repr(entry) and b"order" not in kept.reason
    (line,) = whose(session, made.number).history
    assert "order number" in line
    assert open_ticket(test_desk.session("mei", Role.AGENT), made.number).lines[0].text == "Words of mine."


def test_someone_on_file_with_several_accounts_is_chosen_by_masks(test_desk: TestDesk) -> None:
    people = [make_requester(test_desk, {Field.EMAIL: mail, Field.MOBILE: SHARED}) for mail in (ANNA, BORIS)]
    made = loose(test_desk, mobile=SHARED)
    found = whose(vera(test_desk), made.number)
    assert {one.id for one in found.candidates} == {one[0] for one in people}
    assert all(one.why == "on file with this mobile" for one in found.candidates)
    link_ticket(vera(test_desk), made.number, found.version, people[1][0], WHY)
    assert ticket_of(test_desk, made.number).requester_id == people[1][0]


@pytest.mark.parametrize("found_by", [None, (Field.EMAIL, BORIS), (Field.EMAIL, "no address")])
def test_a_person_who_does_not_match_cannot_be_linked(test_desk: TestDesk, found_by: tuple[Field, str] | None) -> None:
    to, made = anna(test_desk), loose(test_desk)
    other = make_requester(test_desk, {Field.EMAIL: BORIS})
    assert other[0] != to[0]
    with pytest.raises(NothingThere):
        link_ticket(vera(test_desk), made.number, 1, to[0], WHY, found_by)
    assert ticket_of(test_desk, made.number).link == Link.NONE


def test_linking_verifies_no_one_and_takes_back_what_was_proved(test_desk: TestDesk) -> None:
    """A code, a window, an authority and a queued letter of before are worth nothing for whose it is now."""
    mei, to = test_desk.session("mei", Role.AGENT), anna(test_desk)
    made = make_ticket(test_desk, contacts={Field.EMAIL: BORIS, Field.MOBILE: "+8613900139000"}, assignee=mei)
    test_desk.clock.forward(minutes=1)
    sent = options(vera(test_desk), made.number)
    send_code(vera(test_desk), made.number, sent[0].contact_id)
    verify_by_note(vera(test_desk), made.number, VerificationMethod.WRITTEN, NOTE)
    assert reveal(mei, made.number, Target(Field.EMAIL, made.contact_ids[Field.EMAIL]), "reply").value == BORIS
    unlink_ticket(vera(test_desk), made.number, ticket_of(test_desk, made.number).version, "It is not his.")
    ticket = ticket_of(test_desk, made.number)
    assert (ticket.link, ticket.verified_at, ticket.state) == (Link.NONE, None, TicketState.OPEN)
    assert ticket.requester_id != made.requester_id
    for target in (Target(Field.EMAIL, made.contact_ids[Field.EMAIL]), Target(Field.MESSAGE, made.message_id)):
        with pytest.raises((NotVerified, NothingThere)):
            reveal(mei, made.number, target, "reply" if target.field is Field.EMAIL else "read-original")
    with pytest.raises(CodeExpired):
        check_code(vera(test_desk), made.number, "00000000")
    now = status(vera(test_desk), made.number)
    assert (now.code_pending, now.method, now.at) == (False, None, None)
    view = open_ticket(mei, made.number)
    assert (view.window_until, view.contacts) == (None, ())
    linked(test_desk, to, made)
    assert status(vera(test_desk), made.number).method is None
    with pytest.raises(NotVerified):
        reveal(mei, made.number, Target(Field.EMAIL, to[1][Field.EMAIL]), "reply")
    verify_by_note(vera(test_desk), made.number, VerificationMethod.WRITTEN, NOTE)
    assert reveal(mei, made.number, Target(Field.EMAIL, to[1][Field.EMAIL]), "reply").value == ANNA


def test_a_letter_that_waited_is_not_sent_to_whose_it_was(test_desk: TestDesk) -> None:
    desk, made = test_desk.desk, make_ticket(test_desk, contacts={Field.EMAIL: BORIS})
    with desk.database.transaction() as db:
        waits = queue_message(
            db,
            desk,
            ticket_number=made.number,
            requester_id=made.requester_id,
            contact_id=made.contact_ids[Field.EMAIL],
            sort=MessageSort.REPLY,
            text="What we know.",
            agent_id=None,
        )
    unlink_ticket(vera(test_desk), made.number, 1, "It is not his.")
    assert deliver_queued(desk).sent == 0
    assert deliver_queued(desk, waits).sent == 0  # nor when it is tried by hand
    with desk.database.reading() as db:
        assert db.get_one(Message, waits).delivery == DeliveryState.FAILED
        assert where_to_write(db, desk, facts(db, made.number), claimed=True) is None
    assert desk.settings.outbox is not None
    assert not desk.settings.outbox.exists() or not list(desk.settings.outbox.iterdir())


def test_a_link_can_be_taken_back_and_made_again(test_desk: TestDesk) -> None:
    session, to, made = vera(test_desk), anna(test_desk), loose(test_desk)
    linked(test_desk, to, made)
    unlink_ticket(session, made.number, ticket_of(test_desk, made.number).version, "That was Boris.")
    ticket = ticket_of(test_desk, made.number)
    assert ticket.requester_id not in {made.requester_id, to[0]}
    assert ticket.link == Link.NONE
    now = whose(session, made.number)
    assert [(one.id, one.why) for one in now.candidates] == [(to[0], "it was theirs before")]
    link_ticket(session, made.number, now.version, to[0], "It was Anna after all.")
    assert ticket_of(test_desk, made.number).requester_id == to[0]
    assert len(whose(session, made.number).history) == 3
    assert open_ticket(test_desk.session("mei", Role.AGENT), made.number).lines[0].text == "Words of mine."


def test_claims_go_with_the_ticket_and_what_is_on_file_stays(test_desk: TestDesk) -> None:
    desk, to, made = test_desk.desk, anna(test_desk), loose(test_desk)
    linked(test_desk, to, made)
    with desk.database.reading() as db:
        keys = ticket_keys(db, desk, made.number)
        assert [one.claimed for one in masked_contacts(db, desk, to[0], keys)] == [False, False, True]
        assert [one.claimed for one in masked_contacts(db, desk, to[0])] == [False, False]
        assert masked_contacts(db, desk, made.requester_id) == ()
    unlink_ticket(vera(test_desk), made.number, ticket_of(test_desk, made.number).version, "That was Boris.")
    mei = test_desk.session("mei", Role.AGENT)
    assert [one.claimed for one in open_ticket(mei, made.number).contacts] == [True]


def test_erasing_one_owner_takes_the_ticket_along_or_leaves_it(test_desk: TestDesk) -> None:
    desk, to = test_desk.desk, anna(test_desk)
    stays, goes = loose(test_desk), loose(test_desk)
    linked(test_desk, to, goes)
    with desk.database.transaction() as db:
        wipe(db, to[0], test_desk.clock.now())
    desk.keyring.destroy(to[0])
    mei = test_desk.session("mei", Role.AGENT)
    assert open_ticket(mei, goes.number).erased
    assert open_ticket(mei, stays.number).lines[0].text == "Words of mine."
    with desk.database.reading() as db:
        assert db.scalars(select(Linking)).one().reason == b""
        assert db.get_one(Requester, goes.requester_id).state == RequesterState.ACTIVE
    for act in (
        whose,
        lambda session, number: unlink_ticket(session, number, ticket_of(test_desk, number).version, WHY),
    ):
        with pytest.raises(KeyDestroyed):
            act(vera(test_desk), goes.number)
    with pytest.raises(NothingThere):
        linked(test_desk, to, stays)


def test_the_key_of_whose_it_was_opens_nothing_that_is_stored_now(test_desk: TestDesk) -> None:
    to, made = anna(test_desk), loose(test_desk)
    linked(test_desk, to, made)
    ticket = ticket_of(test_desk, made.number)
    key = test_desk.desk.keyring.key
    with pytest.raises(SealBroken):
        opened_keys(made.requester_id, key(made.requester_id), made.number, ticket.sealed_key)
    assert opened_keys(to[0], key(to[0]), made.number, ticket.sealed_key).owner == f"ticket:{made.number}"


def test_a_hold_holds_both_and_tells_no_one(test_desk: TestDesk) -> None:
    desk, to = test_desk.desk, anna(test_desk)
    pia, made = person(test_desk, "pia", Role.PRIVACY_OFFICER), loose(test_desk)
    reason = next(iter(desk.packs.current.retention.holds))
    place_hold(pia, made.number, reason, "Order 17.", test_desk.clock.now().date())
    linked(test_desk, to, made)
    with desk.database.reading() as db:
        held = db.scalars(select(Hold)).all()
    assert {one.requester_id for one in held} == {made.requester_id, to[0]}
    assert "Order" not in repr(whose(vera(test_desk), made.number))


def test_what_is_in_approval_or_answered_does_not_change_hands(test_desk: TestDesk) -> None:
    mei = person(test_desk, "mei", Role.AGENT)
    made = request(test_desk, mei)
    propose(mei, made.number, 1, grant())
    with pytest.raises(WrongState):
        unlink_ticket(vera(test_desk), made.number, ticket_of(test_desk, made.number).version, WHY)


def test_who_may_what_is_refused_and_reasons_are_needed(test_desk: TestDesk) -> None:
    to, made = anna(test_desk), loose(test_desk)
    count_keys = test_desk.desk.keyring.epochs
    for session in (test_desk.session("mei", Role.AGENT), test_desk.session("omar", Role.SUPERVISOR)):
        with pytest.raises(NotAllowed):
            whose(session, made.number)
        with pytest.raises(NotAllowed):
            link_ticket(session, made.number, 1, to[0], WHY, (Field.EMAIL, ANNA))
        with pytest.raises(NotAllowed):
            unlink_ticket(session, made.number, 1, WHY)
    for reason in ("", " \n ", "x" * 2001):
        with pytest.raises(BadInput):
            link_ticket(vera(test_desk), made.number, 1, to[0], reason, (Field.EMAIL, ANNA))
    with pytest.raises(ChangedElsewhere):
        link_ticket(vera(test_desk), made.number, 7, to[0], WHY, (Field.EMAIL, ANNA))
    before = count_keys()
    with pytest.raises(WrongState):
        unlink_ticket(vera(test_desk), made.number, 1, WHY)
    assert count_keys() == before  # no key is left over by a refusal
    linked(test_desk, to, made)
    with pytest.raises(WrongState):
        link_ticket(vera(test_desk), made.number, ticket_of(test_desk, made.number).version, to[0], WHY)


def test_looking_for_a_person_is_limited_like_every_look_up(test_desk: TestDesk) -> None:
    session, made = vera(test_desk), loose(test_desk)
    for _ in range(test_desk.desk.packs.current.reveal.look_ups_per_hour):
        assert look_for_person(session, made.number, Field.EMAIL, ANNA) == ()
    with pytest.raises(TooManyLookUps):
        look_for_person(session, made.number, Field.EMAIL, ANNA)


def test_a_mail_from_the_same_address_later_joins_no_one(test_desk: TestDesk, tmp_path: Path) -> None:
    """What a linked ticket claims finds neither the person nor the ticket for another message."""
    desk, to, made = test_desk.desk, anna(test_desk), loose(test_desk)
    linked(test_desk, to, made)
    line: Mapping[str, object] = {
        "type": "message",
        "id": "m-1",
        "from": {"e-mail": LOOSE},
        "subject": "Another matter",
        "text": "Words.",
        "channel": "mail",
    }
    file = tmp_path / "lines.jsonl"
    file.write_text(json.dumps(line), "utf-8")
    import_jsonl(operator_session(desk), file)
    with desk.database.reading() as db:
        newest = db.scalars(select(Ticket).order_by(col(Ticket.number).desc())).first()
    assert newest is not None
    assert newest.requester_id not in {to[0], made.requester_id}
    assert newest.link == Link.NONE
