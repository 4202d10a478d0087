"""Every way to verify a requester, as pack and facts allow it now: for a screen that decides nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from cs_console.custody.contacts import MaskedContact, masked_contacts
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.desk import DeskSession
from cs_console.local_time import moment
from cs_console.staff.undertakings import require_current
from cs_console.verification.askers import Asker, asker_of
from cs_console.verification.caller import checks_made
from cs_console.verification.cases import Case, case_of
from cs_console.verification.codes import Bar, NoCode, why_no_code
from cs_console.verification.limits import Sends, left_of, locked, send_refusal, sends_of
from models.contact_fields import Field
from models.enums import TicketState, VerificationMethod
from models.roles import WORKS_ON_TICKETS, Role


class Act(StrEnum):
    """What choosing a way does."""

    CODE = "send a code"
    NOTE = "verify by a note"
    SEE = "see an authority"
    END = "end the authority"
    AGE = "record the age"
    CALLER = "check what a caller says"
    LIFT = "lift the lock"


@dataclass(frozen=True, slots=True)
class Way:
    """One line of the screen: `item` is what it acts on, `mask` how a contact is kept, `note` why, or why not.

    `asks` is what has to be written down.
    """

    act: Act
    item: str
    title: str
    note: str
    allowed: bool
    asks: str = ""
    mask: str = ""


@dataclass(frozen=True, slots=True)
class Ways:
    """All ways, what is left of the budgets, and what to do next if no code can be sent; texts for a person.

    `bands` are pairs of key and title, `caller_fields` of field and title.
    """

    ways: tuple[Way, ...]
    about: str
    budget: str
    next_step: str
    bands: tuple[tuple[str, str], ...]
    caller_fields: tuple[tuple[Field, str], ...]
    caller_words: str


@dataclass(frozen=True, slots=True)
class _Standing:
    """What decides on the ways: the case, who asks, the budgets, and what the desk's agent may do."""

    case: Case
    asker: Asker
    sends: Sends
    tries: int
    locked: datetime | None
    verifies: bool
    lifts: bool
    now: datetime

    @property
    def is_open(self) -> bool:
        return self.case.ticket.state != TicketState.CLOSED

    @property
    def acts(self) -> bool:
        return self.verifies and self.is_open

    def title(self, field: Field) -> str:
        return self.case.pack.title_of(field)


def ways(session: DeskSession, number: int) -> Ways:
    """The ways to verify this ticket's requester, for those who may open it. Nothing is recorded: no value is shown.

    Raises NothingThere, KeyDestroyed, NoUndertaking, NotAllowed.
    """
    with session.reading(*WORKS_ON_TICKETS) as db:
        require_current(db, session)
        here = _standing(db, session, number)
        keys = ticket_keys(db, session.desk, number)
        contacts = masked_contacts(db, session.desk, keys.requester_id, keys)
        reasons = {one.id: why_no_code(db, here.case, one, here.now) for one in contacts}
        made = checks_made(db, here.case.requester_id, here.now)
    pack = here.case.pack
    caller = pack.verification.caller
    return Ways(
        ways=tuple(_all(here, contacts, reasons, made)),
        about=_about(here.asker),
        budget=_budget(here),
        next_step=_next_step(here, reasons),
        bands=tuple((band.key, band.title) for band in pack.minors.bands) if pack.minors else (),
        caller_fields=tuple((field, here.title(field)) for field in caller.fields) if caller else (),
        caller_words=caller.explained if caller else "",
    )


def _standing(db: Session, session: DeskSession, number: int) -> _Standing:
    case, now = case_of(db, session, number), session.desk.clock.now()
    return _Standing(
        case,
        asker_of(db, session.desk, case.pack, number, case.requester_id),
        sends_of(db, case.requester_id, session.agent.id, case.codes, now),
        left_of(db, session.desk, case, now),
        locked(db, session.desk, case, now),
        session.agent.has(Role.VERIFIER),
        session.agent.has(Role.SUPERVISOR),
        now,
    )


def _all(
    here: _Standing, contacts: tuple[MaskedContact, ...], reasons: Mapping[str, NoCode | None], checks: int
) -> Iterator[Way]:
    if here.locked is not None:
        words = "gives the requester new attempts; recorded" if here.lifts else "a supervisor can"
        yield Way(Act.LIFT, "", "Lift the lock", words, here.lifts)
    comes_first = here.asker.refusal(VerificationMethod.CODE) is not None
    if comes_first:
        yield from _authority(here)
    yield from _contacts(here, contacts, reasons)
    yield from _notes(here)
    yield from _callers(here, checks)
    if not comes_first:
        yield from _authority(here)


def _contacts(
    here: _Standing, contacts: tuple[MaskedContact, ...], reasons: Mapping[str, NoCode | None]
) -> Iterator[Way]:
    """Those that a code may go to; those that it may not, each with its reason; what carries none, in one line."""
    refusal = _code_refusal(here)
    carries = [contact for contact in contacts if contact.field in here.case.codes.fields]
    first = here.case.codes.fields.index  # the pack's order: the registered mobile is the first channel (I.(1)1)
    for contact in sorted(carries, key=lambda one: (reasons[one.id] is not None, first(one.field))):
        barred = reasons[contact.id]
        reason = "" if barred is None else barred.words
        where, mask = here.title(contact.field).lower(), contact.mask
        if reason or refusal:
            yield Way(Act.CODE, contact.id, f"No code to the {where}", reason or refusal, False, mask=mask)
        else:
            yield Way(Act.CODE, contact.id, f"Send a code to the {where}", "on file", True, mask=mask)
    rest = {one.field for one in contacts if one not in carries}
    others = [here.title(field).lower() for field in here.case.pack.fields if field in rest]
    if others:
        yield Way(Act.CODE, "others", f"No code to the {', '.join(others)}", "cannot receive one", False)


def _code_refusal(here: _Standing) -> str:
    """Why no code can be sent now, in a few words."""
    asker = here.asker.refusal(VerificationMethod.CODE)
    limit = send_refusal(here.sends, here.case.codes)
    if not here.is_open:
        return "the ticket is closed"
    if asker is not None:
        return "a guardian first"
    if here.locked is not None:
        return f"locked until {moment(here.locked)}"
    if not here.verifies:
        return "a verifier does that"
    return limit.sentence.rstrip(".") if limit else ""


def _notes(here: _Standing) -> Iterator[Way]:
    pack = here.case.pack
    for method, rules in pack.verification.methods.items():
        if method is VerificationMethod.CODE:
            continue
        refusal = here.asker.refusal(method)
        note = f"with a note of what was seen; {pack.cited(rules.clause)}"
        if refusal is not None:
            note = (
                "a representative is asking: only a code to the requester"
                if here.asker.only_by_code
                else "a guardian first"
            )
        yield Way(Act.NOTE, method.value, rules.title, note, here.acts and refusal is None, rules.asks)


def _callers(here: _Standing, made: int) -> Iterator[Way]:
    rules = here.case.pack.verification.caller
    if rules is not None:
        left = max(0, rules.tries_per_day - made)
        note = f"match or no match; does not verify the requester; {left} left today"
        yield Way(Act.CALLER, "", "Check what a caller says", note, here.acts and left > 0)


def _authority(here: _Standing) -> Iterator[Way]:
    pack = here.case.pack
    if pack.minors is not None:
        known = f"now: {here.asker.band.title}" if here.asker.band else "not recorded"
        yield Way(Act.AGE, "", "Record the requester's age", f"{known}; {pack.cited(pack.minors.clause)}", here.acts)
    if here.asker.authority is not None:
        yield Way(
            Act.END, "", f"End the {here.asker.asks_words}'s authority", "no one asks for them any more", here.acts
        )
    for sort, rules in pack.verification.authority.items():
        if sort is here.asker.authority:
            continue
        band = here.asker.band
        waits = rules.needs_age_band and (band is None or not band.is_flagged)
        behalf = f"asks on the requester's behalf; {pack.cited(rules.clause)}"
        note = "once a minor's age is recorded" if waits else behalf
        title = f"Record a {rules.title.lower()}'s authority"
        yield Way(Act.SEE, sort.value, title, note, here.acts and not waits, rules.asks)


def _about(asker: Asker) -> str:
    parts = [asker.age_words, f"asked by a {asker.asks_words}" if asker.authority else ""]
    encouraged = asker.band.encouraged if asker.band else ""
    words = " · ".join(part for part in parts if part)
    return f"{words}. {encouraged}".strip(". ") if encouraged else words


def _budget(here: _Standing) -> str:
    tries = "1 attempt left" if here.tries == 1 else f"{here.tries} attempts left"
    if here.locked is not None:
        tries = f"no attempt left until {moment(here.locked)}"
    return f"{tries} · codes left: {here.sends.hour} within the hour, {here.sends.day} within the day"


def _next_step(here: _Standing, reasons: Mapping[str, NoCode | None]) -> str:
    """What to do if no code can be sent now."""
    number, asker = here.case.number, here.asker.refusal(VerificationMethod.CODE)
    other = "" if here.asker.only_by_code else " A written request or documents are still possible."
    limit = send_refusal(here.sends, here.case.codes)
    if not here.is_open:
        return f"#{number} is closed. Reopen it first."
    if asker is not None:
        return str(asker)
    if here.locked is not None:
        return f"Codes are locked until {moment(here.locked)}; a supervisor can lift the lock.{other}"
    bars = {None if barred is None else barred.bar for barred in reasons.values()}
    if None not in bars:
        why = "No contact on file can receive a code."
        if Bar.RECENT in bars:
            why = "The contacts on file were changed recently."
        elif Bar.SHARED in bars:
            why = "The contacts on file belong to several accounts."
        return f"{why} Verify by a written request or documents." if other else f"{why} The representative must wait."
    return str(limit) if limit else ""
