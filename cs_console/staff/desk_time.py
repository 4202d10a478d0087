"""When the machine's clock is not believed: putting that on record, and a second person's word that it is right."""

from datetime import datetime, timedelta

from cs_console.access_log.append import append_alone
from cs_console.access_log.clocks import span
from cs_console.access_log.entry import Entry
from cs_console.desk import Desk
from cs_console.errors import BadInput, ClockBehind, NotAllowed, WrongPassword
from cs_console.live_session import roles_held
from cs_console.staff.accounts import account_actor, check_password, find_agent
from models.enums import Action, Result
from models.roles import CONFIRMS_TIME


def record_parted_clock(desk: Desk) -> None:
    """Put on record, once each time it happens, that the machine's clock is not believed. Raises StoreUnavailable."""
    clock = desk.clock
    parted = clock.parted
    if parted and not clock.parted_on_record:
        entry = Entry(Action.TIME_PARTED, Result.REFUSED, reason=span(parted))
        append_alone(desk, desk.own_actor, entry, clock.now())
    clock.parted_on_record = bool(parted)


def confirm_time(desk: Desk, name: str, password: str) -> datetime:
    """Believe the machine's clock again, on the word of a supervisor or an admin beside the operator; returns its time.

    What waited for it (erasures, closing, escalation) goes on in every console. Raises BadInput where nothing is to be
    confirmed, ClockBehind, NotAllowed, WrongPassword, SignInMustWait, StoreUnavailable.
    """
    clock = desk.clock
    parted = clock.parted
    if not parted:
        raise BadInput("This machine's clock is trusted, so there is nothing to confirm.", "Nothing was changed.")
    if parted < timedelta():
        raise ClockBehind(span(parted))
    with desk.database.reading() as db:
        agent = find_agent(db, name)
        held = frozenset() if agent is None else roles_held(db, desk, agent)
    if agent is None or held.isdisjoint(CONFIRMS_TIME):
        raise NotAllowed("Only a supervisor or an admin can confirm the time.", "Ask a person with that role.")
    if not check_password(desk, agent.id, password):
        raise WrongPassword("Try again.")
    clock.confirm()
    entry = Entry(Action.TIME_CONFIRMED, reason=span(parted))
    append_alone(desk, account_actor(desk, agent), entry, clock.now())
    return clock.now()
