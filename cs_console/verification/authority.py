"""Authority to ask for another person, and minors' ages: recorded by a verifier who saw them (policy VII, V.4)."""

from functools import partial

from sqlalchemy import update
from sqlmodel import Session, col

from cs_console.access_log.append import record
from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, once
from cs_console.custody.sealing import Place, seal
from cs_console.custody.ticket_keys import ticket_keys
from cs_console.desk import DeskSession
from cs_console.errors import AgeUnknown, BadInput, WrongState
from cs_console.staff.undertakings import require_current
from cs_console.verification.askers import asker_of, authority_of, band_mark, is_recorded
from cs_console.verification.cases import Case, case_of
from cs_console.verification.notes import note_words, redacted_note
from cs_console.verification.windows import close_window, close_windows_of
from models.authority import Authority
from models.columns import new_id
from models.enums import Action, ActKind, AuthoritySort
from models.requester import Requester
from models.roles import VERIFIES
from models.ticket import Ticket

ASKER_CHANGED = "who asks has changed"
"""A window was opened for the person who asked then."""


def see_authority(
    session: DeskSession, number: int, sort: AuthoritySort, note: str, *, act: ActId | None = None
) -> None:
    """Record that a guardian's or a representative's authority was seen for this ticket; it ends the one before.

    The note says what was seen; it is sealed with personal data in it redacted. An open window closes: the identity
    has to be proved again for the person who asks now. One act records one. For verifiers with a current undertaking.
    Raises BadInput, AgeUnknown (a guardian's needs the minor's age band), WrongState, and what `acts.once` raises.
    """
    words = note_words(note)
    with session.work(*VERIFIES) as db:
        intent = Intent(act, ActKind.AUTHORITY_SEEN, number, (sort.value, words))
        once(db, session, intent, partial(_see, db, session, number, sort, words))


def _see(db: Session, session: DeskSession, number: int, sort: AuthoritySort, words: str) -> ActOutcome:
    case = _open_case(db, session, number)
    rules = case.pack.verification.authority.get(sort)
    if rules is None:
        raise BadInput(f"The policy has no rules for a {sort.value}'s authority.", "Choose another method.")
    if not words:
        raise BadInput("Write down what you saw.", rules.asks)
    asker = asker_of(db, session.desk, case.pack, number, case.requester_id)
    if rules.needs_age_band and (asker.band is None or not asker.band.is_flagged):
        raise AgeUnknown
    _end_standing(db, case, session)
    authority_id, desk = new_id(), session.desk
    hidden = redacted_note(db, desk, case, words)
    about = {"authority": authority_id, "sort": sort.value, "by": session.agent.id}
    db.add(
        Authority(
            id=authority_id,
            ticket_number=number,
            requester_id=case.requester_id,
            sort=sort,
            note=ticket_keys(db, desk, number).seal("authority", "note", authority_id, hidden),
            agent_id=session.agent.id,
            at=desk.clock.now(),
        )
    )
    _moved(db, case)
    close_window(db, session.desk, number, session=session, reason=ASKER_CHANGED)
    record(db, session, case.entry(Action.AUTHORITY_SEEN, reason=sort.value, about=about))
    return {"authority": authority_id}


def end_authority(session: DeskSession, number: int) -> None:
    """Record that no one asks on the requester's behalf any more; an open window closes. Raises WrongState."""
    with session.work(*VERIFIES) as db:
        case = _open_case(db, session, number)
        sort = authority_of(db, session.desk, number)
        if sort is None:
            raise WrongState(f"No one is asking on the requester's behalf on #{number}.", "There is nothing to end.")
        _end_standing(db, case, session)
        _moved(db, case)
        close_window(db, session.desk, number, session=session, reason=ASKER_CHANGED)
        about = {"sort": sort.value, "by": session.agent.id}
        record(db, session, case.entry(Action.AUTHORITY_ENDED, reason=sort.value, about=about))


def record_age_band(session: DeskSession, number: int, band: str) -> None:
    """Record how old the requester is, as one of the pack's bands: sealed, and nowhere in the log.

    It holds for all of the requester's tickets; where a guardian has to consent from now on, their open windows close.
    For verifiers with a current undertaking. Raises BadInput, WrongState.
    """
    with session.work(*VERIFIES) as db:
        case = _open_case(db, session, number)
        chosen = case.pack.minors.band(band) if case.pack.minors else None
        if chosen is None:
            raise BadInput("The policy has no such age band.", "Choose one from the list.")
        if is_recorded(db, session.desk, case.requester_id, band):
            return
        place = Place(case.requester_id, "requester", "age_band", case.requester_id)
        sealed = seal(session.desk.keyring.key(case.requester_id), place, band)
        db.connection().execute(update(Requester).where(col(Requester.id) == case.requester_id).values(age_band=sealed))
        _moved(db, case)
        if chosen.guardian_required:
            close_windows_of(db, session, case.requester_id, ASKER_CHANGED)
        about = {"band": band_mark(session.desk, case.requester_id, band), "by": session.agent.id}
        record(db, session, case.entry(Action.AGE_RECORDED, about=about))


def _open_case(db: Session, session: DeskSession, number: int) -> Case:
    require_current(db, session)
    case = case_of(db, session, number, locked=True)
    case.require_open()
    return case


def _end_standing(db: Session, case: Case, session: DeskSession) -> None:
    db.connection().execute(
        update(Authority)
        .where(col(Authority.ticket_number) == case.number, col(Authority.ended_at).is_(None))
        .values(ended_at=session.desk.clock.now())
    )


def _moved(db: Session, case: Case) -> None:
    """A proposal that was made before is stale now."""
    db.connection().execute(
        update(Ticket).where(col(Ticket.number) == case.number).values(version=col(Ticket.version) + 1)
    )
