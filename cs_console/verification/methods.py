"""The other routes: a written request, documents seen. What was seen is written down, never a copy of it."""

from cs_console.custody.contacts import known_values
from cs_console.custody.redaction import redact
from cs_console.desk import Desk
from cs_console.errors import BadInput
from cs_console.plain_text import plain
from cs_console.staff.undertakings import require_current
from cs_console.verification.cases import case_of
from cs_console.verification.windows import Verified, deliver, open_window
from models.enums import Role, VerificationMethod

__all__ = ["Verified", "verify_by_note"]

LONGEST_NOTE = 4000


def verify_by_note(desk: Desk, number: int, method: VerificationMethod, note: str) -> Verified:
    """Believe an identity by a written request or by documents, and open the window.

    The note says what was seen; it is sealed with personal data in it redacted. For verifiers with a current
    undertaking. Raises BadInput, WrongState, NoUndertaking, NotAllowed.
    """
    if method is VerificationMethod.CODE:
        raise BadInput("A code is sent and typed, not written down.", "Choose another way.")
    words = plain(note).strip()
    if len(words) > LONGEST_NOTE:
        raise BadInput(f"The note is longer than {LONGEST_NOTE} characters.", "Shorten it.")
    with desk.work(Role.VERIFIER) as session:
        require_current(session, desk)
        case = case_of(session, desk, number, locked=True)
        rules = case.pack.verification.methods.get(method)
        if rules is None:
            raise BadInput(f"The policy does not know {method.value!r} as a way to verify.", "Choose another way.")
        if rules.note_required and not words:
            raise BadInput("Write down what you saw.", rules.asks)
        key = desk.office.keyring.key(case.requester_id)
        regions = case.pack.meta.regions
        hidden = redact(words, regions, known_values(session, desk.office, case.requester_id, key))
        opened = open_window(session, desk, case, method, note=hidden)
    return deliver(desk.office, opened)
