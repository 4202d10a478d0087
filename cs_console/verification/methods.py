"""The other routes: a written request, documents seen. What was seen is written down, never a copy of it."""

from cs_console.access_log.append import record
from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, once
from cs_console.desk import DeskSession
from cs_console.errors import BadInput, GuardianRequired, PrincipalOnly
from cs_console.staff.undertakings import require_current
from cs_console.verification.cases import case_of
from cs_console.verification.notes import note_words, redacted_note
from cs_console.verification.windows import Opened, Verified, deliver, open_window, opened_by
from models.enums import Action, ActKind, Result, VerificationMethod
from models.roles import VERIFIES

__all__ = ["Verified", "verify_by_note"]


def verify_by_note(
    session: DeskSession, number: int, method: VerificationMethod, note: str, *, act: ActId | None = None
) -> Verified:
    """Believe an identity by a written request or by documents, and open the window.

    The note says what was seen; it is sealed with personal data in it redacted. For verifiers with a current
    undertaking. One act opens one window. Raises BadInput, WrongState, NoUndertaking, NotAllowed, what `acts.once`
    raises, and PrincipalOnly or GuardianRequired, which are recorded.
    """
    if method is VerificationMethod.CODE:
        raise BadInput("A code is sent and entered, not recorded by hand.", "Choose another method.")
    try:
        return deliver(session.desk, _believe(session, number, method, note_words(note), act))
    except (GuardianRequired, PrincipalOnly) as error:
        with session.work(*VERIFIES) as db:
            case = case_of(db, session, number)
            record(db, session, case.entry(Action.VERIFIED, Result.REFUSED, reason=error.code))
        raise


def _believe(session: DeskSession, number: int, method: VerificationMethod, words: str, act: ActId | None) -> Opened:
    intent = Intent(act, ActKind.VERIFIED, number, (method.value, words))
    with session.work(*VERIFIES) as db:

        def open_it() -> ActOutcome:
            require_current(db, session)
            case = case_of(db, session, number, locked=True)
            rules = case.pack.verification.methods.get(method)
            if rules is None:
                raise BadInput(
                    f"The policy does not allow {method.value!r} as a way to verify.", "Choose another method."
                )
            if rules.note_required and not words:
                raise BadInput("Write down what you saw.", rules.asks)
            note = redacted_note(db, session.desk, case, words)
            return open_window(db, session, case, method, note=note).outcome()

        return opened_by(once(db, session, intent, open_it))
