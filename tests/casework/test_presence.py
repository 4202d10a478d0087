"""Who is on a ticket: told to the people who work it, never of people who review, and gone when they are."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from cs_console.casework.conversation import open_ticket, reload
from cs_console.casework.presence import be_on, leave
from cs_console.casework.workflow import assign
from cs_console.desk import DeskSession
from cs_console.erasure.erasure import confirm_erasure
from cs_console.erasure.holds import place_hold
from cs_console.errors import NotAllowed, NothingThere, NoUndertaking, SessionEnded
from cs_console.staff.accounts import suspend
from cs_console.staff.sign_in import sign_out
from cs_console.tickets.present import FRESH_SECONDS, Present
from cs_console.tickets.queue import page
from cs_console.upkeep import keep_up
from models.columns import MICROSECOND, new_id
from models.enums import Doing, TicketKind, TicketState
from models.log import LogEntry
from models.presence import Presence
from models.roles import Role
from models.ticket import Ticket
from tests.decisions.cases import person, propose, refusal, request
from tests.erasure.erasures import PASSWORD, people, proposed
from tests.settlements.settlements import about, refused
from tests.support.desk import TestDesk
from tests.support.statements import statements
from tests.support.tickets import close, make_ticket

Said = list[tuple[str, Doing]]


@pytest.fixture
def mei(test_desk: TestDesk) -> DeskSession:
    return test_desk.session("mei", Role.AGENT)


@pytest.fixture
def ben(test_desk: TestDesk) -> DeskSession:
    return test_desk.session("ben", Role.AGENT)


def told(session: DeskSession, number: int) -> Said:
    """Who is on the ticket, as a list says it and the ticket itself."""
    listed = {row.number: row.present for row in page(session, "all").rows}
    closed = {row.number: row.present for row in page(session, "closed").rows}
    on_ticket = reload(session, number).present
    assert (listed | closed)[number] == on_ticket
    return said(on_ticket)


def said(present: tuple[Present, ...]) -> Said:
    return [(one.name, one.doing) for one in present]


def rows(test_desk: TestDesk) -> int:
    with test_desk.desk.database.reading() as db:
        return db.connection().execute(select(func.count()).select_from(Presence)).scalar_one()


def silent_for(test_desk: TestDesk, seconds: float) -> None:
    """Every console has said nothing for so long: the store's clock is no test's to move."""
    earlier = round(seconds * 1_000_000) * MICROSECOND
    with test_desk.desk.database.transaction() as db:
        for one in db.connection().execute(select(Presence.__table__)).all():  # type: ignore[attr-defined]
            values = {"seen_at": one.seen_at - earlier, "since": one.since - earlier}
            db.connection().execute(update(Presence).where(col(Presence.agent_id) == one.agent_id).values(**values))


def written_as(test_desk: TestDesk, state: TicketState, *numbers: int) -> None:
    """The state is changed in the store alone: erasures are for people whose tickets are all closed."""
    with test_desk.desk.database.transaction() as db:
        closed_at = test_desk.clock.now() if state is TicketState.CLOSED else None
        these = update(Ticket).where(col(Ticket.number).in_(numbers))
        db.connection().execute(these.values(state=state, closed_at=closed_at))


@pytest.mark.core
def test_the_assignee_and_who_writes_are_told_and_no_one_else(
    test_desk: TestDesk, mei: DeskSession, ben: DeskSession
) -> None:
    made, other = make_ticket(test_desk, assignee=mei), make_ticket(test_desk)
    sam = test_desk.session("sam", Role.AGENT)
    be_on(mei, made.number, Doing.READS)
    be_on(sam, made.number, Doing.READS)
    assert told(ben, made.number) == [("mei", Doing.READS)]
    assert told(mei, made.number) == [], "no one is told of themselves"
    assert said(be_on(sam, made.number, Doing.NOTES)) == [("mei", Doing.READS)]
    assert told(ben, made.number) == [("sam", Doing.NOTES), ("mei", Doing.READS)], "who writes comes first"
    assert told(ben, other.number) == []


def test_only_what_others_are_told_is_kept(test_desk: TestDesk, mei: DeskSession, ben: DeskSession) -> None:
    made = make_ticket(test_desk, assignee=mei)
    be_on(ben, made.number, Doing.READS)
    assert rows(test_desk) == 0
    be_on(ben, made.number, Doing.NOTES)
    be_on(ben, made.number, Doing.READS)
    assert rows(test_desk) == 0, "who stopped writing is not there any more"


def test_a_reader_is_told_only_while_the_ticket_is_theirs(
    test_desk: TestDesk, mei: DeskSession, ben: DeskSession
) -> None:
    made = make_ticket(test_desk, assignee=mei)
    be_on(mei, made.number, Doing.READS)
    sue = test_desk.session("sue", Role.SUPERVISOR)
    view = open_ticket(sue, made.number)
    assert told(sue, made.number) == [("mei", Doing.READS)]
    assign(sue, made.number, view.version, "ben")
    assert told(sue, made.number) == []


@pytest.mark.core
def test_no_one_is_told_of_a_supervisor_or_a_privacy_officer(
    test_desk: TestDesk, mei: DeskSession, ben: DeskSession
) -> None:
    """DECISIONS, 17: presence never shows reviewers and privacy officers, whatever else they are."""
    made = make_ticket(test_desk, assignee=mei)
    for name, *held in (
        ("sue", Role.SUPERVISOR),
        ("pia", Role.PRIVACY_OFFICER),
        ("sol", Role.AGENT, Role.SUPERVISOR),
        ("pat", Role.AGENT, Role.PRIVACY_OFFICER),
    ):
        session = test_desk.session(name, *held)
        for doing in Doing:
            be_on(session, made.number, doing)
            assert rows(test_desk) == 0


def test_a_supervisor_is_told_where_the_ticket_is_theirs_and_a_privacy_officer_is_not(
    test_desk: TestDesk, ben: DeskSession
) -> None:
    sol = test_desk.session("sol", Role.AGENT, Role.SUPERVISOR)
    pat = test_desk.session("pat", Role.AGENT, Role.PRIVACY_OFFICER)
    hers, his = make_ticket(test_desk, assignee=sol), make_ticket(test_desk, assignee=pat)
    be_on(sol, hers.number, Doing.READS)
    be_on(pat, his.number, Doing.ANSWERS)
    assert told(ben, hers.number) == [("sol", Doing.READS)]
    assert told(ben, his.number) == []


def test_a_person_is_on_one_ticket_at_a_time(test_desk: TestDesk, mei: DeskSession, ben: DeskSession) -> None:
    first, second = make_ticket(test_desk, assignee=mei), make_ticket(test_desk, assignee=mei)
    be_on(mei, first.number, Doing.READS)
    be_on(mei, second.number, Doing.READS)
    assert (told(ben, first.number), told(ben, second.number)) == ([], [("mei", Doing.READS)])
    leave(mei, first.number)
    assert told(ben, second.number) == [("mei", Doing.READS)], "what is left late is the other ticket"
    leave(mei, second.number)
    assert rows(test_desk) == 0


def test_since_is_when_they_began_what_they_do(test_desk: TestDesk, mei: DeskSession, ben: DeskSession) -> None:
    made = make_ticket(test_desk, assignee=mei)

    def since() -> object:
        (one,) = reload(ben, made.number).present
        return one.since

    be_on(mei, made.number, Doing.READS)
    silent_for(test_desk, 30)
    came = since()
    be_on(mei, made.number, Doing.READS)
    assert since() == came
    be_on(mei, made.number, Doing.ANSWERS)
    began = since()
    assert began != came
    silent_for(test_desk, FRESH_SECONDS + 1)
    be_on(mei, made.number, Doing.ANSWERS)
    assert since() != began, "who was away for longer came again"


@pytest.mark.core
def test_who_was_silent_for_a_minute_is_gone(test_desk: TestDesk, mei: DeskSession, ben: DeskSession) -> None:
    made = make_ticket(test_desk, assignee=mei)
    be_on(mei, made.number, Doing.ANSWERS)
    silent_for(test_desk, FRESH_SECONDS - 5)
    assert told(ben, made.number) == [("mei", Doing.ANSWERS)]
    keep_up(test_desk.desk)
    assert rows(test_desk) == 1
    silent_for(test_desk, 6)
    assert told(ben, made.number) == []
    keep_up(test_desk.desk)
    assert rows(test_desk) == 0


def test_the_clock_of_a_console_does_not_count(test_desk: TestDesk, mei: DeskSession, ben: DeskSession) -> None:
    """Two hosts whose clocks differ by ten minutes: the store's own clock says who is there."""
    made = make_ticket(test_desk, assignee=mei)
    be_on(mei, made.number, Doing.READS)
    test_desk.clock.forward(minutes=10)
    assert told(ben, made.number) == [("mei", Doing.READS)]


@pytest.mark.usefixtures("cheap_passwords")
def test_who_signs_out_or_is_suspended_is_gone_at_once(test_desk: TestDesk, ben: DeskSession) -> None:
    ada = test_desk.session("ada", Role.ADMIN)
    for name in ("mei", "sam"):
        session = test_desk.session(name, Role.AGENT)
        made = make_ticket(test_desk, assignee=session)
        be_on(session, made.number, Doing.ANSWERS)
        assert rows(test_desk) == 1
        sign_out(session) if name == "mei" else suspend(ada, name)
        assert rows(test_desk) == 0
        with pytest.raises(SessionEnded):
            be_on(session, made.number, Doing.ANSWERS)
        with pytest.raises(SessionEnded):
            leave(session, made.number)
        assert rows(test_desk) == 0


def test_signing_out_while_the_console_speaks_leaves_no_one_behind(test_desk: TestDesk) -> None:
    for turn in range(8):
        session = test_desk.session(f"agent {turn}", Role.AGENT)
        made = make_ticket(test_desk, assignee=session)
        start = Barrier(2)

        def speak(session: DeskSession = session, number: int = made.number, start: Barrier = start) -> None:
            start.wait()
            with suppress(SessionEnded):
                be_on(session, number, Doing.READS)

        def go(session: DeskSession = session, start: Barrier = start) -> None:
            start.wait()
            sign_out(session)

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(speak), pool.submit(go)]:
                done.result()
        assert rows(test_desk) == 0


def test_many_at_once_are_all_there(test_desk: TestDesk, ben: DeskSession) -> None:
    agents = [test_desk.session(f"agent {at}", Role.AGENT) for at in range(6)]
    made = make_ticket(test_desk)
    start = Barrier(len(agents) * 2)

    def speak(session: DeskSession) -> None:
        start.wait()
        for _ in range(5):
            be_on(session, made.number, Doing.NOTES)

    with ThreadPoolExecutor(len(agents) * 2) as pool:  # each agent twice: a late call beside the next one
        list(pool.map(speak, [*agents, *agents]))
    assert sorted(told(ben, made.number)) == [(one.agent.name, Doing.NOTES) for one in agents]
    assert rows(test_desk) == len(agents)


def test_who_may_not_open_a_ticket_is_on_none_and_told_nothing(test_desk: TestDesk, mei: DeskSession) -> None:
    made = make_ticket(test_desk, assignee=mei)
    with pytest.raises(NotAllowed):
        be_on(test_desk.session(new_id(), Role.ADMIN), made.number, Doing.NOTES)
    with pytest.raises(NoUndertaking):
        be_on(test_desk.session(new_id(), Role.AGENT, undertaking=False), made.number, Doing.NOTES)
    with pytest.raises(NothingThere):
        be_on(mei, 99_999, Doing.NOTES)
    assert rows(test_desk) == 0


@pytest.mark.usefixtures("cheap_passwords")
@pytest.mark.core
def test_who_must_keep_away_from_a_ticket_learns_nothing(test_desk: TestDesk) -> None:
    case = refused(test_desk)
    appeal = about(test_desk, case, TicketKind.APPEAL)
    be_on(case.ben, appeal, Doing.ANSWERS)
    assert told(case.sam, appeal) == [("ben", Doing.ANSWERS)]
    assert told(case.mei, appeal) == [], "she gave the decision that the appeal is against"
    assert be_on(case.mei, appeal, Doing.READS) == ()


@pytest.mark.usefixtures("cheap_passwords")
@pytest.mark.core
def test_a_held_ticket_is_as_silent_as_an_erased_one(test_desk: TestDesk) -> None:
    """No tipping off (policy I.(4)2). A hold alone changes nothing that others see."""
    who = people(test_desk)
    (held, first), (gone, second) = proposed(test_desk, who), proposed(test_desk, who)
    numbers = (held.number, gone.number)
    sam = test_desk.session("sam", Role.AGENT)
    place_hold(who.ines, held.number, "court", "Order 17", (test_desk.clock.now() + timedelta(days=10)).date())
    written_as(test_desk, TicketState.OPEN, *numbers)
    for number in reversed(numbers):
        be_on(sam, number, Doing.NOTES)
        assert told(who.mei, number) == [("sam", Doing.NOTES)]
    written_as(test_desk, TicketState.CLOSED, *numbers)
    assert not confirm_erasure(who.omar, first, PASSWORD).erased
    assert confirm_erasure(who.omar, second, PASSWORD).erased
    written_as(test_desk, TicketState.OPEN, *numbers)
    assert rows(test_desk) == 1
    assert told(who.mei, held.number) == [], "what was said before is not told any more"
    for number in numbers:
        assert be_on(sam, number, Doing.NOTES) == ()
        assert rows(test_desk) == 0
        for session in (who.mei, who.omar, who.ines):
            assert told(session, number) == []


@pytest.mark.usefixtures("cheap_passwords")
@pytest.mark.parametrize("number_of_ground", ["S1", "S4"])
def test_no_one_is_on_a_ticket_in_approval(test_desk: TestDesk, number_of_ground: str) -> None:
    """Whatever the ground is: what is under legal review looks like every other proposal."""
    mei, ben = person(test_desk, "mei", Role.AGENT), person(test_desk, "ben", Role.AGENT)
    number = request(test_desk, mei).number
    be_on(mei, number, Doing.ANSWERS)
    assert told(ben, number) == [("mei", Doing.ANSWERS)]
    propose(mei, number, 1, refusal(number_of_ground, test_desk.clock.now()))
    assert told(ben, number) == []
    assert be_on(ben, number, Doing.NOTES) == be_on(mei, number, Doing.NOTES) == ()
    assert rows(test_desk) == 0


def test_no_one_is_on_a_closed_ticket(test_desk: TestDesk, mei: DeskSession, ben: DeskSession) -> None:
    made = make_ticket(test_desk, assignee=mei)
    be_on(mei, made.number, Doing.NOTES)
    assert told(ben, made.number) == [("mei", Doing.NOTES)]
    close(test_desk, made.number)
    assert told(ben, made.number) == []


def test_a_page_of_the_queue_asks_no_more_than_it_did(test_desk: TestDesk, mei: DeskSession, ben: DeskSession) -> None:
    """An idle console asks for it every ten seconds: who is where comes with the agents' names."""
    made = make_ticket(test_desk, assignee=mei)
    page(ben, "all")  # what is read once a session
    with statements(test_desk) as before:
        page(ben, "all")
    be_on(mei, made.number, Doing.READS)
    with statements(test_desk) as after:
        page(ben, "all")
    assert after == before
    assert sum("FROM agent " in one for one in after) == sum("presence" in one for one in after) == 1


def test_nothing_of_it_is_put_on_record(test_desk: TestDesk, mei: DeskSession, ben: DeskSession) -> None:
    made = make_ticket(test_desk, assignee=mei)

    def entries() -> int:
        with test_desk.desk.database.reading() as db:
            return db.connection().execute(select(func.count()).select_from(LogEntry)).scalar_one()

    before = entries()
    for doing in Doing:
        be_on(mei, made.number, doing)
    leave(mei, made.number)
    assert entries() == before
