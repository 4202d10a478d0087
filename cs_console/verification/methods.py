"""The other routes: a written request, documents seen. What was seen is written down, never a copy of it."""

from cs_console.access_log.append import record
from cs_console.act_id import ActId
from cs_console.acts import ActOutcome, Intent, once
from cs_console.desk import Desk
from cs_console.errors import BadInput, GuardianRequired, PrincipalOnly
from cs_console.staff.undertakings import require_current
from cs_console.verification.cases import case_of
from cs_console.verification.notes import note_words, redacted_note
from cs_console.verification.windows import Opened, Verified, deliver, open_window, opened_by
from models.enums import Action, ActKind, Result, Role, VerificationMethod

__all__ = ["Verified", "verify_by_note"]


def verify_by_note(
    desk: Desk, number: int, method: VerificationMethod, note: str, *, act: ActId | None = None
) -> Verified:
    """Believe an identity by a written request or by documents, and open the window.

    The note says what was seen; it is sealed with personal data in it redacted. For verifiers with a current
    undertaking. One act opens one window. Raises BadInput, WrongState, NoUndertaking, NotAllowed, what `acts.once`
    raises, and PrincipalOnly or GuardianRequired, which are recorded.
    """
    if method is VerificationMethod.CODE:
        raise BadInput("A code is sent and typed, not written down.", "Choose another way.")
    try:
        return deliver(desk.office, _believe(desk, number, method, note_words(note), act))
    except (GuardianRequired, PrincipalOnly) as refusal:
        with desk.work(Role.VERIFIER) as session:
            case = case_of(session, desk, number)
            record(session, desk, case.entry(Action.VERIFIED, Result.REFUSED, reason=refusal.code))
        raise


def _believe(desk: Desk, number: int, method: VerificationMethod, words: str, act: ActId | None) -> Opened:
    intent = Intent(act, ActKind.VERIFIED, number, (method.value, words))
    with desk.work(Role.VERIFIER) as session:

        def open_it() -> ActOutcome:
            require_current(session, desk)
            case = case_of(session, desk, number, locked=True)
            rules = case.pack.verification.methods.get(method)
            if rules is None:
                raise BadInput(f"The policy does not know {method.value!r} as a way to verify.", "Choose another way.")
            if rules.note_required and not words:
                raise BadInput("Write down what you saw.", rules.asks)
            note = redacted_note(session, desk.office, case, words)
            return open_window(session, desk, case, method, note=note).outcome()

        return opened_by(once(session, desk, intent, open_it))
