"""Checking what a caller says: match or no match; nothing is shown or kept, and the requester is not verified by it."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from cs_console.access_log.append import record
from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, once
from cs_console.custody.contact_match import is_on_file, readable
from cs_console.desk import DeskSession
from cs_console.errors import BadInput, CheckLimit, ConsoleError
from cs_console.policy.verification_rules import CallerRules
from cs_console.staff.undertakings import require_current
from cs_console.verification.cases import Case, case_of
from cs_console.verification.limits import DAY, HOUR
from models.agent import Agent
from models.caller_check import CallerCheck
from models.contact_fields import Field
from models.enums import Action, ActKind, Result
from models.roles import VERIFIES

LONGEST_SAID = 500
_MATCH = "match"


@dataclass(frozen=True)
class CallerAnswer:
    """Whether it matched, and how many checks of this requester are left today. A match does not verify anyone."""

    match: bool
    left: int


def check_caller(
    session: DeskSession, number: int, field: Field, said: str, *, act: ActId | None = None
) -> CallerAnswer:
    """Hold what a caller says against the requester's contact on file, without showing either.

    Field and match are counted and recorded, committed before the answer is given; what was said is kept nowhere. Where
    nothing is on file the answer is the same as for another value. One act is one check. For verifiers with a current
    undertaking. Raises BadInput (not counted), CheckLimit (recorded), WrongState, and what `acts.once` raises.
    """
    with session.work(*VERIFIES) as db:
        intent = Intent(act, ActKind.CALLER_CHECKED, number, (field.value, said))
        done = once(db, session, intent, partial(_check, db, session, number, field, said))
    if isinstance(done, ConsoleError):
        raise done
    return CallerAnswer(done["answer"] == _MATCH, int(done["left"]))


def _check(db: Session, session: DeskSession, number: int, field: Field, said: str) -> ActOutcome | ConsoleError:
    require_current(db, session)
    case = case_of(db, session, number, locked=True)
    case.require_open()
    rules = _rules(case, field)
    if not said.strip() or len(said) > LONGEST_SAID or not readable(field, said, case.pack.meta.region):
        raise BadInput(f"That is not a whole {field.value}.", "Ask the caller to repeat all of it.")
    left = checks_left(db, case.requester_id, session.agent.id, rules, session.desk.clock.now())
    if isinstance(left, ConsoleError):
        entry = case.entry(Action.CALLER_CHECKED, Result.REFUSED, field=field.value, reason=left.code)
        record(db, session, entry)
        return left
    matched = is_on_file(db, session.desk, case.requester_id, field, said, case.pack.meta.region)
    _count(db, session, case, field, matched)
    answer = _MATCH if matched else "no match"
    record(db, session, case.entry(Action.CALLER_CHECKED, field=field.value, reason=answer))
    return {"answer": answer, "left": str(left - 1)}


def checks_left(db: Session, requester_id: str, agent_id: str, rules: CallerRules, now: datetime) -> int | CheckLimit:
    """How many checks may still be made now (at least 1), or the refusal that names the limit reached.

    Locks the agent's row, as the caller has locked the requester's, so that racing checks count one after another.
    """
    db.connection().execute(select(col(Agent.id)).where(col(Agent.id) == agent_id).with_for_update())
    day = rules.tries_per_day - checks_made(db, requester_id, now)
    agent = rules.agent_tries_per_hour - _made(db, col(CallerCheck.agent_id) == agent_id, now - HOUR)
    if day <= 0:
        return CheckLimit(
            f"{rules.tries_per_day} checks of this requester were made within 24 hours.", "Verify with a code."
        )
    if agent <= 0:
        return CheckLimit(
            f"You made {rules.agent_tries_per_hour} checks within the hour.", "Verify with a code, or ask a colleague."
        )
    return min(day, agent)


def checks_made(db: Session, requester_id: str, now: datetime) -> int:
    """How many checks of this requester were made in the last 24 hours."""
    return _made(db, col(CallerCheck.requester_id) == requester_id, now - DAY)


def _rules(case: Case, field: Field) -> CallerRules:
    rules = case.pack.verification.caller
    if rules is None or field not in rules.fields:
        raise BadInput(f"The policy does not allow checking a caller by their {field.value}.", "Verify with a code.")
    return rules


def _count(db: Session, session: DeskSession, case: Case, field: Field, matched: bool) -> None:
    db.add(
        CallerCheck(
            ticket_number=case.number,
            requester_id=case.requester_id,
            agent_id=session.agent.id,
            field=field.value,
            matched=matched,
            at=session.desk.clock.now(),
        )
    )
    db.flush()


def _made(db: Session, whose: ColumnElement[bool], since: datetime) -> int:
    counted = select(func.count()).select_from(CallerCheck).where(whose, col(CallerCheck.at) > since)
    return int(db.connection().execute(counted).scalar_one())
