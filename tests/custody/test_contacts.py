"""Contacts: sealed, findable by exactly one person's value, corrected without loss, looked up on the record."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from cs_console.casework.contacts import change_contact
from cs_console.custody.blind_index import lookup_token, normalise_email
from cs_console.custody.contacts import (
    MaskedContact,
    NewContact,
    add_contact,
    address_for_sending,
    known_values,
    masked_contacts,
    persons_with,
)
from cs_console.custody.redaction import redact_known
from cs_console.errors import (
    BadInput,
    KeyDestroyed,
    NotAllowed,
    NotAssigned,
    NothingThere,
    NotVerified,
    NoUndertaking,
    TooManyLookUps,
)
from cs_console.tickets import look_up as looking_up
from cs_console.tickets.look_up import found_tickets, look_up, purposes_to_look_up
from models.agent_session import AgentSession
from models.contact import Contact
from models.contact_fields import Field
from models.enums import Action, RequesterState, Result, TicketState
from models.requester import Requester
from models.roles import Role
from models.ticket import Ticket
from models.verification import Verification
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.tickets import make_requester, make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

PHONE = "+8613800138000"


def _found(test_desk: TestDesk, field: Field, normalised: str) -> tuple[str, ...]:
    with test_desk.desk.database.reading() as db:
        return persons_with(db, test_desk.desk, field, normalised)


def test_a_contact_is_stored_sealed_and_normalised(test_desk: TestDesk) -> None:
    """ASVS 11.3.2, 14.2.4."""
    requester, ids = make_requester(test_desk, {Field.MOBILE: "138 0013 8000", Field.EMAIL: "Alice@Example.ORG"})
    desk = test_desk.desk
    with desk.database.reading() as db:
        for row in db.scalars(select(Contact)):
            for stored in (row.value, row.mask, row.lookup or b""):
                assert b"138" not in stored
                assert b"alice" not in stored.lower()
        assert address_for_sending(db, desk, ids[Field.MOBILE]) == PHONE
        assert address_for_sending(db, desk, ids[Field.EMAIL]) == "Alice@example.org"
        key = desk.keyring.key(requester)
        known = known_values(db, desk, requester, key)
        assert redact_known(f"{PHONE} Alice@example.org", known) == "[mobile] [e-mail]"
        shown = masked_contacts(db, desk, requester)
    assert {(contact.field, contact.mask) for contact in shown} == {
        (Field.MOBILE, "+86 ••• •••• ••00"),
        (Field.EMAIL, "A•••@e•••.org"),
    }


def test_two_equal_values_share_a_token_and_nothing_else(test_desk: TestDesk) -> None:
    make_requester(test_desk, {Field.NAME: "Alice", Field.EMAIL: "alice@example.org"})
    make_requester(test_desk, {Field.EMAIL: "alice@example.org"})
    with test_desk.desk.database.reading() as db:
        rows = db.scalars(select(Contact).where(col(Contact.field) == Field.EMAIL)).all()
        name = db.scalars(select(Contact).where(col(Contact.field) == Field.NAME)).one()
    token = lookup_token(test_desk.desk.keyring, Field.EMAIL, "alice@example.org")
    assert [row.lookup for row in rows] == [token, token]
    assert rows[0].value != rows[1].value
    assert name.lookup is None


def test_only_one_person_on_file_is_found_never_who_claims_it(test_desk: TestDesk) -> None:
    make_requester(test_desk, {Field.MOBILE: PHONE}, on_file=False, changed_at=test_desk.clock.now())
    assert _found(test_desk, Field.MOBILE, PHONE) == ()
    on_file, _ = make_requester(test_desk, {Field.MOBILE: PHONE})
    assert _found(test_desk, Field.MOBILE, PHONE) == (on_file,)
    assert _found(test_desk, Field.EMAIL, PHONE) == ()
    assert _found(test_desk, Field.MOBILE, "+8613800138001") == ()
    make_requester(test_desk, {Field.MOBILE: PHONE})
    assert len(_found(test_desk, Field.MOBILE, PHONE)) == 2  # which names no one


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("strasse@example.org", "straße@example.org", False),
        ("ẞ@example.org", "ss@example.org", False),
        ("İ@example.org", "i̇@example.org", False),
        ("Alice@example.org", "alice@example.org", True),
        ("alice@EXAMPLE.org", "alice@example.org", True),
        ("alice@bücher.example", "alice@xn--bcher-kva.example", True),
    ],
)
def test_what_is_on_file_is_found_without_folding_beyond_ascii(
    sqlite_desk: TestDesk, one: str, other: str, same: bool
) -> None:
    person, _ = make_requester(sqlite_desk, {Field.EMAIL: one})
    normalised = normalise_email(other)
    assert normalised is not None
    assert _found(sqlite_desk, Field.EMAIL, normalised) == ((person,) if same else ())


@pytest.mark.parametrize("state", [RequesterState.ERASED, RequesterState.RESTRICTED])
def test_erased_and_restricted_requesters_are_never_found(test_desk: TestDesk, state: RequesterState) -> None:
    """Policy I.(4)2."""
    requester, _ = make_requester(test_desk, {Field.MOBILE: PHONE})
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Requester).where(col(Requester.id) == requester).values(state=state))
    assert _found(test_desk, Field.MOBILE, PHONE) == ()


def test_masks_and_addresses_go_with_the_key(test_desk: TestDesk) -> None:
    requester, ids = make_requester(test_desk, {Field.MOBILE: PHONE})
    test_desk.desk.keyring.destroy(requester)
    with test_desk.desk.database.reading() as db:
        with pytest.raises(KeyDestroyed):
            masked_contacts(db, test_desk.desk, requester)
        with pytest.raises(KeyDestroyed):
            address_for_sending(db, test_desk.desk, ids[Field.MOBILE])


def test_what_cannot_be_normalised_is_kept_as_it_came(test_desk: TestDesk) -> None:
    requester, ids = make_requester(test_desk, {Field.MOBILE: "ask my sister", Field.EMAIL: "alice at home"})
    with test_desk.desk.database.reading() as db:
        assert address_for_sending(db, test_desk.desk, ids[Field.MOBILE]) == "ask my sister"
        assert all(row.lookup is None for row in db.scalars(select(Contact)))
        masks = [contact.mask for contact in masked_contacts(db, test_desk.desk, requester)]
    assert masks == ["•••", "a•••e"] or masks == ["a•••e", "•••"]


def test_values_never_show_in_a_repr() -> None:
    from datetime import UTC, datetime

    assert PHONE not in repr(NewContact(Field.MOBILE, PHONE, True, datetime.now(UTC)))


# --- corrections -----------------------------------------------------------------------------------------


def _contacts(test_desk: TestDesk, requester: str) -> tuple[MaskedContact, ...]:
    with test_desk.desk.database.reading() as db:
        return masked_contacts(db, test_desk.desk, requester)


def test_a_correction_keeps_the_value_before_it_and_closes_every_window(test_desk: TestDesk) -> None:
    """Policy V.1; POLICY.md, Verifying identity."""
    session = test_desk.session("mei", Role.AGENT)
    ticket = make_ticket(test_desk, assignee=session, contacts={Field.MOBILE: PHONE}, verified=True)
    other = make_ticket(test_desk, assignee=session, requester=(ticket.requester_id, ticket.contact_ids), verified=True)
    change_contact(session, ticket.number, ticket.contact_ids[Field.MOBILE], Field.MOBILE, "139 0013 9000")

    desk = test_desk.desk
    [shown] = _contacts(test_desk, ticket.requester_id)
    assert (shown.field, shown.on_file, shown.changed_at) == (Field.MOBILE, False, test_desk.clock.now())
    with desk.database.reading() as db:
        assert address_for_sending(db, desk, shown.id) == "+8613900139000"
        with pytest.raises(NothingThere):
            address_for_sending(db, desk, ticket.contact_ids[Field.MOBILE])
        before = db.get_one(Contact, ticket.contact_ids[Field.MOBILE])
        assert before.replaced_at == test_desk.clock.now()
        key = desk.keyring.key(ticket.requester_id)
        assert redact_known(PHONE, known_values(db, desk, ticket.requester_id, key)) == "[mobile]"
        assert all(row.closed_at is not None for row in db.scalars(select(Verification)))
        assert db.get_one(Ticket, ticket.number).version == 2
    assert _found(test_desk, Field.MOBILE, PHONE) == ()
    assert _found(test_desk, Field.MOBILE, "+8613900139000") == ()  # nothing it sends is taken for theirs
    [changed] = recorded(desk, Action.CONTACT_CHANGED)
    assert (changed.ticket, changed.fields, changed.reason) == (ticket.number, "mobile", "")
    closed = recorded(desk, Action.WINDOW_CLOSED)
    assert [entry.ticket for entry in closed] == [ticket.number, other.number]


def test_a_contact_is_added_or_replaced_in_an_open_window_only(test_desk: TestDesk) -> None:
    session = test_desk.session("mei", Role.AGENT)
    ticket = make_ticket(test_desk, assignee=session, contacts={Field.MOBILE: PHONE})
    with pytest.raises(NotVerified):
        change_contact(session, ticket.number, None, Field.EMAIL, "alice@example.org")
    with pytest.raises(NotVerified):
        change_contact(session, ticket.number, ticket.contact_ids[Field.MOBILE], Field.MOBILE, "13900139000")
    assert _found(test_desk, Field.MOBILE, PHONE) == (ticket.requester_id,)
    assert len(_contacts(test_desk, ticket.requester_id)) == 1


def test_only_the_own_ticket_and_its_own_contacts_can_be_changed(test_desk: TestDesk) -> None:
    session, omar = test_desk.session("mei", Role.AGENT), test_desk.session("omar", Role.AGENT)
    ticket = make_ticket(test_desk, assignee=session, contacts={Field.MOBILE: PHONE}, verified=True)
    foreign = make_ticket(test_desk, assignee=omar, contacts={Field.MOBILE: "13700137000"}, verified=True)
    item = ticket.contact_ids[Field.MOBILE]
    with pytest.raises(NotAssigned):
        change_contact(omar, ticket.number, item, Field.MOBILE, "13900139000")
    with pytest.raises(NothingThere):
        change_contact(session, ticket.number, foreign.contact_ids[Field.MOBILE], Field.MOBILE, "13900139000")
    with pytest.raises(NothingThere):
        change_contact(session, ticket.number, item, Field.EMAIL, "alice@example.org")
    with pytest.raises(NothingThere):
        change_contact(session, 1, item, Field.MOBILE, "13900139000")
    with pytest.raises(NotAllowed):
        change_contact(test_desk.session("ada", Role.ADMIN), ticket.number, item, Field.MOBILE, "13900139000")
    with pytest.raises(NoUndertaking):
        new = test_desk.session("new", Role.AGENT, undertaking=False)
        change_contact(new, ticket.number, item, Field.MOBILE, "13900139000")
    assert recorded(test_desk.desk, Action.CONTACT_CHANGED) == []
    assert len(_contacts(test_desk, ticket.requester_id)) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Field.MOBILE, "hello"),
        (Field.EMAIL, "a@b"),
        (Field.EMAIL, "a@example.org\r\nBcc: b@example.org"),
        (Field.NAME, "   "),
        (Field.NAME, "x" * 501),
        (Field.SUBJECT, "A subject"),
    ],
)
def test_what_cannot_be_a_contact_is_refused(sqlite_desk: TestDesk, field: Field, value: str) -> None:
    session = sqlite_desk.session("mei", Role.AGENT)
    ticket = make_ticket(sqlite_desk, assignee=session, verified=True)
    with pytest.raises(BadInput) as raised:
        change_contact(session, ticket.number, None, field, value)
    assert value.strip() == "" or value not in str(raised.value)


# --- look-ups --------------------------------------------------------------------------------------------


def test_a_look_up_finds_exactly_that_contacts_tickets_and_is_recorded(test_desk: TestDesk) -> None:
    session = test_desk.session("mei", Role.AGENT)
    requester = make_requester(test_desk, {Field.MOBILE: PHONE})
    numbers = [make_ticket(test_desk, requester=requester).number for _ in range(2)]
    make_ticket(test_desk, contacts={Field.MOBILE: "13900139000"})
    assert look_up(session, Field.MOBILE, " 138-0013-8000 ", "reply") == tuple(reversed(numbers))
    assert look_up(session, Field.MOBILE, "13800138001", "reply") == ()
    first, second = recorded(test_desk.desk, Action.CONTACT_LOOKED_UP)
    assert replace_seq(first) == replace_seq(second)
    assert (first.fields, first.outcome, first.requester, first.ticket) == ("mobile", Result.DONE, None, None)
    assert first.purpose == "reply"


def replace_seq(entry: object) -> tuple[object, ...]:
    """An entry without its number: found and not found are written alike."""
    return tuple(value for name, value in vars(entry).items() if name != "seq")


def test_a_look_up_is_for_a_purpose_that_the_pack_lists_for_this_field(test_desk: TestDesk) -> None:
    """Policy I.(1)3."""
    session = test_desk.session("mei", Role.AGENT)
    make_ticket(test_desk, contacts={Field.EMAIL: "alice@example.org"})
    keys = [one.key for one in purposes_to_look_up(session, Field.EMAIL, "alice@example.org")]
    assert keys == ["reply", "correct", "restore", "answer-right"]
    assert "verify-call" in [one.key for one in purposes_to_look_up(session, Field.MOBILE, PHONE)]
    for purpose in ("", "verify-call", "investigate", "to see who it is"):
        with pytest.raises(BadInput):
            look_up(session, Field.EMAIL, "alice@example.org", purpose)
    with pytest.raises(BadInput):
        purposes_to_look_up(session, Field.EMAIL, "alice@")
    with pytest.raises(NotAllowed):
        purposes_to_look_up(test_desk.session("ada", Role.ADMIN), Field.MOBILE, PHONE)
    assert recorded(test_desk.desk, Action.CONTACT_LOOKED_UP) == []
    for purpose in keys:
        look_up(session, Field.EMAIL, "alice@example.org", purpose)
    assert [entry.purpose for entry in recorded(test_desk.desk, Action.CONTACT_LOOKED_UP)] == keys


def test_what_a_look_up_finds_is_listed_as_the_queue_lists_it(
    test_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = test_desk.session("mei", Role.AGENT)
    requester = make_requester(test_desk, {Field.MOBILE: PHONE})
    closed = make_ticket(test_desk, requester=requester, subject=f"Call {PHONE}", state=TicketState.CLOSED)
    made = make_ticket(test_desk, requester=requester, received_at=test_desk.clock.now())
    numbers = look_up(session, Field.MOBILE, PHONE, "reply")
    newest, oldest = found_tickets(session, numbers)
    assert (newest.number, oldest.number, oldest.state) == (made.number, closed.number, TicketState.CLOSED)
    assert oldest.subject == "Call [mobile]"
    monkeypatch.setattr(looking_up, "MOST_SHOWN", 1)
    assert [row.number for row in found_tickets(session, numbers)] == [made.number]
    assert found_tickets(session, ()) == ()
    with pytest.raises(NotAllowed):
        found_tickets(test_desk.session("ada", Role.ADMIN), numbers)


def test_somebody_erased_answers_like_nobody(test_desk: TestDesk) -> None:
    """Policy I.(4)2."""
    session = test_desk.session("mei", Role.AGENT)
    ticket = make_ticket(test_desk, contacts={Field.MOBILE: PHONE})
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(Requester).values(state=RequesterState.ERASED))
    test_desk.desk.keyring.destroy(ticket.requester_id)
    assert look_up(session, Field.MOBILE, PHONE, "reply") == ()


def test_look_ups_are_limited_an_hour_and_agent_and_the_refusal_is_recorded(test_desk: TestDesk) -> None:
    """ASVS 2.4.1."""
    session = test_desk.session("mei", Role.AGENT)
    limit = test_desk.desk.packs.current.reveal.look_ups_per_hour
    make_ticket(test_desk, contacts={Field.MOBILE: PHONE})
    for _ in range(limit):
        look_up(session, Field.MOBILE, PHONE, "reply")
    with pytest.raises(TooManyLookUps):
        look_up(session, Field.MOBILE, PHONE, "reply")
    last = recorded(test_desk.desk)[-1]
    assert (last.action, last.outcome, last.reason) == (Action.CONTACT_LOOKED_UP, Result.REFUSED, "look_up_limit")
    assert look_up(test_desk.session("omar", Role.AGENT), Field.MOBILE, PHONE, "reply") != ()
    test_desk.clock.forward(minutes=60)
    with test_desk.desk.database.transaction() as db:
        db.connection().execute(update(AgentSession).values(last_active_at=test_desk.clock.now()))
    assert look_up(session, Field.MOBILE, PHONE, "reply") != ()


def test_look_ups_need_a_whole_value_a_role_and_an_undertaking(test_desk: TestDesk) -> None:
    session = test_desk.session("mei", Role.AGENT)
    for field, typed in ((Field.MOBILE, "138"), (Field.EMAIL, "alice@"), (Field.NAME, "Alice Example")):
        with pytest.raises(BadInput) as raised:
            look_up(session, field, typed, "reply")
        assert typed not in str(raised.value)
    with pytest.raises(NotAllowed):
        look_up(test_desk.session("ada", Role.ADMIN), Field.MOBILE, PHONE, "reply")
    with pytest.raises(NoUndertaking):
        look_up(test_desk.session("new", Role.AGENT, undertaking=False), Field.MOBILE, PHONE, "reply")


def test_contacts_added_in_a_transaction_that_fails_are_not_there(test_desk: TestDesk) -> None:
    requester, _ = make_requester(test_desk, {})
    key = test_desk.desk.keyring.key(requester)
    long_ago = test_desk.clock.now() - timedelta(days=400)
    with pytest.raises(RuntimeError), test_desk.desk.database.transaction() as db:
        add_contact(db, test_desk.desk, requester, key, NewContact(Field.MOBILE, PHONE, True, long_ago))
        raise RuntimeError
    assert _found(test_desk, Field.MOBILE, PHONE) == ()
