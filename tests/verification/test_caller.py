"""Checking what a caller says: match or no match, and nothing else."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from cs_console.errors import BadInput, CheckLimit, ConsoleError, NotAllowed, NoUndertaking, WrongState
from cs_console.policy.verification_rules import CallerRules
from cs_console.staff.undertakings import require_current
from cs_console.verification.caller import check_caller
from cs_console.verification.codes import status
from models.agent_session import AgentSession
from models.caller_check import CallerCheck
from models.contact_fields import Field
from models.enums import Action, Result, TicketKind, TicketState
from models.roles import Role
from tests.decisions.cases import pack
from tests.support.desk import TestDesk
from tests.support.recorded import recorded
from tests.support.statements import statements
from tests.support.tickets import MadeTicket, make_requester, make_ticket

pytestmark = pytest.mark.engines("sqlite")  # rules; their statements run on both in tests/acts

CONTACTS = {
    Field.EMAIL: "alice.ng@example.org",
    Field.MOBILE: "+8613812345678",
    Field.NAME: "Alice Ng",
    Field.NICKNAME: "阿丽",
    Field.POSTCODE: "SW1A 1AA",
}


def rules() -> CallerRules:
    found = pack().verification.caller
    assert found is not None
    return found


def ticket(test_desk: TestDesk) -> MadeTicket:
    return make_ticket(test_desk, kind=TicketKind.RIGHTS, contacts=CONTACTS)


@pytest.mark.parametrize(
    ("field", "said", "match"),
    [
        (Field.MOBILE, "138 1234 5678", True),
        (Field.MOBILE, "+86 138-1234-5678", True),
        (Field.MOBILE, "138 1234 5679", False),
        (Field.EMAIL, " Alice.Ng@Example.org ", True),
        (Field.EMAIL, "alice.ng@example.com", False),
        (Field.NAME, "alice  NG", True),
        (Field.NAME, "Alice", False),
        (Field.NICKNAME, "阿丽", True),
        (Field.POSTCODE, "sw1a1aa", True),
    ],
)
def test_what_is_said_matches_however_it_is_written_or_does_not(
    test_desk: TestDesk, field: Field, said: str, match: bool
) -> None:
    vera = test_desk.session("vera-lin", Role.VERIFIER)
    made = ticket(test_desk)
    answer = check_caller(vera, made.number, field, said)
    assert (answer.match, answer.left) == (match, rules().tries_per_day - 1)
    with test_desk.desk.database.reading() as db:
        (row,) = db.scalars(select(CallerCheck))
    assert (row.field, row.matched, row.ticket_number) == (field.value, match, made.number)
    (entry,) = recorded(test_desk.desk, Action.CALLER_CHECKED)
    assert (entry.actor, entry.fields, entry.reason) == ("vera-lin", field, "match" if match else "no match")


def test_a_match_verifies_nobody(test_desk: TestDesk) -> None:
    """No knowledge questions (POLICY.md, Verifying identity)."""
    vera = test_desk.session("vera-lin", Role.VERIFIER)
    made = ticket(test_desk)
    for field, value in CONTACTS.items():
        assert check_caller(vera, made.number, field, value).match
    assert status(vera, made.number).at is None
    assert recorded(test_desk.desk, Action.VERIFIED) == []


def test_nothing_of_what_was_said_is_kept(sqlite_desk: TestDesk) -> None:
    vera = sqlite_desk.session("vera-lin", Role.VERIFIER)
    made = ticket(sqlite_desk)
    check_caller(vera, made.number, Field.NAME, "Canary Bird")
    check_caller(vera, made.number, Field.EMAIL, "canary@example.org")
    sqlite_desk.desk.close()
    for file in sqlite_desk.desk.settings.home.rglob("*"):
        if file.is_file():
            assert b"canary" not in file.read_bytes().lower(), file


def test_what_a_message_merely_claims_is_no_match(test_desk: TestDesk) -> None:
    vera = test_desk.session("vera-lin", Role.VERIFIER)
    claimed = make_ticket(test_desk, contacts=CONTACTS, on_file=False)
    assert not check_caller(vera, claimed.number, Field.NAME, "Alice Ng").match


def test_whom_nothing_is_on_file_of_looks_like_whoever_says_something_else(test_desk: TestDesk) -> None:
    """The same answer, the same entries, the same statements to the store."""
    vera = test_desk.session("vera-lin", Role.VERIFIER)
    seen: list[tuple[object, tuple[str, ...], str]] = []
    without = make_ticket(test_desk, requester=make_requester(test_desk, {}))
    with vera.work() as db:
        require_current(db, vera)  # what a console knows of its agent from the first act on
    for made in (ticket(test_desk), without):
        with statements(test_desk) as ran:
            answer = check_caller(vera, made.number, Field.MOBILE, "138 0000 0000")
        seen.append((answer, tuple(ran), recorded(test_desk.desk, Action.CALLER_CHECKED)[-1].reason))
    assert seen[0] == seen[1]
    assert len(seen[0][1]) > 3


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (Field.MOBILE, "138"),
        (Field.EMAIL, "alice"),
        (Field.NAME, "  "),
        (Field.NAME, "x" * 501),
        (Field.ADDRESS, "1 Main Street"),
        (Field.MESSAGE, "hello"),
    ],
)
def test_what_cannot_be_checked_is_refused_and_costs_nothing(test_desk: TestDesk, field: Field, said: str) -> None:
    vera = test_desk.session("vera-lin", Role.VERIFIER)
    made = ticket(test_desk)
    with pytest.raises(BadInput):
        check_caller(vera, made.number, field, said)
    assert recorded(test_desk.desk, Action.CALLER_CHECKED) == []
    assert check_caller(vera, made.number, Field.NAME, "Alice Ng").left == rules().tries_per_day - 1


def test_so_many_a_day_over_all_of_a_requesters_tickets(test_desk: TestDesk) -> None:
    requester = make_requester(test_desk, CONTACTS)
    made = [make_ticket(test_desk, requester=requester) for _ in range(2)]
    desks = [test_desk.session(f"vera-{n}", Role.VERIFIER) for n in range(2)]
    for n in range(rules().tries_per_day):
        check_caller(desks[n % 2], made[n % 2].number, Field.NAME, "Bob")
    for n in range(2):
        with pytest.raises(CheckLimit):
            check_caller(desks[n], made[n].number, Field.NAME, "Alice Ng")
    refused = recorded(test_desk.desk, Action.CALLER_CHECKED)[-2:]
    assert [(one.outcome, one.reason) for one in refused] == [(Result.REFUSED, "check_limit")] * 2
    test_desk.clock.forward(hours=24)
    assert check_caller(test_desk.session("vic", Role.VERIFIER), made[0].number, Field.NAME, "Alice Ng").match


def test_so_many_an_hour_for_one_agent(test_desk: TestDesk) -> None:
    vera = test_desk.session("vera-lin", Role.VERIFIER)
    for n in range(rules().agent_tries_per_hour):
        other = make_ticket(test_desk, contacts={Field.NAME: f"Alice {n}"})
        check_caller(vera, other.number, Field.NAME, "Bob")
    made = ticket(test_desk)
    with pytest.raises(CheckLimit):
        check_caller(vera, made.number, Field.NAME, "Alice Ng")
    assert check_caller(test_desk.session("vic", Role.VERIFIER), made.number, Field.NAME, "Alice Ng").match
    test_desk.clock.forward(hours=1)
    with test_desk.desk.database.transaction() as db:  # or it would have ended meanwhile
        db.connection().execute(update(AgentSession).values(last_active_at=test_desk.clock.now()))
    assert check_caller(vera, made.number, Field.NAME, "Alice Ng").match


@pytest.mark.engines("sqlite", "postgresql")
def test_racing_consoles_win_no_extra_checks(test_desk: TestDesk) -> None:
    """ASVS 15.4.2."""
    made = ticket(test_desk)
    racers = rules().tries_per_day + 4
    desks = [test_desk.session(f"racer-{n}", Role.VERIFIER) for n in range(racers)]

    def ask(at: int) -> str:
        try:
            check_caller(desks[at], made.number, Field.NAME, "Bob")
        except ConsoleError as error:
            return error.code
        return "answered"

    with ThreadPoolExecutor(racers) as pool:
        outcomes = list(pool.map(ask, range(racers)))
    assert outcomes.count("answered") == rules().tries_per_day
    assert outcomes.count("check_limit") == 4
    with test_desk.desk.database.reading() as db:
        assert len(db.scalars(select(CallerCheck)).all()) == rules().tries_per_day


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.ADMIN])
def test_only_verifiers_with_an_undertaking_check_callers(test_desk: TestDesk, role: Role) -> None:
    made = ticket(test_desk)
    with pytest.raises(NotAllowed):
        check_caller(test_desk.session("eve", role), made.number, Field.NAME, "Alice Ng")
    new = test_desk.session("new-one", Role.VERIFIER, undertaking=False)
    with pytest.raises(NoUndertaking):
        check_caller(new, made.number, Field.NAME, "Alice Ng")


def test_nobody_is_checked_on_a_closed_ticket(test_desk: TestDesk) -> None:
    made = make_ticket(test_desk, state=TicketState.CLOSED, contacts=CONTACTS)
    with pytest.raises(WrongState):
        check_caller(test_desk.session("vera-lin", Role.VERIFIER), made.number, Field.NAME, "Alice Ng")
